//! One fact set in the text of a configuration: comments, order, line endings and the byte order mark stay.

use appel_core::place::Language;
use toml_edit::{Datetime, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::Texts;

/// What a fact is to say.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// `value`.
    pub value: Texts,
    /// `source`.
    pub source: Texts,
    /// `as-of`.
    pub as_of: Datetime,
    /// `expires`.
    pub expires: Expires,
}

/// What becomes of `expires`.
#[derive(Clone, Debug)]
pub enum Expires {
    /// It stays as it is, there or not.
    Stays,
    /// It goes.
    Goes,
    /// It becomes this.
    Is(Datetime),
}

/// Why it cannot be set: something else stands where a table should, or the result would change more than the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSet;

const MARK: char = '\u{feff}';

/// The text with the fact set.
///
/// # Errors
/// When it cannot be set without changing anything else.
pub fn set(text: &str, setting: &Setting) -> Result<String, NotSet> {
    let bare = text.strip_prefix(MARK).unwrap_or(text);
    let mut document: DocumentMut = bare.parse().map_err(|_| NotSet)?;
    let top = document.as_table_mut();
    if !top.contains_key("facts") {
        let mut facts = Table::new();
        facts.set_implicit(true);
        top.insert("facts", Item::Table(facts));
    }
    let facts = top.get_mut("facts").and_then(Item::as_table_like_mut).ok_or(NotSet)?;
    if !facts.contains_key(&setting.name) {
        let mut fact = Table::new();
        fact.decor_mut().set_prefix("\n");
        facts.insert(&setting.name, Item::Table(fact));
    }
    let fact = facts
        .get_mut(&setting.name)
        .and_then(Item::as_table_like_mut)
        .ok_or(NotSet)?;
    set_texts(fact, "value", &setting.value)?;
    set_texts(fact, "source", &setting.source)?;
    set_value(fact, "as-of", setting.as_of.into());
    match setting.expires {
        Expires::Stays => {}
        Expires::Goes => drop(fact.remove("expires")),
        Expires::Is(moment) => set_value(fact, "expires", moment.into()),
    }
    let edited = with_endings_of(bare, &document.to_string());
    if !only_the_fact_differs(bare, &edited, &setting.name) {
        return Err(NotSet);
    }
    Ok(if bare.len() == text.len() {
        edited
    } else {
        format!("{MARK}{edited}")
    })
}

fn set_texts(table: &mut dyn TableLike, key: &str, texts: &Texts) -> Result<(), NotSet> {
    match (texts, table.get_mut(key)) {
        (Texts::One(text), _) => set_value(table, key, text.as_str().into()),
        (Texts::Each(texts), Some(item)) if item.is_table_like() => {
            let each = item.as_table_like_mut().ok_or(NotSet)?;
            for (tag, text) in texts {
                let language = Language::parse(tag).ok();
                let written = each.iter().map(|(key, _)| key.to_owned());
                // However the tag is spelled there.
                let known = written.into_iter().find(|key| Language::parse(key).ok() == language);
                set_value(each, known.as_ref().unwrap_or(tag), text.as_str().into());
            }
        }
        (Texts::Each(texts), _) => {
            let mut each = InlineTable::new();
            for (tag, text) in texts {
                each.insert(tag, text.as_str().into());
            }
            set_value(table, key, Value::InlineTable(each));
        }
    }
    Ok(())
}

/// The value, where it is another; what stands around the old one (blanks, a comment) stays around it.
fn set_value(table: &mut dyn TableLike, key: &str, mut value: Value) {
    if let Some(item) = table.get_mut(key) {
        if let Some(old) = item.as_value() {
            if says_the_same(old, &value) {
                return;
            }
            *value.decor_mut() = old.decor().clone();
        }
        *item = Item::Value(value);
        return;
    }
    // Behind the last value of `{ … }` stands the blank before the brace.
    let last = table.iter().last().map(|(key, _)| key.to_owned());
    if let Some(last) = last.and_then(|last| table.get_mut(&last)).and_then(Item::as_value_mut)
        && let Some(behind) = last.decor().suffix().and_then(|suffix| suffix.as_str())
        && !behind.is_empty()
        && behind.bytes().all(|byte| byte == b' ')
    {
        let behind = behind.to_owned();
        last.decor_mut().set_suffix("");
        value.decor_mut().set_suffix(behind);
        value.decor_mut().set_prefix(" ");
    }
    table.insert(key, Item::Value(value));
}

fn says_the_same(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::String(old), Value::String(new)) => old.value() == new.value(),
        (Value::Datetime(old), Value::Datetime(new)) => old.value() == new.value(),
        _ => false,
    }
}

/// Each line as it ended in the old text; a new one as the first line of that does.
fn with_endings_of(old: &str, new: &str) -> String {
    if !old.contains('\r') {
        return new.to_owned();
    }
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let bare = |line: &str| line.trim_end_matches(['\r', '\n']).len();
    let usual = lines.first().map_or("\n", |line| &line[bare(line)..]);
    let mut text = String::with_capacity(old.len() + 200);
    let mut at = 0;
    for line in new.split_inclusive('\n') {
        let end = bare(line);
        text.push_str(&line[..end]);
        if end == line.len() {
            break;
        }
        let same = lines[at..]
            .iter()
            .position(|old| old[..bare(old)] == line[..end] && old.ends_with('\n'));
        match same {
            Some(ahead) => {
                let old = lines[at + ahead];
                text.push_str(&old[bare(old)..]);
                at += ahead + 1;
            }
            None => text.push_str(usual),
        }
    }
    text
}

/// What was not to be touched means what it did.
fn only_the_fact_differs(old: &str, new: &str, name: &str) -> bool {
    let without = |text: &str| {
        let mut table: toml::Table = text.parse().ok()?;
        if let Some(facts) = table.get_mut("facts").and_then(toml::Value::as_table_mut) {
            facts.remove(name);
            if facts.is_empty() {
                table.remove("facts");
            }
        }
        Some(table)
    };
    let (old, new) = (without(old), without(new));
    old.is_some() && old == new
}
