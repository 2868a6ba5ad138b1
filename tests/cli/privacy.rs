//! What must not leak: from the letter, from the dialogue, from the disk.

use std::{fs, path::Path};

use base64::Engine as _;

use crate::support::{Campaign, NOW, PASSWORD, Server, Step, Tls};

#[track_caller]
fn found_nowhere(campaign: &Campaign, secret: &str) {
    let files = campaign.files_under("");
    assert!(
        files.iter().any(|(name, _)| name.ends_with("ledger.sqlite3")),
        "nothing was written: {files:?}"
    );
    for (name, bytes) in files {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret:?} stands in {name}");
    }
}

fn the_letter(campaign: &Campaign, server: &Server) -> String {
    campaign.send(&[]).exits(0);
    let mut taken = server.taken();
    assert_eq!(taken.len(), 1);
    String::from_utf8(taken.remove(0).data).unwrap()
}

fn this_machine() -> Vec<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    [
        read("/proc/sys/kernel/hostname"),
        read("/etc/hostname"),
        read("/etc/machine-id"),
    ]
    .into_iter()
    .filter(|name| name.len() > 2 && name != "localhost")
    .collect()
}

#[test]
fn a_letter_has_the_headers_it_needs_and_no_others() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients("ministry,The Ministry,minister@mfa.example,,,copy@mfa.example,Sir\n")
        .smtp(&server);
    let letter = the_letter(&campaign, &server);
    let (head, _) = letter.split_once("\r\n\r\n").unwrap();
    let names: Vec<_> = head
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "Cc",
            "Content-Transfer-Encoding",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "Subject",
            "To"
        ],
        "{letter}"
    );
}

#[test]
fn nothing_of_the_machine_is_in_the_dialogue_or_in_the_letter() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letters(
            "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nformat = \"markdown\"\nattach = [\"files/a.txt\"]\n",
        )
        .file("files/a.txt", "An attachment.\n")
        .environment("USER", "ann-at-her-desk")
        .environment("HOSTNAME", "anns-laptop")
        .smtp(&server);
    let letter = the_letter(&campaign, &server);
    let dialogue = server.transcripts().join("\n");
    assert!(dialogue.contains("C: EHLO [127.0.0.1]\n"), "{dialogue}");
    assert!(letter.contains("Date: Wed, 25 Nov 2026 10:00:00 +0000\r\n"), "{letter}");
    let message_id = letter
        .lines()
        .find_map(|line| line.strip_prefix("Message-ID: "))
        .unwrap();
    assert!(message_id.ends_with("@home.example>"), "{message_id}");
    let root = campaign.root().display().to_string();
    let mut secrets = vec![
        "ann-at-her-desk",
        "anns-laptop",
        "appel",
        "lettre",
        "rust",
        "files/",
        &root,
    ];
    let machine = this_machine();
    secrets.extend(machine.iter().map(String::as_str));
    for secret in secrets {
        let found = [&letter, &dialogue]
            .iter()
            .any(|text| text.to_lowercase().contains(&secret.to_lowercase()));
        assert!(!found, "{secret:?} leaks:\n{dialogue}\n{letter}");
    }
}

#[test]
fn the_boundary_of_a_letter_in_parts_is_the_same_every_time() {
    let campaign = Campaign::new()
        .letters("[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nformat = \"markdown\"\nattach = [\"a.txt\"]\n")
        .file("a.txt", "An attachment.\n");
    let (one, two) = (campaign.preview(&["-v"]), campaign.preview(&["-v"]));
    assert!(one.exits(0).stdout.contains("boundary="), "{}", one.stdout);
    assert_eq!(one.stdout, two.stdout);
}

#[test]
fn comments_of_templates_and_notes_on_people_stay_at_home() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients("role,name,email,note,shoe\nministry,A,a@mfa.example,Drinks with the general,46\n")
        .letter(
            "protest",
            "en",
            "Subject: S\n\n{{! ask Bea before sending }}{{!-- Bea: fine by me --}}Text. {{> more}}\n",
        )
        .file("templates/partials/more.hbs", "{{! Bea wrote this }}More.\n")
        .smtp(&server);
    let letter = the_letter(&campaign, &server);
    assert!(letter.ends_with("\r\n\r\nText. More.\r\n"), "{letter}");
    for secret in ["Bea", "Drinks", "46"] {
        assert!(!letter.contains(secret), "{letter}");
        assert!(!server.transcripts().join("\n").contains(&format!(" {secret}")));
    }
    let campaign = campaign.letter("protest", "en", "Subject: S\n\n{{recipient.note}}\n");
    campaign.check(&[]).exits(3).says(&["note"]);
}

#[test]
fn recipients_do_not_learn_of_each_other() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(3).smtp(&server);
    campaign.send(&[]).exits(0);
    for letter in server.taken() {
        assert_eq!(letter.to.len(), 1);
        let text = String::from_utf8(letter.data).unwrap();
        let others = (1..=3)
            .map(|n| format!("m{n}@mfa.example"))
            .filter(|other| *other != letter.to[0]);
        assert_eq!(others.filter(|other| text.contains(other)).count(), 0, "{text}");
    }
}

