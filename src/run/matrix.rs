//! Every letter that senders elsewhere would send: for each country that the list serves, and in each language.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use appel_core::address::Address;
use appel_core::letter::coverage::{Case, Gap, Origin, Served, Written};
use appel_core::letter::sameness::Compared;
use appel_core::letter::{Coverage, Letter, Renderer, Text};
use appel_core::place::{Country, Language};
use appel_messages::msg;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::compose::Composer;
use super::tried::Tried;
use crate::failure::{Problem, Problems, Severity};

/// So many letters are written at most: what a long list comes to times sixty countries is for `--as`.
const MOST: usize = 1_000_000;
/// For so many senders templates are made ready: each for one country, or one language.
const MOST_FILLERS: usize = 100;
/// So many rows are named of one role and one letter for senders of one country.
const NAMED: usize = 3;
/// A paragraph of one's own, as somebody may add it.
const OWN_WORDS: &str = "x\n\nx";

/// Who would get what from senders anywhere.
#[derive(Debug, Default)]
pub struct Matrix {
    /// By who sends it, in which order letters and roles come, and to whom it goes.
    pub groups: BTreeMap<Group, Rows>,
    /// What reaches nobody.
    pub gaps: Vec<Gap>,
    /// How many letters were written for senders other than one's own.
    pub written: usize,
    /// From how many places.
    pub places: usize,
}

/// Rows of one role and the same senders, with one letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Whose; everybody's when it is `None`.
    pub from: Option<Origin>,
    /// Which letter.
    pub letter: String,
    /// Which role.
    pub role: String,
}

/// Some rows.
#[derive(Debug, Default)]
pub struct Rows {
    /// The first of them.
    pub first: Vec<Row>,
    /// How many there are.
    pub count: usize,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its address.
    pub to: Address,
    /// Its line.
    pub line: usize,
    /// In which language it is written to.
    pub written: Written,
    /// What it reads, when the letter exists in none of that.
    pub reads: Vec<Language>,
}

/// Whose letters were looked at already, row by row: one's own.
struct Own {
    /// Whether all of them were.
    all: bool,
    country: Country,
    /// The sender's, and what takes its place.
    languages: [Language; 2],
}

/// What a text may ask of its sender.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Where {
    In(Country),
    Writing(Language),
}

/// A sender's letters are filled in with their country and language.
struct Filler {
    renderer: Renderer,
    compared: Compared,
}

impl Matrix {
    /// Writes every letter that senders elsewhere would send, but those that one's own run has looked at. What is wrong with
    /// a letter is said once, whoever would send it.
    #[must_use]
    pub fn look(composer: &Composer, now: Timestamp, tried: &mut Tried, problems: &mut Problems) -> Self {
        let coverage = Coverage::new(&composer.plan);
        let sender = &composer.input.sender;
        let campaign = &composer.input.campaign;
        let own = Own {
            all: composer.plan.limit().is_none() && campaign.deadline.is_none_or(|deadline| now <= deadline),
            country: sender.country,
            languages: [sender.language.clone(), campaign.language.clone()],
        };
        let mut writer = Writer {
            composer,
            coverage: &coverage,
            now,
            today: Offset::UTC.to_datetime(now).date(),
            compared: Compared::default(),
            fillers: HashMap::new(),
            asks: HashMap::new(),
            kinds: HashSet::new(),
            with_own_words: None,
            tried,
            is_full: false,
            written: 0,
        };
        let mut matrix = Self {
            gaps: coverage.gaps(),
            places: coverage.from.len(),
            ..Self::default()
        };
        for case in coverage.cases() {
            let case = match case {
                Ok(case) => case,
                Err(problem) => {
                    problems.push(problem);
                    break;
                }
            };
            matrix.note(&case);
            if writer.written < MOST {
                writer.case(&case, &own, problems);
            }
        }
        matrix.written = writer.written;
        if writer.written >= MOST || writer.is_full {
            problems.push(Problem::note(msg!("check-matrix-cut", letters = MOST)));
        }
        matrix
    }

    /// Whether the list has anything for some senders alone.
    #[must_use]
    pub const fn tells_senders_apart(&self) -> bool {
        self.places > 1
    }

    fn note(&mut self, case: &Case) {
        let from: Vec<Option<Origin>> = match &case.from {
            Served::Everyone => vec![None],
            Served::Some(from) => from.iter().copied().map(Some).collect(),
        };
        for from in from {
            let group = Group {
                from,
                letter: case.spec.id.clone(),
                role: case.row.role.clone(),
            };
            let rows = self.groups.entry(group).or_default();
            rows.count += 1;
            if rows.first.len() < NAMED {
                rows.first.push(Row {
                    to: case.row.email.clone(),
                    line: case.row.line,
                    written: case.written.clone(),
                    reads: case.row.languages.clone(),
                });
            }
        }
    }
}

