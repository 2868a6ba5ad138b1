//! The help, in words: what the catalogue has for each command and flag, set on clap's by its name; and the parsing.

use std::ffi::{OsStr, OsString};

use appel_messages::{Catalog, Locale};
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use super::{Cli, NotRun};
use crate::failure::{Exit, Style};

/// The commands by who needs them, in the order in which they are needed.
const GROUPS: [(&str, &[&str]); 3] = [
    ("help-group-take-part", &["preview", "rehearse", "send", "status"]),
    ("help-group-afterwards", &["log", "settle", "purge"]),
    ("help-group-organise", &["new", "check", "fact", "import", "clean"]),
];

/// What the command line asks for.
///
/// # Errors
/// When it makes no sense, or asks only for help.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, NotRun> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let locale = locale_of(&arguments);
    let color = match value_of(&arguments, "--color") {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    };
    let parsed = command(locale)
        .color(color)
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| NotRun::new(error, locale, color))
}

/// The language of `--lang`, before the rest is looked at: what is wrong with the rest is said in it.
fn locale_of(arguments: &[OsString]) -> Locale {
    value_of(arguments, "--lang")
        .and_then(Locale::parse)
        .unwrap_or(Locale::English)
}

/// What stands behind a flag, as far as that can be told before the rest is looked at.
fn value_of<'a>(arguments: &'a [OsString], flag: &str) -> Option<&'a str> {
    let mut words = arguments.iter().map(OsString::as_os_str);
    let mut value = None;
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--") => break,
            Some(word) if word == flag => value = words.next().and_then(OsStr::to_str),
            Some(word) => {
                let behind = word.strip_prefix(flag).and_then(|rest| rest.strip_prefix('='));
                value = behind.or(value);
            }
            None => {}
        }
    }
    value
}

/// The command line as clap knows it, with its words.
pub fn command(locale: Locale) -> Command {
    let words = Words(Catalog::of(locale));
    let command = Cli::command();
    let usage = heading(&words.of("help-heading-usage"));
    let template = |groups: &str| format!("{{about}}\n\n{usage} {{usage}}\n\n{groups}{{all-args}}{{after-help}}");
    let groups = words.groups(&command);
    let version = Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version);
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::HelpShort)
        .global(true);
    words
        .on(command.arg(version).arg(help), "appel")
        .mut_subcommands(|subcommand| {
            let name = subcommand.get_name().to_owned();
            // The groups list them.
            let nested = subcommand.mut_subcommands(|nested| {
                let name = format!("{name}-{}", nested.get_name());
                words.on(nested, &name).help_template(template(""))
            });
            words
                .on(nested, &name)
                .subcommand_help_heading(words.of("help-heading-commands"))
                .help_template(template(""))
                .hide(true)
        })
        .override_usage("appel [OPTIONS] <COMMAND>")
        .help_template(template(&groups))
        .after_help(Exit::help(&Style { locale, ..Style::PLAIN }))
}

/// As clap shows a heading; it leaves the colours out where there are none.
fn heading(text: &str) -> String {
    format!("\u{1b}[1m\u{1b}[4m{text}\u{1b}[0m")
}

struct Words(&'static Catalog);

impl Words {
    /// A text of the catalogue; a test asks for each of them.
    fn of(&self, code: &str) -> String {
        self.0.text(code).unwrap_or_default()
    }

    /// The words for a command and its arguments.
    fn on(&self, command: Command, name: &str) -> Command {
        let about = self.of(&format!("help-{name}"));
        command.about(about).mut_args(|arg| {
            let id = arg.get_id().as_str();
            // What a flag means to one command only comes first.
            let own = self.0.text(&format!("help-{name}-{id}"));
            let help = own.unwrap_or_else(|| self.of(&format!("help-{id}")));
            let heading = match arg.get_help_heading() {
                Some(heading) => self.of(&format!("help-heading-{heading}")),
                None if arg.is_positional() => self.of("help-heading-arguments"),
                None => self.of("help-heading-options"),
            };
            let takes_values = arg.get_action().takes_values();
            let arg = arg.help(help).help_heading(heading);
            if takes_values {
                arg.hide_default_value(true).hide_possible_values(true)
            } else {
                arg
            }
        })
    }

    /// The commands with what they do, by who needs them.
    fn groups(&self, command: &Command) -> String {
        let width = command.get_subcommands().map(|command| command.get_name().len()).max();
        let width = width.unwrap_or_default();
        let mut text = String::new();
        for (group, commands) in GROUPS {
            text.push_str(&heading(&self.of(group)));
            text.push('\n');
            for name in commands {
                let about = self.of(&format!("help-{name}"));
                text.push_str(&format!("  \u{1b}[1m{name:<width$}\u{1b}[0m  {about}\n"));
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every code that the help asks for: of a flag's two possible ones, that which is there.
    fn asked_for(catalog: &Catalog) -> BTreeSet<String> {
        let mut asked = BTreeSet::new();
        let root = command(Locale::English);
        let nested = root.get_subcommands().flat_map(|command| {
            let name = |nested: &Command| format!("{}-{}", command.get_name(), nested.get_name());
            command.get_subcommands().map(move |nested| (name(nested), nested))
        });
        let named = |command| (Command::get_name(command).to_owned(), command);
        let commands = std::iter::once(&root).chain(root.get_subcommands()).map(named);
        for (name, command) in commands.chain(nested) {
            asked.insert(format!("help-{name}"));
            for arg in command.get_arguments() {
                let own = format!("help-{name}-{}", arg.get_id());
                let shared = format!("help-{}", arg.get_id());
                asked.insert(if catalog.text(&own).is_some() { own } else { shared });
            }
        }
        asked.extend(GROUPS.iter().map(|(group, _)| (*group).to_owned()));
        let headings = ["arguments", "commands", "everywhere", "options", "selection", "usage"];
        asked.extend(headings.iter().map(|heading| format!("help-heading-{heading}")));
        asked
    }

    #[test]
    fn each_command_and_flag_has_its_words_and_no_words_are_left_over() {
        let asked = asked_for(Catalog::of(Locale::English));
        let there: BTreeSet<String> = include_str!("../../locales/en/help.ftl")
            .lines()
            .filter_map(|line| Some(line.split_once(" =")?.0.to_owned()))
            .filter(|code| code.starts_with("help-"))
            .collect();
        assert_eq!(asked, there);
    }

    #[test]
    fn the_command_line_is_sound() {
        command(Locale::English).debug_assert();
    }

    #[test]
    fn each_command_is_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, commands)| commands.iter().copied())
            .collect();
        grouped.sort_unstable();
        let command = Cli::command();
        let mut all: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        all.sort_unstable();
        assert_eq!(grouped, all);
    }

    #[test]
    fn the_language_is_known_before_anything_else_is() {
        let check = |words: &[&str], expect| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert_eq!(locale_of(&words), expect, "{words:?}");
        };
        check(&["appel"], Locale::English);
        check(&["appel", "--lang", "x-test", "sned"], Locale::Accented);
        check(&["appel", "send", "--lang=x-test"], Locale::Accented);
        check(&["appel", "send", "--", "--lang=x-test"], Locale::English);
        check(&["appel", "--lang", "xx"], Locale::English);
        check(&["appel", "--lang"], Locale::English);
    }
}
