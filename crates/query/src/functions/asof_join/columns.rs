//! Columns of both sides, checked, and of the answer.

use super::FUNCTION;
use super::key::KeyKind;
use crate::causality::mark;
use crate::error::QueryError;
use crate::functions::argument::wrong;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::Expr;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Stands before the name of every right column.
const PREFIX: &str = "right_";
/// The column of the age.
pub(super) const AGE: &str = "asof_age_ns";
/// The column of the verdict.
pub(super) const FOUND: &str = "asof_found";
/// The column that orders right rows of one instant.
const SEQ: &str = "seq";

/// Where the columns stand that the join works on, and what it gives.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) left_width: usize,
    pub(super) right_width: usize,
    pub(super) left_time: usize,
    pub(super) right_time: usize,
    pub(super) right_seq: usize,
    /// The key's places on the left and on the right.
    pub(super) by: Option<(usize, usize)>,
    schema: SchemaRef,
}

impl Columns {
    pub(super) fn try_new(
        left: &SchemaRef,
        right: &SchemaRef,
        left_time: &str,
        right_time: &str,
        by: Option<&str>,
        is_hindsight: bool,
    ) -> Result<Self, QueryError> {
        let by = match by {
            Some(name) => {
                Some((column(left, "by", "left", name)?, column(right, "by", "right", name)?))
            }
            None => None,
        };
        if let Some((at_left, at_right)) = by {
            key_kinds(left.field(at_left), right.field(at_right))?;
        }
        let right_seq = find(right, SEQ).filter(|at| right.field(*at).data_type().is_integer());
        let right_seq = right_seq.ok_or_else(|| {
            let expected = "a table with an integer column `seq`, which says which of two rows of one instant is the later";
            let names: Vec<&str> = right.fields().iter().map(|f| f.name().as_str()).collect();
            wrong(FUNCTION, "right", expected, &names.join(", "))
        })?;
        Ok(Self {
            left_width: left.fields().len(),
            right_width: right.fields().len(),
            left_time: time(left, "left_time", "left", left_time)?,
            right_time: time(right, "right_time", "right", right_time)?,
            right_seq,
            by,
            schema: answer(left, right, is_hindsight)?,
        })
    }

    /// Columns of the answer.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether a column of the answer comes from the left.
    pub(super) fn is_left(&self, name: &str) -> bool {
        find(&self.schema, name).is_some_and(|at| at < self.left_width)
    }
}

fn find(schema: &Schema, name: &str) -> Option<usize> {
    schema.fields().iter().position(|field| field.name() == name)
}

/// The place of a column that an argument names.
fn column(
    schema: &Schema,
    argument: &'static str,
    side: &str,
    name: &str,
) -> Result<usize, QueryError> {
    find(schema, name).ok_or_else(|| {
        let names = schema.fields().iter().map(|f| f.name().as_str());
        let near = contract::nearest(name, names);
        let near = if near.is_empty() {
            String::new()
        } else {
            format!(" (is it `{}`?)", near.join("`, `"))
        };
        wrong(FUNCTION, argument, &format!("a column of the {side} side{near}"), name)
    })
}

fn time(
    schema: &Schema,
    argument: &'static str,
    side: &str,
    name: &str,
) -> Result<usize, QueryError> {
    let at = column(schema, argument, side, name)?;
    match schema.field(at).data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, Some(zone))
            if matches!(&**zone, contract::UTC | "+00:00" | "Etc/UTC") =>
        {
            Ok(at)
        }
        other => {
            let found = format!("{name} of {other}");
            Err(wrong(FUNCTION, argument, "a column of Timestamp(ns, UTC)", &found))
        }
    }
}

/// That both keys are of one kind.
fn key_kinds(left: &Field, right: &Field) -> Result<(), QueryError> {
    let kinds = (KeyKind::of(left.data_type()), KeyKind::of(right.data_type()));
    match kinds {
        (Some(left), Some(right)) if left == right => Ok(()),
        _ => {
            let expected = "a column of integers, text or bytes, of the same kind on both sides";
            let found = format!("{} and {}", left.data_type(), right.data_type());
            Err(wrong(FUNCTION, "by", expected, &found))
        }
    }
}

/// Left columns, right columns under their new names, age and verdict; each name once.
fn answer(left: &Schema, right: &Schema, is_hindsight: bool) -> Result<SchemaRef, QueryError> {
    let renamed = |field: &FieldRef| -> FieldRef {
        let name = format!("{PREFIX}{}", field.name());
        Arc::new(Field::clone(field).with_name(name).with_nullable(true))
    };
    let own = [
        Arc::new(Field::new(AGE, DataType::Int64, true)),
        Arc::new(Field::new(FOUND, DataType::Utf8, false)),
    ];
    let fields: Vec<FieldRef> = left
        .fields()
        .iter()
        .cloned()
        .chain(right.fields().iter().map(renamed))
        .chain(own)
        .collect();
    let mut names = BTreeSet::new();
    for field in &fields {
        if !names.insert(field.name().as_str()) {
            let message = format!(
                "{FUNCTION}: expected a name of its own for each column, found `{}` twice; rename it in a SELECT",
                field.name()
            );
            return Err(QueryError::Plan { message, place: None });
        }
    }
    let mut metadata = HashMap::new();
    if is_hindsight {
        mark(&mut metadata);
    }
    Ok(Arc::new(Schema::new_with_metadata(fields, metadata)))
}

/// These columns of a plan.
pub(super) fn picked<'a>(
    schema: &'a DFSchemaRef,
    columns: &'a [usize],
) -> impl Iterator<Item = Expr> + 'a {
    columns.iter().map(|at| Expr::Column(Column::from(schema.qualified_field(*at))))
}

/// A column by its name alone, as the one of that name in a plan.
pub(super) fn qualified(expr: Expr, schema: &DFSchemaRef) -> Transformed<Expr> {
    let Expr::Column(column) = &expr else { return Transformed::no(expr) };
    match find(schema.as_arrow(), &column.name) {
        Some(at) => Transformed::yes(Expr::Column(Column::from(schema.qualified_field(at)))),
        None => Transformed::no(expr),
    }
}
