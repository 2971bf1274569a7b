//! Time and session, from reference tables alone.

use crate::at::At;
use crate::catalogue::{Takes, Template, built};
use crate::feature::NullRule::Fact;
use crate::math::{cos, sin};
use crate::needs::{Needs, SessionOf};
use crate::null::Null;
use crate::reference::Session;
use contract::{SessionPhase, Unit};
use std::f64::consts::TAU;

const DAY_S: i64 = 86_400;

pub(super) fn templates() -> Vec<Template> {
    let mut all = vec![
        wave("time__tod_sin", "Sine of the local time of day.", sin, time_of_day),
        wave("time__tod_cos", "Cosine of the local time of day.", cos, time_of_day),
        wave("time__dow_sin", "Sine of the local day of the week, Monday first.", sin, day_of_week),
        wave(
            "time__dow_cos",
            "Cosine of the local day of the week, Monday first.",
            cos,
            day_of_week,
        ),
        wave("time__doy_sin", "Sine of the local day of the year.", sin, day_of_year),
        wave("time__doy_cos", "Cosine of the local day of the year.", cos, day_of_year),
    ];
    all.extend(of_session());
    all.extend(of_events());
    all
}

fn fact(
    stem: &str,
    definition: &str,
    formula: &str,
    value: impl Fn(&At<'_>, SessionOf) -> Result<f64, Null> + Send + Sync + Clone + 'static,
) -> Template {
    Template::new(stem, &["now"], Takes::Now, definition, formula, move |_| {
        let mut needs = Needs::new();
        let session = needs.own().session();
        let value = value.clone();
        built(needs, move |at| value(at, session))
    })
    .rule(Fact)
    .scales(0, 0)
    .oracle("exact rationals; pandas")
}

/// A share of a cycle on the circle.
fn wave(stem: &str, definition: &str, of: fn(f64) -> f64, share: fn(i64) -> f64) -> Template {
    fact(stem, definition, "sin or cos of 2 pi times the share of the cycle", move |at, session| {
        let offset = at.session(session)?.utc_offset_s.ok_or(Null::NotApplicable)?;
        let local = at.cutoff().saturating_add(i64::from(offset) * 1_000_000_000);
        Ok(of(TAU * share(local)))
    })
    .domain(-1.0, 1.0)
}

fn time_of_day(local_ns: i64) -> f64 {
    local_ns.rem_euclid(DAY_S * 1_000_000_000) as f64 / (DAY_S * 1_000_000_000) as f64
}

fn day_of_week(local_ns: i64) -> f64 {
    // 1970-01-01 was a Thursday.
    let day = local_ns.div_euclid(DAY_S * 1_000_000_000);
    (day + 3).rem_euclid(7) as f64 / 7.0
}

fn day_of_year(local_ns: i64) -> f64 {
    let day = local_ns.div_euclid(DAY_S * 1_000_000_000);
    let year = year_of(day);
    let (first, next) = (first_day(year), first_day(year + 1));
    (day - first) as f64 / (next - first) as f64
}

/// Days from 1970-01-01 to the first of January, in the proleptic Gregorian calendar.
fn first_day(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1970) + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400)
        - 477
}

fn year_of(day: i64) -> i64 {
    let mut year = 1970 + day.div_euclid(366);
    while first_day(year + 1) <= day {
        year += 1;
    }
    year
}

/// Open and close of the regular phase that contains the cut-off.
fn regular(session: Session) -> Result<(i64, i64), Null> {
    let bounds = session.ts_start.zip(session.ts_end);
    bounds.filter(|_| session.phase == SessionPhase::Regular).ok_or(Null::NotApplicable)
}

fn of_session() -> Vec<Template> {
    vec![
        fact("time__since_open_s", "Time since the open of the regular session.", "t - open", |at, s| {
            let (open, _) = regular(at.session(s)?)?;
            Ok(at.cutoff().saturating_sub(open) as f64 / 1e9)
        })
        .unit(Unit::S)
        .domain(0.0, f64::INFINITY),
        fact("time__to_close_s", "Time to the close of the regular session.", "close - t", |at, s| {
            let (_, close) = regular(at.session(s)?)?;
            Ok(close.saturating_sub(at.cutoff()) as f64 / 1e9)
        })
        .unit(Unit::S)
        .domain(0.0, f64::INFINITY),
        fact(
            "time__phase",
            "Phase of the session: 0 closed, 1 pre, 2 auction, 3 to 5 first 30 min, middle and last 30 min of the \
             regular session, 6 post.",
            "category",
            |at, s| {
                let session = at.session(s)?;
                let half_hour = 1_800_000_000_000;
                Ok(match session.phase {
                    SessionPhase::Closed => 0.0,
                    SessionPhase::Pre => 1.0,
                    SessionPhase::Auction => 2.0,
                    SessionPhase::Regular => {
                        let (open, close) = regular(session)?;
                        if at.cutoff().saturating_sub(open) < half_hour {
                            3.0
                        } else if close.saturating_sub(at.cutoff()) <= half_hour {
                            5.0
                        } else {
                            4.0
                        }
                    }
                    SessionPhase::Post => 6.0,
                })
            },
        )
        .domain(0.0, 6.0)
        .category(),
        fact("time__half_day", "1 on a shortened session, else 0.", "is_half_day", |at, s| {
            let session = at.session(s)?;
            regular(session)?;
            Ok(f64::from(u8::from(session.is_half_day)))
        })
        .domain(0.0, 1.0),
    ]
}

fn of_events() -> Vec<Template> {
    let expiry = Template::new(
        "time__to_expiry_s",
        &["now"],
        Takes::Now,
        "Time to the expiry of the instrument.",
        "expiry - t",
        |_| {
            let mut needs = Needs::new();
            let facts = needs.own().instrument();
            built(needs, move |at| {
                let left = at
                    .instrument(facts)
                    .ok()
                    .and_then(|f| f.expiry_ns)
                    .map(|e| e.saturating_sub(at.cutoff()));
                let left = left.filter(|ns| *ns >= 0).ok_or(Null::NotApplicable)?;
                Ok(left as f64 / 1e9)
            })
        },
    );
    let event = |stem, definition, formula, pick: fn(crate::reference::Events) -> Option<i64>| {
        Template::new(stem, &["now"], Takes::Now, definition, formula, move |_| {
            let mut needs = Needs::new();
            let events = needs.own().events();
            built(needs, move |at| {
                let ts = pick(at.events(events)?).ok_or(Null::NotApplicable)?;
                Ok(at.cutoff().abs_diff(ts) as f64 / 1e9)
            })
        })
    };
    let all = vec![
        expiry,
        event(
            "time__to_funding_s",
            "Time to the next funding known at the cut-off.",
            "next funding - t",
            |e| e.next_funding,
        ),
        event(
            "time__to_event_s",
            "Time to the next scheduled event known at the cut-off.",
            "next event - t",
            |e| e.next,
        ),
        event(
            "time__since_event_s",
            "Time since the last scheduled event known at the cut-off.",
            "t - last event",
            |e| e.last,
        ),
    ];
    let finish = |t: Template| {
        t.unit(Unit::S)
            .rule(Fact)
            .domain(0.0, f64::INFINITY)
            .scales(0, 0)
            .oracle("exact rationals; pandas")
    };
    all.into_iter().map(finish).collect()
}
