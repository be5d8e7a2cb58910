//! Azure Resource Manager: addresses, errors, pages.
//!
//! Refuses: a next page at another host; trusting that an error has a message.

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::Dated;
use super::call::{Call, Refusal, Service, Who};
use super::denial::Denial;
use super::session::Session;
use super::soft;
use crate::http::redact::redact;
use crate::http::{Repeat, Response};
use crate::limits::PAGES_MAX;
use crate::model::address::ResourceId;
use crate::model::trouble::{Trouble, TroubleKind};

/// What is asked of Resource Manager.
pub(super) struct Ask<'a> {
    pub who: Who<'a>,
    pub doing: String,
    pub right: &'static str,
    pub kind: &'static str,
    pub method: Method,
    /// The resource.
    pub id: ResourceId,
    /// What is wanted of it, appended to the id: `/integrationRuntimes`; empty for itself.
    pub part: &'static str,
    pub version: &'static str,
}

impl<'a> Ask<'a> {
    /// A request that may be repeated, without a body.
    ///
    /// # Errors
    /// The cloud's `resourceManager` is not an address.
    pub fn call(self) -> Result<Call<'a>, Trouble> {
        let base = self.who.cloud.resource_manager.trim_end_matches('/');
        let Ok(mut url) = Url::parse(base) else {
            return Err(Trouble {
                kind: TroubleKind::Misfit,
                doing: self.doing,
                message: format!("{base} is not an address of a Resource Manager"),
                ids: Box::default(),
            });
        };
        if let Ok(mut path) = url.path_segments_mut() {
            let segments = format!("{}{}", self.id, self.part);
            path.pop_if_empty()
                .extend(segments.split('/').filter(|segment| !segment.is_empty()));
        }
        url.query_pairs_mut()
            .append_pair("api-version", self.version);
        Ok(Call {
            who: self.who,
            doing: self.doing,
            right: self.right,
            kind: self.kind,
            method: self.method,
            url,
            body: None,
            repeat: Repeat::Safe,
            act_by: None,
            id: super::request_id::plain(),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Page<T> {
    value: Option<Vec<T>>,
    next_link: Option<String>,
}

/// Every page of a list, as of the first one's time.
pub(super) async fn pages<T: DeserializeOwned>(
    session: &Session,
    mut call: Call<'_>,
) -> Result<Dated<Vec<T>>, Trouble> {
    let mut all = Vec::new();
    let mut at = None;
    for _ in 0..PAGES_MAX {
        let page: Dated<Page<T>> = session.read(&call).await?;
        all.extend(page.said.value.unwrap_or_default());
        let at = *at.get_or_insert(page.at);
        match page.said.next_link.filter(|link| !link.is_empty()) {
            Some(link) => {
                call.url = next_page(&call, &link)?;
                call.id = super::request_id::plain();
            }
            None => return Ok(Dated { at, said: all }),
        }
    }
    let fault = format!("the list has more than {PAGES_MAX} pages");
    Err(call.trouble(TroubleKind::Unexpected, fault, call.ids()))
}

fn next_page(call: &Call<'_>, link: &str) -> Result<Url, Trouble> {
    match Url::parse(link) {
        Ok(url) if url == call.url => Err(call.trouble(
            TroubleKind::Unexpected,
            "the next page of the list is said to be this one again",
            call.ids(),
        )),
        Ok(url) if url.origin() == call.url.origin() => Ok(url),
        _ => Err(call.trouble(
            TroubleKind::Unexpected,
            "the next page of the list is said to be at another host, and no token goes there",
            call.ids(),
        )),
    }
}

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

/// Said of a page for people in the place of a service's answer.
pub(super) fn elsewhere(response: &Response) -> String {
    format!(
        "a page for people came in the place of the service's answer (status {}): something on the way speaks, such as a proxy or a \
         network's sign-in portal; open the address in a browser, or set HTTPS_PROXY and NO_PROXY",
        response.status
    )
}

/// Reads a CloudError; any of its parts may be missing.
pub(super) fn refusal(response: &Response) -> Refusal {
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
    let said = match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if response.is_page() => elsewhere(response),
        (None, None) => format!("status {}, without a reason", response.status),
    };
    Refusal {
        message: redact(&said),
        missing: response.status == 404,
        denial,
    }
}
