//! One file a command, each thin: read, plan, act, report. Here: what they share.

mod check;
mod clean;
mod conclude;
mod confirm;
mod fact;
mod import;
mod interrupts;
mod log;
mod new;
mod password;
mod preview;
mod purge;
mod rehearse;
mod send;
mod settle;
mod status;
mod trust;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use appel_core::address::Address;
use appel_core::campaign::{Campaign, Hold};
use appel_core::letter::Selection;
use appel_core::words::{for_screen, json_for_screen, visible};
use appel_messages::{Message, Value, msg};
use etcetera::BaseStrategy;
use serde::Serialize;

use crate::cli::{Cli, ColorChoice, Command, Global, Personal, Select};
use crate::clock::Clock;
use crate::failure::{Exit, Failure, Problem, Problems, Severity, Style, listing};
use crate::input::bounded::{self, MOST_TEXT, Unread};
use crate::input::{Identity, Input, Organiser, Private, Sources};
use crate::outbox::event::Listener;
use crate::outbox::ledger::{LedgerError, Location};
use crate::private::Unfit;
use crate::report::curtain::Curtain;
use crate::report::json::{JsonLines, not_written};
use crate::report::screen::Screen;
use crate::run::compose::Composer;
use crate::run::preflight::Preflight;

/// Runs one command.
///
/// # Errors
/// When it ends early; the failure says how, and with which exit code.
pub fn run(cli: Cli) -> Result<Exit, Failure> {
    no_core_dumps();
    let context = Context::new(cli.global)?;
    // One thread: the letters, the ledger and all connections take turns on it without waking each other up.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::cannot_deliver(msg!("cannot-start")).because(&error))?;
    let done = runtime.block_on(command(&context, cli.command));
    // A look-up that the resolver never answers must not keep a run from ending that is over.
    runtime.shutdown_background();
    done
}

async fn command(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::New(arguments) => new::run(context, &arguments),
        Command::Check(arguments) => check::run(context, &arguments).await,
        Command::Preview(arguments) => preview::run(context, &arguments).await,
        Command::Rehearse(arguments) => rehearse::run(context, &arguments).await,
        Command::Send(arguments) => send::run(context, &arguments).await,
        Command::Status => status::run(context).await,
        Command::Settle(arguments) => settle::run(context, &arguments).await,
        Command::Purge(arguments) => purge::run(context, &arguments).await,
        Command::Log(arguments) => log::run(context, &arguments).await,
        Command::Fact(arguments) => fact::run(context, &arguments).await,
        Command::Clean(arguments) => clean::run(context, &arguments),
        Command::Import(arguments) => import::run(context, &arguments),
    }
}

/// A crash must not leave a password on the disk.
fn no_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Lowering one's own limit is always allowed.
        let _ = setrlimit(
            Resource::Core,
            Rlimit {
                current: Some(0),
                maximum: Some(0),
            },
        );
    }
    // Nor may another program of the same user look into the memory of this one.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// How to draw on stderr.
#[must_use]
pub fn stderr_style(global: &Global) -> Style {
    style(global, std::io::stderr().is_terminal())
}

fn style(global: &Global, terminal: bool) -> Style {
    let color = match global.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => terminal && colors_are_welcome(),
    };
    let width = if terminal {
        usize::from(console::Term::stderr().size().1)
    } else {
        Style::PLAIN.width
    };
    Style {
        color,
        width,
        locale: global.lang,
    }
}

/// `NO_COLOR` (<https://no-color.org>).
#[must_use]
pub fn colors_are_welcome() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// What every command has at hand.
struct Context {
    global: Global,
    clock: Clock,
    /// For stderr.
    style: Style,
    /// For stdout.
    out: Style,
}

impl Context {
    fn new(global: Global) -> Result<Self, Failure> {
        let clock =
            Clock::from_environment().map_err(|error| Failure::usage(msg!("now-is-no-moment")).because(&error))?;
        let mut global = global;
        // A campaign is a folder: its name will do.
        let inside = global.config.join("config.toml");
        if inside.exists() {
            global.config = inside;
        }
        Ok(Self {
            style: stderr_style(&global),
            out: style(&global, std::io::stdout().is_terminal()),
            global,
            clock,
        })
    }

    fn sources(&self) -> Sources {
        let account_required = self.global.account.is_some();
        let account = self.global.account.clone().or_else(default_account);
        Sources {
            config: self.global.config.clone(),
            account,
            account_required,
            private: Private {
                account: default_account(),
                state: crate::private::state_folder(),
                ledger: self.named_ledger(),
            },
        }
    }

