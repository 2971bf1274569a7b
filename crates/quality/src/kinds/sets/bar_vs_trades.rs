//! Bars against the trades that they claim to sum up.

use crate::context::{Aggregate, Context};
use crate::dimension::Dimension;
use crate::judge::{End, Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType, Params};
use crate::marks::Marks;
use crate::rows::{Column, Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Json, Severity};
use serde::{Deserialize, Serialize};

/// Bars whose open, high, low, close or volume is not that of the context's trades in `[ts_open, ts_close)`.
///
/// - **Prices** are compared exactly, volumes to a relative tolerance; a bar without a volume is compared by its prices.
/// - **Trades** are those of the bar's own source, or of the one that the rule names, or of the only one that there is.
///   Cancelled prints do not count, corrected ones count as corrected.
/// - **Not applicable:** bars of quotes, bars that are not final, bars without volume in which nothing traded, and bars that
///   reach over the first or last trade of the source, whose trades may not all be there.
/// - **Factor:** when all prices of all bars are the same multiple of those of the trades, the multiple is named; else the
///   power of ten, other than 1, of which all of them are within 5 %, as when some of the trades are missing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BarVsTrades {
    ts_open: Slot,
    ts_close: Slot,
    px: [Slot; 4],
    volume: Slot,
    price_type: Slot,
    is_final: Slot,
    trades_source: Option<u16>,
    judges_edges: bool,
    /// Bits of the relative tolerance.
    tolerance: u64,
    px_factor: Factors,
    volume_factor: Factors,
}

/// What all values of bars are of those of trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
enum Factor {
    /// Nothing was compared.
    #[default]
    Unknown,
    /// This fraction, in lowest terms.
    One(i128, i128),
    Varies,
}

/// Factors of prices or of volumes: exact, and the nearest power of ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Factors {
    exact: Factor,
    decade: Factor,
}

impl Factors {
    fn see(&mut self, bar: i128, trades: i128) {
        self.merge(Self { exact: Factor::of(bar, trades), decade: Factor::decade(bar, trades) });
    }

    fn merge(&mut self, other: Self) {
        self.exact = self.exact.with(other.exact);
        self.decade = self.decade.with(other.decade);
    }

    /// The factor, unless it is 1 or none.
    fn name(self) -> Option<(i128, i128)> {
        if self.exact == Factor::One(1, 1) {
            None
        } else {
            self.exact.name().or(self.decade.name())
        }
    }
}

impl Factor {
    /// The power of ten, from 1e-9 to 1e9, of which a value is within 5 %.
    fn decade(bar: i128, trades: i128) -> Self {
        if trades == 0 || bar == 0 {
            return if trades == bar { Self::Unknown } else { Self::Varies };
        }
        let powers = (0..=9).map(|k| 10_i128.pow(k));
        let both = powers.flat_map(|power| [(power, 1), (1, power)]);
        let near = |(up, down): &(i128, i128)| {
            let (found, due) = (bar.saturating_mul(*down), trades.saturating_mul(*up));
            found.saturating_sub(due).saturating_abs().saturating_mul(20) <= due.saturating_abs()
        };
        both.into_iter().find(near).map_or(Self::Varies, |(up, down)| Self::One(up, down))
    }

    fn of(bar: i128, trades: i128) -> Self {
        if trades == 0 || bar == 0 {
            return if trades == bar { Self::Unknown } else { Self::Varies };
        }
        let (mut a, mut b) = (bar.unsigned_abs(), trades.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        let common = i128::try_from(a).unwrap_or(1) * trades.signum();
        Self::One(bar / common, trades / common)
    }

    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, other) => other,
            (known, Self::Unknown) => known,
            (a, b) if a == b => a,
            _ => Self::Varies,
        }
    }

    /// The fraction, unless it is 1 or none.
    const fn name(self) -> Option<(i128, i128)> {
        match self {
            Self::One(1, 1) | Self::Unknown | Self::Varies => None,
            Self::One(bar, trades) => Some((bar, trades)),
        }
    }
}

fn text((bar, trades): (i128, i128)) -> Json {
    Json::from(if trades == 1 { bar.to_string() } else { format!("{bar}/{trades}") })
}

