//! Records of runs: planted holes, and that nothing is lost.

use contract::{Diagnostic as _, EventId, Hash, LineageEffect, LineageKind};
use proptest::prelude::*;
use quality::{Lineage, LineageEdge, LineageError, LineageHole, LineageNode, lineage_edges};

fn log() -> EventId {
    EventId::from_bytes([7; 16])
}

fn node(id: &str) -> LineageNode {
    LineageNode::new(LineageKind::Table, id)
}

/// A run over `[from, to]` of the log: rows read, kept and rejected.
fn run(lineage: &mut Lineage, (from, to): (u64, u64), read: u64, kept: u64, rejected: u64) {
    lineage.read(log(), (from, to), "quotes", read);
    lineage.clean("clean", "quotes", &[("quotes/clean", kept), ("rejects", rejected)]);
    lineage.derive("repair", "quotes", "repairs", 3);
    lineage.report("score", "quotes/clean", "report/quotes");
}

fn two_runs() -> Lineage {
    Lineage::new(Hash::of(b"rules")).with(|l| {
        run(l, (0, 999), 600, 590, 10);
        run(l, (1_000, 1_499), 300, 300, 0);
    })
}

fn holes(lineage: &Lineage) -> Vec<LineageHole> {
    lineage.verify().err().map(|e| e.holes().to_vec()).unwrap_or_default()
}

fn without(lineage: &Lineage, drop: impl Fn(&LineageEdge) -> bool) -> Vec<LineageHole> {
    let kept: Vec<LineageEdge> = lineage.edges().iter().filter(|e| !drop(e)).cloned().collect();
    Lineage::verify_edges(&kept).err().map(|e| e.holes().to_vec()).unwrap_or_default()
}

fn changed(lineage: &Lineage, change: impl Fn(&mut LineageEdge)) -> Vec<LineageHole> {
    let mut edges = lineage.edges().to_vec();
    edges.iter_mut().for_each(change);
    Lineage::verify_edges(&edges).err().map(|e| e.holes().to_vec()).unwrap_or_default()
}

#[test]
fn runs_that_follow_each_other_make_a_chain_without_holes() {
    assert_eq!(two_runs().verify(), Ok(()));
    assert_eq!(Lineage::new(Hash::of(b"")).verify(), Ok(()));
}

#[test]
fn a_missing_read_leaves_tables_without_parent() {
    let found = without(&two_runs(), |e| e.operation == "read");
    assert_eq!(found, [LineageHole::NoParent { node: node("quotes") }]);
}

#[test]
fn a_missing_run_is_a_gap_wherever_it_was_used() {
    let three = two_runs().with(|l| run(l, (1_500, 1_999), 7, 7, 0));
    let found = without(&three, |e| e.seqs == Some((1_000, 1_499)));
    let gaps = found
        .iter()
        .filter(|h| matches!(h, LineageHole::Gap { from: 1_000, to: 1_499, .. }))
        .count();
    // quotes, quotes/clean, rejects, repairs, report.
    assert_eq!((gaps, found.len()), (5, 5));
}

#[test]
fn a_range_that_was_worked_off_twice_overlaps() {
    let lineage = two_runs().with(|l| run(l, (1_400, 1_600), 5, 5, 0));
    let overlap = LineageHole::Overlap {
        child: node("quotes"),
        operation: "read".to_owned(),
        from: 1_400,
        to: 1_499,
    };
    assert!(holes(&lineage).contains(&overlap), "{:?}", holes(&lineage));
    let again = two_runs().with(|l| run(l, (0, 999), 600, 590, 10));
    assert!(holes(&again).iter().all(|h| matches!(h, LineageHole::Twice { .. })));
    assert_eq!(holes(&again).len(), 5);
}

#[test]
fn rows_that_are_gone_are_named_with_both_counts() {
    let lost = |rows_in, rows_out| LineageHole::Rows {
        parent: node("quotes"),
        operation: "clean".to_owned(),
        rows_in,
        rows_out,
    };
    let found = changed(&two_runs(), |e| {
        if e.rows == Some(590) && e.operation == "clean" {
            e.rows = Some(589);
        }
    });
    assert_eq!(found, [lost(600, 599)]);
    // Rejects of the first run are gone whole.
    let found = without(&two_runs(), |e| e.child.id == "rejects" && e.rows == Some(10));
    assert_eq!(found, [lost(600, 590)]);
    // What one run lost is not made good by another.
    let moved = Lineage::new(Hash::of(b"rules")).with(|l| {
        run(l, (0, 9), 5, 4, 0);
        run(l, (10, 19), 5, 6, 0);
    });
    assert_eq!(holes(&moved), [lost(5, 4), lost(5, 6)]);
}

#[test]
fn steps_of_cleaning_balance_one_by_one() {
    let steps = |kept| {
        Lineage::new(Hash::of(b"rules")).with(|l| {
            l.read(log(), (0, 9), "quotes", 10);
            l.clean("clean.schema", "quotes", &[("quotes/1", 9), ("rejects", 1)]);
            l.clean("clean.rows", "quotes/1", &[("quotes/2", kept), ("rejects", 2)]);
        })
    };
    assert_eq!(steps(7).verify(), Ok(()));
    let found = holes(&steps(8));
    assert!(matches!(
        found.as_slice(),
        [LineageHole::Rows { operation, rows_in: 9, rows_out: 10, .. }] if operation == "clean.rows"
    ));
    let unnamed = changed(&steps(7), |e| e.rows = e.rows.filter(|n| *n != 1));
    assert!(unnamed.iter().any(|h| matches!(h, LineageHole::NoRows { .. })));
}

