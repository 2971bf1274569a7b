//! Rule sets: what they say, what they refuse and where, and what their hashes cover.

use contract::Diagnostic;
use contract::Hash;
use labeling::{Barrier, LabelSpec, Measure, Overnight, Sigma, TargetKind};
use proptest::prelude::*;

/// The sketch of the design page, whole.
pub(crate) const SKETCH: &str = r#"
id = "intraday"
version = 3
effective_from = "2026-01-01T00:00:00Z"
measures = { anchor = "fills", path = "executable", horizon = "decision", horizon_default = "15m", max_life = "1d", lots = "fifo" }
sigma = { from = "path", window = "30m", step = "10s", min_steps = 60, floor_bps = 0.5 }
[triple_barrier.tb2]
covers = { decisions = ["enter", "increase"], basis = ["realized", "marked"] }
barriers = { profit_sigma = 2, loss_sigma = 1, vertical = "zero" }
[grade]
covers = { decisions = ["enter", "increase", "reverse"], basis = ["realized", "marked"] }
base = { by = "r_net_sigma", cuts = [-1.5, -0.5, 0.5, 1.5] }
max_demotion = 2
demote.deep_drawdown = { when = { mae_sigma = { below = -2 } }, levels = 1 }
demote.overpaid = { when = { is_vs_expected = { above = 2 } }, levels = 1 }
demote.lost_to_benchmark = { when = { rel_net_bps = { below = 0 } }, levels = 1, not_below = "neutral" }
cap.no_profit = { when = { net_pnl = { at_most = 0 } }, to = "neutral" }
floor.made_money = { when = { net_pnl = { above = 0 } }, to = "poor" }
[strategy.mm-btc.grade]
base = { by = "r_net_sigma", cuts = [-1.0, -0.3, 0.3, 1.0] }
"#;

#[test]
fn the_sketch_of_the_design_page_is_read() {
    let spec = LabelSpec::parse(SKETCH).unwrap();
    let set = spec.resolve("momentum");
    assert_eq!((spec.id(), spec.version(), set.version), ("intraday", 3, 3));
    assert_eq!(set.measures.max_life_ns, 86_400_000_000_000);
    assert_eq!(set.measures.overnight, Overnight::Hold);
    let sigma = Sigma::Path {
        window_ns: 1_800_000_000_000,
        step_ns: 10_000_000_000,
        min_steps: 60,
        floor_bps: 0.5,
    };
    assert_eq!(set.measures.sigma, sigma);
    let names: Vec<&str> = set.targets.iter().map(|t| &*t.name).collect();
    assert_eq!(names, ["grade", "tb2"]);
    let TargetKind::Grade(grade) = &set.targets[0].kind else { panic!("no grade") };
    assert_eq!(grade.rules().base.by, Measure::RNetSigma);
    assert_eq!(spec.warnings(), []);
}

