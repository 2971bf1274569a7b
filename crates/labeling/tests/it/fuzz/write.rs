//! Random small logs and rules, as text.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use std::fmt::Write as _;

/// What a generated log may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    /// Rows behind the log clock by more than the allowed lateness.
    pub(super) has_late: bool,
    /// No two rows of one instant, and rows in the order of time.
    pub(super) is_ordered: bool,
    /// Only what can be turned around: no fees by schedule, no inverse contracts, no distances in basis points.
    pub(super) is_symmetric: bool,
}

/// A log with the rules that it is labelled by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) rules: String,
    pub(super) log: Vec<String>,
}

impl Text {
    pub(super) fn log(&self) -> String {
        self.log.join("\n")
    }
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.index(words.len())]
    }

    fn index(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).unwrap()
    }

    fn side(&mut self) -> &'static str {
        if self.chance(50) { "buy" } else { "sell" }
    }

    fn px(&mut self) -> String {
        let half = if self.chance(20) { ".5" } else { "" };
        format!("{}{half}", 94 + self.below(13))
    }

    fn qty(&mut self) -> &'static str {
        self.pick(&["1", "1", "1", "2", "2", "3", "4", "0.5"])
    }
}

struct Decided {
    name: String,
    instrument: u64,
    side: Option<&'static str>,
    account: &'static str,
    has_order: bool,
}

struct Filled {
    id: String,
    of: String,
    side: &'static str,
}

/// A case of a seed.
pub(super) fn write(seed: u64, shape: Shape) -> Text {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(seed));
    let (rules, lateness, tolerance) = rules(&mut dice, shape);
    let is_trade = rules.contains("path=trade");
    let mut log = reference(&mut dice, shape, rules.contains("flat="));
    let mut now = 0_i64;
    let mut decided: Vec<Decided> = Vec::new();
    let mut filled: Vec<Filled> = Vec::new();
    let mut prints = 0;
    let rows = 12 + dice.below(60);
    for n in 0..rows {
        let steps: &[i64] =
            if shape.is_ordered { &[1, 1, 2, 4, 9] } else { &[0, 0, 1, 1, 2, 4, 9] };
        now += steps[dice.index(steps.len())];
        if shape.is_ordered {
            now += 1;
        }
        let mut ts = now;
        if !shape.is_ordered {
            if lateness > 0 && dice.chance(25) {
                ts -= i64::try_from(dice.below(u64::try_from(lateness).unwrap() + 1)).unwrap();
            }
            if shape.has_late && dice.chance(10) {
                ts -= i64::try_from(dice.below(80)).unwrap();
            }
        }
        let ts = ts.max(0);
        let i = if dice.chance(80) { 1 } else { 2 };
        let kind = if n < 2 { 0 } else { dice.below(100) };
        let mut line = String::new();
        match kind {
            0..40 => quote(&mut line, &mut dice, ts, if dice_third(&rules, n) { 3 } else { i }),
            40..52 if is_trade || kind < 43 => {
                prints += 1;
                write!(line, "trade {ts} {}", dice.px()).unwrap();
                if prints > 1 && dice.chance(10) {
                    let what = dice.pick(&["X", "C"]);
                    write!(line, " {what} ref=p{}", 1 + dice.below(prints - 1)).unwrap();
                }
                write!(line, " id=p{prints} i={i}").unwrap();
            }
            52..55 => write!(line, "status {ts} {} i={i}", dice.pick(&["halt", "open"])).unwrap(),
            55..58 => {
                let span = i64::try_from(dice.below(12)).unwrap();
                let (from, i) = ((ts - span).max(0), dice.pick(&["1", "1", "2", "-"]));
                let about = dice.pick(&["", " about=quotes", " about=trades"]);
                write!(line, "gap {ts} {from} {ts} i={i}{about}").unwrap();
            }
            58 => write!(line, "lost {ts}{}", dice.pick(&["", " table=quotes", " table=trades"]))
                .unwrap(),
            59..70 => decision(&mut line, &mut dice, ts, i, &mut decided, shape),
            70..88 => fill(&mut line, &mut dice, ts, i, &decided, &mut filled, shape),
            88..90 => {
                let side = dice.side();
                write!(line, "order {ts} n{n} {side} i={i}").unwrap();
                if let Some(d) = some(&mut dice, &decided) {
                    write!(line, " d={}", d.name).unwrap();
                }
                if dice.chance(30) {
                    line.push_str(" abid=99 aask=101");
                }
            }
            90..96 if !filled.is_empty() => amend(&mut line, &mut dice, ts, n, &mut filled, shape),
            96..98 => {
                let kind = dice.pick(&["funding", "borrow", "dividend", "interest", "fee"]);
                let ccy = dice.pick(&["USD", "USD", "USD", "EUR"]);
                let amount = dice.pick(&["0.3", "-0.7", "0.000000001", "2"]);
                write!(line, "post {ts} {kind} {amount} acct=a ccy={ccy} i={i}").unwrap();
            }
            _ => quote(&mut line, &mut dice, ts, i),
        }
        if tolerance == 0 && dice.chance(2) {
            write!(line, " avail={}", ts + 7).unwrap();
        }
        log.push(line);
    }
    if dice.chance(85) {
        log.push(format!("clock {}", now + 3_000));
    }
    Text { rules, log }
}

