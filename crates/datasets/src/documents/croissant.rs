//! `croissant.json`: the version for machines, in Croissant 1.1.

mod context;
mod responsible;

use super::markdown::{UNKNOWN, duration, said};
use super::schema::type_text;
use crate::layout::{column, meta};
use crate::manifest::{FeatureColumn, Manifest};
use crate::role::Split;
use crate::spec::Spec;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use contract::{Json, UtcNanos};

/// The version in Croissant 1.1 JSON-LD, as canonical JSON without a line end.
///
/// - **Shape:** a `FileObject` with SHA-256 for each data file; a `FileSet` and a `RecordSet` for each split, its fields
///   with types; the record set `splits`; for each file a record set `hash/<path>` of its row ids, because
///   `mlcroissant` compares hashes only when it reads a file by itself.
/// - **Point in time:** `datePublished` is the date of the as-of point, so that the document depends on no clock.
///   `version` is 1.0.0 with the content hash as build metadata, since the manifest's own hash covers this document.
/// - **Null rule:** licence, creator and citation that nobody stated are "unknown".
/// - **Cost:** linear in files and in splits times columns.
/// - **Source:** MLCommons Croissant 1.1 with its responsible-AI vocabulary; derivations in W3C PROV.
///
/// `schema` is that of the data files.
#[must_use]
pub fn croissant(manifest: &Manifest, spec: &Spec, schema: &Schema) -> String {
    let mut record_sets = vec![split_names(manifest)];
    let splits: Vec<&str> = present(manifest).collect();
    record_sets.extend(splits.iter().map(|split| records(manifest, schema, split)));
    record_sets.extend(manifest.files.iter().map(|file| hash_check(&file.path)));
    let mut pairs = vec![
        ("@context", context::context()),
        ("@type", Json::from("sc:Dataset")),
        ("conformsTo", Json::from("http://mlcommons.org/croissant/1.1")),
        ("name", Json::from(manifest.name.as_str())),
        ("description", Json::from(description(manifest).as_str())),
        ("license", Json::from(said(spec.card.licence.as_ref()).as_str())),
        ("creator", organization(&said(spec.card.creator.as_ref()))),
        ("datePublished", Json::from(date(manifest.as_of.ts.0).as_str())),
        ("version", Json::from(version(manifest).as_str())),
        ("citeAs", Json::from(UNKNOWN)),
        ("isLiveDataset", Json::Bool(false)),
        ("keywords", texts(&["tabular", "finance", "hindsight", manifest.kind.word()])),
        ("distribution", Json::Array(distribution(manifest, &splits))),
        ("recordSet", Json::Array(record_sets)),
        ("prov:wasDerivedFrom", Json::Array(derived_from(manifest))),
    ];
    pairs.extend(responsible::claims(manifest, spec));
    Json::object(pairs).to_string()
}

fn present(manifest: &Manifest) -> impl Iterator<Item = &'static str> {
    Split::ALL.map(Split::word).into_iter().filter(|split| manifest.splits.contains_key(*split))
}

fn texts(texts: &[&str]) -> Json {
    Json::Array(texts.iter().map(|text| Json::from(*text)).collect())
}

fn reference(id: &str) -> Json {
    Json::object([("@id", Json::from(id))])
}

fn date(nanos: i64) -> String {
    UtcNanos::from_nanos(nanos).date()
}

fn organization(name: &str) -> Json {
    Json::object([("@type", Json::from("sc:Organization")), ("name", Json::from(name))])
}

fn version(manifest: &Manifest) -> String {
    let hash = manifest.content_hash.to_string();
    format!("1.0.0+{}", hash.get(..16).unwrap_or(&hash))
}

fn description(manifest: &Manifest) -> String {
    let rows: u64 = manifest.splits.values().map(|split| split.rows).sum();
    format!(
        "Training set for models of kind {}: {rows} rows, {} features, {} targets, made from the log up to seq {}. \
         Fields whose description starts with `label`, `weight` or `meta` know what came after the decision.",
        manifest.kind,
        manifest.features.len(),
        manifest.targets.len(),
        manifest.as_of.seq.0
    )
}

fn distribution(manifest: &Manifest, splits: &[&str]) -> Vec<Json> {
    let files = manifest.files.iter().map(|file| {
        Json::object([
            ("@type", Json::from("cr:FileObject")),
            ("@id", Json::from(file.path.as_str())),
            ("name", Json::from(file.path.as_str())),
            ("description", Json::from(format!("{} rows of {}", file.rows, file.split).as_str())),
            ("contentUrl", Json::from(file.path.as_str())),
            ("contentSize", Json::from(format!("{} B", file.bytes).as_str())),
            ("encodingFormat", Json::from("application/x-parquet")),
            ("sha256", Json::from(file.sha256.to_string().as_str())),
        ])
    });
    let sets = splits.iter().map(|split| {
        Json::object([
            ("@type", Json::from("cr:FileSet")),
            ("@id", Json::from(file_set(split).as_str())),
            ("name", Json::from(file_set(split).as_str())),
            ("description", Json::from(format!("All files of {split}").as_str())),
            ("encodingFormat", Json::from("application/x-parquet")),
            ("includes", Json::from(format!("data/{split}/*.parquet").as_str())),
        ])
    });
    files.chain(sets).collect()
}

fn file_set(split: &str) -> String {
    format!("files-{split}")
}

