//! What was decided: a verdict with its reason for every subject, and the instant at which it would change.
//!
//! An action always comes with its cause. A regenerate says what it replaces, and a start or a submit has its idempotency token. A key is
//! held as its fingerprint only.

pub(super) mod action;
mod cause;
mod counts;
mod decision;
mod facts;
mod hand_off;
mod haste;
mod hold;
mod keep;
mod non_empty;
mod plan;
mod proposal;
pub(super) mod refusal;
mod settlement;
mod step;
mod target;

pub use action::{Action, Company, Presumed};
pub use cause::{Cause, failed};
pub use counts::Counts;
pub use decision::{Decision, Frame};
pub use facts::{
    Dismissed, Facts, Firing, JobFacts, OutsideChange, ReadOutcome, RuntimeFacts, SlotFacts,
    SubmissionFacts,
};
pub use hand_off::{Gap, HandOffFacts, HandOffGap, HandOffState, Obstacle};
pub use haste::Haste;
pub use hold::{HandOffStop, Hold};
pub use keep::Keep;
pub use non_empty::NonEmpty;
pub use plan::{Exceeded, Plan};
pub use proposal::Proposal;
pub use refusal::Refusal;
pub use settlement::{Receipt, Settled, Settlement};
pub use step::{Step, Verdict, Wait};
pub use target::Target;
