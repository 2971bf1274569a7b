//! Card, datasheet, Croissant and `schema.json` of a version, read by other means than they were written with.

use crate::sample_version::SampleVersion;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use datasets::documents::{card, croissant, datasheet, schema_from_json, schema_json};
use datasets::{CardSpec, Int, Manifest, Outcome, Sha256, Spec};
use proptest::prelude::*;
use serde_json::Value;

fn sample() -> SampleVersion {
    SampleVersion::new().unwrap()
}

fn card_of(sample: &SampleVersion) -> String {
    card(&sample.manifest, &sample.spec, &sample.splits, &sample.certificate)
}

/// The part of a page below this heading of level two.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = page.find(&format!("\n## {heading}\n")).unwrap();
    let rest = &page[start + 1..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

/// Cells of the table rows of a section, header and rule left out.
fn cells(section: &str) -> Vec<Vec<&str>> {
    section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| ---"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

#[test]
fn front_matter_names_the_files_of_each_split_for_hugging_face() {
    let card = card_of(&sample());
    let front = card.split("---\n").nth(1).unwrap();
    let expected = r#"pretty_name: "grades"
license: other
license_name: "LicenseRef-Proprietary"
size_categories:
- n<1K
tags:
- "tabular"
- "timeseries"
- "finance"
- "hindsight"
- "signal"
- "access:confidential"
configs:
- config_name: default
  data_files:
  - split: train
    path: "data/train/*.parquet"
  - split: validation
    path: "data/validation/*.parquet"
  - split: test
    path: "data/test/*.parquet"
"#;
    assert_eq!(front, expected);
}

#[test]
fn split_that_the_version_has_not_is_not_named() {
    let mut sample = sample();
    sample.manifest.splits.remove("validation");
    let card = card_of(&sample);
    assert!(
        !card.contains("data/validation"),
        "a card that names an absent split cannot be loaded"
    );
    assert!(card.contains("data/train/*.parquet") && card.contains("data/test/*.parquet"));
}

#[test]
fn sizes_and_licences_are_written_as_the_hub_knows_them() {
    let check = |rows: u64, licence: Option<&str>, lines: [&str; 2]| {
        let mut sample = sample();
        sample.manifest.splits.get_mut("train").unwrap().rows = rows - 50;
        sample.spec.card.licence = licence.map(str::to_owned);
        let card = card_of(&sample);
        let front = card.split("---\n").nth(1).unwrap();
        for line in lines {
            assert!(front.lines().any(|found| found == line), "`{line}` in\n{front}");
        }
    };
    check(999, Some("CC-BY-4.0"), ["- n<1K", "license: cc-by-4.0"]);
    check(1_000, None, ["- 1K<n<10K", "license: unknown"]);
    check(99_999_999, Some("ODbL-1.0"), ["- 10M<n<100M", "license: odbl"]);
    check(1_000_000_000, Some("odd: \"one\""), ["- n>1B", r#"license_name: "odd: \"one\"""#]);
}

#[test]
fn counts_shares_and_nulls_are_those_of_the_rows() {
    let card = card_of(&sample());
    let splits = cells(section(&card, "Splits"));
    let counts: Vec<_> = splits[1..].iter().map(|row| row[..3].to_vec()).collect();
    assert_eq!(counts, [["train", "2", "100"], ["validation", "1", "25"], ["test", "2", "25"]]);
    assert_eq!(splits[1][3], "2026-01-05T09:30:00.000000001Z");
    // 39 steps of 7.000000003 s after 09:30 and a nanosecond.
    assert_eq!(splits[1][4], "2026-01-06T09:34:33.000000118Z");
    assert_eq!([splits[1][6], splits[2][6]], ["52", "unknown"]);

    // Grades go round in five.
    let classes = cells(section(&card, "Class balance"));
    assert_eq!(classes[0], ["class", "train", "validation", "test", "factor"]);
    assert_eq!(classes[1], ["0", "20 (20.0 %)", "5 (20.0 %)", "5 (20.0 %)", "1"]);
    assert_eq!(classes.len(), 6);

    // Multiples of 7 from 7 to 98; in 100..125 there are 105, 112, 119; in 125..150 there are 126, 133, 140, 147.
    let features = cells(section(&card, "Features"));
    let first = ["`book__imb__1s`", "ratio", "1s", "14.0 %", "12.0 %", "16.0 %"];
    assert_eq!(features[1], first);

    let days = cells(section(&card, "Rows by day, strategy and instrument"));
    assert_eq!(days[1], ["2026-01-05", "60", "0", "0"]);
    assert_eq!(days[5], ["2026-01-09", "0", "0", "5"]);
}

#[test]
fn dropped_rows_have_their_reason_in_words_and_add_up() {
    let card = card_of(&sample());
    let dropped = section(&card, "What was dropped, and why");
    // 12 of 172 is 6.98 %.
    let row = ["no_label", "12", "7.0 %", "a target has no label for it"];
    assert!(cells(dropped).contains(&row.to_vec()), "{dropped}");
    assert!(dropped.contains("172 decisions were selected: 150 are in a split, 22 are not."));
}

#[test]
fn certificate_is_told_with_what_was_waived_and_what_could_not_be_checked() {
    let card = card_of(&sample());
    let rows = cells(section(&card, "Leak certificate"));
    let told: Vec<_> = rows[1..].iter().map(|row| (row[0], row[1])).collect();
    let expected = [
        ("`availability`", "pass"),
        ("`intervals`", "waived: split.reach_max"),
        ("`causality`", "not evaluated: no causality report was given"),
        ("`too_good`", "warn: feature `flow__vol__5m` alone has AUC 0.97"),
    ];
    assert_eq!(told, expected);
    assert_eq!(rows[1][5], "41 ns");
    assert!(section(&card, "Leak certificate").contains("Verdict: **waived**."), "{card}");
}

#[test]
fn boundaries_purge_embargo_and_the_cap_on_the_reach_are_told() {
    let card = card_of(&sample());
    let told = section(&card, "Boundaries, purge and embargo");
    for line in [
        "- test starts at 2026-01-08T09:30:00.000000001Z",
        "- Reach of the features into the past: 5m.",
        "- No value of `parent_decision_id` stands on both sides of a boundary.",
    ] {
        assert!(told.lines().any(|found| found == line), "`{line}` in\n{told}");
    }
    assert!(told.contains("- Embargo: 1d. It runs from the latest end"), "{told}");
    assert!(told.contains("`slow__mean__1y` reads 365d into the past"), "{told}");
}

#[test]
fn diagnostic_splits_and_folds_are_called_so() {
    let mut sample = sample();
    assert!(section(&card_of(&sample), "Deployable or diagnostic").contains("Deployable: "));
    let folds =
        "Inside train there are 3 folds of strategy `purged_kfold` over 3 groups: diagnostic";
    assert!(section(&card_of(&sample), "Deployable or diagnostic").contains(folds));
    sample.manifest.deployable = false;
    assert!(section(&card_of(&sample), "Deployable or diagnostic").contains("Diagnostic: "));
}

#[test]
fn transforms_beside_folds_are_a_trap_of_their_own() {
    let mut sample = sample();
    let text = "- **Transforms and folds**: the parameters below were fitted on all train rows and folds hold some of \
                them out, so fit them again in each fold.";
    let is_told = |sample: &SampleVersion| section(&card_of(sample), "Traps").contains(text);
    assert!(is_told(&sample));
    sample.manifest.transforms[0].kind = "impute_constant".to_owned();
    assert!(!is_told(&sample));
    sample.manifest.transforms[0].kind = "standardize".to_owned();
    assert!(is_told(&sample));
    sample.splits.folds = None;
    assert!(!is_told(&sample));
}

#[test]
fn what_nobody_said_is_unknown_and_never_left_out() {
    let mut sample = sample();
    sample.spec.card = CardSpec::default();
    sample.manifest.quality = None;
    let card = card_of(&sample);
    let purpose = section(&card, "Purpose");
    let expected = "## Purpose\n\nunknown\n\n- Creator: unknown\n- Contact: unknown\n- Licence: unknown\n- Access: \
                    unknown; this copy: `full`\n- Kept: unknown\n";
    assert_eq!(purpose, expected);
    let quality = section(&card, "Quality of the inputs");
    let expected = "## Quality of the inputs\n\n- Score: unknown\n- Completeness of the capture over the range: unknown\n";
    assert_eq!(quality, expected);
}

#[test]
fn text_of_a_person_cannot_open_a_section_or_a_cell() {
    let mut sample = sample();
    let headings = |card: &str| card.lines().filter(|line| line.starts_with("## ")).count();
    let before = headings(&card_of(&sample));
    sample.spec.card.purpose = Some("one\n## Two\n```\n---".to_owned());
    sample.certificate.checks[1].outcome = Outcome::Waived("a | b\n## c".to_owned());
    let card = card_of(&sample);
    assert_eq!(headings(&card), before);
    assert!(section(&card, "Purpose").contains("one ## Two ``` ---\n"));
    assert!(card.contains(r"waived: a \| b ## c |"));
}

#[test]
fn recipes_pick_features_by_role_and_name_label_and_weight() {
    let card = card_of(&sample());
    let recipes = section(&card, "How to read it");
    let names: Vec<_> = recipes.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let expected = [
        "PyArrow",
        "Polars",
        "pandas",
        "DuckDB",
        "Hugging Face",
        "PyTorch",
        "Croissant",
        "Learning",
    ];
    assert_eq!(names, expected);
    let line = r#"label, weight = "label__intraday.grade", "weight__total""#;
    assert_eq!(recipes.lines().filter(|found| *found == line).count(), 7);
    for trap in ["Do not look at test", "nanoseconds", "Class factors"] {
        assert!(section(&card, "Traps").contains(trap), "{trap}");
    }
    assert!(section(&card, "Metrics").contains("macro-F1, balanced accuracy, log-loss."));
}

#[test]
fn documents_do_not_depend_on_the_hashes_of_documents() {
    let mut sample = sample();
    let before = sample.documents().unwrap();
    sample.manifest.documents.insert("README.md".to_owned(), Sha256::of(b"another"));
    let after = sample.documents().unwrap();
    for path in ["README.md", "datasheet.md", "croissant.json"] {
        assert_eq!(before[path], after[path], "{path}");
    }
}

#[test]
fn datasheet_has_the_seven_sections_in_their_order() {
    let sample = sample();
    let page = datasheet(&sample.manifest, &sample.spec, &sample.splits, &sample.certificate);
    let sections: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let expected = [
        "Motivation",
        "Composition",
        "Collection process",
        "Preprocessing, cleaning, labelling",
        "Uses",
        "Distribution",
        "Maintenance",
    ];
    assert_eq!(sections, expected);
    assert!(section(&page, "Motivation").contains("**Who created it?** unknown\n"));
    // Nulls: 14 + 3 + 4 of the first feature. The second is null at rows 4, 11, .. of 3..150, but rows 0 to 2 are not:
    // 14 + 4 + 3. That is 42 of 300.
    assert!(
        section(&page, "Composition").contains("42 of 300 feature cells (14.0 %) are null"),
        "{page}"
    );
    assert!(section(&page, "Uses").contains("- `intervals`: waived, split.reach_max\n"));
    assert!(section(&page, "Maintenance").contains("desk@example.com"));
}

fn croissant_of(manifest: &Manifest, spec: &Spec, schema: &Schema) -> Value {
    serde_json::from_str(&croissant(manifest, spec, schema)).unwrap()
}

#[test]
fn croissant_has_the_hash_and_size_of_every_data_file_and_no_clock() {
    let sample = sample();
    let document = croissant_of(&sample.manifest, &sample.spec, &sample.schema);
    let files: Vec<&Value> = document["distribution"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["@type"] == "cr:FileObject")
        .collect();
    assert_eq!(files.len(), 5);
    for file in files {
        let bytes = &sample.data[file["contentUrl"].as_str().unwrap()];
        assert_eq!(file["sha256"], Sha256::of(bytes).to_string());
        assert_eq!(file["contentSize"], format!("{} B", bytes.len()));
    }
    assert_eq!(document["datePublished"], "2026-01-11");
    assert_eq!(document["citeAs"], "unknown");
    assert_eq!(document["conformsTo"], "http://mlcommons.org/croissant/1.1");
    let derived = document["prov:wasDerivedFrom"].as_array().unwrap();
    let id = format!("urn:hindsight:table:features:{}", Sha256::of(b"features"));
    assert_eq!(derived[1]["@id"], id);
    // Sorted keys and no spaces: what serde_json's own map writes.
    assert_eq!(document.to_string(), croissant(&sample.manifest, &sample.spec, &sample.schema));
}

#[test]
fn croissant_has_a_record_set_a_split_with_every_column_and_its_type() {
    let sample = sample();
    let document = croissant_of(&sample.manifest, &sample.spec, &sample.schema);
    let sets = document["recordSet"].as_array().unwrap();
    let find = |id: &str| sets.iter().find(|set| set["@id"] == id).unwrap();
    assert_eq!(find("splits")["dataType"], "cr:Split");
    let urls: Vec<_> =
        find("splits")["data"].as_array().unwrap().iter().map(|row| &row["splits/url"]).collect();
    assert_eq!(urls, ["cr:TrainingSplit", "cr:ValidationSplit", "cr:TestSplit"]);
    for split in ["train", "validation", "test"] {
        let fields = find(split)["field"].as_array().unwrap();
        let names: Vec<_> = fields
            .iter()
            .map(|field| field["source"]["extract"]["column"].as_str().unwrap())
            .collect();
        let expected: Vec<_> =
            sample.schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, expected);
        assert_eq!(fields[0]["source"]["fileSet"]["@id"], format!("files-{split}"));
        let types: Vec<_> =
            [0, 1, 2, 3, 4, 5, 7].map(|at: usize| fields[at]["dataType"].as_str().unwrap()).into();
        let expected = [
            "sc:Text",
            "sc:DateTime",
            "cr:UInt64",
            "cr:UInt32",
            "sc:Text",
            "cr:Float64",
            "cr:Int8",
        ];
        assert_eq!(types, expected);
    }
    let what = "feature, Float64, unit ratio, reads back 1s, 14 null";
    assert_eq!(find("train")["field"][5]["description"], what);
}

#[test]
fn schema_json_tells_name_type_role_unit_causality_and_reach() {
    let sample = sample();
    let text = schema_json(&sample.schema);
    let columns = schema_from_json(&text).unwrap().columns;
    let types: Vec<_> = columns.iter().map(|column| column.data_type.as_str()).collect();
    let time = "Timestamp(ns, UTC)";
    let expected = [
        "FixedSizeBinary(16)",
        time,
        "UInt64",
        "UInt32",
        "Dictionary(Int32, Utf8)",
        "Float64",
        "Float64",
        "Int8",
        time,
        "Float64",
        "Float64",
        "Float64",
        "FixedSizeBinary(2)",
        "UInt8",
    ];
    assert_eq!(types, expected);
    let (seq, feature, label) = (&columns[2], &columns[6], &columns[7]);
    assert_eq!((seq.role.as_deref(), seq.lookback_ns, seq.nullable), (Some("key"), None, false));
    assert_eq!(feature.lookback_ns, Some(Int(300_000_000_000)));
    assert_eq!(feature.unit.as_deref(), Some("instrument_units"));
    assert_eq!((feature.causality.as_deref(), feature.nullable), (None, true));
    assert_eq!(label.causality.as_deref(), Some("hindsight"));
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value.to_string(), text, "canonical: sorted keys, no spaces");
}

#[test]
fn schema_of_another_format_or_with_more_keys_is_refused() {
    let check = |text: &str, expected: &str| {
        let found = schema_from_json(text).unwrap_err().to_string();
        assert_eq!(found.split(" at line").next(), Some(expected));
    };
    check(r#"{"columns":[],"format":2}"#, "expected a schema of format 1, found 2");
    check(
        r#"{"columns":[],"format":1,"x":0}"#,
        "unknown field `x`, expected `format` or `columns`",
    );
}

fn any_type() -> impl Strategy<Value = (DataType, &'static str)> {
    let zone = || Some("UTC".into());
    prop_oneof![
        Just((DataType::Boolean, "Boolean")),
        Just((DataType::Int8, "Int8")),
        Just((DataType::UInt64, "UInt64")),
        Just((DataType::Float64, "Float64")),
        Just((DataType::Utf8, "Utf8")),
        Just((DataType::FixedSizeBinary(32), "FixedSizeBinary(32)")),
        Just((DataType::Timestamp(TimeUnit::Nanosecond, None), "Timestamp(ns)")),
        Just((DataType::Timestamp(TimeUnit::Microsecond, zone()), "Timestamp(us, UTC)")),
        Just((
            DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8)),
            "Dictionary(UInt16, Utf8)"
        )),
    ]
}

proptest! {
    #[test]
    fn schema_json_reads_back_whatever_the_names_and_metadata(
        columns in prop::collection::vec(
            (any::<String>(), any_type(), any::<bool>(), prop::option::of(any::<String>()), prop::option::of(any::<u64>())),
            0..12,
        )
    ) {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, (data_type, _), nullable, role, lookback)| {
                let role = role.iter().map(|role| ("hindsight.role".to_owned(), role.clone()));
                let lookback = lookback.iter().map(|ns| ("hindsight.lookback_ns".to_owned(), ns.to_string()));
                Field::new(name, data_type.clone(), *nullable).with_metadata(role.chain(lookback).collect())
            })
            .collect();
        let read = schema_from_json(&schema_json(&Schema::new(fields))).unwrap();
        let found: Vec<_> = read
            .columns
            .iter()
            .map(|c| (c.name.clone(), c.data_type.as_str(), c.nullable, c.role.clone(), c.lookback_ns.map(|ns| ns.0)))
            .collect();
        let expected: Vec<_> = columns
            .iter()
            .map(|(name, (_, text), nullable, role, lookback)| (name.clone(), *text, *nullable, role.clone(), *lookback))
            .collect();
        prop_assert_eq!(found, expected);
    }
}
