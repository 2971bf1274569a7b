//! What every check says about one row, a first pass, and scores as metrics.

use crate::support::{quotes, rules};
use contract::{Histogram, Observe, Origin, QualityMode, Sink, UtcNanos};
use quality::{Context, EventCounts, Explainer, Review, Says, Scorer};

const NOW: UtcNanos = UtcNanos::from_nanos(1_772_485_500_000_000_000);

/// A row rule, a rule that remembers rows, a rule about the whole, one without its column.
const BODY: &str = "[[check]]\nid = \"crossed\"\nkind = \"crossed\"\n\
    [[check]]\nid = \"gap\"\nkind = \"gap\"\n\
    [[check]]\nid = \"constant\"\nkind = \"constant\"\ncolumn = \"bid_px\"";

fn said(text: &str, id: u64) -> Vec<&'static str> {
    let rules = rules("quotes", BODY);
    let mut explainer = Explainer::new(&rules, QualityMode::Live, Context::new(), id);
    let batch = quotes(text);
    for row in 0..batch.num_rows() {
        explainer.observe(&batch.slice(row, 1)).unwrap();
    }
    explainer.finish().unwrap().answers.iter().map(|answer| answer.says.word()).collect()
}

#[test]
fn a_row_breaks_keeps_or_is_none_of_a_rules_business() {
    assert_eq!(said("1 2, 2 1", 11), ["broken", "not_applicable", "whole_table"]);
    assert_eq!(said("1 2, 2 1", 10), ["kept", "not_applicable", "whole_table"]);
    let rules = rules("quotes", BODY);
    let mut explainer = Explainer::new(&rules, QualityMode::Live, Context::new(), 11);
    explainer.observe(&quotes("1 2, 2 1")).unwrap();
    let row = explainer.finish().unwrap();
    assert_eq!(row.row.num_rows(), 1);
    assert_eq!(row.answers[0].reads, ["bid_px", "ask_px"]);
    let mut scorer = Scorer::new(&rules, QualityMode::Live, Origin::new("quality", "test"));
    let judged = scorer.judge(&quotes("1 2, 2 1")).unwrap();
    assert_eq!(row.score, judged.scores[1]);
}

#[test]
fn a_row_that_does_not_come_is_not_explained() {
    let mut explainer =
        Explainer::new(&rules("quotes", BODY), QualityMode::Live, Context::new(), 9);
    explainer.observe(&quotes("1 2, 2 1")).unwrap();
    assert!(explainer.finish().is_none());
}

#[test]
fn a_review_reports_what_a_scorer_reports() {
    let rules = rules("quotes", BODY);
    let batch = quotes("1 2, 2 1, 1 2");
    let mut review = Review::new(&rules, QualityMode::Live, Context::new());
    review.observe(&batch).unwrap();
    let mut scorer = Scorer::new(&rules, QualityMode::Live, Origin::new("quality", "test"));
    scorer.push(&batch, NOW).unwrap();
    assert_eq!(review.report(), scorer.finish(NOW).unwrap().1);
}

#[test]
fn a_check_without_its_column_says_why() {
    let rules = rules("quotes", "[[check]]\nid = \"crossed\"\nkind = \"crossed\"");
    let batch = quotes("1 2");
    let columns: Vec<usize> = (0..batch.num_columns())
        .filter(|at| batch.schema().field(*at).name() != "ask_px")
        .collect();
    let mut explainer = Explainer::new(&rules, QualityMode::Live, Context::new(), 10);
    explainer.observe(&batch.project(&columns).unwrap()).unwrap();
    let row = explainer.finish().unwrap();
    assert!(matches!(row.answers[0].says, Says::NotEvaluated(_)), "{:?}", row.answers[0].says);
}

/// Names, labels and values, one a line.
#[derive(Default)]
struct Lines(Vec<String>);

impl Sink for Lines {
    fn counter(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.0.push(format!("{name} {labels:?} {value}"));
    }

    fn gauge(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push(format!("{name} {labels:?} {value}"));
    }

    fn histogram(&mut self, _: &str, _: &[(&str, &str)], _: &Histogram) {}
}

#[test]
fn a_score_is_a_metric_between_0_and_1_and_findings_are_counted() {
    let rules = rules("quotes", "[[check]]\nid = \"crossed\"\nkind = \"crossed\"");
    let mut scorer = Scorer::new(&rules, QualityMode::Live, Origin::new("quality", "test"));
    let mut counts = EventCounts::default();
    counts.add(&scorer.push(&quotes("1 2, 2 1"), NOW).unwrap().events);
    let (_, report) = scorer.finish(NOW).unwrap();
    let mut lines = Lines::default();
    report.observe(&mut lines);
    counts.observe(&mut lines);
    assert_eq!(
        lines.0,
        [
            r#"hindsight_quality_score_ratio [("table", "quotes"), ("dimension", "all")] 0.5"#,
            r#"hindsight_quality_score_ratio [("table", "quotes"), ("dimension", "consistency")] 0.5"#,
            r#"hindsight_quality_coverage_ratio [("table", "quotes")] 1"#,
            r#"hindsight_quality_events_total [("kind", "violation"), ("severity", "error")] 1"#,
        ]
    );
}
