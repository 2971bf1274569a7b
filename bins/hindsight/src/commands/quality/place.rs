//! Where in the text of rules a mistake stands.

use crate::error::Place;
use quality::RuleError;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// The place that an error names, in the text that it is about.
pub(super) fn place(error: &RuleError, file: &str, text: &str) -> Option<Place> {
    let span = match error {
        RuleError::Toml { .. } => {
            let error = DeTable::parse(text).err()?;
            return Some(Place::of(file, text, error.span()?, String::new()));
        }
        RuleError::Value { place, .. } | RuleError::Unknown { place, .. } => {
            find(text, place, None)
        }
        RuleError::UnknownKey { place, key, .. } => find(text, place, Some((key, Part::Key))),
        RuleError::UnknownKind { place, .. } => find(text, place, Some(("kind", Part::Value))),
        RuleError::SameId { id } => twice(text, id),
        _ => None,
    };
    Some(Place::of(file, text, span?, String::new()))
}

/// What of an entry is meant.
#[derive(Clone, Copy)]
enum Part {
    Key,
    Value,
}

type Table<'a> = DeTable<'a>;

/// The span of ``check `id`, key`` or the like, with one key more where the error names it apart.
fn find(text: &str, place: &str, key: Option<(&str, Part)>) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let root = root.get_ref();
    let (head, rest) =
        place.split_once(", ").map_or((place, None), |(head, rest)| (head, Some(rest)));
    let (table, whole) = if let Some(name) = head.strip_prefix("check ") {
        listed(root, "check", name)?
    } else if let Some(name) = head.strip_prefix("repair ") {
        listed(root, "repair", name)?
    } else if head == "the top" {
        (root, 0..0)
    } else {
        let (_, value) = entry(root, head)?;
        match value.get_ref().as_table() {
            Some(table) => (table, value.span()),
            None => return Some(value.span()),
        }
    };
    match (rest, key) {
        (_, Some((name, part))) => {
            let (key, value) = entry(table, name)?;
            Some(match part {
                Part::Key => key.span(),
                Part::Value => value.span(),
            })
        }
        (Some(name), None) => entry(table, name).map(|(_, value)| value.span()).or(Some(whole)),
        (None, None) => Some(whole),
    }
}

/// The key and value of a name, which may be dotted.
fn entry<'a, 'b>(
    table: &'a Table<'b>,
    name: &str,
) -> Option<(&'a Spanned<DeString<'b>>, &'a Spanned<DeValue<'b>>)> {
    let at = |name: &str| table.iter().find(|(key, _)| key.get_ref() == name);
    if let Some(found) = at(name) {
        return Some(found);
    }
    let (first, rest) = name.split_once('.')?;
    let (_, value) = at(first)?;
    entry(value.get_ref().as_table()?, rest)
}

/// An element of a list of tables, by its id in backticks or its number.
fn listed<'a, 'b>(
    root: &'a Table<'b>,
    list: &str,
    name: &str,
) -> Option<(&'a Table<'b>, Range<usize>)> {
    let (_, value) = entry(root, list)?;
    let items = value.get_ref().as_array()?;
    let id = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
    let number = name.parse::<usize>().ok();
    items.iter().enumerate().find_map(|(at, item)| {
        let table = item.get_ref().as_table()?;
        let is_it = match id {
            Some(id) => has_id(table, id),
            None => Some(at) == number,
        };
        is_it.then(|| (table, item.span()))
    })
}

fn has_id(table: &Table<'_>, id: &str) -> bool {
    entry(table, "id").is_some_and(|(_, value)| value.get_ref().as_str() == Some(id))
}

/// The second id of this name, of checks and then of repairs.
fn twice(text: &str, id: &str) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let lists = ["check", "repair"].into_iter().filter_map(|list| entry(root.get_ref(), list));
    let items = lists.filter_map(|(_, value)| value.get_ref().as_array()).flatten();
    let ids = items.filter_map(|item| entry(item.get_ref().as_table()?, "id"));
    ids.filter(|(_, value)| value.get_ref().as_str() == Some(id)).nth(1).map(|(_, v)| v.span())
}
