//! Text to a Handlebars template, whose places are those of the file.

use std::collections::HashMap;
use std::ops::Range;

use appel_messages::msg;
use handlebars::TemplateErrorReason;
use handlebars::template::{HelperTemplate, Template, TemplateElement};

use super::file::File;
use super::operators;
use super::tags::{self, Piece};

/// A template, and where its tags stand in the file.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// For rendering; its lines and columns are those of the file.
    pub template: Template,
    /// Text and tags, in order, by their bytes in the file.
    pub pieces: Vec<Piece>,
    /// The byte of the file at each line and column of `template`.
    pub places: HashMap<(usize, usize), usize>,
}

/// Parses the bytes `span` of the file; a problem is pushed when they cannot be.
pub fn template(file: &mut File<'_>, span: Range<usize>) -> Option<Parsed> {
    let pieces = tags::cut(file, span.clone())?;
    let in_tags = pieces.iter().map(|piece| match piece {
        Piece::Tag(span) => span.len(),
        Piece::Text(_) => 0,
    });
    // A comment, however long, has one place.
    let comments = file.text[span.clone()].matches("{{!").count() * "{{date}}".len();
    if !file.may_parse(comments + in_tags.sum::<usize>()) {
        file.error(span, msg!("templates-too-much-work"));
        return None;
    }
    let text = file.text;
    let source = text.get(span.clone())?;
    let before = &text[..span.start];
    let line = before.matches('\n').count();
    let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count();
    match Template::compile_with_name(source, file.shown.to_owned()) {
        Ok(mut template) => {
            debug_assert_eq!(
                tags::parts(text, &pieces),
                parts(&template),
                "the parser read other tags than were looked at: {source:?}"
            );
            shift(&mut template, line, column);
            let mut places = HashMap::new();
            let mut cursor = Cursor::new(text);
            look_up(&template, &mut cursor, &mut places);
            Some(Parsed {
                template,
                pieces,
                places,
            })
        }
        Err(error) => {
            let (at_line, at_column) = error.pos().unwrap_or((1, 1));
            let column = if at_line == 1 { at_column + column } else { at_column };
            let at = offset(text, at_line + line, column);
            let what = match error.reason() {
                TemplateErrorReason::InvalidParam(written) => msg!("tag-misplaced", written = written),
                _ => msg!("tag-unreadable"),
            };
            // The whole tag is shown: the parser often stops where a person would not look.
            let around = pieces.iter().map(Piece::span).find(|piece| piece.contains(&at));
            let span = match around {
                Some(piece) if text[piece.clone()].starts_with("{{") => piece,
                _ => at..at + 1,
            };
            let hint = text.get(span.clone()).and_then(operators::hint);
            file.error_with(span, what, hint);
            None
        }
    }
}

/// How many parts a template has that are neither text nor comment, those within blocks too.
fn parts(template: &Template) -> usize {
    let within = |block: &HelperTemplate| {
        let both = [&block.template, &block.inverse];
        1 + both.into_iter().flatten().map(parts).sum::<usize>()
    };
    let of_one = |element: &TemplateElement| match element {
        TemplateElement::RawString(_) | TemplateElement::Comment(_) => 0,
        TemplateElement::HelperBlock(block) => within(block),
        _ => 1,
    };
    template.elements.iter().map(of_one).sum()
}

/// The byte at a 1-based line and column.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        Some(nth) => text.match_indices('\n').nth(nth).map_or(text.len(), |(at, _)| at + 1),
        None => 0,
    };
    let chars = text[start..].char_indices().nth(column.saturating_sub(1));
    chars.map_or(text.len(), |(at, _)| start + at)
}

/// A place in a text from which the next one is not far.
struct Cursor<'a> {
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    /// A line and column, and their byte.
    known: (usize, usize, usize),
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self {
            text,
            lines: std::iter::once(0).chain(breaks).collect(),
            known: (1, 1, 0),
        }
    }

    /// The byte at a 1-based line and column.
    fn seek(&mut self, line: usize, column: usize) -> usize {
        let (known_line, known_column, known_at) = self.known;
        let (from, skipped) = if line == known_line && column >= known_column {
            (known_at, known_column)
        } else {
            let start = line.checked_sub(1).and_then(|nth| self.lines.get(nth));
            (start.copied().unwrap_or(self.text.len()), 1)
        };
        let chars = self.text[from..].char_indices().nth(column.saturating_sub(skipped));
        let at = chars.map_or(self.text.len(), |(at, _)| from + at);
        self.known = (line, column, at);
        at
    }
}

fn look_up(template: &Template, cursor: &mut Cursor<'_>, places: &mut HashMap<(usize, usize), usize>) {
    for (nth, element) in template.elements.iter().enumerate() {
        if let Some(place) = template.mapping.get(nth) {
            places.insert((place.0, place.1), cursor.seek(place.0, place.1));
        }
        if let TemplateElement::HelperBlock(helper)
        | TemplateElement::Expression(helper)
        | TemplateElement::HtmlExpression(helper) = element
        {
            for part in [&helper.template, &helper.inverse].into_iter().flatten() {
                look_up(part, cursor, places);
            }
        }
    }
}

/// Moves the places of a template that was cut out of a file, so that they are those of the file.
fn shift(template: &mut Template, lines: usize, columns: usize) {
    for place in &mut template.mapping {
        if place.0 == 1 {
            place.1 += columns;
        }
        place.0 += lines;
    }
    for element in &mut template.elements {
        match element {
            TemplateElement::HelperBlock(helper)
            | TemplateElement::Expression(helper)
            | TemplateElement::HtmlExpression(helper) => shift_helper(helper, lines, columns),
            _ => {}
        }
    }
}

fn shift_helper(helper: &mut HelperTemplate, lines: usize, columns: usize) {
    for part in [&mut helper.template, &mut helper.inverse].into_iter().flatten() {
        shift(part, lines, columns);
    }
}
