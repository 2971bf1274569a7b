//! A small version, written by hand: every fact of it can be bent, so that the verifier has something to find.
//!
//! It has its own naive splitter, O(n m), and shares nothing with the crate but types of documents and names of columns.

use arrow_array::builder::{FixedSizeBinaryBuilder, ListBuilder, UInt64Builder};
use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int8Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use contract::{CausalityPart, CausalityReport, FeatureCausality, Hash, PartResult, Reaction};
use datasets::layout::{column, dropped, file, lineage, meta};
use datasets::{
    AsOf, AuditVerdict, CardSpec, Certificate, Code, DataFile, Evidence, ExportSpec, FeatureColumn,
    FeaturesSpec, FilePeriod, FittedTransform, Folder, FoldsDocument, FoldsSpec, GateSpec, Instant,
    Int, Manifest, ModelKind, Number, Outcome, Purge, RowsSpec, Sha256, Spec, Split, SplitFacts,
    SplitSpec, SplitStrategy, SplitsDocument, TargetColumn, TargetSpec, Task, TransformKind,
    TransformSpec, VerifyError, WeightFactor, WeightsSpec, certify, to_canonical,
};
use durable::RealFs;
use parquet::arrow::ArrowWriter;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// 2026-01-05T00:00:00Z.
pub(crate) const START: i64 = 1_767_571_200_000_000_000;
pub(crate) const TARGET: &str = "intraday.grade";
pub(crate) const FEATURES: [&str; 2] = ["book__spread_bps__1s", "flow__imb__1s"];
pub(crate) const SPEC_HASH: [u8; 32] = [7; 32];

/// A decision and all that the files say of it.
#[derive(Debug, Clone)]
pub(crate) struct KitRow {
    pub(crate) id: [u8; 16],
    pub(crate) ts: i64,
    pub(crate) seq: u64,
    /// `label__end` of the data file.
    pub(crate) end: i64,
    pub(crate) latest_end: i64,
    pub(crate) until: i64,
    pub(crate) avail: i64,
    pub(crate) first_avail: i64,
    pub(crate) label_seq_hi: u64,
    pub(crate) src_avail: Option<i64>,
    pub(crate) src_seq: Option<u64>,
    pub(crate) src_rows: u64,
    pub(crate) md_seq_high: Option<u64>,
    pub(crate) group: Option<[u8; 16]>,
    pub(crate) features: [Option<f64>; 2],
    pub(crate) label: i8,
    pub(crate) fate: Fate,
    /// Its number in `_folds/groups.parquet`.
    pub(crate) fold: Option<u16>,
    /// Its role in each fold.
    pub(crate) roles: Vec<u8>,
}

/// Where a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    In(Split),
    Dropped(&'static str),
}

/// A version before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Kit {
    pub(crate) rows: Vec<KitRow>,
    pub(crate) spec: Spec,
    pub(crate) lookbacks: [u64; 2],
    /// Further features, of noise.
    pub(crate) extra: usize,
    pub(crate) as_of: AsOf,
    /// Groups held out by each fold; empty: no folds.
    pub(crate) held: Vec<Vec<u64>>,
    pub(crate) forward: bool,
    /// Whether the roles in folds are written.
    pub(crate) roles_written: bool,
    /// Rows that are written into train, too, without lineage.
    pub(crate) copied: Vec<usize>,
    pub(crate) transforms: Option<Vec<FittedTransform>>,
    pub(crate) causality: Option<CausalityReport>,
    pub(crate) audits: Vec<AuditVerdict>,
    /// What is done to the rows of the lineage, to the list of folds, and to the folder when all is written.
    pub(crate) lineage: fn(&mut Vec<KitRow>),
    pub(crate) listed: fn(&mut Vec<([u8; 16], u16)>),
    pub(crate) after: fn(&Path),
    /// Whether the last data file is marked otherwise than the first.
    pub(crate) odd_file: bool,
    /// What is done to the fields of the data files.
    pub(crate) fields: fn(Field) -> Field,
    pub(crate) manifest: fn(&mut Manifest),
    pub(crate) splits: fn(&mut SplitsDocument),
    pub(crate) schema_json: fn(String) -> String,
}

/// A distance rule of a splitter: whether the learner must go because of a held-out row.
pub(crate) type Clash = fn(&KitRow, &[&KitRow], &SplitSpec, i64) -> bool;

