//! `hindsight labeling show`.

use super::rules::{RuleSet, bound, named, pinned};
use super::validate::{in_force, title};
use crate::cli::LabelingShowArgs;
use crate::commands::is_json;
use crate::context::Context;
use crate::error::Failure;
use crate::output::{Document, Grid, print};
use contract::{Vocabulary as _, format_duration_ns};
use labeling::{
    Anchor, Barrier, Benchmark, Better, Bound, Cuts, Demote, Grade, LabelSpec, Limit, Measure,
    Measures, Overnight, PathKind, Resolved, Scale, Sigma, Target, TargetKind, Vertical,
};
use std::fmt::Write as _;
use std::sync::Arc;

/// Prints every set as it holds, with its hashes.
pub(in crate::commands) fn show(
    args: &LabelingShowArgs,
    context: &mut Context,
) -> Result<(), Failure> {
    let json = is_json("labeling show", &args.report)?;
    if args.text {
        return print(LabelSpec::default_text());
    }
    if args.measures {
        return measures(json);
    }
    let sets = named(&args.files, context)?;
    bound(&sets)?;
    pinned(&sets, &args.pins)?;
    if json {
        let documents: Vec<Document> = sets.iter().map(|set| document(set, args)).collect();
        let document = Document::new("hindsight.rule_set.v1").with("rule_sets", documents);
        return print(&format!("{document}\n"));
    }
    let mut text = String::new();
    for set in &sets {
        let spec = &set.spec;
        let _ = writeln!(
            text,
            "{}, in force {}\nfile  {}\nhash  {}\n",
            title(spec),
            in_force(spec),
            set.name,
            spec.hash()
        );
        for (who, resolved) in chosen(spec, args) {
            section(&mut text, &who, &resolved);
        }
    }
    print(&text)
}

/// The set as such and for each strategy that it names, or for the one that was asked for.
fn chosen(spec: &LabelSpec, args: &LabelingShowArgs) -> Vec<(String, Arc<Resolved>)> {
    if let Some(strategy) = &args.strategy {
        return vec![(format!("strategy {strategy}"), spec.resolve(strategy))];
    }
    let base = ("strategies without rules of their own".to_owned(), Arc::clone(spec.base()));
    let named = spec.strategies().map(|(name, set)| (format!("strategy {name}"), Arc::clone(set)));
    std::iter::once(base).chain(named).collect()
}

fn section(text: &mut String, who: &str, set: &Resolved) {
    let _ = writeln!(
        text,
        "{who}\n  rules_hash     {}\n  measures_hash  {}",
        set.rules_hash, set.measures_hash
    );
    for (key, value) in settings(&set.measures) {
        let _ = writeln!(text, "  {key:17}{value}");
    }
    text.push('\n');
    let mut grid = Grid::new(["target", "kind", "decisions", "basis", "rule", "rules_hash"]);
    for target in &set.targets {
        let (decisions, basis) = covers(target);
        let hash = target.rules_hash.to_string();
        grid.row([
            target.name.to_string(),
            target.kind.label_kind().word().to_owned(),
            decisions.join(" "),
            basis.join(" "),
            rule(&target.kind),
            hash.get(..16).unwrap_or(&hash).to_owned(),
        ]);
    }
    text.push_str(&grid.to_text());
    for target in &set.targets {
        if let TargetKind::Grade(grade) = &target.kind {
            for line in grade_lines(grade) {
                let _ = writeln!(text, "  {}.{line}", target.name);
            }
        }
    }
    text.push('\n');
}

fn covers(target: &Target) -> (Vec<&'static str>, Vec<&'static str>) {
    let decisions = target.covers.decisions.iter().map(|action| action.word()).collect();
    (decisions, target.covers.basis.iter().map(|basis| basis.word()).collect())
}

