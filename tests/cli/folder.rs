//! A campaign's folder may be a stranger's: what it says about mailbox, command and route, and what it would attach.

use std::{fs, path::Path};

use crate::{
    support::{Campaign, PASSWORD, Server},
    terminal::Terminal,
};

/// A folder that names its own mailbox, as a stranger's would: signs in wherever it says.
fn folder(server: &Server) -> Campaign {
    Campaign::new()
        .people(2)
        .smtp(server)
        .login("ann@home.example", PASSWORD)
        .in_folder()
}

fn server() -> Server {
    Server::builder().password("ann@home.example", PASSWORD).start()
}

#[test]
fn a_mailbox_that_the_folder_names_is_not_used_without_the_persons_word() {
    let server = server();
    let campaign = folder(&server);
    for arguments in [&["send", "--yes"][..], &["send", "--yes", "--json"], &["send"]] {
        campaign.appel(arguments).exits(2).says(&[
            "the campaign's folder names the mailbox itself ([sender] and [smtp])",
            "config/appel/config.toml",
            "--own-folder",
        ]);
    }
    assert_eq!(server.connections(), 0, "nobody was told anything");
    assert!(!campaign.ledger().exists(), "nothing was begun");
    // The flag is a word for this run, and for no other.
    campaign.send(&["--own-folder"]).exits(0);
    assert_eq!(server.taken().len(), 2);
    campaign.send(&[]).exits(2);
}

