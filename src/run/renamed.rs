//! Letters, or a campaign, that were given another name: what was accepted under the old one is due again under the new.

use appel_core::campaign::Campaign;
use appel_core::letter::LetterId;
use appel_core::outcome::Status;
use appel_messages::msg;

use super::preflight::Checked;
use crate::failure::{Place, Problem};
use crate::input::Input;
use crate::outbox::ledger::{AcceptedKind, LedgerError, LedgerReader};

/// So many former names are looked for; more are no renaming any more.
const MOST: usize = 8;
/// So many letters are asked about at once.
const CHUNK: usize = 256;

/// A name under which letters were accepted, and that the configuration does not have.
#[derive(Debug)]
struct Former {
    campaign: String,
    letter: String,
}

/// What may have been renamed, and which letters that are due for the first time it concerns.
#[derive(Debug, Default)]
pub struct Renamed {
    former: Vec<Former>,
    /// The letters by their former ids, each with its former name.
    letters: Vec<(usize, LetterId)>,
}

impl Renamed {
    /// By what the ledger has of the sender's letters. Another campaign counts when it was last sent under the same title,
    /// or when its title is not known: one with a title of its own is another campaign.
    #[must_use]
    pub fn new<'t>(kinds: &[AcceptedKind], campaign: &Campaign, title_of: impl Fn(&str) -> Option<&'t str>) -> Self {
        let has = |letter: &str| campaign.letters.iter().any(|spec| spec.id == letter);
        let is_former = |kind: &&AcceptedKind| {
            if kind.campaign == campaign.id {
                !has(&kind.letter)
            } else {
                has(&kind.letter) && title_of(&kind.campaign).is_none_or(|title| title == campaign.title)
            }
        };
        let former = kinds.iter().filter(is_former).take(MOST).map(|kind| Former {
            campaign: kind.campaign.clone(),
            letter: kind.letter.clone(),
        });
        Self {
            former: former.collect(),
            letters: Vec::new(),
        }
    }

    /// A letter of the run. One that follows another one is meant for those who got something already.
    pub fn see(&mut self, input: &Input, seen: &Checked) {
        let Checked::Due { letter, .. } = seen else { return };
        if letter.past.is_some() || !letter.follows.is_empty() {
            return;
        }
        for (at, former) in self.former.iter().enumerate() {
            if former.campaign == input.campaign.id || former.letter == letter.spec.id {
                let (sender, to) = (&input.sender.email, &letter.recipient.email);
                let id = LetterId::new(&former.campaign, &former.letter, sender, to);
                self.letters.push((at, id));
            }
        }
    }

    /// How many of them were accepted under each former name, and what to do.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn warnings(
        self,
        ledger: &mut dyn LedgerReader,
        input: &Input,
        config: &str,
    ) -> Result<Vec<Problem>, LedgerError> {
        let mut accepted = vec![0_usize; self.former.len()];
        for chunk in self.letters.chunks(CHUNK) {
            let ids: Vec<LetterId> = chunk.iter().map(|(_, id)| *id).collect();
            let pasts = ledger.past(&ids).await?;
            for ((at, _), past) in chunk.iter().zip(pasts) {
                accepted[*at] += usize::from(past.is_some_and(|past| past.status == Status::Accepted));
            }
        }
        let known = self
            .former
            .into_iter()
            .zip(accepted)
            .filter(|(_, letters)| *letters > 0);
        let warning = |(former, letters): (Former, usize)| {
            let (field, what) = if former.campaign == input.campaign.id {
                let what = msg!("renamed-letter", letters = letters, former = former.letter);
                ("letter.id", what)
            } else {
                let what = msg!(
                    "renamed-campaign",
                    letters = letters,
                    letter = former.letter,
                    former = former.campaign
                );
                ("campaign.id", what)
            };
            Problem::warning(what).at(Place::file(config).field(field))
        };
        Ok(known.map(warning).collect())
    }
}
