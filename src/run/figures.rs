//! Which figures letters said that were accepted: who has another one than today's, and how many have which.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use appel_core::address::Address;
use appel_core::campaign::{Campaign, LetterSpec};
use appel_core::facts::Fact;
use appel_core::letter::{LetterId, difference};
use appel_messages::msg;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::failure::{Place, Problem};
use crate::outbox::ledger::{LedgerError, LedgerReader, Received};

/// So many of those who have another figure are named.
pub const NAMED: usize = 10;
/// So many are kept to be named: some of them got today's figure later.
const MOST_NAMED: usize = 10_000;

/// What letters said of a fact: which letter, in which language, with which value.
pub type Said = (String, String, String);

/// Somebody who has another figure than today's.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    /// What their letter said.
    pub said: Said,
    /// Who.
    pub to: String,
}

/// Who has another figure than today's, of all senders in the ledger: whoever was told another one last.
#[derive(Debug, Default)]
pub struct Holders {
    /// How many letters said what.
    pub kinds: BTreeMap<Said, usize>,
    /// How many copies went with these letters, or after them.
    pub copies: usize,
    /// The first of them.
    pub first: Vec<Holder>,
    /// Letters of which it is not known what they said.
    pub unknown: usize,
}

impl Holders {
    /// How many letters.
    #[must_use]
    pub fn letters(&self) -> usize {
        self.kinds.values().sum()
    }
}

/// Odd times of facts: still to come, over within a day, or over although no letter of these says it (one that does cannot
/// be sent).
#[must_use]
pub fn odd_times(facts: &BTreeMap<String, Fact>, said: &BTreeSet<&str>, config: &str, now: Timestamp) -> Vec<Problem> {
    let minute = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let warning = |name: &str, key: &str, what| {
        Problem::warning(what).at(Place::file(config).field(format!("facts.{name}.{key}")))
    };
    let of_one = |(name, fact): (&String, &Fact)| {
        let later = fact.as_of.map(|(as_of, _)| as_of).filter(|as_of| *as_of > now);
        let later = later.map(|as_of| msg!("fact-as-of-later", name = name, as_of = minute(as_of)));
        let expires = fact.expires.and_then(|expires| {
            if expires <= now {
                let is_unused = !said.contains(name.as_str());
                return is_unused.then(|| msg!("fact-unused-out-of-date", name = name, expires = minute(expires)));
            }
            let soon = expires.duration_since(now) <= SignedDuration::from_hours(24);
            soon.then(|| msg!("fact-expires-soon", name = name, expires = minute(expires)))
        });
        let later = later.map(|what| warning(name, "as-of", what));
        later
            .into_iter()
            .chain(expires.map(|what| warning(name, "expires", what)))
    };
    facts.iter().flat_map(of_one).collect()
}

/// The facts that letters of a campaign say.
#[must_use]
pub fn said_by_letters(campaign: &Campaign) -> BTreeSet<&str> {
    let of_letter = |spec: &'_ std::sync::Arc<LetterSpec>| {
        let template = spec.template.clone();
        let languages = campaign.templates.languages(&template).iter();
        languages
            .filter_map(move |language| campaign.templates.get(&template, language))
            .collect::<Vec<_>>()
    };
    let templates = campaign.letters.iter().flat_map(of_letter);
    templates
        .flat_map(|template| template.facts.iter().map(String::as_str))
        .collect()
}

/// Who has another figure.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn holders(
    ledger: &mut dyn LedgerReader,
    campaign: &str,
    facts: &BTreeMap<String, Fact>,
    name: &str,
) -> Result<Holders, LedgerError> {
    let mut holders = Holders::default();
    let mut kinds: Vec<Said> = Vec::new();
    // By the letter's id that sender and recipient make with no letter: who it is, whichever letter it was.
    let mut told: HashMap<LetterId, (usize, usize)> = HashMap::new();
    let mut named: Vec<(LetterId, String)> = Vec::new();
    let mut each = |received: Received| {
        let record = &received.record;
        let Some(facts_said) = parsed(&received) else {
            holders.unknown += usize::from(record.copy_of.is_none());
            return;
        };
        if !facts_said.contains_key(name) {
            return;
        }
        let another = difference(facts, name, &record.language, &facts_said);
        if record.copy_of.is_some() {
            holders.copies += usize::from(another.is_some());
            return;
        }
        let (Ok(from), Ok(to)) = (Address::parse(&record.sender), Address::parse(&record.recipient)) else {
            return;
        };
        let who = LetterId::new(campaign, "", &from, &to);
        match another {
            None => drop(told.remove(&who)),
            Some(value) => {
                let said = (record.letter.clone(), record.language.clone(), value.to_owned());
                let kind = kinds.iter().position(|kind| *kind == said).unwrap_or_else(|| {
                    kinds.push(said);
                    kinds.len() - 1
                });
                told.insert(who, (kind, received.copies));
                if named.len() < MOST_NAMED {
                    named.push((who, record.recipient.clone()));
                }
            }
        }
    };
    ledger.received(campaign, &mut each).await?;
    for (kind, copies) in told.values() {
        *holders.kinds.entry(kinds[*kind].clone()).or_default() += 1;
        holders.copies += copies;
    }
    for (who, to) in named {
        if holders.first.len() == NAMED {
            break;
        }
        // Once each, also where two letters said it.
        if let Some((kind, _)) = told.remove(&who) {
            let said = kinds[kind].clone();
            holders.first.push(Holder { said, to });
        }
    }
    Ok(holders)
}

/// How many letters of a sender that were accepted said which value, of each fact in each language.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn said(
    ledger: &mut dyn LedgerReader,
    campaign: &str,
    sender: &Address,
) -> Result<BTreeMap<Said, usize>, LedgerError> {
    let mut all = BTreeMap::new();
    let mut each = |received: Received| {
        let record = &received.record;
        if record.copy_of.is_some() || !sender.is_spelled(&record.sender) {
            return;
        }
        for (name, value) in parsed(&received).unwrap_or_default() {
            if let Value::String(value) = value {
                *all.entry((name, record.language.clone(), value)).or_default() += 1;
            }
        }
    };
    ledger.received(campaign, &mut each).await?;
    Ok(all)
}

fn parsed(received: &Received) -> Option<Map<String, Value>> {
    serde_json::from_str(received.facts.as_deref()?).ok()
}
