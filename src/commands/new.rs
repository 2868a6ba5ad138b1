//! `appel new`: a campaign folder from the built-in example.

use std::fs;
use std::path::Path;

use appel_core::words::visible_line;
use appel_messages::{Value, msg};

use super::Context;
use crate::cli;
use crate::failure::{Exit, Failure};

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),*]
    };
}

const CONFIG: &str = include_str!("../../config.example.toml");
const RECIPIENTS: &str = include_str!("../../recipients.example.csv");
const TEMPLATES: &[(&str, &str)] = templates![
    "protest.de.hbs",
    "protest.en.hbs",
    "protest.es.hbs",
    "protest.fr.hbs",
    "protest.nl.hbs",
    "protest.ru.hbs",
    "solidarity.de.hbs",
    "solidarity.en.hbs",
    "solidarity.es.hbs",
    "solidarity.fr.hbs",
    "solidarity.nl.hbs",
    "solidarity.ru.hbs",
    "partials/demand.de.hbs",
    "partials/demand.en.hbs",
    "partials/demand.es.hbs",
    "partials/demand.fr.hbs",
    "partials/demand.nl.hbs",
    "partials/demand.ru.hbs",
    "partials/signature.hbs",
];
/// The example's own id, replaced: two campaigns of one id would share what the ledger knows.
const EXAMPLE_ID: &str = "\"LUVESSA-2026\"";

/// Runs it.
pub fn run(context: &Context, arguments: &cli::New) -> Result<Exit, Failure> {
    let dir = &arguments.dir;
    let shown = visible_line(&dir.display().to_string());
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) || dir.is_file() {
        return Err(Failure::usage(msg!("new-not-empty", folder = shown)));
    }
    write_all(dir)
        .map_err(|error| Failure::cannot_deliver(msg!("cannot-write-to", folder = &shown)).because(&error))?;
    context.print_line(&msg!("new-made", folder = &shown));
    let next = context.style.say(&msg!(
        "new-next",
        config = format!("{shown}/config.toml"),
        account = account_file()
    ));
    context.say_text(&format!("\n{next}"));
    Ok(Exit::Done)
}

/// Where the account belongs, as a person finds it.
fn account_file() -> Value {
    super::default_account().map_or_else(
        || msg!("new-account-file").into(),
        |path| visible_line(&path.display().to_string()).into(),
    )
}

fn write_all(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir.join("templates/partials"))?;
    let config = CONFIG
        .replace("recipients.example.csv", "recipients.csv")
        .replace("config.example.toml", "config.toml")
        .replace(EXAMPLE_ID, &format!("\"{}\"", id(dir)));
    fs::write(dir.join("config.toml"), config)?;
    fs::write(dir.join("recipients.csv"), RECIPIENTS)?;
    for (name, text) in TEMPLATES {
        fs::write(dir.join("templates").join(name), text)?;
    }
    Ok(())
}

/// The folder's name as a campaign id.
fn id(dir: &Path) -> String {
    let name = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let name = name
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let id: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .collect();
    if id.chars().any(|c| c.is_ascii_alphanumeric()) {
        id
    } else {
        "campaign".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_template_of_the_example_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut there = BTreeSet::new();
        for folder in ["", "partials/"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_file() {
                    there.insert(format!("{folder}{}", entry.file_name().to_string_lossy()));
                }
            }
        }
        let built_in: BTreeSet<String> = TEMPLATES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(built_in, there);
        assert!(CONFIG.contains(EXAMPLE_ID));
    }

    #[test]
    fn a_folder_name_becomes_an_id() {
        assert_eq!(id(Path::new("/nowhere/Été 2026")), "-t--2026");
        assert_eq!(id(Path::new("/")), "campaign");
    }
}
