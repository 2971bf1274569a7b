//! Whether a scenario can be simulated.

use crate::scenario::{Day, ScenarioError, Spec};
use contract::{Price, UtcNanos};

type Checked = Result<(), ScenarioError>;

fn refuse<F: std::fmt::Display + Copy>(
    key: impl Into<String>,
    expected: &'static str,
    found: F,
) -> Checked {
    Err(ScenarioError::Value { key: key.into(), expected, found: found.to_string() })
}

pub(crate) fn check(spec: &Spec) -> Checked {
    if spec.slice.0 < 1_000_000_000 {
        return refuse("slice", "at least 1s", contract::format_duration_ns(spec.slice.0).as_str());
    }
    if spec.horizon.0 < 1_000_000_000 {
        return refuse(
            "horizon",
            "at least 1s",
            contract::format_duration_ns(spec.horizon.0).as_str(),
        );
    }
    if spec.days.is_empty() {
        return refuse("days", "at least one day", "none");
    }
    for pair in spec.days.windows(2) {
        if let [a, b] = pair
            && a.date >= b.date
        {
            return refuse("days.date", "increasing dates", &b.date);
        }
    }
    spec.days.iter().try_for_each(day)?;
    if spec.venues.len() > 2 {
        return refuse("venues", "one or two", spec.venues.len());
    }
    if spec.instruments.len() > 1000 {
        return refuse("instruments", "at most 1000", spec.instruments.len());
    }
    for (at, venue) in spec.venues.iter().enumerate() {
        let key = |name: &str| format!("venues[{at}].{name}");
        if venue.order_delay.0 <= 0 || venue.delay.0 < 0 || venue.jitter.0 < 0 {
            return refuse(key("delay"), "delays of at least 0, of orders above 0", venue.delay.0);
        }
        if venue.bound_ticks < 1 {
            return refuse(key("bound_ticks"), "at least 1", venue.bound_ticks);
        }
        range(key("activity"), venue.activity, 0.0, 100.0)?;
        range(key("noise_rate"), venue.noise_rate, 0.0, 100.0)?;
        range(key("clock_drift_ppm"), venue.clock_drift_ppm, -1000.0, 1000.0)?;
    }
    instruments(spec)?;
    range("common.rate", spec.common.rate, 0.0, 100.0)?;
    range("common.vol_high", spec.common.vol_high, 1.0, 20.0)?;
    range("signal.strength", spec.signal.strength, 0.0, 1.0)?;
    range("signal.flow_tilt", spec.signal.flow_tilt, 0.0, 1.0)?;
    range("signal.book_tilt", spec.signal.book_tilt, 0.0, 1.0)?;
    range("flow.rate", spec.flow.rate, 0.01, 10_000.0)?;
    range("flow.branching", spec.flow.branching, 0.0, 0.95)?;
    range("flow.market_share", spec.flow.market_share, 0.0, 1.0)?;
    range("flow.imbalance_tilt", spec.flow.imbalance_tilt, 0.0, 1.0)?;
    if spec.signal.dwell.0 <= 0
        || spec.common.vol_dwell.0 <= 0
        || spec.flow.decay.0 <= 0
        || spec.signal.news_every.0 <= 0
    {
        return refuse(
            "signal.dwell",
            "durations above 0 for dwell, vol_dwell, decay and news_every",
            "0 or less",
        );
    }
    if spec.flow.depth_every == 0 {
        return refuse("flow.depth_every", "at least 1", 0);
    }
    let desk = &spec.desk;
    for (key, rate) in [
        ("desk.taker_rate", desk.taker_rate),
        ("desk.maker_rate", desk.maker_rate),
        ("desk.explorer_rate", desk.explorer_rate),
        ("desk.hedger_rate", desk.hedger_rate),
    ] {
        range(key, rate, 0.0, 1000.0)?;
    }
    for (key, p) in [
        ("desk.reject_prob", desk.reject_prob),
        ("desk.bust_prob", desk.bust_prob),
        ("desk.correct_prob", desk.correct_prob),
    ] {
        range(key, p, 0.0, 1.0)?;
    }
    if desk.order_lots < 1 || desk.max_lots < desk.order_lots {
        return refuse("desk.max_lots", "max_lots >= order_lots >= 1", desk.max_lots);
    }
    for (at, fault) in spec.faults.iter().enumerate() {
        if !(0.0..=1.0e6).contains(&fault.rate) || fault.magnitude.is_some_and(|m| !m.is_finite()) {
            return refuse(
                format!("faults[{at}].rate"),
                "a rate of at least 0 and a finite magnitude",
                fault.rate,
            );
        }
    }
    Ok(())
}

