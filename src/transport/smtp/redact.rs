//! A run's secrets kept out of what a server says: they are looked for in its words, in each form in which they come
//! back, where the words are read.
//!
//! A server that echoes a command, a gateway that logs into its replies, a challenge that repeats the token: all of
//! it would reach the screen, the log and the ledger. So letters are compared and not bytes: in small letters, without
//! what stands between them (spaces, line ends, punctuation, the codes that a long reply repeats), as text, in base64
//! wherever it begins, in hexadecimal, percent, JSON and HTML notation; and in pieces, as long as they tell something.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use appel_core::outcome::NOT_SHOWN;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

use crate::transport::limits::enhanced;

/// In place of a secret.
const HIDDEN: &str = "***";
/// A run of so many letters of a secret is hidden wherever it stands.
const GRAM: usize = 8;
/// A shorter secret could stand in any words by chance.
const SHORTEST: usize = 4;
/// A secret of so many letters is also put together from words that stand apart.
const APART: usize = 6;
/// So many secrets are remembered, the latest ones: a run of days may renew its token many times.
const REMEMBERED: usize = 16;
/// What is left when something is hidden is looked through again, so often at most.
const PASSES: usize = 8;

/// All secrets of a run so far.
pub struct Redactor {
    username: String,
    /// Locked for a moment at a time.
    known: Mutex<Vec<Arc<Forms>>>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// Knows no secret yet; those of this user will come.
    pub fn new(username: &str) -> Self {
        Self {
            username: username.to_owned(),
            known: Mutex::new(Vec::new()),
        }
    }

    /// From now on this secret is hidden too.
    pub fn learn(&self, secret: &SecretString) {
        let forms = Arc::new(Forms::of(&self.username, secret.expose_secret()));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == REMEMBERED {
            known.remove(0);
        }
        known.push(forms);
    }

    fn known(&self) -> Vec<Arc<Forms>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Words without the secrets in them; line ends stay where they are.
    pub fn words(&self, text: String) -> String {
        let known = self.known();
        let mut text = text;
        for _ in 0..PASSES {
            let found: Vec<_> = known.iter().flat_map(|forms| forms.find(&text).0).collect();
            if found.is_empty() {
                return text;
            }
            text = without(&text, found);
        }
        NOT_SHOWN.to_owned()
    }

    /// Words said while somebody signs in: they are not shown at all when a secret may be in them.
    pub fn words_on_signing_in(&self, text: String) -> String {
        let known = self.known();
        if known.iter().all(|forms| !forms.is_short && !forms.find(&text).1) {
            return self.words(text);
        }
        // What kind of refusal it is can still be told.
        match enhanced(&text).map(|code| self.words(code.to_owned())) {
            Some(code) if enhanced(&code).is_some() => format!("{code} {NOT_SHOWN}"),
            _ => NOT_SHOWN.to_owned(),
        }
    }
}

/// A text with something in place of what was found in it.
fn without(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_unstable_by_key(|range| range.start);
    let mut left = String::with_capacity(text.len());
    let mut at = 0;
    for range in found {
        if range.start >= at {
            left.push_str(&text[at..range.start]);
            left.push_str(HIDDEN);
        }
        at = at.max(range.end);
    }
    left.push_str(&text[at..]);
    left
}

/// A secret as it may come back.
struct Forms {
    /// Too short to be told from other words.
    is_short: bool,
    /// A short secret that is still no word of any language.
    word: Option<Zeroizing<String>>,
    patterns: Vec<Pattern>,
    /// Each run of [`GRAM`] letters of every pattern that has so many.
    grams: Grams,
}

struct Pattern {
    letters: Zeroizing<Vec<char>>,
    kind: Kind,
    is_encoded: bool,
}

/// What of a text is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// All but blanks and control characters.
    Close,
    /// Letters and digits.
    Loose,
}

struct Grams {
    hasher: RandomState,
    /// Their hashes; with those of base64 apart, as there the letters around belong to it as well.
    plain: HashSet<u64>,
    encoded: HashSet<u64>,
}