#[test]
fn the_default_text_is_a_rule_set_without_warnings() {
    let spec = LabelSpec::parse(LabelSpec::default_text()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(spec.warnings(), []);
}

#[test]
fn every_fault_is_listed_with_its_place() {
    let errors = LabelSpec::parse("id = 3\nmeasures = { max_lif = \"1d\" }").unwrap_err();
    let found: Vec<String> =
        errors.iter().map(|e| format!("{}: {e} ({})", e.place(), e.code())).collect();
    assert_eq!(
        found,
        [
            "line 1, column 1: version: expected a whole number from 1, found none (labeling/missing-key)",
            "line 1, column 6: id: expected a text, found `3` (labeling/malformed-value)",
            "line 2, column 12: measures.max_life: expected a duration, such as `1d`, found none (labeling/missing-key)",
            "line 2, column 14: measures.max_lif: expected no such key (is it `max_life`?) (labeling/unknown-key)",
        ]
    );
}

/// The faults of a text, each as `line:column code message`.
fn faults(text: &str) -> Vec<String> {
    let errors = LabelSpec::parse(text).unwrap_err();
    for error in errors.iter() {
        let section = format!("\n## {}\n", error.code());
        assert!(labeling::ERRORS.contains(&section), "{} is not explained", error.code());
    }
    errors
        .iter()
        .map(|e| format!("{}:{} {} {e}", e.place().line, e.place().column, e.code()))
        .collect()
}

const HEAD: &str = "id = \"a\"\nversion = 1\nmeasures = { max_life = \"1d\" }\n";

#[track_caller]
fn refused(rest: &str, expected: &[&str]) {
    assert_eq!(faults(&format!("{HEAD}{rest}")), expected, "{rest}");
}

#[test]
fn text_that_is_no_toml() {
    let found = faults("id = \"a\nversion = 1");
    assert!(found[0].starts_with("1:"), "{found:?}");
    assert!(found[0].contains("labeling/malformed-spec"), "{found:?}");
}

#[test]
fn a_rule_set_without_a_longest_life() {
    let text = "id = \"a\"\nversion = 1\n";
    let expected =
        "1:1 labeling/missing-key measures.max_life: expected a duration, such as `1d`, found none";
    assert_eq!(faults(text), [expected]);
}

#[test]
fn values_of_another_form() {
    refused(
        "effective_from = \"2026-01-01\"",
        &[
            "4:18 labeling/malformed-value effective_from: expected an RFC 3339 time such as `2026-01-01T00:00:00Z`, found `2026-01-01`",
        ],
    );
    refused(
        "[sigma]\nfrom = \"path\"\nwindow = \"1m\"\nstep = \"1s\"\nmin_steps = 60",
        &[
            "8:13 labeling/malformed-value sigma.min_steps: expected a whole number from 1 to 59, found `60`",
        ],
    );
    refused(
        "[sigma]\nfrom = \"references\"\nstep = \"1s\"",
        &["6:1 labeling/unknown-key sigma.step: expected no such key"],
    );
    let text = HEAD.replace(
        "max_life",
        "horizon = \"2d\", offsets = [\"1s\", \"1000ms\"], path = \"bars\", max_life",
    );
    assert_eq!(
        faults(&text),
        [
            "3:24 labeling/malformed-value measures.horizon: expected at most `max_life`, found `2d`",
            "3:47 labeling/malformed-value measures.offsets: expected every offset once, found `1000ms`",
            "3:65 labeling/malformed-value measures.path: expected one of `executable`, `mid`, `trade`, found `bars`",
        ]
    );
}

#[test]
fn lots_that_are_not_there_yet() {
    let text = HEAD.replace("max_life", "lots = \"lifo\", max_life");
    let expected = "3:21 labeling/unsupported measures.lots: expected `fifo`, found `lifo`, which is not supported yet";
    assert_eq!(faults(&text), [expected]);
}

#[test]
fn numbers_that_are_not_what_they_look_like() {
    refused(
        "[meta.m]\nmin_edge_bps = 0.3333333333333333",
        &[
            "5:16 labeling/imprecise-number meta.m.min_edge_bps: expected a decimal of at most 15 digits, 9 of them after the point, found `0.3333333333333333`",
        ],
    );
    refused(
        "[meta.m]\nmin_edge_bps = 1234567890123456",
        &[
            "5:16 labeling/imprecise-number meta.m.min_edge_bps: expected a decimal of at most 15 digits, 9 of them after the point, found `1234567890123456`",
        ],
    );
    refused(
        "[meta.m]\nmin_edge_bps = nan",
        &[
            "5:16 labeling/imprecise-number meta.m.min_edge_bps: expected a decimal of at most 15 digits, 9 of them after the point, found `nan`",
        ],
    );
    for (text, expected) in
        [("0.1", 0.1), ("\"0.1\"", 0.1), ("1e2", 100.0), ("1_000", 1000.0), ("0x10", 16.0)]
    {
        let spec = LabelSpec::parse(&format!("{HEAD}[meta.m]\nmin_edge_bps = {text}")).unwrap();
        let kind = &spec.base().targets[0].kind;
        assert_eq!(kind, &TargetKind::Meta { min_edge_bps: expected }, "{text}");
    }
}

#[test]
fn barriers_that_are_none_or_two() {
    refused(
        "[triple_barrier.t]\nbarriers = { vertical = \"sign\" }",
        &[
            "5:12 labeling/missing-key triple_barrier.t.barriers.profit_bps: expected a barrier on at least one side, found none",
        ],
    );
    refused(
        "[triple_barrier.t]\nbarriers = { profit_bps = 1, profit_sigma = 1, loss = \"stop\" }",
        &[
            "5:30 labeling/malformed-value triple_barrier.t.barriers.profit_sigma: expected one of `profit`, `profit_bps`, `profit_sigma`, found `profit_bps`, `profit_sigma`",
            "5:55 labeling/malformed-value triple_barrier.t.barriers.loss: expected `decision`, found `stop`",
        ],
    );
    refused(
        "[triple_barrier.t]\nbarriers = { loss_bps = 0 }",
        &[
            "5:25 labeling/malformed-value triple_barrier.t.barriers.loss_bps: expected a number above 0, found `0`",
        ],
    );
}

#[test]
fn covers_that_cannot_stand_together() {
    refused(
        "[fixed_horizon.f]\ncovers = { basis = [\"realized\"] }",
        &[
            "5:1 labeling/impossible-cover fixed_horizon.f.covers.basis: expected `realized` and `marked` together, as a path label knows both only as filled, found `realized`",
        ],
    );
    refused(
        "[meta.m]\ncovers = { basis = [\"realized\", \"counterfactual\"] }",
        &[
            "5:1 labeling/impossible-cover meta.m.covers.basis: expected `counterfactual` alone or not at all, as its amounts are hypothetical, found `realized`, `counterfactual`",
        ],
    );
    let text = HEAD.replace("max_life", "anchor = \"decision\", max_life");
    assert_eq!(
        faults(&format!("{text}[meta.m]\ncovers = {{ basis = [\"marked\"] }}")),
        [
            "5:1 labeling/impossible-cover meta.m.covers.basis: expected `counterfactual` alone, as `anchor` is `decision`, found `marked`"
        ]
    );
    refused(
        "[meta.m]\ncovers = { decisions = [\"cancel\"] }",
        &[
            "5:25 labeling/malformed-value meta.m.covers.decisions: expected one of `enter`, `exit`, `increase`, `reduce`, `reverse`, `hold`, `skip`, found `cancel`",
        ],
    );
}

const GRADE: &str = "[grade]\nbase = { by = \"net_pnl\", cuts = [-2, -1, 1, 2] }\n";

#[test]
fn rules_that_would_reward_a_worse_value() {
    refused(
        &format!("{GRADE}demote.d = {{ when = {{ net_pnl = {{ above = 1 }} }}, levels = 1 }}"),
        &[
            "6:23 labeling/wrong-side grade.demote.d.when.net_pnl: expected `below` or `at_most`, the worse side of the measure, found `above`",
        ],
    );
    refused(
        &format!(
            "{GRADE}floor.f = {{ when = {{ is_total_bps = {{ above = 1 }} }}, to = \"good\" }}"
        ),
        &[
            "6:22 labeling/wrong-side grade.floor.f.when.is_total_bps: expected `below` or `at_most`, the better side of the measure, found `above`",
        ],
    );
    refused(
        &format!("{GRADE}cap.c = {{ when = {{ mae_ts = {{ above = 1 }} }}, to = \"good\" }}"),
        &[
            "6:20 labeling/malformed-value grade.cap.c.when.mae_ts: expected a measure that has a better side (is it `mae_bps`?), found `mae_ts`",
        ],
    );
    refused(
        "[grade]\nbase = { by = \"is_total\", cuts = [1, 2, 3, 4] }",
        &[
            "5:34 labeling/malformed-value grade.base.cuts: expected four falling numbers, as lower is better, found `1, 2, 3, 4`",
        ],
    );
}

#[test]
fn rules_that_are_not_whole() {
    refused(
        &format!(
            "{GRADE}demote.d = {{ when = {{ net_pnl = {{ below = 1, at_most = 1 }} }} }}\ncap.c = {{ to = \"fine\" }}"
        ),
        &[
            "6:12 labeling/missing-key grade.demote.d.levels: expected a whole number from 1 to 4, found none",
            "6:23 labeling/malformed-value grade.demote.d.when.net_pnl: expected one of `below`, `at_most`, `above`, `at_least`, found `below`, `at_most`",
            "7:9 labeling/missing-key grade.cap.c.when: expected `{ MEASURE = { below = 0 } }` or the like, found none",
            "7:16 labeling/malformed-value grade.cap.c.to: expected one of `bad`, `poor`, `neutral`, `good`, `excellent`, found `fine`",
        ],
    );
    refused(
        &format!(
            "{GRADE}cap.c = {{ when = {{ net_pnl = {{ below = 1 }} }}, to = \"good\", null_as = \"best\" }}"
        ),
        &["6:70 labeling/malformed-value grade.cap.c.null_as: expected `worst`, found `best`"],
    );
}

#[test]
fn a_grid_of_too_many_cells() {
    // One limit on each of thirteen measures beside the base: 9 x 3^13 cells.
    let names = [
        "gross_pnl",
        "booked_pnl",
        "ret_net_bps",
        "r_net_sigma",
        "mae_bps",
        "mfe_bps",
        "mae_sigma",
        "mfe_capture",
        "edge_ratio",
        "rel_net_bps",
    ];
    let limits: Vec<String> =
        names.iter().map(|name| format!("{name} = {{ below = 0 }}")).collect();
    let rule = format!("cap.c = {{ when = {{ {} }}, to = \"bad\" }}\n", limits.join(", "));
    let more =
        "cap.d = { when = { is_total = { above = 0 }, is_delay = { above = 0 } }, to = \"bad\" }";
    refused(
        &format!("{GRADE}{rule}{more}"),
        &[
            "4:1 labeling/grid-too-large grade: expected at most 1048576 cells of the grid of limits, found 4782969",
        ],
    );
}

#[test]
fn a_strategy_replaces_keys_of_the_same_path() {
    let more = r#"
[strategy.fast.measures]
horizon = "10s"
[strategy.fast.sigma]
from = "references"
[strategy.fast.triple_barrier.tb2]
barriers = { profit_bps = 5 }
[strategy.fast.grade]
demote.deep_drawdown = { off = true }
demote.overpaid = { when = { is_vs_expected = { at_least = 3 } }, levels = 2 }
[strategy.plain]
grade.off = true
"#;
    let spec = LabelSpec::parse(&format!("{SKETCH}{more}")).unwrap_or_else(|e| panic!("{e}"));
    let (base, fast) = (spec.resolve("other"), spec.resolve("fast"));
    assert_eq!(fast.measures.horizon_ns, Some(10_000_000_000));
    assert_eq!(fast.measures.max_life_ns, base.measures.max_life_ns);
    assert_eq!(fast.measures.sigma, Sigma::References);
    let TargetKind::TripleBarrier { profit, loss, .. } = &fast.targets[1].kind else { panic!() };
    assert_eq!(*profit, Some(Barrier::Bps(contract::Amount::from_units(5))));
    assert_eq!(*loss, Some(Barrier::Sigma(1.0)));
    let TargetKind::Grade(grade) = &fast.targets[0].kind else { panic!() };
    let names: Vec<&str> = grade.rules().demote.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["lost_to_benchmark", "overpaid"]);
    assert_eq!(grade.rules().demote[1].levels, 2);
    let names: Vec<String> =
        spec.resolve("plain").targets.iter().map(|t| t.name.to_string()).collect();
    assert_eq!(names, ["tb2"]);
}

