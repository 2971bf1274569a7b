//! The program: what `hindsight` asks of each of its family.

use crate::args::Args;
use hindsight::{Context, Failure, GlobalArgs, Program};

impl Program for Args {
    fn global(&self) -> &GlobalArgs {
        &self.global
    }

    fn flags(&self) -> Vec<(String, String, String)> {
        Self::flags(self)
    }

    fn works_without_config(&self) -> bool {
        self.completions.is_some() || self.man.is_some()
    }

    fn arguments() -> clap::Command {
        // `-q` is the statement here, as in no other program of the family.
        <Self as clap::CommandFactory>::command()
            .mut_arg("quiet", |quiet| quiet.short(None::<char>))
    }

    fn work(&self, context: &mut Context) -> Result<(), Failure> {
        crate::run::run(self, context)
    }
}
