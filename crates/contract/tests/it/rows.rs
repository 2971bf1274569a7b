//! Rows of any table as plain cells, and the arrays that a foreign writer makes of them.
//!
//! Made with the constructors of arrow alone, so that the crate's own builders are not their own oracle.

use arrow_buffer::{NullBuffer, OffsetBuffer};
use contract::arrow_array::types::Int32Type;
use contract::arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray,
    FixedSizeBinaryArray, Float64Array, Int8Array, Int32Array, Int64Array, ListArray, RecordBatch,
    RecordBatchOptions, StringArray, StructArray, TimestampNanosecondArray, UInt8Array,
    UInt16Array, UInt32Array, UInt64Array,
};
use contract::arrow_schema::{Field, Fields, Schema};
use contract::{TableSpec, Type};
use std::sync::Arc;

/// One value, whatever its column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Bytes(Vec<u8>),
    Text(String),
    List(Vec<Cell>),
    Struct(Vec<Cell>),
}

pub(crate) fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

pub(crate) fn ints(values: &[i128]) -> Cell {
    Cell::List(values.iter().map(|v| Cell::Int(*v)).collect())
}

/// A letter of a `code` column.
pub(crate) fn code(letter: u8) -> Cell {
    Cell::Int(letter.into())
}

/// 2026-03-02T14:30:00Z, a Monday in the session of New York.
pub(crate) const T0: i128 = 1_772_461_800_000_000_000;

/// Rows of a table, column by column.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) spec: &'static TableSpec,
    pub(crate) columns: Vec<Vec<Cell>>,
    /// Float columns behind the fixed ones of a dynamic table.
    pub(crate) dynamic: Vec<(String, Vec<Cell>)>,
    pub(crate) seq: Option<Vec<u64>>,
}

impl Rows {
    /// One valid row: required columns with a plain value, nullable ones null.
    pub(crate) fn plain(spec: &'static TableSpec) -> Self {
        let columns = spec.columns.iter().map(|c| {
            let is_null = c.nullable && c.name != "ts_recv";
            vec![if is_null { Cell::Null } else { plain(c.ty, c.name) }]
        });
        let mut rows = Self { spec, columns: columns.collect(), dynamic: Vec::new(), seq: None };
        for (column, cell) in plain_of(spec.name) {
            rows.set(0, column, cell);
        }
        rows
    }

    pub(crate) fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    pub(crate) fn position(&self, column: &str) -> usize {
        let at = self.spec.columns.iter().position(|c| c.name == column);
        at.unwrap_or_else(|| panic!("{} has no column {column}", self.spec.name))
    }

    pub(crate) fn has(&self, column: &str) -> bool {
        self.spec.columns.iter().any(|c| c.name == column)
    }

    pub(crate) fn get(&self, row: usize, column: &str) -> &Cell {
        &self.columns[self.position(column)][row]
    }

    pub(crate) fn set(&mut self, row: usize, column: &str, cell: Cell) {
        let at = self.position(column);
        self.columns[at][row] = cell;
    }

    /// The same row with other cells.
    pub(crate) fn with(mut self, cells: &[(&str, Cell)]) -> Self {
        for (column, cell) in cells {
            self.set(0, column, cell.clone());
        }
        self
    }

    /// The rows of both, one behind the other.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            mine.extend(theirs.iter().cloned());
        }
        self
    }

    /// Columns that are absent in a foreign file: nullable ones without a value.
    pub(crate) fn batch(&self) -> RecordBatch {
        let packed = i32::try_from(self.dynamic.len()).unwrap();
        let mut fields = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        if let Some(seq) = &self.seq {
            fields.push(Field::new("seq", contract::arrow_schema::DataType::UInt64, false));
            arrays.push(Arc::new(UInt64Array::from(seq.clone())));
        }
        for (spec, cells) in self.spec.columns.iter().zip(&self.columns) {
            fields.push(Field::new(spec.name, spec.ty.data_type(packed), true));
            arrays.push(array(spec.ty, packed, cells));
        }
        for (name, cells) in &self.dynamic {
            fields.push(Field::new(name, Type::F64.data_type(0), true));
            arrays.push(array(Type::F64, 0, cells));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(self.len()));
        let schema = Arc::new(Schema::new(fields));
        RecordBatch::try_new_with_options(schema, arrays, &options).unwrap()
    }
}

