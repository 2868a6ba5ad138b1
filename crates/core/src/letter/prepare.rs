//! Templates made ready to be filled in many times: partials written into them, what is the same in every letter too,
//! and every value escaped.

use std::collections::HashMap;

use appel_messages::{Message, msg};
use handlebars::Template;
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement, TemplateMapping};

use super::markdown;
use crate::templates::variant_called;

/// Blocks, `else` chains and partials inside each other; rendering goes down as deep, on the stack.
const DEEPEST: usize = 64;
/// Pieces of one template with all its partials: a page has a few dozen.
const MOST_PIECES: usize = 20_000;

/// What a partial that stays a call counts besides its own pieces: all data is copied each time.
const CALL: usize = 50;

/// Why a template cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unbounded {
    /// Also what partials that include each other come to.
    TooDeep,
    /// Partials that include others several times double with every step.
    TooLong,
}

impl Unbounded {
    pub fn message(self) -> Message {
        match self {
            Self::TooDeep => msg!("letter-template-deep", most = DEEPEST),
            Self::TooLong => msg!("letter-template-long", most = MOST_PIECES),
        }
    }
}

/// What is done to a template besides.
#[derive(Clone, Copy)]
pub(super) struct Done<'f> {
    /// Writes out what is the same in every letter.
    pub fill: Option<Fill<'f>>,
    /// Marks where a partial begins and ends, for Markdown.
    pub marked: bool,
}

/// The text of what is the same in every letter of a run, of the sender, the campaign or its facts; `None` when it cannot
/// be filled in, which is left for each letter to fail on.
pub(super) type Fill<'f> = &'f dyn Fn(&Template) -> Option<String>;

/// The partials that the templates of one language see.
pub(super) struct Partials<'a> {
    texts: HashMap<&'a str, &'a Template>,
    variants: Variants,
}

/// What a call of a variant counts.
enum Variants {
    /// Nothing: what it stands in is counted by whoever uses that.
    Uncounted,
    /// It cannot stand here: in a variant.
    Refused,
    /// The pieces of the longest one, by group.
    Counted(HashMap<String, usize>),
}

impl<'a> Partials<'a> {
    pub fn new(partials: impl Iterator<Item = (&'a str, &'a Template)>) -> Self {
        Self {
            texts: partials.collect(),
            variants: Variants::Uncounted,
        }
    }

    /// For the texts of variants, which have no variants in them.
    pub fn without_variants(mut self) -> Self {
        self.variants = Variants::Refused;
        self
    }

    /// For letters: the pieces of the longest variant, by group.
    pub fn with_variants(mut self, pieces: HashMap<String, usize>) -> Self {
        self.variants = Variants::Counted(pieces);
        self
    }

