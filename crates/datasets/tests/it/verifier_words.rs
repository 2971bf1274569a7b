//! Each guard by its own words: what it says, how often, and that it speaks alone where it can.

use crate::version_kit::{FEATURES, Fate, Kit, START, id};
use arrow_schema::{DataType, Field};
use datasets::{GroupColumn, Instant, Int, Split};

/// Faults and what is said of each.
type Plants<T, Text, const N: usize> = [(fn(&mut T), Text); N];

type Bend = fn(Field) -> Field;

/// The failure of a check after a plant.
#[track_caller]
fn check(plant: impl FnOnce(&mut Kit), name: &str, expected: &str) {
    let mut kit = Kit::lawful();
    plant(&mut kit);
    let certificate = kit.certify().unwrap();
    let found = certificate.check(name).unwrap().outcome.detail();
    assert_eq!(found, expected);
}

/// One of the texts of a failure, where a plant breaks several things at once.
#[track_caller]
fn among(plant: impl FnOnce(&mut Kit), name: &str, expected: &str) {
    let mut kit = Kit::lawful();
    plant(&mut kit);
    let certificate = kit.certify().unwrap();
    let found = certificate.check(name).unwrap().outcome.detail();
    assert!(found.split("; ").any(|text| text == expected), "{found}");
}

fn bent(field: &Field, name: &str, key: &str, to: &str) -> Field {
    let mut metadata = field.metadata().clone();
    if field.name() == name {
        metadata.insert(key.to_owned(), to.to_owned());
    }
    field.clone().with_metadata(metadata)
}

#[test]
fn availability_and_sequence_say_what_is_late() {
    let late = "a source was available at or after the cut-off: 1";
    check(|kit| kit.rows[7].src_avail = Some(kit.rows[7].ts), "availability", late);
    let untold = "sources were read and their availability is not told: 1";
    check(|kit| kit.rows[7].src_avail = None, "availability", untold);
    // The last rows read 8, 9 and 15 places behind 10 n; the as-of point lies at 10 * 240 + 10 - 6.
    let behind = "a label read behind the as-of point: 1";
    check(|kit| kit.as_of.seq.0 = 2_404, "sequence", behind);
    let both =
        "a label read behind the as-of point: 1; the decision lies behind the as-of point: 1";
    check(|kit| kit.as_of.seq.0 = 2_399, "sequence", both);
    let read = "a feature read behind the as-of point: 1";
    check(|kit| kit.rows[9].src_seq = Some(9_999), "sequence", read);
    let unseen = "a feature read behind what the decider had seen: 1";
    check(|kit| kit.rows[10].md_seq_high = Some(107), "sequence", unseen);
}

#[test]
fn intervals_say_which_rule_and_where() {
    let last_dropped = |kit: &Kit| {
        (0..240).rev().find(|at| kit.rows[*at].fate == Fate::Dropped("purged")).unwrap()
    };
    // Of the four rows before test, the first overlaps features only: 4,000 ns before, a life of 2,500 ns.
    let features = "validation against test: outcome meets a protected row's features: 1";
    check(
        |kit| {
            let at = last_dropped(kit) - 3;
            kit.rows[at].fate = Fate::In(Split::Validation);
        },
        "intervals",
        features,
    );
    let outcome = "validation against test: outcome meets a protected outcome or its embargo: 1";
    check(
        |kit| {
            let at = last_dropped(kit);
            kit.rows[at].fate = Fate::In(Split::Validation);
        },
        "intervals",
        outcome,
    );
    // Row 93 is the last held out: with the embargo it ends at 93,000 + 2,500 + 700 = 96,200. Row 97 starts after that,
    // and its features start at 97,000 - 1,500 = 95,500, before it.
    let mut kit = Kit::lawful();
    assert_eq!((kit.rows[97].roles[1], kit.rows[98].roles[1]), (2, 0));
    kit.rows[97].roles[1] = 0;
    kit.splits = |splits| splits.folds.as_mut().unwrap().counts[1][0] -= 1;
    let certificate = kit.certify().unwrap();
    // 140 train rows without the 47 held out, four before and three after them.
    let expected = "fold 1: features meet a protected outcome or its embargo: 1; \
                    fold 1: 86 rows are fit, splits.json counts 85: 1";
    assert_eq!(certificate.check("intervals").unwrap().outcome.detail(), expected);
}

