//! Whether every reader of a letter gets the same links: those of all rows are compared, as they are rendered.
//!
//! Per letter and language the links of one row are kept, and of a second form with fewer of them: one part of a letter
//! may be for some only. A third form, or another link in the same place, would tell readers apart.

use std::collections::HashMap;

use appel_messages::{Message, msg};

use super::decision::Letter;
use super::text::Text;
use crate::links::{self, Spot};
use crate::place::Language;
use crate::problem::{Place, Problem};
use crate::words::visible_line;

/// The links of each letter in each language, as far as rows were looked at.
#[derive(Debug, Default)]
pub struct Compared(HashMap<(String, Language), Forms>);

/// What one letter's links in one language may be.
#[derive(Debug, Default)]
struct Forms {
    /// Of the first row, and of the first one with others.
    known: Vec<Form>,
    /// Whether a difference was said: one is enough, and a long list could have a million.
    said: bool,
}

#[derive(Debug)]
struct Form {
    links: Vec<String>,
    /// The words that they stand in, of the subject, the body and the HTML.
    spots: [Vec<Spot>; 3],
    line: usize,
}

/// What a row's links are to those before.
#[derive(Debug)]
pub enum Sameness {
    /// Another row had them.
    Same,
    /// The first with these; they may be.
    New,
    /// They tell readers apart.
    Different(Box<Problem>),
}

impl Compared {
    /// Compares the links of one more row; `file` is the recipients file, as a person names it.
    pub fn compare(&mut self, letter: &Letter, text: &Text, file: &str) -> Sameness {
        let kind = (letter.spec.id.clone(), letter.language.clone());
        let forms = self.0.entry(kind).or_default();
        if forms.said || forms.known.iter().any(|form| has(text, form)) {
            return Sameness::Same;
        }
        let mut links = Vec::new();
        each(text, |link| links.push(link.to_owned()));
        let line = letter.recipient.line;
        let spots = parts(text).map(links::spots);
        let Some(first) = forms.known.first() else {
            forms.known.push(Form { links, spots, line });
            return Sameness::New;
        };
        if forms.known.len() < 2 && (is_within(&links, &first.links) || is_within(&first.links, &links)) {
            forms.known.push(Form { links, spots, line });
            return Sameness::New;
        }
        forms.said = true;
        let differ = links.iter().zip(&first.links).find(|(here, there)| here != there);
        let (id, language, line) = (&letter.spec.id, &letter.language, first.line.to_string());
        let what = match differ {
            Some((here, there)) => msg!(
                "links-differ",
                letter = id,
                language = language,
                here = shown(here),
                there = shown(there),
                line = line,
            ),
            None => msg!(
                "links-differ-in-number",
                letter = id,
                language = language,
                here = links.len(),
                there = first.links.len(),
                line = line,
            ),
        };
        Sameness::Different(Box::new(at_row(what, letter, file)))
    }
}

/// The error of a link that comes from a cell of the row.
#[must_use]
pub fn from_cell(letter: &Letter, file: &str, link: &str, column: Option<&str>) -> Problem {
    let (id, link) = (&letter.spec.id, shown(link));
    let what = match column {
        Some(column) => msg!("link-from-cell", letter = id, column = column, link = link),
        None => msg!("link-from-some-cell", letter = id, link = link),
    };
    at_row(what, letter, file)
}

/// The error of a letter whose links cannot be told from other text.
#[must_use]
pub fn not_looked_at(letter: &Letter, file: &str, why: Message) -> Problem {
    at_row(
        msg!("links-not-looked-at", letter = &letter.spec.id, why = why),
        letter,
        file,
    )
}

fn at_row(what: Message, letter: &Letter, file: &str) -> Problem {
    let place = Place {
        line: Some(letter.recipient.line),
        ..Place::file(file)
    };
    Problem::error(what).at(place)
}

/// The most characters of a link in a message.
const LONGEST_SHOWN: usize = 100;

fn shown(link: &str) -> String {
    match link.char_indices().nth(LONGEST_SHOWN) {
        Some((cut, _)) => format!("{}…", visible_line(&link[..cut])),
        None => visible_line(link),
    }
}

fn each<'t>(text: &'t Text, mut act: impl FnMut(&'t str)) {
    for part in parts(text) {
        links::in_text(part, &mut act);
    }
}

fn parts(text: &Text) -> [&str; 3] {
    [&text.subject, &text.body, text.html.as_deref().unwrap_or_default()]
}

/// Whether a text has exactly the links of a form.
fn has(text: &Text, form: &Form) -> bool {
    let mut known = parts(text).into_iter().zip(&form.spots);
    if known.all(|(part, spots)| links::has_spots(part, spots)) {
        return true;
    }
    let mut rest = form.links.iter();
    let mut same = true;
    each(text, |link| {
        same = same && rest.next().is_some_and(|known| known == link);
    });
    same && rest.next().is_none()
}

