//! Which variant of a text a letter gets, and that text in its place.
//!
//! A letter chooses by its id and nothing else: so a later run and another machine choose the same, and a variant that is
//! added takes only the letters that choose it (one of n + 1), and no letter moves between the others. This is rendezvous
//! hashing, also called highest random weight: each variant's weight for a letter is the SHA-256 of four parts, each
//! behind its length as 8 bytes, the highest first: `variant`, the 16 bytes of the letter's id, the name of the group,
//! the name of the variant. The variant with the greatest weight is said, compared byte by byte. It is pinned by tests:
//! were it ever another, every letter that is sent again would say something else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason, Renderable,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::envelope::LetterId;
use super::prepare::{Done, Fill, Partials, Unbounded, marked};
use crate::facts::Fact;
use crate::place::Language;
use crate::templates::{self, Templates, variant_called};

/// Under what name the data of a letter has the texts that it chose: no template can say it.
const CHOSEN: &str = "\0variants";

/// How much a variant weighs for a letter.
#[must_use]
pub fn weight(id: &LetterId, group: &str, name: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [b"variant", &id.as_bytes()[..], group.as_bytes(), name.as_bytes()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// One variant, ready to be filled in.
#[derive(Debug)]
pub(super) struct Ready {
    name: String,
    pub file: String,
    /// Where its text stands among the registered ones.
    key: String,
    /// The facts that it names, with its language's words for them.
    pub facts: Vec<(String, String)>,
}

/// The variants of one group that one language has.
#[derive(Debug)]
pub(super) struct Group {
    pub name: String,
    pub variants: Vec<Arc<Ready>>,
    /// The pieces of the longest one.
    pub pieces: usize,
}

impl Group {
    /// What this letter says.
    pub fn choose(&self, id: &LetterId) -> Option<&Arc<Ready>> {
        match self.variants.as_slice() {
            [] => None,
            [only] => Some(only),
            several => several
                .iter()
                .max_by_key(|variant| weight(id, &self.name, &variant.name)),
        }
    }
}

/// How the texts of an edition are filled in: plain, and for Markdown.
pub(super) struct Fills<'f> {
    pub text: Fill<'f>,
    pub markdown: Fill<'f>,
}

/// A text to be registered, plain and for Markdown.
pub(super) struct Registered {
    pub key: String,
    pub plain: Template,
    pub markdown: Template,
}

/// All groups as one language sees them, and their texts.
///
/// # Errors
/// The file that is no use, and why.
pub(super) fn prepare(
    templates: &Templates,
    facts: &dyn Fn(&str) -> Option<String>,
    language: &Language,
    fills: &Fills<'_>,
) -> Result<(Vec<Group>, Vec<Registered>), (String, Unbounded)> {
    let partials = Partials::new(templates.partials(language)).without_variants();
    let (mut groups, mut texts) = (Vec::new(), Vec::new());
    for group in templates.variants.keys() {
        let (mut variants, mut most) = (Vec::new(), 0);
        for (name, variant) in templates.variants(group, language) {
            let refused = |why| (variant.file.clone(), why);
            let done = |fill, marked| Done {
                fill: Some(fill),
                marked,
            };
            let (plain, pieces) = partials
                .counted(&variant.text, done(fills.text, false))
                .map_err(refused)?;
            let mut markdown = partials
                .written_into(&variant.text, done(fills.markdown, true))
                .map_err(refused)?;
            marked(&mut markdown);
            most = most.max(pieces);
            let key = format!("{CHOSEN}/{group}/{name}");
            let named = facts_in(&variant.text, &partials);
            variants.push(Arc::new(Ready {
                name: name.to_owned(),
                file: variant.file.clone(),
                key: key.clone(),
                facts: named
                    .into_iter()
                    .filter_map(|name| Some((name.to_owned(), facts(name)?)))
                    .collect(),
            }));
            texts.push(Registered { key, plain, markdown });
        }
        groups.push(Group {
            name: group.clone(),
            variants,
            pieces: most,
        });
    }
    Ok((groups, texts))
}

/// The words of a fact in a language.
pub(super) fn words_of<'f>(
    facts: &'f BTreeMap<String, Fact>,
    language: &'f Language,
) -> impl Fn(&str) -> Option<String> + 'f {
    |name| facts.get(name)?.value.get(language).map(ToOwned::to_owned)
}

