//! Whom a correction goes to: those who were told another value of a fact than today's, as the ledger has it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::envelope::LetterId;
use crate::address::Address;
use crate::campaign::Campaign;
use crate::facts::Fact;
use crate::place::Language;

/// How many different sets of facts are kept apart by their words; those beyond are read each time.
const MOST_READ: usize = 10_000;

/// What a letter said of one fact, against today's value in that letter's language.
///
/// `None`: it said nothing of it, or what it says today. A fact that has no value in that language any more, or is gone,
/// is another one: nobody stands by the old one.
#[must_use]
pub fn difference<'f>(
    today: &BTreeMap<String, Fact>,
    fact: &str,
    language: &str,
    facts: &'f Map<String, Value>,
) -> Option<&'f str> {
    let said = facts.get(fact)?.as_str()?;
    let language = Language::parse(language).ok();
    let fact = today.get(fact).zip(language);
    let stays = fact.is_some_and(|(fact, language)| fact.value.get(&language) == Some(said));
    (!stays).then_some(said)
}

/// Of each letter that corrects a fact: to whom it goes. Sixteen bytes for each recipient who has an old value, and none in
/// a campaign that corrects nothing.
#[derive(Debug, Default)]
pub struct Corrections {
    letters: Vec<Correction>,
}

#[derive(Debug)]
struct Correction {
    /// The letter that corrects.
    letter: String,
    /// The letter that it follows, by whose ids recipients are known here.
    first: String,
    fact: String,
    /// Who was told another value last.
    told_another: HashSet<LetterId>,
    /// Who got the correction already.
    corrected: HashSet<LetterId>,
    /// What sets of facts say of this one, by the letter's language and their words.
    read: HashMap<(String, String), Option<bool>>,
}

impl Corrections {
    /// Of a campaign, before anything is known of its letters.
    #[must_use]
    pub fn of(campaign: &Campaign) -> Self {
        let letters = campaign.letters.iter().filter_map(|spec| {
            Some(Correction {
                letter: spec.id.clone(),
                first: spec.follows.clone()?,
                fact: spec.if_fact_was.clone()?,
                told_another: HashSet::new(),
                corrected: HashSet::new(),
                read: HashMap::new(),
            })
        });
        Self {
            letters: letters.collect(),
        }
    }

    /// Whether there is any.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// A letter of this sender's that was accepted, with its facts as the ledger keeps them: one after the other, in the
    /// order in which they left.
    pub fn hear(
        &mut self,
        campaign: &Campaign,
        sender: &Address,
        letter: &str,
        recipient: &Address,
        language: &str,
        facts: Option<&str>,
    ) {
        for correction in &mut self.letters {
            let id = LetterId::new(&campaign.id, &correction.first, sender, recipient);
            if correction.letter == letter {
                correction.corrected.insert(id);
            }
            match facts.and_then(|facts| correction.differs(campaign, language, facts)) {
                None => {}
                Some(true) => {
                    correction.told_another.insert(id);
                }
                Some(false) => {
                    correction.told_another.remove(&id);
                }
            }
        }
    }

    /// Whether a letter that corrects goes to whoever got this one.
    #[must_use]
    pub fn has(&self, letter: &str, first: LetterId) -> bool {
        let correction = self.letters.iter().find(|correction| correction.letter == letter);
        correction.is_some_and(|correction| correction.told_another.contains(&first))
    }

    /// Letters that corrected a fact, and whose readers were told yet another value last: which letter, which fact, and
    /// how many readers. They get it no second time.
    pub fn outdated(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.letters.iter().filter_map(|correction| {
            let again = correction.corrected.intersection(&correction.told_another).count();
            (again > 0).then_some((&*correction.letter, &*correction.fact, again))
        })
    }
}

