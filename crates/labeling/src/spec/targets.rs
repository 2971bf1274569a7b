//! The tables of targets, and what they cover.

use super::error::LabelSpecError;
use super::keys::{Faults, Keys, wrong};
use crate::settings::{Anchor, Barrier, Covers, Cuts, TargetKind, Vertical};
use contract::{DecisionAction, OutcomeBasis, Vocabulary};

/// Decisions that a target can speak of.
const DECISIONS: [DecisionAction; 7] = [
    DecisionAction::Enter,
    DecisionAction::Exit,
    DecisionAction::Increase,
    DecisionAction::Reduce,
    DecisionAction::Reverse,
    DecisionAction::Hold,
    DecisionAction::Skip,
];

/// What kind of table a target stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    TripleBarrier,
    FixedHorizon,
    Meta,
    Fill,
    Grade,
}

/// Tables of named targets.
pub(super) const TABLES: [(&str, Kind); 5] = [
    ("triple_barrier", Kind::TripleBarrier),
    ("fixed_horizon", Kind::FixedHorizon),
    ("meta", Kind::Meta),
    ("fill", Kind::Fill),
    ("grades", Kind::Grade),
];

/// What the target covers.
///
/// Without `covers`: `enter`, `increase`, `reverse`; of `anchor = "fills"` what was filled (`realized` and `marked`, a
/// `fill` target also `counterfactual`), of `anchor = "decision"` all, which is `counterfactual`.
pub(super) fn covers(
    keys: &mut Keys<'_>,
    kind: Kind,
    anchor: Anchor,
    faults: &mut Faults,
) -> Covers {
    use OutcomeBasis::{Counterfactual, Marked, Realized};
    let default_decisions =
        [DecisionAction::Enter, DecisionAction::Increase, DecisionAction::Reverse];
    let default_basis: &[OutcomeBasis] = match (anchor, kind) {
        (Anchor::Decision, _) => &[Counterfactual],
        (Anchor::Fills, Kind::Fill) => &[Realized, Marked, Counterfactual],
        (Anchor::Fills, _) => &[Realized, Marked],
    };
    let (mut decisions, mut basis) = (None, None);
    let place = keys.place_of("covers");
    let path = keys.path("covers.basis");
    if let Some(mut covers) = keys.table("covers", faults) {
        let words = DECISIONS.map(|action| (action.word(), action));
        decisions = covers.words("decisions", &words, faults);
        let bases: Vec<_> = OutcomeBasis::ALL.iter().map(|basis| (basis.word(), *basis)).collect();
        basis = covers.words("basis", &bases, faults);
        for key in ["decisions", "basis"] {
            if let Some(node) = covers.get(key)
                && matches!(&node.value, super::tree::Value::List(items) if items.is_empty())
            {
                faults.push(wrong(&covers.path(key), "at least one", node));
            }
        }
        covers.end(faults);
    }
    let sorted = |mut basis: Vec<OutcomeBasis>| {
        basis.sort_unstable();
        basis.dedup();
        basis
    };
    let mut decisions = decisions.unwrap_or_else(|| default_decisions.to_vec());
    decisions.sort_unstable();
    decisions.dedup();
    let basis = sorted(basis.unwrap_or_else(|| default_basis.to_vec()));
    if let Some(expected) = impossible(&basis, kind, anchor) {
        let words: Vec<&str> = basis.iter().map(|basis| basis.word()).collect();
        let found = words.join("`, `");
        faults.push(LabelSpecError::Covers { key: path, expected, found, place });
    }
    Covers { decisions, basis }
}

/// What bases together cannot be covered.
fn impossible(basis: &[OutcomeBasis], kind: Kind, anchor: Anchor) -> Option<&'static str> {
    let has = |one: OutcomeBasis| basis.contains(&one);
    let (realized, marked) = (has(OutcomeBasis::Realized), has(OutcomeBasis::Marked));
    let counterfactual = has(OutcomeBasis::Counterfactual);
    if basis.is_empty() {
        return None;
    }
    if anchor == Anchor::Decision {
        let only = realized || marked;
        return only.then_some("`counterfactual` alone, as `anchor` is `decision`");
    }
    match kind {
        Kind::TripleBarrier | Kind::FixedHorizon if realized != marked => {
            Some("`realized` and `marked` together, as a path label knows both only as filled")
        }
        Kind::Grade | Kind::Meta if counterfactual && (realized || marked) => {
            Some("`counterfactual` alone or not at all, as its amounts are hypothetical")
        }
        _ => None,
    }
}

