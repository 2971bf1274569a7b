//! Every fault that the verifier exists for, planted in a lawful version: it is found, and by no other check than those
//! that it concerns.

use crate::version_kit::{
    Clash, FEATURES, Fate, Kit, KitRow, START, id, id_text, lawful_clash, noise,
};
use datasets::{Instant, Number, Outcome, Split, SplitSpec};

#[track_caller]
fn check(kit: &Kit, expected: &[&str]) {
    assert_eq!(kit.failed(), expected);
}

#[track_caller]
fn planted(plant: impl FnOnce(&mut Kit), expected: &[&str]) {
    let mut kit = Kit::lawful();
    plant(&mut kit);
    check(&kit, expected);
}

/// A version whose splits and folds were purged by another rule.
fn purged(lives: fn(&mut Kit), splits: Clash, folds: Clash) -> Kit {
    let mut kit = Kit::unsplit(240);
    lives(&mut kit);
    kit.split_by(splits);
    kit.fold_by(folds);
    kit
}

fn never(_: &KitRow, _: &[&KitRow], _: &SplitSpec, _: i64) -> bool {
    false
}

#[test]
fn features_joined_on_event_time_are_found() {
    planted(|kit| kit.rows[77].src_avail = Some(kit.rows[77].ts), &["availability"]);
    planted(|kit| kit.rows[77].src_avail = Some(kit.rows[77].ts + 250), &["availability"]);
    planted(|kit| kit.rows[77].src_avail = None, &["availability"]); // rows were read: when, is not told
}

#[test]
fn records_behind_the_as_of_point_or_unseen_by_the_decider_are_found() {
    planted(|kit| kit.rows[9].src_seq = Some(kit.as_of.seq.0 + 1), &["sequence"]);
    planted(|kit| kit.rows[9].label_seq_hi = kit.as_of.seq.0 + 1, &["sequence"]);
    planted(
        |kit| kit.rows[10].src_seq = kit.rows[10].md_seq_high.map(|seq| seq + 1),
        &["sequence"],
    );
}

#[test]
fn purge_that_is_off_is_found_by_intervals_and_by_maturity() {
    // Labels that were not over at the first held-out cut-off were not known then either.
    check(&purged(|_| {}, never, lawful_clash), &["intervals", "maturity"]);
    check(&purged(|_| {}, lawful_clash, never), &["intervals"]);
}

#[test]
fn purge_of_labels_only_that_nobody_declared_is_found() {
    fn labels_only(learner: &KitRow, held: &[&KitRow], spec: &SplitSpec, reach: i64) -> bool {
        let spec = SplitSpec { purge: datasets::Purge::Labels, ..spec.clone() };
        lawful_clash(learner, held, &spec, reach)
    }
    check(&purged(|_| {}, labels_only, lawful_clash), &["intervals"]);
    check(&purged(|_| {}, lawful_clash, labels_only), &["intervals"]);
}

/// One decision near the end of the second group of the folds, rows 47 to 93, with a label that lives 30 rows.
fn one_long_life(kit: &mut Kit) {
    let row = &mut kit.rows[85];
    (row.end, row.latest_end) = (row.ts + 30_000, row.ts + 30_000);
    (row.avail, row.first_avail) = (row.ts + 30_100, row.ts + 30_100);
}

#[test]
fn embargo_from_the_last_row_is_found() {
    // RiskLabAI 3.2.0: overlap is looked for row by row, but only the last held-out row is embargoed; here the
    // last row of the block stands for all of it after the block.
    fn from_last(learner: &KitRow, held: &[&KitRow], spec: &SplitSpec, reach: i64) -> bool {
        let last = held.last().map(|row| row.ts).unwrap_or_default();
        let behind = &held[held.len().saturating_sub(1)..];
        lawful_clash(learner, if learner.ts > last { behind } else { held }, spec, reach)
    }
    check(&purged(one_long_life, lawful_clash, lawful_clash), &[]);
    check(&purged(one_long_life, lawful_clash, from_last), &["intervals"]);
}

#[test]
fn embargo_of_nothing_is_found() {
    // mlfinpy 0.1.2, combinatorial purged cross-validation: the embargo is set to 0.
    fn without(learner: &KitRow, held: &[&KitRow], spec: &SplitSpec, reach: i64) -> bool {
        let spec = SplitSpec { embargo_ns: datasets::Int(0), ..spec.clone() };
        lawful_clash(learner, held, &spec, reach)
    }
    fn wide_embargo(kit: &mut Kit) {
        kit.spec.split.embargo_ns = datasets::Int(5_000);
    }
    check(&purged(wide_embargo, lawful_clash, lawful_clash), &[]);
    check(&purged(wide_embargo, lawful_clash, without), &["intervals"]);
}