#[test]
fn a_strategy_may_not_change_what_is_read_once_nor_take_away_what_is_not_there() {
    let more = "[strategy.s.measures]\npath = \"mid\"\n[strategy.s.grade]\ncap.no_profits = { off = true }\n[strategy.s.labels]\n";
    assert_eq!(
        faults(&format!("{SKETCH}{more}")),
        [
            "22:1 labeling/global-key measures.path: expected it for all strategies or none, found it for `s`",
            "24:5 labeling/unknown-key grade.cap.no_profits: expected no such key (is it `no_profit`?)",
            "25:13 labeling/unknown-key strategy.s.labels: expected no such key",
        ]
    );
}

#[test]
fn defaults_are_those_of_the_documentation() {
    let spec = LabelSpec::parse(HEAD).unwrap();
    let found = spec.base().body();
    assert_eq!(
        found,
        r#"{"measures":{"allowed_lateness_ns":5000000000,"anchor":"fills","benchmark":"do_nothing","clock_bound_ns":0,"clock_tolerance_ns":1000000,"entry_delay_ns":0,"entry_wait_ns":"horizon","exclude_flags":["MAYBE_BAD_BOOK","QUARANTINED","VENDOR_SUSPECT"],"horizon_default_ns":900000000000,"horizon_ns":"decision","keep_ns":86400000000000,"lots":"fifo","max_exit_delay_ns":300000000000,"max_life_ns":86400000000000,"offsets_ns":[0,100000000,1000000000,5000000000,10000000000,30000000000,60000000000,300000000000,1800000000000],"overnight":"hold","path":"executable","sigma":{"from":"references"},"sources":[]},"targets":{}}"#
    );
    let hash = Hash::of(found.as_bytes());
    assert_eq!(spec.base().rules_hash, hash);
}

