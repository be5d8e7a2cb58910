//! Changes the cloud.
//!
//! There is no Writer without an [`Approval`], and a request that must not be repeated is sent again only if it surely did nothing.

use std::collections::BTreeMap;

use super::answer::{ActFailure, Dated, Regenerated};
use super::approval::Approval;
use super::databricks::runs;
use super::hand_over::HandedKey;
use super::reader::Reader;
use super::{account, factory, hand_over, vault};
use crate::clock::Clock;
use crate::http::Place;
use crate::model::address::ResourceId;
use crate::model::connection::{KeyConnection, Workspace};
use crate::model::job::{JobId, ParameterValue, RunId, Token};
use crate::model::runtime::Slot;
use crate::model::survey::SubmissionTarget;
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::vault::{NewVersion, SecretName, VaultConnection};

/// Changes the cloud, one request at a time, never repeating what must not be repeated. Nothing is sent that could still be under way
/// after its `act_by`, by our own clock.
#[derive(Clone, Debug)]
pub struct Writer {
    reader: Reader,
}

impl Writer {
    /// A writer over the same connections and tokens.
    pub fn new(reader: Reader, _approval: &Approval) -> Self {
        Self { reader }
    }

    /// The reader it looks with.
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Waits until the request budget has room for a look at a resource's keys and one that regenerates one of them: what must not be sent
    /// late is begun when it need not wait. `None`: nobody meters them.
    pub async fn room(
        &self,
        connection: &KeyConnection,
        resource: &ResourceId,
    ) -> Result<Option<Place>, Trouble> {
        let session = self.reader.session();
        match connection {
            KeyConnection::Factory(one) => factory::room(session, one, resource.name()).await,
            KeyConnection::Subscription(one) => account::room(session, one, resource).await,
        }
    }

    /// The same for a new version of a secret.
    pub async fn room_in_vault(
        &self,
        vault: &VaultConnection,
        secret: &SecretName,
    ) -> Result<Option<Place>, Trouble> {
        vault::room(self.reader.session(), vault, secret).await
    }

    /// Regenerates a key, sent once at most. Gives fingerprints of what it answered with.
    pub async fn regenerate(
        &self,
        connection: &KeyConnection,
        resource: &ResourceId,
        slot: Slot,
        act_by: Timestamp,
    ) -> Result<Dated<Regenerated>, ActFailure> {
        let session = self.reader.session();
        match connection {
            KeyConnection::Factory(one) => {
                factory::regenerate(session, one, resource.name(), slot, act_by).await
            }
            KeyConnection::Subscription(one) => {
                account::regenerate(session, one, resource, slot, act_by).await
            }
        }
    }

    /// Writes a key as a new version of a secret. Twice does no harm: it is the same key.
    pub async fn hand_to_vault(
        &self,
        key: HandedKey<'_>,
        secret: (&VaultConnection, &SecretName),
        version: &NewVersion,
        act_by: Timestamp,
    ) -> Result<Timestamp, ActFailure> {
        hand_over::to_vault(self.reader.session(), key, secret, version, act_by).await
    }

    /// Gives a key to a command, if that is allowed.
    pub async fn hand_to_command(
        &self,
        key: HandedKey<'_>,
        argv: &[String],
        timeout: Span,
        clock: &Clock,
    ) -> Result<Timestamp, ActFailure> {
        let session = self.reader.session();
        if !self.reader.may_get_keys(argv) {
            return Err(ActFailure::Refused(Trouble {
                kind: TroubleKind::Unwanted,
                doing: format!("run {}", argv.join(" ")),
                message: "commands are not allowed (--allow-commands, or the policy)".to_owned(),
                ids: Box::default(),
            }));
        }
        hand_over::to_command(session, key, argv, timeout, clock).await
    }

    /// Could a run be started with these parameters? Sends nothing.
    ///
    /// # Errors
    /// A variable that one comes from is not set, or is not for jobs.
    pub fn can_fill(
        &self,
        workspace: &Workspace,
        job: JobId,
        parameters: &BTreeMap<String, ParameterValue>,
    ) -> Result<(), Trouble> {
        let session = self.reader.session();
        runs::filled(session, workspace, job, parameters).map(drop)
    }

    /// `run-now` under a token that is already in the ledger.
    pub async fn start(
        &self,
        workspace: &Workspace,
        job: JobId,
        token: &Token,
        parameters: &BTreeMap<String, ParameterValue>,
        act_by: Timestamp,
    ) -> Result<Dated<RunId>, ActFailure> {
        let session = self.reader.session();
        runs::start(session, workspace, job, token, parameters, act_by).await
    }

    /// `runs/submit` under a token that is already in the ledger.
    pub async fn submit(
        &self,
        workspace: &Workspace,
        target: &SubmissionTarget,
        digest: &str,
        token: &Token,
        act_by: Timestamp,
    ) -> Result<Dated<RunId>, ActFailure> {
        let session = self.reader.session();
        runs::submit(session, workspace, target, digest, token, act_by).await
    }

    /// `runs/cancel`: accepted, not yet ended.
    pub async fn cancel(
        &self,
        workspace: &Workspace,
        run: RunId,
        act_by: Timestamp,
    ) -> Result<Dated<()>, ActFailure> {
        runs::cancel(self.reader.session(), workspace, run, act_by).await
    }
}
