//! Rules: what is promised of keys and of jobs.

use std::collections::BTreeMap;

use super::super::mark::At;
use super::super::problem::Problem;
use super::check::{self, KeyAgeLengths};
use super::declare::{either, record, words};
use super::json::Json;
use super::leaf::{
    AccountPattern, CronText, Filled, Instant, Reference, ResultWord, RuntimePattern, Truth,
};
use super::number::{Count, Length, Positive, Whole};
use super::parameter::ParameterText;
use super::suspend::SuspendText;
use crate::model::job::{Concurrency, Counting};
use crate::model::nodes::NodesRequired;
use crate::model::runtime::{OnStarvation, UnknownAge};

record! {
    /// No key of the selected integration runtimes or storage accounts gets older than `maxAge`.
    #[schemars(extend("oneOf" = [
        { "required": ["factory", "integrationRuntimes"], "not": { "anyOf": [{ "required": ["storageAccounts"] }, { "required": ["tags"] }] } },
        { "required": ["synapse", "integrationRuntimes"], "not": { "anyOf": [{ "required": ["storageAccounts"] }, { "required": ["tags"] }] } },
        { "required": ["subscription", "storageAccounts"], "not": { "required": ["integrationRuntimes"] } },
    ]))]
    KeyAgeSpec {
        /// A DataFactory document's name. Exactly one of `factory`, `synapse` and `subscription`.
        "factory" factory: Option<At<Reference>>,
        /// A SynapseWorkspace document's name.
        "synapse" synapse: Option<At<Reference>>,
        /// A Subscription document's name.
        "subscription" subscription: Option<At<Reference>>,
        /// With `factory` or `synapse`: names and globs (`*`, `?`): every self-hosted runtime that matches, also future ones.
        "integrationRuntimes" runtimes: Option<At<Vec<At<RuntimePattern>>>>,
        /// With `subscription`: names and globs (`*`, `?`): every storage account that matches, also future ones.
        "storageAccounts" accounts: Option<At<Vec<At<AccountPattern>>>>,
        /// With `subscription`: of the accounts that a glob matches, only those that have all of these tags.
        "tags" tags: Option<At<BTreeMap<String, String>>>,
        /// Names and globs of runtimes or storage accounts that are left out.
        "exclude" exclude: Option<Vec<At<RuntimePattern>>>,
        /// Whether a glob may select nothing. Default: `false`, a glob that selects nothing needs attention.
        "allowEmpty" allow_empty: Option<At<Truth>>,
        /// No key gets older than this.
        "maxAge" age_max: At<Length>,
        /// A key is due this long before it exceeds `maxAge`. Default: a tenth of `maxAge`, at least twice the `overlap`.
        "rotateBefore" rotate_before: Option<At<Length>>,
        /// Least time between regenerating the two keys of one runtime or storage account. Default: `24h`. It must be less than half of `maxAge`.
        "overlap" overlap: Option<At<Length>>,
        /// How an age that is not known exactly is judged. Default: `adopt`.
        "unknownAge" unknown_age: Option<At<UnknownAgeWord>>,
        /// Keys are regenerated only in these windows. Default: at any time. If a limit would be broken before the next window opens,
        /// `onWindowStarvation` says which of the two is kept.
        "windows" windows: Option<Vec<At<WindowText>>>,
        /// What happens if a limit would be broken before a window opens or a freeze ends. Default: `wait`.
        "onWindowStarvation" on_starvation: Option<At<OnStarvationWord>>,
        /// Spreads due times: each resource is due up to this much earlier, always by the same part of it. Default: 0.
        "jitter" jitter: Option<At<Length>>,
        /// Where the current key goes, each time that afresh regenerates one; the other key is not regenerated before all of it is done.
        "handOff" hand_offs: Option<Vec<At<HandOffText>>>,
        /// Which key is the current one. Default: `newest`.
        "serves" serves: Option<At<ServesWord>>,
        /// After a leak: a key that may have been made before this is due at once, whatever `unknownAge` says. Of the two keys of a runtime or
        /// account one goes first, and the other one after the `overlap`. It must not lie in the future.
        "bornAfter" born_after: Option<At<Instant>>,
        /// With `bornAfter`: what it makes due does not wait for windows, nor for freezes of the Project; those of a policy, guardrails and `overlap`
        /// hold. Default: `false`.
        "ignoreWindows" ignore_windows: Option<At<Truth>>,
        /// What is asked of the nodes of a runtime before and after one of its keys is regenerated. Default: nothing is required, and nothing is
        /// looked at afterwards.
        "nodes" nodes: Option<At<NodesText>>,
        /// Takes the rule out of action for a while. Its subjects are shown with the reason, and its promises are still judged.
        "suspend" suspend: Option<At<SuspendText>>,
    }
    check |findings| {
        if let (Some(limit), Some(rotate_before), Some(overlap), Some(jitter)) = (&age_max, &rotate_before, &overlap, &jitter) {
            let (rotate_before, overlap, jitter) = (rotate_before.as_ref(), overlap.as_ref(), jitter.as_ref());
            KeyAgeLengths { limit, rotate_before, overlap, jitter }.check(findings);
        }
        let written = hand_offs.iter().flatten().flatten();
        check::hand_offs(written.map(|at| (at.mark, at.value.is_empty())), findings);
        if let Some(Some(windows)) = &windows {
            check::windows(windows, findings);
        }
        if let (Some(None), Some(Some(ignored))) = (&born_after, &ignore_windows) {
            let problem = Problem::at(ignored.mark, "`ignoreWindows` goes with `bornAfter`: only what that makes due passes windows over");
            findings.add(problem.help("leave it out, or write `bornAfter: TIME`"));
        }
    }
}

