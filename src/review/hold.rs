//! Why something that is wanted waits, in a sentence.

use std::fmt;

use crate::model::address::Address;
use crate::model::hand_off::Destination;
use crate::model::job::RunId;
use crate::model::key_service::KeyService;
use crate::model::nodes::{NodesRequired, NodesUnfit};
use crate::model::runtime::Slot;
use crate::model::time::{Span, Timestamp, minute};
use crate::model::trouble::TroubleKind;
use crate::model::verdict::{HandOffStop, Hold, Obstacle, failed};

/// The sentence. `service`: whose keys it is about; `due`: that a key is due, and why if that is not its age.
pub(super) fn sentence(hold: &Hold, service: KeyService, due: &dyn Fn(Slot) -> String) -> String {
    let name = |slot: &Slot| service.key_name(*slot);
    match hold {
        Hold::Trouble(trouble) if trouble.kind == TroubleKind::Misfit => trouble.message.clone(),
        Hold::Trouble(trouble) => trouble.to_string(),
        Hold::Busy { action, since, by } => busy(&action.title(service), *since, by.as_deref()),
        Hold::Doubt { action, since } => format!(
            "unresolved: it is not known yet whether `{}` of {} happened",
            action.title(service),
            minute(*since)
        ),
        Hold::ForeignRotation { slot } => {
            format!(
                "{} was rotated outside afresh while an operation of afresh was unresolved",
                name(slot)
            )
        }
        Hold::AgeUnknown { slot, age } => {
            format!("the age of {} is {age}, and unknownAge is fail", name(slot))
        }
        Hold::EitherKeyDue { limit } => either_key(format_args!("due (limit {limit})")),
        Hold::EitherKeyTooOld { limit } => either_key(format_args!("older than {limit}")),
        Hold::Window {
            slot,
            breaks_limit: false,
            ..
        } => format!("{}, outside its window", due(*slot)),
        Hold::Window { slot, .. } => format!(
            "{}, outside its window; it will exceed its limit before the window opens",
            due(*slot)
        ),
        Hold::Starved {
            slot,
            opens: Some(opens),
        } => format!(
            "{} breaks its limit before it may be regenerated ({opens}), and onWindowStarvation is fail",
            name(slot)
        ),
        Hold::Starved { slot, opens: None } => format!(
            "{} will exceed its limit, its window never opens, and onWindowStarvation is fail",
            name(slot)
        ),
        Hold::Overlap { slot, overlap } => {
            format!(
                "{}, but the other key may be younger than the overlap of {overlap}",
                due(*slot)
            )
        }
        Hold::HandOff { slot, to, why } => hand_off(name(slot), to, why),
        Hold::Nodes { slot, require, why } => nodes(&due(*slot), *require, why),
        Hold::NodesLost { of, names, max } => lost_nodes(of, names, *max),
        Hold::Freeze { reason } => format!("frozen: {reason}"),
        Hold::Suspended { reason } => format!("suspended: {reason}"),
        Hold::NoKeys { why } => why.clone(),
        Hold::Deferred { guardrail } => format!("deferred by {guardrail}"),
        Hold::ActiveRun { run } => format!("run {run} is active and must end first"),
        Hold::QueuedRun { run, queued } => queue(*run, *queued),
        Hold::LostRun { run, since } => lost(*run, *since),
        Hold::UndatedSuccess { run } => undated(*run),
        Hold::BackOff { failures } => format!("backing off after {}", failed(*failures)),
        Hold::GaveUp { failures } => given_up(*failures),
        Hold::PauseFirst => "a continuous job restarts itself: pause it in its settings".to_owned(),
        Hold::UnpauseFirst => {
            "a continuous job that is paused: unpause it in its settings".to_owned()
        }
        Hold::RestartsItself => "a continuous job between two runs: it restarts itself".to_owned(),
        Hold::RunsForbidden => "its settings allow no runs (max_concurrent_runs is 0)".to_owned(),
    }
}

fn nodes(due: &str, require: NodesRequired, why: &NodesUnfit) -> String {
    let word = require.word();
    match why {
        NodesUnfit::Offline { all: 0, .. } => {
            format!("{due}, and the runtime has no nodes (nodes.require is {word})")
        }
        NodesUnfit::Offline { names, all } => {
            let online = usize::try_from(*all).unwrap_or(usize::MAX);
            let online = online.saturating_sub(names.len());
            let offline = names.join(", ");
            format!(
                "{due}, and {online} of {all} nodes are online, not {offline} (nodes.require is {word})"
            )
        }
        NodesUnfit::Unknown(trouble) => {
            format!("{due}, and its nodes are not known (nodes.require is {word}): {trouble}")
        }
    }
}

fn lost_nodes(of: &Address, names: &[String], max: u32) -> String {
    if names.is_empty() {
        return format!(
            "the nodes of {of} have not reported since its rotation (nodes.maxUnavailable is {max})"
        );
    }
    let (lost, nodes) = (names.len(), if names.len() == 1 { "node" } else { "nodes" });
    let names = names.join(", ");
    format!("{of} lost {lost} {nodes} after a rotation: {names} (nodes.maxUnavailable is {max})")
}

fn hand_off(key: &str, to: &Destination, why: &HandOffStop) -> String {
    match why {
        HandOffStop::Person { since } => format!(
            "{key} was regenerated at {} and is not handed over yet: a person has to {}",
            minute(*since),
            to.task()
        ),
        HandOffStop::Obstacle(obstacle) => {
            format!("cannot hand {key} over: {}", in_the_way(to, obstacle))
        }
    }
}

/// What is in the way of a hand-off.
pub(super) fn in_the_way(to: &Destination, obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::NotOurs => {
            format!("{to} holds a value that afresh did not write for this resource")
        }
        Obstacle::Deleted { purged: None } => {
            format!("{to} was deleted, and its name is still taken")
        }
        Obstacle::Deleted { purged: Some(at) } => format!(
            "{to} was deleted, and its name is taken until {}",
            minute(*at)
        ),
        Obstacle::Unread(trouble) => format!("{to} could not be read: {trouble}"),
        Obstacle::CommandsOff => format!("{to} may not be run: commands are not allowed"),
        Obstacle::Unfit(why) => format!("{to} would refuse it: {why}"),
    }
}

fn either_key(is: fmt::Arguments<'_>) -> String {
    format!("one of the two keys is {is}, and no evidence tells which")
}

fn queue(run: RunId, queued: Option<Span>) -> String {
    match queued {
        Some(queued) => format!("waiting for run {run}, queued for {}", queued.rounded()),
        None => format!("waiting for run {run}, which is queued"),
    }
}

fn lost(run: RunId, since: Timestamp) -> String {
    format!(
        "run {run} of {} is not found any more, and its end was never seen",
        minute(since)
    )
}

fn undated(run: RunId) -> String {
    format!(
        "cannot judge how fresh it is: run {run} succeeded, and the service tells neither when it started nor when it ended"
    )
}

fn given_up(failures: u32) -> String {
    let failed = failed(failures);
    format!("given up after {failed}; any successful run resets the count")
}

fn busy(title: &str, since: Timestamp, by: Option<&str>) -> String {
    let by = by.map(|by| format!(" ({by})")).unwrap_or_default();
    let since = minute(since);
    format!("an apply that began to {title} at {since} may still be running{by}")
}
