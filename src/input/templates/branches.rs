//! Walks a text rendered with marks and both branches of every choice: which links it holds on which way through it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use appel_core::links::{self, ELSE, END, IF, VALUE};

use super::marked::Names;

/// The most ways that a word may come to, over the choices inside it.
const MOST_WORDS: usize = 64;
/// The most steps to follow all the ways of all words of a text.
const MOST_STEPS: usize = 1_000_000;

/// The most bytes that a link in angle brackets is followed for behind a line break, which means nothing there (RFC 3986,
/// appendix C).
const LONGEST_BRACKETED: usize = 500;

/// A link that tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// It holds a value.
    Value { value: usize, link: String },
    /// Another stands there when the conditions turn out otherwise.
    Choice { conditions: BTreeSet<usize>, link: String },
    /// It is only there when the condition turns out one way.
    Part { condition: usize, link: String },
    /// There are several of those.
    Parts { conditions: BTreeSet<usize>, link: String },
    /// It has a character in it that nobody sees.
    Invisible { link: String },
    /// A word that could come to too much.
    TooMany,
}

/// A text, cut into what is written and what is marked.
enum Token {
    Char(char),
    Value(usize),
    If {
        condition: usize,
        other: usize,
        end: usize,
    },
    /// Behind the branch for yes; the other ends at `end`.
    Else {
        end: usize,
    },
    End,
}

/// Everything that tells in a text.
pub fn walk(text: &str, names: &Names) -> Vec<Found> {
    let tokens = tokens(text);
    let mut walk = Walk {
        tokens: &tokens,
        names,
        found: BTreeSet::new(),
        parts: BTreeMap::new(),
        links: Vec::new(),
        numbers: HashMap::new(),
        begins: HashMap::new(),
        parts_of: HashMap::new(),
        steps: 0,
    };
    walk.word(0);
    for (at, token) in tokens.iter().enumerate() {
        if matches!(token, Token::Char(c) if c.is_whitespace()) {
            walk.word(at + 1);
        }
    }
    walk.stretch(0, tokens.len());
    let Walk { mut found, parts, .. } = walk;
    let first = parts.iter().next().map(|(condition, link)| (*condition, link.clone()));
    match (parts.len(), first) {
        (1, Some((condition, link))) => {
            found.insert(Found::Part { condition, link });
        }
        (2.., Some((_, link))) => {
            let conditions = parts.into_keys().collect();
            found.insert(Found::Parts { conditions, link });
        }
        _ => {}
    }
    found.into_iter().collect()
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let at = tokens.len();
        match c {
            VALUE | IF => {
                let Some((number, length)) = links::number(rest) else {
                    continue;
                };
                rest = &rest[length..];
                if c == VALUE {
                    tokens.push(Token::Value(number));
                } else {
                    open.push((at, None));
                    tokens.push(Token::If {
                        condition: number,
                        other: at,
                        end: at,
                    });
                }
            }
            ELSE => {
                if let Some((_, other)) = open.last_mut() {
                    *other = Some(at);
                    tokens.push(Token::Else { end: at });
                }
            }
            END => {
                let Some((begin, other)) = open.pop() else { continue };
                let middle = other.unwrap_or(begin);
                if let Some(Token::If { other, end, .. }) = tokens.get_mut(begin) {
                    (*other, *end) = (middle, at);
                }
                if let Some(Token::Else { end }) = tokens.get_mut(middle) {
                    *end = at;
                }
                tokens.push(Token::End);
            }
            _ if links::is_mark(c) => {}
            c => tokens.push(Token::Char(c)),
        }
    }
    tokens
}

struct Walk<'a> {
    tokens: &'a [Token],
    names: &'a Names,
    found: BTreeSet<Found>,
    /// What is only there when a condition turns out one way: the first link of each.
    parts: BTreeMap<usize, String>,
    /// Every link, once, and its number.
    links: Vec<String>,
    numbers: HashMap<String, usize>,
    /// The link that begins at a token, and the first one that a token was seen to be part of.
    begins: HashMap<usize, usize>,
    parts_of: HashMap<usize, usize>,
    /// Taken so far where there are several ways.
    steps: usize,
}

