//! The server's own list of what it took, held against the ledger.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::support::{Campaign, Run, Server, Step};

pub const SEND: &[&str] = &["send", "--yes", "--json", "-q"];
pub const RESEND: &[&str] = &["send", "--yes", "--json", "-q", "--resend-in-doubt"];
pub const LOOK: &[&str] = &["status", "--json"];

/// So many letters of each connection may be in doubt after a kill.
pub const MOST_IN_DOUBT: usize = 1;

/// A campaign to be sent, and how.
#[derive(Clone, Copy, Debug)]
pub struct Mailing {
    pub letters: usize,
    pub connections: usize,
    /// Whether the server takes several commands at once.
    pipelining: bool,
    /// Whether every letter goes to two more addresses.
    copies: bool,
    /// Whether the server puts a copy of one letter off, once, and takes the letter.
    copy_put_off: bool,
    /// Whether the server puts one letter off, the first time, and refuses another.
    troubled: bool,
    /// `smtp.rate`: when it gives time, each letter is claimed by itself.
    rate: &'static str,
}

/// Whom each letter goes to as well, with copies; the second one may be put off.
const COPIES: [&str; 2] = ["a@home.example", "b@home.example"];

/// The server of a troubled mailing puts this one off, once.
const PUT_OFF: &str = "m2@mfa.example";
/// And takes nothing for this one.
const REFUSED: &str = "m3@mfa.example";

impl fmt::Display for Mailing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let connections = if self.connections == 1 {
            "connection"
        } else {
            "connections"
        };
        write!(f, "{} {connections}, {} letters", self.connections, self.letters)?;
        let ways = [
            (!self.pipelining, "one by one"),
            (self.copies, "copies"),
            (self.copy_put_off, "one put off"),
            (self.troubled, "some deferred or refused"),
            (self.rate != "unlimited", "paced"),
        ];
        ways.iter()
            .filter(|(is, _)| *is)
            .try_for_each(|(_, way)| write!(f, ", {way}"))
    }
}

impl Mailing {
    pub const fn new(letters: usize, connections: usize) -> Self {
        Self {
            letters,
            connections,
            pipelining: true,
            copies: false,
            copy_put_off: false,
            troubled: false,
            rate: "unlimited",
        }
    }

    /// To a server that takes one command at a time.
    pub const fn one_by_one(self) -> Self {
        Self {
            pipelining: false,
            ..self
        }
    }

    pub const fn copies(self) -> Self {
        Self { copies: true, ..self }
    }

    /// With copies, one of which is put off.
    pub const fn copy_put_off(self) -> Self {
        Self {
            copy_put_off: true,
            ..self.copies()
        }
    }

    pub const fn troubled(self) -> Self {
        Self { troubled: true, ..self }
    }

    pub const fn paced(self) -> Self {
        Self { rate: "99/s", ..self }
    }

    /// A server for it, and the campaign itself.
    pub fn scene(self) -> (Server, Campaign) {
        let mut server = Server::builder();
        if !self.pipelining {
            server = server.without("PIPELINING");
        }
        if self.troubled {
            server = server.on(Step::FinalDot).to(PUT_OFF).times(1).reply("451 4.3.0 later");
            server = server.on(Step::Rcpt).to(REFUSED).reply("550 5.1.1 nobody here");
        }
        if self.copy_put_off {
            let rule = server.on(Step::Rcpt).to(COPIES[1]).letter(2).times(1);
            server = rule.reply("450 4.2.0 Greylisted");
        }
        let server = server.start();
        let campaign = Campaign::in_memory()
            .people(self.letters)
            .smtp(&server)
            .set("smtp.rate", self.rate)
            .set_toml("smtp.connections", &self.connections.to_string());
        if !self.copies {
            return (server, campaign);
        }
        let letter =
            "[[letter]]\nid = \"protest\"\nto = [\"ministry\"]\ncc = [\"a@home.example\", \"b@home.example\"]\n";
        (server, campaign.letters(letter))
    }

