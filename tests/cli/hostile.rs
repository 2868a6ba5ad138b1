//! Names, cells, replies and arguments made to be obeyed by a terminal, or not to be seen: every command shows them, and
//! none passes them on.

use std::fs;

use crate::support::{Campaign, Run, Server, Step};

/// Clears the screen, turns the direction of the text, is not to be seen, and moves the cursor in one byte of Latin 1.
const HOSTILE: &str = "e\u{1b}[2J\u{202e}v\u{200b}i\u{9b}1Al\u{ad}\u{feff}\u{fe0f}\u{e0041}\u{2066}";

/// What a terminal would obey, or nobody would see, in this text.
fn unsafe_in(text: &str) -> Option<char> {
    text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    })
}

#[track_caller]
fn is_safe(run: &Run, shows: &str) {
    for (name, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        if let Some(c) = unsafe_in(text) {
            panic!("U+{:04X} reaches {name}:\n{text:?}", u32::from(c));
        }
    }
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(all.contains(shows), "{shows:?} is not to be seen:\n{all}");
}

#[test]
fn arguments_are_shown_and_not_obeyed() {
    let campaign = Campaign::new();
    let line = format!("{HOSTILE}\nerror: x");
    for arguments in [
        &["check", "-c", &line][..],
        &["check", "-c", HOSTILE],
        &["check", "--account", HOSTILE],
        &["preview", "--letter", HOSTILE],
        &["preview", "--role", HOSTILE],
        &["preview", "--to", HOSTILE],
        &["preview", "--to", &format!("{HOSTILE}@x.example")],
        &["preview", "--limit", HOSTILE],
        &["preview", "--message", &format!("@{HOSTILE}")],
        &["preview", "--message", HOSTILE],
        &["rehearse", "--letter", HOSTILE],
        &["send", "--dry-run", "--letter", HOSTILE],
        &["send", &format!("--{HOSTILE}")],
        &[HOSTILE],
        &["status", "-c", HOSTILE],
        &["log", "-c", HOSTILE],
        &["purge", "-c", HOSTILE],
        &["settle", HOSTILE, "--sent"],
        &["status", "--ledger", &format!("{HOSTILE}/x/ledger")],
        &["new", &format!("config.toml/{HOSTILE}")],
    ] {
        let run = campaign.appel(arguments);
        assert_ne!(run.stdout.len() + run.stderr.len(), 0, "{arguments:?}");
        is_safe(&run, "");
    }
    let run = campaign.appel(&["new", HOSTILE]);
    run.exits(0);
    is_safe(
        &run,
        "e^[[2J<U+202E>v<U+200B>i<U+009B>1Al<U+00AD><U+FEFF><U+FE0F><U+E0041><U+2066>",
    );
    let run = campaign.appel(&["send", "--dry-run", "--out", HOSTILE]);
    is_safe(&run, "e^[[2J");
}

#[test]
fn a_folders_path_is_shown_and_not_obeyed_by_any_command() {
    let campaign = Campaign::new();
    let folder = campaign.path(HOSTILE);
    let config = format!("{HOSTILE}/config.toml");
    fs::create_dir_all(folder.join("templates")).unwrap();
    for file in ["config.toml", "recipients.csv", "templates/protest.en.hbs"] {
        fs::copy(campaign.path(file), folder.join(file)).unwrap();
    }
    let run = campaign.appel(&["check", "-c", &config]);
    run.exits(0);
    is_safe(&run, "e^[[2J<U+202E>");
    for command in ["preview", "rehearse", "status", "log", "purge"] {
        is_safe(&campaign.appel(&[command, "-c", &config]), "");
    }
    fs::write(folder.join("recipients.csv"), "role,name,email\nministry,A,nothing\n").unwrap();
    fs::write(
        folder.join("templates/protest.en.hbs"),
        format!("Subject: S\n\n{{{{{HOSTILE}}}}} {{{{no}}}}\n"),
    )
    .unwrap();
    for command in ["check", "preview", "rehearse", "status"] {
        is_safe(&campaign.appel(&[command, "-c", &config]), "");
    }
}

