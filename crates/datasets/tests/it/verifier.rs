//! A lawful version passes, and its certificate says what was compared.

use crate::version_kit::{FEATURES, Kit, id_text};
use contract::{CertificateVerdict, Diagnostic, Fault};
use datasets::{Int, Number, Outcome, Purge, Split, TransformKind};

const IN_FOLDS: &str =
    "fitted on all train rows, folds hold some of them out: fit again in each fold";

const CHECKS: [&str; 11] = [
    "availability",
    "sequence",
    "intervals",
    "groups",
    "identity",
    "maturity",
    "fitted",
    "columns",
    "causality",
    "labels",
    "too_good",
];

#[test]
fn lawful_version_passes_every_check_in_the_order_of_the_design() {
    let certificate = Kit::lawful().certify().unwrap();
    let found: Vec<_> =
        certificate.checks.iter().map(|c| (c.check.as_str(), c.outcome.clone())).collect();
    // Its transforms stand beside folds: whoever learns in these must fit them again.
    let expected = |check| {
        if check == "fitted" { Outcome::Warn(IN_FOLDS.to_owned()) } else { Outcome::Pass }
    };
    assert_eq!(found, CHECKS.map(|check| (check, expected(check))));
    assert_eq!(certificate.verdict(), CertificateVerdict::Passed);
    assert_eq!(certificate.causality_seed, Some(Int(7)));
    assert_eq!(certificate.checks.iter().map(|c| c.violations).sum::<u64>(), 0);
}

#[test]
fn fitted_transforms_warn_where_folds_hold_train_rows_out_and_nowhere_else() {
    let of = |kit: &Kit| kit.certify().unwrap().check("fitted").unwrap().outcome.clone();
    let mut kit = Kit::unsplit(240);
    (kit.spec.folds, kit.held) = (None, vec![]);
    kit.split_by(crate::version_kit::lawful_clash);
    assert_eq!(of(&kit), Outcome::Pass);
    // Scaling alone is fitted as well.
    let mut kit = Kit::lawful();
    kit.spec.transforms.remove(0);
    kit.spec.transforms.truncate(1);
    for row in &mut kit.rows {
        row.features[0] = Some(row.features[0].unwrap_or(0.5));
    }
    kit.transforms = Some(kit.fitted(&[Split::Train])[1..2].to_vec());
    assert_eq!(of(&kit), Outcome::Warn(IN_FOLDS.to_owned()));
    // A constant is fitted on nothing.
    let mut constant = kit.fitted(&[Split::Train])[0].clone();
    constant.kind = TransformKind::ImputeConstant.word().to_owned();
    constant.parameters.insert("value".to_owned(), Number(0.25));
    kit.transforms = Some(vec![constant]);
    kit.spec.transforms[0].kind = TransformKind::ImputeConstant;
    kit.spec.transforms[0].value = Some(Number(0.25));
    assert_eq!(of(&kit), Outcome::Pass);
}

#[test]
fn certificate_is_the_same_bytes_again_and_reads_back() {
    let kit = Kit::lawful();
    let (first, second) = (kit.certify().unwrap(), kit.certify().unwrap());
    let text = first.to_json().unwrap();
    assert_eq!(text, second.to_json().unwrap());
    assert_eq!(serde_json::from_str::<datasets::Certificate>(&text).unwrap(), first);
}

#[test]
fn counts_are_those_of_the_rows_that_were_written() {
    let kit = Kit::lawful();
    let certificate = kit.certify().unwrap();
    let count = |check: &str, what: &str| certificate.check(check).unwrap().compared[what].0;
    let [train, validation, test] = Split::ALL.map(|split| kit.of(split).len() as u64);
    let dropped = 240 - train - validation - test;
    // By hand: labels of 2,500 ns and features of 1,500 ns reach 4,000 ns; the four rows before each boundary go.
    assert_eq!((train, validation, test, dropped), (140, 44, 48, 8));
    assert_eq!(count("availability", "rows"), 232);
    assert_eq!(count("intervals", "purged"), 8);
    // All pairs of splits, and the three folds.
    let roles = |k: usize, role: u8| {
        kit.rows.iter().filter(|row| row.roles.get(k) == Some(&role)).count() as u64
    };
    let folds: u64 = (0..3).map(|k| roles(k, 0) * roles(k, 1)).sum();
    assert_eq!(count("intervals", "pairs"), 140 * 44 + 140 * 48 + 44 * 48 + folds);
    assert_eq!(count("intervals", "folds"), 3);
    assert_eq!(count("identity", "selected"), 240);
    assert_eq!(count("fitted", "parameters"), 5);
    assert_eq!(count("sequence", "rows_with_md_seq_high"), 116);
    assert_eq!(count("labels", "labels"), 400);
}

#[test]
fn smallest_margin_and_its_row_are_told() {
    let mut kit = Kit::lawful();
    kit.rows[30].src_avail = Some(kit.rows[30].ts - 1);
    let certificate = kit.certify().unwrap();
    let check = certificate.check("availability").unwrap();
    assert_eq!((check.margin_ns, &check.rows), (Some(1), &vec![id_text(30)]));
    // Of the rows that stay, the nearest outcome ends 500 ns before the features of a held-out row begin:
    // row i ends at 1000 i + 2500, and the row five later looks back to 1000 (i + 5) - 1500. After a held-out block,
    // features that start at 1000 j - 1500 follow an end at 1000 i + 2500 + 700: 300 ns for j = i + 5.
    assert_eq!(certificate.check("intervals").unwrap().margin_ns, Some(300));
}

