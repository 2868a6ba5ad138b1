//! The ledger as a person meets it: where it is, who may read it, and what happens when it cannot be used.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use crate::support::{Campaign, Run, Running, Server, Step, accepted};

/// The same run on a disk on which no file can grow beyond so many blocks of 512 bytes.
fn with_room_for(campaign: &Campaign, blocks: usize, arguments: &[&str]) -> Run {
    let plain = campaign.command(arguments);
    let mut limited = Command::new("/bin/sh");
    limited
        // With the signal ignored, a write that goes too far fails as on a full disk.
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""), "sh"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear()
        .envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir(plain.get_current_dir().unwrap())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Running::start(limited).wait()
}

/// Puts the files of one folder into another, over those that are there: the ledger stays the same file, and no copy.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(to).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() && !from.join(entry.file_name()).exists() {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_disk_that_fills_up_at_any_moment_loses_and_doubles_nothing() {
    let mut failed_while_sending = 0;
    for blocks in (8..).step_by(4) {
        let server = Server::builder().start();
        // At this rate every letter is claimed and committed on its own.
        let campaign = Campaign::new().people(6).smtp(&server).set("smtp.rate", "99/s");
        let run = with_room_for(&campaign, blocks, &["send", "--yes", "--json"]);
        if run.status == Some(0) {
            break;
        }
        run.exits(4).says(&["the ledger", "error"]);
        let before = server.taken().len() as u64;
        if run.stdout.contains("summary") {
            failed_while_sending += usize::from(before > 1);
            let [due, accepted, deferred, refused, in_doubt, _] = run.counts();
            assert_eq!(
                (due, refused, accepted + deferred + in_doubt),
                (6, 0, 6),
                "every letter is named"
            );
            assert!(
                (accepted..=accepted + in_doubt).contains(&before),
                "{before} taken:\n{}",
                run.stdout
            );
        } else {
            assert_eq!(before, 0, "nothing leaves that cannot be written down first");
        }
        let campaign = campaign.set("smtp.rate", "unlimited");
        let again = campaign.send_json(&[]);
        for told in run
            .outcomes()
            .iter()
            .filter_map(|outcome| outcome.strip_suffix(" accepted"))
        {
            assert_eq!(
                again.letter_to(told)["reason"],
                "already-accepted",
                "{told} was told as accepted, with {blocks} blocks"
            );
        }
        assert_eq!(server.taken_twice(), [""; 0], "with {blocks} blocks");
        let [accepted, deferred, refused, in_doubt, due] = campaign.standing();
        assert_eq!(
            (accepted + in_doubt, deferred, refused, due),
            (6, 0, 0, 0),
            "with {blocks} blocks"
        );
        assert!(in_doubt <= 1, "{in_doubt} in doubt on one connection");
    }
    assert!(failed_while_sending > 1, "no run ran out of room on its way");
}

#[test]
fn a_disk_that_is_full_while_a_killed_run_is_looked_after_spoils_nothing() {
    let server = Server::builder().on(Step::FinalDot).letter(3).stall().start();
    let campaign = Campaign::new().people(5).smtp(&server);
    let run = campaign.spawn(&["send", "--yes", "-q"]);
    server.wait_for_stalls(1);
    run.kill();
    let (state, kept) = (campaign.root().join("state/appel"), campaign.root().join("kept"));
    copy(&state, &kept);
    let mut failed = 0;
    for blocks in (4..).step_by(4) {
        copy(&kept, &state);
        let run = with_room_for(&campaign, blocks, &["status"]);
        if run.status == Some(0) {
            break;
        }
        failed += 1;
        run.exits(4);
        assert_eq!(campaign.standing(), [2, 0, 0, 1, 2], "with {blocks} blocks");
    }
    assert!(failed > 1, "the disk was never full");
}

