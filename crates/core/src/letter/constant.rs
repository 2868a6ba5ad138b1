//! What is the same in every letter of a run is written into its template once: the sender, the facts, the campaign.

use handlebars::Template;
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};

/// What names begin with that mean the same in every letter. (`date` is another on another day.)
const SAME: [&str; 3] = ["sender", "campaign", "message"];
/// What gives the same for the same.
const HELPERS: [&str; 15] = [
    "fact", "source", "as_of", "if", "unless", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len",
];

/// A template with whatever is the same in every letter as plain text. `render` fills one in; what it cannot make
/// anything of is left for each letter to fail on.
pub(super) fn settled(template: &Template, render: &impl Fn(&Template) -> Option<String>) -> Template {
    let mut settled = Template::default();
    for (at, element) in template.elements.iter().enumerate() {
        let mapping = template.mapping.get(at).cloned();
        let element = match text_of(element, render) {
            Some(text) => {
                if let Some(TemplateElement::RawString(before)) = settled.elements.last_mut() {
                    before.push_str(&text);
                    continue;
                }
                TemplateElement::RawString(text)
            }
            None => inside(element, render),
        };
        settled.elements.push(element);
        settled.mapping.extend(mapping);
    }
    settled
}

fn text_of(element: &TemplateElement, render: &impl Fn(&Template) -> Option<String>) -> Option<String> {
    match element {
        TemplateElement::RawString(text) => Some(text.clone()),
        TemplateElement::Comment(_) => Some(String::new()),
        element if is_same(element) => {
            let mut alone = Template::default();
            alone.elements.push(element.clone());
            render(&alone)
        }
        _ => None,
    }
}

/// A choice that is another in each letter may have parts that are not.
fn inside(element: &TemplateElement, render: &impl Fn(&Template) -> Option<String>) -> TemplateElement {
    match element {
        TemplateElement::HelperBlock(block) if is_choice(block) => {
            let mut block = block.clone();
            for part in [&mut block.template, &mut block.inverse] {
                *part = part.take().map(|part| settled(&part, render));
            }
            TemplateElement::HelperBlock(block)
        }
        other => other.clone(),
    }
}

/// Names inside mean what they mean outside.
fn is_choice(block: &HelperTemplate) -> bool {
    block.block_param.is_none() && matches!(block.name.as_name(), Some("if" | "unless"))
}

fn is_same(element: &TemplateElement) -> bool {
    match element {
        TemplateElement::RawString(_) | TemplateElement::Comment(_) => true,
        TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => is_same_call(call),
        TemplateElement::HelperBlock(block) => {
            let parts = [&block.template, &block.inverse];
            is_choice(block)
                && is_same_call(block)
                && parts
                    .into_iter()
                    .flatten()
                    .all(|part| part.elements.iter().all(is_same))
        }
        _ => false,
    }
}

fn is_same_call(call: &HelperTemplate) -> bool {
    let Some(name) = call.name.as_name() else { return false };
    if !call.block && call.params.is_empty() && call.hash.is_empty() {
        return is_same_name(name);
    }
    HELPERS.contains(&name) && call.params.iter().chain(call.hash.values()).all(is_same_value)
}

fn is_same_value(value: &Parameter) -> bool {
    match value {
        Parameter::Literal(_) => true,
        Parameter::Subexpression(inner) => is_same(inner.as_element()),
        name => name.as_name().is_some_and(is_same_name),
    }
}

fn is_same_name(name: &str) -> bool {
    let group = name.split(['.', '/']).next().unwrap_or_default();
    SAME.contains(&group)
}

#[cfg(test)]
mod tests {
    use handlebars::Handlebars;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn registry() -> Handlebars<'static> {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry
    }

    fn check(template: &str, expect: &[&str]) {
        let data =
            json!({"sender": {"name": "A&B", "country": "BE"}, "message": "", "recipient": {"name": "R"}, "date": "d"});
        let registry = registry();
        let compiled = Template::compile(template).unwrap();
        let render = |template: &Template| {
            let mut registry = registry.clone();
            registry.register_template("alone", template.clone());
            registry.render("alone", &data).ok()
        };
        let settled = settled(&compiled, &render);
        let pieces: Vec<_> = settled
            .elements
            .iter()
            .map(|element| match element {
                TemplateElement::RawString(text) => text.as_str(),
                _ => "*",
            })
            .collect();
        assert_eq!(pieces, expect, "{template}");
        assert_eq!(settled.elements.len(), settled.mapping.len(), "{template}");
        assert_eq!(render(&settled), render(&compiled), "{template}");
    }

    #[test]
    fn what_is_the_same_in_every_letter_is_plain_text() {
        check("I, {{sender.name}},{{! me }} say", &["I, A&amp;B, say"]);
        check("{{#if message}}{{message}}\n{{/if}}end", &["end"]);
        check("{{#if (eq sender.country \"BE\")}}here{{else}}there{{/if}}", &["here"]);
        check("{{#unless message}}none{{/unless}}", &["none"]);
    }

    #[test]
    fn what_is_another_in_each_letter_stays() {
        check("a {{recipient.name}} b {{sender.name}}", &["a ", "*", " b A&amp;B"]);
        check("{{date}}", &["*"]);
        check("{{#if recipient.name}}{{sender.name}}{{/if}}", &["*"]);
        check("{{#if (eq recipient.name sender.name)}}x{{/if}}", &["*"]);
        check("{{#with sender}}{{name}}{{/with}}", &["*"]);
        check("{{#with recipient}}{{name}}{{../sender.name}}{{/with}}", &["*"]);
        check(
            "{{#if message}}{{recipient.name}}{{else}}{{sender.name}}{{/if}}",
            &["*"],
        );
    }

    #[test]
    fn what_cannot_be_filled_in_is_left_for_the_letter() {
        check("a {{sender.nothing}} b", &["a ", "*", " b"]);
    }

    proptest! {
        #[test]
        fn it_says_the_same(pieces in proptest::collection::vec(prop_oneof![
            Just("text "), Just("\n"), Just("  "), Just("{{sender.name}}"), Just("{{recipient.name}}"), Just("{{date}}"),
            Just("{{{sender.name}}}"), Just("{{~sender.name~}}"), Just("{{#if message}}\n  m\n{{/if}}\n"),
            Just("{{#if sender.name}}{{recipient.name}}\n{{else}}no{{/if}}"),
            Just("{{#with sender}}\n{{name}} {{country}}\n{{/with}}\n"),
            Just("{{#unless recipient.name}}x{{else if sender.country}}{{sender.country}}{{/unless}}"),
            Just("{{! nothing }}\n"),
        ], 0..12)) {
            let data = json!({"sender": {"name": "<S>", "country": "BE"}, "message": "m", "recipient": {"name": "&R"}, "date": "d"});
            let registry = registry();
            let render = |template: &Template| {
                let mut registry = registry.clone();
                registry.register_template("alone", template.clone());
                registry.render("alone", &data).ok()
            };
            let compiled = Template::compile(&pieces.concat()).unwrap();
            prop_assert_eq!(render(&settled(&compiled, &render)), render(&compiled));
        }
    }
}
