//! From tables to a published version.

use crate::market::{ByMinute, MINUTE, Market, inputs};
use arrow_array::RecordBatch;
use contract::{
    AllowLocal, EventId, Hash, LabelStatus, LabelWeights, Name, Origin, Principal, Purpose,
    ReadContext, TableBuilder, UtcNanos,
};
use datasets::{
    AsOf, BuildOptions, BuildPlan, CommitFacts, Evidence, Inputs, Instant, Int, Manifest, Outcome,
    PlanError, PublishedVersion, Reason, Spec, Split, Store, VersionRef, VersionView, build, diff,
};
use durable::RealFs;
use std::collections::BTreeMap;
use std::sync::Arc;

const SPEC: &str = r#"
    kind = "signal"
    [[target]]
    name = "grade"
    task = "ordinal"
    [weights]
    use = ["uniqueness", "confidence"]
    [split]
    strategy = "chronological"
    fractions = [0.6, 0.2, 0.2]
    embargo = "2m"
    [gate]
    allow_not_evaluated = ["causality", "labels"]
"#;

fn spec() -> Spec {
    Spec::parse(SPEC).unwrap()
}

fn store(folder: &std::path::Path) -> Store {
    let gate = Arc::new(AllowLocal { reason: "test".to_owned() });
    Store::open(Arc::new(RealFs), folder, gate).unwrap()
}

struct Made {
    manifest: Manifest,
    published: PublishedVersion,
    reused: u64,
}

/// Builds and publishes on so many threads, on top of the latest version.
fn publish(store: &Store, inputs: &Inputs, spec: &Spec, threads: usize, minute: i64) -> Made {
    let plan = BuildPlan::new(inputs, spec, &ByMinute).unwrap();
    let name = Name::parse("entries").unwrap();
    let now = UtcNanos::from_nanos(1_790_000_000_000_000_000 + minute * MINUTE);
    let reader = ReadContext {
        principal: Principal::parse("test").unwrap(),
        purpose: Purpose::parse("test").unwrap(),
    };
    let parent = store.open_version(&reader, &VersionRef::latest(name.clone())).ok();
    let staging = store.stage(&name, &format!("run-{minute}"), now).unwrap();
    let options = BuildOptions { threads, parent: parent.as_ref(), ..BuildOptions::default() };
    let evidence = Evidence { causality: None, feature_spec_hash: None, label_audits: &[] };
    let built = build(&name, inputs, &plan, &staging, &evidence, &options).unwrap();
    assert_eq!(built.refusals(plan.spec()), [], "{:?}", built.certificate);
    let purpose = Purpose::parse("test").unwrap();
    let facts = CommitFacts::new(now, EventId::from_bytes([0; 16]), purpose);
    let published = staging.publish(&built.manifest_text, &facts).unwrap();
    Made { manifest: built.manifest, published, reused: built.reused }
}

#[test]
fn every_selected_decision_is_a_row_or_dropped_for_one_reason() {
    let market = Market {
        no_features: vec![3, 50],
        no_label: vec![4, 50],
        revisions: vec![
            (10, 1, None, 6, LabelStatus::Indeterminate),
            (11, 1, Some(0), 6, LabelStatus::Void),
            (12, 1, Some(0), 6, LabelStatus::Provisional),
        ],
        ..Market::of(200)
    };
    let mut spec = spec();
    spec.rows.strategies = vec!["mom*".to_owned(), "reversion".to_owned()];
    spec.targets[0].min_confidence = datasets::Number(0.6);
    let plan = BuildPlan::new(&market.inputs(), &spec, &ByMinute).unwrap();
    let rows: u64 = Split::ALL.into_iter().map(|split| plan.rows(split)).sum();
    let dropped = plan.dropped();
    assert_eq!(plan.selected(), 200);
    assert_eq!(rows + dropped.values().sum::<u64>(), 200);
    // Row 50 has neither: the first reason that applies counts.
    assert_eq!(dropped[&Reason::NoFeatures], 2);
    assert_eq!(dropped[&Reason::NoLabel], 1);
    assert_eq!(dropped[&Reason::Indeterminate], 1);
    assert_eq!(dropped[&Reason::Void], 1);
    assert_eq!(dropped[&Reason::LabelPending], 1);
    // Confidence is 0.5 in every fourth row, 0 and 12 among them; 12 went before, 4 and the like too.
    assert_eq!(dropped[&Reason::LowConfidence], 50 - 2);
    // The last decisions' labels end behind the latest point that the inputs know: none here, all were known.
    assert_eq!(dropped.get(&Reason::CohortOpen), None);
    assert!(dropped[&Reason::Purged] > 0);
}

