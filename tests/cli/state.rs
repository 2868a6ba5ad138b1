//! The folder of ledger and log: what cannot be read there is said, and nothing is trusted that somebody else could
//! have put there.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{Campaign, Run, Running, Server, Step, as_nobody, give_back, take_away};

/// Any letter's number: it is said of no ledger that it knows none before it was read.
const LETTER: &str = "0123456789abcdef0123456789abcdef";

/// Every command that looks into the ledger.
const LOOKS: [&[&str]; 8] = [
    &["status"],
    &["status", "--json"],
    &["log"],
    &["log", "--json"],
    &["log", "--csv"],
    &["send", "--dry-run"],
    &["send", "--yes"],
    &["settle", LETTER, "--sent"],
];

fn state(campaign: &Campaign) -> PathBuf {
    campaign.root().join("state/appel")
}

fn beside(campaign: &Campaign, end: &str) -> PathBuf {
    state(campaign).join(format!("ledger.sqlite3{end}"))
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Two letters left, and a third is due.
fn sent(server: &Server) -> Campaign {
    let campaign = as_nobody(Campaign::new().people(2).smtp(server));
    campaign.send(&["-q"]).exits(0);
    campaign.people(3)
}

/// Each of them ends with exit code 4, says these words and prints nothing that could be taken for an answer.
#[track_caller]
fn all_refuse(campaign: &Campaign, more: &[&str], words: &[&str]) {
    for command in LOOKS.iter().chain(&[&["purge", "--yes"][..]]) {
        let run = campaign.appel(&[command, more].concat());
        assert!(run.status == Some(4) && run.stdout.is_empty(), "{command:?}: {run:#?}");
        run.says(words);
    }
    // Neither of these looks at what was sent.
    campaign.check(more).exits(0);
    campaign.preview(more).exits(0);
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_ledger_that_one_run_under_sudo_took_away_is_said_by_every_command() {
    let server = Server::builder().start();
    let campaign = sent(&server);
    let state = state(&campaign);
    for end in ["-wal", "-shm"] {
        // They are there while a run goes on, and after one was killed.
        fs::write(beside(&campaign, end), "").unwrap();
        give_back(&beside(&campaign, end));
    }
    let shown = state.display().to_string();
    for end in ["", ".marks", ".lock", "-wal", "-shm"] {
        let path = beside(&campaign, end);
        let fix = take_away(&path);
        all_refuse(
            &campaign,
            &[],
            &[
                "the ledger",
                "cannot be opened",
                &path.display().to_string(),
                fix,
                &shown,
            ],
        );
        give_back(&path);
    }
    let fix = take_away(&state);
    for command in LOOKS.iter().chain(&[&["purge", "--yes"][..]]) {
        let run = campaign.appel(command);
        assert!(run.status == Some(4) && run.stdout.is_empty(), "{command:?}: {run:#?}");
        run.says(&[fix, &shown]);
    }
    give_back(&state);
    // The folder above it, when there was none before.
    let above = state.parent().unwrap();
    take_away(above);
    all_refuse(&campaign, &[], &["the ledger", &above.display().to_string(), "run"]);
    give_back(above);
    assert_eq!(campaign.standing(), [2, 0, 0, 0, 1], "as soon as it is fixed");
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn what_is_no_file_in_the_place_of_the_ledger_is_said_by_every_command() {
    let server = Server::builder().start();
    let campaign = sent(&server);
    let kept = campaign.root().join("kept");
    for end in ["", ".marks", ".lock"] {
        let path = beside(&campaign, end);
        fs::rename(&path, &kept).unwrap();
        fs::create_dir(&path).unwrap();
        all_refuse(&campaign, &[], &["is a folder"]);
        fs::remove_dir(&path).unwrap();
        fifo(&path);
        all_refuse(&campaign, &[], &["is not a file"]);
        fs::remove_file(&path).unwrap();
        for target in [kept.as_path(), Path::new("nowhere"), &path] {
            symlink(target, &path).unwrap();
            all_refuse(&campaign, &[], &["is a link", "no link is followed"]);
            fs::remove_file(&path).unwrap();
        }
        fs::rename(&kept, &path).unwrap();
    }
    for end in ["-wal", "-shm", "-journal"] {
        let path = beside(&campaign, end);
        let is_there = fs::rename(&path, &kept).is_ok();
        symlink(campaign.path("config.toml"), &path).unwrap();
        all_refuse(&campaign, &[], &["is a link"]);
        fs::remove_file(&path).unwrap();
        if is_there {
            fs::rename(&kept, &path).unwrap();
        }
    }
    fs::hard_link(campaign.ledger(), &kept).unwrap();
    all_refuse(&campaign, &[], &["a hard link", "cp -p "]);
    fs::remove_file(&kept).unwrap();
    assert_eq!(campaign.standing(), [2, 0, 0, 0, 1]);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn a_named_ledger_that_cannot_be_read_is_said_too_and_one_that_is_not_there_is_noted() {
    let server = Server::builder().start();
    let campaign = sent(&server);
    let at = |name: &str| campaign.path(name);
    fs::create_dir(at("folder")).unwrap();
    fifo(&at("fifo"));
    symlink(at("nowhere/ledger"), at("away")).unwrap();
    symlink(at("loop"), at("loop")).unwrap();
    symlink(at("nowhere"), at("drive")).unwrap();
    for (name, words) in [
        ("folder", "is a folder"),
        ("fifo", "is not a file"),
        ("/dev/null", "is not a file"),
        ("away", "where there is nothing"),
        ("drive/ledger", "where there is nothing"),
        ("drive/sub/ledger", "where there is nothing"),
        ("loop", "leads to itself"),
        ("recipients.csv/ledger", "no folder"),
    ] {
        all_refuse(&campaign, &["--ledger", name], &["the ledger", words]);
    }
    let closed = at("closed");
    fs::create_dir(&closed).unwrap();
    fs::copy(campaign.ledger(), closed.join("ledger")).unwrap();
    let fix = take_away(&closed);
    let words = ["the ledger", "may not be read", fix];
    all_refuse(&campaign, &["--ledger", "closed/ledger"], &words);
    give_back(&closed);
    assert!(!at("nowhere").exists());

    for name in ["new.sqlite3", "no/such/folder/ledger"] {
        let words = format!("there is no ledger {name} yet");
        for command in [&["status"][..], &["log"], &["send", "--dry-run"]] {
            campaign
                .appel(&[command, &["--ledger", name]].concat())
                .exits(0)
                .says(&[&words]);
            assert!(!at(name).exists());
        }
    }
    // A link that leads to a ledger is as good as its own name.
    symlink(campaign.ledger(), at("link")).unwrap();
    campaign
        .appel(&["status", "--ledger", "link"])
        .exits(0)
        .prints(&["2  accepted"]);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn files_beside_a_named_ledger_are_not_followed_elsewhere_either() {
    let server = Server::builder().start();
    let campaign = as_nobody(Campaign::new().smtp(&server));
    for end in [".marks", ".lock", "-wal", "-shm"] {
        let (target, link) = (campaign.path("victim"), campaign.path(&format!("mine.sqlite3{end}")));
        for there in [true, false] {
            if there {
                fs::write(&target, "mine").unwrap();
                give_back(&target);
            } else {
                fs::remove_file(&target).unwrap();
            }
            symlink(&target, &link).unwrap();
            campaign
                .send(&["--ledger", "mine.sqlite3"])
                .exits(4)
                .says(&["is a link"]);
            assert_eq!(
                fs::read_to_string(&target).ok().as_deref(),
                there.then_some("mine"),
                "{end}"
            );
            fs::remove_file(&link).unwrap();
        }
    }
    // Where anybody may put files, only one's own count; where anybody may also take them away, none do.
    let open = campaign.path("open");
    fs::create_dir(&open).unwrap();
    give_back(&open);
    mode(&open, 0o1777);
    campaign.send(&["--ledger", "open/ledger"]).exits(0);
    mode(&open.join("ledger.lock"), 0o666);
    campaign
        .send(&["--ledger", "open/ledger"])
        .exits(4)
        .says(&["can write to", "chmod go-w"]);
    mode(&open.join("ledger.lock"), 0o600);
    mode(&open, 0o777);
    for command in [&["status"][..], &["send", "--yes"]] {
        let run = campaign.appel(&[command, &["--ledger", "open/ledger"]].concat());
        run.exits(4).says(&["take yours away", "chmod go-w"]);
    }
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn a_state_folder_that_others_can_write_or_own_is_refused_by_every_command_that_opens_something_in_it() {
    let server = Server::builder().start();
    let campaign = sent(&server);
    let state = state(&campaign);
    let fix = format!("chmod go-w {}", state.display());
    for open in [0o770, 0o702, 0o777, 0o1777] {
        mode(&state, open);
        all_refuse(&campaign, &[], &["other people on this computer can write to", &fix]);
        // The log is there, wherever the ledger is.
        for command in [&["send", "--yes"][..], &["purge", "--yes"]] {
            let run = campaign.appel(&[command, &["--ledger", "mine.sqlite3"]].concat());
            run.exits(4).says(&[&fix]);
        }
        campaign.appel(&["status", "--ledger", "mine.sqlite3"]).exits(0);
    }
    mode(&state, 0o700);
    if rustix::process::geteuid().is_root() {
        take_away(&state);
        mode(&state, 0o755);
        all_refuse(&campaign, &[], &["belongs to root", "sudo chown -R \"$USER\""]);
        give_back(&state);
    }
    // Nor may anybody put another folder in its place: one that knows of nothing sent.
    let above = state.parent().unwrap();
    mode(above, 0o777);
    all_refuse(&campaign, &[], &["everybody on this computer can put files into"]);
    mode(above, 0o1777);
    assert_eq!(campaign.standing(), [2, 0, 0, 0, 1]);
    mode(above, 0o755);
    for end in ["", ".marks", ".lock"] {
        mode(&beside(&campaign, end), 0o620);
        all_refuse(&campaign, &[], &["can write to", "chmod go-w", end]);
        mode(&beside(&campaign, end), 0o600);
    }
    // A link to a folder of one's own, on an encrypted drive, is that folder; without the drive it is nothing.
    let drive = campaign.root().join("drive");
    fs::rename(&state, &drive).unwrap();
    symlink(&drive, &state).unwrap();
    assert_eq!(campaign.standing(), [2, 0, 0, 0, 1]);
    mode(&drive, 0o777);
    all_refuse(&campaign, &[], &["can write to", "chmod go-w"]);
    mode(&drive, 0o700);
    fs::rename(&drive, campaign.root().join("unplugged")).unwrap();
    all_refuse(&campaign, &[], &["where there is nothing", "drive"]);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn root_does_not_use_the_state_folder_of_somebody_else() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("only root meets what is another's and can use it all the same: nothing to see here");
        return;
    }
    let server = Server::builder().start();
    let campaign = sent(&server).through(Vec::new());
    // Root's own account, and with it only the state folder is another's.
    for path in [campaign.account(), campaign.account().parent().unwrap().to_owned()] {
        std::os::unix::fs::chown(&path, Some(0), Some(0)).unwrap();
    }
    all_refuse(&campaign, &[], &["belongs to another user", "without sudo"]);
    assert_eq!(server.taken().len(), 2);
}

#[test]
fn the_log_is_written_through_no_link_and_purge_overwrites_nothing_that_one_leads_to() {
    let server = Server::builder().start();
    let campaign = as_nobody(Campaign::new().smtp(&server));
    campaign.send(&[]).exits(0);
    let folder = state(&campaign).join("log");
    let (log, victim) = (folder.join("test.jsonl"), campaign.path("victim"));
    let written = fs::read_to_string(&log).unwrap();
    fs::remove_file(&log).unwrap();
    fs::write(&victim, "mine").unwrap();
    give_back(&victim);

    let unharmed = |how: &str| assert_eq!(fs::read_to_string(&victim).unwrap(), "mine", "{how}");
    let not_purged = |campaign: &Campaign, words: &str| {
        let run = campaign.appel(&["purge", "--yes"]);
        run.exits(4)
            .says(&["the log cannot be erased, so nothing was removed", words]);
        assert_eq!(campaign.standing()[0], 1, "the records are there");
    };
    symlink(&victim, &log).unwrap();
    campaign.send(&[]).exits(0).says(&["no log is written", "is a link"]);
    unharmed("a link");
    not_purged(&campaign, "is a link");
    unharmed("a link");
    fs::remove_file(&log).unwrap();

    symlink(campaign.path("nowhere"), &log).unwrap();
    campaign.send(&[]).exits(0).says(&["no log is written"]);
    assert!(!campaign.path("nowhere").exists());
    not_purged(&campaign, "is a link");
    fs::remove_file(&log).unwrap();

    fs::hard_link(&victim, &log).unwrap();
    campaign.send(&[]).exits(0).says(&["no log is written", "a hard link"]);
    not_purged(&campaign, "a hard link");
    unharmed("a hard link");
    fs::remove_file(&log).unwrap();

    fs::write(&log, &written).unwrap();
    give_back(&log);
    take_away(&log);
    campaign.send(&[]).exits(0).says(&["no log is written", "test.jsonl"]);
    not_purged(&campaign, "test.jsonl");
    give_back(&log);
    let fix = take_away(&folder);
    campaign.send(&[]).exits(0).says(&["no log is written", fix]);
    not_purged(&campaign, fix);
    give_back(&folder);

    let elsewhere = campaign.root().join("elsewhere");
    fs::rename(&folder, &elsewhere).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    campaign.send(&[]).exits(0).says(&["no log is written", "is a link"]);
    not_purged(&campaign, "is a link");
    assert_eq!(fs::read_to_string(elsewhere.join("test.jsonl")).unwrap(), written);
    fs::remove_file(&folder).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();
    campaign.appel(&["purge", "--yes"]).exits(0).prints(&["and the log"]);
    assert!(!log.exists());
}

#[test]
fn a_ledger_on_a_drive_that_can_only_be_read_is_said_to_be() {
    let server = Server::builder().start();
    let campaign = Campaign::new().people(2).smtp(&server);
    campaign.send(&["-q"]).exits(0);
    let state = state(&campaign).display().to_string();
    let mut through = vec!["unshare".to_owned(), "--mount".to_owned()];
    if !rustix::process::geteuid().is_root() {
        through.extend(["--user", "--map-root-user"].map(str::to_owned));
    }
    let script = r#"mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd . && exec "$@""#;
    through.extend(["--", "/bin/sh", "-c", script].map(str::to_owned));
    through.push(state);
    let campaign = campaign.through(through);
    let there = Running::start(campaign.other_command(Path::new("/bin/true"), &[])).wait();
    if there.status != Some(0) {
        let required = std::env::var_os("APPEL_TEST_SERVERS").is_some_and(|name| !name.is_empty());
        let root = rustix::process::geteuid().is_root();
        assert!(!(root && required), "nothing can be mounted here: {}", there.stderr);
        eprintln!("left out: nothing can be mounted here: {}", there.stderr);
        return;
    }
    let words = ["the ledger", "is on a drive that can only be read", "--ledger PATH"];
    all_refuse(&campaign, &[], &words);
}

#[test]
fn an_account_file_that_others_can_write_is_refused_by_every_command_that_reads_it() {
    let server = Server::builder().start();
    let campaign = as_nobody(Campaign::new().smtp(&server));
    campaign.send(&[]).exits(0);
    let account = campaign.account();
    let folder = account.parent().unwrap();
    let commands = [&["check"][..], &["preview"], &["rehearse"], &["purge", "--yes"]];
    let refused = |words: &[&str]| {
        for command in LOOKS.iter().chain(&commands) {
            let run: Run = campaign.appel(command);
            assert_eq!(run.status, Some(3), "{command:?}: {run:#?}");
            run.says(words);
        }
        campaign.appel(&["check", "--json"]).exits(3).prints(words);
    };
    for open in [0o660, 0o602, 0o666] {
        mode(&account, open);
        refused(&["can write to", &format!("chmod 600 {}", account.display())]);
    }
    mode(&account, 0o600);
    for open in [0o770, 0o777] {
        mode(folder, open);
        refused(&["can write to", &format!("chmod go-w {}", folder.display())]);
    }
    mode(folder, 0o700);
    let named = campaign.path("named.toml");
    fs::copy(&account, &named).unwrap();
    give_back(&named);
    campaign.check(&["--account", "named.toml"]).exits(0);
    mode(&named, 0o606);
    campaign
        .check(&["--account", "named.toml"])
        .exits(3)
        .says(&["can write to"]);
    if rustix::process::geteuid().is_root() {
        mode(&named, 0o644);
        std::os::unix::fs::chown(&named, Some(12345), None).unwrap();
        campaign
            .check(&["--account", "named.toml"])
            .exits(3)
            .says(&["belongs to another user"]);
        // What root set up for everybody is as good as one's own.
        std::os::unix::fs::chown(&named, Some(0), None).unwrap();
        campaign.check(&["--account", "named.toml"]).exits(0);
    }
    campaign.send(&[]).exits(0).prints(&["accepted earlier"]);
    assert_eq!(server.taken().len(), 1);
}

#[test]
fn an_account_file_that_cannot_be_read_is_not_left_aside() {
    let server = Server::builder().start();
    let campaign = as_nobody(Campaign::new().smtp(&server).in_folder());
    let account = campaign.account();
    let folder = account.parent().unwrap().to_owned();
    fs::write(&account, "[sender]\nname = \"Bob\"\nemail = \"bob@home.example\"\n").unwrap();
    give_back(&account);
    give_back(&folder);
    let refused = |how: &str, words: &str| {
        for command in LOOKS.iter().chain(&[&["check"][..], &["purge", "--yes"]]) {
            let run = campaign.appel(command);
            assert!(run.status == Some(3), "{how}, {command:?}: {run:#?}");
            run.says(&[words, "config.toml"]);
        }
    };
    for path in [&account, &folder] {
        take_away(path);
        refused("taken away", "cannot be read");
        give_back(path);
    }
    fs::remove_file(&account).unwrap();
    symlink("nowhere", &account).unwrap();
    refused("a link that leads nowhere", "there is no ");
    assert_eq!(server.connections(), 0);
}

#[test]
fn no_other_program_of_the_same_user_can_look_into_the_memory_of_a_run() {
    let server = Server::builder().on(Step::Mail).hold().start();
    let campaign = as_nobody(Campaign::new().smtp(&server));
    let run = campaign.spawn(&["send", "--yes"]);
    server.wait_for_holds(1);
    let look = |id: u32| {
        let file = format!("if=/proc/{id}/mem");
        let there = Running::start(campaign.other_command(Path::new("/bin/dd"), &[&file, "count=0"])).wait();
        there.status == Some(0)
    };
    let other = campaign.other_command(Path::new("/bin/sleep"), &["60"]).spawn();
    let mut other = other.unwrap();
    let begun = std::time::Instant::now();
    while !look(other.id()) {
        // The way to its own user takes it a moment.
        assert!(
            begun.elapsed().as_secs() < 60,
            "not even another program can be looked into"
        );
    }
    let (_, seen) = (other.kill(), look(run.id()));
    other.wait().unwrap();
    assert!(!seen, "the memory of a run can be opened");
    server.release();
    run.wait().exits(0);
}