    /// Whether a run may leave something for the next one although nothing happens to it.
    const fn puts_off(self) -> bool {
        self.troubled || self.copy_put_off
    }

    const fn addresses(self) -> usize {
        if self.copies { 3 } else { 1 }
    }

    /// The recipients, by name.
    pub fn people(self) -> impl Iterator<Item = String> {
        (1..=self.letters).map(|n| format!("m{n}@mfa.example"))
    }
}

/// What was learnt of a campaign's runs before the audit.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Whom a run told to be accepted.
    pub told: BTreeSet<String>,
    /// How often somebody was written to once more because a person asked for it.
    pub asked: BTreeMap<String, usize>,
}

impl Known {
    /// Takes down what a run told on stdout, of which the last line may be torn.
    pub fn hear(&mut self, run: &Run) {
        let events = run
            .stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let accepted = events.filter(|event| event["event"] == "letter" && event["outcome"] == "accepted");
        self.told
            .extend(accepted.filter_map(|event| event["to"].as_str().map(str::to_owned)));
    }

    /// These are sent again on request.
    pub fn ask(&mut self, people: &BTreeSet<String>) {
        for person in people {
            *self.asked.entry(person.clone()).or_default() += 1;
        }
    }
}

/// What was found in an audit after runs of which the last one went to its end.
#[derive(Debug, Default)]
pub struct Audit {
    /// Neither accepted nor in doubt, or accepted and not there: by name.
    pub lost: Vec<String>,
    /// At the server more often than a person asked for: by name.
    pub doubled: Vec<String>,
    /// Held for a person to decide.
    pub in_doubt: BTreeSet<String>,
    /// What the next run has to do.
    pub due: u64,
    /// Whatever else is not as it should be.
    pub wrong: Vec<String>,
}

/// Holds the server's list against `status --json` and `log --json`.
pub fn audit(mailing: Mailing, campaign: &Campaign, server: &Server, known: &Known) -> Audit {
    let mut audit = Audit::default();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for letter in server.taken() {
        if letter.to == COPIES[1..] {
            continue;
        }
        *taken.entry(letter.to[0].clone()).or_default() += 1;
        let without = usize::from(mailing.copy_put_off && letter.refused == COPIES[1..]);
        if letter.to.len() + without != mailing.addresses() {
            audit.wrong.push(format!("a letter left for {:?}", letter.to));
        }
    }
    let (mut last, copies) = last_outcomes(&campaign.appel(&["log", "--json"]));
    let mut refused = 0;
    let accepted = last.values().filter(|outcome| *outcome == "accepted").count();
    for person in mailing.people() {
        let times = taken.remove(&person).unwrap_or(0);
        if times > 1 + known.asked.get(&person).unwrap_or(&0) {
            audit.doubled.push(format!("{person}, {times} times"));
        }
        match last.remove(&person).as_deref() {
            Some("accepted") if times > 0 => {}
            Some("refused") if mailing.troubled && person == REFUSED && times == 0 => refused += 1,
            Some("in-doubt") if known.told.contains(&person) => {
                audit
                    .wrong
                    .push(format!("{person} is in doubt, but was told as accepted"));
            }
            Some("in-doubt") => {
                audit.in_doubt.insert(person);
            }
            other => audit.lost.push(format!(
                "{person}: {other:?} in the ledger, {times} times at the server"
            )),
        }
    }
    if !taken.is_empty() || !last.is_empty() {
        audit
            .wrong
            .push(format!("strangers: {taken:?} at the server, {last:?} in the ledger"));
    }
    let standing = campaign.standing();
    audit.due = standing[4];
    let in_log = [accepted as u64, 0, refused, audit.in_doubt.len() as u64, 0];
    if standing != in_log {
        audit.wrong.push(format!("{standing:?} by status, {in_log:?} by log"));
    }
    if mailing.copy_put_off {
        audit_copies(&mut audit, campaign, server, known, &copies);
    }
    audit
}