impl Correction {
    /// Whether a letter with these facts told another value; `None` when it told none.
    fn differs(&mut self, campaign: &Campaign, language: &str, facts: &str) -> Option<bool> {
        let key = (language.to_owned(), facts.to_owned());
        if let Some(known) = self.read.get(&key) {
            return *known;
        }
        let read: Option<Map<String, Value>> = serde_json::from_str(facts).ok();
        let differs = read
            .filter(|facts| facts.get(&self.fact).is_some_and(Value::is_string))
            .map(|facts| difference(&campaign.facts, &self.fact, language, &facts).is_some());
        if self.read.len() < MOST_READ {
            self.read.insert(key, differs);
        }
        differs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::ByLanguage;
    use crate::testing::{address, given, letter};

    fn corrected() -> Campaign {
        let mut made = given().made();
        let campaign = std::sync::Arc::make_mut(&mut made.campaign);
        let mut correction = letter("correction", &["embassy"]);
        correction.follows = Some("protest".to_owned());
        correction.if_fact_was = Some("killed".to_owned());
        campaign.letters = vec![letter("protest", &["embassy"]).into(), correction.into()];
        let each = [("en", "at least 70"), ("fr", "au moins 70")];
        let each = each.map(|(language, text)| (Language::parse(language).unwrap(), text.to_owned()));
        let killed = Fact {
            value: ByLanguage::Each(each.into()),
            as_of: None,
            source: None,
            expires: None,
        };
        campaign.facts = [("killed".to_owned(), killed)].into();
        campaign.clone()
    }

    fn json(value: &str) -> String {
        format!("{{\"killed\":\"{value}\",\"wounded\":\"3\"}}")
    }

    #[test]
    fn a_correction_goes_to_whoever_was_told_another_value_last_in_the_language_of_that_letter() {
        let campaign = corrected();
        let me = address("me@home.example");
        let reader = address("a@x.example");
        let first = LetterId::new(&campaign.id, "protest", &me, &reader);
        // Each story is what one reader was told: the letter, its language, and its facts.
        let check = |story: &[(&str, &str, Option<&str>)], due: bool, outdated: usize| {
            let mut corrections = Corrections::of(&campaign);
            for (letter, language, facts) in story {
                // A letter to somebody else changes nothing.
                corrections.hear(
                    &campaign,
                    &me,
                    letter,
                    &address("b@x.example"),
                    "en",
                    Some(&json("at least 70")),
                );
                corrections.hear(&campaign, &me, letter, &reader, language, *facts);
            }
            assert_eq!(corrections.has("correction", first), due, "{story:?}");
            assert!(!corrections.has("protest", first));
            let again: usize = corrections.outdated().map(|(.., readers)| readers).sum();
            assert_eq!(again, outdated, "{story:?}");
        };
        let (old, new) = (json("at least 14"), json("at least 70"));
        let (old, new) = (Some(&*old), Some(&*new));
        check(&[], false, 0);
        check(&[("protest", "en", old)], true, 0);
        check(&[("protest", "en", new)], false, 0);
        // In French today's is another text.
        check(&[("protest", "fr", new)], true, 0);
        check(&[("protest", "fr-BE", Some(&json("au moins 70")))], false, 0);
        // A letter that says nothing of it, or of which nothing is known, changes nothing.
        check(&[("protest", "en", old), ("thanks", "en", Some("{}"))], true, 0);
        check(&[("protest", "en", old), ("thanks", "en", None)], true, 0);
        check(&[("protest", "en", None)], false, 0);
        check(&[("protest", "en", Some("no json"))], false, 0);
        // The last word counts, whichever letter said it.
        check(&[("protest", "en", old), ("thanks", "en", new)], false, 0);
        check(&[("protest", "en", new), ("thanks", "en", old)], true, 0);
        check(&[("protest", "en", old), ("correction", "en", new)], false, 0);
        // A correction that was sent, and is outdated itself.
        check(
            &[("protest", "en", old), ("correction", "en", Some(&json("20")))],
            true,
            1,
        );
        // Nobody stands by what has no text any more.
        check(&[("protest", "nl", Some(&json("minstens 70")))], true, 0);
    }
}
