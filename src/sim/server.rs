//! The simulated cloud as a server on loopback, for the program's real transport and for other people's clients: one listener for Entra
//! and ARM, one for each workspace and each key vault. It has no TLS, binds to loopback addresses only, and limits the size of a request body.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Incoming as Body};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::door::stamp;
use super::message::{Door, Incoming, Reply};
use super::operation::Operation;
use super::secret::Vault;
use super::store::Error;
use super::world::World;
use super::{arm, databricks};
use crate::clock::Clock;
use crate::http::Response;
use crate::limits::{RESPONSE_TIMEOUT, SIM_BODY_BYTES_MAX};
use crate::mutex::Mutex;

/// Where to listen and how slowly to answer.
#[derive(Clone, Debug)]
pub struct Options {
    /// A loopback address.
    pub bind: IpAddr,
    /// Port of Entra and ARM; 0: any free one.
    pub azure_port: u16,
    /// Ports of the workspaces in the order of the world file; the rest take any free one.
    pub workspace_ports: Vec<u16>,
    /// Added to every answer, in real time: the distance of a data centre.
    pub latency: Duration,
    /// Where each request is appended, as `OPERATION METHOD PATH`.
    pub log: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            azure_port: 0,
            workspace_ports: Vec::new(),
            latency: Duration::ZERO,
            log: None,
        }
    }
}

/// A running server. Dropping it stops it at once; [`Served::stop`] lets answers in flight finish.
#[derive(Debug)]
pub struct Served {
    /// Where Entra and ARM are: `http://<this>` is both authority and resource manager.
    pub azure: SocketAddr,
    /// Each workspace's own host and where it is served.
    pub workspaces: Vec<(String, SocketAddr)>,
    /// The same of each key vault.
    pub vaults: Vec<(String, SocketAddr)>,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
}

impl Served {
    /// Takes no more connections, finishes the answers in flight, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.listeners.join_next().await.is_some() {}
    }
}

/// Serves `world` until the result is stopped or dropped. From now on ARM tells the served address of each workspace as its host.
///
/// # Errors
/// An address that is not loopback, or a port that is taken.
pub async fn serve(world: Arc<Mutex<World>>, options: &Options) -> Result<Served, Error> {
    if !options.bind.is_loopback() {
        return Err(Error::NotLoopback(options.bind));
    }
    let azure = listen(options.bind, options.azure_port).await?;
    let hosts: Vec<String> = world
        .lock()
        .workspaces
        .iter()
        .map(|one| one.host.clone())
        .collect();
    let clock = world.lock().clock();
    let (stop, stopped) = watch::channel(false);
    let mut served = Served {
        azure: azure.1,
        workspaces: Vec::new(),
        vaults: Vec::new(),
        stop,
        listeners: JoinSet::new(),
    };
    let desk = |place| Desk {
        world: Arc::clone(&world),
        clock: clock.clone(),
        place,
        latency: options.latency,
        log: options.log.clone(),
        stopped: stopped.clone(),
    };
    served.listeners.spawn(accept(azure.0, desk(Place::Azure)));
    for (place, host) in hosts.into_iter().enumerate() {
        let (listener, address) = listen(
            options.bind,
            options.workspace_ports.get(place).copied().unwrap_or(0),
        )
        .await?;
        world.lock().workspaces[place].served = Some(address.to_string());
        let workspace = desk(Place::Workspace(place));
        served.listeners.spawn(accept(listener, workspace));
        served.workspaces.push((host, address));
    }
    let vaults: Vec<String> = world.lock().vaults.iter().map(Vault::host).collect();
    for (place, host) in vaults.into_iter().enumerate() {
        let (listener, address) = listen(options.bind, 0).await?;
        let vault = desk(Place::Vault(place));
        served.listeners.spawn(accept(listener, vault));
        served.vaults.push((host, address));
    }
    Ok(served)
}

async fn listen(bind: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), Error> {
    let address = SocketAddr::new(bind, port);
    let failed = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Who is reached through a listener.
#[derive(Clone, Copy)]
enum Place {
    /// Entra and ARM.
    Azure,
    Workspace(usize),
    Vault(usize),
}

/// What one listener serves.
#[derive(Clone)]
struct Desk {
    world: Arc<Mutex<World>>,
    clock: Clock,
    place: Place,
    latency: Duration,
    log: Option<PathBuf>,
    stopped: watch::Receiver<bool>,
}

async fn accept(listener: TcpListener, desk: Desk) {
    let mut connections = JoinSet::new();
    let mut stopped = desk.stopped.clone();
    loop {
        tokio::select! {
            () = told_to_stop(&mut stopped) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, desk.clone()));
                }
                // Out of file descriptors, mostly: give the others time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    while connections.join_next().await.is_some() {}
}

