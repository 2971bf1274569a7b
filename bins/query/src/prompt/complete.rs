//! Words that can stand where the cursor is.

use super::action::COMMANDS;
use crate::example::Example;
use crate::sql::{Region, parts};
use std::collections::{BTreeMap, BTreeSet};

/// Names that a statement can use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Tables: schema and name.
    pub tables: Vec<(String, String)>,
    /// Functions.
    pub functions: Vec<String>,
    /// Columns of a table, by the name that was typed; those that were looked up.
    pub columns: BTreeMap<String, Vec<String>>,
}

/// Functions that stand in the place of a table.
pub(crate) const TABLE_FUNCTIONS: [&str; 3] = ["as_of", "asof_join", "dataset"];

const KEYWORDS: &[&str] = &[
    "ALL",
    "ANALYZE",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "CREATE VIEW",
    "CROSS JOIN",
    "DESC",
    "DISTINCT",
    "DROP VIEW",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FILTER",
    "FROM",
    "FULL JOIN",
    "GROUP BY",
    "HAVING",
    "IN",
    "INTERSECT",
    "INTERVAL",
    "IS NOT NULL",
    "IS NULL",
    "JOIN",
    "LEFT JOIN",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "NULLS LAST",
    "OFFSET",
    "ON",
    "OR",
    "ORDER BY",
    "OVER",
    "PARTITION BY",
    "SELECT",
    "THEN",
    "TIMESTAMP",
    "UNION ALL",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Where the word before the cursor begins, and the words that it can become, sorted.
///
/// Behind `FROM` and `JOIN` that is a table, behind `NAME.` a table of that schema or a column of that table, elsewhere a
/// column of a table in the statement, a function or a keyword. Inside of a text or comment it is nothing, except that a
/// text can name a table, for `as_of('trades', ..)`.
///
/// ```
/// use hindsight_query::{Names, candidates};
/// let names = Names { tables: vec![("log".into(), "trades".into())], ..Names::default() };
/// assert_eq!(candidates("SELECT px FROM tr", 17, &names), (15, vec!["trades".to_owned()]));
/// ```
#[must_use]
pub fn candidates(line: &str, cursor: usize, names: &Names) -> (usize, Vec<String>) {
    let before = line.get(..cursor).unwrap_or(line);
    if before.trim_start().starts_with('.')
        && let Some(found) = command(before, names)
    {
        return found;
    }
    let region =
        parts(before).last().filter(|part| !part.is_closed || part.region == Region::Code).cloned();
    let (start, word) = last_word(before);
    match region.map(|part| part.region) {
        Some(Region::Comment | Region::Name) => (cursor, Vec::new()),
        Some(Region::Text) => {
            // A text is not asked for keywords.
            let found =
                if word.is_empty() { Vec::new() } else { begins(word, tables(word, names)) };
            (start, found)
        }
        _ => (start, code(before, word, start, line, names)),
    }
}

fn code(before: &str, word: &str, start: usize, line: &str, names: &Names) -> Vec<String> {
    let previous = previous_word(before.get(..start).unwrap_or_default());
    if matches!(previous.as_str(), "FROM" | "JOIN" | "TABLE") {
        let functions = TABLE_FUNCTIONS.iter().map(|name| format!("{name}("));
        return begins(word, tables(word, names).chain(functions));
    }
    if let Some((qualifier, _)) = word.rsplit_once('.') {
        let of_schema = tables(word, names);
        let table = aliases(line).remove(qualifier).unwrap_or_else(|| qualifier.to_owned());
        let columns = names.columns.get(&table).into_iter().flatten();
        return begins(word, columns.map(|c| format!("{qualifier}.{c}")).chain(of_schema));
    }
    if word.is_empty() {
        return Vec::new();
    }
    let columns = referenced(line, names).into_iter().filter_map(|table| names.columns.get(&table));
    let columns = columns.flatten().cloned();
    let functions = names.functions.iter().map(|name| format!("{name}("));
    let is_small = word.starts_with(|c: char| c.is_ascii_lowercase());
    let keywords =
        KEYWORDS.iter().map(|k| if is_small { k.to_lowercase() } else { (*k).to_owned() });
    begins(word, columns.chain(functions).chain(keywords))
}

/// What can stand in a line with a command; `None` where SQL goes on.
fn command(before: &str, names: &Names) -> Option<(usize, Vec<String>)> {
    let from = before.len() - before.trim_start().len();
    let line = before.trim_start();
    let Some((word, _)) = line.split_once(char::is_whitespace) else {
        return Some((from, begins(line, COMMANDS.iter().map(|(name, ..)| (*name).to_owned()))));
    };
    let (start, last) = last_word(before);
    let found = match word {
        ".explain" => return None,
        ".schema" => begins(last, tables(last, names)),
        ".format" => begins(last, ["table", "csv", "jsonl", "json"].map(str::to_owned).into_iter()),
        ".example" => example(line, last),
        _ => Vec::new(),
    };
    // Names of examples hold signs that no name of SQL does.
    let start = if word == ".example" { before.len() - tail(before).len() } else { start };
    Some((start, found))
}

fn example(line: &str, _last: &str) -> Vec<String> {
    let word = tail(line);
    let mut words = line.split_whitespace().skip(1);
    let name = words.next().unwrap_or_default();
    if word == name {
        return begins(word, Example::all().iter().map(|e| e.name().to_owned()));
    }
    let parameters = Example::find(name).map(|e| e.parameters()).unwrap_or_default();
    begins(word, parameters.iter().map(|p| format!("{}=", p.name)))
}

fn tail(text: &str) -> &str {
    text.rsplit(char::is_whitespace).next().unwrap_or_default()
}

/// Tables of the names that fit a word: with their schema when the word has a dot, alone where one place has it.
fn tables<'a>(word: &str, names: &'a Names) -> impl Iterator<Item = String> + use<'a> {
    let is_qualified = word.contains('.');
    let schemas: BTreeSet<&str> = names.tables.iter().map(|(schema, _)| schema.as_str()).collect();
    let schemas = schemas.into_iter().map(|schema| format!("{schema}."));
    let all = names.tables.iter().filter_map(move |(schema, name)| {
        let is_alone = || names.tables.iter().filter(|(_, other)| other == name).count() == 1;
        if is_qualified {
            Some(format!("{schema}.{}", quoted(name)))
        } else {
            is_alone().then(|| quoted(name))
        }
    });
    all.chain(schemas.filter(move |_| !is_qualified))
}

