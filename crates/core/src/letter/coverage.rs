//! Who would get what from senders elsewhere: every letter that a list has for the countries it serves.

use std::collections::BTreeSet;
use std::sync::Arc;

use handlebars::Template;
use handlebars::template::TemplateElement;

use super::decision::Letter;
use super::envelope::{Envelope, LetterId};
use super::plan::{Plan, Role};
use crate::campaign::{LetterSpec, Sender};
use crate::place::{Country, Language};
use crate::problem::Problem;
use crate::recipients::{Recipient, Serves};

/// Where a sender is, as far as a list tells senders apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// In a country that some row names.
    Country(Country),
    /// In any other; this one stands for them.
    Elsewhere(Country),
}

impl Origin {
    /// Theirs, or the one that stands for it.
    #[must_use]
    pub const fn country(self) -> Country {
        match self {
            Self::Country(country) | Self::Elsewhere(country) => country,
        }
    }
}

/// In which language a reader is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// In the first of the row's languages that the letter exists in.
    Row(Language),
    /// In the only one that there is, which is none of the row's.
    Only(Language),
    /// In the sender's, since the row names none.
    Sender,
    /// In the sender's, although the row names some: the letter exists in none of them.
    Fallback,
    /// In none: it exists in no language that would do.
    Nothing,
}

/// One row and one letter of its role.
#[derive(Clone, Debug)]
pub struct Case {
    /// The row.
    pub row: Recipient,
    /// The letter.
    pub spec: Arc<LetterSpec>,
    /// Who has it sent to this row: every sender, when nobody is left out.
    pub from: Served,
    /// In which language.
    pub written: Written,
}

/// Which of the senders a row serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// All of them.
    Everyone,
    /// These.
    Some(Vec<Origin>),
}

/// A letter that no row of a role has for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Who sends it.
    pub from: Origin,
    /// Which letter.
    pub letter: String,
    /// To which role.
    pub role: String,
}

/// What a list has for senders anywhere.
#[derive(Debug)]
pub struct Coverage {
    plan: Arc<Plan>,
    /// Where senders can be, by code; elsewhere last.
    pub from: Vec<Origin>,
}

impl Coverage {
    /// Of the letters and roles that a plan is about, whoever it is for.
    #[must_use]
    pub fn new(plan: &Arc<Plan>) -> Self {
        let named: BTreeSet<Country> = plan.roles.values().flat_map(|role| &role.countries).copied().collect();
        let own = plan.sender.country;
        let elsewhere = if named.contains(&own) {
            Country::all().find(|country| !named.contains(country))
        } else {
            Some(own)
        };
        Self {
            plan: Arc::clone(plan),
            from: named
                .into_iter()
                .map(Origin::Country)
                .chain(elsewhere.map(Origin::Elsewhere))
                .collect(),
        }
    }

