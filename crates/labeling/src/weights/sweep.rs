//! Starts and ends of lives in order.

use super::Lives;

/// A start or end of the label of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Start(i64, usize),
    End(i64, usize),
}

/// Group, instant and row in one number: comparing is one instruction more than comparing instants.
pub(super) fn key(group: u32, at: i64, row: u32) -> u128 {
    (u128::from(group) << 96) | (u128::from(ordered(at)) << 32) | u128::from(row)
}

/// An instant as a number without sign of the same order.
fn ordered(at: i64) -> u64 {
    at.cast_unsigned() ^ (1 << 63)
}

#[expect(clippy::cast_possible_truncation, reason = "the parts that `key` put there")]
pub(super) fn parts(key: u128) -> (u32, i64, usize) {
    let at = (((key >> 32) as u64) ^ (1 << 63)).cast_signed();
    ((key >> 96) as u32, at, (key as u32) as usize)
}

fn sorted(lives: &Lives, instants: &[i64]) -> Vec<u128> {
    let mut keys: Vec<u128> = match lives.groups {
        Some(groups) => (0..)
            .zip(instants)
            .zip(groups)
            .map(|((row, at), group)| key(*group, *at, row))
            .collect(),
        None => (0..).zip(instants).map(|(row, at)| key(0, *at, row)).collect(),
    };
    keys.sort_unstable();
    keys
}

pub(super) fn starts(lives: &Lives) -> Vec<u128> {
    sorted(lives, lives.starts)
}

pub(super) fn ends(lives: &Lives) -> Vec<u128> {
    sorted(lives, lives.ends)
}

/// Starts and ends merged by group and instant; at one instant starts come first, which changes no sum.
pub(super) fn steps(starts: &[u128], ends: &[u128]) -> impl Iterator<Item = Step> {
    let (mut starts, mut ends) =
        (starts.iter().copied().peekable(), ends.iter().copied().peekable());
    std::iter::from_fn(move || {
        let end = *ends.peek()?;
        match starts.peek() {
            // The rows in the lowest bits of the keys are no part of the order.
            Some(&start) if start >> 32 <= end >> 32 => {
                starts.next();
                let (_, at, row) = parts(start);
                Some(Step::Start(at, row))
            }
            _ => {
                ends.next();
                let (_, at, row) = parts(end);
                Some(Step::End(at, row))
            }
        }
    })
}
