//! Whom corrections go to, as the ledger has it; and what `check` says of them.

use std::sync::Arc;

use appel_core::address::Address;
use appel_core::campaign::Campaign;
use appel_core::letter::Corrections;
use appel_messages::msg;

use crate::failure::{Place, Problem};
use crate::input::Input;
use crate::outbox::ledger::{LedgerError, LedgerReader, Received};

/// Whom this sender's corrections go to. A campaign that corrects nothing asks nothing.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn corrections(ledger: &mut dyn LedgerReader, input: &Input) -> Result<Arc<Corrections>, LedgerError> {
    let (campaign, sender) = (&input.campaign, &input.sender.email);
    let mut corrections = Corrections::of(campaign);
    if corrections.is_empty() {
        return Ok(Arc::new(corrections));
    }
    let mut each = |Received { record, facts, .. }: Received| {
        // Whoever has only a copy has no letter that a correction could follow.
        if record.copy_of.is_none()
            && sender.is_spelled(&record.sender)
            && let Ok(to) = Address::parse(&record.recipient)
        {
            let facts = facts.as_deref();
            corrections.hear(campaign, sender, &record.letter, &to, &record.language, facts);
        }
    };
    ledger.received(&campaign.id, &mut each).await?;
    Ok(Arc::new(corrections))
}

/// What is wrong with corrections: one that was sent and is outdated itself goes to nobody a second time, and one whose
/// text has no figure corrects nothing.
#[must_use]
pub fn warnings(campaign: &Campaign, corrections: &Corrections, config: &str) -> Vec<Problem> {
    let outdated = corrections.outdated().map(|(letter, fact, readers)| {
        let what = msg!("correction-outdated", letter = letter, fact = fact, readers = readers);
        Problem::warning(what).at(Place::file(config).field("letter.id"))
    });
    let mut warnings: Vec<Problem> = outdated.collect();
    for spec in &campaign.letters {
        let Some(fact) = &spec.if_fact_was else { continue };
        for language in campaign.templates.languages(&spec.template) {
            if let Some(template) = campaign.templates.get(&spec.template, language)
                && !template.facts.contains(fact)
            {
                let what = msg!("correction-without-figure", letter = &spec.id, fact = fact);
                warnings.push(Problem::warning(what).at(Place::file(&template.file)));
            }
        }
    }
    warnings
}
