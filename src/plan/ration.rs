//! Guardrails: how much one apply may do. The most urgent actions go first; a step is done whole or not at all.

use std::collections::BTreeMap;

use super::ruling::Draft;
use super::urgency::urgency;
use crate::model::desired::{Guardrails, OnExceed};
use crate::model::key_service::KeyService;
use crate::model::verdict::{Action, Exceeded, Hold, Verdict};

/// Guardrails that were reached, and whether that refuses the whole plan.
#[derive(Default)]
pub(super) struct Rationed {
    pub(super) exceeded: Vec<Exceeded>,
    pub(super) refused: bool,
}

/// What a step takes of one guardrail.
struct Demand {
    guardrail: String,
    limit: u32,
    actions: u32,
}

/// Turns the least urgent acts beyond a guardrail into holds, or refuses the plan.
pub(super) fn ration(drafts: &mut [Draft], guardrails: &Guardrails) -> Rationed {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_cached_key(|index| drafts.get(*index).map(urgency));
    let names = connections(drafts);
    let mut wanted: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut taken: BTreeMap<String, u32> = BTreeMap::new();
    for index in order {
        let Some(draft) = drafts.get_mut(index) else {
            continue;
        };
        let demands = demands(draft, guardrails, &names);
        for demand in &demands {
            let sum = wanted
                .entry(demand.guardrail.clone())
                .or_insert((demand.limit, 0));
            sum.1 = sum.1.saturating_add(demand.actions);
        }
        let over = demands.iter().find(|demand| {
            let before = taken.get(&demand.guardrail).copied().unwrap_or(0);
            before.saturating_add(demand.actions) > demand.limit
        });
        match over {
            Some(over) if guardrails.on_exceed == OnExceed::Defer => {
                let guardrail = format!("{}: {}", over.guardrail, over.limit);
                let why = Hold::Deferred { guardrail };
                draft.step.verdict = Verdict::Hold { why, until: None };
                // What is left of it is for nobody who is less urgent; only what can never fit keeps nobody waiting.
                if over.actions <= over.limit {
                    taken.insert(over.guardrail.clone(), over.limit);
                }
            }
            _ => {
                for demand in demands {
                    let sum = taken.entry(demand.guardrail).or_insert(0);
                    *sum = sum.saturating_add(demand.actions);
                }
            }
        }
    }
    report(wanted, guardrails.on_exceed)
}

fn report(wanted: BTreeMap<String, (u32, u32)>, on_exceed: OnExceed) -> Rationed {
    let exceeded: Vec<Exceeded> = wanted
        .into_iter()
        .filter(|(_, (limit, wanted))| wanted > limit)
        .map(|(guardrail, (limit, wanted))| Exceeded {
            guardrail,
            limit,
            wanted,
        })
        .collect();
    Rationed {
        refused: on_exceed == OnExceed::Fail && !exceeded.is_empty(),
        exceeded,
    }
}

/// What a step takes of each guardrail that bounds it.
fn demands(
    draft: &Draft,
    guardrails: &Guardrails,
    names: &BTreeMap<String, String>,
) -> Vec<Demand> {
    let Verdict::Act { actions, .. } = &draft.step.verdict else {
        return Vec::new();
    };
    let count = |wanted: fn(&Action) -> bool| {
        u32::try_from(actions.iter().filter(|action| wanted(action)).count()).unwrap_or(u32::MAX)
    };
    let keys = count(|action| action.regenerated().is_some());
    let runs = count(Action::starts_a_run);
    let cancels = count(|action| action.cancelled().is_some());
    let (service, holder) = holder(draft).unwrap_or_default();
    let name = names.get(&holder).map(String::as_str).unwrap_or_default();
    [
        (
            "maxRegenerations.perApply".to_owned(),
            guardrails.regenerations_per_apply,
            keys,
        ),
        (
            format!("{} of {name}", service.guardrail()),
            guardrails.regenerations_within(service),
            keys,
        ),
        (
            "maxRuns.perApply".to_owned(),
            guardrails.runs_per_apply,
            runs,
        ),
        (
            "maxCancellations.perApply".to_owned(),
            guardrails.cancellations_per_apply,
            cancels,
        ),
    ]
    .into_iter()
    .filter(|(_, _, actions)| *actions > 0)
    .filter_map(|(guardrail, limit, actions)| {
        Some(Demand {
            guardrail,
            limit: limit?,
            actions,
        })
    })
    .collect()
}

/// One name for each factory and subscription, whatever connections lead to it: that of its first address.
fn connections(drafts: &[Draft]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for draft in drafts {
        if let Some((_, id)) = holder(draft) {
            names
                .entry(id)
                .or_insert_with(|| draft.step.address.connection.to_string());
        }
    }
    names
}

/// Whose keys a step is about, and the ARM id of what holds the resource, in lower case: a runtime's factory, an account's subscription.
fn holder(draft: &Draft) -> Option<(KeyService, String)> {
    let target = draft.step.target.as_ref()?.runtime()?;
    Some((KeyService::of(&target.id), target.holder()))
}
