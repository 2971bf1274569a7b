//! Labels: classes and values of paths and outcomes.

mod barrier;

pub(crate) use barrier::levels;

use crate::evaluate::{
    Decision, Draft, Kind, Mark, Reads, Stop, View, entry_point, mark, sigma, void, window_end,
};
use crate::exact::bps;
use crate::flags::OutcomeFlags;
use crate::measure::{Measure, Reading, Scalar};
use crate::null::Null;
use crate::path::Exit;
use crate::settings::{Anchor, Cuts, Target, TargetKind};
use contract::{LabelStatus, OutcomeBasis};

/// A label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LabelDraft {
    pub(crate) class: Option<i8>,
    pub(crate) bounds: Option<(i8, i8)>,
    pub(crate) value: Option<f64>,
    pub(crate) value_unit: Option<&'static str>,
    pub(crate) confidence: Option<f64>,
    pub(crate) completeness: f64,
    pub(crate) fired: Vec<String>,
    pub(crate) reasons: Vec<String>,
    pub(crate) flags: OutcomeFlags,
    pub(crate) status: LabelStatus,
    pub(crate) ts_end: i64,
    pub(crate) reads: Reads,
}

impl LabelDraft {
    fn new(ts_end: i64, reads: Reads) -> Self {
        Self {
            class: None,
            bounds: None,
            value: None,
            value_unit: None,
            confidence: None,
            completeness: 1.0,
            fired: Vec::new(),
            reasons: Vec::new(),
            flags: OutcomeFlags::NONE,
            status: LabelStatus::Indeterminate,
            ts_end,
            reads,
        }
    }

    /// A class that is certain.
    fn with_class(mut self, class: i8) -> Self {
        self.class = Some(class);
        self.bounds = Some((class, class));
        self.confidence = Some(1.0);
        self.status = LabelStatus::Final;
        self
    }

    fn with_return(mut self, value: Option<f64>) -> Self {
        self.value = value;
        self.value_unit = value.map(|_| "bps");
        self
    }

    /// A class stands where both ends of its interval agree.
    fn bound(&mut self, lo: i8, hi: i8) {
        self.bounds = Some((lo, hi));
        if lo != hi {
            (self.class, self.confidence) = (None, None);
            self.status = LabelStatus::Indeterminate;
        }
    }

    fn because(mut self, why: Null, bounds: (i8, i8)) -> Self {
        self.reasons.push(why.word().to_owned());
        self.bounds = Some(bounds);
        self
    }
}

/// Whether a target is made of an outcome; else it is made of the path itself.
pub(crate) fn needs_outcome(target: &Target) -> bool {
    matches!(target.kind, TargetKind::Grade(_) | TargetKind::Meta { .. })
}

/// Whether a target speaks of decisions like this one at all.
pub(crate) fn covers(target: &Target, d: &Decision) -> bool {
    target.covers.decisions.contains(&d.row.action)
}

/// The label of a target that is made of the path.
pub(crate) fn path_label(
    view: View<'_>,
    d: &Decision,
    target: &Target,
) -> Result<LabelDraft, Stop> {
    if !matches!(target.kind, TargetKind::Fill { .. })
        && let Some(void) = void(view, d)
    {
        let mut label = LabelDraft::new(void.ts_end, void.reads);
        label.status = LabelStatus::Void;
        return Ok(label);
    }
    match &target.kind {
        TargetKind::Fill { min_fill_ratio } => fill(view, d, *min_fill_ratio),
        TargetKind::FixedHorizon { cuts } => fixed(view, d, target, *cuts),
        TargetKind::TripleBarrier { .. } => barrier::label(view, d, target),
        TargetKind::Meta { .. } | TargetKind::Grade(_) => {
            Err(Stop::NotApplicable("made of an outcome"))
        }
    }
}

