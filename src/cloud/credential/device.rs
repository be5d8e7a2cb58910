//! Device code sign-in: a code and a link are shown, and whoever enters the code in a browser elsewhere is signed in here.
//!
//! A person is asked once. The refresh token is kept in memory and also gives tokens for the other services.
//! The wait ends with the code's lifetime or the command's time, whichever comes first.
//! A refused refresh does not show a new code, since hours later nobody may be there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::super::surroundings::Surroundings;
use super::advice;
use super::entra::{self, NAMED};
use super::grant::{self, Denied, Granted, seconds, unreadable};
use super::token::{Fresh, TokenFailure, Why, until};
use crate::escape;
use crate::http::{Client, Response};
use crate::limits::{DEVICE_CODE_PAUSE, DEVICE_CODE_WAIT_MAX};
use crate::model::time::{Span, Timestamp};
use crate::mutex::Mutex;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Whom to ask, as whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Person {
    pub authority: String,
    pub tenant: String,
    pub client_id: String,
}

/// The sign-ins of this command.
#[derive(Default)]
pub(super) struct People(Mutex<HashMap<Person, Renewal>>);

/// Shared by all audiences, so that a person is asked once.
type Renewal = Arc<tokio::sync::Mutex<Asked>>;

/// What became of asking a person.
#[derive(Default)]
enum Asked {
    #[default]
    NotYet,
    /// They signed in, and this renews it.
    SignedIn(SecretString),
    /// They declined, or did not come in time: whoever else wants a token must not ask them again.
    InVain(TokenFailure),
}

impl People {
    fn renewal(&self, person: &Person) -> Renewal {
        let mut all = self.0.lock();
        Arc::clone(all.entry(person.clone()).or_default())
    }

    /// A token, by the sign-in that is there, or by a new one.
    ///
    /// # Errors
    /// Nobody is there to ask, the person declined or was too slow, or the sign-in that is there is not renewed ([`Why::Ended`]).
    pub async fn token(
        &self,
        client: &Client,
        here: &Surroundings,
        person: &Person,
        scope: &str,
    ) -> Result<Fresh, TokenFailure> {
        let scope = format!("{scope} offline_access");
        let renewal = self.renewal(person);
        let mut renewal = renewal.lock().await;
        let granted = match &*renewal {
            Asked::SignedIn(token) => {
                let renewed = renew(client, person, &scope, token).await;
                renewed.map_err(Unasked::Before)
            }
            Asked::NotYet => ask(client, here, person, &scope).await,
            Asked::InVain(failure) => Err(Unasked::Before(failure.clone())),
        };
        let mut granted = match granted {
            Err(Unasked::Before(failure)) => return Err(failure),
            Err(Unasked::After(failure)) => {
                *renewal = Asked::InVain(failure.clone());
                return Err(failure);
            }
            Ok(granted) => granted,
        };
        // Each renewal may bring a newer one; the older stays good, so one that is not repeated is kept.
        if let Some(newer) = granted.refresh_token.take() {
            *renewal = Asked::SignedIn(newer);
        }
        granted.fresh(client.clock().now())
    }
}

/// Why there is no sign-in, before a person was shown a code or after. Nobody is shown a second one.
enum Unasked {
    Before(TokenFailure),
    After(TokenFailure),
}

async fn renew(
    client: &Client,
    person: &Person,
    scope: &str,
    token: &SecretString,
) -> Result<Granted, TokenFailure> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", person.client_id.as_str()),
        ("refresh_token", token.expose_secret()),
        ("scope", scope),
    ];
    let response = send(client, person, "token", &fields, "entra.token").await?;
    if response.status == 200 {
        return Granted::read(&response, NAMED);
    }
    let shown = [token.expose_secret()];
    let denied = Denied::read(&response);
    // Another error is about what was asked for, or a proxy's.
    let is_over = denied.error.as_deref() == Some("invalid_grant");
    let has_ended = is_over && denied.code() != Some(advice::CONSENT_MISSING);
    let failure = denied.failure(&response, NAMED, shown);
    Err(if has_ended {
        TokenFailure {
            message: format!(
                "the sign-in of the person at the terminal is not renewed: {}; run the command again and sign in anew",
                failure.message
            ),
            why: Why::Ended,
            ..failure
        }
    } else {
        failure
    })
}

