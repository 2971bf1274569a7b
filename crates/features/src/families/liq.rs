//! Liquidity and impact.

use super::{enough, quotes, ratio, returns, tape};
use crate::catalogue::{Takes, Template, built};
use crate::exact::{BITS_60, covariance, log_ret, variance};
use crate::feature::Mirror;
use crate::feature::NullRule::{Strict, Tolerant};
use crate::measure::Measure;
use crate::needs::Needs;
use crate::null::Null;
use crate::rows::{Cell, Series};
use contract::Unit;
use std::sync::Arc;

pub(super) fn templates() -> Vec<Template> {
    vec![
        spread(
            "liq__eff_spread_bps",
            &["1m", "5m", "1h"],
            "Effective spread of signed trades against the mid that stood before them, weighted by value at that mid.",
            "1e4 sum 2 s v (p - m) / sum v m",
            tape::effective,
            tape::effective_weight,
        )
        .oracle("exact rationals; frds effective_spread to 1e-3"),
        spread(
            "liq__realized_spread_bps_d5s",
            &["5m", "1h"],
            "What of the effective spread is left 5 s later, of trades whose later mid was known in the window.",
            "1e4 sum 2 s v (p - m5) / sum v m",
            tape::realized,
            tape::later_weight,
        )
        .oracle("exact rationals; frds realized_spread to 1e-3"),
        spread(
            "liq__impact_bps_d5s",
            &["5m", "1h"],
            "How far the mid has moved with the trade 5 s later, of trades whose later mid was known in the window.",
            "1e4 sum 2 s v (m5 - m) / sum v m",
            tape::impact,
            tape::later_weight,
        )
        .oracle("exact rationals; frds simple_price_impact to 1e-3"),
        kyle(),
        amihud(),
        roll(),
        turnover(),
        zero_returns(),
    ]
}

fn spread(
    stem: &str,
    windows: &[&str],
    definition: &str,
    formula: &str,
    part: fn() -> Arc<dyn Measure>,
    weight: fn() -> Arc<dyn Measure>,
) -> Template {
    Template::new(stem, windows, Takes::Span, definition, formula, move |a| {
        let mut needs = Needs::new();
        let part = needs.own().sum(part(), a.window);
        let measure = weight();
        let series = measure.series();
        let weight = needs.own().sum(measure, a.window);
        let n = needs.own().count(series, a.window);
        built(needs, move |at| {
            if at.sum(n)? == 0 {
                return Err(Null::Empty);
            }
            // Both sums are in units of size times twice a price: 2 s v (p - m) over v m.
            ratio(at.sum(part)?, at.sum(weight)?).map(|x| 2.0 * x * 1e4)
        })
    })
    .unit(Unit::Bps)
    .rule(Strict)
    .scales(0, 0)
    .source("Huang, Stoll (1996), JFE 41(3)")
}

