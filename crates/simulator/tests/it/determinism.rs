//! Equal scenario and seed give equal bytes, however the run is cut.

use crate::rows::SHORT;
use contract::UtcNanos;
use contract::arrow_array::{Array, RecordBatch};
use simulator::{PRESETS, Scenario, Simulation, Slice};

const FAULTY: &str = r#"
[[faults]]
kind = "duplicated"
rate = 0.01
[[faults]]
kind = "late"
rate = 0.01
magnitude = 25
[[faults]]
kind = "lost"
rate = 0.01
"#;

fn simulation(seed: u64) -> Simulation {
    Simulation::new(&Scenario::parse(&format!("{SHORT}{FAULTY}")).unwrap(), seed)
}

#[track_caller]
fn same(found: &[Slice], expected: &[Slice], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: slices");
    for (a, b) in found.iter().zip(expected) {
        assert_eq!((a.from(), a.to()), (b.from(), b.to()), "{what}");
        let (a, b): (Vec<_>, Vec<_>) =
            (a.tables().chain(a.truth()).collect(), b.tables().chain(b.truth()).collect());
        assert_eq!(a.len(), b.len(), "{what}: tables");
        for ((name, left), (other, right)) in a.into_iter().zip(b) {
            assert_eq!(name, other);
            assert!(left == right, "{what}: {name} differs");
        }
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    let one: Vec<Slice> = simulation(11).collect();
    assert!(one.iter().map(Slice::rows).sum::<u64>() > 20_000);
    for threads in [2, 4] {
        same(&simulation(11).with_threads(threads).collect::<Vec<_>>(), &one, "threads");
    }
}

#[test]
fn restart_from_the_middle_gives_the_same_rest() {
    let whole: Vec<Slice> = simulation(12).collect();
    let middle = whole.len() / 2;
    // With the state at hand.
    let mut first = simulation(12);
    let before: Vec<Slice> = first.by_ref().take(middle).collect();
    let checkpoint = first.clone();
    drop(first);
    same(&before, &whole[..middle], "before the checkpoint");
    same(&checkpoint.collect::<Vec<_>>(), &whole[middle..], "from a checkpoint");
    // From the seed alone.
    let ts = UtcNanos::from_nanos(whole[middle].from().nanos() + 1);
    same(&simulation(12).skip_to(ts).collect::<Vec<_>>(), &whole[middle..], "from the seed");
}

#[test]
fn batches_of_any_size_hold_the_same_rows_in_order() {
    for slice in simulation(13).skip(5).take(3) {
        for (name, batch) in slice.tables() {
            for rows in [1, 7, 8192] {
                let sizes: Vec<usize> = slice.batches(name, rows).map(|b| b.num_rows()).collect();
                assert!(sizes.iter().all(|n| *n <= rows));
                let mut at = 0;
                for part in slice.batches(name, rows) {
                    assert!(
                        part == batch.slice(at, part.num_rows()),
                        "{name} in batches of {rows}"
                    );
                    at += part.num_rows();
                }
                assert_eq!(at, batch.num_rows(), "{name} in batches of {rows}");
            }
        }
    }
}

#[test]
fn another_seed_is_another_world() {
    let (a, b) = (simulation(1).nth(10).unwrap(), simulation(2).nth(10).unwrap());
    assert!(a.table("trades") != b.table("trades"));
}

/// FNV-1a over names and buffers: cheap without optimisation, and enough to notice a change.
fn fingerprint(slices: impl Iterator<Item = Slice>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |bytes: &[u8]| {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3).rotate_left(17);
        }
    };
    let mut batch = |name: &str, batch: &RecordBatch| {
        eat(name.as_bytes());
        for column in batch.columns() {
            let data = column.to_data();
            for buffer in data.buffers() {
                eat(buffer.as_slice());
            }
            for child in data.child_data() {
                child.buffers().iter().for_each(|b| eat(b.as_slice()));
            }
        }
    };
    for slice in slices {
        for (name, table) in slice.tables().chain(slice.truth()) {
            batch(name, table);
        }
    }
    hash
}

/// A changed value here means that equal scenarios give other bytes than before: raise `SCENARIO_VERSION` with it.
const GOLDEN: [(&str, u64); 6] = [
    ("small", 0),
    ("day", 0),
    ("faultless", 0),
    ("faults", 0),
    ("two_venues", 0),
    ("leak_trap", 0),
];

#[test]
fn presets_have_their_golden_hash() {
    let found = PRESETS.map(|(name, _)| {
        let run = Simulation::new(&Scenario::preset(name).unwrap(), 1).with_threads(2);
        // The opening, and the minutes after it.
        (name, fingerprint(run.skip(8).take(6)))
    });
    assert_eq!(found, GOLDEN);
}
