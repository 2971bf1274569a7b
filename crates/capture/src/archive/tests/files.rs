//! What stands in a file.

use super::*;
use contract::{FeedMarks, InstrumentId, MarkKind, SourceId, TableBuilder};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

fn open(fs: &dyn Fs, file: &ArchivedFile) -> SerializedFileReader<bytes::Bytes> {
    SerializedFileReader::new(bytes_of(fs, file).into()).unwrap()
}

/// The same words behind other keys, with one that no row uses.
fn other_words(array: &ArrayRef) -> ArrayRef {
    let Some(words) = array.as_dictionary_opt::<Int32Type>() else { return Arc::clone(array) };
    let mut out = StringDictionaryBuilder::<Int32Type>::new();
    out.append("never used").unwrap();
    words.downcast_dict::<StringArray>().unwrap().into_iter().for_each(|w| out.append_option(w));
    Arc::new(out.finish().slice(1, words.len()))
}

#[test]
fn the_same_rows_give_the_same_bytes_in_any_cut_and_dictionary() {
    let (one, other) = (disk(), disk());
    let whole = log();
    let mut cut = Vec::new();
    for batch in &whole {
        for (row, n) in (0..batch.rows.num_rows()).zip(0..) {
            let rows = batch.rows.slice(row, 1);
            let arrays = rows.columns().iter().map(other_words).collect();
            let rows = RecordBatch::try_new(rows.schema(), arrays).unwrap();
            let mut part = batch.clone();
            (part.first_seq, part.first_pseq, part.rows) =
                (batch.first_seq + n, batch.first_pseq + n, Arc::new(rows));
            cut.push(part);
        }
    }
    assert_ne!(whole.len(), cut.len());
    let (a, b) = (archive(&one, &whole).unwrap(), archive(&other, &cut).unwrap());
    assert_eq!(a, b);
    for file in &a {
        assert_eq!(bytes_of(&one, file), bytes_of(&other, file), "{}", file.path);
    }
}

#[test]
fn columns_that_two_threads_encode_are_those_of_one_writer() {
    let fs = disk();
    for file in archive(&fs, &log()).unwrap() {
        let bytes = bytes_of(&fs, &file);
        let input = bytes::Bytes::from(bytes.clone());
        let builder = ParquetRecordBatchReaderBuilder::try_new(input).unwrap();
        let schema = Arc::clone(builder.schema());
        let words = builder.metadata().file_metadata().key_value_metadata().unwrap().iter();
        let words: Vec<_> = words.filter(|w| w.key != "ARROW:schema").cloned().collect();
        let rows: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
        let mut schema = schema.as_ref().clone();
        // The reader mixes the words of the file into those of the schema.
        schema.metadata.retain(|key, _| {
            !words.iter().any(|word| word.key == *key)
                || key == "hindsight.table"
                || key == "hindsight.schema_version"
        });
        let schema = Arc::new(schema);
        let properties = encode::properties(&schema, rows[0].num_rows(), &words).unwrap();
        let mut plain =
            ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).unwrap();
        plain.write(&rows[0].clone().with_schema(schema).unwrap()).unwrap();
        assert_eq!((rows.len(), plain.into_inner().unwrap() == bytes), (1, true), "{}", file.path);
    }
}

#[test]
fn the_record_says_what_sha256_and_the_file_say() {
    let fs = disk();
    for file in archive(&fs, &log()).unwrap() {
        let bytes = bytes_of(&fs, &file);
        assert_eq!(file.bytes, u64::try_from(bytes.len()).unwrap());
        assert_eq!(file.sha256, Hash::of(&bytes));
        check(&fs, Path::new("/log/archive"), &file).unwrap();
        verify(&fs, Path::new("/log/archive"), &file).unwrap();
    }
}

