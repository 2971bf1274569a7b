//! A market and a trading desk whose truth is known.
//!
//! The simulator makes contract batches from a seed: a market of several instruments on two venues, a desk of several
//! strategies that trade on it, and, beside them, the *truth*: what really happened, what was planted where, and the
//! best accuracy that any honest model can reach. It depends on `contract` alone, does no I/O, and shares no code with
//! the stages that it checks. It proves machinery, not markets: nothing that it shows says anything about real prices.
//!
//! Three nouns carry the crate. A [`Scenario`] says what to simulate; a [`Simulation`] is a scenario with a seed, and
//! an iterator; a [`Slice`] is what it made in one span of time. An [`Injector`] plants faults in slices, and in
//! batches from elsewhere. And [`replay`] lets a simple desk decide over quotes that come from elsewhere.
//!
//! ```
//! use contract::{Decisions, Trades};
//! use simulator::{Scenario, Simulation};
//!
//! let scenario = Scenario::preset("small")?;
//! let (mut trades, mut decisions, mut labels) = (0, 0, 0);
//! for slice in Simulation::new(&scenario, 7).skip(10).take(4) { // past the opening auction
//!     trades += slice.draft::<Trades>()?.len(); // contract tables, in the order of `ts_avail`
//!     decisions += slice.draft::<Decisions>()?.len();
//!     labels += slice.table("truth_labels").map_or(0, |truth| truth.num_rows()); // and the truth about them
//! }
//! assert!(trades > 100 && decisions > 10 && labels > 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The market
//! The mid of an instrument at the first venue is a jump process: own moves of one tick that lean towards a hidden
//! state, moves of a common factor, and repetitions of a leader's moves after a set delay. A move is a market order
//! that empties the best queue and rests as the new one of its own side; between moves a self-exciting crowd adds,
//! cancels and trades without emptying it. All market tables come out of this one book. The desk's strategies see it
//! through the feed alone, `ts_avail` and all.
//!
//! # The truth
//! Truth tables are the simulator's own. Their schemas say `hindsight.causality = hindsight`, so `features` refuses them.
//!
//! | table | one row a | columns |
//! |---|---|---|
//! | `truth_signal` | decision | `decision_id, instrument_id, ts_event, hidden_state, vol_state, p_down, p_unchanged, p_up, moved_ticks`: the exact law of the mid's move over the horizon given everything true at the decision, and the move that came; null where the window leaves continuous trading |
//! | `truth_labels` | decision and target | `decision_id, instrument_id, ts_event, target, side, class, value, value_unit, entry_px, exit_px, ts_end, reason`; targets `direction_mid`, `forward_executable`, `grade_forward` (net of two taker fees, over sigma and the root of the horizon in seconds, cut at -1.5, -0.5, 0.5, 1.5), `barrier` (the decision's own prices) |
//! | `truth_books` | fill, bust, correction, funding, split | `ts_event, account_ref, strategy_id, instrument_id, cause, exec_id, qty, cash, fees, funding, realized_pnl` after it, in 1e-9, since the start |
//! | `truth_ledger` | table, source and slice | `table_name, source_id, ts_from, ts_to, rows, rows_total`: what producers emitted, before any loss |
//! | `truth_ceiling` | metric | `target, metric, value, low, high, n`: Bayes accuracy and balanced accuracy with the interval of a run of this size, the accuracy that the Bayes classifier had, and the majority rate; in the last slice |
//! | `truth_faults` | changed cell or row | `fault_id, kind, table_name, operation, key, clean_row, source_id, instrument_id, ts_from, column, before, after, magnitude` |
//!
//! # Guarantees, each with its test
//! - Equal scenario and seed give equal bytes on 1, 2 and 4 threads, for any batch size, after a restart from a clone or
//!   from the seed (`tests/it/determinism.rs`).
//! - A book rebuilt from deltas equals quotes and depths; bars are their trades; fills are on the tape; books move by
//!   fills, fees and postings alone (`tests/it/books.rs`).
//! - Planted correlation, delay, branching ratio and tilt are in the data; the ceiling is confirmed by counting
//!   (`tests/it/moments.rs`).
//! - Clean rows and recorded faults together are the dirty rows (`tests/it/faults.rs`).
#![forbid(unsafe_code)]

mod account;
mod book;
mod calendar;
mod check;
mod columns;
mod desk;
mod emit;
mod fault;
mod inject;
mod law;
mod market;
mod numbering;
mod orders;
mod portfolio;
mod reference;
mod replay;
mod rng;
mod rows;
mod scenario;
mod simulation;
mod site;
mod slice;
mod truth;
mod truth_tables;
mod universe;
mod world;

/// What each error of this crate means and what to do about it, one section a code.
pub const ERRORS: &str = include_str!("errors.md");

pub use fault::FaultKind;
pub use inject::Injector;
pub use replay::{Replay, ReplayError, ReplaySettings, replay};
pub use scenario::{PRESETS, SCENARIO_VERSION, Scenario, ScenarioError};
pub use simulation::{Simulation, table_names};
pub use slice::{Slice, SliceError};
