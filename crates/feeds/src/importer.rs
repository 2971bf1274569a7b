//! One front for every format that a spec may name.

use crate::binance::Binance;
use crate::error::FeedError;
use crate::lean::Lean;
use crate::report::{Output, Report};
use crate::spec::{Format, Spec};
use std::io::Read;

/// An importer of the format that its spec names.
///
/// The formats' own importers say more in their types; this one serves programs that learn the format at run time.
#[derive(Debug)]
pub enum Importer {
    /// Lean.
    Lean(Lean),
    /// Binance.
    Binance(Binance),
    /// DBN.
    #[cfg(feature = "dbn")]
    Dbn(crate::dbn::Dbn),
}

impl Importer {
    /// An importer.
    ///
    /// # Errors
    /// [`FeedError::Unsupported`] for a format that this build was made without.
    pub fn new(spec: Spec) -> Result<Self, FeedError> {
        match spec.format() {
            Format::Lean => Ok(Self::Lean(Lean::new(spec))),
            Format::Binance => Ok(Self::Binance(Binance::new(spec))),
            #[cfg(feature = "dbn")]
            Format::Dbn => Ok(Self::Dbn(crate::dbn::Dbn::new(spec))),
            #[cfg(not(feature = "dbn"))]
            Format::Dbn => Err(FeedError::Unsupported {
                input: "spec".to_owned(),
                expected: "a format of this build",
                found: format!("{:?}", spec.format()),
            }),
        }
    }

    /// Imports one input and hands out its rows batch by batch.
    ///
    /// # Errors
    /// [`FeedError`]; batches handed out before are good.
    pub fn push(
        &mut self,
        input: &str,
        reader: &mut dyn Read,
        each: &mut dyn FnMut(Output),
    ) -> Result<(), FeedError> {
        match self {
            Self::Lean(lean) => lean.push(input, reader, each),
            Self::Binance(binance) => binance.push(input, reader, each),
            #[cfg(feature = "dbn")]
            Self::Dbn(dbn) => dbn.push(input, reader, each),
        }
    }

    /// The report over all that was pushed.
    #[must_use]
    pub fn finish(self) -> Report {
        match self {
            Self::Lean(lean) => lean.finish(),
            Self::Binance(binance) => binance.finish(),
            #[cfg(feature = "dbn")]
            Self::Dbn(dbn) => dbn.finish(),
        }
    }
}
