//! Files as tables.

use crate::kit::{answer, error, lines, parquet, plan, put, session, times};
use arrow_array::{
    ArrayRef, BinaryViewArray, Int64Array, RecordBatch, StringArray, StringViewArray, UInt64Array,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{DataType, Field, Schema};
use contract::{Diagnostic as _, Fault, TableSpec};
use durable::{Fs, SimFs};
use query::{Catalogue, Session};
use std::sync::Arc;

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn ipc_file(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn numbers(values: std::ops::Range<i64>) -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(values));
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

fn trades() -> RecordBatch {
    contract::testing::trades("90 3.0 B, 95 1.0 A").with_seq(5).into_record_batch()
}

/// A session over files: table, path, bytes.
fn files(files: &[(&str, &str, Vec<u8>)]) -> Session {
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    let mut catalogue = Catalogue::default();
    for (table, path, bytes) in files {
        put(fs.as_ref(), path, bytes);
        catalogue = catalogue.with_file(table, path).unwrap();
    }
    session(&fs, catalogue)
}

#[tokio::test]
async fn every_format_is_known_by_its_bytes_and_gives_the_same_rows() {
    let rows = [numbers(0..3), numbers(3..5)];
    let session = files(&[
        ("p", "/p.bin", parquet(&numbers(0..5))),
        ("s", "/s.parquet", stream(&rows)),
        ("f", "/f", ipc_file(&rows)),
    ]);
    for table in ["p", "s", "f", "files.s"] {
        let sql = format!("SELECT n FROM {table} WHERE n > 0 ORDER BY n");
        assert_eq!(lines(&session, &sql).await, ["1", "2", "3", "4"], "{table}");
        let sql = format!("SELECT count(*), sum(n) FROM {table}");
        assert_eq!(lines(&session, &sql).await, ["5,10"], "{table}");
        assert_eq!(lines(&session, &format!("SELECT n FROM {table} LIMIT 1")).await, ["0"]);
        assert_eq!(lines(&session, &format!("SELECT 1 FROM {table} LIMIT 4")).await.len(), 4);
    }
    let mut counted = answer(&session, "SELECT n FROM s").await;
    while counted.next().await.unwrap().is_some() {}
    assert!(counted.bytes_read() > 0);
    assert_eq!(counted.rows_read(), 5);
    assert_eq!(
        lines(&session, "SELECT \"table\" FROM system.tables ORDER BY 1").await,
        ["f", "p", "s"]
    );
}

#[tokio::test]
async fn files_of_one_table_follow_each_other_in_the_order_given() {
    let session = files(&[
        ("n", "/b.arrow", ipc_file(&[numbers(7..9)])),
        ("n", "/a.parquet", parquet(&numbers(0..2))),
        ("m", "/2.parquet", parquet(&numbers(5..6))),
        ("m", "/1.parquet", parquet(&numbers(1..2))),
    ]);
    assert_eq!(lines(&session, "SELECT n FROM n").await, ["7", "8", "0", "1"]);
    assert_eq!(lines(&session, "SELECT n FROM m").await, ["5", "1"]);
}

#[tokio::test]
async fn files_that_do_not_agree_are_refused_with_the_first_column_that_differs() {
    let other =
        |name: &str, column: ArrayRef| RecordBatch::try_from_iter([(name, column)]).unwrap();
    let session = files(&[
        ("n", "/a", parquet(&numbers(0..2))),
        ("n", "/b", stream(&[other("n", Arc::new(UInt64Array::from(vec![1])))])),
        ("m", "/c", parquet(&numbers(0..2))),
        ("m", "/d", parquet(&other("k", Arc::new(Int64Array::from(vec![1]))))),
    ]);
    let differs = error(&session, "SELECT * FROM n").await;
    assert_eq!((differs.code(), differs.fault()), ("query/files-differ", Fault::Input));
    assert_eq!(
        differs.to_string(),
        "/b, column `n`: expected `n` of Int64, as /a has it, found `n` of UInt64"
    );
    let differs = error(&session, "SELECT * FROM m").await;
    assert!(differs.to_string().starts_with("/d, column `n`"), "{differs}");
}

#[tokio::test]
async fn a_stream_without_its_end_is_an_error_and_never_a_short_answer() {
    let whole = stream(&[numbers(0..3), numbers(3..5)]);
    // The end marker; a part of the marker; a part of the last body; most of everything.
    let cuts = [8, 4, 40, whole.len() - 100];
    for cut in cuts {
        let session = files(&[("s", "/s", whole[..whole.len() - cut].to_vec())]);
        let error = error(&session, "SELECT count(*) FROM s").await;
        assert_eq!((error.code(), error.fault()), ("query/damaged", Fault::Integrity), "{cut}");
        assert!(error.to_string().starts_with("/s: expected an Arrow IPC stream"), "{error}");
    }
    let mut long = whole;
    long.extend(b"more");
    let trailing = error(&files(&[("s", "/s", long)]), "SELECT count(*) FROM s").await;
    assert!(trailing.to_string().ends_with("found 4 bytes behind it"), "{trailing}");
}

#[tokio::test]
async fn damaged_and_foreign_files_end_with_a_word_and_their_name() {
    let check = async |bytes: Vec<u8>, code: &str, text: &str| {
        let error = error(&files(&[("s", "/s", bytes)]), "SELECT * FROM s").await;
        assert_eq!(error.code(), code, "{error}");
        assert!(
            error.to_string().starts_with("/s: ") && error.to_string().contains(text),
            "{error}"
        );
    };
    check(b"a,b\n1,2\n".to_vec(), "query/unrecognised-file", "found text").await;
    check(Vec::new(), "query/unrecognised-file", "found no byte").await;
    check(b"\x1f\x8b\x08\x00".to_vec(), "query/unrecognised-file", "found gzip").await;
    let file = ipc_file(&[numbers(0..3)]);
    check(file[..file.len() - 6].to_vec(), "query/damaged", "ends in `ARROW1`").await;
    let mut torn = file.clone();
    let at = torn.len() - 10;
    torn[at..at + 4].copy_from_slice(&i32::MAX.to_le_bytes());
    check(torn, "query/damaged", "a footer of impossible length").await;
    let whole = parquet(&numbers(0..3_000));
    check(whole[..whole.len() - 1].to_vec(), "query/damaged", "").await;
    let mut torn = whole;
    torn[4..400].fill(0xff);
    check(torn, "query/damaged", "").await;
    let missing = Catalogue::default().with_file("s", "/nowhere").unwrap();
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    let error = error(&session(&fs, missing), "SELECT * FROM s").await;
    assert!(error.code().starts_with("durable/"), "{error}");
    assert!(error.to_string().contains("/nowhere"), "{error}");
}

#[tokio::test]
async fn damage_anywhere_in_a_stream_or_file_never_panics_and_never_shortens() {
    for whole in
        [stream(&[numbers(0..3), numbers(3..5)]), ipc_file(&[numbers(0..3), numbers(3..5)])]
    {
        for at in (0..whole.len()).step_by(3) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            let session = files(&[("s", "/s", bytes)]);
            // A changed value or name passes, for such files carry no hash; a missing row must not.
            if let Ok(answer) = session.query("SELECT count(*) AS rows FROM s").await
                && let Ok(rows) = answer.collect().await
            {
                let total: usize = rows.iter().map(RecordBatch::num_rows).sum();
                assert_eq!(total, 1, "byte {at}");
            }
        }
    }
}

