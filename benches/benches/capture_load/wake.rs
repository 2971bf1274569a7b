//! From an acknowledgement to a subscriber in the same process, against a bare condition variable.

use crate::args::Args;
use crate::rig::{self, PATIENCE};
use crate::rows::decision;
use crate::times::Spread;
use crate::{Failure, bar, tell};
use capture::{Filter, Item, Options, ProducerSpec, Visibility};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// There and back between two threads.
fn round_trips(count: u32) -> Spread {
    let (turn, changed) = (Mutex::new(0_u32), Condvar::new());
    let pass = |mine: u32| {
        let held = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut held = changed
            .wait_while(held, |turn| *turn % 2 != mine)
            .unwrap_or_else(PoisonError::into_inner);
        *held += 1;
        drop(held);
        changed.notify_all();
    };
    let mut times = Spread::default();
    std::thread::scope(|scope| {
        scope.spawn(|| (0..=count).for_each(|_| pass(1)));
        pass(0);
        for _ in 0..count {
            let begin = Instant::now();
            pass(0);
            times.push(begin.elapsed());
        }
    });
    times
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let place = rig::fresh(&args.dir, "wake")?;
    let (log, ..) = rig::open(&place, Options::default())?;
    let mut producer = log.open_producer(ProducerSpec::new(rig::id(0), "load"))?;
    let row = decision(0)?;
    let mut reader =
        log.reader(&rig::reading()?, log.start(), Visibility::Durable, Filter::default())?;
    let (to, seen) = mpsc::channel();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let mut late = Spread::default();
    std::thread::scope(|scope| -> Result<(), Failure> {
        let (reader, stop) = (&mut reader, &stop);
        let tail = scope.spawn(move || -> Result<(), Failure> {
            loop {
                match reader.next()? {
                    Item::Batch(_) => to.send(Instant::now())?,
                    Item::CaughtUp if stop.load(std::sync::atomic::Ordering::Relaxed) => {
                        return Ok(());
                    }
                    Item::CaughtUp => {
                        reader.wait(Duration::from_millis(100));
                    }
                    _ => {}
                }
            }
        });
        let end = Instant::now() + args.seconds;
        while Instant::now() < end {
            producer.append(&row)?.wait(PATIENCE)?;
            let acked = Instant::now();
            late.push(seen.recv_timeout(PATIENCE)?.saturating_duration_since(acked));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        tail.join().map_err(|_| "the subscriber panicked")?
    })?;
    let trips = round_trips(u32::try_from(late.len())?);
    println!("subscriber in the process, time after the acknowledgement (0 when before it)");
    println!("  late:       {late}");
    println!("  round trip: {trips}");
    let ratio = late.micros(0.99) / trips.micros(0.99);
    bar("late p99 over round trip p99", ratio, ratio <= 5.0, "<= 5");
    tell(args, "wake", late.micros(0.99), trips.micros(0.99), "us");
    log.close()?;
    std::fs::remove_dir_all(&place)?;
    Ok(())
}
