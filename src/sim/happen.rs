//! What happens meanwhile to keys, factories, runtimes and rights.
//!
//! It can happen only to what exists. The whole list is tried when a world file is loaded, so a file that asks for more is an error.

use jiff::Timestamp;

use super::digest;
use super::key::{Making, Pair};
use super::meanwhile::{Happening, Holder, MoveFactory, Pending, RegenerateKey, RestoreKey, Right};
use super::operation::Operation;
use super::world::{Factory, Lineage, Runtime, World};

/// Who does what nobody else is named for.
pub(crate) const OPERATOR: &str = "operator@example.com";

/// Where a runtime is: subscription, factory, runtime.
type Place = (usize, usize, usize);

impl World {
    /// Tries everything that is going to happen on a copy. The error names the entry that cannot.
    pub(crate) fn rehearse(&self) -> Result<(), String> {
        let mut copy = self.clone();
        for Pending { at, happening } in &self.meanwhile {
            if *at < self.beginning {
                return Err(format!(
                    "meanwhile: {at} lies before the beginning of this world, {}",
                    self.beginning
                ));
            }
            copy.happen(happening, *at)
                .map_err(|what| format!("meanwhile: at {at}: {what}"))?;
        }
        Ok(())
    }

    /// Lets one thing happen at its instant.
    pub(crate) fn happen(&mut self, happening: &Happening, at: Timestamp) -> Result<(), String> {
        match happening {
            Happening::RegenerateKey(what) => self.regenerate_by_others(what, at),
            Happening::SwapKeys(what) => self.swap_keys(what.holder()?, at),
            Happening::RestoreKey(what) => self.restore_key(what, at),
            Happening::DeleteRuntime(what) => self.delete_runtime(&what.runtime, at).map(|_| ()),
            Happening::RecreateRuntime(what) => self.recreate_runtime(&what.runtime, at),
            Happening::MoveFactory(what) => self.move_factory(what, at),
            Happening::DeleteStorageAccount(what) => {
                self.delete_account(&what.storage_account, at).map(|_| ())
            }
            Happening::RecreateStorageAccount(what) => {
                self.recreate_account(&what.storage_account, at)
            }
            Happening::MoveStorageAccount(what) => self.move_account(what, at),
            Happening::WriteSecret(what) => self.write_secret(what, at),
            Happening::DisableSecret(what) => self.disable_secret(what, at),
            Happening::DeleteSecret(what) => self.delete_secret(what, at),
            Happening::RecoverSecret(what) => self.recover_secret(what, at),
            Happening::PurgeSecret(what) => self.purge_secret(what, at),
            Happening::Forbid(right) => self.forbid(right, |list, operation| {
                list.push(operation);
            }),
            Happening::Allow(right) => self.forbid(right, |list, operation| {
                list.retain(|one| !operation.covers(*one));
            }),
            Happening::LogDelay(delay) => {
                self.settings.log_delays.push((at, delay.0));
                Ok(())
            }
            Happening::DeleteJob(_)
            | Happening::RecreateJob(_)
            | Happening::RenameJob(_)
            | Happening::SetParameters(_)
            | Happening::PauseJob(_)
            | Happening::UnpauseJob(_)
            | Happening::StartJob(_)
            | Happening::CancelRuns(_)
            | Happening::RepairRun(_)
            | Happening::DeleteRuns(_) => self.happen_to_job(happening, at),
        }
    }

    fn runtime_place(&self, name: &str) -> Result<Place, String> {
        let (factory, runtime) = name
            .rsplit_once('/')
            .ok_or_else(|| format!("`{name}` is not a runtime: write `factory/runtime`"))?;
        let (subscription, factory) = self.factory_place(factory)?;
        let runtimes = &self.subscriptions[subscription].factories[factory].runtimes;
        let place = runtimes
            .iter()
            .position(|one| one.name.eq_ignore_ascii_case(runtime));
        let place = place.ok_or_else(|| format!("there is no runtime `{name}`"))?;
        Ok((subscription, factory, place))
    }

