//! Postfix's `smtp-sink`: it can be as old, as slow and as unwilling as no real server wants to be.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    daemon::{Daemon, is_root, open_folder, program, read, servers},
    letters::{assert_same, by_message_id, hard_campaign, without, written},
    provider::Access,
    support::{Campaign, accepted},
};

/// What smtp-sink writes above each letter that it keeps.
const TRACE: [&str; 6] = [
    "X-Client-Addr",
    "X-Client-Proto",
    "X-Helo-Args",
    "X-Mail-Args",
    "X-Rcpt-Args",
    "Received",
];

struct Sink {
    daemon: Daemon,
    port: u16,
    folder: TempDir,
}

impl Sink {
    fn start(servers: &Path, options: &[&str]) -> Self {
        let folder = open_folder();
        let kept = folder.path().join("kept");
        fs::create_dir(&kept).expect("a folder of ours");
        // It keeps letters under another user's name.
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o777)).expect("a folder of ours");
        let (daemon, [port]) = Daemon::start(folder.path(), |[port]| {
            let mut command = program(servers, "usr/sbin/smtp-sink");
            if is_root() {
                command.args(["-u", "nobody"]);
            }
            command.arg("-v").args(options).arg("-d").arg(kept.join("letter."));
            command.arg(format!("127.0.0.1:{port}")).arg("100");
            command
        });
        Self { daemon, port, folder }
    }

    /// Its commands, one a line, and what it says about itself.
    fn conversation(&self) -> Vec<String> {
        let said = self.daemon.output();
        said.lines()
            .filter_map(|line| Some(line.split_once("smtp-sink: ")?.1.to_owned()))
            .collect()
    }

    fn heard(&self, command: &str) -> usize {
        self.conversation()
            .iter()
            .filter(|line| line.split(' ').next() == Some(command))
            .count()
    }

    fn kept(&self) -> Vec<String> {
        let folder = fs::read_dir(self.folder.path().join("kept")).expect("a folder of ours");
        let files: Vec<PathBuf> = folder.map(|file| file.expect("a file of ours").path()).collect();
        files.iter().map(|path| read(path)).collect()
    }

    /// The letters as the client wrote them, by Message-ID.
    fn letters(&self) -> BTreeMap<String, String> {
        let kept = self.kept();
        let letters: BTreeMap<_, _> = kept
            .iter()
            .map(|text| {
                // smtp-sink ends each of them with an empty line of its own.
                let text = text.strip_suffix('\n').unwrap_or(text);
                by_message_id(without(text, &TRACE))
            })
            .collect();
        assert_eq!(letters.len(), kept.len(), "a letter arrived twice");
        letters
    }
}

impl Campaign {
    fn sink(self, sink: &Sink) -> Self {
        self.at(&Access::open(sink.port)).set_toml("smtp.connections", "1")
    }
}

/// Nine hard letters, each with a copy, to a sink with these options.
#[track_caller]
fn takes_the_hard_campaign_whole(options: &[&str]) -> Option<Sink> {
    let sink = Sink::start(&servers()?, options);
    let campaign = hard_campaign().sink(&sink);
    let written = written(&campaign);
    assert_eq!(written.len(), 9);

    let run = campaign.send_json(&[]);

    run.exits(0);
    assert_eq!(run.counts(), accepted(9));
    assert_same(&sink.letters(), &written);
    for kept in sink.kept() {
        assert!(kept.contains("\nX-Helo-Args: [127.0.0.1]\n"), "{kept}");
        assert!(kept.contains("\nX-Mail-Args: <ann@home.example>"), "{kept}");
        assert_eq!(kept.matches("\nX-Rcpt-Args: <").count(), 2, "{kept}");
    }

    campaign.send(&[]).exits(0);
    assert_eq!(sink.kept().len(), 9, "a second run sends nothing");
    Some(sink)
}

#[test]
fn letters_and_their_envelopes_arrive_as_they_were_written() {
    let Some(sink) = takes_the_hard_campaign_whole(&[]) else {
        return;
    };
    assert_eq!(sink.heard("EHLO"), 1, "one connection for nine letters");
    assert_eq!(sink.heard("QUIT"), 1);
}

#[test]
fn letters_arrive_whole_at_a_server_from_before_ehlo() {
    let Some(sink) = takes_the_hard_campaign_whole(&["-e"]) else {
        return;
    };
    assert_eq!(sink.heard("HELO"), 1);
}

#[test]
fn letters_arrive_whole_at_a_server_that_refuses_ehlo() {
    let Some(sink) = takes_the_hard_campaign_whole(&["-f", "EHLO"]) else {
        return;
    };
    assert_eq!(sink.heard("HELO"), 1);
}

#[test]
fn letters_arrive_whole_at_a_server_without_pipelining_or_8bitmime() {
    takes_the_hard_campaign_whole(&["-p", "-8"]);
}

#[test]
fn letters_arrive_whole_through_an_old_firewall_that_hides_esmtp() {
    takes_the_hard_campaign_whole(&["-P"]);
}

#[test]
fn ten_connections_bring_each_of_two_hundred_letters_once() {
    let Some(servers) = servers() else { return };
    let sink = Sink::start(&servers, &[]);
    let campaign = Campaign::new()
        .people(200)
        .sink(&sink)
        .set_toml("smtp.connections", "10");
    let written = written(&campaign);

    let run = campaign.send_json(&[]);

    run.exits(0);
    assert_eq!(run.counts(), accepted(200));
    assert_same(&sink.letters(), &written);
    assert!(sink.heard("EHLO") <= 10, "no more connections than allowed");
}

