//! Who gets which letter in which language, and who does not and why.

mod recurring;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use jiff::Timestamp;
use serde::Serialize;

use self::recurring::{Finder, Recurring};
use super::flood::{Over, Recent, Tally, hash_of};
use super::{Envelope, LetterId};
use crate::campaign::config::LetterSpec;
use crate::campaign::recipients::Serves;
use crate::campaign::{Address, Campaign, Country, Language, Recipient};
use crate::failure::{Place, Problem, Problems, Severity};

pub use super::selection::Selection;

/// What the ledger knows of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Nothing, or an intent that surely never began.
    Never,
    /// The server took it.
    Accepted,
    /// It was put off (4xx, or the connection was lost before the final dot): due again.
    Deferred,
    /// The server refused it (5xx).
    Refused,
    /// The server may have taken it: held.
    InDoubt,
}

impl Past {
    /// Why a letter with this past does not leave; `late`: after the deadline.
    #[must_use]
    pub const fn keeps_back(self, resend: Resend, late: bool) -> Option<Skip> {
        match self {
            Self::Accepted => Some(Skip::AlreadyAccepted),
            Self::Refused if !resend.refused => Some(Skip::Refused),
            Self::InDoubt if !resend.in_doubt => Some(Skip::InDoubt),
            _ if late => Some(Skip::Deadline),
            Self::Never | Self::Deferred | Self::Refused | Self::InDoubt => None,
        }
    }
}

/// The ledger, as far as planning needs it.
pub trait History {
    /// What is known of a letter.
    fn past(&self, id: LetterId) -> Past;

    /// What the sender handed over in the last 24 hours, in whatever campaign, as it was when the run began.
    fn recent(&self) -> &Recent {
        static NOTHING: LazyLock<Recent> = LazyLock::new(Recent::default);
        &NOTHING
    }
}

/// A ledger with nothing in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHistory;

impl History for NoHistory {
    fn past(&self, _: LetterId) -> Past {
        Past::Never
    }
}

/// Which letters of the past leave again; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resend {
    /// Those that the server may have taken (`--resend-in-doubt`).
    pub in_doubt: bool,
    /// Those that the server refused.
    pub refused: bool,
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
    /// Whether what one address gets is limited.
    limited: bool,
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
            limited: true,
        })
    }

    /// From now on every letter counts as due, however much its addresses get: for looking at letters, not for sending.
    pub const fn lift_limits(&mut self) {
        self.limited = false;
    }

    /// For whoever counts letters apart from the decisions.
    #[must_use]
    pub fn tally<'t>(&self, recent: &'t Recent, now: Timestamp) -> Tally<'t> {
        let config = &self.campaign.config;
        Tally::new(recent, config.limits, &config.sender.email, now)
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
    /// configuration; ends with the last due letter that `--limit` allows.
    pub fn decisions<'p>(
        &'p self,
        history: &'p (dyn History + Sync),
        now: Timestamp,
        resend: Resend,
    ) -> impl Iterator<Item = Decision<'a>> + use<'a, 'p> {
        self.decisions_over(self.campaign.roster.recipients(), history, now, resend)
    }

    /// The same over rows that come another way: those of the roster, in their order.
    pub fn decisions_over<'p, Rows: Iterator<Item = Result<Recipient, Problem>>>(
        &'p self,
        rows: Rows,
        history: &'p (dyn History + Sync),
        now: Timestamp,
        resend: Resend,
    ) -> impl Iterator<Item = Decision<'a>> + use<'a, 'p, Rows> {
        Decisions {
            plan: self,
            history,
            resend,
            // "No letter leaves after it": the deadline's own moment is still in time.
            late: self.campaign.config.deadline.is_some_and(|deadline| now > deadline),
            rows,
            row: None,
            seen: HashSet::new(),
            tally: self.limited.then(|| self.tally(history.recent(), now)),
            left: self.selection.limit.unwrap_or(usize::MAX),
        }
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

/// Where an iteration over a [`Plan`] stands.
struct Decisions<'a, 'p, Rows> {
    plan: &'p Plan<'a>,
    history: &'p (dyn History + Sync),
    resend: Resend,
    late: bool,
    rows: Rows,
    /// The row at hand, and how many of its role's letters are decided.
    row: Option<(Recipient, usize)>,
    /// The letters to recurring addresses that are decided: of one letter to one address there is one id.
    seen: HashSet<LetterId>,
    /// What addresses get; `None` when that is not limited.
    tally: Option<Tally<'p>>,
    /// Due letters that `--limit` still allows.
    left: usize,
}

impl<'a, Rows: Iterator<Item = Result<Recipient, Problem>>> Iterator for Decisions<'a, '_, Rows> {
    type Item = Decision<'a>;

    fn next(&mut self) -> Option<Decision<'a>> {
        if self.left == 0 {
            return None;
        }
        let (row, position) = loop {
            let (row, decided) = match self.row.take() {
                Some(at) => at,
                None => match self.rows.next()? {
                    Ok(row) => (row, 0),
                    // Nothing comes after it.
                    Err(problem) => return Some(Decision::Impossible(Box::new(problem))),
                },
            };
            let Some(role) = self.plan.roles.get(row.role.as_str()) else {
                continue;
            };
            if decided == 0 && !self.plan.selection.has_address(&row.email) {
                continue;
            }
            let Some(&position) = role.letters.get(decided) else {
                continue;
            };
            if decided + 1 < role.letters.len() {
                self.row = Some((row.clone(), decided + 1));
            }
            break (row, position);
        };
        let decision = self.decide(row, position);
        if matches!(decision, Decision::Due(_)) {
            self.left -= 1;
        }
        Some(decision)
    }
}

impl<'a, Rows> Decisions<'a, '_, Rows> {
    fn decide(&mut self, row: Recipient, position: usize) -> Decision<'a> {
        let campaign = self.plan.campaign;
        let config = &campaign.config;
        let spec = &config.letters[position];
        let id = LetterId::new(&config.id, &spec.id, &config.sender.email, &row.email);
        let skipped = |row: Recipient, reason, over| Decision::Skipped {
            id,
            letter: &spec.id,
            to: row.email,
            line: row.line,
            reason,
            over,
        };
        if let Some(reason) = self.skip(id, &row) {
            return skipped(row, reason, None);
        }
        let Some(language) = self.plan.language(spec, &row) else {
            return Decision::Impossible(Box::new(self.no_text(spec, &row)));
        };
        if let Some(problem) = self.too_many_copies(spec, &row) {
            return Decision::Impossible(Box::new(problem));
        }
        let copies = row.cc.iter().chain(&spec.cc).cloned();
        let envelope = Envelope::new(config.sender.email.clone(), row.email.clone(), copies);
        if let Some(tally) = &mut self.tally
            && let Err(over) = tally.admit_to(self.plan, id, row.line, &envelope)
        {
            return skipped(row, Skip::AddressLimit, Some(over));
        }
        Decision::Due(Box::new(Letter {
            id,
            spec,
            recipient: row,
            language,
            envelope,
        }))
    }

    fn skip(&mut self, id: LetterId, row: &Recipient) -> Option<Skip> {
        let plan = self.plan;
        let role = plan.roles.get(row.role.as_str())?;
        if !role.serves(row, plan.campaign.config.sender.country) {
            return Some(Skip::OtherCountry);
        }
        if plan.recurs(hash_of(row.email.folded())) && !self.seen.insert(id) {
            return Some(Skip::Duplicate);
        }
        self.history.past(id).keeps_back(self.resend, self.late)
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
