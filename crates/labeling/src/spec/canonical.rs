//! One text for one meaning: rule sets as canonical JSON, and their hashes.

use super::measures::FLAGS;
use crate::grade::{Bound, Errors, GRADES, Grade, Limit};
use crate::settings::{
    Anchor, Barrier, Benchmark, Covers, Cuts, Measures, Overnight, PathKind, Sigma, Target,
    TargetKind, Vertical,
};
use contract::{Hash, Json, Vocabulary};
use std::collections::BTreeMap;

/// A value whose paths can be walked, unlike those of [`Json`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    Int(i64),
    Bool(bool),
    Text(String),
    List(Vec<Form>),
    Map(BTreeMap<String, Form>),
}

impl Form {
    pub(crate) fn map<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Map(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    pub(crate) fn json(&self) -> Json {
        match self {
            Self::Int(int) => Json::from(*int),
            Self::Bool(value) => Json::from(*value),
            Self::Text(text) => Json::from(text.as_str()),
            Self::List(items) => Json::Array(items.iter().map(Self::json).collect()),
            Self::Map(pairs) => {
                Json::object(pairs.iter().map(|(key, value)| (key.clone(), value.json())))
            }
        }
    }

    pub(crate) fn hash(&self) -> Hash {
        Hash::of(self.json().to_string().as_bytes())
    }
}

fn text(word: &str) -> Form {
    Form::Text(word.to_owned())
}

/// The decimal whose nearest `f64` this is; rule sets hold no other.
fn number(number: f64) -> Form {
    Form::Text(if number == 0.0 { "0".to_owned() } else { number.to_string() })
}

/// Measures and volatility; every default is spelled out, so that to name one changes nothing.
pub(crate) fn measures(of: &Measures) -> Form {
    let anchor = match of.anchor {
        Anchor::Fills => "fills",
        Anchor::Decision => "decision",
    };
    let path = match of.path {
        PathKind::Executable => "executable",
        PathKind::Mid => "mid",
        PathKind::Trade => "trade",
    };
    let benchmark = match of.benchmark {
        Benchmark::None => "none",
        Benchmark::DoNothing => "do_nothing",
        Benchmark::References => "references",
    };
    let or = |ns: Option<i64>, word: &str| ns.map_or_else(|| text(word), Form::Int);
    let mut pairs = vec![
        ("anchor", text(anchor)),
        ("path", text(path)),
        ("horizon_ns", or(of.horizon_ns, "decision")),
        ("horizon_default_ns", Form::Int(of.horizon_default_ns)),
        ("max_life_ns", Form::Int(of.max_life_ns)),
        ("entry_wait_ns", or(of.entry_wait_ns, "horizon")),
        ("entry_delay_ns", Form::Int(of.entry_delay_ns)),
        ("max_exit_delay_ns", Form::Int(of.max_exit_delay_ns)),
        ("offsets_ns", Form::List(of.offsets_ns.iter().map(|ns| Form::Int(*ns)).collect())),
        ("benchmark", text(benchmark)),
        ("clock_bound_ns", Form::Int(of.clock_bound_ns)),
        ("clock_tolerance_ns", Form::Int(of.clock_tolerance_ns)),
        ("allowed_lateness_ns", Form::Int(of.allowed_lateness_ns)),
        ("keep_ns", Form::Int(of.keep_ns)),
        ("exclude_flags", flags(of.exclude_flags)),
        ("lots", text("fifo")),
        ("sources", Form::List(of.sources.iter().map(|n| Form::Int(i64::from(*n))).collect())),
        ("sigma", sigma(&of.sigma)),
    ];
    match of.overnight {
        Overnight::Hold => pairs.push(("overnight", text("hold"))),
        Overnight::Flat { margin_ns } => {
            pairs.push(("overnight", text("flat")));
            pairs.push(("flat_margin_ns", Form::Int(margin_ns)));
        }
    }
    Form::map(pairs)
}

fn flags(bits: u16) -> Form {
    let mut names: Vec<&str> =
        FLAGS.iter().filter(|(_, flag)| bits & flag.bits() != 0).map(|(name, _)| *name).collect();
    names.sort_unstable();
    Form::List(names.into_iter().map(text).collect())
}

fn sigma(of: &Sigma) -> Form {
    match *of {
        Sigma::References => Form::map([("from", text("references"))]),
        Sigma::Path { window_ns, step_ns, min_steps, floor_bps } => Form::map([
            ("from", text("path")),
            ("window_ns", Form::Int(window_ns)),
            ("step_ns", Form::Int(step_ns)),
            ("min_steps", Form::Int(i64::try_from(min_steps).unwrap_or(i64::MAX))),
            ("floor_bps", number(floor_bps)),
        ]),
    }
}

/// A target without its name: what it covers, its kind, its parameters.
pub(crate) fn target(covers: &Covers, kind: &TargetKind) -> Form {
    let words = |words: Vec<&str>| Form::List(words.into_iter().map(text).collect());
    let mut pairs = vec![(
        "covers",
        Form::map([
            ("decisions", words(covers.decisions.iter().map(|d| d.word()).collect())),
            ("basis", words(covers.basis.iter().map(|b| b.word()).collect())),
        ]),
    )];
    match kind {
        TargetKind::FixedHorizon { cuts } => {
            pairs.push(("kind", text("fixed_horizon")));
            match cuts {
                Cuts::None => {}
                Cuts::Bps(bps) => pairs.push(("cut_bps", number(*bps))),
                Cuts::Sigma(sigma) => pairs.push(("cut_sigma", number(*sigma))),
            }
        }
        TargetKind::TripleBarrier { profit, loss, vertical, profit_as_limit } => {
            pairs.push(("kind", text("triple_barrier")));
            let mut barriers: Vec<(String, Form)> = Vec::new();
            for (side, barrier) in [("profit", profit), ("loss", loss)] {
                barriers.extend(barrier.as_ref().map(|barrier| match barrier {
                    Barrier::Decision => (side.to_owned(), text("decision")),
                    Barrier::Bps(bps) => (format!("{side}_bps"), Form::Text(bps.to_string())),
                    Barrier::Sigma(sigma) => (format!("{side}_sigma"), number(*sigma)),
                }));
            }
            let vertical = match vertical {
                Vertical::Zero => "zero",
                Vertical::Sign => "sign",
            };
            barriers.push(("vertical".to_owned(), text(vertical)));
            barriers.push(("profit_as_limit".to_owned(), Form::Bool(*profit_as_limit)));
            pairs.push(("barriers", Form::map(barriers)));
        }
        TargetKind::Meta { min_edge_bps } => {
            pairs.push(("kind", text("meta")));
            pairs.push(("min_edge_bps", number(*min_edge_bps)));
        }
        TargetKind::Fill { min_fill_ratio } => {
            pairs.push(("kind", text("fill")));
            pairs.push(("min_fill_ratio", number(*min_fill_ratio)));
        }
        TargetKind::Grade(rules) => {
            pairs.push(("kind", text("grade")));
            pairs.extend(grade(rules));
        }
    }
    Form::map(pairs)
}

fn class(of: i8) -> Form {
    GRADES.iter().find(|(class, _)| *class == of).map_or(Form::Int(i64::from(of)), |(_, n)| text(n))
}

fn when(limits: &[Limit]) -> Form {
    Form::map(limits.iter().map(|limit| {
        let cut = Form::Text(limit.cut.to_string());
        (limit.measure.name(), Form::map([(limit.op.word(), cut)]))
    }))
}

fn null_as(pairs: &mut Vec<(&'static str, Form)>, is_worst: bool) {
    if is_worst {
        pairs.push(("null_as", text("worst")));
    }
}

fn grade(of: &Grade) -> Vec<(&'static str, Form)> {
    let rules = of.rules();
    let cuts = rules.base.cuts.iter().map(|cut| Form::Text(cut.to_string())).collect();
    let mut base = vec![("by", text(rules.base.by.name())), ("cuts", Form::List(cuts))];
    null_as(&mut base, rules.base.null_as_worst);
    let demote = rules.demote.iter().map(|demote| {
        let mut pairs = vec![
            ("when", when(&demote.when)),
            ("levels", Form::Int(i64::from(demote.levels))),
            ("not_below", class(demote.not_below)),
        ];
        null_as(&mut pairs, demote.null_as_worst);
        (demote.name.clone(), Form::map(pairs))
    });
    let bounds = |bounds: &[Bound]| {
        Form::map(bounds.iter().map(|bound| {
            let mut pairs = vec![("when", when(&bound.when)), ("to", class(bound.to))];
            null_as(&mut pairs, bound.null_as_worst);
            (bound.name.clone(), Form::map(pairs))
        }))
    };
    let errors = match rules.errors {
        Errors::Uniform => "uniform",
        Errors::Normal => "normal",
    };
    let most = i64::from(rules.max_demotion.unwrap_or(4));
    vec![
        ("base", Form::map(base)),
        ("demote", Form::map(demote)),
        ("max_demotion", Form::Int(most)),
        ("floor", bounds(&rules.floor)),
        ("cap", bounds(&rules.cap)),
        ("errors", text(errors)),
    ]
}

/// A resolved set: its measures and its targets by name.
pub(crate) fn resolved(measures_of: &Measures, targets: &[Target]) -> Form {
    let named = targets.iter().map(|t| (t.name.to_string(), target(&t.covers, &t.kind)));
    Form::map([("measures", measures(measures_of)), ("targets", Form::map(named))])
}
