//! The types that a stored table may have: those of the contract, checked before Arrow reads a schema.

use super::BodyError;
use arrow_ipc::{
    Endianness, Field as WireField, Precision, TimeUnit as WireUnit, Type as WireType,
};
use arrow_schema::{DataType, Fields, Schema};

/// Refuses a schema with a type that no table of the contract has.
pub(super) fn check(schema: &Schema) -> Result<(), BodyError> {
    if schema.fields().is_empty() {
        return Err(BodyError::Malformed("expected columns, found none".to_owned()));
    }
    match schema.fields().iter().find(|field| !is_known(field.data_type())) {
        Some(field) => Err(BodyError::Type {
            column: field.name().clone(),
            found: field.data_type().to_string(),
        }),
        None => Ok(()),
    }
}

/// Whether columns of this type are stored; a struct only as the item of a list, where it is never null.
fn is_known(ty: &DataType) -> bool {
    match ty {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float64
        | DataType::Timestamp(_, _)
        | DataType::Decimal128(_, _)
        | DataType::Utf8
        | DataType::Binary => true,
        DataType::FixedSizeBinary(width) => *width > 0,
        DataType::Dictionary(key, value) => {
            matches!((&**key, &**value), (DataType::Int32, DataType::Utf8))
        }
        DataType::List(item) => match item.data_type() {
            DataType::Struct(fields) => {
                !item.is_nullable()
                    && !fields.is_empty()
                    && fields.iter().all(|field| is_known(field.data_type()))
            }
            simple => is_known(simple),
        },
        _ => false,
    }
}

/// Number of dictionaries of a schema.
pub(super) fn dictionaries(schema: &Schema) -> usize {
    fn of(ty: &DataType) -> usize {
        match ty {
            DataType::Dictionary(_, _) => 1,
            DataType::List(item) => of(item.data_type()),
            DataType::Struct(fields) => all(fields),
            _ => 0,
        }
    }
    fn all(fields: &Fields) -> usize {
        fields.iter().map(|field| of(field.data_type())).sum()
    }
    all(schema.fields())
}

/// Refuses everything on which Arrow's own conversion of a schema would panic.
pub(super) fn check_wire(schema: arrow_ipc::Schema<'_>) -> Result<(), BodyError> {
    let refuse = || BodyError::Malformed("the schema message is not of the stored form".to_owned());
    if schema.endianness() != Endianness::Little {
        return Err(refuse());
    }
    let mut next_id = 0;
    schema
        .fields()
        .filter(|fields| fields.iter().all(|field| is_readable(field, 0, &mut next_id)))
        .map(|_| ())
        .ok_or_else(refuse)
}

/// Deeper than any table of the contract.
const MAX_DEPTH: u8 = 8;

fn is_readable(field: WireField<'_>, depth: u8, next_id: &mut i64) -> bool {
    let mut children = || match field.children() {
        Some(all) if all.iter().all(|child| is_readable(child, depth + 1, next_id)) => all.len(),
        _ => 0,
    };
    let is_known = depth < MAX_DEPTH
        && match field.type_type() {
            WireType::Bool | WireType::Utf8 | WireType::Binary => true,
            WireType::Int => {
                field.type_as_int().is_some_and(|int| matches!(int.bitWidth(), 8 | 16 | 32 | 64))
            }
            WireType::FloatingPoint => field
                .type_as_floating_point()
                .is_some_and(|float| float.precision() == Precision::DOUBLE),
            WireType::Timestamp => field
                .type_as_timestamp()
                .is_some_and(|ts| (WireUnit::SECOND..=WireUnit::NANOSECOND).contains(&ts.unit())),
            WireType::Decimal => field.type_as_decimal().is_some_and(|decimal| {
                decimal.bitWidth() == 128
                    && (1..=38).contains(&decimal.precision())
                    && (-38..=38).contains(&decimal.scale())
            }),
            WireType::FixedSizeBinary => {
                field.type_as_fixed_size_binary().is_some_and(|fixed| fixed.byteWidth() > 0)
            }
            WireType::List => children() == 1,
            WireType::Struct_ => children() > 0,
            _ => false,
        };
    is_known
        && field.dictionary().is_none_or(|dictionary| {
            let id = *next_id;
            *next_id += 1;
            let is_i32 =
                dictionary.indexType().is_some_and(|int| int.bitWidth() == 32 && int.is_signed());
            is_i32 && dictionary.id() == id
        })
}
