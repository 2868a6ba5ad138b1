//! The style of letters: warnings with a name, which a campaign may switch off. Nothing about safety is among them.

/// Each name, with the codes of what it stands for.
const STYLE: [(&str, &[&str]); 12] = [
    ("file-name", &["template-file-ending", "template-file-document"]),
    ("first-words", &["letter-first-words"]),
    (
        "left-over",
        &["text-placeholder", "text-draft", "config-left-over", "cell-left-over"],
    ),
    (
        "likeness",
        &["letters-alike", "letters-alike-of-senders", "letters-alike-to-office"],
    ),
    ("link-text", &["link-text-differs"]),
    ("long", &["letter-long"]),
    (
        "missing-language",
        &[
            "template-gap",
            "template-gap-own",
            "rows-without-language",
            "variant-gap",
        ],
    ),
    (
        "salutation",
        &["salutation-empty", "salutation-of-nobody", "salutation-left-out"],
    ),
    ("shouting", &["subject-capitals", "subject-exclamation"]),
    ("unused-variants", &["variants-unused", "variant-unused"]),
    (
        "word-processor",
        &["text-word-processor", "config-word-processor", "cell-word-processor"],
    ),
    ("wrong-encoding", &["text-wrong-encoding", "config-wrong-encoding"]),
];

/// All names, in the order of the alphabet.
pub fn names() -> impl Iterator<Item = &'static str> {
    STYLE.iter().map(|(name, _)| *name)
}

/// The name of style that a code belongs to; `None` when it is about something else, and cannot be switched off.
#[must_use]
pub fn of_code(code: &str) -> Option<&'static str> {
    let found = STYLE.iter().find(|(_, codes)| codes.contains(&code));
    found.map(|(name, _)| *name)
}

/// The name as the table has it.
#[must_use]
pub fn named(name: &str) -> Option<&'static str> {
    names().find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use appel_messages::{Catalog, Locale};

    use super::*;

    #[test]
    fn every_name_stands_for_something_that_is_said() {
        let english = Catalog::of(Locale::English);
        for (name, codes) in STYLE {
            assert!(!codes.is_empty(), "{name}");
            for code in codes {
                assert!(english.text(code).is_some(), "{code}");
                assert_eq!(of_code(code), Some(name));
            }
        }
        assert!(names().is_sorted());
        assert_eq!(of_code("link-of-reader"), None);
    }
}
