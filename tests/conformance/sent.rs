//! What every case sent, once for all tests: written to files, rehearsed, and on the wire.

use std::{
    fs,
    path::Path,
    sync::{LazyLock, Mutex},
};

use crate::{
    case::{self, Case},
    support::{Campaign, Server, Taken},
};

/// A case, and what came of it.
pub struct Sent {
    pub case: Case,
    /// What a server took in runs that came before.
    pub earlier: Vec<Taken>,
    pub letters: Vec<Taken>,
    /// What went wrong on the way: what a run said, or what the server minded.
    pub wrong: Vec<String>,
}

/// A letter by itself, for those who judge letters.
pub struct Mail {
    /// Of its file: the case, and its number there.
    pub name: String,
    pub bytes: Vec<u8>,
}

static SENT: LazyLock<Vec<Sent>> = LazyLock::new(|| {
    let sent = in_two(case::all(), send);
    let mut sent = sent;
    sent.sort_by(|one, other| one.case.name.cmp(&other.case.name));
    sent
});

/// Every case.
pub fn all() -> &'static [Sent] {
    &SENT
}

/// Every letter of every case, and those of the example for six senders.
pub fn mails() -> Vec<Mail> {
    let mut mails: Vec<Mail> = all()
        .iter()
        .flat_map(|sent| {
            let mail = |(number, letter): (usize, &Taken)| Mail {
                name: format!("{}-{}.eml", sent.case.name, number + 1),
                bytes: letter.data.clone(),
            };
            sent.letters.iter().enumerate().map(mail)
        })
        .collect();
    if std::env::var_os("APPEL_CASE").is_none() {
        mails.extend(example());
    }
    mails
}

/// The letters that `appel new` begins with, as six people would send them.
fn example() -> Vec<Mail> {
    let senders = [
        ("BE", "fr"),
        ("GB", "en"),
        ("DE", "de"),
        ("ES", "es"),
        ("NL", "nl"),
        ("KZ", "ru"),
    ];
    let letters = senders.into_iter().flat_map(|(country, language)| {
        let campaign = Campaign::example();
        let account = campaign.account();
        fs::create_dir_all(account.parent().expect("a file is in a folder")).expect("a folder of ours");
        let sender = format!(
            "[sender]\nname = \"Zoë Example\"\nemail = \"zoe@home.example\"\ncountry = \"{country}\"\n\
             language = \"{language}\"\ncity = \"Luvessa\"\n"
        );
        fs::write(account, sender).expect("a file of ours");
        campaign.appel(&["send", "--out", "out"]).exits(0);
        let mail = move |(number, bytes)| Mail {
            name: format!("example-{language}-{}.eml", number + 1),
            bytes,
        };
        files(&campaign.path("out")).into_iter().enumerate().map(mail)
    });
    letters.collect()
}

/// The letters in a folder, sorted by their bytes.
pub fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder of letters");
    let mut files: Vec<Vec<u8>> = entries
        .map(|entry| fs::read(entry.expect("an entry of a folder").path()).expect("a letter"))
        .collect();
    files.sort_unstable();
    files
}

/// What each of these becomes, two at a time.
pub fn in_two<T: Send, U: Send>(each: Vec<T>, become_: impl Fn(T) -> U + Sync) -> Vec<U> {
    let (next, done) = (Mutex::new(each.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let one = next.lock().expect("nobody panics with it").next();
                    let Some(one) = one else { return };
                    let it = become_(one);
                    done.lock().expect("nobody panics with it").push(it);
                }
            });
        }
    });
    done.into_inner().expect("nobody panicked with it")
}

fn send(case: Case) -> Sent {
    match std::panic::catch_unwind(|| runs(&case)) {
        Ok((earlier, letters, wrong)) => Sent {
            case,
            earlier,
            letters,
            wrong,
        },
        Err(panic) => Sent {
            case,
            earlier: Vec::new(),
            letters: Vec::new(),
            wrong: vec![words(&*panic)],
        },
    }
}

fn runs(case: &Case) -> (Vec<Taken>, Vec<Taken>, Vec<String>) {
    let server = Server::builder().start();
    let campaign = case.campaign(server.port());
    case.prepare(&campaign);
    let earlier = server.taken();

    case.run(&campaign, &["send", "--out", "out"]).exits(0);
    case.run(&campaign, &["rehearse", "--keep", "kept"]).exits(0);
    case.run(&campaign, &["send", "--yes"]).exits(0);

    let letters = server.taken().split_off(earlier.len());
    let mut wrong = server.violations();
    let mut sent: Vec<&[u8]> = letters.iter().map(|letter| &*letter.data).collect();
    sent.sort_unstable();
    if files(&campaign.path("out")) != sent {
        wrong.push("send --out has other bytes than the wire".to_owned());
    }
    // A rehearsal knows of no earlier run, and has no follow-up to send.
    if case.expect.before.is_empty() && files(&campaign.path("kept")) != sent {
        wrong.push("a rehearsal has other bytes than the wire".to_owned());
    }
    (earlier, letters, wrong)
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().cloned();
    words
        .or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned()))
        .unwrap_or_default()
}
