//! Who gets which letter in which language, and who does not and why.

mod notes;
mod recurring;

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use serde::Serialize;

use self::recurring::{Finder, Recurring};
use super::flood::{Over, Recent, Tally, hash_of};
use super::{Envelope, LetterId, Status};
use crate::campaign::config::LetterSpec;
use crate::campaign::recipients::Serves;
use crate::campaign::{Address, Campaign, Country, Language, Recipient};
use crate::failure::{Place, Problem, Problems, Severity};

pub use self::notes::Notes;
pub use super::selection::Selection;

/// What the ledger knows of a letter that was tried, or may have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// How it stands.
    pub status: Status,
    /// The Date of its first attempt, which every later one carries too.
    pub first_date: Timestamp,
}

/// Which letters of the past leave again; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resend {
    /// Those that the server may have taken (`--resend-in-doubt`).
    pub in_doubt: bool,
    /// Those that the server refused.
    pub refused: bool,
}

/// Whether a letter with this past may leave, and then the Date of its first attempt, if there was one. `None` as its past:
/// nothing is known of it, or an intent that surely never began. `late`: after the deadline.
///
/// # Errors
/// Why it may not.
pub const fn may_leave(past: Option<Past>, resend: Resend, late: bool) -> Result<Option<Timestamp>, Skip> {
    match past {
        Some(past) => match past.status {
            Status::Accepted => Err(Skip::AlreadyAccepted),
            Status::Refused if !resend.refused => Err(Skip::Refused),
            Status::InDoubt if !resend.in_doubt => Err(Skip::InDoubt),
            _ if late => Err(Skip::Deadline),
            Status::Deferred | Status::Refused | Status::InDoubt => Ok(Some(past.first_date)),
        },
        None if late => Err(Skip::Deadline),
        None => Ok(None),
    }
}

/// What a run goes by, beside the campaign and what became of each letter.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'r> {
    /// When it began.
    pub now: Timestamp,
    /// Which letters leave again.
    pub resend: Resend,
    /// What the sender handed over in the last 24 hours, in whatever campaign. `None`: every letter counts as due, however
    /// much its addresses get; for looking at letters, not for sending.
    pub recent: Option<&'r Recent>,
}

impl Rules<'_> {
    /// For looking at letters.
    #[must_use]
    pub fn to_look(now: Timestamp) -> Self {
        Self {
            now,
            resend: Resend::default(),
            recent: None,
        }
    }
}

/// One letter to one recipient.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// Its id.
    pub id: LetterId,
    /// Which letter of the campaign.
    pub spec: &'a LetterSpec,
    /// The row.
    pub recipient: Recipient,
    /// The language it leaves in: one that the template has.
    pub language: &'a Language,
    /// From, To and copies.
    pub envelope: Envelope,
    /// The Date of its first attempt; `None` when this is the first.
    pub first_date: Option<Timestamp>,
}

/// Why somebody is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    /// The server took this letter in an earlier run.
    AlreadyAccepted,
    /// The server refused this letter in an earlier run.
    #[serde(rename = "refused-earlier")]
    Refused,
    /// The server may have taken it.
    InDoubt,
    /// An earlier row has the same address for this letter.
    Duplicate,
    /// The row serves other senders' countries.
    OtherCountry,
    /// The campaign's deadline has passed.
    Deadline,
    /// One of its addresses has had enough for 24 hours: it is still due.
    AddressLimit,
}

/// A row and a letter of its role, before anybody has asked what became of it.
#[derive(Clone, Debug)]
pub enum Candidate<'a> {
    /// What the ledger knows of it decides.
    Open(Open<'a>),
    /// Decided, whatever the ledger knows: it goes to nobody of its own, or the rows can no longer be read.
    Decided(Decision<'a>),
}

/// A candidate that the ledger has to be asked about.
#[derive(Clone, Debug)]
pub struct Open<'a> {
    /// The letter's id.
    pub id: LetterId,
    spec: &'a LetterSpec,
    row: Recipient,
}

/// What is decided for one row and letter.
#[derive(Clone, Debug)]
pub enum Decision<'a> {
    /// To be sent.
    Due(Box<Letter<'a>>),
    /// Left out.
    Skipped {
        /// The letter's id.
        id: LetterId,
        /// The letter (`protest`).
        letter: &'a str,
        /// The row's address.
        to: Address,
        /// The row's line in the recipients file.
        line: usize,
        /// Why.
        reason: Skip,
        /// Which address has had enough, when that is why.
        over: Option<Box<Over>>,
    },
    /// Due, and impossible: the letter has no text that this row could get. An input problem (exit 3). Or the last
    /// decision there is, because the rows from here on can no longer be read.
    Impossible(Box<Problem>),
}

