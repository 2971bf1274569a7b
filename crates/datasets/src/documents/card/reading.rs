//! How to open a version, and what to beware of.

use crate::documents::markdown::{Page, quoted};
use crate::layout::column;
use crate::manifest::Manifest;
use crate::spec::TransformKind;
use crate::splits::SplitsDocument;

/// Recipes that run as they stand, in the version's directory; `LABEL` and `WEIGHT` stand for columns.
const RECIPES: [(&str, &str); 7] = [
    (
        "PyArrow",
        r#"import pyarrow.dataset as pad

train = pad.dataset("data/train", format="parquet").to_table()
features = [f.name for f in train.schema if (f.metadata or {}).get(b"hindsight.role") == b"feature"]
X, y, w = train.select(features), train[LABEL], train[WEIGHT]"#,
    ),
    (
        "Polars",
        r#"import json
import polars as pl

columns = json.load(open("schema.json"))["columns"]
features = [c["name"] for c in columns if c["role"] == "feature"]
train = pl.read_parquet("data/train/*.parquet")
X, y, w = train.select(features), train[LABEL], train[WEIGHT]"#,
    ),
    (
        "pandas",
        r#"import json
import pandas as pd

columns = json.load(open("schema.json"))["columns"]
features = [c["name"] for c in columns if c["role"] == "feature"]
# Without this backend a nullable integer becomes a float.
train = pd.read_parquet("data/train", dtype_backend="pyarrow")
X, y, w = train[features], train[LABEL], train[WEIGHT]"#,
    ),
    (
        "DuckDB",
        r#"import json
import duckdb  # its Python client needs the package pytz for zoned times

columns = json.load(open("schema.json"))["columns"]
features = [c["name"] for c in columns if c["role"] == "feature"]
names = ", ".join('"' + name + '"' for name in [*features, LABEL, WEIGHT])
# A Python datetime ends at microseconds: ask for integers, or for Arrow.
train = duckdb.sql(f"select epoch_ns(ts_cutoff) as ts_cutoff, {names} from 'data/train/*.parquet' order by seq")
X, y = train.select(*[f'"{name}"' for name in features]), train.select(f'"{LABEL}"')"#,
    ),
    (
        "Hugging Face",
        r#"import json
import os
from datasets import load_dataset

columns = json.load(open("schema.json"))["columns"]
features = [c["name"] for c in columns if c["role"] == "feature"]
train = load_dataset(os.getcwd(), split="train")  # the directory's full path: "." has no name
X, y, w = train.select_columns(features), train[LABEL], train[WEIGHT]"#,
    ),
    (
        "PyTorch",
        r#"import numpy as np
import pyarrow.dataset as pad
import torch

train = pad.dataset("data/train", format="parquet")
features = [f.name for f in train.schema if (f.metadata or {}).get(b"hindsight.role") == b"feature"]


class Rows(torch.utils.data.IterableDataset):
    """One row at a time; a null is NaN, so decide what it means to the model."""

    def __iter__(self):
        for batch in train.to_batches(columns=[*features, LABEL, WEIGHT]):
            x = np.column_stack([batch[name].to_numpy(zero_copy_only=False) for name in features])
            y, w = batch[LABEL].to_numpy(zero_copy_only=False), batch[WEIGHT].to_numpy(zero_copy_only=False)
            yield from zip(torch.from_numpy(x.astype("float32")), y, w)"#,
    ),
    (
        "Croissant",
        r#"import mlcroissant as mlc

dataset = mlc.Dataset("croissant.json")
train = dataset.records("train")
# A set of files is read without a look at the hashes: these records compare one file with its own.
first = next(f.uuid for f in dataset.metadata.distribution if f.uuid.endswith(".parquet"))
checked = list(dataset.records(f"hash/{first}"))"#,
    ),
];