impl Forms {
    fn of(username: &str, secret: &str) -> Self {
        let mut forms = Self {
            is_short: only_letters(secret, Kind::Close).len() < SHORTEST,
            word: None,
            patterns: Vec::new(),
            grams: Grams {
                hasher: RandomState::new(),
                plain: HashSet::new(),
                encoded: HashSet::new(),
            },
        };
        if forms.is_short {
            let is_no_word = secret.chars().count() > 1 && !secret.chars().all(char::is_alphabetic);
            forms.word = is_no_word.then(|| Zeroizing::new(secret.to_owned()));
        } else {
            forms.learn_text(secret);
        }
        forms.learn_base64(username, secret);
        forms
    }

    fn learn_text(&mut self, secret: &str) {
        self.learn(secret, Kind::Close, false);
        self.learn(secret, Kind::Loose, false);
        let mut hex = Zeroizing::new(String::with_capacity(2 * secret.len()));
        let mut percent = Zeroizing::new(String::with_capacity(3 * secret.len()));
        let mut json = Zeroizing::new(String::with_capacity(6 * secret.len()));
        let mut html = Zeroizing::new(String::with_capacity(6 * secret.len()));
        for c in secret.chars() {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                hex.push_str(&format!("{byte:02x}"));
                if c.is_ascii_alphanumeric() {
                    percent.push(c);
                } else {
                    // Quoted-printable differs by its sign only.
                    percent.push_str(&format!("%{byte:02x}"));
                }
            }
            match c {
                '"' | '\\' => json.extend(['\\', c]),
                ' '..='~' => json.push(c),
                _ => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        json.push_str(&format!("\\u{unit:04x}"));
                    }
                }
            }
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                c => html.push(c),
            }
        }
        self.learn(&hex, Kind::Loose, false);
        for form in [percent, json, html] {
            if form.as_str() != secret {
                self.learn(&form, Kind::Close, false);
                self.learn(&form, Kind::Loose, false);
            }
        }
        if !secret.is_ascii() {
            // Said in another encoding, as its bytes or as what replaces them.
            let bytes: Zeroizing<String> = Zeroizing::new(secret.bytes().map(char::from).collect());
            self.learn(&bytes, Kind::Loose, false);
            let ascii: Zeroizing<String> = Zeroizing::new(secret.chars().filter(char::is_ascii).collect());
            self.learn(&ascii, Kind::Loose, false);
        }
    }

    fn learn_base64(&mut self, username: &str, secret: &str) {
        let plain = Zeroizing::new(format!("\0{username}\0{secret}"));
        let token = Zeroizing::new(format!("user={username}\u{1}auth=Bearer {secret}\u{1}\u{1}"));
        for said in [secret, &plain, &token] {
            let encoded = Zeroizing::new(BASE64.encode(said));
            self.learn(&encoded, Kind::Loose, true);
        }
        // Within something else that is encoded, it begins at one of three places of a group. The letters at both ends
        // hold bits of what is around it.
        for ahead in 0..3 {
            let mut shifted = Zeroizing::new(vec![0; ahead]);
            shifted.extend_from_slice(secret.as_bytes());
            let encoded = Zeroizing::new(BASE64.encode(&shifted));
            let begins = [0, 2, 3][ahead];
            let ends = shifted.len() * 8 / 6;
            let inner = encoded.get(begins..ends).unwrap_or_default();
            if only_letters(inner, Kind::Loose).len() >= SHORTEST {
                self.learn(inner, Kind::Loose, true);
            }
        }
    }

    fn learn(&mut self, form: &str, kind: Kind, is_encoded: bool) {
        let (letters, told) = (only_letters(form, kind), only_letters(form, Kind::Close).len());
        // Of a secret that is mostly signs, the few letters alone are too little to go by.
        let is_enough = letters.len() >= GRAM || letters.len() >= SHORTEST && letters.len() * 2 >= told;
        let is_new = |pattern: &Pattern| pattern.kind != kind || *pattern.letters != *letters;
        if !(is_enough || is_encoded && letters.len() > 1) || !self.patterns.iter().all(is_new) {
            return;
        }
        for gram in letters.windows(GRAM) {
            let hash = self.grams.hasher.hash_one(gram);
            if is_encoded {
                self.grams.encoded.insert(hash);
            } else {
                self.grams.plain.insert(hash);
            }
        }
        self.patterns.push(Pattern {
            letters,
            kind,
            is_encoded,
        });
    }

    /// Where it is in a text, and whether that is more than a piece of it.
    fn find(&self, text: &str) -> (Vec<Range<usize>>, bool) {
        let mut found = Vec::new();
        for kind in [Kind::Loose, Kind::Close] {
            let all = letters(text, kind);
            self.find_runs(text, &all, kind, &mut found);
            if text.contains('\n') {
                let without_codes: Vec<_> = all.into_iter().filter(|letter| !letter.is_of_code).collect();
                self.find_runs(text, &without_codes, kind, &mut found);
            }
        }
        let words = words(text);
        self.find_apart(&words, &mut found);
        let is_whole = !found.is_empty();
        self.find_pieces(text, &words, &mut found);
        (found, is_whole)
    }

    /// Letters that follow each other.
    fn find_runs(&self, text: &str, all: &[Letter], kind: Kind, found: &mut Vec<Range<usize>>) {
        if all.is_empty() {
            return;
        }
        let line: Zeroizing<Vec<char>> = Zeroizing::new(all.iter().map(|letter| letter.c).collect());
        let mut plain = vec![false; all.len()];
        let mut encoded = vec![false; all.len()];
        for (at, gram) in line.windows(GRAM).enumerate() {
            let hash = self.grams.hasher.hash_one(gram);
            if self.grams.plain.contains(&hash) {
                plain[at..at + GRAM].fill(true);
            }
            if self.grams.encoded.contains(&hash) {
                encoded[at..at + GRAM].fill(true);
            }
        }
        for pattern in self.patterns.iter().filter(|pattern| pattern.kind == kind) {
            let length = pattern.letters.len();
            if !(SHORTEST..GRAM).contains(&length) {
                continue;
            }
            let marks = if pattern.is_encoded { &mut encoded } else { &mut plain };
            for (at, run) in line.windows(length).enumerate() {
                if run == pattern.letters.as_slice() {
                    marks[at..at + length].fill(true);
                }
            }
        }
        push_marked(text, all, &plain, found);
        let mut inner = Vec::new();
        push_marked(text, all, &encoded, &mut inner);
        found.extend(inner.into_iter().map(|range| around(text, range)));
    }

    /// Words that stand apart, and are the whole secret one after the other.
    fn find_apart(&self, words: &[Word], found: &mut Vec<Range<usize>>) {
        for pattern in self.patterns.iter().filter(|pattern| pattern.letters.len() >= APART) {
            if pattern.kind != Kind::Loose {
                continue;
            }
            let length = pattern.letters.len();
            // By which word each place in it was first reached, and from where.
            let mut reached: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
            let mut places = vec![0];
            for (number, word) in words.iter().enumerate() {
                if word.letters.len() > length {
                    continue;
                }
                for place in 0..places.len() {
                    let from = places[place];
                    let to = from + word.letters.len();
                    if to <= length && pattern.letters[from..to] == *word.letters && !reached.contains_key(&to) {
                        reached.insert(to, (number, from));
                        places.push(to);
                    }
                }
            }
            let mut at = length;
            while let Some((number, from)) = reached.get(&at) {
                found.push(words[*number].range.clone());
                at = *from;
            }
        }
    }

    /// Words that are a good part of it.
    fn find_pieces(&self, text: &str, words: &[Word], found: &mut Vec<Range<usize>>) {
        for word in words {
            let is_piece = |pattern: &Pattern| {
                let (whole, word) = (&pattern.letters, &word.letters);
                pattern.kind == Kind::Loose
                    && word.len() <= whole.len()
                    && if whole.len() < SHORTEST {
                        **word == **whole
                    } else {
                        word.len() >= SHORTEST.max(whole.len().div_ceil(2))
                            && whole.windows(word.len()).any(|run| run == word.as_slice())
                    }
            };
            if self.patterns.iter().any(is_piece) {
                found.push(word.range.clone());
            }
        }
        if let Some(secret) = &self.word {
            // Stricter than elsewhere: "1.2" must not hide in the middle of a number.
            let ends = |c: char| c.is_whitespace() || ".,:;\"'<>()[]=".contains(c);
            for (at, word) in text.match_indices(secret.as_str()) {
                let end = at + word.len();
                if text[..at].chars().next_back().is_none_or(ends) && text[end..].chars().next().is_none_or(ends) {
                    found.push(at..end);
                }
            }
        }
    }
}

