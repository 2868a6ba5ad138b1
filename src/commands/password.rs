//! Where the password comes from: a command, the environment, or the person, who is asked once more when it is refused;
//! never an argument or a file of ours.

use std::env::VarError;
use std::io::IsTerminal;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use appel_core::words::visible_line;
use appel_messages::{Message, msg};
use secrecy::SecretString;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::account::trust::Word;
use crate::failure::{Problem, Style};
use crate::input::config::{Auth, PasswordCommand, Smtp};
use crate::report::curtain::Curtain;
use crate::transport::ConnectError;
use crate::transport::smtp::{Fetching, Login, Renewal, SecretSource};

/// How long the command may take in the middle of a run, where it may have to ask somebody to sign in.
const RENEWAL_TIMEOUT: Duration = Duration::from_mins(5);

/// The login for an account that the person vouches for; `None` when it does without.
///
/// # Errors
/// When there is nowhere to get the password from (exit 4).
pub fn login(smtp: &Smtp, _: Word, style: &Style, curtain: &Curtain) -> Result<Option<Login>, ConnectError> {
    let Some(username) = &smtp.username else {
        return Ok(None);
    };
    let (secret, origin, renewal) = match &smtp.own.password_command {
        Some(command) => {
            let renewal = Renewal::From(Arc::new(Again(command.clone())));
            (from_command(command)?, msg!("password-from-command"), renewal)
        }
        None => match std::env::var("APPEL_SMTP_PASSWORD") {
            Ok(password) if password.is_empty() => {
                return Err(no_password(msg!("password-variable-empty"), None));
            }
            Ok(password) => (
                SecretString::from(password),
                msg!("password-from-variable"),
                Renewal::ByHand(msg!("token-from-variable")),
            ),
            Err(VarError::NotUnicode(_)) => {
                return Err(no_password(msg!("password-variable-no-text"), None));
            }
            Err(VarError::NotPresent) => (
                ask(username, smtp, style)?,
                msg!("password-from-person"),
                Renewal::ByHand(msg!("token-typed-in")),
            ),
        },
    };
    Ok(Some(match smtp.auth {
        Auth::Password => {
            let person = somebody_is_there().then(|| Person::at_the_terminal(username, smtp, *style, curtain));
            Login::password(username, secret).whose_password_is(origin, person)
        }
        Auth::Xoauth2 => Login::token(username, secret, renewal),
    }))
}

fn no_password(what: Message, cause: Option<Message>) -> ConnectError {
    ConnectError::Fatal {
        what,
        cause,
        hint: msg!("password-hint-places"),
    }
}

/// `smtp.password-command`, asked again when the server refuses the token that it gave.
struct Again(PasswordCommand);

impl SecretSource for Again {
    fn fetch(&self, _: ConnectError) -> Fetching<'_> {
        Box::pin(async {
            // Whoever no longer waits for it wants it gone: a run that is over must not leave it behind.
            let child = tokio::process::Command::from(shell(&self.0))
                .kill_on_drop(true)
                .spawn()
                .map_err(|error| cannot_run(&error))?;
            match tokio::time::timeout(RENEWAL_TIMEOUT, child.wait_with_output()).await {
                Ok(output) => first_line(output.map_err(|error| cannot_run(&error))?),
                Err(_) => Err(command_failed(msg!("password-command-too-slow"), None)),
            }
        })
    }
}

/// The person, asked once for another password when the server refuses the first one.
struct Person {
    prompt: String,
    style: Style,
    curtain: Curtain,
}

impl Person {
    fn at_the_terminal(username: &str, smtp: &Smtp, style: Style, curtain: &Curtain) -> Arc<dyn SecretSource> {
        let (user, host) = (visible_line(username), visible_line(&smtp.host));
        Arc::new(Self {
            prompt: style.say(&msg!("ask-password-again", user = user, host = host)),
            style,
            curtain: curtain.clone(),
        })
    }
}

impl SecretSource for Person {
    fn fetch(&self, refused: ConnectError) -> Fetching<'_> {
        Box::pin(async {
            let ConnectError::Fatal { what, cause, hint } = refused else {
                return Err(refused);
            };
            let _no_bar = self.curtain.closed();
            // Whoever is not waited for any more leaves the terminal as it was.
            let _terminal = Terminal::as_it_is();
            say(what, cause, hint.clone(), &self.style);
            let prompt = self.prompt.clone();
            let (answer, answered) = oneshot::channel();
            // A thread of its own, that nobody has to wait for: the person may have pressed Ctrl-C instead.
            thread::spawn(move || {
                let asked = dialoguer::Password::new()
                    .with_prompt(prompt)
                    .allow_empty_password(true)
                    .interact();
                answer.send(asked)
            });
            match answered.await {
                Ok(Ok(password)) if !password.is_empty() => Ok(SecretString::from(password)),
                _ => Err(ConnectError::Fatal {
                    what: msg!("password-not-given"),
                    cause: None,
                    hint,
                }),
            }
        })
    }
}

/// Why somebody is asked again.
fn say(what: Message, cause: Option<Message>, hint: Message, style: &Style) {
    let what = match cause {
        Some(cause) => msg!("ask-again-because", what = what, cause = cause),
        None => what,
    };
    let problem = Problem::warning(what).hint(hint);
    super::to_stderr(&style.render(&problem), style.color);
}

/// How the terminal was before a question at which nothing that is typed is shown.
struct Terminal {
    #[cfg(unix)]
    modes: Option<rustix::termios::Termios>,
}

impl Terminal {
    fn as_it_is() -> Self {
        Self {
            #[cfg(unix)]
            modes: rustix::termios::tcgetattr(std::io::stdin()).ok(),
        }
    }
}

#[cfg(unix)]
impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(modes) = &self.modes {
            let at_once = rustix::termios::OptionalActions::Now;
            let _ = rustix::termios::tcsetattr(std::io::stdin(), at_once, modes);
        }
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
    let cause = Message::quote(error.to_string());
    command_failed(msg!("password-command-cannot-run"), Some(cause))
}

fn command_failed(what: Message, cause: Option<Message>) -> ConnectError {
    ConnectError::Fatal {
        what,
        cause,
        hint: msg!("password-hint-command"),
    }
}

fn first_line(output: Output) -> Result<SecretString, ConnectError> {
    let bytes = Zeroizing::new(output.stdout);
    if !output.status.success() {
        let cause = Message::quote(output.status.to_string());
        return Err(command_failed(msg!("password-command-failed"), Some(cause)));
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(command_failed(msg!("password-command-printed-nothing"), None)),
        Ok(password) => Ok(SecretString::from(password)),
        Err(_) => Err(command_failed(msg!("password-command-no-text"), None)),
    }
}

fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

fn ask(username: &str, smtp: &Smtp, style: &Style) -> Result<SecretString, ConnectError> {
    if !somebody_is_there() {
        return Err(no_password(msg!("password-none", user = username), None));
    }
    let (user, host) = (visible_line(username), visible_line(&smtp.host));
    let prompt = match smtp.auth {
        Auth::Password => msg!("ask-password", user = user, host = host),
        Auth::Xoauth2 => msg!("ask-token", user = user, host = host),
    };
    dialoguer::Password::new()
        .with_prompt(style.say(&prompt))
        .interact()
        .map(SecretString::from)
        .map_err(|error| no_password(msg!("password-not-given"), Some(Message::quote(error.to_string()))))
}