/// Every letter that the server took went to the copy that may be put off, with it or alone, and no more often than it was
/// asked for; or the ledger says why not.
fn audit_copies(
    audit: &mut Audit,
    campaign: &Campaign,
    server: &Server,
    known: &Known,
    copies: &BTreeMap<String, String>,
) {
    let status = campaign.status();
    let count = |key: &str| status[key].as_u64().unwrap_or_default();
    audit.due += count("copies_due");
    let mut letters: BTreeMap<String, (String, usize)> = BTreeMap::new();
    for letter in server.taken() {
        let id = letter.message_id.clone().unwrap_or_default();
        let (person, times) = letters.entry(id).or_default();
        *times += letter.to.iter().filter(|to| *to == COPIES[1]).count();
        if letter.to[0] != COPIES[1] {
            person.clone_from(&letter.to[0]);
        }
    }
    let (mut missing, mut in_doubt) = (0, 0);
    for (id, (person, times)) in letters {
        let name = format!("a copy of that to {person}");
        let asked = known.asked.get(&person).unwrap_or(&0) + known.asked.get(&name).unwrap_or(&0);
        if times > 1 + asked {
            audit.doubled.push(format!("{name}, {times} times"));
        }
        match copies.get(&id).map(String::as_str) {
            Some("in-doubt") => {
                in_doubt += 1;
                audit.in_doubt.insert(name);
            }
            Some("accepted") if times == 0 => audit.lost.push(name),
            _ if times == 0 && !audit.in_doubt.contains(&person) => missing += 1,
            _ => {}
        }
    }
    // What is missing is put off, and due.
    if [count("copies_deferred"), count("copies_due"), count("copies_in_doubt")] != [missing, missing, in_doubt] {
        audit
            .wrong
            .push(format!("{missing} copies missing, {in_doubt} in doubt: {status}"));
    }
}

/// Each letter's last outcome in `log --json`, by recipient; and that of each copy that went its own way, by Message-ID.
fn last_outcomes(log: &Run) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let word = |attempt: &serde_json::Value, key: &str| attempt[key].as_str().unwrap_or_default().to_owned();
    let attempts = log.exits(0).json_events();
    let (copies, letters): (Vec<_>, Vec<_>) = attempts.iter().partition(|attempt| !attempt["copy_id"].is_null());
    let by = |attempts: Vec<_>, key: &str| {
        let outcome = |attempt| (word(attempt, key), word(attempt, "outcome"));
        attempts.into_iter().map(outcome).collect()
    };
    (by(letters, "to"), by(copies, "message_id"))
}

/// Sends the rest, audits, and sends at last, on request, what is in doubt.
pub fn finish(mailing: Mailing, campaign: &Campaign, server: &Server, mut known: Known) -> Audit {
    let send = |known: &mut Known, arguments| {
        let run = campaign.appel(arguments);
        known.hear(&run);
        let found = audit(mailing, campaign, server, known);
        (run, found)
    };
    let (mut run, mut found) = send(&mut known, SEND);
    // What the server deferred is sent by the run after that.
    if mailing.puts_off() && found.due > 0 {
        (run, found) = send(&mut known, SEND);
    }
    let expected = i32::from(!found.in_doubt.is_empty());
    if run.status != Some(expected) && !mailing.troubled {
        found.wrong.push(format!("not {expected}: {run:?}"));
    }
    if found.in_doubt.is_empty() {
        return found;
    }
    known.ask(&found.in_doubt);
    let (mut run, mut after) = send(&mut known, RESEND);
    if mailing.puts_off() && after.due > 0 {
        (run, after) = send(&mut known, SEND);
    }
    if !after.in_doubt.is_empty() || (run.status != Some(0) && !mailing.troubled) {
        found
            .wrong
            .push(format!("still in doubt: {:?}: {run:?}", after.in_doubt));
    }
    found.lost.extend(after.lost);
    found.doubled.extend(after.doubled);
    found.wrong.extend(after.wrong);
    found
}
