//! The first pass over a run: every letter due is written once, before anything is asked or sent.

use std::collections::BTreeMap;

use appel_core::address::Address;
use appel_core::letter::Text;
use appel_core::letter::sameness::Compared;
use appel_core::letter::{Decision, Letter, Over, Rules, Skip};
use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use jiff::Timestamp;

use super::compose::Composer;
use super::leaving::Leaving;
use super::planning::{Found, Planning, choose};
use crate::failure::{Failure, Place, Problem, Problems};
use crate::input::bounded;
use crate::input::config::MOST_ATTACHED;
use crate::outbox::ledger::LedgerReader;

/// How many problems of single letters a run shows; `appel check` shows all.
pub const SHOWN_PROBLEMS: usize = 50;
/// How many letters are shown one by one.
pub const SHOWN_LETTERS: usize = 25;

/// What a run will do.
#[derive(Debug, Default)]
pub struct Preflight {
    /// Letters due.
    pub due: usize,
    /// Of each letter in each language.
    pub kinds: BTreeMap<(String, String), usize>,
    /// The first letters, for a table: letter, recipient, language, copies.
    pub first: Vec<[String; 4]>,
    /// The first address of a letter due, To or copy, that is only good for examples.
    pub for_examples: Option<Address>,
    /// Copies and attachments.
    pub leaving: Leaving,
    /// The first letters that are held back because an address has had enough.
    pub over: Vec<Held>,
    /// Copies due that their letters left without.
    pub copies: usize,
    /// Letters left out, by reason.
    pub skipped: BTreeMap<Skip, usize>,
    /// Copies left out that their letters left without, by reason.
    pub skipped_copies: BTreeMap<Skip, usize>,
    /// The first letters that the server refused earlier: which letter of the campaign, and its To.
    pub refused: Vec<(String, Address)>,
    /// The same of copies that their letters left without.
    pub refused_copies: Vec<(String, Address)>,
    /// Letters due that want their sender's own words, by the letter's id; not those that left before, with theirs.
    pub want_words: BTreeMap<String, usize>,
    /// What was found of each letter, for a second pass.
    pub found: Found,
    /// Letters that cannot be written.
    impossible: usize,
}

/// A letter that is held back for a while.
#[derive(Debug)]
pub struct Held {
    /// Which letter of the campaign.
    pub letter: String,
    /// Its To.
    pub to: Address,
    /// Which address has had enough, and until when.
    pub over: Over,
}
/// After so many letters that cannot be written nobody needs the others to know that something is wrong.
const HOPELESS: usize = 10_000;

impl Preflight {
    /// How many are left out for one reason.
    #[must_use]
    pub fn skipped(&self, reason: Skip) -> usize {
        self.skipped.get(&reason).copied().unwrap_or(0)
    }

    /// How many copies are left out for one reason.
    #[must_use]
    pub fn skipped_copies(&self, reason: Skip) -> usize {
        self.skipped_copies.get(&reason).copied().unwrap_or(0)
    }

    /// Letters and copies that are held back because an address has had enough.
    #[must_use]
    pub fn held_back(&self) -> usize {
        self.skipped(Skip::AddressLimit) + self.skipped_copies(Skip::AddressLimit)
    }

