//! Popolo: people and organisations in office, as JSON, which many sites of parliaments and civic projects publish.

use appel_core::words::visible_line;
use appel_messages::msg;
use serde_json::Value;

use super::Found;
use crate::failure::{Place, Problem};

/// Lists of entries, by what they are called.
const LISTS: [&str; 6] = ["persons", "people", "organizations", "memberships", "results", "items"];

/// Every person and organisation.
pub fn read(text: &str, shown: &str) -> Result<Vec<Found>, Problem> {
    let all: Value = serde_json::from_str(text).map_err(|error| {
        let place = Place {
            line: Some(error.line()),
            column: Some(error.column()),
            ..Place::file(shown)
        };
        Problem::error(msg!("import-no-json", cause = error.to_string())).at(place)
    })?;
    let mut found = Vec::new();
    match &all {
        Value::Array(entries) => found.extend(entries.iter().map(|entry| person(entry, shown))),
        Value::Object(fields) => {
            let mut lists = LISTS.iter().filter_map(|list| fields.get(*list)?.as_array()).peekable();
            if lists.peek().is_none() {
                found.push(person(&all, shown));
            }
            found.extend(lists.flatten().map(|entry| person(entry, shown)));
        }
        _ => {}
    }
    // A membership without an address of its own says nothing new.
    found.retain(|found: &Found| !(found.entry.name.is_empty() && found.entry.email.is_empty()));
    Ok(found)
}

fn person(value: &Value, shown: &str) -> Found {
    let text = |field: &str| {
        value
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let listed = |field: &str| value.get(field).and_then(Value::as_array).into_iter().flatten();
    let mut found = Found {
        place: Place::file(shown),
        ..Found::default()
    };
    let entry = &mut found.entry;
    entry.name = text("name");
    entry.email = text("email");
    entry.gender = text("gender").to_lowercase();
    entry.title = [text("role"), text("honorific_prefix")]
        .into_iter()
        .find(|title| !title.is_empty())
        .unwrap_or_default();
    entry.country = text("country");
    entry.language = text("language");
    entry.note = text("note");
    let source = listed("sources").chain(listed("links"));
    let mut sources = source.filter_map(|source| source.get("url")?.as_str());
    sources.next().unwrap_or_default().clone_into(&mut entry.source);
    for detail in listed("contact_details") {
        let field = |field: &str| detail.get(field).and_then(Value::as_str).unwrap_or_default();
        let (kind, value) = (field("type"), field("value"));
        if kind.eq_ignore_ascii_case("email") && entry.email.is_empty() {
            value.clone_into(&mut entry.email);
        } else if value != entry.email && !value.is_empty() {
            let shown: String = value.chars().take(60).collect();
            found
                .unread
                .push(format!("{} {}", visible_line(kind), visible_line(&shown)));
        }
    }
    found
}
