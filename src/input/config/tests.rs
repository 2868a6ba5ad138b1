//! The configuration, as people who mistype it see it.

mod limits;
mod server;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use appel_core::templates::Templates;
use appel_core::testing::List;
use proptest::prelude::*;

use super::*;
use crate::failure::{Problems, Style};
use crate::input::{Input, Sources};

const CAMPAIGN: &str = "[campaign]\nid = \"c\"\ntitle = \"T\"\nlanguage = \"en\"\n";
const SENDER: &str = "[sender]\nname = \"Me\"\nemail = \"me@home.example\"\ncountry = \"BE\"\n";
const SMTP: &str = "[smtp]\nhost = \"smtp.home.example\"\n";
const LETTER: &str = "[[letter]]\nid = \"protest\"\nto = [\"embassy\"]\n";

struct Found {
    said: String,
    input: Option<Input>,
    /// The recipients file and the templates folder.
    paths: [Option<PathBuf>; 2],
}

fn read_files(files: &[(&str, &[u8])]) -> Found {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let account = dir.path().join("account.toml");
    #[cfg(unix)]
    if account.exists() {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).unwrap();
    }
    read_in(dir.path(), Some(account), false)
}

fn read_in(dir: &std::path::Path, account: Option<PathBuf>, account_required: bool) -> Found {
    let sources = Sources {
        config: dir.join("config.toml"),
        account,
        account_required,
        private: crate::input::Private::default(),
    };
    let mut problems = Problems::new();
    let now = "2011-12-17T00:00:00Z".parse().unwrap();
    let draft = read(&sources, now, &mut problems);
    let path = |of: fn(&Draft) -> Option<&Path>| draft.as_ref().and_then(of).map(Path::to_owned);
    let paths = [path(Draft::recipients), path(Draft::templates)];
    let nobody = Arc::new(List::new("role,name,email\n"));
    let input = draft.and_then(|draft| draft.finish(Templates::default(), nobody));
    let input = input.filter(|_| !problems.any_error());
    let said: Vec<String> = problems.iter().map(|problem| Style::PLAIN.render(problem)).collect();
    Found {
        said: said.join("\n\n").replace(&format!("{}/", dir.display()), ""),
        input,
        paths,
    }
}

/// What people read about this config.toml.
fn check(text: &str) -> String {
    let found = read_files(&[
        ("config.toml", text.as_bytes()),
        ("files/a.pdf", b"%PDF"),
        ("ca.pem", b""),
    ]);
    assert_eq!(found.input.is_none(), found.said.contains("error:"), "{}", found.said);
    found.said
}

fn with_smtp(lines: &str) -> String {
    check(&format!("{CAMPAIGN}{SENDER}{SMTP}{lines}\n{LETTER}"))
}

/// The same with `[sender]` and `[smtp]` in the account file.
fn with_account(lines: &str) -> Found {
    read_files(&[
        ("config.toml", format!("{CAMPAIGN}{LETTER}").as_bytes()),
        ("account.toml", format!("{SENDER}{SMTP}{lines}\n").as_bytes()),
        ("ca.pem", b""),
    ])
}

fn with_own_smtp(lines: &str) -> String {
    with_account(lines).said
}

fn with_letter(lines: &str) -> String {
    check(&format!("{CAMPAIGN}{SENDER}{LETTER}{lines}\n"))
}

fn with_facts(lines: &str) -> String {
    check(&format!("{CAMPAIGN}{SENDER}{LETTER}{lines}\n"))
}

#[test]
fn the_least_configuration_is_enough() {
    assert_eq!(check(&format!("{CAMPAIGN}{SENDER}{LETTER}")), "");
}

