//! Sends one call to its service, with a token, once more after a 401, and reads the response.
//!
//! A response that cannot be read is never quoted, since it may hold a key.
//! An action is reported as not done only if that is certain.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::answer::{ActFailure, Dated};
use super::call::{Body, Call};
use super::credential::token::{Held, Purpose, TokenFailure, Vouched, Want, Why};
use super::credential::vault::Vault;
use super::databricks::hosts::Hosts;
use super::denial::Denial;
use super::refusal::elsewhere;
use super::secret;
use super::who::Service;
use crate::http::wiped::wiped;
use crate::http::{Client, Exchange, Failure, Request, Response, Sent, patience, redact};
use crate::limits::{REFUSAL_BYTES_MAX, RESPONSE_TIMEOUT};
use crate::model::address::Name;
use crate::model::trouble::{RequestIds, Trouble, TroubleKind};
use crate::mutex::{Mutex, MutexGuard};

const MANAGEMENT_TOKEN: &str = "x-databricks-azure-sp-management-token";
const WORKSPACE_ID: &str = "x-databricks-azure-workspace-resource-id";

/// What clones of a Reader share: connections, tokens, hosts.
#[derive(Debug)]
pub(super) struct Session {
    pub client: Client,
    pub hosts: Hosts,
    vault: Vault,
    used: Mutex<BTreeMap<Name, String>>,
    /// Workspaces that a person was vouched for at; whether that ever helped.
    outsiders: Mutex<BTreeMap<Name, bool>>,
}

/// Why an answer is not used.
const ECHO: &str = "the answer quotes the token that it was asked with, so it is not used";
/// Fewest characters of a token that is looked for in a success: a shorter one may be a word.
const ECHO_CHARS_MIN: usize = 16;

/// The tokens that one request carries.
struct Tokens {
    bearer: Held,
    /// Shown by service principals to Databricks.
    management: Option<Held>,
    /// Why there is none although it may be wanted: a member of the workspace gets in without.
    lacking: Option<TokenFailure>,
}

impl Tokens {
    /// What the request shows.
    fn shown(&self) -> Vec<&str> {
        let held = std::iter::once(&self.bearer).chain(&self.management);
        held.map(|held| held.token.expose_secret()).collect()
    }

    /// Does an answer hold one of them as it is?
    fn are_quoted(&self, body: &[u8]) -> bool {
        let long = self
            .shown()
            .into_iter()
            .filter(|one| one.len() >= ECHO_CHARS_MIN);
        let mut finders = long.map(|token| memchr::memmem::find(body, token.as_bytes()));
        finders.any(|found| found.is_some())
    }
}

/// Whether a person shows a management token beside their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// If it is known to help.
    AsKnown,
    /// In any case.
    Shown,
}

/// What became of a call, and with which tokens.
struct Carried {
    exchange: Exchange,
    tokens: Tokens,
    /// Tokens before these were refused.
    renewed: bool,
}

impl Carried {
    /// An answer may quote the token that was shown, and what it says goes into errors and plans. Out of a refusal it is taken, however it is
    /// disguised. A success may be large: there it is looked for as it is, and what looks like a token is not shown of any name or message.
    fn new(exchange: Exchange, tokens: Tokens) -> Self {
        let shown = tokens.shown();
        let outcome = exchange.outcome.map(|mut response| {
            without_echoes(&mut response.headers, &shown);
            if is_success(&response) {
                return response;
            }
            response.body.truncate(REFUSAL_BYTES_MAX);
            match redact::without(&response.body, shown.iter().copied()) {
                Some(body) => Response {
                    body: wiped(body),
                    ..response
                },
                None => response,
            }
        });
        let exchange = Exchange {
            outcome,
            ..exchange
        };
        Self {
            exchange,
            tokens,
            renewed: false,
        }
    }

    /// What a refusal means for whoever came with these tokens.
    fn refused(&self, call: &Call<'_>, response: &Response) -> Trouble {
        let mut trouble = call.refused(response);
        let Some(denial) = call.denial(response) else {
            return trouble;
        };
        let bearer = &self.tokens.bearer;
        if denial.is_renewable() && !bearer.renewable {
            trouble.kind = TroubleKind::SignedOut;
        }
        let advice = match (&self.tokens.lacking, denial) {
            (Some(lacking), Denial::Right | Denial::Token) if bearer.renewable => Some(format!(
                "who is no member of the workspace has to show it a management token, and there is none: {}",
                lacking.message
            )),
            _ => denial.advice(&bearer.origin, self.renewed || bearer.renewable),
        };
        if let Some(advice) = advice {
            let said = trouble.message.trim_end_matches('.');
            trouble.message = format!("{said}; {advice}");
        }
        trouble
    }
}

