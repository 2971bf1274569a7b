//! How well it was executed.

use super::{Case, plain};

pub(super) fn cases() -> Vec<Case> {
    vec![
        // Perold: 1000 wanted at a mid of 50, which is 50.5 when the order arrives. 400 at 51 and 300 at 52, 70 of fees;
        // the rest is given up at a mid of 53.
        // Delay 700*0.5 = 350; trading 400*0.5 + 300*1.5 = 650; opportunity 300*3 = 900; explicit 70; total 1970.
        // Mids at the fills 50.8 and 51.6: spread 400*0.2 + 300*0.4 = 200, drift 450.
        // Paper less real: paper 1000*(53-50) = 3000; real 400*(53-51) + 300*(53-52) - 70 = 1030; 3000 - 1030 = 1970.
        plain(
            "shortfall after Perold",
            "instrument tick=0.01
             quote 0 1 2
             decide 10 d1 enter buy 1000 h=100 bid=49.9 ask=50.1 cost=197
             order 11 n1 buy d=d1 abid=50.4 aask=50.6
             fill 12 f1 buy 400 51 d=d1 fee=40 bid=50.7 ask=50.9
             fill 14 f2 buy 300 52 d=d1 fee=30 bid=51.5 ask=51.7
             quote 25 52.5 53.5
             quote 31 60 61
             clock 1000",
            "d1 is_delay 350 is_trading 650 is_spread 200 is_drift 450 is_opportunity 900 is_explicit 70
             d1 is_total 1970 is_total_bps 394 is_vs_expected 2 fill_ratio 0.7
             d1 eff_spread_bps 400/35800*1e4
             d1 slippage_ticks 650/700/0.01",
        ),
        // The decider had read up to seq 1 when it decided, so P_d is 100, not 110. Arrival: before the first row, 110.
        // One filled at 111 of 2; the rest is given up at 110: delay 10, trading 1, opportunity 10.
        plain(
            "what the decider had read",
            "quote 0 99 101
             quote 5 109 111
             decide 10 d1 enter buy 2 h=100 mdseq=1
             fill 12 f1 buy 1 111 d=d1 fee=0
             clock 1000",
            "d1 is_delay 10 is_trading 1 is_opportunity 10 is_total 21 is_vs_expected null:DIV0",
        ),
        // No mid before the fill, and one behind a gap at the end.
        plain(
            "missing mids",
            "quote 0 99 -
             decide 10 d1 enter buy 2 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0.5
             quote 20 99 101
             gap 25 22 25
             quote 100 99 101
             clock 1000",
            "d1 is_delay null:NO_QUOTE is_trading null:NO_QUOTE is_spread null:NO_QUOTE is_opportunity null:GAP
             d1 is_total null:GAP is_explicit 0.5 eff_spread_bps null:NO_QUOTE",
        ),
        // Mid 100 at the decision; 104 at 20. The fill at 101 on a mid of 100, then 104 at 22.
        // Markout 4/100; (104-101)/101; effective 2*1/100; realized 2*(101-104)/100; impact 2*4/100.
        // At 1 ns before the decision the mid was 98: -200.
        plain(
            "markouts of decision and fill",
            "quote 0 97 99
             quote 10 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 20 103 105
             quote 990 - 105
             clock 1000",
            "d1@-1 markout_bps -200 bid_px 97 ask_px 99 eff_spread_bps - ts_end 11 reason -
             d1@0 markout_bps 0 bid_px 99
             d1@10 markout_bps 400 bid_px 103 ask_px 105 ts_end 20
             :f1@10 markout_bps 3/101*1e4 eff_spread_bps 200 realized_spread_bps -600 impact_bps 800
             :f1@-1 markout_bps -1/101*1e4 ts_end 11
             d1@985 bid_px - ask_px 105 markout_bps - reason NO_QUOTE
             :f1@985 bid_px - eff_spread_bps 200 realized_spread_bps - reason NO_QUOTE
             d1@990 row -",
        )
        .with(|m| m.offsets_ns = vec![-1, 0, 10, 985, 990]),
        plain(
            "markouts behind a gap, and of decisions without a side",
            "quote 0 99 101
             decide 10 d1 cancel
             gap 15 12 15
             clock 1000",
            "d1 row -
             d1@0 markout_bps 0
             d1@10 markout_bps - reason GAP bid_px -",
        )
        .with(|m| m.offsets_ns = vec![0, 10]),
    ]
}
