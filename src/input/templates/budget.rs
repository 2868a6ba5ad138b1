//! How much a campaign's letters may come to together, and what was said of them already.

use std::collections::HashSet;

use appel_messages::{Message, msg};

use super::file::File;
use super::spot::Tag;
use super::telling;
use crate::failure::{Place, Problem, Problems, Severity};

/// The most text that all templates have together, in bytes.
const MOST_TEXT: usize = 16 << 20;
/// The parser looks for the place of each tag from the beginning of its file: bytes in tags, times the length of the file.
const MOST_WORK: usize = 8_000_000_000;
/// How many pieces of text and tags are looked at, those of partials for each letter that calls them.
const MOST_STEPS: usize = 400_000;
/// About how much memory all letters take with their partials written into them, in bytes.
const MOST_WEIGHT: u64 = 96 << 20;

/// What is left of what a campaign's letters may come to, and what was found wrong in them.
pub struct Budget {
    /// What was found, each thing once.
    pub problems: Problems,
    seen: HashSet<(Option<Place>, Message)>,
    /// Slips that were said, by the text they are in, where its tag is, and what is wrong there.
    slips: HashSet<(usize, usize, String)>,
    text: usize,
    work: usize,
    steps: usize,
    weight: u64,
    shown_dir: String,
    /// How many bytes of letters with all their branches are still looked through for links, in all letters together.
    pub links: usize,
    spent: bool,
}

impl Budget {
    /// All of it.
    pub fn new(shown_dir: &str) -> Self {
        Self {
            problems: Problems::new(),
            seen: HashSet::new(),
            slips: HashSet::new(),
            text: MOST_TEXT,
            work: MOST_WORK,
            steps: MOST_STEPS,
            weight: MOST_WEIGHT,
            shown_dir: shown_dir.to_owned(),
            links: telling::MOST_RENDERED_IN_ALL,
            spent: false,
        }
    }

    /// Whether too much was asked for; that was said then.
    pub const fn is_spent(&self) -> bool {
        self.spent
    }

    /// A file of templates is read; whether it may be.
    pub fn read(&mut self, text: &str) -> bool {
        match self.text.checked_sub(text.len()) {
            Some(left) => {
                self.text = left;
                true
            }
            None => self.stop(msg!("templates-too-much-text")),
        }
    }

    /// So many pieces are looked at; whether they may be.
    pub fn step(&mut self, steps: usize) -> bool {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                true
            }
            None => self.stop(msg!("templates-too-many-pieces")),
        }
    }

    /// A text takes so much memory; whether it may.
    pub fn hold(&mut self, weight: u64) -> bool {
        if let Some(left) = self.weight.checked_sub(weight) {
            self.weight = left;
            return true;
        }
        // They are looked at all the same, since that takes no such memory.
        self.say(msg!("templates-too-long-together"));
        false
    }

    fn stop(&mut self, why: Message) -> bool {
        if !self.spent {
            self.spent = true;
            self.say(why);
        }
        false
    }

    fn say(&mut self, why: Message) {
        self.push(Problem::error(why).at(Place::file(&self.shown_dir)));
    }

    /// Adds a problem, unless it was said already: a slip in a partial is met by every letter that calls it.
    pub fn push(&mut self, problem: Problem) {
        let has_room = self.problems.has_room(problem.severity);
        if !has_room || self.seen.insert((problem.place.clone(), problem.what.clone())) {
            self.problems.push(problem);
        }
    }

    /// Whether a slip in this tag is not yet said, and would be shown: if not, nobody needs to find out what was meant.
    /// `code` is that of what would be said.
    pub fn is_news(&mut self, tag: Tag<'_>, what: &str, code: &'static str) -> bool {
        let key = (tag.unit.text.as_ptr() as usize, tag.at, what.to_owned());
        if !self.slips.insert(key) {
            return false;
        }
        let has_room = self.problems.has_room(Severity::Error);
        if !has_room {
            self.problems.count_only(Severity::Error, code);
        }
        has_room
    }

    /// Looks at a file with these problems.
    pub fn file<'f>(&'f mut self, shown: &'f str, text: &'f str) -> File<'f> {
        File::new(shown, text, &mut self.problems, &mut self.work)
    }
}
