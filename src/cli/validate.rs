//! `afresh validate`: everything that can be known offline.

use super::args::{LogFormat, Validate};
use super::error::Exit;
use super::screen::Screen;
use crate::manifest;
use crate::model::desired::Desired;

/// Reads the manifests and says what is wrong with them, all at once.
pub fn run(args: &Validate, screen: &Screen) -> Exit {
    match (manifest::read(&args.paths.or_here()), args.format) {
        (Ok(desired), LogFormat::Text) => screen.tell(&summary(&desired)),
        (Ok(_), LogFormat::Json) => screen.say("[]"),
        (Err(problems), LogFormat::Text) => {
            screen.complain(&problems.render(screen.color_errors));
            return Exit::Error;
        }
        (Err(problems), LogFormat::Json) => {
            screen.say(&problems.as_json().to_string());
            return Exit::Error;
        }
    }
    Exit::AsWanted
}

fn summary(desired: &Desired) -> String {
    let connections = desired.factories.len() + desired.workspaces.len();
    let rules = desired.key_ages.len() + desired.job_runs.len();
    let plural = |count: usize, one: &str| {
        if count == 1 {
            format!("1 {one}")
        } else {
            format!("{count} {one}s")
        }
    };
    format!(
        "{} is valid: {}, {}.",
        desired.project.name,
        plural(connections, "connection"),
        plural(rules, "rule")
    )
}