record! {
    /// One place that the current key goes to.
    #[schemars(extend("oneOf" = [
        { "required": ["keyVault"], "not": { "required": ["timeout"] } },
        { "required": ["command"] },
        { "required": ["confirm"], "not": { "required": ["timeout"] } },
    ]))]
    HandOffText {
        /// A secret of a Key Vault gets a new version. Exactly one of `keyVault`, `command` and `confirm`.
        "keyVault" vault: Option<At<VaultText>>,
        /// A program and its arguments. It gets the key on its standard input, and is run only if the policy or `--allow-commands` allows it.
        "command" command: Option<At<Vec<Filled>>>,
        /// What a person has to do. It is done when `afresh ledger confirm` says so.
        "confirm" confirm: Option<At<Filled>>,
        /// With `command`: how long it may take, at most `10m`. Default: `5m`.
        "timeout" timeout: Option<At<Length>>,
    }
    check |findings| {
        if let (Some(vault), Some(command), Some(confirm), Some(timeout)) = (&vault, &command, &confirm, &timeout) {
            check::hand_off([
                vault.as_ref().map(|at| at.mark),
                command.as_ref().map(|at| at.mark),
                confirm.as_ref().map(|at| at.mark),
            ], command.as_ref(), timeout.as_ref(), findings);
        }
    }
}

impl HandOffText {
    /// Does it say nothing?
    pub const fn is_empty(&self) -> bool {
        self.vault.is_none() && self.command.is_none() && self.confirm.is_none()
    }
}

record! {
    /// A secret of a Key Vault.
    VaultText {
        /// The vault's name: `kv-data` of `https://kv-data.vault.azure.net`.
        "vault" vault: At<Filled>,
        /// The secret's name. `{runtime}`, `{account}`, `{factory}` and `{connection}` stand for the names of what has the key. With `{slot}` each
        /// of the two keys has a secret of its own.
        "secret" secret: At<Filled>,
        /// A Credential document's name. Default: that of the rule's connection.
        "credential" credential: Option<At<Reference>>,
        /// Whether a secret with versions that afresh did not write for this resource is taken over. Default: `false`, it needs attention.
        "adopt" adopt: Option<At<Truth>>,
    }
}

record! {
    /// What is asked of the nodes of a runtime.
    NodesText {
        /// Which nodes have to be online before a key is regenerated. Default: `any`.
        "require" require: Option<At<NodesRequiredWord>>,
        /// How long apply waits, after a key was regenerated, until the nodes that were online before have connected again: at most `1h`.
        /// Default: `5m`.
        "wait" wait: Option<At<Length>>,
        /// With more nodes that were online before and are not any more, no other key of the factory is regenerated. Default: the rest of the
        /// factory goes on.
        "maxUnavailable" unavailable_max: Option<At<Whole>>,
    }
    check |findings| {
        if let Some(Some(wait)) = &wait {
            check::nodes_wait(wait, findings);
        }
    }
}

