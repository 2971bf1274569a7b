//! The report of `hindsight labeling check`, for people and for programs.

use super::super::percent;
use super::BAR;
use super::quality::Quality;
use crate::output::{Document, Grid};
use labeling::{Agreement, AuditReport, CellTest, Contradiction, MethodTest, Verdict};
use std::fmt::Write as _;

/// Whether a share is known to reach the bar.
fn verdict(agreement: Agreement) -> &'static str {
    if agreement.interval().0 >= BAR {
        "passed"
    } else if agreement.n_agree == agreement.n {
        "too few"
    } else {
        "failed"
    }
}

fn low(agreement: Agreement) -> Option<f64> {
    (agreement.n > 0).then(|| agreement.interval().0)
}

/// What two labels that cannot both be meant have in common.
fn words(contradiction: &Contradiction) -> String {
    match contradiction {
        Contradiction::TwoClasses { decision_id, target, revision } => {
            format!("{target} of {decision_id}: two classes in revision {revision}")
        }
        Contradiction::BothSidesGood { buy, sell, target } => {
            format!("{target}: the buy {buy} and the sell {sell} of one instant are both good")
        }
        Contradiction::NeverDiffer { first, second, decisions } => {
            format!("{first} and {second} have the same class for all {decisions} decisions")
        }
        other => format!("{other:?}"),
    }
}

pub(super) fn table(
    audit: &AuditReport,
    quality: &Quality,
    decisions: usize,
    examples: usize,
) -> String {
    let mut text = String::new();
    audited(&mut text, audit, decisions, examples);
    labels(&mut text, quality);
    tested(&mut text, &quality.tests);
    text
}

fn audited(text: &mut String, audit: &AuditReport, decisions: usize, examples: usize) {
    let share = |agreement| low(agreement).map_or_else(|| "-".to_owned(), percent);
    let _ = writeln!(
        text,
        "audit by the second implementation, seed {}, bar {}",
        audit.seed,
        percent(BAR)
    );
    let mut grid = Grid::new(["", "compared", "agree", "at least (95 %)", "verdict"]);
    let all = audit.decisions;
    grid.row([
        format!("decisions, of {decisions}"),
        all.n.to_string(),
        all.n_agree.to_string(),
        share(all),
        verdict(all).to_owned(),
    ]);
    for (target, agreement) in &audit.targets {
        grid.row([
            format!("labels {target}"),
            agreement.n.to_string(),
            agreement.n_agree.to_string(),
            share(*agreement),
            verdict(*agreement).to_owned(),
        ]);
    }
    text.push_str(&grid.to_text());
    let (n, agree) = audit
        .strata
        .values()
        .fold((0, 0), |(n, agree), stratum| (n + stratum.n, agree + stratum.n_agree));
    let _ = writeln!(
        text,
        "{} kinds of labels (target, class, rules, flags, basis): {agree} of {n} further decisions agree",
        audit.strata.len()
    );
    if audit.disagreements.is_empty() {
        text.push('\n');
        return;
    }
    let shown = audit.disagreements.iter().take(examples);
    let _ = writeln!(text, "\n{} of {} cells that differ", shown.len(), audit.disagreements.len());
    let mut grid = Grid::new(["decision", "table", "row", "column", "label says", "audit says"]);
    for found in shown {
        grid.row([
            found.decision_id.to_string(),
            found.table.to_owned(),
            found.row.clone(),
            found.column.clone(),
            found.engine.clone(),
            found.audit.clone(),
        ]);
    }
    text.push_str(&grid.to_text());
    text.push('\n');
}

fn labels(text: &mut String, quality: &Quality) {
    let mut grid = Grid::new([
        "target",
        "final",
        "provisional",
        "indeterminate",
        "classes with 95 % intervals",
        "drift p",
    ]);
    for (target, states) in &quality.states {
        let shares = quality.shares.get(target);
        let classes: Vec<String> = shares
            .iter()
            .flat_map(|shares| &shares.shares)
            .filter_map(|(class, share)| {
                let (low, high) = share.ci?;
                let effect = share.effect.filter(|effect| *effect > 0.0)?;
                Some(format!("{class}: {effect:.3} [{low:.3}, {high:.3}]"))
            })
            .collect();
        let drift = shares.and_then(|shares| shares.drift.p_value);
        grid.row([
            target.clone(),
            states.finals.to_string(),
            states.provisional.to_string(),
            states.indeterminate.to_string(),
            classes.join("  "),
            number(drift),
        ]);
    }
    if quality.states.is_empty() {
        text.push_str("no labels\n");
    } else {
        text.push_str(&grid.to_text());
    }
    for contradiction in &quality.contradictions {
        let _ = writeln!(text, "contradiction: {}", words(contradiction));
    }
    let _ = writeln!(text, "{} contradictions\n", quality.contradictions.len());
}

