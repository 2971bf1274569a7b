//! One function a command.

mod cat;

use crate::cli::Command;
use crate::context::Context;
use crate::error::Failure;

/// Carries a command out.
pub(crate) fn dispatch(command: &Command, context: &mut Context) -> Result<(), Failure> {
    match command {
        Command::Cat(args) => cat::cat(args, context),
    }
}
