//! How alike two letters are: how much of what they say stands in both.
//!
//! Compared are *shingles*, every three words that follow each other, without case and punctuation. In scripts without
//! spaces between words (Chinese, Japanese, Thai …) a word is a character, and a shingle has five. Salutation and closing
//! do not count: every letter has them. The likeness is twice the shingles that both have, over those of one and of the
//! other: 1 is the same text, and of two letters of one length of which half is the same it is 0.5.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

/// From here on letters are said to be alike.
pub const ALIKE: f64 = 0.5;
/// A letter with fewer shingles says too little to be compared.
pub const LEAST: usize = 20;
/// So much of a letter is compared, in bytes; a page has about 3,000.
const MOST: usize = 64 * 1024;

/// What a word counts for a shingle, what a character of a script without spaces does, and what a shingle comes to.
const WORD: usize = 5;
const CHARACTER: usize = 3;
const SHINGLE: usize = 15;

/// The shingles of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shingles(BTreeSet<u64>);

impl Shingles {
    /// Those of a text as it stands: see [`said`].
    #[must_use]
    pub fn of(text: &str) -> Self {
        let words = words(text);
        let mut found = BTreeSet::new();
        for begin in 0..words.len() {
            let (mut hash, mut weight) = (OFFSET, 0);
            for (word, counts) in &words[begin..] {
                hash = mixed(hash, word.as_bytes());
                // A sign between words, so that "ab c" is not "a bc".
                hash = mixed(hash, &[0xff]);
                weight += counts;
                if weight >= SHINGLE {
                    found.insert(hash);
                    break;
                }
            }
        }
        Self(found)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// How many of them stand in the other too.
    #[must_use]
    pub fn shared(&self, other: &Self) -> usize {
        self.0.intersection(&other.0).count()
    }

    /// How alike two texts are, from 0 to 1.
    #[must_use]
    pub fn likeness(&self, other: &Self) -> f64 {
        let all = self.count() + other.count();
        if all == 0 {
            0.0
        } else {
            ratio(2 * self.shared(other), all)
        }
    }
}

/// One number over another.
#[must_use]
pub fn ratio(part: usize, whole: usize) -> f64 {
    // A letter has some thousands at most.
    #[allow(clippy::cast_precision_loss)]
    let (part, whole) = (part as f64, whole as f64);
    part / whole
}

/// FNV-1a, in 64 bits: the same on every machine.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn mixed(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The words of a text in small letters, with what each counts.
fn words(text: &str) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    let mut word = String::new();
    let end = |word: &mut String, found: &mut Vec<(String, usize)>| {
        if !word.is_empty() {
            found.push((std::mem::take(word), WORD));
        }
    };
    for c in text.nfkc().flat_map(char::to_lowercase) {
        if is_left_out(c) {
            continue;
        }
        if !c.is_alphanumeric() {
            end(&mut word, &mut found);
        } else if is_written_without_spaces(c) {
            end(&mut word, &mut found);
            found.push((c.to_string(), CHARACTER));
        } else {
            word.push(c);
        }
    }
    end(&mut word, &mut found);
    found
}

/// What a word is the same without: joiners, soft hyphens, Arabic vowel signs and the stroke that stretches a word.
const fn is_left_out(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}')
}

fn is_written_without_spaces(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            c.script(),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Bopomofo
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
                | Script::Tibetan
        )
}

/// In how many first lines a salutation is looked for, below a place, a date and an address.
const FIRST_LINES: usize = 8;
/// How many last lines a closing has at most, with the names below it.
const LAST_LINES: usize = 12;
/// How long such a line is at most, in characters.
const LONGEST_LINE: usize = 80;

/// What a letter says, without its salutation and its closing.
///
/// A salutation is the first line that is short and ends as one ("…,", "…:", "…!"), with only short lines above it. The
/// closing is what short lines there are at the end that do not end as a sentence does.
#[must_use]
pub fn said(body: &str) -> &str {
    let mut cut = body.len().min(MOST);
    while !body.is_char_boundary(cut) {
        cut -= 1;
    }
    let body = &body[..cut];
    let is_short = |line: &str| line.chars().nth(LONGEST_LINE).is_none();
    let mut begin = 0;
    let mut at = 0;
    for line in body
        .split_inclusive('\n')
        .filter(|line| !line.trim().is_empty())
        .take(FIRST_LINES)
    {
        // Blank lines between are passed over.
        let start = at + body[at..].find(line).unwrap_or(0);
        at = start + line.len();
        let line = line.trim();
        if !is_short(line) || line.ends_with(END_OF_SENTENCE) {
            break;
        }
        if line.ends_with(END_OF_SALUTATION) {
            begin = at;
            break;
        }
    }
    let mut end = body.len();
    let lines = body[begin..].split_inclusive('\n').rev();
    let mut counted = 0;
    for line in lines {
        let trimmed = line.trim();
        if !trimmed.is_empty() {
            counted += 1;
            if counted > LAST_LINES || !is_short(trimmed) || trimmed.ends_with(END_OF_SENTENCE) {
                break;
            }
        }
        end -= line.len();
    }
    // What is nothing but short lines has no closing.
    let said = body[begin..end.max(begin)].trim();
    if said.is_empty() { body[begin..].trim() } else { said }
}