fn dice_third(rules: &str, n: u64) -> bool {
    rules.contains("bench=refs") && n % 4 == 3
}

fn some<'d, T>(dice: &mut Dice, of: &'d [T]) -> Option<&'d T> {
    if of.is_empty() { None } else { of.get(dice.index(of.len())) }
}

fn rules(dice: &mut Dice, shape: Shape) -> (String, i64, i64) {
    let mut out = Vec::new();
    let mut maybe = |dice: &mut Dice, percent: u64, words: &[&str]| {
        if dice.chance(percent) {
            let word = dice.pick(words);
            out.push(word.to_owned());
        }
    };
    maybe(dice, 12, &["anchor=decision"]);
    maybe(dice, 45, &["path=mid", "path=trade"]);
    maybe(dice, 25, &["h=10", "h=40"]);
    maybe(dice, 20, &["life=30", "life=60"]);
    maybe(dice, 50, &["wait=h", "wait=5", "wait=0", "wait=100"]);
    maybe(dice, 20, &["delay=1", "delay=7"]);
    maybe(dice, 40, &["exitdelay=0", "exitdelay=5", "exitdelay=15"]);
    maybe(dice, 15, &["flat=0", "flat=3"]);
    maybe(dice, 40, &["offsets=0", "offsets=-5,0,10", "offsets=-20,-1,1,40"]);
    maybe(dice, 40, &["sigma=20:4:2", "sigma=30:1:3", "sigma=10:5:1"]);
    if !shape.is_symmetric {
        maybe(dice, 40, &["bench=refs", "bench=nothing"]);
    }
    maybe(dice, 20, &["clock=1", "clock=4"]);
    let tolerance = if shape.is_ordered { 0 } else { [0, 0, 3][dice.index(3)] };
    let lateness = [0, 0, 5, 20][dice.index(4)];
    out.push(format!("tol={tolerance}"));
    out.push(format!("late={lateness}"));
    let targets: &[&str] = if shape.is_symmetric {
        &[
            "fh:none",
            "tb:own:own:zero",
            "tb:own:own:sign",
            "tb:own:-:zero",
            "meta:0",
            "fill:0",
            "fill:0.5",
        ]
    } else {
        &[
            "fh:none",
            "fh:20bps",
            "fh:0.001sigma",
            "tb:own:own:zero",
            "tb:150bps:100bps:zero",
            "tb:150bps:100bps:sign:limit",
            "tb:-:100bps:zero:real",
            "tb:100bps:-:sign:counter",
            "tb:5000sigma:3000sigma:sign",
            "meta:0",
            "meta:10:real",
            "meta:0:counter",
            "fill:0",
            "fill:0.5",
            "fill:1:enter",
            "grade:default",
            "grade:own",
            "grade:own:real",
        ]
    };
    for _ in 0..=dice.below(4) {
        out.push(format!("t={}", dice.pick(targets)));
    }
    (out.join(" "), lateness, tolerance)
}

