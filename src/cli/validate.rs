//! `afresh validate`: everything that can be known offline.

use serde_json::{Value, json};

use super::args::{LogFormat, Validate};
use super::error::Exit;
use super::screen::Screen;
use crate::clock::Clock;
use crate::manifest;
use crate::model::desired::Desired;
use crate::plan::walk::{self, Warning};

/// Reads the manifests and says what is wrong with them, all at once; and which rules may break their promise from now on.
pub fn run(args: &Validate, screen: &Screen) -> Exit {
    match (manifest::read(&args.paths.or_here()), args.format) {
        (Ok(desired), LogFormat::Text) => {
            for warning in walk::warnings(&desired, Clock::Real.now()) {
                screen.remark(&as_text(&warning));
            }
            screen.tell(&summary(&desired));
        }
        (Ok(desired), LogFormat::Json) => {
            let warnings = walk::warnings(&desired, Clock::Real.now());
            let all: Value = warnings.iter().map(as_json).collect();
            screen.say(&all.to_string());
        }
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

/// As people read it: `warning: …`, its place, and what to write.
pub fn as_text(warning: &Warning) -> String {
    let Warning {
        place,
        message,
        help,
        ..
    } = warning;
    format!("warning: {message}\n --> {place}\n  = help: {help}")
}

fn as_json(warning: &Warning) -> Value {
    let place = &warning.place;
    json!({
        "severity": "warning",
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": warning.message,
        "help": warning.help,
    })
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
