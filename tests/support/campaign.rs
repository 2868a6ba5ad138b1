//! A campaign in a folder of its own, described a line at a time.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{
    run::{Run, Running},
    smtp::{Server, Tls},
};

/// When every run takes place, unless a test says otherwise.
pub const NOW: &str = "2026-11-25T10:00:00Z";
/// What [`Campaign::login`] signs in with: nothing else on the machine has these letters in this order.
pub const PASSWORD: &str = "zq7-Rdsch!un9gel";

/// The language of every run: one that tells what stands in the catalogue from what does not. [`Run`] reads it back.
pub const LANGUAGE: [&str; 2] = ["--lang", "x-test"];

const HEADER: &str = "role,name,email,country,language,cc,salutation\n";
const LETTER: &str =
    "Subject: {{campaign.title}}\n\n{{recipient.salutation}}\n\nI write from {{sender.city}}.\n\n{{sender.name}}\n";

/// A campaign's files and the machine they are on; all of it goes when this does.
pub struct Campaign {
    root: TempDir,
    config: Option<Config>,
    environment: BTreeMap<String, String>,
    /// A program and its arguments that start every run; empty when runs start by themselves.
    through: Vec<String>,
}

#[derive(Default)]
struct Config {
    /// `section.key` to its value in TOML, for `[campaign]`, `[sender]` and `[smtp]`.
    keys: BTreeMap<String, String>,
    letters: String,
    more: String,
    /// `[sender]` and `[smtp]` stand in `config.toml` too.
    in_folder: bool,
}

impl Campaign {
    /// One letter, `protest`, in English, to one ministry; sent by Ann from Brussels.
    pub fn new() -> Self {
        Self::empty().protest()
    }

