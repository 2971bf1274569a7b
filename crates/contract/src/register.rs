//! Committed fingerprints: a schema that changes without a new version fails a test.

#[path = "register/fingerprints.rs"]
mod fingerprints;

/// The committed fingerprint of a table's schema, 64 hexadecimal digits.
pub(crate) fn fingerprint(table: &str) -> &'static str {
    fingerprints::FINGERPRINTS
        .iter()
        .find(|(name, _)| *name == table)
        .map_or("", |(_, fingerprint)| fingerprint)
}

/// The canonical description of a table over which its fingerprint is taken.
///
/// `[table, version, [[name, type, nullable, field_id, unit], ..]]`, with `seq` first for event tables and a
/// dictionary as the type of its values.
#[must_use]
pub fn description(spec: &crate::TableSpec) -> crate::Json {
    use crate::Json;
    let seq = spec.is_event().then_some(&crate::spec::SEQ);
    let columns = seq
        .into_iter()
        .chain(spec.columns)
        .map(|c| {
            Json::Array(vec![
                Json::from(c.name),
                Json::from(plain_type(c.ty)),
                Json::Bool(c.nullable),
                Json::from(u64::from(c.field_id)),
                c.unit.map_or(Json::Null, |u| Json::from(u.word())),
            ])
        })
        .collect();
    Json::Array(vec![
        Json::from(spec.name),
        Json::from(u64::from(spec.version)),
        Json::Array(columns),
    ])
}

fn plain_type(ty: crate::Type) -> String {
    match ty {
        crate::Type::Cat(_) | crate::Type::OpenCat => "Utf8".to_owned(),
        crate::Type::Packed => "FixedSizeBinary(n)".to_owned(),
        other => other.data_type(0).to_string(),
    }
}

/// The fingerprint of a table as its columns stand now.
#[cfg(feature = "digest")]
#[must_use]
pub fn current_fingerprint(spec: &crate::TableSpec) -> crate::Hash {
    crate::Hash::of(description(spec).to_string().as_bytes())
}
