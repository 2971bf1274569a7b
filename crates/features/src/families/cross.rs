//! Other instruments, by the roles that they play.

use super::enough;
use super::{book, flow};
use crate::at::At;
use crate::catalogue::{Args, Built, Takes, Template, built};
use crate::exact::{log_quotient, log_ret};
use crate::feature::NullRule::{Hold, Tolerant};
use crate::needs::{GridOf, Needs};
use crate::null::Null;
use crate::rows::Cell;
use crate::window::{SECOND, Window};
use contract::Unit;

pub(super) fn templates() -> Vec<Template> {
    vec![
        peer_return(),
        return_difference(),
        of_pairs(
            "cross__beta_{r}",
            &["g300x1s", "g60x1m"],
            "Slope of own returns on the role's.",
            "cov(y, x) / var(x)",
            Moments::beta,
        )
        .oracle("exact rationals; statsmodels RollingOLS"),
        of_pairs(
            "cross__corr_{r}",
            &["g300x1s", "g60x1m"],
            "Correlation of own returns with the role's.",
            "cov(y, x) / (sd y sd x)",
            Moments::correlation,
        )
        .domain(-1.0, 1.0)
        .oracle("exact rationals; pandas rolling.corr"),
        idiosyncratic_return(),
        of_pairs(
            "cross__idio_vol_{r}",
            &["g60x1m"],
            "Standard deviation of own returns less beta times the role's.",
            "sd of y - beta x",
            Moments::residual_sd,
        )
        .domain(0.0, f64::INFINITY)
        .oracle("exact rationals; statsmodels"),
        book::order_flow_by_depth("cross__ofi_norm_{r}", true).stops_in_halt(),
        flow::imbalance("cross__imb_vol_{r}", true),
        basis(),
    ]
}

fn peer_return() -> Template {
    Template::new(
        "cross__ret_{r}",
        &["1s", "10s", "1m", "5m"],
        Takes::Span,
        "Log return of the mid of the role's instrument over the window.",
        "log_ret(T) of the role's instrument",
        |a| {
            let mut needs = Needs::new();
            let now = needs.peer(a.role).quote();
            let then = needs.peer(a.role).quote_before(a.ns());
            built(needs, move |at| Ok(log_ret(at.positive_mid2(then)?, at.positive_mid2(now)?)))
        },
    )
    .rule(Hold)
    .scales(0, 0)
    .oracle("exact rationals; pandas merge_asof")
}

fn return_difference() -> Template {
    Template::new(
        "cross__ret_diff_{r}",
        &["10s", "1m", "5m"],
        Takes::Span,
        "Own log return of the mid less that of the role's instrument.",
        "log_ret(T) - log_ret(T) of the role",
        |a| {
            let mut needs = Needs::new();
            let own = needs.own().quote();
            let own_then = needs.own().quote_before(a.ns());
            let peer = needs.peer(a.role).quote();
            let peer_then = needs.peer(a.role).quote_before(a.ns());
            built(needs, move |at| {
                let (y0, y1) = (at.positive_mid2(own_then)?, at.positive_mid2(own)?);
                let (x0, x1) = (at.positive_mid2(peer_then)?, at.positive_mid2(peer)?);
                // One logarithm of a quotient of exact products: the difference of two would lose what they share.
                let product = |a: i64, b: i64| i128::from(a) * i128::from(b);
                Ok(log_quotient(product(y0, x1), product(y1, x0)))
            })
        },
    )
    .rule(Hold)
    .scales(0, 0)
    .oracle("exact rationals; pandas merge_asof")
}

/// Mids of both instruments at the same instants of the grid, and the step of the returns.
#[derive(Debug, Clone, Copy)]
struct Pair {
    own: GridOf,
    peer: GridOf,
    step_ns: i64,
    n: u32,
}

fn ask_pair(needs: &mut Needs, a: &Args<'_>) -> Option<Pair> {
    let Window::Grid { n, step_ns } = a.window else { return None };
    // One instant more than returns, on the 1 s grid.
    let instants = u32::try_from(i64::from(n + 1).checked_mul(step_ns)? / SECOND).ok()?;
    let cover = i64::from(n).saturating_mul(step_ns);
    let own = needs.own().mids_covered(instants, cover);
    let peer = needs.peer(a.role).mids_covered(instants, cover);
    Some(Pair { own, peer, step_ns, n })
}

/// Moments of pairs of returns: `y` own, `x` the role's.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n: f64,
    xx: f64,
    yy: f64,
    xy: f64,
}

