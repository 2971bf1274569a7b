//! Map files become `symbols`, factor files become `adjustments`.

use super::field::{Refusal, price, split};
use crate::clock::{Clock, Local, LocalDate};
use contract::{
    AdjustmentKind, Adjustments, Amount, AnyBatch, BuildError, InstrumentId, Origin, Reject,
    SourceId, Symbols, TableBuilder, UtcNanos,
};
use std::collections::BTreeMap;

/// What a path of reference data says: `<type>/<market>/map_files/<symbol>.csv`, or `factor_files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CorporatePath {
    pub(super) source: String,
    pub(super) symbol: String,
    pub(super) is_map: bool,
}

impl CorporatePath {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let stem = path.strip_suffix(".csv")?;
        let mut parts = stem.rsplit(['/', '\\']).filter(|part| !part.is_empty());
        let (symbol, folder) = (parts.next()?.to_lowercase(), parts.next()?);
        let is_map = match folder {
            "map_files" => true,
            "factor_files" => false,
            _ => return None,
        };
        let (market, security) = (parts.next()?.to_lowercase(), parts.next()?.to_lowercase());
        Some(Self { source: format!("{security}/{market}"), symbol, is_map })
    }

    pub(super) fn table(&self) -> &'static str {
        if self.is_map { "symbols" } else { "adjustments" }
    }
}

/// What all lines of a file share.
pub(super) struct Subject<'a> {
    pub(super) clock: &'a mut Clock,
    pub(super) source_id: SourceId,
    pub(super) instrument_id: InstrumentId,
    pub(super) origin: &'a Origin,
    pub(super) table: &'static str,
}

/// The rows of a file; no line is without a row or a reject but those that `merged` counts.
pub(super) struct Corporate {
    pub(super) batch: AnyBatch,
    pub(super) rejects: Vec<Reject>,
    pub(super) lines: u64,
    /// Lines that open a file or change nothing.
    pub(super) merged: u64,
}

/// The last day of a listing that goes on.
const OPEN: &[u8] = b"20501231";