#[test]
fn files_cells_and_keys_are_shown_and_not_obeyed() {
    let json = |text: &str| serde_json::to_string(text).unwrap().replace('\u{9b}', "\\u009b");
    let campaigns = [
        Campaign::new().recipients(&format!("ministry,\"{HOSTILE}\",a@mfa.example\n")),
        Campaign::new().recipients(&format!("ministry,A,\"{HOSTILE}@mfa.example\"\n")),
        Campaign::new().recipients(&format!("\"{HOSTILE}\",A,a@mfa.example\n")),
        Campaign::new().recipients(&format!(
            "ministry,A,a@mfa.example,{HOSTILE},{HOSTILE},{HOSTILE},{HOSTILE}\n"
        )),
        Campaign::new().file(
            "recipients.csv",
            format!("role,name,email,{HOSTILE}\nministry,A,a@mfa.example,\n"),
        ),
        Campaign::new().file("recipients.csv", format!("{HOSTILE}\n")),
        Campaign::new().letter("protest", "en", &format!("Subject: {HOSTILE}\n\n{HOSTILE}\n")),
        Campaign::new().letter("protest", "en", &format!("{HOSTILE}: x\n\nx\n")),
        Campaign::new().letter(
            "protest",
            "en",
            &format!("Subject: x\nAttach: {HOSTILE}\n\n{{{{{HOSTILE}}}}}\n"),
        ),
        Campaign::new().letter(
            "protest",
            "en",
            &format!("Subject: x\n\n{{{{fact \"{HOSTILE}\"}}}} {{{{> {HOSTILE}}}}}\n"),
        ),
        Campaign::new().file(&format!("templates/{HOSTILE}.hbs"), "x"),
        Campaign::new().file(&format!("templates/{HOSTILE}.en.hbs"), "x"),
        Campaign::new().file(&format!("templates/partials/{HOSTILE}.hbs"), "{{x"),
        Campaign::new().set_toml("campaign.title", &json(HOSTILE)),
        Campaign::new().set_toml("campaign.id", &json(HOSTILE)),
        Campaign::new().set_toml("campaign.recipients", &json(HOSTILE)),
        Campaign::new().set_toml("campaign.templates", &json(HOSTILE)),
        Campaign::new().set_toml("sender.name", &json(HOSTILE)),
        Campaign::new().set_toml("sender.email", &json(HOSTILE)),
        Campaign::new().set_toml("smtp.host", &json(HOSTILE)),
        Campaign::new().set_toml(&format!("campaign.{}", json("x\u{1b}[2J\u{202e}")), "1"),
        Campaign::new().config(&format!("[{}]\n", json(HOSTILE))),
        Campaign::new().config(&format!("[facts.{}]\nvalue = 1\n", json(HOSTILE))),
        Campaign::new().config(&format!("{HOSTILE}\n")),
        Campaign::new().letters(&format!(
            "[[letter]]\nid = {0}\nto = [{0}]\ntemplate = {0}\nattach = [{0}]\ncc = [{0}]\n",
            json(HOSTILE)
        )),
    ];
    for campaign in &campaigns {
        let check = campaign.check(&[]);
        is_safe(&check, "");
        assert_ne!(check.stdout.len() + check.stderr.len(), 0);
        for arguments in [
            &["check", "--json"][..],
            &["preview"],
            &["preview", "-v"],
            &["preview", "--json"],
            &["rehearse"],
            &["send", "--dry-run"],
            &["status"],
            &["status", "--json"],
            &["log"],
            &["purge"],
        ] {
            is_safe(&campaign.appel(arguments), "");
        }
    }
}

#[test]
fn what_a_letter_says_is_shown_and_not_obeyed_where_letters_are_shown() {
    // What languages are written with is let through, and shown by its number.
    let words = "می\u{200c}خواهم \u{2067}x\u{2069} ❤\u{fe0f}";
    let campaign = Campaign::new()
        .set_toml("campaign.title", "\"می\u{200c}خواهم ❤\u{fe0f}\"")
        .recipients("ministry,می\u{200c}خواهم,a@mfa.example,,,,❤\u{fe0f}\n")
        .letter(
            "protest",
            "en",
            &format!("Subject: {words}\n\n{words} {{{{recipient.salutation}}}}\n"),
        );
    for arguments in [
        &["preview"][..],
        &["preview", "-v"],
        &["rehearse"],
        &["send", "--dry-run"],
    ] {
        let run = campaign.appel(arguments);
        run.exits(0);
        is_safe(&run, "");
    }
    is_safe(&campaign.preview(&[]), "می<U+200C>خواهم <U+2067>x<U+2069> ❤<U+FE0F>");
    // To a program it is what it is.
    let preview = campaign.preview(&["--json"]);
    is_safe(&preview, "\\u200c");
    assert!(preview.json_events()[0]["text"].as_str().unwrap().contains(words));
}

#[test]
fn what_a_server_says_is_shown_and_not_obeyed() {
    let hostile = format!("550 5.1.1 {HOSTILE}");
    for step in [
        Step::Connect,
        Step::Ehlo,
        Step::Mail,
        Step::Rcpt,
        Step::Data,
        Step::FinalDot,
    ] {
        let server = Server::builder().on(step).reply(&hostile).start();
        let campaign = Campaign::new().smtp(&server);
        let run = campaign.send(&[]);
        is_safe(&run, "");
        is_safe(&campaign.appel(&["log"]), "");
        is_safe(&campaign.appel(&["log", "--json"]), "");
        is_safe(&campaign.appel(&["log", "--csv"]).with_plain_ends(), "");
        is_safe(&campaign.appel(&["status"]), "");
    }
}

trait PlainEnds {
    fn with_plain_ends(self) -> Self;
}

impl PlainEnds for Run {
    /// CSV has its own line ends (RFC 4180).
    fn with_plain_ends(mut self) -> Self {
        self.stdout = self.stdout.replace("\r\n", "\n");
        self
    }
}