impl Walk<'_> {
    /// The links that begin between two tokens, on the way with the most of them.
    fn stretch(&mut self, from: usize, to: usize) -> Vec<usize> {
        let mut all = Vec::new();
        let mut at = from;
        while at < to {
            all.extend(self.begins.get(&at));
            if let Token::If { condition, other, end } = self.tokens[at]
                && end > at
            {
                let yes = self.stretch(at + 1, other);
                let no = self.stretch(other + 1, end);
                all.extend(self.either(condition, yes, no));
                at = end;
            }
            at += 1;
        }
        all
    }

    fn either(&mut self, condition: usize, yes: Vec<usize>, no: Vec<usize>) -> Vec<usize> {
        if yes != no && self.names.tells(condition) {
            let link = |number: usize| self.links.get(number).cloned().unwrap_or_default();
            match (yes.first(), no.first()) {
                (Some(only), None) | (None, Some(only)) => {
                    let link = link(*only);
                    self.parts.entry(condition).or_insert(link);
                }
                _ => {
                    let differ = yes.iter().zip(&no).find(|(one, other)| one != other);
                    let link = differ
                        .map(|(one, _)| one)
                        .or(yes.first())
                        .map_or_else(String::new, |n| link(*n));
                    let conditions = BTreeSet::from([condition]);
                    self.found.insert(Found::Choice { conditions, link });
                }
            }
        }
        if yes.len() >= no.len() { yes } else { no }
    }

    /// Notes the links of the word that begins at a token, on every way.
    fn word(&mut self, from: usize) {
        let Some((words, conditions)) = self.words(from) else {
            self.found.insert(Found::TooMany);
            return;
        };
        for word in &words {
            for (link, tokens) in links_of(word) {
                self.look_into(&link);
                self.place(&link, &tokens, &conditions);
            }
        }
    }

    /// What a link holds.
    fn look_into(&mut self, link: &str) {
        let is_mail = link
            .get(..7)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
        let telling = links::values(link).find(|value| {
            // Whom to answer is the sender's to say.
            self.names.tells(*value) && (!is_mail || self.names.is_of_recipient(*value))
        });
        if let Some(value) = telling {
            let link = link.to_owned();
            self.found.insert(Found::Value { value, link });
        }
    }

    /// Notes where a link stands. A token that is part of two different links is so by a choice.
    fn place(&mut self, link: &str, tokens: &[usize], conditions: &BTreeSet<usize>) {
        let Some(first) = tokens.first() else { return };
        let number = self.numbers.get(link).copied().unwrap_or_else(|| {
            self.links.push(link.to_owned());
            self.numbers.insert(link.to_owned(), self.links.len() - 1);
            self.links.len() - 1
        });
        self.begins.entry(*first).or_insert(number);
        let mut differ = false;
        for token in tokens {
            differ |= *self.parts_of.entry(*token).or_insert(number) != number;
        }
        let conditions: BTreeSet<usize> = conditions.iter().copied().filter(|c| self.names.tells(*c)).collect();
        if differ && !conditions.is_empty() {
            let link = link.to_owned();
            self.found.insert(Found::Choice { conditions, link });
        }
    }

    /// What the word that begins at a token can be, and the conditions that decide it; `None` when it can be too much.
    fn words(&mut self, from: usize) -> Option<(BTreeSet<Word>, BTreeSet<usize>)> {
        let mut words = BTreeSet::new();
        let mut conditions = BTreeSet::new();
        let mut open = vec![(from, Word::default())];
        while let Some((mut at, mut word)) = open.pop() {
            loop {
                match self.tokens.get(at) {
                    None => break,
                    Some(Token::Char(c)) if c.is_whitespace() => {
                        if !word.goes_on() {
                            break;
                        }
                    }
                    Some(Token::Char(c)) => word.push(*c, at),
                    Some(Token::Value(value)) => {
                        for c in links::mark(VALUE, *value).chars() {
                            word.push(c, at);
                        }
                    }
                    Some(Token::If { condition, other, end }) => {
                        if end > &at {
                            conditions.insert(*condition);
                            open.push((other + 1, word.clone()));
                            self.steps += word.text.len();
                        }
                    }
                    Some(Token::Else { end }) => at = *end,
                    Some(Token::End) => {}
                }
                at += 1;
                if !open.is_empty() || !words.is_empty() {
                    self.steps += 1;
                    if self.steps > MOST_STEPS {
                        return None;
                    }
                }
            }
            words.insert(word);
            if words.len() > MOST_WORDS {
                return None;
            }
        }
        Some((words, conditions))
    }
}

