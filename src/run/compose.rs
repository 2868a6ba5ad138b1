//! A campaign's letters as delivery wants them: planned, rendered and composed one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use appel_core::address::Address;
use appel_core::campaign::{Attachment, Campaign, OwnWords};
use appel_core::letter::sameness::Compared;
use appel_core::letter::{
    Attachments, Copy, Decision, Letter, LetterId, Message, OpenCopies, Plan, Recent, Renderer, Rules, Selection, Text,
    compose,
};
use appel_core::outcome::Status;
use appel_messages::msg;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::planning::Found;
use crate::clock::Clock;
use crate::failure::{Failure, Problem};
use crate::input::config::{MOST_ATTACHED, read_attachment};
use crate::input::{Input, bounded, says_something, whom_to_ask};
use crate::outbox::delivery::{Letters, TriedLast};
use crate::outbox::kept::Kept;
use crate::outbox::ledger::{LastTry, LedgerError, LedgerReader};
use crate::outbox::quota::Quota;

/// Everything that turns rows into messages.
pub struct Composer {
    /// The campaign, and who sends it.
    pub input: Input,
    /// Who gets what.
    pub plan: Arc<Plan>,
    renderer: Renderer,
    /// Whether the sender wrote words of their own.
    has_words: bool,
    /// Every file that goes with a letter.
    pub attachments: Attachments,
}

impl Composer {
    /// Compiles the templates and reads the attachments.
    ///
    /// # Errors
    /// When one of them can no longer be read or used (exit 3).
    pub fn new(input: Input, selection: Selection, personal: Option<&str>) -> Result<Arc<Self>, Failure> {
        let Input {
            campaign,
            sender,
            limits,
            ..
        } = &input;
        let renderer = Renderer::new(campaign, sender, personal)?;
        let plan = Plan::new(campaign, sender, *limits, selection)?;
        let attachments = read_attachments(&input)?;
        Ok(Arc::new(Self {
            input,
            plan,
            renderer,
            has_words: personal.is_some_and(says_something),
            attachments,
        }))
    }

    /// The templates, ready to be filled in for this sender.
    #[must_use]
    pub const fn renderer(&self) -> &Renderer {
        &self.renderer
    }

    /// The text of one letter; `date` is that of its first attempt.
    ///
    /// # Errors
    /// When it cannot be written: see [`Renderer::render`].
    pub fn text(&self, letter: &Letter, date: Timestamp) -> Result<Text, Problem> {
        self.renderer.render(letter, Offset::UTC.to_datetime(date).date())
    }

    /// The texts that letters with other ids would have in this one's place; none where letters choose no variants.
    pub fn as_others(&self, letter: &Letter, ids: impl Iterator<Item = LetterId>, date: Timestamp) -> Vec<Text> {
        let day = Offset::UTC.to_datetime(date).date();
        self.renderer.as_others(letter, ids, day).collect()
    }

    /// What the links of a letter tell about its reader, when they tell anything.
    pub fn telling_links(
        &self,
        letter: &Letter,
        text: &Text,
        date: Timestamp,
        compared: &mut Compared,
    ) -> Option<Problem> {
        self.renderer
            .telling_links(letter, text, Offset::UTC.to_datetime(date).date(), compared)
    }

    /// Whether any letter of the campaign leaves with its sender's own words, or not at all.
    #[must_use]
    pub fn wants_words(&self) -> bool {
        let mut letters = self.input.campaign.letters.iter();
        letters.any(|spec| spec.own_words == OwnWords::Required)
    }

    /// Whether the letters have words of their sender's own.
    #[must_use]
    pub const fn has_words(&self) -> bool {
        self.has_words
    }

    /// A letter as it may leave now: fresh when the run began is not fresh for ever.
    fn fresh_message(&self, letter: &Letter, date: Timestamp, now: Timestamp) -> Result<Message, Problem> {
        let text = self.text(letter, date)?;
        match self.stale_fact(&text, now) {
            Some(problem) => Err(problem),
            None => self.message(letter, &text, date),
        }
    }

