//! The shapes of the plan file: its lines, and one for each type of the model that is in them.
//!
//! A field that this version does not know is an error: a plan that is only half understood is not applied.

pub(super) mod connection;
pub(super) mod evidence;
pub(super) mod facts;
mod hand_off;
pub(super) mod line;
mod nodes;
pub(super) mod plan;
pub(super) mod rule;
mod slot;
pub(super) mod step;
pub(super) mod text;
mod trouble;
pub(super) mod trust;
pub(super) mod verdict;

/// The model's words, under one roof: a shape has the name of its word.
pub(super) mod words {
    pub use crate::model::address::{Address, Name, ResourceId};
    pub use crate::model::birth::{AgeRange, Birth, Evidence};
    pub use crate::model::connection::{
        Cloud, Credential, Factory, Limits, Proof, Rate, SecretSource, Subscription, Workspace,
        WorkspaceHost,
    };
    pub use crate::model::desired::{Guardrails, LedgerPlace, OnExceed};
    pub use crate::model::hand_off::{Destination, HandOff, Serves};
    pub use crate::model::job::{
        ActivePhase, Continuous, FormerRun, Inputs, ParameterValue, Phase, Requirement, Run, RunId,
        RunResult, Token,
    };
    pub use crate::model::joint::Correction;
    pub use crate::model::memory::{LogId, LogReading};
    pub use crate::model::nodes::{
        Link, Node, NodeFacts, NodeLook, NodeRecord, NodeRule, NodesAfter, NodesBefore,
        NodesRequired, NodesShown, NodesSight, NodesUnfit,
    };
    pub use crate::model::promise::{Attention, BrokenPart, Promise};
    pub use crate::model::requests::RequestClass;
    pub use crate::model::runtime::{
        Fingerprint, OnStarvation, PerSlot, Regeneration, RuntimeSpec, Slot, UnknownAge,
    };
    pub use crate::model::runtime_service::RuntimeService;
    pub use crate::model::shard::Candidate;
    pub use crate::model::survey::{JobTarget, Refresh, RuntimeTarget, Skipped, SubmissionTarget};
    pub use crate::model::time::{Freeze, Span, Timestamp};
    pub use crate::model::timeline::LogSpan;
    pub use crate::model::trouble::{RequestIds, Trouble, TroubleKind};
    pub use crate::model::trust::{Grounds, Host, Role, Source, Use, Used};
    pub use crate::model::vault::{SecretName, VaultConnection, VaultName};
    pub use crate::model::verdict::*;
    pub use crate::model::window::Window;
}
