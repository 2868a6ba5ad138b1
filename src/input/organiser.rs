//! Who keeps up a campaign: whoever sends it, or somebody they can ask.

use appel_core::address::Address;
use appel_messages::{Message, msg};

/// Who keeps up a campaign. A sender who does not is never asked to put in a figure, or to mend the folder, by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Organiser {
    /// Whoever sends it.
    Sender,
    /// Somebody else, who is asked there (`campaign.contact`).
    At(String),
    /// Nothing says who.
    Unknown,
}

impl Organiser {
    /// By `campaign.contact`, and by who sends: the sender is the organiser where the contact is their own address, or
    /// where the folder itself names them as its sender.
    #[must_use]
    pub fn of(contact: Option<&str>, sender: Option<&Address>, sender_is_in_folder: bool) -> Self {
        let Some(contact) = contact else {
            return Self::Unknown;
        };
        let is_sender = |word: &str| {
            let word = word.trim_matches(|c: char| "<>()[],;:\"'".contains(c));
            let address = Address::parse(word.strip_prefix("mailto:").unwrap_or(word)).ok();
            sender
                .zip(address)
                .is_some_and(|(sender, address)| sender.mailbox() == address.mailbox())
        };
        if sender_is_in_folder || contact.split_whitespace().any(is_sender) {
            Self::Sender
        } else {
            Self::At(contact.to_owned())
        }
    }

    /// Whom a sender asks.
    #[must_use]
    pub fn whom_to_ask(&self) -> Message {
        match self {
            Self::At(contact) => msg!("fact-ask-contact", contact = contact),
            Self::Sender | Self::Unknown => msg!("fact-ask-organiser"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_whose_address_is_the_contact_is_the_organiser() {
        let ann = Address::parse("ann@home.example").unwrap();
        let check = |contact, in_folder, expect| {
            assert_eq!(Organiser::of(contact, Some(&ann), in_folder), expect, "{contact:?}");
        };
        let at = |contact: &str| Organiser::At(contact.to_owned());
        check(None, false, Organiser::Unknown);
        check(None, true, Organiser::Unknown);
        check(Some("bob@home.example"), false, at("bob@home.example"));
        check(Some("bob@home.example"), true, Organiser::Sender);
        check(
            Some("https://campaign.example/help"),
            false,
            at("https://campaign.example/help"),
        );
        for own in [
            "ann@home.example",
            "Ann <Ann@HOME.example>",
            "mailto:ann@home.example",
            "Ann, ann@home.example; or Bob",
        ] {
            check(Some(own), false, Organiser::Sender);
        }
        assert_eq!(
            Organiser::of(Some("ann@home.example"), None, false),
            at("ann@home.example")
        );
    }
}