/// A barrier: one of three keys, or none.
fn barrier(
    keys: &mut Keys<'_>,
    [own, bps, sigma]: [&'static str; 3],
    faults: &mut Faults,
) -> Option<Barrier> {
    let above = |keys: &mut Keys<'_>, key, faults: &mut Faults| {
        keys.number_if(key, "a number above 0", |n| n.amount().nanos() > 0, faults)
    };
    let own_price = keys.word(own, &[("decision", Barrier::Decision)], faults);
    let in_bps = above(keys, bps, faults).map(|n| Barrier::Bps(n.amount()));
    let in_sigma = above(keys, sigma, faults).map(|n| Barrier::Sigma(n.nearest()));
    let given: Vec<&str> = [own, bps, sigma].into_iter().filter(|key| keys.has(key)).collect();
    if let [_, second, ..] = given.as_slice() {
        faults.push(LabelSpecError::Value {
            key: keys.path(second),
            expected: format!("one of `{own}`, `{bps}`, `{sigma}`"),
            found: given.join("`, `"),
            place: keys.place_of(second),
        });
    }
    own_price.or(in_bps).or(in_sigma)
}

pub(super) fn triple_barrier(keys: &mut Keys<'_>, faults: &mut Faults) -> Option<TargetKind> {
    let Some(mut barriers) = keys.table("barriers", faults) else {
        if !keys.has("barriers") {
            faults.push(keys.missing("barriers", "`{ profit_bps, loss_bps }` or the like"));
        }
        return None;
    };
    let before = faults.len();
    let profit = barrier(&mut barriers, ["profit", "profit_bps", "profit_sigma"], faults);
    let loss = barrier(&mut barriers, ["loss", "loss_bps", "loss_sigma"], faults);
    if profit.is_none() && loss.is_none() && faults.len() == before {
        faults.push(barriers.missing("profit_bps", "a barrier on at least one side"));
    }
    let verticals = [("zero", Vertical::Zero), ("sign", Vertical::Sign)];
    let vertical = barriers.word("vertical", &verticals, faults).unwrap_or(Vertical::Zero);
    let profit_as_limit = barriers.bool("profit_as_limit", faults).unwrap_or(false);
    barriers.end(faults);
    Some(TargetKind::TripleBarrier { profit, loss, vertical, profit_as_limit })
}

pub(super) fn fixed_horizon(keys: &mut Keys<'_>, faults: &mut Faults) -> TargetKind {
    let mut cut = |key| keys.number_if(key, "0 or more", |n| n.nearest() >= 0.0, faults);
    let (bps, sigma) = (cut("cut_bps"), cut("cut_sigma"));
    if keys.has("cut_bps") && keys.has("cut_sigma") {
        faults.push(LabelSpecError::Value {
            key: keys.path("cut_sigma"),
            expected: "one of `cut_bps`, `cut_sigma`".to_owned(),
            found: "cut_bps`, `cut_sigma".to_owned(),
            place: keys.place_of("cut_sigma"),
        });
    }
    let cuts = match (bps, sigma) {
        (Some(bps), _) => Cuts::Bps(bps.nearest()),
        (None, Some(sigma)) => Cuts::Sigma(sigma.nearest()),
        (None, None) => Cuts::None,
    };
    TargetKind::FixedHorizon { cuts }
}

pub(super) fn meta(keys: &mut Keys<'_>, faults: &mut Faults) -> TargetKind {
    let edge = keys.number("min_edge_bps", faults);
    TargetKind::Meta { min_edge_bps: edge.map_or(0.0, crate::number::Decimal::nearest) }
}

pub(super) fn fill(keys: &mut Keys<'_>, faults: &mut Faults) -> TargetKind {
    let is_share = |n: crate::number::Decimal| (0.0..=1.0).contains(&n.nearest());
    let share = keys.number_if("min_fill_ratio", "a share from 0 to 1", is_share, faults);
    TargetKind::Fill { min_fill_ratio: share.map_or(0.0, crate::number::Decimal::nearest) }
}