#[test]
fn ends_and_boundaries_are_named() {
    let until = "label__end is before the latest possible end of the label: 1";
    check(|kit| kit.rows[5].until = kit.rows[5].end + 1, "intervals", until);
    check(|kit| kit.rows[5].latest_end = kit.rows[5].end + 1, "intervals", until);
    let before = "label ends before its cut-off: 1";
    among(|kit| kit.rows[5].end = kit.rows[5].ts - 1, "intervals", before);
    // Too far apart to overlap, and still on the wrong side.
    let side = "test row on the wrong side of a boundary: 1";
    among(|kit| kit.rows[0].fate = Fate::In(Split::Test), "intervals", side);
    let validation = "validation row on the wrong side of a boundary: 1";
    among(|kit| kit.rows[0].fate = Fate::In(Split::Validation), "intervals", validation);
    let train = "train row on the wrong side of a boundary: 1";
    among(|kit| kit.rows[239].fate = Fate::In(Split::Train), "intervals", train);
    let none = "splits.json names no start of validation or test: 1";
    check(
        |kit| {
            kit.spec.split.strategy =
                datasets::SplitStrategy::Fractions([0.6, 0.2, 0.2].map(datasets::Number));
            kit.splits = |splits| {
                splits.starts.remove("test");
            };
        },
        "intervals",
        none,
    );
}

#[test]
fn splits_document_is_contradicted_key_by_key() {
    let lies: Plants<datasets::SplitsDocument, &str, 8> = [
        (|splits| splits.embargo_ns = Int(701), "splits.json names another embargo: 1"),
        (|splits| splits.reach_ns = Int(1), "splits.json names another reach of the features: 1"),
        (|splits| splits.purge = "none".to_owned(), "splits.json names another purge: 1"),
        (|splits| splits.strategy.clear(), "splits.json names another strategy: 1"),
        (
            |splits| splits.protected.get_mut("validation").unwrap()[0][1].0 -= 1,
            "splits.json protects not all of validation: 1",
        ),
        (
            |splits| splits.folds.as_mut().unwrap().counts.truncate(2),
            "lists of folds differ in length, or are empty: 1; \
             fold 2: 90 rows are fit, splits.json counts 0: 1; \
             fold 2: 46 rows are held, splits.json counts 0: 1",
        ),
        (
            |splits| splits.folds.as_mut().unwrap().counts[2][1] += 1,
            "fold 2: 46 rows are held, splits.json counts 47: 1",
        ),
        (
            |splits| splits.folds = None,
            "splits.json has no folds although the spec asks for some: 1",
        ),
    ];
    for (lie, expected) in lies {
        check(|kit| kit.splits = lie, "intervals", expected);
    }
    let nothing = "fold 1 holds out nothing: 1";
    among(|kit| kit.splits = |s| s.folds.as_mut().unwrap().held[1].clear(), "intervals", nothing);
}

#[test]
fn roles_that_the_group_lists_do_not_have_are_named() {
    let differ = "fold 0: role and group lists differ: 1";
    among(|kit| kit.rows[3].roles[0] = 0, "intervals", differ); // held by the lists
    among(|kit| kit.rows[3].roles[0] = 2, "intervals", differ);
    among(|kit| kit.rows[100].roles[0] = 1, "intervals", differ); // a learner by the lists
}