const END_OF_SALUTATION: [char; 7] = [',', ':', '!', '，', '：', '！', '،'];
const END_OF_SENTENCE: [char; 13] = ['.', '?', ';', '。', '？', '؟', '؛', '।', '｡', '…', '”', '»', '"'];

/// The paragraphs of a text.
pub fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(one: &str, other: &str) -> f64 {
        Shingles::of(one).likeness(&Shingles::of(other))
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.02, "{found} for {expected}");
    }

    /// So many words that stand nowhere else.
    fn words(name: &str, count: usize) -> String {
        let words: Vec<String> = (0..count).map(|nth| format!("{name}{nth}")).collect();
        words.join(" ")
    }

    #[test]
    fn the_same_text_is_alike_whatever_its_case_and_punctuation() {
        let one = "I ask the Government to open an independent inquiry – at once – into the shooting.";
        near(
            likeness(
                one,
                "i ask THE government, to open: an independent inquiry at once into the shooting",
            ),
            1.0,
        );
        near(
            likeness(
                one,
                "Weather reports for the coming week are dry, with clouds in the west.",
            ),
            0.0,
        );
        near(likeness("", ""), 0.0);
        // Composed and decomposed.
        near(
            likeness(
                "é à ü une phrase entière",
                "e\u{301} a\u{300} u\u{308} une phrase entière",
            ),
            1.0,
        );
    }

    #[test]
    fn of_half_the_same_the_likeness_is_a_half() {
        let one = format!("{} {}", words("a", 102), words("b", 102));
        let other = format!("{} {}", words("a", 102), words("c", 102));
        near(likeness(&one, &other), 0.5);
        // 100 shingles of 200 in both.
        let (one, other) = (Shingles::of(&one), Shingles::of(&other));
        assert_eq!((one.count(), other.count(), one.shared(&other)), (202, 202, 100));
        // A longer letter around it is less alike.
        near(
            likeness(&words("a", 100), &format!("{} {}", words("a", 100), words("d", 300))),
            0.4,
        );
    }

    #[test]
    fn scripts_without_spaces_are_compared_by_characters() {
        let one = "我请求塔尔莫里亚政府立即对卢韦萨枪击事件展开独立公正的调查并公布调查结果";
        near(
            likeness(
                one,
                "我请求塔尔莫里亚政府，立即对卢韦萨枪击事件，展开独立公正的调查，并公布调查结果。",
            ),
            1.0,
        );
        let other = "今天天气很好我们一起去公园散步然后吃了一顿丰盛的晚餐回家休息";
        near(likeness(one, other), 0.0);
        let half = format!("{}{}", "我请求塔尔莫里亚政府立即对卢韦萨枪击事件", &other[..51]);
        let found = likeness(one, &half);
        assert!((0.35..0.6).contains(&found), "{found}");
        let thai = "ข้าพเจ้าขอให้รัฐบาลเปิดการสอบสวนโดยอิสระ";
        near(likeness(thai, &format!("{thai}!")), 1.0);
        assert!(Shingles::of(thai).count() > 20);
        assert!(Shingles::of("独立调查をお願いします。カタカナも").count() > 8);
    }

    #[test]
    fn arabic_is_compared_by_words_without_its_vowel_signs() {
        let one = "أطلب من الحكومة فتح تحقيق مستقل ونزيه في إطلاق النار على العمال المضربين";
        near(
            likeness(
                one,
                "أطلبُ من الحُكومة فتحَ تحقيقٍ مستقلٍ ونزيهٍ في إطلاق النّار على العمّال المضربين،",
            ),
            1.0,
        );
        near(
            likeness(
                one,
                "أطلب من الحكـــومة فتح تحقيق مستقل ونزيه في إطلاق النار على العمال المضربين",
            ),
            1.0,
        );
    }

    #[test]
    fn salutation_and_closing_do_not_count() {
        let text = "I ask for an inquiry into what happened.\n\nPlease tell me what is done.";
        for (before, behind) in [
            ("Dear Madam,\n\n", "\n\nYours respectfully,\n\nAnn Activist\nBrussels\n"),
            (
                "Brussels, 2 January 2026\n\nYour Excellency,\n\n",
                "\n\nSincerely\n\nAnn\n",
            ),
            (
                "Sehr geehrte Damen und Herren!\n\n",
                "\n\nMit freundlichen Grüßen\nAnn\n",
            ),
            ("尊敬的大使：\n\n", "\n\n此致\n敬礼\n\n安\n"),
            ("", "\n\nAnn"),
            ("", ""),
        ] {
            assert_eq!(said(&format!("{before}{text}{behind}")), text, "{before:?} {behind:?}");
        }
        // What is no letter stays what it is.
        assert_eq!(said("Free them now\n"), "Free them now");
        assert_eq!(said(""), "");
        // A list at the end that ends as a sentence does is no closing.
        let list = "We ask three things of you today, and they are these:\n\n- an inquiry.\n- a court.";
        assert_eq!(said(list), "- an inquiry.\n- a court.");
        assert_eq!(
            said("I ask you.\n\nThe names:\n\nA, B.\n"),
            "I ask you.\n\nThe names:\n\nA, B."
        );
    }

    #[test]
    fn a_long_letter_is_cut_and_never_within_a_character() {
        let long = "あ".repeat(40_000);
        assert!(said(&long).len() <= MOST);
    }
}
