//! Turns of the keys of one factory, where nodes decide whether the next one may go.

use std::collections::BTreeMap;

use tokio::sync::{Mutex, MutexGuard};

use crate::model::verdict::{Plan, Step};

/// The keys of one factory that go one after the other: the next one when the nodes have been looked at after the last.
#[derive(Default)]
pub(super) struct Turns(BTreeMap<String, Mutex<Stopped>>);

/// Why no other key of a factory is regenerated.
type Stopped = Option<String>;

/// The right to regenerate a key of a factory.
pub(super) type Turn<'a> = MutexGuard<'a, Stopped>;

impl Turns {
    /// Factories in which a rule of the plan says how many nodes may be lost.
    pub(super) fn of(plan: &Plan) -> Self {
        let bounded = plan.acts().filter(|step| step.regenerates().is_some());
        let bounded = bounded.filter(|step| {
            let look = step.node_rule().look;
            look.is_some_and(|look| look.unavailable_max.is_some())
        });
        let holders = bounded.filter_map(|step| Some(step.target.as_ref()?.runtime()?.holder()));
        Self(holders.map(|holder| (holder, Mutex::default())).collect())
    }

    /// Waits until the nodes of the keys before it have been looked at; `None`: nothing bounds this factory, or no key goes.
    pub(super) async fn wait(&self, step: &Step) -> Option<Turn<'_>> {
        step.regenerates()?;
        let holder = step.target.as_ref()?.runtime()?.holder();
        let turn = self.0.get(&holder)?;
        Some(turn.lock().await)
    }
}
