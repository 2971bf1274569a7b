//! The instruments and venues of a scenario, resolved to integers.

use crate::scenario::{Dur, Instrument, Lead, Spec, Venue};
use contract::Price;

/// An instrument in ticks and lots.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub(crate) id: u32,
    pub(crate) symbol: String,
    pub(crate) class: String,
    pub(crate) start_tick: i64,
    /// Tick in 1e-9 of the quote currency, lot in 1e-9 of an instrument unit.
    pub(crate) tick: i64,
    pub(crate) lot: i64,
    pub(crate) multiplier: i64,
    pub(crate) spread: i64,
    pub(crate) move_rate: f64,
    pub(crate) beta: f64,
    pub(crate) depth_lots: i64,
    pub(crate) activity: f64,
    pub(crate) funding_ppm: i64,
}

impl Listing {
    /// Money in 1e-9 for so many lots at a price in 1e-9; exact, since `check` saw that tick × lot divides.
    pub(crate) fn notional(&self, px: i64, lots: i64) -> i128 {
        i128::from(px) * i128::from(self.lot) * i128::from(lots) * i128::from(self.multiplier)
            / 1_000_000_000
    }
}

/// Who repeats whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Follow {
    pub(crate) leader: usize,
    pub(crate) follower: usize,
    pub(crate) delay_ns: i64,
    pub(crate) share: f64,
}

/// Everything that stays fixed in a run.
#[derive(Debug, Clone)]
pub(crate) struct Universe {
    pub(crate) listings: Vec<Listing>,
    pub(crate) venues: Vec<Venue>,
    pub(crate) follows: Vec<Follow>,
}

impl Universe {
    pub(crate) fn new(spec: &Spec) -> Self {
        let listings: Vec<Listing> =
            spec.instruments.iter().zip(1..).map(|(i, id)| listing(i, id)).collect();
        let venues = if spec.venues.is_empty() { default_venues() } else { spec.venues.clone() };
        let at = |symbol: &str| listings.iter().position(|l| l.symbol == symbol);
        let default_leads = [Lead {
            leader: "ALPHA".to_owned(),
            follower: "BETA".to_owned(),
            delay: Dur::ms(500),
            share: 0.5,
        }];
        let leads = if spec.leads.is_empty() { &default_leads[..] } else { &spec.leads[..] };
        let follows = leads
            .iter()
            .filter_map(|l| {
                let (leader, follower) = (at(&l.leader)?, at(&l.follower)?);
                Some(Follow { leader, follower, delay_ns: l.delay.0, share: l.share })
            })
            .collect();
        Self { listings, venues, follows }
    }
}

fn nanos(text: &str) -> i64 {
    // `check` has parsed the same text before.
    Price::parse(text).map_or(1, Price::nanos)
}

fn listing(i: &Instrument, id: u32) -> Listing {
    let tick = nanos(&i.tick);
    Listing {
        id,
        symbol: i.symbol.clone(),
        class: i.class.clone(),
        start_tick: nanos(&i.px) / tick,
        tick,
        lot: nanos(&i.lot),
        multiplier: i.multiplier,
        spread: i.spread_ticks,
        move_rate: i.move_rate,
        beta: i.beta,
        depth_lots: i.depth_lots,
        activity: i.activity,
        funding_ppm: i.funding_ppm,
    }
}

fn default_venues() -> Vec<Venue> {
    let first = Venue {
        name: "XSIM".to_owned(),
        clock_offset: Dur(-350_000),
        clock_drift_ppm: 0.02,
        ..Venue::default()
    };
    let second = Venue {
        name: "XALT".to_owned(),
        clock_offset: Dur(1_200_000),
        clock_drift_ppm: -0.05,
        delay: Dur(2_500_000),
        jitter: Dur(900_000),
        order_delay: Dur::ms(4),
        activity: 0.7,
        ..Venue::default()
    };
    vec![first, second]
}

/// The eight instruments that a scenario has when it names none.
pub(crate) fn default_instruments() -> Vec<Instrument> {
    let row = |symbol: &str, class: &str, px: &str, tick: &str, lot: &str| Instrument {
        symbol: symbol.to_owned(),
        class: class.to_owned(),
        px: px.to_owned(),
        tick: tick.to_owned(),
        lot: lot.to_owned(),
        multiplier: 1,
        spread_ticks: 1,
        move_rate: 0.35,
        beta: 0.5,
        depth_lots: 40,
        activity: 1.0,
        funding_ppm: 0,
    };
    vec![
        Instrument {
            multiplier: 50,
            beta: 0.9,
            move_rate: 0.2,
            ..row("INDEX", "future", "4512.25", "0.25", "1")
        },
        row("ALPHA", "equity", "182.51", "0.01", "10"),
        Instrument { move_rate: 0.25, ..row("BETA", "equity", "61.27", "0.01", "10") },
        row("GAMMA", "equity", "645.47", "0.01", "10"),
        // A coarse tick: one tick of spread is 119 basis points.
        Instrument {
            move_rate: 0.1,
            beta: 0.1,
            depth_lots: 200,
            ..row("WIDE", "equity", "4.20", "0.05", "10")
        },
        Instrument { beta: 0.2, ..row("EURUSD", "fx", "1.08425", "0.00001", "1000") },
        Instrument {
            funding_ppm: 100,
            spread_ticks: 2,
            ..row("COINPERP", "perpetual", "61250.5", "0.5", "0.01")
        },
        Instrument { beta: 0.7, ..row("BASKET", "etf", "38.14", "0.01", "10") },
    ]
}
