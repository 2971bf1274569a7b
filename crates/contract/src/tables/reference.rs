//! Reference tables: facts with a validity, known from `ts_avail` on.

use crate::kind;
use crate::rules;
use crate::spec::{Class, Default, Tag, Unit, table};
use crate::words::{AdjustmentKind, AssetClass, OptionRight, SessionPhase, SizeUnit, SourceKind};

table! {
    /// Datasets and venues with their clocks.
    reference Sources = "sources", version 1, key &["source_id"], rules rules::SOURCES;
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// From when it holds, inclusive.
    18 VALID_FROM: kind::Ts = "valid_from", unit(Unit::Ns), class(Class::Public);
    /// Until when it holds, exclusive; null: open.
    19 VALID_TO: kind::Opt<kind::Ts> = "valid_to", unit(Unit::Ns), class(Class::Public);
    /// Key.
    20 SOURCE_ID: kind::Source = "source_id", is_scope(true), class(Class::Public);
    /// Name.
    21 NAME: kind::OpenCat = "name", class(Class::Public);
    /// Venue.
    22 VENUE: kind::OpenCat = "venue", class(Class::Public);
    /// What it is.
    23 KIND: kind::Cat<SourceKind> = "kind", class(Class::Public);
    /// Sources with one value share a clock.
    24 CLOCK_DOMAIN: kind::OpenCat = "clock_domain", class(Class::Public);
    /// Order among sources of the same fact, lowest first.
    25 PRIORITY: kind::U8 = "priority", class(Class::Public);
    /// Resolution of its stamps.
    26 EVENT_UNIT_NS: kind::Opt<kind::I64> = "event_unit_ns", unit(Unit::Ns), class(Class::Public);
    /// Delay from event to availability, for history without receive stamps.
    27 DECLARED_DELAY_NS: kind::Opt<kind::I64> = "declared_delay_ns", unit(Unit::Ns), class(Class::Public);
    /// Largest clock error.
    28 CLOCK_BOUND_NS: kind::Opt<kind::I64> = "clock_bound_ns", unit(Unit::Ns), class(Class::Public);
    /// Rows later than this are late.
    29 ALLOWED_LATENESS_NS: kind::Opt<kind::I64> = "allowed_lateness_ns", unit(Unit::Ns), class(Class::Public);
    /// Licence class.
    30 LICENSE_CLASS: kind::Opt<kind::OpenCat> = "license_class", class(Class::Public);
}

table! {
    /// Instruments; a tick finer than 1e-9 is refused at registration.
    reference Instruments = "instruments", version 1, key &["instrument_id"], rules rules::INSTRUMENTS;
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// From when it holds, inclusive.
    18 VALID_FROM: kind::Ts = "valid_from", unit(Unit::Ns), class(Class::Public);
    /// Until when it holds, exclusive; null: open.
    19 VALID_TO: kind::Opt<kind::Ts> = "valid_to", unit(Unit::Ns), class(Class::Public);
    /// Key.
    20 INSTRUMENT_ID: kind::Instrument = "instrument_id", class(Class::Public);
    /// Symbol.
    21 RAW_SYMBOL: kind::Str = "raw_symbol", class(Class::Public);
    /// Venue.
    22 VENUE: kind::OpenCat = "venue", class(Class::Public);
    /// Quote currency.
    23 QUOTE_CCY: kind::OpenCat = "quote_ccy", class(Class::Public);
    /// Listing status.
    24 STATUS: kind::OpenCat = "status", class(Class::Public);
    /// Asset class.
    25 ASSET_CLASS: kind::Cat<AssetClass> = "asset_class", class(Class::Public);
    /// Unit of public sizes.
    26 SIZE_UNIT: kind::Cat<SizeUnit> = "size_unit", class(Class::Public);
    /// Value of a point of one contract, in `quote_ccy`.
    27 MULTIPLIER: kind::Dec = "multiplier", default(Default::Units(1)), class(Class::Public);
    /// Whether it settles in the base currency.
    28 IS_INVERSE: kind::Bool = "is_inverse", default(Default::Zero), class(Class::Public);
    /// Whether prices of 0 and below are real.
    29 ALLOWS_NONPOSITIVE_PX: kind::Bool = "allows_nonpositive_px", default(Default::Zero), class(Class::Public);
    /// Price step.
    30 TICK_SIZE: kind::Opt<kind::Px> = "tick_size", class(Class::Public);
    /// Strike of an option.
    31 STRIKE: kind::Opt<kind::Px> = "strike", class(Class::Public);
    /// Quantity step.
    32 LOT_SIZE: kind::Opt<kind::Dec> = "lot_size", unit(Unit::InstrumentUnits), class(Class::Public);
    /// Smallest order.
    33 MIN_QTY: kind::Opt<kind::Dec> = "min_qty", unit(Unit::InstrumentUnits), class(Class::Public);
    /// Base currency.
    34 BASE_CCY: kind::Opt<kind::OpenCat> = "base_ccy", class(Class::Public);
    /// Settlement currency.
    35 SETTLE_CCY: kind::Opt<kind::OpenCat> = "settle_ccy", class(Class::Public);
    /// Calendar in `sessions`.
    36 CALENDAR_ID: kind::Opt<kind::OpenCat> = "calendar_id", class(Class::Public);
    /// Expiry.
    37 EXPIRY: kind::Opt<kind::Ts> = "expiry", unit(Unit::Ns), class(Class::Public);
    /// `C` call, `P` put.
    38 OPTION_RIGHT: kind::Opt<kind::Code<OptionRight>> = "option_right", class(Class::Public);
    /// Underlying instrument.
    39 UNDERLYING_ID: kind::Opt<kind::Instrument> = "underlying_id", class(Class::Public);
}

