//! Trades.

use super::{product, qty, ratio, tape};
use crate::at::At;
use crate::catalogue::{Args, Built, Takes, Template, built};
use crate::exact::variance;
use crate::feature::Mirror;
use crate::feature::NullRule::{Hold, Strict};
use crate::measure::Measure;
use crate::needs::Needs;
use crate::null::Null;
use crate::rows::Series;
use crate::window::{SECOND, Window};
use contract::Unit;
use std::sync::Arc;

pub(super) fn templates() -> Vec<Template> {
    let mut all = totals();
    all.extend(signed());
    all.push(imbalance("flow__imb_vol", false));
    all.extend(signs());
    all.extend(prices());
    all.extend(times());
    all.extend([tape_speed(), intensity()]);
    all
}

/// A window's total of one measure, finished by a function.
fn total(
    measure: fn() -> Arc<dyn Measure>,
    finish: fn(i128) -> f64,
) -> impl Fn(&Args<'_>) -> Option<Built> + Send + Sync {
    move |a| {
        let mut needs = Needs::new();
        let sum = needs.own().sum(measure(), a.window);
        built(needs, move |at| Ok(finish(at.sum(sum)?)))
    }
}

/// The quotient of the totals of two measures; `Empty` when no trade is in the window.
fn share(
    part: fn() -> Arc<dyn Measure>,
    whole: fn() -> Arc<dyn Measure>,
) -> impl Fn(&Args<'_>) -> Option<Built> + Send + Sync {
    move |a| {
        let mut needs = Needs::new();
        let part = needs.own().sum(part(), a.window);
        let whole = needs.own().sum(whole(), a.window);
        let n = needs.own().sum(tape::n(), a.window);
        built(needs, move |at| {
            if at.sum(n)? == 0 {
                return Err(Null::Empty);
            }
            ratio(at.sum(part)?, at.sum(whole)?)
        })
    }
}

fn totals() -> Vec<Template> {
    let of = |stem: &str, windows: &[&str], definition: &str, formula: &str, build| {
        Template::new(stem, windows, Takes::Span, definition, formula, build)
            .rule(Strict)
            .domain(0.0, f64::INFINITY)
            .mirror(Mirror::Even)
            .oracle("exact rationals; pandas rolling")
    };
    let notional = Template::new(
        "flow__notional_ccy",
        &["10s", "1m", "5m"],
        Takes::Span,
        "Value traded in quote currency.",
        "sum p v x contract multiplier",
        |a| {
            let mut needs = Needs::new();
            let sum = needs.own().sum(tape::notional(), a.window);
            let facts = needs.own().instrument();
            built(
                needs,
                move |at| Ok(at.sum(sum)? as f64 / 1e18 * at.instrument(facts)?.multiplier),
            )
        },
    );
    let largest = Template::new(
        "flow__max_size_share",
        &["1m", "5m"],
        Takes::Span,
        "Share of the largest trade in the size traded.",
        "max v / sum v",
        |a| {
            let mut needs = Needs::new();
            let range = needs.own().size_range(a.window);
            let sum = needs.own().sum(tape::volume(), a.window);
            built(needs, move |at| {
                let (_, largest) = at.range(range)?;
                ratio(largest, at.sum(sum)?)
            })
        },
    );
    vec![
        of(
            "flow__n_trades",
            &["1s", "10s", "1m", "5m"],
            "Number of trades.",
            "n",
            total(tape::n, |n| n as f64),
        )
        .unit(Unit::Count)
        .scales(0, 0),
        of(
            "flow__vol_qty",
            &["1s", "10s", "1m", "5m"],
            "Size traded.",
            "sum v",
            total(tape::volume, qty),
        )
        .unit(Unit::InstrumentUnits)
        .scales(0, 1),
        notional
            .unit(Unit::Ccy)
            .rule(Strict)
            .domain(0.0, f64::INFINITY)
            .scales(1, 1)
            .mirror(Mirror::Even)
            .oracle("exact rationals; pandas rolling"),
        Template::new(
            "flow__avg_size_qty",
            &["1m", "5m"],
            Takes::Span,
            "Mean size of a trade.",
            "sum v / n",
            |a| {
                let mut needs = Needs::new();
                let sum = needs.own().sum(tape::volume(), a.window);
                let n = needs.own().sum(tape::n(), a.window);
                built(needs, move |at| {
                    let n = at.sum(n)?;
                    if n == 0 {
                        return Err(Null::Empty);
                    }
                    Ok(ratio(at.sum(sum)?, n)? / 1e9)
                })
            },
        )
        .unit(Unit::InstrumentUnits)
        .rule(Strict)
        .domain(0.0, f64::INFINITY)
        .scales(0, 1)
        .mirror(Mirror::Even)
        .oracle("exact rationals; pandas rolling"),
        largest
            .rule(Strict)
            .domain(0.0, 1.0)
            .scales(0, 0)
            .mirror(Mirror::Even)
            .oracle("exact rationals; pandas rolling"),
    ]
}