impl Subject<'_> {
    /// The first instant of a local day.
    fn start(&mut self, date: LocalDate) -> Result<UtcNanos, Refusal> {
        const HOUR: i64 = 3_600_000_000_000;
        for since_midnight_ns in [0, HOUR] {
            match self.clock.utc(date, since_midnight_ns) {
                Local::At(t) | Local::Earlier(t) => return Ok(t),
                // Midnight is skipped in some zones once a year.
                Local::Gap => {}
                Local::UnitSuspect => break,
            }
        }
        Err(Refusal::stamp("feeds/unit-suspect", "a date within the limits of the spec"))
    }

    fn reject(&self, refusal: Refusal, number: u64, line: &[u8]) -> Reject {
        refusal.into_reject(self.origin, self.table, number, line)
    }

    /// Reads a whole file.
    pub(super) fn read(&mut self, is_map: bool, text: &[u8]) -> Result<Corporate, BuildError> {
        if is_map { self.map_file(text) } else { self.factor_file(text) }
    }

    /// `date, symbol[, exchange[, mode]]`: the symbol in use up to and including the date, after the date of the line
    /// before; the first line is the first day.
    fn map_file(&mut self, text: &[u8]) -> Result<Corporate, BuildError> {
        let mut rows = TableBuilder::<Symbols>::new(UtcNanos::from_nanos(0));
        let (mut rejects, mut lines, mut merged) = (Vec::new(), 0, 0);
        let mut from: Option<(LocalDate, String)> = None;
        // A symbol that comes back is a revision of its row, because the key is the symbol.
        let mut used: BTreeMap<String, u16> = BTreeMap::new();
        for (number, line) in numbered(text) {
            lines += 1;
            let found = map_line(line, from.as_ref());
            let (until, symbol, is_open) = match found {
                Ok(found) => found,
                Err(refusal) => {
                    rejects.push(self.reject(refusal, number, line));
                    continue;
                }
            };
            let Some((first, _)) = &from else {
                merged += 1;
                from = Some((until, symbol));
                continue;
            };
            let span = self.start(*first).and_then(|start| {
                let end = if is_open { None } else { Some(self.start(until.next())?) };
                Ok((start, end))
            });
            match span {
                Ok((start, end)) => {
                    let revision = used.entry(symbol.clone()).or_default();
                    rows.set(&Symbols::TS_AVAIL, start)
                        .set(&Symbols::REVISION, *revision)
                        .set(&Symbols::VALID_FROM, start)
                        .set(&Symbols::VALID_TO, end)
                        .set(&Symbols::SOURCE_ID, self.source_id)
                        .set(&Symbols::VENDOR_SYMBOL, symbol.as_str())
                        .set(&Symbols::INSTRUMENT_ID, self.instrument_id);
                    rows.end_row()?;
                    *revision = revision.saturating_add(1);
                    from = Some((until.next(), symbol));
                }
                Err(refusal) => rejects.push(self.reject(refusal, number, line)),
            }
        }
        Ok(Corporate { batch: rows.finish()?.into_any(), rejects, lines, merged })
    }

    /// `date, price factor, split factor[, reference price]`: the factors of days up to and including the date. Where
    /// they change there was a dividend or a split, which counts from the next day on.
    fn factor_file(&mut self, text: &[u8]) -> Result<Corporate, BuildError> {
        let mut rows = TableBuilder::<Adjustments>::new(UtcNanos::from_nanos(0));
        let (mut rejects, mut lines, mut merged) = (Vec::new(), 0, 0);
        let mut before: Option<Factors> = None;
        for (number, line) in numbered(text) {
            lines += 1;
            let next = match Factors::parse(line, before.as_ref()) {
                Ok(next) => next,
                Err(refusal) => {
                    rejects.push(self.reject(refusal, number, line));
                    continue;
                }
            };
            let Some(last) = before.replace(next.clone()) else {
                merged += 1;
                continue;
            };
            let changes = self
                .start(last.until.next())
                .and_then(|at| Ok((at, last.split_before(&next)?, last.dividend_before(&next)?)));
            match changes {
                Ok((_, None, None)) => merged += 1,
                Ok((at, split, dividend)) => {
                    let kinds = [
                        split.map(|_| AdjustmentKind::Split),
                        dividend.map(|_| AdjustmentKind::CashDividend),
                    ];
                    for kind in kinds.into_iter().flatten() {
                        let is_split = kind == AdjustmentKind::Split;
                        let ratio = split.filter(|_| is_split);
                        rows.set(&Adjustments::TS_AVAIL, at)
                            .set(&Adjustments::INSTRUMENT_ID, self.instrument_id)
                            .set(&Adjustments::TS_EFFECTIVE, at)
                            .set(&Adjustments::KIND, kind)
                            .set(&Adjustments::NUM, ratio.map(|(num, _)| num))
                            .set(&Adjustments::DEN, ratio.map(|(_, den)| den))
                            .set(&Adjustments::AMOUNT, dividend.filter(|_| !is_split));
                        rows.end_row()?;
                    }
                }
                Err(refusal) => rejects.push(self.reject(refusal, number, line)),
            }
        }
        Ok(Corporate { batch: rows.finish()?.into_any(), rejects, lines, merged })
    }
}

fn map_line(
    line: &[u8],
    from: Option<&(LocalDate, String)>,
) -> Result<(LocalDate, String, bool), Refusal> {
    let [date, symbol, ..] = split::<4>(line, &[2, 3, 4])?;
    let until = local_date(date)?;
    let earliest = from.map(|(first, _)| *first);
    if earliest.is_some_and(|first| until < first) {
        let expected = "a date after that of the line before";
        return Err(Refusal::cell("contract/out-of-range", "valid_to", expected, date));
    }
    let text = std::str::from_utf8(symbol).ok().filter(|symbol| !symbol.is_empty());
    let Some(text) = text else {
        let expected = "a symbol";
        return Err(Refusal::cell("contract/malformed-value", "vendor_symbol", expected, symbol));
    };
    Ok((until, text.to_lowercase(), date == OPEN))
}

fn numbered(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let lines = (1..).zip(text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii));
    lines.filter(|(_, line)| !line.is_empty())
}

fn local_date(text: &[u8]) -> Result<LocalDate, Refusal> {
    let refuse =
        || Refusal::cell("contract/malformed-value", "ts_effective", "a date `YYYYMMDD`", text);
    LocalDate::parse(text).ok_or_else(refuse)
}

/// Factors in force up to a date, as integers of 1e-9.
#[derive(Debug, Clone)]
struct Factors {
    until: LocalDate,
    price: i64,
    split: i64,
    /// Close of the date, or 0.
    reference: i64,
    split_text: Vec<u8>,
}

