//! What follows from the log alone: worked out once, and read by every decision.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::case::LAST;
use super::log::{Execution, Log};
use super::lots::{Fill, Lot, decision_of, fills, lots};
use super::path::Path;
use crate::settings::{Measures, PathKind};

/// The log as far as its clock has passed, under one lateness and one tolerance of the clocks.
#[derive(Debug)]
pub(super) struct Book {
    lateness_ns: i64,
    tolerance_ns: i64,
    pub(super) log: Log,
    /// By instrument.
    traded: BTreeMap<u32, Traded>,
    /// Places of the executions of each decision.
    executions: BTreeMap<usize, Vec<usize>>,
    paths: RefCell<Vec<(PathOf, Rc<Path>)>>,
}

/// Fills of one instrument, and the lots that follow from them.
#[derive(Debug, Default)]
pub(super) struct Traded {
    pub(super) fills: Vec<Fill>,
    pub(super) lots: Vec<Lot>,
    /// The lots if nothing had been busted.
    with_busted: OnceCell<Vec<Lot>>,
}

impl Traded {
    pub(super) fn lots_with_busted(&self, log: &Log) -> &[Lot] {
        self.with_busted.get_or_init(|| lots(log, &self.fills, true, LAST))
    }
}

/// All that a path depends on, but for the log.
#[derive(Debug, PartialEq, Eq)]
struct PathOf {
    instrument: u32,
    kind: PathKind,
    exclude_flags: u16,
    sources: Vec<u16>,
}

impl Book {
    pub(super) fn new(log: &Log, lateness_ns: i64, tolerance_ns: i64) -> Self {
        let log = log.closed(lateness_ns);
        let mut traded: BTreeMap<u32, Traded> = BTreeMap::new();
        for fill in fills(&log, tolerance_ns) {
            traded.entry(fill.instrument).or_default().fills.push(fill);
        }
        for of in traded.values_mut() {
            of.lots = lots(&log, &of.fills, false, LAST);
        }
        let mut executions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, row) in log.executions.iter().enumerate() {
            if let Some(decision) = decision_of(&log, row) {
                executions.entry(decision).or_default().push(place);
            }
        }
        let paths = RefCell::default();
        Self { lateness_ns, tolerance_ns, log, traded, executions, paths }
    }

    pub(super) fn is_for(&self, measures: &Measures) -> bool {
        (self.lateness_ns, self.tolerance_ns)
            == (measures.allowed_lateness_ns, measures.clock_tolerance_ns)
    }

    /// Fills and lots of an instrument, if it was traded.
    pub(super) fn traded(&self, instrument: u32) -> Option<&Traded> {
        self.traded.get(&instrument)
    }

    /// Every fill.
    pub(super) fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.traded.values().flat_map(|traded| &traded.fills)
    }

    /// The executions of a decision, by key.
    pub(super) fn executions_of(&self, decision: usize) -> impl Iterator<Item = &Execution> {
        let places = self.executions.get(&decision).into_iter().flatten();
        places.filter_map(|place| self.log.executions.get(*place))
    }

    pub(super) fn path(&self, instrument: u32, kind: PathKind, measures: &Measures) -> Rc<Path> {
        let sources = measures.sources.clone();
        let of = PathOf { instrument, kind, exclude_flags: measures.exclude_flags, sources };
        let mut paths = self.paths.borrow_mut();
        if let Some((_, known)) = paths.iter().find(|(known, _)| *known == of) {
            return Rc::clone(known);
        }
        let path = Rc::new(Path::of(&self.log, instrument, kind, measures));
        paths.push((of, Rc::clone(&path)));
        path
    }
}