pub(super) fn recipes(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "How to read it");
    page.paragraph(
        "A column is a feature if and only if its field metadata says `hindsight.role` = `feature`; `schema.json` \
         says the same for readers without field metadata. Never take \"all columns but the label\": columns that \
         start with `label__`, `weight__` and `meta__` know what came after the decision. The recipes run in the \
         directory of the version.",
    );
    let label = manifest
        .targets
        .first()
        .map_or_else(|| column::LABEL_END.to_owned(), |t| format!("{}{}", column::LABEL, t.name));
    for (reader, recipe) in RECIPES {
        page.heading(3, reader);
        let code = recipe.replace("LABEL", "label").replace("WEIGHT", "weight");
        let (label, weight) = (quoted(&label), quoted(column::WEIGHT_TOTAL));
        page.code("python", &format!("label, weight = {label}, {weight}\n{code}"));
    }
    page.heading(3, "Learning");
    page.paragraph(
        "`model.fit(X, y, sample_weight=w)`. Fit scalers and imputers on train only, or use the fitted transforms \
         below. Choose models and parameters on validation, or on the folds inside train.",
    );
}

pub(super) fn traps(page: &mut Page, manifest: &Manifest, splits: &SplitsDocument) {
    page.heading(2, "Traps");
    let mut traps = vec![
        "**Do not look at test** until everything is chosen. Each look spends it: a score that was chosen on test is \
         no longer a score on unseen rows."
            .to_owned(),
        "**Times are nanoseconds in UTC.** Python's `datetime` ends at microseconds; use integers, NumPy, Arrow, \
         pandas or Polars."
            .to_owned(),
        "**Do not shuffle before splitting**, and do not re-split: neighbours share their outcome, and only these \
         splits are purged."
            .to_owned(),
        "**Use `weight__total`.** Overlapping labels count several times without it; the other weights are its \
         factors, stored raw."
            .to_owned(),
        "**Class factors** stand above and in `manifest.json`, not in the weights. Multiply them in yourself, once."
            .to_owned(),
        "**A null is not zero.** `meta__null_reasons` has one byte a feature in the order below, 0 exactly where there \
         is a value."
            .to_owned(),
        "**`row_id` is 16 bytes**, not text; `instrument_id` names a row of the instruments table and is no quantity."
            .to_owned(),
        "**`label__end`** says until when a label looks ahead. It is for purging folds of your own, never a feature."
            .to_owned(),
    ];
    if manifest.targets.len() > 1 {
        traps.push(
            "**Several targets**: each is in hindsight, so none is a feature for another."
                .to_owned(),
        );
    }
    let is_fitted = |kind: &str| kind != TransformKind::ImputeConstant.word();
    if splits.folds.is_some() && manifest.transforms.iter().any(|t| is_fitted(&t.kind)) {
        traps.push(
            "**Transforms and folds**: the parameters below were fitted on all train rows and folds hold some of them \
             out, so fit them again in each fold."
                .to_owned(),
        );
    }
    page.list(&traps);
}

pub(super) fn metrics(page: &mut Page, manifest: &Manifest) {
    page.heading(2, "Metrics");
    page.paragraph(&format!(
        "For models of kind `{}`: {}.",
        manifest.kind,
        manifest.kind.metrics()
    ));
    let rows: Vec<Vec<String>> = manifest
        .targets
        .iter()
        .map(|target| {
            let (unit, name) = (target.unit.clone(), format!("`label__{}`", target.name));
            let hint = hint(&target.task).to_owned();
            vec![name, target.task.clone(), unit.unwrap_or_else(|| "none".to_owned()), hint]
        })
        .collect();
    page.table(&["target", "task", "unit", "look at"], &rows);
    page.paragraph(
        "Weight every metric by `weight__total`, and compare with the majority class or the mean.",
    );
}

/// What suits a task, whatever the kind.
fn hint(task: &str) -> &'static str {
    match task {
        "binary" => "log-loss, balanced accuracy, precision at recall",
        "multiclass" => "macro-F1, balanced accuracy, log-loss",
        "ordinal" => "macro-F1, mean absolute error of the class, quadratic weighted kappa",
        "regression" => "mean absolute error, rank correlation",
        "quantile" => "pinball loss, coverage of the quantile",
        "survival" => "concordance, integrated Brier score",
        _ => "unknown",
    }
}