    /// How many letters want their sender's own words, and the ids of those letters; `None` when none does.
    #[must_use]
    pub fn want_words(&self) -> Option<(usize, Vec<&str>)> {
        let letters = self.want_words.values().sum();
        (letters > 0).then(|| (letters, self.want_words.keys().map(String::as_str).collect()))
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub const fn nothing_due(&self) -> bool {
        self.due == 0 && self.copies == 0
    }

    /// Why some are left out, a line each; copies behind the letters.
    pub fn left_out(&self) -> impl Iterator<Item = LeftOut> {
        let letters = self.skipped.iter().map(|(reason, number)| LeftOut {
            line: left_out(*reason, *number),
            refused: (*reason == Skip::Refused).then(|| (self.refused.clone(), *number)),
        });
        let copies = self.skipped_copies.iter().filter_map(|(reason, number)| {
            Some(LeftOut {
                line: copies_left_out(*reason, *number)?,
                refused: (*reason == Skip::Refused).then(|| (self.refused_copies.clone(), *number)),
            })
        });
        letters.chain(copies)
    }
}

/// Why some letters or copies are left out.
#[derive(Debug)]
pub struct LeftOut {
    /// How many, and why.
    pub line: Message,
    /// When the server refused them: the first, with the letter of the campaign and the address, and how many.
    pub refused: Option<(Vec<(String, Address)>, usize)>,
}

/// One reason for leaving letters out.
fn left_out(reason: Skip, number: usize) -> Message {
    match reason {
        Skip::AlreadyAccepted => msg!("left-out-accepted", count = number),
        Skip::Refused => msg!("left-out-refused", count = number),
        Skip::InDoubt => msg!("left-out-in-doubt", count = number),
        Skip::Duplicate => msg!("left-out-duplicate", count = number),
        Skip::OtherCountry => msg!("left-out-other-country", count = number),
        Skip::AddressLimit => msg!("left-out-address-limit", count = number),
        Skip::Deadline => msg!("left-out-deadline", count = number),
        Skip::NotReceived => msg!("left-out-not-received", count = number),
        Skip::FactUnchanged => msg!("left-out-fact-unchanged", count = number),
    }
}

/// One reason for leaving copies out that their letters left without.
fn copies_left_out(reason: Skip, number: usize) -> Option<Message> {
    Some(match reason {
        Skip::Refused => msg!("left-out-copies-refused", count = number),
        Skip::InDoubt => msg!("left-out-copies-in-doubt", count = number),
        Skip::AddressLimit => msg!("left-out-copies-address-limit", count = number),
        Skip::Deadline => msg!("left-out-copies-deadline", count = number),
        Skip::AlreadyAccepted | Skip::Duplicate | Skip::OtherCountry | Skip::NotReceived | Skip::FactUnchanged => {
            return None;
        }
    })
}

/// Plans and writes every letter due; `each` sees them as they come. Of problems of one severity it keeps the first
/// `shown`, and counts the others.
///
/// # Errors
/// Every problem found in the letters, together (exit 3); or the ledger cannot be read (exit 4); or `each` fails.
pub async fn preflight(
    composer: &Composer,
    ledger: &mut dyn LedgerReader,
    rules: &Rules,
    shown: usize,
    mut each: impl FnMut(Checked) -> Result<(), Failure>,
) -> Result<Preflight, Failure> {
    let mut preflight = Preflight::default();
    let mut links = Compared::default();
    let mut problems = Problems::new();
    let mut unshown = 0;
    let mut note = |problem: Problem| {
        if problems.count(problem.severity) < shown {
            problems.push(problem);
        } else {
            unshown += 1;
        }
    };
    let mut stopped = false;
    let plan = &composer.plan;
    let rules = &choose(plan, rules, ledger).await?;
    let mut planning = Planning::new(plan.decider(rules), plan.candidates(), ledger);
    while let Some(decision) = planning.next().await? {
        if preflight.impossible >= HOPELESS {
            stopped = true;
            break;
        }
        match decision {
            Decision::Due(letter) if letter.copy.is_some() => {
                preflight.count_copy(&letter);
                each(Checked::Copy { letter: &letter })?;
            }
            Decision::Due(letter) => {
                if let Some(problem) = never_fits(composer, &letter) {
                    note(problem);
                    continue;
                }
                let date = letter.date(rules.now);
                let text = composer.text(&letter, date).and_then(|text| {
                    too_heavy(composer, &letter, &text)?;
                    // What a text leaves open (the sender's name, attachments) is the same for all of its kind.
                    if preflight.is_first_of_kind(&letter) {
                        composer.message(&letter, &text, date)?;
                    }
                    match composer.telling_links(&letter, &text, date, &mut links) {
                        Some(problem) => Err(problem),
                        None => Ok(text),
                    }
                });
                match text {
                    Ok(text) => {
                        preflight.count(&letter);
                        preflight.leaving.count(&letter, &text, &composer.attachments);
                        each(Checked::Due {
                            letter: &letter,
                            text: &text,
                            date,
                        })?;
                    }
                    Err(problem) => {
                        preflight.impossible += 1;
                        note(problem);
                    }
                }
            }
            Decision::Impossible(problem) => {
                preflight.impossible += 1;
                note(*problem);
            }
            Decision::Skipped {
                id,
                letter,
                to,
                reason,
                over,
                copy,
                ..
            } => {
                preflight.count_skipped(&letter, &to, reason, over.as_deref(), copy.is_some());
                each(Checked::Skipped {
                    id,
                    letter: &letter,
                    to: &to,
                    reason,
                    over: over.as_deref(),
                    copy,
                })?;
            }
        }
    }
    preflight.found = planning.found().await?;
    if problems.is_empty() {
        return Ok(preflight);
    }
    if stopped {
        problems.push(Problem::error(msg!("letters-not-looked-at")));
    }
    let all = problems.count(crate::failure::Severity::Error) + unshown;
    let mut failure = Failure::invalid(problems);
    failure.what = Some(msg!("letters-with-errors", count = all));
    Err(failure)
}

/// A letter to more addresses than a whole day allows would wait for ever.
fn never_fits(composer: &Composer, letter: &Letter) -> Option<Problem> {
    let limit = composer.input.smtp.as_ref()?.daily_limit?;
    let addresses = 1 + letter.envelope.cc.len();
    if u64::try_from(addresses).unwrap_or(u64::MAX) <= limit {
        return None;
    }
    let place = composer
        .input
        .campaign
        .recipients
        .place(letter.recipient.line, Some("cc"));
    let what = msg!(
        "letter-never-fits",
        letter = &letter.spec.id,
        addresses = addresses,
        limit = limit,
    );
    Some(Problem::error(what).at(place))
}

/// What a row adds to the files of its letter may be too much; the others were looked at before.
fn too_heavy(composer: &Composer, letter: &Letter, text: &Text) -> Result<(), Problem> {
    if letter.recipient.attach.is_empty() {
        return Ok(());
    }
    let sizes = text
        .attachments
        .iter()
        .map(|file| composer.attachments.size(&file.path));
    let bytes = sizes.flatten().sum::<usize>() as u64;
    if bytes <= MOST_ATTACHED {
        return Ok(());
    }
    let place = Place {
        line: Some(letter.recipient.line),
        field: Some("attach".to_owned()),
        ..Place::file(composer.input.campaign.recipients.shown())
    };
    let what = msg!(
        "row-attachments-too-heavy",
        letter = &letter.spec.id,
        length = bounded::size(bytes),
        most = bounded::size(MOST_ATTACHED),
    );
    Err(Problem::error(what).at(place))
}

/// What a preflight sees.
pub enum Checked<'s> {
    /// A letter due, its text, and the date of its first attempt.
    Due {
        /// The letter.
        letter: &'s Letter,
        /// Its text.
        text: &'s Text,
        /// The Date of its first attempt.
        date: Timestamp,
    },
    /// One left out.
    Skipped {
        /// The letter's id.
        id: appel_core::letter::LetterId,
        /// Which letter of the campaign.
        letter: &'s str,
        /// Its To.
        to: &'s Address,
        /// Why.
        reason: Skip,
        /// Which address has had enough, when that is why.
        over: Option<&'s Over>,
        /// When it is about a copy alone: the id that the ledger knows it by.
        copy: Option<appel_core::letter::LetterId>,
    },
    /// A copy due that its letter left without.
    Copy {
        /// The letter, with the copy.
        letter: &'s Letter,
    },
}