#[tokio::test]
async fn a_table_of_the_contract_keeps_its_schema_in_every_format() {
    let batch = trades();
    let session = files(&[
        ("p", "/p", parquet(&batch)),
        ("s", "/s", stream(std::slice::from_ref(&batch))),
        ("f", "/f", ipc_file(std::slice::from_ref(&batch))),
    ]);
    for table in ["p", "s", "f"] {
        let answer = answer(&session, &format!("SELECT * FROM {table} ORDER BY seq")).await;
        assert_eq!(answer.schema().fields(), batch.schema().fields(), "{table}");
        let rows = answer.collect().await.unwrap();
        assert_eq!(rows[0].columns(), batch.columns(), "{table}");
    }
    let plan = plan(&session, "SELECT px FROM p WHERE seq = 6").await;
    assert!(plan.contains("predicate=") && plan.contains("pruning_predicate"), "{plan}");
}

/// The trades as a foreign writer may leave them: wide and view text, no metadata, columns in another order.
fn foreign(spec: &TableSpec, batch: &RecordBatch) -> RecordBatch {
    let mut columns: Vec<(Field, ArrayRef)> = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let ty = match field.data_type() {
            DataType::Dictionary(..) => DataType::Utf8View,
            DataType::Utf8 => DataType::LargeUtf8,
            other => other.clone(),
        };
        let array = datafusion::arrow::compute::cast(array, &ty).unwrap();
        columns.push((Field::new(field.name(), ty, true), array));
    }
    columns.reverse();
    assert_eq!(spec.name, "trades");
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns.into_iter().unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

