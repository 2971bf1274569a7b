//! `hindsight features show`.

use super::unknown;
use crate::cli::FeaturesShowArgs;
use crate::commands::is_json;
use crate::error::{ErrorReport, Failure};
use crate::output::{Document, print};
use contract::format_duration_ns;
use features::{Catalogue, Declaration, Feature, Listed, Mirror, Plan, Spec, SpecError};
use std::fmt::Write as _;

/// Prints everything that one feature declares.
pub(in crate::commands) fn show(args: &FeaturesShowArgs) -> Result<(), Failure> {
    let json = is_json("features show", &args.report)?;
    let catalogue = Catalogue::builtin();
    let plan = find(&args.name, &catalogue)?;
    let Some(feature) = plan.features().next() else { return Err(unknown(&args.name, Vec::new())) };
    let fields = fields(feature, &plan, &catalogue);
    let name = &feature.declaration().name;
    if json {
        let document = Document::new("hindsight.feature.v1").with("name", name.as_str());
        let document = fields.into_iter().fold(document, |d, field| d.with(field.key, field.value));
        return print(&format!("{document}\n"));
    }
    let mut text = format!("{name}\n{}\n\n", feature.declaration().definition);
    for field in fields.iter().filter(|field| field.key != "definition") {
        let words = match &field.value {
            Document::Null => "-".to_owned(),
            Document::Text(text) => text.clone(),
            Document::List(items) if items.is_empty() => "-".to_owned(),
            Document::List(items) => {
                let word = |item: &Document| match item {
                    Document::Text(text) => text.clone(),
                    other => other.to_string(),
                };
                items.iter().map(word).collect::<Vec<_>>().join(" ")
            }
            other => other.to_string(),
        };
        let _ = writeln!(text, "{:12}{words}", field.label);
    }
    print(&text)
}

/// One fact, for people and for programs.
struct Field {
    label: &'static str,
    key: &'static str,
    value: Document,
}

/// The feature that a name means; of a measure without window, the first in the catalogue.
fn find(name: &str, catalogue: &Catalogue) -> Result<Plan, Failure> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(unknown(name, Vec::new()));
    }
    let entry = catalogue.list().filter(|entry| is_stem(entry, name)).max_by_key(|e| e.stem.len());
    let name = match entry {
        Some(entry) => {
            let window = entry.windows.first().map_or("now", String::as_str);
            format!("{name}__{window}")
        }
        None => name.to_owned(),
    };
    match resolve(&name, "", catalogue) {
        // On the command line, a role needs no declaration.
        Err(SpecError::UnknownRole { role, .. }) => resolve(&name, &role, catalogue),
        other => other,
    }
    .map_err(|error| ErrorReport::new(&error).into())
}

/// Whether a name is a stem of the catalogue, with any role in the place of `{r}`.
fn is_stem(entry: &Listed, name: &str) -> bool {
    let Some((before, after)) = entry.stem.split_once("{r}") else { return entry.stem == name };
    let role = name.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    role.is_some_and(|role| !role.is_empty() && !role.contains("__"))
}

fn resolve(name: &str, role: &str, catalogue: &Catalogue) -> Result<Plan, SpecError> {
    let roles = if role.is_empty() { String::new() } else { format!("\"{role}\"") };
    // What a sweep of a size means does not depend on the size.
    let sizes = ["1"; 9].map(|size| format!("\"{size}\"")).join(", ");
    let text = format!("features = [\"{name}\"]\nroles = [{roles}]\nsizes = [{sizes}]\n");
    Spec::parse(&text)?.resolve(catalogue)
}

fn fields(feature: &dyn Feature, plan: &Plan, catalogue: &Catalogue) -> Vec<Field> {
    let (about, needs) = (feature.declaration(), feature.needs());
    let field = |label, key, value| Field { label, key, value };
    let text = |text: &str| {
        if text.is_empty() { Document::Null } else { Document::Text(text.to_owned()) }
    };
    let mut inputs: Vec<&str> = needs.tables().iter().map(|table| table.name()).collect();
    inputs.extend(needs.reference_tables());
    let roles: Vec<&str> = needs.roles().into_iter().collect();
    let mut rule = about.null_rule.text().to_owned();
    if about.stops_in_halt {
        rule.push_str("; null in a halt");
    }
    let entry = entry(about, &roles, catalogue);
    let windows = entry.as_ref().map(|entry| entry.windows.clone()).unwrap_or_default();
    let takes = entry.map_or("", |entry| entry.takes);
    vec![
        field("definition", "definition", text(&about.definition)),
        field("formula", "formula", text(&about.formula)),
        field("unit", "unit", text(about.unit.word())),
        field("inputs", "inputs", inputs.into()),
        field("roles", "roles", roles.into()),
        field("lookback", "lookback", text(&format_duration_ns(plan.lookback_ns()))),
        field("warm-up", "warm_up", text(&format_duration_ns(needs.warm_up_ns()))),
        field("nulls", "null_rule", Document::Text(rule)),
        field("domain", "domain", Document::Text(domain(about))),
        field("scaling", "scaling", Document::Text(scaling(about))),
        field("mirror", "mirror", text(mirror(about.mirror))),
        field("type", "type", text(if about.is_category { "category" } else { "number" })),
        field("windows", "windows", windows.into()),
        field("takes", "takes", text(takes)),
        field("source", "source", text(&about.source)),
        field("oracle", "oracle", text(&about.oracle)),
        field("version", "version", Document::Count(about.version.into())),
    ]
}

/// The line of the catalogue that a feature belongs to.
fn entry(about: &Declaration, roles: &[&str], catalogue: &Catalogue) -> Option<Listed> {
    let (stem, window) = about.name.rsplit_once("__")?;
    let is_its = |entry: &Listed| {
        entry.stem == stem || roles.iter().any(|role| entry.stem.replace("{r}", role) == stem)
    };
    let entries: Vec<Listed> = catalogue.list().filter(is_its).collect();
    let listed = entries.iter().find(|entry| entry.windows.iter().any(|w| w == window));
    listed.or(entries.first()).cloned()
}

fn domain(about: &Declaration) -> String {
    let (low, high) = about.domain;
    let open = if low.is_finite() { "[" } else { "(" };
    let close = if high.is_finite() { "]" } else { ")" };
    format!("{open}{low}, {high}{close}")
}

fn scaling(about: &Declaration) -> String {
    let power = |what: &str, power: Option<i8>| match power {
        Some(0) => format!("{what} x c: stays"),
        Some(1) => format!("{what} x c: value x c"),
        Some(n) => format!("{what} x c: value x c^{n}"),
        None => format!("{what} x c: not said"),
    };
    format!("{}; {}", power("prices", about.scaling.px), power("sizes", about.scaling.size))
}

fn mirror(mirror: Mirror) -> &'static str {
    match mirror {
        Mirror::Odd => "odd: sides exchanged, it changes its sign",
        Mirror::Even => "even: sides exchanged, it stays",
        _ => "not said",
    }
}
