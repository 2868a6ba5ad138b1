//! What is said to people stands in the catalogue, all of it, and nothing else does: the sources held against
//! `locales/en/*.ftl`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use appel_messages::{Catalog, Locale, Message, Value};
use fluent_syntax::ast;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::architecture::sources;

/// The variables of a message and its attributes; those that a plural depends on are true.
type Variables = BTreeMap<String, bool>;

/// The messages of a language by their codes.
fn messages(language: &str) -> BTreeMap<String, Variables> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language);
    let mut all = BTreeMap::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let resource = fluent_syntax::parser::parse(text.as_str());
        let resource = resource.unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", path.display()));
        for entry in resource.body {
            let message = match entry {
                ast::Entry::Message(message) => message,
                ast::Entry::Term(term) => {
                    let used = format!("{{ -{} }}", term.id.name);
                    assert!(text.contains(&used), "nothing is made of -{}", term.id.name);
                    continue;
                }
                _ => continue,
            };
            for attribute in &message.attributes {
                let known = ["hint", "kind"].contains(&attribute.id.name);
                assert!(known, "{}: .{} is not asked for", message.id.name, attribute.id.name);
            }
            let mut variables = Variables::new();
            let attributes = message.attributes.iter().map(|attribute| &attribute.value);
            for pattern in message.value.iter().chain(attributes) {
                in_pattern(pattern, &mut variables);
            }
            let before = all.insert(message.id.name.to_owned(), variables);
            assert!(before.is_none(), "{} stands twice", message.id.name);
        }
    }
    all
}

fn in_pattern(pattern: &ast::Pattern<&str>, variables: &mut Variables) {
    for element in &pattern.elements {
        if let ast::PatternElement::Placeable { expression } = element {
            in_expression(expression, variables);
        }
    }
}

fn in_expression(expression: &ast::Expression<&str>, variables: &mut Variables) {
    match expression {
        ast::Expression::Inline(inline) => in_inline(inline, false, variables),
        ast::Expression::Select { selector, variants } => {
            in_inline(selector, true, variables);
            for variant in variants {
                in_pattern(&variant.value, variables);
            }
        }
    }
}

fn in_inline(inline: &ast::InlineExpression<&str>, decides: bool, variables: &mut Variables) {
    match inline {
        ast::InlineExpression::VariableReference { id } => {
            *variables.entry(id.name.to_owned()).or_default() |= decides;
        }
        ast::InlineExpression::Placeable { expression } => in_expression(expression, variables),
        _ => {}
    }
}

/// What a source says: its calls of `msg!`, and its other literals.
#[derive(Default)]
struct Said {
    /// The codes with the names of the values that are handed over.
    calls: Vec<(String, Vec<String>)>,
    literals: Vec<String>,
}

/// Macros and methods whose words are for whoever mends the program.
const FOR_US: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "expect",
    "expect_err",
    "panic",
    "unreachable",
];

impl Said {
    fn read(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at..] {
                [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(_), ..]
                    if hash.as_char() == '#' && bang.as_char() == '!' =>
                {
                    at += 2;
                }
                // Comments are attributes too.
                [TokenTree::Punct(hash), TokenTree::Group(group), ..]
                    if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
                {
                    if !is_for_us(&group.stream()) {
                        self.read(group.stream());
                    }
                    at += 1;
                }
                [
                    TokenTree::Ident(name),
                    TokenTree::Punct(bang),
                    TokenTree::Group(group),
                    ..,
                ] if bang.as_char() == '!' => {
                    if name == "msg" {
                        self.call(group.stream());
                    } else if !FOR_US.contains(&&*name.to_string()) {
                        self.read(group.stream());
                    }
                    at += 2;
                }
                [TokenTree::Ident(name), TokenTree::Group(_), ..] if FOR_US.contains(&&*name.to_string()) => at += 1,
                [TokenTree::Group(group), ..] => self.read(group.stream()),
                [TokenTree::Literal(literal), ..] => self.literals.extend(text(&literal.to_string())),
                _ => {}
            }
            at += 1;
        }
    }

    fn call(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let parts: Vec<&[TokenTree]> = tokens
            .split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ','))
            .collect();
        let code = match parts.first() {
            Some([TokenTree::Literal(code)]) => text(&code.to_string()),
            _ => None,
        };
        let mut names = Vec::new();
        for part in &parts[1..] {
            let value = match part {
                [TokenTree::Ident(name), TokenTree::Punct(equals), value @ ..] if equals.as_char() == '=' => {
                    names.push(name.to_string());
                    value
                }
                // A comma inside of a value: `HashMap::<A, B>::new()`.
                other => other,
            };
            self.read(value.iter().cloned().collect());
        }
        if let Some(code) = code {
            self.calls.push((code, names));
        }
    }
}

