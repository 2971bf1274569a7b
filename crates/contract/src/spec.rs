//! A table as data: its columns with their types, units, sources and access classes.

use crate::rule::Rule;
use crate::types::Type;
use arrow_schema::{Field, Schema, SchemaRef};
use std::collections::HashMap;

/// What kind of table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Happenings, with the nine columns of the envelope; `instrument_id` is required where the flag says so.
    Event {
        /// Whether every row is about an instrument.
        instrument: bool,
    },
    /// Facts with a validity, known from `ts_avail` on.
    Reference,
    /// Made from other tables.
    Derived,
}

/// Whether a table or column was known at decision time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Causality {
    /// Known when its `ts_avail` says.
    Causal,
    /// Needs the future of the decision it belongs to: never an input of a feature.
    Hindsight,
}

impl Causality {
    /// The word in the metadata.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Causal => "causal",
            Self::Hindsight => "hindsight",
        }
    }
}

/// Unit of a number, in field metadata `hindsight.unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the contract")]
pub enum Unit {
    NanoPrice,
    Ns,
    S,
    Bps,
    Pct,
    Ratio,
    Prob,
    Count,
    PerS,
    Ticks,
    Sigma,
    Ccy,
    InstrumentUnits,
}

impl Unit {
    /// The word in the metadata.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NanoPrice => "nano_price",
            Self::Ns => "ns",
            Self::S => "s",
            Self::Bps => "bps",
            Self::Pct => "pct",
            Self::Ratio => "ratio",
            Self::Prob => "prob",
            Self::Count => "count",
            Self::PerS => "per_s",
            Self::Ticks => "ticks",
            Self::Sigma => "sigma",
            Self::Ccy => "ccy",
            Self::InstrumentUnits => "instrument_units",
        }
    }
}

/// Access class of a column, `gov.class`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the contract")]
pub enum Class {
    Public,
    Internal,
    Confidential,
    Personal,
    FreeText,
}

impl Class {
    /// The word in the metadata.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Personal => "personal",
            Self::FreeText => "free_text",
        }
    }
}

/// Access tag of a column, `gov.tag`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the contract")]
pub enum Tag {
    Account,
    Identity,
    Position,
    Strategy,
    Licensed,
}

impl Tag {
    /// The word in the metadata.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Identity => "identity",
            Self::Position => "position",
            Self::Strategy => "strategy",
            Self::Licensed => "licensed",
        }
    }
}

/// What a builder writes where the caller set nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// Null, or the row is refused where null is not allowed.
    Unset,
    /// 0 or false.
    Zero,
    /// The builder's `now`.
    Now,
    /// This word.
    Word(&'static str),
    /// This many units, as an exact decimal.
    Units(i64),
}

/// A column as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnSpec {
    /// Number of the column in its table, never re-used.
    pub field_id: u16,
    /// Name.
    pub name: &'static str,
    /// Type.
    pub ty: Type,
    /// Whether null is allowed.
    pub nullable: bool,
    /// Unit of a number.
    pub unit: Option<Unit>,
    /// Where name and meaning come from: `dbn:price`, `fix:31`, or `hindsight`.
    pub standard: &'static str,
    /// Access class.
    pub class: Class,
    /// Access tags.
    pub tags: &'static [Tag],
    /// Whether access rules select rows by this column.
    pub is_scope: bool,
    /// What a builder writes where nothing was set.
    pub default: Default,
    /// Meaning, in one or two sentences.
    pub doc: &'static str,
}

impl ColumnSpec {
    pub(crate) const fn new(
        field_id: u16,
        name: &'static str,
        ty: Type,
        nullable: bool,
        doc: &'static str,
    ) -> Self {
        let unit = match ty {
            Type::Px => Some(Unit::NanoPrice),
            Type::Size => Some(Unit::InstrumentUnits),
            _ => None,
        };
        Self {
            field_id,
            name,
            ty,
            nullable,
            unit,
            standard: "hindsight",
            class: Class::Internal,
            tags: &[],
            is_scope: false,
            default: Default::Unset,
            doc,
        }
    }

    /// The Arrow field; `packed` is the width of a packed column.
    #[must_use]
    pub fn field(&self, packed: i32) -> Field {
        let mut metadata = HashMap::from([
            ("PARQUET:field_id".to_owned(), self.field_id.to_string()),
            ("hindsight.standard".to_owned(), self.standard.to_owned()),
            ("gov.class".to_owned(), self.class.word().to_owned()),
        ]);
        if let Some(unit) = self.unit {
            metadata.insert("hindsight.unit".to_owned(), unit.word().to_owned());
        }
        if self.ty == Type::Px {
            metadata.insert("hindsight.scale".to_owned(), "1e-9".to_owned());
        }
        if !self.tags.is_empty() {
            let tags: Vec<&str> = self.tags.iter().map(|tag| tag.word()).collect();
            metadata.insert("gov.tag".to_owned(), tags.join(","));
        }
        if self.is_scope {
            metadata.insert("gov.scope".to_owned(), "true".to_owned());
        }
        Field::new(self.name, self.ty.data_type(packed), self.nullable).with_metadata(metadata)
    }
}