/// A name as SQL takes it.
fn quoted(name: &str) -> String {
    let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Names that begin with a word, sorted; quotes do not count.
fn begins(word: &str, all: impl Iterator<Item = String>) -> Vec<String> {
    let bare = |text: &str| text.replace('"', "").to_lowercase();
    let word = bare(word);
    let fits: BTreeSet<String> = all.filter(|name| bare(name).starts_with(&word)).collect();
    fits.into_iter().collect()
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// The word before the cursor and where it begins.
fn last_word(before: &str) -> (usize, &str) {
    let start = before.rfind(|c| !is_of_word(c)).map_or(0, |at| {
        at + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    });
    (start, before.get(start..).unwrap_or_default())
}

/// The word before that, in capitals.
fn previous_word(before: &str) -> String {
    let trimmed = before.trim_end();
    // A comma goes on with what stood before: FROM a, b.
    let (_, word) = last_word(trimmed);
    word.to_uppercase()
}

/// Words of the code of a statement, and the tables that texts in it name.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in parts(line) {
        let text = line.get(part.range.clone()).unwrap_or_default();
        match part.region {
            Region::Code => {
                let found = text.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty());
                words.extend(found.map(str::to_owned));
            }
            Region::Name | Region::Text => words.push(text.trim_matches(['\'', '"']).to_owned()),
            Region::Comment => {}
        }
    }
    words
}

/// Tables that a statement names, as they stand in it.
#[must_use]
pub(crate) fn referenced(line: &str, names: &Names) -> Vec<String> {
    let is_table = |word: &String| {
        names.tables.iter().any(|(schema, name)| {
            word == name
                || word
                    .strip_prefix(schema.as_str())
                    .is_some_and(|rest| rest.strip_prefix('.') == Some(name))
        })
    };
    let found: BTreeSet<String> = words(line).into_iter().filter(is_table).collect();
    found.into_iter().collect()
}