#[test]
fn purge_by_a_number_of_rows_is_found() {
    // skfolio 1.12.2: so many rows before the held-out block go, however long labels live.
    fn four_rows(learner: &KitRow, held: &[&KitRow], _: &SplitSpec, _: i64) -> bool {
        let (first, last) = (held[0].ts, held[held.len() - 1].ts);
        (learner.ts < first && learner.ts >= first - 4_000)
            || (learner.ts > last && learner.ts <= last + 4_000)
    }
    // Enough where all lives are alike, and not where one is longer.
    check(&purged(|_| {}, lawful_clash, four_rows), &[]);
    check(&purged(one_long_life, lawful_clash, four_rows), &["intervals"]);
}

#[test]
fn purge_by_the_actual_end_is_found() {
    // Labels that touched a barrier early stay, those that did not go: the class shares at the edge are false.
    fn early(kit: &mut Kit) {
        for (n, row) in (0_u64..).zip(&mut kit.rows) {
            if noise(n, 5) < 0.5 {
                (row.end, row.until) = (row.ts + 400, row.ts + 400);
                (row.avail, row.first_avail) = (row.ts + 450, row.ts + 450);
            }
        }
    }
    check(&purged(early, lawful_clash, lawful_clash), &["intervals"]);
    planted(|kit| kit.rows[5].end -= 1, &["intervals"]);
    planted(|kit| kit.rows[5].until = kit.rows[5].end + 1, &["intervals"]);
}

#[test]
fn label_that_ends_before_its_decision_is_found() {
    planted(
        |kit| {
            let row = &mut kit.rows[5];
            (row.end, row.latest_end, row.until) = (row.ts - 1, row.ts - 1, row.ts - 1);
        },
        &["intervals"],
    );
}

#[test]
fn group_on_both_sides_is_found() {
    planted(
        |kit| {
            let test = kit.of(Split::Test)[3];
            (kit.rows[2].group, kit.rows[test].group) = (Some(id(9)), Some(id(9)));
        },
        &["groups"],
    );
    // Rows 2 and 130 are in the first and last group of the folds.
    planted(
        |kit| (kit.rows[2].group, kit.rows[130].group) = (Some(id(9)), Some(id(9))),
        &["groups"],
    );
    planted(|kit| (kit.rows[2].group, kit.rows[3].group) = (Some(id(9)), Some(id(9))), &[]);
    planted(|kit| kit.spec.split.group_by.push(datasets::GroupColumn::OrderId), &["groups"]);
}

#[test]
fn imputation_fitted_on_all_rows_is_found() {
    let all = [Split::Train, Split::Validation, Split::Test];
    planted(|kit| kit.transforms = Some(kit.fitted(&all)), &["fitted"]);
    // The same parameters under the range and number of the train rows.
    planted(
        |kit| {
            let mut fitted = kit.fitted(&all);
            for (ours, train) in fitted.iter_mut().zip(kit.fitted(&[Split::Train])) {
                (ours.rows, ours.ts_cutoff) = (train.rows, train.ts_cutoff);
            }
            kit.transforms = Some(fitted);
        },
        &["fitted"],
    );
}

#[test]
fn each_parameter_of_a_transform_is_held_against_the_train_rows() {
    for (place, parameter) in [(0, "value"), (1, "mean"), (1, "std"), (1, "constant"), (2, "value")]
    {
        for (factor, expected) in [(1.0 + 1e-6, vec!["fitted"]), (1.0 + 1e-12, vec![])] {
            let mut kit = Kit::lawful();
            let mut fitted = kit.fitted(&[Split::Train]);
            let number = fitted[place].parameters.get_mut(parameter).unwrap();
            *number = if parameter == "constant" {
                Number(factor - 1.0)
            } else {
                Number(number.0 * factor)
            };
            kit.transforms = Some(fitted);
            assert_eq!(kit.failed(), expected, "{parameter} by {factor}");
        }
    }
    planted(|kit| kit.transforms = Some(kit.fitted(&[Split::Train])[1..].to_vec()), &["fitted"]);
    planted(|kit| kit.spec.transforms.truncate(2), &["fitted"]);
}

