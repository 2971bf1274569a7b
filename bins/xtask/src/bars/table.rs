//! The table of bars, in Markdown.

use super::figures::Figures;
use super::judge::Verdict;
use super::list::Group;
use super::steps::Record;
use std::fmt::Write as _;

/// What could be measured.
pub(super) fn list(groups: &[&Group]) -> String {
    let mut out = String::new();
    for group in groups {
        let _ = writeln!(out, "{} (crate {})", group.name, group.package);
        for bar in group.bars {
            let lacks = bar.lacks.map_or_else(String::new, |why| format!("; not measured: {why}"));
            let _ = writeln!(out, "  {}: {}, {}{lacks}", bar.name, bar.what, bar.limit());
        }
    }
    out
}

/// Facts of the machine, a row a bar, and what ran. `runs` has no record for a group that never ran.
pub(super) fn table(facts: &[String], runs: &[(&Group, Option<Record>)]) -> String {
    let mut out = String::new();
    for fact in facts {
        let _ = writeln!(out, "- {fact}");
    }
    let (mut held, mut missed, mut absent) = (0, 0, 0);
    let mut rows = String::new();
    for (group, record) in runs {
        let never = Record { faults: vec!["never run here".to_owned()], ..Record::default() };
        let record = record.as_ref().unwrap_or(&never);
        let figures = Figures::read(&record.text);
        for bar in group.bars {
            let found = bar.judge(&figures, &record.faults);
            *match found.verdict {
                Verdict::Held => &mut held,
                Verdict::Missed => &mut missed,
                Verdict::NotRun(_) => &mut absent,
            } += 1;
            let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            let cells = [
                format!("`{}`", bar.name),
                bar.what.to_owned(),
                dash(found.ours.map(|v| v.to_string())),
                dash(found.peer.map(|v| v.to_string())),
                dash(
                    found
                        .ratio
                        .map(|r| if r < 0.095 { format!("{r:.3}") } else { format!("{r:.2}") }),
                ),
                bar.limit(),
                found.verdict.to_string(),
                format!("`cargo xtask bars {}`", group.name),
            ];
            let cells: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|")).collect();
            let _ = writeln!(rows, "| {} |", cells.join(" | "));
        }
    }
    let _ = writeln!(out, "- bars: {held} held, {missed} missed, {absent} not run\n");
    let _ = writeln!(out, "| name | what | ours | peer | ratio | bar | verdict | command |");
    let _ = writeln!(out, "|---|---|---|---|---|---|---|---|");
    out.push_str(&rows);
    let ran = |(_, record): &&(&Group, Option<Record>)| {
        record.as_ref().is_some_and(|r| !r.when.is_empty())
    };
    if runs.iter().any(|run| ran(&run)) {
        out.push_str(
            "\n| group | when, UTC | commit | load average | what ran |\n|---|---|---|---|---|\n",
        );
    }
    for (group, record) in runs.iter().filter(ran) {
        let Some(Record { when, commit, load, commands, .. }) = record else { continue };
        let commands: Vec<String> =
            commands.iter().map(|c| format!("`{}`", c.replace('|', "\\|"))).collect();
        let _ = writeln!(
            out,
            "| {} | {when} | {commit} | {load} | {} |",
            group.name,
            commands.join("; ")
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bars::judge::{Bar, Limit};

    const GROUP: Group = Group {
        name: "feeds",
        package: "feeds",
        steps: &[],
        bars: &[
            Bar::new("feeds/a", "ours / the peer's", Limit::AtMost(3.0)),
            Bar::new("feeds/b", "a | b", Limit::AtLeast(2.0)).faster(),
        ],
    };

    #[test]
    fn a_row_is_there_for_every_bar_whatever_became_of_it() {
        let record = Record {
            when: "2026-11-30 02:00".to_owned(),
            commit: "abc1234".to_owned(),
            load: "0.1 to 0.9".to_owned(),
            commands: vec!["python x.py".to_owned()],
            faults: vec!["the package could not be had".to_owned()],
            text: "bar feeds/a ours=0.534s peer=0.136s\nbar feeds/b ours=2s\n".to_owned(),
        };
        let found = table(&["cores: 2".to_owned()], &[(&GROUP, Some(record))]);
        let expected = "- cores: 2\n- bars: 0 held, 1 missed, 1 not run\n\n\
            | name | what | ours | peer | ratio | bar | verdict | command |\n\
            |---|---|---|---|---|---|---|---|\n\
            | `feeds/a` | ours / the peer's | 534 ms | 136 ms | 3.93 | at most 3 | **missed** | `cargo xtask bars feeds` |\n\
            | `feeds/b` | a \\| b | 2 s | - | - | at least 2 | not run: the package could not be had | `cargo xtask bars feeds` |\n\
            \n| group | when, UTC | commit | load average | what ran |\n|---|---|---|---|---|\n\
            | feeds | 2026-11-30 02:00 | abc1234 | 0.1 to 0.9 | `python x.py` |\n";
        assert_eq!(found, expected);
    }

    #[test]
    fn a_group_that_never_ran_says_so() {
        let found = table(&[], &[(&GROUP, None)]);
        assert!(found.starts_with("- bars: 0 held, 0 missed, 2 not run\n"), "{found}");
        assert_eq!(found.matches("not run: never run here").count(), 2);
    }
}
