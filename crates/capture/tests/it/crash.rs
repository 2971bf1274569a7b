//! The power goes at any moment of generated lives of a log.

mod oracle;
mod plan;
mod world;

use durable::{Fs, Lie, LyingFs, SimFs};
use plan::{Op, plans, whole_life};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::sync::Arc;
use world::{Violation, World};

/// Sequences for a seed.
fn generated(seed: u64, len: usize) -> Vec<Op> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    plans(len).new_tree(&mut runner).unwrap().current()
}

/// Calls that a plan makes when nothing happens to it.
fn calls(plan: &[Op]) -> u64 {
    let fs = SimFs::new();
    World::new().run(&(Arc::new(fs.clone()) as Arc<dyn Fs>), plan);
    fs.calls()
}

/// Runs a plan on a file system that stops at a call, and judges what a crash left.
fn crash(
    plan: &[Op],
    at: u64,
    seed: u64,
    front: impl Fn(SimFs) -> Arc<dyn Fs>,
) -> Result<(), Violation> {
    let fs = SimFs::new();
    fs.stop_at(at);
    let mut world = World::new();
    world.run(&front(fs.clone()), plan);
    let after = fs.crash(seed);
    oracle::check(&mut world, &after)
        .map_err(|e| format!("stopped at call {at}, crash seed {seed}: {e}\n{}", fs.trace()))
}

fn honest(fs: SimFs) -> Arc<dyn Fs> {
    Arc::new(fs)
}

/// Crashes a plan at every `step`th call, in one of the ways that a disk can lose its cache.
fn crash_all(plan: &[Op], step: usize, seed: u64) {
    for at in (seed % step as u64..calls(plan)).step_by(step) {
        let way = match (at + seed) % 4 {
            0 => 0,
            1 => 1,
            _ => at * 7919 + seed,
        };
        crash(plan, at, way, honest).unwrap_or_else(|e| panic!("{e}\n{plan:?}"));
    }
}

#[test]
fn a_life_without_a_crash_is_whole() {
    let fs = SimFs::new();
    let mut world = World::new();
    world.run(&honest(fs.clone()), &whole_life());
    assert!(world.known.values().map(|k| k.acked.len()).sum::<usize>() > 15_000);
    oracle::check(&mut world, &fs).unwrap();
}

#[test]
fn the_power_goes_at_any_call_of_a_whole_life() {
    crash_all(&whole_life(), 37, 3);
}

#[test]
fn the_power_goes_in_generated_lives() {
    for seed in 0..16 {
        let plan = generated(seed, 40);
        crash_all(&plan, 101, seed);
    }
}

/// Whether a crash of some plan shows that the file system lies.
fn notices(lie: Lie) -> bool {
    let plan = whole_life();
    let front = |fs| Arc::new(LyingFs::new(fs, lie)) as Arc<dyn Fs>;
    let calls = calls(&plan);
    (0..calls).step_by(29).any(|at| {
        std::panic::catch_unwind(|| crash(&plan, at, 0, front)).is_ok_and(|found| found.is_err())
    })
}

#[test]
fn a_crash_test_notices_when_files_are_not_synced() {
    assert!(notices(Lie::FileSync));
}

#[test]
fn a_crash_test_notices_when_folders_are_not_synced() {
    assert!(notices(Lie::FolderSync));
}

#[test]
fn a_crash_test_notices_when_renames_come_before_syncs() {
    assert!(notices(Lie::RenameBeforeSync));
}
