//! `afresh approve`: an Approval of what a saved plan does, for a commit beside the manifests.
//!
//! It says what is approved, and nothing of who may approve: that is for the repository that takes the commit.

use std::fmt::Write as _;

use super::args::Approve as Args;
use super::error::{Exit, Failure};
use super::output::write_file;
use super::planfile::load;
use super::screen::Screen;
use crate::model::time::minute;
use crate::model::verdict::Step;
use crate::{escape, saved};

/// So much of the digest tells one approval from another.
const NAMED_BY: usize = 12;

/// Prints an Approval of every action of a saved plan, or writes it to a file.
pub fn run(args: &Args, screen: &Screen) -> Result<Exit, Failure> {
    let file = load(&args.planfile, screen)?;
    let Some(digest) = saved::actions_digest(&file.plan) else {
        return Err(Failure::new(
            "this plan has no actions: there is nothing to approve",
        ));
    };
    if let Some(until) = args.until.filter(|until| *until <= file.plan.at) {
        let summary = format!(
            "--until {} is before the plan was made, at {}",
            minute(until),
            minute(file.plan.at)
        );
        return Err(Failure::new(summary).with_exit(Exit::Usage));
    }
    let text = document(&file, &digest, args);
    match &args.out {
        Some(path) => write_file(path, &text, screen)?,
        None => screen.put(&text),
    }
    Ok(Exit::AsWanted)
}

fn document(file: &saved::File, digest: &str, args: &Args) -> String {
    let name = digest.get(..NAMED_BY).unwrap_or(digest);
    let mut text = format!(
        "apiVersion: afresh/v1\nkind: Approval\nmetadata: {{name: approval-{name}}}\nspec:\n  project: {}\n  digest: {}\n",
        quoted(&file.project),
        quoted(digest)
    );
    // Writing to a String cannot fail.
    if let Some(by) = &args.by {
        let _ = writeln!(text, "  by: {}", quoted(by));
    }
    if let Some(until) = args.until {
        let _ = writeln!(text, "  until: {until}");
    }
    text.push_str("  actions:\n");
    for step in file.plan.acts() {
        actions(step, &mut text);
    }
    text
}

fn actions(step: &Step, text: &mut String) {
    let Some(proposal) = step.proposal() else {
        return;
    };
    let digests = saved::action_digests(&proposal);
    for (digest, action) in digests.iter().zip(proposal.actions.iter()) {
        let subject = quoted(&step.address.to_string());
        let title = quoted(&action.title(step.key_service()));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  - digest: {}\n    subject: {subject}\n    action: {title}",
            quoted(digest)
        );
    }
}

/// As YAML reads it in double quotes; a digest may look like a number without them.
fn quoted(text: &str) -> String {
    escape::json(&serde_json::Value::from(text).to_string())
}
