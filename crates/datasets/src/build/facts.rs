//! The facts of a version: what the manifest says of its rows, features, targets and splits.

use super::{BuildError, BuildOptions, gate_check};
use crate::assembly::Assembly;
use crate::canonical::{Instant, Int, Number, Sha256, to_canonical};
use crate::certificate::{CheckResult, Outcome};
use crate::inputs::Inputs;
use crate::layout::{column, meta};
use crate::manifest::{
    Code, DataFile, FORMAT, FeatureColumn, InputTable, Manifest, QualityFacts, SplitFacts,
    TargetColumn,
};
use crate::plan::{BuildPlan, PlanRow, feature_columns};
use crate::role::{Role, Split};
use crate::spec::{Spec, WeightFactor};
use crate::splits::SplitsDocument;
use crate::transform::TransformFit;
use contract::arrow_array::{Array as _, RecordBatch};
use contract::{Hash, RowDigest};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What is gathered while the data files are written.
pub(super) struct Parts {
    files: Vec<DataFile>,
    digest: RowDigest,
    /// Nulls of each feature, by split.
    nulls: Vec<BTreeMap<String, u64>>,
    /// What is fitted on train rows as they pass.
    fit: TransformFit,
}

/// Versions of this crate and of the Parquet writer.
pub(super) fn versions() -> (String, String) {
    let writer = parquet::file::properties::DEFAULT_CREATED_BY;
    (env!("CARGO_PKG_VERSION").to_owned(), writer.to_owned())
}

impl Parts {
    pub(super) fn new(assembly: &Assembly<'_>) -> Result<Self, BuildError> {
        let plan = assembly.plan;
        let names = plan.features().iter().map(String::as_str);
        let fit = TransformFit::new(&plan.spec().transforms, names)?;
        let nulls = vec![BTreeMap::new(); plan.features().len()];
        Ok(Self { files: Vec::new(), digest: RowDigest::default(), nulls, fit })
    }

    pub(super) fn add(
        &mut self,
        file: DataFile,
        digest: &RowDigest,
        split: Split,
        rows: &RecordBatch,
    ) -> Result<(), BuildError> {
        if split == Split::Train {
            self.fit.push(rows)?;
        }
        self.digest.add(digest);
        let first = column::KEYS.len();
        for (nulls, array) in self.nulls.iter_mut().zip(rows.columns().iter().skip(first)) {
            *nulls.entry(split.word().to_owned()).or_default() += array.null_count() as u64;
        }
        self.files.push(file);
        Ok(())
    }

    pub(super) fn manifest(
        self,
        assembly: &Assembly<'_>,
        name: &str,
        options: &BuildOptions<'_>,
    ) -> Result<Manifest, BuildError> {
        let (inputs, plan) = (assembly.inputs, assembly.plan);
        let features = self.features(inputs, plan);
        let transforms = self.fit.finish()?;
        let mut files = self.files;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut lines = String::new();
        for file in &files {
            // Writing to a text does not fail.
            let _ = writeln!(lines, "{}  {}", file.sha256, file.path);
        }
        let schema = crate::documents::schema_json(&assembly.schema);
        let spec_text = to_canonical(plan.spec())?;
        let dropped = plan.dropped().into_iter();
        Ok(Manifest {
            format: FORMAT,
            name: name.to_owned(),
            kind: plan.spec().kind,
            spec_hash: Sha256::of(spec_text.as_bytes()),
            schema_fingerprint: Sha256::of(schema.as_bytes()),
            certificate_hash: Sha256(Hash::from_bytes([0; 32])),
            code: code(inputs, plan),
            inputs: input_tables(inputs, plan, options.log_id.as_deref()),
            as_of: plan.as_of(),
            content_hash: Sha256::of(lines.as_bytes()),
            logical_hash: Sha256(Hash::from_bytes(self.digest.to_bytes())),
            files,
            documents: BTreeMap::new(),
            features,
            targets: targets(inputs, plan),
            splits: splits_facts(assembly),
            selected: plan.selected(),
            dropped: dropped.map(|(reason, count)| (reason.word().to_owned(), count)).collect(),
            erased: 0,
            quality: quality(inputs),
            completeness: options.completeness.clone(),
            transforms,
            deployable: plan.primary.is_deployable,
            access: "full".to_owned(),
            tags: tags(assembly),
        })
    }