/// Rows without a place in the order.
fn reference(dice: &mut Dice, shape: Shape, is_flat: bool) -> Vec<String> {
    let mut log = Vec::new();
    if is_flat || dice.chance(60) {
        let mult = dice.pick(&["", " mult=5", " mult=0.1"]);
        let tick = dice.pick(&["", " tick=0.5", " tick=1"]);
        let inverse = if !shape.is_symmetric && dice.chance(15) {
            dice.pick(&[" inverse=true settle=USD", " inverse=true settle=BTC"])
        } else {
            ""
        };
        log.push(format!("instrument i=1 cal=cal{mult}{tick}{inverse}"));
        if dice.chance(90) {
            log.push(format!("instrument i=2{}", dice.pick(&["", " ccy=EUR"])));
        }
        log.push("instrument i=3".to_owned());
    }
    if is_flat {
        log.push(format!("session 0 {}", 20 + dice.below(60)));
        log.push(format!("session 100 {}", 120 + dice.below(60)));
    }
    if !shape.is_symmetric && dice.chance(60) {
        log.push(format!(
            "fees {} {}",
            dice.pick(&["2", "-1", "0.3"]),
            dice.pick(&["10", "5", "1"])
        ));
        if dice.chance(30) {
            log.push("fees 1 7 acct=a".to_owned());
        }
        if dice.chance(20) {
            log.push("fees 3 4 i=1 min=0.5".to_owned());
        }
        if dice.chance(20) {
            log.push("fees 0 9 src=2 ccy=EUR".to_owned());
        }
    }
    if !shape.is_symmetric && dice.chance(15) {
        let kind = dice.pick(&["split", "split", "stock_dividend", "cash_dividend", "rename"]);
        log.push(format!("adjust {} {kind} num=2 den=1", dice.below(150)));
    }
    for n in 1..8 {
        if dice.chance(35) {
            let mut line = format!("ref d{n}");
            for word in ["sigma=30000", "beta=0.5", "cost=40", "bench=3"] {
                if dice.chance(70) {
                    write!(line, " {word}").unwrap();
                }
            }
            if dice.chance(10) {
                line.push_str(" avail=40");
            }
            log.push(line);
        }
    }
    log
}

fn quote(line: &mut String, dice: &mut Dice, ts: i64, i: u64) {
    let bid = 96 + dice.below(9);
    let ask = bid + [1, 1, 2, 2, 3, 0][dice.index(6)];
    match dice.below(20) {
        0 => write!(line, "quote {ts} - {ask}").unwrap(),
        1 => write!(line, "quote {ts} {bid} -").unwrap(),
        2 => write!(line, "quote {ts} {} {bid}", bid + 1).unwrap(),
        3 => write!(line, "quote {ts} {bid} {ask} flags=4").unwrap(),
        _ => write!(line, "quote {ts} {bid} {ask}").unwrap(),
    }
    write!(line, " i={i}").unwrap();
    if dice.chance(8) {
        line.push_str(" src=2");
    }
}

fn decision(
    line: &mut String,
    dice: &mut Dice,
    ts: i64,
    i: u64,
    decided: &mut Vec<Decided>,
    shape: Shape,
) {
    let name = if !decided.is_empty() && dice.chance(3) {
        "d1".to_owned()
    } else {
        format!("d{}", decided.len() + 1)
    };
    let action = match dice.below(20) {
        0..9 => "enter",
        9 => "increase",
        10 => "reverse",
        11 | 12 => "exit",
        13 => "reduce",
        14 => "hold",
        15 | 16 => "skip",
        17 => dice.pick(&["cancel", "modify", "hedge"]),
        _ => "enter",
    };
    write!(line, "decide {ts} {name} {action}").unwrap();
    // The contract asks for side and quantity of all that would trade.
    let is_free = ["hold", "cancel", "modify"].contains(&action);
    let side = (!is_free || action != "hold" && dice.chance(50)).then(|| dice.side());
    if let Some(side) = side {
        write!(line, " {side}").unwrap();
        if !is_free || dice.chance(50) {
            write!(line, " {}", dice.qty()).unwrap();
        }
    }
    write!(line, " i={i}").unwrap();
    if dice.chance(75) {
        write!(line, " h={}", dice.pick(&["5", "20", "20", "50", "100"])).unwrap();
    }
    if dice.chance(20) {
        write!(line, " status={}", dice.pick(&["proposed", "denied", "suppressed"])).unwrap();
    }
    if dice.chance(50) {
        let (up, down) = (101 + dice.below(6), 93 + dice.below(6));
        let (tp, sl) = if side == Some("sell") { (down, up) } else { (up, down) };
        if dice.chance(90) {
            write!(line, " tp={tp}").unwrap();
        }
        if dice.chance(90) {
            write!(line, " sl={sl}").unwrap();
        }
    }
    if dice.chance(30) {
        line.push_str(dice.pick(&[" bid=99 ask=101", " bid=100 ask=100", " bid=99", " ask=102"]));
    }
    if dice.chance(20) {
        line.push_str(" last=100");
    }
    if action == "hold" && dice.chance(60) || dice.chance(3) {
        write!(line, " pos={}", dice.pick(&["2", "-1", "0"])).unwrap();
    }
    let has_order = dice.chance(40);
    if has_order {
        write!(line, " order=o{name}").unwrap();
    }
    let account = dice.pick(&["", "a", "a", "b"]);
    if !account.is_empty() {
        write!(line, " acct={account}").unwrap();
    }
    if dice.chance(15) {
        line.push_str(" strat=other");
    }
    if dice.chance(20) {
        line.push_str(" cost=25");
    }
    if !shape.is_ordered && dice.chance(10) {
        write!(line, " mdseq={}", dice.below(30)).unwrap();
    }
    decided.push(Decided { name, instrument: i, side, account, has_order });
}

