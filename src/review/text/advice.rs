//! What a person can do about a subject that needs attention.
//!
//! Every reason for attention comes with something to do.

use super::hand_off;
use super::label::labelled;
use super::nodes;
use super::remedy::Remedy;
use super::row::Page;
use crate::model::promise::Attention;
use crate::model::runtime::Slot;
use crate::model::verdict::{Hold, Step, Verdict};

/// Why it needs attention, and below it what to do; nothing where it needs none.
pub(super) fn attention(step: &Step, given: &str) -> Vec<String> {
    let Some(attention) = step.attention else {
        return Vec::new();
    };
    let mut lines = vec![labelled("attention", &reason(attention))];
    for remedy in remedies(attention, step) {
        lines.push(labelled("", &remedy.what));
        let command = remedy.line(given);
        lines.extend(command.map(|command| labelled("", &format!("    {command}"))));
    }
    lines
}

/// Below the row of what only the ledger's own commands can end: those commands. `why` tells the rest.
pub(super) fn of_row(page: &Page, step: &Step) -> Vec<String> {
    let Some(
        attention @ (Attention::ForeignRotation | Attention::LostRun | Attention::Unattributed),
    ) = step.attention
    else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for remedy in remedies(attention, step) {
        lines.extend(page.note(&remedy.what));
        lines.extend(
            remedy
                .line(page.given)
                .map(|command| page.command(&command)),
        );
    }
    lines
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
        Attention::UndatedSuccess => {
            "a run succeeded, and the service does not tell when".to_owned()
        }
        Attention::Settings => "the settings of the job do not allow it".to_owned(),
        Attention::Policy => "the rule leaves this decision to a person".to_owned(),
        Attention::Unattributed => {
            "the promise is broken, and nobody can tell by which key".to_owned()
        }
        Attention::HandOff => "a key cannot be handed over without a person".to_owned(),
        Attention::Nodes => "nodes are offline or not known".to_owned(),
        Attention::Blocked { run } => {
            format!("run {run} has blocked it for longer than the promise allows")
        }
    }
}

fn remedies(attention: Attention, step: &Step) -> Vec<Remedy> {
    let address = step.address.to_string();
    let only = |what: String| vec![Remedy::only(what)];
    match attention {
        Attention::Access => vec![Remedy::by(
            "what is missing, and for whom",
            &["auth", "--connection", step.address.connection.as_str()],
        )],
        Attention::Rule => only(format!(
            "correct the rule {}, or the name that it refers to",
            step.rule
        )),
        Attention::NotFound => only(format!(
            "correct the name in the rule {}, or grant the right to read it",
            step.rule
        )),
        Attention::GivenUp => vec![
            Remedy::only("mend the cause, then run it once by hand: any successful run resets the count"),
            Remedy::by(
                "or let afresh try again, with the count at zero",
                &["ledger", "forget", "--attempts", &address],
            ),
        ],
        Attention::ForeignRotation => vec![Remedy::by(
            "when it is known who rotated it, end the unresolved operation",
            &["ledger", "forget", "--unresolved", &address],
        )],
        Attention::LostRun => vec![
            Remedy::by(
                "if the run succeeded, record that",
                &["ledger", "confirm", &address],
            ),
            Remedy::by(
                "if it did not, let this content be submitted again",
                &["ledger", "forget", &address],
            ),
        ],
        Attention::UndatedSuccess => only(
            "find out in the workspace when it ended; if that is too long ago, delete the run there, and the next apply starts one"
                .to_owned(),
        ),
        Attention::Settings => only(settings(step).to_owned()),
        Attention::Policy => policy(step, &address),
        Attention::Unattributed => vec![
            declare(
                "record when one of them was created, if you know",
                &format!("{address}#{}", step.key_service().key_name(Slot::One)),
            ),
            Remedy::only("or let the rule rotate both in turn: `unknownAge: rotate`"),
        ],
        Attention::HandOff => hand_off::remedies(step, &address),
        Attention::Nodes => nodes::remedies(step),
        Attention::Blocked { run } => only(format!(
            "find out why run {run} does not end, or cancel it in the workspace"
        )),
    }
}

fn declare(what: &str, key: &str) -> Remedy {
    Remedy::by(what, &["ledger", "declare", key, "--born", "DATE"])
}

fn policy(step: &Step, address: &str) -> Vec<Remedy> {
    let change = Remedy::only(format!("change the rule {}", step.rule));
    match &step.verdict {
        Verdict::Hold {
            why: Hold::AgeUnknown { slot, .. },
            ..
        } => vec![
            change,
            declare(
                "or record when the key was created, if you know",
                &format!("{address}#{}", step.key_service().key_name(*slot)),
            ),
        ],
        Verdict::Keep(_) | Verdict::Act { .. } | Verdict::Hold { .. } => vec![change],
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