#[derive(Deserialize)]
struct Shown {
    device_code: SecretString,
    user_code: String,
    /// Entra's name; others call it by its second one.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    expires_in: Value,
    interval: Option<Value>,
}

async fn ask(
    client: &Client,
    here: &Surroundings,
    person: &Person,
    scope: &str,
) -> Result<Granted, Unasked> {
    let code = code(client, here, person, scope).await;
    let code = code.map_err(Unasked::Before)?;
    let life = seconds(&code.expires_in).map_or(DEVICE_CODE_WAIT_MAX, Duration::from_secs);
    let life = life.min(DEVICE_CODE_WAIT_MAX);
    let now = client.clock().now();
    let end = Span::seconds(life.as_secs()).after(now);
    let end = end.min(client.ends_at());
    here.tell(&format!(
        "To sign in, open {} in a browser anywhere and enter the code {}. It holds for {}.",
        escape::line(&code.verification_uri),
        escape::line(&code.user_code),
        Span::between(now, end)
    ));
    let granted = poll(client, person, &code, end).await;
    granted.map_err(Unasked::After)
}

/// A code to show, while there is time for somebody to enter it.
async fn code(
    client: &Client,
    here: &Surroundings,
    person: &Person,
    scope: &str,
) -> Result<Shown, TokenFailure> {
    if !here.has_a_person() {
        return Err(TokenFailure::new(
            "no one can be shown a code, because stderr is not a terminal; use another method in a pipeline",
        ));
    }
    in_time(client)?;
    let fields = [("client_id", person.client_id.as_str()), ("scope", scope)];
    let response = send(client, person, "devicecode", &fields, "entra.deviceCode").await?;
    if response.status != 200 {
        return Err(Denied::read(&response).failure(&response, NAMED, []));
    }
    in_time(client)?;
    serde_json::from_slice(&response.body).map_err(|_| unreadable(&response, NAMED))
}

/// Asks at the pace that the service sets until the person has decided or the code has ended.
async fn poll(
    client: &Client,
    person: &Person,
    code: &Shown,
    end: Timestamp,
) -> Result<Granted, TokenFailure> {
    let pace = code.interval.as_ref().and_then(seconds);
    let mut pause = pace.map_or(DEVICE_CODE_PAUSE, |pace| Duration::from_secs(pace.max(1)));
    let fields = [
        ("grant_type", GRANT),
        ("client_id", person.client_id.as_str()),
        ("device_code", code.device_code.expose_secret()),
    ];
    loop {
        client.clock().sleep(pause.min(until(client, end))).await;
        in_time(client)?;
        let response = send(client, person, "token", &fields, "entra.token").await?;
        if response.status == 200 {
            return Granted::read(&response, NAMED);
        }
        let denied = Denied::read(&response);
        match denied.error.as_deref() {
            Some("authorization_pending") => {}
            Some("slow_down") => pause += DEVICE_CODE_PAUSE,
            Some("authorization_declined" | "access_denied") => {
                return Err(TokenFailure::new(
                    "the sign-in was declined in the browser; run the command again and accept it there",
                ));
            }
            Some("expired_token") => return Err(too_late()),
            Some("bad_verification_code") => {
                return Err(TokenFailure::new(
                    "the service does not know its own code any more; run the command again for a new one",
                ));
            }
            _ => {
                let shown = [code.device_code.expose_secret()];
                return Err(denied.failure(&response, NAMED, shown));
            }
        }
        if client.clock().now() >= end {
            return Err(too_late());
        }
    }
}

/// A person is not asked, nor waited for, once the time of the command is over.
fn in_time(client: &Client) -> Result<(), TokenFailure> {
    let over = client.in_time();
    over.map_err(|failure| TokenFailure::unanswered(NAMED, &failure))
}

fn too_late() -> TokenFailure {
    TokenFailure::new(
        "nobody entered the code in time; run the command again, and in a pipeline use another method",
    )
}

async fn send(
    client: &Client,
    person: &Person,
    what: &str,
    fields: &[(&str, &str)],
    kind: &'static str,
) -> Result<Response, TokenFailure> {
    let url = entra::endpoint(&person.authority, &person.tenant, what)?;
    let sent = client.send(&grant::post(url, fields, kind)).await;
    sent.map_err(|failure| TokenFailure::unanswered(&person.authority, &failure))
}