fn signed() -> Vec<Template> {
    vec![
        Template::new(
            "flow__signed_vol_qty",
            &["1s", "10s", "1m", "5m"],
            Takes::Span,
            "Size that buyers took less size that sellers took.",
            "sum s v",
            total(tape::signed_volume, qty),
        )
        .unit(Unit::InstrumentUnits)
        .rule(Strict)
        .scales(0, 1)
        .mirror(Mirror::Odd)
        .oracle("exact rationals"),
    ]
}

/// Volume imbalance of the own tape or a role's.
pub(super) fn imbalance(stem: &str, of_role: bool) -> Template {
    let windows = if of_role { &["10s"][..] } else { &["1s", "10s", "1m", "5m"][..] };
    let definition = if of_role {
        "Signed size traded of the role's instrument over the size of known sign."
    } else {
        "Signed size traded over the size of known sign."
    };
    Template::new(
        stem,
        windows,
        Takes::Span,
        definition,
        "sum s v / sum of v with known sign",
        move |a| {
            let mut needs = Needs::new();
            let mut asker = if of_role { needs.peer(a.role) } else { needs.own() };
            let signed = asker.sum(tape::signed_volume(), a.window);
            let known = asker.sum(tape::known_volume(), a.window);
            let n = asker.sum(tape::n(), a.window);
            built(needs, move |at| {
                if at.sum(n)? == 0 {
                    return Err(Null::Empty);
                }
                ratio(at.sum(signed)?, at.sum(known)?)
            })
        },
    )
    .rule(Strict)
    .domain(-1.0, 1.0)
    .scales(0, 0)
    .mirror(if of_role { Mirror::None } else { Mirror::Odd })
    .oracle("exact rationals")
    .source("signed form of the imbalance in Easley, Lopez de Prado, O'Hara (2012), RFS 25(5)")
}