/// Whether a path label covers a trade that was made, or one that was not.
fn check_basis(target: &Target, is_filled: bool) -> Result<(), Stop> {
    let names = |basis| target.covers.basis.contains(&basis);
    let is_covered = if is_filled {
        names(OutcomeBasis::Realized) && names(OutcomeBasis::Marked)
    } else {
        names(OutcomeBasis::Counterfactual)
    };
    if is_covered { Ok(()) } else { Err(Stop::NotApplicable("another basis")) }
}

/// Return in basis points from one doubled price to another.
fn gain(sign: i128, entry: i64, exit: i64) -> Option<f64> {
    bps(sign * (i128::from(exit) - i128::from(entry)), i128::from(entry))
}

fn fixed(view: View<'_>, d: &Decision, target: &Target, cuts: Cuts) -> Result<LabelDraft, Stop> {
    let entry = entry_point(view, d)?;
    check_basis(target, entry.is_filled)?;
    let end = window_end(view, d, entry.key.ts)?;
    view.needs(end)?;
    if !view.path.has_row_by(end) {
        return Err(Stop::NoPath);
    }
    let mark = mark(view, d, end, Exit::of(entry.sign))?;
    let mut reads = Reads::new(d.row.key.seq, d.row.avail);
    note_entry(view, &entry, &mut reads);
    if let Ok((_, row)) = mark.px {
        reads.row(&row);
    }
    let ts_end = floor_end(d, mark.ts, entry.is_filled);
    view.needs(ts_end)?;
    let mut label = LabelDraft::new(ts_end, reads);
    exit_flag(&mut label, &mark);
    let instrument = d.row.instrument.unwrap_or(0);
    if view.facts.action_in(instrument, entry.key.ts, mark.exit_ts).is_some() {
        return Ok(label.because(Null::CorporateAction, (-1, 1)));
    }
    let (px, exit) = match (entry.px, mark.px) {
        (Ok(px), Ok((exit, _))) => (px, exit),
        (Err(a), Err(b)) => return Ok(label.because(a.min(b), (-1, 1))),
        (Err(why), _) | (_, Err(why)) => return Ok(label.because(why, (-1, 1))),
    };
    let threshold = match cuts {
        Cuts::None => 0.0,
        Cuts::Bps(cut) => cut,
        Cuts::Sigma(k) => match sigma(view, d) {
            Ok(sigma) => k * (sigma * d.root_tau()),
            Err(why) => {
                let value = gain(entry.sign, px, exit);
                return Ok(label.with_return(value).because(why, (-1, 1)));
            }
        },
    };
    let class_of = |exit: i64| {
        let value = gain(entry.sign, px, exit)?;
        Some(if value > threshold {
            1
        } else if value < -threshold {
            -1
        } else {
            0
        })
    };
    let (Some(class), Some(value)) = (class_of(exit), gain(entry.sign, px, exit)) else {
        return Ok(label.because(Null::Div0, (-1, 1)));
    };
    let mut label = label.with_class(class).with_return(Some(value));
    if let Some((low, high)) = mark.bounds
        && let (Some(a), Some(b)) = (class_of(low), class_of(high))
    {
        label.bound(a.min(b), a.max(b));
    }
    Ok(label)
}

fn fill(view: View<'_>, d: &Decision, least: f64) -> Result<LabelDraft, Stop> {
    let is_open = matches!(d.kind(), Some(Kind::Open | Kind::Close));
    if d.rules.measures.anchor != Anchor::Fills || !is_open || d.row.is_unsent() {
        return Err(Stop::NotApplicable("no order was sent"));
    }
    let Some(wanted) = d.row.qty else {
        return Err(Stop::NotApplicable("no quantity"));
    };
    let wait_end = d.wait_end();
    let mut reads = Reads::new(d.row.key.seq, d.row.avail);
    let (mut sum, mut reached, mut share) = (0_i128, None, 0.0);
    for fill in view.fills_of(d, wait_end) {
        sum += fill.qty;
        reads.fill(fill);
        share = sum as f64 / wanted as f64;
        if share >= least {
            reached = Some(fill.key.ts);
            break;
        }
    }
    if reached.is_none() {
        view.needs(wait_end)?;
    }
    let ts_end = reached.unwrap_or(wait_end).max(d.row.key.ts + 1);
    let mut label = LabelDraft::new(ts_end, reads).with_class(i8::from(reached.is_some()));
    label.value = Some(share);
    label.value_unit = Some("ratio");
    Ok(label)
}

