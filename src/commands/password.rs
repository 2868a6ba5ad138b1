//! Where the password comes from: a command, the environment, or the person; never an argument or a file of ours.

use std::env::VarError;
use std::io::IsTerminal;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use appel_core::words::visible_line;
use appel_messages::Message;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::account::trust::Word;
use crate::input::config::{Auth, PasswordCommand, Smtp};
use crate::transport::ConnectError;
use crate::transport::smtp::{Fetching, Login, Renewal, SecretSource};

/// How long the command may take in the middle of a run, where it may have to ask somebody to sign in.
const RENEWAL_TIMEOUT: Duration = Duration::from_mins(5);
/// What to do about a token that this program cannot renew.
const VARIABLE_IS_FIXED: &str = "the token may have expired, and appel cannot renew one that comes from the variable APPEL_SMTP_PASSWORD: set it to a fresh one and run `appel send` again, or let smtp.password-command print one, which is then asked again by itself";
const TYPED_IS_FIXED: &str = "the token may have expired, and appel cannot renew one that was typed in: get a fresh one and run `appel send` again, or let smtp.password-command print one, which is then asked again by itself";

/// The login for an account that the person vouches for; `None` when it does without.
///
/// # Errors
/// When there is nowhere to get the password from (exit 4).
pub fn login(smtp: &Smtp, _: Word) -> Result<Option<Login>, ConnectError> {
    let Some(username) = &smtp.username else {
        return Ok(None);
    };
    let (secret, renewal) = match &smtp.own.password_command {
        Some(command) => {
            let renewal = Renewal::From(Arc::new(Again(command.clone())));
            (from_command(command)?, renewal)
        }
        None => match std::env::var("APPEL_SMTP_PASSWORD") {
            Ok(password) if password.is_empty() => {
                return Err(no_password("the variable APPEL_SMTP_PASSWORD is empty", ""));
            }
            Ok(password) => (
                SecretString::from(password),
                Renewal::ByHand(Message::quote(VARIABLE_IS_FIXED)),
            ),
            Err(VarError::NotUnicode(_)) => {
                return Err(no_password(
                    "the variable APPEL_SMTP_PASSWORD holds something that is no text",
                    "",
                ));
            }
            Err(VarError::NotPresent) => (ask(username, smtp)?, Renewal::ByHand(Message::quote(TYPED_IS_FIXED))),
        },
    };
    Ok(Some(match smtp.auth {
        Auth::Password => Login::password(username, secret),
        Auth::Xoauth2 => Login::token(username, secret, renewal),
    }))
}

/// Where a password can come from, for whoever has none.
const PLACES: &str = "set smtp.password-command in your account file, or the variable APPEL_SMTP_PASSWORD, or run this on a terminal to be asked";

fn no_password(message: &str, cause: &str) -> ConnectError {
    ConnectError::Fatal {
        what: Message::quote(message),
        cause: Some(cause).filter(|cause| !cause.is_empty()).map(Message::quote),
        hint: Message::quote(PLACES),
    }
}

/// `smtp.password-command`, asked again when the server refuses the token that it gave.
struct Again(PasswordCommand);

impl SecretSource for Again {
    fn fetch(&self) -> Fetching<'_> {
        Box::pin(async {
            // Whoever no longer waits for it wants it gone: a run that is over must not leave it behind.
            let child = tokio::process::Command::from(shell(&self.0))
                .kill_on_drop(true)
                .spawn()
                .map_err(|error| cannot_run(&error))?;
            match tokio::time::timeout(RENEWAL_TIMEOUT, child.wait_with_output()).await {
                Ok(output) => first_line(output.map_err(|error| cannot_run(&error))?),
                Err(_) => Err(command_failed("smtp.password-command took longer than 5 minutes", "")),
            }
        })
    }
}

fn from_command(command: &PasswordCommand) -> Result<SecretString, ConnectError> {
    let output = shell(command).spawn().and_then(std::process::Child::wait_with_output);
    first_line(output.map_err(|error| cannot_run(&error))?)
}

/// The command as the shell runs it; it may ask the person something.
fn shell(command: &PasswordCommand) -> Command {
    // By its whole path: a PATH with `.` in it must not find another.
    let (shell, flag) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("/bin/sh", "-c")
    };
    let mut shell = Command::new(shell);
    shell
        .args([flag, &command.line])
        .current_dir(&command.folder)
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    shell
}

fn cannot_run(error: &std::io::Error) -> ConnectError {
    command_failed("smtp.password-command cannot be run", &error.to_string())
}

fn command_failed(message: &str, cause: &str) -> ConnectError {
    ConnectError::Fatal {
        what: Message::quote(message),
        cause: Some(cause).filter(|cause| !cause.is_empty()).map(Message::quote),
        hint: Message::quote("run smtp.password-command yourself: its first line should be the password or token"),
    }
}

fn first_line(output: Output) -> Result<SecretString, ConnectError> {
    let bytes = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(command_failed(
            "smtp.password-command failed",
            &output.status.to_string(),
        ));
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(command_failed("smtp.password-command printed nothing", "")),
        Ok(password) => Ok(SecretString::from(password)),
        Err(_) => Err(command_failed(
            "smtp.password-command printed something that is no text",
            "",
        )),
    }
}

fn ask(username: &str, smtp: &Smtp) -> Result<SecretString, ConnectError> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(no_password(&format!("there is no password for {username}"), ""));
    }
    let what = match smtp.auth {
        Auth::Password => "Password",
        Auth::Xoauth2 => "Access token",
    };
    dialoguer::Password::new()
        .with_prompt(format!(
            "{what} of {} at {}",
            visible_line(username),
            visible_line(&smtp.host)
        ))
        .interact()
        .map(SecretString::from)
        .map_err(|error| no_password("no password was given", &error.to_string()))
}
