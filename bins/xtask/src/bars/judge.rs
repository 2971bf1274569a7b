//! A bar, and whether what was found holds it.

use super::figures::{Figures, Value};
use std::fmt;

/// What a bar is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    OursOverPeer,
    PeerOverOurs,
    /// Ours alone, against a number.
    Ours,
}

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    fn is_held(self, found: f64) -> bool {
        match self {
            Self::AtMost(limit) => found <= limit,
            Self::AtLeast(limit) => found >= limit,
        }
    }
}

/// One bar of the project.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    /// Name, which is also that of its `bar` line.
    pub(super) name: &'static str,
    /// What is compared with what, in a sentence.
    pub(super) what: &'static str,
    pub(super) reading: Reading,
    pub(super) limit: Limit,
    /// Name of the figure of ours; empty for the `bar` line of this name.
    ours: &'static str,
    /// The same for the peer.
    peer: &'static str,
    /// Units of work in one round of ours, where the bar is about one.
    rounds: f64,
    /// Unit of the limit of a bar that is about ours alone.
    unit: &'static str,
    /// Why no program measures it yet.
    pub(super) lacks: Option<&'static str>,
}

impl Bar {
    /// Ours over the peer's, both from the `bar` line of this name.
    pub(super) const fn new(name: &'static str, what: &'static str, limit: Limit) -> Self {
        let (reading, ours, peer) = (Reading::OursOverPeer, "", "");
        Self { name, what, reading, limit, ours, peer, rounds: 1.0, unit: "", lacks: None }
    }

    /// The names of both figures.
    pub(super) const fn of(self, ours: &'static str, peer: &'static str) -> Self {
        Self { ours, peer, ..self }
    }

    /// The peer's over ours: how many times as fast.
    pub(super) const fn faster(self) -> Self {
        Self { reading: Reading::PeerOverOurs, ..self }
    }

    /// Ours against a number of this unit; times are in seconds.
    pub(super) const fn alone(self, unit: &'static str) -> Self {
        Self { reading: Reading::Ours, unit, ..self }
    }

    /// One round of ours does so many of what the bar is about.
    pub(super) const fn each(self, rounds: f64) -> Self {
        Self { rounds, ..self }
    }

    /// No program measures it, and why.
    pub(super) const fn lacks(self, why: &'static str) -> Self {
        Self { lacks: Some(why), ..self }
    }

    /// The limit in words.
    pub(super) fn limit(&self) -> String {
        let (word, number) = match self.limit {
            Limit::AtMost(number) => ("at most", number),
            Limit::AtLeast(number) => ("at least", number),
        };
        if self.reading == Reading::Ours {
            format!("{word} {}", Value::new(number, self.unit))
        } else {
            format!("{word} {number}")
        }
    }

    /// Judges what the programs of a run printed. `faults` are the steps that failed, and why.
    pub(super) fn judge(&self, figures: &Figures, faults: &[String]) -> Found {
        let key = |name: &str, side: &str| {
            if name.is_empty() { format!("{}:{side}", self.name) } else { name.to_owned() }
        };
        let (ours_key, peer_key) = (key(self.ours, "ours"), key(self.peer, "peer"));
        let ours =
            figures.get(&ours_key).map(|v| Value { number: v.number / self.rounds, ..v.clone() });
        let peer = figures.get(&peer_key).filter(|_| self.reading != Reading::Ours).cloned();
        let not_run = |why: String| Found {
            ours: ours.clone(),
            peer: peer.clone(),
            ratio: None,
            verdict: Verdict::NotRun(why),
        };
        if let Some(why) = self.lacks {
            return not_run(why.to_owned());
        }
        let missing = |key: &str| {
            if faults.is_empty() { format!("`{key}` was not printed") } else { faults.join("; ") }
        };
        let Some(a) = &ours else { return not_run(missing(&ours_key)) };
        let found = match (self.reading, &peer) {
            (Reading::Ours, _) if a.unit == self.unit => a.number,
            (Reading::Ours, _) => {
                return not_run(format!("expected unit `{}`, found `{}`", self.unit, a.unit));
            }
            (_, None) => return not_run(missing(&peer_key)),
            (_, Some(b)) if a.unit != b.unit => {
                return not_run(format!("expected one unit, found `{}` and `{}`", a.unit, b.unit));
            }
            (Reading::OursOverPeer, Some(b)) => a.number / b.number,
            (Reading::PeerOverOurs, Some(b)) => b.number / a.number,
        };
        if !found.is_finite() {
            return not_run("one side is 0".to_owned());
        }
        let verdict = if self.limit.is_held(found) { Verdict::Held } else { Verdict::Missed };
        let ratio = (self.reading != Reading::Ours).then_some(found);
        Found { ours, peer, ratio, verdict }
    }
}

