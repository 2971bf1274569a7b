//! What a path of Lean's says.

use crate::clock::LocalDate;

/// Resolution of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Single quotes or trades.
    Tick,
    /// Bars of a second.
    Second,
    /// Bars of a minute.
    Minute,
    /// Bars of an hour.
    Hour,
    /// Bars of a day.
    Daily,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// Trades.
    Trade,
    /// Quotes.
    Quote,
}

/// What a path of Lean's says: `<type>/<market>/<resolution>/<symbol>/<date>_<series>.zip`, or
/// `<type>/<market>/<resolution>/<symbol>[_<series>].zip` for hours and days.
///
/// ```
/// use feeds::{LeanPath, Resolution, Series};
/// let path = LeanPath::parse("data/index/india/minute/nifty50/20190104_trade.zip").unwrap();
/// assert_eq!((path.market.as_str(), path.symbol.as_str()), ("india", "nifty50"));
/// assert_eq!((path.resolution, path.series), (Resolution::Minute, Series::Trade));
/// assert_eq!(path.date.map(|d| d.to_string()), Some("2019-01-04".to_owned()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeanPath {
    /// Security type: `equity`, `forex`, `cfd`, `crypto`, `cryptofuture`, `index`.
    pub security: String,
    /// Market.
    pub market: String,
    /// Resolution.
    pub resolution: Resolution,
    /// Symbol, in lower case.
    pub symbol: String,
    /// Date of a file of one day.
    pub date: Option<LocalDate>,
    /// What it holds.
    pub series: Series,
}

const SECURITIES: [&str; 6] = ["equity", "forex", "cfd", "crypto", "cryptofuture", "index"];

impl LeanPath {
    /// Reads a path; folders before the security type do not matter.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let stem = path.strip_suffix(".zip")?;
        let parts: Vec<&str> = stem.split(['/', '\\']).filter(|p| !p.is_empty()).collect();
        let (at, resolution) = parts.iter().enumerate().rev().find_map(|(at, part)| {
            let resolution = match *part {
                "tick" => Resolution::Tick,
                "second" => Resolution::Second,
                "minute" => Resolution::Minute,
                "hour" => Resolution::Hour,
                "daily" => Resolution::Daily,
                _ => return None,
            };
            Some((at, resolution))
        })?;
        let security = parts.get(at.checked_sub(2)?)?.to_lowercase();
        let market = parts.get(at.checked_sub(1)?)?.to_lowercase();
        if !SECURITIES.contains(&security.as_str()) {
            return None;
        }
        let quotes_by_nature = matches!(security.as_str(), "forex" | "cfd");
        let nature = if quotes_by_nature { Series::Quote } else { Series::Trade };
        let (symbol, date, series) = match (resolution, parts.get(at + 1..)?) {
            (Resolution::Hour | Resolution::Daily, [name]) => {
                let (symbol, series) = match name.rsplit_once('_') {
                    Some((symbol, "trade")) => (symbol, Series::Trade),
                    Some((symbol, "quote")) => (symbol, Series::Quote),
                    _ => (*name, nature),
                };
                (symbol, None, series)
            }
            (Resolution::Tick | Resolution::Second | Resolution::Minute, [symbol, name]) => {
                let (date, series) = name.split_once('_')?;
                let series = match series {
                    "trade" => Series::Trade,
                    "quote" => Series::Quote,
                    _ => return None,
                };
                (*symbol, Some(LocalDate::parse(date.as_bytes())?), series)
            }
            _ => return None,
        };
        Some(Self { security, market, resolution, symbol: symbol.to_lowercase(), date, series })
    }

    /// Name of the source, `<type>/<market>`.
    #[must_use]
    pub fn source(&self) -> String {
        format!("{}/{}", self.security, self.market)
    }

    /// The table that the file becomes.
    #[must_use]
    pub fn table(&self) -> &'static str {
        match (self.resolution, self.series) {
            (Resolution::Tick, Series::Trade) => "trades",
            (Resolution::Tick, Series::Quote) => "quotes",
            _ => "bars",
        }
    }

    /// Whether prices are integers of a hundredth of a cent.
    pub(crate) fn is_equity(&self) -> bool {
        self.security == "equity"
    }

    /// Whether a size or volume of 0 means that none was reported.
    pub(crate) fn zero_is_unknown(&self) -> bool {
        matches!(self.security.as_str(), "forex" | "cfd" | "index")
    }
}

/// The date at the start of a member's name.
pub(crate) fn date_of(member: &str) -> Option<LocalDate> {
    let name = member.rsplit(['/', '\\']).next().unwrap_or(member);
    LocalDate::parse(name.as_bytes().get(..8)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_path_are_told_apart() {
        let path = |text| LeanPath::parse(text);
        let hour = path("forex/fxcm/hour/eurusd.zip").unwrap();
        assert_eq!((hour.series, hour.date, hour.table()), (Series::Quote, None, "bars"));
        let daily = path("crypto/coinbase/daily/btcusd_trade.zip").unwrap();
        assert_eq!((daily.series, daily.symbol.as_str()), (Series::Trade, "btcusd"));
        let tick = path("equity/usa/tick/SPY/20131007_quote.zip").unwrap();
        assert_eq!((tick.table(), tick.symbol.as_str(), tick.is_equity()), ("quotes", "spy", true));
    }

    #[test]
    fn other_paths_are_none() {
        for text in [
            "eurusd.zip",
            "forex/fxcm/hour/eurusd.csv",
            "forex/fxcm/tick/eurusd.zip",
            "forex/fxcm/tick/eurusd/20149901_quote.zip",
            "forex/fxcm/tick/eurusd/20140501_openinterest.zip",
            "weather/fxcm/hour/eurusd.zip",
            "tick/eurusd/20140501_quote.zip",
        ] {
            assert_eq!(LeanPath::parse(text), None, "{text}");
        }
    }
}
