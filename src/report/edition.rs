//! Which edition of a campaign's files somebody has, and whom they ask about it.

use appel_core::campaign::Campaign;
use appel_messages::{Message, msg};

/// A line each; none where the campaign says nothing of it.
pub fn lines(campaign: &Campaign) -> impl Iterator<Item = Message> {
    let edition = match (&campaign.version, &campaign.updated) {
        (Some(version), Some(updated)) => Some(msg!("edition-version-updated", version = version, updated = updated)),
        (Some(version), None) => Some(msg!("edition-version", version = version)),
        (None, Some(updated)) => Some(msg!("edition-updated", updated = updated)),
        (None, None) => None,
    };
    let contact = campaign.contact.as_ref();
    let contact = contact.map(|contact| msg!("edition-contact", contact = contact));
    edition.into_iter().chain(contact)
}