#[test]
fn offsets_as_a_range_are_those_of_the_list() {
    let of = |offsets: &str| {
        let text = HEAD.replace("max_life", &format!("offsets = {offsets}, max_life"));
        LabelSpec::parse(&text).map(|spec| spec.base().measures_hash)
    };
    let range = of("{ from = \"-1s\", to = \"1s\", step = \"500ms\" }").unwrap();
    assert_eq!(range, of("[\"1s\", \"500ms\", \"0s\", \"-500ms\", \"-1s\"]").unwrap());
    let errors = of("{ from = \"0s\", to = \"1s\", step = \"300ms\" }").unwrap_err();
    assert_eq!(errors.len(), 1);
}

/// The sketch with other words of the same meaning.
#[test]
fn layout_comments_order_and_named_defaults_change_no_hash() {
    let same = r#"
# Another hand wrote this.
version = 3
id = 'intraday'
effective_from = 2026-01-01T01:00:00+01:00
[strategy."mm-btc"]
grade.base.cuts = ["-1", "-0.30", 3e-1, 1]
[grade]
cap = { no_profit = { to = "neutral", when = { net_pnl = { at_most = 0.0 } } } }
floor.made_money.to = "poor"
floor.made_money.when.net_pnl.above = -0.0
max_demotion = 2
errors = "uniform"          # a default, named
base.cuts = [-1.50, -0.5, 0.5, 1.5]
base.by = "r_net_sigma"
[grade.covers]
basis = ["marked", "realized"]
decisions = ["reverse", "increase", "enter"]
[grade.demote]
lost_to_benchmark = { levels = 1, when = { rel_net_bps = { below = 0 } }, not_below = "neutral" }
overpaid = { levels = 1, when = { is_vs_expected = { above = 2 } }, not_below = "bad" }
deep_drawdown = { levels = 1, when = { mae_sigma = { below = -2.000 } } }
[triple_barrier.tb2.barriers]
loss_sigma = 1.0
profit_sigma = 2
[triple_barrier.tb2.covers]
basis = ["realized", "marked"]
decisions = ["increase", "enter"]
[sigma]
window = "1800s"
step = "10s"
floor_bps = "0.50"
from = "path"
[measures]
max_life = "24h"
keep = "1d"
"#;
    let (a, b) = (
        LabelSpec::parse(SKETCH).unwrap(),
        LabelSpec::parse(same).unwrap_or_else(|e| panic!("{e}")),
    );
    assert_eq!(a.body(), b.body());
    assert_eq!((a.hash(), a), (b.hash(), b));
}