fn fill(
    line: &mut String,
    dice: &mut Dice,
    ts: i64,
    i: u64,
    decided: &[Decided],
    filled: &mut Vec<Filled>,
    shape: Shape,
) {
    let id = match some(dice, filled) {
        Some(old) if dice.chance(3) => old.id.clone(),
        _ => format!("f{}", filled.len() + 1),
    };
    let mut of = String::new();
    let mut side = dice.side();
    // What was decided last is filled most often.
    let recent = if dice.chance(60) { decided.last() } else { some(dice, decided) };
    if let Some(d) = recent
        && dice.chance(80)
    {
        if d.has_order && dice.chance(40) {
            write!(of, " order=o{}", d.name).unwrap();
        } else {
            write!(of, " d={}", d.name).unwrap();
        }
        if dice.chance(93) {
            side = d.side.unwrap_or(side);
        }
        write!(of, " i={}", if dice.chance(97) { d.instrument } else { i }).unwrap();
        if !d.account.is_empty() && dice.chance(97) {
            write!(of, " acct={}", d.account).unwrap();
        }
    } else {
        write!(of, " i={i}").unwrap();
        of.push_str(dice.pick(&["", " acct=a", " acct=a", " acct=b"]));
        if dice.chance(15) {
            of.push_str(" strat=other");
        }
        if dice.chance(3) {
            write!(of, " d=d{}", decided.len() + 1).unwrap();
        }
    }
    if dice.chance(6) {
        of.push_str(" src=2");
    }
    // An id names one fill of an account and source; a repeat has them too.
    if let Some(old) = filled.iter().find(|old| old.id == id) {
        (of, side) = (old.of.clone(), old.side);
    }
    write!(line, "fill {ts} {id} {side} {} {}{of}", dice.qty(), dice.px()).unwrap();
    fee(line, dice, shape);
    if dice.chance(20) {
        line.push_str(dice.pick(&[" bid=99 ask=101", " bid=98 ask=100", " bid=99"]));
    }
    if dice.chance(15) {
        line.push_str(dice.pick(&[" abid=99 aask=101", " abid=100 aask=101", " aask=101"]));
    }
    filled.push(Filled { id, of, side });
}

fn fee(line: &mut String, dice: &mut Dice, shape: Shape) {
    match dice.below(10) {
        0..6 => {
            write!(line, " fee={}", dice.pick(&["0", "0.1", "0.000000001", "-0.2"])).unwrap();
            if dice.chance(10) {
                line.push_str(" ccy=EUR");
            }
            if dice.chance(15) {
                line.push_str(" final=false");
            }
        }
        _ if shape.is_symmetric => line.push_str(" fee=0.3"),
        _ => {}
    }
    if dice.chance(30) {
        write!(line, " liq={}", dice.pick(&["maker", "taker", "auction"])).unwrap();
    }
}

fn amend(
    line: &mut String,
    dice: &mut Dice,
    ts: i64,
    n: u64,
    filled: &mut Vec<Filled>,
    shape: Shape,
) {
    let at = dice.index(filled.len());
    let (old, of, side) = (filled[at].id.clone(), filled[at].of.clone(), filled[at].side);
    if dice.chance(55) {
        write!(line, "correct {ts} c{n} {side}").unwrap();
        if dice.chance(85) {
            write!(line, " {} {}", dice.qty(), dice.px()).unwrap();
        }
        if dice.chance(30) {
            fee(line, dice, shape);
        }
    } else {
        write!(line, "bust {ts} b{n} {side}").unwrap();
    }
    write!(line, " ref={old}{of}").unwrap();
    filled.push(Filled { id: line.split(' ').nth(2).unwrap().to_owned(), of, side });
}
