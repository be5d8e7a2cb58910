//! What a maintainer of the survey must not break: what is read and what is left unread, and what becomes of a refusal. The simulated cloud
//! answers, and tells what it was asked.

mod access;
mod accounts;
mod jobs;
mod keys;
mod logs;
mod resolve;
mod runtimes;
mod scale;
mod shards;
mod submissions;

use super::testing::*;
use crate::model::runtime::{KeySight, LogSight, OwnKeys, Slot};
use crate::model::survey::{KeyReading, Looked, Refresh, Subject};
use crate::model::trouble::TroubleKind;