/// Whether `some` are among `all`, in the same order.
fn is_within(some: &[String], all: &[String]) -> bool {
    let mut all = all.iter();
    some.iter().all(|link| all.any(|other| other == link))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::given;
    use jiff::civil::date;

    /// What is said of the rows, each with the cells `name`, `kind`, `site`.
    fn check(template: &str, rows: &[(&str, &str)]) -> Vec<String> {
        let mut list = "role,name,email,kind,site\n".to_owned();
        for (at, (kind, site)) in rows.iter().enumerate() {
            list.push_str(&format!("embassy,Name {at},e{at}@kz.example,{kind},{site}\n"));
        }
        let campaign = given()
            .rows(&list)
            .template("protest.en.hbs", &format!("Subject: S\n{template}\n"))
            .made();
        let renderer = campaign.renderer(Some("see https://mine.example/"));
        let mut compared = Compared::default();
        let mut said = Vec::new();
        for letter in &campaign.due() {
            let text = renderer.render(letter, date(2026, 1, 2)).unwrap();
            if let Some(problem) = renderer.telling_links(letter, &text, date(2026, 1, 2), &mut compared) {
                said.push(format!("{}: {}", problem.place.unwrap(), problem.what.in_english()));
            }
        }
        said
    }

    #[test]
    fn a_link_in_a_cell_is_refused_also_in_the_only_row() {
        let from_cell = |line, cell| {
            [format!(
                "recipients.csv:{line}: the letter `protest` gets a link out of the row's cell `site`: {cell}"
            )]
        };
        let template = "\nAs you say on {{recipient.site}}, no.";
        assert_eq!(
            check(template, &[("", "https://x.example/1")]),
            from_cell(2, "https://x.example/1")
        );
        assert_eq!(
            check(template, &[("", "the page www.x.example/1")]),
            from_cell(2, "www.x.example/1")
        );
        assert_eq!(check(template, &[("", "x.example/1")]), from_cell(2, "x.example/1"));
        assert_eq!(
            check(template, &[("", ""), ("", "HTTPS://x.example/")]),
            from_cell(3, "HTTPS://x.example/")
        );
        assert_eq!(
            check(
                "Format: markdown\n\nSee {{recipient.site}}.",
                &[("", "http://x.example/1")]
            )
            .len(),
            1
        );
        let split = check("\n{{recipient.kind}}{{recipient.site}}", &[("https:/", "/x.example/1")]);
        assert_eq!(split.len(), 1, "{split:#?}");
        let within = check("\n{{#with recipient}}{{site}}{{/with}}", &[("", "https://x.example/1")]);
        assert_eq!(within.len(), 1, "{within:#?}");
    }

    #[test]
    fn words_of_cells_that_are_no_links_are_fine() {
        for cell in [
            "Mr./Mrs.",
            "St.Petersburg/Russia",
            "info@x.example",
            "and/or",
            "16.12.2011/2",
            "M. / Mme",
        ] {
            assert_eq!(
                check("\n{{recipient.site}}: {{message}}", &[("", cell), ("", "")]),
                [""; 0],
                "{cell}"
            );
        }
    }

    #[test]
    fn other_links_in_other_rows_are_refused_once_and_one_optional_part_is_not() {
        // What the template's own check would find as well, with what it cannot know put in by the row.
        let one_part = "\n{{#if recipient.kind}}See https://a.example/. {{/if}}And https://b.example/.";
        assert_eq!(check(one_part, &[("x", ""), ("", ""), ("x", ""), ("", "")]), [""; 0]);
    }

    #[test]
    fn the_same_place_with_another_link_is_different() {
        let campaign = given()
            .rows("role,name,email\nembassy,A,a@kz.example\nembassy,B,b@kz.example\nembassy,C,c@kz.example\n")
            .made();
        let renderer = campaign.renderer(None);
        let letters = campaign.due();
        let text = |body: &str| Text {
            body: body.to_owned(),
            ..renderer.render(&letters[0], date(2026, 1, 2)).unwrap()
        };
        let mut compared = Compared::default();
        let mut compare = |nth: usize, body: &str| match compared.compare(&letters[nth], &text(body), "r.csv") {
            Sameness::Different(problem) => problem.what.in_english(),
            same => format!("{same:?}"),
        };
        assert_eq!(compare(0, "https://a.example/1 www.b.example"), "New");
        assert_eq!(compare(1, "other words https://a.example/1, www.b.example."), "Same");
        assert_eq!(compare(1, "www.b.example"), "New");
        assert_eq!(
            compare(2, "https://a.example/2 www.b.example"),
            "the links of the letter `protest` in en differ from reader to reader: https://a.example/2 here, https://a.example/1 in line 2"
        );
        assert_eq!(compare(2, "https://a.example/3"), "Same", "said once");
    }
}