#[test]
fn what_a_killed_run_left_open_is_not_shown_as_due_when_the_lock_cannot_be_had() {
    let server = Server::builder().on(Step::FinalDot).letter(2).stall().start();
    // The letter that stalls is the last, so that no other has begun.
    let campaign = Campaign::new().people(2).smtp(&server);
    let run = campaign.spawn(&["send", "--yes"]);
    run.wait_for_words("1/2  accepted");
    server.wait_for_stalls(1);
    run.kill();
    let lock = campaign.root().join("state/appel/ledger.sqlite3.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    campaign
        .appel(&["status"])
        .exits(4)
        .says(&["the ledger", "cannot be opened"]);
    fs::remove_dir(&lock).unwrap();
    assert_eq!(campaign.standing(), [1, 0, 0, 1, 0]);
}

#[test]
fn the_ledger_is_readable_by_its_owner_only() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&[]).exits(0);
    campaign.send(&["--out", "out"]).exits(0);
    campaign.appel(&["rehearse", "--keep", "kept"]).exits(0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut folders = vec![campaign.root().join("state/appel"), campaign.path("kept")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files >= 3, "the ledger, the log and a letter, but there are {files}");
}

#[test]
fn a_ledger_that_cannot_be_written_stops_the_run_before_anything_leaves() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    fs::write(campaign.root().join("state/appel"), "a file where a folder should be").unwrap();
    campaign
        .send(&[])
        .exits(4)
        .says(&["the ledger", "cannot be opened", "state/appel"]);
    campaign.send(&["--ledger", "."]).exits(4).says(&["the ledger"]);
    campaign
        .send(&["--ledger", "recipients.csv/ledger"])
        .exits(4)
        .says(&["the ledger"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_file_that_is_no_ledger_is_left_as_it_is() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .smtp(&server)
        .file("notes.txt", "My notes. ".repeat(500));
    let run = campaign.send(&["--ledger", "notes.txt"]);
    run.exits(4).says(&["is damaged, or is not a ledger"]);
    assert_eq!(
        fs::read_to_string(campaign.path("notes.txt")).unwrap(),
        "My notes. ".repeat(500)
    );

    let other = rusqlite::Connection::open(campaign.path("other.sqlite3")).unwrap();
    other.execute_batch("CREATE TABLE photo (name TEXT)").unwrap();
    drop(other);
    campaign
        .send(&["--ledger", "other.sqlite3"])
        .exits(4)
        .says(&["the database of another program"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_truncated_ledger_is_said_and_never_guessed_at() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(200).smtp(&server);
    campaign.send(&["-q"]).exits(0);
    let whole = fs::read(campaign.ledger()).unwrap();
    let state = campaign.root().join("state/appel");
    let campaign = campaign.people(201);
    let mut said = 0;
    for pages in 1..whole.len() / 4096 {
        fs::remove_dir_all(&state).unwrap();
        fs::create_dir(&state).unwrap();
        fs::write(campaign.ledger(), &whole[..pages * 4096]).unwrap();
        let run = campaign.send(&["-q"]);
        assert!(run.status == Some(4), "cut to {pages} pages: {run:?}");
        run.says(&["damaged", "do not delete it"]);
        said += 1;
    }
    assert!(said > 5);
    assert_eq!(
        server.taken().len(),
        200,
        "no letter leaves when it is not known what left before"
    );
}

#[test]
fn a_ledger_of_a_newer_program_is_not_written() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&[]).exits(0);
    let db = rusqlite::Connection::open(campaign.ledger()).unwrap();
    db.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(db);
    let campaign = campaign.people(2);
    campaign
        .send(&[])
        .exits(4)
        .says(&["written by a newer version", "update appel"]);
    campaign.appel(&["status"]).exits(4);
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn a_copy_of_the_folder_sends_nothing_again() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    campaign.send(&[]).exits(0);
    for file in ["config.toml", "recipients.csv", "templates/protest.en.hbs"] {
        campaign.put(&format!("copy/{file}"), fs::read(campaign.path(file)).unwrap());
    }
    campaign
        .send(&["-c", "copy/config.toml"])
        .exits(0)
        .prints(&["2 letters were accepted earlier"]);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn a_ledger_can_be_kept_wherever_one_likes() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&["--ledger", "mine/ledger.db"]).exits(0);
    assert!(campaign.path("mine/ledger.db").exists() && !campaign.ledger().exists());
    campaign
        .send(&["--ledger", "mine/ledger.db"])
        .exits(0)
        .prints(&["Nothing is due."]);
    campaign
        .appel(&["status", "--ledger", "mine/ledger.db"])
        .exits(0)
        .prints(&["1  accepted"]);
    assert_eq!(server.taken().len(), 1);
    campaign
        .send(&["--ledger", "postgres://somewhere/appel"])
        .exits(2)
        .says(&["PostgreSQL"]);
}