struct Writer<'c> {
    composer: &'c Composer,
    coverage: &'c Coverage,
    now: Timestamp,
    today: Date,
    /// Links of letters whose text is the same for all senders.
    compared: Compared,
    /// Where the text asks for them: for senders in one country, and for those of one language.
    fillers: HashMap<Where, Filler>,
    /// Whether a letter's text in one language asks where its sender is.
    asks: HashMap<(String, Language), bool>,
    /// Letters, each in one language, of which a whole message was made.
    kinds: HashSet<(String, Language)>,
    with_own_words: Option<Renderer>,
    tried: &'c mut Tried,
    /// Whether there were more senders than templates are made ready for.
    is_full: bool,
    written: usize,
}

impl Writer<'_> {
    fn case(&mut self, case: &Case, own: &Own, problems: &mut Problems) {
        let coverage = self.coverage;
        let of_row;
        let languages = match &case.written {
            Written::Row(language) | Written::Only(language) => {
                of_row = [language.clone()];
                &of_row[..]
            }
            Written::Sender | Written::Fallback => coverage.languages(&case.spec),
            Written::Nothing => return,
        };
        let own_language = match &case.written {
            Written::Row(language) | Written::Only(language) => Some(language),
            _ => own.languages.iter().find_map(|wanted| wanted.best_of(languages)),
        };
        let from = match &case.from {
            Served::Everyone => &*coverage.from,
            Served::Some(from) => from,
        };
        let is_own = |from: &Origin| from.country() == own.country;
        let serves_own = from.iter().any(is_own);
        for (place, language) in languages.iter().enumerate() {
            let asks = self.asks(case, language);
            // A text that asks for neither country nor language is the same whoever sends it; and where the sender's
            // language decides, each country is looked at in one, and each language from one country.
            let senders = if asks && (place == 0 || languages.len() == 1) {
                from
            } else {
                &from[..from.len().min(1)]
            };
            for sender in senders {
                let looked_at =
                    own.all && Some(language) == own_language && if asks { is_own(sender) } else { serves_own };
                let result = if looked_at {
                    self.whole(case, language, None)
                } else {
                    self.written += 1;
                    let asks = asks.then(|| match place {
                        0 => Where::In(sender.country()),
                        _ => Where::Writing(language.clone()),
                    });
                    self.write(case, *sender, language, asks)
                };
                if let Err(problem) = result {
                    if problems.has_room(Severity::Error) {
                        problems.push(problem);
                    } else {
                        problems.count_only(Severity::Error, problem.code());
                    }
                    // Said once of a row, whoever writes to it.
                    break;
                }
            }
        }
    }

    fn asks(&mut self, case: &Case, language: &Language) -> bool {
        let key = (case.spec.template.clone(), language.clone());
        let coverage = self.coverage;
        *self
            .asks
            .entry(key)
            .or_insert_with(|| coverage.text_asks_where(&case.spec, language))
    }

    /// Writes one letter.
    fn write(&mut self, case: &Case, from: Origin, language: &Language, asks: Option<Where>) -> Result<(), Problem> {
        let Composer { input, .. } = self.composer;
        let letter = self.coverage.letter(case, language);
        let sender = self.coverage.sender(from, language);
        let templates = &input.campaign.templates;
        let (renderer, compared) = match asks {
            None => (self.composer.renderer(), &mut self.compared),
            Some(place) => {
                if self.fillers.len() >= MOST_FILLERS && !self.fillers.contains_key(&place) {
                    self.is_full = true;
                    return Ok(());
                }
                let filler = match self.fillers.entry(place) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(place) => place.insert(Filler {
                        renderer: Renderer::new(&input.campaign, &sender, None)?,
                        compared: Compared::default(),
                    }),
                };
                self.tried
                    .look(templates, &filler.renderer, &letter, Some(from.country()), self.now);
                (&filler.renderer, &mut filler.compared)
            }
        };
        let text = renderer.render(&letter, self.today)?;
        if let Some(problem) = renderer.telling_links(&letter, &text, self.today, compared) {
            return Err(problem);
        }
        self.whole(case, language, Some((&letter, &text)))
    }

    /// What is the same for all letters of a kind: that the first of them, unless one's own run has made it, is a whole
    /// message; and that it can be written with words of one's own too.
    fn whole(&mut self, case: &Case, language: &Language, made: Option<(&Letter, &Text)>) -> Result<(), Problem> {
        let Composer { input, .. } = self.composer;
        if !self.kinds.insert((case.spec.id.clone(), language.clone())) {
            return Ok(());
        }
        if let Some((letter, text)) = made {
            self.composer.message(letter, text, self.now)?;
            let templates = &input.campaign.templates;
            self.tried
                .look(templates, self.composer.renderer(), letter, None, self.now);
        }
        let renderer = match &mut self.with_own_words {
            Some(renderer) => renderer,
            none => none.insert(Renderer::new(&input.campaign, &input.sender, Some(OWN_WORDS))?),
        };
        renderer.render(&self.coverage.letter(case, language), self.today)?;
        Ok(())
    }
}
