//! `afresh validate`: everything that can be known offline.

use super::args::{LogFormat, Validate};
use super::error::Exit;
use super::screen::Screen;
use crate::manifest;
use crate::model::desired::Desired;

/// Reads the manifests and says what is wrong with them, all at once.
pub fn run(args: &Validate, screen: &Screen) -> Exit {
    match (manifest::read(&args.paths.or_here()), args.format) {
        (Ok(manifests), LogFormat::Text) => {
            let warnings = &manifests.warnings;
            if !warnings.is_empty() {
                screen.remark(&warnings.render(screen.color_errors));
            }
            screen.tell(&summary(&manifests.desired, warnings.count()));
        }
        (Ok(manifests), LogFormat::Json) => screen.say(&manifests.warnings.as_json().to_string()),
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

fn summary(desired: &Desired, warnings: usize) -> String {
    let connections = desired.factories.len() + desired.workspaces.len();
    let rules = desired.key_ages.len() + desired.job_runs.len();
    let plural = |count: usize, one: &str| {
        if count == 1 {
            format!("1 {one}")
        } else {
            format!("{count} {one}s")
        }
    };
    let warned = match warnings {
        0 => String::new(),
        some => format!(", {}", plural(some, "warning")),
    };
    format!(
        "{} is valid: {}, {}{warned}.",
        desired.project.name,
        plural(connections, "connection"),
        plural(rules, "rule")
    )
}