#[test]
fn walk_forward_learner_whose_label_was_not_known_is_named() {
    let mut kit = Kit::unsplit(240);
    (kit.forward, kit.held) = (true, vec![vec![1], vec![2]]);
    kit.split_by(crate::version_kit::lawful_clash);
    kit.fold_by(crate::version_kit::lawful_clash);
    let known = kit.rows[47].ts + 1; // after the first held-out row of fold 0, long before that of fold 1
    (kit.rows[4].first_avail, kit.rows[4].avail) = (known, known);
    let certificate = kit.certify().unwrap();
    let expected = "fold 0: a learner's label was not known at the first held-out cut-off: 1";
    assert_eq!(certificate.check("maturity").unwrap().outcome.detail(), expected);
    // Where no roles are written, it is a learner too many.
    kit.roles_written = false;
    assert_eq!(kit.failed(), ["intervals"]);
}

#[test]
fn groups_say_where_they_stand_on_both_sides() {
    let place = "train against test, group__group_id: group on both sides: 1";
    check(
        |kit| (kit.rows[2].group, kit.rows[239].group) = (Some(id(9)), Some(id(9))),
        "groups",
        place,
    );
    let folds = "fold 0, group__group_id: group on both sides: 1; \
                 fold 2, group__group_id: group on both sides: 1";
    check(
        |kit| (kit.rows[2].group, kit.rows[130].group) = (Some(id(9)), Some(id(9))),
        "groups",
        folds,
    );
    let missing = "the lineage has no column `group__order_id`: 1";
    check(|kit| kit.spec.split.group_by.push(GroupColumn::OrderId), "groups", missing);
}

#[test]
fn identity_says_which_files_do_not_agree() {
    let twin = |fate: Fate| {
        move |kit: &mut Kit| {
            let mut twin = kit.rows[0].clone();
            twin.fate = fate;
            kit.rows.push(twin);
        }
    };
    let both = "id in the data files and among the dropped: 1";
    check(twin(Fate::Dropped("purged")), "identity", both);
    let mut kit = Kit::lawful();
    for _ in 0..2 {
        let mut twin = kit.rows[0].clone();
        (twin.id, twin.fate) = (id(900), Fate::Dropped("purged"));
        kit.rows.push(twin);
    }
    let certificate = kit.certify().unwrap();
    let found = certificate.check("identity").unwrap().outcome.detail();
    assert_eq!(found, "id among the dropped twice: 1");
    let copied = "id in the data files twice: 1; no row of the lineage with this id and split: 1; \
                  240 decisions selected, 241 in splits or dropped: 1";
    check(
        |kit| {
            kit.copied.push(239);
            kit.listed = |listed| listed.push((id(239), 2));
        },
        "identity",
        copied,
    );
    let lineage: Plants<Vec<crate::version_kit::KitRow>, &str, 5> = [
        (|rows| drop(rows.remove(3)), "no row of the lineage with this id and split: 1"),
        (
            |rows| rows[3].fate = Fate::In(Split::Test),
            "no row of the lineage with this id and split: 1; row of the lineage without a row of the data: 1",
        ),
        (|rows| rows[3].ts += 1, "lineage and data differ in ts_cutoff or seq: 1"),
        (|rows| rows[3].seq += 1, "lineage and data differ in ts_cutoff or seq: 1"),
        (|rows| rows.swap(3, 4), "lineage is not in the order of (ts_cutoff, seq, row_id): 1"),
    ];
    for (plant, expected) in lineage {
        check(|kit| kit.lineage = plant, "identity", expected);
    }
    let listed: Plants<Vec<([u8; 16], u16)>, &str, 3> = [
        (|rows| rows.truncate(rows.len() - 1), "train row in no group of the folds: 1"),
        (|rows| rows.push((id(239), 0)), "row of the folds that is not in train: 1"),
        (|rows| rows.push(rows[4]), "row in the folds twice: 1"),
    ];
    for (plant, expected) in listed {
        check(|kit| kit.listed = plant, "identity", expected);
    }
}

