//! Random rows of every table come back as they were.

use crate::rows::Rows;
use contract::arrow_array::{Array, ArrayRef, RecordBatch};
use contract::{AnyBatch, RowDigest, TABLES};
use proptest::prelude::*;

/// The arrays of a batch by column, `seq` aside.
fn arrays(batch: &AnyBatch) -> Vec<ArrayRef> {
    let fixed = batch.columns().map(|(_, array)| array.clone());
    fixed.chain(batch.dynamic().map(|(_, array)| array.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn rows_of_every_table_come_back_with_equal_cells_and_digest(
        which in 0..TABLES.len(), len in 0_usize..40, seed: u64, logged: bool,
    ) {
        let spec = TABLES[which];
        let mut rows = Rows::random(spec, len, seed);
        if logged && spec.is_event() {
            rows.seq = Some((100..).take(len).collect());
        }
        let first = AnyBatch::parse(spec, &rows.batch()).unwrap();
        prop_assert_eq!(first.seq().map(Array::len), rows.seq.as_ref().map(Vec::len));
        let out = first.clone().into_record_batch();
        let second = AnyBatch::parse(spec, &out).unwrap();
        prop_assert_eq!(arrays(&first), arrays(&second));
        prop_assert_eq!(RowDigest::of(&first), RowDigest::of(&second));
        prop_assert_eq!(out.clone(), second.into_record_batch());
    }

    #[test]
    fn parsing_our_own_rows_copies_no_value(
        which in 0..TABLES.len(), len in 1_usize..20, seed: u64,
    ) {
        let spec = TABLES[which];
        let batch = Rows::random(spec, len, seed).batch();
        let parsed = AnyBatch::parse(spec, &batch).unwrap();
        for (column, array) in parsed.columns() {
            let came = batch.column_by_name(column.name).unwrap();
            prop_assert!(array.to_data().ptr_eq(&came.to_data()), "{}", column.name);
        }
    }

    #[test]
    fn the_digest_is_the_same_for_any_cut_any_slice_and_any_order_of_columns(
        which in 0..TABLES.len(), len in 1_usize..30, seed: u64, cut in 0_usize..30, turn in 0_usize..99,
    ) {
        let spec = TABLES[which];
        let batch = Rows::random(spec, len, seed).batch();
        let whole = AnyBatch::parse(spec, &batch).unwrap();
        let cut = cut.min(len);

        let mut parts = RowDigest::of(&whole.slice(cut, len - cut));
        parts.add(&RowDigest::of(&whole.slice(0, cut)));
        prop_assert_eq!(parts, RowDigest::of(&whole), "slices of the parsed batch");

        let parse = |at, len| AnyBatch::parse(spec, &batch.slice(at, len)).unwrap();
        let mut parts = RowDigest::of(&parse(0, cut));
        parts.add(&RowDigest::of(&parse(cut, len - cut)));
        prop_assert_eq!(parts, RowDigest::of(&whole), "batches cut before they were parsed");

        // Feature columns keep their order; everything is found by name.
        let fixed = spec.columns.len();
        let mut order: Vec<usize> = (0..fixed).collect();
        order.rotate_left(turn % fixed);
        order.extend(fixed..batch.num_columns());
        let turned: RecordBatch = batch.project(&order).unwrap();
        let turned = AnyBatch::parse(spec, &turned).unwrap();
        prop_assert_eq!(RowDigest::of(&turned), RowDigest::of(&whole), "columns in another order");
        prop_assert_eq!(arrays(&turned), arrays(&whole));
    }
}
