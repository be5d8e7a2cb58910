//! Databricks jobs, their runs, and what is promised of them.

mod counting;
mod id;
mod memory;
mod parameter;
mod run;
mod sight;
mod spec;
mod trigger;

pub use id::{JobId, RunId, Token};
pub use memory::{JobMemory, KnownFailure, OwnStart, SubmissionMemory};
pub use parameter::{ParameterValue, VARIABLE_PREFIX, ends_with_any, is_secret, names_secret};
pub use run::{ActivePhase, Inputs, Parameter, Phase, Run, RunResult, TasksRun};
pub use sight::{Continuous, FormerRun, JobSight, SubmissionSight};
pub use spec::{Concurrency, Counting, JobSpec, Requirement, Retry, SubmissionSpec};
pub use trigger::Trigger;
