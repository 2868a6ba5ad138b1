//! The words: the messages of one language, read from its Fluent files when they are first wanted.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use intl_memoizer::concurrent::IntlLangMemoizer;
use unic_langid::LanguageIdentifier;

use crate::accented::accented;
use crate::{Message, Value, msg};

/// The English messages, a file for each part of the program.
const ENGLISH: &[(&str, &str)] = &[
    ("account.ftl", include_str!("../../../locales/en/account.ftl")),
    ("addresses.ftl", include_str!("../../../locales/en/addresses.ftl")),
    ("commands.ftl", include_str!("../../../locales/en/commands.ftl")),
    ("config.ftl", include_str!("../../../locales/en/config.ftl")),
    ("files.ftl", include_str!("../../../locales/en/files.ftl")),
    ("help.ftl", include_str!("../../../locales/en/help.ftl")),
    ("import.ftl", include_str!("../../../locales/en/import.ftl")),
    ("ledger.ftl", include_str!("../../../locales/en/ledger.ftl")),
    ("letters.ftl", include_str!("../../../locales/en/letters.ftl")),
    ("metadata.ftl", include_str!("../../../locales/en/metadata.ftl")),
    ("outcomes.ftl", include_str!("../../../locales/en/outcomes.ftl")),
    ("recipients.ftl", include_str!("../../../locales/en/recipients.ftl")),
    ("rehearsal.ftl", include_str!("../../../locales/en/rehearsal.ftl")),
    ("run.ftl", include_str!("../../../locales/en/run.ftl")),
    ("smtp.ftl", include_str!("../../../locales/en/smtp.ftl")),
    ("style.ftl", include_str!("../../../locales/en/style.ftl")),
    ("templates.ftl", include_str!("../../../locales/en/templates.ftl")),
    ("usage.ftl", include_str!("../../../locales/en/usage.ftl")),
    ("words.ftl", include_str!("../../../locales/en/words.ftl")),
];

/// A language that the program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English, in which everything is written first.
    English,
    /// English with an accent on each letter, for tests: see `accented.rs`.
    Accented,
}

impl Locale {
    /// Those that people may ask for.
    pub const ALL: [Self; 1] = [Self::English];

    /// By its tag (BCP 47): `en`, `en-GB`; `x-test` is [`Locale::Accented`]. `None` when the program does not speak it.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        match () {
            () if language.eq_ignore_ascii_case("en") => Some(Self::English),
            () if tag == "x-test" => Some(Self::Accented),
            () => None,
        }
    }

    /// Its tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Accented => "x-test",
        }
    }
}

/// The messages of one language.
pub struct Catalog {
    bundle: FluentBundle<FluentResource>,
}

