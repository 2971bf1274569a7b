//! Whose fault an error is, and the word it is known by.

use std::error::Error;

/// Whose fault an error is; exit codes and retries follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The request or an input cannot be understood.
    Input,
    /// The environment failed: I/O, permission, disk full.
    Environment {
        /// Whether the same request may succeed later.
        retry: bool,
    },
    /// The work was done and a gate says no.
    Gate,
    /// An input ended early, or more rows were rejected than allowed.
    Incomplete,
    /// A hash, seal or manifest does not match.
    Integrity,
    /// A defect of Hindsight itself.
    Bug,
}

/// Implements [`Diagnostic`] for an error of one input value: code by variant, fault `Input`.
macro_rules! input_error {
    ($error:ty { $($pattern:pat => $code:literal),+ $(,)? }) => {
        impl $crate::Diagnostic for $error {
            fn code(&self) -> &'static str {
                match self { $($pattern => $code),+ }
            }

            fn fault(&self) -> $crate::Fault {
                $crate::Fault::Input
            }
        }
    };
}
pub(crate) use input_error;

/// An error that says whose fault it is and what to do about it.
pub trait Diagnostic: Error {
    /// `<crate>/<variant>` in kebab case: public interface.
    fn code(&self) -> &'static str;

    /// Whose fault it is.
    fn fault(&self) -> Fault;

    /// What to do, if there is more to say than the message does.
    fn help(&self) -> Option<String> {
        None
    }
}
