//! The Jobs API of a Databricks workspace: 2.2, and 2.1 where a workspace does not have that yet.

mod ask;
pub(super) mod host;
pub(super) mod hosts;
mod inputs;
pub(super) mod jobs;
pub(super) mod parts;
mod phase;
pub(super) mod runs;
pub(super) mod sweep;
pub(super) mod task;
mod trigger;