fn kyle() -> Template {
    Template::new(
        "liq__kyle_lambda_bps",
        &["5m", "1h"],
        Takes::GridSpan,
        "Slope of 1 s returns on the signed size of the same second: bps a unit of size.",
        "OLS slope, with intercept, of r on signed volume by 1 s cell; 30 cells with trades",
        |a| {
            let all = i128::from(a.entries());
            let mut needs = Needs::new();
            let mut own = needs.own();
            let n = own.sum(returns::n_valid(), a.window);
            let traded = own.sum(returns::n_traded(), a.window);
            let x = own.sum(returns::flow(), a.window);
            let xx = own.sum(returns::flow_squared(), a.window);
            let y = own.sum(returns::sum(), a.window);
            let xy = own.sum(returns::flow_times_return(), a.window);
            let large = own.sum(returns::n_large_flows(), a.window);
            let cells = own.grid(a.entries());
            built(needs, move |at| {
                let n = at.sum(n)?;
                enough(n, all)?;
                if at.sum(traded)? < 30 {
                    return Err(Null::TooFewValid);
                }
                if at.sum(large)? > 0 {
                    return slope(&at.grid(cells)?.0);
                }
                let (x, y) = (at.sum(x)?, at.sum(y)?);
                let spread = variance(n, x, at.sum(xx)?).filter(|v| *v > 0.0);
                let spread = spread.ok_or(Null::ZeroDenominator)?;
                let together = covariance(n, x, y, at.sum(xy)?).ok_or(Null::ZeroDenominator)?;
                // Sizes are in 1e-9, returns in 2^-60.
                Ok(together / spread / BITS_60 * 1e9 * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Tolerant)
    .scales(0, -1)
    .oracle("exact rationals; statsmodels OLS")
    .source("Kyle (1985), Econometrica 53(6)")
}

/// The slope by two passes, where a second's size is beyond 4.5e6 units and products would not fit.
fn slope<'a>(cells: &(impl Iterator<Item = &'a Cell> + Clone)) -> Result<f64, Null> {
    let pairs = || cells.clone().filter_map(|c| Some((c.signed_size as f64 / 1e9, c.ret?)));
    let n = pairs().count() as f64;
    let (sx, sy) = pairs().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
    let (mx, my) = (sx / n, sy / n);
    let (xx, xy) = pairs()
        .fold((0.0, 0.0), |(xx, xy), (x, y)| (xx + (x - mx) * (x - mx), xy + (x - mx) * (y - my)));
    if xx > 0.0 { Ok(xy / xx * 1e4) } else { Err(Null::ZeroDenominator) }
}

fn amihud() -> Template {
    Template::new(
        "liq__amihud",
        &["b60x1m"],
        Takes::Bars,
        "Mean over bars with trades of the absolute return by the value traded.",
        "mean of abs(L(o, c)) / sum p v",
        |a| {
            let mut needs = Needs::new();
            let bars = needs.own().bars(a.entries());
            built(needs, move |at| {
                let (bars, all) = at.bars(bars)?;
                let (mut n, mut sum) = (0_i128, 0.0);
                for bar in bars.filter(|b| b.n_trades > 0) {
                    if bar.open <= 0 || bar.close <= 0 || bar.notional == 0 {
                        continue;
                    }
                    n += 1;
                    sum += log_ret(bar.open, bar.close).abs() / (bar.notional as f64 / 1e18);
                }
                enough(n, all.into())?;
                Ok(sum / n as f64)
            })
        },
    )
    .rule(Tolerant)
    .domain(0.0, f64::INFINITY)
    .scales(-1, -1)
    .mirror(Mirror::Even)
    .oracle("exact rationals; ml4t-engineer amihud_illiquidity")
    .source("Amihud (2002), Journal of Financial Markets 5(1)")
}

fn roll() -> Template {
    Template::new(
        "liq__roll_bps",
        &["5m", "1h"],
        Takes::Span,
        "Spread implied by the negative covariance of successive price changes; null where it is not negative.",
        "1e4 x 2 sqrt(-cov(dp_i, dp_{i-1})) / m",
        |a| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let n = needs.own().count(Series::Trades, a.window);
            let x = needs.own().sum_inside(tape::px_changes(), a.window, 2);
            let y = needs.own().sum_inside(tape::px_changes_before(), a.window, 2);
            let xy = needs.own().sum_inside(tape::px_change_products(), a.window, 2);
            built(needs, move |at| {
                let m = at.positive_mid2(now)?;
                let n = at.sum(n)?;
                if n == 0 {
                    return Err(Null::Empty);
                }
                let covariance = covariance(n - 2, at.sum(x)?, at.sum(y)?, at.sum(xy)?);
                let covariance = covariance.ok_or(Null::ZeroDenominator)?;
                if covariance >= 0.0 {
                    return Err(Null::OutOfDomain);
                }
                // Twice the root over half of twice the mid.
                Ok(4.0 * (-covariance).sqrt() / m as f64 * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Strict)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals; ml4t-engineer (which gives 0 for a positive covariance)")
    .source("Roll (1984), Journal of Finance 39(4)")
}

fn turnover() -> Template {
    Template::new(
        "liq__depth_turnover",
        &["1m", "5m"],
        Takes::Span,
        "Size traded over the mean size quoted at the best prices.",
        "sum v / time-weighted mean of qb + qa",
        |a| {
            let all = i128::from(a.ns());
            let mut needs = Needs::new();
            let volume = needs.own().sum(tape::volume(), a.window);
            let depth = needs.own().sum(quotes::depth_over_time(), a.window);
            let valid = needs.own().sum(quotes::depth_time(), a.window);
            built(needs, move |at| {
                let valid = at.sum(valid)?;
                enough(valid, all)?;
                let depth = at.sum(depth)?;
                if depth == 0 {
                    return Err(Null::ZeroDenominator);
                }
                Ok(at.sum(volume)? as f64 / (depth as f64 / valid as f64))
            })
        },
    )
    .rule(Tolerant)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals")
}

fn zero_returns() -> Template {
    Template::new(
        "liq__zero_ret_share",
        &["5m", "1h"],
        Takes::GridSpan,
        "Share of 1 s returns that are exactly 0.",
        "share of 1 s returns equal to 0",
        |a| {
            let all = i128::from(a.entries());
            let mut needs = Needs::new();
            let zeros = needs.own().sum(returns::zeros(), a.window);
            let valid = needs.own().sum(returns::n_valid(), a.window);
            built(needs, move |at| {
                let valid = at.sum(valid)?;
                enough(valid, all)?;
                ratio(at.sum(zeros)?, valid)
            })
        },
    )
    .rule(Tolerant)
    .domain(0.0, 1.0)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals; pandas")
    .source("Lesmond, Ogden, Trzcinka (1999), RFS 12(5)")
}