#[test]
fn every_edit_with_a_meaning_changes_the_hashes_that_it_should() {
    let base = LabelSpec::parse(SKETCH).unwrap();
    let hash_of = |spec: &LabelSpec, name: &str| {
        spec.base().targets.iter().find(|t| &*t.name == name).map(|t| t.rules_hash)
    };
    // The edit, and whether measures, the grade, the barrier and the set for other strategies change.
    let edits = [
        ("version = 3", "version = 4", [false, false, false, false]),
        ("2026-01-01", "2026-01-02", [false, false, false, false]),
        ("anchor = \"fills\", ", "entry_wait = \"1m\", ", [true, false, false, true]),
        ("path = \"executable\"", "path = \"mid\"", [true, false, false, true]),
        ("horizon_default = \"15m\"", "horizon_default = \"14m\"", [true, false, false, true]),
        ("max_life = \"1d\"", "max_life = \"2d\"", [true, false, false, true]),
        ("floor_bps = 0.5", "floor_bps = 0.6", [true, false, false, true]),
        ("min_steps = 60", "min_steps = 61", [true, false, false, true]),
        ("profit_sigma = 2", "profit_sigma = 3", [false, false, true, true]),
        ("profit_sigma = 2", "profit_bps = 2", [false, false, true, true]),
        ("vertical = \"zero\"", "vertical = \"sign\"", [false, false, true, true]),
        ("\"zero\"", "\"zero\", profit_as_limit = true", [false, false, true, true]),
        ("[\"enter\", \"increase\"]", "[\"enter\"]", [false, false, true, true]),
        ("tb2", "tb3", [false, false, true, true]),
        ("cuts = [-1.5,", "cuts = [-1.4,", [false, true, false, true]),
        ("below = -2 ", "at_most = -2 ", [false, true, false, true]),
        ("below = -2 ", "below = -2.000000001 ", [false, true, false, true]),
        ("max_demotion = 2", "max_demotion = 3", [false, true, false, true]),
        ("max_demotion = 2", "errors = \"normal\"\nmax_demotion = 2", [false, true, false, true]),
        ("levels = 1, not_below", "levels = 2, not_below", [false, true, false, true]),
        ("not_below = \"neutral\"", "not_below = \"poor\"", [false, true, false, true]),
        ("to = \"poor\"", "to = \"poor\", null_as = \"worst\"", [false, true, false, true]),
        ("cap.no_profit", "cap.no_gain", [false, true, false, true]),
        ("cuts = [-1.0,", "cuts = [-1.1,", [false, false, false, false]),
        ("mm-btc", "mm-eth", [false, false, false, false]),
    ];
    for (from, to, [measures, grade, barrier, set]) in edits {
        assert!(SKETCH.contains(from), "{from}");
        let text = SKETCH.replacen(from, to, 1);
        let spec = LabelSpec::parse(&text).unwrap_or_else(|errors| panic!("{to}: {errors}"));
        assert_ne!(spec.hash(), base.hash(), "{to}");
        assert_eq!(spec.base().measures_hash != base.base().measures_hash, measures, "{to}");
        assert_eq!(hash_of(&spec, "grade") != hash_of(&base, "grade"), grade, "{to}");
        assert_eq!(hash_of(&spec, "tb2") != hash_of(&base, "tb2"), barrier, "{to}");
        assert_eq!(spec.base().rules_hash != base.base().rules_hash, set, "{to}");
    }
}

proptest! {
    #[test]
    fn blank_lines_comments_and_spaces_change_no_hash(
        extra in prop::collection::vec(0..4_usize, SKETCH.lines().count()),
    ) {
        let filler = ["", "\n\n", "   # remark\n", "\t\n"];
        let lines = SKETCH.lines().zip(&extra);
        let lines: Vec<String> = lines
            .map(|(line, n)| format!("{}{}  {line} # {n}\n", filler[*n], " ".repeat(*n)))
            .collect();
        let text = lines.concat();
        prop_assert_eq!(
            LabelSpec::parse(&text).unwrap().hash(),
            LabelSpec::parse(SKETCH).unwrap().hash()
        );
    }

    #[test]
    fn arbitrary_text_is_refused_and_never_panics(
        from in 0..SKETCH.len(),
        len in 0..40_usize,
        junk in "[ -~\n]{0,12}",
    ) {
        let mut text = SKETCH.to_owned();
        text.replace_range(from..(from + len).min(SKETCH.len()), &junk);
        if let Err(errors) = LabelSpec::parse(&text) {
            let lines = text.lines().count() + 1;
            prop_assert!(errors.iter().all(|e| e.place().line <= lines));
        }
    }
}
