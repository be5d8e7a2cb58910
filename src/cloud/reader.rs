//! Reads from the cloud. Nothing is changed by it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::permissions::{of_factory, of_subscription};
use super::access::vault::of_vault;
use super::access::workspace::{Me, may_run, of_workspace};
use super::activity::ActivityLog;
use super::answer::{
    Dated, History, ListedAccount, ListedHolder, ListedJob, ListedRuntime, LogStretch,
    RuntimeStatus,
};
use super::clock_skew::ClockSkew;
use super::credential::vault::Vault;
use super::databricks::parts::Parts;
use super::databricks::sweep::EndedRuns;
use super::databricks::{host, jobs, runs, task};
use super::session::Session;
use super::submission::SubmittedRun;
use super::surroundings::Surroundings;
use super::{account, activity, factory, holders, vault};
use crate::http::waiting::{Seconds, Waiting};
use crate::http::{Class, Client};
use crate::limits::{BUDGET_WAIT_TOLD, CLOCK_SKEW_TOLD};
use crate::model::access::{Entry, Right, Standing};
use crate::model::address::{Name, ResourceId};
use crate::model::connection::{
    Factory, KeyConnection, Subscription, Workspace, meant_by_variables,
};
use crate::model::job::{JobId, Run, RunId};
use crate::model::outcome::TaskFailure;
use crate::model::requests::{RequestClass, Requests};
use crate::model::runtime::{Fingerprint, PerSlot};
use crate::model::runtime_service::RuntimeService;
use crate::model::time::{Span, Timestamp};
use crate::model::timeline::LogSpan;
use crate::model::trouble::Trouble;
use crate::model::trust::Trust;
use crate::model::vault::{SecretName, SecretSight, VaultConnection};

/// Looks at the cloud. Cheap to clone; clones share connections, tokens and counts.
#[derive(Clone, Debug)]
pub struct Reader {
    session: Arc<Session>,
}

impl Reader {
    /// Looks through `client`, with credentials found in `surroundings`, which go nowhere but where `trust` says.
    pub fn new(client: Client, surroundings: Surroundings, trust: Trust) -> Self {
        let vault = Vault::new(client.clone(), surroundings, trust);
        Self {
            session: Arc::new(Session::new(client, vault)),
        }
    }