table! {
    /// What a vendor calls an instrument, from when to when: vendor ids move.
    reference Symbols = "symbols", version 1, key &["source_id", "vendor_symbol"], rules rules::SYMBOLS;
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// From when it holds, inclusive.
    18 VALID_FROM: kind::Ts = "valid_from", unit(Unit::Ns), class(Class::Public);
    /// Until when it holds, exclusive; null: open.
    19 VALID_TO: kind::Opt<kind::Ts> = "valid_to", unit(Unit::Ns), class(Class::Public);
    /// The source.
    20 SOURCE_ID: kind::Source = "source_id", is_scope(true), class(Class::Public);
    /// Symbol or vendor id, as text.
    21 VENDOR_SYMBOL: kind::Str = "vendor_symbol", class(Class::Public);
    /// The instrument.
    22 INSTRUMENT_ID: kind::Instrument = "instrument_id", class(Class::Public);
}

table! {
    /// Corporate actions; stored prices are never adjusted.
    reference Adjustments = "adjustments", version 1, key &["instrument_id", "ts_effective", "kind"], rules rules::ADJUSTMENTS;
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// The instrument.
    18 INSTRUMENT_ID: kind::Instrument = "instrument_id", class(Class::Public);
    /// From when it counts.
    19 TS_EFFECTIVE: kind::Ts = "ts_effective", unit(Unit::Ns), class(Class::Public);
    /// What it is.
    20 KIND: kind::Cat<AdjustmentKind> = "kind", class(Class::Public);
    /// Numerator: 7 for a 7:1 split.
    21 NUM: kind::Opt<kind::I64> = "num", class(Class::Public);
    /// Denominator: 1 for a 7:1 split.
    22 DEN: kind::Opt<kind::I64> = "den", class(Class::Public);
    /// Amount of a dividend.
    23 AMOUNT: kind::Opt<kind::Dec> = "amount", unit(Unit::Ccy), class(Class::Public);
    /// Its currency.
    24 CCY: kind::Opt<kind::OpenCat> = "ccy", class(Class::Public);
}

table! {
    /// Phases of trading days.
    reference Sessions = "sessions", version 1, key &["calendar_id", "local_date", "phase", "ts_start"], rules rules::SESSIONS;
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// Calendar.
    18 CALENDAR_ID: kind::OpenCat = "calendar_id", class(Class::Public);
    /// Local day, `YYYY-MM-DD`.
    19 LOCAL_DATE: kind::Str = "local_date", class(Class::Public);
    /// Phase.
    20 PHASE: kind::Cat<SessionPhase> = "phase", class(Class::Public);
    /// Start, inclusive.
    21 TS_START: kind::Ts = "ts_start", unit(Unit::Ns), class(Class::Public);
    /// End, exclusive.
    22 TS_END: kind::Ts = "ts_end", unit(Unit::Ns), class(Class::Public);
    /// Offset from UTC in force, so that daylight saving is data.
    23 UTC_OFFSET_S: kind::I32 = "utc_offset_s", unit(Unit::S), class(Class::Public);
    /// Whether the day is shortened.
    24 IS_HALF_DAY: kind::Bool = "is_half_day", default(Default::Zero), class(Class::Public);
}

