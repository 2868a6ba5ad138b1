//! A campaign whose letters are hard to carry, and how to tell whether they arrived as they left.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::{daemon::read, support::Campaign};

/// Everything that mail servers are known to trip over: dots that begin lines (one alone, two, one with text), "From "
/// that begins a line, a line longer than any may be, spaces at the end, an empty line at the end, and other scripts.
const HARD: &str = "Subject: {{campaign.title}} \u{2014} Жаңаөзен, 石油労働者, \u{1f6e2}\n\n{{recipient.salutation}}\n\n\
    .\n..\n.dot\nFrom here on, \nthree spaces:   \n\ttab\n=3D is no code\n\
    Здравствуйте, ваше превосходительство! L’été, «où», ﷽\n\
    LONG\n\
    {{sender.name}}\n\n";

/// Three letters to three ministries each: plain and hard, Markdown with its HTML, and one with a file of every byte.
/// Each has a copy.
pub fn hard_campaign() -> Campaign {
    let long = "every word of this line is too many, ".repeat(60);
    let every_byte: Vec<u8> = (0..=u8::MAX).cycle().take(5000).collect();
    Campaign::new()
        .set("campaign.title", "Free them")
        .set("sender.name", "Änn Ëxample")
        .letters(
            "[[letter]]\nid = \"hard\"\nto = [\"ministry\"]\n\
             [[letter]]\nid = \"marked\"\nto = [\"ministry\"]\nformat = \"markdown\"\n\
             [[letter]]\nid = \"filed\"\nto = [\"ministry\"]\nattach = [\"files/every byte é.bin\"]\n",
        )
        .letter("hard", "en", &HARD.replace("LONG", &long))
        .letter(
            "marked",
            "en",
            "Subject: Marked\n\n# {{recipient.name}}\n\n*Free* <them> & \"us\":\n\n- one\n- .two\n",
        )
        .letter(
            "filed",
            "en",
            "Subject: Filed\n\n.\n{{recipient.salutation}}, enclosed is what we know.\n",
        )
        .file("files/every byte é.bin", every_byte)
        .recipients(
            "ministry,\"Ministry, of \"\"Oil\"\"\",m1@mfa.example,,,copy1@mfa.example,Your Excellency\n\
             ministry,Министерство,m2@mfa.example,,,copy2@mfa.example,Exzellenz Müller\n\
             ministry,,m3@mfa.example,,,copy3@mfa.example,Excellency\n",
        )
}

/// What `send --out` writes, as text files are kept where lines end in LF; by Message-ID.
pub fn written(campaign: &Campaign) -> BTreeMap<String, String> {
    campaign.appel(&["send", "--out", "out"]).exits(0);
    let folder = fs::read_dir(campaign.path("out")).expect("what was written");
    folder
        .map(|file| {
            let bytes = fs::read(file.expect("a file of ours").path()).expect("a file of ours");
            let text = String::from_utf8(bytes).expect("a letter is ASCII");
            let bare = text.replace("\r\n", "").contains(['\r', '\n']);
            assert!(!bare, "a bare CR or LF in {text:?}");
            by_message_id(text.replace("\r\n", "\n"))
        })
        .collect()
}

/// What lies in a Maildir, without what its server put before it (`trace`); every copy of a letter has to be the same.
pub fn delivered(maildir: &Path, trace: &[&str]) -> BTreeMap<String, String> {
    let mut letters = BTreeMap::new();
    for path in files(maildir) {
        let text = fs::read_to_string(&path).expect("a letter is ASCII");
        let (id, letter) = by_message_id(without(&text, trace));
        if let Some(before) = letters.insert(id, letter.clone()) {
            assert_eq!(before, letter, "two copies differ");
        }
    }
    letters
}

/// The letters in a Maildir, or in all Maildirs of a folder, that were delivered whole.
pub fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if folder.ends_with("new") {
            found.insert(path);
        }
    }
    found
}

/// A letter that a server took, each time it did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrival {
    pub message_id: String,
    /// What its server called it from then on. A server that is killed between delivering a letter and noting that down
    /// delivers it once more when it is back, and that is its own affair: it took it once.
    pub taken_as: String,
}

/// What arrived in a Maildir, or in all Maildirs of a folder.
pub fn arrivals(maildir: &Path) -> BTreeSet<Arrival> {
    let arrival = |path: PathBuf| {
        let text = read(&path);
        if text.is_empty() {
            // OpenSMTPD's program that writes the file goes on by itself when its server is killed, and ends well with the
            // nothing that it got. The letter is in the queue still.
            return None;
        }
        let header = text.split_once("\n\n").map_or(&*text, |(header, _)| header);
        // A server that has a queue says by which name a letter was in it: `Received: … with ESMTPS id NAME`.
        let received = header.find("Received: ").map(|at| &header[at..]);
        let mut words = received
            .unwrap_or_default()
            .split_whitespace()
            .skip_while(|word| *word != "id");
        let name = words.nth(1).map(|name| name.trim_end_matches(';').to_owned());
        Some(Arrival {
            taken_as: name.unwrap_or_else(|| path.display().to_string()),
            message_id: by_message_id(text).0,
        })
    };
    files(maildir).into_iter().filter_map(arrival).collect()
}

/// A letter and its Message-ID.
pub fn by_message_id(text: String) -> (String, String) {
    let id = text
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix("Message-ID: "));
    let id = id.unwrap_or_else(|| panic!("no Message-ID in {text:?}"));
    (id.to_owned(), text)
}

/// Takes these header fields off the top, with the lines that continue them.
pub fn without(text: &str, trace: &[&str]) -> String {
    let mut rest = text;
    let mut in_trace = false;
    while let Some((line, after)) = rest.split_once('\n') {
        in_trace = if line.starts_with([' ', '\t']) {
            in_trace
        } else {
            line.split_once(':')
                .is_some_and(|(name, _)| trace.iter().any(|known| known.eq_ignore_ascii_case(name)))
        };
        if !in_trace {
            break;
        }
        rest = after;
    }
    rest.to_owned()
}

/// Compares letter by letter, so that a failure shows the one that differs.
#[track_caller]
pub fn assert_same(arrived: &BTreeMap<String, String>, written: &BTreeMap<String, String>) {
    assert_eq!(
        arrived.keys().collect::<Vec<_>>(),
        written.keys().collect::<Vec<_>>(),
        "which letters arrived"
    );
    for (id, letter) in written {
        assert_eq!(&arrived[id], letter, "{id}");
    }
}

/// Looks for a password in every file that a run could write: ledger, log, and what it forgot to tidy away.
#[track_caller]
pub fn assert_kept_nowhere(campaign: &Campaign, secret: &str) {
    let mut folders = vec![campaign.root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("a file of ours").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path).expect("a file of ours");
            let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "the password is in {}", path.display());
        }
    }
}
