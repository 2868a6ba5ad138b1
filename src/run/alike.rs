//! How alike the letters of a run are, for `check`: those of one campaign, those to one office, and those of several
//! senders to one office.
//!
//! Of each letter in each language a few are compared, however many there are: those with the smallest ids, which come by
//! chance and are the same at each check. So a list of any length costs a few hundred comparisons.

use std::collections::BTreeMap;

use appel_core::campaign::OwnWords;
use appel_core::letter::likeness::{self, ALIKE, LEAST, Shingles, ratio};
use appel_core::letter::variants::takes_own_words;
use appel_core::letter::{Letter, LetterId, Text};
use appel_core::place::Language;
use appel_core::words::visible_line;
use appel_messages::{Value, msg};
use jiff::Timestamp;

use super::compose::Composer;
use crate::failure::{Place, Problem};

/// Letters compared of each kind.
const OF_A_KIND: usize = 24;
/// Kinds of letter, each in each language.
const MOST_KINDS: usize = 200;
/// Offices that get several letters.
const MOST_OFFICES: usize = 200;
/// Letters compared of one office.
const OF_AN_OFFICE: usize = 10;
/// Senders that are made up, where letters choose among variants.
const SENDERS: u8 = 16;
/// So few letters of one sender, in which there is a place for their own words, are nothing to speak of: an embassy and a
/// ministry.
const FEW: usize = 2;
/// Paragraphs that are quoted, and how many characters of each.
const QUOTED: usize = 3;
const LONGEST_QUOTE: usize = 60;

/// A letter of the campaign in one language.
type Kind = (String, Language);

/// What was seen of a run's letters.
#[derive(Default)]
pub struct Alike {
    kinds: BTreeMap<Kind, Sample>,
    /// By the address: what it gets.
    offices: BTreeMap<[u8; 16], Vec<(Kind, String)>>,
}

/// Some letters of one kind.
#[derive(Default)]
struct Sample {
    count: usize,
    texts: BTreeMap<LetterId, String>,
    /// What other senders would write to the office of its first letter.
    of_others: Vec<String>,
}

/// Why letters are said to be alike, the worse first.
struct Found {
    kind: Kind,
    /// The other letter, where they are of two kinds.
    other: Option<String>,
    likeness: f64,
    letters: usize,
    paragraphs: Vec<String>,
}

impl Alike {
    /// Sees one more letter of the run.
    pub fn see(&mut self, composer: &Composer, letter: &Letter, text: &Text, date: Timestamp) {
        let kind = (letter.spec.id.clone(), letter.language.clone());
        if composer.input.campaign.letters.len() > 1 {
            self.see_office(letter, &kind, text);
        }
        if !self.kinds.contains_key(&kind) {
            if self.kinds.len() >= MOST_KINDS {
                return;
            }
            let ids = (0..SENDERS).map(|nth| other_id(&letter.id, nth));
            let of_others = composer.as_others(letter, ids, date);
            let sample = Sample {
                of_others: of_others.into_iter().map(|text| text.body).collect(),
                ..Sample::default()
            };
            self.kinds.insert(kind.clone(), sample);
        }
        let Some(sample) = self.kinds.get_mut(&kind) else {
            return;
        };
        sample.count += 1;
        keep(&mut sample.texts, letter.id, OF_A_KIND, || text.body.clone());
    }

    fn see_office(&mut self, letter: &Letter, kind: &Kind, text: &Text) {
        // The same for all letters to one address, and by chance.
        let key = *LetterId::new("", "", &letter.envelope.to, &letter.envelope.to).as_bytes();
        keep(&mut self.offices, key, MOST_OFFICES, Vec::new);
        if let Some(letters) = self
            .offices
            .get_mut(&key)
            .filter(|letters| letters.len() < OF_AN_OFFICE)
        {
            letters.push((kind.clone(), text.body.clone()));
        }
    }

