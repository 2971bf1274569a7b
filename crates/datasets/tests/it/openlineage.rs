//! Events of runs, read as JSON. Their form is checked against the published model by `fixtures/datasets/documents`.

use crate::sample_version::{RUN, SampleVersion};
use contract::EventId;
use datasets::{Instant, Outcome, RunEvents};
use serde_json::{Value, json};

fn events() -> Vec<Value> {
    let lines = SampleVersion::new().unwrap().events().unwrap();
    assert!(lines.iter().all(|line| !line.contains('\n')), "one line an event");
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn events_of_a_run_share_its_id_and_stand_in_their_order() {
    let found: Vec<_> = events()
        .iter()
        .map(|event| {
            [&event["eventType"], &event["job"]["name"], &event["run"]["runId"]]
                .map(Value::to_string)
        })
        .collect();
    let verify = "017f22e2-79b0-7cc3-98c4-dc0c0c073991";
    let expected = [
        ["START", "grades.build", RUN],
        ["COMPLETE", "grades.build", RUN],
        ["ABORT", "grades.build", RUN],
        ["START", "grades.verify", verify],
        ["COMPLETE", "grades.verify", verify],
    ];
    assert_eq!(found, expected.map(|row| row.map(|text| format!("\"{text}\""))));
}

#[test]
fn times_and_ids_are_those_that_were_given() {
    let events = events();
    assert_eq!(events[0]["eventTime"], "2026-01-12T06:00:00.000000001Z");
    assert_eq!(events[1]["eventTime"], "2026-01-12T06:00:05.123456789Z");
    assert_eq!(
        events[1]["run"]["facets"]["parent"]["job"],
        json!({"namespace": "schedule", "name": "nightly"})
    );
    let parent = &events[4]["run"]["facets"]["parent"];
    assert_eq!(parent["run"]["runId"], RUN, "a verification names the build");
    assert_eq!(parent["job"]["name"], "grades.build");
}

#[test]
fn every_feature_comes_from_the_features_and_every_label_from_the_labels() {
    let events = events();
    let lineage = &events[1]["outputs"][0]["facets"]["columnLineage"]["fields"];
    let source = |column: &str| {
        let inputs = lineage[column]["inputFields"].as_array().unwrap();
        assert_eq!(inputs.len(), 1, "{column}");
        ["namespace", "name", "field"].map(|key| inputs[0][key].as_str().unwrap().to_owned())
    };
    let log = "hindsight://log/desk-1";
    assert_eq!(source("book__imb__1s"), [log, "features", "book__imb__1s"]);
    assert_eq!(source("flow__vol__5m"), [log, "features", "flow__vol__5m"]);
    assert_eq!(source("label__intraday.grade"), [log, "labels", "class"]);
    assert_eq!(source("row_id"), [log, "decisions", "decision_id"]);
    assert_eq!(lineage.as_object().unwrap().len(), 8, "five keys, two features, a label");
}

#[test]
fn column_of_a_table_that_did_not_go_in_has_no_source() {
    let mut sample = SampleVersion::new().unwrap();
    sample.manifest.inputs.retain(|input| input.table != "labels");
    let line = sample.events().unwrap()[1].clone();
    let event: Value = serde_json::from_str(&line).unwrap();
    let fields = &event["outputs"][0]["facets"]["columnLineage"]["fields"];
    assert_eq!(fields.get("label__intraday.grade"), None);
    assert_eq!(fields.as_object().unwrap().len(), 7);
}

#[test]
fn complete_run_says_version_rows_bytes_and_nulls() {
    let sample = SampleVersion::new().unwrap();
    let events = events();
    let output = &events[1]["outputs"][0];
    let bytes: usize = sample
        .data
        .iter()
        .filter(|(path, _)| path.starts_with("data/"))
        .map(|(_, b)| b.len())
        .sum();
    let statistics = &output["outputFacets"]["outputStatistics"];
    assert_eq!(
        [&statistics["rowCount"], &statistics["fileCount"], &statistics["size"]],
        [&json!(150), &json!(5), &json!(bytes)]
    );
    // Of 150 rows, 7, 14, .. 147 and 4, 11, .. 144 are null.
    let nulls = &output["facets"]["dataQualityMetrics"]["columnMetrics"];
    assert_eq!(nulls["book__imb__1s"]["nullCount"], 21);
    assert_eq!(nulls["flow__vol__5m"]["nullCount"], 21);
    let schema = output["facets"]["schema"]["fields"].as_array().unwrap();
    assert_eq!(schema.len(), sample.schema.fields().len());
    assert_eq!([&schema[1]["name"], &schema[1]["type"]], ["ts_cutoff", "Timestamp(ns, UTC)"]);
    let hash = sample.output().manifest_hash.to_string();
    assert_eq!(output["facets"]["version"]["datasetVersion"], hash);
    let rows = &output["facets"]["hindsight_rowLineage"];
    assert_eq!(
        [&rows["asOfSeq"], &rows["selectedRows"]],
        [&json!("2305843009213693952"), &json!(172)]
    );
    assert_eq!(rows["rows"], "_lineage/rows.parquet");
}

#[test]
fn only_checks_that_were_made_are_assertions_and_all_stand_in_our_facet() {
    let mut sample = SampleVersion::new().unwrap();
    sample.certificate.checks[0].outcome = Outcome::Fail("3 rows".to_owned());
    sample.certificate.checks[0].violations = 3;
    let lines = sample.events().unwrap();
    let [complete, verified] = [1, 4].map(|at| serde_json::from_str::<Value>(&lines[at]).unwrap());
    let version = &verified["inputs"][0];
    let assertions =
        version["inputFacets"]["dataQualityAssertions"]["assertions"].as_array().unwrap();
    let told: Vec<_> = assertions
        .iter()
        .map(|item| {
            (
                item["name"].as_str().unwrap(),
                item["success"].as_bool(),
                item["severity"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("hindsight_availability", Some(false), "error"),
        ("hindsight_too_good", Some(false), "warn"),
    ];
    assert_eq!(told, expected);
    assert_eq!(assertions[0]["actual"], "fail, 3 violations");
    let facet = &complete["outputs"][0]["facets"]["hindsight_certificate"];
    let outcomes: Vec<_> =
        facet["checks"].as_array().unwrap().iter().map(|check| &check["outcome"]).collect();
    assert_eq!(outcomes, ["fail", "waived", "not evaluated", "warn"]);
    assert_eq!(facet["verdict"], "FAILED");
}

#[test]
fn aborted_run_says_why_and_has_no_version() {
    let run = EventId::parse(RUN).unwrap();
    let line =
        RunEvents::new("store", "grades", run).abort(Instant(0), "disk \"full\"\nagain").unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["run"]["facets"]["errorMessage"]["message"], "disk \"full\"\nagain");
    assert_eq!(event["outputs"][0]["facets"], json!({}));
    assert_eq!(event["eventTime"], "1970-01-01T00:00:00.000000000Z");
    assert!(!line.contains('\n'), "one line an event");
}

#[test]
fn absent_parent_and_unknown_sizes_are_left_out_not_null() {
    let run = EventId::parse(RUN).unwrap();
    let sample = SampleVersion::new().unwrap();
    let line =
        RunEvents::new("store", "grades", run).start(Instant(0), &sample.manifest.inputs).unwrap();
    assert_eq!(line.matches("null").count(), 0);
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["run"]["facets"], json!({}));
    let metrics = &event["inputs"][1]["inputFacets"]["dataQualityMetrics"];
    assert_eq!(metrics["rowCount"], 172);
    assert_eq!(metrics.get("bytes"), None);
}
