//! The simulated cloud as a transport inside the program: the production host names, no socket.
//!
//! A host that is not in the world fails as if its name could not be resolved.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::message::{Door, Incoming, Reply};
use super::operation::Operation;
use super::world::World;
use crate::clock::Clock;
use crate::http::{Failure, Request, Response, Sent, Transport};
use crate::mutex::{Mutex, MutexGuard};

/// Hosts of the token service in the public clouds.
const AUTHORITIES: [&str; 5] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
    "login.partner.microsoftonline.cn",
];
/// Hosts of Azure Resource Manager in the public clouds.
const RESOURCE_MANAGERS: [&str; 3] = [
    "management.azure.com",
    "management.usgovcloudapi.net",
    "management.chinacloudapi.cn",
];

/// One request that was sent to the false cloud, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What the client calls it: `adf.list`, `jobs.run-now`.
    pub kind: &'static str,
    /// What the false cloud calls it.
    pub operation: Operation,
    /// The verb.
    pub method: String,
    /// The host it went to.
    pub host: String,
    /// Path and query; values that could be secret are cut out.
    pub path: String,
    /// The status of the answer; absent: none came.
    pub status: Option<u16>,
}

/// A world behind the door that the real cloud is behind. Clones share one world and one record.
#[derive(Clone, Debug)]
pub struct Embedded {
    world: Arc<Mutex<World>>,
    clock: Clock,
    recorded: Arc<Mutex<Vec<Recorded>>>,
}

impl Embedded {
    /// A door to `world`. Slow answers are waited for on the world's clock.
    pub fn new(world: World) -> Self {
        Self {
            clock: world.clock(),
            world: Arc::new(Mutex::new(world)),
            recorded: Arc::default(),
        }
    }

    /// The world behind the door.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock()
    }

    /// Every request so far, in the order in which they were answered.
    pub fn requests(&self) -> Vec<Recorded> {
        self.recorded.lock().clone()
    }

    /// The answer of the world, and the world kept on disk if the answer changed it.
    fn ask(&self, request: &Request) -> Result<Reply, Failure> {
        let host = request.url.host_str().unwrap_or_default();
        let mut world = self.world();
        let door = world.door(host).ok_or_else(|| unknown(host))?;
        let origin = format!("{}://{}", request.url.scheme(), request.url.authority());
        let reply = world.answer(&Incoming {
            door,
            origin: &origin,
            method: &request.method,
            path: request.url.path(),
            query: request.url.query().unwrap_or_default(),
            headers: &request.headers,
            body: &request.body,
        });
        let kept = world.keep();
        drop(world);
        let status = reply
            .response
            .as_ref()
            .map(|response| response.status)
            .filter(|_| reply.wait < request.timeout);
        self.recorded
            .lock()
            .push(recorded(request, host, reply.operation, status));
        kept.map_err(|error| Failure::network(Sent::Maybe, error.to_string()))?;
        Ok(reply)
    }
}

impl Transport for Embedded {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            let reply = self.ask(request)?;
            if reply.wait >= request.timeout {
                self.clock.sleep(request.timeout).await;
                return Err(lost(format!(
                    "no answer within {}s",
                    request.timeout.as_secs()
                )));
            }
            if !reply.wait.is_zero() {
                self.clock.sleep(reply.wait).await;
            }
            reply
                .response
                .ok_or_else(|| lost("connection closed before an answer came".to_owned()))
        })
    }
}

fn lost(what: String) -> Failure {
    Failure::network(Sent::Maybe, what)
}

fn unknown(host: &str) -> Failure {
    Failure::network(
        Sent::No,
        format!("no such host in the simulated cloud: {host}"),
    )
}

fn recorded(request: &Request, host: &str, operation: Operation, status: Option<u16>) -> Recorded {
    let query = request
        .url
        .query()
        .map(|query| format!("?{}", redacted(query)))
        .unwrap_or_default();
    Recorded {
        kind: request.kind,
        operation,
        method: request.method.to_string(),
        host: host.to_owned(),
        path: format!("{}{query}", request.url.path()),
        status,
    }
}

/// No protocol here has a secret in its query; a client that puts one there is still not repeated.
fn redacted(query: &str) -> String {
    let hide = |pair: &str| match pair.split_once('=') {
        Some((name, _))
            if ["secret", "assertion", "sig", "access_token", "password"]
                .iter()
                .any(|word| name.contains(word)) =>
        {
            format!("{name}=REDACTED")
        }
        _ => pair.to_owned(),
    };
    query.split('&').map(hide).collect::<Vec<_>>().join("&")
}

impl World {
    /// The service behind a host name.
    pub(crate) fn door(&self, host: &str) -> Option<Door> {
        let among = |own: &[String], public: &[&str]| {
            public.iter().any(|one| one.eq_ignore_ascii_case(host))
                || own.iter().any(|one| one.eq_ignore_ascii_case(host))
        };
        if among(&self.settings.authorities, &AUTHORITIES) {
            return Some(Door::Entra);
        }
        if among(&self.settings.resource_managers, &RESOURCE_MANAGERS) {
            return Some(Door::ResourceManager);
        }
        let workspaces = self.workspaces.iter();
        let vaults = || self.vaults.iter();
        workspaces
            .map(|one| &one.host)
            .position(|own| own.eq_ignore_ascii_case(host))
            .map(Door::Workspace)
            .or_else(|| {
                vaults()
                    .position(|one| one.host().eq_ignore_ascii_case(host))
                    .map(Door::Vault)
            })
    }
}