    /// The partial of that name.
    pub fn get(&self, name: &str) -> Option<&'a Template> {
        self.texts.get(name).copied()
    }

    /// The template, with the text of its partials in it, and whatever else is done to it.
    ///
    /// handlebars copies all data for each partial it renders, which costs more than the rest of a letter.
    pub fn written_into(&self, template: &Template, done: Done<'_>) -> Result<Template, Unbounded> {
        self.counted(template, done).map(|(whole, _)| whole)
    }

    /// The same, and how many pieces it comes to.
    pub fn counted(&self, template: &Template, done: Done<'_>) -> Result<(Template, usize), Unbounded> {
        let mut left = MOST_PIECES;
        let whole = self.prepared(template, DEEPEST, &mut left, done)?;
        Ok((whole, MOST_PIECES - left))
    }

    fn prepared(
        &self,
        template: &Template,
        depth: usize,
        left: &mut usize,
        done: Done<'_>,
    ) -> Result<Template, Unbounded> {
        let depth = depth.checked_sub(1).ok_or(Unbounded::TooDeep)?;
        let mut whole = Template::default();
        for (at, element) in template.elements.iter().enumerate() {
            *left = left.checked_sub(1).ok_or(Unbounded::TooLong)?;
            let mapping = template.mapping.get(at).cloned();
            let element = match element {
                TemplateElement::PartialExpression(call) => {
                    let mut call = call.clone();
                    if inside_a_line(at.checked_sub(1).and_then(|before| template.elements.get(before))) {
                        call.indent = None;
                    }
                    if let Some(partial) = self.called(&call) {
                        let mut partial = self.prepared(partial, depth, left, done)?;
                        if reads_the_same_in_place(&call) {
                            if done.marked {
                                marked(&mut partial);
                            }
                            // Where it stands in the letter is more use than where in the partial.
                            for element in partial.elements {
                                push(&mut whole, element, mapping.as_ref());
                            }
                            continue;
                        }
                    }
                    *left = left.checked_sub(CALL).ok_or(Unbounded::TooLong)?;
                    TemplateElement::PartialExpression(call)
                }
                TemplateElement::PartialBlock(call) => {
                    if let Some(partial) = self.called(call) {
                        self.prepared(partial, depth, left, Done { fill: None, ..done })?;
                    }
                    let mut call = call.clone();
                    call.template = self.inner(call.template.as_ref(), depth, left, Done { fill: None, ..done })?;
                    TemplateElement::PartialBlock(call)
                }
                TemplateElement::HelperBlock(block) => {
                    let mut block: Box<HelperTemplate> = block.clone();
                    let fill = done.fill.filter(|_| names_mean_the_same_in(&block));
                    let done = Done { fill, ..done };
                    block.template = self.inner(block.template.as_ref(), depth, left, done)?;
                    block.inverse = self.inner(block.inverse.as_ref(), depth, left, done)?;
                    let is_the_same = is_a_choice_for_all(&block);
                    filled(TemplateElement::HelperBlock(block), fill.filter(|_| is_the_same))
                }
                // `{{{x}}}` as `{{x}}`: in plain text nothing is escaped anyway, and in Markdown every value is.
                TemplateElement::HtmlExpression(call) | TemplateElement::Expression(call) => {
                    if let Some(group) = variant_called(call) {
                        let pieces = self.pieces_of(group)?;
                        *left = left.checked_sub(pieces).ok_or(Unbounded::TooLong)?;
                    }
                    let element = TemplateElement::Expression(call.clone());
                    filled(element, done.fill.filter(|_| is_the_same(call)))
                }
                other => other.clone(),
            };
            push(&mut whole, element, mapping.as_ref());
        }
        Ok(whole)
    }

    fn inner(
        &self,
        template: Option<&Template>,
        depth: usize,
        left: &mut usize,
        done: Done<'_>,
    ) -> Result<Option<Template>, Unbounded> {
        template
            .map(|template| self.prepared(template, depth, left, done))
            .transpose()
    }

    fn called(&self, call: &DecoratorTemplate) -> Option<&'a Template> {
        self.get(call.name.as_name()?)
    }

    fn pieces_of(&self, group: &str) -> Result<usize, Unbounded> {
        match &self.variants {
            Variants::Uncounted => Ok(0),
            Variants::Refused => Err(Unbounded::TooDeep),
            Variants::Counted(pieces) => Ok(pieces.get(group).copied().unwrap_or(0)),
        }
    }
}

/// A piece with what it comes to in its place, if that can be said for all letters.
fn filled(element: TemplateElement, fill: Option<Fill<'_>>) -> TemplateElement {
    let text = fill.and_then(|fill| {
        let mut alone = Template::default();
        alone.elements.push(element.clone());
        fill(&alone)
    });
    text.map_or(element, TemplateElement::RawString)
}

/// Adds a piece; text behind text is one piece with it: handlebars takes its time for each.
fn push(whole: &mut Template, element: TemplateElement, mapping: Option<&TemplateMapping>) {
    if let (Some(TemplateElement::RawString(before)), TemplateElement::RawString(text)) =
        (whole.elements.last_mut(), &element)
    {
        before.push_str(text);
        return;
    }
    whole.elements.push(element);
    whole.mapping.extend(mapping.cloned());
}

/// Puts marks around the text of a partial.
pub(super) fn marked(partial: &mut Template) {
    for (at, mark) in [(0, markdown::OPENS), (partial.elements.len() + 1, markdown::CLOSES)] {
        partial
            .elements
            .insert(at, TemplateElement::RawString(mark.to_string()));
        if let Some(place) = partial.mapping.first().cloned() {
            partial.mapping.insert(at, place);
        }
    }
}