/// How outcomes are measured, key by key.
fn settings(m: &Measures) -> Vec<(&'static str, String)> {
    let time = format_duration_ns;
    let sigma = match m.sigma {
        Sigma::References => "references".to_owned(),
        Sigma::Path { window_ns, step_ns, min_steps, floor_bps } => format!(
            "path, window {}, step {}, min_steps {min_steps}, floor_bps {floor_bps}",
            time(window_ns),
            time(step_ns)
        ),
    };
    let offsets: Vec<String> = m.offsets_ns.iter().map(|offset| time(*offset)).collect();
    let anchor = match m.anchor {
        Anchor::Fills => "fills",
        Anchor::Decision => "decision",
    };
    let path = match m.path {
        PathKind::Executable => "executable",
        PathKind::Mid => "mid",
        PathKind::Trade => "trade",
    };
    let benchmark = match m.benchmark {
        Benchmark::None => "none",
        Benchmark::DoNothing => "do_nothing",
        Benchmark::References => "references",
    };
    vec![
        ("anchor", anchor.to_owned()),
        ("path", path.to_owned()),
        (
            "sources",
            if m.sources.is_empty() {
                "all".to_owned()
            } else {
                m.sources.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            },
        ),
        ("horizon", m.horizon_ns.map_or_else(|| "decision".to_owned(), time)),
        ("horizon_default", time(m.horizon_default_ns)),
        ("max_life", time(m.max_life_ns)),
        ("entry_wait", m.entry_wait_ns.map_or_else(|| "horizon".to_owned(), time)),
        ("entry_delay", time(m.entry_delay_ns)),
        ("max_exit_delay", time(m.max_exit_delay_ns)),
        (
            "overnight",
            match m.overnight {
                Overnight::Hold => "hold".to_owned(),
                Overnight::Flat { margin_ns } => format!("flat, margin {}", time(margin_ns)),
            },
        ),
        ("offsets", offsets.join(" ")),
        ("sigma", sigma),
        ("benchmark", benchmark.to_owned()),
        ("clock_bound", time(m.clock_bound_ns)),
        ("clock_tolerance", time(m.clock_tolerance_ns)),
        ("allowed_lateness", time(m.allowed_lateness_ns)),
        ("keep", time(m.keep_ns)),
    ]
}

/// What makes the class, in a few words.
fn rule(kind: &TargetKind) -> String {
    match kind {
        TargetKind::FixedHorizon { cuts } => match cuts {
            Cuts::None => "sign of the return".to_owned(),
            Cuts::Bps(cut) => format!("sign beyond {cut} bps"),
            Cuts::Sigma(cut) => format!("sign beyond {cut} sigma"),
        },
        TargetKind::TripleBarrier { profit, loss, vertical, profit_as_limit } => {
            let side = |side: &Option<Barrier>| match side {
                None => "none".to_owned(),
                Some(Barrier::Decision) => "the decision's own".to_owned(),
                Some(Barrier::Bps(bps)) => format!("{bps} bps"),
                Some(Barrier::Sigma(k)) => format!("{k} sigma"),
            };
            let end = match vertical {
                Vertical::Zero => "0",
                Vertical::Sign => "the sign",
            };
            let limit = if *profit_as_limit { ", profit as limit" } else { "" };
            format!("profit {}, loss {}, else {end}{limit}", side(profit), side(loss))
        }
        TargetKind::Meta { min_edge_bps } => format!("1 above {min_edge_bps} bps net"),
        TargetKind::Fill { min_fill_ratio } if *min_fill_ratio == 0.0 => {
            "1 for any fill".to_owned()
        }
        TargetKind::Fill { min_fill_ratio } => format!("1 from a share of {min_fill_ratio} filled"),
        TargetKind::Grade(grade) => {
            let base = &grade.rules().base;
            let cuts: Vec<String> = base.cuts.iter().map(ToString::to_string).collect();
            format!("{} at {}", base.by.name(), cuts.join(" "))
        }
    }
}

