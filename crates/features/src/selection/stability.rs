//! Whether the same features would be chosen from other sessions.

use super::draws::{Draws, Purpose};
use super::threads::map;
use super::{Sample, SelectionError};
use statrs::distribution::{ContinuousCDF, Normal};
use std::num::NonZeroUsize;

/// How alike sets of chosen features are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StabilityIndex {
    /// 1 when all sets are equal, about 0 when they are as alike as sets drawn at random.
    pub index: f64,
    /// Lower end of its interval.
    pub ci_low: f64,
    /// Upper end of its interval.
    pub ci_high: f64,
}

/// Draws pairs of halves: sessions are shared out at random, each in one half of a pair at most.
///
/// - **Shape:** `pairs` pairs of rows, each ascending; with an odd number of sessions one is left out of a pair.
/// - **Source:** Shah, Samworth (2013), JRSS B 75(1), 2.
///
/// # Errors
/// [`SelectionError::Sessions`] with fewer than two sessions.
pub fn complementary_pairs(
    sample: &Sample,
    pairs: u32,
    seed: u64,
) -> Result<Vec<[Vec<usize>; 2]>, SelectionError> {
    let sessions = sample.by_session();
    let found = sessions.len();
    if found < 2 {
        return Err(SelectionError::Sessions { found });
    }
    let rows_of = |half: &[usize]| {
        let mut rows: Vec<usize> = half.iter().flat_map(|&s| sessions[s].iter().copied()).collect();
        rows.sort_unstable();
        rows
    };
    let pair = |number: usize| {
        let mut order: Vec<usize> = (0..found).collect();
        Draws::new(seed, Purpose::Halves, number, 0).shuffle(&mut order);
        let (left, rest) = order.split_at(found / 2);
        [rows_of(left), rows_of(rest.get(..found / 2).unwrap_or(rest))]
    };
    Ok((0..pairs as usize).map(pair).collect())
}

/// Which of `columns` features are chosen from each half of each pair.
///
/// `choose` takes rows and returns the columns it chooses from them. It must be pure.
///
/// - **Shape:** `2 x pairs` lists of `columns` flags.
/// - **Cost:** `choose`, twice a pair.
///
/// # Errors
/// [`SelectionError::Sessions`], [`SelectionError::Group`] for a column that is not there, and what `choose` returns.
pub fn choices(
    sample: &Sample,
    columns: usize,
    pairs: u32,
    seed: u64,
    threads: NonZeroUsize,
    choose: impl Fn(&[usize]) -> Result<Vec<usize>, SelectionError> + Sync,
) -> Result<Vec<Vec<bool>>, SelectionError> {
    let halves = complementary_pairs(sample, pairs, seed)?;
    map(threads, halves.len() * 2, |at| {
        let mut flags = vec![false; columns];
        for found in choose(&halves[at / 2][at % 2])? {
            let missing = SelectionError::Group { group: at, found, columns };
            *flags.get_mut(found).ok_or(missing)? = true;
        }
        Ok(flags)
    })
    .into_iter()
    .collect()
}

/// Share of the choices in which each feature is.
///
/// - **Shape:** one share a feature; empty without choices.
///
/// ```
/// use features::selection::selection_frequency;
/// let choices = [vec![true, false], vec![true, true]];
/// assert_eq!(selection_frequency(&choices), [1.0, 0.5]);
/// ```
#[must_use]
pub fn selection_frequency(choices: &[Vec<bool>]) -> Vec<f64> {
    let columns = choices.first().map_or(0, Vec::len);
    let share = |at: usize| {
        let chosen = choices.iter().filter(|flags| flags.get(at) == Some(&true)).count();
        chosen as f64 / choices.len() as f64
    };
    (0..columns).map(share).collect()
}

/// How alike the choices are, with an interval at `level`; `None` with fewer than two choices, or where none or all
/// features are always chosen.
///
/// - **Units:** at most 1; below 0 where choices avoid each other.
/// - **Source:** Nogueira, Sechidis, Brown (2018), Journal of Machine Learning Research 18(174), definition 4 and theorem 7.
///
/// ```
/// use features::selection::stability_index;
/// let same = [vec![true, false, false], vec![true, false, false]];
/// assert_eq!(stability_index(&same, 0.95).map(|s| s.index), Some(1.0));
/// ```
#[must_use]
pub fn stability_index(choices: &[Vec<bool>], level: f64) -> Option<StabilityIndex> {
    let shares = selection_frequency(choices);
    let (sets, features) = (choices.len() as f64, shares.len() as f64);
    if choices.len() < 2 || choices.iter().any(|flags| flags.len() != shares.len()) {
        return None;
    }
    let chosen: f64 = shares.iter().sum::<f64>() / features;
    let by_chance = chosen * (1.0 - chosen);
    if !(by_chance > 0.0 && level > 0.0 && level < 1.0) {
        return None;
    }
    let spread: f64 = shares.iter().map(|p| p * (1.0 - p)).sum::<f64>() / features;
    let index = 1.0 - sets / (sets - 1.0) * spread / by_chance;
    // What each set adds to the index, for its variance.
    let part = |flags: &Vec<bool>| {
        let own = flags.iter().filter(|&&flag| flag).count() as f64 / features;
        let shared: f64 =
            flags.iter().zip(&shares).filter(|(flag, _)| **flag).map(|(_, p)| p).sum();
        let bend = index / 2.0 * (2.0 * chosen * own - own - chosen + 1.0);
        (shared / features - own * chosen + bend) / by_chance
    };
    let parts: Vec<f64> = choices.iter().map(part).collect();
    let mean = parts.iter().sum::<f64>() / sets;
    let square: f64 = parts.iter().map(|p| (p - mean) * (p - mean)).sum();
    let error = 2.0 / sets * square.sqrt();
    let width = Normal::standard().inverse_cdf(0.5 + level / 2.0) * error;
    Some(StabilityIndex { index, ci_low: index - width, ci_high: index + width })
}
