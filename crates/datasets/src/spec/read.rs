//! From TOML to a checked spec; every mistake is told, not only the first.

mod values;

use values::{instant, number, told};

use super::{
    CardSpec, ExportSpec, FeaturesSpec, FilePeriod, FoldsSpec, GateSpec, GroupColumn,
    OutcomeMeasure, Purge, RowsSpec, Spec, SpecError, SpecErrors, SplitSpec, SplitStrategy,
    TargetSpec, Task, TransformKind, TransformSpec, WeightFactor, WeightsSpec,
};
use crate::canonical::{Instant, Int, Number};
use crate::kind::ModelKind;
use crate::manifest::AsOf;
use contract::{DecisionAction, Vocabulary};
use toml::{Table, Value};

/// Checks of the certificate that need a report from outside; `too_good` does where a feature is above its limit.
const FROM_OUTSIDE: [&str; 3] = ["causality", "labels", "too_good"];
/// More targets than any model has.
const MAX_TARGETS: usize = 64;

pub(super) fn spec(text: &str) -> Result<Spec, SpecErrors> {
    let top: Table = text.parse().map_err(|e: toml::de::Error| {
        SpecErrors(vec![SpecError::Toml { message: e.to_string().trim_end().replace('\n', ", ") }])
    })?;
    let mut read = Reader { errors: Vec::new() };
    let spec = read.all(&top);
    match spec {
        Some(spec) if read.errors.is_empty() => Ok(spec),
        _ => Err(SpecErrors(read.errors)),
    }
}

/// Collects mistakes. What is absent or could not be read is `None`; the latter is told, and the spec refused.
struct Reader {
    errors: Vec<SpecError>,
}

/// A table of the spec and its name.
#[derive(Clone, Copy)]
struct Part<'a> {
    name: &'a str,
    keys: &'a Table,
}

impl Part<'_> {
    fn place(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}

impl Reader {
    fn all(&mut self, top: &Table) -> Option<Spec> {
        let part = Part { name: "", keys: top };
        let known = [
            "kind",
            "rows",
            "features",
            "target",
            "weights",
            "split",
            "folds",
            "transform",
            "gate",
            "export",
            "card",
        ];
        self.only(part, &known);
        let kind =
            self.required_word(part, "kind", "kind of model", &ModelKind::ALL, ModelKind::word);
        let none = Table::new();
        let rows = self.rows(Self::part_or(top, "rows", &none));
        let features = self.features(Self::part_or(top, "features", &none));
        let targets = self.targets(top);
        let weights = self.weights(Self::part_or(top, "weights", &none));
        let split = match top.get("split") {
            Some(_) => self.split(Self::part_or(top, "split", &none)),
            None => self.fail("split", "a table `[split]` with strategy and embargo", "nothing"),
        };
        let folds = match top.get("folds") {
            Some(_) => self.folds(Self::part_or(top, "folds", &none)),
            None => None,
        };
        let transforms = self.transforms(top);
        let gate = self.gate(Self::part_or(top, "gate", &none));
        let export = self.export(Self::part_or(top, "export", &none));
        let card = self.card(Self::part_or(top, "card", &none));
        for name in ["rows", "features", "weights", "split", "folds", "gate", "export", "card"] {
            if let Some(other) = top.get(name).filter(|value| !value.is_table()) {
                let found = told(other);
                self.fail::<()>(name, &format!("a table `[{name}]`"), &found);
            }
        }
        Some(Spec {
            kind: kind?,
            rows: rows?,
            features: features?,
            targets: targets?,
            weights: weights?,
            split: split?,
            folds,
            transforms: transforms?,
            gate: gate?,
            export,
            card,
        })
    }

