//! Where the authority of a cloud is. The environment may override it for the public cloud only.

use super::super::surroundings::Surroundings;
use crate::model::connection::Cloud;

/// Names the authority of the public cloud.
pub const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";

/// A Cloud document says where its authority is; only for the public cloud, named or not, does [`AUTHORITY_HOST`] have a say.
pub(super) fn authority(cloud: &Cloud, here: &Surroundings) -> String {
    let is_default = Cloud::named("public").is_some_and(|public| public == *cloud);
    match here.var(AUTHORITY_HOST) {
        Some(host) if is_default => public_authority(host),
        _ => cloud.authority.clone(),
    }
}

/// The address that a value of [`AUTHORITY_HOST`] means.
pub fn public_authority(host: &str) -> String {
    if host.contains("://") {
        host.to_owned()
    } else {
        format!("https://{host}")
    }
}