    /// Reads the campaign; warnings are said, errors are a failure.
    fn input(&self) -> Result<Input, Failure> {
        let input = self.load()?;
        if let Some(hold) = &input.campaign.hold {
            self.say_problem(&on_hold(hold));
        }
        Ok(input)
    }

    /// The same for letters that are to leave: a campaign that is on hold is a failure.
    fn input_to_send(&self) -> Result<Input, Failure> {
        let input = self.load()?;
        let Some(Hold { reason, place }) = &input.campaign.hold else {
            return Ok(input);
        };
        let what = match input.organiser() {
            Organiser::Sender => msg!("send-on-hold-own", reason = reason),
            organiser => msg!("send-on-hold", reason = reason, ask = organiser.whom_to_ask()),
        };
        Err(Failure::from(Problem::error(what).at(place.clone())))
    }

    fn load(&self) -> Result<Input, Failure> {
        let loaded = crate::input::load(&self.sources(), self.clock.now());
        let Some(input) = loaded.input else {
            let ask = self.ask_for_mended_files(&loaded.organiser, &loaded.problems);
            let mut failure = Self::invalid(loaded.problems);
            failure.hints.extend(ask);
            return Err(failure);
        };
        self.say_problems(&loaded.problems);
        Ok(input)
    }

    /// Whom to ask, when what is wrong is in files that somebody else keeps up.
    fn ask_for_mended_files(&self, organiser: &Organiser, problems: &Problems) -> Option<Message> {
        let Organiser::At(contact) = organiser else { return None };
        let account = self.sources().account.map(|path| path.display().to_string());
        let is_own = |problem: &Problem| problem.place.as_ref().map(|place| &place.file) == account.as_ref();
        let mut errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
        let is_theirs = errors.any(|problem| !is_own(problem));
        is_theirs.then(|| msg!("ask-for-mended-files", contact = contact))
    }

    /// Problems that end the run, with the last line that counts them.
    fn invalid(problems: Problems) -> Failure {
        let mut failure = Failure::invalid(problems);
        let errors = failure.problems.count(Severity::Error);
        failure.what = Some(msg!("errors-to-fix", errors = errors));
        failure
    }

    /// Which campaign and whose, for the commands that only look back; a campaign that is otherwise invalid will do.
    fn identity(&self) -> Result<Identity, Failure> {
        if let Some(identity) = Identity::read(&self.sources()) {
            return Ok(identity);
        }
        // Not even that can be made out: the problems say why.
        let Input { campaign, sender, .. } = self.input()?;
        Ok(Identity {
            id: campaign.id.clone(),
            title: campaign.title.clone(),
            sender: sender.email,
        })
    }

    fn say_problems(&self, problems: &Problems) {
        let worst = if self.global.quiet {
            Severity::Error
        } else {
            Severity::Note
        };
        for part in listing(problems, worst, &self.style) {
            to_stderr(&format!("{part}\n"), self.style.color);
        }
    }

    fn say_problem(&self, problem: &Problem) {
        if !self.global.quiet || problem.severity == Severity::Error {
            to_stderr(&format!("{}\n", self.style.render(problem)), self.style.color);
        }
    }

    /// Who hears of a run with so many letters due, and so many copies: the screen, behind this curtain, and whoever reads
    /// JSON.
    fn story(&self, due: usize, copies: usize, curtain: &Curtain) -> Vec<Box<dyn Listener>> {
        let quiet = self.global.quiet || due + copies == 0;
        let screen = Screen::new(due, quiet, self.style).behind(curtain);
        let mut listeners: Vec<Box<dyn Listener>> = vec![Box::new(screen)];
        if self.global.json {
            listeners.push(Box::new(JsonLines::new(std::io::stdout(), self.style.catalog())));
        }
        listeners
    }

    /// Text for a person, on stdout.
    fn print(&self, text: &str) {
        self.write_out(&visible(text));
    }

    /// A message on a line of its own, on stdout.
    fn print_line(&self, message: &Message) {
        self.print(&(self.out.say(message) + "\n"));
    }

    /// An object on a line of its own, on stdout.
    fn print_json(&self, object: &impl Serialize) -> Result<(), Failure> {
        let line = serde_json::to_string(object)
            .map_err(|error| Failure::cannot_deliver(msg!("cannot-print")).because(&error))?;
        self.write_out(&format!("{}\n", json_for_screen(line)));
        Ok(())
    }