/// Also when nobody is left who could tell.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn converse(stream: TcpStream, desk: Desk) {
    // Answers are small and complete: waiting to fill packets would only add delay. A failure here changes nothing else.
    let _ = stream.set_nodelay(true);
    let mut stopped = desk.stopped.clone();
    let service = service_fn(move |request| {
        let desk = desk.clone();
        async move { answer(&desk, request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let over = tokio::select! {
        _ = connection.as_mut() => true,
        () = told_to_stop(&mut stopped) => false,
    };
    if !over {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// The world lost the answer on purpose: hyper then closes the connection without a word.
#[derive(Debug, thiserror::Error)]
#[error("the simulated cloud was told to lose this answer")]
struct LostAnswer;

async fn answer(
    desk: &Desk,
    request: http::Request<Body>,
) -> Result<http::Response<Full<Bytes>>, LostAnswer> {
    let (head, body) = request.into_parts();
    let Some(body) = whole(body).await else {
        return Ok(finish(too_large(desk)));
    };
    let reply = desk.ask(&head, &body);
    tokio::time::sleep(desk.latency).await;
    if !reply.wait.is_zero() {
        desk.clock.sleep(reply.wait).await;
    }
    reply.response.map(finish).ok_or(LostAnswer)
}

/// The request body, if it is within its bound, also by what it says of itself, and comes in good time.
async fn whole(body: Body) -> Option<Bytes> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > SIM_BODY_BYTES_MAX {
        return None;
    }
    let reading = Limited::new(body, SIM_BODY_BYTES_MAX).collect();
    let read = tokio::time::timeout(RESPONSE_TIMEOUT, reading).await;
    Some(read.ok()?.ok()?.to_bytes())
}

impl Desk {
    fn ask(&self, head: &http::request::Parts, body: &[u8]) -> Reply {
        let secure = head
            .headers
            .get("x-forwarded-proto")
            .is_some_and(|scheme| scheme == "https");
        let host = head
            .headers
            .get(http::header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("127.0.0.1");
        let origin = format!("{}://{host}", if secure { "https" } else { "http" });
        let mut world = self.world.lock();
        let mut reply = world.answer(&Incoming {
            door: match self.place {
                Place::Azure => azure_door(head.uri.path()),
                Place::Workspace(place) => Door::Workspace(place),
                Place::Vault(place) => Door::Vault(place),
            },
            origin: &origin,
            method: &head.method,
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body,
        });
        if let Err(error) = world.keep().and_then(|()| self.note(head, reply.operation)) {
            // A cloud that forgets what it did would be worse than one that fails.
            reply.response = Some(*arm::error(500, "WorldNotKept", &error.to_string()));
        }
        reply
    }
}

impl Desk {
    fn note(&self, head: &http::request::Parts, operation: Operation) -> Result<(), Error> {
        let Some(path) = &self.log else {
            return Ok(());
        };
        let line = format!("{} {} {}\n", operation.name(), head.method, head.uri.path());
        let mut options = std::fs::OpenOptions::new();
        let written = options
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| file.write_all(line.as_bytes()));
        written.map_err(|source| Error::Log {
            path: path.clone(),
            source,
        })
    }
}

/// Entra and ARM share one listener: ARM's paths begin with what it manages, Entra's with a tenant.
fn azure_door(path: &str) -> Door {
    let first = path
        .split('/')
        .find(|segment| !segment.is_empty())
        .unwrap_or_default();
    let managed = ["subscriptions", "providers", "tenants"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(first));
    if managed {
        Door::ResourceManager
    } else {
        Door::Entra
    }
}

fn too_large(desk: &Desk) -> Response {
    let text = "The request body is too large.";
    let mut response = match desk.place {
        Place::Azure | Place::Vault(_) => arm::error(413, "RequestEntityTooLarge", text),
        Place::Workspace(_) => databricks::error(413, "MAX_REQUEST_SIZE_EXCEEDED", text),
    };
    stamp(&mut response, desk.clock.now());
    *response
}

fn finish(response: Response) -> http::Response<Full<Bytes>> {
    let mut whole = http::Response::new(Full::new(response.body));
    *whole.status_mut() = http::StatusCode::from_u16(response.status)
        .unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    *whole.headers_mut() = response.headers;
    whole
}
