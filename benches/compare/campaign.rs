//! A campaign to measure with: letters with names and figures in them, to as many ministries as wanted.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// Where the letters go.
pub struct Sending {
    /// Of a server on this machine.
    pub port: u16,
    pub connections: usize,
    /// A certificate in PEM form: then the server speaks TLS from the first byte, and wants a password.
    pub certificate: Option<String>,
}

impl Sending {
    /// To a server without TLS that asks nobody who they are.
    pub const fn plain(port: u16, connections: usize) -> Self {
        Self {
            port,
            connections,
            certificate: None,
        }
    }
}

/// What the letters say, and what a program without facts and partials is given in their place: see `mailmerge`.
pub const TEMPLATE: &str = r#"Subject: {{campaign.title}}

{{recipient.salutation}},

My name is {{sender.name}} and I live in {{sender.city}}. I am writing to the {{recipient.name}} about what
happened in Luvessa, when security forces opened fire on oil workers who had been on strike and had gathered
peacefully with their families.

According to the sources given, the figures are as follows:

- Killed: {{fact "killed"}}. Source: {{source "killed"}}, {{as_of "killed"}}.
- Wounded: {{fact "wounded"}}. Source: {{source "wounded"}}, {{as_of "wounded"}}.

The International Covenant on Civil and Political Rights protects the right to life, to liberty and security of
person, to peaceful assembly and to freedom of association, including in trade unions.

{{#if message}}{{message}}

{{/if}}I am deeply troubled that people who asked only to negotiate their pay were met with gunfire. I ask your
Government to open an independent inquiry without delay, to publish what it finds, and to bring those responsible
to justice. I should be grateful for a reply telling me what steps your Government has taken.

Yours respectfully,

{{> signature}}"#;

pub const SENDER: &str = "Ann Activist";
pub const EMAIL: &str = "ann@home.example";
pub const CITY: &str = "Brussels";
pub const TITLE: &str = "Appeal for an independent inquiry into the shooting in Luvessa";
/// Name, value, source.
pub const FACTS: [(&str, &str, &str); 2] = [
    ("killed", "at least 14", "Luvessa strike committee"),
    ("wounded", "more than 60", "Luvessa regional hospital"),
];

/// Writes the campaign's folder.
pub fn write(folder: &Path, letters: u32, sending: &Sending) {
    fs::create_dir_all(folder.join("templates/partials")).expect("a folder of ours");
    put(&folder.join("templates/protest.en.hbs"), TEMPLATE);
    put(
        &folder.join("templates/partials/signature.hbs"),
        "{{sender.name}}\n{{sender.city}}\n{{sender.email}}\n",
    );
    recipients(&folder.join("recipients.csv"), letters);
    configure(folder, sending);
}

/// Writes `config.toml` alone: the same campaign by another way.
pub fn configure(folder: &Path, sending: &Sending) {
    let Sending {
        port,
        connections,
        certificate,
    } = sending;
    let account = if let Some(certificate) = certificate {
        put(&folder.join("ca.pem"), certificate);
        format!("security = \"tls\"\nusername = \"{EMAIL}\"\nca-file = \"ca.pem\"")
    } else {
        "security = \"none\"\nusername = \"\"".to_owned()
    };
    let mut config = format!(
        r#"[campaign]
id = "measured"
title = "{TITLE}"
language = "en"

[sender]
name = "{SENDER}"
email = "{EMAIL}"
country = "BE"
language = "en"
city = "{CITY}"

[smtp]
host = "127.0.0.1"
port = {port}
{account}
connections = {connections}
rate = "unlimited"
retry-for = "1s"

[[letter]]
id = "protest"
to = ["ministry"]
"#
    );
    for (name, value, source) in FACTS {
        config.push_str(&format!(
            "\n[facts.{name}]\nvalue = \"{value}\"\nsource = \"{source}\"\nas-of = 2026-11-22T18:00:00+02:00\n"
        ));
    }
    put(&folder.join("config.toml"), &config);
}

fn recipients(path: &Path, letters: u32) {
    let mut file = BufWriter::new(File::create(path).expect("a file of ours"));
    let mut line = |text: &str| writeln!(file, "{text}").expect("room on the disk");
    line("role,name,email,country,language,cc,salutation");
    for n in 1..=letters {
        line(&format!(
            "ministry,Ministry {n} of Talmoria,m{n}@mfa.example,,en,,Your Excellency"
        ));
    }
    file.flush().expect("room on the disk");
}

fn put(path: &Path, text: &str) {
    fs::write(path, text).expect("a file of ours");
}
