//! Writes a sample version and the events of its runs, for readers of other programs: `sample_version FOLDER` makes
//! `FOLDER/version/` and `FOLDER/runs.ndjson`.

#[path = "../tests/it/sample_version.rs"]
mod sample_version;

use sample_version::SampleVersion;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: sample_version FOLDER")?);
    let version = folder.join("version");
    let sample = SampleVersion::new()?;
    let texts = sample.documents()?;
    let texts = texts.iter().map(|(path, text)| (path, text.as_bytes()));
    let data = sample.data.iter().map(|(path, bytes)| (path, bytes.as_slice()));
    for (path, bytes) in texts.chain(data) {
        let path = version.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&version))?;
        fs::write(path, bytes)?;
    }
    fs::write(folder.join("runs.ndjson"), sample.events()?.join("\n") + "\n")?;
    Ok(())
}
