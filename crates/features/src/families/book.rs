//! The best quotes.

use super::quotes::{self, imbalance, spread};
use super::{enough, product, qty, ratio};
use crate::catalogue::{Takes, Template, built};
use crate::exact::BITS_60;
use crate::feature::Mirror;
use crate::feature::NullRule::{Hold, Strict, Tolerant};
use crate::needs::Needs;
use crate::null::Null;
use contract::Unit;

const CKS: &str = "Cont, Kukanov, Stoikov (2014), Journal of Financial Econometrics 12(1)";

pub(super) fn templates() -> Vec<Template> {
    vec![
        spread_bps(),
        spread_ticks(),
        spread_over_time(),
        spread_ratio(),
        quote_imbalance(),
        imbalance_over_time(),
        weighted_mid(),
        order_flow(),
        order_flow_by_depth("book__ofi_norm", false),
        quote_rate(),
        mid_moves(),
        mid_up_share(),
        quote_age(),
        two_sided_share(),
    ]
}

fn spread_bps() -> Template {
    Template::new(
        "book__spread_bps",
        &["now"],
        Takes::Now,
        "Quoted spread relative to the mid.",
        "1e4 (a - b) / m",
        |_| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            built(needs, move |at| {
                let quote = at.valid_quote(now)?;
                Ok(spread(quote).ok_or(Null::OutOfDomain)? * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Hold)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals; frds quoted_spread")
}

fn spread_ticks() -> Template {
    Template::new(
        "book__spread_ticks",
        &["now"],
        Takes::Now,
        "Quoted spread in price steps of the instrument as known at the cut-off.",
        "(a - b) / tick size",
        |_| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let facts = needs.own().instrument();
            built(needs, move |at| {
                let quote = at.valid_quote(now)?;
                let tick = at.instrument(facts)?.tick_size.ok_or(Null::NullInput)?;
                let (bid, ask) = quote.bid_px().zip(quote.ask_px()).ok_or(Null::NullInput)?;
                ratio(i128::from(ask) - i128::from(bid), tick.into())
            })
        },
    )
    .unit(Unit::Ticks)
    .rule(Hold)
    .domain(0.0, f64::INFINITY)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn spread_over_time() -> Template {
    Template::new(
        "book__spread_tw_bps",
        &["10s", "1m", "5m"],
        Takes::Span,
        "Mean relative spread, weighted by the time for which it stood.",
        "1e4 mean over time of (a - b) / m",
        |a| {
            let all = i128::from(a.ns());
            let mut needs = Needs::new();
            let spread = needs.own().sum(quotes::spread_time(), a.window);
            let valid = needs.own().sum(quotes::spread_valid_time(), a.window);
            built(needs, move |at| {
                let valid = at.sum(valid)?;
                enough(valid, all)?;
                Ok(ratio(at.sum(spread)?, valid)? / BITS_60 * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Tolerant)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn spread_ratio() -> Template {
    Template::new(
        "book__spread_ratio",
        &["5m"],
        Takes::Span,
        "Relative spread now over its mean over time.",
        "spread now / time-weighted mean spread",
        |a| {
            let all = i128::from(a.ns());
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let mean = needs.own().sum(quotes::spread_time(), a.window);
            let valid = needs.own().sum(quotes::spread_valid_time(), a.window);
            built(needs, move |at| {
                let quote = at.valid_quote(now)?;
                let now = spread(quote).ok_or(Null::OutOfDomain)?;
                let valid = at.sum(valid)?;
                enough(valid, all)?;
                let mean = at.sum(mean)?;
                if mean == 0 {
                    return Err(Null::ZeroDenominator);
                }
                Ok(now / (ratio(mean, valid)? / BITS_60))
            })
        },
    )
    .rule(Tolerant)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn quote_imbalance() -> Template {
    Template::new(
        "book__qi",
        &["now"],
        Takes::Now,
        "Size bid less size offered at the best prices, over both.",
        "(qb - qa) / (qb + qa)",
        |_| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            built(needs, move |at| {
                let quote = at.valid_quote(now)?;
                if !quote.is_sized() {
                    return Err(Null::NullInput);
                }
                imbalance(quote).ok_or(Null::ZeroDenominator)
            })
        },
    )
    .rule(Hold)
    .domain(-1.0, 1.0)
    .scales(0, 0)
    .mirror(Mirror::Odd)
    .oracle("exact rationals; ml4t-engineer bid_ask_imbalance")
}

fn imbalance_over_time() -> Template {
    Template::new(
        "book__qi_tw",
        &["10s", "1m"],
        Takes::Span,
        "Mean quote imbalance, weighted by the time for which it stood.",
        "mean over time of (qb - qa) / (qb + qa)",
        |a| {
            let all = i128::from(a.ns());
            let mut needs = Needs::new();
            let imbalance = needs.own().sum(quotes::imbalance_time(), a.window);
            let valid = needs.own().sum(quotes::sized_time(), a.window);
            built(needs, move |at| {
                let valid = at.sum(valid)?;
                enough(valid, all)?;
                Ok(ratio(at.sum(imbalance)?, valid)? / BITS_60)
            })
        },
    )
    .rule(Tolerant)
    .domain(-1.0, 1.0)
    .scales(0, 0)
    .mirror(Mirror::Odd)
    .oracle("exact rationals")
}

fn weighted_mid() -> Template {
    Template::new(
        "book__wmid_dev_bps",
        &["now"],
        Takes::Now,
        "Distance of the size-weighted mid from the mid; not Stoikov's micro-price.",
        "1e4 (wm - m) / m, wm = (a qb + b qa) / (qb + qa)",
        |_| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            built(needs, move |at| {
                let quote = at.valid_quote(now)?;
                if !quote.is_sized() {
                    return Err(Null::NullInput);
                }
                let imbalance = imbalance(quote).ok_or(Null::ZeroDenominator)?;
                // wm - m is half the spread times the imbalance.
                let half_spread = spread(quote).ok_or(Null::OutOfDomain)? / 2.0;
                Ok(half_spread * imbalance * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Hold)
    .scales(0, 0)
    .mirror(Mirror::Odd)
    .oracle("exact rationals; ml4t-engineer weighted_mid_price")
}

fn order_flow() -> Template {
    Template::new(
        "book__ofi_qty",
        &["1s", "10s", "1m", "5m"],
        Takes::Span,
        "Order-flow imbalance at the best prices: what was added to the bid and taken from the ask, net.",
        "sum e, e = [b>=b'] qb - [b<=b'] qb' - [a<=a'] qa + [a>=a'] qa'",
        |a| {
            let mut needs = Needs::new();
            let flow = needs.own().sum(quotes::ofi(), a.window);
            built(needs, move |at| Ok(qty(at.sum(flow)?)))
        },
    )
    .unit(Unit::InstrumentUnits)
    .rule(Strict)
    .scales(0, 1)
    .mirror(Mirror::Odd)
    .oracle("exact rationals")
    .source(CKS)
}

/// Order-flow imbalance over the mean size at the best prices, of the own book or a role's.
pub(super) fn order_flow_by_depth(stem: &str, of_role: bool) -> Template {
    Template::new(
        stem,
        if of_role { &["10s"][..] } else { &["10s", "1m", "5m"][..] },
        Takes::Span,
        if of_role {
            "Order-flow imbalance of the role's instrument over the mean size at its best prices."
        } else {
            "Order-flow imbalance over the mean size at the best prices."
        },
        "sum e / mean of (qb + qa) / 2 over quotes",
        move |a| {
            let mut needs = Needs::new();
            let mut asker = if of_role { needs.peer(a.role) } else { needs.own() };
            let flow = asker.sum(quotes::ofi(), a.window);
            let depth = asker.sum(quotes::depth(), a.window);
            let n = asker.sum(quotes::n_sized(), a.window);
            built(needs, move |at| {
                let n = at.sum(n)?;
                if n == 0 {
                    return Err(Null::Empty);
                }
                ratio(product(at.sum(flow)?, 2 * n)?, at.sum(depth)?)
            })
        },
    )
    .rule(Strict)
    .scales(0, 0)
    .mirror(if of_role { Mirror::None } else { Mirror::Odd })
    .oracle("exact rationals")
    .source(CKS)
}

fn quote_rate() -> Template {
    Template::new(
        "book__quote_rate_per_s",
        &["1s", "10s", "1m"],
        Takes::Span,
        "Changes of best prices or sizes a second.",
        "rows in which b, a, qb or qa changed / T",
        |a| {
            let seconds = a.ns() as f64 / 1e9;
            let mut needs = Needs::new();
            let changes = needs.own().sum(quotes::changes(), a.window);
            built(needs, move |at| Ok(at.sum(changes)? as f64 / seconds))
        },
    )
    .unit(Unit::PerS)
    .rule(Strict)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn mid_moves() -> Template {
    Template::new(
        "book__mid_moves",
        &["10s", "1m"],
        Takes::Span,
        "Changes of the mid.",
        "count of changes of m",
        |a| {
            let mut needs = Needs::new();
            let moves = needs.own().sum(quotes::mid_moves(), a.window);
            built(needs, move |at| Ok(at.sum(moves)? as f64))
        },
    )
    .unit(Unit::Count)
    .rule(Strict)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn mid_up_share() -> Template {
    Template::new(
        "book__mid_up_share",
        &["10s", "1m"],
        Takes::Span,
        "Share of rises among the changes of the mid.",
        "upward changes of m / changes",
        |a| {
            let mut needs = Needs::new();
            let rises = needs.own().sum(quotes::mid_rises(), a.window);
            let moves = needs.own().sum(quotes::mid_moves(), a.window);
            let n = needs.own().count(crate::rows::Series::Quotes, a.window);
            built(needs, move |at| {
                if at.sum(n)? == 0 {
                    return Err(Null::Empty);
                }
                ratio(at.sum(rises)?, at.sum(moves)?)
            })
        },
    )
    .rule(Strict)
    .domain(0.0, 1.0)
    .scales(0, 0)
    .oracle("exact rationals")
}

fn quote_age() -> Template {
    Template::new(
        "book__quote_age_ns",
        &["now"],
        Takes::Now,
        "Time since best prices or sizes last changed.",
        "t - ts_avail of the last change of b, a, qb or qa",
        |_| {
            let mut needs = Needs::new();
            let change = needs.own().last_change();
            built(needs, move |at| Ok((at.cutoff() - at.number(change)?) as f64))
        },
    )
    .unit(Unit::Ns)
    .rule(Hold)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn two_sided_share() -> Template {
    Template::new(
        "book__two_sided_share",
        &["1m", "5m"],
        Takes::Span,
        "Share of the time with a valid quote.",
        "time with a valid quote / T",
        |a| {
            let all = i128::from(a.ns());
            let mut needs = Needs::new();
            let valid = needs.own().sum(quotes::valid_time(), a.window);
            built(needs, move |at| ratio(at.sum(valid)?, all))
        },
    )
    .rule(Strict)
    .domain(0.0, 1.0)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}