#[test]
fn rows_without_a_source_are_counted_and_hold() {
    let mut kit = Kit::lawful();
    for at in [3, 50] {
        (kit.rows[at].src_avail, kit.rows[at].src_seq, kit.rows[at].src_rows) = (None, None, 0);
    }
    let certificate = kit.certify().unwrap();
    let check = certificate.check("availability").unwrap();
    assert_eq!((check.compared["rows_without_source"].0, &check.outcome), (2, &Outcome::Pass));
}

#[test]
fn cap_on_the_reach_is_a_waiver_that_names_the_features() {
    let mut kit = Kit::unsplit(240);
    kit.spec.split.reach_max_ns = Some(Int(1_000));
    kit.splits = |splits| {
        splits.reach_cut = [(crate::version_kit::FEATURES[0].to_owned(), Int(1_000))].into();
    };
    kit.split_by(crate::version_kit::lawful_clash);
    kit.fold_by(crate::version_kit::lawful_clash);
    let certificate = kit.certify().unwrap();
    let expected = format!("split.reach_max: 1000 ns for {}", FEATURES[0]);
    let check = certificate.check("intervals").unwrap();
    assert_eq!(check.outcome, Outcome::Waived(expected));
    assert_eq!(certificate.verdict(), CertificateVerdict::Waived);
    assert_eq!(certificate.refusals(&[]).count(), 0);
}

#[test]
fn purge_of_labels_alone_is_a_waiver_of_rules_two_and_three_only() {
    let mut kit = Kit::unsplit(240);
    kit.spec.split.purge = Purge::Labels;
    kit.split_by(crate::version_kit::lawful_clash);
    kit.fold_by(crate::version_kit::lawful_clash);
    let outcome = |kit: &Kit| kit.certify().unwrap().check("intervals").unwrap().outcome.clone();
    assert_eq!(outcome(&kit), Outcome::Waived("split.purge: \"labels\"".to_owned()));
    // Rule 1 still holds: a train row back into the outcome of validation.
    let at =
        (0..240).rev().find(|at| kit.rows[*at].fate == dropped_before_validation(&kit)).unwrap();
    kit.rows[at].fate = crate::version_kit::Fate::In(Split::Train);
    assert_eq!(outcome(&kit).word(), "fail");
}

fn dropped_before_validation(kit: &Kit) -> crate::version_kit::Fate {
    let first = kit.of(Split::Validation)[0];
    kit.rows[first - 1].fate
}

#[test]
fn roles_in_folds_that_are_not_written_follow_from_the_groups() {
    let mut kit = Kit::lawful();
    kit.roles_written = false;
    let certificate = kit.certify().unwrap();
    let check = certificate.check("intervals").unwrap();
    assert_eq!((&check.outcome, check.compared["folds_derived"].0), (&Outcome::Pass, 3));
    // One learner more than lawful, in the count alone.
    kit.splits = |splits| splits.folds.as_mut().unwrap().counts[1][0] += 1;
    assert_eq!(kit.failed(), ["intervals"]);
}

#[test]
fn walk_forward_folds_pass_and_learn_from_the_past_only() {
    let mut kit = Kit::unsplit(240);
    (kit.forward, kit.held) = (true, vec![vec![1], vec![2]]);
    kit.split_by(crate::version_kit::lawful_clash);
    kit.fold_by(crate::version_kit::lawful_clash);
    assert_eq!(kit.failed(), Vec::<String>::new());
    // A row of the last third learns for the fold that holds out the middle: it is also in no list of that fold.
    let last = *kit.of(Split::Train).last().unwrap();
    kit.rows[last].roles[0] = 0;
    let certificate = kit.certify().unwrap();
    let check = certificate.check("intervals").unwrap();
    assert_eq!(check.rows, [id_text(last as u64)]);
    assert!(check.outcome.detail().contains("fold 0: learner after the first held-out row: 1"));
}

#[test]
fn another_spec_than_the_written_one_is_an_error() {
    let kit = Kit::lawful();
    let dir = tempfile::tempdir().unwrap();
    let manifest = kit.write(dir.path());
    let folder = datasets::Folder::new(std::sync::Arc::new(durable::RealFs), dir.path());
    let mut spec = kit.spec.clone();
    spec.split.embargo_ns = Int(0);
    let evidence = datasets::Evidence::default();
    let error = datasets::certify(&folder, &manifest, &spec, &evidence).unwrap_err();
    assert_eq!((error.code(), error.fault()), ("datasets/verify-other-spec", Fault::Integrity));
    std::fs::remove_file(dir.path().join("_lineage/rows.parquet")).unwrap();
    let error = datasets::certify(&folder, &manifest, &kit.spec, &evidence).unwrap_err();
    assert_eq!(error.code(), "datasets/verify-file");
}

#[test]
fn verifier_imports_nothing_of_planner_splitter_and_assembler() {
    fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![src.join("verifier.rs")];
    sources(&src.join("verifier"), &mut found);
    let own = [
        "canonical",
        "certificate",
        "folder",
        "layout",
        "manifest",
        "role",
        "spec",
        "splits",
        "Int",
        "Sha256",
        "Outcome",
    ];
    let mut names = std::collections::BTreeSet::new();
    for path in &found {
        let text = std::fs::read_to_string(path).unwrap();
        for part in text.split("crate::").skip(1) {
            let end = part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap();
            names.insert(part[..end].to_owned());
        }
    }
    let foreign: Vec<_> = names.iter().filter(|name| !own.contains(&name.as_str())).collect();
    assert_eq!((foreign, found.len() > 20), (Vec::<&String>::new(), true));
}