#[test]
fn the_log_masks_addresses_unless_asked_not_to() {
    let server = Server::builder()
        .on(Step::Rcpt)
        .to("minister@mfa.example")
        .reply("550 5.1.1 <minister@mfa.example>: unknown")
        .start();
    let campaign = Campaign::new()
        .recipients("ministry,A,minister@mfa.example\nministry,B,second@mfa.example,,,copy@mfa.example\n")
        .smtp(&server);
    let log = |campaign: &Campaign| {
        let folder = campaign.root().join("state/appel/log");
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(files.len(), 1);
        fs::read_to_string(files.remove(0)).unwrap()
    };
    campaign.send(&[]).exits(1);
    let masked = log(&campaign);
    for address in ["minister@", "second@", "copy@", "ann@"] {
        assert!(!masked.contains(address), "{masked}");
    }
    assert!(
        masked.contains("m…@mfa.example") && masked.contains("\"outcome\":\"refused\""),
        "{masked}"
    );
    campaign.send(&["-v", "--retry-refused"]).exits(1);
    assert!(
        log(&campaign)[masked.len()..].contains("minister@mfa.example"),
        "{}",
        log(&campaign)
    );
}

#[test]
fn the_password_is_written_nowhere_and_shown_nowhere() {
    let server = Server::builder().tls(Tls::Implicit).password("ann", PASSWORD).start();
    let campaign = Campaign::new().people(2).smtp(&server).login("ann", PASSWORD);
    let right = campaign.send(&["-v"]);
    right.exits(0);
    let refusing = Server::builder()
        .tls(Tls::Implicit)
        .password("ann", "another")
        .on(Step::Auth)
        .reply(&format!("535 5.7.8 {PASSWORD} is wrong"))
        .start();
    let campaign = campaign.people(3).smtp(&refusing).login("ann", PASSWORD);
    let wrong = campaign.send_json(&["-v"]);
    wrong.exits(4);
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("\0ann\0{PASSWORD}"));
    for secret in [PASSWORD, &encoded] {
        found_nowhere(&campaign, secret);
        for text in [&right.stdout, &right.stderr, &wrong.stdout, &wrong.stderr] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert_eq!(server.authentications().len(), 1);
}

#[test]
fn a_token_and_its_successor_are_written_nowhere_and_shown_nowhere() {
    let (stale, fresh) = ("zq7-Rdsch!un9gel", "gel9nu!hcsdR-7qz");
    let server = Server::builder().tls(Tls::Implicit).token("ann", fresh).start();
    let campaign = Campaign::new()
        .smtp(&server)
        .set("smtp.auth", "xoauth2")
        .set("smtp.username", "ann")
        // The token is put together by the shell: it stands in no file and in no argument.
        .set(
            "smtp.password-command",
            "if mkdir once 2>/dev/null; then echo zq7-Rdsch'!un9gel'; else echo gel9nu'!hcsdR-7qz'; fi",
        );
    let renewed = campaign.send(&["-v"]);
    renewed.exits(0);
    let refusing = Server::builder().tls(Tls::Implicit).token("ann", "another").start();
    let campaign = campaign.people(3).smtp(&refusing).set("smtp.username", "ann");
    std::fs::remove_dir(campaign.path("once")).unwrap();
    let refused = campaign.send_json(&["-v"]);
    refused.exits(4);
    assert_eq!(
        (server.authentications().len(), refusing.authentications().len()),
        (2, 2)
    );
    for secret in [stale, fresh] {
        found_nowhere(&campaign, secret);
        for text in [&renewed.stdout, &renewed.stderr, &refused.stdout, &refused.stderr] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn the_password_is_in_no_argument_and_no_core_file_is_left() {
    let server = Server::builder()
        .tls(Tls::Implicit)
        .password("ann", PASSWORD)
        .on(Step::Mail)
        .hold()
        .start();
    let campaign = Campaign::new()
        .smtp(&server)
        .file("secret", PASSWORD)
        .set("smtp.username", "ann")
        .set("smtp.password-command", "cat secret");
    let run = campaign.spawn(&["send", "--yes"]);
    server.wait_for_holds(1);
    let process = Path::new("/proc").join(run.id().to_string());
    if process.exists() {
        for file in ["cmdline", "environ"] {
            // The environment is not even shown to the user whose run it is.
            let bytes = fs::read(process.join(file));
            let bytes = bytes.unwrap_or_else(|error| match error.kind() {
                std::io::ErrorKind::PermissionDenied if file == "environ" => Vec::new(),
                _ => panic!("{file}: {error}"),
            });
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(!text.contains(PASSWORD), "{file}: {text}");
        }
        let limits = fs::read_to_string(process.join("limits")).unwrap();
        let core = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"))
            .unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    }
    server.release();
    run.wait().exits(0);
}

#[test]
fn an_international_domain_leaves_as_ascii() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .recipients("ministry,Bücher,info@bücher.example,,,office@bücher.example x@straße.example\n")
        .smtp(&server);
    let letter = the_letter(&campaign, &server);
    assert!(
        letter.contains("info@xn--bcher-kva.example")
            && letter.contains("x@xn--strae-oqa.example")
            && letter.is_ascii(),
        "{letter}"
    );
    assert_eq!(server.violations(), [""; 0]);
}

#[test]
fn the_ledger_says_who_received_which_figure() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .letter("protest", "en", "Subject: S\n\n{{fact \"killed\"}} were killed.\n")
        .config("[facts.killed]\nvalue = \"at least 14\"\nas-of = 2026-11-20T10:00:00Z\nsource = \"lawyers\"\n")
        .smtp(&server);
    let letter = the_letter(&campaign, &server);
    let db = rusqlite::Connection::open(campaign.ledger()).unwrap();
    let (sha256, facts): (Vec<u8>, String) = db
        .query_row(
            "SELECT sha256, json FROM event JOIN facts ON facts.key = event.facts",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(letter.as_bytes());
    assert_eq!(sha256, digest.to_vec());
    assert!(facts.contains("at least 14"), "{facts}");
    assert!(NOW.starts_with("2026-11-25"));
}
