//! What goes wrong, in words: problems in the inputs, and the failure that ends a run.

mod exit;
mod listing;

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Message as Said, Origin, Renderer, Snippet};
use appel_core::words::{visible, visible_line};
use appel_messages::{Catalog, Locale, Message, msg};

pub use exit::Exit;
pub use listing::listing;

pub use appel_core::problem::{Excerpt, MOST_PROBLEMS, More, Place, Problem, Problems, Severity};

/// What ends a run early: the exit code, what happened, why, and what to do now.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened, in one plain sentence; `None` when the problems say it all.
    pub what: Option<Message>,
    /// Why, outermost first.
    pub causes: Vec<Message>,
    /// What to do now; the message's own hint comes first.
    pub hints: Vec<Message>,
    /// The problems in the inputs, when those are the reason.
    pub problems: Problems,
}

impl Failure {
    /// A failure with its exit code and what happened.
    #[must_use]
    pub fn new(exit: Exit, what: impl Into<Message>) -> Self {
        Self {
            what: Some(what.into()),
            ..Self::without_words(exit)
        }
    }

    fn without_words(exit: Exit) -> Self {
        Self {
            exit,
            what: None,
            causes: Vec::new(),
            hints: Vec::new(),
            problems: Problems::new(),
        }
    }

    /// The flags make no sense, or nobody can confirm (exit 2).
    #[must_use]
    pub fn usage(what: impl Into<Message>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// The inputs are invalid (exit 3).
    #[must_use]
    pub fn invalid(problems: Problems) -> Self {
        Self {
            problems,
            ..Self::without_words(Exit::Invalid)
        }
    }

    /// Nothing can be delivered (exit 4).
    #[must_use]
    pub fn cannot_deliver(what: impl Into<Message>) -> Self {
        Self::new(Exit::CannotDeliver, what)
    }

    /// The same failure, with what is behind it.
    #[must_use]
    pub fn for_this(mut self, cause: impl Into<Message>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The same failure, with somebody else's error behind it and all of that error's causes, as they are worded.
    #[must_use]
    pub fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            let text = Message::quote(error.to_string());
            if self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// The same failure, with what to do now.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Message>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The failure as a person reads it.
    #[must_use]
    pub fn render(&self, style: &Style) -> String {
        let mut parts = listing(&self.problems, Severity::Note, style);
        if let Some(what) = &self.what {
            let title = style.level(Severity::Error).primary_title(visible(&style.say(what)));
            let mut group = Group::with_title(title);
            for cause in &self.causes {
                let level = Level::NOTE.with_name(style.say(&msg!("screen-caused-by")));
                group = group.element(level.message(visible(&style.say(cause))));
            }
            let hints = self.hints.iter().map(|hint| style.say(hint));
            for hint in style.catalog().hint(what).into_iter().chain(hints) {
                group = group.element(style.help().message(visible(&hint)));
            }
            parts.push(style.renderer().render(&[group]));
        }
        parts.join("\n\n")
    }
}

/// One problem that ends the run (exit 3).
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::invalid(Problems::from_iter([problem]))
    }
}

/// How text for a person is drawn: in colour or not, and how wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Columns of the terminal; a wide default when there is none.
    pub width: usize,
    /// In which language.
    pub locale: Locale,
}

impl Style {
    /// No colours, 100 columns: what a file or a pipe gets.
    pub const PLAIN: Self = Self {
        color: false,
        width: 100,
        locale: Locale::English,
    };

