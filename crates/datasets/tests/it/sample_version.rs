//! A small version made by hand: two features, an ordinal target, three splits in five files, with the values that
//! readers stumble over. Not made by the crate's own assembly, so that documents are tried on their own.

use arrow_array::{
    ArrayRef, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int8Array, RecordBatch,
    TimestampNanosecondArray, UInt8Array, UInt32Array, UInt64Array, types::Int32Type,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use contract::{EventId, UtcNanos};
use datasets::documents::{card, croissant, datasheet, schema_json};
use datasets::{
    AsOf, CardSpec, Certificate, CheckResult, Code, DataFile, ExportSpec, FeatureColumn,
    FeaturesSpec, FilePeriod, FittedTransform, FoldsDocument, GateSpec, GroupColumn, InputTable,
    Instant, Int, Manifest, ModelKind, Number, Outcome, ParentRun, Purge, QualityFacts, RowsSpec,
    RunEvents, RunOutput, Sha256, Spec, SplitFacts, SplitSpec, SplitStrategy, SplitsDocument,
    TargetColumn, TargetSpec, Task, WeightFactor, WeightsSpec, layout, to_canonical,
};
use parquet::arrow::ArrowWriter;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

/// Split, UTC day, rows.
pub(crate) const FILES: [(&str, &str, u64); 5] = [
    ("train", "2026-01-05", 60),
    ("train", "2026-01-06", 40),
    ("validation", "2026-01-07", 25),
    ("test", "2026-01-08", 20),
    ("test", "2026-01-09", 5),
];

/// The features: name, unit, look-back.
const FEATURES: [(&str, &str, u64); 2] = [
    ("book__imb__1s", "ratio", 1_000_000_000),
    ("flow__vol__5m", "instrument_units", 300_000_000_000),
];

/// The run that makes it.
pub(crate) const RUN: &str = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

/// A version and its documents.
#[derive(Debug)]
pub(crate) struct SampleVersion {
    /// Without hashes of documents.
    pub(crate) manifest: Manifest,
    pub(crate) spec: Spec,
    pub(crate) splits: SplitsDocument,
    pub(crate) certificate: Certificate,
    pub(crate) schema: SchemaRef,
    /// Parquet files by path.
    pub(crate) data: BTreeMap<String, Vec<u8>>,
}

type Made<T> = Result<T, Box<dyn Error>>;

impl SampleVersion {
    /// The sample; the same bytes whenever it is made.
    pub(crate) fn new() -> Made<Self> {
        let schema = schema();
        let mut data = BTreeMap::new();
        let mut files = Vec::new();
        let mut first = 0;
        for (split, day, rows) in FILES {
            let path = format!("data/{split}/{day}-000.parquet");
            let bytes = parquet(&batch(&schema, day, first, rows)?)?;
            files.push(DataFile {
                path: path.clone(),
                split: split.to_owned(),
                rows,
                bytes: u64::try_from(bytes.len())?,
                sha256: Sha256::of(&bytes),
                logical_hash: Sha256::of(path.as_bytes()),
                ts_cutoff: [Instant(cutoff(day, 0)?), Instant(cutoff(day, rows - 1)?)],
                seq: [Int(seq(first)), Int(seq(first + rows - 1))],
            });
            data.insert(path, bytes);
            first += rows;
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let ids = RecordBatch::try_from_iter([(layout::column::ROW_ID, row_ids(0..first)?)])?;
        for path in [layout::file::LINEAGE, layout::file::DROPPED, layout::file::FOLDS] {
            data.insert(path.to_owned(), parquet(&ids)?);
        }
        let (spec, certificate) = (spec()?, certificate());
        let manifest = manifest(&spec, &schema, &certificate, files)?;
        let splits = splits()?;
        Ok(Self { manifest, spec, splits, certificate, schema, data })
    }

    /// Texts of the directory by path, the manifest with their hashes.
    pub(crate) fn documents(&self) -> Made<BTreeMap<String, String>> {
        use layout::file;
        let mut texts = BTreeMap::from([
            (file::SPEC, to_canonical(&self.spec)?),
            (file::SCHEMA, schema_json(&self.schema)),
            (file::SPLITS, to_canonical(&self.splits)?),
            (file::CERTIFICATE, self.certificate.to_json()?),
            (file::README, card(&self.manifest, &self.spec, &self.splits, &self.certificate)),
            (
                file::DATASHEET,
                datasheet(&self.manifest, &self.spec, &self.splits, &self.certificate),
            ),
            (file::CROISSANT, croissant(&self.manifest, &self.spec, &self.schema)),
        ]);
        let hash =
            |(path, text): (&&str, &String)| ((*path).to_owned(), Sha256::of(text.as_bytes()));
        let documents = texts.iter().map(hash).collect();
        let manifest = Manifest { documents, ..self.manifest.clone() };
        texts.insert(file::MANIFEST, to_canonical(&manifest)?);
        Ok(texts.into_iter().map(|(path, text)| (path.to_owned(), text)).collect())
    }

    /// What a run says of it.
    pub(crate) fn output(&self) -> RunOutput<'_> {
        RunOutput {
            manifest: &self.manifest,
            manifest_hash: Sha256::of(b"manifest"),
            schema: &self.schema,
            certificate: &self.certificate,
        }
    }

    /// All events of a build, a verification and an aborted build.
    pub(crate) fn events(&self) -> Made<Vec<String>> {
        let at = |text: &str| UtcNanos::parse(text).map(|instant| Instant(instant.nanos()));
        let schedule = ParentRun {
            namespace: "schedule".to_owned(),
            job: "nightly".to_owned(),
            run: EventId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c073990")?,
        };
        let build = RunEvents::new("store", "grades", EventId::parse(RUN)?).with_parent(schedule);
        let check = EventId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c073991")?;
        let verify = RunEvents::new("store", "grades", check).with_parent(build.as_parent());
        let (start, end) =
            (at("2026-01-12T06:00:00.000000001Z")?, at("2026-01-12T06:00:05.123456789Z")?);
        let mut events = vec![
            build.start(start, &self.manifest.inputs)?,
            build.complete(end, self.output())?,
            build.abort(end, "the gate refused it: check `intervals` failed")?,
        ];
        events.extend(verify.verified(start, end, self.output())?);
        Ok(events)
    }
}

fn schema() -> SchemaRef {
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    let strategy = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let mut fields = vec![
        field("row_id", DataType::FixedSizeBinary(16), false, "key"),
        field("ts_cutoff", time.clone(), false, "key"),
        field("seq", DataType::UInt64, false, "key"),
        field("instrument_id", DataType::UInt32, true, "key"),
        field("strategy_id", strategy, false, "key"),
    ];
    for (name, unit, lookback) in FEATURES {
        let feature = field(name, DataType::Float64, true, "feature");
        let mut metadata = feature.metadata().clone();
        metadata.insert("hindsight.unit".to_owned(), unit.to_owned());
        metadata.insert(layout::meta::LOOKBACK_NS.to_owned(), lookback.to_string());
        fields.push(feature.with_metadata(metadata));
    }
    fields.extend([
        field("label__intraday.grade", DataType::Int8, false, "label"),
        field("label__end", time, false, "label"),
        field("weight__uniqueness", DataType::Float64, false, "weight"),
        field("weight__total", DataType::Float64, false, "weight"),
        field("meta__quality_score", DataType::Float64, true, "meta"),
        field("meta__null_reasons", DataType::FixedSizeBinary(2), false, "meta"),
        field("meta__fold_0", DataType::UInt8, true, "meta"),
    ]);
    Arc::new(Schema::new(fields))
}

fn field(name: &str, data_type: DataType, nullable: bool, role: &str) -> Field {
    let mut metadata = vec![(layout::meta::ROLE.to_owned(), role.to_owned())];
    if ["label", "weight", "meta"].contains(&role) {
        metadata.push((contract::meta::CAUSALITY.to_owned(), "hindsight".to_owned()));
    }
    Field::new(name, data_type, nullable).with_metadata(metadata.into_iter().collect())
}

fn seq(row: u64) -> u64 {
    (1 << 60) + 3 * row
}

/// 09:30 and a nanosecond, then every 7.000000003 s.
fn cutoff(day: &str, row: u64) -> Made<i64> {
    let open = UtcNanos::parse(&format!("{day}T09:30:00.000000001Z"))?.nanos();
    Ok(open + i64::try_from(row)? * 7_000_000_003)
}

fn row_ids(rows: std::ops::Range<u64>) -> Made<ArrayRef> {
    let hash = |row: u64| contract::Hash::of(&row.to_be_bytes());
    let ids: Vec<_> = rows.map(hash).collect();
    let slices = ids.iter().map(|id| &id.as_bytes()[..16]);
    Ok(Arc::new(FixedSizeBinaryArray::try_from_iter(slices)?))
}

/// One in seven is null; the first values are the extremes of a double.
fn feature(row: u64, shift: u64) -> Option<f64> {
    match row {
        0 => Some(f64::MAX),
        1 => Some(-5e-324),
        2 => Some(-0.0),
        row if (row + shift).is_multiple_of(7) => None,
        row => Some((row * row + shift) as f64 / 7.0),
    }
}

/// Grades 0 to 4 in turn.
fn grade(row: u64) -> i8 {
    i8::try_from(row % 5).unwrap_or(0)
}

fn batch(schema: &SchemaRef, day: &str, first: u64, rows: u64) -> Made<RecordBatch> {
    let all = first..first + rows;
    let cutoffs = (0..rows).map(|row| cutoff(day, row)).collect::<Made<Vec<i64>>>()?;
    let ends: Vec<i64> = cutoffs.iter().map(|ts| ts + 60_000_000_007).collect();
    let utc = |times: Vec<i64>| TimestampNanosecondArray::from(times).with_timezone("UTC");
    let names = ["mom-1", "mom-2", "überschuss"];
    let strategies: DictionaryArray<Int32Type> =
        all.clone().map(|row| names.get(usize::from(grade(row) > 2)).copied()).collect();
    let numbers = |shift: u64| all.clone().map(|row| feature(row, shift)).collect::<Float64Array>();
    let reasons = all.clone().map(|row| [0, 3].map(|s| u8::from(feature(row, s).is_none())));
    let reasons: Vec<[u8; 2]> = reasons.collect();
    let uniqueness: Vec<f64> = all.clone().map(|row| 1.0 / (1 + row % 4) as f64).collect();
    let columns: Vec<ArrayRef> = vec![
        row_ids(all.clone())?,
        Arc::new(utc(cutoffs)),
        Arc::new(all.clone().map(|row| Some(seq(row))).collect::<UInt64Array>()),
        Arc::new(
            all.clone()
                .map(|row| (row % 11 != 0).then_some(u32::MAX - u32::from(row % 2 == 0)))
                .collect::<UInt32Array>(),
        ),
        Arc::new(strategies),
        Arc::new(numbers(0)),
        Arc::new(numbers(3)),
        Arc::new(all.clone().map(|row| Some(grade(row))).collect::<Int8Array>()),
        Arc::new(utc(ends)),
        Arc::new(Float64Array::from(uniqueness.clone())),
        Arc::new(Float64Array::from(uniqueness)),
        Arc::new(all.clone().map(|row| (row % 9 != 0).then_some(99.5)).collect::<Float64Array>()),
        Arc::new(FixedSizeBinaryArray::try_from_iter(reasons.iter())?),
        Arc::new(
            all.map(|row| (row < 100).then_some(u8::from(row % 3 == 0))).collect::<UInt8Array>(),
        ),
    ];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

fn parquet(batch: &RecordBatch) -> Made<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None)?;
    writer.write(batch)?;
    writer.close()?;
    Ok(bytes)
}