#[test]
fn manifest_is_contradicted_fact_by_fact() {
    let train = "data/train/2026-01-05-000.parquet";
    let lies: Plants<datasets::Manifest, String, 8> = [
        (|m| m.selected += 1, "241 decisions selected, 240 in splits or dropped: 1".to_owned()),
        (
            |m| {
                m.dropped.insert("void".to_owned(), 2);
            },
            "dropped as void: another number than the manifest says: 1".to_owned(),
        ),
        (
            |m| m.files[2].rows += 1,
            format!("{train}: another number of rows than the manifest says: 1"),
        ),
        (
            |m| m.files[2].split = "test".to_owned(),
            format!("{train}: not in the folder of a split: 1"),
        ),
        (
            |m| m.files[2].ts_cutoff[1].0 += 1,
            format!("{train}: another range of ts_cutoff or seq than the manifest says: 1"),
        ),
        (
            |m| m.files[2].ts_cutoff[0] = Instant(START - 1),
            format!("{train}: another range of ts_cutoff or seq than the manifest says: 1"),
        ),
        (
            |m| m.files[2].seq[0].0 += 1,
            format!("{train}: another range of ts_cutoff or seq than the manifest says: 1"),
        ),
        (
            |m| m.splits.get_mut("test").unwrap().rows -= 1,
            "test: another number of rows than the manifest says: 1".to_owned(),
        ),
    ];
    for (lie, expected) in lies {
        check(|kit| kit.manifest = lie, "identity", &expected);
    }
    check(
        |kit| kit.after = |root| std::fs::write(root.join("data/train/more.parquet"), b"").unwrap(),
        "identity",
        "data/train/more.parquet: not in the manifest: 1",
    );
    among(
        |kit| {
            let at = (0..240).find(|at| kit.rows[*at].fate == Fate::Dropped("purged")).unwrap();
            kit.rows[at].fate = Fate::Dropped("unlucky");
        },
        "identity",
        "dropped for a reason without a name: 1",
    );
}

#[test]
fn data_out_of_order_are_named() {
    among(
        |kit| {
            kit.rows.swap(230, 231);
            kit.lineage = |rows| rows.sort_by_key(|row| row.ts);
        },
        "identity",
        "data are not in the order of (ts_cutoff, seq, row_id): 1",
    );
}

#[test]
fn maturity_says_what_was_not_known() {
    let ends = "the label may still end behind the as-of point: 1";
    check(|kit| kit.rows[9].latest_end = kit.as_of.ts.0 + 1, "maturity", ends);
    let known = "the label was known behind the as-of point: 1";
    check(|kit| kit.rows[9].avail = kit.as_of.ts.0 + 1, "maturity", known);
    let learner = "a learner's label was not known at the first protected cut-off: 1";
    // Train is protected by validation, which starts before test; validation by test.
    let first = |kit: &Kit, split: Split| kit.rows[kit.of(split)[0]].ts;
    check(|kit| kit.rows[9].first_avail = first(kit, Split::Validation) + 1, "maturity", learner);
    check(|kit| kit.rows[9].first_avail = first(kit, Split::Validation), "maturity", "");
    let held = |kit: &Kit| kit.of(Split::Validation)[2];
    check(
        |kit| {
            let at = held(kit);
            kit.rows[at].first_avail = first(kit, Split::Test) + 1;
        },
        "maturity",
        learner,
    );
}

