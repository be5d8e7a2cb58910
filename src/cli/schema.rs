//! `afresh schema`, `completions` and `man`: what other programs want to know of this one.

use std::fmt::Write as _;

use clap::CommandFactory;

use super::args::{Afresh, Schema, SchemaOf};
use super::error::{Exit, Failure};
use super::ledger as of_ledger;
use super::screen::Screen;
use crate::review::json;
use crate::{ledger, manifest, review, saved};

/// Prints a JSON Schema.
pub fn run(args: &Schema, screen: &Screen) -> Result<Exit, Failure> {
    let schema = match args.which {
        SchemaOf::Manifest => manifest::schema(),
        SchemaOf::Plan => saved::schema(),
        SchemaOf::Events => ledger::schema(),
        SchemaOf::Inventory => review::inventory::schema(),
        SchemaOf::Validate => review::findings::schema(),
        SchemaOf::Apply => json::schema::<json::Event>(),
        SchemaOf::Why => json::schema::<json::Why>(),
        SchemaOf::Diff => json::schema::<json::Diff>(),
        SchemaOf::Auth => json::schema::<json::Accesses>(),
        SchemaOf::Ledger => json::schema::<of_ledger::Document>(),
    };
    screen.put(&serde_json::to_string_pretty(&schema)?);
    Ok(Exit::AsWanted)
}

/// Prints a completion script.
pub fn completions(shell: clap_complete::Shell, screen: &Screen) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Afresh::command(), "afresh", &mut script);
    screen.put(&String::from_utf8_lossy(&script));
    Exit::AsWanted
}

/// Prints the manual page: the program's, then each command's.
pub fn man(screen: &Screen) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Afresh::command()).render(&mut page)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    for command in Afresh::command().get_subcommands() {
        chapters(&mut page, "afresh", command)?;
    }
    screen.put(&page);
    Ok(Exit::AsWanted)
}

/// A command's own chapter, then those of the commands below it.
fn chapters(page: &mut String, above: &str, command: &clap::Command) -> Result<(), Failure> {
    let name = format!("{above} {}", command.get_name());
    let own = command.clone().bin_name(&name).disable_help_flag(true);
    let man = clap_mangen::Man::new(own);
    let mut chapter = Vec::new();
    man.render_synopsis_section(&mut chapter)?;
    man.render_description_section(&mut chapter)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut chapter)?;
    }
    if command.get_after_help().is_some() || command.get_after_long_help().is_some() {
        man.render_extra_section(&mut chapter)?;
    }
    let chapter = String::from_utf8_lossy(&chapter).replace("\n.SH ", "\n.SS ");
    // Writing to a String cannot fail.
    let _ = write!(page, ".SH \"{}\"\n{chapter}", name.to_uppercase());
    for below in command.get_subcommands() {
        chapters(page, &name, below)?;
    }
    Ok(())
}