fn spec() -> Made<Spec> {
    Ok(Spec {
        kind: ModelKind::Signal,
        rows: RowsSpec {
            from: None,
            to: Some(Instant(UtcNanos::parse("2026-01-10T00:00:00Z")?.nanos())),
            as_of: None,
            strategies: vec!["mom-*".to_owned()],
            instruments: Vec::new(),
            actions: Vec::new(),
            min_quality: None,
        },
        features: FeaturesSpec { include: vec!["*".to_owned()], exclude: Vec::new() },
        targets: vec![TargetSpec {
            name: "intraday.grade".to_owned(),
            measure: None,
            task: Task::Ordinal,
            min_confidence: Number(0.0),
            provisional: false,
        }],
        weights: WeightsSpec { factors: vec![WeightFactor::Uniqueness] },
        split: SplitSpec {
            strategy: SplitStrategy::Fractions([Number(0.7), Number(0.15), Number(0.15)]),
            embargo_ns: Int(86_400_000_000_000),
            purge: Purge::LabelsFeatures,
            group_by: vec![GroupColumn::ParentDecisionId],
            reach_max_ns: None,
        },
        folds: None,
        transforms: Vec::new(),
        gate: GateSpec {
            min_score: None,
            allow_not_evaluated: vec!["causality".to_owned()],
            too_good_auc: Number(0.95),
        },
        export: ExportSpec { file_period: FilePeriod::Day },
        card: CardSpec {
            licence: Some("LicenseRef-Proprietary".to_owned()),
            contact: Some("desk@example.com".to_owned()),
            purpose: Some("Whether a decision of the momentum desk was a good one.".to_owned()),
            ..CardSpec::default()
        },
    })
}