#[test]
fn fitted_says_what_differs() {
    let of = |kind: &str, text: &str| format!("{kind} of `{}`: {text}", FEATURES[0]);
    let plants: Plants<Vec<datasets::FittedTransform>, String, 6> = [
        (
            |t| t[0].ts_cutoff[1].0 += 1,
            of("impute_median", "fitted over another range than that of train: 1"),
        ),
        (|t| t[0].rows = 240, of("impute_median", "fitted on 240 rows where train has 140: 1")),
        (|t| t.push(t[0].clone()), of("impute_median", "twice: 1")),
        (
            |t| drop(t.remove(0)),
            of("impute_median", "not in the manifest: 1")
                .replace(": not", "`: not")
                .replace("``", "`"),
        ),
        (
            |t| {
                t[0].parameters.insert("bias".to_owned(), datasets::Number(1.0));
            },
            of("impute_median", "unknown parameter `bias`: 1"),
        ),
        (
            |t| t[0].kind = "impute_constant".to_owned(),
            format!(
                "{}; {}",
                of("impute_constant", "the spec asks for none, or train cannot fit it: 1"),
                of("impute_median", "not in the manifest: 1"),
            ),
        ),
    ];
    for (plant, expected) in plants {
        check(
            |kit| {
                let mut fitted = kit.fitted(&[Split::Train]);
                plant(&mut fitted);
                kit.transforms = Some(fitted);
            },
            "fitted",
            &expected,
        );
    }
}

#[test]
fn columns_say_which_one_and_why() {
    let feature = FEATURES[1];
    let named = |text: &str| text.replace("FEATURE", feature);
    let plants: [(Bend, String); 6] = [
        (
            |field| bent(&field, FEATURES[1], "hindsight.causality", "hindsight"),
            named("feature `FEATURE` knows what came after the decision: 1"),
        ),
        (
            |field| bent(&field, FEATURES[1], "hindsight.lookback_ns", "soon"),
            named("feature `FEATURE` declares no lookback: 1"),
        ),
        (
            |field| bent(&field, "meta__quality_score", "hindsight.role", "mood"),
            "column `meta__quality_score` has no known role: 1; \
             columns are not in the order key, feature, mask, label, weight, meta: 1"
                .to_owned(),
        ),
        (
            |field| bent(&field, "weight__total", "hindsight.causality", "causal"),
            "weight `weight__total` is not marked as knowing the future: 1".to_owned(),
        ),
        (
            |field| bent(&field, "weight__total", "hindsight.role", "meta"),
            "meta `weight__total` has not the name of a meta: 1".to_owned(),
        ),
        (
            |field| bent(&field, "strategy_id", "hindsight.role", "mask"),
            "mask `strategy_id` is no number: 1; \
             columns are not in the order key, feature, mask, label, weight, meta: 1; \
             key columns are not row_id, ts_cutoff, seq, instrument_id, strategy_id: 1"
                .to_owned(),
        ),
    ];
    for (fields, expected) in plants {
        check(|kit| kit.fields = fields, "columns", &expected);
    }
    among(
        |kit| kit.fields = |field| bent(&field, "weight__total", "hindsight.role", "feature"),
        "columns",
        "feature `weight__total` has the name of a column of the future: 1",
    );
    check(
        |kit| kit.spec.features.include = vec!["book__*".to_owned()],
        "columns",
        &named("feature `FEATURE` is not one that the spec asks for: 1"),
    );
    check(
        |kit| kit.spec.targets[0].name = "swing.grade".to_owned(),
        "columns",
        "no label column `label__swing.grade`: 1",
    );
    check(
        |kit| kit.manifest = |manifest| manifest.features.reverse(),
        "columns",
        "features of the files and of the manifest differ: 1",
    );
    check(
        |kit| kit.schema_json = |text| text.replace("\"seq\"", "\"sequence\""),
        "columns",
        "schema.json names other columns than the files have: 1",
    );
    check(
        |kit| kit.manifest = |manifest| manifest.schema_fingerprint = datasets::Sha256::of(b"x"),
        "columns",
        "schema.json has another hash than the manifest says: 1",
    );
    check(
        |kit| {
            kit.odd_file = true;
            kit.rows.iter_mut().for_each(|row| row.features[0] = row.features[0].or(Some(5.5)));
        },
        "columns",
        "data/validation/2026-01-05-000.parquet: other columns than the first file: 1; \
         data/validation/2026-01-05-001.parquet: other columns than the first file: 1",
    );
    assert_eq!(DataType::UInt32.to_string(), "UInt32"); // what schema.json writes for plain types
}
