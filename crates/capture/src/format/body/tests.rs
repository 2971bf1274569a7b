use super::*;
use arrow_array::builder::BinaryBuilder;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, BooleanArray, DictionaryArray, Int32Array, ListArray, StringArray, StructArray,
    cast::AsArray, make_array,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow_data::ArrayData;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, Field};
use contract::{TABLES, TableSpec};
use proptest::prelude::*;

/// A small stream of numbers, so that a batch follows from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        // Knuth's MMIX constants.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }

    fn nulls(&mut self, rows: usize, nullable: bool) -> Option<NullBuffer> {
        let kind = self.below(4);
        nullable.then(|| match kind {
            0 => NullBuffer::new_null(rows),
            1 => NullBuffer::new_valid(rows),
            _ => NullBuffer::from((0..rows).map(|_| self.below(3) > 0).collect::<Vec<_>>()),
        })
    }

    /// An array with everything that equal rows may differ in: values under nulls, unused and repeated dictionary
    /// values, slices.
    fn array(&mut self, ty: &DataType, rows: usize, nullable: bool) -> ArrayRef {
        let before = self.below(5);
        let len = before + rows + self.below(5);
        let nulls = self.nulls(len, nullable);
        let words = ["", "a", "b\u{20ac}", "a", "unused", "\0"];
        let array: ArrayRef = match ty {
            DataType::Boolean => {
                let bits: Vec<bool> = (0..len).map(|_| self.below(2) > 0).collect();
                Arc::new(BooleanArray::new(BooleanBuffer::from(bits), nulls))
            }
            DataType::Utf8 => {
                let texts: Vec<&str> = (0..len).map(|_| words[self.below(words.len())]).collect();
                let plain = StringArray::from(texts);
                let (offsets, values, _) = plain.into_parts();
                Arc::new(StringArray::new(offsets, values, nulls))
            }
            DataType::Binary => {
                let mut builder = BinaryBuilder::new();
                for row in 0..len {
                    if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                        builder.append_null();
                    } else {
                        let len = self.below(4);
                        builder.append_value(self.bytes(len));
                    }
                }
                Arc::new(builder.finish())
            }
            DataType::Dictionary(_, _) => {
                let values: Vec<&str> =
                    (0..=self.below(9)).map(|at| words[at % words.len()]).collect();
                let keys: Vec<i32> =
                    (0..len).map(|_| i32::try_from(self.below(values.len())).unwrap()).collect();
                let keys = Int32Array::new(keys.into(), nulls);
                Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from(values))))
            }
            DataType::List(item) => {
                let lengths: Vec<usize> = (0..len).map(|_| self.below(3)).collect();
                let total = lengths.iter().sum();
                let values = self.array(item.data_type(), total, item.is_nullable());
                let offsets = OffsetBuffer::from_lengths(lengths);
                Arc::new(ListArray::new(Arc::clone(item), offsets, values, nulls))
            }
            DataType::Struct(fields) => {
                let columns = fields
                    .iter()
                    .map(|field| self.array(field.data_type(), len, field.is_nullable()))
                    .collect();
                Arc::new(StructArray::new(fields.clone(), columns, None))
            }
            fixed => {
                let width = match fixed {
                    DataType::FixedSizeBinary(width) => usize::try_from(*width).unwrap(),
                    other => other.primitive_width().unwrap(),
                };
                let mut bytes = self.bytes(len * width);
                if *fixed == DataType::Float64 {
                    // No NaN: it does not equal itself.
                    bytes = (0..len).flat_map(|_| (self.below(9) as f64).to_le_bytes()).collect();
                }
                if matches!(fixed, DataType::Decimal128(_, _)) {
                    bytes = (0..len).flat_map(|_| i128::from(self.0 >> 9).to_le_bytes()).collect();
                }
                let data = ArrayData::builder(fixed.clone())
                    .len(len)
                    .add_buffer(Buffer::from_slice_ref(&bytes))
                    .nulls(nulls)
                    .build()
                    .unwrap();
                make_array(data)
            }
        };
        array.slice(before, rows)
    }

    fn batch(&mut self, spec: &TableSpec, rows: usize) -> RecordBatch {
        let schema = Arc::new(spec.schema(false));
        let columns = schema
            .fields()
            .iter()
            .map(|field| self.array(field.data_type(), rows, field.is_nullable()))
            .collect();
        RecordBatch::try_new(schema, columns).unwrap()
    }
}

fn event_tables() -> impl Iterator<Item = &'static TableSpec> {
    TABLES.iter().copied().filter(|spec| spec.is_event())
}

fn stored(batch: &RecordBatch) -> StoredSchema {
    StoredSchema::of(&batch.schema()).unwrap()
}

