//! Templates made ready to be filled in many times: partials written into them, and every value escaped.

use std::collections::HashMap;

use handlebars::Template;
use handlebars::template::{DecoratorTemplate, HelperTemplate, TemplateElement};

/// Blocks, `else` chains and partials inside each other; rendering goes down as deep, on the stack.
const DEEPEST: usize = 64;
/// Pieces of one template with all its partials: a page has a few dozen.
const MOST_PIECES: usize = 20_000;

/// Why a template cannot be used; `Display` completes "the template …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unbounded {
    /// Also what partials that include each other come to.
    #[error("has blocks or partials more than {DEEPEST} deep in each other")]
    TooDeep,
    /// Partials that include others several times double with every step.
    #[error("has more than {MOST_PIECES} pieces with its partials")]
    TooLong,
}

/// The partials that the templates of one language see.
pub(super) struct Partials<'a>(HashMap<&'a str, &'a Template>);

impl<'a> Partials<'a> {
    pub fn new(partials: impl Iterator<Item = (&'a str, &'a Template)>) -> Self {
        Self(partials.collect())
    }

    /// The template, with the text of its partials in it.
    ///
    /// handlebars copies all data for each partial it renders, which costs more than the rest of a letter.
    pub fn written_into(&self, template: &Template) -> Result<Template, Unbounded> {
        let mut left = MOST_PIECES;
        self.prepared(template, DEEPEST, &mut left)
    }

    fn prepared(&self, template: &Template, depth: usize, left: &mut usize) -> Result<Template, Unbounded> {
        let depth = depth.checked_sub(1).ok_or(Unbounded::TooDeep)?;
        let mut whole = Template::default();
        for (at, element) in template.elements.iter().enumerate() {
            *left = left.checked_sub(1).ok_or(Unbounded::TooLong)?;
            let mapping = template.mapping.get(at).cloned();
            let element = match element {
                TemplateElement::PartialExpression(call) => match self.called(call) {
                    Some(partial) => {
                        let partial = self.prepared(partial, depth, left)?;
                        if stands_alone(call) {
                            // Where it stands in the letter is more use than where in the partial.
                            whole.mapping.extend(mapping.into_iter().cycle().take(partial.elements.len()));
                            whole.elements.extend(partial.elements);
                            continue;
                        }
                        element.clone()
                    }
                    None => element.clone(),
                },
                TemplateElement::PartialBlock(call) => {
                    if let Some(partial) = self.called(call) {
                        self.prepared(partial, depth, left)?;
                    }
                    let mut call = call.clone();
                    call.template = self.inner(call.template.as_ref(), depth, left)?;
                    TemplateElement::PartialBlock(call)
                }
                TemplateElement::HelperBlock(block) => {
                    let mut block: Box<HelperTemplate> = block.clone();
                    block.template = self.inner(block.template.as_ref(), depth, left)?;
                    block.inverse = self.inner(block.inverse.as_ref(), depth, left)?;
                    TemplateElement::HelperBlock(block)
                }
                // `{{{x}}}` as `{{x}}`: in plain text nothing is escaped anyway, and in Markdown every value is.
                TemplateElement::HtmlExpression(expression) => TemplateElement::Expression(expression.clone()),
                other => other.clone(),
            };
            whole.elements.push(element);
            whole.mapping.extend(mapping);
        }
        Ok(whole)
    }

    fn inner(
        &self,
        template: Option<&Template>,
        depth: usize,
        left: &mut usize,
    ) -> Result<Option<Template>, Unbounded> {
        template.map(|template| self.prepared(template, depth, left)).transpose()
    }

    fn called(&self, call: &DecoratorTemplate) -> Option<&'a Template> {
        self.0.get(call.name.as_name()?).copied()
    }
}

/// Whether a partial reads the same written in its place: no data of its own, and no indentation to repeat.
fn stands_alone(call: &DecoratorTemplate) -> bool {
    call.params.is_empty() && call.hash.is_empty() && call.indent.is_none()
}