/// Whether it is the sender's own words.
pub(super) fn is_own_words(part: &Template) -> bool {
    matches!(part.elements.as_slice(), [TemplateElement::Expression(call)] if call.name.as_name() == Some("message"))
}

/// Whether it says the same in every letter of a run. (`date` is another on another day.)
fn is_the_same(call: &HelperTemplate) -> bool {
    let name = call.name.as_name().unwrap_or_default();
    let is_literal = |value: &Parameter| matches!(value, Parameter::Literal(_));
    call.hash.is_empty()
        && match name.split(['.', '/']).next() {
            Some("sender" | "campaign" | "message") => call.params.is_empty(),
            _ => matches!(name, "fact" | "source" | "as_of") && call.params.iter().all(is_literal),
        }
}

/// Whether all letters of a run choose the same here, and all that they may choose is plain text.
fn is_a_choice_for_all(block: &HelperTemplate) -> bool {
    let is_name_for_all = |value: &Parameter| match value.as_name().and_then(|name| name.split(['.', '/']).next()) {
        Some(first) => matches!(first, "sender" | "campaign" | "message"),
        None => false,
    };
    let is_text = |part: &Option<Template>| {
        let mut elements = part.iter().flat_map(|part| &part.elements);
        elements.all(|element| matches!(element, TemplateElement::RawString(_)))
    };
    block.hash.is_empty()
        && block.params.iter().all(is_name_for_all)
        && is_text(&block.template)
        && is_text(&block.inverse)
}

/// Whether names mean inside of a block what they mean outside.
fn names_mean_the_same_in(block: &HelperTemplate) -> bool {
    block.block_param.is_none() && matches!(block.name.as_name(), Some("if" | "unless"))
}

/// No data of its own, and no indentation to repeat.
fn reads_the_same_in_place(call: &DecoratorTemplate) -> bool {
    call.params.is_empty() && call.hash.is_empty() && call.indent.is_none()
}

