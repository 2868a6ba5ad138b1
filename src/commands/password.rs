//! Where the password comes from: a command, the environment, or the person; never an argument or a file of ours.

use std::env::VarError;
use std::io::IsTerminal;
use std::process::{Command, Stdio};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::campaign::config::{Auth, Smtp};
use crate::transport::ConnectError;
use crate::transport::smtp::Login;
use crate::words::visible;

/// The login for an account; `None` when it does without.
///
/// # Errors
/// When there is nowhere to get the password from (exit 4).
pub fn login(smtp: &Smtp) -> Result<Option<Login>, ConnectError> {
    let Some(username) = &smtp.username else {
        return Ok(None);
    };
    let secret = match &smtp.password_command {
        Some(command) => from_command(command)?,
        None => match std::env::var("APPEL_SMTP_PASSWORD") {
            Ok(password) if password.is_empty() => {
                return Err(no_password("the variable APPEL_SMTP_PASSWORD is empty", ""));
            }
            Ok(password) => SecretString::from(password),
            Err(VarError::NotUnicode(_)) => {
                return Err(no_password(
                    "the variable APPEL_SMTP_PASSWORD holds something that is no text",
                    "",
                ));
            }
            Err(VarError::NotPresent) => ask(username, smtp)?,
        },
    };
    Ok(Some(Login {
        username: username.clone(),
        secret,
        auth: smtp.auth,
    }))
}

/// Where a password can come from, for whoever has none.
const PLACES: &str = "set smtp.password-command in your account file, or the variable APPEL_SMTP_PASSWORD, or run this on a terminal to be asked";

fn no_password(message: &str, cause: &str) -> ConnectError {
    ConnectError::Fatal {
        message: message.to_owned(),
        cause: cause.to_owned(),
        hint: PLACES.to_owned(),
    }
}

fn from_command(command: &str) -> Result<SecretString, ConnectError> {
    let failed = |message: &str, cause: &str| ConnectError::Fatal {
        message: message.to_owned(),
        cause: cause.to_owned(),
        hint: "run smtp.password-command yourself: its first line should be the password".to_owned(),
    };
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let output = Command::new(shell)
        .args([flag, command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed("smtp.password-command cannot be run", &error.to_string()))?;
    let bytes = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(failed("smtp.password-command failed", &output.status.to_string()));
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(failed("smtp.password-command printed nothing", "")),
        Ok(password) => Ok(SecretString::from(password)),
        Err(_) => Err(failed("smtp.password-command printed something that is no text", "")),
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
        .with_prompt(format!("{what} of {} at {}", visible(username), visible(&smtp.host)))
        .interact()
        .map(SecretString::from)
        .map_err(|error| no_password("no password was given", &error.to_string()))
}
