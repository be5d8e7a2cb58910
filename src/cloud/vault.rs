//! STUB until the real one comes.
use secrecy::SecretString;
use super::answer::{ActFailure, Dated};
use super::session::Session;
use crate::model::time::Timestamp;
use crate::model::trouble::Trouble;
use crate::model::vault::*;
pub(super) async fn read(_: &Session, _: &VaultConnection, _: &SecretName) -> Result<Dated<SecretSight>, Trouble> { unimplemented!() }
pub(super) async fn write(_: &Session, _: &VaultConnection, _: &SecretName, _: &SecretString, _: &NewVersion, _: Timestamp) -> Result<Dated<SecretVersion>, ActFailure> { unimplemented!() }
