use super::*;
use proptest::prelude::*;

fn hashes() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from_bytes)
}

fn ids() -> impl Strategy<Value = EventId> {
    any::<[u8; 16]>().prop_map(EventId::from_bytes)
}

fn ends() -> impl Strategy<Value = End> {
    (0_u8..6).prop_map(|code| End::from_code(code).unwrap())
}

fn files() -> impl Strategy<Value = ArchivedFile> {
    (any::<[u64; 4]>(), any::<[i64; 2]>(), any::<[String; 2]>(), hashes(), hashes()).prop_map(
        |([rows, first_seq, end_seq, bytes], [low, high], [table, path], sha256, digest)| {
            ArchivedFile {
                table,
                path,
                rows,
                first_seq,
                end_seq,
                min_ts_avail: low,
                max_ts_avail: high,
                bytes,
                sha256,
                digest,
            }
        },
    )
}

fn lost() -> impl Strategy<Value = LostRange> {
    (ids(), any::<[u64; 2]>()).prop_map(|(producer_id, [first_pseq, end_pseq])| LostRange {
        producer_id,
        first_pseq,
        end_pseq,
    })
}

fn entries() -> impl Strategy<Value = Entry> {
    let log = (any::<u16>(), ids(), any::<i64>(), any::<u64>()).prop_map(
        |(format, log_id, created_ns, segment_bytes)| {
            Entry::Log(LogEntry { format, log_id, created_ns, segment_bytes })
        },
    );
    let sealed = (any::<[u64; 6]>(), ends(), any::<i64>(), hashes(), hashes()).prop_map(
        |(
            [segment, base_frame, end_frame, first_seq, end_seq, cut],
            end,
            sealed_ns,
            file_hash,
            seal_hash,
        )| {
            Entry::Sealed(SealedEntry {
                segment,
                base_frame,
                end_frame,
                first_seq,
                end_seq,
                cut,
                end,
                sealed_ns,
                file_hash,
                seal_hash,
            })
        },
    );
    let archived = (any::<[u64; 2]>(), any::<[u64; 2]>(), prop::collection::vec(files(), 0..3))
        .prop_map(|(segments, seqs, files)| {
            Entry::Archived(ArchivedEntry { segments, seqs, files })
        });
    let damage = (
        any::<u64>(),
        any::<[[u64; 2]; 3]>(),
        any::<Option<Vec<String>>>(),
        prop::collection::vec(lost(), 0..3),
        any::<Option<String>>(),
    )
        .prop_map(|(segment, [bytes, frames, seqs], tables, producers, quarantine)| {
            Entry::Damage(DamageEntry {
                segment,
                bytes,
                frames,
                seqs,
                tables,
                producers,
                quarantine,
            })
        });
    let dropped = any::<u64>().prop_map(|segment| Entry::Dropped { segment });
    prop_oneof![log, sealed, archived, dropped, damage]
}

fn text(entries: &[Entry]) -> String {
    (0..).zip(entries).map(|(n, entry)| encode(n, entry)).collect()
}

