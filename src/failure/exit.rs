//! How a run ended, as the shell sees it: the only place that knows exit codes and what they mean.

use appel_messages::{Message, msg};

use super::Style;
use crate::wrap::push_wrapped;

/// How a run ended.
///
/// To add one: a line in [`Exit::ALL`] and its words, which make the help, and the same line in the table of
/// docs/guide/scripts.md, which a test compares with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything due was accepted, or nothing was due; the check, preview or dry run found no problem.
    Done,
    /// The run finished, and some letters were refused, deferred, are in doubt or held back.
    Incomplete,
    /// The flags make no sense together, or there was nobody to confirm.
    Usage,
    /// The inputs are invalid: nothing was sent.
    Invalid,
    /// Connection, TLS, authentication or ledger: what was sent is recorded.
    CannotDeliver,
    /// Interrupted: letters in flight were finished and recorded first.
    Interrupted,
}

impl Exit {
    /// Every way to end, with its number.
    pub const ALL: [(Self, u8); 6] = [
        (Self::Done, 0),
        (Self::Incomplete, 1),
        (Self::Usage, 2),
        (Self::Invalid, 3),
        (Self::CannotDeliver, 4),
        (Self::Interrupted, 130),
    ];

    /// What it means.
    #[must_use]
    pub fn meaning(self) -> Message {
        match self {
            Self::Done => msg!("exit-done"),
            Self::Incomplete => msg!("exit-incomplete"),
            Self::Usage => msg!("exit-usage"),
            Self::Invalid => msg!("exit-invalid"),
            Self::CannotDeliver => msg!("exit-cannot-deliver"),
            Self::Interrupted => msg!("exit-interrupted"),
        }
    }

    /// The number the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        let (_, code) = Self::ALL[self as usize];
        code
    }

    /// All of them, for the help: a line each, wrapped.
    #[must_use]
    pub fn help(style: &Style) -> String {
        let mut help = style.say(&msg!("exit-codes")) + "\n";
        for (exit, code) in Self::ALL {
            // Code marks are for the guide.
            let meaning = style.say(&exit.meaning()).replace('`', "");
            push_wrapped(&mut help, &format!("{code:<3}  {meaning}"), "  ", "     ", 76);
        }
        help.truncate(help.trim_end().len());
        help
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_the_contract() {
        for (at, (exit, code)) in Exit::ALL.into_iter().enumerate() {
            assert_eq!((exit as usize, exit.code()), (at, code));
        }
        assert_eq!(Exit::ALL.map(|(exit, _)| exit.code()), [0, 1, 2, 3, 4, 130]);
    }

    #[test]
    fn the_guide_has_the_same_table() {
        let rows = Exit::ALL.map(|(exit, code)| format!("| {code} | {} |\n", exit.meaning().in_english()));
        let rows = rows.concat();
        let guide = include_str!("../../docs/guide/scripts.md");
        assert!(
            guide.contains(&format!("| exit code | means |\n| --- | --- |\n{rows}\n")),
            "{rows}"
        );
    }
}
