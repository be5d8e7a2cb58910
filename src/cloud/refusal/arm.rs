//! Reads an error response of Azure Resource Manager. It may lack a code, a message, or both.

use serde::Deserialize;

use super::super::denial::Denial;
use super::super::soft;
use super::super::who::Service;
use super::{Refusal, told};
use crate::http::Response;

/// Most providers wrap the error; the Activity Log's does not.
#[derive(Deserialize)]
struct CloudError {
    #[serde(default, deserialize_with = "soft::part")]
    error: Option<ErrorBody>,
    #[serde(default, deserialize_with = "soft::text")]
    code: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    message: Option<String>,
}

#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default, deserialize_with = "soft::text")]
    code: Option<String>,
    #[serde(default, deserialize_with = "soft::text")]
    message: Option<String>,
}

/// Reads a CloudError; any of its parts may be missing.
pub(in crate::cloud) fn read(response: &Response) -> Refusal {
    let (code, message) = match serde_json::from_slice::<CloudError>(&response.body) {
        Ok(CloudError {
            error: Some(error), ..
        }) => (error.code, error.message),
        Ok(bare) => (bare.code, bare.message),
        Err(_) => (None, None),
    };
    let denial = Denial::of(
        Service::Arm,
        response,
        code.as_deref(),
        message.as_deref().unwrap_or_default(),
    );
    Refusal {
        message: told(response, code, message),
        missing: response.status == 404,
        taken: false,
        denial,
    }
}
