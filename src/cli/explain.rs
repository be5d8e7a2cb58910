//! `afresh explain`: what the kinds and fields of a manifest mean, without a browser.

use super::args::Explain;
use super::error::{Exit, Failure};
use super::screen::Screen;
use crate::manifest::{self, Explained, NoSuch};

/// Columns of the text.
const WIDTH: usize = 96;

/// Prints all kinds, or one kind or field.
pub fn run(args: &Explain, screen: &Screen) -> Result<Exit, Failure> {
    let Some(path) = &args.path else {
        screen.say(&kinds());
        return Ok(Exit::AsWanted);
    };
    let explained = manifest::explain(path).map_err(|no_such| unknown(no_such, screen))?;
    screen.say(&told(&explained));
    Ok(Exit::AsWanted)
}

/// What was probably meant, as commands to type.
fn unknown(no_such: NoSuch, screen: &Screen) -> Failure {
    let NoSuch { message, near } = no_such;
    let failure = Failure::new(message).with_exit(Exit::Usage);
    let [first, rest @ ..] = near.as_slice() else {
        let all = screen.typed.command(["explain"]);
        return failure.with_command("To see the kinds:", &all);
    };
    let others = match rest {
        [] => String::new(),
        rest => format!(" (also: {})", rest.join(", ")),
    };
    let command = screen.typed.command(["explain", first]);
    failure.with_command(&format!("Did you mean this?{others}"), &command)
}

fn kinds() -> String {
    let mut lines = vec!["KINDS:".to_owned()];
    for (kind, said) in manifest::kinds() {
        lines.push(format!("  {kind}"));
        lines.extend(wrapped(&said, 6));
    }
    lines.push(String::new());
    lines.push("`afresh explain KIND` lists the fields of one, and `afresh explain KIND.FIELD` describes a field.".to_owned());
    lines.join("\n")
}

fn told(explained: &Explained) -> String {
    let (kind, fields) = explained
        .path
        .split_first()
        .map_or(("", &[][..]), |(kind, fields)| (kind.as_str(), fields));
    let mut lines = vec![format!("KIND:     {kind}")];
    if !fields.is_empty() {
        let required = if explained.is_required {
            ", required"
        } else {
            ""
        };
        lines.push(format!(
            "FIELD:    {} <{}>{required}",
            fields.join("."),
            explained.takes
        ));
    }
    if let Some(default) = &explained.default {
        let default = wrapped(default, "DEFAULT:  ".len()).join("\n");
        lines.push(format!("DEFAULT:  {}", default.trim_start()));
    }
    section(&mut lines, "DESCRIPTION:", &wrapped(&explained.said, 2));
    let mut words = Vec::new();
    for (word, said) in &explained.words {
        words.push(format!("  {word}"));
        words.extend(wrapped(said, 6));
    }
    section(&mut lines, "VALUES:", &words);
    let mut briefs = Vec::new();
    for brief in &explained.fields {
        let required = if brief.is_required { ", required" } else { "" };
        briefs.push(format!("  {} <{}>{required}", brief.name, brief.takes));
        briefs.extend(wrapped(&brief.said, 6));
    }
    section(&mut lines, "FIELDS:", &briefs);
    let example = manifest::example(&explained.path).unwrap_or_default();
    let example: Vec<String> = example.lines().map(|line| format!("  {line}")).collect();
    section(&mut lines, "EXAMPLE:", &example);
    lines.join("\n")
}

/// A heading and what is below it; nothing where that is nothing.
fn section(lines: &mut Vec<String>, heading: &str, below: &[String]) {
    if !below.is_empty() {
        lines.extend([String::new(), heading.to_owned()]);
        lines.extend_from_slice(below);
    }
}

/// Text in lines that fit, each with this indent.
fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(format!("{}{word}", " ".repeat(indent))),
        }
    }
    lines
}
