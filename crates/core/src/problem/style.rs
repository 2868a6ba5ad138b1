//! The style of letters: warnings with a name, which a campaign may switch off. Nothing about safety is among them.

/// Each name, with the codes of what it stands for.
const STYLE: [(&str, &[&str]); 10] = [
    ("file-name", &["template-file-ending", "template-file-document"]),
    ("first-words", &["letter-first-words"]),
    (
        "left-over",
        &["text-placeholder", "text-draft", "config-left-over", "cell-left-over"],
    ),
    ("link-text", &["link-text-differs"]),
    ("long", &["letter-long"]),
    (
        "missing-language",
        &["template-gap", "template-gap-own", "rows-without-language"],
    ),
    ("salutation", &["salutation-of-nobody", "salutation-left-out"]),
    ("shouting", &["subject-capitals", "subject-exclamation"]),
    (
        "word-processor",
        &["text-word-processor", "config-word-processor", "cell-word-processor"],
    ),
    (
        "wrong-encoding",
        &["text-wrong-encoding", "config-wrong-encoding", "cell-wrong-encoding"],
    ),
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