fn header(body: &Body) -> (Buffer, Codec, u32) {
    (Buffer::from(body.bytes.as_slice()), body.codec, body.raw_len)
}

/// The same rows, each value of a dictionary at another place of a longer one, and at an odd offset.
fn disguised(batch: &RecordBatch) -> RecordBatch {
    fn other(array: &ArrayRef) -> ArrayRef {
        let nothing = arrow_array::new_null_array(array.data_type(), 1);
        let twice: Vec<&dyn Array> = vec![nothing.as_ref(), array.as_ref(), array.as_ref()];
        let joined = arrow_select::concat::concat(&twice).unwrap();
        if let DataType::Dictionary(_, _) = joined.data_type() {
            let rows = joined.as_dictionary::<Int32Type>();
            let values = rows.values().as_string::<i32>();
            let count = i32::try_from(values.len()).unwrap();
            let reversed =
                (0..values.len()).rev().map(|at| Some(values.value(at))).collect::<StringArray>();
            let keys: Int32Array =
                rows.keys().iter().map(|key| key.map(|key| count - 1 - key)).collect();
            return Arc::new(DictionaryArray::new(keys, Arc::new(reversed)));
        }
        joined
    }
    let columns = batch.columns().iter().map(|c| other(c).slice(1, batch.num_rows())).collect();
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn rows_of_every_event_table_come_back(seed in any::<u64>(), rows in 0_usize..40) {
        let mut numbers = Numbers(seed);
        for spec in event_tables() {
            let batch = numbers.batch(spec, rows);
            let schema = stored(&batch);
            prop_assert_eq!(&schema.schema, &batch.schema());
            prop_assert_eq!(&*schema.table, spec.name);
            for codec in [Codec::None, Codec::Zstd] {
                let body = encode_rows(&schema, &batch, codec).unwrap();
                let (bytes, codec, raw_len) = header(&body);
                let rows = u32::try_from(rows).unwrap();
                let decoded = decode_rows(&schema, &bytes, codec, raw_len, rows).unwrap();
                prop_assert_eq!(&decoded, &batch, "{}", spec.name);
            }
        }
    }

    #[test]
    fn bytes_are_those_of_arrows_encoder(seed in any::<u64>(), rows in 1_usize..40) {
        let mut numbers = Numbers(seed);
        for spec in event_tables() {
            for rows in [1, rows] {
                let batch = numbers.batch(spec, rows);
                let schema = stored(&batch);
                let (mut ours, mut arrow) = (Vec::new(), Vec::new());
                let quick = cells::write(schema.moulds().unwrap(), &schema.schema, &batch, &mut ours);
                prop_assert_eq!(quick, Some(()), "{}", spec.name);
                write_rows(&schema.schema, &batch, &mut arrow).unwrap();
                prop_assert_eq!(&ours, &arrow, "{}", spec.name);
            }
        }
    }

    #[test]
    fn equal_rows_have_equal_bytes(seed in any::<u64>(), rows in 0_usize..40) {
        let mut numbers = Numbers(seed);
        for spec in event_tables() {
            let batch = numbers.batch(spec, rows);
            let schema = stored(&batch);
            let body = encode_rows(&schema, &batch, Codec::None).unwrap();
            prop_assert_eq!(&encode_rows(&schema, &disguised(&batch), Codec::None).unwrap(), &body, "{}", spec.name);
            let (bytes, codec, raw_len) = header(&body);
            let decoded = decode_rows(&schema, &bytes, codec, raw_len, u32::try_from(rows).unwrap()).unwrap();
            prop_assert_eq!(&encode_rows(&schema, &decoded, Codec::None).unwrap(), &body, "{}", spec.name);
        }
    }

    #[test]
    fn bytes_that_were_changed_or_cut_are_refused_or_read_but_never_panic(seed in any::<u64>(), flips in 1_usize..4) {
        let mut numbers = Numbers(seed);
        for spec in event_tables() {
            let rows = numbers.below(6);
            let batch = numbers.batch(spec, rows);
            let schema = stored(&batch);
            let body = encode_rows(&schema, &batch, Codec::None).unwrap();
            for _ in 0..24 {
                let mut bytes = body.bytes.clone();
                for _ in 0..flips {
                    let bit = numbers.below(bytes.len() * 8);
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
                probe(&schema, &bytes, rows);
            }
            for cut in 0..24 {
                let cut = if cut < 12 { numbers.below(body.bytes.len()) } else { cut };
                probe(&schema, &body.bytes[..cut], rows);
            }
            for _ in 0..24 {
                let mut message = schema.message.to_vec();
                let bit = numbers.below(message.len() * 8);
                message[bit / 8] ^= 1 << (bit % 8);
                if let Ok(other) = StoredSchema::decode(&message) {
                    probe(&other, &body.bytes, rows);
                }
            }
        }
    }
}

/// Reads what may be anything, and looks at all that was read.
fn probe(schema: &StoredSchema, bytes: &[u8], rows: usize) {
    let (rows, raw_len) = (u32::try_from(rows).unwrap(), u32::try_from(bytes.len()).unwrap());
    if let Ok(batch) = decode_rows(schema, &Buffer::from(bytes), Codec::None, raw_len, rows) {
        for column in batch.columns() {
            column.to_data().validate_full().unwrap();
        }
        encode_rows(schema, &batch, Codec::Zstd).unwrap();
    }
}

fn small_batch() -> RecordBatch {
    let trades = contract::testing::trades("90 3.0 B, 95 2.0 A, 99 1.0 B");
    trades.into_record_batch()
}

#[test]
fn schema_rows_and_end_marker_are_an_arrow_stream() {
    for spec in event_tables() {
        let batch = Numbers(1).batch(spec, 5);
        let schema = stored(&batch);
        let body = encode_rows(&schema, &batch, Codec::None).unwrap();
        let stream = [&schema.message, body.bytes.as_slice(), &END_OF_STREAM].concat();
        let read: Vec<RecordBatch> =
            StreamReader::try_new(stream.as_slice(), None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read, [batch], "{}", spec.name);
    }
}

#[test]
fn a_schema_is_read_from_its_own_message_and_keeps_its_metadata() {
    let batch = small_batch();
    let schema = stored(&batch);
    let again = StoredSchema::decode(&schema.message).unwrap();
    assert_eq!((&*again.table, &again.schema), ("trades", &batch.schema()));
    assert_eq!(again.message, schema.message);
    let version = &again.schema.metadata()["hindsight.schema_version"];
    assert_eq!((version.as_str(), again.message.len() % BODY_ALIGN), ("1", 0));
}

#[test]
fn rows_that_are_not_compressed_are_not_copied() {
    let batch = small_batch();
    let schema = stored(&batch);
    let (bytes, codec, raw_len) = header(&encode_rows(&schema, &batch, Codec::None).unwrap());
    let decoded = decode_rows(&schema, &bytes, codec, raw_len, 3).unwrap();
    let within = bytes.as_slice().as_ptr_range();
    for (field, column) in schema.schema.fields().iter().zip(decoded.columns()) {
        for buffer in column.to_data().buffers() {
            assert!(buffer.is_empty() || within.contains(&buffer.as_ptr()), "{field}");
        }
    }
}

#[test]
fn zstd_is_used_where_it_pays_alone() {
    let batch = small_batch();
    let schema = stored(&batch);
    let plain = encode_rows(&schema, &batch, Codec::None).unwrap();
    let body = encode_rows(&schema, &batch, Codec::Zstd).unwrap();
    assert_eq!((plain.codec, body.codec, body.raw_len), (Codec::None, Codec::Zstd, plain.raw_len));
    assert!(body.bytes.len() < plain.bytes.len());
    // 64 KiB of noise in one cell are more than all the padding that could be saved.
    let noise = Numbers(5).bytes(1 << 16);
    let field = Field::new("payload", DataType::Binary, false);
    let table = [("hindsight.table".to_owned(), "noise".to_owned())].into();
    let schema = Arc::new(Schema::new_with_metadata(vec![field], table));
    let column = arrow_array::BinaryArray::from_vec(vec![&noise; 1]);
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(column)]).unwrap();
    let compressed = encode_rows(&StoredSchema::of(&schema).unwrap(), &batch, Codec::Zstd).unwrap();
    let raw = usize::try_from(compressed.raw_len).unwrap();
    assert_eq!(compressed.codec == Codec::None, compressed.bytes.len() == raw);
    assert!(compressed.bytes.len() <= raw);
}