/// A plain value of a type.
fn plain(ty: Type, column: &str) -> Cell {
    match ty {
        Type::Ts => Cell::Int(T0),
        Type::Px => Cell::Int(100_000_000_000),
        Type::Dec => Cell::Int(1_000_000_000),
        Type::Size => Cell::Float(1.0),
        Type::F64 => Cell::Float(0.5),
        Type::Id => Cell::Bytes(vec![7; 16]),
        Type::Hash => Cell::Bytes(vec![9; 32]),
        Type::Span => Cell::Bytes(vec![3; 8]),
        Type::Cat(words) => text(words[0]),
        Type::OpenCat => text("x"),
        Type::Code(words) => code(words[0].as_bytes()[0]),
        Type::Str => text("s"),
        Type::Bool => Cell::Bool(false),
        Type::Bin | Type::Packed => Cell::Bytes(Vec::new()),
        Type::List(_) | Type::Structs(_) => Cell::List(Vec::new()),
        // `flags` and `revision` start at 0.
        _ => Cell::Int(i128::from(!matches!(column, "flags" | "revision"))),
    }
}

/// Cells of a plain row that its table's rules ask for.
fn plain_of(table: &str) -> Vec<(&'static str, Cell)> {
    let later = |ns: i128| Cell::Int(T0 + ns);
    match table {
        "decisions" => vec![
            ("instrument_id", Cell::Int(1)),
            ("ts_event", later(0)),
            ("side", text("buy")),
            ("qty", Cell::Int(1_000_000_000)),
        ],
        "postings" => vec![("ts_event", later(0))],
        "book_deltas" => vec![("action", code(b'N'))],
        "bars" => vec![("ts_close", later(60_000_000_000))],
        "sessions" => vec![("local_date", text("2026-03-02")), ("ts_end", later(1))],
        "feature_params" => vec![("fit_to", later(-1))],
        "adjustments" => vec![("num", Cell::Int(7)), ("den", Cell::Int(1))],
        "outcomes" | "labels" => {
            ["ts_end", "ts_latest_end", "ts_until", "ts_avail"].map(|c| (c, later(10))).to_vec()
        }
        _ => Vec::new(),
    }
}

fn ints_of<T: TryFrom<i128>>(cells: &[Cell]) -> Vec<Option<T>> {
    cells
        .iter()
        .map(|cell| match cell {
            Cell::Int(value) => T::try_from(*value).ok(),
            _ => None,
        })
        .collect()
}

fn bytes_of(cells: &[Cell]) -> Vec<Option<&[u8]>> {
    cells.iter().map(|c| if let Cell::Bytes(b) = c { Some(b.as_slice()) } else { None }).collect()
}

fn texts_of(cells: &[Cell]) -> Vec<Option<&str>> {
    cells.iter().map(|c| if let Cell::Text(t) = c { Some(t.as_str()) } else { None }).collect()
}

/// The array of a column in the contract's own type.
pub(crate) fn array(ty: Type, packed: i32, cells: &[Cell]) -> ArrayRef {
    match ty {
        Type::Ts => {
            Arc::new(TimestampNanosecondArray::from(ints_of::<i64>(cells)).with_timezone("UTC"))
        }
        Type::Px | Type::I64 => Arc::new(Int64Array::from(ints_of::<i64>(cells))),
        Type::Dec => Arc::new(
            Decimal128Array::from(ints_of::<i128>(cells)).with_precision_and_scale(38, 9).unwrap(),
        ),
        Type::Size | Type::F64 => {
            let value = |c: &Cell| if let Cell::Float(v) = c { Some(*v) } else { None };
            Arc::new(cells.iter().map(value).collect::<Float64Array>())
        }
        Type::Id => fixed(16, cells),
        Type::Hash => fixed(32, cells),
        Type::Span => fixed(8, cells),
        Type::Packed => fixed(packed, cells),
        Type::Cat(_) | Type::OpenCat => {
            Arc::new(texts_of(cells).into_iter().collect::<DictionaryArray<Int32Type>>())
        }
        Type::Str => Arc::new(StringArray::from(texts_of(cells))),
        Type::Bin => Arc::new(BinaryArray::from(bytes_of(cells))),
        Type::Bool => {
            let value = |c: &Cell| if let Cell::Bool(v) = c { Some(*v) } else { None };
            Arc::new(cells.iter().map(value).collect::<BooleanArray>())
        }
        Type::I8 => Arc::new(Int8Array::from(ints_of::<i8>(cells))),
        Type::I32 => Arc::new(Int32Array::from(ints_of::<i32>(cells))),
        Type::Code(_) | Type::U8 => Arc::new(UInt8Array::from(ints_of::<u8>(cells))),
        Type::U16 => Arc::new(UInt16Array::from(ints_of::<u16>(cells))),
        Type::U32 => Arc::new(UInt32Array::from(ints_of::<u32>(cells))),
        Type::U64 => Arc::new(UInt64Array::from(ints_of::<u64>(cells))),
        Type::List(_) | Type::Structs(_) => list(ty, cells),
        other => panic!("no array of {other:?}"),
    }
}