    fn factory_place(&self, name: &str) -> Result<(usize, usize), String> {
        let (wanted, factory) = match name.split_once('/') {
            Some((subscription, factory)) => (Some(subscription), factory),
            None => (None, name),
        };
        let mut found = None;
        for (place, subscription) in self.subscriptions.iter().enumerate() {
            if wanted.is_some_and(|id| !id.eq_ignore_ascii_case(&subscription.id)) {
                continue;
            }
            let own = subscription.factories.iter().enumerate();
            let own = own.filter(|(_, one)| one.name.eq_ignore_ascii_case(factory));
            for (own, _) in own {
                let Some((other, _)) = found.replace((place, own)) else {
                    continue;
                };
                return Err(if other == place {
                    format!(
                        "resources of two services are called `{name}`: nothing can happen to one of them alone"
                    )
                } else {
                    format!(
                        "two subscriptions have a factory `{name}`: write `subscription/{name}`"
                    )
                });
            }
        }
        found.ok_or_else(|| format!("there is no factory or workspace `{name}` with runtimes"))
    }

    fn runtime_at(&mut self, (subscription, factory, runtime): Place) -> &mut Runtime {
        &mut self.subscriptions[subscription].factories[factory].runtimes[runtime]
    }

    /// The two keys of what an entry names.
    fn keys_of(&mut self, holder: Holder) -> Result<&mut Pair, String> {
        match holder {
            Holder::Runtime(name) => {
                let place = self.runtime_place(name)?;
                Ok(&mut self.runtime_at(place).keys)
            }
            Holder::Account(name) => Ok(&mut self.account_named(name)?.keys),
        }
    }

    pub(super) fn subscription_place(&self, id: &str) -> Result<usize, String> {
        let mut all = self.subscriptions.iter();
        all.position(|one| one.id.eq_ignore_ascii_case(id))
            .ok_or_else(|| format!("there is no subscription `{id}`"))
    }

    pub(super) fn making(&self, name: &str, at: Timestamp, caller: &str) -> Making {
        Making {
            at,
            caller: caller.to_owned(),
            client_request: None,
            correlation: digest::guid(&[&self.root(), "meanwhile", name, &at.to_string()]),
            value: None,
            silent: false,
        }
    }

    fn regenerate_by_others(&mut self, what: &RegenerateKey, at: Timestamp) -> Result<(), String> {
        let holder = what.holder()?;
        let caller = what.by.as_deref().unwrap_or(OPERATOR);
        for slot in holder.places(what.key)? {
            let name = format!("{holder} {slot}");
            let mut making = self.making(&name, at, caller);
            making.client_request.clone_from(&what.request_id);
            making.silent = !what.logged;
            self.keys_of(holder)?.remake(*slot, making, None);
        }
        Ok(())
    }

    fn swap_keys(&mut self, holder: Holder, at: Timestamp) -> Result<(), String> {
        let silent = Making {
            silent: true,
            ..self.making(&holder.to_string(), at, OPERATOR)
        };
        self.keys_of(holder)?.swap(&silent);
        Ok(())
    }

    fn restore_key(&mut self, what: &RestoreKey, at: Timestamp) -> Result<(), String> {
        let holder = what.holder()?;
        let silent = Making {
            silent: true,
            ..self.making(&holder.to_string(), at, OPERATOR)
        };
        for slot in holder.places(what.key)? {
            self.keys_of(holder)?.restore(*slot, what.back, &silent);
        }
        Ok(())
    }

    /// Takes a runtime out of the world and leaves its log. Gives the runtime, and where its factory is.
    fn delete_runtime(
        &mut self,
        name: &str,
        at: Timestamp,
    ) -> Result<(usize, usize, Runtime), String> {
        let (subscription, factory, runtime) = self.runtime_place(name)?;
        let deleted = self.making(&format!("{name} deleted"), at, OPERATOR);
        let subscription_of = &mut self.subscriptions[subscription];
        let own = &mut subscription_of.factories[factory];
        let runtime = own.runtimes.remove(runtime);
        let mut past = runtime.clone();
        past.deleted = Some(deleted);
        let past = Factory {
            runtimes: vec![past].into(),
            ..own.clone()
        };
        subscription_of.gone.push(past.until(at));
        Ok((subscription, factory, runtime))
    }

    fn recreate_runtime(&mut self, name: &str, at: Timestamp) -> Result<(), String> {
        let (subscription, factory, old) = self.delete_runtime(name, at)?;
        let made = self.making(name, at, OPERATOR);
        let runtime = Runtime {
            created: at,
            life: old.life.saturating_add(1),
            lineage: None,
            keys: Pair::new(&made),
            ..old
        };
        let factory = &mut self.subscriptions[subscription].factories[factory];
        factory.runtimes.push(runtime);
        Ok(())
    }

