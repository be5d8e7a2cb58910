//! A bare server on loopback: canned answers, each after a fixed time, over kept connections. It thinks about nothing, so that what is
//! measured is the client. Refuses: to know what it is asked for beyond the path.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Runtimes, spread evenly over the factories.
    pub runtimes: usize,
    /// Factories, each in a subscription of its own: budgets count by subscription.
    pub factories: usize,
    /// Jobs in the one workspace.
    pub jobs: usize,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// The verb.
    pub method: http::Method,
    /// Path and query.
    pub path: String,
    /// The body.
    pub body: Bytes,
}

/// The server, running until the program ends.
#[derive(Clone)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    size: Size,
    latency: Duration,
    received: Arc<Mutex<Vec<Received>>>,
    in_flight: Arc<AtomicUsize>,
    peak: Arc<AtomicUsize>,
}

impl Server {
    /// Listens on a free port.
    pub async fn start(size: Size, latency: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let server = Self {
            address: listener.local_addr()?,
            size,
            latency,
            received: Arc::default(),
            in_flight: Arc::default(),
            peak: Arc::default(),
        };
        tokio::spawn(server.clone().accept(listener));
        Ok(server)
    }

    /// Everything received since the last time, and how many requests were under way at most.
    pub fn take(&self) -> (Vec<Received>, usize) {
        let received =
            std::mem::take(&mut *self.received.lock().unwrap_or_else(PoisonError::into_inner));
        (received, self.peak.swap(0, Ordering::SeqCst))
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().converse(stream));
        }
    }

    async fn converse(self, stream: TcpStream) {
        // A client that goes away is no concern of the server.
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| self.answer(request));
        let _ = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(
        &self,
        request: http::Request<Incoming>,
    ) -> Result<http::Response<Full<Bytes>>, Infallible> {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.peak.fetch_max(now, Ordering::SeqCst);
        let (head, body) = request.into_parts();
        let path = head
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str)
            .to_owned();
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        let said = canned(&path, self.size, &self.address.to_string());
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Received {
                method: head.method,
                path,
                body,
            });
        tokio::time::sleep(self.latency).await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        let mut response = http::Response::new(Full::new(Bytes::from(
            said.clone().unwrap_or_default().to_string(),
        )));
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        if said.is_none() {
            *response.status_mut() = http::StatusCode::NOT_FOUND;
        }
        Ok(response)
    }
}

/// What a request is called in the count: the last words of its path.
pub fn kind(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut words: Vec<&str> = path.trim_matches('/').split('/').collect();
    let last = words.pop().unwrap_or_default();
    match words.pop() {
        Some("oauth2" | "v2.0") => "token".to_owned(),
        Some("factories" | "integrationruntimes" | "integrationRuntimes") => {
            "one of a list".to_owned()
        }
        Some("runs") if query.contains("active_only=true") => "runs/list active".to_owned(),
        Some("runs") => format!("runs/{last}"),
        Some("jobs") => format!("jobs/{last}"),
        _ => last.to_owned(),
    }
}

fn canned(path: &str, size: Size, host: &str) -> Option<Value> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let words: Vec<&str> = path.trim_matches('/').split('/').collect();
    let last = words.last()?.to_ascii_lowercase();
    let runtime = || {
        words
            .get(words.len().wrapping_sub(2))
            .copied()
            .unwrap_or_default()
    };
    match last.as_str() {
        "token" => Some(
            json!({"token_type": "Bearer", "expires_in": 3599, "access_token": format!("bench.{}", uuid::Uuid::new_v4())}),
        ),
        "integrationruntimes" => Some(runtimes(path, size)),
        "getstatus" => Some(status(runtime())),
        "listauthkeys" => {
            Some(json!({"authKey1": format!("IR@1@{path}"), "authKey2": format!("IR@2@{path}")}))
        }
        "values" => Some(json!({"value": []})),
        "list" if words.contains(&"runs") => Some(runs(query)),
        "list" => Some(jobs(query, size)),
        "get" => Some(job(parameter(query, "job_id")?.parse().ok()?)),
        _ if words.contains(&"workspaces") => Some(json!({"properties": {"workspaceUrl": host}})),
        _ if words.len() > 2
            && words[words.len() - 2].eq_ignore_ascii_case("integrationruntimes") =>
        {
            Some(listed(path, &last))
        }
        _ => None,
    }
}

fn runtimes(path: &str, size: Size) -> Value {
    let each = size.runtimes / size.factories;
    let all: Vec<Value> = (0..each)
        .map(|number| {
            listed(
                &format!("{path}/gateway-{number}"),
                &format!("gateway-{number}"),
            )
        })
        .collect();
    json!({"value": all})
}

fn listed(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "type": "Microsoft.DataFactory/factories/integrationruntimes", "properties": {"type": "SelfHosted"}})
}

fn status(name: &str) -> Value {
    let created = (Timestamp::now() - SignedDuration::from_hours(240)).to_string();
    let inner = json!({"createTime": created, "nodes": [], "version": "5.50.9171.1"});
    json!({"name": name, "properties": {"type": "SelfHosted", "state": "Online", "typeProperties": inner}})
}

fn jobs(query: &str, size: Size) -> Value {
    let number = |name: &str, default: usize| {
        parameter(query, name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (from, page) = (number("page_token", 0), number("limit", 20));
    let end = size.jobs.min(from + page);
    let mut answer = json!({"jobs": (from..end).map(job).collect::<Vec<_>>()});
    if end < size.jobs {
        answer["next_page_token"] = json!(end.to_string());
    }
    answer
}

fn job(number: usize) -> Value {
    let settings = json!({"name": format!("job-{number}"), "tags": {"tier": "gold"}, "max_concurrent_runs": 1, "format": "MULTI_TASK"});
    json!({"job_id": number, "created_time": 1_700_000_000_000_u64, "settings": settings})
}

/// No run is active; each job succeeded an hour ago.
fn runs(query: &str) -> Value {
    let Some(job) = parameter(query, "job_id").filter(|_| !query.contains("active_only=true"))
    else {
        return json!({});
    };
    let end = (Timestamp::now() - SignedDuration::from_hours(1)).as_millisecond();
    let job: u64 = job.parse().unwrap_or_default();
    json!({"runs": [{
        "job_id": job, "run_id": 1_000_000 + job, "run_type": "JOB_RUN", "trigger": "PERIODIC",
        "start_time": end - 60_000, "end_time": end,
        "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""},
        "status": {"state": "TERMINATED", "termination_details": {"code": "SUCCESS", "type": "SUCCESS", "message": ""}},
    }]})
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}