/// A table as data.
#[derive(Debug)]
#[non_exhaustive]
pub struct TableSpec {
    /// Name, a plural noun.
    pub name: &'static str,
    /// Version of the schema.
    pub version: u16,
    /// Kind.
    pub kind: Kind,
    /// Whether it was known at decision time.
    pub causality: Causality,
    /// Names of the columns that identify a row, with `revision` where there is one.
    pub key: &'static [&'static str],
    /// Whether further columns, one a feature or measure, stand behind the fixed ones.
    pub is_dynamic: bool,
    /// The columns of a draft, in order: for an event table from `source_id` on.
    pub columns: &'static [ColumnSpec],
    /// Rules that a row must keep beyond the types of its columns.
    pub rules: &'static [Rule],
    /// Meaning, in one or two sentences.
    pub doc: &'static str,
}

/// `seq`, which `capture` assigns: field 1 of every event table in a log.
pub(crate) const SEQ: ColumnSpec = {
    let mut seq = ColumnSpec::new(
        1,
        "seq",
        Type::U64,
        false,
        "Durable order: unique and increasing, not gapless. Assigned by the log; absent in a draft.",
    );
    seq.unit = Some(Unit::Count);
    seq
};

impl TableSpec {
    /// Whether the table has the envelope.
    #[must_use]
    pub const fn is_event(&self) -> bool {
        matches!(self.kind, Kind::Event { .. })
    }

    /// The column with this name; `seq` counts for an event table.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static ColumnSpec> {
        if self.is_event() && name == SEQ.name {
            return Some(&SEQ);
        }
        self.columns.iter().find(|c| c.name == name)
    }

    /// Where a column stands in a draft.
    pub(crate) const fn position(&self, field_id: u16) -> usize {
        match self.kind {
            Kind::Event { .. } if field_id <= 9 => field_id as usize - 2,
            Kind::Event { .. } => field_id as usize - 16 + 8,
            _ => field_id as usize - 16,
        }
    }

    /// The Arrow schema of a draft, or with `seq` in front for an event table.
    #[must_use]
    pub fn schema(&self, with_seq: bool) -> Schema {
        let seq = (with_seq && self.is_event()).then(|| SEQ.field(0));
        let columns = self.columns.iter().map(|c| c.field(0));
        Schema::new_with_metadata(
            seq.into_iter().chain(columns).collect::<Vec<_>>(),
            self.metadata(),
        )
    }

    /// Schema metadata that every batch of the table carries.
    #[must_use]
    pub fn metadata(&self) -> HashMap<String, String> {
        HashMap::from([
            (meta::TABLE.to_owned(), self.name.to_owned()),
            (meta::VERSION.to_owned(), self.version.to_string()),
            (meta::FINGERPRINT.to_owned(), crate::register::fingerprint(self.name).to_owned()),
            (meta::CAUSALITY.to_owned(), self.causality.word().to_owned()),
        ])
    }
}

/// Keys of schema metadata.
pub mod meta {
    /// Name of the table.
    pub const TABLE: &str = "hindsight.table";
    /// Version of its schema.
    pub const VERSION: &str = "hindsight.schema_version";
    /// Fingerprint of its schema.
    pub const FINGERPRINT: &str = "hindsight.fingerprint";
    /// `causal` or `hindsight`.
    pub const CAUSALITY: &str = "hindsight.causality";
    /// Sort order of a file.
    pub const ORDER: &str = "hindsight.order";
    /// Retention class.
    pub const RETENTION: &str = "gov.retention";
}

/// A table of the contract, as a marker type.
///
/// Sealed in practice: tables are declared in `contract` alone.
pub trait Table: Sized + 'static {
    /// The table as data.
    const SPEC: &'static TableSpec;

    /// The Arrow schema of a draft, made once.
    fn draft_schema() -> SchemaRef;

    /// The Arrow schema of a batch read from a log, made once.
    fn logged_schema() -> SchemaRef;
}

/// A table with the envelope.
pub trait EventTable: Table {}

