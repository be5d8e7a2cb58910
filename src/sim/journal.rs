//! What a request has changed, as a line: for each place that was written what is there now, not what was done. So a line can be put
//! back any number of times, and nothing of the world has to be done again.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::fault::Fault;
use super::person::Code;
use super::run::Run;
use super::secret::Secret;
use super::shelf::Shelf;
use super::world::{Effects, Job, Runtime, Submit, Subscription, Workspace, World};

/// One line: where the hand of the world's clock stands, and every place that has changed since the line before.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line<'a> {
    hand: Option<Timestamp>,
    runs_without_token: u64,
    changes: Vec<Change<'a>>,
}

/// A place, and what is there now. Numbers are places in the lists of the world, outermost first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Change<'a> {
    Fault(usize, Cow<'a, Fault>),
    Code(usize, Cow<'a, Code>),
    Account(usize, usize, Cow<'a, Account>),
    Runtime(usize, usize, usize, Cow<'a, Runtime>),
    Job(usize, usize, Cow<'a, Job>),
    Run(usize, usize, Cow<'a, Run>),
    Submit(usize, Cow<'a, Submit>),
    Secret(usize, usize, Cow<'a, Secret>),
    Token(usize, String, u64),
    Regenerations(String, u64),
    RunsByToken(String, u64),
    Cancellations(u64, u64),
    SecretVersions(String, u64),
}

/// Changes as they are collected; `None` once one of them cannot be told by its place.
type Changes<'a> = Option<Vec<Change<'a>>>;

impl World {
    /// Everything that has changed since this was last asked; `None` if that is told by the whole world only. Then all counts as kept.
    pub(crate) fn line(&mut self) -> Option<Line<'_>> {
        let mut changes = (!self.rewritten).then(Vec::new);
        self.rewritten = false;
        marked(&mut self.faults, &mut changes, Change::Fault);
        marked(&mut self.codes, &mut changes, Change::Code);
        for (place, subscription) in self.subscriptions.iter_mut().enumerate() {
            of_subscription(place, subscription, &mut changes);
        }
        for (place, workspace) in self.workspaces.iter_mut().enumerate() {
            of_workspace(place, workspace, &mut changes);
        }
        for (place, vault) in self.vaults.iter_mut().enumerate() {
            let secret = |own, it| Change::Secret(place, own, it);
            marked(&mut vault.secrets, &mut changes, secret);
        }
        of_effects(&mut self.effects, &mut changes);
        Some(Line {
            hand: self.hand,
            runs_without_token: self.effects.runs_without_token,
            changes: changes?,
        })
    }

    /// Puts back what a line tells. The error says what of it does not fit this world.
    pub(crate) fn put_back(&mut self, line: Line<'_>) -> Result<(), &'static str> {
        self.hand = line.hand;
        self.effects.runs_without_token = line.runs_without_token;
        for change in line.changes {
            self.put_change(change)
                .filter(|fits| *fits)
                .ok_or("it tells of a place that is not there")?;
        }
        Ok(())
    }

    /// `None` or `false`: this world does not have the place.
    fn put_change(&mut self, change: Change<'_>) -> Option<bool> {
        let Self {
            subscriptions,
            workspaces,
            vaults,
            effects,
            ..
        } = self;
        Some(match change {
            Change::Fault(place, it) => self.faults.restore(place, it.into_owned()),
            Change::Code(place, it) => self.codes.restore(place, it.into_owned()),
            Change::Account(subscription, place, it) => {
                let accounts = &mut subscriptions.get_mut(subscription)?.storage_accounts;
                accounts.restore(place, it.into_owned())
            }
            Change::Runtime(subscription, factory, place, it) => {
                let factories = &mut subscriptions.get_mut(subscription)?.factories;
                let runtimes = &mut factories.get_mut(factory)?.runtimes;
                runtimes.restore(place, it.into_owned())
            }
            Change::Job(workspace, place, it) => {
                let jobs = &mut workspaces.get_mut(workspace)?.jobs;
                jobs.restore(place, it.into_owned())
            }
            Change::Run(workspace, place, it) => {
                let runs = &mut workspaces.get_mut(workspace)?.runs;
                runs.restore(place, it.into_owned())
            }
            Change::Submit(workspace, it) => {
                let submit = &mut workspaces.get_mut(workspace)?.submit;
                submit.restore(0, it.into_owned())
            }
            Change::Secret(vault, place, it) => {
                let secrets = &mut vaults.get_mut(vault)?.secrets;
                secrets.restore(place, it.into_owned())
            }
            Change::Token(workspace, token, run) => {
                let tokens = &mut workspaces.get_mut(workspace)?.idempotency;
                tokens.restore(token, run);
                true
            }
            Change::Regenerations(key, count) => {
                effects.regenerations.restore(key, count);
                true
            }
            Change::RunsByToken(token, count) => {
                effects.runs_by_token.restore(token, count);
                true
            }
            Change::Cancellations(run, count) => {
                effects.cancellations.restore(run, count);
                true
            }
            Change::SecretVersions(secret, count) => {
                effects.secret_versions.restore(secret, count);
                true
            }
        })
    }
}

/// Adds every entry of a list that was written.
fn marked<'a, T: Clone>(
    shelf: &'a mut Shelf<T>,
    changes: &mut Changes<'a>,
    change: impl Fn(usize, Cow<'a, T>) -> Change<'a>,
) {
    let marks = shelf.take_unkept();
    if marks.all {
        *changes = None;
    }
    let Some(changes) = changes else { return };
    let shelf = &*shelf;
    let written = marks.places.into_iter();
    let written = written.filter_map(|place| Some((place, Cow::Borrowed(shelf.get(place)?))));
    changes.extend(written.map(|(place, entry)| change(place, entry)));
}

fn of_subscription<'a>(
    place: usize,
    subscription: &'a mut Subscription,
    changes: &mut Changes<'a>,
) {
    let account = |own, it| Change::Account(place, own, it);
    marked(&mut subscription.storage_accounts, changes, account);
    for (factory, one) in subscription.factories.iter_mut().enumerate() {
        let runtime = |own, it| Change::Runtime(place, factory, own, it);
        marked(&mut one.runtimes, changes, runtime);
    }
}

fn of_workspace<'a>(place: usize, workspace: &'a mut Workspace, changes: &mut Changes<'a>) {
    marked(&mut workspace.jobs, changes, |own, it| {
        Change::Job(place, own, it)
    });
    marked(&mut workspace.runs, changes, |own, it| {
        Change::Run(place, own, it)
    });
    marked(&mut workspace.submit, changes, |_, it| {
        Change::Submit(place, it)
    });
    let tokens = workspace.idempotency.take_unkept();
    extend(
        changes,
        tokens.map(|(token, run)| Change::Token(place, token, run)),
    );
}

fn of_effects(effects: &mut Effects, changes: &mut Changes<'_>) {
    let regenerations = effects.regenerations.take_unkept();
    extend(
        changes,
        regenerations.map(|(key, count)| Change::Regenerations(key, count)),
    );
    let runs = effects.runs_by_token.take_unkept();
    extend(
        changes,
        runs.map(|(token, count)| Change::RunsByToken(token, count)),
    );
    let cancellations = effects.cancellations.take_unkept();
    extend(
        changes,
        cancellations.map(|(run, count)| Change::Cancellations(run, count)),
    );
    let versions = effects.secret_versions.take_unkept();
    extend(
        changes,
        versions.map(|(secret, count)| Change::SecretVersions(secret, count)),
    );
}

fn extend<'a>(changes: &mut Changes<'a>, more: impl Iterator<Item = Change<'a>>) {
    if let Some(changes) = changes {
        changes.extend(more);
    }
}
