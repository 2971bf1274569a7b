//! `hindsight quality show`.

use super::number;
use super::rules::{BUILT_IN, Rules, built_in, named};
use crate::cli::QualityShowArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::{CliError, ErrorReport, Failure};
use crate::input::table as table_of;
use crate::output::{Document, Grid, print};
use contract::{Causality, Vocabulary as _};
use quality::{CheckSpec, Form, KindSpec, Param, ParamSpec, RuleSet, kinds};
use std::fmt::Write as _;

/// Prints rules as they are understood, or the kinds that rules are made of.
pub(in crate::commands) fn show(
    args: &QualityShowArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("quality show", &args.report)?;
    if args.kinds {
        return print(&if json { kind_document() } else { kind_table() });
    }
    let table = args.table.as_deref().map(table_of).transpose()?;
    if let (true, Some(table)) = (args.text, table) {
        if json {
            return Err(CliError::FormatNotForCommand {
                command: "quality show --text",
                expected: "table",
                found: "json",
            }
            .into());
        }
        return match RuleSet::built_in_text(table.name) {
            Some(text) => print(text),
            None => Err(no_text(table.name)),
        };
    }
    let mut all = named(&[], context)?;
    for name in RuleSet::built_in_tables().filter(|_| args.rules.is_empty()) {
        if !all.iter().any(|rules| rules.set.table() == name) {
            all.push(Rules { name: BUILT_IN.to_owned(), set: built_in(name)? });
        }
    }
    if let Some(table) = table {
        all.retain(|rules| rules.set.table() == table.name);
        if all.is_empty() {
            return Err(no_text(table.name));
        }
    }
    if json {
        let documents: Vec<Document> = all.iter().map(document).collect();
        let document = Document::new("hindsight.quality_rules.v1").with("rules", documents);
        return print(&format!("{document}\n"));
    }
    let texts: Vec<String> = all.iter().map(text).collect();
    print(&texts.join("\n"))
}

/// The error of a table without rules.
fn no_text(table: &str) -> Failure {
    match RuleSet::built_in(table) {
        Err(error) => ErrorReport::new(&error).into(),
        Ok(_) => CliError::NothingToDo.into(),
    }
}

fn text(rules: &Rules) -> String {
    let set = &rules.set;
    let gate = set.gate();
    let mut text = format!(
        "{}: {} version {}, {}\nhash {}\ngate: score {}, score_low {}, coverage {}\n\n",
        set.table(),
        set.name(),
        set.version(),
        rules.name,
        set.hash(),
        number(gate.score),
        number(gate.score_low),
        number(gate.coverage)
    );
    let mut grid =
        Grid::new(["bit", "check", "kind", "dimension", "severity", "action", "max rate", "with"]);
    for (bit, check) in set.checks().iter().enumerate() {
        grid.row([
            bit.to_string(),
            check.id().to_owned(),
            check.kind().name.to_owned(),
            check.dimension().word().to_owned(),
            check.severity().word().to_owned(),
            check.action().word().to_owned(),
            number(check.max_rate(0)),
            params(check).join(", "),
        ]);
    }
    text.push_str(&grid.to_text());
    for repair in set.repairs() {
        let sources: Vec<String> = repair.sources.iter().map(ToString::to_string).collect();
        let sources = if sources.is_empty() { "all".to_owned() } else { sources.join(" ") };
        let columns = repair.zero_is_null.join(" ");
        let _ = writeln!(text, "repair {}: 0 is null in {columns}, sources {sources}", repair.id);
    }
    text
}

fn params(check: &CheckSpec) -> Vec<String> {
    check.params().map(|(name, value)| format!("{name} {}", spelled(check, name, value))).collect()
}

/// A parameter as rules write it.
fn spelled(check: &CheckSpec, name: &str, value: &Param) -> String {
    let spec = check.kind().params.iter().find(|spec| spec.name == name);
    match value {
        Param::Int(ns) if spec.is_some_and(|p| p.ty == quality::ParamType::Duration) => {
            contract::format_duration_ns(*ns)
        }
        Param::Int(n) => n.to_string(),
        Param::Number(x) => x.to_string(),
        Param::Bool(on) => on.to_string(),
        Param::Text(text) => text.clone(),
        Param::Texts(texts) => texts.join(" "),
        other => format!("{other:?}"),
    }
}

/// What a rule set is, without its checks.
pub(super) fn head(rules: &Rules) -> Document {
    let set = &rules.set;
    Document::object()
        .with("file", rules.name.as_str())
        .with("name", set.name())
        .with("version", u64::from(set.version()))
        .with("table", set.table())
        .with("hash", set.hash().to_string())
        .with("checks_in_it", set.checks().len())
        .with("repairs_in_it", set.repairs().len())
}

fn document(rules: &Rules) -> Document {
    head(rules).with("body", rules.set.to_json())
}

fn kind_table() -> String {
    let mut grid =
        Grid::new(["kind", "a violation is", "dimension", "severity", "action", "looks", "takes"]);
    let all = kinds();
    for kind in &all {
        let takes: Vec<String> = kind.params.iter().map(taken).collect();
        let mut takes = takes.join("; ");
        if !kind.needs.is_empty() {
            let _ = write!(takes, "; needs {}", kind.needs.join(", "));
        }
        let (dimension, action) = (kind.dimension.word(), kind.action.word());
        let severity = kind.severity.word();
        grid.row([kind.name, kind.doc, dimension, severity, action, looks(kind), &takes]);
    }
    let mut text = grid.to_text();
    let _ = writeln!(
        text,
        "{} kinds; every rule also takes id, version, severity, dimension, action, max_rate and max_rates",
        all.len()
    );
    text
}

/// A parameter, its meaning, and what holds unless a rule says otherwise.
fn taken(spec: &ParamSpec) -> String {
    let default = match spec.default {
        _ if spec.is_required() => "required".to_owned(),
        Some(default) => format!("default {default}"),
        None => "may be left out".to_owned(),
    };
    format!("{}: {} ({}; {default})", spec.name, spec.doc, spec.ty.expected())
}

fn looks(kind: &KindSpec) -> &'static str {
    match (kind.causality, kind.form) {
        (Causality::Hindsight, _) => "ahead",
        (_, Form::Row) => "at a row",
        (_, Form::Sequence) => "back",
        (_, Form::Set) => "at the whole",
    }
}

fn kind_document() -> String {
    let kinds: Vec<Document> = kinds()
        .into_iter()
        .map(|kind| {
            let params: Vec<Document> = kind
                .params
                .iter()
                .map(|param| {
                    Document::object()
                        .with("name", param.name)
                        .with("takes", param.ty.expected())
                        .with("required", param.is_required())
                        .with("default", param.default.filter(|_| !param.is_required()))
                        .with("meaning", param.doc)
                })
                .collect();
            Document::object()
                .with("kind", kind.name)
                .with("violation", kind.doc)
                .with("dimension", kind.dimension.word())
                .with("severity", kind.severity.word())
                .with("action", kind.action.word())
                .with("looks", looks(kind))
                .with("needs", kind.needs.to_vec())
                .with("params", params)
        })
        .collect();
    format!("{}\n", Document::new("hindsight.quality_kinds.v1").with("kinds", kinds))
}