fn range(key: impl Into<String>, value: f64, low: f64, high: f64) -> Checked {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(ScenarioError::Value {
        key: key.into(),
        expected: "a finite number inside its range",
        found: format!("{value} outside {low} to {high}"),
    })
}

fn day(day: &Day) -> Checked {
    if UtcNanos::parse(&format!("{}T00:00:00Z", day.date)).is_err() {
        return refuse("days.date", "a date YYYY-MM-DD", &day.date);
    }
    let times = [day.auction, day.open, day.close_auction, day.close];
    if !times.is_sorted_by(|a, b| a < b)
        || day.auction.0 < 0
        || day.close.0 > 24 * 3_600_000_000_000
    {
        return refuse(
            "days.open",
            "auction < open < close_auction < close, all within the day",
            &day.date,
        );
    }
    if let Some([from, to]) = day.lunch
        && !(day.open < from && from < to && to < day.close_auction)
    {
        return refuse("days.lunch", "a span inside continuous trading", &day.date);
    }
    Ok(())
}

fn instruments(spec: &Spec) -> Checked {
    for (at, i) in spec.instruments.iter().enumerate() {
        let key = |name: &str| format!("instruments[{at}].{name}");
        let parse = |name: &str, text: &str| match Price::parse(text) {
            Ok(px) if px.nanos() > 0 => Ok(px.nanos()),
            _ => Err(ScenarioError::Value {
                key: key(name),
                expected: "a decimal above 0 with at most 9 places",
                found: text.to_owned(),
            }),
        };
        let (px, tick, lot) = (parse("px", &i.px)?, parse("tick", &i.tick)?, parse("lot", &i.lot)?);
        if px % tick != 0 || px / tick < 20 {
            return refuse(key("px"), "a multiple of the tick, at least 20 ticks", &i.px);
        }
        if (i128::from(tick) * i128::from(lot)) % 1_000_000_000 != 0 {
            return refuse(
                key("lot"),
                "tick x lot a multiple of 1e-9, so that money is exact",
                &i.lot,
            );
        }
        if !(1..=9).contains(&i.spread_ticks) {
            return refuse(key("spread_ticks"), "1 to 9", i.spread_ticks);
        }
        if i.depth_lots < 4 || i.depth_lots > 1_000_000 {
            return refuse(key("depth_lots"), "4 to 1000000", i.depth_lots);
        }
        if !(1..=1_000_000).contains(&i.multiplier) {
            return refuse(key("multiplier"), "1 to 1000000", i.multiplier);
        }
        range(key("move_rate"), i.move_rate, 0.0, 100.0)?;
        range(key("beta"), i.beta, 0.0, 1.0)?;
        range(key("activity"), i.activity, 0.0, 100.0)?;
        if spec.instruments.iter().take(at).any(|other| other.symbol == i.symbol) {
            return refuse(key("symbol"), "a symbol used once", &i.symbol);
        }
    }
    let known = |symbol: &str| spec.instruments.iter().any(|i| i.symbol == symbol);
    let named = spec.halts.iter().map(|h| ("halts.symbol", &h.symbol));
    let named = named.chain(spec.splits.iter().map(|s| ("splits.symbol", &s.symbol)));
    let mut named = named.chain(
        spec.leads
            .iter()
            .flat_map(|l| [("leads.leader", &l.leader), ("leads.follower", &l.follower)]),
    );
    if let Some((key, symbol)) = named.find(|(_, symbol)| !known(symbol)) {
        return refuse(key, "the symbol of an instrument", symbol);
    }
    for lead in &spec.leads {
        range("leads.share", lead.share, 0.0, 1.0)?;
        if lead.delay.0 <= 0 || lead.delay.0 >= spec.horizon.0 {
            return refuse("leads.delay", "above 0 and below the horizon", lead.delay.0);
        }
    }
    for split in &spec.splits {
        if !(2..=100).contains(&split.num) {
            return refuse("splits.num", "2 to 100", split.num);
        }
    }
    Ok(())
}
