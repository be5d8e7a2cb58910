//! The Reader and the Writer against a scripted transport, and against what real services have said.

mod access;
mod account;
mod certificate;
mod credentials;
mod databricks;
mod device;
mod effects;
mod factory;
mod federated;
mod fixtures;
mod managed;
mod needs;
mod own;
pub(super) mod reads;
mod refusals;
mod specification;
mod vault;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::http::{Client, Failure, Request, Response, Sent, Transport};
use crate::limits::PAGES_MAX;
use crate::model::address::{Name, ResourceId};
use crate::model::connection::{
    Cloud, Credential, Factory, KeyConnection, Subscription, Workspace, WorkspaceHost,
};
use crate::model::job::{JobId, Run, RunId};
use crate::model::runtime::Regeneration;
use crate::model::runtime_service::RuntimeService;
use crate::model::time::Timestamp;
use crate::model::timeline::LogSpan;
use crate::model::trouble::Trouble;
use crate::model::trust::Trust;
use crate::mutex::Mutex;

/// What the Activity Log of the factory's group tells of this time.
async fn log_of_factory(
    reader: &Reader,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<(ResourceId, Regeneration)>, Trouble> {
    let factory = factory();
    let log = ActivityLog::of_factory(&factory);
    let told = reader.regenerations(log, LogSpan { since, until }, PAGES_MAX);
    Ok(told.await?.events.expect("all of its pages"))
}

/// The `Date` of every answer: 2026-11-22 03:00:00 UTC.
const DATE: &str = "Sun, 22 Nov 2026 03:00:00 GMT";
const HOST: &str = "adb-1.7.azuredatabricks.net";

type Answer = Result<Response, Failure>;
type Answers = dyn Fn(&Request, usize) -> Answer + Send + Sync;

/// A transport that keeps all requests and gives what a function of the request, and of how many of its kind came before,
/// says. Tokens are granted by itself, numbered, unless the function is asked for them too.
struct Fake {
    asked: Mutex<Vec<Request>>,
    answers: Box<Answers>,
    grants_tokens: bool,
}

impl Transport for Fake {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Answer> {
        let nth = {
            let mut asked = self.asked.lock();
            asked.push(request.clone());
            asked.iter().filter(|r| r.kind == request.kind).count()
        };
        let answer = if self.grants_tokens && request.kind == "entra.token" {
            ok(json!({"access_token": format!("token-{nth}"), "expires_in": 3599}))
        } else {
            (self.answers)(request, nth)
        };
        Box::pin(async move {
            // Others get a turn, as they do while a real answer is on its way.
            tokio::task::yield_now().await;
            answer
        })
    }
}

impl Fake {
    fn asked(&self, kind: &str) -> Vec<Request> {
        let asked = self.asked.lock();
        asked.iter().filter(|r| r.kind == kind).cloned().collect()
    }
}

/// On a machine that is none of Azure's.
fn fake(answers: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Arc<Fake> {
    fake_machine(move |request, nth| match request.kind {
        "imds.probe" => nobody(),
        _ => answers(request, nth),
    })
}

/// The function also answers in the place of the machine's identity endpoint.
fn fake_machine(answers: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Arc<Fake> {
    Arc::new(Fake {
        asked: Mutex::default(),
        answers: Box::new(answers),
        grants_tokens: true,
    })
}

fn now() -> Timestamp {
    "2026-11-22T03:00:00Z".parse().unwrap()
}

fn reader_with(fake: &Arc<Fake>, env: &[(&str, &str)]) -> Reader {
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(fake);
    let clock = Clock::Manual(ManualClock::new(now()));
    let here = Surroundings::new(env.iter().copied());
    let reader = Reader::new(Client::new(transport, clock), here, Trust::simulated());
    reader.among([&workspace()]);
    reader
}

const PRINCIPAL: [(&str, &str); 3] = [
    ("AZURE_TENANT_ID", "tenant"),
    ("AZURE_CLIENT_ID", "client"),
    ("AZURE_CLIENT_SECRET", "hush"),
];

fn reader(fake: &Arc<Fake>) -> Reader {
    reader_with(fake, &PRINCIPAL)
}

fn writer(fake: &Arc<Fake>) -> Writer {
    Writer::new(reader(fake), &Approval::given())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "an outcome, as a transport gives it"
)]
fn answer(status: u16, body: impl Into<bytes::Bytes>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("date", HeaderValue::from_static(DATE));
    headers.insert("x-ms-request-id", HeaderValue::from_static("rq-1"));
    Ok(Response {
        status,
        headers,
        body: body.into(),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "reads well with json!")]
fn ok(body: Value) -> Answer {
    answer(200, body.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "reads well with json!")]
fn status(status: u16, body: Value) -> Answer {
    answer(status, body.to_string())
}

fn nobody() -> Answer {
    Err(Failure::network(
        Sent::No,
        "no connection: no route to host".to_owned(),
    ))
}

fn lost() -> Answer {
    Err(Failure::network(Sent::Maybe, "connection reset".to_owned()))
}

pub(super) fn factory() -> Factory {
    Factory {
        service: RuntimeService::DataFactory,
        name: Name::parse("ingest").unwrap(),
        subscription: "sub".to_owned(),
        resource_group: "rg-data".to_owned(),
        factory: "adf-ingest".to_owned(),
        cloud: Cloud::named("public").unwrap(),
        credential: Credential::Default,
    }
}

/// The connection to it.
pub(super) fn to_factory(factory: &Factory) -> KeyConnection {
    KeyConnection::Factory(factory.clone())
}

/// A subscription, and the id of a storage account in it.
const ACCOUNT: &str =
    "/subscriptions/sub/resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts/lakeraw";

fn subscription() -> Subscription {
    Subscription {
        name: Name::parse("data").unwrap(),
        subscription: "sub".to_owned(),
        resource_group: None,
        cloud: Cloud::named("public").unwrap(),
        credential: Credential::Default,
    }
}

pub(super) fn workspace() -> Workspace {
    Workspace {
        name: Name::parse("analytics").unwrap(),
        host: WorkspaceHost::Given(HOST.to_owned()),
        resource_id: None,
        cloud: Cloud::named("public").unwrap(),
        credential: Credential::Default,
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request
        .headers
        .get(name)
        .map(|value| value.to_str().unwrap())
}

fn query(request: &Request) -> BTreeMap<String, String> {
    request.url.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn looks_and_moves_can_be_spawned() {
    let fake = fake(|_, _| answer(400, ""));
    let writer = writer(&fake);
    let look = writer.reader().clone();
    let spawned = tokio::spawn(async move {
        let since = now();
        let ended = look
            .ended_runs(&workspace(), JobId(7), since, None, &|_| true)
            .await;
        let failure = look.failure(&workspace(), RunId(7)).await;
        let listed = look.runtimes(&factory()).await;
        (ended.is_err(), failure.is_err(), listed.is_err())
    });
    let moved =
        tokio::spawn(async move { writer.cancel(&workspace(), RunId(7), Timestamp::MAX).await });
    assert_eq!(spawned.await.unwrap(), (true, true, true));
    assert!(matches!(moved.await.unwrap(), Err(ActFailure::Refused(_))));
}