    /// The same with all its files in memory, where that can be had: for runs by the thousand. What a killed process
    /// wrote is there afterwards on any disk.
    pub fn in_memory() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory } else { &std::env::temp_dir() };
        Self::empty_in(folder).protest()
    }

    fn protest(mut self) -> Self {
        self.config = Some(Config::default());
        self.set("campaign.id", "test")
            .set("campaign.title", "Free them")
            .set("campaign.language", "en")
            .set("sender.name", "Ann Activist")
            .set("sender.email", "ann@home.example")
            .set("sender.country", "BE")
            .set("sender.language", "en")
            .set("sender.city", "Brussels")
            .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\n")
            .letter("protest", "en", LETTER)
            .recipients("ministry,The Ministry,minister@mfa.example,,,,Your Excellency\n")
    }

    /// No campaign yet: a machine on which `appel` can run.
    pub fn empty() -> Self {
        Self::empty_in(&std::env::temp_dir())
    }

    fn empty_in(folder: &Path) -> Self {
        let root = tempfile::Builder::new()
            .prefix("appel-")
            .tempdir_in(folder)
            .expect("a temporary directory");
        for folder in ["home", "config", "state", "data", "cache", "tmp", "campaign"] {
            fs::create_dir(root.path().join(folder)).expect("a folder in a temporary directory");
        }
        Self {
            root,
            config: None,
            environment: BTreeMap::new(),
            through: Vec::new(),
        }
    }

    /// What `appel new` writes, in place of a campaign of our own.
    pub fn example() -> Self {
        let campaign = Self::empty();
        campaign.appel(&["new", "."]).exits(0);
        campaign
    }

    /// A text of `[campaign]`, `[sender]` or `[smtp]`: `.set("smtp.timeout", "1s")`.
    ///
    /// A command for the password runs in the campaign's folder, where tests have its files; by itself it would run in the
    /// account file's.
    pub fn set(self, key: &str, text: &str) -> Self {
        if key == "smtp.password-command" {
            let there = format!("cd '{}' && {{ {text}; }}", self.path("").display());
            return self.set_toml(key, &format!("{there:?}"));
        }
        self.set_toml(key, &format!("{text:?}"))
    }

    /// The same with any TOML value.
    pub fn set_toml(mut self, key: &str, value: &str) -> Self {
        self.configuration().keys.insert(key.to_owned(), value.to_owned());
        self.write_config()
    }

    /// `[sender]` and `[smtp]` in the campaign's own `config.toml`; they are in the account file unless a test says so.
    pub fn in_folder(mut self) -> Self {
        self.configuration().in_folder = true;
        self.write_config()
    }

    /// The person's own file, where `[sender]` and `[smtp]` are.
    pub fn account(&self) -> PathBuf {
        self.root.path().join("config/appel/config.toml")
    }

    pub fn unset(mut self, key: &str) -> Self {
        self.configuration().keys.remove(key);
        self.write_config()
    }

    /// The `[[letter]]` tables.
    pub fn letters(mut self, toml: &str) -> Self {
        toml.clone_into(&mut self.configuration().letters);
        self.write_config()
    }

    /// Whatever else `config.toml` is to hold, at its end.
    pub fn config(mut self, toml: &str) -> Self {
        self.configuration().more.push_str(toml);
        self.write_config()
    }

    /// `templates/LETTER.LANGUAGE.hbs`.
    pub fn letter(self, id: &str, language: &str, text: &str) -> Self {
        self.file(&format!("templates/{id}.{language}.hbs"), text)
    }

    /// `recipients.csv`. Rows that come without a header get the usual one (`role,name,email,country,language,cc,
    /// salutation`), and the commas that they lack.
    pub fn recipients(self, rows: &str) -> Self {
        if rows.starts_with("role,") {
            return self.file("recipients.csv", rows);
        }
        let columns = HEADER.matches(',').count();
        let whole = |row: &str| {
            // A comma between quotes parts no columns.
            let commas = row.split('"').step_by(2).map(|part| part.matches(',').count()).sum();
            format!("{row}{}\n", ",".repeat(columns.saturating_sub(commas)))
        };
        let rows: String = rows.lines().map(whole).collect();
        self.file("recipients.csv", format!("{HEADER}{rows}"))
    }

    /// So many ministries: `m1@mfa.example`, `m2@mfa.example` …
    pub fn people(self, number: usize) -> Self {
        let mut rows = String::new();
        for n in 1..=number {
            let _ = writeln!(rows, "ministry,Ministry {n},m{n}@mfa.example,,,,Your Excellency");
        }
        self.recipients(&rows)
    }

    /// Every file under a folder of the machine (`""` is all of it), with its bytes.
    pub fn files_under(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let (mut folders, mut files) = (vec![self.root.path().join(folder)], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder of ours") {
                let path = entry.expect("an entry of a folder of ours").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).expect("a file of ours");
                    files.push((path.display().to_string(), bytes));
                }
            }
        }
        files
    }

    /// Waits until a file is in the campaign's folder.
    #[track_caller]
    pub fn wait_for_file(&self, path: &str) {
        let begun = std::time::Instant::now();
        while !self.path(path).exists() {
            assert!(
                begun.elapsed() < std::time::Duration::from_mins(1),
                "{path} did not come"
            );
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }

    /// Any file of the campaign's folder.
    pub fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.put(path, bytes);
        self
    }

    /// The same for a campaign that has run already.
    pub fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder of ours");
        fs::write(path, bytes).expect("a file in a folder of ours");
    }

    /// This server, with everything that could make a test slow turned off.
    pub fn smtp(self, server: &Server) -> Self {
        let security = match server.tls() {
            Tls::None => "none",
            Tls::Starttls => "starttls",
            Tls::Implicit => "tls",
        };
        let campaign = self
            .set("smtp.host", "127.0.0.1")
            .set_toml("smtp.port", &server.port().to_string())
            .set("smtp.security", security)
            .set("smtp.username", "")
            .set_toml("smtp.connections", "1")
            .set("smtp.rate", "unlimited")
            .set("smtp.retry-for", "1ms")
            .set("smtp.timeout", "30s");
        match server.tls() {
            Tls::None => campaign,
            _ => campaign.set("smtp.ca-file", &server.ca_file().display().to_string()),
        }
    }

    /// Signs in as this user; the password comes from the environment.
    pub fn login(self, user: &str, password: &str) -> Self {
        self.set("smtp.username", user)
            .environment("APPEL_SMTP_PASSWORD", password)
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Another moment (RFC 3339) than [`NOW`].
    pub fn now(self, moment: &str) -> Self {
        self.environment("APPEL_NOW", moment)
    }

    /// Has everything that runs started by this program with these arguments, as `nice` starts what follows it.
    pub fn through(mut self, program: Vec<String>) -> Self {
        self.through = program;
        self
    }

    /// Where the campaign's file is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join("campaign").join(path)
    }

    /// The folder that holds everything a run can write: home, state, temporary files and the campaign itself.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    pub fn ledger(&self) -> PathBuf {
        self.root.path().join("state/appel/ledger.sqlite3")
    }

    /// `appel` with these arguments, to its end.
    pub fn appel(&self, arguments: &[&str]) -> Run {
        Running::start(self.command(arguments)).wait()
    }

    /// The same, to be waited for, interrupted or killed.
    pub fn spawn(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    pub fn check(&self, arguments: &[&str]) -> Run {
        self.appel(&[&["check"], arguments].concat())
    }

    pub fn preview(&self, arguments: &[&str]) -> Run {
        self.appel(&[&["preview"], arguments].concat())
    }

    /// `appel send --yes`.
    pub fn send(&self, arguments: &[&str]) -> Run {
        self.appel(&[&["send", "--yes"], arguments].concat())
    }

    /// `appel send --yes --json`.
    pub fn send_json(&self, arguments: &[&str]) -> Run {
        self.appel(&[&["send", "--yes", "--json"], arguments].concat())
    }

    /// The object of `appel status --json`.
    #[track_caller]
    pub fn status(&self) -> serde_json::Value {
        let run = self.appel(&["status", "--json"]);
        run.exits(0);
        serde_json::from_str(&run.stdout).expect("status --json prints one object")
    }

    /// `accepted`, `deferred`, `refused`, `in_doubt` and `due` of `status`.
    #[track_caller]
    pub fn standing(&self) -> [u64; 5] {
        let status = self.status();
        ["accepted", "deferred", "refused", "in_doubt", "due"].map(|key| status[key].as_u64().expect("a number"))
    }

    /// A run whose output a shell sends elsewhere.
    pub fn redirected(&self, redirection: &str, arguments: &[&str]) -> Run {
        let shell = ["-c".to_owned(), format!(r#"exec "$@" {redirection}"#), "sh".to_owned()];
        let shell = shell.iter().map(String::as_str);
        let words: Vec<_> = shell
            .chain([env!("CARGO_BIN_EXE_appel")])
            .chain(LANGUAGE)
            .chain(arguments.iter().copied())
            .collect();
        Running::start(self.other_command(Path::new("/bin/sh"), &words)).wait()
    }

    /// `appel` as a fresh shell on an empty machine would run it, in the campaign's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let arguments = [&LANGUAGE, arguments].concat();
        self.other_command(Path::new(env!("CARGO_BIN_EXE_appel")), &arguments)
    }

    /// Another program in the same place.
    pub fn other_command(&self, program: &Path, arguments: &[&str]) -> Command {
        let at = |folder: &str| self.root.path().join(folder);
        let mut command = match self.through.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        command
            .env_clear()
            .env("HOME", at("home"))
            .env("XDG_CONFIG_HOME", at("config"))
            .env("XDG_STATE_HOME", at("state"))
            .env("XDG_DATA_HOME", at("data"))
            .env("XDG_CACHE_HOME", at("cache"))
            .env("TMPDIR", at("tmp"))
            .env("APPEL_NOW", NOW)
            // A zone that nobody could take for UTC.
            .env("TZ", "Pacific/Kiritimati")
            .envs(&self.environment)
            .current_dir(at("campaign"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn configuration(&mut self) -> &mut Config {
        self.config
            .get_or_insert_with(|| panic!("the example's configuration is a file: edit it as one"))
    }

    fn write_config(self) -> Self {
        let Some(config) = &self.config else { return self };
        let own = config.tables(&["sender", "smtp"]);
        let mut toml = config.tables(&["campaign"]);
        let account = self.account();
        if config.in_folder {
            toml.push_str(&own);
            // It may have been written before.
            let _ = fs::remove_file(account);
        } else if !own.is_empty() {
            write_own(&account, &own);
        }
        let text = format!("{toml}\n{}\n{}", config.letters, config.more);
        self.file("config.toml", text)
    }
}

impl Config {
    fn tables(&self, sections: &[&str]) -> String {
        let mut toml = String::new();
        for section in sections {
            let keys = self
                .keys
                .iter()
                .filter_map(|(key, value)| Some((key.strip_prefix(section)?, value)));
            for (number, (key, value)) in keys.enumerate() {
                if number == 0 {
                    let _ = writeln!(toml, "[{section}]");
                }
                let _ = writeln!(toml, "{} = {value}", key.trim_start_matches('.'));
            }
        }
        toml
    }
}

/// A file as its owner keeps it: nobody else reads or writes it.
fn write_own(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder of ours");
    fs::write(path, text).expect("a file in a folder of ours");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a file of ours");
    }
}