    fn move_factory(&mut self, what: &MoveFactory, at: Timestamp) -> Result<(), String> {
        let (from, place) = self.factory_place(&what.factory)?;
        let into = match &what.subscription {
            None => from,
            Some(id) => self.subscription_place(id)?,
        };
        let old_subscription = self.subscriptions[from].id.clone();
        let past = self.subscriptions[from].factories.remove(place);
        let mut moved = past.clone();
        if let Some(group) = &what.resource_group {
            moved.resource_group.clone_from(group);
        }
        if let Some(name) = &what.name {
            moved.name.clone_from(name);
        }
        let taken = &self.subscriptions[into].factories;
        let is_it = |one: &Factory| {
            one.provider == moved.provider && one.name.eq_ignore_ascii_case(&moved.name)
        };
        if taken.iter().any(is_it) {
            return Err(format!("`{}` is there already", moved.name));
        }
        for runtime in moved.runtimes.rewrite() {
            runtime.lineage.get_or_insert_with(|| Lineage {
                subscription: old_subscription.clone(),
                factory: past.name.clone(),
            });
            // The log of what was stays where it was written.
            runtime.keys.silence(at);
        }
        self.subscriptions[from].gone.push(past.until(at));
        self.subscriptions[into].factories.push(moved);
        Ok(())
    }

    fn forbid(
        &mut self,
        right: &Right,
        change: impl Fn(&mut Vec<Operation>, Operation),
    ) -> Result<(), String> {
        let named = [
            right.subscription.is_some(),
            right.factory.is_some(),
            right.runtime.is_some(),
            right.storage_account.is_some(),
            right.vault.is_some(),
            right.job.is_some() || right.workspace.is_some(),
        ];
        if named.into_iter().filter(|named| *named).count() != 1 || right.operations.is_empty() {
            return Err(
                "a right needs `operations` and one of `subscription`, `factory`, `runtime`, `storageAccount`, `vault`, `job` and `workspace`".to_owned(),
            );
        }
        let mut log = Vec::new();
        let list = if let Some(name) = &right.runtime {
            let place = self.runtime_place(name)?;
            &mut self.runtime_at(place).forbidden
        } else if let Some(name) = &right.storage_account {
            &mut self.account_named(name)?.forbidden
        } else if let Some(name) = &right.vault {
            &mut self.vault_named(name)?.forbidden
        } else if let Some(name) = &right.factory {
            let (subscription, factory) = self.factory_place(name)?;
            &mut self.subscriptions[subscription].factories[factory].forbidden
        } else if let Some(id) = &right.subscription {
            return self.forbid_log(id, &right.operations, |operation| {
                change(&mut log, operation);
                !log.is_empty()
            });
        } else if let Some(job) = &right.job {
            let (workspace, place) = self.job_place(job, right.workspace.as_deref())?;
            &mut self.workspaces[workspace].jobs[place].forbidden
        } else {
            let host = right.workspace.as_deref().unwrap_or_default();
            let place = self.workspace_place(host)?;
            &mut self.workspaces[place].forbidden
        };
        for operation in &right.operations {
            change(list, *operation);
        }
        Ok(())
    }

    /// Of a whole subscription only the Activity Log can be closed: `closed` tells whether it is now.
    fn forbid_log(
        &mut self,
        id: &str,
        operations: &[Operation],
        mut closed: impl FnMut(Operation) -> bool,
    ) -> Result<(), String> {
        let mut all = self.subscriptions.iter_mut();
        let own = all.find(|one| one.id.eq_ignore_ascii_case(id));
        let own = own.ok_or_else(|| format!("there is no subscription `{id}`"))?;
        for operation in operations {
            if *operation != Operation::ActivityLog {
                return Err(format!(
                    "`{}` is not a right of a subscription: name its factory, runtime or storage account; only `activityLog` is",
                    operation.name()
                ));
            }
            own.activity_log_readable = !closed(*operation);
        }
        Ok(())
    }
}

impl Factory {
    /// What had been told of it until it went elsewhere.
    fn until(mut self, at: Timestamp) -> Self {
        for runtime in self.runtimes.rewrite() {
            runtime.keys.cut(at);
        }
        self
    }
}
