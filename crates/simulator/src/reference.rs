//! Reference tables of a run: everything that is fixed before it starts.

use crate::calendar::{Calendar, instant, offset};
use crate::desk::STRATEGIES;
use crate::emit::{BOOKS, BROKER, CCY, DESK, NEWS};
use crate::scenario::{Day, Dur, Spec};
use crate::universe::Universe;
use contract::arrow_array::RecordBatch;
use contract::{
    AdjustmentKind, Adjustments, Amount, AssetClass, BuildError, EventId, FeeSchedules,
    InstrumentId, Instruments, Price, Roles, ScheduledEvents, SessionPhase, Sessions, SizeUnit,
    SourceId, SourceKind, Sources, Symbols, TableBuilder, UtcNanos, Vocabulary as _,
};

/// Everything was known one day before the first row.
fn known(calendar: &Calendar) -> UtcNanos {
    UtcNanos::from_nanos(calendar.start - 86_400_000_000_000)
}

pub(crate) fn tables(
    spec: &Spec,
    universe: &Universe,
    calendar: &Calendar,
    accounts: &[[u8; 16]; 4],
) -> Result<Vec<(&'static str, RecordBatch)>, BuildError> {
    Ok(vec![
        ("sources", sources(universe, calendar)?),
        ("instruments", instruments(universe, calendar)?),
        ("symbols", symbols(universe, calendar)?),
        ("adjustments", adjustments(universe, calendar)?),
        ("sessions", sessions(spec, universe, calendar)?),
        ("scheduled_events", scheduled(universe, calendar)?),
        ("roles", roles(universe, calendar)?),
        ("fee_schedules", fees(spec, universe, calendar, accounts)?),
    ])
}

fn sources(universe: &Universe, calendar: &Calendar) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<Sources>::new(known(calendar));
    let from = known(calendar);
    let mut row = |id: u16, name: &str, venue: &str, kind, clock: &str, delay: Option<i64>| {
        out.set(&Sources::TS_AVAIL, from)
            .set(&Sources::VALID_FROM, from)
            .set(&Sources::SOURCE_ID, SourceId::new(id))
            .set(&Sources::NAME, name)
            .set(&Sources::VENUE, venue)
            .set(&Sources::KIND, kind)
            .set(&Sources::CLOCK_DOMAIN, clock)
            .set(&Sources::PRIORITY, u8::from(id != 1))
            .set(&Sources::EVENT_UNIT_NS, 1)
            .set(&Sources::DECLARED_DELAY_NS, delay)
            .set(&Sources::CLOCK_BOUND_NS, 10_000_000)
            .set(&Sources::ALLOWED_LATENESS_NS, 2_000_000_000)
            .set(&Sources::LICENSE_CLASS, "simulated");
        out.end_row()
    };
    for (venue, n) in universe.venues.iter().zip(1..) {
        let name = format!("{}_feed", venue.name.to_lowercase());
        row(n, &name, &venue.name, SourceKind::VenueFeed, &venue.name, Some(venue.delay.0))?;
    }
    for (venue, n) in universe.venues.iter().zip(BROKER..) {
        let name = format!("{}_reports", venue.name.to_lowercase());
        row(n, &name, &venue.name, SourceKind::Broker, &venue.name, Some(venue.delay.0))?;
    }
    row(DESK, "desk", "desk", SourceKind::Strategy, "own", None)?;
    row(BOOKS, "desk_books", "desk", SourceKind::Operator, "own", None)?;
    row(NEWS, "sim_news", "sim_news", SourceKind::News, "own", None)?;
    Ok(out.finish()?.into_record_batch())
}

