//! Small versions, written by hand: what the readers of versions are tried on.

use arrow_array::builder::{ListBuilder, UInt64Builder};
use arrow_array::{
    ArrayRef, DictionaryArray, FixedSizeBinaryArray, Float64Array, Int8Array, RecordBatch,
    StringArray, TimestampNanosecondArray, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use contract::{EventId, Hash, RowDigest};
use datasets::{
    AsOf, Code, DataFile, FeatureColumn, FittedTransform, Folder, Instant, Int, Manifest,
    ModelKind, Number, Sha256, Split, SplitFacts, TargetColumn, VersionView, to_canonical,
};
use durable::RealFs;
use parquet::arrow::ArrowWriter;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// A row and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct SampleRow {
    pub(crate) id: u128,
    pub(crate) split: Split,
    pub(crate) t: i64,
    pub(crate) seq: u64,
    pub(crate) features: Vec<Option<f64>>,
    pub(crate) session: Option<u16>,
    pub(crate) class: i8,
    pub(crate) value: f64,
    pub(crate) weight: f64,
    pub(crate) quality: Option<f64>,
    pub(crate) end: i64,
    pub(crate) src_seq: [Option<u64>; 2],
    pub(crate) src_rows: u64,
    pub(crate) label_seq: [Option<u64>; 2],
    pub(crate) own_seqs: Vec<u64>,
}

impl SampleRow {
    /// A row with something in every column: features 0.5 id and 10 id, class id mod 3.
    pub(crate) fn new(id: u32, split: Split) -> Self {
        let number = f64::from(id);
        Self {
            id: u128::from(id),
            split,
            t: 1_000 * i64::from(id),
            seq: 10 * u64::from(id),
            features: vec![Some(0.5 * number), Some(10.0 * number)],
            session: Some(u16::try_from(id % 4).unwrap()),
            class: i8::try_from(id % 3).unwrap(),
            value: -number,
            weight: 1.0,
            quality: Some(99.5),
            end: 1_000 * i64::from(id) + 500,
            src_seq: [Some(10 * u64::from(id) - 9), Some(10 * u64::from(id) - 1)],
            src_rows: 4,
            label_seq: [Some(10 * u64::from(id) + 1), Some(10 * u64::from(id) + 15)],
            own_seqs: vec![10 * u64::from(id), 10 * u64::from(id) + 3],
        }
    }

    pub(crate) fn event_id(&self) -> EventId {
        EventId::from_bytes(self.id.to_be_bytes())
    }
}

/// A feature column of floats.
#[derive(Debug, Clone)]
pub(crate) struct SampleFeature {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) lookback_ns: u64,
    pub(crate) nullable: bool,
}

/// A version in the making.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) rows: Vec<SampleRow>,
    /// Id, reason, split.
    pub(crate) dropped: Vec<(u32, &'static str, Option<&'static str>)>,
    pub(crate) features: Vec<SampleFeature>,
    pub(crate) rows_per_file: usize,
    pub(crate) file_prefix: &'static str,
    pub(crate) readme: String,
    pub(crate) spec: serde_json::Value,
    pub(crate) certificate: serde_json::Value,
    pub(crate) transforms: Vec<FittedTransform>,
    pub(crate) n_eff: f64,
    pub(crate) has_weight: bool,
    pub(crate) feature_spec_hash: Sha256,
}

/// A version on a disk.
pub(crate) struct Written {
    pub(crate) manifest: Manifest,
    pub(crate) folder: Folder,
    pub(crate) root: tempfile::TempDir,
}

impl Written {
    pub(crate) fn view(&self) -> VersionView<'_> {
        VersionView::new(&self.manifest, &self.folder)
    }
}

/// Name of the target that is a class; a dot is in it as in `labeling`.
pub(crate) const CLASS: &str = "intraday.grade";
/// Name of the target that is a value.
pub(crate) const VALUE: &str = "intraday.r_net_sigma";

