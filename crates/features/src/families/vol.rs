//! Volatility and variation.

use super::{enough, ratio, returns};
use crate::catalogue::{Args, Built, Takes, Template, built};
use crate::exact::{BITS_60, BITS_100, BITS_120, log_ret};
use crate::feature::Mirror;
use crate::feature::NullRule::{Strict, Tolerant};
use crate::needs::Needs;
use crate::null::Null;
use crate::rows::Bar;
use crate::window::{SECOND, Window};
use contract::Unit;
use std::f64::consts::{LN_2, PI};

const BNS: &str = "Barndorff-Nielsen, Shephard (2004), Journal of Financial Econometrics 2(1)";
const ADS: &str = "Andersen, Dobrev, Schaumburg (2012), Journal of Econometrics 169(1)";

pub(super) fn templates() -> Vec<Template> {
    let mut all = vec![
        realized(),
        bipower(),
        jump_share(),
        median(),
        semi_skew(),
        quarticity(),
        term_ratio(),
        weighted(),
    ];
    all.extend(of_bars());
    all.push(range());
    all
}

fn tolerant(
    stem: &str,
    windows: &[&str],
    definition: &str,
    formula: &str,
    build: impl Fn(&Args<'_>) -> Option<Built> + Send + Sync + 'static,
) -> Template {
    Template::new(stem, windows, Takes::GridSpan, definition, formula, build)
        .rule(Tolerant)
        .scales(0, 0)
        .mirror(Mirror::Even)
        .oracle("exact rationals")
}

fn realized() -> Template {
    tolerant("vol__rv", &["1m", "5m", "1h"], "Realised variance of 1 s returns.", "sum r^2", |a| {
        let all = i128::from(a.entries());
        let mut needs = Needs::new();
        let squares = needs.own().sum(returns::squares(), a.window);
        let valid = needs.own().sum(returns::n_valid(), a.window);
        built(needs, move |at| {
            enough(at.sum(valid)?, all)?;
            Ok(at.sum(squares)? as f64 / BITS_100)
        })
    })
    .domain(0.0, f64::INFINITY)
}

fn bipower() -> Template {
    tolerant(
        "vol__bv",
        &["5m", "1h"],
        "Bipower variation of 1 s returns, which jumps hardly move.",
        "(pi / 2) sum abs(r_i) abs(r_{i-1})",
        |a| {
            let all = i128::from(a.entries());
            let mut needs = Needs::new();
            let products = needs.own().sum_inside(returns::magnitude_products(), a.window, 1);
            let pairs = needs.own().sum_inside(returns::n_pairs(), a.window, 1);
            built(needs, move |at| {
                enough(at.sum(pairs)?, all - 1)?;
                Ok(PI / 2.0 * (at.sum(products)? as f64 / BITS_100))
            })
        },
    )
    .domain(0.0, f64::INFINITY)
    .source(BNS)
}

fn jump_share() -> Template {
    tolerant(
        "vol__jump_share",
        &["5m", "1h"],
        "Share of the realised variance that bipower variation does not see.",
        "max(rv - bv, 0) / rv",
        |a| {
            let all = i128::from(a.entries());
            let mut needs = Needs::new();
            let squares = needs.own().sum(returns::squares(), a.window);
            let valid = needs.own().sum(returns::n_valid(), a.window);
            let products = needs.own().sum_inside(returns::magnitude_products(), a.window, 1);
            let pairs = needs.own().sum_inside(returns::n_pairs(), a.window, 1);
            built(needs, move |at| {
                enough(at.sum(valid)?, all)?;
                enough(at.sum(pairs)?, all - 1)?;
                let (rv, bv) = (at.sum(squares)? as f64, PI / 2.0 * at.sum(products)? as f64);
                if rv == 0.0 { Err(Null::ZeroDenominator) } else { Ok((rv - bv).max(0.0) / rv) }
            })
        },
    )
    .domain(0.0, 1.0)
    .source(BNS)
}

fn median() -> Template {
    tolerant(
        "vol__medrv",
        &["5m", "1h"],
        "Variance from the median of three neighbouring returns, which jumps and zeros hardly move.",
        "pi / (6 - 4 sqrt 3 + pi) x n / (n - 2) x sum median(abs r)^2",
        |a| {
            let all = i128::from(a.entries());
            let scale = PI / (6.0 - 4.0 * 3.0_f64.sqrt() + PI);
            let mut needs = Needs::new();
            let squares = needs.own().sum_inside(returns::median_squares(), a.window, 2);
            let triples = needs.own().sum_inside(returns::n_triples(), a.window, 2);
            let valid = needs.own().sum(returns::n_valid(), a.window);
            built(needs, move |at| {
                enough(at.sum(triples)?, all - 2)?;
                let n = at.sum(valid)?;
                if n <= 2 {
                    return Err(Null::ZeroDenominator);
                }
                Ok(scale * ratio(n, n - 2)? * (at.sum(squares)? as f64 / BITS_100))
            })
        },
    )
    .domain(0.0, f64::INFINITY)
    .source(ADS)
}

fn semi_skew() -> Template {
    tolerant(
        "vol__semi_skew",
        &["5m", "1h"],
        "Upside less downside realised variance over both.",
        "(sum r^2 of r > 0 - sum r^2 of r < 0) / sum r^2",
        |a| {
            let all = i128::from(a.entries());
            let mut needs = Needs::new();
            let signed = needs.own().sum(returns::signed_squares(), a.window);
            let squares = needs.own().sum(returns::squares(), a.window);
            let valid = needs.own().sum(returns::n_valid(), a.window);
            built(needs, move |at| {
                enough(at.sum(valid)?, all)?;
                ratio(at.sum(signed)?, at.sum(squares)?)
            })
        },
    )
    .domain(-1.0, 1.0)
    .mirror(Mirror::None)
}

fn quarticity() -> Template {
    tolerant("vol__rq", &["1h"], "Realised quarticity of 1 s returns.", "n / 3 sum r^4", |a| {
        let all = i128::from(a.entries());
        let mut needs = Needs::new();
        let fourths = needs.own().sum(returns::fourth_powers(), a.window);
        let coarse = needs.own().sum(returns::coarse_fourth_powers(), a.window);
        let valid = needs.own().sum(returns::n_valid(), a.window);
        built(needs, move |at| {
            let n = at.sum(valid)?;
            enough(n, all)?;
            // A fine summand holds up to 64, their sum up to 128.
            if at.sum(coarse)? as f64 / BITS_60 > 60.0 {
                return Err(Null::Overflow);
            }
            Ok(n as f64 / 3.0 * (at.sum(fourths)? as f64 / BITS_120))
        })
    })
    .domain(0.0, f64::INFINITY)
    .source("Barndorff-Nielsen, Shephard (2002), JRSS B 64(2)")
}

fn term_ratio() -> Template {
    tolerant(
        "vol__ratio_1h",
        &["1m"],
        "Volatility of the window over that of the last hour.",
        "sqrt((rv(T) / T) / (rv(1h) / 1h))",
        |a| {
            let hour = Window::Span(3_600 * SECOND);
            let all = i128::from(a.entries());
            let mut needs = Needs::new();
            let short = needs.own().sum(returns::squares(), a.window);
            let short_valid = needs.own().sum(returns::n_valid(), a.window);
            let long = needs.own().sum(returns::squares(), hour);
            let long_valid = needs.own().sum(returns::n_valid(), hour);
            built(needs, move |at| {
                enough(at.sum(short_valid)?, all)?;
                enough(at.sum(long_valid)?, 3_600)?;
                Ok((ratio(at.sum(short)?, at.sum(long)?)? * (3_600.0 / all as f64)).sqrt())
            })
        },
    )
    .domain(0.0, f64::INFINITY)
}

fn weighted() -> Template {
    Template::new(
        "vol__ewma",
        &["hl60s", "hl600s"],
        Takes::HalfLife,
        "Root of the exponentially weighted mean of squared 1 s returns.",
        "sqrt(sum w r^2 / sum w), w halves in a half-life",
        |a| {
            let Window::HalfLife(half_life) = a.window else { return None };
            let mut needs = Needs::new();
            let sums = needs.own().decayed_squares(half_life);
            built(needs, move |at| {
                let [squares, weights] = at.decayed(sums)?;
                if weights == 0.0 {
                    return Err(Null::ZeroDenominator);
                }
                Ok((squares / weights).sqrt())
            })
        },
    )
    .rule(Strict)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals; pandas ewm(adjust=True)")
}

fn of_bars() -> Vec<Template> {
    let of = |stem, definition, formula, source: &str, each: fn(&Bar) -> f64| {
        Template::new(stem, &["b20x1m", "b60x1m"], Takes::Bars, definition, formula, move |a| {
            let mut needs = Needs::new();
            let bars = needs.own().bars(a.entries());
            built(needs, move |at| {
                let (bars, all) = at.bars(bars)?;
                let (mut n, mut sum) = (0_i128, 0.0);
                for bar in bars.filter(|b| b.n_trades > 0) {
                    if bar.low <= 0 {
                        return Err(Null::OutOfDomain);
                    }
                    n += 1;
                    sum += each(bar);
                }
                enough(n, all.into())?;
                let mean = sum / n as f64;
                if mean < 0.0 { Err(Null::OutOfDomain) } else { Ok(mean.sqrt()) }
            })
        })
        .rule(Tolerant)
        .domain(0.0, f64::INFINITY)
        .scales(0, 0)
        .mirror(Mirror::Even)
        .oracle("exact rationals; ml4t-engineer")
        .source(source)
    };
    vec![
        of(
            "vol__parkinson",
            "Volatility of a bar from its range.",
            "sqrt(mean ln(h / l)^2 / (4 ln 2))",
            "Parkinson (1980), Journal of Business 53(1)",
            |b| {
                let range = log_ret(b.low, b.high);
                range * range / (4.0 * LN_2)
            },
        ),
        of(
            "vol__garman_klass",
            "Volatility of a bar from open, high, low and close.",
            "sqrt(mean(ln(h / l)^2 / 2 - (2 ln 2 - 1) ln(c / o)^2))",
            "Garman, Klass (1980), Journal of Business 53(1)",
            |b| {
                let (range, move_) = (log_ret(b.low, b.high), log_ret(b.open, b.close));
                range * range / 2.0 - (2.0 * LN_2 - 1.0) * (move_ * move_)
            },
        ),
        of(
            "vol__rogers_satchell",
            "Volatility of a bar from open, high, low and close, whatever its drift.",
            "sqrt(mean(ln(h / c) ln(h / o) + ln(l / c) ln(l / o)))",
            "Rogers, Satchell (1991), Annals of Applied Probability 1(4)",
            |b| {
                log_ret(b.close, b.high) * log_ret(b.open, b.high)
                    + log_ret(b.close, b.low) * log_ret(b.open, b.low)
            },
        ),
    ]
}

fn range() -> Template {
    Template::new(
        "vol__range_bps",
        &["1m", "5m", "1h"],
        Takes::Span,
        "Range of the mid over the window, over the mid.",
        "1e4 (max m - min m) / m",
        |a| {
            let mut needs = Needs::new();
            let now = needs.own().quote();
            let range = needs.own().mid_range(a.window);
            built(needs, move |at| {
                let m = at.positive_mid2(now)?;
                let (low, high) = at.range(range)?;
                ratio(high - low, m.into()).map(|x| x * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Strict)
    .domain(0.0, f64::INFINITY)
    .scales(0, 0)
    .mirror(Mirror::Even)
    .oracle("exact rationals; TA-Lib MAX, MIN")
}
