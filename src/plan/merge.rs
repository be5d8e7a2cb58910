//! One plan of the plans of all shards. Pure.
//!
//! The subjects were decided one by one, so that only what is decided about all of them together is left: which actions the guardrails let
//! through, and how long the plan is valid. Both are decided as for a plan of the whole. So the steps are those that one worker would
//! have decided.

use std::collections::BTreeMap;

use super::finish::{finish, sort, valid_until};
use super::nodes;
use super::openings::Rests;
use super::ration::{Rationed, ration};
use super::ruling::Draft;
use crate::limits::SHARDS_APART_MAX;
use crate::model::address::Address;
use crate::model::desired::Guardrails;
use crate::model::memory::{LogId, LogReading};
use crate::model::requests::Requests;
use crate::model::shard::Shard;
use crate::model::survey::{Refresh, Skipped};
use crate::model::time::{Freeze, Span, Timestamp, minute};
use crate::model::verdict::{Plan, Step};

/// Why plans are not the shards of one whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unmergeable {
    /// There is none.
    #[error("there is no plan to merge")]
    Nothing,
    /// One is about everything already.
    #[error("plan {0} of those named is not the plan of a shard: it is about all subjects")]
    Whole(usize),
    /// They were divided otherwise.
    #[error(
        "{0} and {1} are not shards of one whole: all must be made with the same number of shards"
    )]
    Divided(Shard, Shard),
    /// One is there twice.
    #[error("shard {0} is there twice")]
    Doubled(Shard),
    /// Some are not there.
    #[error("of {count} shards {} missing: {}", if .numbers.len() == 1 { "one is" } else { "these are" }, listed(.numbers))]
    Missing {
        /// Their numbers.
        numbers: Vec<u32>,
        /// Of how many.
        count: u32,
    },
    /// The first may be about another state of affairs than the last.
    #[error("the first of these plans is for {}, and the last for {}: more than {} apart", minute(*.first), minute(*.last), apart_max())]
    Apart {
        /// The time of the first.
        first: Timestamp,
        /// The time of the last.
        last: Timestamp,
    },
    /// They were read differently.
    #[error("the plans of shards {0} and {1} were made with different --refresh")]
    Refreshed(Shard, Shard),
    /// A subject of another shard.
    #[error("the plan of shard {0} is about {1}, which belongs to another shard")]
    Stray(Shard, Address),
}

fn listed(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    words.join(", ")
}

fn apart_max() -> Span {
    Span::seconds(SHARDS_APART_MAX.as_secs())
}

/// Makes one plan of the plans of all shards, in whatever order they come. It is decided for the time of the first of them.
///
/// # Errors
/// They are not all shards of one whole, each once.
pub fn merge(plans: Vec<Plan>, guardrails: &Guardrails) -> Result<Plan, Unmergeable> {
    let shards = in_order(plans)?;
    let times = || shards.values().map(|plan| plan.at);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return Err(Unmergeable::Nothing);
    };
    if Span::between(first, last) > apart_max() {
        return Err(Unmergeable::Apart { first, last });
    }
    let refresh = one_refresh(&shards)?;
    let mut whole = Whole::default();
    for (shard, plan) in shards {
        whole.add(shard, plan)?;
    }
    Ok(whole.decided(first, guardrails, refresh))
}

/// The plans by their shards, each of which is there once.
fn in_order(plans: Vec<Plan>) -> Result<BTreeMap<Shard, Plan>, Unmergeable> {
    let mut shards = BTreeMap::new();
    let mut count = None;
    for (index, plan) in plans.into_iter().enumerate() {
        let Some(part) = plan.part else {
            return Err(Unmergeable::Whole(index + 1));
        };
        let first = *count.get_or_insert(part.shard);
        if first.count() != part.shard.count() {
            return Err(Unmergeable::Divided(first, part.shard));
        }
        if shards.insert(part.shard, plan).is_some() {
            return Err(Unmergeable::Doubled(part.shard));
        }
    }
    let Some(count) = count.map(Shard::count) else {
        return Err(Unmergeable::Nothing);
    };
    let is_there =
        |number: &u32| Shard::new(*number, count).is_ok_and(|one| shards.contains_key(&one));
    let numbers: Vec<u32> = (1..=count).filter(|number| !is_there(number)).collect();
    if numbers.is_empty() {
        Ok(shards)
    } else {
        Err(Unmergeable::Missing { numbers, count })
    }
}

