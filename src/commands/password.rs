//! Where the password comes from: a command, the environment, or the person; never an argument or a file of ours.

use std::io::IsTerminal;
use std::process::{Command, Stdio};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::campaign::config::{Auth, Smtp};
use crate::failure::{Failure, visible};
use crate::transport::smtp::Login;

/// The login for an account; `None` when it does without.
///
/// # Errors
/// When there is nowhere to get the password from (exit 4).
pub fn login(smtp: &Smtp) -> Result<Option<Login>, Failure> {
    let Some(username) = &smtp.username else {
        return Ok(None);
    };
    let secret = match &smtp.password_command {
        Some(command) => from_command(command)?,
        None => match std::env::var("APPEL_SMTP_PASSWORD") {
            Ok(password) => SecretString::from(password),
            Err(_) => ask(username, smtp)?,
        },
    };
    Ok(Some(Login {
        username: username.clone(),
        secret,
        auth: smtp.auth,
    }))
}

fn from_command(command: &str) -> Result<SecretString, Failure> {
    let failed = |what: String| {
        Failure::cannot_deliver(what).hint("run smtp.password-command yourself: its first line should be the password")
    };
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell)
        .args([flag, command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed("smtp.password-command cannot be run".to_owned()).because(&error))?;
    let bytes = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(failed(format!("smtp.password-command failed ({})", output.status)));
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(failed("smtp.password-command printed nothing".to_owned())),
        Ok(password) => Ok(SecretString::from(password)),
        Err(_) => Err(failed(
            "smtp.password-command printed something that is no text".to_owned(),
        )),
    }
}

fn ask(username: &str, smtp: &Smtp) -> Result<SecretString, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::cannot_deliver(format!("there is no password for {username}"))
            .hint("set smtp.password-command in your account file, or the variable APPEL_SMTP_PASSWORD, or run this on a terminal to be asked"));
    }
    let what = match smtp.auth {
        Auth::Password => "Password",
        Auth::Xoauth2 => "Access token",
    };
    dialoguer::Password::new()
        .with_prompt(format!("{what} of {} at {}", visible(username), visible(&smtp.host)))
        .interact()
        .map(SecretString::from)
        .map_err(|error| Failure::cannot_deliver("no password was given").because(&error))
}
