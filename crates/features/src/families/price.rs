//! Price and return.

use super::{enough, quotes, ratio, returns};
use crate::catalogue::{Takes, Template, built};
use crate::exact::{BITS_100, log_ret, variance};
use crate::feature::Mirror;
use crate::feature::NullRule::{Hold, Strict, Tolerant};
use crate::needs::Needs;
use crate::null::Null;
use crate::window::{SECOND, Window};
use contract::Unit;

pub(super) fn templates() -> Vec<Template> {
    let mut all =
        vec![log_return(), return_in_changes(), session_return(), return_per_volatility()];
    all.extend(ranges());
    all.extend([zscore(), rank(), efficiency(), autocorrelation(), trade_deviation()]);
    all
}

fn log_return() -> Template {
    Template::new(
        "price__log_ret",
        &["10s", "1m", "5m", "1h", "1s"],
        Takes::Span,
        "Log return of the mid over the window, both ends as they were seen then.",
        "log1p((m - m_T) / m_T)",
        |a| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let then = needs.own().quote_before(a.ns());
            built(needs, move |at| Ok(log_ret(at.positive_mid2(then)?, at.positive_mid2(now)?)))
        },
    )
    .rule(Hold)
    .scales(0, 0)
    .mirror(Mirror::None)
    .oracle("exact rationals; pandas merge_asof")
}

fn return_in_changes() -> Template {
    Template::new(
        "price__log_ret",
        &["n1", "n5", "n20", "n60"],
        Takes::Rows,
        "Log return of the mid over its last changes.",
        "log1p((m - m before its last k changes) / that)",
        |a| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let then = needs.own().mid_before_changes(a.entries());
            built(needs, move |at| {
                let (then, now) = (at.number(then)?, at.positive_mid2(now)?);
                if then > 0 { Ok(log_ret(then, now)) } else { Err(Null::OutOfDomain) }
            })
        },
    )
    .rule(Strict)
    .scales(0, 0)
    .oracle("exact rationals; pandas diff")
}

fn session_return() -> Template {
    Template::new(
        "price__log_ret",
        &["sess"],
        Takes::Listed,
        "Log return of the mid since the first valid quote of the session.",
        "log1p((m - m_open) / m_open)",
        |_| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let open = needs.own().open_quote();
            built(needs, move |at| Ok(log_ret(at.positive_mid2(open)?, at.positive_mid2(now)?)))
        },
    )
    .rule(Hold)
    .scales(0, 0)
    .oracle("exact rationals")
}

fn return_per_volatility() -> Template {
    Template::new(
        "price__ret_per_vol",
        &["1m", "5m"],
        Takes::Span,
        "Log return over the window by the volatility of the last hour, scaled to the window.",
        "log_ret(T) / sqrt(rv(1h) T / 1h)",
        |a| {
            let hour = Window::Span(3_600 * SECOND);
            let share = a.ns() as f64 / (3_600.0 * 1e9);
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let then = needs.own().quote_before(a.ns());
            let squares = needs.own().sum(returns::squares(), hour);
            let valid = needs.own().sum(returns::n_valid(), hour);
            built(needs, move |at| {
                let ret = log_ret(at.positive_mid2(then)?, at.positive_mid2(now)?);
                enough(at.sum(valid)?, 3_600)?;
                let squares = at.sum(squares)?;
                if squares == 0 {
                    return Err(Null::ZeroDenominator);
                }
                Ok(ret / (squares as f64 / BITS_100 * share).sqrt())
            })
        },
    )
    .unit(Unit::Sigma)
    .rule(Strict)
    .scales(0, 0)
    .oracle("exact rationals")
}

fn ranges() -> Vec<Template> {
    let windows = ["1m", "5m", "1h", "sess"];
    let of =
        |stem, definition, formula, low, high, value: fn(i128, i128, i128) -> Result<f64, Null>| {
            Template::new(stem, &windows, Takes::SpanOrSession, definition, formula, move |a| {
                let mut needs = Needs::new();
                let now = needs.own().quote();
                let range = needs.own().mid_range(a.window);
                built(needs, move |at| {
                    let (low, high) = at.range(range)?;
                    value(at.mid2(now)?.into(), low, high)
                })
            })
            .rule(Strict)
            .domain(low, high)
            .scales(0, 0)
        };
    vec![
        of(
            "price__dist_high",
            "Distance of the mid from its highest in the window.",
            "m / max(m) - 1",
            -1.0,
            f64::INFINITY,
            |m, _, high| distance(m, high),
        )
        .oracle("exact rationals; TA-Lib MAX"),
        of(
            "price__dist_low",
            "Distance of the mid from its lowest in the window.",
            "m / min(m) - 1",
            -1.0,
            f64::INFINITY,
            |m, low, _| distance(m, low),
        )
        .oracle("exact rationals; TA-Lib MIN"),
        of(
            "price__pos_in_range",
            "Place of the mid between the lowest and highest of the window.",
            "(m - min m) / (max m - min m)",
            f64::NEG_INFINITY,
            f64::INFINITY,
            |m, low, high| ratio(m - low, high - low),
        )
        .oracle("exact rationals; qlib RSV"),
    ]
}