#[test]
fn two_campaigns_and_two_senders_do_not_share_what_was_sent() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&[]).exits(0);
    let campaign = campaign.set("campaign.id", "other");
    assert_eq!(campaign.send_json(&[]).counts(), accepted(1));
    let campaign = campaign.set("sender.email", "bob@home.example");
    assert_eq!(campaign.send_json(&[]).counts(), accepted(1));
    assert_eq!(campaign.standing()[0], 1, "of this campaign and sender");
    assert_eq!((server.taken().len(), server.taken_twice().len()), (3, 0));
}

#[test]
fn the_daily_limit_counts_what_left_in_the_last_day() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .people(5)
        .smtp(&server)
        .set_toml("smtp.daily-limit", "2");
    let run = campaign.send_json(&[]);
    run.exits(1).says(&[
        "5 letters, of which smtp.daily-limit lets 2 leave now",
        "smtp.daily-limit is reached: 3 letters not sent",
        "Run `appel send` again after 2026-11-26 10:00 UTC (in about 24 hours)",
    ]);
    assert_eq!(run.counts(), [5, 2, 3, 0, 0, 0]);
    let campaign = campaign.now("2026-11-26T09:59:00Z");
    let run = campaign.send_json(&[]);
    run.exits(1)
        .says(&["The next can leave after 10:00 UTC (in 60 seconds)"]);
    assert_eq!(run.counts(), [3, 0, 3, 0, 0, 2]);
    let campaign = campaign.now("2026-11-26T10:00:00Z");
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [3, 2, 1, 0, 0, 2]);
    let campaign = campaign.now("2026-11-28T00:00:00Z");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), [1, 1, 0, 0, 0, 4]);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (5, 0));
}

#[test]
fn the_daily_limit_counts_every_campaign_of_one_sender_and_no_other_senders() {
    let server = Server::builder().start();
    let limited = |campaign: Campaign| campaign.people(2).smtp(&server).set_toml("smtp.daily-limit", "3");
    let campaign = limited(Campaign::new());
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
    let campaign = campaign.set("campaign.id", "other");
    assert_eq!(campaign.send_json(&[]).exits(1).counts(), [2, 1, 1, 0, 0, 0]);
    let campaign = campaign.set("sender.email", "bob@home.example");
    assert_eq!(campaign.send_json(&[]).exits(0).counts(), accepted(2));
}

#[test]
fn send_says_when_it_will_end_before_it_begins() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(4).smtp(&server).set("smtp.rate", "30/h");
    let mut run = campaign.spawn(&["send", "--yes"]);
    run.wait_for_words("4 letters, about 7 minutes at this pace, until 10:06 UTC.");
    server.wait_for_letters(1);
    run.interrupt();
    run.wait().exits(130);
}

#[test]
fn the_clock_set_back_is_said_and_the_letters_leave_all_the_same() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(1).smtp(&server);
    campaign.send(&[]).exits(0);
    let campaign = campaign.people(2).now("2026-11-24T08:30:00Z");
    let words =
        "the clock of this computer says 2026-11-24 08:30 UTC, but the ledger has a letter from 2026-11-25 10:00 UTC";
    let run = campaign.send(&[]);
    run.exits(0).says(&[words, "check the date and time"]);
    let said = run.stderr.find(words).unwrap();
    assert!(
        said < run.stderr.find("1/1  accepted").unwrap(),
        "before anything leaves"
    );
    let letter = String::from_utf8(server.taken().remove(1).data).unwrap();
    assert!(letter.contains("Date: Tue, 24 Nov 2026 08:30:00 +0000\r\n"), "{letter}");

    let unsaid = |campaign: &Campaign| {
        let run = campaign.send(&[]);
        assert!(!run.exits(0).stderr.contains("the clock"), "{}", run.stderr);
    };
    // Nothing is due; it is the very second of the newest letter; the letter was another sender's.
    unsaid(&campaign);
    let campaign = campaign.people(3).now("2026-11-25T10:00:00Z");
    unsaid(&campaign);
    let campaign = campaign
        .now("2026-11-24T08:30:00Z")
        .set("sender.email", "bob@home.example");
    unsaid(&campaign);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (6, 0));
}