/// A letter of a text, in small, with its place.
struct Letter {
    c: char,
    at: usize,
    end: usize,
    /// Of the enhanced code that a line begins with.
    is_of_code: bool,
}

fn letters(text: &str, kind: Kind) -> Vec<Letter> {
    let mut letters = Vec::with_capacity(text.len());
    let mut begins = 0;
    for line in text.split('\n') {
        let code = enhanced(line).map_or(0, |code| line.find(code).unwrap_or_default() + code.len());
        for (at, c) in line.char_indices() {
            let is_told = match kind {
                Kind::Close => !c.is_whitespace() && !appel_core::words::is_unsafe_to_show(c),
                Kind::Loose => c.is_alphanumeric(),
            };
            if !is_told {
                continue;
            }
            let letter = |small| Letter {
                c: small,
                at: begins + at,
                end: begins + at + c.len_utf8(),
                is_of_code: at < code,
            };
            if c.is_ascii() {
                letters.push(letter(c.to_ascii_lowercase()));
            } else {
                // At the end of a word a sigma has a small letter of its own.
                let small = c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c });
                letters.extend(small.filter(|c| kind == Kind::Close || c.is_alphanumeric()).map(letter));
            }
        }
        begins += line.len() + 1;
    }
    letters
}

/// The same without the places, and nothing of it is left behind.
fn only_letters(text: &str, kind: Kind) -> Zeroizing<Vec<char>> {
    let mut found = letters(text, kind);
    let only = found.iter().map(|letter| letter.c).collect();
    for letter in &mut found {
        letter.c.zeroize();
    }
    Zeroizing::new(only)
}