impl Sample {
    /// Rows 1 to `train + validation + test`, in this order of splits.
    pub(crate) fn new(train: u32, validation: u32, test: u32) -> Self {
        let split = |id| match id {
            _ if id <= train => Split::Train,
            _ if id <= train + validation => Split::Validation,
            _ => Split::Test,
        };
        let feature =
            |name, unit, lookback_ns| SampleFeature { name, unit, lookback_ns, nullable: true };
        Self {
            rows: (1..=train + validation + test).map(|id| SampleRow::new(id, split(id))).collect(),
            dropped: vec![(901, "purged", Some("train")), (902, "label_pending", None)],
            features: vec![
                feature("book__spread_bps__1s", "bps", 1_000),
                feature("flow__n_trades__5m", "count", 300),
            ],
            rows_per_file: 3,
            file_prefix: "2026-01-",
            readme: "a card".to_owned(),
            spec: serde_json::json!({"kind": "signal", "rows": {"min_quality": "80", "strategies": ["mom-*"]},
                "targets": [{"name": CLASS, "task": "ordinal"}], "folds": null}),
            certificate: serde_json::json!({"format": 1, "checks": [
                {"check": "availability", "outcome": "pass", "violations": 0, "margin_ns": 12, "rows": []},
                {"check": "too_good", "outcome": {"warn": "one feature"}, "violations": 1, "rows": ["a"]}]}),
            transforms: Vec::new(),
            n_eff: 1.5,
            has_weight: true,
            feature_spec_hash: Sha256::of(b"features"),
        }
    }

    pub(crate) fn row(&mut self, id: u32) -> &mut SampleRow {
        self.rows.iter_mut().find(|row| row.id == u128::from(id)).unwrap()
    }

    pub(crate) fn remove(&mut self, id: u32) {
        self.rows.retain(|row| row.id != u128::from(id));
    }