/// What the rows of one role hold for this sender.
#[derive(Debug, Default)]
struct Role {
    /// Positions in `config.letters` of the letters that go to it and are selected.
    letters: Vec<usize>,
    rows: usize,
    names_sender: bool,
    /// A row that serves everyone.
    everyone: bool,
    /// A row with `*`.
    others: bool,
    /// The countries that its rows name.
    countries: BTreeSet<Country>,
}

impl Role {
    fn covers_sender(&self) -> bool {
        self.names_sender || self.everyone || self.others
    }

    fn serves(&self, row: &Recipient, sender: Country) -> bool {
        match &row.serves {
            Serves::Everyone => true,
            Serves::Others => !self.names_sender,
            Serves::Countries(countries) => countries.contains(&sender),
        }
    }
}

/// A campaign's letters for its sender, worked out row by row: a million recipients take no more memory than two bytes
/// each while the plan is made, and the hashes of recurring addresses afterwards.
#[derive(Debug)]
pub struct Plan<'a> {
    campaign: &'a Campaign,
    selection: Selection,
    roles: HashMap<&'a str, Role>,
    /// The mailboxes that more than one row has, and the addresses.
    recurring: Recurring,
    /// Those that get copies of more than one row's letters.
    recurring_copies: Recurring,
}

impl<'a> Plan<'a> {
    /// Reads the rows once: which roles have a row that names the sender's country, and which addresses recur.
    ///
    /// # Errors
    /// When the rows can no longer be read.
    pub fn new(campaign: &'a Campaign, selection: Selection) -> Result<Self, Problem> {
        let mut roles: HashMap<&str, Role> = HashMap::new();
        for (position, spec) in campaign.config.letters.iter().enumerate() {
            if !selection.has_letter(&spec.id) {
                continue;
            }
            for role in spec.to.iter().filter(|role| selection.has_role(role)) {
                let letters = &mut roles.entry(role).or_default().letters;
                // `to = ["embassy", "embassy"]` is one letter.
                if letters.last() != Some(&position) {
                    letters.push(position);
                }
            }
        }
        let mut recurring = Finder::new(campaign.roster.len());
        let mut copies = Finder::for_any(campaign.roster.len());
        for copy in campaign.config.letters.iter().flat_map(|spec| &spec.cc) {
            copies.found(hash_of(&copy.mailbox()));
        }
        for row in campaign.roster.outlines() {
            let row = row?;
            let Some(role) = roles.get_mut(row.role.as_str()) else {
                continue;
            };
            role.rows += 1;
            match &row.serves {
                Serves::Everyone => role.everyone = true,
                Serves::Others => role.others = true,
                Serves::Countries(countries) => {
                    role.names_sender |= countries.contains(&campaign.config.sender.country);
                    role.countries.extend(countries);
                }
            }
            let mailbox = row.email.mailbox();
            recurring.add(hash_of(&mailbox));
            if *mailbox != *row.email.folded() {
                // Addresses that are different, and lead to one mailbox, are not duplicates.
                recurring.add(hash_of(row.email.folded()));
            }
            for copy in &row.cc {
                copies.add(hash_of(&copy.mailbox()));
            }
        }
        Ok(Self {
            campaign,
            selection,
            roles,
            recurring: recurring.finish(),
            recurring_copies: copies.finish(),
        })
    }

    /// Whether more than one row may have this mailbox.
    pub(super) fn recurs(&self, mailbox: u64) -> bool {
        self.recurring.may_have(mailbox)
    }

    /// Whether letters to more than one row may have copies to this mailbox.
    pub(super) fn copy_recurs(&self, mailbox: u64) -> bool {
        self.recurring_copies.may_have(mailbox)
    }

