//! A value in a message: a text, a number, a list, or another message.

use std::borrow::Cow;

use crate::Message;

/// What stands for a variable of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// As it is: a name, an address, a year, the number of a line.
    Text(String),
    /// A count: it decides between singular and plural, and is grouped as the language does.
    Number(u64),
    /// Something to say inside of something else.
    Message(Box<Message>),
    /// What many messages with one code have in common.
    Kind(Cow<'static, str>),
    /// Some of them, one after the other, and how many more there are.
    List(Vec<Self>, u64),
}

/// How many things a list names.
const LISTED: usize = 20;

impl Value {
    /// A list; of a long one its beginning, and how many more there are.
    pub fn list<V: Into<Self>>(values: impl IntoIterator<Item = V>) -> Self {
        let mut values = values.into_iter();
        let first = values.by_ref().take(LISTED).map(Into::into).collect();
        Self::List(first, values.count() as u64)
    }

    /// Every text in it at most so many characters long.
    pub(crate) fn shorten(&mut self, most: usize) {
        match self {
            Self::Text(text) => *text = shortened(std::mem::take(text), most),
            Self::Number(_) | Self::Kind(_) => {}
            Self::Message(message) => **message = message.as_ref().clone().shortened(most),
            Self::List(values, _) => values.iter_mut().for_each(|value| value.shorten(most)),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Cow<'_, str>> for Value {
    fn from(text: Cow<'_, str>) -> Self {
        Self::Text(text.into_owned())
    }
}

impl From<char> for Value {
    fn from(c: char) -> Self {
        Self::Text(c.to_string())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<Message> for Value {
    fn from(message: Message) -> Self {
        Self::Message(Box::new(message))
    }
}

impl From<&Message> for Value {
    fn from(message: &Message) -> Self {
        Self::from(message.clone())
    }
}

impl From<&Self> for Value {
    fn from(value: &Self) -> Self {
        value.clone()
    }
}

/// A text of at most `most` characters: what stands in the middle of a longer one is left out.
#[must_use]
pub fn shortened(text: String, most: usize) -> String {
    if text.len() <= most || text.chars().nth(most).is_none() {
        return text;
    }
    // The reason often stands at the end, behind what was written.
    let (head, tail) = (most - most / 3, most / 3);
    let head = text.char_indices().nth(head).map_or(text.len(), |(at, _)| at);
    let tail = text
        .char_indices()
        .rev()
        .nth(tail.saturating_sub(1))
        .map_or(0, |(at, _)| at);
    format!("{}…{}", &text[..head], &text[tail..])
}
