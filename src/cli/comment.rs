//! The comment of a command that failed.

use super::args::{Comment, Output, PlanFormat};
use super::error::Failure;
use super::forge;
use super::output::write_file;
use super::screen::Screen;
use crate::review::markdown::{self, Failed};

/// What a comment is called whose project is not known.
const NAMELESS: &str = "afresh";

/// Writes a comment that says why there is no plan wherever the plan was to be written as Markdown.
///
/// # Errors
/// It cannot be written.
pub fn of_failure(
    failure: &Failure,
    outputs: &[Output],
    comment: &Comment,
    project: impl Fn() -> Option<String>,
    screen: &Screen,
) -> Result<(), Failure> {
    let wanted = outputs
        .iter()
        .filter(|output| output.format == PlanFormat::Markdown);
    for output in wanted {
        let text = text(failure, comment, &project);
        match &output.file {
            Some(path) => write_file(path, &text, screen)?,
            None => screen.put(&text),
        }
    }
    Ok(())
}

fn text(failure: &Failure, comment: &Comment, project: impl Fn() -> Option<String>) -> String {
    let marker = comment.marker.clone().or_else(project);
    let marker = marker.unwrap_or_else(|| NAMELESS.to_owned());
    let failed = Failed {
        what: "no plan could be made",
        summary: failure.summary(),
        details: failure.details(),
        advice: failure.advice(),
    };
    markdown::failure(
        &failed,
        &marker,
        &forge::links(&comment.link),
        comment.limit,
    )
}