#[test]
fn what_is_made_of_itself_is_named_and_what_hangs_on_it_is_not() {
    let lineage = two_runs().with(|l| {
        l.derive("join", "quotes/clean", "a", 1);
        l.derive("join", "a", "b", 1);
        l.derive("join", "b", "a", 1);
        l.derive("join", "b", "c", 1);
    });
    let cycles: Vec<LineageHole> =
        ["a", "b"].map(|id| LineageHole::Cycle { node: node(id) }).into();
    assert_eq!(holes(&lineage), cycles);
}

#[test]
fn ranges_do_not_run_backwards() {
    let found = changed(&two_runs(), |e| {
        if e.operation == "read" && e.seqs == Some((1_000, 1_499)) {
            e.seqs = Some((1_499, 1_000));
        }
    });
    assert!(
        found.iter().any(|h| matches!(h, LineageHole::Backwards { from: 1_499, to: 1_000, .. }))
    );
}

#[test]
fn columns_come_from_columns_by_steps_that_were_done() {
    let ok = two_runs().with(|l| {
        l.column("clean", "quotes/clean.bid_px", &["quotes.bid_px"]);
        l.column("clean", "quotes/clean.quality_flags", &["quotes.bid_px", "quotes.ask_px"]);
        l.column("clean", "rejects.stage", &[]);
        l.derive("feature", "quotes/clean", "features", 9);
        l.column("feature", "features.spread", &["quotes/clean.bid_px"]);
    });
    assert_eq!(ok.verify(), Ok(()));
    let text = r#"{"features.spread":{"feature":["quotes/clean.bid_px"]},"quotes/clean.bid_px":{"clean":["quotes.bid_px"]},"quotes/clean.quality_flags":{"clean":["quotes.ask_px","quotes.bid_px"]},"rejects.stage":{"clean":[]}}"#;
    assert_eq!(ok.column_lineage().to_string(), text);
    let column = |step: &str, output: &str, inputs: &[&str]| {
        holes(&ok.clone().with(|l| l.column(step, output, inputs)))
    };
    let nothing = column("feature", "features.depth", &["quotes/clean.bid_size"]);
    assert!(
        matches!(nothing.as_slice(), [LineageHole::NoInput { input, .. }] if input == "quotes/clean.bid_size")
    );
    for found in [
        column("label", "features.depth", &["quotes/clean.bid_px"]),
        column("feature", "features.depth", &["quotes.bid_px"]),
        column("feature", "labels.class", &[]),
    ] {
        assert!(matches!(found.as_slice(), [LineageHole::NoStep { .. }]), "{found:?}");
    }
}

#[test]
fn edges_survive_their_table_and_a_changed_one_is_found() {
    let lineage = two_runs();
    let table = lineage_edges(lineage.edges()).unwrap();
    assert_eq!(table.len(), 10);
    assert_eq!(LineageEdge::read(&table).unwrap(), lineage.edges());
    // UUIDv8 of RFC 9562, the same in every run.
    let id = lineage.edges()[0].id();
    assert_eq!((id.as_bytes()[6] >> 4, id.as_bytes()[8] >> 6), (8, 2));
    assert_eq!(id, two_runs().edges()[0].id());
    let mut other = lineage.edges()[0].clone();
    other.rows = Some(601);
    assert_ne!(other.id(), id);
    other.rows = Some(600);
    other.effect = LineageEffect::Aggregate;
    assert_ne!(other.id(), id);
}

#[test]
fn errors_have_codes_that_are_explained() {
    let error = two_runs().with(|l| run(l, (2_000, 2_001), 1, 1, 0)).verify().unwrap_err();
    assert!(error.to_string().contains("rows 1500 to 1999"), "{error}");
    for code in [error.code(), LineageError::Id { row: 0, expected: log(), found: log() }.code()] {
        assert!(quality::ERRORS.contains(&format!("## {code}\n")), "{code}");
    }
}

proptest! {
    #[test]
    fn a_chain_is_whole_exactly_when_every_row_came_out(
        runs in prop::collection::vec((1_u64..50, 0_u64..40, 0_u64..40, -1_i64..2), 1..12),
    ) {
        let mut from = 0;
        let mut lineage = Lineage::new(Hash::of(b"rules"));
        for (length, kept, rejected, off) in &runs {
            let read = (kept + rejected).saturating_add_signed(*off);
            run(&mut lineage, (from, from + length - 1), read, *kept, *rejected);
            from += length;
        }
        let lost = runs
            .iter()
            .filter(|(_, kept, rejected, off)| {
                (kept + rejected).saturating_add_signed(*off) != kept + rejected
            })
            .count();
        prop_assert_eq!(holes(&lineage).len(), lost);
    }
}
