//! The person's word on a folder that names its own mailbox: asked for on a terminal, a flag off it.

use std::io::IsTerminal;
use std::path::Path;

use appel_core::words::visible_line;

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
            context.say_problem(&not_kept("cannot be read", &error));
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
        context.style,
    );
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage(format!(
            "nothing was sent: the campaign's folder names the mailbox itself ({}), and nobody is here to say whose it is",
            tables(input)
        ))
        .hint(format!(
            "write {} into your account file, {}: it is used for every folder",
            tables(input),
            account.as_deref().map_or("named with --account FILE".to_owned(), |path| visible_line(&path.display().to_string()))
        ))
        .hint("or, if you wrote this folder yourself, add --own-folder: it holds for this run"));
    }
    // Asked even with --quiet and --yes: neither is a word on whose folder this is.
    super::to_stderr(&text, context.style.color);
    let answer = confirm::ask("Is this folder, and this mailbox, your own?", "")?;
    let Some(word) = Word::by_answer(answer) else {
        return Err(Failure::usage("nothing was sent").hint(format!(
            "to send the letters of somebody else's folder, write your own {} into your account file: it counts instead of the folder's",
            tables(input)
        )));
    };
    if let Some(folders) = &folders
        && let Err(error) = folders.keep(&input.folder, mailbox, context.clock.now())
    {
        context.say_problem(&not_kept("cannot be kept", &error));
    }
    Ok(word)
}

fn not_kept(what: &str, error: &std::io::Error) -> Problem {
    Problem::warning(format!("what you say of folders {what}: {error}")).hint("you will be asked again next time")
}

/// `[sender] and [smtp]`, or the one of them that the folder has.
fn tables(input: &Input) -> &'static str {
    match (input.from_folder.sender, input.from_folder.smtp) {
        (true, true) => "[sender] and [smtp]",
        (true, false) => "[sender]",
        _ => "[smtp]",
    }
}

/// What the person is asked about; `missing` is the account file when there is none yet.
fn question(
    input: &Input,
    mailbox: &Mailbox,
    before: Option<&Mailbox>,
    missing: Option<&Path>,
    style: Style,
) -> String {
    let folder = visible_line(&input.folder.display().to_string());
    let tables = tables(input);
    let mut text = String::new();
    let say = |text: &mut String, line: &str| push_wrapped(text, line, "", "", style.width);
    match before {
        None => say(
            &mut text,
            &format!("The folder {folder} names a mailbox itself, in {tables} of its configuration:"),
        ),
        Some(_) => say(
            &mut text,
            &format!("You called the folder {folder} your own, and since then this changed:"),
        ),
    }
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
            text.push_str(&format!("  {:<10} was {}\n", "", visible_line(&style.say(was))));
        }
    }
    text.push('\n');
    say(
        &mut text,
        "Letters go to this server under this name, and so does your password (asked for, or from APPEL_SMTP_PASSWORD). \
         Say yes only if you wrote this configuration yourself.",
    );
    if let Some(path) = missing {
        text.push('\n');
        say(
            &mut text,
            &format!("You have no account file yet. With one you are not asked: move {tables} from this folder to"),
        );
        text.push_str(&format!("{}\n", visible_line(&path.display().to_string())));
    }
    text
}