/// The names of the splits, as the specification asks for them.
fn split_names(manifest: &Manifest) -> Json {
    let url = |split| match split {
        "train" => "cr:TrainingSplit",
        "validation" => "cr:ValidationSplit",
        _ => "cr:TestSplit",
    };
    let data = present(manifest).map(|split| {
        Json::object([("splits/name", Json::from(split)), ("splits/url", Json::from(url(split)))])
    });
    let field = |id: &str, data_type: &str, what: &str| {
        Json::object([
            ("@type", Json::from("cr:Field")),
            ("@id", Json::from(id)),
            ("name", Json::from(id)),
            ("description", Json::from(what)),
            ("dataType", Json::from(data_type)),
        ])
    };
    Json::object([
        ("@type", Json::from("cr:RecordSet")),
        ("@id", Json::from("splits")),
        ("name", Json::from("splits")),
        ("description", Json::from("The splits of the version")),
        ("dataType", Json::from("cr:Split")),
        ("key", reference("splits/name")),
        (
            "field",
            Json::Array(vec![
                field("splits/name", "sc:Text", "Name of the split"),
                field("splits/url", "sc:URL", "Its meaning"),
            ]),
        ),
        ("data", Json::Array(data.collect())),
    ])
}

/// The rows of a split.
fn records(manifest: &Manifest, schema: &Schema, split: &str) -> Json {
    let set = file_set(split);
    let source = || ("fileSet", reference(&set));
    let fields = schema.fields().iter().map(|field| {
        let feature = manifest.features.iter().find(|feature| feature.name == *field.name());
        let what = field_description(field, feature, split);
        record_field(split, field.name(), &what, data_type(field.data_type()), source())
    });
    let rows = manifest.splits.get(split).map_or(0, |facts| facts.rows);
    Json::object([
        ("@type", Json::from("cr:RecordSet")),
        ("@id", Json::from(split)),
        ("name", Json::from(split)),
        ("description", Json::from(format!("{rows} rows").as_str())),
        ("key", reference(&format!("{split}/{}", column::ROW_ID))),
        ("field", Json::Array(fields.collect())),
    ])
}

/// The row ids of one file, for whoever wants its hash compared.
fn hash_check(path: &str) -> Json {
    let id = format!("hash/{path}");
    let what = "The decision's id, 16 bytes";
    let source = ("fileObject", reference(path));
    Json::object([
        ("@type", Json::from("cr:RecordSet")),
        ("@id", Json::from(id.as_str())),
        ("name", Json::from(id.as_str())),
        ("description", Json::from("Reading these records compares the file's hash")),
        ("field", Json::Array(vec![record_field(&id, column::ROW_ID, what, "sc:Text", source)])),
    ])
}

fn record_field(
    set: &str,
    name: &str,
    what: &str,
    data_type: &str,
    source: (&'static str, Json),
) -> Json {
    Json::object([
        ("@type", Json::from("cr:Field")),
        ("@id", Json::from(format!("{set}/{name}").as_str())),
        ("name", Json::from(name)),
        ("description", Json::from(what)),
        ("dataType", Json::from(data_type)),
        (
            "source",
            Json::object([source, ("extract", Json::object([("column", Json::from(name))]))]),
        ),
    ])
}

/// Role, Arrow type, unit, reach and nulls of a column, on one line.
fn field_description(field: &Field, feature: Option<&FeatureColumn>, split: &str) -> String {
    let role = field.metadata().get(meta::ROLE).map_or(UNKNOWN, String::as_str);
    let mut text = format!("{role}, {}", type_text(field.data_type()));
    if let Some(feature) = feature {
        let unit = feature.unit.as_deref().unwrap_or("none");
        text += &format!(", unit {unit}, reads back {}", duration(feature.lookback_ns));
        if let Some(nulls) = feature.nulls.get(split) {
            text += &format!(", {nulls} null");
        }
    }
    text
}

/// Croissant's type of a column. Ids are bytes, and `sc:Text` is what readers hand out as bytes.
const fn data_type(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "sc:Boolean",
        DataType::Int8 => "cr:Int8",
        DataType::Int16 => "cr:Int16",
        DataType::Int32 => "cr:Int32",
        DataType::Int64 => "cr:Int64",
        DataType::UInt8 => "cr:UInt8",
        DataType::UInt16 => "cr:UInt16",
        DataType::UInt32 => "cr:UInt32",
        DataType::UInt64 => "cr:UInt64",
        DataType::Float16 => "cr:Float16",
        DataType::Float32 => "cr:Float32",
        DataType::Float64 => "cr:Float64",
        DataType::Timestamp(TimeUnit::Nanosecond, _) => "sc:DateTime",
        DataType::Date32 => "sc:Date",
        _ => "sc:Text",
    }
}

/// The tables that went in, named by the digest of their rows.
fn derived_from(manifest: &Manifest) -> Vec<Json> {
    let entity = |input: &crate::manifest::InputTable| {
        let id = format!("urn:hindsight:table:{}:{}", input.table, input.logical_hash);
        let label = format!("{} rows of {}", input.rows, input.table);
        Json::object([
            ("@type", Json::from("prov:Entity")),
            ("@id", Json::from(id.as_str())),
            ("prov:label", Json::from(label.as_str())),
        ])
    };
    manifest.inputs.iter().map(entity).collect()
}