/// The end of a label's interval: an unfilled one is known to be so when the wait is over.
fn floor_end(d: &Decision, ts: i64, is_filled: bool) -> i64 {
    let least = if is_filled { d.row.key.ts } else { d.wait_end() };
    ts.max(least).max(d.row.key.ts + 1)
}

fn note_entry(view: View<'_>, entry: &crate::evaluate::EntryPoint, reads: &mut Reads) {
    if let Some(row) = entry.row {
        reads.row(&row);
    }
    if let Some(fill) = entry.fill.and_then(|no| view.fills.get(no)) {
        reads.fill(fill);
    }
}

fn exit_flag(label: &mut LabelDraft, mark: &Mark) {
    if mark.delay_ns > 0 {
        label.flags = label.flags.with(OutcomeFlags::EXIT_AFTER_HALT);
    }
}

/// The label of a target that is made of an outcome.
pub(crate) fn outcome_label(
    d: &Decision,
    target: &Target,
    outcome: &Draft,
) -> Result<LabelDraft, Stop> {
    if !target.covers.basis.contains(&outcome.basis) {
        return Err(Stop::NotApplicable("another basis"));
    }
    let mut label = LabelDraft::new(outcome.ts_end, outcome.reads.clone());
    label.flags = outcome.flags;
    label.completeness = outcome.completeness;
    if outcome.is_void {
        label.status = LabelStatus::Void;
        return Ok(label);
    }
    match &target.kind {
        TargetKind::Meta { min_edge_bps } => {
            if d.row.side.is_none() {
                return Err(Stop::NotApplicable("no side"));
            }
            meta(&mut label, outcome.readings.get(Measure::RetNetBps), *min_edge_bps);
        }
        TargetKind::Grade(grade) => {
            let graded = grade.grade(&outcome.readings);
            label.class = graded.class;
            label.bounds = Some((graded.class_lo, graded.class_hi));
            label.confidence = graded.confidence;
            label.fired = graded.fired;
            label.reasons = graded
                .missing
                .iter()
                .map(|(measure, why)| format!("{}: {}", measure.name(), why.word()))
                .collect();
            if let Ok(Scalar::Number(value)) = outcome.readings.get(Measure::RNetSigma).value {
                label.value = Some(value);
                label.value_unit = Some("sigma");
            }
        }
        _ => return Err(Stop::NotApplicable("made of the path")),
    }
    label.status = match label.class {
        None => LabelStatus::Indeterminate,
        Some(_) if outcome.is_provisional => LabelStatus::Provisional,
        Some(_) => LabelStatus::Final,
    };
    Ok(label)
}

fn meta(label: &mut LabelDraft, net: Reading, edge: f64) {
    let class = |x: Option<Scalar>, open: i8| match x {
        Some(Scalar::Number(x)) => i8::from(x > edge),
        _ => open,
    };
    let (lo, hi) = (class(net.lo, 0), class(net.hi, 1));
    if lo == hi {
        (label.class, label.confidence) = (Some(lo), Some(1.0));
    }
    label.bounds = Some((lo, hi));
    match net.value {
        Ok(Scalar::Number(value)) => {
            label.value = Some(value);
            label.value_unit = Some("bps");
        }
        Ok(_) => {}
        Err(why) => label.reasons.push(format!("{}: {}", Measure::RetNetBps.name(), why.word())),
    }
}
