//! The command line; the doc comments below are the help.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use appel_core::letter::LetterId;
use appel_messages::Locale;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::failure::Exit;

/// Sends a letter campaign from your own mailbox: the right letter, in the right language, to the right inbox, once.
///
/// Start with `appel new DIR`, edit the files in it, then `appel check`, `appel rehearse`, `appel send`.
#[derive(Debug, Parser)]
#[command(name = "appel", version, disable_help_subcommand = true, after_help = Exit::help(), max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
}

/// Flags that every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The campaign's configuration
    #[arg(short, long, global = true, value_name = "FILE", default_value = "config.toml")]
    pub config: PathBuf,
    /// Your account, `[sender]` and `[smtp]` [default: appel/config.toml in your configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub account: Option<PathBuf>,
    /// The ledger that remembers what was sent [default: appel/ledger.sqlite3 in your state folder]
    #[arg(long, global = true, value_name = "PATH")]
    pub ledger: Option<OsString>,
    /// Print results as JSON, one object a line
    #[arg(long, global = true)]
    pub json: bool,
    /// Print only results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print more; write addresses to the log in full
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// The language of the screen
    #[arg(long, global = true, value_name = "LANGUAGE", default_value = "en", value_parser = locale)]
    pub lang: Locale,
    /// When to use colours (`NO_COLOR` is respected)
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a campaign folder from the built-in example
    New(New),
    /// Validate everything: all problems at once, nothing is sent
    Check(Check),
    /// Show the letters as they would leave
    Preview(Preview),
    /// Run the real send against a built-in mail server, and show what arrived
    Rehearse(Rehearse),
    /// Send what is due
    Send(Send),
    /// Show where the campaign stands
    Status,
    /// Say what became of letters in doubt: they arrived, or they did not
    Settle(Settle),
    /// Show every attempt, oldest first
    Log(Log),
    /// Forget a campaign: remove its records from the ledger, and its log
    Purge(Purge),
}

/// `appel new`
#[derive(Args, Debug)]
pub struct New {
    /// The folder to make
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Which part of the campaign; all of it when nothing is given.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection")]
pub struct Select {
    /// Only this letter (may be repeated)
    #[arg(long, value_name = "ID")]
    pub letter: Vec<String>,
    /// Only recipients with this role (may be repeated)
    #[arg(long, value_name = "ROLE")]
    pub role: Vec<String>,
    /// Only this address (may be repeated)
    #[arg(long, value_name = "ADDRESS")]
    pub to: Vec<String>,
    /// At most so many letters
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub limit: Option<usize>,
}

/// The activist's own words.
#[derive(Args, Clone, Debug, Default)]
pub struct Personal {
    /// Your own paragraph, or @FILE to read it from a file
    #[arg(long, value_name = "TEXT|@FILE")]
    pub message: Option<String>,
}

/// `appel check`
#[derive(Args, Debug)]
pub struct Check {
    /// Which part.
    #[command(flatten)]
    pub select: Select,
}

/// `appel preview`
#[derive(Args, Debug)]
pub struct Preview {
    /// Own words.
    #[command(flatten)]
    pub personal: Personal,
    /// Which part.
    #[command(flatten)]
    pub select: Select,
}

/// `appel rehearse`
#[derive(Args, Debug)]
pub struct Rehearse {
    /// Own words.
    #[command(flatten)]
    pub personal: Personal,
    /// Keep every letter that arrived as an .eml file in this folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Which part.
    #[command(flatten)]
    pub select: Select,
}

/// `appel send`
#[derive(Args, Debug)]
pub struct Send {
    /// Own words.
    #[command(flatten)]
    pub personal: Personal,
    /// Show what would be sent, send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write each letter to this folder as an .eml file instead of sending it; the ledger is not touched
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Do not ask before sending
    #[arg(short, long)]
    pub yes: bool,
    /// Say that the campaign's folder is your own, for this run: only then is a mailbox used that the folder itself names
    #[arg(long)]
    pub own_folder: bool,
    /// How long to keep trying when the server says "later" [default: smtp.retry-for]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub retry_for: Option<Duration>,
    /// Send again what may have arrived already: letters in doubt, under the same Message-ID
    #[arg(long)]
    pub resend_in_doubt: bool,
    /// Try again what the server refused in an earlier run
    #[arg(long)]
    pub retry_refused: bool,
    /// Which part.
    #[command(flatten)]
    pub select: Select,
}

/// `appel settle`
#[derive(Args, Debug)]
pub struct Settle {
    /// Which letters: the Message-ID of each, as `appel status` shows it, without the angle brackets
    #[arg(value_name = "ID", required = true, value_parser = letter_id)]
    pub letters: Vec<LetterId>,
    /// What became of them.
    #[command(flatten)]
    pub fate: Fate,
}

/// One of the two.
#[derive(Args, Clone, Copy, Debug)]
#[group(required = true, multiple = false)]
pub struct Fate {
    /// They arrived: they count as accepted, and are never sent again
    #[arg(long)]
    pub sent: bool,
    /// They did not: they are due again, and the next send sends them as the same messages
    #[arg(long)]
    pub unsent: bool,
}

/// `appel log`
#[derive(Args, Debug)]
pub struct Log {
    /// Print a table for spreadsheets (CSV): one row for each address of each attempt
    #[arg(long)]
    pub csv: bool,
}

/// `appel purge`
#[derive(Args, Debug)]
pub struct Purge {
    /// Do not ask before removing
    #[arg(short, long)]
    pub yes: bool,
}

fn locale(tag: &str) -> Result<Locale, String> {
    Locale::parse(tag).ok_or_else(|| "only en (English) so far".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("a whole number is wanted".to_owned()),
    }
}

/// The id, or the Message-ID that has it before its @.
fn letter_id(text: &str) -> Result<LetterId, String> {
    let bare = text.trim();
    let bare = bare.strip_prefix('<').unwrap_or(bare);
    let bare = bare.strip_suffix('>').unwrap_or(bare);
    let id = bare.split_once('@').map_or(bare, |(id, _)| id);
    id.parse()
        .map_err(|_| "no letter has such an id: `appel status` shows those of the letters in doubt".to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "a duration is wanted, such as 90s, 15min or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_letter_is_named_by_its_id_or_by_its_message_id() {
        let id = "5c10121f42dd1f6c9b46a4281a7e452f";
        for text in [
            id.to_owned(),
            id.to_uppercase(),
            format!("{id}@home.example"),
            format!(" <{id}@home.example> "),
        ] {
            assert_eq!(letter_id(&text).map(|id| id.to_string()), Ok(id.to_owned()), "{text}");
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
        assert_eq!(duration("15min"), Ok(Duration::from_mins(15)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert!(duration("15").is_err());
        assert!(duration("-1s").is_err());
    }
}