words! {
    /// Which nodes have to be online before a key is regenerated.
    NodesRequiredWord(NodesRequired) {
        "allOnline" NodesRequired::AllOnline = "Every node. A runtime without nodes has none that is not.",
        "anyOnline" NodesRequired::AnyOnline = "At least one node.",
        "any" NodesRequired::Any = "None has to be. A plan tells which are offline.",
    }
}

/// Which key is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServesText {
    /// The one that was made last.
    Newest,
    /// The first key of a runtime.
    AuthKey1,
    /// The second key of a runtime.
    AuthKey2,
    /// The first key of a storage account.
    Key1,
    /// The second key of a storage account.
    Key2,
}

words! {
    /// Which key is the current one.
    ServesWord(ServesText) {
        "newest" ServesText::Newest = "The one that was made last: the two keys take turns.",
        "authKey1" ServesText::AuthKey1 = "Always the first key of a runtime.",
        "authKey2" ServesText::AuthKey2 = "Always the second key of a runtime.",
        "key1" ServesText::Key1 = "Always the first key of a storage account.",
        "key2" ServesText::Key2 = "Always the second key of a storage account.",
    }
}

words! {
    /// How an age that is not known exactly is judged.
    UnknownAgeWord(UnknownAge) {
        "adopt" UnknownAge::Adopt = "By the least age that it can have. A key that may be too old, and may not be, is not regenerated.",
        "rotate" UnknownAge::Rotate = "By the greatest age that it can have. A key that may be too old is regenerated.",
        "fail" UnknownAge::Fail = "Not at all. A key that may be too old, and may not be, is on hold until a person decides.",
    }
}

words! {
    /// What happens if a limit would be broken before a window opens or a freeze ends.
    OnStarvationWord(OnStarvation) {
        "wait" OnStarvation::Wait = "The window is kept, the limit is not.",
        "rotate" OnStarvation::Rotate = "The limits of both keys are kept, the window is not: they go earlier, also before a freeze that lasts too long.",
        "fail" OnStarvation::Fail = "A person decides.",
    }
}

record! {
    /// A recurring time in which keys may be regenerated. It opens by the clocks of its timezone and stays open for its length. If clocks go
    /// forward over the time at which it opens, it opens right after that; if they go back over it, it opens the first time.
    #[schemars(extend("oneOf" = [{ "required": ["timeZone"] }, { "required": ["timezone"] }]))]
    WindowText {
        /// When it opens.
        "cron" cron: At<CronText>,
        /// The IANA timezone of `cron`: `Europe/Paris`.
        "timeZone" time_zone: Option<At<Filled>>,
        /// The same as `timeZone`.
        "timezone" timezone: Option<At<Filled>>,
        /// How long it stays open.
        "duration" duration: At<Length>,
    }
    check |findings| {
        if let (Some(time_zone), Some(timezone)) = (&time_zone, &timezone) {
            let zone = check::time_zone(cron.as_ref(), [time_zone.as_ref(), timezone.as_ref()], findings);
            if let (Some(cron), Some(zone), Some(duration)) = (&cron, zone, &duration) {
                check::window(cron, zone, duration, findings);
            }
        }
    }
}