table! {
    /// Known dates: releases, earnings, expiries.
    reference ScheduledEvents = "scheduled_events", version 1, key &["event_id"], rules &[];
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// Key.
    18 EVENT_ID: kind::Id = "event_id", class(Class::Public);
    /// What it is.
    19 KIND: kind::OpenCat = "kind", class(Class::Public);
    /// When.
    20 TS_SCHEDULED: kind::Ts = "ts_scheduled", unit(Unit::Ns), class(Class::Public);
    /// The instrument; null where it is not about one.
    21 INSTRUMENT_ID: kind::Opt<kind::Instrument> = "instrument_id", class(Class::Public);
    /// The calendar.
    22 CALENDAR_ID: kind::Opt<kind::OpenCat> = "calendar_id", class(Class::Public);
    /// Rank, highest first.
    23 IMPORTANCE: kind::Opt<kind::U8> = "importance", class(Class::Public);
}

table! {
    /// Which instrument plays a part for another: leader, benchmark, hedge.
    reference Roles = "roles", version 1, key &["instrument_id", "role"], rules rules::ROLES;
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// From when it holds, inclusive.
    18 VALID_FROM: kind::Ts = "valid_from", unit(Unit::Ns), class(Class::Public);
    /// Until when it holds, exclusive; null: open.
    19 VALID_TO: kind::Opt<kind::Ts> = "valid_to", unit(Unit::Ns), class(Class::Public);
    /// For which instrument.
    20 INSTRUMENT_ID: kind::Instrument = "instrument_id", class(Class::Public);
    /// The part.
    21 ROLE: kind::OpenCat = "role", class(Class::Public);
    /// Who plays it.
    22 OTHER_INSTRUMENT_ID: kind::Instrument = "other_instrument_id", class(Class::Public);
}

table! {
    /// Fees by source, account and instrument.
    reference FeeSchedules = "fee_schedules", version 1, key &["source_id", "account_ref", "instrument_id"], rules rules::FEE_SCHEDULES;
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// From when it holds, inclusive.
    18 VALID_FROM: kind::Ts = "valid_from", unit(Unit::Ns), class(Class::Public);
    /// Until when it holds, exclusive; null: open.
    19 VALID_TO: kind::Opt<kind::Ts> = "valid_to", unit(Unit::Ns), class(Class::Public);
    /// The source.
    20 SOURCE_ID: kind::Source = "source_id", is_scope(true), class(Class::Public);
    /// The account; null: every account.
    21 ACCOUNT_REF: kind::Opt<kind::Id> = "account_ref", tags(&[Tag::Account]), is_scope(true), class(Class::Confidential);
    /// The instrument; null: every instrument.
    22 INSTRUMENT_ID: kind::Opt<kind::Instrument> = "instrument_id", class(Class::Public);
    /// Fee of a fill that made liquidity; negative is a rebate.
    23 MAKER_BPS: kind::F64 = "maker_bps", unit(Unit::Bps), class(Class::Public);
    /// Fee of a fill that took liquidity.
    24 TAKER_BPS: kind::F64 = "taker_bps", unit(Unit::Bps), class(Class::Public);
    /// Smallest fee.
    25 MIN_FEE: kind::Opt<kind::Dec> = "min_fee", unit(Unit::Ccy), class(Class::Public);
    /// Currency of the fee.
    26 CCY: kind::OpenCat = "ccy", class(Class::Public);
}

table! {
    /// Fitted parameters of features.
    reference FeatureParams = "feature_params", version 1, key &["param_set", "instrument_id", "name"], rules rules::FEATURE_PARAMS;
    /// When this row became known.
    16 TS_AVAIL: kind::Ts = "ts_avail", unit(Unit::Ns), class(Class::Public);
    /// The greatest revision known at a time counts.
    17 REVISION: kind::U16 = "revision", default(Default::Zero), class(Class::Public);
    /// Set.
    18 PARAM_SET: kind::OpenCat = "param_set", class(Class::Public);
    /// Parameter.
    19 NAME: kind::Str = "name", class(Class::Public);
    /// The instrument; null: every instrument.
    20 INSTRUMENT_ID: kind::Opt<kind::Instrument> = "instrument_id", class(Class::Public);
    /// Values.
    21 VALUES: kind::ListF64 = "values", class(Class::Public);
    /// Start of the data that they were fitted on.
    22 FIT_FROM: kind::Ts = "fit_from", unit(Unit::Ns), class(Class::Public);
    /// End of that data, before `ts_avail`.
    23 FIT_TO: kind::Ts = "fit_to", unit(Unit::Ns), class(Class::Public);
    /// Hash of the parameters.
    24 PARAMS_HASH: kind::Sha = "params_hash", class(Class::Public);
}