#[tokio::test]
async fn a_foreign_writers_layout_of_a_contract_table_becomes_the_contracts() {
    let batch = trades();
    let odd = foreign(contract::table("trades").unwrap(), &batch);
    for bytes in [parquet(&odd), stream(std::slice::from_ref(&odd))] {
        let session = files(&[("trades", "/t", bytes)]);
        let answer = answer(&session, "SELECT * FROM trades").await;
        assert_eq!(answer.schema().fields(), batch.schema().fields());
        let rows = answer.collect().await.unwrap();
        assert_eq!(rows[0].columns(), batch.columns());
    }
}

#[tokio::test]
async fn a_file_that_is_not_the_table_that_it_stands_for_says_what_differs() {
    let session = files(&[("trades", "/t", parquet(&numbers(0..3)))]);
    let error = error(&session, "SELECT * FROM trades").await;
    assert_eq!(error.code(), "contract/missing-column");
    assert!(error.to_string().starts_with("/t: trades."), "{error}");
    // A time of another unit is refused, not cast.
    let column = |array: ArrayRef| RecordBatch::try_from_iter([("ts_recv", array)]).unwrap();
    let micros = arrow_array::TimestampMicrosecondArray::from(vec![1]).with_timezone("UTC");
    let session = files(&[("trades", "/t", parquet(&column(Arc::new(micros))))]);
    let error = crate::kit::error(&session, "SELECT * FROM trades").await;
    assert!(error.code().starts_with("contract/"), "{error}");
}

#[tokio::test]
async fn a_file_stands_under_any_name_but_that_of_another_table_of_the_contract() {
    let batch = trades();
    let formats = || {
        let one = std::slice::from_ref(&batch);
        [parquet(&batch), stream(one), ipc_file(one)]
    };
    for bytes in formats() {
        let session = files(&[("quotes", "/t", bytes)]);
        let error = error(&session, "SELECT count(*) FROM quotes").await;
        assert_eq!((error.code(), error.fault()), ("contract/wrong-table", Fault::Input));
        assert_eq!(error.to_string(), "/t: expected table `quotes`, found `trades`");
    }
    for bytes in formats() {
        let session = files(&[("trades", "/t", bytes.clone()), ("mine", "/u", bytes)]);
        for name in ["trades", "mine"] {
            let answer = answer(&session, &format!("SELECT * FROM {name}")).await;
            assert_eq!(answer.schema().fields(), batch.schema().fields(), "{name}");
        }
    }
}

#[tokio::test]
async fn a_null_where_the_contract_allows_none_is_refused_with_its_row() {
    let batch = trades();
    let at = batch.schema().index_of("ts_avail").unwrap();
    let mut columns = batch.columns().to_vec();
    columns[at] = times(&[Some(90), None]);
    let fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|f| {
            if f.name() == "ts_avail" {
                Field::clone(f).with_nullable(true)
            } else {
                Field::clone(f)
            }
        })
        .collect();
    let schema = Schema::new_with_metadata(fields, batch.schema().metadata().clone());
    let with_null = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let session = files(&[("trades", "/t", parquet(&with_null))]);
    let error = error(&session, "SELECT seq, ts_avail FROM trades").await;
    assert_eq!(error.code(), "contract/null-required");
    assert!(error.to_string().contains("trades.ts_avail, row 1"), "{error}");
}