fn tested(text: &mut String, tests: &[CellTest]) {
    if tests.is_empty() {
        text.push_str("no cell to test\n");
        return;
    }
    let mut grid = Grid::new([
        "strategy",
        "target",
        "labels",
        "effective",
        "mean",
        "95 % interval",
        "p",
        "q",
        "verdict",
    ]);
    for test in tests {
        let MethodTest { n, n_eff, effect, ci, p_value } = test.combined;
        let class = test.cell.rsplit_once("/class=").map(|(_, class)| class);
        let target = match class {
            Some(class) => format!("{}, class {class}", test.target),
            None => test.target.clone(),
        };
        grid.row([
            test.strategy.clone().unwrap_or_default(),
            target,
            n.to_string(),
            // An empty sum is minus zero.
            format!("{:.1}", n_eff + 0.0),
            number(effect),
            ci.map_or_else(|| "-".to_owned(), |(low, high)| format!("[{low:.4}, {high:.4}]")),
            number(p_value),
            number(Some(test.q_value)),
            said(test.verdict).to_owned(),
        ]);
    }
    text.push_str(&grid.to_text());
    let count = |verdict| tests.iter().filter(|test| test.verdict == verdict).count();
    let _ = writeln!(
        text,
        "{} cells: {} positive, {} negative, {} not significant, {} with too few effective labels to say",
        tests.len(),
        count(Verdict::Positive),
        count(Verdict::Negative),
        count(Verdict::NotSignificant),
        count(Verdict::Insufficient)
    );
}

fn said(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Insufficient => "too few to say",
        Verdict::Positive => "positive",
        Verdict::Negative => "negative",
        Verdict::NotSignificant => "not significant",
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
}

pub(super) fn document(audit: &AuditReport, quality: &Quality, decisions: usize) -> Document {
    let agreement = |agreement: Agreement| {
        Document::object()
            .with("n", agreement.n)
            .with("n_agree", agreement.n_agree)
            .with("low", low(agreement))
            .with("verdict", verdict(agreement))
    };
    let targets: Vec<Document> = audit
        .targets
        .iter()
        .map(|(target, found)| agreement(*found).with("target", target.as_str()))
        .collect();
    let disagreements: Vec<Document> = audit
        .disagreements
        .iter()
        .map(|found| {
            Document::object()
                .with("decision_id", found.decision_id.to_string())
                .with("table", found.table)
                .with("row", found.row.as_str())
                .with("column", found.column.as_str())
                .with("label", found.engine.as_str())
                .with("audit", found.audit.as_str())
        })
        .collect();
    let strata = audit.strata.values();
    Document::new("hindsight.label_check.v1")
        .with("seed", audit.seed.to_string())
        .with("bar", BAR)
        .with("decisions_in", decisions)
        .with("decisions", agreement(audit.decisions))
        .with("targets", targets)
        .with("strata", audit.strata.len())
        .with("strata_n", strata.clone().map(|found| found.n).sum::<u64>())
        .with("strata_n_agree", strata.map(|found| found.n_agree).sum::<u64>())
        .with("disagreements", disagreements)
        .with("labels", states(quality))
        .with("contradictions", quality.contradictions.iter().map(words).collect::<Vec<String>>())
        .with("tests", quality.tests.iter().map(test).collect::<Vec<Document>>())
}

fn states(quality: &Quality) -> Vec<Document> {
    quality
        .states
        .iter()
        .map(|(target, states)| {
            let shares = quality.shares.get(target);
            let classes: Vec<Document> = shares
                .iter()
                .flat_map(|shares| &shares.shares)
                .map(|(class, share)| method(share).with("class", class.to_string()))
                .collect();
            let drift = shares.map(|shares| shares.drift);
            Document::object()
                .with("target", target.as_str())
                .with("final", states.finals)
                .with("provisional", states.provisional)
                .with("indeterminate", states.indeterminate)
                .with("classes", classes)
                .with("drift_p_value", drift.and_then(|drift| drift.p_value))
                .with("drift_psi", drift.and_then(|drift| drift.psi))
        })
        .collect()
}

fn method(found: &MethodTest) -> Document {
    Document::object()
        .with("n", found.n)
        .with("n_eff", found.n_eff + 0.0)
        .with("effect", found.effect)
        .with("ci_low", found.ci.map(|ci| ci.0))
        .with("ci_high", found.ci.map(|ci| ci.1))
        .with("p_value", found.p_value)
}

fn test(test: &CellTest) -> Document {
    method(&test.combined)
        .with("cell", test.cell.as_str())
        .with("target", test.target.as_str())
        .with("strategy", test.strategy.clone())
        .with("q_value", test.q_value)
        .with("verdict", test.verdict.word())
}
