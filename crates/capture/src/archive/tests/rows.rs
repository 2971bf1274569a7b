//! Rows in, rows out.

use super::*;
use proptest::prelude::*;

#[test]
fn rows_of_two_tables_and_dates_come_back_in_the_order_of_the_log() {
    let fs = disk();
    let files = archive(&fs, &log()).unwrap();
    let found: Vec<_> =
        files.iter().map(|f| (f.path.as_str(), f.rows, f.first_seq, f.end_seq)).collect();
    // By hand: the stamps 15, 20 and 12 lie behind midnight, which is at 10.
    let expected = [
        (
            "decisions/date=2024-08-08/00000000000000000103-00000000000000000105.parquet",
            2,
            103,
            105,
        ),
        (
            "decisions/date=2024-08-09/00000000000000000112-00000000000000000113.parquet",
            1,
            112,
            113,
        ),
        ("trades/date=2024-08-08/00000000000000000100-00000000000000000112.parquet", 6, 100, 112),
        ("trades/date=2024-08-09/00000000000000000101-00000000000000000106.parquet", 2, 101, 106),
    ];
    assert_eq!(found, expected);
    assert_eq!((files[2].min_ts_avail, files[2].max_ts_avail), (EVE, EVE + 8));
    assert_eq!((files[3].min_ts_avail, files[3].max_ts_avail), (EVE + 15, EVE + 20));
    assert_eq!(seen(&read_all(&fs, &files, 0..u64::MAX)), seen(&log()));
}

#[test]
fn consecutive_rows_of_a_producer_form_one_batch_and_a_hole_starts_another() {
    let fs = disk();
    let files = archive(&fs, &log()).unwrap();
    let found: Vec<_> = read_all(&fs, &files, 0..u64::MAX)
        .iter()
        .map(|b| (b.first_seq, b.rows.num_rows(), b.first_pseq))
        .collect();
    // 105..107 and 107..108 meet; 110 misses two of the log's numbers; 111 is another producer's.
    let expected = [(100, 3, 0), (103, 2, 0), (105, 3, 3), (110, 1, 9), (111, 1, 2), (112, 1, 3)];
    assert_eq!(found, expected);
}

#[test]
fn a_range_and_a_table_give_their_rows_alone() {
    let fs = disk();
    let files = archive(&fs, &log()).unwrap();
    let rows = seen(&read_all(&fs, &files, 102..112));
    let expected: Vec<_> =
        seen(&log()).into_iter().filter(|row| (102..112).contains(&row.1)).collect();
    assert_eq!(rows, expected);
    let refs: Vec<&ArchivedFile> = files.iter().collect();
    let wants = |table: &str| table == "decisions";
    let found = read(&fs, Path::new("/log/archive"), &refs, 0..u64::MAX, &wants).unwrap();
    assert_eq!(found.iter().map(|b| b.first_seq).collect::<Vec<_>>(), [103, 112]);
    let nothing = read_all(&fs, &files, 108..110);
    assert_eq!(nothing.len(), 0);
}

#[test]
fn a_batch_comes_back_with_the_schema_it_had() {
    let fs = disk();
    let files = archive(&fs, &log()).unwrap();
    let before = log().remove(0).parse().unwrap().unwrap().into_record_batch();
    let after = read_all(&fs, &files, 100..103).remove(0);
    assert_eq!(after.rows.schema(), before.schema());
}

#[test]
fn the_digest_is_that_of_the_rows_before_they_were_archived() {
    let fs = disk();
    let rows = [trades(100, 1, 0, &[0, 3, 1])];
    let files = archive(&fs, &rows).unwrap();
    let expected = RowDigest::of(&rows[0].parse().unwrap().unwrap());
    assert_eq!(files[0].digest.as_bytes(), &expected.to_bytes());
}

#[test]
fn memory_of_many_small_batches_is_near_that_of_one_large_one() {
    let many = 512;
    let mut small = Archiver::new();
    for n in 0..many {
        small.push(&trades(100 + n, 1, n, &[0])).unwrap();
    }
    let mut large = Archiver::new();
    large.push(&trades(100, 1, 0, &vec![0; 512])).unwrap();
    assert!(large.bytes() > 512 * 50, "{}", large.bytes());
    assert!(small.bytes() < large.bytes() * 2, "{} {}", small.bytes(), large.bytes());
}