    /// What is worth saying of them: of each sort of likeness once.
    #[must_use]
    pub fn problems(&self, composer: &Composer) -> Vec<Problem> {
        let campaign = &composer.input.campaign;
        let at = |kind: &Kind| {
            let spec = campaign.letters.iter().find(|spec| spec.id == kind.0)?;
            let template = campaign.templates.get(&spec.template, &kind.1)?;
            Some(Place::file(&template.file))
        };
        let mut problems = Vec::new();
        let mut say = |mut found: Vec<Found>, say: &dyn Fn(&Found, Value, usize) -> Problem| {
            found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness));
            if let Some(worst) = found.first() {
                let problem = say(worst, quoted(&worst.paragraphs), found.len() - 1);
                problems.push(match at(&worst.kind) {
                    Some(place) => problem.at(place),
                    None => problem,
                });
            }
        };
        let (of_campaign, of_senders) = self.kinds(composer);
        say(of_campaign, &|found, paragraphs, more| {
            let (letter, language) = &found.kind;
            Problem::warning(msg!(
                "letters-alike",
                letter = letter,
                language = language.to_string(),
                letters = found.letters,
                percent = percent(found.likeness),
                paragraphs = paragraphs,
                more = more,
            ))
        });
        say(of_senders, &|found, paragraphs, more| {
            let (letter, language) = &found.kind;
            Problem::warning(msg!(
                "letters-alike-of-senders",
                letter = letter,
                language = language.to_string(),
                percent = percent(found.likeness),
                paragraphs = paragraphs,
                more = more,
            ))
        });
        say(self.of_offices(), &|found, paragraphs, more| {
            let (letter, language) = &found.kind;
            Problem::warning(msg!(
                "letters-alike-to-office",
                letter = letter,
                other = found.other.as_deref().unwrap_or_default(),
                language = language.to_string(),
                offices = found.letters,
                percent = percent(found.likeness),
                paragraphs = paragraphs,
                more = more,
            ))
        });
        problems
    }

    /// The letters of the campaign that are alike; and those that several senders would write to one office.
    fn kinds(&self, composer: &Composer) -> (Vec<Found>, Vec<Found>) {
        let (mut of_campaign, mut of_senders) = (Vec::new(), Vec::new());
        for (kind, sample) in &self.kinds {
            let among = |texts: Vec<&str>| {
                let (likeness, paragraphs) = compare(&texts)?;
                Some(Found {
                    kind: kind.clone(),
                    other: None,
                    likeness,
                    letters: sample.count,
                    paragraphs,
                })
            };
            if sample.of_others.len() > 1 {
                of_senders.extend(among(sample.of_others.iter().map(String::as_str).collect()));
            } else if sample.count > FEW || !asks_for_words(composer, kind) {
                of_campaign.extend(among(sample.texts.values().map(String::as_str).collect()));
            }
        }
        (of_campaign, of_senders)
    }

    fn of_offices(&self) -> Vec<Found> {
        // By the two letters: how alike they are in each office.
        let mut pairs: BTreeMap<(&Kind, &str), Vec<f64>> = BTreeMap::new();
        let mut quotes: BTreeMap<(&Kind, &str), Vec<String>> = BTreeMap::new();
        for letters in self.offices.values() {
            for (at, (kind, text)) in letters.iter().enumerate() {
                for (other, other_text) in &letters[at + 1..] {
                    if other.0 == kind.0 || other.1 != kind.1 {
                        continue;
                    }
                    let Some((likeness, paragraphs)) = measure(&[text, other_text]) else {
                        continue;
                    };
                    // One pair, whichever row has which first.
                    let key = if kind.0 <= other.0 {
                        (kind, other.0.as_str())
                    } else {
                        (other, kind.0.as_str())
                    };
                    pairs.entry(key).or_default().push(likeness);
                    quotes.entry(key).or_insert(paragraphs);
                }
            }
        }
        let found = pairs.into_iter().filter_map(|(key, likenesses)| {
            let likeness = likenesses.iter().sum::<f64>() * ratio(1, likenesses.len());
            (likeness >= ALIKE).then(|| Found {
                kind: key.0.clone(),
                other: Some(key.1.to_owned()),
                likeness,
                letters: likenesses.len(),
                paragraphs: quotes.remove(&key).unwrap_or_default(),
            })
        });
        found.collect()
    }
}

