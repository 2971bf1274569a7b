//! `cat`: any table in, any format out.

use crate::support::{decisions, digest, listing, read_stream, run, run_with, stream};

#[test]
fn a_table_goes_through_every_binary_format_and_comes_back_equal() {
    let dir = tempfile::tempdir().unwrap();
    let batches = [decisions(0..5), decisions(5..6), decisions(6..200)];
    let expected = digest(&read_stream(&stream(&batches)));
    std::fs::write(dir.path().join("a.arrows"), stream(&batches)).unwrap();
    for (from, to) in [
        ("a.arrows", "b.parquet"),
        ("b.parquet", "c.arrow"),
        ("c.arrow", "d.arrows"),
        ("d.arrows", "e.parquet"),
    ] {
        let done = run(dir.path(), &["cat", from, "-o", to]);
        assert_eq!((done.code, done.text()), (0, ""), "{from} to {to}: {}", done.err);
        assert!(done.err.contains("cat: 200 rows in = 200 rows out + 0 rejects"), "{}", done.err);
    }
    let back = run(dir.path(), &["cat", "e.parquet"]);
    assert_eq!(back.code, 0, "{}", back.err);
    assert_eq!(digest(&read_stream(&back.out)), expected);
}

#[test]
fn parquet_bytes_do_not_depend_on_the_batches_of_the_input() {
    let dir = tempfile::tempdir().unwrap();
    let whole = [decisions(0..300)];
    let cut = [decisions(0..1), decisions(1..7), decisions(7..300)];
    for (name, batches) in [("whole", &whole[..]), ("cut", &cut[..])] {
        let done =
            run_with(dir.path(), &["cat", "-", "-o", &format!("{name}.parquet")], &stream(batches));
        assert_eq!(done.code, 0, "{}", done.err);
    }
    let read = |name: &str| std::fs::read(dir.path().join(name)).unwrap();
    assert!(read("whole.parquet") == read("cut.parquet"));
    let again =
        run(dir.path(), &["cat", "whole.parquet", "--batch-rows", "7", "-o", "seven.parquet"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(read("whole.parquet") == read("seven.parquet"));
}

#[test]
fn several_inputs_are_read_in_the_order_given() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.arrows"), stream(&[decisions(0..2)])).unwrap();
    std::fs::write(dir.path().join("b.arrows"), stream(&[decisions(2..4)])).unwrap();
    let done = run(dir.path(), &["cat", "b.arrows", "a.arrows"]);
    let expected = stream(&[decisions(2..4), decisions(0..2)]);
    assert_eq!(digest(&read_stream(&done.out)), digest(&read_stream(&expected)));
}

#[test]
fn an_existing_file_stays_without_force_and_goes_with_it() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.arrows"), stream(&[decisions(0..2)])).unwrap();
    std::fs::write(dir.path().join("b.parquet"), b"mine").unwrap();
    let refused = run(dir.path(), &["cat", "a.arrows", "-o", "b.parquet"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("error[cli/output-exists]: b.parquet"), "{}", refused.err);
    assert_eq!(std::fs::read(dir.path().join("b.parquet")).unwrap(), b"mine");
    let forced = run(dir.path(), &["cat", "a.arrows", "-o", "b.parquet", "--force"]);
    assert_eq!(forced.code, 0, "{}", forced.err);
    assert_eq!(listing(dir.path()), ["a.arrows", "b.parquet"]);
}

#[test]
fn an_output_that_is_an_input_is_refused_under_any_name() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.arrows"), stream(&[decisions(0..2)])).unwrap();
    std::fs::hard_link(dir.path().join("a.arrows"), dir.path().join("b.arrows")).unwrap();
    let refused = run(dir.path(), &["cat", "a.arrows", "-o", "b.arrows", "--force"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("error[cli/output-is-input]: b.arrows"), "{}", refused.err);
}