fn instruments(universe: &Universe, calendar: &Calendar) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<Instruments>::new(known(calendar));
    let from = known(calendar);
    for l in &universe.listings {
        let class = AssetClass::from_word(&l.class).unwrap_or(AssetClass::Other);
        let unit = match class {
            AssetClass::Future | AssetClass::Perpetual | AssetClass::Option => SizeUnit::Contract,
            AssetClass::Equity | AssetClass::Etf => SizeUnit::Share,
            _ => SizeUnit::Base,
        };
        let venue = universe.venues.first().map_or("XSIM", |v| v.name.as_str());
        out.set(&Instruments::TS_AVAIL, from)
            .set(&Instruments::VALID_FROM, from)
            .set(&Instruments::INSTRUMENT_ID, InstrumentId::new(l.id))
            .set(&Instruments::RAW_SYMBOL, l.symbol.as_str())
            .set(&Instruments::VENUE, venue)
            .set(&Instruments::QUOTE_CCY, CCY)
            .set(&Instruments::STATUS, "active")
            .set(&Instruments::ASSET_CLASS, class)
            .set(&Instruments::SIZE_UNIT, unit)
            .set(&Instruments::MULTIPLIER, Amount::from_units(l.multiplier))
            .set(&Instruments::TICK_SIZE, Price::from_nanos(l.tick))
            .set(&Instruments::LOT_SIZE, Amount::from_nanos(i128::from(l.lot)))
            .set(&Instruments::MIN_QTY, Amount::from_nanos(i128::from(l.lot)))
            .set(&Instruments::SETTLE_CCY, CCY)
            .set(&Instruments::CALENDAR_ID, venue);
        out.end_row()?;
    }
    Ok(out.finish()?.into_record_batch())
}

fn symbols(universe: &Universe, calendar: &Calendar) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<Symbols>::new(known(calendar));
    let from = known(calendar);
    for (_, n) in universe.venues.iter().zip(1..) {
        for l in &universe.listings {
            out.set(&Symbols::TS_AVAIL, from)
                .set(&Symbols::VALID_FROM, from)
                .set(&Symbols::SOURCE_ID, SourceId::new(n))
                .set(&Symbols::VENDOR_SYMBOL, l.symbol.as_str())
                .set(&Symbols::INSTRUMENT_ID, InstrumentId::new(l.id));
            out.end_row()?;
        }
    }
    Ok(out.finish()?.into_record_batch())
}

fn adjustments(universe: &Universe, calendar: &Calendar) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<Adjustments>::new(known(calendar));
    for (at, effective, num) in &calendar.splits {
        let Some(listing) = universe.listings.get(*at) else { continue };
        out.set(&Adjustments::TS_AVAIL, known(calendar))
            .set(&Adjustments::INSTRUMENT_ID, InstrumentId::new(listing.id))
            .set(&Adjustments::TS_EFFECTIVE, UtcNanos::from_nanos(*effective))
            .set(&Adjustments::KIND, AdjustmentKind::Split)
            .set(&Adjustments::NUM, *num)
            .set(&Adjustments::DEN, 1);
        out.end_row()?;
    }
    Ok(out.finish()?.into_record_batch())
}

fn sessions(
    spec: &Spec,
    universe: &Universe,
    calendar: &Calendar,
) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<Sessions>::new(known(calendar));
    for (n, venue) in universe.venues.iter().enumerate() {
        for day in &spec.days {
            for (phase, from, to, offset_ns) in phases(day, n) {
                let seconds = offset_ns / 1_000_000_000;
                out.set(&Sessions::TS_AVAIL, known(calendar))
                    .set(&Sessions::CALENDAR_ID, venue.name.as_str())
                    .set(&Sessions::LOCAL_DATE, day.date.as_str())
                    .set(&Sessions::PHASE, phase)
                    .set(&Sessions::TS_START, UtcNanos::from_nanos(from))
                    .set(&Sessions::TS_END, UtcNanos::from_nanos(to))
                    .set(&Sessions::UTC_OFFSET_S, i32::try_from(seconds).unwrap_or(0))
                    .set(&Sessions::IS_HALF_DAY, day.half);
                out.end_row()?;
            }
        }
    }
    Ok(out.finish()?.into_record_batch())
}

