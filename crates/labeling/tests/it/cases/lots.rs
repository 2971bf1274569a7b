//! Which fills make an outcome, and what they cost.

use super::{Case, plain};

#[expect(clippy::too_many_lines, reason = "a table of scenarios")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        // Bought 2 at 101, sold 1 at 103 and 1 at 104.
        // Gross (103-101) + (104-101) = 5; fees 0.2 + 0.1 + 0.1; entry notional 202.
        // Path while open, valued at the bid: 20: 2*(103-101) = 4; 30, own fill: 2*(103-101) = 4;
        // 40: 2 + (98-101) = -1; 50, own fill: 2 + (104-101) = 5.
        // Shortfall: mid 100 at decision, arrival and end of entry: trading and spread 2*(101-100) = 2;
        // explicit 0.2; total 2.2 of 2*100. Effective spread 2*(101-100)/100 = 200 bps; 1.0 above the mid is 2 ticks.
        plain(
            "long closed in two fills",
            "instrument tick=0.5
             quote 0 99 101
             decide 10 d1 enter buy 2 h=100 cost=55
             fill 12 f1 buy 2 101 d=d1 fee=0.2
             quote 20 103 105
             fill 30 f2 sell 1 103 fee=0.1
             quote 40 98 100
             fill 50 f3 sell 1 104 fee=0.1
             quote 60 90 92
             clock 1000",
            "d1 basis realized status final side buy window decision flags NONE
             d1 ts_cutoff 10 ts_end 50 ts_until 50 ts_avail 50 ts_latest_end 180
             d1 gross_pnl 5 fees 0.4 carry 0 net_pnl 4.6 booked_pnl 4.6
             d1 net_pnl_lo 4.6 net_pnl_hi 4.6 gross_pnl_lo 5 gross_pnl_hi 5
             d1 ret_net_bps 4.6/202*1e4 r_net_sigma null:WARMUP sigma_bps null:WARMUP
             d1 mae_bps -1/202*1e4 mfe_bps 5/202*1e4 mae_ts 40 mfe_ts 50 mae_sigma null:WARMUP
             d1 mae_bps_lo -1/202*1e4 mfe_bps_hi 5/202*1e4
             d1 mfe_capture 1 edge_ratio 5
             d1 entry_px 101 exit_px 103.5 holding_ns 38 holding_ratio 0.38 exit_delay_ns null:NOT_APPLICABLE
             d1 path_rows 2 path_excluded_rows 0
             d1 is_delay 0 is_trading 2 is_spread 2 is_drift 0 is_opportunity 0 is_explicit 0.2
             d1 is_total 2.2 is_total_bps 110 is_vs_expected 2
             d1 eff_spread_bps 200 slippage_ticks 2 fill_ratio 1 time_to_fill_ns 2
             d1 rel_net_bps null:NOT_APPLICABLE",
        ),
        // The same with sides turned and every price p replaced by 200 - p.
        // Notional 2*99 = 198; the mids stay at 100.
        plain(
            "short, the mirror of it",
            "quote 0 99 101
             decide 10 d1 enter sell 2 h=100
             fill 12 f1 sell 2 99 d=d1 fee=0.2
             quote 20 95 97
             fill 30 f2 buy 1 97 fee=0.1
             quote 40 100 102
             fill 50 f3 buy 1 96 fee=0.1
             quote 60 108 110
             clock 1000",
            "d1 basis realized side sell gross_pnl 5 fees 0.4 net_pnl 4.6 booked_pnl 4.6
             d1 ret_net_bps 4.6/198*1e4 mae_bps -1/198*1e4 mfe_bps 5/198*1e4 mae_ts 40 mfe_ts 50
             d1 entry_px 99 exit_px 96.5 is_total 2.2 eff_spread_bps 200 slippage_ticks null:NOT_APPLICABLE",
        ),
        // A short of 1 is turned: 1 closes it, 2 open at 100. Fee 0.3 in parts 0.1 and 0.2.
        // Left at the ask 92 at 112: gross 2*(100-92) = 16; no schedule: the assumed fee is 0, but may be anything above.
        plain(
            "flip: one fill closes and opens",
            "quote 0 99 101
             fill 5 f0 buy 1 98 fee=0
             decide 10 d1 reverse sell 3 h=100
             fill 12 f1 sell 3 100 d=d1 fee=0.3
             quote 110 90 92
             clock 1000",
            "d1 basis marked side sell gross_pnl 16 fees 0.2 net_pnl 15.8 net_pnl_lo - net_pnl_hi 15.8
             d1 ret_net_bps 15.8/200*1e4 booked_pnl -0.2 booked_pnl_lo -0.2 fill_ratio 1
             d1 flags FEE_UNKNOWN|FEE_ASSUMED status final is_explicit 0.3",
        ),
        // 10 units of 1e-9 over three equal parts: floors 3, 3, 3, and one left for the first.
        // Each lot cost 0 to open; it is left flat at 100.
        plain(
            "a fee that cannot be split evenly",
            "quote 0 100 100
             decide 10 d1 enter buy 1
             decide 10 d2 enter buy 1
             decide 10 d3 enter buy 1
             fill 12 f1 buy 1 100 d=d1 fee=0
             fill 12 f2 buy 1 100 d=d2 fee=0
             fill 12 f3 buy 1 100 d=d3 fee=0
             fill 20 f4 sell 3 100 fee=0.00000001
             clock 1000",
            "d1 fees 0.000000004 net_pnl -0.000000004
             d2 fees 0.000000003 net_pnl -0.000000003
             d3 fees 0.000000003 net_pnl -0.000000003",
        ),
        // Two orders: one names the decision, one its order. 1 at 100, 2 at 103; the third comes too late (31 > 10+20).
        // Q_f/Q = 3/4. The late lot is not of the outcome. Bid 104 at 112: gross 1*4 + 2*1 = 6; mean entry 306/3.
        // Before the fill at 20, 1 was open and worth 103 - 100 = 3 at its price; at 15 the bid was 97: -3.
        plain(
            "partial fills of two orders, the last too late",
            "quote 0 99 101
             decide 10 d1 enter buy 4 h=100 order=o1
             fill 12 f1 buy 1 100 d=d1 fee=0
             quote 15 97 99
             fill 20 f2 buy 2 103 order=o1 fee=0
             fill 31 f3 buy 1 90 d=d1 fee=0
             quote 100 104 106
             clock 1000",
            "d1 basis marked gross_pnl 6 entry_px 102 fill_ratio 0.75 time_to_fill_ns 2
             d1 mae_bps -3/306*1e4 mae_ts 15 mfe_bps 6/306*1e4 mfe_ts 100 path_rows 2 ts_end 112",
        ),
        // A bust before the end, with nothing else filled: withdrawn.
        plain(
            "bust of the only entry fill",
            "quote 0 99 101
             decide 10 d1 enter buy 1
             fill 12 f1 buy 1 101 d=d1 fee=0
             bust 40 b1 buy ref=f1
             clock 1000",
            "d1 status void",
        ),
        // Price 101 becomes 100, quantity 2 becomes 1, the fee stays. Bid 104: gross 4.
        plain(
            "correction of price and quantity",
            "quote 0 99 101
             decide 10 d1 enter buy 2 h=100
             fill 12 f1 buy 2 101 d=d1 fee=0.5
             correct 40 c1 buy 1 100 ref=f1
             quote 100 104 106
             clock 1000",
            "d1 gross_pnl 4 booked_pnl -0.5 fill_ratio 0.5 entry_px 100 ts_end 112 is_explicit 0.5",
        ),
        // A bust of the closing fill opens the lot again: marked at 104, not realized at 103.
        plain(
            "bust of a closing fill, named through a correction",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             fill 20 f2 sell 1 103 fee=0
             correct 30 c2 sell 1 102 ref=f2
             bust 40 b2 sell ref=c2
             quote 100 104 106
             clock 1000",
            "d1 basis marked gross_pnl 3 ts_end 112",
        ),
        // No fee was reported: the taker rate, 101 * 10 bps = 0.101; as a maker it would have been 101 * 2 bps = 0.0202.
        // Left at 104: 104 * 10 bps = 0.104 is assumed. Gross 3; net 3 - 0.205.
        plain(
            "fee from the schedule",
            "fees 2 10
             fees 1 5 src=2
             quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1
             quote 100 104 106
             clock 1000",
            "d1 status provisional flags FEE_ESTIMATED|FEE_ASSUMED fees 0.205 net_pnl 2.795
             d1 net_pnl_lo 2.795 net_pnl_hi 2.8758 booked_pnl -0.101 booked_pnl_hi -0.0202
             d1 is_explicit 0.101 is_explicit_lo 0.0202 is_explicit_hi 0.101",
        ),
        // The account's own schedule wins over that of the instrument; its least fee counts: max(101 * 0.1 bps, 0.5).
        plain(
            "the most specific schedule, and its least fee",
            "fees 1 1 i=1
             fees 0.1 0.1 acct=A min=0.5
             quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 acct=A
             quote 100 104 106
             clock 1000",
            "d1 fees 1 booked_pnl -0.5",
        ),
        plain(
            "a fee in another currency",
            "instrument ccy=USD
             quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=1 ccy=EUR
             quote 100 104 106
             clock 1000",
            "d1 gross_pnl 3 fees null:NO_FX net_pnl null:NO_FX ret_net_bps null:NO_FX booked_pnl null:NO_FX
             d1 is_explicit null:NO_FX is_total null:NO_FX is_trading 1 status final mfe_bps 3/101*1e4",
        ),
        // Funding of -9 at 50 over lots of 1 (strategy a) and 2 (strategy test): -3 and -6. At 500 the window is over.
        plain(
            "carry by quantity, in the window alone",
            "quote 0 100 100
             decide 10 d1 enter buy 2 h=100
             decide 10 d2 enter buy 1 h=100 strat=a
             fill 12 f1 buy 2 100 d=d1 fee=0 acct=acct
             fill 12 f2 buy 1 100 d=d2 fee=0 acct=acct
             post 50 funding -9
             post 500 funding -9
             clock 1000",
            "d1 carry -6 net_pnl -6 booked_pnl -6 gross_pnl 0
             d2 carry -3 net_pnl -3",
        ),
        // A long inverse contract, 10 of 100 USD: 1000 * (1/50000 - 1/62500) = 0.02 - 0.016 = 0.004 BTC.
        // Entry notional 1000/50000 = 0.02 BTC. Fee 0.001: net 0.003, 1500 bps.
        // The bid 40000 in between: 1000 * (1/50000 - 1/40000) = -0.005, -2500 bps.
        plain(
            "inverse contract",
            "instrument mult=100 inverse=true settle=BTC ccy=USD
             quote 0 49999 50001
             decide 10 d1 enter buy 10 h=100
             fill 12 f1 buy 10 50000 d=d1 fee=0.001 ccy=BTC
             quote 20 40000 40001
             fill 30 f2 sell 10 62500 fee=0 ccy=BTC
             clock 1000",
            "d1 gross_pnl 0.004 net_pnl 0.003 ret_net_bps 1500 mae_bps -2500 mfe_bps 2000 mfe_ts 30",
        ),
        // 5 units of value a point: gross 5 * 3 = 15 of 505.
        plain(
            "multiplier",
            "instrument mult=5
             quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 100 104 106
             clock 1000",
            "d1 gross_pnl 15 mfe_bps 3/101*1e4 is_trading 5",
        ),
        // Sold before it decided to buy, by 3 of 5 ns: the fill counts from the cut-off.
        plain(
            "a fill shortly before its decision",
            "quote 0 99 101
             fill 7 f1 buy 1 101 d=d1 fee=0
             decide 10 d1 enter buy 1 h=100
             quote 100 104 106
             clock 1000",
            "d1 basis marked flags FEE_UNKNOWN|FEE_ASSUMED|CLAMPED time_to_fill_ns 0 holding_ns 100",
        )
        .with(|m| m.clock_tolerance_ns = 5),
        // A purchase by an exit decision opens nothing; the sale after it closes the first lot alone.
        plain(
            "an exit cannot open",
            "quote 0 100 100
             decide 10 d1 enter sell 1 h=100
             fill 12 f1 sell 1 100 d=d1 fee=0
             decide 20 d2 exit buy 3 h=50
             fill 22 f2 buy 3 99 d=d2 fee=0.3
             quote 60 98 98
             clock 1000",
            "d1 basis realized gross_pnl 1 fees 0.1
             d2 basis counterfactual gross_pnl -1 fees 0.1 net_pnl -1.1 fill_ratio 1",
        ),
        // f1 comes twice, and so does d1 with another side: the first of each counts.
        // The fill of an unknown decision (9 of strategy test) closes 1 of the lot at 103 as a manual one would.
        plain(
            "repeated and orphaned rows",
            "quote 0 99 101
             decide 10 d1 enter buy 2 h=100
             decide 11 d1 enter sell 2 h=100
             fill 12 f1 buy 2 101 d=d1 fee=0
             fill 14 f1 buy 2 90 d=d1 fee=0
             fill 20 f9 sell 1 103 d=zz fee=0 strat=test
             quote 100 104 106
             clock 1000",
            "d1 side buy gross_pnl 5 fill_ratio 1 entry_px 101 exit_px 103.5",
        ),
        // Two open decisions of the same order: the later one before the fill has it.
        plain(
            "the latest decision of an order",
            "quote 0 99 101
             decide 5 d1 enter buy 1 h=100 order=o
             decide 10 d2 enter buy 1 h=100 order=o
             fill 12 f1 buy 1 101 order=o fee=0
             decide 13 d3 enter buy 1 h=100 order=o
             quote 100 104 106
             clock 1000",
            "d1 basis counterfactual
             d2 basis marked
             d3 basis counterfactual",
        ),
        // A fee that is not final bounds itself.
        plain(
            "a fee that is not final",
            "fees 0 0
             quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0.2 final=false
             quote 100 104 106
             clock 1000",
            "d1 status provisional net_pnl 2.8 net_pnl_lo 2.8 net_pnl_hi 2.8 flags FEE_ESTIMATED|FEE_ASSUMED",
        ),
        // Too far before its decision (3 > 2): not of d1, but the position has moved, so the sale at 20 closes it.
        plain(
            "a fill too far before its decision",
            "quote 0 99 101
             fill 7 f1 buy 1 100 d=d1 fee=0 strat=test
             decide 10 d1 enter buy 1 h=100
             decide 15 d2 exit sell 1 h=100
             fill 20 f2 sell 1 101 d=d2 fee=0
             quote 100 99 101
             clock 1000",
            "d1 basis counterfactual fill_ratio 0
             d2 basis counterfactual gross_pnl 2 fill_ratio 1",
        )
        .with(|m| m.clock_tolerance_ns = 2),
        plain(
            "an entry that only closed",
            "quote 0 100 100
             fill 5 f0 sell 2 100 fee=0
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 100 d=d1 fee=0
             clock 1000",
            "d1 row -",
        ),
    ]
}