/// Keeps what has the smallest keys.
fn keep<K: Ord, V>(kept: &mut BTreeMap<K, V>, key: K, most: usize, make: impl FnOnce() -> V) {
    if kept.contains_key(&key) || (kept.len() >= most && kept.last_key_value().is_some_and(|(last, _)| key > *last)) {
        return;
    }
    kept.insert(key, make());
    if kept.len() > most {
        kept.pop_last();
    }
}

/// The id that this letter might have from another sender.
fn other_id(id: &LetterId, nth: u8) -> LetterId {
    let mut bytes = *id.as_bytes();
    bytes[15] ^= nth;
    LetterId::from_bytes(bytes)
}

/// Whether a letter has a place for the sender's own words, which a check does not know.
fn asks_for_words(composer: &Composer, (id, language): &Kind) -> bool {
    let campaign = &composer.input.campaign;
    let spec = campaign.letters.iter().find(|spec| spec.id == *id);
    spec.is_some_and(|spec| {
        spec.own_words == OwnWords::Required || takes_own_words(&campaign.templates, &spec.template, language)
    })
}

/// How alike these are, each compared with each, when that is worth saying; and which paragraphs make it.
fn compare(texts: &[&str]) -> Option<(f64, Vec<String>)> {
    measure(texts).filter(|(likeness, _)| *likeness >= ALIKE)
}

fn measure(texts: &[&str]) -> Option<(f64, Vec<String>)> {
    let said: Vec<&str> = texts.iter().map(|text| likeness::said(text)).collect();
    let all: Vec<Shingles> = said.iter().map(|text| Shingles::of(text)).collect();
    if all.len() < 2 || all.iter().any(|shingles| shingles.count() < LEAST) {
        return None;
    }
    let (mut sum, mut pairs) = (0.0, 0);
    for (at, one) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            sum += one.likeness(other);
            pairs += 1;
        }
    }
    // Of the first letter: what stands in nearly all others; where nothing does, what stands in most.
    let mut shared: Vec<(usize, bool, &str)> = likeness::paragraphs(said[0])
        .filter_map(|paragraph| {
            let shingles = Shingles::of(paragraph);
            let others = all[1..].iter().map(|other| shingles.shared(other)).sum::<usize>();
            let most = shingles.count() * (all.len() - 1);
            // What is a variant stands in some of the others only.
            (most > 0 && others > 0).then_some((others, others * 5 >= most * 4, paragraph))
        })
        .collect();
    shared.sort_by_key(|(others, mostly, _)| std::cmp::Reverse((*mostly, *others)));
    let mostly = shared.iter().filter(|(_, mostly, _)| *mostly).count();
    let quotes = shared
        .into_iter()
        .take(mostly.clamp(1, QUOTED))
        .map(|(_, _, paragraph)| quote(paragraph));
    Some((sum * ratio(1, pairs), quotes.collect()))
}

/// The first words of a paragraph.
fn quote(paragraph: &str) -> String {
    let line = visible_line(&paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    match line.char_indices().nth(LONGEST_QUOTE) {
        None => format!("\"{line}\""),
        Some((cut, _)) => {
            let whole = line[..cut].rsplit_once(' ').map_or(&line[..cut], |(whole, _)| whole);
            format!("\"{whole} …\"")
        }
    }
}

fn quoted(paragraphs: &[String]) -> Value {
    Value::list(paragraphs.iter().map(String::as_str))
}

/// In whole percent, never rounded up: half is half.
fn percent(likeness: f64) -> usize {
    // From 0 to 100.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let percent = (likeness * 100.0 + 1e-9) as usize;
    percent
}
