//! The narrow way through: rows in, the right cells out.

use contract::testing::{decisions, quotes, trades};
use features::{Catalogue, Null, Options, Spec, Sweep};

const S: i64 = 1_000_000_000;

/// Cells of one decision, one a feature.
fn cells(features: &str, tape: &str, prints: &str, at: i64) -> Vec<Result<f64, Null>> {
    let spec = Spec::parse(&format!("features = [{features}]")).unwrap();
    let mut sweep = Sweep::new(spec.resolve(&Catalogue::builtin()).unwrap(), Options::default());
    let scale = |text: &str| -> String {
        let line = |line: &str| {
            let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let ts: f64 = words[0].parse().unwrap();
            words[0] = ((ts * 1e9) as i64).to_string();
            words.join(" ")
        };
        text.split(',').filter(|l| !l.trim().is_empty()).map(line).collect::<Vec<_>>().join(",")
    };
    let quotes = quotes(&scale(tape));
    let n = quotes.len() as u64;
    let trades = trades(&scale(prints));
    let m = trades.len() as u64;
    let options = Options::default();
    let _ = options;
    sweep.push(&quotes.with_seq(0)).unwrap();
    sweep.push(&trades.with_seq(n)).unwrap();
    let out = sweep.push(&decisions(&[at * S]).with_seq(n + m)).unwrap();
    let rows = out.rows.unwrap();
    let names: Vec<String> = rows.feature_names().map(str::to_owned).collect();
    names
        .iter()
        .map(|name| match rows.why(0, name).unwrap() {
            None => Ok(rows.feature(name).unwrap().value(0)),
            Some(code) => Err(Null::from_code(code.get()).unwrap()),
        })
        .collect()
}

#[test]
fn values_are_those_of_rows_before_the_cutoff() {
    let found = cells(
        "\"book__spread_bps__now\", \"book__mid_moves__10s\", \"price__log_ret__10s\", \"book__two_sided_share__1m\"",
        "1 99 101, 5 99.5 101.5, 20 89 111",
        "",
        20,
    );
    assert_eq!(found[0], Ok(2.0 / 100.5 * 1e4));
    assert_eq!(found[1], Ok(0.0));
    assert_eq!(found[2], Ok(0.0));
    assert_eq!(found[3], Err(Null::WarmUp));
}