    /// The message that left without a copy, written once more for it.
    ///
    /// # Errors
    /// When it cannot be written as it was.
    fn same_message(&self, letter: &Letter, copy: &Copy, date: Timestamp) -> Result<Message, Problem> {
        let another = || Problem::error(msg!("copy-is-another"));
        let left = copy.left.as_ref().ok_or_else(another)?;
        let text = self.text(letter, date).map_err(|_| another())?;
        let message = self.message(letter, &text, date).map_err(|_| another())?;
        // As servers have it that take ASCII addresses alone, perhaps.
        let ascii = message.clone().without_smtputf8().0;
        let same = [message, ascii]
            .into_iter()
            .find(|message| message.sha256() == left.sha256);
        let mut message = same.ok_or_else(another)?;
        message.envelope = letter.goes_to();
        Ok(message)
    }

    /// The first fact in a text that is no longer to be sent.
    fn stale_fact(&self, text: &Text, now: Timestamp) -> Option<Problem> {
        let expiry = |name: &str| {
            let fact = self.input.campaign.facts.get(name)?;
            fact.expires.filter(|expires| *expires <= now)
        };
        let (name, expires) = text.fact_names.iter().find_map(|name| Some((name, expiry(name)?)))?;
        let (day, time) = (expires.strftime("%Y-%m-%d"), expires.strftime("%H:%M"));
        let (day, time) = (day.to_string(), time.to_string());
        Some(Problem::error(msg!(
            "fact-expired",
            fact = name,
            day = day,
            time = time,
            ask = whom_to_ask(self.input.campaign.contact.as_deref())
        )))
    }

    /// The bytes of one letter with its text.
    ///
    /// # Errors
    /// When they cannot leave: see [`compose`].
    pub fn message(&self, letter: &Letter, text: &Text, date: Timestamp) -> Result<Message, Problem> {
        compose(letter, text, &self.input.sender, &self.attachments, date)
    }
}

/// All attachments of a campaign have at most so many bytes together, since all of them are in memory.
const MOST_IN_ALL: u64 = 100 << 20;

fn read_attachments(input: &Input) -> Result<Attachments, Problem> {
    let of_rows = input.campaign.recipients.files();
    let lengths = lengths(&input.campaign, &of_rows)?;
    let mut attachments = Attachments::new();
    let mut room = MOST_IN_ALL;
    for path in lengths.into_keys() {
        // What became longer meanwhile is not read to its end either.
        let bytes = read_attachment(input, path, room.min(MOST_ATTACHED)).map_err(|why| {
            let path = appel_core::words::path(path);
            Problem::error(msg!("attachment-not-read", path = path, why = why))
        })?;
        room = room.saturating_sub(bytes.len() as u64);
        attachments.insert(path, bytes);
    }
    Ok(attachments)
}

/// Every file that goes with a letter, and its length; none of them is read when they are too much.
fn lengths<'a>(campaign: &'a Campaign, of_rows: &'a [Attachment]) -> Result<BTreeMap<&'a Path, u64>, Problem> {
    let of_letters = campaign.letters.iter().flat_map(|letter| &letter.attach);
    let of_templates = campaign.templates.iter().flat_map(|(_, _, template)| &template.attach);
    let mut lengths: BTreeMap<&Path, u64> = BTreeMap::new();
    for attachment in of_letters.chain(of_templates).chain(of_rows) {
        if !lengths.contains_key(attachment.path.as_path()) {
            // Whether it can be read at all, whoever reads it says.
            let length = std::fs::metadata(&attachment.path).map_or(0, |about| about.len());
            lengths.insert(&attachment.path, length);
        }
    }
    for letter in &campaign.letters {
        let own: BTreeSet<&Path> = letter.attach.iter().map(|file| file.path.as_path()).collect();
        for language in campaign.templates.languages(&letter.template) {
            let Some(template) = campaign.templates.get(&letter.template, language) else {
                continue;
            };
            if template.attach.is_empty() {
                // That of the letter alone was looked at when it was read.
                continue;
            }
            let added = template.attach.iter().map(|file| file.path.as_path());
            let all = own.iter().copied().chain(added.filter(|path| !own.contains(path)));
            let bytes = all.fold(0u64, |sum, path| {
                sum.saturating_add(lengths.get(path).copied().unwrap_or(0))
            });
            if bytes > MOST_ATTACHED {
                return Err(Problem::error(msg!(
                    "attachments-too-long",
                    letter = &letter.id,
                    template = &template.file,
                    length = bounded::size(bytes),
                    most = bounded::size(MOST_ATTACHED),
                )));
            }
        }
    }
    let in_all = lengths.values().fold(0u64, |sum, length| sum.saturating_add(*length));
    if in_all > MOST_IN_ALL {
        return Err(Problem::error(msg!(
            "attachments-too-long-in-all",
            length = bounded::size(in_all),
            most = bounded::size(MOST_IN_ALL),
        )));
    }
    Ok(lengths)
}

