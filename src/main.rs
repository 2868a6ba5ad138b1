//! Parses, runs, prints the one failure, exits.

use std::io::Write;
use std::process::ExitCode;

use appel::cli::Cli;
use appel::commands;
use appel_core::words;
use clap::Parser;

/// A letter is many small pieces of text: with the system's allocator a twelfth of the time goes there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            commands::say_usage(&error);
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let style = commands::stderr_style(&cli.global);
    let exit = match commands::run(cli) {
        Ok(exit) => exit,
        Err(failure) => {
            let text = failure.render(&style);
            if !text.is_empty() {
                // When nobody reads stderr there is nobody to tell.
                let _ = writeln!(std::io::stderr(), "{}", words::for_screen(&text, style.color));
            }
            failure.exit
        }
    };
    ExitCode::from(exit.code())
}
