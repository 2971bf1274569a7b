//! From sources to a report.

use super::band::Bands;
use super::far::far;
use super::join::{SessionJoin, join};
use super::lag::search;
use super::pieces::{LagPiece, moved};
use super::report::{
    ComparisonView, Differences, InstrumentComparison, PairComparison, SessionComparison,
};
use super::rows::Series;
use super::tally::{Tally, median_twice};
use super::{
    Band, ComparisonError, ComparisonFinding, ComparisonReport, ComparisonSettings, LagReport,
    LagSearch, NotCompared, SourceRows,
};
use crate::Verdict;

/// Compares sources two by two, and names the odd one of three or more.
///
/// - **Shape:** every two sources, in the order given; each instrument that both have; each session.
/// - **Partner:** for each row of the first source the latest row of the second, see [`Ties`](super::Ties), not older than
///   `max_age_ns`. Rows that cannot be compared are counted by reason.
/// - **Units:** differences are first less second, in 1e-9, and as basis points of the second source's mid.
/// - **Band:** declared, or learnt from earlier sessions; a session fails when more of its rows lie outside than allowed.
/// - **Lag:** what must be added to the times of the second source. Two sources cannot tell which of them is right.
/// - **Point in time:** hindsight; the search reads all rows. The band of a session is learnt from earlier ones alone.
/// - **Cost:** one merge a pair, and one over a grid for each lag ([`LagSearch`]).
///
/// # Errors
/// [`ComparisonError`] for settings and sources that cannot be compared.
///
/// ```
/// use contract::testing::quotes;
/// use quality::{ComparisonSettings, CompareBy, SourceRows, Ties, compare};
/// let (mut fxcm, mut oanda) =
///     (SourceRows::new("fxcm", CompareBy::Available), SourceRows::new("oanda", CompareBy::Available));
/// fxcm.quotes(&quotes("1000 1.38672 1.38674, 2000 1.38675 1.38677, 9000 1.38675 1.38677"));
/// oanda.quotes(&quotes("1000 1.38667 1.38677, 2000 1.38670 1.38680"));
/// let settings = ComparisonSettings { ties: Ties::SameInstantCounts, ..ComparisonSettings::new(5_000) };
/// let report = compare(&[fxcm, oanda], &settings)?;
/// let view = &report.pairs[0].instruments[0].as_is;
/// let found = view.differences.unwrap();
/// assert_eq!((found.rows, view.not_compared.stale), (2, 1));
/// assert_eq!((found.min_nanos, found.max_nanos), (10_000.0, 10_000.0)); // a tenth of a pip
/// # Ok::<(), quality::ComparisonError>(())
/// ```
pub fn compare(
    sources: &[SourceRows],
    settings: &ComparisonSettings,
) -> Result<ComparisonReport, ComparisonError> {
    settings.check()?;
    check(sources)?;
    let mut report = ComparisonReport { pairs: Vec::new(), far: Vec::new() };
    for (place, left) in sources.iter().enumerate() {
        for right in sources.iter().skip(place + 1) {
            report.pairs.push(pair(left, right, settings));
        }
    }
    if sources.len() > 2 {
        let mut instruments: Vec<u32> = sources.iter().flat_map(SourceRows::instruments).collect();
        instruments.sort_unstable();
        instruments.dedup();
        for instrument in instruments {
            let all: Vec<_> = sources.iter().map(|source| source.series(instrument)).collect();
            let named: Vec<(&str, &Series)> =
                sources.iter().zip(&all).map(|(source, rows)| (source.name(), &**rows)).collect();
            let grid = settings.lag.unwrap_or_default();
            report.far.extend(far(instrument, &named, &grid, settings.tick(instrument)));
        }
    }
    Ok(report)
}

fn check(sources: &[SourceRows]) -> Result<(), ComparisonError> {
    let mut names: Vec<&str> = sources.iter().map(SourceRows::name).collect();
    names.sort_unstable();
    if names.len() < 2 || names.windows(2).any(|two| two.first() == two.last()) {
        return Err(ComparisonError::Sources { found: names.join(", ") });
    }
    if let [first, rest @ ..] = sources
        && let Some(other) = rest.iter().find(|other| other.by() != first.by())
    {
        return Err(ComparisonError::Times {
            left: first.name().to_owned(),
            left_by: first.by().word(),
            right: other.name().to_owned(),
            right_by: other.by().word(),
        });
    }
    Ok(())
}

fn pair(left: &SourceRows, right: &SourceRows, settings: &ComparisonSettings) -> PairComparison {
    let theirs = right.instruments();
    let common = left.instruments().into_iter().filter(|id| theirs.binary_search(id).is_ok());
    let instruments =
        common.map(|id| instrument(id, &left.series(id), &right.series(id), settings)).collect();
    PairComparison { left: left.name().to_owned(), right: right.name().to_owned(), instruments }
}

