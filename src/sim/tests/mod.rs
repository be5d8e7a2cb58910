//! What the false cloud promises, told through the door that clients use. One trap of the real services per test.

mod databricks;
mod entra;
mod faults;
mod kept;
mod keys;
mod meanwhile;
mod serving;
mod shapes;
mod storage;
mod vault;
mod ways;
mod worlds;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::agenda::Agenda;
use super::{Embedded, World};
use crate::clock::Clock;
use crate::http::{Failure, Repeat, Request, Response, Transport};
use crate::mutex::Mutex;

pub(super) const SUBSCRIPTION: &str = "12345678-1234-1234-1234-1234567890ab";
pub(super) const HOST: &str = "adb-1.7.azuredatabricks.net";
pub(super) const FACTORY: &str = "/subscriptions/12345678-1234-1234-1234-1234567890ab/resourceGroups/rg/providers/Microsoft.DataFactory/factories/adf";
const START: &str = "clock: 2026-11-22T09:00:00Z\n";

/// A world that begins on 2026-11-22 at 09:00 UTC, and a client in front of it.
pub(super) struct Client {
    pub(super) cloud: Embedded,
    runtime: tokio::runtime::Runtime,
    headers: HeaderMap,
}

/// A factory `adf` in group `rg` with these runtimes (YAML, one flow sequence).
pub(super) fn factory(runtimes: &str) -> Client {
    client(&format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: {runtimes}}}]}}]"
    ))
}

/// A workspace with these jobs (YAML, one flow sequence).
pub(super) fn workspace(jobs: &str) -> Client {
    client(&format!("workspaces: [{{host: {HOST}, jobs: {jobs}}}]"))
}

pub(super) fn client(world: &str) -> Client {
    let world = World::from_text(
        &format!("{START}{world}"),
        Path::new("world.yaml"),
        &Clock::Real,
    )
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    Client {
        cloud: Embedded::new(world),
        runtime,
        headers: HeaderMap::new(),
    }
}

pub(super) fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or(Value::Null)
}

/// What a request changes is told by its line in the journal, all of it; and what happens next is known without looking at every job.
fn told_place_by_place(mut before: World, world: &mut World) {
    for workspace in &mut world.workspaces {
        let mut anew = workspace.clone();
        anew.agenda = Agenda::default();
        assert_eq!(workspace.next_event(), anew.next_event());
    }
    let Some(line) = world.line() else {
        return;
    };
    let line = serde_json::to_string(&line).unwrap();
    before
        .put_back(serde_json::from_str(&line).unwrap())
        .unwrap();
    let state = |world: &World| serde_json::to_value(world).unwrap();
    assert_eq!(state(&before), state(world), "{line}");
}

impl Client {
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(super) fn without(mut self, name: &'static str) -> Self {
        self.headers.remove(name);
        self
    }

    pub(super) fn send(
        &self,
        method: &Method,
        url: &str,
        body: impl Into<Bytes>,
    ) -> Result<Response, Failure> {
        let request = Request {
            method: method.clone(),
            url: url.parse().unwrap(),
            headers: self.headers.clone(),
            body: body.into(),
            repeat: Repeat::Never,
            kind: "test",
            meter: crate::http::Meter::free(crate::http::Class::ArmReads),
            timeout: Duration::from_secs(30),
            send_by: None,
        };
        // One that is kept writes its line by itself.
        let is_kept = self.cloud.world().stored.is_some();
        let before = (!is_kept).then(|| self.cloud.world().clone());
        let answer = self.runtime.block_on(self.cloud.send(&request));
        if let Some(before) = before {
            told_place_by_place(before, &mut self.cloud.world());
        }
        answer
    }

    /// The same client in front of another world.
    pub(super) fn put(mut self, world: World) -> Self {
        self.cloud = Embedded::new(world);
        self
    }

