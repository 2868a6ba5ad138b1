//! A campaign as letters are made of it, whoever sends them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::Fact;
use crate::place::Language;
use crate::recipients::Recipients;
use crate::templates::Templates;

pub use crate::sender::{Limits, Sender};
pub use crate::spec::{Attachment, Format, LetterSpec, OwnWords};

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
    /// `campaign.contact`: whom a sender asks about it.
    pub contact: Option<String>,
    /// The letters, in order; ids differ.
    pub letters: Vec<Arc<LetterSpec>>,
    /// The facts by name.
    pub facts: BTreeMap<String, Fact>,
    /// Their texts.
    pub templates: Templates,
    /// Who is written to.
    pub recipients: Arc<dyn Recipients>,
}
