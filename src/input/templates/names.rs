//! The names that a template may use, and what was probably meant by one that is not among them.

use appel_core::words::nearest;
use appel_messages::{Message, Value, msg};

use super::Scope;
use crate::input::{phrases, recipients};

const CAMPAIGN: [&str; 4] = ["id", "title", "language", "deadline"];
const GROUPS: [&str; 3] = ["sender", "recipient", "campaign"];
const SINGLE: [&str; 2] = ["date", "message"];

/// What names mean where a tag stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Surroundings {
    /// The groups of `{{#with}}`, innermost last; and that of a partial called with one.
    within: Vec<String>,
    /// Names that the call of a partial adds.
    added: Vec<String>,
    /// Whether an `{{#each}}` is around.
    in_each: bool,
}

impl Surroundings {
    /// Inside `{{#with group}}`.
    pub fn with(&self, group: &str) -> Self {
        let mut inner = self.clone();
        inner.within.push(group.to_owned());
        inner
    }

    /// How many names there are to copy.
    pub fn weight(&self) -> usize {
        self.within.len() + self.added.len()
    }

    /// Inside `{{#each}}`.
    pub fn each(&self) -> Self {
        Self {
            in_each: true,
            ..self.clone()
        }
    }

    /// Inside a partial, called with a group or none, and with further names.
    pub fn partial(&self, group: Option<&str>, names: impl Iterator<Item = String>) -> Self {
        let here = self.within.last().map(String::as_str);
        let mut added = self.added.clone();
        added.extend(names);
        added.sort();
        added.dedup();
        Self {
            within: group.or(here).map(ToOwned::to_owned).into_iter().collect(),
            added,
            in_each: self.in_each,
        }
    }
}

/// What a name stands for.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// One text.
    Text,
    /// `sender`, `recipient` or `campaign` as a whole.
    Group(&'static str),
    /// Nothing; with what to do, when somebody wanted to know.
    Undefined(Option<Message>),
}

/// Whether anybody wants to know what was meant by an undefined name; to find out takes its time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hints {
    /// It is looked for.
    Yes,
    /// There may be no hint.
    No,
}

/// What `raw`, as written, stands for.
pub fn meaning(raw: &str, around: &Surroundings, scope: &Scope<'_>, hints: Hints) -> Meaning {
    let mut path = raw;
    let mut within = around.within.as_slice();
    let mut from_root = false;
    if let Some(rest) = path.strip_prefix("@root") {
        match rest.strip_prefix(['.', '/']) {
            Some(rest) => (path, from_root) = (rest, true),
            None => return Meaning::undefined(msg!("name-hint-root")),
        }
    } else if let Some(local) = path.strip_prefix('@') {
        let known = ["index", "key", "first", "last"].contains(&local);
        return if known && around.in_each {
            Meaning::Text
        } else {
            Meaning::undefined(msg!("name-hint-each"))
        };
    }
    while let Some(rest) = path.strip_prefix("../") {
        let Some((_, outer)) = within.split_last() else {
            return Meaning::undefined(msg!("name-hint-above"));
        };
        (path, within) = (rest, outer);
    }
    if path == "this" || path == "." {
        return match within.last() {
            _ if around.in_each => Meaning::Text,
            Some(group) => group_of(group).map_or(Meaning::Text, Meaning::Group),
            None => Meaning::undefined(msg!("name-hint-this")),
        };
    }
    for prefix in ["this.", "this/", "./"] {
        path = path.strip_prefix(prefix).unwrap_or(path);
    }
    let parts = split(path);
    let group = if from_root { None } else { within.last() };
    let (first, rest) = match (group, parts.as_slice()) {
        (_, []) => return Meaning::undefined(msg!("name-hint-empty")),
        (_, [only]) if !from_root && around.added.iter().any(|name| name == only) => return Meaning::Text,
        (Some(group), rest) => (group.as_str(), rest),
        (None, [first, rest @ ..]) => (*first, rest),
    };
    if let (Some(group), []) = (group_of(first), rest) {
        return Meaning::Group(group);
    }
    match (group_of(first), rest) {
        (Some(group), [member]) if has(group, member, scope) => Meaning::Text,
        (None, []) if SINGLE.contains(&first) => Meaning::Text,
        (Some(group), [member, ..]) if has(group, member, scope) && rest.len() > 1 => {
            Meaning::undefined(msg!("name-hint-inside", name = format!("{group}.{member}")))
        }
        _ if hints == Hints::No => Meaning::Undefined(None),
        (Some(here), [..]) if group.is_some() => Meaning::undefined(suggest_within(here, path, around, scope)),
        (Some(group), [member, ..]) => Meaning::undefined(suggest_in(group, member, scope)),
        (None, [_, ..]) if SINGLE.contains(&first) => Meaning::undefined(msg!("name-hint-inside", name = first)),
        _ => Meaning::undefined(suggest(path, scope)),
    }
}

