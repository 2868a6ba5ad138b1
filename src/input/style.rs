//! How a valid campaign's letters read, for `check`: what filters punish, what is too long, what cells bring along.

mod ages;
mod doubles;
mod reading;
mod rows;
mod salutations;

use appel_core::problem::Problems;
use jiff::civil::Date;

use super::Input;

/// Everything worth saying of the style of the letters and of the cells that they use. `today` says how old a row is.
pub fn look(input: &Input, today: Date, problems: &mut Problems) {
    let campaign = &input.campaign;
    for spec in &campaign.letters {
        // Two letters with one template are read once.
        let is_first = campaign
            .letters
            .iter()
            .find(|other| other.template == spec.template)
            .is_some_and(|first| first.id == spec.id);
        for language in campaign.templates.languages(&spec.template) {
            if let Some(template) = campaign.templates.get(&spec.template, language).filter(|_| is_first) {
                reading::look(campaign, spec, language, template, problems);
            }
        }
    }
    rows::look(input, problems);
    salutations::look(input, problems);
    doubles::look(input, problems);
    ages::look(input, today, problems);
}
