//! `fitted`: parameters of transforms come from the train rows and no others.

use super::Subject;
use super::pattern::is_any;
use super::read::Cells;
use super::tally::{Tally, size};
use crate::certificate::{CheckResult, Outcome};
use crate::manifest::FittedTransform;
use crate::role::Split;
use crate::spec::{Spec, TransformKind};
use std::collections::BTreeMap;

/// Relative difference between a parameter and ours that the order of a sum may make.
const TOLERANCE: f64 = 1e-9;

/// What train rows alone do not make right: a fold holds out some of them.
const IN_FOLDS: &str =
    "fitted on all train rows, folds hold some of them out: fit again in each fold";

/// Parameters fitted anew, by kind and feature.
#[derive(Debug, Default)]
pub(super) struct Refits {
    fitted: BTreeMap<(String, String), Vec<(&'static str, Refit)>>,
}

/// A value and the size of what it was made from, to which a difference is relative.
#[derive(Debug, Clone, Copy)]
struct Refit {
    value: f64,
    scale: f64,
}

impl Refits {
    /// Fits what the spec asks for on the train rows of a feature: it is imputed before it is standardised.
    pub(super) fn push(&mut self, name: &str, cells: &Cells, train: &[usize], spec: &Spec) {
        let wanted: Vec<_> =
            spec.transforms.iter().filter(|transform| is_any(&transform.features, name)).collect();
        if wanted.is_empty() {
            return;
        }
        let mut values: Vec<f64> = train.iter().filter_map(|at| cells.get(*at)).collect();
        let nulls = train.len() - values.len();
        let impute = wanted.iter().find(|transform| transform.kind != TransformKind::Standardize);
        if let Some(impute) = impute {
            let fill = match impute.kind {
                TransformKind::ImputeMedian => median(&mut values),
                TransformKind::ImputeMean => mean(&values),
                TransformKind::ImputeConstant | TransformKind::Standardize => {
                    impute.value.map(|value| Refit { value: value.0, scale: value.0.abs() })
                }
            };
            let Some(fill) = fill else { return };
            let key = (impute.kind.word().to_owned(), name.to_owned());
            self.fitted.insert(key, vec![("value", fill)]);
            values.extend(std::iter::repeat_n(fill.value, nulls));
        }
        if wanted.iter().any(|transform| transform.kind == TransformKind::Standardize)
            && let Some(mean) = mean(&values)
        {
            let (std, is_constant) = deviation(&values, mean.value);
            let flag = f64::from(u8::from(is_constant));
            let parameters = vec![
                ("mean", mean),
                ("std", Refit { value: std, scale: std }),
                ("constant", Refit { value: flag, scale: 1.0 }),
            ];
            let key = (TransformKind::Standardize.word().to_owned(), name.to_owned());
            self.fitted.insert(key, parameters);
        }
    }
}

pub(super) fn check(subject: &Subject<'_>, refits: &Refits) -> CheckResult {
    let mut tally = Tally::new(
        "fitted",
        "imputation and scaling parameters are those of the train rows, over their whole range and none beyond it",
    );
    let train: Vec<i64> = subject.rows.of(Split::Train).map(|(_, row)| row.ts).collect();
    let span = (train.iter().min().copied(), train.iter().max().copied());
    let mut seen = Vec::new();
    for transform in &subject.manifest.transforms {
        tally.count("transforms", 1);
        let key = (transform.kind.clone(), transform.feature.clone());
        let name = format!("{} of `{}`", transform.kind, transform.feature);
        let [first, last] = transform.ts_cutoff.map(|ts| Some(ts.0));
        if (first, last) != span {
            tally.fault(&format!("{name}: fitted over another range than that of train"), 1);
        }
        if transform.rows != size(train.len()) {
            let rows = transform.rows;
            tally.fault(
                &format!("{name}: fitted on {rows} rows where train has {}", train.len()),
                1,
            );
        }
        match refits.fitted.get(&key) {
            None => {
                tally.fault(&format!("{name}: the spec asks for none, or train cannot fit it"), 1);
            }
            Some(expected) => parameters(transform, expected, &name, &mut tally),
        }
        if seen.contains(&key) {
            tally.fault(&format!("{name}: twice"), 1);
        }
        seen.push(key);
    }
    for (kind, feature) in refits.fitted.keys().filter(|key| !seen.contains(key)) {
        tally.fault(&format!("{kind} of `{feature}`: not in the manifest"), 1);
    }
    tally.count("parameters", size(refits.fitted.values().map(Vec::len).sum()));
    tally.count("train_rows", size(train.len()));
    let constant = TransformKind::ImputeConstant.word();
    let is_fitted = refits.fitted.keys().any(|(kind, _)| kind != constant);
    tally.finish(if is_fitted && subject.spec.folds.is_some() {
        Outcome::Warn(IN_FOLDS.to_owned())
    } else {
        Outcome::Pass
    })
}

fn parameters(
    transform: &FittedTransform,
    expected: &[(&'static str, Refit)],
    name: &str,
    tally: &mut Tally,
) {
    let names = || expected.iter().map(|(parameter, _)| *parameter);
    for unknown in transform.parameters.keys().filter(|known| !names().any(|name| name == *known)) {
        tally.fault(&format!("{name}: unknown parameter `{unknown}`"), 1);
    }
    for (parameter, refit) in expected {
        let found = transform.parameters.get(*parameter).map(|number| number.0);
        let is_equal = match found {
            Some(found) => {
                (found - refit.value).abs() <= TOLERANCE * refit.scale.max(refit.value.abs())
            }
            // A feature that varies need not say that it does.
            None => *parameter == "constant" && refit.value.abs() < 0.5,
        };
        if !is_equal {
            tally.fault(&format!("{name}: {parameter} is not that of the train rows"), 1);
        }
    }
}

/// The middle value, or the mean of the two in the middle; the values are sorted.
fn median(values: &mut [f64]) -> Option<Refit> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let value = if values.len().is_multiple_of(2) {
        let lower = values[values.len() / 2 - 1];
        lower + (upper - lower) / 2.0
    } else {
        upper
    };
    Some(Refit { value, scale: value.abs() })
}

fn mean(values: &[f64]) -> Option<Refit> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let scale = sum(values.iter().map(|value| value.abs())) / n;
    Some(Refit { value: sum(values.iter().copied()) / n, scale })
}

/// With n - 1; 1 where all values are equal.
fn deviation(values: &[f64], mean: f64) -> (f64, bool) {
    let is_constant = values.windows(2).all(|pair| pair[0].to_bits() == pair[1].to_bits());
    if is_constant {
        return (1.0, true);
    }
    let squares = sum(values.iter().map(|value| (value - mean) * (value - mean)));
    ((squares / (values.len() as f64 - 1.0)).sqrt(), false)
}

/// A sum with the rounding errors carried along (Neumaier 1974).
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}