fn one_refresh(shards: &BTreeMap<Shard, Plan>) -> Result<Refresh, Unmergeable> {
    let mut all = shards.iter();
    let (first, plan) = all.next().ok_or(Unmergeable::Nothing)?;
    match all.find(|(_, other)| other.refresh != plan.refresh) {
        Some((other, _)) => Err(Unmergeable::Refreshed(*first, *other)),
        None => Ok(plan.refresh),
    }
}

/// What the shards add up to.
#[derive(Default)]
struct Whole {
    drafts: Vec<Draft>,
    skipped: Vec<Skipped>,
    freezes: Vec<Freeze>,
    logs: BTreeMap<LogId, Vec<LogReading>>,
    requests: Requests,
}

impl Whole {
    fn add(&mut self, shard: Shard, plan: Plan) -> Result<(), Unmergeable> {
        let strays = |step: &&Step| step.target.is_some() && !step.is_in(shard);
        if let Some(stray) = plan.steps.iter().find(strays) {
            return Err(Unmergeable::Stray(shard, stray.address.clone()));
        }
        self.drafts.extend(plan.steps.into_iter().map(draft));
        self.skipped.extend(plan.skipped);
        for freeze in plan.freezes {
            if !self.freezes.contains(&freeze) {
                self.freezes.push(freeze);
            }
        }
        for log in plan.logs {
            add_log(self.logs.entry(log.log.clone()).or_default(), log);
        }
        for (class, kinds) in plan.requests {
            let sums = self.requests.entry(class).or_default();
            for (kind, sent) in kinds {
                *sums.entry(kind).or_default() += sent;
            }
        }
        Ok(())
    }

    fn decided(mut self, at: Timestamp, guardrails: &Guardrails, refresh: Refresh) -> Plan {
        sort(&mut self.drafts);
        // What no shard could find out stands in the plan of each that tried.
        self.drafts.dedup_by(|next, one| {
            next.step.target.is_none()
                && one.step.target.is_none()
                && (&next.step.address, &next.step.rule) == (&one.step.address, &one.step.rule)
        });
        self.skipped
            .sort_by(|a, b| (&a.address, &a.why).cmp(&(&b.address, &b.why)));
        self.skipped.dedup();
        // Nodes that a runtime of one shard has lost hold the rest of its factory, in whatever shard.
        nodes::hold(&mut self.drafts);
        let Rationed { exceeded, refused } = ration(&mut self.drafts, guardrails);
        let next_freeze = Rests::of(&self.freezes).next(at).map(|rest| rest.from);
        Plan {
            at,
            valid_until: valid_until(&self.drafts, at, next_freeze),
            steps: self.drafts.into_iter().map(finish).collect(),
            skipped: self.skipped,
            freezes: self.freezes,
            exceeded,
            refused,
            logs: self.logs.into_values().flatten().collect(),
            requests: self.requests,
            refresh,
            part: None,
        }
    }
}

/// A step of a shard's plan as it was before it was finished.
fn draft(mut step: Step) -> Draft {
    let known = step.candidate.take().unwrap_or_default();
    Draft {
        broken_at: known.broken_at,
        attention: step.attention,
        proposal_ends: known.ends_at,
        step,
    }
}

/// Shards read the log of one group at about the same time. A reading within another tells nothing more.
fn add_log(known: &mut Vec<LogReading>, log: LogReading) {
    let covers = |one: &LogReading, other: &LogReading| {
        one.span.since <= other.span.since && other.span.until <= one.span.until
    };
    if known.iter().any(|one| covers(one, &log)) {
        return;
    }
    known.retain(|one| !covers(&log, one));
    known.push(log);
}