impl Preflight {
    fn is_first_of_kind(&self, letter: &Letter) -> bool {
        !self.kinds.contains_key(&kind(letter))
    }

    fn count_skipped(&mut self, letter: &str, to: &Address, reason: Skip, over: Option<&Over>, is_copy: bool) {
        let skipped = if is_copy {
            &mut self.skipped_copies
        } else {
            &mut self.skipped
        };
        *skipped.entry(reason).or_default() += 1;
        let refused = if is_copy {
            &mut self.refused_copies
        } else {
            &mut self.refused
        };
        if reason == Skip::Refused && refused.len() < SHOWN_LETTERS {
            refused.push((letter.to_owned(), to.clone()));
        }
        if let Some(over) = over
            && self.over.len() < SHOWN_LETTERS
        {
            self.over.push(Held {
                letter: letter.to_owned(),
                to: to.clone(),
                over: over.clone(),
            });
        }
    }

    fn count_copy(&mut self, letter: &Letter) {
        let to = letter.goes_to().to;
        self.copies += 1;
        self.leaving.count_copies(std::slice::from_ref(&to));
        if self.for_examples.is_none() && to.is_for_examples() {
            self.for_examples = Some(to);
        }
    }

    fn count(&mut self, letter: &Letter) {
        self.due += 1;
        if letter.wants_words() {
            *self.want_words.entry(letter.spec.id.clone()).or_default() += 1;
        }
        *self.kinds.entry(kind(letter)).or_default() += 1;
        if self.for_examples.is_none() {
            self.for_examples = letter
                .envelope
                .recipients()
                .find(|address| address.is_for_examples())
                .cloned();
        }
        if self.first.len() < SHOWN_LETTERS {
            self.first.push(row(letter));
        }
    }
}

/// What letters are counted by: the letter's id and its language.
fn kind(letter: &Letter) -> (String, String) {
    (letter.spec.id.clone(), letter.language.to_string())
}

/// A letter as a row of a table.
pub fn row(letter: &Letter) -> [String; 4] {
    let copies: Vec<&str> = letter.envelope.cc.iter().map(Address::as_str).collect();
    let to = match letter.recipient.name.as_str() {
        "" => letter.envelope.to.to_string(),
        name => format!("{}\n<{}>", visible_line(name), letter.envelope.to),
    };
    [
        letter.spec.id.clone(),
        to,
        letter.language.to_string(),
        copies.join("\n"),
    ]
}
