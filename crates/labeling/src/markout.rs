//! Where the market stood at offsets from a decision or a fill.

use crate::evaluate::{Decision, Reads, View, decision_mid, fill_mid};
use crate::exact::bps;
use crate::ledger::FillNo;
use crate::null::Null;
use crate::path::{Exit, Latest};
use contract::{AnchorKind, LabelStatus};
use std::sync::Arc;

/// One offset of one anchor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MarkoutDraft {
    pub(crate) kind: AnchorKind,
    pub(crate) id: Arc<str>,
    pub(crate) offset_ns: i64,
    pub(crate) ts_anchor: i64,
    pub(crate) instrument: u32,
    /// Doubled.
    pub(crate) bid: Option<i64>,
    pub(crate) ask: Option<i64>,
    pub(crate) markout: Option<f64>,
    pub(crate) eff_spread: Option<f64>,
    pub(crate) realized_spread: Option<f64>,
    pub(crate) impact: Option<f64>,
    pub(crate) reason: Option<Null>,
    pub(crate) status: LabelStatus,
    pub(crate) ts_end: i64,
    pub(crate) reads: Reads,
}

/// The quote at an offset from a decision, or from one of its fills, once rows up to there are in.
pub(crate) fn markout(
    view: View<'_>,
    d: &Decision,
    fill: Option<FillNo>,
    offset_ns: i64,
) -> Option<MarkoutDraft> {
    let instrument = d.row.instrument?;
    let fill = match fill {
        Some(no) => Some(view.fills.get(no)?),
        None => None,
    };
    let anchor = fill.map_or(d.row.key.ts, |f| f.key.ts);
    let at = anchor + offset_ns;
    let mut reads = Reads::new(d.row.key.seq, d.row.avail);
    if let Some(fill) = fill {
        reads.fill(fill);
    }
    let mut out = MarkoutDraft {
        kind: if fill.is_some() { AnchorKind::Fill } else { AnchorKind::Decision },
        id: fill.map_or_else(|| Arc::clone(&d.text), |f| Arc::clone(&f.exec_id)),
        offset_ns,
        ts_anchor: anchor,
        instrument,
        bid: None,
        ask: None,
        markout: None,
        eff_spread: None,
        realized_spread: None,
        impact: None,
        reason: None,
        status: LabelStatus::Final,
        ts_end: at.max(d.row.key.ts + 1),
        reads,
    };
    if fill.is_some_and(|f| f.is_gone) {
        out.status = LabelStatus::Void;
        out.reason = Some(Null::NotApplicable);
        return Some(out);
    }
    let (row, missing) = match view.quotes.latest_at(at, Exit::Down) {
        Latest::Price(row, _) | Latest::Missing(row) => (Some(row), Null::NoQuote),
        Latest::Lost => (None, Null::Gap),
        Latest::Nothing => (None, Null::NoQuote),
    };
    if let Some(row) = row {
        out.reads.row(&row);
        (out.bid, out.ask) = (row.side(Exit::Down), row.side(Exit::Up));
    }
    let later = out.bid.zip(out.ask).map(|(b, a)| i128::from(i64::midpoint(b, a))).ok_or(missing);
    let base = match fill {
        Some(fill) => fill_mid(view, fill),
        None => decision_mid(view, d),
    };
    if let Ok((_, Some(row))) = base {
        out.reads.row(&row);
    }
    let base = base.map(|(mid, _)| i128::from(mid));
    let sign = fill.map_or(d.sign(), |f| f.sign);
    let per = |num: i128, den: i128| bps(num, den);
    match fill {
        None => {
            if let (Ok(later), Ok(base)) = (later, base) {
                out.markout = per(sign * (later - base), base);
            }
        }
        Some(fill) => {
            let px = i128::from(fill.px);
            out.markout = later.ok().and_then(|later| per(sign * (later - px), px));
            if let Ok(base) = base {
                out.eff_spread = per(2 * sign * (px - base), base);
                if let Ok(later) = later {
                    out.realized_spread = per(2 * sign * (px - later), base);
                    out.impact = per(2 * sign * (later - base), base);
                }
            }
        }
    }
    out.reason = match (later, base) {
        (Err(a), Err(b)) => Some(a.min(b)),
        (Err(why), _) | (_, Err(why)) => Some(why),
        _ => None,
    };
    if out.markout.is_none() {
        out.status = LabelStatus::Indeterminate;
    }
    Some(out)
}

/// Text of a 16-byte identity.
pub(crate) fn uuid(id: &[u8; 16]) -> String {
    contract::EventId::from_bytes(*id).to_string()
}