#[test]
fn the_clock_set_back_or_forward_does_not_change_the_date_of_a_letter_tried_before() {
    let server = Server::builder()
        .on(Step::FinalDot)
        .times(2)
        .reply("451 4.3.0 later")
        .start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&[]).exits(1);
    let campaign = campaign.now("2026-11-20T08:00:00Z");
    campaign.send(&[]).exits(1).says(&["the clock of this computer"]);
    let campaign = campaign.now("2036-11-20T08:00:00Z");
    let run = campaign.send(&[]);
    assert!(!run.exits(0).stderr.contains("the clock"), "{}", run.stderr);
    let letter = String::from_utf8(server.taken().remove(0).data).unwrap();
    assert!(letter.contains("Date: Wed, 25 Nov 2026 10:00:00 +0000\r\n"), "{letter}");
}

#[test]
fn the_clock_set_back_gives_the_daily_limit_nothing_away() {
    let server = Server::builder().start();
    let campaign = Campaign::new()
        .people(4)
        .smtp(&server)
        .set_toml("smtp.daily-limit", "2");
    campaign.send(&[]).exits(1);
    for earlier in ["2026-11-25T09:00:00Z", "2026-11-20T09:00:00Z", "2020-01-01T00:00:00Z"] {
        let run = campaign.command(&["send", "--yes", "--json"]);
        let run = Running::start(with_clock(run, earlier)).wait();
        run.exits(1)
            .says(&["the clock of this computer", "smtp.daily-limit is reached"]);
        assert_eq!(run.counts(), [2, 0, 2, 0, 0, 2]);
    }
    assert_eq!(server.taken().len(), 2);
}

fn with_clock(mut command: Command, now: &str) -> Command {
    command.env("APPEL_NOW", now);
    command
}

#[test]
fn a_log_that_cannot_be_written_is_said_and_stops_nothing() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    fs::create_dir_all(campaign.root().join("state/appel")).unwrap();
    fs::write(campaign.root().join("state/appel/log"), "in the way").unwrap();
    campaign.send(&[]).exits(0).says(&["no log is written"]);
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn a_resend_keeps_the_date_of_the_first_attempt() {
    let server = Server::builder()
        .on(Step::FinalDot)
        .times(1)
        .reply("451 4.3.0 later")
        .start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&[]).exits(1);
    let campaign = campaign.now("2026-11-27T08:00:00Z");
    campaign.send(&[]).exits(0);
    let letter = String::from_utf8(server.taken().remove(0).data).unwrap();
    assert!(letter.contains("Date: Wed, 25 Nov 2026 10:00:00 +0000\r\n"), "{letter}");
}

#[test]
fn the_one_file_that_is_the_ledger_knows_everything_when_the_run_is_over() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(300).smtp(&server);
    campaign.send(&[]).exits(0);
    fs::copy(campaign.ledger(), campaign.path("carried-over.sqlite3")).unwrap();
    campaign
        .send(&["--ledger", "carried-over.sqlite3"])
        .exits(0)
        .prints(&["300 letters were accepted earlier"]);
    assert_eq!(server.taken().len(), 300);
}