record! {
    /// The selected jobs have succeeded lately, are running, or are not; or a one-time run has succeeded.
    #[schemars(extend("oneOf" = [{ "required": ["job"] }, { "required": ["submit"] }]))]
    JobRunSpec {
        /// A DatabricksWorkspace document's name.
        "workspace" workspace: At<Reference>,
        /// Which jobs. Either this or `submit`.
        "job" job: Option<At<JobText>>,
        /// Whether the tags may select nothing. Default: `false`, tags that select nothing need attention.
        "allowEmpty" allow_empty: Option<At<Truth>>,
        /// The body of a one-time run, as `runs/submit` takes it: it succeeds once per content. Either this or `job`.
        "submit" submit: Option<At<BTreeMap<String, At<Json>>>>,
        /// What is promised.
        "require" require: At<RequireWord>,
        /// How old the newest success may be. With `require: succeeded` of a job.
        "freshness" freshness: Option<At<FreshnessText>>,
        /// A run that has been going for longer than this is cancelled.
        "maxDuration" duration_max: Option<At<Length>>,
        /// A run that has been queued for longer than this is cancelled. Default: `maxDuration`.
        "maxQueue" queue_max: Option<At<Length>>,
        /// What happens when a run is wanted while another is active. Default: `Forbid`. Of a one-time run: while one of an earlier
        /// content of this document is.
        "concurrencyPolicy" concurrency: Option<At<ConcurrencyWord>>,
        /// Results that count as success. Default: `[SUCCESS]`.
        "acceptResults" accept: Option<At<Vec<ResultWord>>>,
        /// Which runs count as a success. Default: `sameParameters`.
        "counts" counts: Option<At<CountsWord>>,
        /// When a failed run is tried again.
        "retry" retry: Option<At<RetryText>>,
        /// Job parameters of a started run: text, or `{env: AFRESH_PARAMETER_…}` for what apply takes from a variable.
        "parameters" parameters: Option<At<BTreeMap<String, At<ParameterText>>>>,
        /// How long apply waits for the end of a run that it started. Default: it does not.
        "waitFor" wait_for: Option<At<WaitText>>,
        /// Takes the rule out of action for a while. Its subjects are shown with the reason, and its promises are still judged.
        "suspend" suspend: Option<At<SuspendText>>,
    }
}

either! {
    /// Which jobs: by name, by id, or by tags.
    JobText {
        /// The one job of this exact name.
        "name" Name(Filled),
        /// The job of this id.
        "id" Id(Positive),
        /// Every job that has all of these tags.
        "tags" Tags(BTreeMap<String, String>),
    }
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Require {
    /// A success that is not too old.
    Succeeded,
    /// An active run.
    Running,
    /// No active run.
    NotRunning,
}

words! {
    /// What is promised.
    RequireWord(Require) {
        "succeeded" Require::Succeeded = "The newest accepted end is not older than `freshness.errorAfter`.",
        "running" Require::Running = "There is an active run that does not wait in a queue. A run is started if there is none.",
        "notRunning" Require::NotRunning = "No run is active or queued. A run that is gets cancelled.",
    }
}

record! {
    /// How old the newest success may be.
    #[expect(clippy::struct_field_names, reason = "they are called as in the manifest")]
    FreshnessText {
        /// A run is started once the newest success is older than this. Default: `errorAfter`, which is too late to keep the promise unless
        /// something else starts the job: leave as much time as a run takes.
        "startAfter" start_after: Option<At<Length>>,
        /// A success that is older than this is told as a warning. No run is started for it.
        "warnAfter" warn_after: Option<At<Length>>,
        /// Older than this breaks the promise; at most 60 days, for which Databricks keeps runs.
        "errorAfter" error_after: At<Length>,
    }
    check |findings| {
        if let (Some(start_after), Some(warn_after), Some(error_after)) = (&start_after, &warn_after, &error_after) {
            check::freshness(start_after.as_ref(), warn_after.as_ref(), error_after, findings);
        }
    }
}

words! {
    /// Which runs count as a success.
    CountsWord(Counting) {
        "sameParameters" Counting::SameParameters = "Runs of all tasks with the rule's `parameters`, and the job's defaults for the others.",
        "any" Counting::Any = "Every run of the job, whatever its parameters.",
    }
}

words! {
    /// What happens when a run is wanted while another is active.
    ConcurrencyWord(Concurrency) {
        "Forbid" Concurrency::Forbid = "Wait for it.",
        "Replace" Concurrency::Replace = "Cancel it, wait until it has ended, start.",
        "Allow" Concurrency::Allow = "Start beside it.",
    }
}

record! {
    /// When a failed run is tried again: after `backoff`, doubled with each failure since the last success, up to `backoffMax`.
    RetryText {
        /// Pause after the first failure. Default: `15m`.
        "backoff" backoff: Option<At<Length>>,
        /// Longest pause. Default: `6h`.
        "backoffMax" backoff_max: Option<At<Length>>,
        /// Failures in a row after which the job needs attention. Default: 5.
        "maxAttempts" attempts_max: Option<At<Count>>,
    }
}

record! {
    /// How long apply waits.
    WaitText {
        /// For the end of the run.
        "end" end: Length,
    }
}