fn fixed(width: i32, cells: &[Cell]) -> ArrayRef {
    if width == 0 {
        // The constructor from items refuses a width of 0, which a table without dynamic columns has.
        let none = contract::arrow_array::new_null_array(
            &contract::arrow_schema::DataType::FixedSizeBinary(0),
            cells.len(),
        );
        let data = none.to_data().into_builder().nulls(None).build().unwrap();
        return Arc::new(FixedSizeBinaryArray::from(data));
    }
    let values = bytes_of(cells).into_iter();
    Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, width).unwrap())
}

fn list(ty: Type, cells: &[Cell]) -> ArrayRef {
    let mut items = Vec::new();
    let mut lengths = Vec::new();
    for cell in cells {
        let inner: &[Cell] = if let Cell::List(inner) = cell { inner } else { &[] };
        items.extend(inner.iter().cloned());
        lengths.push(inner.len());
    }
    let values: ArrayRef = match ty {
        Type::List(item) => array(*item, 0, &items),
        Type::Structs(fields) => {
            let columns = fields.iter().enumerate().map(|(at, field)| {
                let cells: Vec<Cell> = items
                    .iter()
                    .map(|item| match item {
                        Cell::Struct(cells) => cells[at].clone(),
                        other => panic!("{other:?} is no struct"),
                    })
                    .collect();
                array(field.ty, 0, &cells)
            });
            let columns: Vec<ArrayRef> = columns.collect();
            let fields: Fields =
                fields.iter().map(|f| Field::new(f.name, f.ty.data_type(0), f.nullable)).collect();
            Arc::new(StructArray::try_new_with_length(fields, columns, None, items.len()).unwrap())
        }
        other => panic!("{other:?} is no list"),
    };
    let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
    let nulls: NullBuffer = cells.iter().map(|c| *c != Cell::Null).collect();
    let field = Arc::new(Field::new("item", values.data_type().clone(), false));
    Arc::new(ListArray::try_new(field, offsets, values, Some(nulls)).unwrap())
}