#[test]
fn what_is_left_out_has_its_default() {
    let text = format!("{CAMPAIGN}{SENDER}{SMTP}{LETTER}");
    let found = read_files(&[("config.toml", text.as_bytes())]);
    let input = found.input.unwrap();
    let smtp = input.smtp.unwrap();
    insta::assert_debug_snapshot!(smtp, @r#"
    Smtp {
        host: "smtp.home.example",
        port: 465,
        security: Tls,
        username: Some(
            "me@home.example",
        ),
        auth: Password,
        connections: 2,
        rate: Every(
            2s,
        ),
        daily_limit: Some(
            500,
        ),
        retry_for: 900s,
        timeout: 60s,
        helo: None,
        pipelining: true,
        dsn: false,
        own: Own {
            password_command: None,
            ca_file: None,
            proxy: None,
        },
    }
    "#);
    let paths = found.paths.map(Option::unwrap);
    assert!(paths[0].ends_with("recipients.csv") && paths[1].ends_with("templates"));
    assert_eq!(input.sender.language.to_string(), "en");
    assert_eq!(input.campaign.letters[0].template, "protest");
}

#[test]
fn every_key_of_smtp_is_read() {
    let lines = "port = 1025\nsecurity = \"starttls\"\nusername = \"\"\nauth = \"xoauth2\"\npassword-command = \"pass show mail\"\n\
        connections = 50\nrate = \"1/s\"\ndaily-limit = 400\nretry-for = \"1h 30min\"\ntimeout = \"90s\"\nca-file = \"ca.pem\"\n\
        proxy = \"socks5h://127.0.0.1:9050\"\nhelo = \"mail.home.example\"\npipelining = false\n";
    let found = with_account(lines);
    assert_eq!(found.said, "");
    let mut smtp = found.input.unwrap().smtp.unwrap();
    let command = smtp.own.password_command.take().unwrap();
    assert_eq!(command.line, "pass show mail");
    assert!(command.folder.is_absolute(), "where the account file is");
    assert!(smtp.own.ca_file.take().unwrap().ends_with("ca.pem"));
    insta::assert_debug_snapshot!(smtp, @r#"
    Smtp {
        host: "smtp.home.example",
        port: 1025,
        security: Starttls,
        username: None,
        auth: Xoauth2,
        connections: 50,
        rate: Every(
            1s,
        ),
        daily_limit: Some(
            400,
        ),
        retry_for: 5400s,
        timeout: 90s,
        helo: Some(
            "mail.home.example",
        ),
        pipelining: false,
        dsn: false,
        own: Own {
            password_command: None,
            ca_file: None,
            proxy: Some(
                Proxy {
                    host: "127.0.0.1",
                    port: 9050,
                },
            ),
        },
    }
    "#);
}

// 25
#[test]
fn every_unknown_key_is_named_at_once_with_the_nearest() {
    insta::assert_snapshot!(check("[campain]\n[campaign]\nid = \"c\"\ntitel = \"T\"\nlanguage = \"en\"\n[sender]\nname = \"Me\"\n\
        email = \"me@home.example\"\ncountry = \"BE\"\n[smtp]\nhost = \"h.example\"\nhots = \"x\"\n[[letter]]\nid = \"a\"\nto = [\"b\"]\n\
        template-name = \"x\"\n[facts.killed]\nvalue = \"70\"\nexpire = 2012-01-01T00:00:00Z\n"), @r#"
        error: unknown table `campain`
         --> config.toml:1:2
          |
        1 | [campain]
          |  ^^^^^^^ campain
          |
          = help: did you mean `campaign`?

        error: `title` is missing in [campaign]
         --> config.toml:2:1
          |
        2 | [campaign]
          | ^^^^^^^^^^ campaign.title
          |
          = help: add a line: title = "What the campaign asks for"

        error: unknown key `titel`
         --> config.toml:4:1
          |
        4 | titel = "T"
          | ^^^^^ campaign.titel
          |
          = help: did you mean `title`?

        error: unknown key `hots`
          --> config.toml:12:1
           |
        12 | hots = "x"
           | ^^^^ smtp.hots
           |
           = help: did you mean `host`?

        error: unknown key `template-name`
          --> config.toml:16:1
           |
        16 | template-name = "x"
           | ^^^^^^^^^^^^^ letter.template-name
           |
           = help: known here: attach, cc, follows, format, id, if-fact-was, message, template, to

        error: unknown key `expire`
          --> config.toml:19:1
           |
        19 | expire = 2012-01-01T00:00:00Z
           | ^^^^^^ facts.killed.expire
           |
           = help: did you mean `expires`?
        "#);
}

#[test]
fn a_slip_in_the_syntax_is_shown_at_its_place() {
    insta::assert_snapshot!(check("[campaign]\nid = zhanaozen\n"), @r#"
    error: the file is not written as TOML: string values must be quoted, expected literal string
     --> config.toml:2:6
      |
    2 | id = zhanaozen
      |      ^^^^^^^^^
      |
      = help: texts stand in "double quotes", lists in [square brackets], and each `key = value` on its own line
    "#);
}

// 26
#[test]
fn wrong_types_are_all_named() {
    insta::assert_snapshot!(check(&format!("[campaign]\nid = 5\ntitle = [\"T\"]\nlanguage = true\ndeadline = \"2012-01-31T23:59:00Z\"\n\
        {SENDER}[smtp]\nhost = 1\nport = \"465\"\nconnections = 2.5\nrate = 30\n[[letter]]\nid = \"a\"\nto = \"embassy\"\ncc = \"a@b.example\"\n\
        attach = 3\n[facts]\nkilled = 70\n")), @r#"
        error: `campaign.id` must be a text, not a whole number
         --> config.toml:2:6
          |
        2 | id = 5
          |      ^ campaign.id
          |
          = help: put it in double quotes: id = "5"

        error: `campaign.title` must be a text, not a list
         --> config.toml:3:9
          |
        3 | title = ["T"]
          |         ^^^^^ campaign.title
          |
          = help: write one text, without the square brackets

        error: `campaign.language` must be a text, not true or false
         --> config.toml:4:12
          |
        4 | language = true
          |            ^^^^ campaign.language
          |
          = help: put it in double quotes: language = "true"

        error: `campaign.deadline` must be a date and time, not a text
         --> config.toml:5:12
          |
        5 | deadline = "2012-01-31T23:59:00Z"
          |            ^^^^^^^^^^^^^^^^^^^^^^ campaign.deadline
          |
          = help: write date, time and offset, without quotes: 2012-01-31T23:59:00+01:00

        error: `smtp.host` must be a text, not a whole number
          --> config.toml:11:8
           |
        11 | host = 1
           |        ^ smtp.host
           |
           = help: put it in double quotes: host = "1"

        error: `smtp.port` must be a whole number, not a text
          --> config.toml:12:8
           |
        12 | port = "465"
           |        ^^^^^ smtp.port
           |
           = help: take the quotes off: 465

        error: `smtp.connections` must be a whole number, not a number
          --> config.toml:13:15
           |
        13 | connections = 2.5
           |               ^^^ smtp.connections
           |
           = help: write it in digits, without quotes and without a point

        error: `smtp.rate` must be a text, not a whole number
          --> config.toml:14:8
           |
        14 | rate = 30
           |        ^^ smtp.rate
           |
           = help: write how many letters in a second, minute, hour or day: "30/min", "1/s", "200/h", "400/day"; or "unlimited"

        error: `letter.to` must be a list, not a text
          --> config.toml:17:6
           |
        17 | to = "embassy"
           |      ^^^^^^^^^ letter.to
           |
           = help: write it like this: to = ["embassy", "ministry"]

        error: `letter.cc` must be a list, not a text
          --> config.toml:18:6
           |
        18 | cc = "a@b.example"
           |      ^^^^^^^^^^^^^ letter.cc
           |
           = help: write it like this: cc = ["archive@example.org"]

        error: `letter.attach` must be a list, not a whole number
          --> config.toml:19:10
           |
        19 | attach = 3
           |          ^ letter.attach
           |
           = help: write it like this: attach = ["files/statement.pdf"]

        error: `facts.killed` must be a table, not a whole number
          --> config.toml:21:10
           |
        21 | killed = 70
           |          ^^ facts.killed
           |
           = help: write [facts.killed] on a line of its own, and its keys below
        "#);
}

// 26
#[test]
fn numbers_out_of_range_are_refused() {
    insta::assert_snapshot!(with_smtp("port = 0\nconnections = 51\ndaily-limit = 0\nrate = \"0/min\"\nretry-for = \"-15min\"\ntimeout = \"0s\""), @r#"
    error: `smtp.port` cannot be 0
      --> config.toml:11:8
       |
    11 | port = 0
       |        ^ smtp.port
       |
       = help: it must be from 1 to 65535

    error: `smtp.connections` cannot be 51
      --> config.toml:12:15
       |
    12 | connections = 51
       |               ^^ smtp.connections
       |
       = help: it must be from 1 to 50

    error: `smtp.daily-limit` cannot be 0
      --> config.toml:13:15
       |
    13 | daily-limit = 0
       |               ^ smtp.daily-limit
       |
       = help: it must be 1 or more

    error: `smtp.rate` cannot be "0/min"
      --> config.toml:14:8
       |
    14 | rate = "0/min"
       |        ^^^^^^^ smtp.rate
       |
       = help: write how many letters in a second, minute, hour or day: "30/min", "1/s", "200/h", "400/day"; or "unlimited"

    error: `smtp.retry-for` cannot be "-15min"
      --> config.toml:15:13
       |
    15 | retry-for = "-15min"
       |             ^^^^^^^^ smtp.retry-for
       |
       = help: write a duration with its unit: "60s", "15min", "1h 30min"

    error: `smtp.timeout` cannot be "0s"
      --> config.toml:16:11
       |
    16 | timeout = "0s"
       |           ^^^^ smtp.timeout
       |
       = help: write a duration with its unit: "60s", "15min", "1h 30min"
    "#);
}

// 26
#[test]
fn numbers_and_words_that_mean_nothing_are_refused() {
    insta::assert_snapshot!(with_smtp("port = -1\nrate = \"-3/min\"\nretry-for = \"15\"\ntimeout = \"1 fortnight\""), @r#"
    error: `smtp.port` cannot be -1
      --> config.toml:11:8
       |
    11 | port = -1
       |        ^^ smtp.port
       |
       = help: it must be from 1 to 65535

    error: `smtp.rate` cannot be "-3/min"
      --> config.toml:12:8
       |
    12 | rate = "-3/min"
       |        ^^^^^^^^ smtp.rate
       |
       = help: write how many letters in a second, minute, hour or day: "30/min", "1/s", "200/h", "400/day"; or "unlimited"

    error: `smtp.retry-for` cannot be "15"
      --> config.toml:13:13
       |
    13 | retry-for = "15"
       |             ^^^^ smtp.retry-for
       |
       = help: write a duration with its unit: "60s", "15min", "1h 30min"

    error: `smtp.timeout` cannot be "1 fortnight"
      --> config.toml:14:11
       |
    14 | timeout = "1 fortnight"
       |           ^^^^^^^^^^^^^ smtp.timeout
       |
       = help: write a duration with its unit: "60s", "15min", "1h 30min"
    "#);
    insta::assert_snapshot!(with_smtp("port = 65536\nrate = \"lots\"\nsecurity = \"sll\"\nauth = \"oauth\""), @r#"
    error: `smtp.port` cannot be 65536
      --> config.toml:11:8
       |
    11 | port = 65536
       |        ^^^^^ smtp.port
       |
       = help: it must be from 1 to 65535

    error: `smtp.rate` cannot be "lots"
      --> config.toml:12:8
       |
    12 | rate = "lots"
       |        ^^^^^^ smtp.rate
       |
       = help: write how many letters in a second, minute, hour or day: "30/min", "1/s", "200/h", "400/day"; or "unlimited"

    error: `smtp.security` cannot be "sll"
      --> config.toml:13:12
       |
    13 | security = "sll"
       |            ^^^^^ smtp.security
       |
       = help: it can be "tls" or "starttls" or "none"

    error: `smtp.auth` cannot be "oauth"
      --> config.toml:14:8
       |
    14 | auth = "oauth"
       |        ^^^^^^^ smtp.auth
       |
       = help: did you mean "xoauth2"? It can be "password" or "xoauth2"
    "#);
}

#[test]
fn rates_are_read() {
    let rate = |written: &str| {
        let text = format!("{CAMPAIGN}{SENDER}{SMTP}rate = \"{written}\"\n{LETTER}");
        read_files(&[("config.toml", text.as_bytes())])
            .input
            .unwrap()
            .smtp
            .unwrap()
            .rate
    };
    assert_eq!(rate("30/min"), Rate::Every(Duration::from_secs(2)));
    assert_eq!(rate("4/s"), Rate::Every(Duration::from_millis(250)));
    assert_eq!(rate("60/h"), Rate::Every(Duration::from_mins(1)));
    assert_eq!(rate("1/day"), Rate::Every(Duration::from_hours(24)));
    assert_eq!(rate("unlimited"), Rate::Unlimited);
}

// 27
#[test]
fn a_password_in_the_file_is_refused_and_never_shown() {
    let said = with_smtp("password = \"hunter2\"");
    assert!(!said.contains("hunter2"));
    insta::assert_snapshot!(said, @r#"
    error: a password must not stand in a configuration file
     |
     = in config.toml:11:1 smtp.password
     = help: take the line out, change the password if the file was ever shared, and use one of these:
             password-command = "pass show mail/you"
             the environment variable APPEL_SMTP_PASSWORD
             the keyring of your desktop: password-command = "secret-tool lookup appel you"
             or nothing: on a terminal you are asked
    "#);
    for slip in [
        "password = hunter2",
        "pasword = \"hunter2\"",
        "pwd = \"hunter2\"",
        "Password = \"hunter2\"",
    ] {
        let said = with_smtp(slip);
        assert!(said.contains("error") && !said.contains("hunter2"), "{said}");
    }
    let sender = check(&format!("{CAMPAIGN}{SENDER}password = \"hunter2\"\n{LETTER}"));
    assert!(
        sender.contains("a password must not stand") && !sender.contains("hunter2"),
        "{sender}"
    );
    let inline = check(&format!(
        "smtp = {{ host = \"h.example\", password = \"hunter2\" }}\n{CAMPAIGN}{SENDER}{LETTER}"
    ));
    assert!(
        inline.contains("a password must not stand") && !inline.contains("hunter2"),
        "{inline}"
    );
}

// 28
#[cfg(unix)]
#[test]
fn an_account_file_that_others_can_read_is_warned_about_when_it_holds_a_command() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let account = dir.path().join("account.toml");
    fs::write(dir.path().join("config.toml"), format!("{CAMPAIGN}{LETTER}")).unwrap();
    fs::write(
        &account,
        format!("{SENDER}{SMTP}password-command = \"pass show mail\"\n"),
    )
    .unwrap();
    fs::set_permissions(&account, fs::Permissions::from_mode(0o644)).unwrap();
    insta::assert_snapshot!(read_in(dir.path(), Some(account.clone()), true).said, @r"
    warning: other people on this computer can read account.toml
     |
     = in account.toml:7:1 smtp.password-command
     = help: it says how to get your password; run: chmod 600 account.toml
    ");
    fs::set_permissions(&account, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(read_in(dir.path(), Some(account), true).said, "");
}

// 29
#[test]
fn no_encryption_is_for_this_computer_only() {
    insta::assert_snapshot!(with_smtp("security = \"none\""), @r#"
    error: without encryption, only a server on this computer can be used
      --> config.toml:11:12
       |
    11 | security = "none"
       |            ^^^^^^ smtp.security
       |
       = help: write security = "tls" or "starttls"; "none" would show your password and letters to everyone on the way
    "#);
    for host in ["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"] {
        let text =
            format!("{CAMPAIGN}{SENDER}[smtp]\nhost = \"{host}\"\nsecurity = \"none\"\nusername = \"\"\n{LETTER}");
        assert_eq!(check(&text), "", "{host}");
    }
    for host in ["localhost.evil.example", "128.0.0.1", "127.0.0.1.example.org", "::2"] {
        let text = format!("{CAMPAIGN}{SENDER}[smtp]\nhost = \"{host}\"\nsecurity = \"none\"\n{LETTER}");
        assert!(check(&text).contains("without encryption"), "{host}");
    }
}

#[test]
fn a_host_is_a_name_and_nothing_else() {
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}{SENDER}[smtp]\nhost = \"smtp.example.org:465\"\n{LETTER}")), @r#"
    error: the port does not belong in `host`
      --> config.toml:10:8
       |
    10 | host = "smtp.example.org:465"
       |        ^^^^^^^^^^^^^^^^^^^^^^ smtp.host
       |
       = help: write host = "smtp.example.org" and, on a line of its own, port = 465
    "#);
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}{SENDER}[smtp]\nhost = \"https://example.org/\"\n{LETTER}")), @r#"
    error: "https://example.org/" is not the name of a server
      --> config.toml:10:8
       |
    10 | host = "https://example.org/"
       |        ^^^^^^^^^^^^^^^^^^^^^^ smtp.host
       |
       = help: write the name that your mail provider gives for outgoing mail (SMTP): "smtp.example.org"
    "#);
}

// 30
#[test]
fn two_letters_of_one_id_are_refused() {
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}{SENDER}{LETTER}{LETTER}")), @r#"
    error: two letters have the id "protest"
      --> config.toml:13:6
       |
    13 | id = "protest"
       |      ^^^^^^^^^ letter.id
       |
       = help: give each letter an id of its own: it says who got which letter
    "#);
}

#[test]
fn a_campaign_needs_letters_and_letters_need_somebody() {
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}{SENDER}")), @r#"
    error: the campaign has no letter
     |
     = in config.toml
     = help: add one:
             [[letter]]
             id = "protest"
             to = ["embassy"]
    "#);
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}{SENDER}[[letter]]\nid = \"../x\"\nto = []\n[[letter]]\n")), @r#"
    error: `letter.id` cannot be "../x"
      --> config.toml:10:6
       |
    10 | id = "../x"
       |      ^^^^^^ letter.id
       |
       = help: use letters a-z, digits, -, _ and . only, and begin with a letter or digit

    error: the letter goes to nobody: `to` is empty
      --> config.toml:11:6
       |
    11 | to = []
       |      ^^ letter.to
       |
       = help: name one role or more of recipients.csv: to = ["embassy", "ministry"]

    error: `id` is missing in [[letter]]
      --> config.toml:12:1
       |
    12 | [[letter]]
       | ^^^^^^^^^^ letter.id
       |
       = help: add a line: id = "protest"

    error: `to` is missing in [[letter]]
      --> config.toml:12:1
       |
    12 | [[letter]]
       | ^^^^^^^^^^ letter.to
       |
       = help: add a line: to = ["embassy", "ministry"]
    "#);
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}{SENDER}[letter]\nid = \"a\"\n")), @r"
    error: a campaign has a list of letters
     --> config.toml:9:1
      |
    9 | [letter]
      | ^^^^^^^^ letter
      |
      = help: write [[letter]] with two brackets above each letter
    ");
}

