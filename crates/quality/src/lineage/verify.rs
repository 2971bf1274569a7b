//! Whether a chain has no hole.

use super::{LineageEdge, LineageHole, LineageNode};
use contract::EventId;
use std::collections::{BTreeMap, BTreeSet};

/// Every hole, in a fixed order.
pub(super) fn holes(edges: &[LineageEdge]) -> Vec<LineageHole> {
    let mut holes = Vec::new();
    let mut once = BTreeMap::new();
    for edge in edges {
        if once.insert(edge.id(), edge).is_some() {
            holes.push(LineageHole::Twice { id: edge.id(), child: edge.child.clone() });
        }
    }
    let edges: Vec<&LineageEdge> = once.into_values().collect();
    parents(&edges, &mut holes);
    cycles(&edges, &mut holes);
    ranges(&edges, &mut holes);
    rows(&edges, &mut holes);
    holes
}

fn parents(edges: &[&LineageEdge], holes: &mut Vec<LineageHole>) {
    let made: BTreeSet<&LineageNode> = edges.iter().map(|e| &e.child).collect();
    let used: BTreeSet<&LineageNode> = edges.iter().map(|e| &e.parent).collect();
    let alone = used.difference(&made).filter(|node| !node.is_source());
    holes.extend(alone.map(|node| LineageHole::NoParent { node: (*node).clone() }));
}

/// Takes away what has no parent left until nothing changes: what stays is in a circle, or behind one.
fn cycles(edges: &[&LineageEdge], holes: &mut Vec<LineageHole>) {
    let mut waits: BTreeMap<&LineageNode, usize> = BTreeMap::new();
    let mut children: BTreeMap<&LineageNode, Vec<&LineageNode>> = BTreeMap::new();
    for edge in edges {
        waits.entry(&edge.parent).or_default();
        *waits.entry(&edge.child).or_default() += 1;
        children.entry(&edge.parent).or_default().push(&edge.child);
    }
    let mut free: Vec<&LineageNode> =
        waits.iter().filter(|(_, n)| **n == 0).map(|(node, _)| *node).collect();
    while let Some(node) = free.pop() {
        waits.remove(node);
        for child in children.get(node).into_iter().flatten() {
            if let Some(left) = waits.get_mut(child) {
                *left -= 1;
                if *left == 0 {
                    free.push(*child);
                }
            }
        }
    }
    // Only what leads to itself is named: the rest would be whole without it.
    let stuck: BTreeSet<&LineageNode> = waits.into_keys().collect();
    for node in &stuck {
        let mut seen = BTreeSet::new();
        let mut next = vec![*node];
        while let Some(at) = next.pop() {
            let within = children.get(at).into_iter().flatten().filter(|c| stuck.contains(*c));
            next.extend(within.copied().filter(|c| seen.insert(*c)));
        }
        if seen.contains(*node) {
            holes.push(LineageHole::Cycle { node: (*node).clone() });
        }
    }
}

/// A child, the operation that leads to it, and the log that it works off.
type Way<'a> = (&'a LineageNode, &'a str, EventId);

/// Ranges of the edges that one operation leads to one child with, in one log.
///
/// One run may lead to a child from several parents with the same range: equal ranges are one.
fn ranges(edges: &[&LineageEdge], holes: &mut Vec<LineageHole>) {
    let mut all: BTreeMap<Way<'_>, BTreeSet<(u64, u64)>> = BTreeMap::new();
    for edge in edges {
        let (Some(log), Some((from, to))) = (edge.log_id, edge.seqs) else { continue };
        let (child, operation) = (edge.child.clone(), edge.operation.clone());
        if from > to {
            holes.push(LineageHole::Backwards { child, operation, from, to });
            continue;
        }
        all.entry((&edge.child, edge.operation.as_str(), log)).or_default().insert((from, to));
    }
    for ((child, operation, _), ranges) in all {
        let mut last: Option<u64> = None;
        for (from, to) in ranges {
            let (child, operation) = (child.clone(), operation.to_owned());
            match last {
                Some(last) if from <= last => {
                    let to = to.min(last);
                    holes.push(LineageHole::Overlap { child, operation, from, to });
                }
                Some(last) if from - last > 1 => {
                    let (from, to) = (last + 1, from - 1);
                    holes.push(LineageHole::Gap { child, operation, from, to });
                }
                _ => {}
            }
            last = Some(last.map_or(to, |l| l.max(to)));
        }
    }
}

/// A range of one log, or the whole where an edge has none.
type Place = (Option<EventId>, Option<(u64, u64)>);

/// Rows in and out of each operation that balances, range by range.
fn rows(edges: &[&LineageEdge], holes: &mut Vec<LineageHole>) {
    let mut into: BTreeMap<&LineageNode, BTreeMap<Place, u64>> = BTreeMap::new();
    let mut out: BTreeMap<(&LineageNode, &str), BTreeMap<Place, u64>> = BTreeMap::new();
    for edge in edges {
        let place = (edge.log_id, edge.seqs);
        let balances = edge.conserves();
        if balances && edge.rows.is_none() {
            let (child, operation) = (edge.child.clone(), edge.operation.clone());
            holes.push(LineageHole::NoRows { child, operation });
        }
        let rows = edge.rows.unwrap_or(0);
        let of = into.entry(&edge.child).or_default().entry(place).or_default();
        // What is made of several parents together, as by a join, has its rows from each of them.
        *of = if balances { of.saturating_add(rows) } else { rows.max(*of) };
        if balances && !edge.parent.is_source() {
            let of = out.entry((&edge.parent, edge.operation.as_str())).or_default();
            let sum = of.entry(place).or_default();
            *sum = sum.saturating_add(rows);
        }
    }
    for ((parent, operation), places) in out {
        // A parent that nothing made is another hole.
        let Some(known) = into.get(parent) else { continue };
        let all: BTreeSet<&Place> = known.keys().chain(places.keys()).collect();
        for place in all {
            let rows_in = known.get(place).copied().unwrap_or(0);
            let rows_out = places.get(place).copied().unwrap_or(0);
            if rows_in != rows_out {
                let (parent, operation) = (parent.clone(), operation.to_owned());
                holes.push(LineageHole::Rows { parent, operation, rows_in, rows_out });
            }
        }
    }
}