/// A stream of numbers from a seed: splitmix64.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.u64() % u64::try_from(n.max(1)).unwrap()).unwrap()
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A float in [0, 1].
    pub(crate) fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.u64() >> 32).unwrap()) / f64::from(u32::MAX)
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.u64().to_le_bytes()[0]).collect()
    }

    fn text(&mut self) -> String {
        const WORDS: [&str; 8] = [
            "",
            "momentum",
            "BTCUSDT",
            "EUR/USD",
            "a \"quoted\" text",
            "naïve – ünïcode",
            "x\ty\nz",
            "0",
        ];
        let word = WORDS[self.below(8)];
        if self.one_in(2) { word.to_owned() } else { format!("{word}{}", self.below(50)) }
    }

    /// Any value of a type, the edges of its range among them.
    pub(crate) fn cell(&mut self, ty: Type) -> Cell {
        let edge = self.one_in(8);
        let low = self.one_in(2);
        let pick = |lo: i128, hi: i128, any: i128| match (edge, low) {
            (true, true) => lo,
            (true, false) => hi,
            _ => any,
        };
        let bits = self.u64();
        match ty {
            Type::Ts => Cell::Int(T0 + i128::from(bits % 1_000_000_000_000)),
            // The range of prices is symmetric; that of integers is not.
            Type::Px => Cell::Int(pick(
                -i128::from(i64::MAX),
                i64::MAX.into(),
                i64::from_le_bytes(bits.to_le_bytes()).into(),
            )),
            Type::I64 => Cell::Int(pick(
                i64::MIN.into(),
                i64::MAX.into(),
                i64::from_le_bytes(bits.to_le_bytes()).into(),
            )),
            Type::Dec => {
                let most = 10_i128.pow(38) - 1;
                let any = i128::from(i64::from_le_bytes(bits.to_le_bytes())) * 1_000_003;
                Cell::Int(pick(-most, most, any))
            }
            Type::Size => {
                Cell::Float(if edge { f64::MIN_POSITIVE } else { self.share() * 1e6 + 1e-9 })
            }
            Type::F64 => Cell::Float(match bits % 6 {
                0 => -0.0,
                1 => f64::MAX,
                2 => 5e-324,
                3 => 0.1 + 0.2,
                _ => (self.share() - 0.5) * 1e9,
            }),
            Type::Id => Cell::Bytes(self.bytes(16)),
            Type::Hash => Cell::Bytes(self.bytes(32)),
            Type::Span => Cell::Bytes(self.bytes(8)),
            Type::Cat(words) => text(words[self.below(words.len())]),
            Type::Code(words) => code(words[self.below(words.len())].as_bytes()[0]),
            Type::OpenCat | Type::Str => Cell::Text(self.text()),
            Type::Bool => Cell::Bool(low),
            Type::I8 => Cell::Int(pick(i8::MIN.into(), i8::MAX.into(), i128::from(bits % 100))),
            Type::I32 => {
                Cell::Int(pick(i32::MIN.into(), i32::MAX.into(), i128::from(bits % 99_999)))
            }
            Type::U8 => Cell::Int(pick(0, u8::MAX.into(), i128::from(bits % 256))),
            Type::U16 => Cell::Int(pick(0, u16::MAX.into(), i128::from(bits % 65_536))),
            Type::U32 => Cell::Int(i128::from(bits >> 32)),
            Type::U64 => Cell::Int(pick(0, u64::MAX.into(), bits.into())),
            Type::Bin => {
                let len = self.below(20);
                Cell::Bytes(self.bytes(len))
            }
            Type::Packed => Cell::Bytes(Vec::new()),
            Type::List(item) => {
                let len = self.below(4);
                Cell::List((0..len).map(|_| self.cell(*item)).collect())
            }
            Type::Structs(fields) => {
                let len = self.below(4);
                let mut item = |_| {
                    let cells = fields.iter().map(|f| {
                        if f.nullable && self.one_in(3) { Cell::Null } else { self.cell(f.ty) }
                    });
                    Cell::Struct(cells.collect())
                };
                Cell::List((0..len).map(&mut item).collect())
            }
            other => panic!("no cell of {other:?}"),
        }
    }
}

