//! The machine and the tree that were measured.

use crate::shell::{command, read};
use std::fs;
use std::path::Path;

/// What a table says on top, a line each.
pub(super) fn facts(root: &Path) -> Vec<String> {
    let cpu = file("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|l| l.strip_prefix("model name")?.split_once(':'));
    let memory = file("/proc/meminfo");
    let kib = memory.lines().find_map(|l| {
        let kib: f64 = l.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(format!("{:.1} GiB", kib / 1024.0 / 1024.0))
    });
    let unknown = || "unknown".to_owned();
    let cores = std::thread::available_parallelism().map_or_else(|_| unknown(), |n| n.to_string());
    let kernel = file("/proc/sys/kernel/osrelease");
    vec![
        format!("processor: {}", cpu.map_or_else(unknown, |(_, name)| name.trim().to_owned())),
        format!("cores: {cores}; memory: {}", kib.unwrap_or_else(unknown)),
        format!("kernel: {}", if kernel.is_empty() { unknown() } else { kernel }),
        format!("rustc: {}", said(root, "rustc", &["-V"])),
    ]
}

/// The commit, and whether files differ from it.
pub(super) fn commit(root: &Path) -> String {
    let head = said(root, "git", &["rev-parse", "--short", "HEAD"]);
    let mut status = command(root, "git");
    status.args(["status", "--porcelain", "--untracked-files=no"]);
    let is_changed = read(status).is_ok_and(|text| !text.trim().is_empty());
    if is_changed { format!("{head}+") } else { head }
}

/// The day and the minute, UTC.
pub(super) fn now(root: &Path) -> String {
    said(root, "date", &["-u", "+%Y-%m-%d %H:%M"])
}

/// How many threads wanted the processor during the last minute.
pub(super) fn load() -> String {
    file("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned()
}

fn file(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn said(root: &Path, program: &str, args: &[&str]) -> String {
    let mut run = command(root, program);
    run.args(args);
    read(run).map_or_else(|_| "unknown".to_owned(), |text| text.trim().to_owned())
}
