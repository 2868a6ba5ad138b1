//! A campaign as letters are made of it, whoever sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::Fact;
use crate::place::Language;
use crate::problem::Place;
use crate::recipients::Recipients;
use crate::templates::Templates;

pub use crate::sender::{Limits, Sender};
pub use crate::spec::{Attachment, Format, LetterSpec, OwnWords};

/// The organiser's word that nothing is to be sent for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub place: Place,
}

/// A campaign, valid: the same for everybody who sends its letters.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// `campaign.id`: names this campaign in the ledger; letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// `campaign.title`.
    pub title: String,
    /// `campaign.language`: the last resort.
    pub language: Language,
    /// `campaign.deadline`: no letter leaves after it.
    pub deadline: Option<Timestamp>,
    /// `campaign.version`: which edition of its files this is, as the organiser counts them.
    pub version: Option<String>,
    /// `campaign.updated`: when the organiser changed them last, as it is shown: a day, or a moment in UTC.
    pub updated: Option<String>,
    /// `campaign.contact`: whom a sender asks about it.
    pub contact: Option<String>,
    /// `campaign.hold`: why nothing is to be sent for now.
    pub hold: Option<Hold>,
    /// The letters, in order; ids differ.
    pub letters: Vec<Arc<LetterSpec>>,
    /// The facts by name.
    pub facts: BTreeMap<String, Fact>,
    /// Their texts.
    pub templates: Templates,
    /// Who is written to.
    pub recipients: Arc<dyn Recipients>,
}
