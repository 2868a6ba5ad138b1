//! A letter as its conditions turn out one way or another: whether the links in it stay the same.
//!
//! Where a link stands is not always where its address is written: in Markdown a label, a definition or a fence decides
//! which link there is, and a character that nobody sees makes another one. So the letter is made several times, with
//! every condition one way, then the other, and each by itself, and the links that came of it are compared.

use std::borrow::Cow;
use std::collections::BTreeSet;

use appel_core::letter::markdown::MARKDOWN;
use appel_core::links::{self, ELSE, END, IF};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use pulldown_cmark::{Event, Parser, Tag};

use super::branches::Found;

/// The most bytes of all forms of one letter.
const MOST: usize = 8 * 1024 * 1024;

/// What the links of a text's forms tell; `known` is what was found in it already, which is not said twice, `tells`
/// which conditions turn out otherwise for another reader or sender, and `left` how many bytes of all letters may still be
/// looked at.
pub fn compare(
    text: &str,
    is_markdown: bool,
    known: &[Found],
    tells: &dyn Fn(usize) -> bool,
    left: &mut usize,
) -> Vec<Found> {
    let mut found = Vec::new();
    let all = links::unmarked(text);
    if let Some(link) = invisible(&all) {
        found.push(Found::Invisible { link });
    }
    let conditions: Vec<usize> = conditions(text).into_iter().filter(|number| tells(*number)).collect();
    if conditions.is_empty() || !may_have_links(text) {
        return found;
    }
    let bytes = text.len().saturating_mul(2 * conditions.len() + 2);
    // A form is not rendered, which takes the longest.
    let Some(rest) = left.checked_sub(bytes / 4).filter(|_| bytes <= MOST) else {
        found.push(Found::TooMany);
        return found;
    };
    *left = rest;
    let none = links_of(&chosen(text, &|_| false), is_markdown);
    let every = links_of(&chosen(text, &|_| true), is_markdown);
    let (mut other, mut some) = (BTreeSet::new(), BTreeSet::new());
    let mut example = String::new();
    for (base, flipped) in [(&none, false), (&every, true)] {
        for condition in &conditions {
            let form = links_of(&chosen(text, &|number| (number == *condition) != flipped), is_markdown);
            if form == *base {
                continue;
            }
            let set = if is_within(&form, base) || is_within(base, &form) {
                &mut some
            } else {
                &mut other
            };
            set.insert(*condition);
            let differs = form
                .iter()
                .chain(base)
                .find(|link| !base.contains(link) || !form.contains(link));
            if example.is_empty() {
                example = differs.or(form.first()).cloned().unwrap_or_default();
            }
        }
    }
    // Two that only together make a difference.
    if other.is_empty() && !(is_within(&none, &every) || is_within(&every, &none)) {
        other.extend(&conditions);
        example = every.first().cloned().unwrap_or_default();
    }
    let said = |wanted: fn(&Found) -> bool| known.iter().any(wanted);
    if !other.is_empty() && !said(|found| matches!(found, Found::Choice { .. } | Found::Value { .. })) {
        found.push(Found::Choice {
            conditions: other,
            link: example,
        });
    } else if said(|found| !matches!(found, Found::TooMany)) {
        // Which parts are there for some only was told where they stand.
    } else if some.len() > 1 {
        found.push(Found::Parts {
            conditions: some,
            link: example,
        });
    } else if let Some(condition) = some.pop_first() {
        found.push(Found::Part {
            condition,
            link: example,
        });
    }
    found
}

/// The links of a text, first as all of its conditions hold, then as none does.
pub fn links(text: &str, is_markdown: bool) -> Vec<String> {
    if !may_have_links(text) {
        return Vec::new();
    }
    let mut found = links_of(&chosen(text, &|_| true), is_markdown);
    found.extend(links_of(&chosen(text, &|_| false), is_markdown));
    found
}

fn may_have_links(text: &str) -> bool {
    text.contains(['/', '@']) || text.to_ascii_lowercase().contains("www")
}

/// The numbers of the conditions in a text.
fn conditions(text: &str) -> BTreeSet<usize> {
    text.match_indices(IF)
        .filter_map(|(at, opened)| links::number(&text[at + opened.len()..]))
        .map(|(number, _)| number)
        .collect()
}

/// The text as it is when these conditions hold, with the marks of its values.
fn chosen(text: &str, holds: &dyn Fn(usize) -> bool) -> String {
    let mut chosen = String::with_capacity(text.len());
    // Of each choice that is open: whether its condition holds, and whether the branch at hand is the one taken.
    let mut open: Vec<(bool, bool)> = Vec::new();
    let mut hidden = 0_usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            IF => {
                let Some((number, length)) = links::number(rest) else {
                    continue;
                };
                rest = &rest[length..];
                let holds = holds(number);
                open.push((holds, holds));
                hidden += usize::from(!holds);
            }
            ELSE => {
                if let Some((holds, taken)) = open.last_mut() {
                    hidden = hidden + usize::from(*taken) - usize::from(!*taken);
                    *taken = !*holds;
                }
            }
            END => {
                if let Some((_, taken)) = open.pop() {
                    hidden -= usize::from(!taken);
                }
            }
            c if hidden == 0 => chosen.push(c),
            _ => {}
        }
    }
    chosen
}

/// The links of a text, in order: as a mail program finds them in it, and those of the page that Markdown makes of it.
fn links_of(text: &str, is_markdown: bool) -> Vec<String> {
    let mut found = Vec::new();
    if is_markdown {
        for event in Parser::new_ext(text, MARKDOWN) {
            if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event {
                found.push(dest_url.into_string());
            }
        }
    } else {
        links::in_text(text, |link| found.push(link.to_owned()));
        let plain = links::plain(text, false);
        links::in_text(&plain, |link| found.push(link.to_owned()));
    }
    found
}