    fn part_or<'a>(top: &'a Table, name: &'a str, none: &'a Table) -> Part<'a> {
        Part { name, keys: top.get(name).and_then(Value::as_table).unwrap_or(none) }
    }

    fn rows(&mut self, part: Part<'_>) -> Option<RowsSpec> {
        self.only(
            part,
            &["from", "to", "as_of", "strategies", "instruments", "actions", "min_quality"],
        );
        let from = self.instant(part, "from");
        let to = self.instant(part, "to");
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            self.fail::<()>("rows.to", &format!("an instant after {from}"), &format!("{to}"));
        }
        let as_of = self.as_of(part);
        let strategies = self.patterns(part, "strategies");
        let instruments = match part.keys.get("instruments") {
            None => Some(Vec::new()),
            Some(Value::Array(items)) => {
                let read: Option<Vec<u32>> = items
                    .iter()
                    .map(|item| item.as_integer().and_then(|number| u32::try_from(number).ok()))
                    .collect();
                read.or_else(|| self.fail("rows.instruments", "instrument ids", "something else"))
            }
            Some(other) => self.fail("rows.instruments", "a list of instrument ids", &told(other)),
        };
        let actions = self.words(part, "actions", "action", DecisionAction::ALL, Vocabulary::word);
        let min_quality = self.number(part, "min_quality", 0.0, 100.0);
        Some(RowsSpec {
            from,
            to,
            as_of,
            strategies: strategies?,
            instruments: instruments?,
            actions: actions?.iter().map(|action| action.word().to_owned()).collect(),
            min_quality,
        })
    }

    /// `latest`, or a position and the log clock at it, as a manifest states them.
    fn as_of(&mut self, part: Part<'_>) -> Option<AsOf> {
        let expected =
            "`latest`, or { seq = 401, ts = \"2026-07-01T00:00:00Z\" } as a manifest states it";
        let keys = match part.keys.get("as_of")? {
            Value::String(word) if word == "latest" => return None,
            Value::Table(keys) => keys,
            other => return self.fail("rows.as_of", expected, &told(other)),
        };
        let inner = Part { name: "rows.as_of", keys };
        self.only(inner, &["seq", "ts"]);
        let seq = keys.get("seq").and_then(Value::as_integer).and_then(|n| u64::try_from(n).ok());
        match (seq, keys.get("ts").and_then(instant)) {
            (Some(seq), Some(ts)) => Some(AsOf { seq: Int(seq), ts }),
            _ => self.fail("rows.as_of", expected, "something else"),
        }
    }

    fn features(&mut self, part: Part<'_>) -> Option<FeaturesSpec> {
        self.only(part, &["include", "exclude"]);
        let include = self.patterns(part, "include");
        let exclude = self.patterns(part, "exclude");
        let include = include?;
        let include = if include.is_empty() { vec!["*".to_owned()] } else { include };
        Some(FeaturesSpec { include, exclude: exclude? })
    }

    fn targets(&mut self, top: &Table) -> Option<Vec<TargetSpec>> {
        let entries = self.entries(top, "target")?;
        if entries.is_empty() || entries.len() > MAX_TARGETS {
            let expected = format!("1 to {MAX_TARGETS} tables `[[target]]`");
            return self.fail("target", &expected, &format!("{}", entries.len()));
        }
        let mut targets: Vec<TargetSpec> = Vec::with_capacity(entries.len());
        let mut complete = true;
        for (at, keys) in entries.into_iter().enumerate() {
            let name = format!("target {at}");
            let part = Part { name: &name, keys };
            self.only(part, &["name", "task", "measure", "window", "min_confidence", "status"]);
            let target = self.required_text(part, "name");
            let task = self.required_word(part, "task", "task", &Task::ALL, Task::word);
            let measure = self.measure(part, task);
            let min_confidence = self.number(part, "min_confidence", 0.0, 1.0);
            if measure.is_some() && min_confidence.is_some() {
                let found = "a least confidence for a measure, which has none";
                self.fail::<()>(&part.place("min_confidence"), "a label", found);
            }
            let status = self.word(part, "status", "status", &["final", "provisional"], |w| w);
            if target.as_deref() == Some("end") {
                let expected = "another name: `label__end` is where labels end";
                self.fail::<()>(&part.place("name"), expected, "`end`");
            }
            if let Some(target) = &target
                && targets.iter().any(|earlier| earlier.name == *target)
            {
                self.fail::<()>(&part.place("name"), "a target once", &format!("`{target}` twice"));
            }
            match (target, task) {
                (Some(name), Some(task)) => {
                    targets.push(TargetSpec {
                        name,
                        measure,
                        task,
                        min_confidence: min_confidence.unwrap_or_default(),
                        provisional: status == Some("provisional"),
                    });
                }
                _ => complete = false,
            }
        }
        complete.then_some(targets)
    }

    fn measure(&mut self, part: Part<'_>, task: Option<Task>) -> Option<OutcomeMeasure> {
        let (column, window) = (self.text(part, "measure"), self.text(part, "window"));
        if column.is_some() != window.is_some() {
            self.fail::<()>(part.name, "`measure` and `window`, or neither", "one of them");
        }
        if column.is_some() && task.is_some_and(Task::is_class) {
            self.fail::<()>(&part.place("task"), "a task with a value for a measure", "a class");
        }
        Some(OutcomeMeasure { column: column?, window: window? })
    }

    fn weights(&mut self, part: Part<'_>) -> Option<WeightsSpec> {
        self.only(part, &["use"]);
        let factors = self.words(part, "use", "weight", &WeightFactor::ALL, WeightFactor::word)?;
        Some(WeightsSpec { factors })
    }

    fn split(&mut self, part: Part<'_>) -> Option<SplitSpec> {
        self.only(
            part,
            &["strategy", "fractions", "boundaries", "embargo", "purge", "group_by", "reach_max"],
        );
        let words = ["chronological", "grouped"];
        let strategy = self.required_word(part, "strategy", "strategy", &words, |word| word);
        let fractions = self.fractions(part);
        let boundaries = self.boundaries(part);
        let embargo = self.required_duration(part, "embargo");
        let group_by = self.words(part, "group_by", "group", &GroupColumn::ALL, GroupColumn::word);
        let reach_max = self.duration(part, "reach_max");
        let grouped = strategy == Some("grouped");
        let purges = [Purge::LabelsFeatures, Purge::Labels, Purge::None];
        let purge = self.word(part, "purge", "purge", &purges, Purge::word);
        if purge == Some(Purge::None) && !grouped {
            self.fail::<()>(
                "split.purge",
                "`labels_features` or `labels`: a split by time that is not purged leaks",
                "`none`",
            );
        }
        let default = if grouped { Purge::None } else { Purge::LabelsFeatures };
        let strategy = match (strategy?, fractions, boundaries) {
            ("grouped", Some(shares), None) => SplitStrategy::Grouped(shares),
            ("grouped", _, _) => {
                self.fail("split.fractions", "three shares, and no boundaries", "something else")?
            }
            (_, Some(shares), None) => SplitStrategy::Fractions(shares),
            (_, None, Some(instants)) => SplitStrategy::Boundaries(instants),
            (_, Some(_), Some(_)) => {
                self.fail("split", "`fractions` or `boundaries`", "both of them")?
            }
            (_, None, None) => {
                self.fail("split", "`fractions` or `boundaries`", "neither of them")?
            }
        };
        let group_by = group_by?;
        if grouped && group_by.is_empty() {
            self.fail::<()>("split.group_by", "the column of the groups", "nothing");
        }
        Some(SplitSpec {
            strategy,
            embargo_ns: embargo?,
            purge: purge.unwrap_or(default),
            group_by,
            reach_max_ns: reach_max,
        })
    }

    fn fractions(&mut self, part: Part<'_>) -> Option<[Number; 3]> {
        let value = part.keys.get("fractions")?;
        let shares: Option<Vec<f64>> =
            value.as_array().map(|items| items.iter().filter_map(number).collect());
        match shares.as_deref() {
            Some(&[train, validation, test])
                if [train, validation, test].iter().all(|share| *share > 0.0)
                    && (train + validation + test - 1.0).abs() < 1e-9 =>
            {
                Some([Number(train), Number(validation), Number(test)])
            }
            _ => {
                let expected = "three shares above 0 whose sum is 1";
                self.fail(&part.place("fractions"), expected, &told(value))
            }
        }
    }

    fn boundaries(&mut self, part: Part<'_>) -> Option<[Instant; 2]> {
        let value = part.keys.get("boundaries")?;
        let instants: Option<Vec<Instant>> =
            value.as_array().and_then(|items| items.iter().map(instant).collect());
        match instants.as_deref() {
            Some(&[validation, test]) if validation < test => Some([validation, test]),
            _ => {
                let expected = "two instants in order: the starts of validation and test";
                self.fail(&part.place("boundaries"), expected, &told(value))
            }
        }
    }

    fn folds(&mut self, part: Part<'_>) -> Option<FoldsSpec> {
        let words = ["walk_forward", "purged_kfold", "cpcv", "session_out", "grouped"];
        let strategy = self.required_word(part, "strategy", "strategy", &words, |word| word)?;
        let keys: &[&str] = match strategy {
            "walk_forward" => &["strategy", "train", "test", "step"],
            "purged_kfold" => &["strategy", "k"],
            "cpcv" => &["strategy", "groups", "held_out"],
            "grouped" => &["strategy", "by"],
            _ => &["strategy"],
        };
        self.only(part, keys);
        Some(match strategy {
            "walk_forward" => {
                let train_ns = self.duration(part, "train");
                let test = self.required_duration(part, "test");
                let step = self.duration(part, "step");
                let test_ns = self.positive(part, "test", test?)?;
                let step_ns = step.unwrap_or(test_ns);
                if step_ns < test_ns {
                    self.fail::<()>("folds.step", "at least `test`", "less");
                }
                FoldsSpec::WalkForward { train_ns, test_ns, step_ns }
            }
            "purged_kfold" => FoldsSpec::PurgedKfold { k: self.count(part, "k", 2)? },
            "cpcv" => {
                let (groups, held_out) =
                    (self.count(part, "groups", 2), self.count(part, "held_out", 1));
                let (groups, held_out) = (groups?, held_out?);
                if held_out >= groups {
                    self.fail::<()>(
                        "folds.held_out",
                        &format!("less than `groups`, {groups}"),
                        &held_out.to_string(),
                    );
                }
                FoldsSpec::Cpcv { groups, held_out }
            }
            "grouped" => {
                let by =
                    self.required_word(part, "by", "group", &GroupColumn::ALL, GroupColumn::word);
                FoldsSpec::Grouped { by: by? }
            }
            _ => FoldsSpec::SessionOut,
        })
    }

    fn transforms(&mut self, top: &Table) -> Option<Vec<TransformSpec>> {
        let mut transforms = Vec::new();
        let mut complete = true;
        for (at, keys) in self.entries(top, "transform")?.into_iter().enumerate() {
            let name = format!("transform {at}");
            let part = Part { name: &name, keys };
            self.only(part, &["kind", "features", "value"]);
            let words = &TransformKind::ALL;
            let kind = self.required_word(part, "kind", "transform", words, TransformKind::word);
            let features = self.patterns(part, "features");
            let value = self.number(part, "value", f64::MIN, f64::MAX);
            let (Some(kind), Some(features)) = (kind, features) else {
                complete = false;
                continue;
            };
            if (kind == TransformKind::ImputeConstant) != value.is_some() {
                let expected = "a value for `impute_constant`, and for nothing else";
                self.fail::<()>(&part.place("value"), expected, kind.word());
            }
            let features = if features.is_empty() { vec!["*".to_owned()] } else { features };
            transforms.push(TransformSpec { kind, features, value });
        }
        complete.then_some(transforms)
    }

    fn gate(&mut self, part: Part<'_>) -> Option<GateSpec> {
        self.only(part, &["min_score", "allow_not_evaluated", "too_good_auc"]);
        let min_score = self.number(part, "min_score", 0.0, 100.0);
        let allowed = self.words(part, "allow_not_evaluated", "check", &FROM_OUTSIDE, |word| word);
        let too_good_auc = self.number(part, "too_good_auc", 0.5, 1.0);
        Some(GateSpec {
            min_score,
            allow_not_evaluated: allowed?.into_iter().map(str::to_owned).collect(),
            too_good_auc: too_good_auc.unwrap_or(Number(0.95)),
        })
    }

    fn export(&mut self, part: Part<'_>) -> ExportSpec {
        self.only(part, &["file_period"]);
        let periods = [FilePeriod::Day, FilePeriod::Month];
        let period = self.word(part, "file_period", "period", &periods, FilePeriod::word);
        ExportSpec { file_period: period.unwrap_or(FilePeriod::Day) }
    }

    fn card(&mut self, part: Part<'_>) -> CardSpec {
        self.only(part, &["licence", "contact", "purpose", "creator", "access", "retention"]);
        CardSpec {
            licence: self.text(part, "licence"),
            contact: self.text(part, "contact"),
            purpose: self.text(part, "purpose"),
            creator: self.text(part, "creator"),
            access: self.text(part, "access"),
            retention: self.text(part, "retention"),
        }
    }
}
