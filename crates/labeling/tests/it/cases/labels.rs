//! Labels of the path and of the outcome.

use labeling::{Anchor, Barrier, Cuts, TargetKind, Vertical};

use super::{Case, barriers, bps, plain};

const TOUCHED: &str = "quote 0 99 100
     decide 10 d1 enter buy 1 h=100
     fill 12 f1 buy 1 100 d=d1 fee=0
     quote 20 100.999999999 102
     quote 30 101 102
     quote 40 90 92
     clock 1000";

#[expect(clippy::too_many_lines, reason = "a table of scenarios")]
pub(super) fn cases() -> Vec<Case> {
    let percent = || barriers(Some(bps("100")), Some(bps("100")));
    let horizon = |cuts| TargetKind::FixedHorizon { cuts };
    vec![
        // 100 bps of 100: 101 above, 99 below. One unit short of 101 at 20; exactly 101 at 30.
        plain(
            "touch exactly at the barrier",
            TOUCHED,
            "d1.tb class 1 class_lo 1 class_hi 1 ts_end 30 ts_until 30 value 100 status final kind triple_barrier
             d1.down class -1 ts_end 40 value -1000
             d1.none class 0 ts_end 112 value -1000",
        )
        .target("tb", percent())
        .target("down", barriers(None, Some(bps("500"))))
        .target("none", barriers(Some(bps("200")), None)),
        // The row of the entry's own stamp: seq 3 before it does not count, seq 5 does.
        plain(
            "touch in the entry's nanosecond",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             quote 12 102 103
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 12 98 99
             clock 1000",
            "d1.tb class -1 ts_end 12 value -200",
        )
        .target("tb", percent()),
        // The stop at 99 is jumped over: it costs what it cost. The target fills at its own price where that is asked.
        plain(
            "through the barrier",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100 tp=103 sl=98
             fill 12 f1 buy 1 100 d=d1 fee=0
             decide 13 d2 enter sell 1 h=100 tp=95 sl=106 strat=b
             fill 14 f2 sell 1 100 d=d2 fee=0
             quote 20 97 105
             quote 30 110 111
             clock 1000",
            "d1.own class -1 value -300 ts_end 20
             d2.own class -1 value -1100 ts_end 30
             d1.limit class 1 value 100 ts_end 30",
        )
        .target("own", barriers(Some(Barrier::Decision), Some(Barrier::Decision)))
        .target(
            "limit",
            TargetKind::TripleBarrier {
                profit: Some(bps("100")),
                loss: None,
                vertical: Vertical::Zero,
                profit_as_limit: true,
            },
        ),
        // 1.000000001 * 1.0001 = 1.0001000010001: 1.000100001 is short of it, 1.000100002 is not.
        plain(
            "a barrier between two prices",
            "quote 0 1 1.000000001
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 1.000000001 d=d1 fee=0
             quote 20 1.000100001 1.1
             quote 30 1.000100002 1.1
             clock 1000",
            "d1.tb class 1 ts_end 30",
        )
        .target("tb", barriers(Some(bps("1")), Some(bps("1")))),
        // Lost rows in [15, 18], before the touch at 30: unknown. In [35, 38], after it: no matter.
        plain(
            "gap before the touch",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             gap 18 15 18
             quote 30 101 102
             clock 1000",
            "d1.tb class - class_lo -1 class_hi 1 status indeterminate ts_end 30",
        )
        .target("tb", percent()),
        plain(
            "gap after the touch",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 30 101 102
             gap 38 35 38
             clock 1000",
            "d1.tb class 1 status final ts_end 30
             d1.fh class - status indeterminate value -",
        )
        .target("tb", percent())
        .target("fh", horizon(Cuts::None)),
        // A split after the touch at 30 does not move it; without a touch it makes the label unknown.
        plain(
            "split after and before a touch",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 30 101 102
             adjust 50 split num=2 den=1
             quote 60 50 51
             clock 1000",
            "d1.tb class 1 status final
             d1.far class - status indeterminate ts_end 60
             d1.fh class - status indeterminate value -",
        )
        .target("tb", percent())
        .target("far", barriers(Some(bps("500")), Some(bps("500"))))
        .target("fh", horizon(Cuts::None)),
        // A touch is known long before the window's end.
        plain(
            "a touch is known before the window ends",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 30 101 102
             clock 50",
            "d1.tb class 1 ts_end 30
             d1 row -
             d1.fh row -",
        )
        .target("tb", percent())
        .target("fh", horizon(Cuts::None)),
        // Bought at 100 (not at 99, where d1 is passed already); the stop of d2 lies above its entry.
        plain(
            "barriers out of order",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100 tp=100 sl=90
             fill 12 f1 buy 1 100 d=d1 fee=0
             decide 13 d2 enter buy 1 h=100 tp=110 sl=105
             fill 14 f2 buy 1 100 d=d2 fee=0
             clock 1000",
            "d1.own row -
             d2.own row -
             d1 row there",
        )
        .target("own", barriers(Some(Barrier::Decision), Some(Barrier::Decision))),
        // 4 s at 20 bps a root second are 40 bps; 2 and 1 of them: 80 and 40 bps: 100.8 and 99.6.
        plain(
            "barriers and cuts in standard deviations",
            "ref d1 sigma=20
             quote 0 99 100
             decide 10 d1 enter buy 1 h=4000000000
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 20 100.79 102
             quote 30 99.7 102
             quote 40 99.6 102
             quote 50 100.5 102
             clock 9000000000",
            "d1.tb class -1 ts_end 40 value -40
             d1.fh class 1 value 50
             d1.wide class 0",
        )
        .with(|m| m.max_life_ns = 10_000_000_000)
        .target("tb", barriers(Some(Barrier::Sigma(2.0)), Some(Barrier::Sigma(1.0))))
        .target("fh", horizon(Cuts::Sigma(1.0)))
        .target("wide", horizon(Cuts::Sigma(1.5))),
        // Rows inside a halt do not touch; the first after it does.
        plain(
            "no touch inside a halt",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             status 20 halt
             quote 25 110 111
             status 30 open
             quote 35 98 99
             clock 1000",
            "d1.tb class -1 ts_end 35 value -200",
        )
        .target("tb", percent()),
        // Only the bid counts for a long one: an ask of 98 touches nothing, nor does a crossed row.
        plain(
            "the other side does not touch",
            "quote 0 99.5 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 20 - 98
             quote 30 97 96
             quote 40 100 101
             clock 1000",
            "d1.tb class 0 ts_end 112 value 0",
        )
        .target("tb", percent()),
        // 3 of 100: 300 bps. Exactly at the cut is 0; a cut in an unknown deviation says nothing.
        plain(
            "cuts of the fixed horizon",
            "quote 0 99 100
             decide 10 d1 enter sell 1 h=100
             fill 12 f1 sell 1 100 d=d1 fee=0
             quote 30 102 103
             clock 1000",
            "d1.none class -1 value -300 ts_end 112 kind fixed_horizon
             d1.at class 0 value -300
             d1.below class -1
             d1.sigma class - class_lo -1 class_hi 1 status indeterminate value -300",
        )
        .target("none", horizon(Cuts::None))
        .target("at", horizon(Cuts::Bps(300.0)))
        .target("below", horizon(Cuts::Bps(299.0)))
        .target("sigma", horizon(Cuts::Sigma(1.0))),
        // Net 3 - 0.1 of 100: 290 bps. More than 289 pays, more than 290 does not.
        plain(
            "meta",
            "fees 0 0
             quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0.1
             quote 30 103 104
             clock 1000",
            "d1.low class 1 value 290 status final kind meta ts_end 112
             d1.at class 0 class_lo 0 class_hi 0",
        )
        .target("low", TargetKind::Meta { min_edge_bps: 289.0 })
        .target("at", TargetKind::Meta { min_edge_bps: 290.0 }),
        // The fee is between 100 * 1 bps and 100 * 200 bps: net 3 - 2 = 1 or up to 2.99; 150 bps lie between.
        plain(
            "meta while the fee decides",
            "fees 1 200
             fees 1 1 acct=A
             quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1
             fill 30 f2 sell 1 103 fee=0
             clock 1000",
            "d1.edge class - class_lo 0 class_hi 1 status indeterminate value 100
             d1.sure class 1 status provisional",
        )
        .target("edge", TargetKind::Meta { min_edge_bps: 150.0 })
        .target("sure", TargetKind::Meta { min_edge_bps: 50.0 }),
        // 1 of 4 at 12, 3 of 4 at 20. Any fill: at 12. Three quarters: at 20. All: not by 30.
        plain(
            "fill",
            "quote 0 99 101
             decide 10 d1 enter buy 4 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             fill 20 f2 buy 2 100 d=d1 fee=0
             decide 40 d2 enter buy 4 h=100
             clock 1000",
            "d1.any class 1 ts_end 12 value 0.25 kind fill
             d1.most class 1 ts_end 20 value 0.75
             d1.all class 0 ts_end 30 value 0.75
             d2.any class 0 ts_end 60 value 0",
        )
        .target("any", TargetKind::Fill { min_fill_ratio: 0.0 })
        .target("most", TargetKind::Fill { min_fill_ratio: 0.75 })
        .target("all", TargetKind::Fill { min_fill_ratio: 1.0 }),
        // The touch at 15 of what was not filled is known when waiting is over, at 30.
        plain(
            "path label of what was not filled",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             quote 15 102 103
             decide 40 d2 skip buy 1 h=100
             quote 45 100 101
             clock 1000",
            "d1.tb class 1 ts_end 30 value 200
             d2.tb class -1 ts_end 60",
        )
        .target("tb", percent()),
        // In at the captured ask 100: 101 at 15 is a touch, whatever the fill.
        plain(
            "path label anchored at the decision",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100 bid=99 ask=100
             fill 12 f1 buy 1 90 d=d1 fee=0
             quote 15 101 103
             clock 1000",
            "d1.tb class 1 ts_end 15 value 100",
        )
        .with(|m| m.anchor = Anchor::Decision)
        .target("tb", percent()),
        plain(
            "labels of a busted entry are withdrawn",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             bust 40 b1 buy ref=f1
             clock 1000",
            "d1.tb status void class -
             d1.meta status void class -
             d1.fill class 0",
        )
        .target("tb", percent())
        .target("meta", TargetKind::Meta { min_edge_bps: 0.0 })
        .target("fill", TargetKind::Fill { min_fill_ratio: 0.0 }),
        // No touch: the sign of the return, 2 of 100.
        plain(
            "sign at the time limit",
            "quote 0 99 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 30 102 104
             clock 1000",
            "d1.sign class 1 value 200 ts_end 112",
        )
        .target(
            "sign",
            TargetKind::TripleBarrier {
                profit: Some(bps("500")),
                loss: None,
                vertical: Vertical::Sign,
                profit_as_limit: false,
            },
        ),
        // Instrument 2 was bought: d1 is not filled. From the ask 101 to the bid 104 at 110.
        plain(
            "a fill of another instrument is none of the decision's",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 i=2 fee=0
             quote 100 104 106
             clock 1000",
            "d1 basis counterfactual gross_pnl 3 fill_ratio 0 ts_end 110",
        ),
        // Proposed, never sent: from the ask 101; 103 is past 102.01, and known as not filled at 30.
        plain(
            "what was not sent has no fills of its own",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=50 status=proposed
             fill 15 f1 buy 1 100 d=d1 fee=0
             quote 25 103 104
             clock 1000",
            "d1.tb class 1 ts_end 30 value 2/101*1e4",
        )
        .target("tb", percent()),
    ]
}