#[test]
fn columns_order_words_and_indexes_are_those_of_the_format() {
    let fs = disk();
    let files = archive(&fs, &log()).unwrap();
    let reader = open(&fs, &files[0]); // decisions of the first date
    let about = reader.metadata().file_metadata();
    assert_eq!(about.created_by(), Some("hindsight"));
    let words: Vec<(&str, &str)> = about
        .key_value_metadata()
        .unwrap()
        .iter()
        .filter(|kv| kv.key.starts_with("hindsight.") && kv.key != "hindsight.digest")
        .map(|kv| (kv.key.trim_start_matches("hindsight."), kv.value.as_deref().unwrap()))
        .collect();
    let expected = [
        ("log_id", "09090909-0909-0909-0909-090909090909"),
        ("table", "decisions"),
        ("schema_version", "1"),
        ("first_seq", "103"),
        ("end_seq", "105"),
        ("rows", "2"),
        ("segments", "3-4"),
        ("gaps", "1"),
    ];
    assert_eq!(words, expected);
    let leaves = about.schema_descr();
    let top: Vec<&str> = leaves.root_schema().get_fields().iter().map(|f| f.name()).collect();
    assert_eq!(top[0], "seq");
    assert_eq!(top[top.len() - 3..], ["log_producer", "log_pseq", "log_ts_append"]);
    let ids: Vec<i32> =
        leaves.root_schema().get_fields().iter().map(|f| f.get_basic_info().id()).collect();
    assert_eq!((ids[0], &ids[ids.len() - 3..]), (1, [10, 11, 12].as_slice()));
    let group = reader.metadata().row_group(0);
    let sorted: Vec<&str> = group
        .sorting_columns()
        .unwrap()
        .iter()
        .map(|s| {
            leaves.column(usize::try_from(s.column_idx).unwrap()).name().to_owned().leak() as &str
        })
        .collect();
    assert_eq!(sorted, ["instrument_id", "ts_avail", "seq"]);
    for column in group.columns() {
        let name = column.column_path().string();
        assert!(column.statistics().is_some(), "{name}");
        assert!(column.offset_index_offset().is_some(), "{name}");
        let is_id = column.column_descr().type_length() == 16
            && column.column_descr().logical_type_ref().is_none()
            && !name.contains('.');
        assert_eq!(column.bloom_filter_offset().is_some(), is_id, "{name}");
        assert_eq!(format!("{:?}", column.compression()), "ZSTD(ZstdLevel(1))", "{name}");
    }
}

/// `seq` of the rows of a file in its order.
fn order(fs: &dyn Fs, file: &ArchivedFile) -> Vec<u64> {
    let path = place(Path::new("/log/archive"), &file.path);
    let batches = source::Source::open(fs, &path).unwrap().0.build().unwrap();
    let seqs = batches.map(|batch| {
        let seqs = batch.unwrap().column(0).clone();
        seqs.as_primitive::<contract::arrow_array::types::UInt64Type>().values().to_vec()
    });
    seqs.collect::<Vec<_>>().concat()
}

#[test]
fn rows_stand_by_instrument_then_time_then_number() {
    let fs = disk();
    let rows = trades(100, 1, 0, &[9, 1, 5, 1]);
    let mut arrays = rows.rows.columns().to_vec();
    let at = rows.rows.schema().index_of("instrument_id").unwrap();
    arrays[at] = Arc::new(contract::arrow_array::UInt32Array::from(vec![2, 2, 1, 2]));
    let rows = RecordBatch::try_new(rows.rows.schema(), arrays).unwrap();
    let files = archive(&fs, &[logged("trades", 100, 1, 0, rows)]).unwrap();
    // Instrument 1 at 5; instrument 2 at 1, 1 and 9.
    assert_eq!(order(&fs, &files[0]), [102, 101, 103, 100]);
}

#[test]
fn rows_without_an_instrument_stand_first() {
    let fs = disk();
    let mut rows = TableBuilder::<FeedMarks>::new(UtcNanos::from_nanos(EVE));
    for instrument in [Some(InstrumentId::new(0)), None, Some(InstrumentId::new(7)), None] {
        rows.set(&FeedMarks::SOURCE_ID, SourceId::new(1))
            .set(&FeedMarks::INSTRUMENT_ID, instrument)
            .set(&FeedMarks::KIND, MarkKind::Start);
        rows.end_row().unwrap();
    }
    let rows = rows.finish().unwrap().with_seq(100).into_record_batch();
    let batches = [logged("feed_marks", 100, 1, 0, rows)];
    let files = archive(&fs, &batches).unwrap();
    assert_eq!(order(&fs, &files[0]), [101, 103, 100, 102]);
    assert_eq!(seen(&read_all(&fs, &files, 0..u64::MAX)), seen(&batches));
}

