//! A market and a trading desk whose truth is known.
//!
//! The simulator makes contract batches from a seed: a market of several instruments on two venues, a desk of several
//! strategies that trade on it, and, beside them, the *truth*: what really happened, what was planted where, and the
//! best accuracy that any honest model can reach. It depends on `contract` alone, does no I/O, and shares no code with
//! the stages that it checks. It proves machinery, not markets: nothing that it shows says anything about real prices.
//!
//! Three nouns carry the crate. A [`Scenario`] says what to simulate; a [`Simulation`] is a scenario with a seed, and
//! an iterator; a [`Slice`] is what it made in one span of time.
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

pub use fault::FaultKind;
pub use inject::Injector;
pub use scenario::{PRESETS, SCENARIO_VERSION, Scenario, ScenarioError};
pub use simulation::{Simulation, table_names};
pub use slice::Slice;