fn instrument(
    instrument_id: u32,
    left: &Series,
    right: &Series,
    settings: &ComparisonSettings,
) -> InstrumentComparison {
    let as_is = view(instrument_id, left, right, settings);
    let lag = settings.lag.as_ref().map(|lag| search(left, right, lag));
    let mut findings = Vec::new();
    let mut corrected = None;
    if let Some((lag, found)) = lag.as_ref().zip(settings.lag.as_ref()) {
        let pieces = shifts(lag, found);
        if let [only] = pieces.as_slice() {
            findings.push(ComparisonFinding::TimeZoneSuspect { lag_ns: only.lag_ns });
        } else if !pieces.is_empty() {
            findings.push(ComparisonFinding::TimeZoneChanges { pieces: pieces.clone() });
        }
        if !pieces.is_empty() {
            corrected = Some(view(instrument_id, left, &moved(right, &pieces), settings));
        }
    }
    let is_shifted = !findings.is_empty();
    findings.extend(as_is.sessions.iter().filter(|session| session.verdict == Verdict::Fail).map(
        |session| ComparisonFinding::Outside {
            start_ns: session.start_ns,
            outside: session.outside,
            rows: session.differences.map_or(0, |found| found.rows),
        },
    ));
    let verdict = if is_shifted { Verdict::Fail } else { as_is.verdict.clone() };
    let tick_nanos = settings.tick(instrument_id);
    InstrumentComparison { instrument_id, tick_nanos, as_is, lag, corrected, findings, verdict }
}

/// Pieces to move the second source by: none when nothing is to be moved.
fn shifts(lag: &LagReport, settings: &LagSearch) -> Vec<LagPiece> {
    if lag.pieces.iter().any(|piece| piece.lag_ns != 0) {
        return lag.pieces.clone();
    }
    let Some((best, pieces)) = lag.best.filter(|_| lag.is_suspect).zip(lag.pieces.first()) else {
        return Vec::new();
    };
    // The parts are too short to tell, the whole is not.
    let until = lag.pieces.last().map_or(pieces.until_ns, |last| last.until_ns);
    vec![LagPiece {
        until_ns: until.max(pieces.from_ns.saturating_add(settings.grid_ns)),
        lag_ns: best.lag_ns,
        common: best.common,
        median_abs_nanos: Some(best.median_abs_nanos),
        median_at_zero_nanos: lag.zero.map(|zero| zero.median_abs_nanos),
        ..*pieces
    }]
}

fn view(
    instrument_id: u32,
    left: &Series,
    right: &Series,
    settings: &ComparisonSettings,
) -> ComparisonView {
    let mut bands = Bands::new(settings, instrument_id);
    let mut sessions = Vec::new();
    let (mut tallies, mut micro_bps) = (Vec::new(), Vec::new());
    for (start_ns, mut found) in join(left, right, settings) {
        let tally = Tally::of(std::mem::take(&mut found.differences));
        let band = bands.next();
        let session = session(start_ns, &mut found, &tally, band, bands.sessions(), settings);
        micro_bps.append(&mut found.micro_bps);
        if session.verdict != Verdict::Fail {
            bands.learn(tally.clone());
        }
        tallies.push(tally);
        sessions.push(session);
    }
    let all = Tally::merged(tallies.iter());
    let mut not_compared = NotCompared::default();
    for session in &sessions {
        not_compared.add(&session.not_compared);
    }
    let sum = |of: fn(&SessionComparison) -> u64| sessions.iter().map(of).sum();
    ComparisonView {
        left_rows: sum(|session| session.left_rows),
        right_rows: sum(|session| session.right_rows),
        only_right: sum(|session| session.only_right),
        not_compared,
        differences: differences(&all, &mut micro_bps),
        outside: sum(|session| session.outside),
        verdict: overall(&sessions),
        sessions,
    }
}

fn session(
    start_ns: i64,
    found: &mut SessionJoin,
    tally: &Tally,
    band: Option<Band>,
    learnt: usize,
    settings: &ComparisonSettings,
) -> SessionComparison {
    let outside = band.map_or(0, |band| tally.outside(band));
    let verdict = if tally.rows() == 0 {
        Verdict::NotApplicable
    } else if tally.rows() < settings.min_session_rows {
        Verdict::Insufficient { found: tally.rows(), needed: settings.min_session_rows }
    } else if band.is_none() {
        let needed = settings.min_learn_sessions.max(learnt + 1);
        Verdict::Insufficient { found: learnt as u64, needed: needed as u64 }
    } else if u128::from(outside) * 1_000_000
        > u128::from(settings.max_outside_ppm) * u128::from(tally.rows())
    {
        Verdict::Fail
    } else {
        Verdict::Pass
    };
    SessionComparison {
        start_ns,
        left_rows: found.left_rows,
        right_rows: found.right_rows,
        only_right: found.only_right,
        not_compared: found.not_compared,
        differences: differences(tally, &mut found.micro_bps),
        band: band.filter(|_| tally.rows() > 0),
        outside,
        verdict,
    }
}

/// Fail before pass before insufficient before not applicable.
fn overall(sessions: &[SessionComparison]) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Fail => 0,
        Verdict::Pass => 1,
        Verdict::NotApplicable => 3,
        _ => 2,
    };
    let verdicts = sessions.iter().map(|session| &session.verdict);
    verdicts.min_by_key(|verdict| rank(verdict)).cloned().unwrap_or(Verdict::NotApplicable)
}

fn differences(tally: &Tally, micro_bps: &mut [u64]) -> Option<Differences> {
    // Hundredths of halves of 1e-9.
    let nanos = |hundredths: i128| hundredths as f64 / 200.0;
    let (min, max) = tally.ends()?;
    Some(Differences {
        rows: tally.rows(),
        median_abs_nanos: nanos(tally.magnitudes().percentile(50)?),
        p01_nanos: nanos(tally.percentile(1)?),
        p99_nanos: nanos(tally.percentile(99)?),
        min_nanos: min as f64 / 2.0,
        max_nanos: max as f64 / 2.0,
        median_abs_bps: median_twice(micro_bps).map(|twice| twice as f64 / 2_000_000.0),
    })
}
