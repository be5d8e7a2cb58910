//! Shows a plan in every format that was asked for.

use std::io::Write;
use std::path::Path;

use super::args::{Comment, Output, PlanFormat};
use super::error::Failure;
use super::forge;
use super::output::{write_file, write_with};
use super::planfile::load;
use super::screen::Screen;
use crate::model::verdict::Plan;
use crate::review::markdown::MarkdownOptions;
use crate::review::text::TextOptions;
use crate::review::{Pull, Uses};
use crate::{escape, review, saved};

/// Shows a plan in every format asked for, as text if none is. Commands that are proposed end with what was `given`.
pub fn show(
    file: &saved::File,
    outputs: &[Output],
    comment: &Comment,
    pull: Option<&Pull<'_>>,
    given: &str,
    screen: &Screen,
) -> Result<(), Failure> {
    let alone = [Output {
        format: PlanFormat::Text,
        file: None,
    }];
    for output in if outputs.is_empty() { &alone } else { outputs } {
        let path = output.file.as_deref();
        let shown = match output.format {
            PlanFormat::Text => {
                let options = text_options(screen, output.file.is_none(), given);
                let text = text(&file.plan, uses_of(file), &options)
                    + &actions_line(&file.plan)
                    + &pull.map(review::text::pull).unwrap_or_default();
                escape::page(&text, options.color)
            }
            PlanFormat::Json => {
                lines(file, path, screen)?;
                continue;
            }
            PlanFormat::Markdown => markdown(file, comment, pull, given, screen)?,
        };
        match path {
            Some(path) => write_file(path, &shown, screen)?,
            None if output.format == PlanFormat::Text && screen.quiet => {}
            None => screen.put(&shown),
        }
    }
    Ok(())
}

/// The lines of a plan file.
fn lines(file: &saved::File, path: Option<&Path>, screen: &Screen) -> Result<(), Failure> {
    let put = |out: &mut dyn Write| Ok(saved::write(file, out)?);
    match path {
        Some(path) => write_with(path, &put, screen),
        None => Ok(screen.stream(&put)?),
    }
}

/// The plan, and below it where its credentials come from and go to.
pub fn text(plan: &Plan, uses: Uses<'_>, options: &TextOptions) -> String {
    review::text::plan(plan, options) + &review::text::uses(plan, uses, options)
}

/// What an approval of the plan names.
fn actions_line(plan: &Plan) -> String {
    let digest = saved::actions_digest(plan);
    let line = digest.map(|digest| format!("Actions digest: {digest}\n"));
    line.unwrap_or_default()
}

/// What a saved plan says that it uses.
pub fn uses_of(file: &saved::File) -> Uses<'_> {
    Uses {
        ledger: &file.ledger,
        all: &file.trust,
    }
}

/// A pull-request comment that is found again by the project's name.
fn markdown(
    file: &saved::File,
    comment: &Comment,
    pull: Option<&Pull<'_>>,
    given: &str,
    screen: &Screen,
) -> Result<String, Failure> {
    let digest = saved::digest(&file.plan);
    let actions = saved::actions_digest(&file.plan);
    let previous = comment.previous.as_ref();
    let previous = previous.map(|path| load(path, screen));
    let previous = previous.transpose()?;
    let links = forge::links(&comment.link);
    let options = MarkdownOptions {
        limit: comment.limit,
        title: &file.project,
        marker: comment.marker.as_deref().unwrap_or(&file.project),
        digest: &digest,
        actions: actions.as_deref(),
        links: &links,
        guardrails: Some(&file.guardrails),
        pull,
        previous: previous.as_ref().map(|previous| &previous.plan),
        uses: uses_of(file),
        given,
    };
    Ok(review::markdown::plan(&file.plan, &options))
}

/// As the terminal wants it.
pub fn text_options<'a>(screen: &Screen, to_terminal: bool, given: &'a str) -> TextOptions<'a> {
    TextOptions {
        color: screen.color && to_terminal,
        verbose: screen.verbose > 0,
        width: screen.width.filter(|_| to_terminal),
        given,
    }
}
