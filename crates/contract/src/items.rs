//! Structs that stand in list columns.

use crate::buffer::Buffer;
use crate::types::{ItemField, Type};
use crate::unit::{Amount, InstrumentId, UtcNanos};
use arrow_array::BooleanArray;
use arrow_array::{
    Array, Decimal128Array, Float64Array, StringArray, StructArray, TimestampNanosecondArray,
    UInt32Array,
};

/// A struct of a list column.
pub trait Item: Sized + 'static {
    /// Its fields, in order.
    const FIELDS: &'static [ItemField];

    #[doc(hidden)]
    fn push(&self, fields: &mut [Buffer]);
    #[doc(hidden)]
    fn read(items: &StructArray, row: usize) -> Self;
}

/// How one Rust field type stands in a struct column.
trait Cell: Sized {
    const TYPE: Type;
    const NULLABLE: bool = false;
    fn push(&self, buffer: &mut Buffer);
    fn read(array: &dyn Array, row: usize) -> Option<Self>;
}

macro_rules! cells {
    ($($ty:ty: $variant:ident, $array:ty, |$b:ident, $v:ident| $push:expr, |$a:ident, $r:ident| $get:expr;)*) => {
        $(impl Cell for $ty {
            const TYPE: Type = Type::$variant;

            fn push(&self, $b: &mut Buffer) {
                let $v = self;
                $push;
            }

            fn read(array: &dyn Array, $r: usize) -> Option<Self> {
                let $a = array.as_any().downcast_ref::<$array>()?;
                if $a.is_null($r) { None } else { $get }
            }
        })*
    };
}
cells! {
    String: Str, StringArray, |b, v| b.text(v), |a, r| Some(a.value(r).to_owned());
    f64: F64, Float64Array, |b, v| b.f64(*v), |a, r| Some(a.value(r));
    bool: Bool, BooleanArray, |b, v| b.bool(*v), |a, r| Some(a.value(r));
    UtcNanos: Ts, TimestampNanosecondArray, |b, v| b.i64(v.nanos()), |a, r| Some(UtcNanos::from_nanos(a.value(r)));
    Amount: Dec, Decimal128Array, |b, v| b.i128(v.nanos()), |a, r| Amount::from_nanos(a.value(r));
    InstrumentId: U32, UInt32Array, |b, v| b.u32(v.get()), |a, r| Some(InstrumentId::new(a.value(r)));
}

impl<C: Cell> Cell for Option<C> {
    const TYPE: Type = C::TYPE;
    const NULLABLE: bool = true;

    fn push(&self, buffer: &mut Buffer) {
        match self {
            Some(value) => value.push(buffer),
            None => buffer.null(),
        }
    }

    fn read(array: &dyn Array, row: usize) -> Option<Self> {
        Some(C::read(array, row))
    }
}

/// Declares a struct once: the Rust type and its fields in a batch.
macro_rules! item {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty = $blank:expr,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $ty,)+ }

        impl Item for $name {
            const FIELDS: &'static [ItemField] = &[$(ItemField {
                name: stringify!($field),
                ty: <$ty as Cell>::TYPE,
                nullable: <$ty as Cell>::NULLABLE,
            }),+];

            fn push(&self, fields: &mut [Buffer]) {
                let mut fields = fields.iter_mut();
                $(if let Some(buffer) = fields.next() { Cell::push(&self.$field, buffer); })+
            }

            fn read(items: &StructArray, row: usize) -> Self {
                let mut columns = items.columns().iter();
                // The shape check admits exactly these columns; the blank stands for none that can be met.
                $(let $field = columns.next().and_then(|c| <$ty as Cell>::read(c.as_ref(), row)).unwrap_or($blank);)+
                Self { $($field),+ }
            }
        }
    };
}

item! {
    /// One score that went into a decision, with its own availability.
    Signal {
        /// Name of the score.
        name: String = String::new(),
        /// Its value, finite.
        value: f64 = 0.0,
        /// Weight in the decision.
        weight: Option<f64> = None,
        /// Version of what made it.
        version: Option<String> = None,
        /// Earliest moment at which the decider could have used it.
        ts_avail: Option<UtcNanos> = None,
    }
}
item! {
    /// An action that was considered and not taken.
    Alternative {
        /// The action, a word of the decision's vocabulary.
        action: String = String::new(),
        /// Its score.
        score: Option<f64> = None,
        /// Probability with which the policy would have chosen it, in [0, 1].
        prob: Option<f64> = None,
    }
}
item! {
    /// One risk rule that was applied.
    RiskCheck {
        /// Name of the rule.
        rule: String = String::new(),
        /// Whether the decision passed.
        passed: bool = false,
        /// The measured value.
        value: Option<f64> = None,
        /// The limit.
        limit: Option<f64> = None,
    }
}
item! {
    /// A pair of codes.
    CodePair {
        /// Key.
        key: String = String::new(),
        /// Value.
        value: String = String::new(),
    }
}
item! {
    /// Balance of one currency; `total = locked + free`.
    Balance {
        /// Currency.
        ccy: String = String::new(),
        /// All of it.
        total: Amount = Amount::ZERO,
        /// Bound by open orders.
        locked: Amount = Amount::ZERO,
        /// Free.
        free: Amount = Amount::ZERO,
    }
}
item! {
    /// An instrument that a document is about.
    Entity {
        /// The instrument.
        instrument_id: InstrumentId = InstrumentId::new(0),
        /// In [0, 1].
        relevance: f64 = 0.0,
        /// Part that it plays.
        role: Option<String> = None,
    }
}