impl Catalog {
    /// That of a language.
    #[must_use]
    pub fn of(locale: Locale) -> &'static Self {
        static ENGLISH: OnceLock<Catalog> = OnceLock::new();
        static ACCENTED: OnceLock<Catalog> = OnceLock::new();
        match locale {
            Locale::English => ENGLISH.get_or_init(|| Self::read(locale)),
            Locale::Accented => ACCENTED.get_or_init(|| Self::read(locale)),
        }
    }

    fn read(locale: Locale) -> Self {
        let language: LanguageIdentifier = "en".parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // The marks would show on terminals and in files, and every value is made safe to show before.
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(grouped));
        if locale == Locale::Accented {
            bundle.set_transform(Some(accented));
        }
        for (_, text) in ENGLISH {
            // What cannot be read of a file is left out: a test reads them all without any error.
            let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, _)| resource);
            bundle.add_resource_overriding(resource);
        }
        Self { bundle }
    }

    /// A message in words.
    #[must_use]
    pub fn say(&self, message: &Message) -> String {
        // What a server says of each letter is passed on as it is.
        if let Some(words) = message.quoted() {
            return words.to_owned();
        }
        self.attribute(message, None)
            .unwrap_or_else(|| format!("⟨{}⟩", message.code()))
    }

    /// What to do about it, where the message itself says so (its attribute `hint`).
    #[must_use]
    pub fn hint(&self, message: &Message) -> Option<String> {
        self.attribute(message, Some("hint"))
    }

    /// What many of its kind have in common: its attribute `kind`, or the message without its values.
    #[must_use]
    pub fn kind(&self, code: &str) -> String {
        let none = FluentArgs::new();
        self.pattern(code, Some("kind"), &none)
            .or_else(|| self.pattern(code, None, &none).map(|text| without_variables(&text)))
            .unwrap_or_else(|| code.to_owned())
    }

    /// The text of a code, by itself: for texts without values, such as those of the help.
    #[must_use]
    pub fn text(&self, code: &str) -> Option<String> {
        self.pattern(code, None, &FluentArgs::new())
    }

    fn attribute(&self, message: &Message, attribute: Option<&str>) -> Option<String> {
        let mut args = FluentArgs::with_capacity(message.values().len());
        for (name, value) in message.values() {
            args.set(*name, self.value(value));
        }
        self.pattern(message.code(), attribute, &args)
    }

    fn pattern(&self, code: &str, attribute: Option<&str>, args: &FluentArgs<'_>) -> Option<String> {
        let message = self.bundle.get_message(code)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(name) => message.get_attribute(name)?.value(),
        };
        let mut errors = Vec::new();
        Some(
            self.bundle
                .format_pattern(pattern, Some(args), &mut errors)
                .into_owned(),
        )
    }

    fn value(&self, value: &Value) -> FluentValue<'static> {
        match value {
            Value::Number(number) => FluentValue::from(*number),
            other => FluentValue::from(self.in_words(other)),
        }
    }

    fn in_words(&self, value: &Value) -> String {
        match value {
            Value::Number(number) => in_groups(*number),
            Value::Text(text) => text.clone(),
            Value::Message(message) => self.say(message),
            Value::Kind(code) => self.kind(code),
            Value::List(values, more) => self.listed(values, *more),
        }
    }

    /// `a, b, c and 4 more`.
    fn listed(&self, values: &[Value], more: u64) -> String {
        let Some((first, rest)) = values.split_first() else {
            return String::new();
        };
        let mut listed = self.in_words(first);
        for next in rest {
            listed = self.say(&msg!("list-next", before = listed, next = self.in_words(next)));
        }
        if more > 0 {
            listed = self.say(&msg!("list-more", items = listed, more = more));
        }
        listed
    }
}

/// What Fluent writes for a variable without a value (`{$name}`), left open.
fn without_variables(text: &str) -> String {
    let mut open = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{$") {
        open.push_str(before);
        open.push('…');
        rest = behind.split_once('}').map_or("", |(_, rest)| rest);
    }
    open.push_str(rest);
    open
}

/// Numbers are counts: `1,234,567`.
fn grouped(value: &FluentValue<'_>, _: &IntlLangMemoizer) -> Option<String> {
    match value {
        FluentValue::Number(number) if number.value >= 0.0 =>
        {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "made from a u64 by us"
            )]
            Some(in_groups(number.value as u64))
        }
        _ => None,
    }
}

fn in_groups(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_read_and_no_code_stands_twice() {
        let mut bundle = FluentBundle::new_concurrent(vec![LanguageIdentifier::default()]);
        for (name, text) in ENGLISH {
            let resource = FluentResource::try_new((*text).to_owned());
            let resource = resource.unwrap_or_else(|(_, errors)| panic!("{name}: {errors:?}"));
            let added = bundle.add_resource(resource);
            added.unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        }
    }

    #[test]
    fn a_list_ends() {
        let say = |count| {
            let names = Value::list((0..count).map(|nth: usize| format!("n{nth}")));
            msg!("quote", words = names).in_english()
        };
        assert_eq!(say(0), "");
        assert_eq!(say(1), "n0");
        assert_eq!(say(3), "n0, n1, n2");
        assert!(say(1025).ends_with("n18, n19 and 1,005 more"), "{}", say(1025));
    }

    #[test]
    fn values_of_messages_are_messages() {
        let inner = msg!("quote", words = 1_234_567_usize);
        assert_eq!(msg!("quote", words = inner).in_english(), "1,234,567");
    }

    #[test]
    fn a_kind_is_a_message_without_its_values() {
        assert_eq!(Catalog::of(Locale::English).kind("quote"), "…");
    }

    #[test]
    fn the_accented_language_leaves_values_alone() {
        let names = Value::list(["a", "b"]);
        assert_eq!(
            Catalog::of(Locale::Accented).say(&msg!("list-more", items = names, more = 4_u64)),
            "a, b ạṇḍ 4 ṃọṛẹ"
        );
    }
}
