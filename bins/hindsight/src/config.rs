//! Configuration: keys with a class, five layers, and the origin of every value.
//!
//! A *result* key changes bytes that are produced, so it may come from flags and the project's file alone; a *runtime*
//! key may also come from the environment and the user's own file. Nothing private to one machine changes a result.

mod error;
mod file;
mod keys;
mod layers;

use std::fmt::Write as _;

pub use error::ConfigError;
pub use keys::{Key, KeyClass, KeyKind};
pub(crate) use layers::find_project_file;
pub use layers::{Config, Layers, Origin, Setting, Value};

pub(crate) use keys::{
    CAPTURE_DIR, CAPTURE_SLICE, DATASETS_SPECS, DATASETS_STORE, FEATURES_CHECK, FEATURES_SPEC,
    FEEDS_SPEC, LABELING_CHECK, LABELING_RULES, LOG_FORMAT, METRICS_FILE, QUALITY_MODE,
    QUALITY_RULES, REJECTS_MAX, RUN_BATCH_ROWS, RUN_DIR, RUN_FEEDS, RUN_SOURCES, RUN_THREADS,
    SIMULATOR_PRESET, SIMULATOR_SCENARIO, SIMULATOR_SEED, SIMULATOR_SPEED, UI_COLOR, UI_PROGRESS,
};

pub use keys::KEYS;

/// The text that `hindsight init` writes: every key, commented out at its default.
#[must_use]
pub(crate) fn template() -> String {
    let mut text = String::from(
        "# Settings of this project. Every key stands here at its default; take the `#` away to change one.\n\
         # A result key changes what is produced; a runtime key may also stand in the environment\n\
         # (run.batch_rows is HINDSIGHT_RUN__BATCH_ROWS) or in $XDG_CONFIG_HOME/hindsight/config.toml.\n",
    );
    let mut table = "";
    for key in KEYS {
        let (parent, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if parent != table {
            let _ = writeln!(text, "\n[{parent}]");
            table = parent;
        }
        let _ = writeln!(text, "# {} ({} key)", key.doc, key.class.word());
        let _ = writeln!(text, "# {name} = {}", key.default_toml());
    }
    text
}

/// The page of the generated reference that lists every key.
#[must_use]
pub(crate) fn reference() -> String {
    let mut text =
        String::from("| key | class | default | environment | meaning |\n|---|---|---|---|---|\n");
    for key in KEYS {
        let environment = match key.class {
            KeyClass::Runtime => format!("`{}`", key.variable()),
            KeyClass::Result => "never".to_owned(),
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}` | {environment} | {} |",
            key.name,
            key.class.word(),
            key.default_toml(),
            key.doc
        );
    }
    text
}