impl Meaning {
    const fn undefined(hint: Message) -> Self {
        Self::Undefined(Some(hint))
    }
}

fn group_of(name: &str) -> Option<&'static str> {
    GROUPS.into_iter().find(|group| *group == name)
}

/// The parts of `recipient.[First name]`.
fn split(path: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[')
            && let Some((part, after)) = inner.split_once(']')
        {
            parts.push(part);
            rest = after.strip_prefix(['.', '/']).unwrap_or(after);
            continue;
        }
        let end = rest.find(['.', '/']).unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    parts
}

/// Whether the group has the member; what could not be read has everything, so that one slip is said once.
fn has(group: &str, member: &str, scope: &Scope<'_>) -> bool {
    match group {
        "sender" => scope.sender.as_ref().is_none_or(|keys| keys.contains(member)),
        "recipient" => scope
            .columns
            .is_none_or(|columns| columns.iter().any(|column| column == member)),
        _ => CAMPAIGN.contains(&member),
    }
}

fn members<'a>(group: &str, scope: &'a Scope<'_>) -> Vec<&'a str> {
    match group {
        "sender" => scope.sender.iter().flatten().copied().collect(),
        "recipient" => scope.columns.into_iter().flatten().map(String::as_str).collect(),
        _ => CAMPAIGN.to_vec(),
    }
}

/// A name as it is written in a tag.
fn written(group: &str, member: &str) -> String {
    let plain = member
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii());
    if plain {
        format!("{group}.{member}")
    } else {
        format!("{group}.[{member}]")
    }
}

/// Inside a group its own names are known, and no others.
fn suggest_within(group: &str, path: &str, around: &Surroundings, scope: &Scope<'_>) -> Message {
    let own = path.strip_prefix(group).and_then(|rest| rest.strip_prefix(['.', '/']));
    if let Some(own) = own.filter(|own| has(group, own, scope)) {
        return msg!("name-hint-within", group = group, name = own);
    }
    let known = members(group, scope);
    if let Some(near) = nearest(&path.to_lowercase(), known.iter().copied()) {
        return msg!("name-near", name = near);
    }
    let outside = Surroundings {
        within: Vec::new(),
        ..around.clone()
    };
    match meaning(path, &outside, scope, Hints::No) {
        Meaning::Undefined(_) => msg!("name-hint-group", group = group, names = Value::list(known)),
        _ => msg!("name-hint-within", group = group, name = format!("@root.{path}")),
    }
}

/// What was meant by a name that a group has not.
fn suggest_in(group: &str, member: &str, scope: &Scope<'_>) -> Message {
    if group == "recipient" && recipients::KEPT_BACK.contains(&member) {
        return msg!("name-hint-note", column = member);
    }
    let known = members(group, scope);
    // The column's own words may be in another language too.
    let called = || recipients::meaning(member).filter(|_| group == "recipient");
    if let Some(english) = phrases::in_english(member)
        .or_else(called)
        .filter(|english| known.contains(english))
    {
        return msg!("name-near", name = written(group, english));
    }
    if let Some(near) = nearest(&member.to_lowercase(), known.iter().copied()) {
        return msg!("name-near", name = written(group, near));
    }
    // `sender.salutation` for `recipient.salutation`.
    if let Some(other) = GROUPS
        .into_iter()
        .find(|other| *other != group && members(other, scope).contains(&member))
    {
        return msg!("name-near", name = written(other, member));
    }
    let names = Value::list(known);
    match group {
        "sender" => msg!("name-hint-sender", name = member, names = names),
        "recipient" => msg!("name-hint-recipient", names = names),
        _ => msg!("name-hint-campaign", names = names),
    }
}

/// What was meant by a name outside of all groups.
fn suggest(path: &str, scope: &Scope<'_>) -> Message {
    let all: Vec<String> = GROUPS
        .into_iter()
        .flat_map(|group| {
            members(group, scope)
                .into_iter()
                .map(move |member| written(group, member))
        })
        .chain(SINGLE.map(ToOwned::to_owned))
        .collect();
    let lower = phrases::in_english(path).map_or_else(|| path.to_lowercase(), ToOwned::to_owned);
    let same_end = all
        .iter()
        .filter(|name| name.split_once('.').is_some_and(|(_, end)| end == lower))
        .map(Value::from);
    if let Some(names) = same_end.reduce(|before, next| msg!("name-or", before = before, next = next).into()) {
        return msg!("name-near", name = names);
    }
    match nearest(&lower, all.iter().map(String::as_str)) {
        Some(near) => msg!("name-near", name = near),
        None => msg!("name-hint"),
    }
}

/// Whether a partial's call cannot give this name a new meaning.
pub fn is_taken(name: &str) -> bool {
    GROUPS.contains(&name) || SINGLE.contains(&name) || name == "this"
}