fn splits() -> Made<SplitsDocument> {
    let at = |day: &str| cutoff(day, 0).map(Instant);
    Ok(SplitsDocument {
        strategy: "chronological".to_owned(),
        purge: "labels_features".to_owned(),
        embargo_ns: Int(86_400_000_000_000),
        reach_ns: Int(300_000_000_000),
        reach_cut: BTreeMap::from([("slow__mean__1y".to_owned(), Int(31_536_000_000_000_000))]),
        starts: BTreeMap::from([
            ("train".to_owned(), at("2026-01-05")?),
            ("validation".to_owned(), at("2026-01-07")?),
            ("test".to_owned(), at("2026-01-08")?),
        ]),
        protected: BTreeMap::new(),
        folds: Some(FoldsDocument {
            strategy: "purged_kfold".to_owned(),
            deployable: false,
            groups: 3,
            spans: Vec::new(),
            held: vec![vec![0], vec![1], vec![2]],
            fit: Vec::new(),
            counts: Vec::new(),
            n_eff: Vec::new(),
        }),
    })
}

fn certificate() -> Certificate {
    let check = |name: &str, statement: &str, outcome: Outcome, margin_ns| CheckResult {
        check: name.to_owned(),
        statement: statement.to_owned(),
        outcome,
        compared: BTreeMap::from([("rows".to_owned(), Int(150))]),
        violations: 0,
        margin_ns,
        rows: Vec::new(),
    };
    let waived = Outcome::Waived("split.reach_max".to_owned());
    let missing = Outcome::NotEvaluated("no causality report was given".to_owned());
    let warned = Outcome::Warn("feature `flow__vol__5m` alone has AUC 0.97".to_owned());
    Certificate {
        format: 1,
        spec_hash: Sha256::of(b"spec"),
        causality_seed: None,
        checks: vec![
            check("availability", "features read earlier rows", Outcome::Pass, Some(41)),
            check("intervals", "no outcome overlaps what is protected", waived, None),
            check("causality", "features do not know the future", missing, None),
            check("too_good", "no feature is too good alone", warned, None),
        ],
    }
}