    /// Every selected row and letter, row by row in the order of the file, the letters of a row in the order of the
    /// configuration.
    pub fn candidates<'p>(&'p self) -> impl Iterator<Item = Candidate<'a>> + use<'a, 'p> {
        self.candidates_over(self.campaign.roster.recipients())
    }

    /// The same over rows that come another way: those of the roster, in their order.
    pub fn candidates_over<'p, Rows: Iterator<Item = Result<Recipient, Problem>>>(
        &'p self,
        rows: Rows,
    ) -> impl Iterator<Item = Candidate<'a>> + use<'a, 'p, Rows> {
        Candidates {
            plan: self,
            rows,
            row: None,
            seen: HashSet::new(),
        }
    }

    /// Decides the candidates, in their order.
    #[must_use]
    pub fn decider<'p>(&'p self, rules: Rules<'p>) -> Decider<'a, 'p> {
        let config = &self.campaign.config;
        Decider {
            plan: self,
            resend: rules.resend,
            // "No letter leaves after it": the deadline's own moment is still in time.
            late: config.deadline.is_some_and(|deadline| rules.now > deadline),
            tally: rules
                .recent
                .map(|recent| Tally::new(recent, config.limits, &config.sender.email, rules.now)),
            left: self.selection.limit.unwrap_or(usize::MAX),
        }
    }

    /// What is decided when nothing was ever tried.
    pub fn decisions<'p>(&'p self, rules: Rules<'p>) -> impl Iterator<Item = Decision<'a>> + use<'a, 'p> {
        let may_leave = self.decider(rules).may_leave(None);
        self.decisions_by(rules, std::iter::repeat(may_leave))
    }

    /// What is decided when it is known whether each open candidate may leave, in their order; ends with the last that
    /// this is known of.
    pub fn decisions_by<'p, Known: Iterator<Item = Result<Option<Timestamp>, Skip>>>(
        &'p self,
        rules: Rules<'p>,
        mut known: Known,
    ) -> impl Iterator<Item = Decision<'a>> + use<'a, 'p, Known> {
        let mut decider = self.decider(rules);
        let mut candidates = self.candidates();
        std::iter::from_fn(move || {
            if !decider.goes_on() {
                return None;
            }
            match candidates.next()? {
                Candidate::Open(open) => Some(decider.decide(open, known.next()?)),
                Candidate::Decided(decision) => Some(decision),
            }
        })
    }

    /// The letters that reach nobody in one of their roles, because no row serves this sender; who would have been
    /// served is in the hint.
    #[must_use]
    pub fn uncovered(&self) -> Problems {
        let config = &self.campaign.config;
        let country = config.sender.country;
        let file = self.campaign.roster.shown();
        let mut problems = Problems::new();
        // Asked for by address, a letter to nobody else is what was asked for.
        if !self.selection.to.is_empty() {
            return problems;
        }
        for (position, spec) in config.letters.iter().enumerate() {
            for (at, name) in spec.to.iter().enumerate() {
                let Some(role) = self.roles.get(name.as_str()) else {
                    continue;
                };
                if role.covers_sender() || !role.letters.contains(&position) || spec.to[..at].contains(name) {
                    continue;
                }
                if !problems.has_room(Severity::Warning) {
                    problems.count_only(Severity::Warning, "roles of letters that nobody has");
                    continue;
                }
                let letter = &spec.id;
                let problem = if role.rows == 0 {
                    Problem::warning(format!("letter `{letter}` goes to `{name}`, and no row has that role")).hint(
                        format!("add a row with the role `{name}`, or take it out of the letter's `to`"),
                    )
                } else {
                    let served: Vec<&str> = role.countries.iter().map(Country::code).collect();
                    Problem::warning(format!("letter `{letter}`: no `{name}` serves senders in {country}")).hint(
                        format!(
                            "the rows there serve {}; add {country} to the one that is accredited to it, \
                             or a row whose country is `*`",
                            served.join(" ")
                        ),
                    )
                };
                problems.push(problem.at(Place::file(file)));
            }
        }
        problems
    }

    fn language(&self, spec: &LetterSpec, row: &Recipient) -> Option<&'a Language> {
        let config = &self.campaign.config;
        let available = self.campaign.templates.languages(&spec.template);
        row.languages
            .iter()
            .chain([&config.sender.language, &config.language])
            .find_map(|wanted| wanted.best_of(available))
    }
}

/// Where an iteration over the candidates of a [`Plan`] stands.
struct Candidates<'a, 'p, Rows> {
    plan: &'p Plan<'a>,
    rows: Rows,
    /// The row at hand, and how many of its role's letters have come.
    row: Option<(Recipient, usize)>,
    /// The letters to recurring addresses that have come: of one letter to one address there is one id.
    seen: HashSet<LetterId>,
}

impl<'a, Rows: Iterator<Item = Result<Recipient, Problem>>> Iterator for Candidates<'a, '_, Rows> {
    type Item = Candidate<'a>;

    fn next(&mut self) -> Option<Candidate<'a>> {
        let plan = self.plan;
        loop {
            let (row, come) = match self.row.take() {
                Some(at) => at,
                None => match self.rows.next()? {
                    Ok(row) => (row, 0),
                    // Nothing comes after it.
                    Err(problem) => return Some(Candidate::Decided(Decision::Impossible(Box::new(problem)))),
                },
            };
            let Some(role) = plan.roles.get(row.role.as_str()) else {
                continue;
            };
            if come == 0 && !plan.selection.has_address(&row.email) {
                continue;
            }
            let Some(&position) = role.letters.get(come) else {
                continue;
            };
            if come + 1 < role.letters.len() {
                self.row = Some((row.clone(), come + 1));
            }
            let config = &plan.campaign.config;
            let spec = &config.letters[position];
            let id = LetterId::new(&config.id, &spec.id, &config.sender.email, &row.email);
            let reason = if !role.serves(&row, config.sender.country) {
                Skip::OtherCountry
            } else if plan.recurs(hash_of(row.email.folded())) && !self.seen.insert(id) {
                Skip::Duplicate
            } else {
                return Some(Candidate::Open(Open { id, spec, row }));
            };
            return Some(Candidate::Decided(skipped(id, spec, row, reason, None)));
        }
    }
}