    /// Asks Entra for a token, by the v1 endpoint.
    pub(super) fn token(&self, resource: &str) -> Response {
        let form = format!(
            "grant_type=client_credentials&client_id=me&client_secret=s&resource={resource}"
        );
        self.send(
            &Method::POST,
            "https://login.microsoftonline.com/contoso/oauth2/token",
            form,
        )
        .unwrap()
    }

    /// Takes the token for this resource along from now on.
    pub(super) fn signed_in(self, resource: &str) -> Self {
        let token = body(&self.token(resource))["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn arm(self) -> Self {
        self.signed_in("https://management.core.windows.net/")
    }

    pub(super) fn vault(self) -> Self {
        self.signed_in("https://vault.azure.net")
    }

    /// Asks the vault `kv-data`, in the API's version 7.5.
    pub(super) fn ask_vault(&self, method: &Method, path: &str, sent: &Value) -> (u16, Value) {
        let join = if path.contains('?') { '&' } else { '?' };
        let url = format!("https://kv-data.vault.azure.net{path}{join}api-version=7.5");
        let sent = if sent.is_null() {
            String::new()
        } else {
            sent.to_string()
        };
        let response = self.send(method, &url, sent).unwrap();
        (response.status, body(&response))
    }

    pub(super) fn dapi(self) -> Self {
        self.with("authorization", "Bearer dapi0123")
    }

    pub(super) fn get_arm(&self, path: &str) -> (u16, Value) {
        let response = self
            .send(
                &Method::GET,
                &format!("https://management.azure.com{path}"),
                "",
            )
            .unwrap();
        (response.status, body(&response))
    }

    /// A POST to a runtime of the factory: `gateway/listAuthKeys`.
    pub(super) fn post_runtime(&self, what: &str, text: &str) -> Result<(u16, Value), Failure> {
        let url = format!(
            "https://management.azure.com{FACTORY}/integrationRuntimes/{what}?api-version=2018-06-01"
        );
        self.send(&Method::POST, &url, text.to_owned())
            .map(|response| (response.status, body(&response)))
    }

    pub(super) fn keys(&self, runtime: &str) -> [String; 2] {
        let (status, keys) = self
            .post_runtime(&format!("{runtime}/listAuthKeys"), "")
            .unwrap();
        assert_eq!(status, 200, "{keys}");
        ["authKey1", "authKey2"].map(|slot| keys[slot].as_str().unwrap().to_owned())
    }

    pub(super) fn get_jobs(&self, what: &str) -> (u16, Value) {
        let response = self
            .send(
                &Method::GET,
                &format!("https://{HOST}/api/2.2/jobs/{what}"),
                "",
            )
            .unwrap();
        (response.status, body(&response))
    }

    pub(super) fn post_jobs(&self, what: &str, value: &Value) -> (u16, Value) {
        let response = self
            .send(
                &Method::POST,
                &format!("https://{HOST}/api/2.2/jobs/{what}"),
                value.to_string(),
            )
            .unwrap();
        (response.status, body(&response))
    }

    /// Starts a job and gives the run's id.
    pub(super) fn run_now(&self, job: u64) -> u64 {
        let (status, answer) = self.post_jobs("run-now", &json!({"job_id": job}));
        assert_eq!(status, 200, "{answer}");
        answer["run_id"].as_u64().unwrap()
    }

    /// The run's life_cycle_state, result_state and status.state.
    pub(super) fn phase(&self, run: u64) -> [String; 3] {
        let (status, run) = self.get_jobs(&format!("runs/get?run_id={run}"));
        assert_eq!(status, 200, "{run}");
        [
            &run["state"]["life_cycle_state"],
            &run["state"]["result_state"],
            &run["status"]["state"],
        ]
        .map(|word| word.as_str().unwrap_or("-").to_owned())
    }

    /// Lets so many seconds of the world pass.
    pub(super) fn pass(&self, seconds: u64) {
        let clock = self.cloud.world().clock();
        self.runtime
            .block_on(clock.sleep(Duration::from_secs(seconds)));
    }
}