#[test]
fn what_the_filters_leave_out_is_counted_and_one_file_has_one_row_group() {
    let market = Market::of(300);
    let mut spec = spec();
    spec.rows.strategies = vec!["momentum".to_owned()];
    let folder = tempfile::tempdir().unwrap();
    let made = publish(&store(folder.path()), &market.inputs(), &spec, 1, 0);
    // Every other decision is of another strategy.
    assert_eq!((made.manifest.selected, made.manifest.dropped["filtered"]), (300, 150));
    for file in &made.manifest.files {
        let bytes = std::fs::File::open(made.published.path.join(&file.path)).unwrap();
        let reader =
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        assert_eq!(reader.metadata().num_row_groups(), 1, "{}", file.path);
    }
}

#[test]
fn the_as_of_point_takes_the_revision_that_was_known_and_no_row_that_was_still_open() {
    let market =
        Market { revisions: vec![(10, 1, Some(1), 90, LabelStatus::Final)], ..Market::of(100) };
    let inputs = market.inputs();
    let class_at = |minutes: i64| {
        let mut spec = spec();
        let ts = Instant(Market::cutoff(0) + minutes * MINUTE);
        spec.rows.as_of = Some(AsOf { seq: Int(10_000), ts });
        let plan = BuildPlan::new(&inputs, &spec, &ByMinute).unwrap();
        (plan.selected(), plan.dropped().get(&Reason::LabelPending).copied())
    };
    // At minute 60 decisions 0 to 60 had come; labels of the last five were not known.
    assert_eq!(class_at(60), (61, Some(5)));
    assert_eq!(class_at(99), (100, Some(5)));
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let mut early = spec();
    early.rows.as_of =
        Some(AsOf { seq: Int(10_000), ts: Instant(Market::cutoff(0) + 99 * MINUTE) });
    let before = publish(&store, &inputs, &early, 1, 0);
    let after = publish(&store, &inputs, &spec(), 1, 1);
    // Row 10 is -1 until its correction at minute 100, and 1 then; classes of train by hand.
    let classes = |made: &Made| made.manifest.targets[0].classes["train"].clone();
    let (was, is) = (classes(&before), classes(&after));
    assert_eq!(Market::class(10), 0);
    assert_eq!(is["1"] + is["0"] + is["-1"], after.manifest.splits["train"].rows);
    assert_ne!(was, is);
    // The old point again, with the correction in the inputs: the same version.
    let again = publish(&store, &inputs, &early, 1, 2);
    assert_eq!(again.published.manifest_hash, before.published.manifest_hash);
    assert_eq!((again.published.ordinal, again.published.is_new), (1, false));
}

#[test]
fn bytes_do_not_depend_on_threads_on_the_cut_of_the_inputs_or_on_their_order() {
    let market = Market::of(3_000);
    let tables = [market.decisions(), market.features(), market.labels()];
    let cut = |rows: usize, reverse: bool| {
        let mut parts: Vec<RecordBatch> = Vec::new();
        for table in &tables {
            for first in (0..table.num_rows()).step_by(rows) {
                parts.push(table.slice(first, rows.min(table.num_rows() - first)));
            }
        }
        if reverse {
            parts.reverse();
        }
        inputs(&parts)
    };
    let mut hashes = BTreeMap::new();
    for (n, (rows, threads, reverse)) in
        [(5_000, 1, false), (7, 2, false), (1_000, 4, true), (499, 3, true)].into_iter().enumerate()
    {
        let folder = tempfile::tempdir().unwrap();
        let made = publish(
            &store(folder.path()),
            &cut(rows, reverse),
            &spec(),
            threads,
            i64::try_from(n).unwrap(),
        );
        hashes.insert(made.published.manifest_hash, (rows, threads));
    }
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}