/// Letters and digits without anything between them.
struct Word {
    letters: Vec<char>,
    range: Range<usize>,
}

fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for letter in letters(text, Kind::Loose) {
        match words.last_mut() {
            // More than one small letter may stand for a large one.
            Some(word) if word.range.end == letter.at || word.range.end == letter.end => {
                word.letters.push(letter.c);
                word.range.end = letter.end;
            }
            _ => words.push(Word {
                letters: vec![letter.c],
                range: letter.at..letter.end,
            }),
        }
    }
    words
}

/// The places of marked letters: from the first one to the last one of each line, with what stands between them.
fn push_marked(text: &str, all: &[Letter], marks: &[bool], found: &mut Vec<Range<usize>>) {
    let mut open: Option<Range<usize>> = None;
    for (letter, marked) in all.iter().zip(marks) {
        open = match open {
            Some(range) if *marked && !text[range.end.min(letter.at)..letter.at].contains('\n') => {
                Some(range.start..letter.end)
            }
            before => {
                found.extend(before);
                marked.then_some(letter.at..letter.end)
            }
        };
    }
    found.extend(open);
}

/// All of the base64 around a part of it.
fn around(text: &str, range: Range<usize>) -> Range<usize> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
    let bytes = text.as_bytes();
    let before = bytes[..range.start]
        .iter()
        .rev()
        .take_while(|byte| is_base64(byte))
        .count();
    let behind = bytes[range.end..].iter().take_while(|byte| is_base64(byte)).count();
    range.start - before..range.end + behind
}

#[cfg(test)]
mod tests;