impl BarVsTrades {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "bar_vs_trades",
        doc: "a bar that differs from its trades added up; a constant factor is named",
        dimension: Dimension::Consistency,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[
            ParamSpec::new(
                "trades_source",
                ParamType::Count,
                None,
                "source of the trades; that of the bar unless it is said",
            ),
            ParamSpec::new(
                "edges",
                ParamType::Word(&["skip", "judge"]),
                Some("skip"),
                "bars that reach over the first or last trade of the source",
            ),
            ParamSpec::new(
                "volume_tolerance",
                ParamType::Number,
                Some("0.000000001"),
                "relative difference of volumes that is none",
            ),
        ],
        needs: &["trades"],
        build: |params, slots| AnyJudge::BarVsTrades(Self::new(params, slots)),
    };

    fn new(params: &Params, slots: &mut Slots) -> Self {
        let source = params.has("trades_source").then(|| params.count("trades_source"));
        Self {
            ts_open: slots.of("ts_open"),
            ts_close: slots.of("ts_close"),
            px: ["open", "high", "low", "close"].map(|name| slots.of(name)),
            volume: slots.of("volume"),
            price_type: slots.of("price_type"),
            is_final: slots.of("is_final"),
            trades_source: source.map(|s| u16::try_from(s).unwrap_or(u16::MAX)),
            judges_edges: params.text("edges") == "judge",
            tolerance: params.number("volume_tolerance").to_bits(),
            px_factor: Factors::default(),
            volume_factor: Factors::default(),
        }
    }

    /// The source whose trades a bar is compared with.
    fn source(&self, own: u16, context: &Context) -> u16 {
        let own = self.trades_source.unwrap_or(own);
        let only = context.tape.only_source();
        if self.trades_source.is_none() && context.tape.span(own).is_none() {
            return only.unwrap_or(own);
        }
        own
    }

    /// Whether prices and volume of a bar are those of its trades.
    fn compare(&mut self, px: [i64; 4], volume: Option<f64>, trades: &Aggregate) -> bool {
        for (bar, trade) in px.into_iter().zip(trades.px) {
            self.px_factor.see(i128::from(bar), i128::from(trade));
        }
        let Some(volume) = volume else { return px == trades.px };
        let units = crate::context::size_nanos(volume);
        self.volume_factor.see(units, trades.size);
        let (found, due) = (volume, trades.size as f64 / 1e9);
        let near = (found - due).abs() <= f64::from_bits(self.tolerance) * due.abs();
        px == trades.px && near
    }
}

fn flag(column: Option<Column<'_>>, row: usize) -> Option<bool> {
    match column?.lane {
        Lane::Bool(v) if column?.is_valid(row) => Some(v.value(row)),
        _ => None,
    }
}

impl Judge for BarVsTrades {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        context: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        if !context.has("trades") {
            return Err(NotEvaluated::MissingContext("trades".to_owned()));
        }
        let (open, close) = (rows.column(self.ts_open)?, rows.column(self.ts_close)?);
        let [o, h, l, c] = self.px;
        let px = [rows.column(o)?, rows.column(h)?, rows.column(l)?, rows.column(c)?];
        let (volume, kind) = (rows.column(self.volume)?, rows.optional(self.price_type));
        let is_final = rows.optional(self.is_final);
        for row in 0..rows.len() {
            let Some((from, to)) = open.i64(row).zip(close.i64(row)) else { continue };
            let [Some(o), Some(h), Some(l), Some(c)] = px.map(|p| p.i64(row)) else { continue };
            let is_trade = kind.is_none_or(|k| k.text(row).is_none_or(|word| word == "trade"));
            if !is_trade || flag(is_final, row) == Some(false) {
                continue;
            }
            let (own, instrument) = rows.stream(row);
            let source = self.source(own, context);
            let Some((first, last)) = context.tape.span(source) else { continue };
            if !self.judges_edges && (from < first || to > last) {
                continue;
            }
            let volume = volume.f64(row).filter(|v| v.is_finite());
            match context.tape.aggregate((source, instrument), from, to) {
                Some(trades) => marks.judge(row, !self.compare([o, h, l, c], volume, &trades)),
                None if volume.is_some_and(|v| v > 0.0) && to > first && from <= last => {
                    marks.fail(row);
                }
                None => {}
            }
        }
        Ok(())
    }

    fn merge(&mut self, right: &Self) {
        self.px_factor.merge(right.px_factor);
        self.volume_factor.merge(right.volume_factor);
    }

    fn close(&mut self, _: &Context, end: &mut End) {
        let factors = [("px_factor", self.px_factor), ("volume_factor", self.volume_factor)];
        let named: Vec<_> =
            factors.into_iter().filter_map(|(name, f)| f.name().map(|f| (name, f))).collect();
        if let Some((name, (bar, trades))) = named.first() {
            end.effect = Some((name, *bar as f64 / *trades as f64));
            end.detail = Some(Json::object(named.iter().map(|(name, f)| (*name, text(*f)))));
        }
    }
}