/// Puts into a letter's data what it chose of each group that it names.
pub(super) fn set(context: &mut Context, chosen: &[(&Group, &Arc<Ready>)]) {
    let Some(data) = context.data_mut().as_object_mut() else {
        return;
    };
    let known = data
        .entry(CHOSEN)
        .or_insert_with(|| Value::Object(Map::new()))
        .as_object_mut();
    let Some(known) = known else { return };
    for (group, variant) in chosen {
        match known.get_mut(&group.name) {
            Some(Value::String(key)) => key.clone_from(&variant.key),
            _ => {
                known.insert(group.name.clone(), Value::String(variant.key.clone()));
            }
        }
    }
}

/// `{{variant "group"}}`: the text that the letter chose. Names mean in it what they mean at the top of a letter, wherever
/// it stands.
pub(super) struct InPlace;

impl HelperDef for InPlace {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let group = helper.param(0).and_then(|group| group.value().as_str());
        let key = group.and_then(|group| context.data().get(CHOSEN)?.get(group)?.as_str());
        let text = key.and_then(|key| registry.get_template(key));
        let text = text.ok_or_else(|| {
            let call = format!("{{{{{} \"{}\"}}}}", templates::VARIANT, group.unwrap_or_default());
            RenderErrorReason::Other(call)
        })?;
        text.render(registry, context, &mut RenderContext::new(None), out)
    }
}

/// The groups that a text names, in its partials too.
pub(super) fn groups_in<'t>(template: &'t Template, partials: &Partials<'t>) -> BTreeSet<&'t str> {
    let mut found = BTreeSet::new();
    each_call(template, partials, &mut |call| found.extend(variant_called(call)));
    found
}

/// The facts that a text names, in its partials too.
fn facts_in<'t>(template: &'t Template, partials: &Partials<'t>) -> BTreeSet<&'t str> {
    let mut found = BTreeSet::new();
    each_call(template, partials, &mut |call| {
        if let (Some("fact" | "source" | "as_of"), [Parameter::Literal(Value::String(name))]) =
            (call.name.as_name(), call.params.as_slice())
        {
            found.insert(name.as_str());
        }
    });
    found
}

/// Whether a text of the campaign has a place for the sender's own words, in its partials or variants too.
#[must_use]
pub fn takes_own_words(templates: &Templates, template: &str, language: &Language) -> bool {
    let Some(template) = templates.get(template, language) else {
        return false;
    };
    let partials = Partials::new(templates.partials(language));
    let (mut found, mut groups) = (false, BTreeSet::new());
    each_call(&template.body, &partials, &mut |call| {
        found |= is_message(call);
        groups.extend(variant_called(call));
    });
    let variants = groups.into_iter().flat_map(|group| templates.variants(group, language));
    for (_, variant) in variants {
        each_call(&variant.text, &partials, &mut |call| found |= is_message(call));
    }
    found
}

fn is_message(call: &HelperTemplate) -> bool {
    call.name
        .as_name()
        .is_some_and(|name| name == "message" || name.ends_with(".message"))
}

/// Every call of a text and of its partials, each of which is gone through once.
fn each_call<'t>(template: &'t Template, partials: &Partials<'t>, act: &mut dyn FnMut(&'t HelperTemplate)) {
    let mut open = vec![template];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let inner = |parameters: Vec<&'t Parameter>, act: &mut dyn FnMut(&'t HelperTemplate)| {
        let mut open = parameters;
        while let Some(parameter) = open.pop() {
            if let Parameter::Subexpression(inner) = parameter
                && let TemplateElement::Expression(call) = inner.as_element()
            {
                act(call);
                open.extend(call.params.iter().chain(call.hash.values()));
            }
        }
    };
    while let Some(template) = open.pop() {
        for element in &template.elements {
            match element {
                TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                    act(call);
                    inner(call.params.iter().chain(call.hash.values()).collect(), act);
                }
                TemplateElement::HelperBlock(block) => {
                    inner(block.params.iter().chain(block.hash.values()).collect(), act);
                    open.extend(block.template.iter().chain(&block.inverse));
                }
                TemplateElement::PartialExpression(call) | TemplateElement::PartialBlock(call) => {
                    inner(call.params.iter().chain(call.hash.values()).collect(), act);
                    open.extend(call.template.iter());
                    if let Some((name, partial)) =
                        call.name.as_name().and_then(|name| Some((name, partials.get(name)?)))
                        && seen.insert(name)
                    {
                        open.push(partial);
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
