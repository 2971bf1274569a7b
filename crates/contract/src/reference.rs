//! The written reference of the tables, made from the tables themselves.

use crate::register::current_fingerprint;
use crate::spec::{ColumnSpec, Default, Kind, SEQ, TableSpec};
use crate::tables::TABLES;
use crate::types::Type;
use std::fmt::Write as _;

/// A generated file: path below the repository's top, and text.
pub type GeneratedFile = (String, String);

/// Every file that is generated from the contract: a page and a register entry a table, an index, the fingerprints.
///
/// `cargo xtask generate` writes them, `cargo xtask check` compares.
#[must_use]
pub fn generated_files() -> Vec<GeneratedFile> {
    let mut files = vec![
        ("docs/contract/README.md".to_owned(), index()),
        ("crates/contract/src/register/fingerprints.rs".to_owned(), fingerprints()),
    ];
    for spec in TABLES {
        files.push((format!("docs/contract/{}.md", spec.name), page(spec)));
        let path = format!("crates/contract/register/{}.v{}.txt", spec.name, spec.version);
        files.push((path, entry(spec)));
    }
    files
}

/// The text of `register/fingerprints.rs`.
fn fingerprints() -> String {
    let mut out = "//! Written by `cargo xtask generate`.\n\npub(super) const FINGERPRINTS: &[(&str, &str)] = &[\n".to_owned();
    for spec in TABLES {
        put(
            &mut out,
            format_args!("    (\"{}\", \"{}\"),\n", spec.name, current_fingerprint(spec)),
        );
    }
    out.push_str("];\n");
    out
}

/// One line a column: field id, name, type, null policy, unit, standard, class, tags.
fn entry(spec: &TableSpec) -> String {
    let mut out = format!("{} {} {}\n", spec.name, spec.version, current_fingerprint(spec));
    for column in columns(spec) {
        let tags: Vec<&str> = column.tags.iter().map(|t| t.word()).collect();
        put(
            &mut out,
            format_args!(
                "{} {} {} {} unit={} standard={} class={} tags={}\n",
                column.field_id,
                column.name,
                vocabulary(column.ty).map_or_else(
                    || column.ty.name(),
                    |words| format!("{}({words})", column.ty.name())
                ),
                if column.nullable { "null" } else { "required" },
                column.unit.map_or("none", |u| u.word()),
                column.standard,
                column.class.word(),
                if tags.is_empty() { "none".to_owned() } else { tags.join(",") },
            ),
        );
    }
    out
}

fn index() -> String {
    let mut out = "# Tables of the contract\n\nWritten by `cargo xtask generate` from `crates/contract`.\n\n| table | kind | rows |\n|---|---|---|\n".to_owned();
    for spec in TABLES {
        put(
            &mut out,
            format_args!("| [`{0}`]({0}.md) | {1} | {2} |\n", spec.name, kind(spec), doc(spec.doc)),
        );
    }
    out.push_str("\nThe fingerprint of a table is the SHA-256 of the canonical JSON `[table, version, [[name, type, nullable, field_id, unit], ..]]`.\n");
    out
}

fn page(spec: &TableSpec) -> String {
    let mut out = format!(
        "# {}\n\nWritten by `cargo xtask generate` from `crates/contract`.\n\n{}\n\n",
        spec.name,
        doc(spec.doc)
    );
    put(
        &mut out,
        format_args!(
            "- **Kind:** {}, version {}, {}\n",
            kind(spec),
            spec.version,
            spec.causality.word()
        ),
    );
    let key: Vec<String> = spec.key.iter().map(|k| format!("`{k}`")).collect();
    let key = if key.is_empty() { "none".to_owned() } else { key.join(", ") };
    let revision =
        if spec.columns.iter().any(|c| c.name == "revision") { ", with `revision`" } else { "" };
    put(&mut out, format_args!("- **Key:** {key}{revision}\n"));
    put(&mut out, format_args!("- **Fingerprint:** `{}`\n", current_fingerprint(spec)));
    if spec.is_dynamic {
        out.push_str("- Further columns, one a feature or measure, stand behind these; they have no field id.\n");
    }
    out.push_str("\n| id | column | type | null | unit | from | access | meaning |\n|---|---|---|---|---|---|---|---|\n");
    for column in columns(spec) {
        put(&mut out, format_args!("{}\n", row(column)));
    }
    let rules: Vec<_> = if spec.is_event() { crate::tables::ENVELOPE_RULES } else { &[] }
        .iter()
        .chain(spec.rules)
        .collect();
    if !rules.is_empty() {
        out.push_str("\n## Rules of a row\n\nBeyond types, nulls, closed sets, finite numbers and keys. A row that breaks one is a reject.\n\n| code | column | expected |\n|---|---|---|\n");
        for rule in rules {
            put(
                &mut out,
                format_args!(
                    "| `contract/{}` | `{}` | {} |\n",
                    rule.code,
                    rule.column,
                    rule.expected.replace('|', "\\|")
                ),
            );
        }
    }
    out
}

fn row(column: &ColumnSpec) -> String {
    let default = match column.default {
        Default::Unset => String::new(),
        Default::Zero if column.ty == Type::Bool => " Default: false.".to_owned(),
        Default::Zero => " Default: 0.".to_owned(),
        Default::Now => " Default: the builder's `now`.".to_owned(),
        Default::Word(word) => format!(" Default: `{word}`."),
        Default::Units(units) => format!(" Default: {units}."),
    };
    let words =
        vocabulary(column.ty).map_or_else(String::new, |words| format!(" One of `{words}`."));
    let mut access = column.class.word().to_owned();
    for tag in column.tags {
        access = format!("{access}, {}", tag.word());
    }
    if column.is_scope {
        access.push_str(", scope");
    }
    format!(
        "| {} | `{}` | {} | {} | {} | {} | {access} | {}{words}{default} |",
        column.field_id,
        column.name,
        column.ty.name(),
        if column.nullable { "yes" } else { "no" },
        column.unit.map_or("", |u| u.word()),
        column.standard,
        doc(column.doc),
    )
}

fn columns(spec: &TableSpec) -> impl Iterator<Item = &ColumnSpec> {
    spec.is_event().then_some(&SEQ).into_iter().chain(spec.columns)
}

fn vocabulary(ty: Type) -> Option<String> {
    match ty {
        Type::Cat(words) | Type::Code(words) => Some(words.join(" ")),
        _ => None,
    }
}

fn kind(spec: &TableSpec) -> &'static str {
    match spec.kind {
        Kind::Event { .. } => "event",
        Kind::Reference => "reference",
        Kind::Derived => "derived",
    }
}

/// A doc comment as one line of a table, its links to Rust items as plain code.
fn doc(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ").trim().replace("see [`Flags`](crate::Flags)", "see `Flags`").replace('|', "\\|")
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = out.write_fmt(text);
}