#[test]
fn label_renamed_to_a_feature_is_found() {
    let mut kit = Kit::lawful();
    for row in &mut kit.rows {
        row.features[1] = Some(f64::from(row.label));
    }
    check(&kit, &["columns"]);
    let certificate = kit.certify().unwrap();
    let detail = certificate.check("columns").unwrap().outcome.detail();
    assert!(detail.contains(&format!("feature `{}` holds the cells of", FEATURES[1])), "{detail}");
    assert_eq!(certificate.check("too_good").unwrap().outcome.word(), "warn");
    // Nulls do not hide it, and one row of 240 is not enough to differ.
    for at in 0..100 {
        kit.rows[at].features[1] = None;
    }
    kit.rows[200].features[1] = Some(17.0);
    check(&kit, &["columns"]);
}

#[test]
fn feature_from_the_future_is_found_by_its_mark() {
    planted(
        |kit| {
            kit.fields = |field| {
                if field.name() != FEATURES[1] {
                    return field;
                }
                let mut metadata = field.metadata().clone();
                metadata.insert("hindsight.causality".to_owned(), "hindsight".to_owned());
                field.with_metadata(metadata)
            };
        },
        &["columns"],
    );
}

#[test]
fn columns_without_the_mark_or_role_that_they_need_are_found() {
    fn changed(
        field: arrow_schema::Field,
        name: &str,
        key: &str,
        to: Option<&str>,
    ) -> arrow_schema::Field {
        if field.name() != name {
            return field;
        }
        let mut metadata = field.metadata().clone();
        match to {
            Some(to) => metadata.insert(key.to_owned(), to.to_owned()),
            None => metadata.remove(key),
        };
        field.with_metadata(metadata)
    }
    let bent: [fn(arrow_schema::Field) -> arrow_schema::Field; 5] = [
        |field| changed(field, "weight__total", "hindsight.causality", None),
        |field| changed(field, "weight__total", "hindsight.role", Some("feature")),
        |field| changed(field, "meta__quality_score", "hindsight.role", None),
        |field| changed(field, "meta__quality_score", "hindsight.role", Some("mood")),
        |field| changed(field, FEATURES[0], "hindsight.role", Some("key")),
    ];
    for fields in bent {
        let mut kit = Kit::lawful();
        kit.fields = fields;
        assert!(kit.failed().contains(&"columns".to_owned()));
    }
    planted(|kit| kit.schema_json = |text| text.replace("UInt32", "UInt64"), &["columns"]);
    planted(|kit| kit.spec.features.exclude.push("flow__*".to_owned()), &["columns"]);
    planted(|kit| kit.manifest = |manifest| manifest.features.reverse(), &["columns"]);
}

#[test]
fn test_row_copied_into_train_is_found() {
    let mut kit = Kit::lawful();
    let test = kit.of(Split::Test)[20];
    kit.copied.push(test);
    // The parameters were fitted before it came.
    check(&kit, &["intervals", "identity", "fitted"]);
    let certificate = kit.certify().unwrap();
    assert_eq!(certificate.check("identity").unwrap().rows, [id_text(test as u64)]);
}

#[test]
fn train_row_in_no_fold_list_is_found() {
    // It is held out by its role and by no list.
    planted(|kit| kit.rows[70].fold = None, &["intervals", "identity"]);
}

#[test]
fn row_that_is_dropped_and_kept_or_nowhere_is_found() {
    planted(|kit| kit.manifest = |manifest| manifest.selected += 1, &["identity"]);
    planted(
        |kit| {
            let mut twin = kit.rows[0].clone();
            twin.fate = Fate::Dropped("low_quality");
            kit.rows.push(twin);
        },
        &["identity"],
    );
    planted(
        |kit| {
            let at = (0..240).find(|at| kit.rows[*at].fate == Fate::Dropped("purged")).unwrap();
            kit.rows[at].fate = Fate::Dropped("unlucky");
        },
        &["identity"],
    );
    planted(
        |kit| kit.manifest = |manifest| *manifest.dropped.get_mut("purged").unwrap() -= 1,
        &["identity"],
    );
}

#[test]
fn manifest_that_says_other_than_the_files_is_found() {
    planted(|kit| kit.manifest = |manifest| manifest.files[0].rows += 1, &["identity"]);
    planted(
        |kit| kit.manifest = |manifest| manifest.files[1].split = "train".to_owned(),
        &["identity"],
    );
    planted(
        |kit| kit.manifest = |manifest| manifest.files[1].ts_cutoff[0] = Instant(START),
        &["identity"],
    );
    // A file that is there and not listed is read by everybody else; its rows are missed in lineage and folds, too.
    let mut kit = Kit::lawful();
    kit.manifest = |manifest| {
        let at = manifest.files.iter().position(|file| file.split == "validation").unwrap();
        manifest.files.remove(at);
    };
    check(&kit, &["identity"]);
}

