//! The command line: what can be asked for. The words for it stand in the catalogue, under its names: see `help.rs`.

#![allow(
    missing_docs,
    reason = "each command and each flag is told of in locales/en/help.ftl, under its name"
)]

mod help;
mod usage;

pub use help::parse;
pub use usage::NotRun;

use std::ffi::OsString;
use std::num::IntErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use appel_core::campaign::Sender;
use appel_core::letter::LetterId;
use appel_core::place::{Country, Language};
use appel_messages::{Locale, msg};
use clap::{Args, Parser, Subcommand, ValueEnum};

use self::usage::Unfit;

#[derive(Debug, Parser)]
#[command(
    name = "appel",
    version,
    disable_help_subcommand = true,
    disable_help_flag = true,
    disable_version_flag = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "everywhere")]
pub struct Global {
    #[arg(short, long, global = true, value_name = "FILE", default_value = "config.toml")]
    pub config: PathBuf,
    #[arg(long, global = true, value_name = "FILE")]
    pub account: Option<PathBuf>,
    #[arg(long, global = true, value_name = "PATH")]
    pub ledger: Option<OsString>,
    #[arg(long, global = true)]
    pub json: bool,
    #[arg(short, long, global = true)]
    pub quiet: bool,
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    #[arg(long, global = true, value_name = "LANGUAGE", default_value = "en", value_parser = locale)]
    pub lang: Locale,
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    New(New),
    Check(Check),
    Preview(Preview),
    Rehearse(Rehearse),
    Send(Send),
    Status,
    Settle(Settle),
    Log(Log),
    Purge(Purge),
    Fact(Fact),
    Clean(Clean),
    Import(Import),
}

#[derive(Args, Debug)]
pub struct New {
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "selection")]
pub struct Select {
    #[arg(long, value_name = "ID")]
    pub letter: Vec<String>,
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    #[arg(long, value_name = "ADDRESS")]
    pub to: Vec<String>,
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub limit: Option<usize>,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Personal {
    #[arg(long, value_name = "TEXT|@FILE")]
    pub message: Option<String>,
}

/// `--as`: a look at the letters of somebody elsewhere.
#[derive(Args, Clone, Debug, Default)]
pub struct StandIn {
    #[arg(id = "as", long, value_name = "COUNTRY[/LANGUAGE]", value_parser = somebody)]
    pub somebody: Option<Somebody>,
}

/// Where somebody is, and in which language they write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Somebody {
    pub country: Country,
    pub language: Option<Language>,
}

impl StandIn {
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.somebody.is_some()
    }

    /// Puts them in the sender's place.
    pub fn stand_in(&self, sender: &mut Sender) {
        if let Some(Somebody { country, language }) = &self.somebody {
            sender.country = *country;
            if let Some(language) = language {
                sender.language = language.clone();
            }
        }
    }
}

#[derive(Args, Debug)]
pub struct Check {
    #[arg(long)]
    pub mine: bool,
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub sender: StandIn,
    #[command(flatten)]
    pub select: Select,
}

#[derive(Args, Debug)]
pub struct Preview {
    #[command(flatten)]
    pub sender: StandIn,
    #[command(flatten)]
    pub personal: Personal,
    #[command(flatten)]
    pub select: Select,
}

#[derive(Args, Debug)]
pub struct Rehearse {
    #[command(flatten)]
    pub personal: Personal,
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    #[command(flatten)]
    pub sender: StandIn,
    #[command(flatten)]
    pub select: Select,
}

#[derive(Args, Debug)]
pub struct Send {
    #[command(flatten)]
    pub personal: Personal,
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[arg(short, long)]
    pub yes: bool,
    #[arg(long)]
    pub own_folder: bool,
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub retry_for: Option<Duration>,
    #[arg(long)]
    pub resend_in_doubt: bool,
    #[arg(long)]
    pub retry_refused: bool,
    #[command(flatten)]
    pub sender: StandIn,
    #[command(flatten)]
    pub select: Select,
}

#[derive(Args, Debug)]
pub struct Settle {
    #[arg(value_name = "ID", required = true, value_parser = letter_id)]
    pub letters: Vec<LetterId>,
    #[command(flatten)]
    pub fate: Fate,
}

