//! purgedcv 0.1.11 on the same rows: `fixtures/datasets/split/vectors.py`, which says what each side's ends mean.

use super::cases::{at, fold_letters, rows};
use datasets::{FoldsSpec, Int, Purge, SplitSpec, folds};
use serde_json::Value;

fn stored() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/datasets/split/purgedcv.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn integers(of: &Value) -> Vec<i64> {
    of.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
}

fn texts(of: &Value) -> Vec<&str> {
    of.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn folds_are_those_of_purgedcv_row_by_row() {
    let stored = stored();
    let mut compared = 0;
    for case in stored["cases"].as_array().unwrap() {
        let number = |key: &str| case[key].as_u64().unwrap();
        let lives: Vec<_> = integers(&case["t"]).into_iter().zip(integers(&case["e"])).collect();
        let split =
            SplitSpec { embargo_ns: Int(number("embargo_ns")), purge: Purge::Labels, ..at(0, 1) };
        let blocks = number("blocks");
        let spec = match case["kind"].as_str().unwrap() {
            "purged_kfold" => FoldsSpec::PurgedKfold { k: blocks },
            _ => FoldsSpec::Cpcv { groups: blocks, held_out: number("held_out") },
        };
        let found = folds(&rows(&lives), 0, &split, &spec).unwrap();
        let members: Vec<_> =
            (0..found.len()).map(|fold| fold_letters(&found.members(fold).unwrap())).collect();
        assert_eq!(members, texts(&case["folds"]), "{spec:?}, embargo {}", number("embargo_ns"));
        compared += members.len();
    }
    // 2 + 3 + 5 + 7 + 10 blocks and C(4, 2) + C(5, 3) + C(6, 2) choices, with three embargoes each.
    assert_eq!(compared, 3 * (27 + 31));
}