/// Attributes for whoever mends the program.
fn is_for_us(attribute: &TokenStream) -> bool {
    let name = attribute.clone().into_iter().next().map(|name| name.to_string());
    name.is_some_and(|name| ["doc", "allow", "expect", "must_use", "cfg", "deprecated"].contains(&&*name))
}

/// The text of a string literal.
fn text(literal: &str) -> Option<String> {
    let quoted = literal.trim_start_matches('r').trim_matches('#');
    Some(quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// Every source with what it says.
fn said() -> BTreeMap<String, Said> {
    let mut all = BTreeMap::new();
    for (name, code) in sources() {
        let tokens: TokenStream = code.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut said = Said::default();
        said.read(tokens);
        all.insert(name, said);
    }
    all
}

/// The help's codes are those of commands and flags: `src/cli/help.rs` holds them against each other.
fn is_help(code: &str) -> bool {
    code.starts_with("help-")
}

#[test]
fn each_message_that_is_said_is_there_with_its_values() {
    let messages = messages("en");
    let mut wrong = String::new();
    let mut calls = 0;
    for (name, said) in said() {
        for (code, values) in said.calls {
            calls += 1;
            let Some(wanted) = messages.get(&code) else {
                let _ = writeln!(wrong, "{name}: there is no message {code} in locales/en");
                continue;
            };
            let wanted: Vec<String> = wanted.keys().cloned().collect();
            let mut values = values;
            values.sort_unstable();
            if values != wanted {
                let _ = writeln!(wrong, "{name}: {code} is given {values:?}, and has {wanted:?}");
            }
        }
    }
    assert!(calls > 10, "the calls of msg! are not seen");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_message_is_there_that_nobody_says() {
    let mut codes = BTreeSet::new();
    for said in said().into_values() {
        codes.extend(said.calls.into_iter().map(|(code, _)| code));
        // A kind is counted by its code.
        codes.extend(said.literals);
    }
    let unsaid: Vec<String> = messages("en")
        .into_keys()
        .filter(|code| !is_help(code) && !codes.contains(code))
        .collect();
    assert!(unsaid.is_empty(), "nobody says {unsaid:#?}");
}

/// Sources whose sentences are for no person, and why.
const NO_SCREENS: &[(&str, &str)] = &[
    ("src/outbox/ledger/sqlite/", "SQL"),
    ("src/simulation/", "for tests"),
    ("src/rehearsal/server", "replies of an SMTP server"),
    ("src/transport/limits.rs", "words of providers"),
    ("src/transport/smtp/auth/refusal.rs", "words of servers"),
    ("src/transport/smtp/said.rs", "words of servers"),
    ("src/outbox/delivery/evidence/hints.rs", "words of providers"),
    ("src/input/phrases.rs", "words of letters"),
    ("src/input/recipients/names.rs", "words of lists"),
    ("src/input/recipients/rows/gender.rs", "words of lists"),
    ("src/outbox/ledger/lock.rs", "a file's format"),
    ("src/metadata/chunks.rs", "words of files"),
    ("crates/core/src/place.rs", "codes of languages"),
];

/// What a resolver says, which is looked for, and a piece of a template.
const NOT_SAID: &[&str] = &["Temporary failure", "Try again", "(not message)"];

#[test]
fn nothing_is_said_that_stands_elsewhere() {
    let mut found = String::new();
    for (name, said) in said() {
        if NO_SCREENS.iter().any(|(within, _)| name.starts_with(within)) {
            continue;
        }
        for literal in said
            .literals
            .iter()
            .filter(|literal| is_language(literal) && !NOT_SAID.contains(&literal.as_str()))
        {
            let _ = writeln!(found, "{name}: {literal:.100}");
        }
    }
    assert!(found.is_empty(), "these belong into locales/en, as messages:\n{found}");
}

/// Two words, one after the other, not both of capital letters: `not found`, `can't connect`, `failed (retry)`.
fn is_language(literal: &str) -> bool {
    let literal = ["\\n", "\\t", "\\\n", "—", "…", "/ "]
        .iter()
        .fold(literal.to_owned(), |text, blank| text.replace(blank, " "));
    let words: Vec<&str> = literal.split_whitespace().collect();
    let bare = |word: &'_ str| {
        word.trim_matches(['(', ')', ',', ';', ':', '.', '?', '!', '"'])
            .to_owned()
    };
    let is_word = |word: &str| {
        let inner = |c: char| c.is_alphabetic() || ['\'', '’', '-'].contains(&c);
        word.starts_with(char::is_alphabetic) && word.ends_with(char::is_alphabetic) && word.chars().all(inner)
    };
    words.windows(2).any(|pair| {
        let [first, second] = [bare(pair[0]), bare(pair[1])];
        let small = |word: &str| word.chars().skip(1).any(char::is_lowercase) || word == "a";
        is_word(&first) && is_word(&second) && small(&first) && small(&second)
    })
}

#[test]
fn language_is_told_from_code() {
    for language in [
        "the file is there",
        "{} not found",
        "Sent to {to}, at last",
        "Network Error",
        "can't connect",
        "sign-in failed",
        "failed (retry)",
        "a letter",
        "gone\\nfor good",
    ] {
        assert!(is_language(language), "{language}");
    }
    for code in [
        "MAIL FROM:<{}>",
        "a-b",
        "--json",
        "{line}: {}",
        "X-Mailer",
        "BEGIN IMMEDIATE",
        "a b",
    ] {
        assert!(!is_language(code), "{code}");
    }
}

/// Where what `check` finds is said.
const FOUND_BY_CHECK: [&str; 9] = [
    "account.ftl",
    "addresses.ftl",
    "config.ftl",
    "files.ftl",
    "letters.ftl",
    "metadata.ftl",
    "recipients.ftl",
    "style.ftl",
    "templates.ftl",
];

/// Scripts know problems by their codes. Whoever changes one on purpose says so in the changelog, and changes this list:
/// `APPEL_CODES=1 cargo test --test cli codes` writes it.
#[test]
fn the_codes_of_problems_stay() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut codes = String::new();
    for file in FOUND_BY_CHECK {
        let text = fs::read_to_string(root.join("locales/en").join(file)).unwrap();
        for entry in fluent_syntax::parser::parse(text.as_str()).unwrap().body {
            if let ast::Entry::Message(message) = entry {
                codes.push_str(message.id.name);
                codes.push('\n');
            }
        }
    }
    let list = root.join("tests/cli/codes.txt");
    if std::env::var_os("APPEL_CODES").is_some() {
        fs::write(&list, &codes).unwrap();
    }
    let known = fs::read_to_string(&list).unwrap();
    let (known, codes): (BTreeSet<&str>, BTreeSet<&str>) = (known.lines().collect(), codes.lines().collect());
    let gone: Vec<_> = known.difference(&codes).collect();
    let new: Vec<_> = codes.difference(&known).collect();
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:?}, new: {new:?}");
}

#[test]
fn every_message_can_be_said_with_every_plural() {
    for locale in [Locale::English, Locale::Accented] {
        let catalog = Catalog::of(locale);
        for (code, variables) in messages("en") {
            let code: &'static str = code.leak();
            for number in [0_usize, 1, 2, 5, 21, 1_000_000] {
                let value = |(name, decides): (&String, &bool)| {
                    let name: &'static str = name.clone().leak();
                    let value = if *decides {
                        Value::from(number)
                    } else {
                        Value::from("…")
                    };
                    (name, value)
                };
                let message = Message::new(code, variables.iter().map(value).collect());
                for text in [
                    Some(catalog.say(&message)),
                    catalog.hint(&message),
                    Some(catalog.kind(code)),
                ] {
                    let text = text.unwrap_or_default();
                    assert!(
                        !text.contains("{$") && !text.contains('⟨') && !text.contains("{-"),
                        "{code}: {text}"
                    );
                }
            }
        }
    }
}
