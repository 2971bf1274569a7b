//! The ten best levels.

use super::{product, qty, ratio};
use crate::catalogue::{Takes, Template, built};
use crate::feature::Mirror;
use crate::feature::NullRule::{Hold, Strict};
use crate::measure::{self, Measure};
use crate::needs::Needs;
use crate::null::Null;
use crate::rows::{Depth, Level};
use contract::Unit;
use std::sync::Arc;

const XGH: &str = "Xu, Gould, Howison (2018), Market Microstructure and Liquidity 4(03n04)";

pub(super) fn templates() -> Vec<Template> {
    let mut all: Vec<Template> = (2..=5).map(level_flow).collect();
    all.push(summed_level_flow());
    all.extend([1, 5, 10].map(depth));
    all.extend([5, 10].map(imbalance));
    all.extend([5, 10, 25].map(near));
    all.extend((1..=3).map(|k| sweep(k, true)));
    all.extend((1..=3).map(|k| sweep(k, false)));
    all
}

/// The flow at one level, counted from 0 at the best.
fn flow_at(before: &Depth, now: &Depth, level: usize) -> i128 {
    let one = |levels: &[Level]| levels.get(level).and_then(|l| Some((l.px, l.size?)));
    let at = |depth: &Depth| Some((one(depth.bids())?, one(depth.asks())?));
    if !(now.is_linked() && now.is_valid() && before.is_valid()) {
        return 0;
    }
    let (Some(((b0, qb0), (a0, qa0))), Some(((b1, qb1), (a1, qa1)))) = (at(before), at(now)) else {
        return 0;
    };
    let when = |condition: bool, size: i128| if condition { size } else { 0 };
    when(b1 >= b0, qb1) - when(b1 <= b0, qb0) - when(a1 <= a0, qa1) + when(a1 >= a0, qa0)
}

/// Rows in which the book was lost.
fn gaps() -> Arc<dyn Measure> {
    measure::depths("depth_gaps", |_, now| i128::from(now.is_gap()))
}

/// Time for which it was lost.
fn gap_time() -> Arc<dyn Measure> {
    measure::depth_level("depth_gap_time", |now| i128::from(now.is_gap()))
}

fn level_flow(k: usize) -> Template {
    let name = ["", "", "depth_flow_2", "depth_flow_3", "depth_flow_4", "depth_flow_5"];
    let name = name.get(k).copied().unwrap_or("");
    flow_template(
        format!("book__mlofi_qty_l{k}"),
        "Order-flow imbalance at one level of the book.",
        "sum of e computed at level k",
        move || measure::depths(name, move |before, now| flow_at(before, now, k - 1)),
    )
}

fn summed_level_flow() -> Template {
    flow_template(
        "book__mlofi_sum_qty_l5".to_owned(),
        "Order-flow imbalance summed over the five best levels.",
        "sum over levels 1 to 5 of sum e",
        || {
            measure::depths("depth_flow_sum", |before, now| {
                (0..5).map(|level| flow_at(before, now, level)).sum()
            })
        },
    )
}

fn flow_template(
    stem: String,
    definition: &str,
    formula: &str,
    flow: impl Fn() -> Arc<dyn Measure> + Send + Sync + 'static,
) -> Template {
    Template::new(stem, &["10s", "1m"], Takes::Span, definition, formula, move |a| {
        let mut needs = Needs::new();
        let sum = needs.own().sum(flow(), a.window);
        let lost = needs.own().sum(gaps(), a.window);
        let while_lost = needs.own().sum(gap_time(), a.window);
        built(needs, move |at| {
            if at.sum(lost)? > 0 || at.sum(while_lost)? > 0 {
                return Err(Null::Gap);
            }
            Ok(qty(at.sum(sum)?))
        })
    })
    .unit(Unit::InstrumentUnits)
    .rule(Strict)
    .scales(0, 1)
    .mirror(Mirror::Odd)
    .oracle("exact rationals")
    .source(XGH)
}