impl Moments {
    /// Returns between neighbouring instants at which all four mids are valid; rule `K` over the entries.
    #[expect(clippy::float_cmp, reason = "a constant is equal to itself in every bit")]
    fn of(at: &At<'_>, pair: Pair) -> Result<Self, Null> {
        let (own, _) = at.grid(pair.own)?;
        let (peer, _) = at.grid(pair.peer)?;
        let last = at.cutoff().div_euclid(pair.step_ns) * pair.step_ns;
        let first = last - i64::from(pair.n) * pair.step_ns;
        let on_grid = move |c: &&Cell| c.ts >= first && c.ts.rem_euclid(pair.step_ns) == 0;
        let mut pairs: Vec<(f64, f64)> = Vec::with_capacity(pair.n as usize);
        let mut peers = peer.filter(on_grid).peekable();
        let mut before: Option<(i64, i64, i64)> = None;
        for cell in own.filter(on_grid) {
            while peers.next_if(|p| p.ts < cell.ts).is_some() {}
            let other = peers.peek().filter(|p| p.ts == cell.ts).and_then(|p| p.mid2);
            let mids = cell.mid2.zip(other).filter(|(y, x)| *y > 0 && *x > 0);
            let now = mids.map(|(y, x)| (cell.ts, y, x));
            if let (Some((then, y0, x0)), Some((ts, y1, x1))) = (before, now)
                && ts - then == pair.step_ns
            {
                pairs.push((log_ret(y0, y1), log_ret(x0, x1)));
            }
            before = now;
        }
        enough(pairs.len() as i128, pair.n.into())?;
        let n = pairs.len() as f64;
        let (sy, sx) = pairs.iter().fold((0.0, 0.0), |(sy, sx), (y, x)| (sy + y, sx + x));
        let (my, mx) = (sy / n, sx / n);
        // The mean may round away from equal values; what is constant has no variance.
        let constant = |pick: fn(&(f64, f64)) -> f64| {
            pairs.iter().all(|p| pairs.first().is_some_and(|first| pick(p) == pick(first)))
        };
        let mut moments = pairs.iter().fold(Self { n, ..Self::default() }, |m, (y, x)| Self {
            xx: m.xx + (x - mx) * (x - mx),
            yy: m.yy + (y - my) * (y - my),
            xy: m.xy + (x - mx) * (y - my),
            ..m
        });
        if constant(|p| p.1) {
            (moments.xx, moments.xy) = (0.0, 0.0);
        }
        if constant(|p| p.0) {
            (moments.yy, moments.xy) = (0.0, 0.0);
        }
        Ok(moments)
    }

    fn beta(self) -> Result<f64, Null> {
        if self.xx == 0.0 { Err(Null::ZeroDenominator) } else { Ok(self.xy / self.xx) }
    }

    fn correlation(self) -> Result<f64, Null> {
        if self.xx == 0.0 || self.yy == 0.0 {
            return Err(Null::ZeroDenominator);
        }
        Ok((self.xy / (self.xx.sqrt() * self.yy.sqrt())).clamp(-1.0, 1.0))
    }

    fn residual_sd(self) -> Result<f64, Null> {
        let beta = self.beta()?;
        if self.n < 2.0 {
            return Err(Null::ZeroDenominator);
        }
        Ok(((self.yy - beta * self.xy).max(0.0) / (self.n - 1.0)).sqrt())
    }
}

fn of_pairs(
    stem: &str,
    windows: &[&str],
    definition: &str,
    formula: &str,
    value: fn(Moments) -> Result<f64, Null>,
) -> Template {
    let build = move |a: &Args<'_>| -> Option<Built> {
        let mut needs = Needs::new();
        let pair = ask_pair(&mut needs, a)?;
        built(needs, move |at| value(Moments::of(at, pair)?))
    };
    Template::new(stem, windows, Takes::Grid, definition, formula, build)
        .rule(Tolerant)
        .scales(0, 0)
}

fn idiosyncratic_return() -> Template {
    Template::new(
        "cross__idio_ret_{r}",
        &["1m"],
        Takes::Span,
        "Own log return less beta, over the last 60 minutes, times the role's.",
        "own log_ret(T) - beta(g60x1m) x the role's",
        |a| {
            let window = Window::Grid { n: 60, step_ns: 60 * SECOND };
            let mut needs = Needs::new();
            let own = needs.own().quote();
            let own_then = needs.own().quote_before(a.ns());
            let peer = needs.peer(a.role).quote();
            let peer_then = needs.peer(a.role).quote_before(a.ns());
            let pair = ask_pair(&mut needs, &Args { window, ..*a })?;
            built(needs, move |at| {
                let own = log_ret(at.positive_mid2(own_then)?, at.positive_mid2(own)?);
                let peer = log_ret(at.positive_mid2(peer_then)?, at.positive_mid2(peer)?);
                Ok(own - Moments::of(at, pair)?.beta()? * peer)
            })
        },
    )
    .rule(Tolerant)
    .scales(0, 0)
    .oracle("exact rationals; statsmodels")
}

fn basis() -> Template {
    Template::new(
        "cross__basis_bps_{r}",
        &["now"],
        Takes::Now,
        "Log distance of the own mid from the mid of the role's instrument of the same quote currency.",
        "1e4 L(m of the role, m)",
        |a| {
            let mut needs = Needs::new();
            let own = needs.own().quote();
            let peer = needs.peer(a.role).quote();
            let own_facts = needs.own().instrument();
            let peer_facts = needs.peer(a.role).instrument();
            built(needs, move |at| {
                // Nothing says how another currency converts.
                if at.instrument(own_facts)?.quote_ccy != at.instrument(peer_facts)?.quote_ccy {
                    return Err(Null::NotApplicable);
                }
                Ok(log_ret(at.positive_mid2(peer)?, at.positive_mid2(own)?) * 1e4)
            })
        },
    )
    .unit(Unit::Bps)
    .rule(Hold)
    .oracle("exact rationals")
}