#[test]
fn a_body_of_another_length_or_row_count_is_refused() {
    let batch = small_batch();
    let schema = stored(&batch);
    let (bytes, _, raw_len) = header(&encode_rows(&schema, &batch, Codec::None).unwrap());
    let error = decode_rows(&schema, &bytes, Codec::None, raw_len, 4).unwrap_err();
    assert_eq!(error.to_string(), "body: expected 4 rows, found 3");
    let error = decode_rows(&schema, &bytes, Codec::None, raw_len + 1, 3).unwrap_err();
    let expected = format!("body: expected {} raw bytes, found {raw_len}", raw_len + 1);
    assert_eq!(error.to_string(), expected);
    let error = decode_rows(&schema, &bytes, Codec::Zstd, MAX_BODY + 1, 3).unwrap_err();
    assert_eq!(error.to_string(), "body: expected at most 67108864 bytes, found 67108865");
    let (packed, codec, raw_len) = header(&encode_rows(&schema, &batch, Codec::Zstd).unwrap());
    for wrong in [raw_len - 1, raw_len + 1] {
        assert!(decode_rows(&schema, &packed, codec, wrong, 3).is_err(), "{wrong}");
    }
    let longer = Buffer::from([bytes.as_slice(), &[0; 16]].concat());
    let len = u32::try_from(longer.len()).unwrap();
    let error = decode_rows(&schema, &longer, Codec::None, len, 3).unwrap_err();
    assert_eq!(error.to_string(), format!("body: expected {} bytes, found {len}", len - 16));
}

