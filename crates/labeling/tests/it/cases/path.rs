//! What the path says: order of equal stamps, rows that do not count, gaps, halts.

use super::{Case, plain};

#[expect(clippy::too_many_lines, reason = "a table of scenarios")]
pub(super) fn cases() -> Vec<Case> {
    vec![
        // The row of seq 3 stands before the entry, that of seq 5 after it: 90 does not count, 95 does.
        // The mid before the fill is 91: 10 of spread, and the delay from 100 was a gain of 9.
        plain(
            "equal stamps before and after the entry",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             quote 12 90 92
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 12 95 97
             quote 112 104 106
             quote 112 103 105
             quote 113 50 52
             clock 1000",
            "d1 mae_bps -6/101*1e4 mae_ts 12 mfe_bps 3/101*1e4 mfe_ts 112 gross_pnl 2 path_rows 3
             d1 is_spread 10 is_delay -9",
        ),
        // Crossed 120 > 119 and a row in doubt do not count; a locked 105 = 105 does.
        plain(
            "crossed, flagged and locked rows",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 20 120 119
             quote 30 50 51 flags=4
             quote 40 105 105
             quote 50 101 102
             clock 1000",
            "d1 mfe_bps 4/101*1e4 mfe_ts 40 mae_bps 0 mae_ts 12 path_rows 2 path_excluded_rows 2 gross_pnl 0",
        ),
        // Nothing after the entry: the latest price at the end is that of before it, 99.
        plain(
            "no row between entry and end",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             clock 1000",
            "d1 gross_pnl -2 mae_bps -2/101*1e4 mae_ts 112 mfe_bps 0 mfe_ts 12 path_rows 0
             d1 mfe_capture null:DIV0 edge_ratio 0",
        ),
        plain(
            "no row at all",
            "decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             clock 1000",
            "d1 row -",
        ),
        // The price at 112 is from 100, after the gap: gross is known. What was seen bounds the extremes on one side:
        // the worst was at most -6 (bid 95), the best at least 3.
        plain(
            "gap inside the window",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 20 95 97
             gap 60 40 60
             quote 100 104 106
             clock 1000",
            "d1 gross_pnl 3 mae_bps null:GAP mfe_bps null:GAP mae_ts null:GAP mfe_capture null:GAP
             d1 mae_bps_lo - mae_bps_hi -6/101*1e4 mfe_bps_lo 3/101*1e4 mfe_bps_hi - status final",
        ),
        // The latest price at 112 is of 20, and the gap lies between.
        plain(
            "gap before the end",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0.1
             quote 20 95 97
             gap 60 40 60
             clock 1000",
            "d1 gross_pnl null:GAP net_pnl null:GAP booked_pnl -0.1 status indeterminate exit_px null:GAP
             d1 holding_ns null:GAP entry_px 101 is_trading 1 ts_end 112",
        ),
        // A gap of another table, of a source that never spoke of the instrument, and one before the entry: no effect.
        plain(
            "gaps that are none of its business",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             gap 11 5 8 i=1
             gap 60 40 60 about=trades
             gap 60 40 60 src=7 i=-
             lost 50 table=trades
             quote 100 104 106
             clock 1000",
            "d1 gross_pnl 3 mfe_bps 3/101*1e4",
        ),
        plain(
            "a loss of the log",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             lost 50
             quote 100 104 106
             clock 1000",
            "d1 gross_pnl 3 mfe_bps null:GAP",
        ),
        // Halted from 100 to 130; the row at 105 does not count, the first one after is at 140: 95, 28 ns late.
        plain(
            "halt at the end, late exit",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             status 100 halt
             quote 105 200 202
             status 130 open
             quote 140 95 97
             quote 150 94 96
             clock 1000",
            "d1 gross_pnl -6 exit_delay_ns 28 exit_px 95 holding_ns 128 holding_ratio 1.28 ts_end 140
             d1 flags EXIT_AFTER_HALT|FEE_UNKNOWN|FEE_ASSUMED mae_bps -6/101*1e4 mae_ts 140 path_excluded_rows 1",
        ),
        // Trading resumes at 170, past 112 + 50.
        plain(
            "halt that lasts too long",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             status 100 halt
             status 130 open
             quote 170 95 97
             clock 1000",
            "d1 gross_pnl null:HALT status indeterminate ts_end 162 exit_delay_ns null:HALT
             d1 mae_bps null:HALT mae_bps_hi 0 mae_bps_lo - flags NONE",
        ),
        // The other venue pauses from 100 on: its rows, its pause among them, say nothing of the path of the first.
        plain(
            "halt of a source that makes no path",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 90 50 52 src=2
             status 100 halt src=2
             quote 105 103 105
             status 130 open src=2
             clock 1000",
            "d1 gross_pnl 2 exit_delay_ns 0 exit_px 103 ts_end 112 path_rows 1 path_excluded_rows 0",
        )
        .with(|m| m.sources = vec![1, 9]),
        // No bid at 112: the first one after it, at 120; the ask alone at 115 does not do.
        plain(
            "one-sided at the end",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 100 - 105
             quote 115 - 104
             quote 120 98 104
             clock 1000",
            "d1 gross_pnl -3 exit_delay_ns 8 ts_end 120 path_rows 1",
        ),
        // Not made, and never to be left: no fee is assumed, so none is unknown.
        plain(
            "one-sided for good after a trade that was not made",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100 bid=99 ask=101
             quote 100 - 105
             clock 1000",
            "d1 gross_pnl null:NO_QUOTE fees null:NO_QUOTE flags NONE",
        )
        .with(|m| m.anchor = super::Anchor::Decision),
        plain(
            "one-sided for good",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 100 - 105
             clock 1000",
            "d1 gross_pnl null:NO_QUOTE ts_end 162",
        ),
        // A split at 50 lies in (12, 112].
        plain(
            "split in the window",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             adjust 50 split num=2 den=1
             quote 100 52 53
             clock 1000",
            "d1 gross_pnl null:CORPORATE_ACTION fill_ratio null:CORPORATE_ACTION status indeterminate basis marked",
        ),
        // Doubled by the split at 11, which is before the window of d1: 4 at 50 are open, and 1 at 60 is d1's own.
        // The sale of 5 closes all. d1: 60 - 52 = 8 lost.
        plain(
            "split before the window",
            "quote 0 99 101
             fill 5 f0 buy 2 100 fee=0
             adjust 11 split num=2 den=1
             decide 12 d1 enter buy 1 h=100
             fill 13 f1 buy 1 60 d=d1 fee=0
             quote 20 52 54
             fill 30 f2 sell 5 52 fee=0.5
             clock 1000",
            "d1 basis realized gross_pnl -8 fees 0.1",
        ),
        // Mid path: half-way prices, 204 against 202 doubled.
        plain(
            "mid path",
            "quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 40 101 106
             quote 90 101 103
             quote 95 - 103
             quote 112 101 104
             clock 1000",
            "d1 gross_pnl 1.5 mfe_bps 2.5/101*1e4 mfe_ts 40 path_rows 4",
        )
        .with(|m| m.path = labeling::PathKind::Mid),
        // Trade path: the print t2 was cancelled later and never counts; the one at 90 is the price at 112.
        plain(
            "trade path with a cancelled print",
            "quote 0 99 101
             trade 1 100
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             trade 20 150 id=t2
             trade 90 103 id=t3
             trade 95 1 X id=x ref=t2
             clock 1000",
            "d1 gross_pnl 2 mfe_bps 2/101*1e4 path_rows 1 path_excluded_rows 2",
        )
        .with(|m| m.path = labeling::PathKind::Trade),
        // The clock of the source may be off by 5: bids in [107, 117] are 104 and 103, that of before 107 is 98.
        // Gross 104 - 101 = 3 within [-3, 3]; the window ends at 117.
        plain(
            "uncertain clock at the end",
            "fees 0 0
             quote 0 99 101
             decide 10 d1 enter buy 1 h=100
             fill 12 f1 buy 1 101 d=d1 fee=0
             quote 50 98 100
             quote 110 104 106
             quote 115 103 105
             quote 118 200 202
             clock 1000",
            "d1 gross_pnl 3 gross_pnl_lo -3 gross_pnl_hi 3 ts_end 117 ts_latest_end 185
             d1 mae_bps -3/101*1e4 mfe_bps 3/101*1e4 mfe_bps_lo 3/101*1e4",
        )
        .with(|m| m.clock_bound_ns = 5),
    ]
}