#[test]
fn a_folder_that_names_only_one_of_the_two_needs_the_word_too() {
    let server = Server::builder().start();
    for own in ["sender", "smtp"] {
        let campaign = Campaign::new().smtp(&server);
        let account = fs::read_to_string(campaign.account()).unwrap();
        let (sender, smtp) = account.split_once("[smtp]").unwrap();
        let smtp = format!("[smtp]{smtp}");
        let (mine, theirs) = if own == "sender" {
            (sender, &*smtp)
        } else {
            (&*smtp, sender)
        };
        fs::write(campaign.account(), mine).unwrap();
        let config = fs::read_to_string(campaign.path("config.toml")).unwrap();
        campaign.put("config.toml", format!("{config}\n{theirs}"));
        let other = if own == "sender" {
            "itself ([smtp])"
        } else {
            "itself ([sender])"
        };
        campaign.send(&[]).exits(2).says(&[other]);
        campaign.send(&["--own-folder"]).exits(0);
    }
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn what_sends_nothing_needs_no_word() {
    let server = server();
    let campaign = folder(&server);
    for arguments in [
        &["check"][..],
        &["preview"],
        &["rehearse"],
        &["send", "--dry-run"],
        &["send", "--out", "letters"],
        &["status"],
        &["log"],
    ] {
        campaign.appel(arguments).exits(0);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_only_a_person_can_say_is_an_error_in_a_folder_with_every_command() {
    for (key, line) in [
        ("password-command", "password-command = \"touch ran\""),
        ("proxy", "proxy = \"socks5h://127.0.0.1:9\""),
        ("ca-file", "ca-file = \"ca.pem\""),
    ] {
        // Left aside or not, because the account file has a table of that name.
        for account in [
            "",
            "[sender]\nname = \"A\"\nemail = \"a@home.example\"\ncountry = \"BE\"\n[smtp]\nhost = \"127.0.0.1\"\n",
        ] {
            let campaign = Campaign::new()
                .set("smtp.host", "127.0.0.1")
                .in_folder()
                .file("ca.pem", "")
                .file("mine.toml", account);
            let config = fs::read_to_string(campaign.path("config.toml")).unwrap();
            campaign.put("config.toml", config.replace("[smtp]\n", &format!("[smtp]\n{line}\n")));
            for arguments in [
                &["check"][..],
                &["preview"],
                &["rehearse"],
                &["send", "--dry-run"],
                &["send", "--out", "letters"],
                &["send", "--yes"],
                &["send", "--yes", "--own-folder"],
                &["status"],
                &["log"],
                &["settle", "--sent", "5c10121f42dd1f6c9b46a4281a7e452f"],
                &["purge", "--yes"],
            ] {
                let run = campaign.appel(&[arguments, &["--account", "mine.toml"]].concat());
                run.exits(3).says(&[
                    &format!("`{key}` must not stand in a campaign's folder"),
                    "config.toml:",
                    "~/.config/appel/config.toml",
                ]);
                assert!(!campaign.path("ran").exists(), "{arguments:?} ran a command");
            }
        }
    }
}

#[test]
fn at_a_terminal_the_word_is_asked_for_once_and_again_when_anything_changes() {
    let server = server();
    let campaign = folder(&server);
    let question = "Is this folder, and this mailbox, your own? [y/N]";
    let shows = |screen: &str, words: &[&str]| {
        let screen: String = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(screen.contains(word), "{word:?} is not to be seen:\n{screen}");
        }
    };
    // No, by saying nothing; not even --yes and --quiet are a word.
    for (arguments, key) in [
        (&["send"][..], "Enter"),
        (&["send", "--yes", "--quiet"], "n"),
        (&["send", "--yes"], "C-d"),
    ] {
        let Some(terminal) = Terminal::of(&campaign, arguments) else {
            return;
        };
        let screen = terminal.wait_for(question);
        let port = format!("port {}", server.port());
        shows(
            &screen,
            &[
                "host 127.0.0.1",
                &port,
                "user name ann@home.example",
                "From Ann Activist <ann@home.example>",
                "You have no account file yet.",
                "config/appel/config.toml",
            ],
        );
        terminal.press(key);
        if key == "n" {
            terminal.press("Enter");
        }
        terminal.ends(2);
    }
    assert_eq!(server.connections(), 0);
    {
        let Some(terminal) = Terminal::of(&campaign, &["send", "--yes", "--limit", "1"]) else {
            return;
        };
        terminal.wait_for(question);
        terminal.press("y");
        terminal.press("Enter");
        terminal.ends(0);
    }
    assert_eq!(server.taken().len(), 1);
    // It is kept, for nobody else to read, and holds off a terminal as well.
    campaign.send(&["--limit", "1"]).exits(0);
    assert_eq!(server.taken().len(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let kept = fs::metadata(campaign.root().join("state/appel/folders.json")).unwrap();
        assert_eq!(kept.permissions().mode() & 0o777, 0o600);
    }
    // Any change asks again, and says what changed.
    let campaign = campaign.set("sender.name", "Somebody Else").people(3);
    campaign.send(&[]).exits(2);
    let Some(terminal) = Terminal::of(&campaign, &["send"]) else {
        return;
    };
    let screen = terminal.wait_for(question);
    shows(
        &screen,
        &[
            "since then this changed:",
            "* From Somebody Else <ann@home.example> was Ann Activist <ann@home.example>",
        ],
    );
    terminal.press("Enter");
    terminal.ends(2);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn a_folder_that_was_moved_or_copied_is_another_folder() {
    let server = server();
    let campaign = folder(&server);
    let Some(terminal) = Terminal::of(&campaign, &["send", "--yes", "--limit", "1"]) else {
        return;
    };
    terminal.wait_for("your own? [y/N]");
    terminal.press("y");
    terminal.press("Enter");
    terminal.ends(0);
    let copy = campaign.root().join("copy");
    for part in ["config.toml", "recipients.csv", "templates/protest.en.hbs"] {
        let to = copy.join(part);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(campaign.path(part), to).unwrap();
    }
    campaign.send(&["-c", "../copy/config.toml"]).exits(2);
    assert_eq!(server.taken().len(), 1);
}

/// A campaign whose letter has this attachment; it is there already.
fn attaches(campaign: Campaign, name: &str) -> Campaign {
    campaign.letters(&format!(
        "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\nattach = [\"{name}\"]\n"
    ))
}

#[test]
fn a_campaign_cannot_attach_its_own_workings() {
    for (name, what) in [
        ("config.toml", "the campaign's own configuration"),
        ("./config.toml", "the campaign's own configuration"),
        ("recipients.csv", "the list of recipients"),
        ("templates/protest.en.hbs", "a template"),
        ("templates/partials/signature.hbs", "a template"),
    ] {
        let campaign = Campaign::new().file("templates/partials/signature.hbs", "A\n");
        attaches(campaign, name)
            .check(&[])
            .exits(3)
            .says(&[&format!("`{name}` is {what}: it must not leave with a letter")]);
        // In a template's header line as well.
        let letter = format!("Subject: S\nAttach: {name}\n\nDear friends,\n");
        let campaign = Campaign::new().file("templates/partials/signature.hbs", "A\n");
        campaign
            .letter("protest", "en", &letter)
            .check(&[])
            .exits(3)
            .says(&[what]);
    }
}

#[test]
fn a_campaign_can_attach_any_other_file() {
    let campaign = Campaign::new()
        .file("files/statement.pdf", "%PDF")
        .file("templates/logo.png", "png");
    attaches(campaign, "files/statement.pdf").check(&[]).exits(0);
    let campaign = Campaign::new().file("templates/logo.png", "png");
    attaches(campaign, "templates/logo.png").check(&[]).exits(0);
}

#[cfg(unix)]
#[test]
fn no_link_of_a_folder_leads_to_what_is_kept_back() {
    use std::os::unix::fs::symlink;
    let server = Server::builder().start();
    type Link = fn(&Path, &Path) -> std::io::Result<()>;
    let links: [Link; 2] = [|from, to| symlink(from, to), |from, to| fs::hard_link(from, to)];
    for link in links {
        let campaign = Campaign::new().smtp(&server);
        campaign.send(&[]).exits(0);
        let state = campaign.root().join("state/appel");
        for target in [
            campaign.account(),
            campaign.ledger(),
            state.join("ledger.sqlite3.marks"),
            state.join("log/test.jsonl"),
            campaign.path("config.toml"),
            campaign.path("recipients.csv"),
            campaign.path("templates/protest.en.hbs"),
        ] {
            let name = campaign.path("harmless.pdf");
            let _ = fs::remove_file(&name);
            assert!(target.exists(), "{}", target.display());
            link(&target, &name).unwrap();
            let config = fs::read_to_string(campaign.path("config.toml")).unwrap();
            let attaching = config.replace("to = [", "attach = [\"harmless.pdf\"]\nto = [");
            campaign.put("config.toml", &attaching);
            let run = campaign.appel(&["send", "--out", "letters"]);
            assert_eq!(run.status, Some(3), "{} left: {}", target.display(), run.stderr);
            fs::remove_file(&name).unwrap();
            campaign.put("config.toml", config);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_ledger_in_the_folder_itself_is_kept_back_too() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&["--ledger", "mine.sqlite3"]).exits(0);
    for name in ["mine.sqlite3", "mine.sqlite3.marks"] {
        let config = fs::read_to_string(campaign.path("config.toml")).unwrap();
        let attaching = config.replace("to = [", &format!("attach = [\"{name}\"]\nto = ["));
        campaign.put("config.toml", attaching);
        campaign
            .appel(&["check", "--ledger", "mine.sqlite3"])
            .exits(3)
            .says(&["what appel keeps about you: it must not leave with a letter"]);
        campaign.put("config.toml", config);
    }
}

#[test]
fn purging_a_campaign_forgets_that_its_folder_was_called_ones_own() {
    let server = server();
    let campaign = folder(&server);
    {
        let Some(terminal) = Terminal::of(&campaign, &["send", "--yes"]) else {
            return;
        };
        terminal.wait_for("your own? [y/N]");
        terminal.press("y");
        terminal.press("Enter");
        terminal.ends(0);
    }
    let kept = campaign.root().join("state/appel/folders.json");
    assert!(fs::read_to_string(&kept).unwrap().contains("ann@home.example"));
    campaign
        .appel(&["purge", "--yes"])
        .exits(0)
        .says(&["that you called the campaign's folder your own"]);
    assert!(!kept.exists());
    campaign.send(&[]).exits(2);
}

#[test]
fn no_file_of_the_folder_is_taken_for_a_part_of_the_persons_own_command() {
    let server = server();
    let campaign = Campaign::new()
        .smtp(&server)
        .set("smtp.username", "ann@home.example")
        .set_toml("smtp.password-command", "\"./getpw\"")
        .environment("PATH", ".:/usr/bin:/bin")
        .file("getpw", "#!/bin/sh\ntouch ran\necho wrong\n")
        .file("sh", "#!/bin/sh\ntouch ran\necho wrong\n");
    let own = campaign.account().with_file_name("getpw");
    fs::write(&own, format!("#!/bin/sh\necho '{PASSWORD}'\n")).unwrap();
    #[cfg(unix)]
    for path in [&own, &campaign.path("getpw"), &campaign.path("sh")] {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
    }
    campaign.send(&[]).exits(0);
    assert!(!campaign.path("ran").exists(), "a file of the folder ran");
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn a_campaign_is_named_by_its_folder_too() {
    Campaign::new().check(&["-c", "../campaign"]).exits(0);
}