#[test]
fn rows_with_columns_of_a_later_version_go_to_their_own_file_and_keep_them() {
    let fs = disk();
    let plain = trades(100, 1, 0, &[0, 1]);
    let mut later = trades(102, 1, 2, &[2, 3]);
    let schema = later.rows.schema();
    let mut fields = schema.fields().to_vec();
    fields.push(Arc::new(contract::arrow_schema::Field::new(
        "x_new",
        contract::arrow_schema::DataType::Utf8,
        true,
    )));
    let mut metadata = schema.metadata().clone();
    metadata.insert("hindsight.schema_version".into(), "77".into());
    let mut arrays = later.rows.columns().to_vec();
    arrays.push(Arc::new(StringArray::from(vec![Some("a"), None])));
    let schema = contract::arrow_schema::Schema::new_with_metadata(fields, metadata);
    later.rows = Arc::new(RecordBatch::try_new(Arc::new(schema), arrays).unwrap());
    let batches = [plain, later, trades(104, 1, 4, &[4])];
    let files = archive(&fs, &batches).unwrap();
    assert_eq!(
        files.iter().map(|f| (f.first_seq, f.rows)).collect::<Vec<_>>(),
        [(100, 3), (102, 2)]
    );
    let back = read_all(&fs, &files, 0..u64::MAX);
    assert_eq!(seen(&back), seen(&batches));
    assert_eq!(back[1].rows.schema().metadata()["hindsight.schema_version"], "77");
    let any = back[1].parse().unwrap().unwrap();
    let (field, array) = any.unknown().next().unwrap();
    assert_eq!(field.name(), "x_new");
    assert_eq!(array.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("a"), None]);
    for file in &files {
        verify(&fs, Path::new("/log/archive"), file).unwrap();
    }
}

#[test]
fn a_table_without_events_is_refused() {
    let rows = RecordBatch::new_empty(Arc::new(contract::table("features").unwrap().schema(false)));
    let mut archiver = Archiver::new();
    archiver.push(&logged("features", 100, 1, 0, rows.clone())).unwrap(); // no rows, no question
    let error = archiver.push(&trades(100, 1, 0, &[0])).and_then(|()| {
        archiver.push(&logged(
            "no_such_table",
            101,
            1,
            0,
            trades(101, 1, 0, &[0]).rows.as_ref().clone(),
        ))
    });
    assert_eq!(contract::Diagnostic::code(&error.unwrap_err()), "capture/archive-table");
}

#[test]
fn batches_out_of_order_and_rows_outside_the_run_are_refused() {
    let mut archiver = Archiver::new();
    archiver.push(&trades(105, 1, 0, &[0])).unwrap();
    let error = archiver.push(&trades(104, 1, 1, &[0])).unwrap_err();
    assert_eq!(error.to_string(), "table `trades`: expected seq 106 or later, found 104");
    let mut wrong = trades(107, 1, 1, &[0, 1]);
    wrong.first_seq = 108;
    let error = archiver.push(&wrong).unwrap_err();
    assert_eq!(error.to_string(), "table `trades`: expected seq 108, found 107");
    let fs = disk();
    let error = archive(&fs, &[trades(119, 1, 0, &[0, 1])]).unwrap_err();
    assert_eq!(error.to_string(), "table `trades`: expected seq 100..120, found 120");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_rows_in_any_cut_come_back_and_verify(
        stamps in prop::collection::vec((0..3_i64, 0..20_i64), 1..40),
        cut in prop::collection::vec(1..6_usize, 1..20),
        from in 90..130_u64,
        len in 0..40_u64,
    ) {
        let at: Vec<i64> = stamps.iter().map(|(day, ns)| day * 86_400_000_000_000 + ns).collect();
        let mut batches = Vec::new();
        let (mut start, mut seq) = (0, 100);
        for n in cut.into_iter().cycle() {
            if start >= at.len() {
                break;
            }
            let end = (start + n).min(at.len());
            let part = &at[start..end];
            let pseq = u64::try_from(start).unwrap();
            batches.push(if n % 2 == 0 { trades(seq, 1, pseq, part) } else { decisions(seq, 2, pseq, part) });
            seq += u64::try_from(part.len()).unwrap() + u64::try_from(n / 4).unwrap();
            start = end;
        }
        let fs = disk();
        let mut archiver = Archiver::new();
        for batch in &batches {
            archiver.push(batch).unwrap();
        }
        let files = archiver.publish(&Job { seqs: [100, seq], ..job(&fs, &[]) }).unwrap();
        prop_assert_eq!(files.iter().map(|f| f.rows).sum::<u64>(), u64::try_from(at.len()).unwrap());
        for file in &files {
            verify(&fs, Path::new("/log/archive"), file).unwrap();
        }
        let range = from..from + len;
        let mut expected = seen(&batches);
        expected.retain(|row| range.contains(&row.1));
        prop_assert_eq!(seen(&read_all(&fs, &files, range)), expected);
    }
}