#[test]
fn an_increment_is_the_full_build_and_writes_no_day_twice() {
    let (small, large) = (Market::of(5_000), Market::of(6_000));
    // Boundaries that stay: what comes later is all in test.
    let mut spec = spec();
    spec.weights.factors.clear();
    spec.split.strategy = datasets::SplitStrategy::Boundaries([
        Instant(Market::cutoff(2_000)),
        Instant(Market::cutoff(3_000)),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let first = publish(&store(folder.path()), &small.inputs(), &spec, 2, 0);
    assert_eq!((first.reused, first.manifest.files.len()), (0, 6));
    let second = publish(&store(folder.path()), &large.inputs(), &spec, 2, 1);
    // Days: train 08:00 to 17:20 of the next day, validation to 10:00, test to 12:00 of the fifth: the last day of the
    // first version grew, and one day is new.
    assert_eq!((second.reused, second.manifest.files.len()), (5, 7));
    let alone = tempfile::tempdir().unwrap();
    let full = publish(&store(alone.path()), &large.inputs(), &spec, 2, 2);
    assert_eq!(full.reused, 0);
    assert_eq!(second.published.manifest_hash, full.published.manifest_hash);
    let reader = ReadContext {
        principal: Principal::parse("test").unwrap(),
        purpose: Purpose::parse("test").unwrap(),
    };
    let store = store(folder.path());
    let open = |text: &str| store.open_version(&reader, &VersionRef::parse(text).unwrap()).unwrap();
    let (one, two) = (open("entries@1"), open("entries@2"));
    assert_eq!(store.verify_files(&two).unwrap(), []);
    let found = diff(
        VersionView::new(&one.manifest, &one.folder),
        VersionView::new(&two.manifest, &two.folder),
    )
    .unwrap();
    assert_eq!(found.class.word(), "rows_appended");
}

#[test]
fn weights_are_those_of_the_rows_of_each_split() {
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec();
    spec.weights.factors = vec![datasets::WeightFactor::Uniqueness];
    let made = publish(&store(folder.path()), &Market::of(120).inputs(), &spec, 1, 0);
    // Three instruments in turn, a minute apart, lives of five minutes: each label overlaps those three minutes before
    // and after it in two minutes each: (2 * 1/2 + 1 + 2 * 1/2) / 5 = 3/5 inside, (3 + 2 / 2) / 5 = 4/5 at an edge.
    let train = &made.manifest.splits["train"];
    let inside = train.rows as f64 - 6.0;
    let expected = inside * 0.6 + 6.0 * 0.8;
    let found = train.n_eff.unwrap().0;
    assert!((found - expected).abs() < 1e-9, "{found} and {expected}");
    assert_eq!(train.weight_sums["uniqueness"], train.weight_sums["total"]);
}

#[test]
fn what_does_not_exist_is_named_with_what_is_near() {
    let inputs = Market::of(60).inputs();
    let told = |change: &dyn Fn(&mut Spec)| {
        let mut spec = spec();
        change(&mut spec);
        BuildPlan::new(&inputs, &spec, &ByMinute).unwrap_err().to_string()
    };
    assert_eq!(
        told(&|spec| spec.features.include = vec!["price__log_ret__2m".to_owned()]),
        "dataset spec, features.include: no feature fits `price__log_ret__2m` (is it `price__log_ret__1m`?)"
    );
    assert_eq!(
        told(&|spec| spec.targets[0].name = "grad".to_owned()),
        "dataset spec, target.name: no target of the labels fits `grad` (is it `grade`?)"
    );
    assert_eq!(
        told(&|spec| spec.rows.strategies = vec!["momentom".to_owned()]),
        "dataset spec, rows.strategies: no strategy fits `momentom` (is it `momentum`?)"
    );
    assert_eq!(
        told(&|spec| spec.rows.instruments = vec![9]),
        "dataset spec, rows.instruments: no instrument fits `9` (there are 0, 1, 2)"
    );
    assert_eq!(
        told(&|spec| spec.rows.to = Some(Instant(0))),
        "dataset: expected rows, found none; no decision is in the range of the spec"
    );
    assert_eq!(
        told(&|spec| spec.kind = datasets::ModelKind::Meta),
        "dataset spec, target `grade`: expected a label of kind `meta` for this kind of model, found `grade`"
    );
}

#[test]
fn a_feature_from_the_future_is_refused_by_name() {
    let market = Market::of(60);
    let batch = market.features();
    let mut fields: Vec<_> = batch.schema().fields().iter().cloned().collect();
    let last = fields.pop().unwrap();
    let mut said = last.metadata().clone();
    said.insert(contract::meta::CAUSALITY.to_owned(), "hindsight".to_owned());
    fields.push(Arc::new(last.as_ref().clone().with_metadata(said)));
    let schema = arrow_schema::Schema::new_with_metadata(fields, batch.schema().metadata().clone());
    let marked = RecordBatch::try_new(Arc::new(schema), batch.columns().to_vec()).unwrap();
    let inputs = inputs(&[market.decisions(), marked, market.labels()]);
    let error = BuildPlan::new(&inputs, &spec(), &ByMinute).unwrap_err();
    assert_eq!(
        error.to_string(),
        "features.book__spread_bps__now: expected a column that was known at the decision, found one that is marked \
         `hindsight`"
    );
}

#[test]
fn one_class_in_train_is_no_dataset() {
    let market = Market::of(90);
    let revisions = (0..90).map(|row| (row, 1, Some(1), 6, LabelStatus::Final)).collect();
    let market = Market { revisions, ..market };
    match BuildPlan::new(&market.inputs(), &spec(), &ByMinute) {
        Err(PlanError::OneClass { target, class }) => {
            assert_eq!((target.as_str(), class), ("grade", 1));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn rows_that_come_again_are_rejects_and_of_no_consequence() {
    let market = Market::of(60);
    let mut held = market.inputs();
    for (table, rows) in [(market.decisions(), 60), (market.features(), 60), (market.labels(), 60)]
    {
        let rejects = held.push(&table, &Origin::new("datasets", "again")).unwrap();
        assert_eq!(rejects.len(), rows);
        assert_eq!(rejects[0].code, "datasets/repeated-row");
    }
    let plan = |inputs: &Inputs| BuildPlan::new(inputs, &spec(), &ByMinute).unwrap();
    let (once, twice) = (market.inputs(), held);
    assert_eq!(plan(&once).dropped(), plan(&twice).dropped());
    assert_eq!(plan(&once).selected(), plan(&twice).selected());
}

#[test]
fn transforms_are_fitted_on_train_alone_and_the_certificate_says_so() {
    let text = format!(
        "{SPEC}\n[[transform]]\nkind = \"impute_median\"\nfeatures = [\"book__*\"]\n\
         [[transform]]\nkind = \"standardize\"\nfeatures = [\"price__*\"]\n"
    );
    let spec = Spec::parse(&text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let made = publish(&store(folder.path()), &Market::of(300).inputs(), &spec, 1, 0);
    let train = &made.manifest.splits["train"];
    assert_eq!(made.manifest.transforms.len(), 2);
    for transform in &made.manifest.transforms {
        assert_eq!(transform.rows, train.rows, "{}", transform.feature);
        assert_eq!(transform.ts_cutoff, train.ts_cutoff, "{}", transform.feature);
    }
}

#[test]
fn gate_allows_checks_that_need_a_report_and_no_others() {
    let allowing = |check: &str| SPEC.replace("\"labels\"]", &format!("\"labels\", \"{check}\"]"));
    let spec = Spec::parse(&allowing("too_good")).unwrap();
    assert_eq!(spec.gate.allow_not_evaluated, ["causality", "labels", "too_good"]);
    let refused = Spec::parse(&allowing("intervals")).unwrap_err().to_string();
    assert!(refused.contains("allow_not_evaluated") && refused.contains("intervals"), "{refused}");
}

#[test]
fn folds_are_written_and_certified() {
    let text = format!("{SPEC}\n[folds]\nstrategy = \"cpcv\"\ngroups = 5\nheld_out = 2\n");
    let spec = Spec::parse(&text).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let made = publish(&store, &Market::of(900).inputs(), &spec, 1, 0);
    let version = datasets::Folder::new(Arc::new(RealFs), made.published.path);
    let batches = version.batches(datasets::layout::file::FOLDS, None).unwrap();
    let rows: usize = batches.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows as u64, made.manifest.splits["train"].rows);
    let certificate: datasets::Certificate =
        version.document(datasets::layout::file::CERTIFICATE).unwrap();
    let intervals = certificate.check("intervals").unwrap();
    assert_eq!(intervals.outcome, Outcome::Pass, "{intervals:?}");
}

/// Weights of every label of revision 0: the return of row `n` is `n`.
fn weights(
    rows: usize,
    rules: u8,
    revision: u16,
    minutes: i64,
    of: fn(usize) -> f64,
) -> RecordBatch {
    let mut table = TableBuilder::<LabelWeights>::new(UtcNanos::from_nanos(0));
    for row in 0..rows {
        table
            .set(&LabelWeights::DECISION_ID, Market::id(row))
            .set(&LabelWeights::TARGET, "grade")
            .set(&LabelWeights::MEASURES_HASH, Hash::from_bytes([1; 32]))
            .set(&LabelWeights::RULES_HASH, Hash::from_bytes([rules; 32]))
            .set(&LabelWeights::REVISION, revision)
            .set(
                &LabelWeights::TS_AVAIL,
                UtcNanos::from_nanos(Market::cutoff(row) + minutes * MINUTE),
            )
            .set(&LabelWeights::RETURN_WEIGHT, Some(of(row)));
        table.end_row().unwrap();
    }
    table.finish().unwrap().into_record_batch()
}

#[test]
fn a_stored_weight_is_that_of_the_label_in_use_and_of_no_other() {
    let market = Market::of(60);
    let own = weights(60, 2, 0, 5, |row| row as f64);
    // Of other rules, and of a revision that nobody uses.
    let foreign = weights(60, 9, 0, 5, |_| -5.0);
    let later = weights(60, 2, 3, 5, |_| 1e9);
    let mut spec = spec();
    spec.weights.factors = vec![datasets::WeightFactor::Return];
    let tables = [market.decisions(), market.features(), market.labels()];
    let sum = |order: &[&RecordBatch]| {
        let all: Vec<RecordBatch> = tables.iter().chain(order.iter().copied()).cloned().collect();
        let folder = tempfile::tempdir().unwrap();
        let made = publish(&store(folder.path()), &inputs(&all), &spec, 1, 0);
        let train = made.manifest.splits["train"].clone();
        (train.rows, train.weight_sums["return"].to_string())
    };
    let (rows, found) = sum(&[&foreign, &own, &later]);
    // Rows 0 to n - 1 are in train.
    assert_eq!(found, (0..rows).sum::<u64>().to_string());
    assert_eq!(sum(&[&later, &own, &foreign]), (rows, found));
    let told = |batch: RecordBatch| {
        let all: Vec<RecordBatch> = tables.iter().cloned().chain([batch]).collect();
        BuildPlan::new(&inputs(&all), &spec, &ByMinute).unwrap_err().to_string()
    };
    assert!(told(foreign.clone()).ends_with("found no row of its revision"));
    assert!(told(weights(60, 2, 0, 5, |_| -1.0)).ends_with("found -1"));
    let late = told(weights(60, 2, 0, 5_000, |_| 1.0));
    assert!(late.contains("behind the as-of point"), "{late}");
    let mut held = inputs(&tables);
    let origin = Origin::new("datasets", "weights");
    assert_eq!(held.push(&own, &origin).unwrap().len(), 0);
    assert_eq!(held.push(&own, &origin).unwrap().len(), 60);
}

/// The feature table with another revision, and with other sources.
fn revised(market: &Market, revision: u16, read: u64) -> RecordBatch {
    let batch = market.features();
    let mut columns = batch.columns().to_vec();
    let at = |name: &str| batch.schema().index_of(name).unwrap();
    let rows = batch.num_rows();
    columns[at("revision")] = Arc::new(arrow_array::UInt16Array::from(vec![revision; rows]));
    columns[at("src_seq_max")] = Arc::new(arrow_array::UInt64Array::from(vec![read; rows]));
    columns[at("price__log_ret__1m")] = Arc::new(arrow_array::Float64Array::from(vec![9.0; rows]));
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

#[test]
fn features_that_read_behind_the_as_of_point_give_way_to_those_before() {
    let market = Market::of(100);
    let ts = Instant(Market::cutoff(99) + 5 * MINUTE);
    let mut spec = spec();
    spec.rows.as_of = Some(AsOf { seq: Int(1_000), ts });
    let all = [market.decisions(), market.features(), market.labels(), revised(&market, 1, 5_000)];
    let hash = |tables: &[RecordBatch]| {
        let folder = tempfile::tempdir().unwrap();
        publish(&store(folder.path()), &inputs(tables), &spec, 1, 0).published.manifest_hash
    };
    assert_eq!(hash(&all), hash(&all[..3]));
}

#[test]
fn features_cut_off_after_their_decision_are_refused() {
    let market = Market::of(60);
    let batch = market.features();
    let mut columns = batch.columns().to_vec();
    let late = (0..60).map(|row| Market::cutoff(row) + i64::from(row == 7));
    columns[batch.schema().index_of("ts_cutoff").unwrap()] = Arc::new(
        arrow_array::TimestampNanosecondArray::from_iter_values(late).with_timezone("UTC"),
    );
    let late = RecordBatch::try_new(batch.schema(), columns).unwrap();
    let held = inputs(&[market.decisions(), late, market.labels()]);
    let error = BuildPlan::new(&held, &spec(), &ByMinute).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "features, decision {}: expected a cut-off at or before the decision, 2026-03-02T08:07:00.000000000Z, \
             found 2026-03-02T08:07:00.000000001Z",
            Market::id(7)
        )
    );
}

#[test]
fn a_damaged_file_of_the_parent_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let market = Market::of(300);
    let first = publish(&store(folder.path()), &market.inputs(), &spec(), 1, 0);
    let path = first.published.path.join(&first.manifest.files[0].path);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[200] ^= 1;
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, bytes).unwrap();
    let mut other = spec();
    other.card.purpose = Some("another spec".to_owned());
    let second = publish(&store(folder.path()), &market.inputs(), &other, 1, 1);
    assert_eq!((second.reused, second.manifest.files.len()), (2, 3));
    assert_eq!(second.manifest.files, first.manifest.files);
    let written = std::fs::read(second.published.path.join(&first.manifest.files[0].path)).unwrap();
    assert_eq!(datasets::Sha256::of(&written), first.manifest.files[0].sha256);
}

#[test]
fn one_revision_of_two_versions_of_the_code_is_no_label() {
    let market = Market::of(60);
    let batch = market.labels();
    let mut columns = batch.columns().to_vec();
    let words: arrow_array::DictionaryArray<arrow_array::types::Int32Type> =
        std::iter::repeat_n("labeling/2", 60).collect();
    columns[batch.schema().index_of("code_version").unwrap()] = Arc::new(words);
    let other = RecordBatch::try_new(batch.schema(), columns).unwrap();
    let tables = [market.decisions(), market.features(), market.labels(), other];
    let error = BuildPlan::new(&inputs(&tables), &spec(), &ByMinute).unwrap_err();
    assert!(matches!(error, PlanError::TwoLabels { revision: 0, .. }), "{error}");
}

#[test]
fn an_execution_behind_the_as_of_point_changes_no_byte() {
    let market = Market::of(100);
    let mut spec = spec();
    let ts = Instant(Market::cutoff(99) + 5 * MINUTE);
    spec.rows.as_of = Some(AsOf { seq: Int(2_000), ts });
    let tables = [market.decisions(), market.features(), market.labels()];
    let hash = |executions: &[u64]| {
        let mut held = inputs(&tables);
        if !executions.is_empty() {
            let batch = Market::executions(executions);
            assert_eq!(held.push(&batch, &Origin::new("datasets", "fills")).unwrap(), []);
        }
        let folder = tempfile::tempdir().unwrap();
        publish(&store(folder.path()), &held, &spec, 1, 0).published.manifest_hash
    };
    let known = hash(&[1_500]);
    assert_ne!(known, hash(&[])); // the lineage names the fill that was known
    assert_eq!(known, hash(&[1_500, 2_001]));
}

#[test]
fn a_target_cannot_take_the_column_of_the_end() {
    let told = Spec::parse(&SPEC.replace("\"grade\"", "\"end\"")).unwrap_err().to_string();
    assert_eq!(
        told,
        "dataset spec, target 0.name: expected another name: `label__end` is where labels end, found `end`"
    );
}
