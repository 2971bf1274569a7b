//! What a check says about rows: a bit for applicable, a bit for violated.

use arrow_buffer::NullBuffer;

/// What one check says about the rows of one batch, and about rows before it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    rows: usize,
    applicable: Vec<u64>,
    violated: Vec<u64>,
    /// What is said only now about rows of earlier batches.
    pub(crate) late: Vec<LateMark>,
}

/// What is said about a row after its batch was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LateMark {
    /// The row.
    pub(crate) id: u64,
    /// Its source, 0 where the table has none.
    pub(crate) source: u16,
    /// Whether it counts as applicable now; a row counts once.
    pub(crate) is_applicable: bool,
    /// Whether it violates the rule.
    pub(crate) is_violated: bool,
}

impl Marks {
    /// No marks for a batch of so many rows; keeps its memory.
    pub(crate) fn reset(&mut self, rows: usize) {
        let words = rows.div_ceil(64);
        self.rows = rows;
        self.applicable.clear();
        self.applicable.resize(words, 0);
        self.violated.clear();
        self.violated.resize(words, 0);
        self.late.clear();
    }

    /// The rule speaks about the row and it keeps it.
    pub(crate) fn pass(&mut self, row: usize) {
        if let Some(word) = self.applicable.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// The rule speaks about the row and it breaks it.
    pub(crate) fn fail(&mut self, row: usize) {
        self.pass(row);
        if let Some(word) = self.violated.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// The rule speaks about the row; whether it breaks it is said.
    pub(crate) fn judge(&mut self, row: usize, is_violated: bool) {
        if is_violated { self.fail(row) } else { self.pass(row) }
    }

    /// Judges 64 rows at a time: applicable are the rows that are valid in all of `nulls` and for which the first bit of
    /// `judge` is set; violated those of them with the second.
    ///
    /// `judge` gets a row that may be null, whose value is then anything. The answer is the number of rows that it found
    /// to violate. Sweeps of one batch add up: a row is applicable, or violates, if any of them says so.
    pub(crate) fn sweep(
        &mut self,
        nulls: &[Option<&NullBuffer>],
        mut judge: impl FnMut(usize) -> (bool, bool),
    ) -> u64 {
        let mut found = 0;
        for (at, (applicable, violated)) in
            self.applicable.iter_mut().zip(&mut self.violated).enumerate()
        {
            let first = at * 64;
            let count = (self.rows - first).min(64);
            let (mut a, mut v) = (0_u64, 0_u64);
            // Shifts by a constant: one by a variable is checked for overflow, row by row.
            for row in first..first + count {
                let (speaks, breaks) = judge(row);
                a = a >> 1 | u64::from(speaks) << 63;
                v = v >> 1 | u64::from(breaks) << 63;
            }
            (a, v) = (a >> (64 - count), v >> (64 - count));
            for nulls in nulls.iter().flatten() {
                a &= word(nulls, first, count);
            }
            *applicable |= a;
            *violated |= a & v;
            found += u64::from((a & v).count_ones());
        }
        found
    }

    /// [`Marks::sweep`] over the values of one column, without a look-up a row.
    pub(crate) fn sweep_values<T: Copy>(
        &mut self,
        values: &[T],
        nulls: Option<&NullBuffer>,
        mut judge: impl FnMut(T) -> (bool, bool),
    ) -> u64 {
        let mut found = 0;
        let words = self.applicable.iter_mut().zip(&mut self.violated);
        for (at, ((applicable, violated), values)) in words.zip(values.chunks(64)).enumerate() {
            let (mut a, mut v) = (0_u64, 0_u64);
            for value in values {
                let (speaks, breaks) = judge(*value);
                a = a >> 1 | u64::from(speaks) << 63;
                v = v >> 1 | u64::from(breaks) << 63;
            }
            let unused = 64 - values.len();
            (a, v) = (a >> unused, v >> unused);
            if let Some(nulls) = nulls {
                a &= word(nulls, at * 64, values.len());
            }
            *applicable |= a;
            *violated |= a & v;
            found += u64::from((a & v).count_ones());
        }
        found
    }

    /// Every row is applicable, and those that are null violate.
    pub(crate) fn sweep_nulls(&mut self, nulls: Option<&NullBuffer>) {
        for (at, (applicable, violated)) in
            self.applicable.iter_mut().zip(&mut self.violated).enumerate()
        {
            let count = (self.rows - at * 64).min(64);
            let all = u64::MAX >> (64 - count);
            *applicable |= all;
            *violated |= nulls.map_or(0, |nulls| all & !word(nulls, at * 64, count));
        }
    }

    /// Every row is applicable, and all or none of them violate.
    pub(crate) fn judge_all(&mut self, is_violated: bool) {
        self.sweep(&[], |_| (true, is_violated));
    }

    /// Applicable and violated, 64 rows a word.
    pub(crate) fn words(&self) -> impl Iterator<Item = (u64, u64)> {
        self.applicable.iter().copied().zip(self.violated.iter().copied())
    }

    /// Rows that violate, in order.
    pub(crate) fn violations(&self) -> impl Iterator<Item = usize> {
        self.violated
            .iter()
            .enumerate()
            .flat_map(|(at, &word)| Bits(word).map(move |b| at * 64 + b))
    }

    /// Whether any row violates.
    pub(crate) fn has_violations(&self) -> bool {
        self.violated.iter().any(|w| *w != 0)
    }

    /// Whether a row is applicable, and whether it violates.
    pub(crate) fn at(&self, row: usize) -> (bool, bool) {
        let bit = |words: &[u64]| words.get(row / 64).is_some_and(|w| w >> (row % 64) & 1 == 1);
        (bit(&self.applicable), bit(&self.violated))
    }

    /// Nothing is applicable.
    pub(crate) fn clear(&mut self) {
        self.reset(self.rows);
    }
}

/// Positions of the set bits of a word, lowest first.
pub(crate) struct Bits(pub(crate) u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(bit as usize)
    }
}

/// Validity of up to 64 rows as a word.
pub(crate) fn word(nulls: &NullBuffer, first: usize, count: usize) -> u64 {
    let bits = nulls.inner();
    let offset = bits.offset() + first;
    let bytes = bits.values();
    let mut word = 0_u128;
    for (at, byte) in bytes.iter().skip(offset / 8).take(9).enumerate() {
        word |= u128::from(*byte) << (8 * at);
    }
    let word = word >> (offset % 8);
    let mask = if count >= 64 { u128::from(u64::MAX) } else { (1_u128 << count) - 1 };
    u64::try_from(word & mask).unwrap_or(0)
}
