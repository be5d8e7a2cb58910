//! Azure Resource Manager: addresses and pages.
//!
//! The next page of a list must be at the same host as the first.

use std::marker::PhantomData;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::answer::Dated;
use super::call::Call;
use super::session::Session;
use super::who::Who;
use crate::http::Repeat;
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
            storage: None,
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

/// Walks through a list, page by page.
pub(super) struct Pages<'a, T> {
    session: &'a Session,
    call: Call<'a>,
    ended: bool,
    /// Pages so far.
    read: usize,
    of: PhantomData<fn() -> T>,
}

impl<'a, T: DeserializeOwned> Pages<'a, T> {
    /// Nothing is asked yet.
    pub fn new(session: &'a Session, call: Call<'a>) -> Self {
        Self {
            session,
            call,
            ended: false,
            read: 0,
            of: PhantomData,
        }
    }

    /// The next page; `None` after the last one.
    pub async fn next(&mut self) -> Result<Option<Dated<Vec<T>>>, Trouble> {
        if self.ended {
            return Ok(None);
        }
        let page: Dated<Page<T>> = self.session.read(&self.call).await?;
        self.read += 1;
        match page.said.next_link.filter(|link| !link.is_empty()) {
            Some(link) => {
                self.call.url = next_page(&self.call, &link)?;
                self.call.id = super::request_id::plain();
            }
            None => self.ended = true,
        }
        Ok(Some(Dated {
            at: page.at,
            said: page.said.value.unwrap_or_default(),
        }))
    }

    /// Was the last page read?
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// Are there pages that may still be read?
    ///
    /// # Errors
    /// As many as are followed have been read, and there are more.
    pub fn hold(&self) -> Result<(), Trouble> {
        if self.ended || self.read < PAGES_MAX {
            return Ok(());
        }
        Err(self.too_many())
    }

    /// The list has more pages than are followed.
    fn too_many(&self) -> Trouble {
        let fault = format!("the list has more than {PAGES_MAX} pages");
        self.call
            .trouble(TroubleKind::Unexpected, fault, self.call.ids())
    }
}

/// Every page of a list, as of the first one's time.
pub(super) async fn pages<T: DeserializeOwned>(
    session: &Session,
    call: Call<'_>,
) -> Result<Dated<Vec<T>>, Trouble> {
    let mut pages = Pages::new(session, call);
    let mut all: Option<Dated<Vec<T>>> = None;
    for _ in 0..PAGES_MAX {
        match (pages.next().await?, &mut all) {
            (Some(page), Some(all)) => all.said.extend(page.said),
            (Some(first), None) => all = Some(first),
            (None, _) => break,
        }
    }
    match all {
        Some(all) if pages.ended() => Ok(all),
        Some(_) | None => Err(pages.too_many()),
    }
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