    /// These are all workspaces of the project. Without `DATABRICKS_HOST` the `DATABRICKS_` variables open a workspace only if they
    /// can be meant for no other, so without this none.
    pub fn among<'a>(&self, workspaces: impl IntoIterator<Item = &'a Workspace>) {
        let meant = meant_by_variables(workspaces);
        self.session.vault().mean_by_variables(meant);
    }

    /// What a Writer shares with it.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Which method the credential of a connection came down to (`environment (AZURE_CLIENT_SECRET)`, `Azure CLI`), once it
    /// was asked for a token.
    pub fn credential_used(&self, connection: &Name) -> Option<String> {
        self.session.credential_used(connection)
    }

    /// Whether what a connection leads to lets us in, and which of the rights that plan and apply need are there. Reads no key.
    pub async fn key_access(&self, connection: &KeyConnection) -> (Entry, Vec<Right>) {
        match connection {
            KeyConnection::Factory(factory) => of_factory(&self.session, factory).await,
            KeyConnection::Subscription(one) => of_subscription(&self.session, one).await,
        }
    }

    /// Whether a workspace lets us in, and whom it takes us for, if it tells.
    pub async fn workspace_access(&self, workspace: &Workspace) -> (Entry, Option<Me>) {
        of_workspace(&self.session, workspace).await
    }

    /// Whether the caller, whom the workspace takes for `me`, may start and cancel runs of a job.
    pub async fn may_run(&self, workspace: &Workspace, job: JobId, me: Option<&Me>) -> Standing {
        may_run(&self.session, workspace, job, me).await
    }

    /// All runtimes of a factory, every page.
    pub async fn runtimes(&self, factory: &Factory) -> Result<Dated<Vec<ListedRuntime>>, Trouble> {
        factory::list(&self.session, factory).await
    }

    /// All factories, or all Synapse workspaces, of a subscription, every page.
    pub async fn holders(
        &self,
        subscription: &Subscription,
        service: RuntimeService,
    ) -> Result<Dated<Vec<ListedHolder>>, Trouble> {
        holders::list(&self.session, subscription, service).await
    }

    /// `getStatus` of a runtime.
    pub async fn runtime_status(
        &self,
        factory: &Factory,
        name: &str,
    ) -> Result<Dated<RuntimeStatus>, Trouble> {
        factory::status(&self.session, factory, name).await
    }

    /// Both keys of a runtime, as fingerprints.
    pub async fn keys(
        &self,
        factory: &Factory,
        name: &str,
    ) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
        factory::keys(&self.session, factory, name).await
    }

    /// Successful regenerations in a stretch of an Activity Log, which is given up after so many pages.
    pub async fn regenerations(
        &self,
        log: ActivityLog<'_>,
        span: LogSpan,
        pages_max: usize,
    ) -> Result<LogStretch, Trouble> {
        activity::regenerations(&self.session, log, span, pages_max).await
    }

    /// All storage accounts that a connection reaches, every page.
    pub async fn accounts(
        &self,
        subscription: &Subscription,
    ) -> Result<Dated<Vec<ListedAccount>>, Trouble> {
        account::list(&self.session, subscription).await
    }

    /// One storage account.
    pub async fn account(
        &self,
        subscription: &Subscription,
        account: &ResourceId,
    ) -> Result<Dated<ListedAccount>, Trouble> {
        account::get(&self.session, subscription, account).await
    }

    /// Both keys of a storage account, as fingerprints.
    pub async fn account_keys(
        &self,
        subscription: &Subscription,
        account: &ResourceId,
    ) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
        account::keys(&self.session, subscription, account).await
    }

    /// Both keys of a resource, as fingerprints.
    pub async fn keys_of(
        &self,
        connection: &KeyConnection,
        resource: &ResourceId,
    ) -> Result<Dated<PerSlot<Fingerprint>>, Trouble> {
        match connection {
            KeyConnection::Factory(factory) => self.keys(factory, resource.name()).await,
            KeyConnection::Subscription(subscription) => {
                self.account_keys(subscription, resource).await
            }
        }
    }

    /// May this command get a key?
    pub fn may_get_keys(&self, argv: &[String]) -> bool {
        self.session.vault().trust().may_run(argv)
    }

    /// When each key of a resource was made, where its service tells.
    pub async fn told(
        &self,
        connection: &KeyConnection,
        resource: &ResourceId,
    ) -> Result<PerSlot<Option<Timestamp>>, Trouble> {
        match connection {
            KeyConnection::Factory(_) => Ok(PerSlot::default()),
            KeyConnection::Subscription(subscription) => {
                let account = account::get(&self.session, subscription, resource).await?;
                Ok(account.said.told)
            }
        }
    }

    /// What a vault tells of a secret: the attributes and tags of all its versions, never a value.
    pub async fn secret(
        &self,
        vault: &VaultConnection,
        secret: &SecretName,
    ) -> Result<Dated<SecretSight>, Trouble> {
        vault::secret(&self.session, vault, secret).await
    }

    /// Whether a vault lets us in, and whether the secrets of these names may be read about and written. Writes nothing, so the right to
    /// write stays unknown.
    pub async fn vault_access(
        &self,
        vault: &VaultConnection,
        secrets: &[SecretName],
    ) -> (Entry, Vec<Right>) {
        of_vault(&self.session, vault, secrets).await
    }

    /// The host of a workspace in lower case, read from ARM if need be, checked against its cloud's domain.
    pub async fn host(&self, workspace: &Workspace) -> Result<String, Trouble> {
        host::resolve(&self.session, workspace).await
    }

    /// All jobs of a workspace, every page; with `name`, those that the service lists under it (without regard to case).
    pub async fn jobs(
        &self,
        workspace: &Workspace,
        name: Option<&str>,
    ) -> Result<Dated<Vec<ListedJob>>, Trouble> {
        jobs::list(&self.session, workspace, name).await
    }

    /// One job by id.
    pub async fn job(
        &self,
        workspace: &Workspace,
        job: JobId,
    ) -> Result<Dated<ListedJob>, Trouble> {
        jobs::get(&self.session, workspace, job).await
    }

    /// Active runs (`active_only`, `JOB_RUN`), newest first, every page: of one job, or of the whole workspace.
    pub async fn active_runs(
        &self,
        workspace: &Workspace,
        job: Option<JobId>,
    ) -> Result<Dated<Vec<(JobId, Run)>>, Trouble> {
        runs::active(&self.session, workspace, job).await
    }

    /// Ended runs of a job that started at or after `since`, newest first; stops early once `enough` says so of what was read.
    /// With `parts` each tells whether it ran all tasks of the job.
    pub async fn ended_runs(
        &self,
        workspace: &Workspace,
        job: JobId,
        since: Timestamp,
        parts: Option<Parts<'_>>,
        enough: &(dyn Fn(&[Run]) -> bool + Sync),
    ) -> Result<Dated<History>, Trouble> {
        runs::ended(&self.session, workspace, job, since, parts, enough).await
    }

    /// Ended runs of these jobs in the list of the whole workspace, page by page.
    pub fn swept_runs<'a>(
        &'a self,
        workspace: &'a Workspace,
        since: Timestamp,
        jobs: BTreeMap<JobId, Option<Parts<'a>>>,
    ) -> EndedRuns<'a> {
        EndedRuns::new(&self.session, workspace, since, jobs)
    }

    /// One run by id.
    pub async fn run(&self, workspace: &Workspace, run: RunId) -> Result<Dated<Run>, Trouble> {
        runs::get(&self.session, workspace, run).await
    }

    /// Every one-time run whose name [`submission_name`](super::submission_name) gave, newest first, as far back as the service
    /// keeps them.
    pub async fn submitted_runs(
        &self,
        workspace: &Workspace,
    ) -> Result<Dated<Vec<SubmittedRun>>, Trouble> {
        runs::submitted(&self.session, workspace).await
    }

    /// Which task made a run fail, and with what error.
    pub async fn failure(
        &self,
        workspace: &Workspace,
        run: RunId,
    ) -> Result<Option<TaskFailure>, Trouble> {
        task::failure(&self.session, workspace, run).await
    }

    /// How far our clock is from those of the services that answered, if that is worth telling.
    pub fn clock_skew(&self) -> Option<ClockSkew> {
        let skew = self.session.client.skew()?;
        let by = Span::seconds(skew.ahead.unsigned_abs().as_secs());
        (by.as_secs() > CLOCK_SKEW_TOLD.as_secs()).then(|| ClockSkew {
            host: skew.host,
            by,
            is_ahead: skew.ahead.is_positive(),
        })
    }

    /// Requests sent so far.
    pub fn requests(&self) -> Requests {
        let counts = self.session.client.requests().into_iter();
        counts
            .map(|(class, kinds)| (request_class(class), kinds))
            .collect()
    }

    /// From `instant` on nothing more is begun.
    pub fn end_at(&self, instant: Timestamp) {
        self.session.client.end_at(instant);
    }

    /// From now on so many requests are under way at a time.
    pub fn at_most(&self, requests: usize) {
        self.session.client.at_most(requests);
    }

    /// From now on only the share of one of so many workers is taken of each service's request budget.
    pub fn share_with(&self, workers: u32) {
        self.session.client.share_with(workers);
    }

    /// `listener` hears of what is waited for, once for each bucket and reason, in words.
    pub fn on_wait(&self, listener: impl Fn(&Waiting) + Send + Sync + 'static) {
        self.session.client.on_wait(Arc::new(listener));
    }

    /// What was waited for in all, where that is worth telling: `waited 2m56s in all for ARM writes of …`.
    pub fn waited(&self) -> Vec<String> {
        let waited = self.session.client.waited().into_iter();
        waited
            .filter(|(_, spent)| *spent >= BUDGET_WAIT_TOLD)
            .map(|(whom, spent)| format!("waited {} in all for {whom}", Seconds(spent)))
            .collect()
    }

    /// Was something not asked because the command's time was over?
    pub fn was_cut(&self) -> bool {
        self.session.client.was_cut()
    }
}

const fn request_class(class: Class) -> RequestClass {
    match class {
        Class::ArmReads => RequestClass::ArmReads,
        Class::ArmWrites => RequestClass::ArmWrites,
        Class::Databricks => RequestClass::Databricks,
        Class::Vault => RequestClass::Vault,
        Class::SignIns => RequestClass::SignIns,
        Class::Ledger => RequestClass::Ledger,
    }
}