// 31
#[test]
fn a_deadline_in_the_past_is_said() {
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}deadline = 2011-12-16T23:59:00+01:00\n{SENDER}{LETTER}")), @r"
    warning: the deadline has passed: 2011-12-16T22:59:00Z
     --> config.toml:5:12
      |
    5 | deadline = 2011-12-16T23:59:00+01:00
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^ campaign.deadline
      |
      = help: no letter leaves any more; ask the organiser for a new date if the campaign goes on
    ");
}

#[test]
fn a_moment_needs_its_offset() {
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}deadline = 2012-01-31T23:59:00\n{SENDER}{LETTER}")), @r"
    error: `campaign.deadline` does not say where on earth it is meant: the offset is missing
     --> config.toml:5:12
      |
    5 | deadline = 2012-01-31T23:59:00
      |            ^^^^^^^^^^^^^^^^^^^ campaign.deadline
      |
      = help: add the offset: 2012-01-31T23:59:00Z for UTC, or 2012-01-31T23:59:00+01:00
    ");
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}deadline = 2012-01-31\n{SENDER}{LETTER}")), @r"
    error: `campaign.deadline` does not say where on earth it is meant: the offset is missing
     --> config.toml:5:12
      |
    5 | deadline = 2012-01-31
      |            ^^^^^^^^^^ campaign.deadline
      |
      = help: write date, time and offset: 2012-01-31T23:59:00+01:00
    ");
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}deadline = 2012-12-31T23:59:60Z\n{SENDER}{LETTER}")), @r"
    error: `campaign.deadline` is not a moment that exists
     --> config.toml:5:12
      |
    5 | deadline = 2012-12-31T23:59:60Z
      |            ^^^^^^^^^^^^^^^^^^^^ campaign.deadline
      |
      = help: write date, time and offset: 2012-01-31T23:59:00+01:00
    ");
}

