//! THE EDGE: one file per command; the only place that prints, asks, reads argv and environment, and exits.

mod apply;
mod args;
mod auth;
mod deciding;
mod error;
mod ledger;
mod logging;
mod plan;
mod progress;
mod schema;
mod screen;
mod session;
mod show;
mod signals;
mod sim;
mod surroundings;
mod validate;
mod why;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Afresh, Command};
use error::{Exit, Failure};
use screen::Screen;

/// Reads argv, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    let afresh = match Afresh::try_parse() {
        Ok(afresh) => afresh,
        Err(error) => {
            let exit = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::AsWanted,
                _ => Exit::Usage,
            };
            // A broken pipe under `--help` is success too.
            let _ = error.print();
            return exit.into();
        }
    };
    let screen = Screen::new(&afresh.global);
    logging::start(&afresh.global, &screen);
    match run(&afresh, &screen) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            screen.complain(&failure.message());
            failure.exit.into()
        }
    }
}

fn run(afresh: &Afresh, screen: &Screen) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let global = &afresh.global;
    match &afresh.command {
        Command::Validate(args) => Ok(validate::run(args, screen)),
        Command::Plan(args) => runtime.block_on(plan::run(args, global, screen)),
        Command::Apply(args) => runtime.block_on(apply::run(args, global, screen)),
        Command::Show(args) => show::run(args, screen),
        Command::Diff(args) => show::diff(args, screen),
        Command::Why(args) => runtime.block_on(why::run(args, global, screen)),
        Command::Auth(args) => runtime.block_on(auth::run(args, global, screen)),
        Command::Ledger(command) => runtime.block_on(ledger::run(command, global, screen)),
        Command::Sim(command) => runtime.block_on(sim::run(command, global, screen)),
        Command::Schema(args) => schema::run(args, screen),
        Command::Completions { shell } => Ok(schema::completions(*shell, screen)),
        Command::Man => schema::man(screen),
    }
}