/// What was found for a bar.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub(super) ours: Option<Value>,
    pub(super) peer: Option<Value>,
    pub(super) ratio: Option<f64>,
    pub(super) verdict: Verdict,
}

/// The judgement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Held,
    Missed,
    /// And why.
    NotRun(String),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("held"),
            Self::Missed => f.write_str("**missed**"),
            Self::NotRun(why) => write!(f, "not run: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Limit::{AtLeast, AtMost};

    const SLOWER: Bar = Bar::new("x", "ours over the peer's", AtMost(3.0));
    const FASTER: Bar = Bar::new("x", "the peer's over ours", AtLeast(20.0)).faster();

    #[track_caller]
    fn check(bar: &Bar, text: &str, faults: &[&str], ratio: Option<f64>, verdict: &str) {
        let faults: Vec<String> = faults.iter().map(|&f| f.to_owned()).collect();
        let found = bar.judge(&Figures::read(text), &faults);
        assert_eq!((found.ratio, found.verdict.to_string().as_str()), (ratio, verdict), "{text}");
    }

    #[test]
    fn a_ratio_at_its_limit_is_held_and_one_beyond_is_missed() {
        check(&SLOWER, "bar x ours=6s peer=2s", &[], Some(3.0), "held");
        check(&SLOWER, "bar x ours=7s peer=2s", &[], Some(3.5), "**missed**");
        check(&FASTER, "bar x ours=2s peer=40s", &[], Some(20.0), "held");
        check(&FASTER, "bar x ours=2s peer=39s", &[], Some(19.5), "**missed**");
    }

    #[test]
    fn a_printed_ratio_is_not_believed() {
        check(&SLOWER, "bar x ours=8s peer=2s ratio=1.0", &[], Some(4.0), "**missed**");
    }

    #[test]
    fn both_sides_may_come_from_other_programs_and_units() {
        let bar = Bar::new("x", "", AtLeast(20.0)).faster().of("mean/499", "x:peer");
        let text = "test mean/499 ... bench: 2000000 ns/iter (+/- 1)\nbar x peer=50ms";
        check(&bar, text, &[], Some(25.0), "held");
    }

    #[test]
    fn a_peer_that_is_not_there_leaves_a_row_that_says_why() {
        let text = "bar x ours=2s";
        check(&FASTER, text, &[], None, "not run: `x:peer` was not printed");
        check(
            &FASTER,
            text,
            &["arch could not be installed"],
            None,
            "not run: arch could not be installed",
        );
        let found = FASTER.judge(&Figures::read(text), &[]);
        assert_eq!(found.ours.map(|v| v.to_string()), Some("2 s".to_owned()));
    }

    #[test]
    fn a_failed_step_does_not_hide_what_another_measured() {
        check(&SLOWER, "bar x ours=6s peer=2s", &["another peer failed"], Some(3.0), "held");
    }

    #[test]
    fn sides_that_cannot_be_compared_are_not_judged() {
        check(
            &SLOWER,
            "bar x ours=6s peer=2B",
            &[],
            None,
            "not run: expected one unit, found `s` and `B`",
        );
        check(&SLOWER, "bar x ours=6s peer=0s", &[], None, "not run: one side is 0");
        let alone = Bar::new("x", "", AtMost(5e-6)).alone("s");
        check(&alone, "bar x ours=3B", &[], None, "not run: expected unit `s`, found `B`");
    }

    #[test]
    fn ours_alone_is_compared_with_a_number_after_its_rounds() {
        let bar = Bar::new("x", "", AtMost(5e-6)).alone("s").of("push", "").each(1000.0);
        assert_eq!(bar.limit(), "at most 5 us");
        check(&bar, "test push ... bench: 4000000 ns/iter (+/- 1)", &[], None, "held");
        check(&bar, "test push ... bench: 6600000 ns/iter (+/- 1)", &[], None, "**missed**");
    }

    #[test]
    fn a_bar_without_a_program_is_never_held() {
        let bar = SLOWER.lacks("no program asks it");
        check(&bar, "bar x ours=1s peer=2s", &[], None, "not run: no program asks it");
    }
}
