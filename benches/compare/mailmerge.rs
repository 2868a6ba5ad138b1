//! The peer that people use: mailmerge, a Python program, with the same letters.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::campaign::{CITY, EMAIL, FACTS, SENDER, TEMPLATE, TITLE};

/// Where it is installed.
pub struct Mailmerge(PathBuf);

impl Mailmerge {
    /// # Errors
    /// When it is not there: how to install it.
    pub fn find() -> Result<Self, String> {
        let folder = std::env::var_os("APPEL_BENCH_PEERS")
            .filter(|name| !name.is_empty())
            .map_or_else(
                || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-peers"),
                PathBuf::from,
            );
        let program = folder.join("bin/mailmerge");
        if program.exists() {
            Ok(Self(program))
        } else {
            Err(format!(
                "no mailmerge in {}: run scripts/install-bench-peers",
                folder.display()
            ))
        }
    }

    pub fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.0);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", folder)
            .current_dir(folder)
            .args(arguments);
        command
    }
}

/// Writes its template, its table and its settings.
pub fn write(folder: &Path, letters: u32, port: u16) {
    fs::create_dir_all(folder).expect("a folder of ours");
    put(&folder.join("mailmerge_template.txt"), &template());
    put(
        &folder.join("mailmerge_server.conf"),
        &format!("[smtp_server]\nhost = 127.0.0.1\nport = {port}\nratelimit = 0\n"),
    );
    let table = File::create(folder.join("mailmerge_database.csv")).expect("a file of ours");
    let mut table = BufWriter::new(table);
    writeln!(table, "name,email,salutation").expect("room on the disk");
    for n in 1..=letters {
        writeln!(table, "Ministry {n} of Talmoria,m{n}@mfa.example,Your Excellency").expect("room on the disk");
    }
    table.flush().expect("room on the disk");
}

/// The campaign's letter. What is the same in every letter stands in it: mailmerge knows of no facts and no sender.
fn template() -> String {
    let (subject, body) = TEMPLATE.split_once("\n\n").expect("a head and a body");
    let subject = subject.replace("{{campaign.title}}", TITLE);
    let mut body = body
        .replace("{{#if message}}{{message}}\n\n{{/if}}", "")
        .replace("{{> signature}}", &format!("{SENDER}\n{CITY}\n{EMAIL}\n"))
        .replace("{{sender.name}}", SENDER)
        .replace("{{sender.city}}", CITY)
        .replace("{{recipient.", "{{");
    for (name, value, source) in FACTS {
        body = body
            .replace(&format!("{{{{fact \"{name}\"}}}}"), value)
            .replace(&format!("{{{{source \"{name}\"}}}}"), source)
            .replace(&format!("{{{{as_of \"{name}\"}}}}"), "22 November 2026, 18:00");
    }
    format!("TO: {{{{name}}}} <{{{{email}}}}>\n{subject}\nFROM: {SENDER} <{EMAIL}>\n\n{body}")
}

fn put(path: &Path, text: &str) {
    fs::write(path, text).expect("a file of ours");
}
