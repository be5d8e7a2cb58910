//! What a person can do about a subject that needs attention.
//!
//! Refuses: attention without a way out of it.

use super::why::labelled;
use crate::model::promise::Attention;
use crate::model::verdict::{Hold, Step, Verdict};
use crate::review::escape::line;

/// Why it needs attention, and below it what to do; nothing where it needs none.
pub(super) fn attention(step: &Step) -> Vec<String> {
    let Some(attention) = step.attention else {
        return Vec::new();
    };
    let (why, what) = (reason(attention), remedy(attention, step));
    vec![labelled("attention", &why), labelled("", &what)]
}

fn reason(attention: Attention) -> String {
    match attention {
        Attention::Access => "a right or a sign-in is missing".to_owned(),
        Attention::Rule => "the rule, or a name in it, cannot be right".to_owned(),
        Attention::NotFound => "it does not exist, or it may not be seen".to_owned(),
        Attention::GivenUp => "it failed too often and is not tried again".to_owned(),
        Attention::ForeignRotation => {
            "a key was rotated outside afresh while an operation was unresolved".to_owned()
        }
        Attention::LostRun => "a one-time run was started, and its end was never seen".to_owned(),
        Attention::Settings => "the settings of the job do not allow it".to_owned(),
        Attention::Policy => "the rule leaves this decision to a person".to_owned(),
        Attention::Unattributed => {
            "the promise is broken, and nobody can tell by which key".to_owned()
        }
        Attention::Blocked { run } => {
            format!("run {run} has blocked it for longer than the promise allows")
        }
    }
}

fn remedy(attention: Attention, step: &Step) -> String {
    let address = line(&step.address.to_string());
    let connection = line(step.address.connection.as_str());
    match attention {
        Attention::Access => {
            format!("what is missing, and for whom: afresh auth --connection {connection}")
        }
        Attention::Rule => format!(
            "correct the rule {}, or the name that it refers to",
            step.rule
        ),
        Attention::NotFound => format!(
            "correct the name in the rule {}, or grant the right to read it",
            step.rule
        ),
        Attention::GivenUp => {
            "mend the cause, then run it once by hand: any successful run resets the count"
                .to_owned()
        }
        Attention::ForeignRotation => format!(
            "find out who rotated it, then end the operation: afresh ledger forget --doubts {address}"
        ),
        Attention::LostRun => {
            "find out in the workspace how the run ended, before it is started again".to_owned()
        }
        Attention::Settings => settings(step).to_owned(),
        Attention::Policy => format!(
            "change the rule {}, or record the age that a person knows: afresh ledger declare",
            step.rule
        ),
        Attention::Unattributed => format!(
            "record the age of one key: afresh ledger declare {address}#authKey1 --born DATE; or let the rule rotate both: unknownAge: rotate"
        ),
        Attention::Blocked { run } => {
            format!("find out why run {run} does not end, or cancel it in the workspace")
        }
    }
}

fn settings(step: &Step) -> &'static str {
    match &step.verdict {
        Verdict::Hold {
            why: Hold::PauseFirst,
            ..
        } => "pause the job in its settings",
        Verdict::Hold {
            why: Hold::UnpauseFirst,
            ..
        } => "unpause the job in its settings",
        Verdict::Hold {
            why: Hold::RunsForbidden,
            ..
        } => "set max_concurrent_runs of the job to 1 or more",
        Verdict::Keep(_) | Verdict::Act { .. } | Verdict::Hold { .. } => {
            "change the settings of the job"
        }
    }
}
