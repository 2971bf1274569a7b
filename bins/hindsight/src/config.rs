//! Configuration: keys with a class, five layers, and the origin of every value.
//!
//! A *result* key changes bytes that are produced, so it may come from flags and the project's file alone; a *runtime*
//! key may also come from the environment and the user's own file. Nothing private to one machine changes a result.

mod error;
mod file;
mod keys;
mod layers;

pub use error::ConfigError;
pub use keys::{Key, KeyClass, KeyKind};
pub use layers::{Config, Layers, Origin, Setting, Value, find_project_file};

pub(crate) use keys::{
    FEEDS_SPEC, LOG_FORMAT, METRICS_FILE, REJECTS_MAX, RUN_BATCH_ROWS, RUN_THREADS,
    SIMULATOR_PRESET, SIMULATOR_SCENARIO, SIMULATOR_SEED, SIMULATOR_SPEED, UI_COLOR, UI_PROGRESS,
};

pub use keys::KEYS;

/// The text that `hindsight init` writes: every key, commented out at its default.
#[must_use]
pub fn template() -> String {
    let mut text = String::from(
        "# Settings of this project. Every key stands here at its default; take the `#` away to change one.\n\
         # A result key changes what is produced; a runtime key may also stand in the environment\n\
         # (run.batch_rows is HINDSIGHT_RUN__BATCH_ROWS) or in $XDG_CONFIG_HOME/hindsight/config.toml.\n",
    );
    let mut table = "";
    for key in KEYS {
        let (parent, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if parent != table {
            text.push_str(&format!("\n[{parent}]\n"));
            table = parent;
        }
        text.push_str(&format!("# {} ({} key)\n", key.doc, key.class.word()));
        text.push_str(&format!("# {name} = {}\n", key.default_toml()));
    }
    text
}

/// The page of the generated reference that lists every key.
#[must_use]
pub fn reference() -> String {
    let mut text =
        String::from("| key | class | default | environment | meaning |\n|---|---|---|---|---|\n");
    for key in KEYS {
        let environment = match key.class {
            KeyClass::Runtime => format!("`{}`", key.variable()),
            KeyClass::Result => "never".to_owned(),
        };
        text.push_str(&format!(
            "| `{}` | {} | `{}` | {environment} | {} |\n",
            key.name,
            key.class.word(),
            key.default_toml(),
            key.doc
        ));
    }
    text
}