impl Factors {
    fn parse(line: &[u8], before: Option<&Self>) -> Result<Self, Refusal> {
        let [date, price_factor, split_factor, reference] = split::<4>(line, &[3, 4])?;
        let until = local_date(date)?;
        if before.is_some_and(|before| until <= before.until) {
            let expected = "a date after that of the line before";
            return Err(Refusal::cell("contract/out-of-range", "ts_effective", expected, date));
        }
        let factor = |text: &[u8], column| match price(text, column, false)? {
            nanos if nanos > 0 => Ok(nanos),
            _ => Err(Refusal::cell("contract/out-of-range", column, "a factor above 0", text)),
        };
        Ok(Self {
            until,
            price: factor(price_factor, "amount")?,
            split: factor(split_factor, "num")?,
            reference: if reference.is_empty() { 0 } else { price(reference, "amount", false)? },
            split_text: split_factor.to_vec(),
        })
    }

    /// The split between these factors and the next: 7 and 1 where one share became seven.
    fn split_before(&self, next: &Self) -> Result<Option<(i64, i64)>, Refusal> {
        if self.split == next.split {
            return Ok(None);
        }
        let refuse = || {
            let expected = "a ratio of whole numbers";
            Refusal::cell("feeds/split-ratio", "num", expected, &self.split_text)
        };
        ratio(next.split, self.split).map(Some).ok_or_else(refuse)
    }

    /// The dividend between these factors and the next: the amount with the fewest decimals, from cents on, that gives
    /// the price factor to its seventh decimal.
    fn dividend_before(&self, next: &Self) -> Result<Option<Amount>, Refusal> {
        if self.price == next.price {
            return Ok(None);
        }
        let refuse = |expected| Refusal::cell("contract/out-of-range", "amount", expected, b"");
        if self.price > next.price {
            return Err(refuse("a price factor that does not fall"));
        }
        if self.reference <= 0 {
            return Err(refuse("a reference price beside a dividend"));
        }
        let (own, after, close) =
            (i128::from(self.price), i128::from(next.price), i128::from(self.reference));
        // factor = next factor * (1 - dividend / close)
        let exact = close * (after - own) / after;
        for step in [10_000_000, 1_000_000, 100_000, 10_000] {
            let rounded = (exact + step / 2) / step * step;
            let factor = after * (close - rounded) / close;
            if rounded > 0 && (factor - own).abs() <= 100 {
                return Ok(Amount::from_nanos(rounded));
            }
        }
        Ok(Amount::from_nanos(exact))
    }
}

/// The ratio that two factors have to about their sixth digit: of whole numbers to 100, or 1 to a number to 10,000.
fn ratio(num: i64, den: i64) -> Option<(i64, i64)> {
    let (num, den) = (i128::from(num), i128::from(den));
    for d in 1..=10_000_i128 {
        let n = (2 * num * d + den) / (2 * den);
        let is_plain = n.max(d) <= 100 || (n.min(d) == 1 && n.max(d) <= 10_000);
        // Factors carry six or seven decimals: 0.142857 is a seventh to a millionth of itself.
        if n >= 1 && is_plain && (num * d - n * den).abs() * 400_000 <= num * d {
            return Some((i64::try_from(n).ok()?, i64::try_from(d).ok()?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_smallest_numbers_and_of_none_too_large() {
        assert_eq!(ratio(1_000_000_000, 142_857_100), Some((7, 1)));
        assert_eq!(ratio(1_000_000_000, 142_857_000), Some((7, 1)));
        assert_eq!(ratio(1_000_000_000, 500_000_000), Some((2, 1)));
        assert_eq!(ratio(1_000_000_000, 666_666_700), Some((3, 2)));
        assert_eq!(ratio(1_000_000_000, 10_000_000_000), Some((1, 10)));
        assert_eq!(ratio(1_000_000_000, 123_456_789_000), None);
    }

    #[test]
    fn paths_of_reference_data_are_told_apart() {
        let path = CorporatePath::parse("data/equity/usa/map_files/GOOG.csv").unwrap();
        assert_eq!(
            (path.source.as_str(), path.symbol.as_str(), path.is_map),
            ("equity/usa", "goog", true)
        );
        assert_eq!(
            CorporatePath::parse("equity/usa/factor_files/aapl.csv").map(|p| p.is_map),
            Some(false)
        );
        for text in [
            "goog.csv",
            "map_files/goog.csv",
            "equity/usa/daily/goog.csv",
            "equity/usa/map_files/goog.zip",
        ] {
            assert_eq!(CorporatePath::parse(text), None, "{text}");
        }
    }
}