#[test]
fn a_body_above_the_limit_is_refused_with_both_lengths() {
    let field = Field::new("payload", DataType::Binary, false);
    let table = [("hindsight.table".to_owned(), "blobs".to_owned())].into();
    let schema = Arc::new(Schema::new_with_metadata(vec![field], table));
    let blob = vec![0; usize::try_from(MAX_BODY).unwrap()];
    let column = arrow_array::BinaryArray::from_vec(vec![&blob; 1]);
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(column)]).unwrap();
    let error = encode_rows(&StoredSchema::of(&schema).unwrap(), &batch, Codec::Zstd).unwrap_err();
    let BodyError::TooLarge { bytes, limit: 67_108_864 } = error else { panic!("{error}") };
    assert!(bytes > 67_108_864, "{bytes}");
}

#[test]
fn rows_of_another_table_and_types_outside_the_contract_are_refused() {
    let batch = small_batch();
    let other = StoredSchema::of(&contract::testing::quotes("1 2 3").into_record_batch().schema());
    assert!(matches!(encode_rows(&other.unwrap(), &batch, Codec::None), Err(BodyError::Arrow(_))));
    for ty in [
        DataType::LargeUtf8,
        DataType::Float32,
        DataType::Null,
        DataType::FixedSizeBinary(0),
        DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)),
        DataType::new_list(DataType::Utf8View, true),
    ] {
        let schema = Arc::new(Schema::new(vec![Field::new("x", ty.clone(), true)]));
        let error = StoredSchema::of(&schema).unwrap_err();
        let expected = format!("column x: expected a type of the contract, found `{ty}`");
        assert_eq!(error.to_string(), expected);
    }
    let nameless = Arc::new(Schema::new(vec![Field::new("x", DataType::Utf8, true)]));
    let error = StoredSchema::of(&nameless).unwrap_err();
    assert_eq!(error.to_string(), "schema: expected the metadata `hindsight.table`, found none");
}

#[test]
fn dictionary_values_in_use_stand_in_order_of_first_use() {
    let values = StringArray::from(vec!["unused", "b", "a", "b"]);
    let keys = Int32Array::from(vec![Some(2), None, Some(3), Some(1), Some(2)]);
    let array: ArrayRef = Arc::new(DictionaryArray::new(keys, Arc::new(values)));
    let tidy = tidy::tidy(&array).unwrap();
    let tidy = tidy.as_dictionary::<Int32Type>();
    let used: Vec<_> = tidy.values().as_string::<i32>().iter().flatten().collect();
    let keys: Vec<_> = tidy.keys().iter().collect();
    assert_eq!((used, keys), (vec!["a", "b"], vec![Some(0), None, Some(1), Some(1), Some(0)]));
}

#[test]
fn streams_come_back_one_a_batch_and_are_read_by_arrow_one_after_the_other() {
    let ledger = ["ledger_producers", "ledger_runs", "ledger_gaps"];
    let mut numbers = Numbers(3);
    let batches: Vec<RecordBatch> = ledger
        .iter()
        .zip([4, 0, 9])
        .map(|(name, rows)| numbers.batch(contract::table(name).unwrap(), rows))
        .collect();
    let bytes = encode_streams(&batches).unwrap();
    assert_eq!(decode_streams(&bytes).unwrap(), batches);
    let mut rest = bytes.as_slice();
    for batch in &batches {
        let read: Vec<RecordBatch> =
            StreamReader::try_new(&mut rest, None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read.as_slice(), std::slice::from_ref(batch));
    }
    assert_eq!((rest.len(), decode_streams(&[]).unwrap().len()), (0, 0));
    for cut in 1..bytes.len() {
        if let Ok(part) = decode_streams(&bytes[..cut]) {
            assert!(part.len() < 3 && part == batches[..part.len()], "{cut}");
        }
    }
    for at in 0..bytes.len() * 8 {
        if at % 7 == 0 {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            for batch in decode_streams(&flipped).unwrap_or_default() {
                batch.columns().iter().for_each(|c| c.to_data().validate_full().unwrap());
            }
        }
    }
}
