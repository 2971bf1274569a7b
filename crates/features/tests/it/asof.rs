//! Look-ups against pandas, DuckDB and a search that reads every row.

pub(crate) mod duckdb;

use contract::testing::{decisions, quotes};
use contract::{
    Diagnostic, Fault, FeedMarks, InstrumentId, MarkKind, SourceId, TableBuilder, UtcNanos,
};
use duckdb::Side;
use features::{AsOfError, Found, History, Instants, JoinSide, MaxAge, asof};
use proptest::prelude::*;

fn age(max_age_ns: Option<i64>) -> MaxAge {
    max_age_ns.map_or(MaxAge::UNBOUNDED, |ns| MaxAge::ns(ns).unwrap())
}

fn look_up(left: Instants<'_>, right: Instants<'_>, max_age_ns: Option<i64>) -> Vec<Found> {
    asof(left, right, age(max_age_ns)).unwrap().iter().collect()
}

// Against pandas.

/// Keys, where there are any, and instants: `key:instant` or `instant`, one blank between rows.
fn rows(text: &str) -> (Option<Vec<u32>>, Vec<i64>) {
    let words = || text.split(' ').filter(|word| !word.is_empty());
    let split: Option<Vec<_>> = words().map(|word| word.split_once(':')).collect();
    match split {
        Some(pairs) if !pairs.is_empty() => (
            Some(pairs.iter().map(|(key, _)| key.parse().unwrap()).collect()),
            pairs.iter().map(|(_, ts)| ts.parse().unwrap()).collect(),
        ),
        _ => (None, words().map(|ts| ts.parse().unwrap()).collect()),
    }
}

fn instants((keys, ts): &(Option<Vec<u32>>, Vec<i64>)) -> Instants<'_> {
    keys.as_ref().map_or(Instants::of(ts), |keys| Instants::keyed(keys, ts))
}

#[test]
fn backward_look_ups_of_pandas_own_tests_find_the_same_rows() {
    let vectors = include_str!("../../../../fixtures/features/asof/pandas.tsv");
    let mut matched = 0;
    for line in vectors.lines().skip(1) {
        let [test, exact, tolerance, left, right, expected] =
            line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        let (mut left, right) = (rows(left), rows(right));
        // Who wants rows of the same instant asks one nanosecond later, when they are one nanosecond older.
        let later = i64::from(exact == "inclusive");
        left.1.iter_mut().for_each(|ts| *ts += later);
        let max_age_ns = tolerance.parse::<i64>().ok().map(|ns| ns + later);
        assert_eq!(max_age_ns.is_none(), tolerance == "-", "{test}");
        let found: Vec<String> = look_up(instants(&left), instants(&right), max_age_ns)
            .iter()
            .map(|found| found.row().map_or("-".to_owned(), |row| row.to_string()))
            .collect();
        assert_eq!(found.join(" "), expected, "{test}: {exact}, tolerance {tolerance}");
        matched += found.iter().filter(|row| *row != "-").count();
    }
    assert_eq!((vectors.lines().count() - 1, matched), (46, 345));
}

// Against DuckDB.

fn checksum((probe, build): &(Side, Side)) -> u64 {
    // DuckDB's queries are inclusive.
    let asked: Vec<i64> = probe.ts.iter().map(|ts| ts + 1).collect();
    let left = Instants::keyed(&probe.keys, &asked);
    let matches = asof(left, Instants::keyed(&build.keys, &build.ts), MaxAge::UNBOUNDED).unwrap();
    assert_eq!(matches.len(), probe.ts.len());
    let rows = matches.iter().filter_map(Found::row);
    rows.map(|row| u64::from(build.values[row as usize])).sum()
}

#[test]
fn five_million_rows_look_up_five_million_as_duckdb_does() {
    let tables = duckdb::scaling(100_000);
    assert_eq!((tables.0.ts.len(), tables.1.ts.len()), (5_000_000, 5_000_000));
    assert_eq!(checksum(&tables), 124_996_250_025);
}

#[test]
fn a_hundred_thousand_rows_look_up_a_million_as_duckdb_does() {
    let (probe, build) = duckdb::small_probe();
    assert_eq!((probe.ts.len(), build.ts.len()), (100_000, 1_000_000));
    let (by_time, by_key) = (build.by_time(), build.by_key());
    for (name, tables) in [
        ("both by time", (probe.by_time(), by_time.clone())),
        ("left in any order", (probe.shuffled(), by_time)),
        ("both by key", (probe, by_key)),
    ] {
        assert_eq!(checksum(&tables), 4_560_929_499, "{name}");
    }
}