    fn features(&self, inputs: &Inputs, plan: &BuildPlan) -> Vec<FeatureColumn> {
        let fields = feature_columns(inputs);
        let of = |name: &str| fields.iter().find(|field| field.name() == name);
        let columns = plan.features().iter().zip(&self.nulls);
        columns
            .map(|(name, nulls)| {
                let said = |key: &str| of(name).and_then(|field| field.metadata().get(key));
                let lookback = said(meta::LOOKBACK_NS);
                FeatureColumn {
                    name: name.clone(),
                    unit: said(meta::UNIT).cloned(),
                    lookback_ns: Int(lookback.and_then(|ns| ns.parse().ok()).unwrap_or_default()),
                    nulls: nulls.clone(),
                }
            })
            .collect()
    }
}

fn code(inputs: &Inputs, plan: &BuildPlan) -> Code {
    let (datasets, parquet) = versions();
    let made: BTreeSet<usize> =
        plan.used_labels.iter().map(|label| inputs.labels[*label].made).collect();
    let made: Vec<_> = made.into_iter().filter_map(|made| inputs.makers.get(made)).collect();
    let sorted = |hashes: BTreeSet<Hash>| hashes.into_iter().map(Sha256).collect();
    Code {
        datasets,
        parquet,
        feature_spec_hash: inputs.feature_spec_hash().map(Sha256),
        measures_hashes: sorted(made.iter().map(|made| made.measures).collect()),
        rules_hashes: sorted(made.iter().filter_map(|made| made.rules).collect()),
        label_code: made
            .iter()
            .map(|made| made.code.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
    }
}

/// The rows that the version was made from; others that the inputs hold do not matter.
pub(super) fn input_tables(
    inputs: &Inputs,
    plan: &BuildPlan,
    log_id: Option<&str>,
) -> Vec<InputTable> {
    let table = |name: &str, rows: &mut dyn Iterator<Item = ([u8; 32], [Option<u64>; 2])>| {
        let mut digest = RowDigest::default();
        let mut count = 0;
        let mut seqs = Vec::new();
        for (hash, of) in rows {
            digest.add_hash(&hash);
            count += 1;
            seqs.extend(of);
        }
        let span = crate::inputs::span(seqs.into_iter());
        InputTable {
            table: name.to_owned(),
            log_id: log_id.map(str::to_owned),
            rows: count,
            seq_min: span.map(|[low, _]| Int(low)),
            seq_max: span.map(|[_, high]| Int(high)),
            logical_hash: Sha256(Hash::from_bytes(digest.to_bytes())),
        }
    };
    let ids = plan.dropped.iter().map(|row| row.id);
    let kept = plan.rows.iter().zip(&plan.primary.roles);
    let kept = kept.filter(|(_, role)| matches!(role, Role::In(_))).map(|(row, _)| row);
    let mut decisions: Vec<usize> = ids.filter_map(|id| inputs.decision_at(&id)).collect();
    decisions.extend(kept.map(|row| row.decision));
    decisions.sort_unstable();
    let of_decision = |at: usize| {
        let decision = &inputs.decisions[at];
        (decision.row_hash, [decision.seq, decision.seq])
    };
    let of_feature = |row: &PlanRow| {
        let row = &inputs.features[row.feature];
        (row.row_hash, [Some(row.seq), Some(row.seq)])
    };
    let of_label = |at: &usize| (inputs.labels[*at].row_hash, inputs.labels[*at].seqs);
    let mut labels: Vec<usize> =
        plan.rows.iter().flat_map(|row| row.labels.iter().copied()).collect();
    labels.sort_unstable();
    labels.dedup();
    vec![
        table("decisions", &mut decisions.into_iter().map(of_decision)),
        table("features", &mut plan.rows.iter().map(of_feature)),
        table("labels", &mut labels.iter().map(of_label)),
    ]
}

fn targets(inputs: &Inputs, plan: &BuildPlan) -> Vec<TargetColumn> {
    let mut columns = Vec::new();
    for (at, target) in plan.spec().targets.iter().enumerate() {
        let mut classes: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for split in Split::ALL.into_iter().filter(|_| target.task.is_class()) {
            let counts = classes.entry(split.word().to_owned()).or_default();
            for row in plan.members(split) {
                let label = plan.rows[row].labels.get(at).map(|label| &inputs.labels[*label]);
                if let Some(class) = label.and_then(|label| label.class) {
                    *counts.entry(class.to_string()).or_default() += 1;
                }
            }
        }
        let train = classes.get(Split::Train.word());
        let total: u64 = train.map_or(0, |counts| counts.values().sum());
        let factors = train.into_iter().flatten().map(|(class, count)| {
            let kinds = train.map_or(0, BTreeMap::len) as f64;
            (class.clone(), Number(total as f64 / (kinds * *count as f64)))
        });
        columns.push(TargetColumn {
            name: target.name.clone(),
            task: target.task.word().to_owned(),
            from: if target.task.is_class() { "class" } else { "value" }.to_owned(),
            unit: crate::assembly::unit(inputs, target),
            class_factors: factors.collect(),
            classes,
        });
    }
    columns
}

fn splits_facts(assembly: &Assembly<'_>) -> BTreeMap<String, SplitFacts> {
    let plan = assembly.plan;
    let facts = Split::ALL.into_iter().map(|split| {
        let members = plan.members(split);
        let rows: Vec<&PlanRow> = members.iter().map(|at| &plan.rows[*at]).collect();
        // Sums of floats in the order of the rows: one order, one result.
        let sum = |values: &[f64]| Number(members.iter().fold(0.0, |sum, at| sum + values[*at]));
        let mut sums: BTreeMap<String, Number> =
            plan.weights.iter().map(|(factor, of)| (factor.word().to_owned(), sum(of))).collect();
        let total = members.iter().fold(0.0, |sum, at| sum + plan.total_weight(*at));
        sums.insert("total".to_owned(), Number(total));
        let uniqueness = plan.weights.iter().find(|(f, _)| *f == WeightFactor::Uniqueness);
        let mut strategies = BTreeMap::new();
        let mut instruments = BTreeMap::new();
        for row in &rows {
            *strategies.entry(assembly.strategy(row).to_owned()).or_default() += 1;
            let instrument = row.instrument.map_or("none".to_owned(), |id| id.to_string());
            *instruments.entry(instrument).or_default() += 1;
        }
        let ends = [rows.first(), rows.last()];
        let facts = SplitFacts {
            rows: rows.len() as u64,
            ts_cutoff: ends.map(|row| Instant(row.map_or(0, |row| row.cutoff))),
            label_end: Instant(rows.iter().map(|row| row.end).max().unwrap_or(0)),
            weight_sums: sums,
            n_eff: uniqueness.map(|(_, of)| sum(of)),
            strategies,
            instruments,
        };
        (split.word().to_owned(), facts)
    });
    facts.collect()
}

/// `splits.json`.
pub(super) fn splits(plan: &BuildPlan) -> SplitsDocument {
    let folds = plan.folds.as_ref().map(|folds| folds.document(&plan.fold_n_eff));
    plan.primary.document(&plan.spec().split, plan.reach_ns, plan.reach_cut.clone(), folds)
}

/// The lowest scores among the tables that were scored.
pub(super) fn quality(inputs: &Inputs) -> Option<QualityFacts> {
    let scores: Vec<_> = inputs.scores.values().collect();
    let least = |of: fn(&crate::TableScore) -> f64| {
        scores.iter().map(|score| of(score)).reduce(f64::min).map(Number)
    };
    let rules: BTreeSet<Hash> = scores.iter().flat_map(|s| s.rules.iter().copied()).collect();
    Some(QualityFacts {
        score: least(|score| score.score)?,
        score_low: least(|score| score.score_low)?,
        coverage: least(|score| score.coverage)?,
        rules_hashes: rules.into_iter().map(Sha256).collect(),
    })
}

/// The quality gate of the spec, where the scores do not meet it.
pub(super) fn quality_refusal(manifest: &Manifest, spec: &Spec) -> Option<CheckResult> {
    let least = spec.gate.min_score?;
    let statement = format!("the inputs score {least} or more");
    let outcome = match &manifest.quality {
        None => Outcome::NotEvaluated("no scores were given".to_owned()),
        Some(found) if found.score < least => Outcome::Fail(format!("they score {}", found.score)),
        Some(_) => return None,
    };
    Some(gate_check(statement, outcome))
}

/// Access tags of all columns.
fn tags(assembly: &Assembly<'_>) -> Vec<String> {
    let fields = assembly.schema.fields().iter();
    let tags: BTreeSet<String> = fields
        .filter_map(|field| field.metadata().get("gov.tag"))
        .flat_map(|tags| tags.split(',').map(|tag| tag.trim().to_owned()))
        .filter(|tag| !tag.is_empty() && tag != "none")
        .collect();
    tags.into_iter().collect()
}
