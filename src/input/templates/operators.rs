//! Tags as people write them who know other languages: `{{#if a == "b"}}`, `&&`, quotes of a word processor; and how they
//! are written here.

use appel_messages::{Message, msg};

/// Quotes that word processors put in place of straight ones.
pub const CURLY: [char; 9] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚'];

/// Operators, the longer ones first, and what is called instead.
const OPERATORS: [(&str, &str); 13] = [
    ("===", "eq"),
    ("!==", "ne"),
    ("==", "eq"),
    ("!=", "ne"),
    ("<>", "ne"),
    (">=", "gte"),
    ("<=", "lte"),
    ("&&", "and"),
    ("||", "or"),
    ("=", "eq"),
    ("≠", "ne"),
    (">", "gt"),
    ("<", "lt"),
];

/// What to do about a tag that cannot be read, when that can be told.
pub fn hint(tag: &str) -> Option<Message> {
    let inner = tag.trim_matches(['{', '}', '~']).trim();
    let inner = inner.trim_start_matches(['#', '^']).trim_start();
    let expression = ["else ", "if ", "unless "]
        .iter()
        .fold(inner, |rest, word| rest.strip_prefix(word).unwrap_or(rest).trim_start());
    let expression = expression.trim().trim_matches(['(', ')']).trim();
    if let Some(call) = call(expression) {
        return Some(msg!("tag-hint-compare", call = call));
    }
    if let Some(negated) = expression.strip_prefix('!') {
        let negated = value(negated)?;
        return Some(msg!("tag-hint-not", name = negated));
    }
    inner.contains(CURLY).then(|| msg!("tag-hint-quotes"))
}

/// A comparison written between its values, as the call that it is here.
fn call(expression: &str) -> Option<String> {
    let (before, name, behind) = OPERATORS.iter().find_map(|(operator, name)| {
        let (before, behind) = expression.split_once(operator)?;
        Some((before, *name, behind))
    })?;
    Some(format!("({name} {} {})", value(before)?, value(behind)?))
}

/// The same for a call whose name stands between its values: `recipient.gender eq "f"`.
pub fn infix(before: &str, name: &str, behind: &str) -> Message {
    msg!("tag-hint-compare", call = format!("({name} {before} {behind})"))
}

/// One value, with straight quotes if it is a text. Further operators are nothing that is put right here.
fn value(written: &str) -> Option<String> {
    let written = written.trim();
    let bare = written.trim_matches(|c| matches!(c, '"' | '\'') || CURLY.contains(&c));
    if bare.is_empty() || bare.contains(['"', '(', ')', '=', '&', '|', '!', '<', '>', '{', '}']) {
        return None;
    }
    let is_text = bare.len() < written.len();
    let is_name = bare.contains('.') || ["message", "date"].contains(&bare) || bare.parse::<f64>().is_ok();
    match (is_text, is_name) {
        (false, true) => Some(bare.to_owned()),
        (false, false) if bare.contains(char::is_whitespace) => None,
        _ => Some(format!("\"{bare}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_between_its_values_is_written_as_a_call() {
        for (tag, call) in [
            ("{{#if recipient.gender == \"f\"}}", "(eq recipient.gender \"f\")"),
            ("{{#if recipient.gender = f}}", "(eq recipient.gender \"f\")"),
            ("{{#if (recipient.gender === 'f')}}", "(eq recipient.gender \"f\")"),
            ("{{#if recipient.gender == “f”}}", "(eq recipient.gender \"f\")"),
            ("{{else if recipient.gender != \"f\"}}", "(ne recipient.gender \"f\")"),
            ("{{#unless recipient.office >= 3}}", "(gte recipient.office 3)"),
            ("{{#if message && recipient.title}}", "(and message recipient.title)"),
            ("{{#if message || recipient.title}}", "(or message recipient.title)"),
        ] {
            assert_eq!(hint(tag), Some(msg!("tag-hint-compare", call = call)), "{tag}");
        }
        assert_eq!(hint("{{#if !message}}"), Some(msg!("tag-hint-not", name = "message")));
        assert_eq!(
            hint("{{#if !recipient.title}}"),
            Some(msg!("tag-hint-not", name = "recipient.title"))
        );
        for other in ["{{#if a == b == c}}", "{{x y z}}", "{{}}", "{{#if == }}"] {
            assert_eq!(hint(other), None, "{other}");
        }
    }
}