#[test]
fn rows_that_an_earlier_run_holds_are_refused_before_anything_is_written() {
    let fs = disk();
    let known = archive(&fs, &[trades(100, 1, 0, &[0, 1, 2])]).unwrap();
    let before = fs.calls();
    let mut archiver = Archiver::new();
    archiver.push(&decisions(90, 1, 0, &[0])).unwrap();
    archiver.push(&trades(102, 1, 2, &[5])).unwrap();
    let error = archiver.publish(&Job { seqs: [90, 120], ..job(&fs, &known) }).unwrap_err();
    assert_eq!(contract::Diagnostic::code(&error), "capture/archive-overlap");
    assert_eq!(
        error.to_string(),
        "table `trades`: expected seq 102..103 in no earlier file, found seq 100..103 in \
         `trades/date=2024-08-08/00000000000000000100-00000000000000000103.parquet`"
    );
    assert_eq!(fs.calls(), before); // not even a look
}

#[test]
fn files_next_to_each_other_and_of_other_tables_do_not_overlap() {
    let fs = disk();
    let mut known = archive(&fs, &[trades(100, 1, 0, &[0, 1])]).unwrap();
    let mut archiver = Archiver::new();
    archiver.push(&decisions(101, 2, 0, &[0])).unwrap();
    archiver.push(&trades(102, 1, 2, &[2])).unwrap();
    known.extend(archiver.publish(&job(&fs, &known)).unwrap());
    assert_eq!(known.iter().map(|f| f.first_seq).collect::<Vec<_>>(), [100, 101, 102]);
    assert_eq!(unrecorded(&fs, Path::new("/log/archive"), &known).unwrap(), Vec::<String>::new());
}

#[test]
fn a_run_of_no_rows_is_no_file() {
    let fs = disk();
    assert_eq!(archive(&fs, &[]).unwrap(), []);
    assert_eq!(unrecorded(&fs, Path::new("/log/archive"), &[]).unwrap(), Vec::<String>::new());
}

#[test]
fn a_single_row_is_a_whole_file() {
    let fs = disk();
    let files = archive(&fs, &[decisions(100, 1, 7, &[0])]).unwrap();
    assert_eq!(files.len(), 1);
    let back = read_all(&fs, &files, 0..u64::MAX);
    assert_eq!(seen(&back), seen(&[decisions(100, 1, 7, &[0])]));
    assert_eq!(unrecorded(&fs, Path::new("/log/archive"), &[]).unwrap(), [files[0].path.clone()]);
}

#[test]
fn every_flipped_bit_of_a_file_is_seen_by_the_check_and_none_panics_a_reader() {
    let fs = disk();
    let files = archive(&fs, &[trades(100, 1, 0, &[0, 3, 1])]).unwrap();
    let dir = Path::new("/log/archive");
    let path = place(dir, &files[0].path);
    for offset in (0..files[0].bytes).step_by(7) {
        fs.flip_bit(&path, offset, 3).unwrap();
        let error = check(&fs, dir, &files[0]).unwrap_err();
        assert_eq!(contract::Diagnostic::code(&error), "capture/archive-mismatch");
        assert!(verify(&fs, dir, &files[0]).is_err());
        fs.flip_bit(&path, offset, 3).unwrap();
    }
    check(&fs, dir, &files[0]).unwrap();
}

#[test]
fn a_record_of_other_rows_is_seen_by_the_deep_check() {
    let fs = disk();
    let files = archive(&fs, &[trades(100, 1, 0, &[0, 3, 1])]).unwrap();
    let dir = Path::new("/log/archive");
    let wrong: [fn(&mut ArchivedFile); 4] = [
        |f| f.rows += 1,
        |f| f.end_seq += 1,
        |f| f.max_ts_avail += 1,
        |f| f.digest = Hash::of(b""),
    ];
    for spoil in wrong {
        let mut file = files[0].clone();
        spoil(&mut file);
        check(&fs, dir, &file).unwrap();
        let error = verify(&fs, dir, &file).unwrap_err();
        assert_eq!(contract::Diagnostic::code(&error), "capture/archive-mismatch");
    }
}