/// Phases of a day as instants with the offset in force; regular trading is split by the lunch break of the second
/// venue, and where the clock changes.
fn phases(day: &Day, venue: usize) -> Vec<(SessionPhase, i64, i64, i64)> {
    let span = |phase, from: Dur, to: Dur| {
        (phase, instant(day, from), instant(day, to), offset(day, from))
    };
    let mut out = vec![span(SessionPhase::Auction, day.auction, day.open)];
    let regular = match day.lunch.filter(|_| venue == 1) {
        Some([from, to]) => vec![(day.open, from), (to, day.close_auction)],
        None => vec![(day.open, day.close_auction)],
    };
    for (from, to) in regular {
        match day.offset_change.as_ref().map(|c| c.at).filter(|at| from < *at && *at < to) {
            Some(at) => {
                out.push((
                    SessionPhase::Regular,
                    instant(day, from),
                    instant(day, at),
                    offset(day, from),
                ));
                out.push(span(SessionPhase::Regular, at, to));
            }
            None => out.push(span(SessionPhase::Regular, from, to)),
        }
    }
    out.push(span(SessionPhase::Auction, day.close_auction, day.close));
    out
}

/// Funding times of each instrument that has funding.
fn scheduled(universe: &Universe, calendar: &Calendar) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<ScheduledEvents>::new(known(calendar));
    for listing in universe.listings.iter().filter(|l| l.funding_ppm != 0) {
        for ts in &calendar.funding {
            let mut token = [0; 10];
            token[..4].copy_from_slice(&listing.id.to_be_bytes());
            let ms = u64::try_from(ts / 1_000_000).unwrap_or(0);
            out.set(&ScheduledEvents::TS_AVAIL, known(calendar))
                .set(&ScheduledEvents::EVENT_ID, EventId::v7(ms, token))
                .set(&ScheduledEvents::KIND, "funding")
                .set(&ScheduledEvents::TS_SCHEDULED, UtcNanos::from_nanos(*ts))
                .set(&ScheduledEvents::INSTRUMENT_ID, InstrumentId::new(listing.id));
            out.end_row()?;
        }
    }
    Ok(out.finish()?.into_record_batch())
}

fn roles(universe: &Universe, calendar: &Calendar) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<Roles>::new(known(calendar));
    let from = known(calendar);
    let mut row = |id: u32, role: &str, other: u32| {
        out.set(&Roles::TS_AVAIL, from)
            .set(&Roles::VALID_FROM, from)
            .set(&Roles::INSTRUMENT_ID, InstrumentId::new(id))
            .set(&Roles::ROLE, role)
            .set(&Roles::OTHER_INSTRUMENT_ID, InstrumentId::new(other));
        out.end_row()
    };
    let first = universe.listings.first().map_or(0, |l| l.id);
    for l in universe.listings.iter().skip(1) {
        row(l.id, "benchmark", first)?;
        row(l.id, "hedge", first)?;
    }
    for follow in &universe.follows {
        if let (Some(a), Some(b)) =
            (universe.listings.get(follow.follower), universe.listings.get(follow.leader))
        {
            row(a.id, "leader", b.id)?;
        }
    }
    Ok(out.finish()?.into_record_batch())
}

fn fees(
    spec: &Spec,
    universe: &Universe,
    calendar: &Calendar,
    accounts: &[[u8; 16]; 4],
) -> Result<RecordBatch, BuildError> {
    let mut out = TableBuilder::<FeeSchedules>::new(known(calendar));
    let from = known(calendar);
    for (_, n) in universe.venues.iter().zip(BROKER..) {
        for (account, _) in accounts.iter().zip(STRATEGIES) {
            out.set(&FeeSchedules::TS_AVAIL, from)
                .set(&FeeSchedules::VALID_FROM, from)
                .set(&FeeSchedules::SOURCE_ID, SourceId::new(n))
                .set(&FeeSchedules::ACCOUNT_REF, EventId::from_bytes(*account))
                .set(&FeeSchedules::MAKER_BPS, spec.desk.maker_bps)
                .set(&FeeSchedules::TAKER_BPS, spec.desk.taker_bps)
                .set(&FeeSchedules::CCY, CCY);
            out.end_row()?;
        }
    }
    Ok(out.finish()?.into_record_batch())
}