fn signs() -> Vec<Template> {
    vec![
        Template::new(
            "flow__imb_count",
            &["1s", "10s", "1m"],
            Takes::Span,
            "Buyers' trades less sellers' trades over the trades of known sign.",
            "sum s / count of trades with known sign",
            share(tape::sum_of_signs, tape::n_known),
        )
        .rule(Strict)
        .domain(-1.0, 1.0)
        .scales(0, 0)
        .mirror(Mirror::Odd)
        .oracle("exact rationals"),
        Template::new(
            "flow__sign_flag_share",
            &["5m"],
            Takes::Span,
            "Share of the size traded whose sign the venue gave.",
            "volume signed by the venue's flag / volume",
            share(tape::flagged_volume, tape::volume),
        )
        .rule(Strict)
        .domain(0.0, 1.0)
        .scales(0, 0)
        .mirror(Mirror::Even)
        .oracle("exact rationals"),
        Template::new(
            "flow__last_sign",
            &["now"],
            Takes::Now,
            "Sign of the last trade of known sign: +1 the buyer took liquidity, -1 the seller.",
            "s of the last trade with known sign",
            |_| {
                let mut needs = Needs::new();
                let last = needs.own().signed_trade();
                built(needs, move |at| Ok(f64::from(at.trade(last)?.sign)))
            },
        )
        .rule(Hold)
        .domain(-1.0, 1.0)
        .scales(0, 0)
        .mirror(Mirror::Odd)
        .oracle("exact rationals; tclf ClassicalClassifier"),
        Template::new(
            "flow__run_len",
            &["now"],
            Takes::Now,
            "Length of the current run of equal signs, at most 64, times the sign; 0 when the last sign is unknown.",
            "s x length of the run",
            |_| {
                let mut needs = Needs::new();
                let run = needs.own().run();
                built(needs, move |at| Ok(at.number(run)? as f64))
            },
        )
        .unit(Unit::Count)
        .rule(Hold)
        .domain(-64.0, 64.0)
        .scales(0, 0)
        .mirror(Mirror::Odd)
        .oracle("exact rationals"),
        Template::new(
            "flow__sign_autocorr",
            &["1m", "5m"],
            Takes::Span,
            "Mean product of the signs of trades that follow each other, both known.",
            "sum s_i s_{i-1} / n",
            |a| {
                let mut needs = Needs::new();
                let products = needs.own().sum_inside(tape::sign_products(), a.window, 1);
                let pairs = needs.own().sum_inside(tape::n_sign_pairs(), a.window, 1);
                let n = needs.own().count(Series::Trades, a.window);
                built(needs, move |at| {
                    if at.sum(n)? == 0 {
                        return Err(Null::Empty);
                    }
                    ratio(at.sum(products)?, at.sum(pairs)?)
                })
            },
        )
        .rule(Strict)
        .domain(-1.0, 1.0)
        .scales(0, 0)
        .mirror(Mirror::Even)
        .oracle("exact rationals"),
    ]
}

fn prices() -> Vec<Template> {
    let vwap = |stem: &str, windows: &[&str], takes| {
        Template::new(
            stem,
            windows,
            takes,
            "Distance of the mid from the volume-weighted average price.",
            "1e4 (m / vwap - 1), vwap = sum p v / sum v",
            |a| {
                let mut needs = Needs::new();
                let now = needs.own().quote();
                let notional = needs.own().sum(tape::notional(), a.window);
                let volume = needs.own().sum(tape::volume(), a.window);
                let n = needs.own().sum(tape::n(), a.window);
                built(needs, move |at| {
                    let m = at.mid2(now)?;
                    if at.sum(n)? == 0 {
                        return Err(Null::Empty);
                    }
                    let (notional, volume) = (at.sum(notional)?, at.sum(volume)?);
                    let twice = product(2, notional)?;
                    let fair = i128::from(m).checked_mul(volume);
                    match fair.and_then(|fair| fair.checked_sub(twice)) {
                        Some(above) => ratio(above, twice).map(|x| x * 1e4),
                        // Beyond 1.7e20 of currency, where the mid is far from every price.
                        None => ratio(volume, twice).map(|x| (x * m as f64 - 1.0) * 1e4),
                    }
                })
            },
        )
        .unit(Unit::Bps)
        .rule(Strict)
        .scales(0, 0)
        .oracle("exact rationals; pandas rolling")
    };
    vec![
        vwap("flow__vwap_dev_bps", &["1m", "5m", "1h", "sess"], Takes::SpanOrSession),
        Template::new(
            "flow__at_ask_share",
            &["1m", "5m"],
            Takes::Span,
            "Share of the size traded at or above the ask that stood before.",
            "volume at or above the prevailing ask / volume",
            share(tape::at_ask, tape::volume),
        )
        .rule(Strict)
        .domain(0.0, 1.0)
        .scales(0, 0)
        .oracle("exact rationals"),
        Template::new(
            "flow__at_bid_share",
            &["1m", "5m"],
            Takes::Span,
            "Share of the size traded at or below the bid that stood before.",
            "volume at or below the prevailing bid / volume",
            share(tape::at_bid, tape::volume),
        )
        .rule(Strict)
        .domain(0.0, 1.0)
        .scales(0, 0)
        .oracle("exact rationals"),
    ]
}

