//! How long a person waits for the program itself.

use std::path::Path;

use crate::Bench;
use crate::mailmerge::Mailmerge;
use crate::ours::program;
use crate::program::median_seconds;
use crate::table::{Goal, Measured, spread};

/// Runs in each round; the other program is slower, and gets fewer.
const OURS: usize = 31;
const THEIRS: usize = 5;

pub fn run(bench: &Bench) -> Result<Vec<Measured>, String> {
    let mailmerge = Mailmerge::find()?;
    let folder = bench.folder.path();
    let mut version = program();
    version.arg("--version");
    let mut check = program();
    check
        .args(["check", "--config"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml"))
        .env("HOME", folder);
    let mut theirs = mailmerge.command(folder, &["--version"]);
    // Python keeps what it compiled of the first run.
    median_seconds(&mut theirs, 1);

    let mut milliseconds = [(); 3].map(|()| Vec::new());
    for _ in 0..bench.rounds {
        let round = [
            median_seconds(&mut version, OURS),
            median_seconds(&mut check, OURS),
            median_seconds(&mut theirs, THEIRS),
        ];
        for (all, seconds) in milliseconds.iter_mut().zip(round) {
            all.push(seconds * 1000.0);
        }
    }
    let [version, check, theirs] = milliseconds;
    let figure = |what: &str, must, ours: &[f64]| {
        let behind = format!(
            "appel: {}; mailmerge: {}",
            spread(ours, 2, " ms"),
            spread(&theirs, 0, " ms")
        );
        Measured::times(format!("{what} against mailmerge --version"), &theirs, ours)
            .must(must)
            .behind(behind)
    };
    Ok(vec![
        figure("appel --version", Goal::AtLeast(50.0), &version),
        figure("appel check of the example", Goal::AtLeast(20.0), &check),
    ])
}
