//! The tables of DuckDB's as-of benchmarks, which come from expressions and a seed.
//!
//! `benchmark/micro/join/asof_join.benchmark` and `asof_join_small_probe.benchmark` of DuckDB, in the order in which it
//! makes the rows. DuckDB 2.0.1 answers 124996250025 and 4560929499 on one thread and on two.

/// One side: key, instant in nanoseconds, value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    pub(crate) keys: Vec<u32>,
    pub(crate) ts: Vec<i64>,
    pub(crate) values: Vec<u32>,
}

impl Side {
    fn push(&mut self, key: u32, ts: i64, value: u32) {
        self.keys.push(key);
        self.ts.push(ts);
        self.values.push(value);
    }

    /// The rows by time, equal times in their order.
    pub(crate) fn by_time(&self) -> Self {
        self.sorted_by_key(|row| self.ts[row])
    }

    /// The rows by key and time.
    pub(crate) fn by_key(&self) -> Self {
        self.sorted_by_key(|row| (self.keys[row], self.ts[row]))
    }

    /// The rows in an order that has nothing to do with time.
    pub(crate) fn shuffled(&self) -> Self {
        let mut random = Pcg::new(7);
        let draws: Vec<u64> = self.ts.iter().map(|_| random.bits()).collect();
        self.sorted_by_key(|row| draws[row])
    }

    fn sorted_by_key<K: Ord>(&self, key: impl Fn(usize) -> K) -> Self {
        let mut order: Vec<usize> = (0..self.ts.len()).collect();
        order.sort_by_key(|&row| key(row));
        let mut sorted = Self::default();
        for row in order {
            sorted.push(self.keys[row], self.ts[row], self.values[row]);
        }
        sorted
    }
}

const SECOND: i64 = 1_000_000_000;

/// Probe and build of 50 keys times `minutes` (100,000 in the benchmark), keys after each other.
pub(crate) fn scaling(minutes: u32) -> (Side, Side) {
    let (mut probe, mut build) = (Side::default(), Side::default());
    for key in 0..50 {
        for minute in 0..minutes {
            let ts = (978_307_200 + 60 * i64::from(minute)) * SECOND;
            build.push(key, ts, minute);
            probe.push(2 * key, ts - 30 * SECOND, 0);
        }
    }
    (probe, build)
}

/// DuckDB's generator (PCG XSH RR 64/32, O'Neill 2014).
struct Pcg(u64);

impl Pcg {
    const ADD: u64 = 1_442_695_040_888_963_407;

    fn new(seed: u64) -> Self {
        Self(Self::next(seed.wrapping_add(Self::ADD)))
    }

    fn next(state: u64) -> u64 {
        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(Self::ADD)
    }

    fn bits(&mut self) -> u64 {
        let mut half = || {
            let state = self.0;
            self.0 = Self::next(state);
            let mixed = u32::try_from((((state >> 18) ^ state) >> 27) & 0xffff_ffff).unwrap();
            u64::from(mixed.rotate_right(u32::try_from(state >> 59).unwrap()))
        };
        (half() << 32) | half()
    }

    fn unit(&mut self) -> f64 {
        self.bits() as f64 / 18_446_744_073_709_551_616.0
    }

    #[expect(clippy::cast_possible_truncation, reason = "within a year")]
    fn instant(&mut self) -> i64 {
        let micros = (self.unit() * 60.0 * 60.0 * 24.0 * 365.0 * 1e6).round_ties_even() as i64;
        1_609_459_200 * SECOND + micros * 1_000
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 100,001")]
    fn value(&mut self) -> u32 {
        (self.unit() * 100_000.0).round_ties_even() as u32
    }
}

/// 100,000 probes, one a key, into 1,000,000 rows, at random instants of a year.
pub(crate) fn small_probe() -> (Side, Side) {
    let mut seeds = Pcg::new(4_010_492_068); // SETSEED(0.8675309)
    let [mut probe_ts, mut build_ts, mut value] = [(); 3].map(|()| Pcg::new(seeds.bits()));
    let (mut probe, mut build) = (Side::default(), Side::default());
    for row in 0..1_000_000 {
        if row < 100_000 {
            probe.push(row, probe_ts.instant(), 0);
        }
        build.push(row % 100_000, build_ts.instant(), value.value());
    }
    (probe, build)
}
