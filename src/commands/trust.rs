//! The person's word on a folder that names its own mailbox: asked for on a terminal, a flag off it.

use std::io::IsTerminal;
use std::path::Path;

use appel_core::words::visible_line;
use appel_messages::{Message, Value, msg};

use super::{Context, confirm};
use crate::account::trust::{Folders, Known, Mailbox, Word};
use crate::failure::{Failure, Problem, Style};
use crate::input::Input;
use crate::input::config::Smtp;
use crate::private;
use crate::wrap::push_wrapped;

/// Leave to send through this mailbox.
///
/// # Errors
/// When the folder names it and the person does not say that the folder is their own (exit 2).
pub fn word(context: &Context, input: &Input, smtp: &Smtp, own_folder: bool) -> Result<Word, Failure> {
    if let Some(word) = Word::of_account(input) {
        return Ok(word);
    }
    if let Some(word) = Word::by_flag(own_folder) {
        return Ok(word);
    }
    // A word that others could have written there is none.
    private::check_state_folder()?;
    let mailbox = Mailbox::of(&input.sender, smtp);
    let folders = private::state_folder().map(|state| Folders::in_state_folder(&state));
    let known = match &folders {
        Some(folders) => folders.know(&input.folder, &mailbox).unwrap_or_else(|error| {
            let unread = msg!("trust-unread", why = private::why(&error));
            context.say_problem(&Problem::warning(unread));
            Known::Nothing
        }),
        None => Known::Nothing,
    };
    let before = match known {
        Known::Own(word) => return Ok(word),
        Known::Changed(before) => Some(*before),
        Known::Nothing => None,
    };
    let account = context.sources().account;
    let has_account = account.as_deref().is_some_and(Path::exists);
    let text = question(
        input,
        &mailbox,
        before.as_ref(),
        account.as_deref().filter(|_| !has_account),
        &context.style,
    );
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let failure = Failure::usage(msg!("trust-nobody-here", tables = tables(input)));
        let failure = failure.hint(match account.as_deref() {
            Some(path) => msg!(
                "trust-write-account",
                tables = tables(input),
                account = appel_core::words::path(path)
            ),
            None => msg!("trust-name-account", tables = tables(input)),
        });
        return Err(failure.hint(msg!("trust-flag")));
    }
    // Asked even with --quiet and --yes: neither is a word on whose folder this is.
    super::to_stderr(&text, context.style.color);
    let answer = confirm::ask(&context.style, &msg!("ask-trust"), None)?;
    let Some(word) = Word::by_answer(answer) else {
        return Err(Failure::usage(msg!("trust-not-given", tables = tables(input))));
    };
    if let Some(folders) = &folders
        && let Err(error) = folders.keep(&input.folder, mailbox, context.clock.now())
    {
        let unkept = msg!("trust-unkept", why = private::why(&error));
        context.say_problem(&Problem::warning(unkept));
    }
    Ok(word)
}

/// `[sender] and [smtp]`, or the one of them that the folder has.
fn tables(input: &Input) -> Value {
    match (input.from_folder.sender, input.from_folder.smtp) {
        (true, true) => msg!("trust-both-tables").into(),
        (true, false) => "[sender]".into(),
        _ => "[smtp]".into(),
    }
}

/// What the person is asked about; `missing` is the account file when there is none yet.
fn question(
    input: &Input,
    mailbox: &Mailbox,
    before: Option<&Mailbox>,
    missing: Option<&Path>,
    style: &Style,
) -> String {
    let folder = visible_line(&input.folder.display().to_string());
    let tables = tables(input);
    let mut text = String::new();
    let say = |text: &mut String, line: &Message| push_wrapped(text, &style.say(line), "", "", style.width);
    say(
        &mut text,
        &match before {
            None => msg!("trust-names-mailbox", folder = folder, tables = &tables),
            Some(_) => msg!("trust-changed", folder = folder),
        },
    );
    text.push('\n');
    let changes = before.map(|before| mailbox.changes_since(before)).unwrap_or_default();
    for (name, value) in mailbox.values() {
        let mark = if changes.iter().any(|(changed, _)| *changed == name) {
            "*"
        } else {
            " "
        };
        let called = style.say(&name);
        text.push_str(&format!("{mark} {called:<10} {}\n", visible_line(&style.say(&value))));
        if let Some((_, was)) = changes.iter().find(|(changed, _)| *changed == name) {
            let was = style.say(&msg!("trust-was", value = visible_line(&style.say(was))));
            text.push_str(&format!("  {:<10} {was}\n", ""));
        }
    }
    text.push('\n');
    say(&mut text, &msg!("trust-say-yes-only-if"));
    if let Some(path) = missing {
        text.push('\n');
        say(&mut text, &msg!("trust-no-account", tables = &tables));
        text.push_str(&format!("{}\n", visible_line(&path.display().to_string())));
    }
    text
}