#[test]
fn a_slow_server_is_waited_for() {
    let Some(servers) = servers() else { return };
    // Without -p it would read DATA before it has answered RCPT.
    let sink = Sink::start(&servers, &["-p", "-w", "1", "-W", "RCPT:1"]);
    let campaign = Campaign::new().sink(&sink);

    let run = campaign.send_json(&[]);

    run.exits(0);
    assert_eq!(run.counts(), accepted(1));
}

/// Three letters to a sink with these options; then `later` once more, to a sink that takes everything.
struct Unwilling {
    exit: i32,
    counts: [u64; 6],
    /// How many arrive when the next run finds a willing server.
    later: usize,
}

#[track_caller]
fn unwilling(options: &[&str], expected: &Unwilling) {
    let Some(servers) = servers() else { return };
    let sink = Sink::start(&servers, options);
    let campaign = Campaign::new().people(3).sink(&sink);

    let run = campaign.send_json(&[]);

    run.exits(expected.exit);
    assert_eq!(run.counts(), expected.counts, "{}", run.stdout);
    assert_eq!(run.letters().len(), 3, "every letter by name:\n{}", run.stdout);
    let willing = Sink::start(&servers, &[]);
    let campaign = campaign.sink(&willing);
    campaign.send_json(&[]).exits(0);
    assert_eq!(willing.letters().len(), expected.later);
}

#[test]
fn letters_whose_recipients_are_all_refused_in_words_that_name_none_are_due_again() {
    unwilling(
        &["-f", "RCPT"],
        &Unwilling {
            exit: 4,
            counts: [3, 0, 3, 0, 0, 0],
            later: 3,
        },
    );
}

#[test]
fn letters_that_are_all_refused_at_data_are_due_again() {
    unwilling(
        &["-f", "DATA"],
        &Unwilling {
            exit: 4,
            counts: [3, 0, 3, 0, 0, 0],
            later: 3,
        },
    );
}

#[test]
fn letters_that_are_all_refused_after_the_final_dot_are_due_again() {
    unwilling(
        &["-f", "."],
        &Unwilling {
            exit: 4,
            counts: [3, 0, 3, 0, 0, 0],
            later: 3,
        },
    );
}

#[test]
fn a_letter_deferred_at_any_step_leaves_with_the_next_run() {
    for step in ["MAIL", "RCPT", "DATA", "."] {
        unwilling(
            &["-r", step],
            &Unwilling {
                exit: 1,
                counts: [3, 0, 3, 0, 0, 0],
                later: 3,
            },
        );
    }
}

#[test]
fn a_server_that_shuts_down_with_421_before_the_end_of_a_letter_loses_none() {
    for step in ["MAIL", "RCPT", "DATA", "."] {
        unwilling(
            &["-Q", step],
            &Unwilling {
                exit: 1,
                counts: [3, 0, 3, 0, 0, 0],
                later: 3,
            },
        );
    }
}

#[test]
fn a_server_that_hangs_up_before_the_final_dot_loses_none() {
    for step in ["MAIL", "RCPT", "DATA"] {
        unwilling(
            &["-q", step],
            &Unwilling {
                exit: 1,
                counts: [3, 0, 3, 0, 0, 0],
                later: 3,
            },
        );
    }
}

#[test]
fn a_server_that_refuses_the_sender_ends_the_run() {
    let Some(servers) = servers() else { return };
    let sink = Sink::start(&servers, &["-f", "MAIL"]);
    let campaign = Campaign::new().people(5).sink(&sink);
    campaign.send(&[]).exits(4).says(&["500 5.3.0 Error: command failed"]);
    assert_eq!(sink.heard("MAIL"), 4, "four refusals are enough");
}

#[test]
fn a_server_that_takes_no_connections_ends_the_run() {
    let Some(servers) = servers() else { return };
    let sink = Sink::start(&servers, &["-f", "CONNECT"]);
    let campaign = Campaign::new().people(3).sink(&sink);
    campaign.send(&[]).exits(4).says(&["500 5.3.0 Error: command failed"]);
    assert_eq!(campaign.standing(), [0, 0, 0, 0, 3], "everything is still due");
}

#[test]
fn a_letter_whose_final_dot_is_not_answered_is_in_doubt_and_leaves_again_only_when_told_to() {
    let Some(servers) = servers() else { return };
    let sink = Sink::start(&servers, &["-q", "."]);
    let campaign = Campaign::new().people(2).sink(&sink);
    let written = written(&campaign);

    let run = campaign.send_json(&[]);

    run.exits(1);
    assert_eq!(run.counts(), [2, 0, 0, 0, 2, 0], "{}", run.stdout);
    let willing = Sink::start(&servers, &[]);
    let campaign = campaign.sink(&willing);
    campaign.send(&[]).exits(1);
    assert_eq!(willing.heard("MAIL"), 0, "held");
    campaign.send(&["--resend-in-doubt"]).exits(0);
    assert_same(&willing.letters(), &written);
}

#[test]
fn a_server_that_answers_550_instead_of_reading_the_letter_has_not_taken_it() {
    let Some(servers) = servers() else { return };
    let sink = Sink::start(&servers, &["-A", "1"]);
    let campaign = Campaign::new().people(1).sink(&sink);
    let run = campaign.send_json(&[]);
    run.exits(4).says(&["550 This violates SMTP"]);
    assert_eq!(run.letter_to("m1@mfa.example")["code"], 550);
    assert_eq!(campaign.standing(), [0, 1, 0, 0, 1], "it is due again");
}
