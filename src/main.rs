//! Parses, runs, prints the one failure, exits.

use std::io::{IsTerminal, Write, stderr};
use std::process::ExitCode;

use appel::cli::{self, NotRun};
use appel::commands;
use appel::failure::{Exit, Failure, Style};
use appel_core::words;
use clap::ColorChoice;

/// A letter is many small pieces of text: with the system's allocator a twelfth of the time goes there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let exit = match cli::parse(std::env::args_os()) {
        Ok(cli) => {
            let style = commands::stderr_style(&cli.global);
            commands::run(cli).unwrap_or_else(|failure| tell(&failure, &style))
        }
        Err(NotRun::Help(help)) => show(&help, Exit::Done),
        Err(NotRun::Nothing(help)) => show(&help, Exit::Usage),
        Err(NotRun::Usage(failure, locale, color)) => {
            let color = match color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => stderr().is_terminal() && commands::colors_are_welcome(),
            };
            tell(
                &failure,
                &Style {
                    color,
                    locale,
                    ..Style::PLAIN
                },
            )
        }
    };
    ExitCode::from(exit.code())
}

/// When nobody reads it there is nobody to tell.
fn tell(failure: &Failure, style: &Style) -> Exit {
    let text = failure.render(style);
    if !text.is_empty() {
        let _ = writeln!(stderr(), "{}", words::for_screen(&text, style.color));
    }
    failure.exit
}

fn show(help: &clap::Error, exit: Exit) -> Exit {
    let _ = help.print();
    exit
}
