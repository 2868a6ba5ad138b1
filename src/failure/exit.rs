//! How a run ended, as the shell sees it: the only place that knows exit codes and what they mean.

use crate::wrap::push_wrapped;

/// How a run ended.
///
/// To add one: a line in [`Exit::ALL`], which makes the help, and the same line in the table of docs/guide/scripts.md, which
/// a test compares with it.
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
    /// Every way to end, with its number and what it means.
    pub const ALL: [(Self, u8, &'static str); 6] = [
        (
            Self::Done,
            0,
            "everything due was accepted, or nothing was due, or you said no; the check, preview or dry run found no problem",
        ),
        (
            Self::Incomplete,
            1,
            "the run finished, and some letters were refused, deferred, are in doubt or held back (one address has had enough for a day)",
        ),
        (
            Self::Usage,
            2,
            "usage: flags, nobody to confirm (no `--yes` off a terminal), or no word that a folder with its own mailbox is yours",
        ),
        (Self::Invalid, 3, "the inputs are invalid: nothing was sent"),
        (
            Self::CannotDeliver,
            4,
            "cannot deliver: connection, TLS, authentication, ledger; what was sent is recorded",
        ),
        (
            Self::Interrupted,
            130,
            "interrupted: letters in flight were finished and recorded first",
        ),
    ];

    /// The number the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        let (_, code, _) = Self::ALL[self as usize];
        code
    }

    /// All of them, for the help: a line each, wrapped.
    #[must_use]
    pub fn help() -> String {
        let mut help = "Exit codes:\n".to_owned();
        for (_, code, meaning) in Self::ALL {
            // Code marks are for the guide.
            let meaning = meaning.replace('`', "");
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
        for (at, (exit, code, _)) in Exit::ALL.into_iter().enumerate() {
            assert_eq!((exit as usize, exit.code()), (at, code));
        }
        assert_eq!(Exit::ALL.map(|(exit, ..)| exit.code()), [0, 1, 2, 3, 4, 130]);
    }

    #[test]
    fn the_guide_has_the_same_table() {
        let rows = Exit::ALL.map(|(_, code, meaning)| format!("| {code} | {meaning} |\n"));
        let rows = rows.concat();
        let guide = include_str!("../../docs/guide/scripts.md");
        assert!(
            guide.contains(&format!("| exit code | means |\n| --- | --- |\n{rows}\n")),
            "{rows}"
        );
    }
}