    /// That nobody reads it (`| head`) is no failure.
    fn write_out(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            not_written(&error, self.style.catalog());
        }
    }

    /// A line for the person, on stderr; `--quiet` keeps it back.
    fn say(&self, message: &Message) {
        self.say_text(&self.style.say(message));
    }

    /// The same with lines that are drawn already.
    fn say_text(&self, text: &str) {
        if !self.global.quiet {
            to_stderr(text, self.style.color);
        }
    }

    /// The file of `--ledger`.
    fn named_ledger(&self) -> Option<PathBuf> {
        let named = Location::parse(self.global.ledger.as_ref()?).ok()?;
        named.path().map(Path::to_owned)
    }

    /// `--ledger`, or the default place.
    fn ledger(&self) -> Result<Location, Failure> {
        let Some(named) = &self.global.ledger else {
            return Location::of_this_person().ok_or_else(|| Failure::cannot_deliver(msg!("ledger-no-home")));
        };
        let location = Location::parse(named)
            .map_err(|unsupported| Failure::usage(unsupported.message()).hint(msg!("ledger-flag-hint")))?;
        if !location.is_there()? {
            self.say_problem(&Problem::note(msg!("ledger-not-there", ledger = &location)));
        }
        Ok(location)
    }
}

/// That nothing of a campaign is to be sent for now.
fn on_hold(Hold { reason, place }: &Hold) -> Problem {
    Problem::warning(msg!("campaign-on-hold", reason = reason)).at(place.clone())
}

/// `$XDG_CONFIG_HOME/appel/config.toml`; `None` when there is no home.
fn default_account() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("appel").join("config.toml"))
}

/// The selection, valid.
fn selection(select: &Select, campaign: &Campaign) -> Result<Selection, Failure> {
    let mut problems = Problems::new();
    let mut to = Vec::new();
    for text in &select.to {
        match Address::parse(text) {
            Ok(address) => to.push(address),
            Err(error) => {
                let problem = Problem::error(msg!("to-is-no-address", text = text, why = error.message()));
                problems.push(match error.hint() {
                    Some(hint) => problem.hint(hint),
                    None => problem,
                });
            }
        }
    }
    let selection = Selection {
        letters: select.letter.clone(),
        roles: select.role.clone(),
        to,
        limit: select.limit,
    };
    problems.absorb(selection.check(campaign));
    if problems.any_error() {
        Err(Context::invalid(problems))
    } else {
        Ok(selection)
    }
}

/// `--message`: the text, or the file behind the @; `None` when there is none.
fn personal(arguments: &Personal) -> Result<Option<String>, Failure> {
    let Some(text) = &arguments.message else {
        return Ok(None);
    };
    let text = match text.strip_prefix('@') {
        None => text.clone(),
        Some(path) => bounded::text(path.as_ref(), MOST_TEXT).map_err(|unread| {
            Failure::from(Problem::error(match &unread {
                Unread::TooLong(bytes) => msg!("message-too-long", path = path, size = bounded::size(*bytes)),
                Unread::NotAFile(what) => msg!("message-no-file", path = path, what = what),
                _ => msg!("message-unread", path = path, why = unread.message()),
            }))
        })?,
    };
    let text = text.replace("\r\n", "\n");
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if let Some(c) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        let code = format!("U+{:04X}", u32::from(c));
        return Err(Failure::from(Problem::error(msg!(
            "message-control-character",
            code = code
        ))));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A run whose letters want their sender's own words has them.
fn demand_words(composer: &Composer, preflight: &Preflight) -> Result<(), Failure> {
    match preflight.want_words() {
        Some((letters, ids)) if !composer.has_words() => Err(Failure::usage(msg!(
            "own-words-wanted",
            count = letters,
            letters = Value::list(ids)
        ))),
        _ => Ok(()),
    }
}

/// What is to be known where letters are only looked at.
fn without_words(composer: &Composer, preflight: &Preflight) -> Option<Problem> {
    let (letters, ids) = preflight.want_words().filter(|_| !composer.has_words())?;
    let what = msg!("own-words-will-be-wanted", count = letters, letters = Value::list(ids));
    Some(Problem::note(what))
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::from(&error)
    }
}

impl From<&LedgerError> for Failure {
    fn from(error: &LedgerError) -> Self {
        let mut failure = Self::cannot_deliver(error.message());
        failure.hints.extend(error.hint());
        failure
    }
}

impl From<Unfit> for Failure {
    fn from(unfit: Unfit) -> Self {
        Self::cannot_deliver(unfit.what).hint(unfit.hint)
    }
}

fn to_stderr(text: &str, color: bool) {
    // When nobody reads stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{}", for_screen(text, color));
}
