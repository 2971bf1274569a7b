//! Chance of an estimate when the tie between feature and target is cut.

use crate::selection::draws::Draws;

/// Estimates at least as large as the observed one after which no more are drawn.
const ENOUGH: u32 = 10;

/// Share of circular shifts within sessions that `reaches` the observed estimate, the observed one counted.
pub(super) fn p_value(
    sessions: &[Vec<usize>],
    shifts: u32,
    draws: &mut Draws,
    mut reaches: impl FnMut(&[usize]) -> bool,
) -> Option<f64> {
    if sessions.iter().all(|rows| rows.len() < 2) || shifts == 0 {
        return None;
    }
    let mut source = vec![0; sessions.iter().map(Vec::len).sum()];
    let mut reached = 0;
    for drawn in 1..=shifts {
        for rows in sessions {
            // The identity is one of the shifts, as it must be for an exact test.
            let by = draws.below(rows.len());
            let shifted = rows.iter().cycle().skip(by);
            for (&row, &from) in rows.iter().zip(shifted) {
                source[row] = from;
            }
        }
        if reaches(&source) {
            reached += 1;
            if reached == ENOUGH {
                return Some(f64::from(ENOUGH) / f64::from(drawn));
            }
        }
    }
    Some(f64::from(reached + 1) / f64::from(shifts + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::draws::Purpose;

    fn draws() -> Draws {
        Draws::new(3, Purpose::Shift, 0, 0)
    }

    #[test]
    fn a_shift_turns_each_session_in_itself() {
        let sessions = [vec![0, 2, 4], vec![1, 3]];
        let mut seen = std::collections::BTreeSet::new();
        p_value(&sessions, 500, &mut draws(), |source| {
            seen.insert(source.to_vec());
            false
        });
        // Three turns of 0 2 4 and two of 1 3.
        let expected = [
            [0, 1, 2, 3, 4],
            [0, 3, 2, 1, 4],
            [2, 1, 4, 3, 0],
            [2, 3, 4, 1, 0],
            [4, 1, 0, 3, 2],
            [4, 3, 0, 1, 2],
        ];
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn drawing_stops_at_ten_that_reach_and_counts_the_observed_one_otherwise() {
        let sessions = [(0..100).collect::<Vec<usize>>()];
        let mut drawn = 0;
        let often = p_value(&sessions, 999, &mut draws(), |_| {
            drawn += 1;
            drawn % 2 == 0
        });
        assert_eq!((often, drawn), (Some(0.5), 20)); // 10 of 20
        assert_eq!(p_value(&sessions, 999, &mut draws(), |_| false), Some(0.001)); // 1 of 1,000
        assert_eq!(p_value(&[vec![0], vec![1]], 999, &mut draws(), |_| true), None);
    }
}