/// Size over the first levels that are there, each of which must have one.
fn sum(levels: &[Level], k: usize) -> Result<i128, Null> {
    levels.iter().take(k).map(|l| l.size.ok_or(Null::NullInput)).sum()
}

fn depth(k: usize) -> Template {
    Template::new(
        format!("book__depth_qty_l{k}"),
        &["now"],
        Takes::Now,
        "Size on both sides over the first levels.",
        "sum of both sides' sizes over the first k levels",
        move |_| {
            let mut needs = Needs::new();
            let book = needs.own().depth();
            built(needs, move |at| {
                let book = at.depth(book)?;
                Ok(qty(sum(book.bids(), k)? + sum(book.asks(), k)?))
            })
        },
    )
    .unit(Unit::InstrumentUnits)
    .rule(Hold)
    .domain(0.0, f64::INFINITY)
    .scales(0, 1)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn imbalance(k: usize) -> Template {
    Template::new(
        format!("book__depth_imb_l{k}"),
        &["now"],
        Takes::Now,
        "Size bid less size offered over the first levels, over both.",
        "(bid depth - ask depth) / both, k levels",
        move |_| {
            let mut needs = Needs::new();
            let book = needs.own().depth();
            built(needs, move |at| {
                let book = at.depth(book)?;
                let (bid, ask) = (sum(book.bids(), k)?, sum(book.asks(), k)?);
                ratio(bid - ask, bid + ask)
            })
        },
    )
    .rule(Hold)
    .domain(-1.0, 1.0)
    .scales(0, 0)
    .mirror(Mirror::Odd)
    .oracle("exact rationals")
}

fn near(bps: i64) -> Template {
    Template::new(
        format!("book__depth_near_qty_{bps}bps"),
        &["now"],
        Takes::Now,
        "Size on both sides within a distance of the mid, among the ten levels.",
        "size within x bps of m, both sides",
        move |_| {
            let mut needs = Needs::new();
            let book = needs.own().depth();
            built(needs, move |at| {
                let book = at.depth(book)?;
                let mid2 = i128::from(book.mid2().filter(|m| *m > 0).ok_or(Null::OutOfDomain)?);
                let is_near = |l: &&Level| {
                    (2 * i128::from(l.px) - mid2).abs() * 10_000 <= mid2 * i128::from(bps)
                };
                let levels = book.bids().iter().chain(book.asks());
                let sizes = levels.filter(is_near).map(|l| l.size.ok_or(Null::NullInput));
                Ok(qty(sizes.sum::<Result<i128, Null>>()?))
            })
        },
    )
    .unit(Unit::InstrumentUnits)
    .rule(Hold)
    .domain(0.0, f64::INFINITY)
    .scales(0, 1)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn sweep(k: usize, buys: bool) -> Template {
    let side = if buys { "buy" } else { "sell" };
    Template::new(
        format!("book__sweep_{side}_bps_q{k}"),
        &["now"],
        Takes::Now,
        "Cost of filling a size of the spec at once against the ten levels, over the mid.",
        "1e4 (average price to fill q_k - m) / m, cost positive",
        move |a| {
            let size = i128::from(*a.sizes.get(k - 1)?);
            let mut needs = Needs::new();
            let book = needs.own().depth();
            built(needs, move |at| {
                let book = at.depth(book)?;
                let mid2 = i128::from(book.mid2().filter(|m| *m > 0).ok_or(Null::OutOfDomain)?);
                let (mut open, mut paid) = (size, 0_i128);
                for level in if buys { book.asks() } else { book.bids() } {
                    let taken = open.min(level.size.ok_or(Null::NullInput)?);
                    paid = paid
                        .checked_add(product(taken, 2 * i128::from(level.px))?)
                        .ok_or(Null::Overflow)?;
                    open -= taken;
                }
                if open > 0 {
                    // Ten levels do not hold the size.
                    return Err(Null::OutOfDomain);
                }
                let fair = product(mid2, size)?;
                ratio(if buys { paid - fair } else { fair - paid }, fair).map(|x| x * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Hold)
    .domain(0.0, f64::INFINITY)
    .oracle("exact rationals")
}
