//! Where keys are handed over, as text, and what a person can do where that is stuck.

use super::label::labelled;
use super::remedy::Remedy;
use crate::escape::line;
use crate::model::key_service::KeyService;
use crate::model::time::minute;
use crate::model::verdict::{
    HandOffFacts, HandOffGap, HandOffState, HandOffStop, Hold, Obstacle, RuntimeFacts, Step,
    Verdict,
};
use crate::review::hold::in_the_way;

/// How each hand-off stands, for `why`.
pub(super) fn why(facts: &RuntimeFacts, service: KeyService) -> Vec<String> {
    let all = facts.hand_offs.iter().enumerate();
    let lines = all.map(|(index, one)| {
        let label = if index == 0 { "hand-off" } else { "" };
        labelled(label, &line(&standing(one, service)))
    });
    lines.collect()
}

/// `authKey1 to keyVault kv-data/gateway-west: there since 2026-11-22 09:00 UTC`.
pub(in crate::review) fn standing(one: &HandOffFacts, service: KeyService) -> String {
    let to = &one.to;
    let state = match &one.state {
        HandOffState::Done {
            since: Some(since),
            is_seen: true,
            ..
        } => format!("there since {}", minute(*since)),
        HandOffState::Done {
            since: Some(since),
            is_seen: false,
            ..
        } => format!("handed over at {}, by the ledger", minute(*since)),
        HandOffState::Done { since: None, .. } => "there".to_owned(),
        HandOffState::Due(gap) => HandOffGap {
            to: to.clone(),
            gap: gap.clone(),
        }
        .to_string(),
        HandOffState::Waits { since } => {
            format!("waits for a person since {}", minute(*since))
        }
        HandOffState::Blocked(why) => in_the_way(to, why),
        HandOffState::Unknown => "not known: it was not read, or the key was never seen".to_owned(),
        HandOffState::NotOwed => "nothing to hand over before afresh regenerates a key".to_owned(),
    };
    format!("{} to {to}: {state}", service.key_name(one.slot))
}

/// What ends the hold of a hand-off.
pub(super) fn remedies(step: &Step, address: &str) -> Vec<Remedy> {
    let Verdict::Hold {
        why: Hold::HandOff { to, why, .. },
        ..
    } = &step.verdict
    else {
        return Vec::new();
    };
    let to = to.to_string();
    let confirm =
        |what: &str| Remedy::by(what, &["ledger", "confirm", address, "--destination", &to]);
    match why {
        HandOffStop::Person { .. } => vec![confirm("when it is done, record that")],
        HandOffStop::Obstacle(Obstacle::NotOurs) => vec![Remedy::only(
            "name another secret in the rule, or let afresh take this one over: `adopt: true`",
        )],
        HandOffStop::Obstacle(Obstacle::Deleted { .. }) => vec![Remedy::only(
            "recover or purge the deleted secret, or name another one in the rule",
        )],
        HandOffStop::Obstacle(Obstacle::CommandsOff) => vec![Remedy::only(
            "allow this command in the policy, or give --allow-commands",
        )],
        HandOffStop::Obstacle(Obstacle::Unread(_)) => vec![Remedy::only(
            "grant the right to read the metadata of secrets (Key Vault Reader), or mend the name of the vault",
        )],
        HandOffStop::Obstacle(Obstacle::Unfit(_)) => {
            vec![Remedy::only(
                "remove tags from the secret, or name another one in the rule",
            )]
        }
    }
}
