//! What goes wrong, in words: problems in the inputs, and the failure that ends a run.

mod exit;

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use appel_core::words::{visible, visible_line};

pub use exit::Exit;

pub use appel_core::problem::{Excerpt, MOST_PROBLEMS, More, Place, Problem, Problems, Severity};

/// What ends a run early: the exit code, what happened, why, and what to do now.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What happened, in one plain sentence; empty when the problems say it all.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do now.
    pub hints: Vec<String>,
    /// The problems in the inputs, when those are the reason.
    pub problems: Problems,
}

impl Failure {
    /// A failure with its exit code and what happened.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            problems: Problems::new(),
        }
    }

    /// The flags make no sense, or nobody can confirm (exit 2).
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The inputs are invalid (exit 3).
    #[must_use]
    pub fn invalid(problems: Problems) -> Self {
        let mut failure = Self::new(Exit::Invalid, "");
        failure.problems = problems;
        failure
    }

    /// Nothing can be delivered (exit 4).
    #[must_use]
    pub fn cannot_deliver(message: impl Into<String>) -> Self {
        Self::new(Exit::CannotDeliver, message)
    }

    /// The same failure, with the error behind it and all of that error's causes.
    #[must_use]
    pub fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            let text = error.to_string();
            if self.causes.last() != Some(&text) {
                self.causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// The same failure, with what to do now.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The failure as a person reads it.
    #[must_use]
    pub fn render(&self, style: &Style) -> String {
        let rest = self.problems.rest();
        let all = self.problems.iter().chain(&rest);
        let mut parts: Vec<String> = all.map(|problem| style.render(problem)).collect();
        if !self.message.is_empty() {
            let title = Level::ERROR.primary_title(visible(&self.message));
            let mut group = Group::with_title(title);
            for cause in &self.causes {
                group = group.element(Level::NOTE.with_name("caused by").message(visible(cause)));
            }
            for hint in &self.hints {
                group = group.element(Level::HELP.message(visible(hint)));
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
}

impl Style {
    /// No colours, 100 columns: what a file or a pipe gets.
    pub const PLAIN: Self = Self {
        color: false,
        width: 100,
    };

    /// A problem as a person reads it: title, place, source line with the part underlined, hint.
    #[must_use]
    pub fn render(&self, problem: &Problem) -> String {
        let level = match problem.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(visible(&problem.message));
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
                    match place.column.filter(|_| excerpt.text.starts_with('…')) {
                        // The line does not begin where the excerpt does.
                        Some(column) => title
                            .element(Origin::path(path).line(line).char_column(column))
                            .element(snippet),
                        None => title.element(snippet.path(path)),
                    }
                }
                _ => title.element(Level::NOTE.no_name().message(format!("in {place}"))),
            },
        };
        let group = match &problem.hint {
            Some(hint) => group.element(Level::HELP.message(visible(hint))),
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
        let problem = Problem::error("two addresses in one cell")
            .at(Place::in_source("recipients.csv", source, start..start + 23).field("email"))
            .hint("put copies in the `cc` column");
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