// Against a search that reads every row.

#[derive(Debug, Clone)]
struct Case {
    left: (Vec<u32>, Vec<i64>),
    right: (Vec<u32>, Vec<i64>),
    max_age_ns: Option<i64>,
}

impl Case {
    /// Keys are ignored when `keyed` is false, and then the right side is in order of time.
    fn left(&self, keyed: bool) -> Instants<'_> {
        side(&self.left, keyed)
    }

    fn right(&self, keyed: bool) -> Instants<'_> {
        side(&self.right, keyed)
    }

    /// One right row after the other, ages in 128 bits.
    fn naive(&self, keyed: bool) -> Vec<Found> {
        let answer = |(&key, &t): (&u32, &i64)| {
            let mut found = Found::NoHistory;
            for (row, (&right_key, &ts)) in (0..).zip(self.right.0.iter().zip(&self.right.1)) {
                if (!keyed || right_key == key) && ts < t {
                    let age = i128::from(t) - i128::from(ts);
                    let is_stale = self.max_age_ns.is_some_and(|most| age > i128::from(most));
                    found = if is_stale { Found::Stale(row) } else { Found::Row(row) };
                }
            }
            found
        };
        self.left.0.iter().zip(&self.left.1).map(answer).collect()
    }
}

fn side((keys, ts): &(Vec<u32>, Vec<i64>), keyed: bool) -> Instants<'_> {
    if keyed { Instants::keyed(keys, ts) } else { Instants::of(ts) }
}

fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => -6_i64..12,
        1 => prop_oneof![i64::MIN..=i64::MIN + 2, i64::MAX - 2..=i64::MAX],
        1 => any::<i64>(),
    ]
}

/// Few keys, so that most occur on both sides; one table of keys is too sparse to be an array.
fn key() -> impl Strategy<Value = u32> {
    prop_oneof![6 => 0_u32..4, 1 => Just(70_000), 1 => Just(u32::MAX)]
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    ByTime,
    ByKey,
    ByKeyDescending,
    /// Ascending within each key only.
    Woven,
}

fn laid_out(mut rows: Vec<(u32, i64)>, layout: Layout) -> (Vec<u32>, Vec<i64>) {
    match layout {
        Layout::ByTime => rows.sort_by_key(|&(_, ts)| ts),
        Layout::ByKey => rows.sort_unstable(),
        Layout::ByKeyDescending => rows.sort_by_key(|&(key, ts)| (u32::MAX - key, ts)),
        Layout::Woven => {
            // Keys stay where they are, and each key's instants are handed out in order.
            let mut sorted = rows.clone();
            sorted.sort_unstable_by_key(|&(key, ts)| (key, std::cmp::Reverse(ts)));
            for (key, ts) in &mut rows {
                let at = sorted.iter().rposition(|(other, _)| other == key).unwrap();
                *ts = sorted.remove(at).1;
            }
        }
    }
    rows.into_iter().unzip()
}

fn layouts() -> impl Strategy<Value = Layout> {
    prop_oneof![
        Just(Layout::ByTime),
        Just(Layout::ByKey),
        Just(Layout::ByKeyDescending),
        Just(Layout::Woven)
    ]
}

fn max_age_ns() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![3 => Just(None), 6 => (1_i64..8).prop_map(Some), 1 => Just(Some(i64::MAX))]
}