impl Session {
    pub fn new(client: Client, vault: Vault) -> Self {
        Self {
            client,
            hosts: Hosts::default(),
            vault,
            used: Mutex::default(),
            outsiders: Mutex::default(),
        }
    }

    /// The tokens of this command.
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Which method the credential of a connection took, if it was asked for a token yet.
    pub fn credential_used(&self, connection: &Name) -> Option<String> {
        let used = self.used.lock();
        used.get(connection).cloned()
    }

    /// Asks, and reads the answer.
    pub async fn read<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Dated<T>, Trouble> {
        let carried = self.carry(call).await?;
        match &carried.exchange.outcome {
            // What addresses something must not be altered, so nothing of it is used.
            Ok(response) if is_success(response) && carried.tokens.are_quoted(&response.body) => {
                let ids = call.ids_of(response);
                Err(call.trouble(TroubleKind::Unexpected, ECHO.to_owned(), ids))
            }
            Ok(response) if is_success(response) => self.understand(call, response),
            Ok(response) => Err(carried.refused(call, response)),
            Err(failure) => Err(call.unanswered(failure)),
        }
    }

    /// Changes something, and tells apart what surely did not happen and what nobody knows.
    pub async fn act<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<Dated<T>, ActFailure> {
        self.act_counted(call).await.map(|(answer, _)| answer)
    }