/// Whether `few` is `many` with some of them left out.
fn is_within(few: &[String], many: &[String]) -> bool {
    let mut many = many.iter();
    few.iter().all(|link| many.any(|other| other == link))
}

/// The first link that has a character in it which nobody sees.
fn invisible(text: &str) -> Option<String> {
    let ignored = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    for word in text.split(char::is_whitespace) {
        // Most words have none.
        if word.is_ascii() || !word.chars().any(|c| ignored.contains(c)) {
            continue;
        }
        let seen: Cow<'_, str> = word.chars().filter(|c| !ignored.contains(*c)).collect();
        let links = |word: &str| {
            let mut found = Vec::new();
            links::in_word(word, &mut |link: &str| found.push(link.to_owned()));
            found
        };
        let (as_seen, as_written) = (links(&seen), links(word));
        if as_seen != as_written || as_written.iter().any(|link| link.chars().any(|c| ignored.contains(c))) {
            return as_seen.into_iter().next().or_else(|| as_written.into_iter().next());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use appel_core::links::mark;

    /// `{n|yes|no}` as the marks of a choice, also of one in another.
    fn marked(text: &str) -> String {
        let mut marked = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '|', '}']) {
            marked.push_str(&rest[..at]);
            let behind = &rest[at + 1..];
            rest = match rest.as_bytes()[at] {
                b'{' => {
                    let (number, behind) = behind.split_once('|').unwrap();
                    marked.push_str(&mark(IF, number.parse().unwrap()));
                    behind
                }
                b'|' => {
                    marked.push(ELSE);
                    behind
                }
                _ => {
                    marked.push(END);
                    behind
                }
            };
        }
        marked + rest
    }

    fn told(text: &str, is_markdown: bool) -> Vec<&'static str> {
        let found = compare(&marked(text), is_markdown, &[], &|_| true, &mut (1 << 24));
        let word = |found: &Found| match found {
            Found::Value { .. } => "value",
            Found::Choice { .. } => "choice",
            Found::Part { .. } => "part",
            Found::Parts { .. } => "parts",
            Found::Invisible { .. } => "invisible",
            Found::TooMany => "too many",
        };
        found.iter().map(word).collect()
    }

    #[test]
    fn a_condition_chooses_between_links_wherever_it_stands() {
        let definitions = "\n\n[f]: https://x.example/1\n[m]: https://x.example/2\n";
        for chooses in [
            "[x][{0|f|m}]",
            "[x]{0|[f]|[m]}",
            "{0|[f]|[m]}",
            "{0|[f][]|[m][]}",
            "[x]({0|https://a.example|https://b.example})",
        ] {
            assert_eq!(told(&format!("{chooses}{definitions}"), true), ["choice"], "{chooses}");
        }
        let broken = "[x][r]\n\n{0|text\n|}[r]: https://x.example/1\n\n[r]: https://x.example/2\n";
        assert_eq!(told(broken, true), ["choice"]);
        let first = "[x][f]\n\n{0|[f]: https://x.example/1|}\n\n[f]: https://x.example/2\n";
        assert_eq!(told(first, true), ["choice"]);
        assert_eq!(told("https://x.example/{0|1|2}", false), ["choice"]);
        let exclusive = "{0|{1|[f]|[m]}|{1|[m]|[f]}}";
        assert_eq!(told(&format!("{exclusive}{definitions}"), true), ["choice"]);
    }

    #[test]
    fn a_link_that_syntax_hides_from_some_is_there_for_some_only() {
        for hides in [
            "{0|`|}<https://x.example/1>{0|`|}",
            "{0|    |}<https://x.example/1>",
            "{0|```\n|}<https://x.example/1>\n",
        ] {
            let text = format!("Dear friends,\n\n{hides}\n\n<https://x.example/2>\n");
            assert_eq!(told(&text, true), ["part"], "{hides}");
        }
        let two = "{0|`|}<https://x.example/1>{0|`|}\n\n{1|`|}<https://x.example/2>{1|`|}\n";
        assert_eq!(told(two, true), ["parts"]);
    }

    #[test]
    fn a_character_that_nobody_sees_makes_another_link() {
        for c in [
            '\u{200b}',
            '\u{ad}',
            '\u{2060}',
            '\u{200d}',
            '\u{fe0f}',
            '\u{34f}',
            '\u{feff}',
            '\u{e0061}',
        ] {
            let text = format!("See https://x.example/abc{{0|{c}|}}def for more.");
            for is_markdown in [false, true] {
                assert!(told(&text, is_markdown).contains(&"invisible"), "{c:?}");
            }
            assert!(
                told(&format!("https://x.ex{c}ample/abc"), false).contains(&"invisible"),
                "{c:?}"
            );
        }
    }

    #[test]
    fn what_leaves_the_links_as_they_are_is_fine() {
        for fine in [
            "{0|Dear Madam,|Dear Sir,}\n\nhttps://x.example/abc\n",
            "\u{27a1}\u{fe0f} https://x.example and \u{2764}\u{fe0f}",
            "{0|{1|a|b}|c} [x](https://x.example/1), {2|please|} [y][r].\n\n[r]: https://x.example/2\n",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645} https://x.example/1",
            "No link at all {0|for some|}.",
        ] {
            for is_markdown in [false, true] {
                assert_eq!(told(fine, is_markdown), [""; 0], "{fine}");
            }
        }
    }
}
