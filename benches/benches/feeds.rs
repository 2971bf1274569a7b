//! FX ticks from zips into quotes, against the same bytes inflated, read, and parsed by Polars.
//!
//! `cargo bench -p benches --bench feeds`. The ticks are made from a seed; with `HINDSIGHT_DATA` (the folder of the data
//! pack) the real zips are measured too. Rounds of all workloads alternate, one thread each, in processor time, and the
//! shortest rounds are compared. The bar of the design: importing takes at most three times as long as inflating the
//! same zips. Polars runs in Python (`HINDSIGHT_PYTHON`, or the environment that `cargo xtask interop` made) on the
//! inflated files, so it is spared the inflating, and makes 64-bit floats where the importer makes exact prices, times
//! in UTC and an envelope.
#![expect(clippy::print_stdout, reason = "a program that prints its figures")]

use benches::{BarLine, Rng, Times, is_bench, timed};
use feeds::{Lean, Spec};
use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;
use zip::ZipArchive;
use zip::write::SimpleFileOptions;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const BAR: f64 = 3.0;
const ROUNDS: u32 = 7;

/// A zip of ticks, with the path that says what it holds.
struct Zip {
    path: String,
    bytes: Vec<u8>,
}

/// Four days of ticks with the shape of the real ones: 0 to some 600 ms apart, five decimals, a spread of pips.
fn generated() -> Result<Vec<Zip>> {
    let mut rng = Rng::new(20_140_501);
    let mut zips = Vec::new();
    for day in 5..9 {
        let mut text = String::new();
        let (mut ms, mut bid) = (0_u64, 138_700_u64);
        while ms < 86_400_000 {
            bid = bid + rng.below(5) - 2;
            let ask = bid + rng.below(20);
            let px = |units: u64| format!("{}.{:05}", units / 100_000, units % 100_000);
            writeln!(text, "{ms},{},{}", px(bid), px(ask))?;
            ms += 1 + rng.below(600);
        }
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let name = format!("201405{day:02}_eurusd_tick_quote.csv");
        zip.start_file(name, SimpleFileOptions::default())?;
        zip.write_all(text.as_bytes())?;
        let path = format!("forex/fxcm/tick/eurusd/201405{day:02}_quote.zip");
        zips.push(Zip { path, bytes: zip.finish()?.into_inner() });
    }
    Ok(zips)
}

/// The real zips, in the order of their names.
fn real(data: &Path) -> Result<Vec<Zip>> {
    let mut zips = Vec::new();
    for market in ["fxcm", "oanda"] {
        let folder = format!("forex/{market}/tick/eurusd");
        let entries = std::fs::read_dir(data.join("lean-fx-two-venues").join(&folder))?;
        let mut paths: Vec<PathBuf> =
            entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
        paths.sort();
        for path in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "zip")) {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
            let path_in_set = format!("{folder}/{}", name.unwrap_or_default());
            zips.push(Zip { path: path_in_set, bytes: std::fs::read(path)? });
        }
    }
    Ok(zips)
}

fn import(zips: &[Zip]) -> Result<(usize, usize)> {
    let mut lean = Lean::new(Spec::parse(Spec::LEAN)?);
    let (mut rows, mut rejects) = (0, 0);
    for zip in zips {
        lean.push(&zip.path, &mut zip.bytes.as_slice(), &mut |out| {
            rows += out.rows.iter().map(contract::AnyBatch::len).sum::<usize>();
            rejects += out.rejects.len();
        })?;
    }
    let lines = usize::try_from(lean.finish().lines)?;
    if lines != rows + rejects {
        return Err(format!("{lines} lines became {rows} rows and {rejects} rejects").into());
    }
    Ok((rows, rejects))
}

/// Inflates every member into one buffer that is used again.
fn inflate(zips: &[Zip], mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut buffer = Vec::new();
    for zip in zips {
        let mut archive = ZipArchive::new(Cursor::new(zip.bytes.as_slice()))?;
        for at in 0..archive.len() {
            buffer.clear();
            archive.by_index(at)?.read_to_end(&mut buffer)?;
            each(&buffer)?;
        }
    }
    Ok(())
}

