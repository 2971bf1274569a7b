//! Labels, excursions, markouts and shortfall against vectors that others made (`fixtures/labeling/oracles`).

use crate::log::{D, E, Q, decisions, executions, id, quotes};
use contract::{Batch, DynamicColumn, Labels, Markouts, Outcomes, Side, Unlogged};
use labeling::{Inputs, LabelSpec, Options, run};
use serde::Deserialize;
use std::collections::BTreeMap;

fn read(name: &str) -> String {
    let path = format!("{}/../../fixtures/labeling/oracles/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Rows of a CSV file, each by column.
fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let text = read(name);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = line.split(',').map(str::to_owned);
        names.iter().map(|n| (*n).to_owned()).zip(cells).collect()
    };
    lines.map(row).collect()
}

fn int(row: &BTreeMap<String, String>, name: &str) -> Option<i64> {
    let cell = &row[name];
    (!cell.is_empty()).then(|| cell.parse().unwrap())
}

fn float(row: &BTreeMap<String, String>, name: &str) -> Option<f64> {
    let cell = &row[name];
    (!cell.is_empty()).then(|| cell.parse().unwrap())
}

#[track_caller]
fn close(found: Option<f64>, expected: Option<f64>, what: &str) {
    let is_close = match (found, expected) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
        (None, None) => true,
        _ => false,
    };
    assert!(is_close, "{what}: expected {expected:?}, found {found:?}");
}

fn side(sign: i64) -> Side {
    if sign > 0 { Side::Buy } else { Side::Sell }
}

fn tape(last: Option<(i64, u64)>) -> Vec<Batch<contract::Quotes>> {
    let rows = rows("tape.csv");
    let of = |name: &'static str| rows.iter().map(move |r| int(r, name).unwrap());
    let quote = |((ts, seq), (bid, ask))| Q(ts, u64::try_from(seq).unwrap(), Some(bid), Some(ask));
    let all: Vec<Q> =
        of("ts_ns").zip(of("seq")).zip(of("bid_px").zip(of("ask_px"))).map(quote).collect();
    let mut out = vec![quotes(7, &all)];
    if let Some((ts, seq)) = last {
        out.push(quotes(8, &[Q(ts, seq, Some(1), Some(2))]));
    }
    out
}

const SETTINGS: &str = r#"allowed_lateness = "0ns", max_exit_delay = "0ns", max_life = "1d", entry_delay = "0ns", keep = "1h""#;

