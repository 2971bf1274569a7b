//! The long forms of capture's proofs, and the proof that the short ones notice: a line of the source is spoiled, and a
//! test must fail.

use crate::shell::{ChoreError, cargo, command, found, pass, read, read_file, say, target};
use std::fs;
use std::path::Path;

const USAGE: &str =
    "usage: cargo xtask torture capture [--minutes N] [--seed N] [--kills N] [--sabotage]";

/// How long, and from which seed.
#[derive(Debug, PartialEq)]
struct Plan {
    minutes: u64,
    seed: u64,
    kills: u64,
    sabotage: bool,
}

fn plan(words: &[&str]) -> Result<Plan, ChoreError> {
    let mut plan = Plan { minutes: 20, seed: 1, kills: 1000, sabotage: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || {
            words.next().and_then(|w| w.parse().ok()).ok_or_else(|| ChoreError::Usage(USAGE.into()))
        };
        match *word {
            "--minutes" => plan.minutes = number()?,
            "--seed" => plan.seed = number()?,
            "--kills" => plan.kills = number()?,
            "--sabotage" => plan.sabotage = true,
            _ => return Err(ChoreError::Usage(USAGE.into())),
        }
    }
    Ok(plan)
}

/// Runs the long forms: crashes and failures of generated lives, a flip in every byte, kills, full file systems.
pub(crate) fn capture(root: &Path, words: &[&str]) -> Result<(), ChoreError> {
    let plan = plan(words)?;
    if plan.sabotage {
        return sabotage(root);
    }
    let seconds = plan.minutes * 60;
    let long = |name: &str, settings: &[(&str, String)]| {
        let mut test = cargo(root);
        test.args([
            "test",
            "--locked",
            "--profile",
            "quick",
            "-p",
            "capture",
            "--test",
            "it",
            "--",
        ]);
        test.args(["--ignored", "--exact", "--nocapture", name]);
        test.envs(settings.iter().map(|(name, value)| (name, value)));
        pass(test)
    };
    let (seed, kills) = (plan.seed.to_string(), plan.kills.to_string());
    let half = (seconds / 2).to_string();
    long("flips::torture_flips_all_over_a_log", &[("HINDSIGHT_TORTURE_SECONDS", half.clone())])?;
    long("process::torture_kill", &[("HINDSIGHT_TORTURE_ROUNDS", kills)])?;
    let mut skipped = 0;
    for (kind, mount) in
        [("tmpfs of 12 MiB", tmpfs as Mount), ("ext4 of 32 MiB on a loop", loop_ext4)]
    {
        let folder = target(root).join("torture/mount");
        fs::create_dir_all(&folder).map_err(|e| ChoreError::file(&folder, e))?;
        if let Err(why) = mount(root, &folder) {
            skipped += 1;
            say(&format!("torture: SKIPPED: a full {kind}: {why}"));
            continue;
        }
        say(&format!("torture: a full {kind}"));
        let place = folder.display().to_string();
        let outcome = long("appends::torture_full_disk", &[("HINDSIGHT_TORTURE_MOUNT", place)]);
        let mut unmount = command(root, "umount");
        unmount.arg(&folder);
        read(unmount)?;
        outcome?;
    }
    let settings = [("HINDSIGHT_TORTURE_SECONDS", half), ("HINDSIGHT_TORTURE_SEED", seed)];
    long("crash::torture_crashes_of_generated_lives", &settings)?;
    say(&format!("torture: all held, {skipped} skipped"));
    Ok(())
}

type Mount = fn(&Path, &Path) -> Result<(), String>;

fn tmpfs(root: &Path, folder: &Path) -> Result<(), String> {
    let mut mount = command(root, "mount");
    mount.args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"]).arg(folder);
    read(mount).map(drop).map_err(|e| e.to_string())
}

fn loop_ext4(root: &Path, folder: &Path) -> Result<(), String> {
    let image = target(root).join("torture/ext4.img");
    let file = fs::File::create(&image).map_err(|e| e.to_string())?;
    file.set_len(32 << 20).map_err(|e| e.to_string())?;
    let mut make = command(root, "mkfs.ext4");
    make.args(["-q", "-F"]).arg(&image);
    read(make).map_err(|e| e.to_string())?;
    let mut mount = command(root, "mount");
    mount.args(["-o", "loop"]).arg(&image).arg(folder);
    read(mount).map(drop).map_err(|e| e.to_string())
}