/// A word while it is put together.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Word {
    text: String,
    /// The token of each character.
    tokens: Vec<usize>,
    /// Where an angle bracket is open in it, and whether there is a scheme behind that.
    bracket: Option<usize>,
    had_bracket: bool,
    has_scheme: bool,
}

impl Word {
    fn push(&mut self, c: char, token: usize) {
        self.tokens.push(token);
        match c {
            '<' if !self.had_bracket => (self.bracket, self.had_bracket) = (Some(self.text.len()), true),
            '<' | '>' => self.bracket = None,
            _ => {}
        }
        self.text.push(c);
        self.has_scheme |= self.bracket.is_some() && c == '/' && self.text.ends_with("://");
    }

    /// Whether it goes on behind a blank.
    fn goes_on(&self) -> bool {
        let is_short = |open| self.text.len() - open < LONGEST_BRACKETED;
        self.has_scheme && self.bracket.is_some_and(is_short)
    }
}

/// The links of a word, each with the tokens that it is made of.
fn links_of(word: &Word) -> Vec<(String, Vec<usize>)> {
    let text = word.text.as_str();
    let mut found = Vec::new();
    links::in_word(text, &mut |link| found.push(link));
    if found.is_empty() && is_host_with_value(text) {
        found.push(text);
    }
    let (mut seen, mut chars) = (0, 0);
    let mut with_tokens = |link: &&str| {
        // A part of the text: it begins where its bytes do.
        let start = link.as_ptr() as usize - text.as_ptr() as usize;
        chars += text[seen..start].chars().count();
        seen = start;
        let tokens = word.tokens[chars..].iter().take(link.chars().count());
        ((*link).to_owned(), tokens.copied().collect())
    };
    found.iter().map(&mut with_tokens).collect()
}

/// `{{recipient.id}}.tracker.example`: a host's name with a value in it, which some mail programs take for a link.
fn is_host_with_value(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && !links::is_mark(c));
    let labels: Vec<&str> = word.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || c == '-' || links::is_mark(c))
    };
    let is_top =
        |label: &&str| label.chars().count() >= 2 && label.chars().all(|c| c.is_alphabetic() && !c.is_uppercase());
    labels.len() >= 3 && word.contains(VALUE) && labels.iter().all(is_label) && labels.last().is_some_and(is_top)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use appel_core::links::mark;

    fn choice(condition: usize, yes: &str, no: &str) -> String {
        format!("{}{yes}{ELSE}{no}{END}", mark(IF, condition))
    }

    #[test]
    fn every_way_through_a_word_is_walked_and_too_many_are_refused() {
        let names = Names::default();
        let few: String = (0..6).map(|at| choice(at, "a", "b")).collect();
        assert_eq!(walk(&few, &names), []);
        let many: String = (0..7).map(|at| choice(at, "a", "b")).collect();
        assert_eq!(walk(&many, &names), [Found::TooMany]);
    }

    #[test]
    fn marks_that_fit_nothing_are_no_harm() {
        let names = Names::default();
        for text in [
            "\u{fdd4}\u{fdd3}\u{fdd2}",
            "\u{fdd0}x",
            "\u{fdd2}\u{fde0}\u{fdd1}a",
            "\u{fdd2}\u{fde9}\u{fdd1}\u{fdd4}b",
        ] {
            assert_eq!(walk(text, &names), []);
        }
    }

    #[test]
    fn no_text_takes_long() {
        let names = Names::default();
        let blank = choice(1, " ", "");
        for (text, times) in [
            ("<http:// ", 20_000),
            ("http://", 20_000),
            ("a.b/c", 20_000),
            ("www.", 20_000),
            ("mailto:", 20_000),
            ("((((", 20_000),
            ("a/", 20_000),
            (blank.as_str(), 2_000),
        ] {
            let begun = Instant::now();
            let text = text.repeat(times);
            walk(&text, &names);
            // Ten times what it takes without optimisation, so that a busy machine is none the wiser.
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "{:?}: {:?}",
                &text[..10.min(text.len())],
                begun.elapsed()
            );
        }
    }
}