fn skipped(id: LetterId, spec: &LetterSpec, row: Recipient, reason: Skip, over: Option<Box<Over>>) -> Decision<'_> {
    Decision::Skipped {
        id,
        letter: &spec.id,
        to: row.email,
        line: row.line,
        reason,
        over,
    }
}

/// Decides candidates, in their order: what each may do counts for those after it.
#[derive(Debug)]
pub struct Decider<'a, 'p> {
    plan: &'p Plan<'a>,
    resend: Resend,
    late: bool,
    /// What addresses get; `None` when that is not limited.
    tally: Option<Tally<'p>>,
    /// Due letters that `--limit` still allows.
    left: usize,
}

impl<'a> Decider<'a, '_> {
    /// Whether `--limit` lets any more letters be due; if not, nothing is decided any more.
    #[must_use]
    pub const fn goes_on(&self) -> bool {
        self.left > 0
    }

    /// See [`may_leave`].
    ///
    /// # Errors
    /// Why it may not.
    pub const fn may_leave(&self, past: Option<Past>) -> Result<Option<Timestamp>, Skip> {
        may_leave(past, self.resend, self.late)
    }

    /// Decides one, by whether it may leave.
    pub fn decide(&mut self, open: Open<'a>, may_leave: Result<Option<Timestamp>, Skip>) -> Decision<'a> {
        let Open { id, spec, row } = open;
        let first_date = match may_leave {
            Ok(first_date) => first_date,
            Err(reason) => return skipped(id, spec, row, reason, None),
        };
        let Some(language) = self.plan.language(spec, &row) else {
            return Decision::Impossible(Box::new(self.no_text(spec, &row)));
        };
        if let Some(problem) = self.too_many_copies(spec, &row) {
            return Decision::Impossible(Box::new(problem));
        }
        let copies = row.cc.iter().chain(&spec.cc).cloned();
        let envelope = Envelope::new(
            self.plan.campaign.config.sender.email.clone(),
            row.email.clone(),
            copies,
        );
        if let Some(tally) = &mut self.tally
            && let Err(over) = tally.admit(self.plan, id, row.line, &envelope)
        {
            return skipped(id, spec, row, Skip::AddressLimit, Some(over));
        }
        self.left -= 1;
        Decision::Due(Box::new(Letter {
            id,
            spec,
            recipient: row,
            language,
            envelope,
            first_date,
        }))
    }

    /// Looked at before anything that grows with the square of their number.
    fn too_many_copies(&self, spec: &LetterSpec, row: &Recipient) -> Option<Problem> {
        let campaign = self.plan.campaign;
        let most = campaign.config.limits.copies_per_letter;
        if row.cc.len() + spec.cc.len() <= most {
            return None;
        }
        let different: HashSet<&str> = row.cc.iter().chain(&spec.cc).map(Address::folded).collect();
        let number = different.len() - usize::from(different.contains(row.email.folded()));
        if number <= most {
            return None;
        }
        let place = Place {
            line: Some(row.line),
            field: Some("cc".to_owned()),
            ..Place::file(campaign.roster.shown())
        };
        let others = match spec.cc.len() {
            0 => String::new(),
            number => format!(" ({number} of them from the letter's own `cc`)"),
        };
        let problem = Problem::error(format!(
            "letter `{}` would have {number} copies here, and {most} are the most{others}",
            spec.id
        ));
        Some(problem.at(place).hint(
            "leave some out, or give them rows of their own; whoever sends can allow more in the account file: \
             copies-per-letter in [limits]",
        ))
    }

    fn no_text(&self, spec: &LetterSpec, row: &Recipient) -> Problem {
        let campaign = self.plan.campaign;
        let tags = |languages: &mut dyn Iterator<Item = &Language>| {
            languages.map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let config = &campaign.config;
        let wanted = row.languages.iter().chain([&config.sender.language, &config.language]);
        let mut once = Vec::new();
        for language in wanted {
            if !once.contains(&language) {
                once.push(language);
            }
        }
        let wanted = tags(&mut once.into_iter());
        let available = tags(&mut campaign.templates.languages(&spec.template).iter());
        let place = Place {
            line: Some(row.line),
            field: Some("language".to_owned()),
            ..Place::file(campaign.roster.shown())
        };
        Problem::error(format!(
            "letter `{}` has no text for this row in any of: {wanted}",
            spec.id
        ))
        .at(place)
        .hint(format!(
            "write one of them, or give `campaign.language` one that it has: {available}"
        ))
    }
}

#[cfg(test)]
mod tests;