    /// [`Self::act`], and whether an earlier send of the same request may have reached the service, too.
    pub async fn act_counted<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
    ) -> Result<(Dated<T>, bool), ActFailure> {
        let carried = self.carry(call).await.map_err(ActFailure::Refused)?;
        let Exchange { outcome, earlier } = &carried.exchange;
        let doubtful = *earlier == Sent::Maybe || may_have_acted(outcome);
        let trouble = match outcome {
            Ok(response) if is_success(response) => {
                // Used whatever it quotes: it is done, and of the answer only fingerprints and ids are kept.
                let answer = self.understand(call, response).map_err(ActFailure::Lost)?;
                return Ok((answer, *earlier == Sent::Maybe));
            }
            Ok(response) => carried.refused(call, response),
            Err(failure) if *earlier == Sent::Maybe => call.unanswered(&Failure {
                sent: Sent::Maybe,
                ..failure.clone()
            }),
            Err(failure) => call.unanswered(failure),
        };
        Err(if doubtful {
            ActFailure::Lost(trouble)
        } else {
            ActFailure::Refused(trouble)
        })
    }

    /// Sends. Who is turned away by a workspace may be no member of it: then once more with proof of rights on it in Azure. A 403 did
    /// nothing, so even an effect may go again. What counts is what this request carried: others are under way at the same time.
    async fn carry(&self, call: &Call<'_>) -> Result<Carried, Trouble> {
        // Boxed: what a sign-in may need would make every future of a request large.
        let mut first = Box::pin(self.carry_signed(call, Proof::AsKnown)).await?;
        if !self.may_be_outsider(call, &first) {
            return Ok(first);
        }
        match Box::pin(self.tokens(call, Proof::Shown)).await {
            Ok(tokens) if tokens.management.is_some() => {}
            Ok(tokens) => {
                first.tokens.lacking = tokens.lacking;
                return Ok(first);
            }
            Err(_) => return Ok(first),
        }
        // Without a second answer the first one stands: what an earlier send may have done stays a doubt.
        let Ok(mut second) = Box::pin(self.carry_signed(call, Proof::Shown)).await else {
            return Ok(first);
        };
        if let (Ok(response), Some(_)) = (&second.exchange.outcome, &second.tokens.management)
            && response.status < 500
        {
            let helped = !matches!(response.status, 401 | 403);
            let mut outsiders = self.outsiders();
            // What has helped once is kept to, whatever else this person may not do.
            *outsiders.entry(call.who.connection.clone()).or_default() |= helped;
        }
        if first.exchange.earlier == Sent::Maybe {
            second.exchange.earlier = Sent::Maybe;
        }
        Ok(second)
    }

    fn may_be_outsider(&self, call: &Call<'_>, first: &Carried) -> bool {
        is_turned_away(call, first)
            && matches!(call.who.service, Service::Databricks(Some(_)))
            && first.tokens.bearer.vouched == Vouched::IfTurnedAway
            && first.tokens.management.is_none()
            && first.tokens.lacking.is_none()
            && self.outsiders().get(call.who.connection) != Some(&false)
    }

    fn outsiders(&self) -> MutexGuard<'_, BTreeMap<Name, bool>> {
        self.outsiders.lock()
    }

    /// Sends with a token. A refused token is dropped and fetched once more: it did nothing, so even an effect may go again.
    async fn carry_signed(&self, call: &Call<'_>, proof: Proof) -> Result<Carried, Trouble> {
        call.permitted()?;
        let over = self.client.in_time();
        over.map_err(|failure| call.unanswered(&failure))?;
        let tokens = self.tokens(call, proof).await?;
        let first = self.client.exchange(&request(call, &tokens)?).await;
        let answer = first.outcome.as_ref().ok();
        let denial = answer.and_then(|response| call.denial(response));
        let refused = denial.is_some_and(Denial::is_renewable);
        let first = Carried::new(first, tokens);
        if !refused || !first.tokens.bearer.renewable {
            return Ok(first);
        }
        self.forget(call, &first.tokens).await;
        let earlier = first.exchange.earlier;
        let tokens = match self.tokens(call, proof).await {
            // What an earlier send may have done stays a doubt, whatever became of the sign-in.
            Err(_) if earlier == Sent::Maybe => return Ok(first),
            tokens => tokens?,
        };
        let mut exchange = self.client.exchange(&request(call, &tokens)?).await;
        if earlier == Sent::Maybe {
            exchange.earlier = Sent::Maybe;
        }
        let second = Carried::new(exchange, tokens);
        Ok(Carried {
            renewed: true,
            ..second
        })
    }

    async fn tokens(&self, call: &Call<'_>, proof: Proof) -> Result<Tokens, Trouble> {
        let (who, want) = (call.who, want(call));
        let no_token = |failure: TokenFailure| {
            let kind = match failure.why {
                Why::Ended => TroubleKind::SignedOut,
                Why::TimeOver => TroubleKind::TimeOver,
                Why::Refused | Why::Absent => TroubleKind::Unauthenticated,
            };
            call.trouble(kind, failure.message, RequestIds::of(failure.request_id))
        };
        let bearer = self.vault.token(&want).await.map_err(no_token)?;
        if let Some(fault) = unsendable(bearer.token.expose_secret()) {
            let message = format!(
                "the token of {} contains {fault}: put it there whole and by itself",
                bearer.origin
            );
            let kind = if bearer.renewable {
                TroubleKind::Unauthenticated
            } else {
                TroubleKind::SignedOut
            };
            return Err(call.trouble(kind, message, RequestIds::default()));
        }
        let is_shown = match bearer.vouched {
            Vouched::Always => true,
            Vouched::IfTurnedAway => {
                proof == Proof::Shown || self.outsiders().get(who.connection) == Some(&true)
            }
            Vouched::Never => false,
        };
        let management = if want.purpose == Purpose::Databricks && is_shown {
            let want = want.for_purpose(Purpose::DatabricksManagement);
            Some(self.vault.token(&want).await)
        } else {
            None
        };
        let (management, lacking) = match management {
            Some(Err(failure)) => (None, Some(failure)),
            management => (management.and_then(Result::ok), None),
        };
        if management
            .as_ref()
            .is_some_and(|token| token.is_same(&bearer))
        {
            let fault = "the management token and the workspace's are the same; their audiences must differ in the Cloud document";
            return Err(call.trouble(TroubleKind::Unauthenticated, fault, RequestIds::default()));
        }
        // A vault is no connection, and may be called as one is.
        let is_connection = want.purpose != Purpose::Vault;
        let mut used = self.used.lock();
        if is_connection && used.get(who.connection) != Some(&bearer.origin) {
            used.insert(who.connection.clone(), bearer.origin.clone());
        }
        Ok(Tokens {
            bearer,
            management,
            lacking,
        })
    }

    async fn forget(&self, call: &Call<'_>, tokens: &Tokens) {
        let want = want(call);
        self.vault.forget(&want, &tokens.bearer).await;
        if let Some(management) = &tokens.management {
            let want = want.for_purpose(Purpose::DatabricksManagement);
            self.vault.forget(&want, management).await;
        }
    }

    fn understand<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        response: &Response,
    ) -> Result<Dated<T>, Trouble> {
        #[cfg(test)]
        super::tests::reads::note::<T>(call.kind);
        let at = patience::date(response).unwrap_or_else(|| self.client.clock().now());
        let mut source = serde_json::Deserializer::from_slice(&response.body);
        let said = serde_path_to_error::deserialize(&mut source);
        let fault = match said {
            Ok(said) => match source.end() {
                Ok(()) => return Ok(Dated { at, said }),
                Err(error) => unreadable(response, "", &error),
            },
            Err(_) if response.is_page() => elsewhere(response),
            Err(error) => {
                // Keys of the answer stand in it.
                let path = redact::redact(&error.path().to_string());
                unreadable(response, &path, error.inner())
            }
        };
        Err(call.trouble(TroubleKind::Unexpected, fault, call.ids_of(response)))
    }
}