#[derive(Args, Debug)]
pub struct Import {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

#[derive(Args, Clone, Copy, Debug)]
#[group(required = true, multiple = false)]
pub struct Fate {
    #[arg(long)]
    pub sent: bool,
    #[arg(long)]
    pub unsent: bool,
}

#[derive(Args, Debug)]
pub struct Log {
    #[arg(long)]
    pub csv: bool,
}

#[derive(Args, Debug)]
pub struct Fact {
    #[command(subcommand)]
    pub what: FactCommand,
}

#[derive(Debug, Subcommand)]
pub enum FactCommand {
    Set(FactSet),
    List,
    History(FactHistory),
}

#[derive(Args, Debug)]
pub struct FactSet {
    #[arg(value_name = "NAME")]
    pub name: String,
    #[arg(value_name = "VALUE", required = true)]
    pub values: Vec<String>,
    #[arg(long, value_name = "WHO", required = true)]
    pub source: Vec<String>,
    #[arg(long, value_name = "MOMENT")]
    pub as_of: Option<String>,
    #[arg(long, value_name = "MOMENT|DURATION")]
    pub expires: Option<String>,
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    pub language: Vec<Language>,
}

#[derive(Args, Debug)]
pub struct FactHistory {
    #[arg(value_name = "NAME")]
    pub only: Option<String>,
}

#[derive(Args, Debug)]
pub struct Purge {
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Args, Debug)]
pub struct Clean {
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

fn locale(tag: &str) -> Result<Locale, Unfit> {
    Locale::parse(tag).ok_or(Unfit(|| msg!("usage-language")))
}

fn language(tag: &str) -> Result<Language, Unfit> {
    Language::parse(tag).map_err(|_| Unfit(|| msg!("config-hint-language")))
}

/// `DE`, or `DE/fr`.
fn somebody(text: &str) -> Result<Somebody, Unfit> {
    let (country, language) = match text.split_once('/') {
        Some((country, language)) => (country, Some(language)),
        None => (text, None),
    };
    let country = Country::parse(country.trim()).map_err(|_| Unfit(|| msg!("usage-as-country")))?;
    let language = language.map(|language| Language::parse(language.trim())).transpose();
    let language = language.map_err(|_| Unfit(|| msg!("usage-as-language")))?;
    Ok(Somebody { country, language })
}

fn at_least_one(text: &str) -> Result<usize, Unfit> {
    match text.parse::<usize>() {
        Ok(0) => Err(Unfit(|| msg!("usage-at-least-one"))),
        Ok(number) => Ok(number),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(Unfit(|| msg!("usage-too-large"))),
        Err(_) => Err(Unfit(|| msg!("usage-number"))),
    }
}

/// The id, or the Message-ID that has it before its @.
fn letter_id(text: &str) -> Result<LetterId, Unfit> {
    let bare = text.trim();
    let bare = bare.strip_prefix('<').unwrap_or(bare);
    let bare = bare.strip_suffix('>').unwrap_or(bare);
    let id = bare.split_once('@').map_or(bare, |(id, _)| id);
    id.parse().map_err(|_| Unfit(|| msg!("usage-letter-id")))
}

fn duration(text: &str) -> Result<Duration, Unfit> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or(Unfit(|| msg!("usage-duration")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_named_by_its_id_or_by_its_message_id() {
        let id = "5c10121f42dd1f6c9b46a4281a7e452f";
        for text in [
            id.to_owned(),
            id.to_uppercase(),
            format!("{id}@home.example"),
            format!(" <{id}@home.example> "),
        ] {
            assert_eq!(letter_id(&text).unwrap().to_string(), id, "{text}");
        }
        for text in [
            "",
            "<>",
            "5c10",
            "minister@mfa.example",
            "+c10121f42dd1f6c9b46a4281a7e452f",
        ] {
            assert!(letter_id(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_has_a_unit_and_is_not_negative() {
        assert_eq!(duration("15min").unwrap(), Duration::from_mins(15));
        assert_eq!(duration("0s").unwrap(), Duration::ZERO);
        assert!(duration("15").is_err());
        assert!(duration("-1s").is_err());
    }
}
