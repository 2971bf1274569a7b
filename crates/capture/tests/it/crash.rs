//! The power goes at any moment of generated lives of a log.

mod oracle;
mod plan;
mod world;

use durable::{Failure, Fault, Fs, Lie, LyingFs, Op as Call, SimFs};
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

/// The last calls that changed something, for the message of a failing test.
fn changes(fs: &SimFs) -> String {
    let quiet = ["read", "length", "list", "look up", "open", "create folder", "free space"];
    let is_loud = |line: &&str| {
        line.split_once(' ').is_some_and(|(_, call)| !quiet.iter().any(|q| call.starts_with(q)))
    };
    let trace = fs.trace();
    trace.lines().filter(is_loud).map(|line| format!("{line}\n")).collect()
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
        .map_err(|e| format!("stopped at call {at}, crash seed {seed}: {e}\n{}", changes(&fs)))
}

fn honest(fs: SimFs) -> Arc<dyn Fs> {
    Arc::new(fs)
}

/// So many moments of a run, spread over it.
fn moments(calls: u64, count: u64, seed: u64) -> impl Iterator<Item = u64> {
    let step = (calls / count).max(1);
    (seed % step..calls).step_by(usize::try_from(step).unwrap())
}

/// Crashes a plan at some moments, in one of the ways that a disk can lose its cache.
fn crash_all(plan: &[Op], count: u64, seed: u64) {
    for at in moments(calls(plan), count, seed) {
        let way = match (at + seed) % 4 {
            0 => 0,
            1 => 1,
            _ => at * 7919 + seed,
        };
        crash(plan, at, way, honest).unwrap_or_else(|e| panic!("{e}\n{plan:?}"));
    }
}

/// A crash, then another one while the log is being opened again.
fn crash_twice(plan: &[Op], at: u64, again: u64, seed: u64) -> Result<(), Violation> {
    let fs = SimFs::new();
    fs.stop_at(at);
    let mut world = World::new();
    world.run(&honest(fs.clone()), plan);
    let second = fs.crash(seed);
    second.stop_at(again);
    drop(world.open(&honest(second.clone())));
    oracle::check(&mut world, &second.crash(seed + 1)).map_err(|e| {
        format!(
            "stopped at call {at}, then at call {again}, seed {seed}: {e}\n{}",
            changes(&second)
        )
    })
}

/// Runs a plan while calls fail, then cuts the power.
fn fail(plan: &[Op], fault: Fault, seed: u64) -> Result<(), Violation> {
    let fs = SimFs::new();
    let what = format!("{fault:?}");
    fs.fail(fault);
    let mut world = World::new();
    world.run(&honest(fs.clone()), plan);
    let after = fs.crash(seed);
    oracle::check(&mut world, &after)
        .map_err(|e| format!("{what}, seed {seed}: {e}\n{}", changes(&fs)))
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
    crash_all(&whole_life(), 12, 3);
}

#[test]
fn the_power_goes_in_generated_lives() {
    for seed in 0..24 {
        crash_all(&generated(seed, 12), 2, seed);
    }
}

#[test]
fn the_power_goes_again_while_the_log_is_opened() {
    let plan = whole_life();
    let at = calls(&plan) * 2 / 3;
    for again in [3, 17, 29, 41, 47, 53] {
        crash_twice(&plan, at, again, again).unwrap_or_else(|e| panic!("{e}"));
    }
}

const FAILURES: [Failure; 3] = [Failure::Io, Failure::NoSpace, Failure::ForgetAndFail];

#[test]
fn a_call_fails_at_any_step_of_a_whole_life() {
    let plan = whole_life();
    let moments = moments(calls(&plan), 12, 5);
    for (at, failure) in moments.zip(FAILURES.into_iter().cycle()) {
        let fault = Fault::new(failure).after(at).times(1 + at % 2);
        fail(&plan, fault, at % 3).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn syncs_fail_and_the_kernel_forgets_what_was_written() {
    let plan = whole_life();
    for nth in (0..40).step_by(7) {
        let fault = Fault::new(Failure::ForgetAndFail).on(Call::SyncData).after(nth);
        fail(&plan, fault, 0).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// A variable of the long form, set by `cargo xtask torture capture`.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
#[ignore = "long: run by `cargo xtask torture capture`"]
fn torture_crashes_of_generated_lives() {
    let seconds = setting("HINDSIGHT_TORTURE_SECONDS", 60);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let first = setting("HINDSIGHT_TORTURE_SEED", 1);
    let (mut lives, mut crashes) = (0_u64, 0_u64);
    while std::time::Instant::now() < until {
        let seed = first + lives;
        let plan = if lives == 0 { whole_life() } else { generated(seed, 60) };
        let calls = calls(&plan);
        let step = if lives == 0 { 1 } else { 7 };
        for at in (seed % step..calls).step_by(usize::try_from(step).unwrap()) {
            if std::time::Instant::now() >= until {
                break;
            }
            let told = |e| panic!("life {seed}: {e}\n{plan:?}");
            let way = if at % 5 < 2 { at % 5 } else { at * 7919 + seed };
            crash(&plan, at, way, honest).unwrap_or_else(told);
            if at % 3 == 0 {
                crash_twice(&plan, at, (at * 31 + seed) % 70, way).unwrap_or_else(told);
            }
            let failure = FAILURES[usize::try_from(at % 3).unwrap()];
            let fault = Fault::new(failure).after(at).times(1 + at % 4);
            fail(&plan, fault, way).unwrap_or_else(told);
            crashes += 3;
        }
        lives += 1;
    }
    eprintln!("{lives} lives from seed {first}, {crashes} crashes and failures, no violation");
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