    /// The words of its language.
    #[must_use]
    pub fn catalog(&self) -> &'static Catalog {
        Catalog::of(self.locale)
    }

    /// A message, in words.
    #[must_use]
    pub fn say(&self, message: &Message) -> String {
        self.catalog().say(message)
    }

    /// Words that nobody must overlook.
    #[must_use]
    pub fn in_red(&self, words: &str) -> String {
        console::Style::new()
            .red()
            .force_styling(self.color)
            .apply_to(words)
            .to_string()
    }

    fn level(&self, severity: Severity) -> Level<'static> {
        match severity {
            Severity::Error => Level::ERROR.with_name(self.say(&msg!("screen-error"))),
            Severity::Warning => Level::WARNING.with_name(self.say(&msg!("screen-warning"))),
            Severity::Note => Level::NOTE.with_name(self.say(&msg!("screen-note"))),
        }
    }

    fn help(&self) -> Level<'static> {
        Level::HELP.with_name(self.say(&msg!("screen-help")))
    }

    /// A problem as a person reads it: title, place, source line with the part underlined, hint.
    #[must_use]
    pub fn render(&self, problem: &Problem) -> String {
        let catalog = self.catalog();
        let title = self
            .level(problem.severity)
            .primary_title(visible(&problem.says_in(catalog)));
        let title = match problem.style() {
            Some(name) => title.id(name),
            None => title,
        };
        let group = match &problem.place {
            None => Group::with_title(title),
            Some(place) => match (&place.excerpt, place.line) {
                (Some(excerpt), Some(line)) => {
                    let (source, span) = visible_excerpt(excerpt);
                    let annotation = AnnotationKind::Primary
                        .span(span)
                        .label(place.field.as_deref().map(visible_line));
                    let snippet = Snippet::source(source).line_start(line).annotation(annotation);
                    let path = visible_line(&place.file);
                    if place.sheet.is_some() {
                        // Its cells are found by letters and numbers, not by lines and columns.
                        let bare = Place {
                            field: None,
                            ..place.clone()
                        };
                        let place = self.in_place(&bare);
                        return self.finish(problem, title.element(snippet).element(place));
                    }
                    match place.column.filter(|_| excerpt.text.starts_with('…')) {
                        // The line does not begin where the excerpt does.
                        Some(column) => title
                            .element(Origin::path(path).line(line).char_column(column))
                            .element(snippet),
                        None => title.element(snippet.path(path)),
                    }
                }
                _ => title.element(self.in_place(place)),
            },
        };
        self.finish(problem, group)
    }

    /// Where it is, where that is no line of a text.
    fn in_place(&self, place: &Place) -> Said<'static> {
        let said = self.say(&msg!("screen-in-place", place = place.to_string()));
        Level::NOTE.no_name().message(said)
    }

    /// With what to do at the end.
    fn finish(&self, problem: &Problem, group: Group<'_>) -> String {
        let group = match problem.hint_in(self.catalog()) {
            Some(hint) => group.element(self.help().message(visible(&hint))),
            None => group,
        };
        self.renderer().render(&[group])
    }

    fn renderer(&self) -> Renderer {
        let renderer = if self.color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.term_width(self.width)
    }
}

fn visible_excerpt(excerpt: &Excerpt) -> (String, Range<usize>) {
    let before = visible_line(&excerpt.text[..excerpt.span.start]);
    let meant = visible_line(&excerpt.text[excerpt.span.clone()]);
    let after = visible_line(&excerpt.text[excerpt.span.end..]);
    let span = before.len()..before.len() + meant.len();
    (before + &meant + &after, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_what_where_the_line_and_what_to_do() {
        let source = "role,name,email\r\nembassy,Bruxelles,a@b.example c@d.example\r\n";
        let start = source.find("a@b").unwrap();
        let problem = Problem::error(Message::quote("two addresses in one cell"))
            .at(Place::in_source("recipients.csv", source, start..start + 23).field("email"))
            .hint(Message::quote("put copies in the `cc` column"));
        insta::assert_snapshot!(Style::PLAIN.render(&problem), @r"
        error: two addresses in one cell
         --> recipients.csv:2:19
          |
        2 | embassy,Bruxelles,a@b.example c@d.example
          |                   ^^^^^^^^^^^^^^^^^^^^^^^ email
          |
          = help: put copies in the `cc` column
        ");
    }
}
