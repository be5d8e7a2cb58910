//! SPEAK: model ⇄ wire; the only folder that can change the world.
//!
//! A [`Reader`] looks. A [`Writer`] acts, and there is no Writer without an [`Approval`], which only `cli/apply` creates.
//! This folder knows nothing of the planner. A key leaves it only as a fingerprint.
//! A token is sent only to hosts of the cloud that it was issued for.

mod access;
mod account;
mod activity;
mod answer;
mod approval;
mod arm;
mod call;
mod clock_skew;
mod credential;
mod databricks;
mod denial;
mod factory;
mod fields;
mod gate;
mod hand_over;
mod holders;
mod key_pair;
mod parameters;
mod reader;
mod refusal;
mod request_id;
mod secret;
mod session;
mod soft;
mod storage;
mod submission;
mod surroundings;
mod vault;
mod who;
mod writer;

#[cfg(test)]
mod tests;

pub use crate::http::Place;
pub use access::workspace::Me;
pub use activity::{ActivityLog, ActivityLogKey};
pub use answer::{
    ActFailure, Dated, History, ListedAccount, ListedHolder, ListedJob, ListedRuntime, LogStretch,
    Regenerated, RuntimeStatus,
};
pub use approval::Approval;
pub use clock_skew::ClockSkew;
pub use credential::authority::{AUTHORITY_HOST, public_authority};
pub use databricks::parts::Parts;
pub use databricks::sweep::EndedRuns;
pub use gate::{Gate, Width};
pub use hand_over::HandedKey;
pub use reader::Reader;
pub use storage::{access as storage_access, identity as storage_identity};
pub use submission::{SubmittedRun, content_mark, submission_name};
pub use surroundings::{Surroundings, whole, without_dots, without_links};
pub use writer::Writer;