/// A line of the source, and what stands there once it is spoiled.
struct Mutant {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

/// What the quick tests must notice. A line that is not found any more fails the run, so the list stays true.
const MUTANTS: [Mutant; 15] = [
    Mutant {
        what: "a group is not synced",
        file: "writer.rs",
        from: "self.timed(|| active.file.sync_data())?;",
        to: "",
    },
    Mutant {
        what: "a segment's content is not synced before its header",
        file: "writer.rs",
        from: "self.timed(|| file.sync_data())?;",
        to: "",
    },
    Mutant {
        what: "a new segment's folder is not synced",
        file: "spare.rs",
        from: ".and_then(|()| self.fs.sync_dir(&self.segments_dir()));",
        to: ";",
    },
    Mutant {
        what: "the checksum of a body is not looked at",
        file: "window.rs",
        from: "(crate::entry::body_crc(&body) == header.body_crc).then_some(body)",
        to: "Some(body)",
    },
    Mutant {
        what: "the checksum of a frame header is not looked at",
        file: "format/frame.rs",
        from: "!is_sealed(bytes, CRC_AT)",
        to: "false",
    },
    Mutant {
        what: "rows that are there are stored again",
        file: "ledger.rs",
        from: "self.speaker(producer, epoch)?.classify(pseqs)",
        to: "self.speaker(producer, epoch).map(|_| Admission::New)",
    },
    Mutant {
        what: "an older incarnation may speak",
        file: "ledger.rs",
        from: "std::cmp::Ordering::Less => Err(Refusal::Fenced { current })",
        to: "std::cmp::Ordering::Less => Ok(account)",
    },
    Mutant {
        what: "numbers go on where they stood after an unclean stop",
        file: "recover.rs",
        from: "next_seq = ((next_seq >> 32) + 2) << 32;",
        to: "",
    },
    Mutant {
        what: "an acknowledgement comes before the disk",
        file: "queue.rs",
        from: "if self.admitted == self.committed {",
        to: "if true {",
    },
    Mutant {
        what: "frames that are not proven are not kept",
        file: "recover/state.rs",
        from: "if is_salvageable(found.header.kind) {",
        to: "if false {",
    },
    Mutant {
        what: "a group claims itself to be durable",
        file: "entry.rs",
        from: "durable_frame: if is_own { chain.next_frame } else { chain.durable_frame },",
        to: "durable_frame: chain.next_frame + 1,",
    },
    Mutant {
        what: "a file goes on after a failed sync",
        file: "writer.rs",
        from: "self.leave(writer, End::SyncFailed);",
        to: "",
    },
    Mutant {
        what: "rows are available before what was sequenced before them",
        file: "deliver.rs",
        from: "let delivered = stored.max(clock);",
        to: "let delivered = stored;",
    },
    Mutant {
        what: "a segment goes whose archive file differs",
        file: "archiving.rs",
        from: "result.clone().err().map(|cause| KeptReason::ArchiveDiffers { cause })",
        to: "None",
    },
    Mutant {
        what: "a cursor inside a batch gets all of it",
        file: "reader.rs",
        from: "if skip > 0 {",
        to: "if false {",
    },
];

/// Spoils one line after the other in a copy of the workspace; each time a quick test must fail.
fn sabotage(root: &Path) -> Result<(), ChoreError> {
    let copy = target(root).join("torture/copy");
    copied(root, &copy)?;
    let sources = copy.join("crates/capture/src");
    let mut survivors = Vec::new();
    // The copy itself passes, or a failure would prove nothing.
    tests(&copy, true)?;
    for mutant in &MUTANTS {
        let path = sources.join(mutant.file);
        let text = read_file(&path)?;
        if text.matches(mutant.from).count() != 1 {
            survivors.push(format!("{}: `{}` is not there once", mutant.file, mutant.from));
            continue;
        }
        let write = |text: &str| fs::write(&path, text).map_err(|e| ChoreError::file(&path, e));
        write(&text.replace(mutant.from, mutant.to))?;
        let outcome = tests(&copy, false);
        write(&text)?;
        match outcome {
            Ok(()) => survivors.push(format!("nothing noticed: {}", mutant.what)),
            Err(ChoreError::Usage(why)) => survivors.push(format!("{}: {why}", mutant.what)),
            Err(error) => say(&format!("noticed: {} ({})", mutant.what, first_failure(&error))),
        }
    }
    found(&survivors)
}

/// The first failing test.
fn first_failure(error: &ChoreError) -> String {
    let text = error.to_string();
    let failed = text.lines().find_map(|l| l.strip_suffix(" ... FAILED"));
    failed.unwrap_or("an unnamed test").replace("test ", "")
}

fn tests(copy: &Path, is_clean: bool) -> Result<(), ChoreError> {
    let mut test = cargo(copy);
    test.args(["test", "--locked", "--profile", "quick", "-p", "capture", "--test", "it"]);
    match test.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let errors = String::from_utf8_lossy(&output.stderr);
            if !text.contains("test result: FAILED") || is_clean {
                let shown = format!("a mutant's tests did not run:\n{text}{errors}");
                return Err(ChoreError::Usage(shown));
            }
            Err(ChoreError::Found(text))
        }
        Err(error) => Err(ChoreError::file(copy, error)),
    }
}

/// The files that git knows, as they lie here.
fn copied(root: &Path, to: &Path) -> Result<(), ChoreError> {
    let mut list = command(root, "git");
    list.args(["ls-files"]);
    for name in read(list)?.lines() {
        let (from, to) = (root.join(name), to.join(name));
        let Some(folder) = to.parent() else { continue };
        fs::create_dir_all(folder).map_err(|e| ChoreError::file(folder, e))?;
        if from.is_file() && fs::read(&from).ok() != fs::read(&to).ok() {
            fs::copy(&from, &to).map_err(|e| ChoreError::file(&from, e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_call_are_understood_or_refused() {
        let all = plan(&["--minutes", "3", "--seed", "9", "--kills", "5", "--sabotage"]).unwrap();
        assert_eq!(all, Plan { minutes: 3, seed: 9, kills: 5, sabotage: true });
        assert_eq!(plan(&["--minutes"]).unwrap_err().to_string(), USAGE);
        assert_eq!(plan(&["--hours", "3"]).unwrap_err().to_string(), USAGE);
    }

    #[test]
    fn every_line_to_be_spoiled_is_there_once() {
        let root = crate::shell::root().unwrap().join("crates/capture/src");
        for mutant in &MUTANTS {
            let text = fs::read_to_string(root.join(mutant.file)).unwrap();
            assert_eq!(text.matches(mutant.from).count(), 1, "{}: {}", mutant.file, mutant.from);
        }
    }
}
