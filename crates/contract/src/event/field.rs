//! How fields of event structs stand in columns, stated once a type.

use super::{EventError, Row};
use crate::builder::TableBuilder;
use crate::flags::Flags;
use crate::items::Item;
use crate::spec::Table;
use crate::types::{Column, ColumnType, kind};
use crate::unit::{Amount, EventId, Hash, InstrumentId, Price, SourceId, SpanId, UtcNanos};
use crate::vocabulary::Vocabulary;

/// A Rust type that holds every value of a column of kind `V`.
pub(crate) trait Field<V: ColumnType>: Sized {
    fn to_cell(&self) -> V::In<'_>;
    fn from_cell(cell: V::Out<'_>) -> Self;
}

macro_rules! copied {
    ($($kind:ty: $ty:ty;)*) => {$(
        impl Field<$kind> for $ty {
            fn to_cell(&self) -> $ty {
                *self
            }

            fn from_cell(cell: $ty) -> Self {
                cell
            }
        }
    )*};
}
copied! {
    kind::Ts: UtcNanos;
    kind::Px: Price;
    kind::Dec: Amount;
    kind::Size: f64;
    kind::F64: f64;
    kind::Id: EventId;
    kind::Sha: Hash;
    kind::Span: SpanId;
    kind::Instrument: InstrumentId;
    kind::Source: SourceId;
    kind::Bool: bool;
    kind::I64: i64;
    kind::U16: u16;
    kind::U32: u32;
    kind::U64: u64;
}

macro_rules! texts {
    ($($kind:ty;)*) => {$(
        impl Field<$kind> for String {
            fn to_cell(&self) -> &str {
                self
            }

            fn from_cell(cell: &str) -> Self {
                cell.to_owned()
            }
        }
    )*};
}
texts! {
    kind::Str;
    kind::OpenCat;
}

macro_rules! lists {
    ($($kind:ty: $ty:ty;)*) => {$(
        impl Field<$kind> for Vec<$ty> {
            fn to_cell(&self) -> &[$ty] {
                self
            }

            fn from_cell(cell: Vec<$ty>) -> Self {
                cell
            }
        }
    )*};
}
lists! {
    kind::ListU64: u64;
    kind::ListF64: f64;
    kind::ListStr: String;
}

impl Field<kind::U16> for Flags {
    fn to_cell(&self) -> u16 {
        self.bits()
    }

    fn from_cell(cell: u16) -> Self {
        Self::from_bits(cell)
    }
}

impl<E: Vocabulary> Field<kind::Cat<E>> for E {
    fn to_cell(&self) -> E {
        *self
    }

    fn from_cell(cell: E) -> Self {
        cell
    }
}

impl<E: Vocabulary> Field<kind::Code<E>> for E {
    fn to_cell(&self) -> E {
        *self
    }

    fn from_cell(cell: E) -> Self {
        cell
    }
}

impl<S: Item> Field<kind::Structs<S>> for Vec<S> {
    fn to_cell(&self) -> &[S] {
        self
    }

    fn from_cell(cell: Self) -> Self {
        cell
    }
}

impl<V: ColumnType, F: Field<V>> Field<kind::Opt<V>> for Option<F> {
    fn to_cell(&self) -> Option<V::In<'_>> {
        self.as_ref().map(F::to_cell)
    }

    fn from_cell(cell: Option<V::Out<'_>>) -> Self {
        cell.map(F::from_cell)
    }
}

pub(crate) fn put<T: Table, V: ColumnType, F: Field<V>>(
    row: &mut TableBuilder<T>,
    column: &Column<T, V>,
    field: &F,
) {
    row.set(column, field.to_cell());
}

pub(crate) fn take<T: Table, V: ColumnType, F: Field<V>>(
    row: &Row<'_, T>,
    column: &Column<T, V>,
) -> Result<F, EventError> {
    row.get(column).map(F::from_cell)
}

/// Declares a struct of fields and their columns once. The column carries the meaning, so a field's documentation
/// is the link to it. Fields behind `and` stand in no column of their own type: whoever uses them sets them.
macro_rules! fields {
    ($(#[$meta:meta])* $name:ident of $table:ident { $($field:ident: $ty:ty = $column:ident,)* }
     $(and { $($(#[$own_meta:meta])* $own:ident: $own_ty:ty,)* })?) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $(
                #[doc = concat!("Column [`", stringify!($table), "::", stringify!($column), "`](crate::", stringify!($table), "::", stringify!($column), ").")]
                pub $field: $ty,
            )*
            $($($(#[$own_meta])* pub $own: $own_ty,)*)?
        }

        impl $name {
            fn put(&self, row: &mut $crate::TableBuilder<$crate::$table>) {
                $($crate::event::field::put(row, &$crate::$table::$column, &self.$field);)*
            }

            fn take(
                row: &$crate::Row<'_, $crate::$table>
                $(, $($own: $own_ty),*)?
            ) -> Result<Self, $crate::EventError> {
                Ok(Self {
                    $($field: $crate::event::field::take(row, &$crate::$table::$column)?,)*
                    $($($own,)*)?
                })
            }
        }
    };
}
pub(crate) use fields;

/// Declares an event: its required fields, its optional fields, and the way to a row and back.
macro_rules! event {
    ($(#[$meta:meta])* $name:ident of $table:ident $(about $subject:ty)? {
        $($field:ident: $ty:ty = $column:ident,)*
    } more $more:ident { $($more_field:ident: $more_ty:ty = $more_column:ident,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $(
                /// Source, instrument, clocks and flags.
                pub envelope: $crate::Envelope<$subject>,
            )?
            $(
                #[doc = concat!("Column [`", stringify!($table), "::", stringify!($column), "`](crate::", stringify!($table), "::", stringify!($column), ").")]
                pub $field: $ty,
            )*
            /// What may be left out.
            pub more: $more,
        }

        $crate::event::field::fields! {
            #[doc = concat!("The optional columns of a [`", stringify!($name), "`].")]
            #[derive(Default)]
            #[non_exhaustive]
            $more of $table { $($more_field: $more_ty = $more_column,)* }
        }

        impl $name {
            /// The event with optional fields set.
            #[must_use]
            pub fn with(mut self, set: impl FnOnce(&mut $more)) -> Self {
                set(&mut self.more);
                self
            }
        }

        impl $crate::Event for $name {
            type Table = $crate::$table;

            fn write(&self, row: &mut $crate::TableBuilder<$crate::$table>) {
                $($crate::Envelope::<$subject>::put(&self.envelope, row);)?
                $($crate::event::field::put(row, &$crate::$table::$column, &self.$field);)*
                self.more.put(row);
            }

            fn read(row: &$crate::Row<'_, $crate::$table>) -> Result<Self, $crate::EventError> {
                Ok(Self {
                    $(envelope: $crate::Envelope::<$subject>::take(row)?,)?
                    $($field: $crate::event::field::take(row, &$crate::$table::$column)?,)*
                    more: $more::take(row)?,
                })
            }
        }
    };
}
pub(crate) use event;