fn manifest(
    spec: &Spec,
    schema: &Schema,
    certificate: &Certificate,
    files: Vec<DataFile>,
) -> Made<Manifest> {
    let lines: Vec<_> = files.iter().map(|f| format!("{}  {}\n", f.sha256, f.path)).collect();
    let input = |table: &str, rows| InputTable {
        table: table.to_owned(),
        log_id: Some("desk-1".to_owned()),
        rows,
        seq_min: Some(Int(1)),
        seq_max: Some(Int(1 << 61)),
        logical_hash: Sha256::of(table.as_bytes()),
    };
    Ok(Manifest {
        format: datasets::FORMAT,
        name: "grades".to_owned(),
        kind: ModelKind::Signal,
        spec_hash: Sha256::of(to_canonical(spec)?.as_bytes()),
        schema_fingerprint: Sha256::of(schema_json(schema).as_bytes()),
        certificate_hash: Sha256::of(certificate.to_json()?.as_bytes()),
        code: Code {
            datasets: "datasets 0.1.0".to_owned(),
            parquet: "parquet 59.3.2".to_owned(),
            feature_spec_hash: None,
            measures_hashes: Vec::new(),
            rules_hashes: Vec::new(),
            label_code: Vec::new(),
        },
        inputs: vec![input("decisions", 172), input("features", 172), input("labels", 160)],
        as_of: AsOf {
            seq: Int(1 << 61),
            ts: Instant(UtcNanos::parse("2026-01-11T22:15:00.000000009Z")?.nanos()),
        },
        splits: split_facts()?,
        features: features(),
        targets: vec![target()],
        files,
        documents: BTreeMap::new(),
        content_hash: Sha256::of(lines.concat().as_bytes()),
        logical_hash: Sha256::of(b"rows"),
        selected: 172,
        dropped: BTreeMap::from([
            ("no_label".to_owned(), 12),
            ("purged".to_owned(), 7),
            ("embargoed".to_owned(), 3),
        ]),
        erased: 0,
        quality: Some(QualityFacts {
            score: Number(97.5),
            score_low: Number(96.0),
            coverage: Number(0.875),
            rules_hashes: Vec::new(),
        }),
        completeness: None,
        transforms: vec![FittedTransform {
            kind: "impute_median".to_owned(),
            feature: "book__imb__1s".to_owned(),
            parameters: BTreeMap::from([("value".to_owned(), Number(0.125))]),
            rows: 100,
            ts_cutoff: [Instant(cutoff("2026-01-05", 0)?), Instant(cutoff("2026-01-06", 39)?)],
        }],
        deployable: true,
        access: "full".to_owned(),
        tags: vec!["confidential".to_owned()],
    })
}