#[test]
fn a_run_on_another_computer_is_said_to_be_there_and_its_ledger_is_not_looked_into() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&[]).exits(0);
    let campaign = campaign.people(2);
    let path = campaign.root().join("state/appel/ledger.sqlite3.lock");
    assert_eq!(
        fs::read(&path).unwrap(),
        b"",
        "who let go of the lock is no longer named"
    );
    // Of all that is on the other computer, only this can be seen here.
    let held = fs::File::options().read(true).write(true).open(&path).unwrap();
    held.try_lock().unwrap();
    let theirs = "process 4711, since 2026-11-25 09:59:00 UTC\nstart of the machine: 0b39c1f2\n";
    fs::write(&path, theirs).unwrap();
    let there = "process 4711 on another computer, since 2026-11-25 09:59:00 UTC by its clock";
    for command in [&["send", "--yes"][..], &["send", "--dry-run"], &["status"], &["log"]] {
        campaign.appel(command).exits(4).says(&[there, "the drive lets go"]);
    }
    // It dies, and its words stay behind.
    drop(held);
    campaign.appel(&["status"]).exits(0);
    campaign.send(&[]).exits(0);
    assert_eq!((server.taken().len(), server.taken_twice().len()), (3, 0));
}

#[test]
fn the_lock_that_was_copied_with_its_folder_blocks_nobody() {
    let server = Server::builder().on(Step::Connect).times(1).stall().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    let run = campaign.spawn(&["send", "--yes", "-q"]);
    server.wait_for_stalls(1);
    let copied = campaign.path("copied");
    copy(&campaign.root().join("state/appel"), &copied);
    let lock = fs::read_to_string(copied.join("ledger.sqlite3.lock")).unwrap();
    assert!(lock.starts_with(&format!("process {}, since 2026", run.id())), "{lock}");
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    assert!(name.trim().len() < 3 || !lock.contains(name.trim()), "{lock}");
    // Nobody can tell what the run does with the letters that it had claimed when the copy was made.
    campaign
        .send(&["--ledger", "copied/ledger.sqlite3"])
        .exits(1)
        .prints(&["2 letters are in doubt and held"]);
    run.kill();
    assert_eq!(server.taken().len(), 0);
}

#[test]
fn a_ledger_that_another_program_keeps_to_itself_is_said_to_be_locked() {
    let server = Server::builder().start();
    let campaign = Campaign::new().smtp(&server);
    campaign.send(&[]).exits(0);
    let viewer = rusqlite::Connection::open(campaign.ledger()).unwrap();
    viewer.execute_batch("BEGIN IMMEDIATE").unwrap();
    campaign
        .send(&[])
        .exits(4)
        .says(&["another program has the ledger", "close what has it open"]);
    drop(viewer);
    campaign.send(&[]).exits(0);
}

#[test]
fn a_ledger_that_lacks_its_last_entries_is_said_and_sends_nothing() {
    let server = Server::builder().on(Step::FinalDot).letter(3).stall().start();
    let campaign = Campaign::new().people(3).smtp(&server);
    let run = campaign.spawn(&["send", "--yes"]);
    run.wait_for_words("2/3  accepted");
    server.wait_for_stalls(1);
    run.kill();
    let (state, kept) = (campaign.root().join("state/appel"), campaign.root().join("kept"));
    copy(&state, &kept);
    assert_eq!(campaign.standing(), [2, 0, 0, 1, 0], "as long as nothing is missing");
    let spoil: [(&str, &dyn Fn()); 3] = [
        ("copied without its write-ahead file", &|| {
            fs::remove_file(state.join("ledger.sqlite3-wal")).unwrap();
        }),
        ("with a write-ahead file cut off", &|| {
            let wal = fs::File::options()
                .write(true)
                .open(state.join("ledger.sqlite3-wal"))
                .unwrap();
            wal.set_len(8 * 1048).unwrap();
        }),
        ("deleted", &|| fs::remove_file(state.join("ledger.sqlite3")).unwrap()),
    ];
    for (how, spoil) in spoil {
        copy(&kept, &state);
        spoil();
        for command in [&["status"][..], &["send", "--dry-run"], &["send", "--yes"]] {
            let run = campaign.appel(command);
            assert_eq!(run.status, Some(4), "{how}: {run:?}");
            run.says(&["lacks its last entries", "Bring back the newest one", ".marks"]);
        }
    }
    assert_eq!(server.taken().len(), 2);
}