/// Uniform in [0, 1), the same on every machine.
pub(crate) fn noise(at: u64, salt: u64) -> f64 {
    let x = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 29)) >> 11) as f64 / 9_007_199_254_740_992.0
}

pub(crate) fn id(n: u64) -> [u8; 16] {
    let mut id = [0x11; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    id
}

pub(crate) fn id_text(n: u64) -> String {
    contract::EventId::from_bytes(id(n)).to_string()
}

/// Rules 1 to 3 as they are written.
pub(crate) fn lawful_clash(
    learner: &KitRow,
    held: &[&KitRow],
    spec: &SplitSpec,
    reach: i64,
) -> bool {
    let embargo = i64::try_from(spec.embargo_ns.0).unwrap();
    let meets = |a: (i64, i64), b: (i64, i64)| a.0 <= a.1 && b.0 <= b.1 && a.0 <= b.1 && b.0 <= a.1;
    let (outcome, features) = ((learner.ts, learner.end), (learner.ts - reach, learner.ts - 1));
    held.iter().any(|row| {
        let protected = (row.ts, row.end + embargo);
        meets(outcome, protected)
            || (spec.purge == Purge::LabelsFeatures
                && (meets(outcome, (row.ts - reach, row.ts - 1)) || meets(features, protected)))
    })
}

impl Kit {
    /// 240 decisions a microsecond apart, labels of 2,500 ns, features that look back 1,500 ns, an embargo of 700 ns,
    /// three purged folds in train, split and fitted lawfully.
    pub(crate) fn lawful() -> Self {
        let mut kit = Self::unsplit(240);
        kit.split_by(lawful_clash);
        kit.fold_by(lawful_clash);
        kit
    }

    /// The decisions, all of them in the split that their time says.
    pub(crate) fn unsplit(n: u64) -> Self {
        let rows: Vec<KitRow> = (0..n).map(row).collect();
        let starts = [n * 6 / 10, n * 8 / 10].map(|at| START + 1_000 * i64::try_from(at).unwrap());
        let last = rows.iter().map(|row| row.avail).max().unwrap_or(START);
        let mut kit = Self {
            rows,
            spec: spec(starts),
            lookbacks: [1_500, 500],
            extra: 0,
            as_of: AsOf { seq: Int(10 * n + 10), ts: Instant(last) },
            held: vec![vec![0], vec![1], vec![2]],
            forward: false,
            roles_written: true,
            copied: vec![],
            transforms: None,
            causality: Some(causality()),
            audits: vec![audit(1, true)],
            lineage: |_| {},
            listed: |_| {},
            after: |_| {},
            odd_file: false,
            fields: |field| field,
            manifest: |_| {},
            splits: |_| {},
            schema_json: |text| text,
        };
        for row in &mut kit.rows {
            row.fate = Fate::In(match row.ts {
                ts if ts < starts[0] => Split::Train,
                ts if ts < starts[1] => Split::Validation,
                _ => Split::Test,
            });
        }
        kit
    }

    pub(crate) fn reach(&self) -> i64 {
        let cap = self.spec.split.reach_max_ns.map_or(u64::MAX, |cap| cap.0);
        i64::try_from(self.lookbacks.map(|ns| ns.min(cap)).into_iter().max().unwrap()).unwrap()
    }

    pub(crate) fn of(&self, split: Split) -> Vec<usize> {
        (0..self.rows.len()).filter(|at| self.rows[*at].fate == Fate::In(split)).collect()
    }

    /// Drops learners of train and validation by this rule.
    pub(crate) fn split_by(&mut self, clash: Clash) {
        for (learns, held) in [
            (Split::Validation, vec![Split::Test]),
            (Split::Train, vec![Split::Validation, Split::Test]),
        ] {
            let held: Vec<KitRow> =
                held.iter().flat_map(|s| self.of(*s)).map(|at| self.rows[at].clone()).collect();
            let held: Vec<&KitRow> = held.iter().collect();
            for at in self.of(learns) {
                if clash(&self.rows[at], &held, &self.spec.split, self.reach()) {
                    self.rows[at].fate = Fate::Dropped("purged");
                }
            }
        }
    }

    /// Cuts train into three groups of equal count and gives each row its role in each fold by this rule.
    pub(crate) fn fold_by(&mut self, clash: Clash) {
        let train = self.of(Split::Train);
        for (place, at) in train.iter().enumerate() {
            self.rows[*at].fold = Some(u16::try_from(place * 3 / train.len()).unwrap());
        }
        let reach = self.reach();
        for held in self.held.clone() {
            let is_held = |row: &KitRow| held.contains(&u64::from(row.fold.unwrap()));
            let out: Vec<KitRow> =
                train.iter().map(|at| self.rows[*at].clone()).filter(is_held).collect();
            let out: Vec<&KitRow> = out.iter().collect();
            let first = out.iter().map(|row| row.ts).min().unwrap_or(i64::MAX);
            for at in &train {
                let row = &self.rows[*at];
                let role = if is_held(row) {
                    1
                } else if self.forward && row.ts >= first {
                    4
                } else if clash(row, &out, &self.spec.split, reach) {
                    2
                } else {
                    0
                };
                self.rows[*at].roles.push(role);
            }
        }
    }

    /// The checks that failed, in the order of the certificate.
    #[track_caller]
    pub(crate) fn failed(&self) -> Vec<String> {
        let certificate = self.certify().unwrap();
        let failed = |check: &&datasets::CheckResult| matches!(check.outcome, Outcome::Fail(_));
        certificate.checks.iter().filter(failed).map(|check| check.check.clone()).collect()
    }

    /// Writes the version and has it certified.
    pub(crate) fn certify(&self) -> Result<Certificate, VerifyError> {
        let dir = tempfile::tempdir().unwrap();
        let manifest = self.write(dir.path());
        let folder = Folder::new(Arc::new(RealFs), dir.path());
        let evidence = Evidence {
            causality: self.causality.as_ref(),
            feature_spec_hash: Some(Hash::from_bytes(SPEC_HASH)),
            label_audits: &self.audits,
        };
        certify(&folder, &manifest, &self.spec, &evidence)
    }

    /// Writes the files and returns the manifest.
    pub(crate) fn write(&self, root: &Path) -> Manifest {
        for name in ["data/train", "data/validation", "data/test", "_lineage", "_folds"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        let put = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
        put(file::SPEC, &to_canonical(&self.spec).unwrap());
        let schema = self.schema();
        let schema_json = (self.schema_json)(schema_json(&schema));
        put(file::SCHEMA, &schema_json);
        put(file::SPLITS, &to_canonical(&self.splits_document()).unwrap());
        let mut files = Vec::new();
        for split in [Split::Test, Split::Train, Split::Validation] {
            let mut places = self.of(split);
            if split == Split::Train {
                places.extend(&self.copied);
                places.sort_by_key(|at| (self.rows[*at].ts, self.rows[*at].seq));
            }
            // Two files a split.
            let (first, second) = places.split_at(places.len() / 2);
            for (part, places) in [first, second].into_iter().enumerate() {
                if places.is_empty() {
                    continue;
                }
                let path = format!("data/{split}/2026-01-05-{part:03}.parquet");
                let rows: Vec<&KitRow> = places.iter().map(|at| &self.rows[*at]).collect();
                let mut fields = Schema::clone(&schema);
                if self.odd_file && split == Split::Validation {
                    let field = fields.field(5).clone().with_nullable(false);
                    fields = Schema::new(
                        fields
                            .fields()
                            .iter()
                            .enumerate()
                            .map(
                                |(at, known)| {
                                    if at == 5 { field.clone() } else { known.as_ref().clone() }
                                },
                            )
                            .collect::<Vec<_>>(),
                    );
                }
                parquet(&root.join(&path), &self.data(&Arc::new(fields), &rows));
                files.push(data_file(path, split, &rows));
            }
        }
        let all: Vec<&KitRow> = self.rows.iter().collect();
        let is_kept = |row: &&KitRow| matches!(row.fate, Fate::In(_));
        let mut kept: Vec<KitRow> = self.rows.iter().filter(is_kept).cloned().collect();
        let mut listed: Vec<([u8; 16], u16)> = kept
            .iter()
            .filter(|row| row.fate == Fate::In(Split::Train))
            .filter_map(|row| Some((row.id, row.fold?)))
            .collect();
        (self.lineage)(&mut kept);
        (self.listed)(&mut listed);
        parquet(&root.join(file::LINEAGE), &lineage_batch(&kept));
        parquet(&root.join(file::DROPPED), &dropped_batch(&all));
        if !self.held.is_empty() {
            parquet(&root.join(file::FOLDS), &self.folds_batch(&listed));
        }
        (self.after)(root);
        let mut manifest = self.manifest(files, &schema_json);
        (self.manifest)(&mut manifest);
        manifest
    }

    fn schema(&self) -> Arc<Schema> {
        let ts = || DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
        let field = |name: &str, ty: DataType, nullable: bool, role: &str| {
            let mut metadata = vec![(meta::ROLE.to_owned(), role.to_owned())];
            if ["label", "weight", "meta"].contains(&role) {
                metadata.push((contract::meta::CAUSALITY.to_owned(), "hindsight".to_owned()));
            }
            if let Some(at) = FEATURES.iter().position(|feature| *feature == name) {
                metadata.push((meta::LOOKBACK_NS.to_owned(), self.lookbacks[at].to_string()));
            }
            Field::new(name, ty, nullable).with_metadata(metadata.into_iter().collect())
        };
        let extra = |k: usize| {
            let mut field = field(&extra_name(k), DataType::Float64, true, "feature");
            field.metadata_mut().insert(meta::LOOKBACK_NS.to_owned(), "100".to_owned());
            field
        };
        let words = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let mut fields = vec![
            field(column::ROW_ID, DataType::FixedSizeBinary(16), false, "key"),
            field(column::TS_CUTOFF, ts(), false, "key"),
            field(column::SEQ, DataType::UInt64, false, "key"),
            field(column::INSTRUMENT_ID, DataType::UInt32, true, "key"),
            field(column::STRATEGY_ID, words, false, "key"),
            field(FEATURES[0], DataType::Float64, true, "feature"),
            field(FEATURES[1], DataType::Float64, true, "feature"),
            field(&format!("label__{TARGET}"), DataType::Int8, false, "label"),
            field(column::LABEL_END, ts(), false, "label"),
            field("weight__uniqueness", DataType::Float64, false, "weight"),
            field(column::WEIGHT_TOTAL, DataType::Float64, false, "weight"),
            field(column::QUALITY, DataType::Float64, true, "meta"),
        ];
        fields.splice(7..7, (0..self.extra).map(extra));
        Arc::new(Schema::new(fields.into_iter().map(self.fields).collect::<Vec<_>>()))
    }

    fn data(&self, schema: &Arc<Schema>, rows: &[&KitRow]) -> RecordBatch {
        let n = rows.len();
        let words: DictionaryArray<arrow_array::types::Int32Type> =
            std::iter::repeat_n("mom-1", n).collect();
        let feature = |at: usize| -> ArrayRef {
            Arc::new(rows.iter().map(|row| row.features[at]).collect::<Float64Array>())
        };
        let weights = || {
            Arc::new(Float64Array::from_iter_values(
                rows.iter().map(|row| 0.25 + 0.5 * noise(row.seq, 9)),
            ))
        };
        let mut columns: Vec<ArrayRef> = vec![
            ids(rows.iter().map(|row| Some(row.id)), 16),
            times(rows.iter().map(|row| Some(row.ts))),
            numbers(rows.iter().map(|row| Some(row.seq))),
            Arc::new(UInt32Array::from(vec![Some(1); n])),
            Arc::new(words),
            feature(0),
            feature(1),
            Arc::new(Int8Array::from_iter_values(rows.iter().map(|row| row.label))),
            times(rows.iter().map(|row| Some(row.end))),
            weights(),
            weights(),
            Arc::new(Float64Array::from(vec![Some(97.5); n])),
        ];
        columns.splice(
            7..7,
            (0..self.extra).map(|k| -> ArrayRef {
                let salt = 100 + k as u64;
                let cell =
                    |row: &&KitRow| (!row.seq.is_multiple_of(7)).then(|| noise(row.seq, salt));
                Arc::new(rows.iter().map(cell).collect::<Float64Array>())
            }),
        );
        RecordBatch::try_new(schema.clone(), columns).unwrap()
    }

    /// The list of the folds; an id of no row has no roles.
    fn folds_batch(&self, listed: &[([u8; 16], u16)]) -> RecordBatch {
        let groups = UInt16Array::from_iter_values(listed.iter().map(|(_, group)| *group));
        let mut columns = vec![
            (column::ROW_ID.to_owned(), ids(listed.iter().map(|(id, _)| Some(*id)), 16)),
            (column::FOLD_GROUP.to_owned(), Arc::new(groups) as ArrayRef),
        ];
        let folds = if self.roles_written { self.held.len() } else { 0 };
        for k in 0..folds {
            let role = |id: &[u8; 16]| {
                let row = self.rows.iter().find(|row| row.id == *id);
                row.and_then(|row| row.roles.get(k).copied())
            };
            let roles = listed.iter().map(|(id, _)| role(id)).collect::<UInt8Array>();
            columns.push((format!("{}{k}", column::FOLD), Arc::new(roles) as ArrayRef));
        }
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap()
    }

    fn splits_document(&self) -> SplitsDocument {
        let embargo = i64::try_from(self.spec.split.embargo_ns.0).unwrap();
        let (mut starts, mut protected) = (BTreeMap::new(), BTreeMap::new());
        for split in Split::ALL {
            let rows: Vec<&KitRow> = self.of(split).into_iter().map(|at| &self.rows[at]).collect();
            let first = rows.iter().map(|row| row.ts).min().unwrap_or(START);
            starts.insert(split.word().to_owned(), Instant(first));
            let mut spans: Vec<[Instant; 2]> = Vec::new();
            for row in rows {
                let end = Instant(row.end + embargo);
                match spans.last_mut() {
                    Some(last) if last[1].0 >= row.ts => last[1] = last[1].max(end),
                    _ => spans.push([Instant(row.ts), end]),
                }
            }
            protected.insert(split.word().to_owned(), spans);
        }
        let strategy = match self.spec.split.strategy {
            SplitStrategy::Grouped(_) => "grouped",
            _ => "chronological",
        };
        let mut document = SplitsDocument {
            strategy: strategy.to_owned(),
            purge: self.spec.split.purge.word().to_owned(),
            embargo_ns: self.spec.split.embargo_ns,
            reach_ns: Int(u64::try_from(self.reach()).unwrap()),
            reach_cut: BTreeMap::new(),
            starts,
            protected,
            folds: (!self.held.is_empty()).then(|| self.folds_document()),
        };
        (self.splits)(&mut document);
        document
    }

    fn folds_document(&self) -> FoldsDocument {
        let groups = 3;
        let fit = |held: &Vec<u64>| -> Vec<u64> {
            let least = held.iter().min().copied().unwrap_or(0);
            (0..groups).filter(|g| !held.contains(g) && (!self.forward || *g < least)).collect()
        };
        let count = |k: usize, role: u8| {
            let has = |row: &&KitRow| {
                row.fate == Fate::In(Split::Train) && row.roles.get(k) == Some(&role)
            };
            self.rows.iter().filter(has).count() as u64
        };
        FoldsDocument {
            strategy: if self.forward { "walk_forward" } else { "purged_kfold" }.to_owned(),
            deployable: self.forward,
            groups,
            spans: vec![],
            held: self.held.clone(),
            fit: self.held.iter().map(fit).collect(),
            counts: (0..self.held.len()).map(|k| [0, 1, 2, 3].map(|role| count(k, role))).collect(),
            n_eff: vec![],
        }
    }

    /// Transforms fitted on the rows of these splits, by the plainest sums.
    pub(crate) fn fitted(&self, on: &[Split]) -> Vec<FittedTransform> {
        let places: Vec<usize> = on.iter().flat_map(|split| self.of(*split)).collect();
        let rows: Vec<&KitRow> = places.iter().map(|at| &self.rows[*at]).collect();
        let span = [
            Instant(rows.iter().map(|row| row.ts).min().unwrap_or(0)),
            Instant(rows.iter().map(|row| row.ts).max().unwrap_or(0)),
        ];
        let values = |at: usize| rows.iter().filter_map(|row| row.features[at]).collect::<Vec<_>>();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let mut sorted = values(0);
        sorted.sort_by(f64::total_cmp);
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 0 {
            f64::midpoint(sorted[half - 1], sorted[half])
        } else {
            sorted[half]
        };
        let filled: Vec<f64> = rows.iter().map(|row| row.features[0].unwrap_or(median)).collect();
        let middle = mean(&filled);
        let squares: f64 = filled.iter().map(|x| (x - middle) * (x - middle)).sum();
        let std = (squares / (filled.len() as f64 - 1.0)).sqrt();
        let fitted = |kind: &str, at: usize, parameters: &[(&str, f64)]| FittedTransform {
            kind: kind.to_owned(),
            feature: FEATURES[at].to_owned(),
            parameters: parameters.iter().map(|(k, v)| ((*k).to_owned(), Number(*v))).collect(),
            rows: rows.len() as u64,
            ts_cutoff: span,
        };
        vec![
            fitted("impute_median", 0, &[("value", median)]),
            fitted("standardize", 0, &[("mean", middle), ("std", std), ("constant", 0.0)]),
            fitted("impute_mean", 1, &[("value", mean(&values(1)))]),
        ]
    }

    fn manifest(&self, files: Vec<DataFile>, schema_json: &str) -> Manifest {
        let mut dropped: BTreeMap<String, u64> = BTreeMap::new();
        for row in &self.rows {
            if let Fate::Dropped(reason) = row.fate {
                *dropped.entry(reason.to_owned()).or_default() += 1;
            }
        }
        let nothing = Sha256::of(b"");
        let hash = |byte: u8| Sha256(Hash::from_bytes([byte; 32]));
        let facts = |split: Split| {
            let rows = files.iter().filter(|f| f.split == split.word()).map(|f| f.rows).sum();
            let times = [Instant(START); 2];
            let facts = SplitFacts {
                rows,
                ts_cutoff: times,
                label_end: Instant(START),
                weight_sums: BTreeMap::new(),
                n_eff: None,
                strategies: BTreeMap::new(),
                instruments: BTreeMap::new(),
            };
            (split.word().to_owned(), facts)
        };
        Manifest {
            format: datasets::FORMAT,
            name: "kit".to_owned(),
            kind: ModelKind::Signal,
            spec_hash: Sha256::of(to_canonical(&self.spec).unwrap().as_bytes()),
            schema_fingerprint: Sha256::of(schema_json.as_bytes()),
            certificate_hash: nothing,
            code: Code {
                datasets: "0".to_owned(),
                parquet: "0".to_owned(),
                feature_spec_hash: Some(Sha256(Hash::from_bytes(SPEC_HASH))),
                measures_hashes: vec![hash(2)],
                rules_hashes: vec![hash(1)],
                label_code: vec![],
            },
            inputs: vec![],
            as_of: self.as_of,
            splits: Split::ALL.into_iter().map(facts).collect(),
            files,
            documents: BTreeMap::new(),
            content_hash: nothing,
            logical_hash: nothing,
            features: FEATURES
                .iter()
                .map(|name| (*name).to_owned())
                .zip(self.lookbacks)
                .chain((0..self.extra).map(|k| (extra_name(k), 100)))
                .map(|(name, ns)| FeatureColumn {
                    name,
                    unit: None,
                    lookback_ns: Int(ns),
                    nulls: BTreeMap::new(),
                })
                .collect(),
            targets: vec![TargetColumn {
                name: TARGET.to_owned(),
                task: "ordinal".to_owned(),
                from: "class".to_owned(),
                unit: None,
                classes: BTreeMap::new(),
                class_factors: BTreeMap::new(),
            }],
            selected: self.rows.len() as u64,
            dropped,
            erased: 0,
            quality: None,
            completeness: None,
            transforms: self.transforms.clone().unwrap_or_else(|| self.fitted(&[Split::Train])),
            deployable: true,
            access: "full".to_owned(),
            tags: vec![],
        }
    }
}

fn extra_name(k: usize) -> String {
    format!("extra__noise__{k}")
}

fn row(n: u64) -> KitRow {
    let ts = START + 1_000 * i64::try_from(n).unwrap();
    let end = ts + 2_500;
    KitRow {
        id: id(n),
        ts,
        seq: 10 + 10 * n,
        end,
        latest_end: end,
        until: ts + 2_000,
        avail: end + 100,
        first_avail: end + 100,
        label_seq_hi: 15 + 10 * n,
        src_avail: Some(ts - 40),
        src_seq: Some(8 + 10 * n),
        src_rows: 3,
        md_seq_high: n.is_multiple_of(2).then_some(9 + 10 * n),
        group: None,
        features: [
            (n % 11 != 3).then(|| 5.0 + noise(n, 1)),
            (n % 13 != 5).then(|| noise(n, 2) - 0.5),
        ],
        label: [-1, 0, 1][if noise(n, 3) < 0.3 { 0 } else { 1 + usize::from(noise(n, 4) < 0.5) }],
        fate: Fate::In(Split::Train),
        fold: None,
        roles: vec![],
    }
}

fn spec(starts: [i64; 2]) -> Spec {
    let transform = |kind, feature: &str| TransformSpec {
        kind,
        features: vec![feature.to_owned()],
        value: None,
    };
    Spec {
        kind: ModelKind::Signal,
        rows: RowsSpec {
            from: None,
            to: None,
            as_of: None,
            strategies: vec![],
            instruments: vec![],
            actions: vec![],
            min_quality: None,
        },
        features: FeaturesSpec { include: vec!["*__*".to_owned()], exclude: vec![] },
        targets: vec![TargetSpec {
            name: TARGET.to_owned(),
            measure: None,
            task: Task::Ordinal,
            min_confidence: Number(0.0),
            provisional: false,
        }],
        weights: WeightsSpec { factors: vec![WeightFactor::Uniqueness] },
        split: SplitSpec {
            strategy: SplitStrategy::Boundaries(starts.map(Instant)),
            embargo_ns: Int(700),
            purge: Purge::LabelsFeatures,
            group_by: vec![datasets::GroupColumn::GroupId],
            reach_max_ns: None,
        },
        folds: Some(FoldsSpec::PurgedKfold { k: 3 }),
        transforms: vec![
            transform(TransformKind::ImputeMedian, "book__*"),
            transform(TransformKind::Standardize, "book__*"),
            transform(TransformKind::ImputeMean, "flow__imb__1s"),
        ],
        gate: GateSpec { min_score: None, allow_not_evaluated: vec![], too_good_auc: Number(0.95) },
        export: ExportSpec { file_period: FilePeriod::Day },
        card: CardSpec::default(),
    }
}

/// A report in which nothing moved.
pub(crate) fn causality() -> CausalityReport {
    CausalityReport {
        spec_hash: Hash::from_bytes(SPEC_HASH),
        seed: 7,
        rows: 240,
        rows_perturbed: 5_000,
        rows_perturbed_next_minute: 900,
        parts: vec![PartResult { part: CausalityPart::Future, compared: 480, violations: 0 }],
        features: FEATURES
            .iter()
            .map(|name| FeatureCausality {
                feature: (*name).to_owned(),
                compared: 240,
                moved: 0,
                reaction: Reaction::Reactive,
            })
            .collect(),
    }
}

/// An audit of the labels that was known at this nanosecond.
pub(crate) fn audit(ts_avail: i64, passed: bool) -> AuditVerdict {
    AuditVerdict {
        target: TARGET.to_owned(),
        rules_hash: Hash::from_bytes([1; 32]),
        measures_hash: Hash::from_bytes([2; 32]),
        ts_avail,
        n: 400,
        agreement_low: 0.985,
        passed,
    }
}

fn schema_json(schema: &Schema) -> String {
    let text = |field: &Field| match field.data_type() {
        DataType::Timestamp(..) => "Timestamp(ns, UTC)".to_owned(),
        DataType::Dictionary(..) => "Dictionary(Int32, Utf8)".to_owned(),
        DataType::FixedSizeBinary(n) => format!("FixedSizeBinary({n})"),
        other => format!("{other:?}"),
    };
    let columns: Vec<serde_json::Value> = schema
        .fields()
        .iter()
        .map(|field| {
            let said = |key: &str| field.metadata().get(key);
            let lookback = said(meta::LOOKBACK_NS).and_then(|text| text.parse::<u64>().ok());
            serde_json::json!({
                "name": field.name(), "type": text(field), "nullable": field.is_nullable(),
                "role": said(meta::ROLE), "unit": null,
                "causality": said(contract::meta::CAUSALITY), "lookback_ns": lookback,
            })
        })
        .collect();
    serde_json::json!({ "columns": columns, "format": 1 }).to_string()
}

fn data_file(path: String, split: Split, rows: &[&KitRow]) -> DataFile {
    let ts = || rows.iter().map(|row| row.ts);
    let seq = || rows.iter().map(|row| row.seq);
    DataFile {
        path,
        split: split.word().to_owned(),
        rows: rows.len() as u64,
        bytes: 0,
        sha256: Sha256::of(b""),
        logical_hash: Sha256::of(b""),
        ts_cutoff: [Instant(ts().min().unwrap()), Instant(ts().max().unwrap())],
        seq: [Int(seq().min().unwrap()), Int(seq().max().unwrap())],
    }
}

fn lineage_batch(rows: &[KitRow]) -> RecordBatch {
    let split = |row: &KitRow| match row.fate {
        Fate::In(split) => split.word(),
        Fate::Dropped(_) => "none",
    };
    let mut own = ListBuilder::new(UInt64Builder::new());
    for row in rows {
        own.append_value([Some(row.seq)]);
    }
    let columns: Vec<(String, ArrayRef)> = vec![
        (column::ROW_ID.into(), ids(rows.iter().map(|row| Some(row.id)), 16)),
        (column::TS_CUTOFF.into(), times(rows.iter().map(|row| Some(row.ts)))),
        (column::SEQ.into(), numbers(rows.iter().map(|row| Some(row.seq)))),
        (lineage::SPLIT.into(), Arc::new(StringArray::from_iter_values(rows.iter().map(split)))),
        (lineage::SRC_TS_AVAIL_MIN.into(), times(rows.iter().map(|row| row.src_avail))),
        (lineage::SRC_TS_AVAIL_MAX.into(), times(rows.iter().map(|row| row.src_avail))),
        (lineage::SRC_SEQ_MIN.into(), numbers(rows.iter().map(|row| row.src_seq))),
        (lineage::SRC_SEQ_MAX.into(), numbers(rows.iter().map(|row| row.src_seq))),
        (lineage::SRC_ROWS.into(), numbers(rows.iter().map(|row| Some(row.src_rows)))),
        (lineage::MD_SEQ_HIGH.into(), numbers(rows.iter().map(|row| row.md_seq_high))),
        (lineage::LABEL_LATEST_END.into(), times(rows.iter().map(|row| Some(row.latest_end)))),
        (lineage::LABEL_UNTIL.into(), times(rows.iter().map(|row| Some(row.until)))),
        (lineage::LABEL_AVAIL.into(), times(rows.iter().map(|row| Some(row.avail)))),
        (lineage::LABEL_FIRST_AVAIL.into(), times(rows.iter().map(|row| Some(row.first_avail)))),
        (lineage::LABEL_REVISION.into(), Arc::new(UInt16Array::from(vec![0; rows.len()]))),
        (lineage::LABEL_SEQ_LO.into(), numbers(rows.iter().map(|row| Some(row.seq)))),
        (lineage::LABEL_SEQ_HI.into(), numbers(rows.iter().map(|row| Some(row.label_seq_hi)))),
        (lineage::OWN_SEQS.into(), Arc::new(own.finish())),
        (format!("{}group_id", lineage::GROUP), ids(rows.iter().map(|row| row.group), 16)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn dropped_batch(rows: &[&KitRow]) -> RecordBatch {
    let rows: Vec<(&KitRow, &str)> = rows
        .iter()
        .filter_map(|row| match row.fate {
            Fate::Dropped(reason) => Some((*row, reason)),
            Fate::In(_) => None,
        })
        .collect();
    let reasons = StringArray::from_iter_values(rows.iter().map(|(_, reason)| reason));
    RecordBatch::try_from_iter([
        (column::ROW_ID, ids(rows.iter().map(|(row, _)| Some(row.id)), 16)),
        (column::TS_CUTOFF, times(rows.iter().map(|(row, _)| Some(row.ts)))),
        (column::SEQ, numbers(rows.iter().map(|(row, _)| Some(row.seq)))),
        (dropped::REASON, Arc::new(reasons) as ArrayRef),
    ])
    .unwrap()
}

fn ids(values: impl Iterator<Item = Option<[u8; 16]>>, width: i32) -> ArrayRef {
    let mut builder = FixedSizeBinaryBuilder::new(width);
    for value in values {
        match value {
            Some(id) => builder.append_value(id).unwrap(),
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn times(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampNanosecondArray>().with_timezone("UTC"))
}

fn numbers(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    Arc::new(values.collect::<UInt64Array>())
}

fn parquet(path: &Path, batch: &RecordBatch) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}