/// Declares a table once: marker type, column constants, and the table as data.
macro_rules! table {
    // With the envelope. `instrument` is `Instrument` (required) or `Opt<Instrument>`.
    ($(#[doc = $table_doc:literal])+ event $table:ident = $name:literal, version $version:literal, instrument $required:literal $instrument:ty,
     key $key:expr, rules $rules:expr;
     $($(#[doc = $doc:literal])+ $id:literal $column:ident: $kind:ty = $column_name:literal $(, $note:ident($($value:tt)*))*;)*) => {
        $crate::spec::table! { @emit $($table_doc)+, $table, $name, $version, $crate::spec::Kind::Event { instrument: $required },
            $crate::spec::Causality::Causal, $key, false, $rules;
            [source_id ts_recv]
            #[doc = "Row of `sources`: dataset and venue, with its clock."]
            2 SOURCE_ID: $crate::kind::Source = "source_id", standard("dbn:publisher_id"), is_scope(true);
            #[doc = "Row of `instruments`; null where the row is not about one instrument."]
            3 INSTRUMENT_ID: $instrument = "instrument_id", standard("dbn:instrument_id");
            #[doc = "When it happened, by the source's clock."]
            4 TS_EVENT: $crate::kind::Opt<$crate::kind::Ts> = "ts_event", standard("fix:60"), unit($crate::spec::Unit::Ns);
            #[doc = "When the source sent it, by the source's clock."]
            5 TS_VENUE_SEND: $crate::kind::Opt<$crate::kind::Ts> = "ts_venue_send", standard("fix:52"), unit($crate::spec::Unit::Ns);
            #[doc = "When our process, or the recorder of an archive, received it; null exactly when BACKFILL is set."]
            6 TS_RECV: $crate::kind::Opt<$crate::kind::Ts> = "ts_recv", standard("dbn:ts_recv"), unit($crate::spec::Unit::Ns), default($crate::spec::Default::Now);
            #[doc = "Earliest moment at which we could have used it: the point-in-time key."]
            7 TS_AVAIL: $crate::kind::Ts = "ts_avail", unit($crate::spec::Unit::Ns), default($crate::spec::Default::Now);
            #[doc = "Source clock minus our clock, estimated or declared: `ts_event - clock_offset_ns` is on our clock."]
            8 CLOCK_OFFSET_NS: $crate::kind::Opt<$crate::kind::I64> = "clock_offset_ns", unit($crate::spec::Unit::Ns);
            #[doc = "Bit set, see [`Flags`](crate::Flags)."]
            9 FLAGS: $crate::kind::U16 = "flags", standard("dbn:flags"), default($crate::spec::Default::Zero);
            $($(#[doc = $doc])+ $id $column: $kind = $column_name $(, $note($($value)*))*;)*
        }
        impl $crate::spec::EventTable for $table {}
    };
    ($(#[doc = $table_doc:literal])+ reference $table:ident = $name:literal, version $version:literal, key $key:expr, rules $rules:expr;
     $($rest:tt)*) => {
        $crate::spec::table! { @emit $($table_doc)+, $table, $name, $version, $crate::spec::Kind::Reference,
            $crate::spec::Causality::Causal, $key, false, $rules; [] $($rest)* }
    };
    ($(#[doc = $table_doc:literal])+ derived $table:ident = $name:literal, version $version:literal, $causality:ident, dynamic $dynamic:literal,
     key $key:expr, rules $rules:expr; $($rest:tt)*) => {
        $crate::spec::table! { @emit $($table_doc)+, $table, $name, $version, $crate::spec::Kind::Derived,
            $crate::spec::Causality::$causality, $key, $dynamic, $rules; [] $($rest)* }
    };
    (@emit $($table_doc:literal)+, $table:ident, $name:literal, $version:literal, $kind_of:expr, $causality:expr, $key:expr, $dynamic:literal, $rules:expr;
     [$($ignored:ident)*]
     $($(#[doc = $doc:literal])+ $id:literal $column:ident: $kind:ty = $column_name:literal $(, $note:ident($($value:tt)*))*;)*) => {
        $(#[doc = $table_doc])+
        #[derive(Debug, Clone, Copy)]
        pub enum $table {}

        impl $table {
            $($(#[doc = $doc])+
            pub const $column: $crate::Column<$table, $kind> =
                $crate::Column::new($id, $column_name, concat!($($doc, "\n"),+))$(.$note($($value)*))*;)*
        }

        impl $crate::Table for $table {
            const SPEC: &'static $crate::spec::TableSpec = &$crate::spec::TableSpec {
                name: $name,
                version: $version,
                kind: $kind_of,
                causality: $causality,
                key: $key,
                is_dynamic: $dynamic,
                columns: &[$($table::$column.spec),*],
                rules: $rules,
                doc: concat!($($table_doc, "\n"),+),
            };

            fn draft_schema() -> arrow_schema::SchemaRef {
                static SCHEMA: std::sync::OnceLock<arrow_schema::SchemaRef> = std::sync::OnceLock::new();
                SCHEMA.get_or_init(|| std::sync::Arc::new(<Self as $crate::Table>::SPEC.schema(false))).clone()
            }

            fn logged_schema() -> arrow_schema::SchemaRef {
                static SCHEMA: std::sync::OnceLock<arrow_schema::SchemaRef> = std::sync::OnceLock::new();
                SCHEMA.get_or_init(|| std::sync::Arc::new(<Self as $crate::Table>::SPEC.schema(true))).clone()
            }
        }
    };
}
pub(crate) use table;