/// Other names of tables: the word behind a table, `AS` or not.
fn aliases(line: &str) -> BTreeMap<String, String> {
    let words = words(line);
    let mut aliases = BTreeMap::new();
    for (at, word) in words.iter().enumerate() {
        if !matches!(word.to_uppercase().as_str(), "FROM" | "JOIN") {
            continue;
        }
        let mut behind = words.iter().skip(at + 1);
        let Some(table) = behind.next() else { continue };
        let alias = behind.find(|word| !word.eq_ignore_ascii_case("AS"));
        if let Some(alias) = alias {
            aliases.insert(alias.clone(), table.clone());
        }
    }
    aliases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let table = |schema: &str, name: &str| (schema.to_owned(), name.to_owned());
        let columns = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        Names {
            tables: vec![
                table("datasets", "entries"),
                table("datasets", "entries@2"),
                table("live", "decisions"),
                table("live", "trades"),
                table("old", "trades"),
            ],
            functions: columns(&["date_bin", "date_trunc"]),
            columns: BTreeMap::from([
                ("decisions".to_owned(), columns(&["decision_id", "seq", "side"])),
                ("live.trades".to_owned(), columns(&["px", "size"])),
            ]),
        }
    }

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let at = line.find('|').unwrap_or(line.len());
        let line = line.replace('|', "");
        let (start, found) = candidates(&line, at, &names());
        assert_eq!(found, expected, "{line}");
        assert!(line.is_char_boundary(start) && start <= at, "{line}");
    }

    #[test]
    fn behind_from_stands_a_table_a_schema_or_a_function_that_makes_one() {
        check("SELECT * FROM d", &["dataset(", "datasets.", "decisions"]);
        check("SELECT * FROM as", &["as_of(", "asof_join("]);
        check("SELECT * FROM en", &["\"entries@2\"", "entries"]);
        check("select * from live.", &["live.decisions", "live.trades"]);
        check("SELECT * FROM datasets.e", &["datasets.\"entries@2\"", "datasets.entries"]);
        check("SELECT * FROM a JOIN de", &["decisions"]);
    }

    #[test]
    fn a_name_that_two_places_have_is_offered_with_its_schema_alone() {
        check("SELECT * FROM tr", &[]);
        check("SELECT * FROM old.tr", &["old.trades"]);
    }

    #[test]
    fn columns_are_those_of_the_tables_in_the_statement() {
        check(
            "SELECT d| FROM decisions",
            &["date_bin(", "date_trunc(", "decision_id", "desc", "distinct", "drop view"],
        );
        check("SELECT p| FROM live.trades", &["partition by", "px"]);
        check("SELECT p| FROM entries", &["partition by"]);
        check("SELECT x.s| FROM decisions AS x", &["x.seq", "x.side"]);
        check("SELECT x.s| FROM decisions x", &["x.seq", "x.side"]);
        check("SELECT decisions.si| FROM decisions", &["decisions.side"]);
    }

    #[test]
    fn keywords_follow_the_case_of_the_word() {
        check("SEL", &["SELECT"]);
        check("sel", &["select"]);
        check("SELECT 1 GR", &["GROUP BY"]);
        check("", &[]);
    }

    #[test]
    fn a_text_can_name_a_table_and_a_comment_nothing() {
        check("SELECT * FROM as_of('dec", &["decisions"]);
        check("SELECT 'é ", &[]);
        check("SELECT 1 -- dec", &[]);
        check("SELECT 1 /* dec", &[]);
        check("SELECT \"dec", &[]);
    }

    #[test]
    fn commands_complete_their_names_and_what_stands_behind() {
        check(".t", &[".tables", ".timing"]);
        check(".schema dec", &["decisions"]);
        check(".format j", &["json", "jsonl"]);
        check(".example slip", &["slippage-by-venue-and-hour"]);
        check(".example slippage-by-venue-and-hour st", &["strategy="]);
        check(".explain SEL", &["SELECT"]);
        check(".explain analyze SELECT * FROM dec", &["decisions"]);
        check(".tables x", &[]);
        let (start, _) = candidates(".example slippage-by", 20, &names());
        assert_eq!(start, 9);
    }

    #[test]
    fn tables_are_found_where_they_stand_and_not_in_comments() {
        let found =
            referenced("SELECT * FROM live.trades t, as_of('decisions', 3) -- entries", &names());
        assert_eq!(found, ["decisions", "live.trades"]);
    }
}