fn sealed(segment: u64) -> Entry {
    Entry::Sealed(SealedEntry {
        segment,
        base_frame: 1,
        end_frame: 2,
        first_seq: 3,
        end_seq: 4,
        cut: 12_288,
        end: End::Full,
        sealed_ns: 5,
        file_hash: Hash::from_bytes([6; 32]),
        seal_hash: Hash::from_bytes([7; 32]),
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read(entries in prop::collection::vec(entries(), 0..6)) {
        let parsed = parse(text(&entries).as_bytes());
        let numbered: Vec<(u64, Entry)> = (0..).zip(entries).collect();
        let next_n = numbered.len() as u64;
        let expected = Parsed { entries: numbered, bad_lines: 0, has_gap: false, next_n, ends_in_newline: true };
        prop_assert_eq!(parsed, expected);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>(), entry in entries(), cut in any::<prop::sample::Index>()) {
        prop_assert_eq!(parse(&bytes).entries, vec![]);
        let line = encode(0, &entry);
        let cut = cut.index(line.len());
        // Without its line feed a line is still whole; anything shorter is torn.
        prop_assert_eq!(parse(&line.as_bytes()[..cut]).entries.len(), usize::from(cut + 1 == line.len()));
    }
}

#[test]
fn lines_stand_as_the_format_says() {
    // Checksums by a bitwise CRC-32C in Python: polynomial 0x82F63B78, "123456789" gives 0xE3069283.
    let log = Entry::Log(LogEntry {
        format: 1,
        log_id: EventId::from_bytes([7; 16]),
        created_ns: -5,
        segment_bytes: 64 << 20,
    });
    let expected = concat!(
        r#"019e8b06 {"created_ns":"-5","format":1,"log_id":"07070707070707070707070707070707","#,
        r#""n":"0","segment_bytes":"67108864","type":"log"}"#,
        "\n"
    );
    assert_eq!(encode(0, &log), expected);
    let dropped = encode(u64::MAX, &Entry::Dropped { segment: 3 });
    let expected =
        concat!(r#"47a9c407 {"n":"18446744073709551615","segment":"3","type":"dropped"}"#, "\n");
    assert_eq!(dropped, expected);
}

#[test]
fn a_flipped_bit_spoils_its_line_alone() {
    let entries = [sealed(1), Entry::Dropped { segment: 1 }, sealed(2)];
    let lines: Vec<String> = (0..).zip(&entries).map(|(n, entry)| encode(n, entry)).collect();
    let start = lines[0].len();
    for bit in 0..(lines[1].len() - 1) * 8 {
        let mut bytes = lines.concat().into_bytes();
        bytes[start + bit / 8] ^= 1 << (bit % 8);
        let parsed = parse(&bytes);
        assert_eq!(parsed.entries, [(0, sealed(1)), (2, sealed(2))], "bit {bit}");
        // A bit that makes a line feed cuts the line in two.
        let pieces = 1 + u64::from(bytes[start + bit / 8] == b'\n');
        assert_eq!((parsed.bad_lines, parsed.has_gap), (pieces, true), "bit {bit}");
    }
}

#[test]
fn a_flipped_bit_in_a_line_feed_joins_two_lines_into_a_bad_one() {
    let mut bytes = text(&[sealed(1), Entry::Dropped { segment: 1 }, sealed(2)]).into_bytes();
    let at = bytes.iter().position(|&b| b == b'\n').unwrap();
    bytes[at] ^= 1;
    let parsed = parse(&bytes);
    assert_eq!((parsed.entries, parsed.bad_lines), (vec![(2, sealed(2))], 1));
}

#[test]
fn after_a_torn_line_a_fresh_one_goes_on_without_a_gap() {
    let mut bytes = text(&[sealed(1), sealed(2)]).into_bytes();
    bytes.truncate(bytes.len() - 40);
    let torn = parse(&bytes);
    assert_eq!((torn.entries.len(), torn.bad_lines), (1, 1));
    assert_eq!((torn.has_gap, torn.ends_in_newline), (false, false));
    bytes.push(b'\n');
    bytes.extend_from_slice(encode(1, &sealed(3)).as_bytes());
    let mended = parse(&bytes);
    assert_eq!(mended.entries, [(0, sealed(1)), (1, sealed(3))]);
    let facts = (mended.bad_lines, mended.has_gap, mended.ends_in_newline);
    assert_eq!(facts, (1, false, true));
}

#[test]
fn a_number_that_is_missing_or_repeated_is_a_gap() {
    let line = |n| encode(n, &sealed(n));
    assert!(parse([line(0), line(2)].concat().as_bytes()).has_gap);
    assert!(parse([line(0), line(0)].concat().as_bytes()).has_gap);
    assert!(parse(line(1).as_bytes()).has_gap);
    assert!(!parse([line(0), line(1)].concat().as_bytes()).has_gap);
}

#[test]
fn a_record_of_a_later_program_keeps_its_number() {
    let later = r#"22bbc7e3 {"n":"1","type":"replaced","old":[]}"#;
    let bytes = format!("{}{later}\n{}", encode(0, &sealed(1)), encode(2, &sealed(2)));
    let parsed = parse(bytes.as_bytes());
    assert_eq!(parsed.entries, [(0, sealed(1)), (2, sealed(2))]);
    assert_eq!((parsed.bad_lines, parsed.has_gap), (0, false));
}

#[test]
fn a_record_of_the_wrong_shape_is_bad_under_a_right_checksum() {
    for json in [
        r#"{"n":"0","segment":3,"type":"dropped"}"#,
        r#"{"n":"0","segment":"03","type":"dropped"}"#,
        r#"{"n":"0","segment":"+3","type":"dropped"}"#,
        r#"{"n":0,"segment":"3","type":"dropped"}"#,
        r#"{"n":"0","type":"dropped"}"#,
        r#"{"segment":"3","type":"dropped"}"#,
        r#"{"n":"0","segment":"3"}"#,
        r#"["0"]"#,
        "",
    ] {
        let line = format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes()));
        let parsed = parse(line.as_bytes());
        assert_eq!((parsed.entries, parsed.bad_lines), (vec![], 1), "{json}");
    }
}

#[test]
fn condensing_forgets_the_seals_of_dropped_segments_but_the_newest() {
    let log = Entry::Log(LogEntry {
        format: 1,
        log_id: EventId::from_bytes([7; 16]),
        created_ns: 0,
        segment_bytes: 1 << 20,
    });
    let dropped = |segment| Entry::Dropped { segment };
    let all = [log.clone(), sealed(0), sealed(1), dropped(0), sealed(2), dropped(2)];
    let numbered: Vec<(u64, Entry)> = (0..).zip(all).collect();
    assert_eq!(condense(&numbered), [log, sealed(1), dropped(0), sealed(2), dropped(2)]);
}

#[test]
fn the_chain_of_seals_is_that_of_another_implementation() {
    // Python: sha256(bytes(32) + bytes([7])*16 + struct.pack('<QQ', 5, 12288) + bytes([3])*32), and
    // sha256(first + bytes([7])*16 + struct.pack('<QQ', 6, 8192) + bytes([4])*32), by hashlib.
    let log = EventId::from_bytes([7; 16]);
    let first = seal_hash(None, log, 5, 12_288, &Hash::from_bytes([3; 32]));
    let expected = "a64e3209ec68d7f4f65ac1ff405e1f238b6349ad5508fe0fc28c0a8e4acbe15c";
    assert_eq!(first.to_string(), expected);
    let second = seal_hash(Some(&first), log, 6, 8192, &Hash::from_bytes([4; 32]));
    let expected = "ff7a79e69640ed6caa0f13640c6d17b5834a3a3973fac7adf164daa40f299a5b";
    assert_eq!(second.to_string(), expected);
}