fn times() -> Vec<Template> {
    vec![
        Template::new(
            "flow__trade_age_ns",
            &["now"],
            Takes::Now,
            "Time since the last trade.",
            "t - ts_avail of the last trade",
            |_| {
                let mut needs = Needs::new();
                let last = needs.own().print();
                built(needs, move |at| Ok((at.cutoff() - at.trade(last)?.ts_avail) as f64))
            },
        )
        .unit(Unit::Ns)
        .rule(Hold)
        .domain(0.0, f64::INFINITY)
        .scales(0, 0)
        .mirror(Mirror::Even)
        .oracle("exact rationals"),
        Template::new(
            "flow__gap_mean_ns",
            &["n50"],
            Takes::Rows,
            "Mean time between the last trades.",
            "mean time between the last n trades",
            |a| {
                let n = f64::from(a.entries() - 1);
                let mut needs = Needs::new();
                let sum = needs.own().sum_inside(tape::gaps(), a.window, 1);
                built(needs, move |at| Ok(at.sum(sum)? as f64 / n))
            },
        )
        .unit(Unit::Ns)
        .rule(Strict)
        .domain(0.0, f64::INFINITY)
        .scales(0, 0)
        .mirror(Mirror::Even)
        .oracle("exact rationals; pandas diff"),
        Template::new(
            "flow__burstiness",
            &["n50"],
            Takes::Rows,
            "How unevenly the last trades followed each other: -1 regular, 0 random, towards 1 in bursts.",
            "(sd - mean) / (sd + mean) of the times between the last n trades",
            |a| {
                let n = i128::from(a.entries() - 1);
                let mut needs = Needs::new();
                let sum = needs.own().sum_inside(tape::gaps(), a.window, 1);
                let squares = needs.own().sum_inside(tape::gaps_squared(), a.window, 1);
                built(needs, move |at| {
                    let sum = at.sum(sum)?;
                    let variance = variance(n, sum, at.sum(squares)?).ok_or(Null::ZeroDenominator)?;
                    let (sd, mean) = (variance.max(0.0).sqrt(), sum as f64 / n as f64);
                    if sd + mean == 0.0 {
                        return Err(Null::ZeroDenominator);
                    }
                    Ok((sd - mean) / (sd + mean))
                })
            },
        )
        .rule(Strict)
        .domain(-1.0, 1.0)
        .scales(0, 0)
        .mirror(Mirror::Even)
        .oracle("exact rationals")
        .source("Goh, Barabasi (2008), EPL 81 48002"),
    ]
}

fn tape_speed() -> Template {
    Template::new(
        "flow__tape_speed",
        &["10s"],
        Takes::Span,
        "Trades a second in the window over trades a second in five minutes.",
        "(n(T) / T) / (n(5m) / 5m)",
        |a| {
            let long = Window::Span(300 * SECOND);
            let scale = 300.0 * 1e9 / a.ns() as f64;
            let mut needs = Needs::new();
            let short = needs.own().sum(tape::n(), a.window);
            let all = needs.own().sum(tape::n(), long);
            built(needs, move |at| {
                let all = at.sum(all)?;
                if all == 0 {
                    return Err(Null::Empty);
                }
                Ok(ratio(at.sum(short)?, all)? * scale)
            })
        },
    )
    .rule(Strict)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn intensity() -> Template {
    Template::new(
        "flow__intensity_per_s",
        &["hl10s", "hl60s"],
        Takes::HalfLife,
        "Exponentially weighted number of trades a second.",
        "ln 2 / hl x sum 2^(-(t - t_i) / hl)",
        |a| {
            let Window::HalfLife(half_life) = a.window else { return None };
            let per_s = std::f64::consts::LN_2 / (half_life as f64 / 1e9);
            let mut needs = Needs::new();
            let sums = needs.own().decayed_trades(half_life);
            built(needs, move |at: &At<'_>| {
                let [sum, _] = at.decayed(sums)?;
                Ok((per_s * sum).max(0.0))
            })
        },
    )
    .unit(Unit::PerS)
    .rule(Strict)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}
