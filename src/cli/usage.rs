//! A command line that makes no sense, told in our own words: clap says what kind of slip it was, and of what.

use std::error::Error;
use std::fmt;

use appel_messages::{Locale, Message, Value, msg};
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::failure::{Exit, Failure};

/// Why a value cannot stand behind its flag.
#[derive(Clone, Copy, Debug)]
pub struct Unfit(pub fn() -> Message);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0().in_english())
    }
}

impl Error for Unfit {}

/// Why no command is run.
#[derive(Debug)]
pub enum NotRun {
    /// Help or the version was asked for: this is it.
    Help(clap::Error),
    /// Nothing was asked for: this is the help.
    Nothing(clap::Error),
    /// The command line makes no sense; in which language that is said, and whether in colour.
    Usage(Box<Failure>, Locale, clap::ColorChoice),
}

impl NotRun {
    /// What clap said.
    pub(super) fn new(error: clap::Error, locale: Locale, color: clap::ColorChoice) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Self::Help(error),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Self::Nothing(error),
            _ => Self::Usage(Box::new(failure(&error)), locale, color),
        }
    }
}

/// A slip, its likely remedy, and where more is said.
fn failure(error: &clap::Error) -> Failure {
    let context = Context(error);
    let arg = context.text(ContextKind::InvalidArg);
    let value = context.text(ContextKind::InvalidValue);
    let what = match error.kind() {
        ErrorKind::UnknownArgument => msg!("usage-unknown-argument", argument = arg),
        ErrorKind::InvalidSubcommand => {
            msg!(
                "usage-unknown-command",
                command = context.text(ContextKind::InvalidSubcommand)
            )
        }
        ErrorKind::MissingSubcommand => msg!("usage-no-command"),
        ErrorKind::MissingRequiredArgument => msg!("usage-missing", arguments = arg),
        ErrorKind::ArgumentConflict if context.text(ContextKind::PriorArg) == arg => {
            msg!("usage-twice", argument = arg)
        }
        ErrorKind::ArgumentConflict => {
            msg!(
                "usage-conflict",
                argument = arg,
                other = context.text(ContextKind::PriorArg)
            )
        }
        ErrorKind::InvalidValue if value == Value::from("") => msg!("usage-no-value", argument = arg),
        ErrorKind::InvalidValue => {
            let valid = context.text(ContextKind::ValidValue);
            msg!("usage-none-of", value = value, argument = arg, valid = valid)
        }
        ErrorKind::ValueValidation => {
            let why = error.source().and_then(|source| source.downcast_ref::<Unfit>());
            match why {
                Some(Unfit(why)) => msg!("usage-value-because", value = value, argument = arg, why = why()),
                None => msg!("usage-value", value = value, argument = arg),
            }
        }
        ErrorKind::TooManyValues => msg!("usage-takes-no-value", argument = arg, value = value),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => msg!("usage-values", argument = arg),
        ErrorKind::InvalidUtf8 => msg!("usage-no-text"),
        _ => msg!("usage-unclear"),
    };
    let mut failure = Failure::new(Exit::Usage, what);
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand] {
        failure.hints.extend(match context.get(kind) {
            None => None,
            Some(Value::List(some, more)) if some.len() > 1 => {
                Some(msg!("usage-similar-ones", suggested = Value::List(some, more)))
            }
            Some(suggested) => Some(msg!("usage-similar", suggested = suggested)),
        });
    }
    if let Some(Value::Text(usage)) = context.get(ContextKind::Usage) {
        // clap's own word for it stands before.
        let (_, usage) = usage.split_once(": ").unwrap_or(("", &usage));
        failure = failure.hint(msg!("usage-usage", usage = usage.trim()));
    }
    failure.hint(msg!("usage-more"))
}

/// What clap knows of a slip.
struct Context<'e>(&'e clap::Error);

impl Context<'_> {
    fn get(&self, kind: ContextKind) -> Option<Value> {
        match self.0.get(kind)? {
            ContextValue::String(text) => Some(Value::from(text)),
            ContextValue::Strings(texts) => Some(Value::list(texts)),
            ContextValue::StyledStr(text) => Some(Value::from(text.to_string())),
            ContextValue::StyledStrs(texts) => Some(Value::list(texts.iter().map(ToString::to_string))),
            ContextValue::Bool(_) | ContextValue::Number(_) | ContextValue::None | _ => None,
        }
    }

    fn text(&self, kind: ContextKind) -> Value {
        self.get(kind).unwrap_or_else(|| Value::from(""))
    }
}