    /// Every row that somebody writes to, with each letter of its role, in the order of the file.
    pub fn cases(&self) -> impl Iterator<Item = Result<Case, Problem>> + use<'_> {
        let plan = &*self.plan;
        plan.campaign.recipients.rows().flat_map(move |row| match row {
            Err(problem) => vec![Err(problem)],
            Ok(row) => {
                let role = plan
                    .roles
                    .get(&row.role)
                    .filter(|_| plan.selection.has_address(&row.email));
                let Some((role, from)) = role.and_then(|role| Some((role, self.served(role, &row.serves)?))) else {
                    return Vec::new();
                };
                let case = |position: &usize| {
                    let spec = &plan.campaign.letters[*position];
                    Ok(Case {
                        written: self.written(spec, &row),
                        spec: Arc::clone(spec),
                        from: from.clone(),
                        row: row.clone(),
                    })
                };
                role.letters.iter().map(case).collect()
            }
        })
    }

    fn served(&self, role: &Role, serves: &Serves) -> Option<Served> {
        let some = |keep: &dyn Fn(Country) -> bool| {
            let from = self.from.iter().copied().filter(|from| keep(from.country()));
            let from: Vec<Origin> = from.collect();
            (!from.is_empty()).then_some(Served::Some(from))
        };
        match serves {
            Serves::Everyone => Some(Served::Everyone),
            Serves::Others if role.countries.is_empty() => Some(Served::Everyone),
            Serves::Others => some(&|country| !role.countries.contains(&country)),
            Serves::Countries(countries) => some(&|country| countries.contains(&country)),
        }
    }

    fn written(&self, spec: &LetterSpec, row: &Recipient) -> Written {
        let available = self.plan.campaign.templates.languages(&spec.template);
        let of_row = row.languages.iter().find_map(|wanted| wanted.best_of(available));
        match of_row {
            Some(language) => Written::Row(language.clone()),
            None if available.is_empty() => Written::Nothing,
            None if available.len() == 1 => Written::Only(available[0].clone()),
            None if row.languages.is_empty() => Written::Sender,
            None => Written::Fallback,
        }
    }

    /// The letters that reach nobody in one of their roles, from somewhere.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let plan = &*self.plan;
        // Asked for by address, a letter to nobody else is what was asked for.
        if !plan.selection.to.is_empty() {
            return Vec::new();
        }
        let mut gaps = Vec::new();
        for (position, spec) in plan.campaign.letters.iter().enumerate() {
            let roles: BTreeSet<&String> = spec.to.iter().collect();
            for name in roles {
                let Some(role) = plan.roles.get(name).filter(|role| role.letters.contains(&position)) else {
                    continue;
                };
                if role.everyone || role.others {
                    continue;
                }
                let unserved = self
                    .from
                    .iter()
                    .filter(|from| !role.countries.contains(&from.country()));
                gaps.extend(unserved.map(|from| Gap {
                    from: *from,
                    letter: spec.id.clone(),
                    role: name.clone(),
                }));
            }
        }
        gaps
    }

    /// The languages that a letter may be written in for a row, when the sender's decides: all that there are.
    #[must_use]
    pub fn languages(&self, spec: &LetterSpec) -> &[Language] {
        self.plan.campaign.templates.languages(&spec.template)
    }

    /// Somebody who sends from there, in this language.
    #[must_use]
    pub fn sender(&self, from: Origin, language: &Language) -> Sender {
        Sender {
            country: from.country(),
            language: language.clone(),
            ..self.plan.sender.clone()
        }
    }

    /// The letter that they would send.
    #[must_use]
    pub fn letter(&self, case: &Case, language: &Language) -> Letter {
        let plan = &*self.plan;
        let Case { row, spec, .. } = case;
        let copies = row.cc.iter().chain(&spec.cc).cloned();
        Letter {
            id: LetterId::new(&plan.campaign.id, &spec.id, &plan.sender.email, &row.email),
            spec: Arc::clone(spec),
            recipient: row.clone(),
            language: language.clone(),
            envelope: Envelope::new(plan.sender.email.clone(), row.email.clone(), copies),
            follows: plan.follows(spec, row),
            past: None,
            copy: None,
        }
    }

    /// Whether the text of a letter in this language may be another one for another sender's country or language, as far as
    /// can be told from the words in its tags.
    #[must_use]
    pub fn text_asks_where(&self, spec: &LetterSpec, language: &Language) -> bool {
        let templates = &self.plan.campaign.templates;
        let Some(template) = templates.get(&spec.template, language) else {
            return false;
        };
        let asks = |template| has_a_tag_with(template, &["country", "language", "lookup", "each"]);
        let mut variants = templates
            .variants
            .keys()
            .flat_map(|group| templates.variants(group, language));
        asks(&template.subject)
            || asks(&template.body)
            || templates.partials(language).any(|(_, partial)| asks(partial))
            || variants.any(|(_, variant)| asks(&variant.text))
    }
}

