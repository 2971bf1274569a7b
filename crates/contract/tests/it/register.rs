//! The register: what a column once was, it stays.

use contract::arrow_schema::DataType;
use contract::{TABLES, TableSpec, Type, current_fingerprint, generated_files, meta};
use std::collections::BTreeSet;
use std::path::Path;

/// The committed text of a table's schema.
fn committed(spec: &TableSpec) -> String {
    let name = format!("{}.v{}.txt", spec.name, spec.version);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("register").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn no_column_changes_without_a_new_version() {
    let files = generated_files();
    for spec in TABLES {
        let end = format!("register/{}.v{}.txt", spec.name, spec.version);
        let (_, now) = files.iter().find(|(path, _)| path.ends_with(&end)).unwrap();
        assert_eq!(
            committed(spec),
            *now,
            "{} changed: raise its version, or take the change back",
            spec.name
        );
    }
}

#[test]
fn the_fingerprint_in_the_metadata_is_that_of_the_columns() {
    for spec in TABLES {
        let found = spec.schema(true).metadata()[meta::FINGERPRINT].clone();
        assert_eq!(found, current_fingerprint(spec).to_string(), "{}", spec.name);
        assert!(committed(spec).lines().next().unwrap().ends_with(&found), "{}", spec.name);
    }
}

#[test]
fn field_ids_are_unique_and_count_from_16_behind_the_envelope() {
    for spec in TABLES {
        let ids: Vec<u16> = spec.columns.iter().map(|c| c.field_id).collect();
        // `seq` is field 1 and absent from a draft.
        let envelope: &[u16] = if spec.is_event() { &[2, 3, 4, 5, 6, 7, 8, 9] } else { &[] };
        let own = (16..).take(ids.len() - envelope.len());
        let expected: Vec<u16> = envelope.iter().copied().chain(own).collect();
        assert_eq!(ids, expected, "{}", spec.name);
        let names: BTreeSet<&str> = spec.columns.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), ids.len(), "{}: a name stands twice", spec.name);
        for key in spec.key {
            assert!(spec.column(key).is_some(), "{}: no key column {key}", spec.name);
        }
    }
}

#[test]
fn every_column_says_what_it_means_and_where_its_name_comes_from() {
    for spec in TABLES {
        assert!(spec.doc.trim().ends_with('.'), "{}: {}", spec.name, spec.doc);
        for column in spec.columns {
            let name = format!("{}.{}", spec.name, column.name);
            assert!(column.doc.trim().len() > 3, "{name} has no meaning");
            let own = column.standard == "hindsight";
            let foreign = column.standard.split_once(':').is_some_and(|(source, word)| {
                ["dbn", "fix", "binance", "w3c"].contains(&source) && !word.is_empty()
            });
            assert!(own || foreign, "{name}: standard `{}`", column.standard);
            let field = column.field(0);
            assert!(field.metadata().contains_key("gov.class"), "{name} has no class");
            let is_stamp = matches!(field.data_type(), DataType::Timestamp(..));
            assert_eq!(is_stamp, column.ty == Type::Ts, "{name}");
        }
    }
}

/// Numbers without a unit: identities, bit sets, ranks and free scales.
const UNITLESS: &[&str] = &[
    "source_id",
    "instrument_id",
    "other_instrument_id",
    "underlying_id",
    "benchmark_id",
    "flags",
    "sale_cond",
    "order_id",
    "channel_id",
    "revision",
    "priority",
    "num",
    "den",
    "importance",
    "outcome_flags",
    "label_flags",
    "class",
    "class_lo",
    "class_hi",
    "value",
    "magnitude",
    "check_version",
    "effect",
    "score",
    "score_low",
    "ci_low",
    "ci_high",
    "seed",
    "cluster_id",
    "concurrency_mean",
    "multiplier",
    "return_weight",
    "direction",
];

#[test]
fn every_number_has_a_unit_or_is_known_to_have_none() {
    let is_number = |ty| {
        matches!(
            ty,
            Type::Ts
                | Type::Px
                | Type::Dec
                | Type::Size
                | Type::F64
                | Type::I8
                | Type::I32
                | Type::I64
                | Type::U8
                | Type::U16
                | Type::U32
                | Type::U64
        )
    };
    let mut missing = Vec::new();
    for spec in TABLES {
        for column in spec.columns {
            let name = format!("{}.{}", spec.name, column.name);
            let unit = column.unit.map(contract::Unit::word);
            if !is_number(column.ty) {
                continue;
            }
            if unit.is_none() && !UNITLESS.contains(&column.name) {
                missing.push(name.clone());
            }
            // The name and the unit of a duration, a price or a rate agree.
            let endings = [("_ns", "ns"), ("_bps", "bps"), ("_pct", "pct"), ("_px", "nano_price")];
            for (end, word) in endings {
                assert!(!column.name.ends_with(end) || unit == Some(word), "{name}: {unit:?}");
            }
            assert!(column.ty != Type::Ts || unit == Some("ns"), "{name}: {unit:?}");
        }
    }
    assert_eq!(missing, [""; 0], "numbers without a unit");
}

#[test]
fn persons_accounts_and_positions_carry_the_access_tags_that_their_names_promise() {
    for spec in TABLES {
        for column in spec.columns {
            let name = format!("{}.{}", spec.name, column.name);
            let tags: Vec<&str> = column.tags.iter().map(|t| t.word()).collect();
            let class = column.class.word();
            match column.name {
                "trader_ref" | "decider_ref" | "actor_ref" => {
                    assert_eq!((class, tags), ("personal", vec!["identity"]), "{name}");
                }
                "account_ref" | "portfolio_ref" => {
                    assert_eq!((class, tags), ("confidential", vec!["account"]), "{name}");
                    assert!(column.is_scope, "{name}");
                }
                "strategy_id" | "source_id" => assert!(column.is_scope, "{name}"),
                _ => {}
            }
        }
    }
}