/// First and last row of each split.
const SPANS: [(&str, u64, u64); 3] =
    [("train", 0, 100), ("validation", 100, 125), ("test", 125, 150)];

fn count(rows: std::ops::Range<u64>, holds: impl Fn(u64) -> bool) -> u64 {
    rows.filter(|row| holds(*row)).map(|_| 1).sum()
}

fn split_facts() -> Made<BTreeMap<String, SplitFacts>> {
    let mut out = BTreeMap::new();
    for (split, start, end) in SPANS {
        let mut days = FILES.iter().filter(|(of, _, _)| *of == split);
        let first = days.next().ok_or("a split without a file")?;
        let last = days.next_back().unwrap_or(first);
        let last_cutoff = cutoff(last.1, last.2 - 1)?;
        let low = count(start..end, |row| grade(row) <= 2);
        let facts = SplitFacts {
            rows: end - start,
            ts_cutoff: [Instant(cutoff(first.1, 0)?), Instant(last_cutoff)],
            label_end: Instant(last_cutoff + 60_000_000_007),
            weight_sums: BTreeMap::from([("uniqueness".to_owned(), Number(52.0))]),
            n_eff: (split == "train").then_some(Number(52.0)),
            strategies: BTreeMap::from([
                ("mom-1".to_owned(), low),
                ("mom-2".to_owned(), end - start - low),
            ]),
            instruments: BTreeMap::from([(
                "none".to_owned(),
                count(start..end, |row| row % 11 == 0),
            )]),
        };
        out.insert(split.to_owned(), facts);
    }
    Ok(out)
}

fn features() -> Vec<FeatureColumn> {
    let nulls = |shift: u64| {
        let of = |(split, start, end): (&str, u64, u64)| {
            (split.to_owned(), count(start..end, |row| feature(row, shift).is_none()))
        };
        SPANS.map(of).into_iter().collect()
    };
    let column = |(at, (name, unit, lookback)): (u64, (&str, &str, u64))| FeatureColumn {
        name: name.to_owned(),
        unit: Some(unit.to_owned()),
        lookback_ns: Int(lookback),
        nulls: nulls(at * 3),
    };
    (0..).zip(FEATURES).map(column).collect()
}

fn target() -> TargetColumn {
    let classes = |(split, start, end): (&str, u64, u64)| {
        let of = |class: i8| (class.to_string(), count(start..end, |row| grade(row) == class));
        (split.to_owned(), (0..5).map(of).collect())
    };
    TargetColumn {
        name: "intraday.grade".to_owned(),
        task: "ordinal".to_owned(),
        from: "class".to_owned(),
        unit: None,
        classes: SPANS.map(classes).into_iter().collect(),
        class_factors: (0..5).map(|class: i8| (class.to_string(), Number(1.0))).collect(),
    }
}
