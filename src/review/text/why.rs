//! Everything behind one verdict: the reason, the promise, what a person can do, the evidence, and when it will change.
//!
//! The text has no colours and is not wrapped, since Markdown shows it as well.

use super::label::{labelled, when};
use super::{advice, job, runtime};
use crate::escape::line;
use crate::model::address::Name;
use crate::model::survey::Refresh;
use crate::model::time::{Timestamp, minute};
use crate::model::verdict::{Facts, Plan, Step, Target};
use crate::review::{sentence, words};

/// The evidence, intervals, windows and rules behind one verdict, and when it will change; with a line end at its end. Commands that
/// are proposed end with what was `given`, quoted for a shell.
pub fn why(step: &Step, plan: &Plan, given: &str) -> String {
    let mut lines = vec![
        format!(
            "{}: {}",
            line(&step.address.to_string()),
            sentence::sentence(step)
        ),
        labelled("promise", &sentence::promise_until(step, plan.at)),
    ];
    lines.extend(advice::attention(step, given));
    lines.extend(words::refused(step).map(|refused| labelled("refused", &refused)));
    lines.push(labelled("rule", &rule(&step.rule, plan)));
    lines.extend(
        step.target
            .as_ref()
            .map(|target| labelled("where", &place(target))),
    );
    lines.extend(facts(step, plan));
    for settlement in &step.settlements {
        lines.push(labelled(
            "operation",
            &words::settlement(settlement, step.key_service()),
        ));
    }
    lines.extend(waits(step));
    for freeze in super::summary::near_freezes(plan) {
        lines.push(labelled("freeze", &freeze));
    }
    lines.push(labelled("changes", &changes(step, plan.at)));
    lines.join("\n") + "\n"
}

fn rule(name: &Name, plan: &Plan) -> String {
    let as_of = match plan.refresh {
        Refresh::Auto | Refresh::All => "",
        Refresh::None => " from what was known at the last read (--refresh none)",
    };
    format!("{name}, judged for {}{as_of}", minute(plan.at))
}

fn place(target: &Target) -> String {
    match target {
        Target::Runtime(target) => line(target.id.as_str()),
        Target::Job(target) => format!("job {} on {}", target.job, line(&target.host)),
        Target::Submission(target) => format!("a one-time run on {}", line(&target.host)),
    }
}

fn facts(step: &Step, plan: &Plan) -> Vec<String> {
    match &step.facts {
        Facts::Runtime(facts) => runtime::why(
            facts,
            step.target.as_ref(),
            &step.verdict,
            &plan.freezes,
            plan.at,
        ),
        Facts::Job(facts) => job::why(facts, &step.verdict, plan.at),
        Facts::Submission(facts) => job::submission(facts, &step.verdict, plan.at),
        Facts::None => vec![labelled("facts", "none: it could not be read")],
    }
}

fn waits(step: &Step) -> Option<String> {
    let wait = step.wait.as_ref()?;
    let accepted: Vec<String> = wait
        .accept
        .iter()
        .map(|result| line(result.as_str()))
        .collect();
    let longest = wait.max.map_or_else(
        || "until it ends".to_owned(),
        |max| format!("for {max} at most"),
    );
    Some(labelled(
        "wait",
        &format!(
            "apply waits for the run {longest}; results that count as success: {}",
            accepted.join(", ")
        ),
    ))
}

fn changes(step: &Step, now: Timestamp) -> String {
    match step.changes_at {
        Some(at) => format!(
            "the verdict or the promise changes {}, if nothing else happens",
            when(at, now)
        ),
        None => "neither the verdict nor the promise changes by the passing of time".to_owned(),
    }
}