/// A warning when the clock is behind what this sender has done already. A letter's Date stays what it is all the same;
/// pauses and pace do not go by this clock.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn clock_behind(
    ledger: &mut dyn LedgerReader,
    sender: &Address,
    now: Timestamp,
) -> Result<Option<Problem>, LedgerError> {
    let minute = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    Ok(ledger
        .event_after(sender, now)
        .await?
        .map(|newest| Problem::warning(msg!("clock-behind", now = minute(now), newest = minute(newest)))))
}

/// What counts against the limits of one address.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn recent(ledger: &mut dyn LedgerReader, input: &Input, now: Timestamp) -> Result<Recent, LedgerError> {
    ledger
        .recent(&input.sender.email, input.limits, Quota::since(now))
        .await
}

/// The copies that letters of this campaign and sender left without.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn open_copies(ledger: &mut dyn LedgerReader, input: &Input) -> Result<Arc<OpenCopies>, LedgerError> {
    let mut copies = OpenCopies::default();
    let mut each = |copy| copies.add(copy);
    ledger
        .open_copies(&input.campaign.id, &input.sender.email, &mut each)
        .await?;
    Ok(Arc::new(copies))
}

/// The letters of one run, in order, as a first pass over them found them.
pub struct Outgoing {
    composer: Arc<Composer>,
    kept: Option<Arc<Kept>>,
    clock: Clock,
    decisions: TriedLast,
}

impl Outgoing {
    /// Each letter is written when it is asked for.
    #[must_use]
    pub fn new(composer: Arc<Composer>, kept: Option<Arc<Kept>>, clock: Clock, rules: &Rules, found: Found) -> Self {
        let rules = Rules {
            chosen: Some(found.chosen),
            ..rules.clone()
        };
        let decisions = composer.plan.decisions_by(&rules, found.notes.into_iter());
        Self {
            composer,
            kept,
            clock,
            decisions: TriedLast::new(decisions, found.last_tries),
        }
    }
}

impl Letters for Outgoing {
    fn next(&mut self) -> Option<Decision> {
        self.decisions.next()
    }

    fn earlier_no(&self, id: LetterId) -> Option<LastTry> {
        self.decisions.earlier_no(id)
    }

    fn message(&self, letter: &Letter, date: Timestamp) -> Result<Message, Problem> {
        let left_before = letter.copy.is_some() || letter.past.is_some_and(|past| past.status == Status::InDoubt);
        if left_before && let Some(message) = self.kept.as_ref().and_then(|kept| kept.message(letter)) {
            return Ok(message);
        }
        // It may have left with its sender's words before, and would leave without them.
        if left_before
            && letter.copy.is_none()
            && letter.spec.own_words == OwnWords::Required
            && !self.composer.has_words
        {
            return Err(Problem::error(msg!("own-words-lost", letter = &letter.spec.id)));
        }
        match &letter.copy {
            Some(copy) => self.composer.same_message(letter, copy, date),
            None => self.composer.fresh_message(letter, date, self.clock.now()),
        }
    }
}
