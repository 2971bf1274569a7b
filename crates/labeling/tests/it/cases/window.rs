//! Which window and which trade: unfilled, skipped, exits, holds, sessions, benchmarks, volatility.

use labeling::{Anchor, Benchmark, Overnight, Sigma};

use super::{Case, plain};

#[expect(clippy::too_many_lines, reason = "a table of scenarios")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        // In at the ask 101, out at the bid 110 of 105: 2*9 = 18. Taker 10 bps: 202 and 220, 0.202 + 0.22.
        // All opportunity: mid 100 at the decision, 102 when waiting ended at 30: 2*2 = 4 of 200.
        plain(
            "unfilled",
            "fees 0 10
             quote 0 99 101
             decide 10 d1 enter buy 2 h=100
             order 11 n1 buy d=d1
             quote 25 101 103
             quote 105 110 112
             clock 1000",
            "d1 basis counterfactual gross_pnl 18 fees 0.422 net_pnl 17.578 booked_pnl 0 fill_ratio 0
             d1 ret_net_bps 17.578/202*1e4 time_to_fill_ns null:CENSORED entry_px 101 exit_px 110
             d1 is_delay 0 is_trading 0 is_opportunity 4 is_explicit 0 is_total 4 is_total_bps 200
             d1 eff_spread_bps null:NOT_APPLICABLE ts_end 110 flags FEE_ASSUMED status final holding_ns 100",
        ),
        // The purchase not made: 101 to 110 is 9, fees 0.101 + 0.11. Not making it: -9 + 0.211.
        // The purchase was at -6 at 50 (bid 95) and at 9 at 105: not making it was 6 up, then 9 down.
        plain(
            "skipped",
            "fees 0 10
             quote 0 99 101
             decide 10 d1 skip buy 1 h=100
             quote 50 95 97
             quote 105 110 112
             clock 1000",
            "d1 basis counterfactual side buy gross_pnl -9 fees -0.211 net_pnl -8.789
             d1 ret_net_bps -8.789/101*1e4 mae_bps -9/101*1e4 mfe_bps 6/101*1e4 mae_ts 105 mfe_ts 50
             d1 mfe_capture -9/6 edge_ratio 6/9 is_total null:NOT_APPLICABLE booked_pnl 0 fill_ratio 0",
        ),
        // No quantity was given: one unit.
        plain(
            "denied, without a schedule",
            "quote 0 99 101
             decide 10 d1 enter sell 1 h=100 status=denied
             quote 105 110 112
             clock 1000",
            "d1 gross_pnl 13 net_pnl 13 net_pnl_lo 13 net_pnl_hi - flags FEE_UNKNOWN|FEE_ASSUMED
             d1 is_total null:NOT_APPLICABLE time_to_fill_ns null:NOT_APPLICABLE",
        ),
        plain(
            "one unit where nothing is said",
            "quote 0 99 101
             decide 10 d1 skip buy h=100
             quote 105 110 112
             clock 1000",
            "d1 gross_pnl -9 flags FEE_UNKNOWN|FEE_ASSUMED|UNIT_QTY",
        ),
        // Sold 2 at 105 where the bid is 99 at 12 + 100: leaving saved 2*6, less 0.1.
        plain(
            "value of an exit",
            "quote 0 99 101
             fill 5 f0 buy 2 100 fee=0.1
             decide 10 d1 exit sell 2 h=100
             fill 12 f1 sell 2 105 d=d1 fee=0.1
             quote 110 99 101
             clock 1000",
            "d1 basis counterfactual side buy gross_pnl 12 fees 0.1 net_pnl 11.9 ret_net_bps 11.9/210*1e4
             d1 entry_px 105 exit_px 99 mae_bps null:NOT_APPLICABLE mfe_capture null:NOT_APPLICABLE
             d1 booked_pnl null:NOT_APPLICABLE fill_ratio 1 is_trading -10 ts_end 112 flags NONE",
        ),
        // Not filled: it would have been left at the bid 99; at 110 the bid is 90: 9 saved, but a fee of 0.099.
        plain(
            "exit that was not filled",
            "fees 0 10
             quote 0 99 101
             fill 5 f0 buy 1 100 fee=0
             decide 10 d1 exit sell 1 h=100
             quote 105 90 92
             clock 1000",
            "d1 gross_pnl 9 fees 0.099 net_pnl 8.901 fill_ratio 0 booked_pnl 0 time_to_fill_ns null:CENSORED
             d1 flags FEE_ASSUMED is_opportunity 0",
        ),
        // 3 kept from 99 to 102; 3 owed from 101 to 104.
        plain(
            "hold, long and short",
            "quote 0 99 101
             decide 10 d1 hold h=100 pos=3
             decide 10 d2 hold h=100 pos=-3
             decide 10 d3 hold h=100
             quote 50 95 98
             quote 105 102 104
             clock 1000",
            "d1 basis counterfactual side buy gross_pnl 9 fees 0 net_pnl 9 ret_net_bps 9/297*1e4
             d1 mae_bps -12/297*1e4 mfe_bps 9/297*1e4 fill_ratio null:NOT_APPLICABLE flags NONE ts_end 110
             d2 side sell gross_pnl -9 ret_net_bps -9/303*1e4 mfe_bps 9/303*1e4 mfe_ts 50
             d3 row -",
        ),
        // The book of the strategy holds 2 - 1.
        plain(
            "hold of what the book holds",
            "quote 0 99 101
             fill 2 f1 buy 2 100 fee=0
             fill 3 f2 sell 1 100 fee=0
             fill 4 f3 buy 7 100 fee=0 strat=other
             decide 10 d1 hold h=100
             quote 105 102 104
             clock 1000",
            "d1 gross_pnl 3",
        ),
        // A trade at the decision's own quote, whatever came of it: 100.5 to 110.
        plain(
            "anchored at the decision",
            "fees 0 0
             quote 0 99 101
             decide 10 d1 enter buy 1 h=100 bid=99.5 ask=100.5
             fill 12 f1 buy 1 101 d=d1 fee=1
             decide 14 d2 skip buy 1 h=100
             quote 105 110 112
             clock 1000",
            "d1 basis counterfactual gross_pnl 9.5 net_pnl 9.5 fill_ratio null:NOT_APPLICABLE
             d1 booked_pnl null:NOT_APPLICABLE is_total null:NOT_APPLICABLE ts_end 110 ts_latest_end 160
             d2 gross_pnl 9 net_pnl 9",
        )
        .with(|m| m.anchor = Anchor::Decision),
        // Entered 5 later at the ask 103 of 15 (rows at the instant included), left 100 after that at 115.
        plain(
            "entry after a delay",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             quote 15 101 103
             quote 115 110 112
             quote 116 50 52
             clock 1000",
            "d1 entry_px 103 gross_pnl 7 holding_ns 100 ts_end 115 ts_latest_end 165",
        )
        .with(|m| {
            m.anchor = Anchor::Decision;
            m.entry_delay_ns = 5;
        }),
        // The session closes at 60: the window ends at 50, where the bid is 103.
        plain(
            "flat before the close",
            "instrument cal=cal
             session 0 60
             session 200 260
             quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 40 103 105
             quote 55 110 112
             decide 45 d2 skip buy 1 h=100
             decide 51 d3 skip buy 1 h=100
             clock 1000",
            "d1 gross_pnl 2 ts_end 50 holding_ns 38
             d2 ts_end 65 holding_ns 5
             d3 row -",
        )
        .with(|m| m.overnight = Overnight::Flat { margin_ns: 10 }),
        // 1 s ahead: sigma 20 bps a root second over 4 s is 40 bps. Net 2 of 100 is 200 bps: 5 sigmas.
        // Beta 0.5 of a benchmark that rose from 50 to 51, 200 bps: 100 are left.
        plain(
            "volatility and benchmark of the references",
            "ref d1 sigma=20 beta=0.5 bench=2 cost=50
             fees 0 0
             quote 0 50 50 i=2
             quote 0 99 100
             decide 10 d1 enter buy 1 h=4000000000
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 20 98 99
             quote 100 51 51 i=2
             quote 200 102 103
             clock 9000000000",
            "d1 sigma_bps 20 ret_net_bps 200 r_net_sigma 5 mae_sigma -5 rel_net_bps 100
             d1 is_vs_expected 0.5/99.5*1e4/50",
        )
        .with(|m| {
            m.max_life_ns = 10_000_000_000;
            m.benchmark = Benchmark::References;
        }),
        // Known at the cut-off is too late.
        plain(
            "a reference that looks ahead",
            "ref d1 sigma=20 avail=10
             quote 0 99 101
             decide 10 d1 skip buy 1 h=100
             clock 1000",
            "d1 sigma_bps null:WARMUP r_net_sigma null:WARMUP",
        ),
        // Grid 0, 10, .. 50 before 60: mids 100, 101, none at 20 (one-sided), 101, 101, and 101 still at 50, because the
        // row of 45 was known at 61 only. Pairs 0-10: 0.01; 30-40 and 40-50: 0. n = 3:
        // sqrt(1e-4 / 3) * 1e4 / sqrt(1e-8 s) = 1e6 / sqrt(3).
        plain(
            "volatility of the path",
            "quote 0 99 101
             quote 9 100 102
             quote 20 - 102
             quote 25 100 102
             quote 45 120 122 avail=61
             decide 60 d1 skip buy 1 h=100
             clock 1000",
            "d1 sigma_bps 577350.26918962576451",
        )
        .with(|m| {
            m.sigma = Sigma::Path { window_ns: 60, step_ns: 10, min_steps: 3, floor_bps: 1.0 };
        }),
        plain(
            "not yet over",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 50 103 105
             decide 20 d2 enter buy 1 h=100
             fill 22 f2 buy 1 101 d=d2 fee=0
             clock 117",
            "d1 row -
             d2 row -",
        )
        .with(|m| m.allowed_lateness_ns = 5),
        plain(
            "over by one",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             clock 118",
            "d1 row there ts_avail 117 ts_until 112",
        )
        .with(|m| m.allowed_lateness_ns = 5),
    ]
}
