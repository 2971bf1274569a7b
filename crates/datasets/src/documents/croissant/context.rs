//! The `@context` of Croissant 1.1, with the vocabularies that a version uses besides.

use contract::Json;

/// Terms that stand for a term of Croissant of the same name.
const OWN: [&str; 25] = [
    "arrayShape",
    "citeAs",
    "column",
    "containedIn",
    "equivalentProperty",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isArray",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
];

/// More of them.
const MORE: [&str; 4] = ["separator", "source", "subField", "transform"];

/// The context, in full, because readers compare it with the specification's.
pub(super) fn context() -> Json {
    let own = OWN.into_iter().chain(MORE);
    let mut pairs: Vec<(&str, Json)> =
        own.map(|term| (term, Json::from(format!("cr:{term}").as_str()))).collect();
    let typed = |id: &str, data_type: &str| {
        Json::object([("@id", Json::from(id)), ("@type", Json::from(data_type))])
    };
    let by_language = || Json::object([("@container", Json::from("@language"))]);
    pairs.extend([
        ("@language", Json::from("en")),
        ("@vocab", Json::from("https://schema.org/")),
        ("conformsTo", Json::from("dct:conformsTo")),
        ("cr", Json::from("http://mlcommons.org/croissant/")),
        ("data", typed("cr:data", "@json")),
        ("dataType", typed("cr:dataType", "@vocab")),
        ("dct", Json::from("http://purl.org/dc/terms/")),
        ("description", by_language()),
        ("examples", typed("cr:examples", "@json")),
        ("name", by_language()),
        ("prov", Json::from("http://www.w3.org/ns/prov#")),
        ("rai", Json::from("http://mlcommons.org/croissant/RAI/")),
        ("sc", Json::from("https://schema.org/")),
    ]);
    Json::object(pairs)
}
