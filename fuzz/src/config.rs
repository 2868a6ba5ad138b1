//! `config.toml`, and behind a line `#account` an account file: what is wrong is said, and what is not is as it should be.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;

use appel::input::Input;
use appel::input::config::{Own, Rate, Security, Smtp};

use crate::{desk, letters, said};

/// Between the two files.
const ACCOUNT: &[u8] = b"\n#account\n";

const RECIPIENTS: &str = "role,name,email,country,language,cc,salutation\n\
    embassy,The Embassy,info@emb.example,BE LU,en,,Excellency\n\
    ministry,Ministry,info@min.example,*,fr,,\n\
    support,\"Committee, the\",c@support.example,,en,copy@x.example,Friends\n";
const TEMPLATE: &str = "Subject: {{campaign.title}}\n\n{{recipient.salutation}} {{campaign.deadline}}\n\n\
    {{sender.name}}, {{sender.email}}\n";

/// One input.
///
/// # Panics
/// When a promise is broken.
pub fn check(input: &[u8]) {
    let (config, account) = match input.windows(ACCOUNT.len()).position(|bytes| bytes == ACCOUNT) {
        Some(at) => (&input[..=at], Some(&input[at + ACCOUNT.len()..])),
        None => (input, None),
    };
    desk::write_once("recipients.csv", RECIPIENTS);
    desk::write_once("recipients.example.csv", RECIPIENTS);
    desk::write_once("files/statement.pdf", "%PDF");
    for name in ["protest", "solidarity"] {
        desk::write_once(&format!("templates/{name}.en.hbs"), TEMPLATE);
    }
    desk::write("config.toml", config);
    let account_file = account.map(|account| desk::write("account/config.toml", account));
    let sources = desk::sources(account_file);
    let loaded = appel::input::load(&sources, desk::now());
    said::all(&loaded.problems);
    said::places_are_in(
        &loaded.problems,
        "account/config.toml",
        &lossy(account.unwrap_or_default()),
    );
    let in_folder = desk::folder().join("config.toml").display().to_string();
    said::places_are_in(&loaded.problems, &in_folder, &lossy(config));
    match loaded.input {
        Some(input) => {
            assert!(!loaded.problems.any_error(), "a campaign, although something is wrong");
            is_sound(&input);
            if account.is_none() {
                let own = input.smtp.as_ref().map(|smtp| smtp.own.clone());
                assert_eq!(
                    own.unwrap_or_default(),
                    Own::default(),
                    "a folder runs a command, or leads letters its own way"
                );
            }
            of_all_letters(&input);
        }
        None => assert!(loaded.problems.any_error(), "no campaign, and nobody says why"),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn of_all_letters(input: &Input) {
    letters::all(input, None, |letter, text, _| {
        assert!(input.campaign.letters.iter().any(|known| known.id == letter.spec.id));
        assert!(!text.subject.contains(char::is_control));
    });
}

/// What is said of these values where they are declared.
fn is_sound(input: &Input) {
    let Input { campaign, sender, .. } = input;
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    assert!(is_word(&campaign.id), "{:?} names a campaign", campaign.id);
    assert!(!campaign.title.contains(char::is_control), "{:?}", campaign.title);
    assert!(!sender.name.trim().is_empty());
    assert!(!sender.name.contains(char::is_control), "{:?}", sender.name);
    letters::parses_again(&sender.email);
    let mut ids = BTreeSet::new();
    assert!(!campaign.letters.is_empty());
    let home = fs::canonicalize(desk::folder()).expect("the folder");
    let is_inside = |path: &std::path::Path| fs::canonicalize(path).is_ok_and(|path| path.starts_with(&home));
    let templates = campaign.templates.iter().map(|(_, _, template)| template.file.as_str());
    for file in templates.chain([campaign.recipients.shown()]) {
        assert!(is_inside(file.as_ref()), "{file}");
    }
    for letter in &campaign.letters {
        assert!(
            is_word(&letter.id) && ids.insert(&letter.id),
            "{:?} is a letter",
            letter.id
        );
        assert!(is_word(&letter.template), "{:?} is a template", letter.template);
        assert!(!letter.to.is_empty());
        letter.cc.iter().for_each(letters::parses_again);
        for attachment in &letter.attach {
            assert!(is_inside(&attachment.path) && attachment.path.is_file());
            assert!(!attachment.name.contains('/') && !attachment.name.is_empty());
            said::fit_to_show(&attachment.name.replace('\n', "\u{7f}"));
        }
    }
    if let Some(smtp) = &input.smtp {
        mail_account(smtp);
    }
}

fn mail_account(smtp: &Smtp) {
    is_host(&smtp.host);
    assert_ne!(smtp.port, 0);
    if smtp.security == Security::None {
        let ip = smtp.host.parse::<IpAddr>();
        let is_here = ip.map_or_else(
            |_| smtp.host.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
            |ip| ip.to_canonical().is_loopback(),
        );
        assert!(is_here, "without encryption to {}", smtp.host);
    }
    assert!((1..=50).contains(&smtp.connections));
    assert!(!matches!(smtp.rate, Rate::Every(pause) if pause.is_zero()));
    assert!(!smtp.timeout.is_zero() && !smtp.retry_for.is_zero());
    assert!(
        smtp.username
            .as_ref()
            .is_none_or(|name| !name.contains(char::is_control))
    );
    assert!(
        smtp.own
            .password_command
            .as_ref()
            .is_none_or(|command| !command.line.contains(char::is_control))
    );
    assert!(smtp.own.ca_file.as_ref().is_none_or(|path| path.is_file()));
    if let Some(proxy) = &smtp.own.proxy {
        is_host(&proxy.host);
        assert_ne!(proxy.port, 0);
    }
}

fn is_host(host: &str) {
    let is_name = !host.is_empty()
        && host.len() <= 254
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    assert!(is_name || host.parse::<IpAddr>().is_ok(), "{host:?} is a host");
}