/// However a name is reached, it stands in a tag.
fn has_a_tag_with(template: &Template, words: &[&str]) -> bool {
    let says = |written: String| words.iter().any(|word| written.contains(word));
    let within = |inner: Option<&Template>| inner.is_some_and(|inner| has_a_tag_with(inner, words));
    template.elements.iter().any(|element| match element {
        TemplateElement::RawString(_) | TemplateElement::Comment(_) => false,
        TemplateElement::HelperBlock(block) => {
            says(format!("{:?}{:?}{:?}", block.name, block.params, block.hash))
                || within(block.template.as_ref())
                || within(block.inverse.as_ref())
        }
        other => says(format!("{other:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::letter::Selection;
    use crate::testing::{Given, given, letter};

    const ROWS: &str = "role,name,email,country,language\n\
                        embassy,A,a@x.example,BE LU,fr\n\
                        embassy,B,b@x.example,DE,tlh\n\
                        embassy,C,c@x.example,*,\n\
                        ministry,D,d@x.example,,en\n\
                        court,E,e@x.example,DE,\n";

    fn campaign() -> Given {
        given()
            .with(|config| {
                config.letters[0].to.extend(["ministry", "court"].map(str::to_owned));
                config.letters.push(letter("thanks", &["ministry"]));
            })
            .template("protest.fr.hbs", "Subject: a\n\n{{sender.country}}\n")
            .template("thanks.en.hbs", "Subject: a\n\nb\n")
            .rows(ROWS)
    }

    fn told(from: Origin) -> String {
        match from {
            Origin::Country(country) => country.to_string(),
            Origin::Elsewhere(country) => format!("else ({country})"),
        }
    }

    #[test]
    fn every_row_is_served_by_its_countries_and_what_others_leave_goes_to_the_star() {
        let made = campaign().made();
        let coverage = Coverage::new(&made.plan(Selection::default()));
        let all: Vec<String> = coverage.from.iter().copied().map(told).collect();
        assert_eq!(all, ["BE", "DE", "LU", "else (AD)"]);
        let cases = coverage.cases().map(|case| {
            let case = case.unwrap();
            let from = match &case.from {
                Served::Everyone => "everyone".to_owned(),
                Served::Some(from) => from.iter().copied().map(told).collect::<Vec<_>>().join(" "),
            };
            let to = &case.row.email.as_str()[..1];
            format!("{} {to} from {from}: {:?}", case.spec.id, case.written)
        });
        assert_eq!(
            cases.collect::<Vec<_>>(),
            [
                "protest a from BE LU: Row(fr)",
                "protest b from DE: Fallback",
                "protest c from else (AD): Sender",
                "protest d from everyone: Row(en)",
                "thanks d from everyone: Row(en)",
                "protest e from DE: Sender",
            ]
        );
        let gaps: Vec<String> = coverage
            .gaps()
            .into_iter()
            .map(|gap| format!("{} to {} from {}", gap.letter, gap.role, told(gap.from)))
            .collect();
        assert_eq!(
            gaps,
            [
                "protest to court from BE",
                "protest to court from LU",
                "protest to court from else (AD)"
            ]
        );
    }

    #[test]
    fn a_country_that_stands_for_all_others_is_one_that_no_row_names() {
        let made = given()
            .rows("role,name,email,country\nembassy,A,a@x.example,FR AD\n")
            .made();
        let coverage = Coverage::new(&made.plan(Selection::default()));
        let all: Vec<String> = coverage.from.iter().copied().map(told).collect();
        assert_eq!(all, ["AD", "FR", "else (BE)"]);
    }

    #[test]
    fn whether_a_text_asks_where_its_sender_is_shows_in_its_tags_alone() {
        let made = campaign()
            .template("protest.en.hbs", "Subject: a\n\n{{#if message}}our country{{/if}}\n")
            .made();
        let coverage = Coverage::new(&made.plan(Selection::default()));
        let spec = &made.campaign.letters[0];
        let asks = |language: &str| coverage.text_asks_where(spec, &crate::testing::language(language));
        assert!(asks("fr"));
        assert!(!asks("en"));
    }
}
