//! A simulated table: 200 features of which five matter, with everything that makes selection hard.
#![expect(unreachable_pub, reason = "a bench takes in this file too")]

use features::selection::{Column, Logistic, Matrix, Sample, SelectionError, Settings, Target};

/// Columns that matter.
pub const PLANTED: [usize; 5] = [13, 57, 101, 149, 188];
/// Near copies: the second of each pair repeats the first. The first pair matters.
pub const COPIES: [[usize; 2]; 3] = [[57, 58], [20, 21], [20, 22]];

const FEATURES: usize = 200;
const SESSIONS: usize = 50;
const ROWS_A_SESSION: usize = 40;
const MINUTE: i64 = 60_000_000_000;
/// Minutes that a label lives, so that each overlaps its neighbours.
const HORIZON: usize = 3;

/// A small generator with a fixed seed (Marsaglia's xorshift).
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ (seed + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }

    /// Uniform in (0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0
    }

    /// Standard normal (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }
}

/// Features that depend on their own past, one null in twenty in every seventh column, classes from overlapping labels.
pub struct Market {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
    valid: Vec<Vec<bool>>,
    pub classes: Vec<u32>,
    ts_from: Vec<i64>,
    ts_to: Vec<i64>,
    sessions: Vec<u32>,
}

impl Market {
    pub fn new(seed: u64) -> Self {
        let mut random = Seeded::new(seed);
        let rows = SESSIONS * ROWS_A_SESSION;
        let mut values: Vec<Vec<f64>> =
            (0..FEATURES).map(|_| drifting(rows, &mut random)).collect();
        for [from, to] in COPIES {
            values[to] = values[from].iter().map(|x| x + 0.1 * random.normal()).collect();
        }
        // Noise lives as long as a label does.
        let shocks: Vec<f64> = (0..rows + HORIZON).map(|_| random.normal()).collect();
        let outcome = |row: usize| {
            let signal: f64 = PLANTED.iter().map(|&at| values[at][row]).sum();
            signal + shocks[row..row + HORIZON].iter().sum::<f64>()
        };
        let classes = (0..rows).map(|row| u32::from(outcome(row) > 0.0)).collect();
        let valid = (0..FEATURES)
            .map(|at| (0..rows).map(|_| at % 7 != 0 || random.unit() > 0.05).collect())
            .collect();
        let stamp = |row: usize| {
            let (day, minute) = (row / ROWS_A_SESSION, row % ROWS_A_SESSION);
            i64::try_from(day * 1_440 + minute).unwrap() * MINUTE
        };
        let length = MINUTE * i64::try_from(HORIZON).unwrap();
        Self {
            names: (0..FEATURES).map(|at| format!("x_sim__f{at:03}__now")).collect(),
            values,
            valid,
            classes,
            ts_from: (0..rows).map(stamp).collect(),
            ts_to: (0..rows).map(|row| stamp(row) + length).collect(),
            sessions: (0..rows).map(|row| u32::try_from(row / ROWS_A_SESSION).unwrap()).collect(),
        }
    }

    /// The same features with labels that have nothing to do with them: those of another seed.
    pub fn shuffled(seed: u64) -> Self {
        let classes = Self::new(seed + 1_000_000).classes;
        Self { classes, ..Self::new(seed) }
    }

    pub fn matrix(&self) -> Result<Matrix<'_>, SelectionError> {
        let column =
            |at: usize| Column::with_validity(&self.names[at], &self.values[at], &self.valid[at]);
        Matrix::try_new((0..FEATURES).map(column).collect::<Result<_, _>>()?)
    }

    pub fn sample(&self) -> Result<Sample, SelectionError> {
        Sample::try_new(Target::Classes(&self.classes), &self.ts_from, &self.ts_to)?
            .with_sessions(&self.sessions)
    }
}

/// A stationary series of unit variance that remembers half of its last value.
fn drifting(rows: usize, random: &mut Seeded) -> Vec<f64> {
    let mut last = random.normal();
    (0..rows)
        .map(|_| {
            last = 0.5 * last + libm::sqrt(0.75) * random.normal();
            last
        })
        .collect()
}

/// What the runs use: a firm penalty, because 200 features meet some 700 effective rows.
pub fn learner() -> Logistic {
    Logistic { c: 0.02 }
}

/// Few shifts (what is confirmed does not depend on them) and pairs, ranking by F: a run takes a second.
pub fn settings() -> Settings {
    Settings {
        shifts: 9,
        pairs: 10,
        replicates: 199,
        scheme: features::selection::Scheme::Fcq,
        ..Settings::default()
    }
}

/// Confirmed columns that matter (a near copy counts as its original), and those that do not.
pub fn judge(confirmed: &[usize]) -> (usize, usize) {
    let original = |at: usize| COPIES.iter().find(|pair| pair[1] == at).map_or(at, |pair| pair[0]);
    let (good, bad): (Vec<usize>, Vec<usize>) =
        confirmed.iter().map(|&at| original(at)).partition(|at| PLANTED.contains(at));
    (good.len(), bad.len())
}