    /// The columns of some rows.
    pub(crate) fn batch(&self, rows: &[&SampleRow]) -> RecordBatch {
        let mut columns: Vec<(Field, ArrayRef)> = Vec::new();
        let role = |word: &str| HashMap::from([("hindsight.role".to_owned(), word.to_owned())]);
        let mut put = |name: &str, nullable, word: &str, array: ArrayRef| {
            let field = Field::new(name, array.data_type().clone(), nullable);
            columns.push((field.with_metadata(role(word)), array));
        };
        put("row_id", false, "key", ids(rows.iter().map(|row| row.id)));
        put("ts_cutoff", false, "key", times(rows.iter().map(|row| Some(row.t))));
        let seqs: UInt64Array = rows.iter().map(|row| row.seq).collect::<Vec<_>>().into();
        put("seq", false, "key", Arc::new(seqs));
        let instruments = UInt32Array::from(vec![Some(7); rows.len()]);
        put("instrument_id", true, "key", Arc::new(instruments));
        let words = ["mom-1", "mom-2"];
        let strategies: DictionaryArray<arrow_array::types::Int32Type> =
            rows.iter().map(|row| words[usize::from(row.id % 2 == 0)]).collect();
        put("strategy_id", false, "key", Arc::new(strategies));
        for (at, feature) in self.features.iter().enumerate() {
            let values: Float64Array = rows.iter().map(|row| row.features[at]).collect();
            put(feature.name, feature.nullable, "feature", Arc::new(values));
        }
        let sessions: UInt16Array = rows.iter().map(|row| row.session).collect();
        put("time__session__0", true, "feature", Arc::new(sessions));
        let classes: Int8Array = rows.iter().map(|row| Some(row.class)).collect();
        put(&format!("label__{CLASS}"), false, "label", Arc::new(classes));
        let values: Float64Array = rows.iter().map(|row| Some(row.value)).collect();
        put(&format!("label__{VALUE}"), false, "label", Arc::new(values));
        put("label__end", false, "label", times(rows.iter().map(|row| Some(row.end))));
        if self.has_weight {
            let weights: Float64Array = rows.iter().map(|row| Some(row.weight)).collect();
            put("weight__total", false, "weight", Arc::new(weights));
        }
        let quality: Float64Array = rows.iter().map(|row| row.quality).collect();
        put("meta__quality_score", true, "meta", Arc::new(quality));
        let reasons = rows.iter().map(|row| {
            let nulls = row.features.iter().map(|cell| u8::from(cell.is_none()));
            nulls.chain([u8::from(row.session.is_none())]).collect::<Vec<u8>>()
        });
        let width = i32::try_from(self.features.len() + 1).unwrap();
        put("meta__null_reasons", false, "meta", bytes(width, reasons.collect()));
        let (mut fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        for field in &mut fields {
            if let Some(feature) = self.features.iter().find(|f| f.name == field.name()) {
                let mut metadata = field.metadata().clone();
                metadata.insert("hindsight.unit".to_owned(), feature.unit.to_owned());
                let lookback = feature.lookback_ns.to_string();
                metadata.insert("hindsight.lookback_ns".to_owned(), lookback);
                *field = field.clone().with_metadata(metadata);
            }
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
    }

    /// Rows of a split, in order.
    pub(crate) fn of(&self, split: Split) -> Vec<&SampleRow> {
        let mut rows: Vec<&SampleRow> = self.rows.iter().filter(|r| r.split == split).collect();
        rows.sort_by_key(|row| (row.t, row.seq, row.id));
        rows
    }

    /// Writes the version.
    pub(crate) fn write(&self) -> Written {
        let root = tempfile::tempdir().unwrap();
        let mut files = Vec::new();
        let mut logical = RowDigest::default();
        for split in Split::ALL {
            for (part, rows) in self.of(split).chunks(self.rows_per_file).enumerate() {
                let batch = self.batch(rows);
                let path = format!("data/{split}/{}{:02}-000.parquet", self.file_prefix, part + 1);
                let bytes = put(root.path(), &path, &parquet(&batch));
                let digest = RowDigest::of_columns(&batch);
                logical.add(&digest);
                files.push(DataFile {
                    path,
                    split: split.word().to_owned(),
                    rows: rows.len() as u64,
                    bytes: bytes.len() as u64,
                    sha256: Sha256::of(&bytes),
                    logical_hash: Sha256(Hash::from_bytes(digest.to_bytes())),
                    ts_cutoff: [Instant(rows[0].t), Instant(rows[rows.len() - 1].t)],
                    seq: [Int(rows[0].seq), Int(rows[rows.len() - 1].seq)],
                });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut documents = BTreeMap::new();
        let mut document = |path: &str, bytes: &[u8]| {
            let hash = Sha256::of(&put(root.path(), path, bytes));
            documents.insert(path.to_owned(), hash);
            hash
        };
        let spec_hash = document("spec.json", self.spec.to_string().as_bytes());
        let certificate_hash =
            document("certificate.json", self.certificate.to_string().as_bytes());
        let schema = self.batch(&[]).schema();
        let schema_text =
            format!("{:?}", schema.fields().iter().map(described).collect::<Vec<_>>());
        let schema_fingerprint = document("schema.json", schema_text.as_bytes());
        document("README.md", self.readme.as_bytes());
        document("_lineage/rows.parquet", &parquet(&self.lineage()));
        if !self.dropped.is_empty() {
            document("_lineage/dropped.parquet", &parquet(&self.dropped()));
        }
        let manifest = Manifest {
            spec_hash,
            schema_fingerprint,
            certificate_hash,
            files,
            documents,
            logical_hash: Sha256(Hash::from_bytes(logical.to_bytes())),
            ..self.manifest()
        };
        put(root.path(), "manifest.json", to_canonical(&manifest).unwrap().as_bytes());
        let folder = Folder::new(Arc::new(RealFs), root.path());
        Written { manifest, folder, root }
    }

    /// What does not depend on files.
    fn manifest(&self) -> Manifest {
        let nothing = Sha256::of(b"");
        let features = self.features.iter().map(|feature| FeatureColumn {
            name: feature.name.to_owned(),
            unit: Some(feature.unit.to_owned()),
            lookback_ns: Int(feature.lookback_ns),
            nulls: BTreeMap::new(),
        });
        let session = FeatureColumn {
            name: "time__session__0".to_owned(),
            unit: None,
            lookback_ns: Int(0),
            nulls: BTreeMap::new(),
        };
        let mut classes: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        let mut splits = BTreeMap::new();
        for split in Split::ALL {
            let rows = self.of(split);
            for row in &rows {
                let counts = classes.entry(split.word().to_owned()).or_default();
                *counts.entry(row.class.to_string()).or_default() += 1;
            }
            let total = rows.iter().map(|row| row.weight).sum();
            let facts = SplitFacts {
                rows: rows.len() as u64,
                ts_cutoff: [
                    Instant(rows.first().map_or(0, |row| row.t)),
                    Instant(rows.last().map_or(0, |row| row.t)),
                ],
                label_end: Instant(rows.iter().map(|row| row.end).max().unwrap_or(0)),
                weight_sums: BTreeMap::from([("total".to_owned(), Number(total))]),
                n_eff: Some(Number(self.n_eff)),
                strategies: BTreeMap::new(),
                instruments: BTreeMap::new(),
            };
            splits.insert(split.word().to_owned(), facts);
        }
        let target = |name: &str, from: &str, classes| TargetColumn {
            name: name.to_owned(),
            task: "ordinal".to_owned(),
            from: from.to_owned(),
            unit: None,
            classes,
            class_factors: BTreeMap::new(),
        };
        Manifest {
            format: datasets::FORMAT,
            name: "momentum".to_owned(),
            kind: ModelKind::Signal,
            spec_hash: nothing,
            schema_fingerprint: nothing,
            certificate_hash: nothing,
            code: Code {
                datasets: "0.1.0".to_owned(),
                parquet: "59.3.2".to_owned(),
                feature_spec_hash: Some(self.feature_spec_hash),
                measures_hashes: Vec::new(),
                rules_hashes: vec![Sha256::of(b"rules")],
                label_code: Vec::new(),
            },
            inputs: Vec::new(),
            as_of: AsOf { seq: Int(9_999), ts: Instant(9_999_999) },
            files: Vec::new(),
            documents: BTreeMap::new(),
            content_hash: nothing,
            logical_hash: nothing,
            features: features.chain([session]).collect(),
            targets: vec![target(CLASS, "class", classes), target(VALUE, "value", BTreeMap::new())],
            splits,
            selected: (self.rows.len() + self.dropped.len()) as u64,
            dropped: BTreeMap::new(),
            erased: 0,
            quality: None,
            completeness: None,
            transforms: self.transforms.clone(),
            deployable: true,
            access: "full".to_owned(),
            tags: Vec::new(),
        }
    }

    fn lineage(&self) -> RecordBatch {
        let mut rows: Vec<&SampleRow> = self.rows.iter().collect();
        rows.sort_by_key(|row| (row.t, row.seq, row.id));
        let seqs = |get: fn(&SampleRow) -> Option<u64>| -> ArrayRef {
            Arc::new(rows.iter().map(|row| get(row)).collect::<UInt64Array>())
        };
        let mut own = ListBuilder::new(UInt64Builder::new());
        for row in &rows {
            own.append_value(row.own_seqs.iter().map(|seq| Some(*seq)));
        }
        let splits: StringArray = rows.iter().map(|row| Some(row.split.word())).collect();
        let revisions: UInt16Array = rows.iter().map(|_| Some(2)).collect();
        let inputs = rows.iter().map(|row| Hash::of(&row.id.to_be_bytes()).as_bytes().to_vec());
        let inputs = bytes(32, inputs.collect());
        let t = |shift: i64| times(rows.iter().map(|row| Some(row.t + shift)));
        RecordBatch::try_from_iter_with_nullable([
            ("row_id", ids(rows.iter().map(|row| row.id)), false),
            ("ts_cutoff", t(0), false),
            ("seq", seqs(|row| Some(row.seq)), false),
            ("in_split", Arc::new(splits), false),
            ("src_ts_avail_min", t(-90), true),
            ("src_ts_avail_max", t(-1), true),
            ("src_seq_min", seqs(|row| row.src_seq[0]), true),
            ("src_seq_max", seqs(|row| row.src_seq[1]), true),
            ("src_rows", seqs(|row| Some(row.src_rows)), false),
            ("label_ts_latest_end", times(rows.iter().map(|row| Some(row.end))), false),
            ("label_ts_until", times(rows.iter().map(|row| Some(row.end - 100))), false),
            ("label_revision", Arc::new(revisions), false),
            ("label_seq_lo", seqs(|row| row.label_seq[0]), true),
            ("label_seq_hi", seqs(|row| row.label_seq[1]), true),
            ("label_inputs_hash", inputs, false),
            ("own_seqs", Arc::new(own.finish()), false),
        ])
        .unwrap()
    }

    fn dropped(&self) -> RecordBatch {
        let dropped = &self.dropped;
        let times = times(dropped.iter().map(|(id, ..)| Some(1_000 * i64::from(*id))));
        let seqs: UInt64Array = dropped.iter().map(|(id, ..)| Some(10 * u64::from(*id))).collect();
        let reasons: StringArray = dropped.iter().map(|(_, reason, _)| Some(*reason)).collect();
        let splits: StringArray = dropped.iter().map(|(.., split)| *split).collect();
        RecordBatch::try_from_iter_with_nullable([
            ("row_id", ids(dropped.iter().map(|(id, ..)| u128::from(*id))), false),
            ("ts_cutoff", times, false),
            ("seq", Arc::new(seqs) as ArrayRef, false),
            ("reason", Arc::new(reasons), false),
            ("from_split", Arc::new(splits), true),
        ])
        .unwrap()
    }
}

fn ids(ids: impl Iterator<Item = u128>) -> ArrayRef {
    bytes(16, ids.map(|id| id.to_be_bytes().to_vec()).collect())
}

fn bytes(width: i32, rows: Vec<Vec<u8>>) -> ArrayRef {
    let rows = rows.into_iter().map(Some);
    Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(rows, width).unwrap())
}

fn times(times: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(times.collect::<TimestampNanosecondArray>().with_timezone("UTC"))
}

/// A field as text, metadata in order.
fn described(field: &Arc<Field>) -> String {
    let metadata: BTreeMap<_, _> = field.metadata().iter().collect();
    let known: &DataType = field.data_type();
    // The bytes of the reasons are as many as the features.
    format!("{} {known} {} {metadata:?}", field.name(), field.is_nullable())
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn put(root: &Path, path: &str, bytes: &[u8]) -> Vec<u8> {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    bytes.to_vec()
}