#[tokio::test]
async fn views_are_shown_in_their_plain_form() {
    let columns: [(&str, ArrayRef); 3] = [
        ("t", Arc::new(StringViewArray::from(vec![Some("a"), None]))),
        ("b", Arc::new(BinaryViewArray::from(vec![Some(b"x".as_slice()), None]))),
        ("s", Arc::new(StringArray::from(vec![Some("plain"), None]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let session =
        files(&[("p", "/p", parquet(&batch)), ("s", "/s", stream(std::slice::from_ref(&batch)))]);
    for table in ["p", "s"] {
        for sql in [
            format!("SELECT t, b, s FROM {table}"),
            format!("SELECT t, max(b) AS b, min(s) AS s FROM {table} GROUP BY t ORDER BY t"),
            format!("SELECT t, b, s FROM {table} UNION ALL SELECT 'c', b, upper(s) FROM {table}"),
        ] {
            let answer = answer(&session, &sql).await;
            let types: Vec<DataType> =
                answer.schema().fields().iter().map(|f| f.data_type().clone()).collect();
            assert_eq!(types, [DataType::Utf8, DataType::Binary, DataType::Utf8], "{sql}");
            for batch in answer.collect().await.unwrap() {
                assert_eq!(*batch.column(0).data_type(), DataType::Utf8, "{sql}");
            }
        }
        assert_eq!(
            lines(&session, &format!("SELECT t, s FROM {table}")).await,
            ["a,plain", "null,null"]
        );
    }
}

#[tokio::test]
async fn functions_of_text_and_casts_make_no_views() {
    let columns: [(&str, ArrayRef); 1] = [("t", Arc::new(StringViewArray::from(vec!["a-b"])))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let session = files(&[("p", "/p", parquet(&batch))]);
    let is_view = |ty: &DataType| matches!(ty, DataType::Utf8View | DataType::BinaryView);
    for call in [
        "substr(t, 2)",
        "split_part(t, '-', 1)",
        "concat(t, 'x')",
        "t || 'x'",
        "upper(t)",
        "trim(t)",
        "left(t, 1)",
        "lpad(t, 9, '.')",
        "replace(t, 'a', 'b')",
        "regexp_replace(t, 'a', 'b')",
        "CAST(1 AS VARCHAR)",
        "CAST(1 AS TEXT)",
        "string_agg(t, ',')",
        "max(t)",
        "to_char(TIMESTAMP '2026-07-01T00:00:00Z', '%Y')",
        "CASE WHEN t = 'a' THEN t ELSE 'x' END",
        "'x'",
    ] {
        let answer = answer(&session, &format!("SELECT {call} AS c FROM p")).await;
        let ty = answer.schema().field(0).data_type().clone();
        assert!(!is_view(&ty), "{call}: {ty}");
        for batch in answer.collect().await.unwrap() {
            assert_eq!(*batch.column(0).data_type(), ty, "{call}");
        }
    }
}

#[tokio::test]
async fn an_error_that_several_parts_meet_keeps_its_word() {
    let mut torn = parquet(&numbers(0..3_000));
    torn[4..400].fill(0xff);
    let fs: Arc<dyn Fs> = Arc::new(SimFs::new());
    put(fs.as_ref(), "/s", &torn);
    let catalogue = Catalogue::default().with_file("s", "/s").unwrap();
    let options = query::Options { threads: 2, ..crate::kit::options() };
    let session = Session::new(fs, catalogue, options).unwrap();
    let sql = "SELECT n % 7 AS d, count(*) FROM s GROUP BY 1 ORDER BY 2";
    let error = error(&session, sql).await;
    assert_eq!((error.code(), error.fault()), ("query/damaged", Fault::Integrity), "{error}");
    assert!(error.to_string().starts_with("/s: "), "{error}");
}