/// Whether blanks before a call are blanks between words: handlebars takes them for an indentation, and repeats them
/// before each line of the partial. Those that do indent it are no longer in the text.
fn inside_a_line(before: Option<&TemplateElement>) -> bool {
    matches!(before, Some(TemplateElement::RawString(text)) if text.ends_with([' ', '\t']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOTHING: Done<'static> = Done {
        fill: None,
        marked: false,
    };

    fn check(template: &str, partials: &[(&str, &str)], expect: Result<usize, Unbounded>) {
        let compiled: Vec<(&str, Template)> = partials
            .iter()
            .map(|(name, text)| (*name, Template::compile(text).unwrap()))
            .collect();
        let partials = Partials::new(compiled.iter().map(|(name, partial)| (*name, partial)));
        let written = partials.written_into(&Template::compile(template).unwrap(), NOTHING);
        assert_eq!(written.map(|template| template.elements.len()), expect);
    }

    #[test]
    fn a_partial_is_written_in_its_place() {
        check("a {{> p}} b", &[("p", "{{x}} {{> q}}"), ("q", "c")], Ok(3));
    }

    #[test]
    fn blanks_before_a_call_inside_a_line_are_no_indentation() {
        check("a {{> p x=y}}", &[("p", "b\nc")], Ok(2));
        let partial = Template::compile("b\nc").unwrap();
        let partials = Partials::new([("p", &partial)].into_iter());
        let written = partials
            .written_into(&Template::compile("a {{> p x=1}}").unwrap(), NOTHING)
            .unwrap();
        let mut registry = handlebars::Handlebars::new();
        registry.register_template("p", partial.clone());
        registry.register_template("t", written);
        assert_eq!(registry.render("t", &()).unwrap(), "a b\nc");
    }

    #[test]
    fn a_call_with_data_or_indentation_stays_a_call() {
        check("a {{> p x=y}} b", &[("p", "{{x}} {{y}}")], Ok(3));
        check("a\n  {{> p}}\nb", &[("p", "{{x}} {{y}}")], Ok(3));
        check("a {{> missing}} b", &[], Ok(3));
    }

    #[test]
    fn partials_that_include_each_other_are_refused_however_they_do_it() {
        check(
            "{{> p}}",
            &[("p", "{{> q}}"), ("q", "{{> p}}")],
            Err(Unbounded::TooDeep),
        );
        check(
            "{{> p}}",
            &[("p", "{{> q x=y}}"), ("q", "{{#if a}}{{> p}}{{/if}}")],
            Err(Unbounded::TooDeep),
        );
        check("{{#> p}}x{{/p}}", &[("p", "{{#> p}}x{{/p}}")], Err(Unbounded::TooDeep));
    }

    #[test]
    fn partials_that_double_with_every_step_are_refused() {
        let steps: Vec<(String, String)> = (0..40)
            .map(|step| (format!("p{step}"), format!("{{{{> p{0}}}}}{{{{> p{0}}}}}", step + 1)))
            .collect();
        let steps: Vec<(&str, &str)> = steps
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        check("{{> p0}}", &steps, Err(Unbounded::TooLong));
    }

    /// The pieces of a template with what is the same in every letter in it, `*` for each that is not; and what they come
    /// to is what the template comes to.
    fn filled(template: &str) -> String {
        let data = json!({"sender": {"name": "A&B", "country": "BE"}, "message": "m",
                "recipient": {"name": "R", "message": "own"}, "date": "d"});
        let mut registry = handlebars::Handlebars::new();
        registry.set_strict_mode(true);
        let partial = Template::compile("p {{sender.name}} {{recipient.name}}").unwrap();
        registry.register_template("p", partial.clone());
        let render = |template: &Template| {
            let mut registry = registry.clone();
            registry.register_template("alone", template.clone());
            registry.render("alone", &data).ok()
        };
        let compiled = Template::compile(template).unwrap();
        let partials = Partials::new([("p", &partial)].into_iter());
        let done = Done {
            fill: Some(&render),
            ..NOTHING
        };
        let filled = partials.written_into(&compiled, done).unwrap();
        assert_eq!(filled.elements.len(), filled.mapping.len(), "{template}");
        assert_eq!(render(&filled), render(&compiled), "{template}");
        let piece = |element: &TemplateElement| match element {
            TemplateElement::RawString(text) => text.clone(),
            _ => "*".to_owned(),
        };
        filled.elements.iter().map(piece).collect()
    }

    #[test]
    fn what_is_the_same_in_every_letter_is_plain_text_and_what_is_not_stays() {
        assert_eq!(filled("I, {{sender.name}}, {{{message}}}say"), "I, A&amp;B, msay");
        assert_eq!(
            filled("a {{recipient.name}} b {{sender.name}} {{date}}"),
            "a * b A&amp;B *"
        );
        assert_eq!(filled("{{> p}}!"), "p A&amp;B *!");
        assert_eq!(filled("{{#if recipient.name}}{{sender.name}}{{/if}}"), "*");
        // Names mean something else inside.
        assert_eq!(
            filled("{{#with recipient}}{{message}} {{../sender.name}}{{/with}}"),
            "*"
        );
        // What cannot be filled in is left for the letter to fail on.
        assert_eq!(filled("a {{sender.nothing}} b"), "a * b");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_says_the_same(pieces in proptest::collection::vec(prop_oneof![
            Just("text "), Just("\n"), Just("  "), Just("{{sender.name}}"), Just("{{recipient.name}}"), Just("{{date}}"),
            Just("{{sender.country}}"), Just("{{~sender.name~}}"), Just("{{#if message}}\n  m\n{{/if}}\n"),
            Just("{{#if sender.name}}{{recipient.name}}\n{{else}}no{{/if}}"), Just("{{> p}}"), Just("  {{> p}}\n"),
            Just("{{#with sender}}\n{{name}} {{country}}\n{{/with}}\n"), Just("{{#with recipient}}{{message}}{{/with}}"),
            Just("{{#unless recipient.name}}x{{else if sender.country}}{{sender.country}}{{/unless}}"),
            Just("{{! nothing }}\n"),
        ], 0..12)) {
            filled(&pieces.concat());
        }
    }

    #[test]
    fn a_long_chain_of_else_is_refused() {
        let chain = format!("{{{{#if a}}}}{}x{{{{/if}}}}", "{{else if b}}y".repeat(100));
        check(&chain, &[], Err(Unbounded::TooDeep));
    }
}
