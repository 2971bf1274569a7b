//! Instants against Python's `datetime`, and identities against RFC 9562.

use contract::{EventId, UtcNanos};

const TIMES: &str = include_str!("../../../../fixtures/contract/time.tsv");

#[test]
fn instants_are_those_of_python_in_both_directions() {
    let mut seen = 0;
    for line in TIMES.lines() {
        let (nanos, text) = line.split_once('\t').unwrap();
        let t = UtcNanos::from_nanos(nanos.parse().unwrap());
        assert_eq!(t.to_string(), text);
        assert_eq!(UtcNanos::parse(text), Ok(t));
        seen += 1;
    }
    assert_eq!(seen, 300);
}

#[test]
fn version_7_identities_sort_by_time_and_keep_74_of_the_80_random_bits() {
    // RFC 9562, appendix A.6: unix_ts_ms 017F22E279B0, rand_a CC3, rand_b 18C4DC0C0C07398F.
    let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
    let id = EventId::v7(0x017f_22e2_79b0, random);
    assert_eq!(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    // The six bits of version and variant are not the caller's to set.
    let same =
        EventId::v7(0x017f_22e2_79b0, [0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    assert_eq!(same, id);
    for bit in 0..80 {
        let mut other = random;
        other[bit / 8] ^= 0x80 >> (bit % 8);
        let fixed = bit < 4 || (16..18).contains(&bit);
        assert_eq!(EventId::v7(0x017f_22e2_79b0, other) == id, fixed, "bit {bit}");
    }
    let later = EventId::v7(0x017f_22e2_79b1, [0; 10]);
    assert_eq!(id.as_bytes().cmp(later.as_bytes()), std::cmp::Ordering::Less);
}