/// The adjustments of a grade, one a line.
fn grade_lines(grade: &Grade) -> Vec<String> {
    let rules = grade.rules();
    let when = |limits: &[Limit]| {
        let limits: Vec<String> = limits
            .iter()
            .map(|limit| format!("{} {} {}", limit.measure.name(), limit.op.word(), limit.cut))
            .collect();
        limits.join(" and ")
    };
    let worst = |null_as_worst| if null_as_worst { "; a null counts as worst" } else { "" };
    let demote = |d: &Demote| {
        format!(
            "demote.{}: {} levels when {}, not below {}{}",
            d.name,
            d.levels,
            when(&d.when),
            class(d.not_below),
            worst(d.null_as_worst)
        )
    };
    let bound = |word: &str, b: &Bound| {
        let worst = worst(b.null_as_worst);
        format!("{word}.{}: {} when {}{worst}", b.name, class(b.to), when(&b.when))
    };
    let mut lines: Vec<String> = rules.demote.iter().map(demote).collect();
    lines.extend(rules.max_demotion.map(|most| format!("max_demotion: {most}")));
    lines.extend(rules.floor.iter().map(|b| bound("floor", b)));
    lines.extend(rules.cap.iter().map(|b| bound("cap", b)));
    lines
}

/// The word of a class of a grade.
fn class(class: i8) -> &'static str {
    labeling::GRADES.iter().find(|(known, _)| *known == class).map_or("-", |(_, word)| word)
}

fn document(set: &RuleSet, args: &LabelingShowArgs) -> Document {
    let spec = &set.spec;
    let resolved: Vec<Document> = chosen(spec, args)
        .into_iter()
        .map(|(who, resolved)| {
            let targets: Vec<Document> = resolved
                .targets
                .iter()
                .map(|target| {
                    let (decisions, basis) = covers(target);
                    Document::object()
                        .with("name", target.name.as_ref())
                        .with("kind", target.kind.label_kind().word())
                        .with("decisions", decisions)
                        .with("basis", basis)
                        .with("rule", rule(&target.kind))
                        .with("rules_hash", target.rules_hash.to_string())
                })
                .collect();
            Document::object()
                .with("strategy", who.strip_prefix("strategy "))
                .with("rules_hash", resolved.rules_hash.to_string())
                .with("measures_hash", resolved.measures_hash.to_string())
                .with("targets", targets)
                .with("body", resolved.body())
        })
        .collect();
    Document::object()
        .with("file", set.name.as_str())
        .with("id", spec.id())
        .with("version", u64::from(spec.version()))
        .with("effective_from", spec.effective_from().to_string())
        .with("effective_to", spec.effective_to().map(|to| to.to_string()))
        .with("hash", spec.hash().to_string())
        .with("resolved", resolved)
}

/// Prints the measures, in the order of the columns of `outcomes`.
fn measures(json: bool) -> Result<(), Failure> {
    if json {
        let measures: Vec<Document> = Measure::ALL
            .iter()
            .map(|measure| {
                Document::object()
                    .with("name", measure.name())
                    .with("unit", unit(*measure))
                    .with("better", better(*measure))
                    .with("bounded", measure.is_bounded())
                    .with("meaning", measure.text())
            })
            .collect();
        let document = Document::new("hindsight.measures.v1").with("measures", measures);
        return print(&format!("{document}\n"));
    }
    let mut grid = Grid::new(["measure", "unit", "better", "meaning"]);
    for measure in Measure::ALL {
        grid.row([measure.name(), unit(*measure), better(*measure), measure.text()]);
    }
    let mut text = grid.to_text();
    let named = Measure::ALL.iter().filter(|measure| measure.is_bounded()).count();
    let _ = writeln!(
        text,
        "{} measures; the {named} with a better side have bounds `_lo` and `_hi`, and rules can name them",
        Measure::ALL.len()
    );
    print(&text)
}

/// What a number of this measure counts.
pub(super) fn unit(measure: Measure) -> &'static str {
    let name = measure.name();
    match measure.scale() {
        Scale::Money => "quote currency",
        Scale::Instant => "time",
        Scale::Whole if name.ends_with("_ns") => "ns",
        Scale::Whole => "rows",
        Scale::Number if name.ends_with("_bps") => "bps",
        Scale::Number if name.ends_with("_sigma") => "sigma",
        Scale::Number if name.ends_with("_px") => "price",
        Scale::Number if name.ends_with("_ticks") => "ticks",
        Scale::Number => "ratio",
    }
}

/// The side on which it is better.
pub(super) fn better(measure: Measure) -> &'static str {
    match measure.better() {
        Better::Higher => "higher",
        Better::Lower => "lower",
        Better::Neither => "-",
    }
}