// 32
#[test]
fn a_login_in_another_domain_is_warned_about() {
    insta::assert_snapshot!(with_smtp("username = \"me@other.example\""), @r#"
    warning: letters come from home.example, but you log in at other.example
      --> config.toml:11:12
       |
    11 | username = "me@other.example"
       |            ^^^^^^^^^^^^^^^^^^ smtp.username
       |
       = help: many receivers take such letters for forged and drop them: use the account that the sender's address belongs to
    "#);
    for fine in ["me@home.example", "me@mail.home.example", "me@HOME.example", "me", ""] {
        assert_eq!(with_smtp(&format!("username = \"{fine}\"")), "", "{fine}");
    }
}

// 51
#[test]
fn a_missing_file_says_what_to_run_instead() {
    let dir = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(read_in(dir.path(), Some(dir.path().join("none.toml")), false).said, @r"
    error: there is no config.toml
     |
     = in config.toml
     = help: go to a campaign's folder, name its file with --config FILE, or start a campaign: appel new DIR
    ");
    fs::write(dir.path().join("config.toml"), format!("{CAMPAIGN}{SENDER}{LETTER}")).unwrap();
    assert_eq!(read_in(dir.path(), Some(dir.path().join("none.toml")), false).said, "");
    insta::assert_snapshot!(read_in(dir.path(), Some(dir.path().join("none.toml")), true).said, @r"
    error: there is no none.toml
     |
     = in none.toml
     = help: check the path after --account, or leave the flag out to use your own account file
    ");
}

#[test]
fn nobody_as_the_sender_says_where_to_write_it() {
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}{LETTER}")), @r#"
    error: nobody is named as the sender: the table [sender] is missing
     |
     = in config.toml
     = help: write these lines to account.toml:
             [sender]
             name = "Your Name"
             email = "you@example.org"
             country = "BE"
             language = "fr"
    "#);
}

#[test]
fn a_sender_needs_a_name_an_address_and_a_country() {
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}[sender]\n{LETTER}")), @r#"
    error: `name` is missing in [sender]
     --> config.toml:5:1
      |
    5 | [sender]
      | ^^^^^^^^ sender.name
      |
      = help: add a line: name = "Your Name"

    error: `email` is missing in [sender]
     --> config.toml:5:1
      |
    5 | [sender]
      | ^^^^^^^^ sender.email
      |
      = help: add a line: email = "you@example.org"

    error: `country` is missing in [sender]
     --> config.toml:5:1
      |
    5 | [sender]
      | ^^^^^^^^ sender.country
      |
      = help: add a line: country = "BE"
    "#);
    insta::assert_snapshot!(check(&format!(
        "{CAMPAIGN}[sender]\nname = \"Me\\r\\nBcc: x@y.example\"\nemail = \"me@home\"\ncountry = \"UK\"\nlangauge = \"eng\"\n{LETTER}"
    )), @r#"
    error: `sender.name` has a line break in it
     --> config.toml:6:8
      |
    6 | name = "Me\r\nBcc: x@y.example"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^ sender.name
      |
      = help: write it again by hand, on one line

    error: "me@home" is not an e-mail address: the domain after the @ needs a dot, and cannot be an IP address
     --> config.toml:7:9
      |
    7 | email = "me@home"
      |         ^^^^^^^^^ sender.email
      |
      = help: write the bare address: "you@example.org"

    error: there is no country with the code "UK"
     --> config.toml:8:11
      |
    8 | country = "UK"
      |           ^^^^ sender.country
      |
      = help: did you mean "GB"?

    warning: `langauge` is taken as a detail of your own
     --> config.toml:9:1
      |
    9 | langauge = "eng"
      | ^^^^^^^^ sender.langauge
      |
      = help: if you meant `language`, write it so
    "#);
}

// 23
#[test]
fn an_unknown_code_comes_with_the_nearest() {
    insta::assert_snapshot!(check(&format!(
        "[campaign]\nid = \"c\"\ntitle = \"T\"\nlanguage = \"french\"\n[sender]\nname = \"Me\"\nemail = \"me@home.example\"\ncountry = \"Belgium\"\n{LETTER}"
    )), @r#"
    error: there is no language with the code "french"
     --> config.toml:4:12
      |
    4 | language = "french"
      |            ^^^^^^^^ campaign.language
      |
      = help: did you mean "fr"?

    error: there is no country with the code "Belgium"
     --> config.toml:8:11
      |
    8 | country = "Belgium"
      |           ^^^^^^^^^ sender.country
      |
      = help: write its two-letter code: "BE", "DE", "GB"
    "#);
}

#[test]
fn every_further_key_of_the_sender_is_text() {
    let text = format!(
        "{CAMPAIGN}{SENDER}city = \"Brussels\"\nmember = 42\nsince = 2.5\nactive = true\naddress = \"\"\"Rue A\\nBruxelles\"\"\"\n{LETTER}"
    );
    let input = read_files(&[("config.toml", text.as_bytes())]).input.unwrap();
    assert_eq!(
        check(&format!("{CAMPAIGN}{SENDER}city = \"می\u{200c}خواهم\"\n{LETTER}")),
        ""
    );
    insta::assert_debug_snapshot!(input.sender.extra, @r#"
    {
        "active": "true",
        "address": "Rue A\nBruxelles",
        "city": "Brussels",
        "member": "42",
        "since": "2.5",
    }
    "#);
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}{SENDER}city = [\"Brussels\"]\nstreet = \"a\\u202eb\"\n{LETTER}")), @r#"
    error: `sender.city` must be a text, not a list
     --> config.toml:9:8
      |
    9 | city = ["Brussels"]
      |        ^^^^^^^^^^^^ sender.city
      |
      = help: write one text in double quotes

    error: `sender.street` contains the hidden character U+202E
      --> config.toml:10:10
       |
    10 | street = "a\u202eb"
       |          ^^^^^^^^^^ sender.street
       |
       = help: write it again by hand, on one line
    "#);
}

#[test]
fn the_account_file_wins_and_that_is_said() {
    let config = format!("{CAMPAIGN}{SENDER}{SMTP}password = \"hunter2\"\n{LETTER}");
    let account = "[sender]\nname = \"Own\"\nemail = \"own@home.example\"\ncountry = \"FR\"\n[smtp]\nhost = \"own.example\"\n[letter]\n";
    let found = read_files(&[("config.toml", config.as_bytes()), ("account.toml", account.as_bytes())]);
    insta::assert_snapshot!(found.said, @r#"
    note: [sender] here is left aside: the one in account.toml is used
     --> config.toml:5:1
      |
    5 | [sender]
      | ^^^^^^^^

    note: [smtp] here is left aside: the one in account.toml is used
     --> config.toml:9:1
      |
    9 | [smtp]
      | ^^^^^^

    error: a password must not stand in a configuration file
     |
     = in config.toml:11:1 smtp.password
     = help: take the line out, change the password if the file was ever shared, and use one of these:
             password-command = "pass show mail/you"
             the environment variable APPEL_SMTP_PASSWORD
             the keyring of your desktop: password-command = "secret-tool lookup appel you"
             or nothing: on a terminal you are asked

    error: unknown table `letter`
     --> account.toml:7:2
      |
    7 | [letter]
      |  ^^^^^^ letter
      |
      = help: known here: limits, sender, smtp
    "#);
    let config = format!("{CAMPAIGN}{SENDER}{SMTP}{LETTER}");
    let account = account.replace("[letter]\n", "");
    let found = read_files(&[("config.toml", config.as_bytes()), ("account.toml", account.as_bytes())]);
    let input = found.input.unwrap();
    assert_eq!(
        (input.sender.name.as_str(), input.smtp.unwrap().host.as_str()),
        ("Own", "own.example")
    );
}

#[test]
fn a_file_that_is_no_utf_8_says_where() {
    let found = read_files(&[("config.toml", b"[campaign]\nid = \"c\"\ntitle = \"\xe9\"\n")]);
    insta::assert_snapshot!(found.said, @r#"
    error: the file is written in an old encoding such as Latin-1 or Windows-1252, not in UTF-8
     --> config.toml:3:10
      |
    3 | title = "�"
      |          ^
      |
      = help: open it in a text editor and save it again with the encoding UTF-8 (in Notepad: Save as, Encoding: UTF-8)
    "#);
    let text = format!("\u{feff}{CAMPAIGN}{SENDER}{LETTER}").replace('\n', "\r\n");
    assert_eq!(check(&text), "");
}

// 36, 45, 47
#[test]
fn attachments_are_files_of_the_folder() {
    assert_eq!(with_letter("attach = [\"files/a.pdf\", \"./files/a.pdf\"]"), "");
    insta::assert_snapshot!(
        with_letter("attach = [\"../a.pdf\", \"/etc/passwd\", \"files\", \"files/b.pdf\", \"\", \"files\\\\a.pdf\", \"files/a\\u202efdp.exe\"]"),
        @r#"
        error: `../a.pdf` leads out of the campaign's folder
          --> config.toml:12:11
           |
        12 | attach = ["../a.pdf", "/etc/passwd", "files", "files/b.pdf", "", "files\\a.pdf", "files/a\u2...
           |           ^^^^^^^^^^ letter.attach
           |
           = help: copy the file into the folder and name it from there: a campaign must be whole when it is handed on

        error: `/etc/passwd` leads out of the campaign's folder
          --> config.toml:12:23
           |
        12 | attach = ["../a.pdf", "/etc/passwd", "files", "files/b.pdf", "", "files\\a.pdf", "files/a\u2...
           |                       ^^^^^^^^^^^^^ letter.attach
           |
           = help: copy the file into the folder and name it from there: a campaign must be whole when it is handed on

        error: `files` is a folder, not a file
          --> config.toml:12:38
           |
        12 | attach = ["../a.pdf", "/etc/passwd", "files", "files/b.pdf", "", "files\\a.pdf", "files/a\u2...
           |                                      ^^^^^^^ letter.attach
           |
           = help: name a regular file

        error: there is no file `files/b.pdf`
          --> config.toml:12:47
           |
        12 | attach = ["../a.pdf", "/etc/passwd", "files", "files/b.pdf", "", "files\\a.pdf", "files/a\u2...
           |                                               ^^^^^^^^^^^^^ letter.attach
           |
           = help: did you mean `files/a.pdf`?

        error: the path is empty
          --> config.toml:12:62
           |
        12 | attach = ["../a.pdf", "/etc/passwd", "files", "files/b.pdf", "", "files\\a.pdf", "files/a\u2...
           |                                                              ^^ letter.attach
           |
           = help: write the name of a file

        error: the path `files\a.pdf` has a backslash in it
          --> config.toml:12:66
           |
        12 | ..., "files", "files/b.pdf", "", "files\\a.pdf", "files/a\u202efdp.exe"]
           |                                  ^^^^^^^^^^^^^^ letter.attach
           |
           = help: write paths with /, as in files/statement.pdf

        error: the path `files/a<U+202E>fdp.exe` contains a hidden character
          --> config.toml:12:82
           |
        12 | ...pdf", "", "files\\a.pdf", "files/a\u202efdp.exe"]
           |                              ^^^^^^^^^^^^^^^^^^^^^^ letter.attach
           |
           = help: give the file a plain name, and write it again by hand
        "#
    );
}

// 36, 45
#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_and_a_device_are_no_attachments() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.txt"), "s").unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.txt"), dir.path().join("a.txt")).unwrap();
    fs::write(dir.path().join("c.txt"), "for the readers").unwrap();
    std::os::unix::fs::symlink("c.txt", dir.path().join("b.txt")).unwrap();
    let text = format!("{CAMPAIGN}{SENDER}{LETTER}attach = [\"a.txt\", \"b.txt\"]\n");
    fs::write(dir.path().join("config.toml"), text).unwrap();
    insta::assert_snapshot!(read_in(dir.path(), None, false).said, @r#"
    error: `a.txt` leads out of the campaign's folder
      --> config.toml:12:11
       |
    12 | attach = ["a.txt", "b.txt"]
       |           ^^^^^^^ letter.attach
       |
       = help: copy the file into the folder and name it from there: a campaign must be whole when it is handed on
    "#);
}

// 45
#[cfg(unix)]
#[test]
fn what_is_no_file_is_never_opened() {
    let dir = tempfile::tempdir().unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
    let text = format!("{CAMPAIGN}{SENDER}{LETTER}attach = [\"socket\"]\n");
    fs::write(dir.path().join("config.toml"), text).unwrap();
    insta::assert_snapshot!(read_in(dir.path(), None, false).said, @r#"
    error: `socket` is a device or a pipe, not a file
      --> config.toml:12:11
       |
    12 | attach = ["socket"]
       |           ^^^^^^^^ letter.attach
       |
       = help: name a regular file
    "#);
}

// 15
#[test]
fn copies_are_addresses() {
    insta::assert_snapshot!(with_letter("cc = [\"archive@example.org\", \"Name <a@b.org>\", \"a@b.org, c@d.org\", \"inf\u{43e}@a.example\"]"), @r#"
    error: "Name <a@b.org>" is not an e-mail address: only the bare address belongs here, without a name and without < >
      --> config.toml:12:30
       |
    12 | cc = ["archive@example.org", "Name <a@b.org>", "a@b.org, c@d.org", "infо@a.example"]
       |                              ^^^^^^^^^^^^^^^^ letter.cc
       |
       = help: write the bare address: "you@example.org"

    error: "a@b.org, c@d.org" is not an e-mail address: there is more than one address here, or a space inside one
      --> config.toml:12:48
       |
    12 | cc = ["archive@example.org", "Name <a@b.org>", "a@b.org, c@d.org", "infо@a.example"]
       |                                                ^^^^^^^^^^^^^^^^^^ letter.cc
       |
       = help: write the bare address: "you@example.org"

    warning: "infо@a.example": Latin and Cyrillic letters stand side by side; some look the same
      --> config.toml:12:68
       |
    12 | cc = ["archive@example.org", "Name <a@b.org>", "a@b.org, c@d.org", "infо@a.example"]
       |                                                                    ^^^^^^^^^^^^^^^^ letter.cc
       |
       = help: compare it with the address as its owner publishes it; type it again by hand
    "#);
}

#[test]
fn recipients_and_templates_stay_in_the_folder() {
    insta::assert_snapshot!(check(&format!("{CAMPAIGN}recipients = \"../all.csv\"\ntemplates = \"/tmp\"\n{SENDER}{LETTER}")), @r#"
    error: `../all.csv` leads out of the campaign's folder
     --> config.toml:5:14
      |
    5 | recipients = "../all.csv"
      |              ^^^^^^^^^^^^ campaign.recipients
      |
      = help: copy the file into the folder and name it from there: a campaign must be whole when it is handed on

    error: `/tmp` leads out of the campaign's folder
     --> config.toml:6:13
      |
    6 | templates = "/tmp"
      |             ^^^^^^ campaign.templates
      |
      = help: copy the file into the folder and name it from there: a campaign must be whole when it is handed on
    "#);
}

#[test]
fn a_sheet_is_named_behind_a_spreadsheet_and_nowhere_else() {
    let list = |written: &str| {
        let text = format!("{CAMPAIGN}recipients = \"{written}\"\n{SENDER}{LETTER}");
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config.toml"), text).unwrap();
        let sources = Sources {
            config: dir.path().join("config.toml"),
            account: None,
            account_required: false,
            private: crate::input::Private::default(),
        };
        let list = read(&sources, "2011-12-17T00:00:00Z".parse().unwrap(), &mut Problems::new());
        let list = list.unwrap().list().unwrap();
        let name = list.path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, list.sheet)
    };
    let sheet = |name: &str, sheet: Option<&str>| (name.to_owned(), sheet.map(ToOwned::to_owned));
    assert_eq!(list("list.XLSX"), sheet("list.XLSX", None));
    assert_eq!(list("list.xlsx#Embassies"), sheet("list.xlsx", Some("Embassies")));
    assert_eq!(list("list.ods#"), sheet("list.ods", None));
    assert_eq!(list("a#b.csv"), sheet("a#b.csv", None));
}

#[test]
fn a_proxy_looks_names_up_itself() {
    insta::assert_snapshot!(with_own_smtp("proxy = \"socks5://127.0.0.1:9050\""), @r#"
    error: `smtp.proxy` cannot be "socks5://127.0.0.1:9050"
     --> account.toml:7:9
      |
    7 | proxy = "socks5://127.0.0.1:9050"
      |         ^^^^^^^^^^^^^^^^^^^^^^^^^ smtp.proxy
      |
      = help: write proxy = "socks5h://127.0.0.1:9050": with socks5h the proxy looks the server's name up, with others your network sees it
    "#);
    insta::assert_snapshot!(with_own_smtp("proxy = \"socks5h://127.0.0.1\""), @r#"
    error: `smtp.proxy` needs a host and a port, and nothing else
     --> account.toml:7:9
      |
    7 | proxy = "socks5h://127.0.0.1"
      |         ^^^^^^^^^^^^^^^^^^^^^ smtp.proxy
      |
      = help: write proxy = "socks5h://127.0.0.1:9050"
    "#);
    assert_eq!(with_own_smtp("proxy = \"socks5h://[::1]:9050/\""), "");
}

#[test]
fn a_proxys_password_is_refused_and_not_shown() {
    for scheme in ["socks5h", "socks5", "http"] {
        let said = with_own_smtp(&format!("proxy = \"{scheme}://ann:zq7-Rdsch@127.0.0.1:9050\""));
        assert!(
            said.contains("`smtp.proxy` cannot have a user name or a password"),
            "{said}"
        );
        assert!(!said.contains("zq7"), "{said}");
    }
    let broken = with_own_smtp("proxy = \"socks5h://ann:zq7-Rdsch@127.0.0.1:9050");
    assert!(broken.contains("error") && !broken.contains("zq7"), "{broken}");
}

#[test]
fn facts_are_texts_with_times() {
    assert_eq!(
        with_facts(
            "[facts.killed]\nvalue = { en = \"70\", fr = \"70\" }\nas-of = 2011-12-16T18:54:00+01:00\nsource = \"s\"\nexpires = 2011-12-18T00:00:00Z"
        ),
        ""
    );
    insta::assert_snapshot!(with_facts(
        "[facts.a]\nvalue = \"\"\n[facts.b]\nvalue = {}\n[facts.c]\nvalue = { xx = \"1\", en = 2 }\n[facts.d]\nas-of = 2011-12-16T18:54:00\n[facts.e]\nvalue = 70\nexpires = \"soon\""
    ), @r#"
    error: `facts.a.value` is empty
      --> config.toml:13:9
       |
    13 | value = ""
       |         ^^ facts.a.value
       |
       = help: write something between the quotes

    error: the fact has no text in any language
      --> config.toml:15:9
       |
    15 | value = {}
       |         ^^
       |
       = help: write one for each language: { en = "at least 70", fr = "au moins 70" }

    error: there is no language with the code "xx"
      --> config.toml:17:11
       |
    17 | value = { xx = "1", en = 2 }
       |           ^^ facts.c.value.xx
       |
       = help: did you mean "xh"?

    error: `facts.c.value.en` must be a text, not a whole number
      --> config.toml:17:26
       |
    17 | value = { xx = "1", en = 2 }
       |                          ^ facts.c.value.en
       |
       = help: put it in double quotes: en = "2"

    error: `value` is missing in [facts.d]
      --> config.toml:18:1
       |
    18 | [facts.d]
       | ^^^^^^^^^ facts.d.value
       |
       = help: add a line: value = "at least 70"

    error: `facts.d.as-of` does not say where on earth it is meant: the offset is missing
      --> config.toml:19:9
       |
    19 | as-of = 2011-12-16T18:54:00
       |         ^^^^^^^^^^^^^^^^^^^ facts.d.as-of
       |
       = help: add the offset: 2011-12-16T18:54:00Z for UTC, or 2011-12-16T18:54:00+01:00

    error: `facts.e.value` must be a text, not a whole number
      --> config.toml:21:9
       |
    21 | value = 70
       |         ^^ facts.e.value
       |
       = help: write it in double quotes, or one for each language: { en = "…", fr = "…" }

    error: `facts.e.expires` must be a date and time, not a text
      --> config.toml:22:11
       |
    22 | expires = "soon"
       |           ^^^^^^ facts.e.expires
       |
       = help: write date, time and offset, without quotes: 2012-01-31T23:59:00+01:00
    "#);
}

#[test]
fn a_campaign_without_its_table_or_its_keys() {
    insta::assert_snapshot!(check(""), @r#"
    error: the table [campaign] is missing
     |
     = in config.toml
     = help: add one:
             [campaign]
             id = "my-campaign-2026"
             title = "What it asks for"
             language = "en"

    error: the campaign has no letter
     |
     = in config.toml
     = help: add one:
             [[letter]]
             id = "protest"
             to = ["embassy"]

    error: nobody is named as the sender: the table [sender] is missing
     |
     = in config.toml
     = help: write these lines to account.toml:
             [sender]
             name = "Your Name"
             email = "you@example.org"
             country = "BE"
             language = "fr"
    "#);
    insta::assert_snapshot!(check(&format!("[campaign]\nid = \"-x/y\"\n{SENDER}{LETTER}")), @r#"
    error: `title` is missing in [campaign]
     --> config.toml:1:1
      |
    1 | [campaign]
      | ^^^^^^^^^^ campaign.title
      |
      = help: add a line: title = "What the campaign asks for"

    error: `language` is missing in [campaign]
     --> config.toml:1:1
      |
    1 | [campaign]
      | ^^^^^^^^^^ campaign.language
      |
      = help: add a line: language = "en"

    error: `campaign.id` cannot be "-x/y"
     --> config.toml:2:6
      |
    2 | id = "-x/y"
      |      ^^^^^^ campaign.id
      |
      = help: use letters a-z, digits, -, _ and . only, and begin with a letter or digit
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_files(&[("config.toml", &bytes), ("account.toml", &bytes)]);
    }

    #[test]
    fn no_text_makes_it_panic(
        lines in prop::collection::vec(
            prop::sample::select(vec![
                "[campaign]", "[sender]", "[smtp]", "[[letter]]", "[letter]", "[facts.a]", "[facts]", "id = \"a\"", "to = [\"x\", 1, {}]",
                "value = { en = \"x\", xx = 1 }", "deadline = 0000-01-01T00:00:00Z", "as-of = 9999-12-31T23:59:59.999999999-23:59",
                "deadline = 9999-12-31T23:59:60+14:00", "port = 99999999999999999999", "rate = \"1/\"", "rate = \"/s\"", "host = \"[\"",
                "proxy = \"socks5h://[:1\"", "proxy = \"socks5h://:\"", "retry-for = \"PT-0S\"", "timeout = \"9999999999999999h\"",
                "email = \"@\"", "name = \"\\u0000é\"", "language = \"\"", "country = \"é\"", "attach = [\"\\u0000\"]", "cc = [\"é@é\"]",
                "recipients = \"\\u0000\"", "x = \"\"\"", "é = 1", "\"\" = 1", "port = 0x1F", "expires = 1979-05-27",
            ]),
            0..12,
        ),
    ) {
        let text = lines.join("\n");
        read_files(&[("config.toml", text.as_bytes()), ("account.toml", text.as_bytes())]);
    }
}

/// The first line of everything said.
fn titles(said: &str) -> Vec<&str> {
    let is_title = |line: &&str| line.starts_with("error") || line.starts_with("warning");
    said.lines().filter(is_title).collect()
}

#[test]
fn only_a_warning_of_style_can_be_switched_off() {
    let all = format!("{CAMPAIGN}{SENDER}{LETTER}[check]\nallow = [\"shouting\", \"long\", \"shouting\"]\n");
    assert_eq!(check(&all), "");
    let said = check(&all.replace("\"long\"", "\"left-ovr\", \"link-of-reader\", \"text-draft\", \"x\", 3"));
    assert_eq!(
        titles(&said),
        [
            "error: there is no warning of style with the name \"left-ovr\"",
            "error: \"link-of-reader\" is about safety, and cannot be switched off",
            "error: there is no warning of style with the name \"text-draft\"",
            "error: there is no warning of style with the name \"x\"",
            "error: `check.allow` must be a text, not a whole number",
        ],
        "{said}"
    );
    assert_eq!(said.matches("did you mean \"left-over\"?").count(), 2, "{said}");
    assert!(
        said.contains("can be switched off: file-name, first-words, left-over"),
        "{said}"
    );
    let said = check(&all.replace("allow", "alow"));
    assert!(said.contains("did you mean `allow`?"), "{said}");
}

#[test]
fn what_was_left_in_a_fact_or_the_title_is_said() {
    let title = "title = \"Ã©tÃ© of [NAME]\"\n";
    let facts = "[facts.killed]\nvalue = { en = \"at least TODO\", fr = \"au moins\u{a0}quatorze\" }\n";
    let said = check(&format!(
        "{}{SENDER}{LETTER}{facts}",
        CAMPAIGN.replace("title = \"T\"\n", title)
    ));
    assert_eq!(
        titles(&said),
        [
            "warning[wrong-encoding]: `Ã©tÃ©` in campaign.title was read with the wrong encoding",
            "warning[left-over]: `[NAME]` in campaign.title looks left over from a draft",
            "warning[left-over]: `TODO` in facts.killed.value.en looks left over from a draft",
            "warning[word-processor]: a no-break space (U+00A0) stands in facts.killed.value.fr",
        ],
        "{said}"
    );
}
