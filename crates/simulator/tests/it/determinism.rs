//! Equal scenario and seed give equal bytes, however the run is cut.

use crate::rows::{SHORT, cell};
use contract::UtcNanos;
use contract::arrow_array::cast::AsArray;
use contract::arrow_array::types::{
    Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use contract::arrow_array::{Array, ArrowPrimitiveType, StringArray};
use contract::arrow_schema::DataType;
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

/// A hash of the values of rows, in order, whatever their arrays look like; cheap without optimisation.
struct Fingerprint(u64);

impl Fingerprint {
    fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    fn numbers<P: ArrowPrimitiveType>(
        &mut self,
        array: &dyn Array,
        bits: impl Fn(P::Native) -> u64,
    ) {
        for value in array.as_primitive::<P>() {
            self.word(value.map_or(0x6e75_6c6c, &bits));
        }
    }

    fn column(&mut self, array: &dyn Array) {
        match array.data_type() {
            DataType::Timestamp(_, _) => {
                self.numbers::<TimestampNanosecondType>(array, i64::cast_unsigned);
            }
            DataType::Int64 => self.numbers::<Int64Type>(array, i64::cast_unsigned),
            DataType::Float64 => self.numbers::<Float64Type>(array, f64::to_bits),
            DataType::UInt64 => self.numbers::<UInt64Type>(array, |v| v),
            DataType::UInt32 => self.numbers::<UInt32Type>(array, u64::from),
            DataType::UInt16 => self.numbers::<UInt16Type>(array, u64::from),
            DataType::UInt8 => self.numbers::<UInt8Type>(array, u64::from),
            DataType::Dictionary(_, _) => {
                let words =
                    array.as_dictionary::<Int32Type>().downcast_dict::<StringArray>().unwrap();
                words.into_iter().for_each(|w| self.bytes(w.unwrap_or("null").as_bytes()));
            }
            DataType::Utf8 => array
                .as_string::<i32>()
                .iter()
                .for_each(|w| self.bytes(w.unwrap_or("null").as_bytes())),
            DataType::FixedSizeBinary(_) => {
                array.as_fixed_size_binary().iter().for_each(|w| self.bytes(w.unwrap_or(b"null")));
            }
            // By their children: the display of an instant in a list depends on features of chrono.
            DataType::List(_) => {
                for row in array.as_list::<i32>().iter() {
                    match row {
                        Some(row) => {
                            self.word(row.len() as u64);
                            self.column(row.as_ref());
                        }
                        None => self.bytes(b"null"),
                    }
                }
            }
            DataType::Struct(_) => {
                array.as_struct().columns().iter().for_each(|c| self.column(c.as_ref()));
            }
            _ => {
                for row in 0..array.len() {
                    self.bytes(cell(array, row).unwrap_or_default().as_bytes());
                }
            }
        }
    }
}

fn fingerprint(slices: impl Iterator<Item = Slice>) -> u64 {
    let mut hash = Fingerprint(0);
    for slice in slices {
        for (name, table) in slice.tables().chain(slice.derived()).chain(slice.truth()) {
            hash.bytes(name.as_bytes());
            for array in table.columns() {
                hash.column(array.as_ref());
            }
        }
    }
    hash.0
}

/// A changed value here means that equal scenarios give other bytes than before: raise `SCENARIO_VERSION` with it.
const GOLDEN: [(&str, u64); 6] = [
    ("small", 17_718_547_002_765_076_415),
    ("day", 2_350_771_008_193_549_801),
    ("faultless", 10_964_577_788_591_678_623),
    ("faults", 7_859_602_985_421_585_696),
    ("two_venues", 6_749_102_557_399_192_360),
    ("leak_trap", 1_258_775_328_778_786_239),
];

#[test]
fn presets_have_their_golden_hash() {
    let found = PRESETS.map(|(name, _)| {
        let run = Simulation::new(&Scenario::preset(name).unwrap(), 1).with_threads(2);
        // The opening auction, and the first minute of trading.
        (name, fingerprint(run.skip(10).take(3)))
    });
    assert_eq!(found, GOLDEN);
}