fn case(layout: impl Strategy<Value = Layout>) -> impl Strategy<Value = Case> {
    let rows = |most| prop::collection::vec((key(), instant()), 0..most);
    let left = (rows(40), any::<bool>()).prop_map(|(mut rows, is_sorted)| {
        if is_sorted {
            rows.sort_by_key(|&(_, ts)| ts);
        }
        rows.into_iter().unzip()
    });
    let right = (rows(60), layout).prop_map(|(rows, layout)| laid_out(rows, layout));
    (left, right, max_age_ns()).prop_map(|(left, right, max_age_ns)| Case {
        left,
        right,
        max_age_ns,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn rows_of_a_key_are_found_as_a_search_through_all_rows_finds_them(case in case(layouts())) {
        let expected = case.naive(true);
        prop_assert_eq!(&look_up(case.left(true), case.right(true), case.max_age_ns), &expected);
        let history = History::try_new(case.right(true)).unwrap();
        let answers = history.answers(case.left(true), age(case.max_age_ns)).unwrap();
        prop_assert_eq!(answers.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rows_without_keys_are_found_as_a_search_through_all_rows_finds_them(
        case in case(Just(Layout::ByTime)),
    ) {
        let found = look_up(case.left(false), case.right(false), case.max_age_ns);
        prop_assert_eq!(found, case.naive(false));
    }

    #[test]
    fn each_left_row_comes_back_once_in_its_place(
        case in case(layouts()),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
    ) {
        let once = look_up(case.left(true), case.right(true), case.max_age_ns);
        prop_assume!(!once.is_empty());
        let order: Vec<usize> = order.iter().map(|index| index.index(once.len())).collect();
        let keys: Vec<u32> = order.iter().map(|&row| case.left.0[row]).collect();
        let ts: Vec<i64> = order.iter().map(|&row| case.left.1[row]).collect();
        let again = look_up(Instants::keyed(&keys, &ts), case.right(true), case.max_age_ns);
        prop_assert_eq!(again, order.iter().map(|&row| once[row]).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_row_earlier_than_the_last_of_its_key_is_named(
        rows in prop::collection::vec((key(), instant()), 0..20),
    ) {
        let (keys, ts): (Vec<u32>, Vec<i64>) = rows.iter().copied().unzip();
        let last = |row: usize| (0..row).rev().find(|&before| keys[before] == keys[row]);
        let first = (0..ts.len()).find(|&row| last(row).is_some_and(|before| ts[row] < ts[before]));
        let expected = first.map(|row| AsOfError::Unsorted {
            side: JoinSide::Right,
            key: Some(keys[row]),
            row,
            expected: ts[last(row).unwrap()],
            found: ts[row],
        });
        let right = Instants::keyed(&keys, &ts);
        prop_assert_eq!(asof(Instants::keyed(&[], &[]), right, MaxAge::UNBOUNDED).err(), expected);
    }
}

// By hand.

#[track_caller]
fn check(left: &[(u32, i64)], right: &[(u32, i64)], max_age_ns: Option<i64>, expected: &[Found]) {
    let split = |rows: &[(u32, i64)]| rows.iter().copied().unzip::<_, _, Vec<u32>, Vec<i64>>();
    let (left, right) = (split(left), split(right));
    let (left, right) = (side(&left, true), side(&right, true));
    assert_eq!(look_up(left, right, max_age_ns), expected);
    let history = History::try_new(right).unwrap();
    let again = history.look_up(left, age(max_age_ns)).unwrap();
    assert_eq!(again.iter().collect::<Vec<_>>(), expected, "asked twice");
}

#[test]
fn a_row_of_the_same_nanosecond_is_not_known_yet() {
    check(
        &[(1, 99), (1, 100), (1, 101)],
        &[(1, 99), (1, 100)],
        None,
        &[Found::NoHistory, Found::Row(0), Found::Row(1)],
    );
}

#[test]
fn the_last_of_equal_instants_wins() {
    check(
        &[(1, 6), (2, 6)],
        &[(1, 5), (2, 5), (1, 5), (2, 4 + 1)],
        None,
        &[Found::Row(2), Found::Row(3)],
    );
}

#[test]
fn an_age_up_to_the_limit_is_not_stale() {
    check(
        &[(1, 110), (1, 111), (1, 100)],
        &[(1, 100)],
        Some(10),
        &[Found::Row(0), Found::Stale(0), Found::NoHistory],
    );
}

#[test]
fn ages_across_all_of_time_do_not_overflow() {
    check(
        &[(1, i64::MAX), (1, i64::MIN), (1, i64::MIN + 1)],
        &[(1, i64::MIN)],
        Some(i64::MAX),
        &[Found::Stale(0), Found::NoHistory, Found::Row(0)],
    );
    check(&[(1, i64::MAX)], &[(1, i64::MIN)], None, &[Found::Row(0)]);
}

#[test]
fn an_unknown_key_has_no_history() {
    check(&[(9, 5), (u32::MAX, 5)], &[(1, 1)], None, &[Found::NoHistory; 2]);
    check(&[(9, 5)], &[], None, &[Found::NoHistory]);
}

#[test]
fn rows_that_are_too_old_or_absent_are_null_indices() {
    let left = Instants::of(&[5, 105, 4_000]);
    let matches = asof(left, Instants::of(&[100, 101]), MaxAge::ns(1_000).unwrap()).unwrap();
    assert_eq!(matches.indices(), vec![None, Some(1), None].into());
    assert_eq!((matches.get(2), matches.get(3)), (Some(Found::Stale(1)), None));
}

#[test]
fn batches_are_asked_by_when_their_rows_became_available() {
    let quotes = quotes("90 99.5 100.5, 95 99.6 100.4");
    let decisions = decisions(&[95, 96]);
    let cutoffs: Vec<i64> = decisions.ts_event().values().to_vec();
    let left = Instants::keyed(decisions.instrument_id().values(), &cutoffs);
    let found = look_up(left, Instants::available(&quotes).unwrap(), Some(60));
    assert_eq!(found, [Found::Row(0), Found::Row(1)]);
}

// Refused.

#[test]
fn a_row_about_no_instrument_has_no_key() {
    let mut rows = TableBuilder::<FeedMarks>::new(UtcNanos::from_nanos(5));
    for instrument in [Some(InstrumentId::new(1)), None] {
        rows.set(&FeedMarks::SOURCE_ID, SourceId::new(1)).set(&FeedMarks::KIND, MarkKind::Start);
        if let Some(instrument) = instrument {
            rows.set(&FeedMarks::INSTRUMENT_ID, instrument);
        }
        rows.end_row().unwrap();
    }
    let marks = rows.finish().unwrap();
    refused(
        &Instants::available(&marks).unwrap_err(),
        "features/null-key",
        "instrument_id, row 1: expected an instrument, found null",
    );
}

#[track_caller]
fn refused(error: &AsOfError, code: &str, message: &str) {
    assert_eq!((error.code(), error.to_string().as_str()), (code, message));
    assert_eq!(error.fault(), Fault::Input);
    assert!(features::ERRORS.contains(&format!("\n## {code}\n")), "{code} is not explained");
}

fn refusal(left: Instants<'_>, right: Instants<'_>) -> AsOfError {
    asof(left, right, MaxAge::UNBOUNDED).unwrap_err()
}

#[test]
fn unsorted_rows_are_named_and_never_searched() {
    refused(
        &refusal(Instants::keyed(&[7], &[9]), Instants::keyed(&[7, 8, 7, 7], &[5, 1, 4, 3])),
        "features/unsorted-input",
        "right side, key 7, row 2: expected an instant at or after `5`, found `4`",
    );
    refused(
        &refusal(Instants::of(&[]), Instants::of(&[-1, -1, -2])),
        "features/unsorted-input",
        "right side, row 2: expected an instant at or after `-1`, found `-2`",
    );
}

#[test]
fn keys_of_other_rows_are_refused() {
    refused(
        &refusal(Instants::keyed(&[7], &[9, 9]), Instants::keyed(&[7], &[5])),
        "features/length-mismatch",
        "left side: expected one key an instant, found 1 keys and 2 instants",
    );
    refused(
        &refusal(Instants::keyed(&[7], &[9]), Instants::keyed(&[7, 7], &[5])),
        "features/length-mismatch",
        "right side: expected one key an instant, found 2 keys and 1 instants",
    );
    let history = History::try_new(Instants::keyed(&[7], &[5])).unwrap();
    let left = Instants::keyed(&[], &[9]);
    assert_eq!(
        history.look_up(left, MaxAge::UNBOUNDED),
        Err(AsOfError::LengthMismatch { side: JoinSide::Left, keys: 0, instants: 1 })
    );
}

#[test]
fn keys_on_one_side_only_are_refused() {
    refused(
        &refusal(Instants::of(&[9]), Instants::keyed(&[7], &[5])),
        "features/one-sided-keys",
        "left side: expected keys on both sides or on neither, found none here",
    );
    refused(
        &refusal(Instants::keyed(&[7], &[9]), Instants::of(&[5])),
        "features/one-sided-keys",
        "right side: expected keys on both sides or on neither, found none here",
    );
}

#[test]
fn an_age_that_nothing_can_have_is_refused() {
    for ns in [0, -1, i64::MIN] {
        refused(
            &MaxAge::ns(ns).unwrap_err(),
            "features/max-age",
            &format!("maximal age: expected at least 1 ns, found `{ns}` ns"),
        );
    }
    assert_ne!(MaxAge::ns(i64::MAX), Ok(MaxAge::UNBOUNDED));
}

#[test]
fn messages_of_what_takes_too_much_memory_to_try() {
    refused(
        &AsOfError::TooManyRows { side: JoinSide::Right, rows: 2_147_483_648 },
        "features/too-many-rows",
        "right side: expected at most 2147483647 rows, found 2147483648",
    );
}