#[test]
fn label_that_matured_behind_the_as_of_point_is_found() {
    let last = |kit: &Kit| *kit.of(Split::Test).last().unwrap();
    planted(
        |kit| {
            let at = last(kit);
            kit.rows[at].avail = kit.as_of.ts.0 + 1;
        },
        &["maturity"],
    );
    planted(
        |kit| {
            let (at, end) = (last(kit), kit.as_of.ts.0 + 1);
            (kit.rows[at].end, kit.rows[at].latest_end) = (end, end);
        },
        &["maturity"],
    );
}

#[test]
fn label_of_a_learner_that_was_not_known_at_the_first_held_out_cutoff_is_found() {
    // Rule 5: the label was over in time, and known too late.
    planted(
        |kit| {
            let first = kit.rows[kit.of(Split::Validation)[0]].ts;
            (kit.rows[4].first_avail, kit.rows[4].avail) = (first + 1, first + 1);
        },
        &["maturity"],
    );
    // Revised later: it was known, and what is used is newer; that is counted.
    let mut kit = Kit::lawful();
    kit.rows[4].avail = kit.as_of.ts.0;
    let certificate = kit.certify().unwrap();
    let found = certificate.check("maturity").unwrap();
    assert_eq!((found.compared["revised_later"].0, &found.outcome), (1, &Outcome::Pass));
}

#[test]
fn shuffled_split_is_found() {
    let mut kit = Kit::unsplit(240);
    for (n, row) in (0_u64..).zip(&mut kit.rows) {
        let draw = noise(n, 6);
        row.fate = Fate::In(Split::ALL[usize::from(draw > 0.6) + usize::from(draw > 0.8)]);
    }
    kit.fold_by(lawful_clash);
    check(&kit, &["intervals", "maturity"]);
}

#[test]
fn splits_document_that_says_other_than_spec_and_rows_is_found() {
    let lies: [fn(&mut datasets::SplitsDocument); 6] = [
        |splits| splits.embargo_ns = datasets::Int(701),
        |splits| splits.reach_ns = datasets::Int(1_499),
        |splits| splits.purge = "labels".to_owned(),
        |splits| splits.strategy = "grouped".to_owned(),
        |splits| splits.protected.get_mut("test").unwrap()[0][1].0 -= 1,
        |splits| splits.folds.as_mut().unwrap().held[1] = vec![0],
    ];
    for lie in lies {
        planted(|kit| kit.splits = lie, &["intervals"]);
    }
}

#[test]
fn feature_that_ranks_the_label_alone_is_named_and_does_not_fail() {
    let mut kit = Kit::lawful();
    for (n, row) in (0_u64..).zip(&mut kit.rows) {
        // Not the label's cells, but in their order.
        row.features[1] = Some(10.0 * f64::from(row.label) + noise(n, 7));
    }
    check(&kit, &[]);
    let certificate = kit.certify().unwrap();
    let expected = format!("`{}` for `intraday.grade`: 1.0000", FEATURES[1]);
    assert_eq!(certificate.check("too_good").unwrap().outcome, Outcome::Warn(expected.clone()));
    // Without a report that perturbed the features, or with one that proves nothing, it may be the label.
    let expected = format!("{expected}; no causality report says that it is not a leak");
    let open = Outcome::NotEvaluated(expected);
    kit.causality.as_mut().unwrap().rows_perturbed_next_minute = 0;
    assert_eq!(kit.certify().unwrap().check("too_good").unwrap().outcome, open);
    kit.causality = None;
    let certificate = kit.certify().unwrap();
    assert_eq!(certificate.check("too_good").unwrap().outcome, open);
    let refused = |allowed: &[&str]| {
        let allowed: Vec<String> = allowed.iter().map(|&check| check.to_owned()).collect();
        certificate.refusals(&allowed).map(|check| check.check.clone()).collect::<Vec<_>>()
    };
    assert_eq!(refused(&["causality"]), ["too_good"]);
    assert_eq!(refused(&["causality", "too_good"]), [""; 0]);
}

#[test]
fn test_rows_with_the_features_of_train_rows_are_counted() {
    let mut kit = Kit::lawful();
    let test = kit.of(Split::Test);
    for (place, at) in test.iter().take(2).enumerate() {
        kit.rows[*at].features = kit.rows[place].features;
    }
    let certificate = kit.certify().unwrap();
    let found = certificate.check("identity").unwrap();
    assert_eq!(found.compared["test_rows_with_features_of_a_train_row"].0, 2);
    assert_eq!(found.outcome.word(), "warn");
}