impl Rows {
    /// Random rows of the right shape; nullable columns are null now and then, and rules may be broken.
    pub(crate) fn random(spec: &'static TableSpec, len: usize, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let columns = spec.columns.iter().map(|c| {
            // Some columns are full, some sparse, some empty.
            let sparse = dice.below(4);
            (0..len)
                .map(|_| {
                    let is_null = c.nullable && dice.below(4) < sparse;
                    if is_null { Cell::Null } else { dice.cell(c.ty) }
                })
                .collect()
        });
        let columns = columns.collect();
        let mut rows = Self { spec, columns, dynamic: Vec::new(), seq: None };
        if spec.is_dynamic {
            for name in ["price__log_ret__1m", "book__spread_bps"] {
                let cell = |dice: &mut Dice| {
                    if dice.one_in(3) { Cell::Null } else { dice.cell(Type::F64) }
                };
                let cells = (0..len).map(|_| cell(&mut dice)).collect();
                rows.dynamic.push((name.to_owned(), cells));
            }
            for row in 0..len {
                let reasons =
                    rows.dynamic.iter().map(|(_, cells)| u8::from(cells[row] == Cell::Null));
                let reasons = Cell::Bytes(reasons.collect());
                rows.set(row, "null_reasons", reasons);
            }
        }
        rows
    }

    /// Random rows that keep every rule of the table.
    pub(crate) fn valid(spec: &'static TableSpec, len: usize, seed: u64) -> Self {
        let mut rows = Self::random(spec, len, seed);
        let mut dice = Dice::new(seed ^ 0x5eed);
        for row in 0..len {
            if spec.is_event() {
                rows.tame_envelope(row, &mut dice);
            }
            rows.tame(row, &mut dice);
            // Texts and small numbers repeat by chance; a key must not.
            if spec.name == "sources" {
                rows.set(row, "source_id", Cell::Int(i128::try_from(row).unwrap()));
            }
            for name in spec.key.iter().filter(|name| !["seq", "local_date"].contains(name)) {
                if let (Cell::Text(word), Type::Str | Type::OpenCat) =
                    (rows.get(row, name).clone(), spec.columns[rows.position(name)].ty)
                {
                    rows.set(row, name, Cell::Text(format!("{word}#{row}")));
                }
            }
        }
        rows
    }

    fn int(&self, row: usize, column: &str) -> i128 {
        match self.get(row, column) {
            Cell::Int(value) => *value,
            other => panic!("{column}: {other:?} is no integer"),
        }
    }

    fn word(&self, row: usize, column: &str) -> &str {
        match self.get(row, column) {
            Cell::Text(word) => word,
            other => panic!("{column}: {other:?} is no text"),
        }
    }

    /// Gives a value to a cell that must have one.
    fn fill(&mut self, row: usize, column: &str, dice: &mut Dice) {
        if *self.get(row, column) == Cell::Null {
            let ty = self.spec.columns[self.position(column)].ty;
            self.set(row, column, dice.cell(ty));
        }
    }

    /// Maps a value that is there.
    fn map(&mut self, row: usize, column: &str, to: impl FnOnce() -> Cell) {
        if *self.get(row, column) != Cell::Null {
            self.set(row, column, to());
        }
    }

    fn positive(&mut self, row: usize, column: &str) {
        if let Cell::Int(value) = *self.get(row, column) {
            self.set(row, column, Cell::Int(value.saturating_abs().max(1).min(i64::MAX.into())));
        }
    }

    fn tame_envelope(&mut self, row: usize, dice: &mut Dice) {
        let flags = self.int(row, "flags");
        if dice.one_in(3) {
            self.set(row, "flags", Cell::Int(flags | 256));
            self.set(row, "ts_recv", Cell::Null);
            self.fill(row, "ts_event", dice);
            self.fill(row, "clock_offset_ns", dice);
        } else {
            self.set(row, "flags", Cell::Int(flags & !256));
            let recv = self.int(row, "ts_avail") - i128::from(dice.u64() % 2_000);
            self.set(row, "ts_recv", Cell::Int(recv));
        }
    }

    fn pairs(&mut self, row: usize, pairs: &[(&str, &str)]) {
        for (px, beside) in pairs {
            if *self.get(row, px) == Cell::Null {
                self.set(row, beside, Cell::Null);
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm a table")]
    fn tame(&mut self, row: usize, dice: &mut Dice) {
        match self.spec.name {
            "trades" if *self.get(row, "action") != code(b'T') => {
                self.fill(row, "ref_trade_id", dice);
            }
            "quotes" => self.pairs(
                row,
                &[
                    ("bid_px", "bid_size"),
                    ("ask_px", "ask_size"),
                    ("bid_px", "bid_ct"),
                    ("ask_px", "ask_ct"),
                ],
            ),
            "depths" => {
                for side in ["bid", "ask"] {
                    let depth = dice.below(11);
                    for level in 0..10 {
                        let name = |what: &str| format!("{side}_{what}_{level:02}");
                        if level < depth {
                            self.fill(row, &name("px"), dice);
                        } else {
                            for what in ["px", "size", "ct"] {
                                self.set(row, &name(what), Cell::Null);
                            }
                        }
                    }
                }
            }
            "book_deltas" => {
                let bare = [code(b'R'), code(b'N')].contains(self.get(row, "action"));
                if bare { self.set(row, "px", Cell::Null) } else { self.fill(row, "px", dice) }
            }
            "bars" => {
                self.positive(row, "step_ns");
                let open = self.int(row, "ts_open");
                self.set(row, "ts_close", Cell::Int(open + 1 + i128::from(dice.u64() % 1_000)));
                let prices = ["open", "high", "low", "close"].map(|c| self.int(row, c));
                self.set(row, "low", Cell::Int(prices.into_iter().min().unwrap()));
                self.set(row, "high", Cell::Int(prices.into_iter().max().unwrap()));
            }
            "feed_marks" => {
                if self.word(row, "kind") == "watermark" {
                    self.fill(row, "ts_mark", dice);
                }
                if *self.get(row, "ts_from") != Cell::Null {
                    let to = self.int(row, "ts_from") + i128::from(dice.u64() % 1_000);
                    self.map(row, "ts_to", || Cell::Int(to));
                }
            }
            "decisions" => {
                match self.word(row, "action") {
                    "enter" | "exit" | "increase" | "reduce" | "reverse" => {
                        for column in ["instrument_id", "side", "qty"] {
                            self.fill(row, column, dice);
                        }
                    }
                    "hold" => {
                        self.set(row, "side", Cell::Null);
                        self.set(row, "qty", Cell::Null);
                    }
                    _ => {}
                }
                self.fill(row, "ts_event", dice);
                self.positive(row, "qty");
                self.positive(row, "horizon_ns");
                for column in ["confidence", "action_prob"] {
                    let share = dice.share().max(1e-9);
                    self.map(row, column, || Cell::Float(share));
                }
                let prob = dice.share();
                let score = Cell::Float(-1.25);
                self.map(row, "alternatives", || {
                    let one = Cell::Struct(vec![text("hold"), score.clone(), Cell::Float(prob)]);
                    let other = Cell::Struct(vec![text("exit"), Cell::Null, Cell::Null]);
                    Cell::List(vec![one, other])
                });
                self.pairs(row, &[("bid_px", "bid_size"), ("ask_px", "ask_size")]);
            }
            "executions" => {
                let kind = self.word(row, "exec_type").to_owned();
                if kind == "trade" || kind == "trade_correct" {
                    self.fill(row, "last_qty", dice);
                    self.fill(row, "last_px", dice);
                }
                if kind == "trade" {
                    self.positive(row, "last_qty");
                    self.set(row, "exec_ref_id", Cell::Null);
                }
                if kind == "trade_correct" || kind == "trade_cancel" {
                    self.fill(row, "exec_ref_id", dice);
                }
            }
            "portfolio_snapshots" => {
                let free = i128::from(dice.u64() >> 8);
                self.map(row, "balances", || {
                    let parts = [free + 5, 5, free].map(Cell::Int);
                    Cell::List(vec![Cell::Struct([&[text("USD")], &parts[..]].concat())])
                });
            }
            "postings" => self.fill(row, "ts_event", dice),
            "intelligence" => {
                let avail = self.int(row, "ts_avail");
                self.map(row, "ts_scored", || Cell::Int(avail));
                if *self.get(row, "is_retracted") == Cell::Bool(true) {
                    for column in ["sentiment", "magnitude", "value"] {
                        self.set(row, column, Cell::Null);
                    }
                }
                for column in ["sentiment", "sentiment_confidence", "novelty"] {
                    let share = dice.share();
                    self.map(row, column, || Cell::Float(share));
                }
                let share = dice.share();
                self.map(row, "entities", || {
                    let cells = vec![Cell::Int(7), Cell::Float(share), text("subject")];
                    Cell::List(vec![Cell::Struct(cells)])
                });
            }
            "sources" | "instruments" | "symbols" | "roles" | "fee_schedules" => {
                let to = self.int(row, "valid_from") + 1;
                self.map(row, "valid_to", || Cell::Int(to));
                for column in ["declared_delay_ns", "multiplier", "tick_size"] {
                    if self.has(column) {
                        self.positive(row, column);
                    }
                }
            }
            "adjustments" => {
                let both = [Cell::Int(1 + i128::from(dice.u64() % 50)), Cell::Int(1)];
                let [num, den] = both;
                self.set(row, "num", num);
                self.set(row, "den", den);
            }
            "sessions" => {
                let end = self.int(row, "ts_start") + 1;
                self.set(row, "ts_end", Cell::Int(end));
                self.set(
                    row,
                    "local_date",
                    Cell::Text(format!("2026-02-{:02}", 1 + dice.below(28))),
                );
            }
            "feature_params" => {
                let to = self.int(row, "ts_avail") - 1;
                self.set(row, "fit_to", Cell::Int(to));
            }
            "features" => {
                let cutoff = self.int(row, "ts_cutoff");
                self.map(row, "src_ts_avail_max", || Cell::Int(cutoff - 1));
            }
            "outcomes" | "labels" => {
                let cutoff = self.int(row, "ts_cutoff");
                for (column, ns) in
                    [("ts_end", 1), ("ts_latest_end", 2), ("ts_until", 3), ("ts_avail", 4)]
                {
                    self.set(row, column, Cell::Int(cutoff + ns));
                }
            }
            "quality_events" => {
                let share = dice.share();
                self.map(row, "score", || Cell::Float(share * 100.0));
                self.map(row, "coverage", || Cell::Float(share));
            }
            _ => {}
        }
    }
}
