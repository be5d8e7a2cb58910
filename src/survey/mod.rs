//! GATHER: desired × remembered × seen → [`Survey`]; the reading stage.
//!
//! Only what is needed is read: a subject that the ledger proves to be as promised costs no request. Selectors are expanded here, from the
//! lists that are read anyway. So two rules that select one subject are found here.
//!
//! This module decides nothing and writes nothing. The trouble of one subject does not stop the others.

pub mod access;
mod accounts;
mod destinations;
mod found;
pub mod inventory;
mod jobs;
mod keys;
mod log;
mod names;
mod proof;
mod resolve;
mod runtimes;
mod scene;
mod submissions;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use futures_util::future::join_all;

use self::found::Found;
pub use self::scene::Options;
use self::scene::Scene;
use crate::cloud::Reader;
use crate::model::address::Name;
use crate::model::connection::KeyConnection;
use crate::model::desired::{Desired, KeyAgeRule};
use crate::model::memory::Memory;
use crate::model::shard::{Part, Shard};
use crate::model::survey::{Subject, Survey};

/// Does the rule select a runtime of this name?
pub fn selects(rule: &KeyAgeRule, runtime: &str) -> bool {
    resolve::Matcher::new(rule).select(runtime).is_some()
}

/// Looks at every subject that the rules speak of, concurrently, one case for each.
pub async fn gather(
    desired: &Desired,
    memory: &Memory,
    reader: &Reader,
    options: &Options,
) -> Survey {
    gather_beside(&Survey::default(), desired, memory, reader, options).await
}

/// The same for other manifests, with what `first` has seen in the place of a second look: what is decided from both then differs by the
/// manifests alone. Only what `first` was not about is looked at, and jobs of which another history is needed.
pub async fn gather_beside(
    first: &Survey,
    desired: &Desired,
    memory: &Memory,
    reader: &Reader,
    options: &Options,
) -> Survey {
    let scene = Scene::new(desired, memory, reader, options).seeing(first);
    let with_keys: BTreeSet<&Name> = desired
        .key_ages
        .iter()
        .map(|rule| &rule.connection)
        .filter(|name| options.wants_connection(name))
        .collect();
    let workspaces: BTreeSet<&Name> = desired
        .job_runs
        .iter()
        .map(|rule| &rule.workspace)
        .filter(|name| options.wants_connection(name))
        .collect();
    let of_keys = join_all(
        with_keys
            .into_iter()
            .filter_map(|name| desired.key_connections.get(name))
            .map(|connection| of_connection(&scene, connection)),
    );
    let of_workspaces = join_all(
        workspaces
            .into_iter()
            .filter_map(|name| desired.workspaces.get(name))
            .map(|workspace| jobs::gather(&scene, workspace)),
    );
    let (of_keys, of_workspaces) = futures_util::future::join(of_keys, of_workspaces).await;

    let mut survey = Survey::default();
    for found in of_keys {
        survey.cases.extend(found.subjects);
        survey.skipped.extend(found.skipped);
    }
    for (cases, skipped) in of_workspaces {
        survey.cases.extend(cases);
        survey.skipped.extend(skipped);
    }
    survey.cases.retain(|case| options.wants(case.address()));
    survey
        .skipped
        .retain(|passed| options.wants(&passed.address));
    resolve::one_rule_each(&mut survey.cases);
    destinations::note(&scene, &mut survey.cases);
    survey.part = options.shard.map(|shard| part(shard, &mut survey.cases));
    destinations::look(&scene, &mut survey.cases).await;
    survey.cases.sort_by(|a, b| a.address().cmp(b.address()));
    survey.skipped.sort_by(|a, b| a.address.cmp(&b.address));
    survey.skipped.dedup();
    survey.logs = scene.logs.readings();
    survey.requests = reader.requests();
    survey.refresh = options.refresh;
    survey
}

/// Leaves other shards' subjects out, and counts them. What could not be found out may be any shard's.
fn part(shard: Shard, cases: &mut Vec<Subject>) -> Part {
    let found = cases.len();
    cases.retain(|case| {
        let subject = case.identity();
        subject.is_none_or(|subject| shard.holds(&subject))
    });
    Part {
        shard,
        left_out: found - cases.len(),
    }
}

/// Everything that the rules of one connection to resources with keys speak of.
async fn of_connection(scene: &Scene<'_>, connection: &KeyConnection) -> Found {
    match connection {
        KeyConnection::Factory(factory) => runtimes::gather(scene, factory).await,
        KeyConnection::Subscription(subscription) => accounts::gather(scene, subscription).await,
    }
}
