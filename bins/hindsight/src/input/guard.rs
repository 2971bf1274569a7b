//! The one place where a panic is caught: around decoders that meet damaged bytes.

use crate::error::CliError;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a decoder.
pub(crate) fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs a decoder and turns a panic into [`CliError::MalformedInput`].
///
/// arrow-ipc 59 can panic on damaged schema bytes (arrow-rs #10437). The decoder must not be called again after it
/// panicked: its state is unknown.
pub(crate) fn guarded<T>(
    input: &str,
    format: &'static str,
    decode: impl FnOnce() -> T,
) -> Result<T, CliError> {
    let before = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(decode));
    GUARDED.set(before);
    result.map_err(|_| CliError::MalformedInput {
        input: input.to_owned(),
        format,
        reason: "the decoder gave up".to_owned(),
    })
}

/// Installs the program's panic hook: silent inside a guarded decoder, otherwise a request to report the bug.
///
/// The message of the panic is not printed, because it may quote a cell of a tagged column; the place is.
pub(crate) fn install_panic_hook() {
    panic::set_hook(Box::new(|info| {
        if is_guarded() {
            return;
        }
        let place = info.location().map_or_else(String::new, |at| format!("\n  --> {at}"));
        let text = format!(
            "error[cli/bug]: hindsight stopped because of a defect of its own{place}\n   = help: please report this, with the \
             command line and `hindsight --version`\n"
        );
        // Nothing is left to do when stderr is gone too.
        let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), text.as_bytes());
    }));
}