/// The barriers of one decision, under both ways to end a window.
fn barrier_spec(path: &str, entry: &BTreeMap<String, String>) -> LabelSpec {
    let mut text = format!(
        "id = \"oracle\"\nversion = 1\nmeasures = {{ anchor = \"decision\", path = \"{path}\", offsets = [\"-1s\"], {SETTINGS} }}\n\
         sigma = {{ from = \"references\" }}\n\
         [fixed_horizon.end]\ncovers = {{ decisions = [\"enter\"], basis = [\"counterfactual\"] }}\n"
    );
    let barriers: Vec<String> = ["profit_bps", "loss_bps"]
        .iter()
        .filter(|key| !entry[**key].is_empty())
        .map(|key| format!("{key} = \"{}\"", entry[*key]))
        .collect();
    let targets = ["zero", "sign"].map(|name| {
        format!(
            "[triple_barrier.{name}]\ncovers = {{ decisions = [\"enter\"], basis = [\"counterfactual\"] }}\n\
             barriers = {{ {}, vertical = \"{name}\" }}\n",
            barriers.join(", ")
        )
    });
    text += &targets.concat();
    LabelSpec::parse(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn entry_decisions(entries: &[BTreeMap<String, String>]) -> Vec<D> {
    let decision = |e: &BTreeMap<String, String>| D {
        strategy: format!("s{}", e["id"]),
        quote: int(e, "bid_px").zip(int(e, "ask_px")),
        horizon_ns: int(e, "horizon_ns"),
        ..D::new(
            e["id"].parse().unwrap(),
            int(e, "ts_ns").unwrap(),
            e["seq"].parse().unwrap(),
            side(int(e, "side").unwrap()),
        )
    };
    entries.iter().map(decision).collect()
}

fn label_of(labels: &Batch<Labels, Unlogged>) -> BTreeMap<([u8; 16], &str), usize> {
    (0..labels.len())
        .map(|row| {
            let id = *labels.cell(&Labels::DECISION_ID, row).unwrap().as_bytes();
            ((id, labels.cell(&Labels::TARGET, row).unwrap()), row)
        })
        .collect()
}

fn number(rows: &Batch<Outcomes, Unlogged>, name: &str, row: usize) -> Option<f64> {
    use contract::arrow_array::Array;
    match rows.dynamic_column(name).unwrap() {
        DynamicColumn::Number(array) => array.is_valid(row).then(|| array.value(row)),
        _ => panic!("{name} is no number"),
    }
}

fn instant(rows: &Batch<Outcomes, Unlogged>, name: &str, row: usize) -> Option<i64> {
    use contract::arrow_array::Array;
    match rows.dynamic_column(name).unwrap() {
        DynamicColumn::Instant(array) => array.is_valid(row).then(|| array.value(row)),
        DynamicColumn::Whole(array) => array.is_valid(row).then(|| array.value(row)),
        _ => panic!("{name} is no instant"),
    }
}

fn money(rows: &Batch<Outcomes, Unlogged>, name: &str, row: usize) -> Option<i128> {
    use contract::arrow_array::Array;
    match rows.dynamic_column(name).unwrap() {
        DynamicColumn::Money(array) => array.is_valid(row).then(|| array.value(row)),
        _ => panic!("{name} is no money"),
    }
}

#[test]
fn first_touches_and_excursions_are_those_of_an_exact_scan() {
    let (mut labelled, mut open) = (0, 0);
    let (touches, walks) = (rows("first_touch.csv"), rows("excursions.csv"));
    let tape = tape(None);
    for entry in rows("entries.csv") {
        for path in ["executable", "mid"] {
            let mine = |r: &&BTreeMap<String, String>| r["path"] == path && r["id"] == entry["id"];
            let inputs = Inputs {
                quotes: tape.clone(),
                decisions: vec![decisions(&entry_decisions(std::slice::from_ref(&entry)))],
                ..Inputs::default()
            };
            let run = run(barrier_spec(path, &entry), &inputs, Options::default()).unwrap();
            let what = format!("{path} {}", entry["id"]);
            assert!(run.rejects.is_empty(), "{what}: {:?}", run.rejects);
            let touch = touches.iter().find(mine).unwrap();
            let Some(expected) = int(touch, "label") else {
                let targets = |l: &Batch<Labels, Unlogged>| {
                    label_of(l).keys().map(|key| key.1.to_owned()).collect::<Vec<_>>()
                };
                let found = run.labels.as_ref().map(targets).unwrap_or_default();
                assert!(found.is_empty(), "{what}: {found:?} of an open window");
                assert_eq!(run.pending.as_ref().map(contract::Batch::len), Some(3), "{what}");
                open += 1;
                continue;
            };
            let labels = run.labels.as_ref().unwrap();
            let at = label_of(labels);
            let key = *id(entry["id"].parse().unwrap()).as_bytes();
            for (target, class) in [("zero", expected), ("sign", int(touch, "label_sign").unwrap())]
            {
                let found = at[&(key, target)];
                let found_class = labels.cell(&Labels::CLASS, found).unwrap().map(i64::from);
                assert_eq!(found_class, Some(class), "{what} {target}");
                let end = labels.cell(&Labels::TS_END, found).unwrap().nanos();
                assert_eq!(Some(end), int(touch, "ts_end"), "{what} {target}");
                let value = labels.cell(&Labels::VALUE, found).unwrap();
                close(value, float(touch, "ret_bps"), &what);
            }
            labelled += 1;
            let walk = walks.iter().find(mine).unwrap();
            if walk["path_rows"].is_empty() {
                assert!(run.outcomes.is_none(), "{what}: an outcome of an open window");
                continue;
            }
            let outcomes = run.outcomes.as_ref().unwrap();
            close(number(outcomes, "mae_bps", 0), float(walk, "mae_bps"), &what);
            close(number(outcomes, "mfe_bps", 0), float(walk, "mfe_bps"), &what);
            for name in ["mae_ts", "mfe_ts", "path_rows"] {
                assert_eq!(instant(outcomes, name, 0), int(walk, name), "{what} {name}");
            }
            let end = labels.cell(&Labels::VALUE, at[&(key, "end")]).unwrap();
            close(end, float(walk, "end_ret_bps"), &what);
        }
    }
    assert_eq!((labelled, open), (355, 45));
}

#[test]
fn markouts_are_those_of_pandas_and_duckdb() {
    let entries = rows("entries.csv");
    let spec = format!(
        "id = \"oracle\"\nversion = 1\nmeasures = {{ anchor = \"decision\", offsets = [\"-1s\", \"0ns\", \"100ms\", \"1s\", \"5s\", \"10s\", \"30s\", \"1m\", \"5m\"], {SETTINGS} }}\n\
         sigma = {{ from = \"references\" }}\n"
    );
    let vectors = rows("markouts.csv");
    let mut offsets: Vec<i64> = vectors.iter().map(|r| int(r, "offset_ns").unwrap()).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let tokens: Vec<String> = offsets.iter().map(|ns| format!("\"{ns}ns\"")).collect();
    let from = spec.find("offsets = [").unwrap();
    let to = spec[from..].find(']').unwrap() + from + 1;
    let spec = format!("{}offsets = [{}]{}", &spec[..from], tokens.join(", "), &spec[to..]);
    let inputs = Inputs {
        quotes: tape(None),
        decisions: vec![decisions(&entry_decisions(&entries))],
        ..Inputs::default()
    };
    let run = run(LabelSpec::parse(&spec).unwrap(), &inputs, Options::default()).unwrap();
    let markouts = run.markouts.as_ref().unwrap();
    let at: BTreeMap<(&str, i64), usize> = (0..markouts.len())
        .map(|row| {
            let id = markouts.cell(&Markouts::ANCHOR_ID, row).unwrap();
            ((id, markouts.cell(&Markouts::OFFSET_NS, row).unwrap()), row)
        })
        .collect();
    let mut seen = 0;
    for row in &vectors {
        let key = id(row["id"].parse().unwrap()).to_string();
        let offset = int(row, "offset_ns").unwrap();
        let what = format!("markout {} at {offset}", row["id"]);
        if row["reason"] == "pending" {
            assert!(!at.contains_key(&(key.as_str(), offset)), "{what}");
            continue;
        }
        let found = at[&(key.as_str(), offset)];
        let bid = markouts.cell(&Markouts::BID_PX, found).unwrap().map(contract::Price::nanos);
        let ask = markouts.cell(&Markouts::ASK_PX, found).unwrap().map(contract::Price::nanos);
        assert_eq!((bid, ask), (int(row, "bid_px"), int(row, "ask_px")), "{what}");
        let markout = markouts.cell(&Markouts::MARKOUT_BPS, found).unwrap();
        close(markout, float(row, "markout_bps"), &what);
        seen += 1;
    }
    assert!(seen > 500, "{seen}");
}

#[derive(Deserialize)]
struct OrderFill {
    n: u64,
    ts: i64,
    seq: u64,
    px: i64,
    qty: i128,
    fee: i128,
}

#[derive(Deserialize)]
struct Order {
    id: u64,
    side: i64,
    qty: i128,
    wait_ns: i64,
    multiplier: String,
    tick: i64,
    arrival_ts: i64,
    arrival_seq: u64,
    fills: Vec<OrderFill>,
    expected: BTreeMap<String, serde_json::Value>,
}

#[test]
fn shortfall_is_the_paper_portfolio_less_the_real_one() {
    let entries = rows("entries.csv");
    let orders: Vec<Order> = serde_json::from_str(&read("shortfall.json")).unwrap();
    let mut checked = 0;
    for order in &orders {
        let own: Vec<_> =
            entries.iter().filter(|e| e["id"] == order.id.to_string()).cloned().collect();
        let mut row = entry_decisions(&own);
        row[0].qty = Some(order.qty);
        let mut reports = vec![E {
            id: "new".to_owned(),
            kind: contract::ExecType::New,
            qty: None,
            px: None,
            fee: None,
            ..E::fill("", order.id, (order.arrival_ts, order.arrival_seq), side(order.side), 1, 1)
        }];
        for fill in &order.fills {
            reports.push(E {
                fee: Some(fill.fee),
                ..E::fill(
                    &format!("f{}", fill.n),
                    order.id,
                    (fill.ts, fill.seq),
                    side(order.side),
                    fill.qty,
                    fill.px,
                )
            });
        }
        let spec = format!(
            "id = \"oracle\"\nversion = 1\nmeasures = {{ anchor = \"fills\", horizon = \"1s\", offsets = [], entry_wait = \"{}ns\", {SETTINGS} }}\n\
             sigma = {{ from = \"references\" }}\n",
            order.wait_ns
        );
        let inputs = Inputs {
            quotes: tape(Some((i64::MAX / 4, 1 << 40))),
            decisions: vec![decisions(&row)],
            executions: vec![executions(&reports)],
            instruments: vec![instrument(&order.multiplier, order.tick)],
            ..Inputs::default()
        };
        let spec = LabelSpec::parse(&spec).unwrap_or_else(|error| panic!("{error}"));
        let run = run(spec, &inputs, Options::default()).unwrap();
        assert!(run.rejects.is_empty(), "{:?}", run.rejects);
        let outcomes = run.outcomes.as_ref().unwrap();
        for (name, value) in &order.expected {
            let what = format!("order {} {name}", order.id);
            let is_money = name.starts_with("is_") && name != "is_total_bps";
            if is_money {
                let expected = value.as_i64().map(i128::from);
                assert_eq!(money(outcomes, name, 0), expected, "{what}");
            } else {
                close(number(outcomes, name, 0), value.as_f64(), &what);
            }
            checked += 1;
        }
    }
    assert!(checked > 400, "{checked}");
}

/// The instrument of the tape.
fn instrument(multiplier: &str, tick: i64) -> Batch<contract::Instruments> {
    use contract::{Amount, AssetClass, InstrumentId, Instruments, Price, SizeUnit, UtcNanos};
    let mut out = contract::TableBuilder::<Instruments>::new(UtcNanos::from_nanos(0));
    for n in [7, 8] {
        out.set(&Instruments::TS_AVAIL, UtcNanos::from_nanos(0))
            .set(&Instruments::VALID_FROM, UtcNanos::from_nanos(0))
            .set(&Instruments::INSTRUMENT_ID, InstrumentId::new(n))
            .set(&Instruments::RAW_SYMBOL, "X")
            .set(&Instruments::VENUE, "XSIM")
            .set(&Instruments::QUOTE_CCY, "USD")
            .set(&Instruments::STATUS, "active")
            .set(&Instruments::ASSET_CLASS, AssetClass::Equity)
            .set(&Instruments::SIZE_UNIT, SizeUnit::Base)
            .set(&Instruments::MULTIPLIER, Amount::parse(multiplier).unwrap())
            .set(&Instruments::TICK_SIZE, Price::from_nanos(tick));
        out.end_row().unwrap();
    }
    let draft = out.finish().unwrap();
    Batch::<Instruments>::parse(&draft.into_record_batch()).unwrap()
}

#[derive(Deserialize)]
struct Fault {
    name: String,
    ticks: Vec<Vec<i64>>,
    entry_ts: i64,
    entry_px: i64,
    side: i64,
    profit_bps: String,
    loss_bps: String,
    horizon_ns: i64,
    label: serde_json::Value,
    ts_end: serde_json::Value,
    #[serde(default)]
    appended: Vec<Vec<i64>>,
    label_after: Option<i64>,
}

#[test]
fn faults_of_peers_are_not_repeated() {
    let faults: Vec<Fault> = serde_json::from_str(&read("faults.json")).unwrap();
    let mut names = Vec::new();
    for fault in &faults {
        let class_with = |ticks: &[Vec<i64>]| {
            // Instants from 0 on are those of 2026, so that no offset is before 1970.
            const EPOCH: i64 = 1_767_571_200_000_000_000;
            let mut by_instrument: BTreeMap<u32, Vec<Q>> = BTreeMap::new();
            let before = ticks.iter().filter(|t| t[0] <= fault.entry_ts).count() as u64;
            for (at, tick) in ticks.iter().enumerate() {
                let instrument = tick.get(2).map_or(7, |n| 6 + u32::try_from(*n).unwrap());
                let seq = at as u64 + u64::from(at as u64 >= before);
                let q = Q(EPOCH + tick[0], seq, Some(tick[1]), Some(tick[1]));
                by_instrument.entry(instrument).or_default().push(q);
            }
            let d = D {
                quote: Some((fault.entry_px, fault.entry_px)),
                horizon_ns: Some(fault.horizon_ns),
                ..D::new(1, EPOCH + fault.entry_ts, before, side(fault.side))
            };
            let mut tape: Vec<_> = by_instrument.iter().map(|(n, rows)| quotes(*n, rows)).collect();
            let last = ticks.last().unwrap()[0];
            let is_closed = fault.name == "interleaved_instruments";
            let end = EPOCH + if is_closed { fault.entry_ts + fault.horizon_ns } else { last };
            tape.push(quotes(99, &[Q(end + 1, 1 << 40, Some(1), Some(2))]));
            let barriers: Vec<String> =
                [("profit_bps", &fault.profit_bps), ("loss_bps", &fault.loss_bps)]
                    .iter()
                    .filter(|(_, bps)| !bps.is_empty())
                    .map(|(key, bps)| format!("{key} = \"{bps}\""))
                    .collect();
            let barriers =
                if barriers.is_empty() { vec!["loss_bps = 9000".to_owned()] } else { barriers };
            let text = format!(
                "id = \"fault\"\nversion = 1\nmeasures = {{ anchor = \"decision\", offsets = [], {SETTINGS} }}\n\
                 sigma = {{ from = \"references\" }}\n[triple_barrier.t]\ncovers = {{ decisions = [\"enter\"], basis = [\"counterfactual\"] }}\n\
                 barriers = {{ {} }}\n",
                barriers.join(", ")
            );
            let inputs = Inputs {
                // Instruments apart, as a log would hold them interleaved.
                quotes: tape,
                decisions: vec![decisions(&[d])],
                ..Inputs::default()
            };
            let spec = LabelSpec::parse(&text).unwrap_or_else(|error| panic!("{error}"));
            let run = run(spec, &inputs, Options::default()).unwrap();
            let class = run.labels.as_ref().and_then(|l| l.cell(&Labels::CLASS, 0).unwrap());
            let end =
                run.labels.as_ref().map(|l| l.cell(&Labels::TS_END, 0).unwrap().nanos() - EPOCH);
            let excursions =
                run.outcomes.as_ref().map(|o| [number(o, "mae_bps", 0), number(o, "mfe_bps", 0)]);
            (class.map(i64::from), end, excursions)
        };
        let (class, end, excursions) = class_with(&fault.ticks);
        if fault.name == "interleaved_instruments" {
            let expected: Vec<f64> = serde_json::from_value(fault.label.clone()).unwrap();
            let found = excursions.unwrap();
            close(found[0], Some(expected[0]), &fault.name);
            close(found[1], Some(expected[1]), &fault.name);
        } else {
            assert_eq!(class, fault.label.as_i64(), "{}", fault.name);
            assert_eq!(end, fault.ts_end.as_i64(), "{}", fault.name);
        }
        if !fault.appended.is_empty() {
            let all: Vec<Vec<i64>> = fault.ticks.iter().chain(&fault.appended).cloned().collect();
            assert_eq!(class_with(&all).0, fault.label_after, "{}", fault.name);
        }
        names.push(fault.name.as_str());
    }
    assert_eq!(names.len(), 10, "{names:?}");
}