fn distance(m: i128, extreme: i128) -> Result<f64, Null> {
    if extreme <= 0 {
        return Err(Null::OutOfDomain);
    }
    ratio(m - extreme, extreme)
}

fn zscore() -> Template {
    Template::new(
        "price__zscore",
        &["1m", "5m", "1h"],
        Takes::Span,
        "Distance of the mid from its mean over the quotes of the window, in standard deviations.",
        "(m - mean m) / sd m, ddof 1",
        |a| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let n = needs.own().sum(quotes::n_valid(), a.window);
            let sum = needs.own().sum(quotes::mid2(), a.window);
            let squares = needs.own().sum(quotes::mid2_squared(), a.window);
            built(needs, move |at| {
                let m = at.mid2(now)?;
                let (n, sum) = (at.sum(n)?, at.sum(sum)?);
                if n == 0 {
                    return Err(Null::Empty);
                }
                let variance = variance(n, sum, at.sum(squares)?).filter(|v| *v > 0.0);
                let sd = variance.ok_or(Null::ZeroDenominator)?.sqrt();
                let above = super::product(i128::from(m), n)?.wrapping_sub(sum);
                Ok(above as f64 / n as f64 / sd)
            })
        },
    )
    .unit(Unit::Sigma)
    .rule(Strict)
    .scales(0, 0)
    .oracle("exact rationals; pandas rolling")
}

fn rank() -> Template {
    Template::new(
        "price__rank",
        &["g300x1s", "g3600x1s"],
        Takes::Grid,
        "Rank of the mid among the mids of the grid, ties counted half.",
        "(count(g < m) + count(g = m) / 2) / n",
        |a| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let cells = needs.own().mids(a.entries());
            built(needs, move |at| {
                let m = at.mid2(now)?;
                let (cells, all) = at.grid(cells)?;
                let (mut n, mut halves) = (0_i64, 0_i64);
                for other in cells.filter_map(|c| c.mid2) {
                    n += 1;
                    halves += match other.cmp(&m) {
                        std::cmp::Ordering::Less => 2,
                        std::cmp::Ordering::Equal => 1,
                        std::cmp::Ordering::Greater => 0,
                    };
                }
                enough(n.into(), all.into())?;
                Ok(halves as f64 / (2 * n) as f64)
            })
        },
    )
    .rule(Tolerant)
    .domain(0.0, 1.0)
    .scales(0, 0)
    .oracle("exact rationals; scipy percentileofscore")
}

fn efficiency() -> Template {
    Template::new(
        "price__efficiency",
        &["1m", "5m"],
        Takes::GridSpan,
        "How straight the way of the mid was: its net move over the sum of its moves.",
        "abs(sum r) / sum abs r",
        |a| {
            let all = a.entries();
            let mut needs = Needs::new();
            let net = needs.own().sum(returns::sum(), a.window);
            let path = needs.own().sum(returns::sum_abs(), a.window);
            let valid = needs.own().sum(returns::n_valid(), a.window);
            built(needs, move |at| {
                enough(at.sum(valid)?, all.into())?;
                ratio(at.sum(net)?.abs(), at.sum(path)?)
            })
        },
    )
    .rule(Tolerant)
    .domain(0.0, 1.0)
    .scales(0, 0)
    .oracle("exact rationals")
    .source("Kaufman (1995), Smarter Trading, efficiency ratio")
}

fn autocorrelation() -> Template {
    Template::new(
        "price__ret_autocorr",
        &["5m", "1h"],
        Takes::GridSpan,
        "First autocorrelation of 1 s returns, without taking a mean off.",
        "sum r_i r_{i-1} / sum r_i^2",
        |a| {
            let all = i128::from(a.entries());
            let mut needs = Needs::new();
            let products = needs.own().sum_inside(returns::products(), a.window, 1);
            let pairs = needs.own().sum_inside(returns::n_pairs(), a.window, 1);
            let squares = needs.own().sum(returns::squares(), a.window);
            let valid = needs.own().sum(returns::n_valid(), a.window);
            built(needs, move |at| {
                enough(at.sum(valid)?, all)?;
                enough(at.sum(pairs)?, all - 1)?;
                ratio(at.sum(products)?, at.sum(squares)?)
            })
        },
    )
    .rule(Tolerant)
    .domain(-1.0, 1.0)
    .scales(0, 0)
    .oracle("exact rationals")
}

fn trade_deviation() -> Template {
    Template::new(
        "price__trade_dev_bps",
        &["now"],
        Takes::Now,
        "Distance of the last trade from the mid.",
        "1e4 (p_last - m) / m",
        |_| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let last = needs.own().print();
            built(needs, move |at| {
                let m = at.positive_mid2(now)?;
                let px = at.trade(last)?.px;
                Ok((2 * i128::from(px) - i128::from(m)) as f64 / m as f64 * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Hold)
    .scales(0, 0)
    .oracle("exact rationals")
}
