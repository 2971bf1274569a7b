//! Rows of the table `label_tests`.

use super::{CellTest, MethodTest, SignificanceError, Verdict};
use contract::{Draft, LabelTests, TableBuilder};

/// Word of a row that decides nothing.
const REPORTED: &str = "reported";

/// The tests of a family as a table.
///
/// - **Shape:** a cell has the rows `combined`, which alone has a q-value and a verdict, `t_test`,
///   `stationary_bootstrap`, `newey_west`, `placebo_sides`, `class_balance` and, where labels have classes,
///   `class_share:-2` to `class_share:2`. All but `combined` have the verdict `reported`, or `insufficient` below the
///   effective size that the verdict needs.
/// - **Point in time:** `ts_avail` is the latest of the family.
///
/// # Errors
/// [`SignificanceError::Table`] when the rows do not make up the table, which is a bug.
pub fn label_tests(tests: &[CellTest]) -> Result<Draft<LabelTests>, SignificanceError> {
    let now = tests.iter().map(|test| test.ts_avail).max();
    let mut table = TableBuilder::new(now.unwrap_or(contract::UtcNanos::from_nanos(0)));
    for test in tests {
        let methods = [
            ("t_test", &test.t_test),
            ("stationary_bootstrap", &test.bootstrap),
            ("newey_west", &test.newey_west),
            ("placebo_sides", &test.placebo),
            ("class_balance", &test.class_balance),
        ];
        let other = if test.verdict == Verdict::Insufficient {
            Verdict::Insufficient.word()
        } else {
            REPORTED
        };
        row(&mut table, test, "combined", &test.combined, Some(test.q_value), test.verdict.word())?;
        for (method, found) in methods {
            row(&mut table, test, method, found, None, other)?;
        }
        for (class, share) in &test.class_shares {
            row(&mut table, test, &format!("class_share:{class}"), share, None, other)?;
        }
    }
    table.finish().map_err(SignificanceError::Table)
}

fn row(
    table: &mut TableBuilder<LabelTests>,
    test: &CellTest,
    method: &str,
    found: &MethodTest,
    q_value: Option<f64>,
    verdict: &str,
) -> Result<(), SignificanceError> {
    table
        .set(&LabelTests::CELL, test.cell.as_str())
        .set(&LabelTests::METHOD, method)
        .set(&LabelTests::TARGET, test.target.as_str())
        .set(&LabelTests::STRATEGY_ID, test.strategy.as_deref())
        .set(&LabelTests::RULES_HASH, test.rules_hash)
        .set(&LabelTests::TS_AVAIL, test.ts_avail)
        .set(&LabelTests::TS_FROM, test.period.from)
        .set(&LabelTests::TS_TO, test.period.to)
        .set(&LabelTests::N, found.n as u64)
        .set(&LabelTests::N_EFF, found.n_eff)
        .set(&LabelTests::EFFECT, found.effect)
        .set(&LabelTests::CI_LOW, found.ci.map(|ci| ci.0))
        .set(&LabelTests::CI_HIGH, found.ci.map(|ci| ci.1))
        .set(&LabelTests::P_VALUE, found.p_value)
        .set(&LabelTests::Q_VALUE, q_value)
        .set(&LabelTests::VERDICT, verdict)
        .set(&LabelTests::SEED, test.seed)
        .end_row()
        .map_err(SignificanceError::Table)
}