/// What is wrong with an answer, by the field that cannot be read. The error's own text is left out: it quotes the answer.
fn unreadable(response: &Response, field: &str, error: &serde_json::Error) -> String {
    let status = response.status;
    match error.classify() {
        Category::Data => {
            let said = error.to_string();
            let expected = said.rsplit_once(", expected ").map(|(_, rest)| rest);
            let expected = expected.and_then(|rest| rest.split(" at line ").next());
            let expected = expected.map_or_else(String::new, |what| format!(" is not {what}"));
            let field = match field {
                "" | "." => "the answer".to_owned(),
                field => format!("`{field}` of the answer"),
            };
            if expected.is_empty() {
                format!("{field} cannot be read (status {status})")
            } else {
                format!("{field}{expected} (status {status})")
            }
        }
        Category::Eof => format!("the answer breaks off (status {status})"),
        Category::Syntax | Category::Io => format!(
            "the answer is not JSON (status {status}, line {}, column {})",
            error.line(),
            error.column()
        ),
    }
}

const fn want<'a>(call: &'a Call<'_>) -> Want<'a> {
    let (purpose, at) = match call.who.service {
        Service::Arm => (Purpose::Arm, None),
        Service::Databricks(_) => (Purpose::Databricks, Some(&call.url)),
        Service::Vault => (Purpose::Vault, Some(&call.url)),
    };
    Want {
        who: call.who,
        purpose,
        at,
    }
}

/// Was a right missing? Another proof of who asks helps against nothing else.
fn is_turned_away(call: &Call<'_>, carried: &Carried) -> bool {
    let answer = carried.exchange.outcome.as_ref().ok();
    answer.and_then(|response| call.denial(response)) == Some(Denial::Right)
}

/// Ids of requests are taken from header fields: those that quote what was shown go.
fn without_echoes(headers: &mut HeaderMap, shown: &[&str]) {
    let quotes = |value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes());
        redact::holds(&text, shown.iter().copied())
    };
    let ids = headers
        .iter()
        .filter(|(name, _)| name.as_str().ends_with("request-id"));
    let echoes = ids.filter(|(_, value)| quotes(value));
    let echoes: Vec<HeaderName> = echoes.map(|(name, _)| name.clone()).collect();
    for name in echoes {
        headers.remove(name);
    }
}

fn is_success(response: &Response) -> bool {
    (200..300).contains(&response.status)
}

/// A service refuses with 4xx other than 408. Everything else that is no success leaves a doubt.
fn may_have_acted(outcome: &Result<Response, Failure>) -> bool {
    match outcome {
        Ok(response) => !(400..500).contains(&response.status) || response.status == 408,
        Err(failure) => failure.sent == Sent::Maybe,
    }
}

/// What no token has: anything but visible ASCII.
fn unsendable(token: &str) -> Option<&'static str> {
    let odd = token.chars().find(|c| !c.is_ascii_graphic())?;
    Some(match odd {
        '\n' | '\r' => "a line break",
        odd if odd.is_whitespace() => "a blank",
        odd if odd.is_control() => "a control character",
        _ => "a character that no token has",
    })
}

fn request(call: &Call<'_>, tokens: &Tokens) -> Result<Request, Trouble> {
    let headers = headers(call, tokens).map_err(|_| {
        let fault =
            "the management token or the resource id contains a character that cannot be sent";
        call.trouble(TroubleKind::Unauthenticated, fault, RequestIds::default())
    })?;
    let lifetime = call.who.cloud.limits.request_lifetime;
    Ok(Request {
        method: call.method.clone(),
        url: call.url.clone(),
        headers,
        body: call.body.as_ref().map_or_else(Bytes::new, Body::bytes),
        repeat: call.repeat,
        kind: call.kind,
        meter: call.meter(),
        timeout: match call.act_by {
            Some(_) => RESPONSE_TIMEOUT.min(Duration::from_secs(lifetime.as_secs()) / 2),
            None => RESPONSE_TIMEOUT,
        },
        send_by: call.act_by.map(|act_by| lifetime.before(act_by)),
    })
}

fn headers(
    call: &Call<'_>,
    tokens: &Tokens,
) -> Result<HeaderMap, http::header::InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        HeaderName::from_static("x-ms-client-request-id"),
        HeaderValue::from_str(&call.id.to_string())?,
    );
    if call.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let bearer = tokens.bearer.token.expose_secret();
    headers.insert(AUTHORIZATION, secret::header(&["Bearer ", bearer])?);
    if let Some(management) = &tokens.management {
        headers.insert(
            HeaderName::from_static(MANAGEMENT_TOKEN),
            secret::header(&[management.token.expose_secret()])?,
        );
        if let Service::Databricks(Some(id)) = call.who.service {
            headers.insert(
                HeaderName::from_static(WORKSPACE_ID),
                HeaderValue::from_str(id.as_str())?,
            );
        }
    }
    Ok(headers)
}
