//! A campaign to measure with: letters with names and figures in them, to as many ministries as wanted.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Where the letters go.
pub struct Sending {
    /// Of a server on this machine.
    pub port: u16,
    pub connections: usize,
}

const TEMPLATE: &str = r#"Subject: {{campaign.title}}

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

/// Writes the campaign's folder.
pub fn write(folder: &Path, letters: u32, sending: &Sending) {
    let Sending { port, connections } = sending;
    let config = format!(
        r#"[campaign]
id = "measured"
title = "Appeal for an independent inquiry into the shooting in Luvessa"
language = "en"

[sender]
name = "Ann Activist"
email = "ann@home.example"
country = "BE"
language = "en"
city = "Brussels"

[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
username = ""
connections = {connections}
rate = "unlimited"
retry-for = "1s"

[[letter]]
id = "protest"
to = ["ministry"]

[facts.killed]
value = "at least 14"
source = "Luvessa strike committee"
as-of = 2026-11-22T18:00:00+02:00

[facts.wounded]
value = "more than 60"
source = "Luvessa regional hospital"
as-of = 2026-11-21T20:30:00+02:00
"#
    );
    let mut recipients = "role,name,email,country,language,cc,salutation\n".to_owned();
    for n in 1..=letters {
        let _ = writeln!(
            recipients,
            "ministry,Ministry {n} of Talmoria,m{n}@mfa.example,,en,,Your Excellency"
        );
    }
    for (path, text) in [
        ("config.toml", config.as_str()),
        ("recipients.csv", &recipients),
        ("templates/protest.en.hbs", TEMPLATE),
        (
            "templates/partials/signature.hbs",
            "{{sender.name}}\n{{sender.city}}\n{{sender.email}}\n",
        ),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder of ours");
        fs::write(path, text).expect("a file of ours");
    }
}