/// Polars in Python, waiting for a line a round.
struct Polars {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    version: String,
}

impl Polars {
    fn start(files: &[PathBuf]) -> Result<Self> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../interop-venv/bin/python");
        let python = std::env::var_os("HINDSIGHT_PYTHON").map_or(target, PathBuf::from);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/polars_csv.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(files)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let to = child.stdin.take().ok_or("no standard input")?;
        let from = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut polars = Self { child, to, from, version: String::new() };
        polars.version = polars.line()?;
        Ok(polars)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            return Err("polars is not installed there".into());
        }
        Ok(line.trim().to_owned())
    }

    fn round(&mut self) -> Result<(usize, Duration)> {
        writeln!(self.to)?;
        let line = self.line()?;
        let (rows, seconds) = line.split_once(' ').ok_or("two numbers")?;
        Ok((rows.parse()?, Duration::from_secs_f64(seconds.parse()?)))
    }

    fn stop(mut self) -> Result<()> {
        drop(self.to);
        self.child.wait()?;
        Ok(())
    }
}

fn tell(name: &str, ours: &Times, peer: &Times) {
    let (ours, peer) = (ours.least().as_secs_f64(), peer.least().as_secs_f64());
    println!("{}", BarLine { name, ours, peer, unit: "s" });
}

fn measure(name: &str, zips: &[Zip]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut files = Vec::new();
    let mut bytes = 0;
    inflate(zips, |text| {
        let path = folder.path().join(format!("{}.csv", files.len()));
        std::fs::write(&path, text)?;
        bytes += text.len();
        files.push(path);
        Ok(())
    })?;
    let (rows, rejects) = import(zips)?;
    println!(
        "feeds/lean_ticks/{name}: {} zips, {bytes} bytes, {rows} rows, {rejects} rejects",
        zips.len()
    );
    let mut polars = match Polars::start(&files) {
        Ok(polars) => Some(polars),
        Err(error) => {
            println!("skip    polars: {error}");
            None
        }
    };
    let (mut ours, mut inflating, mut reading, mut peer) =
        (Times::default(), Times::default(), Times::default(), Times::default());
    for _ in 0..ROUNDS {
        let mut time = [Duration::ZERO; 3];
        timed(&mut time[0], || import(zips))?;
        timed(&mut time[1], || inflate(zips, |_| Ok(())))?;
        timed(&mut time[2], || files.iter().try_for_each(|f| std::fs::read(f).map(drop)))?;
        ours.push(time[0]);
        inflating.push(time[1]);
        reading.push(time[2]);
        if let Some(polars) = &mut polars {
            let (found, time) = polars.round()?;
            if found != rows + rejects {
                return Err(format!("polars read {found} rows of {}", rows + rejects).into());
            }
            peer.push(time);
        }
    }
    let ratio = ours.over(&inflating);
    let verdict = if ratio <= BAR { "holds" } else { "MISSED" };
    let per_second = rows as f64 / ours.least().as_secs_f64() / 1e6;
    println!("import  {ours}, {per_second:.2} M rows/s");
    println!(
        "inflate {inflating}: import takes {ratio:.2} times as long (bar {BAR:.1}: {verdict})"
    );
    println!("read    {reading}: import takes {:.1} times as long", ours.over(&reading));
    if let Some(polars) = polars {
        let version = polars.version.clone();
        polars.stop()?;
        println!(
            "polars  {peer}, {version}, inflated files: import takes {:.2} times as long",
            ours.over(&peer)
        );
        tell(&format!("feeds/ticks/{name}/polars"), &ours, &peer);
    }
    tell(&format!("feeds/ticks/{name}"), &ours, &inflating);
    Ok(())
}

fn main() -> Result<()> {
    if !is_bench() {
        return Ok(());
    }
    measure("generated", &generated()?)?;
    let Some(data) = std::env::var_os("HINDSIGHT_DATA") else {
        println!("skip    real zips: HINDSIGHT_DATA is not set");
        return Ok(());
    };
    measure("real", &real(Path::new(&data))?)
}
