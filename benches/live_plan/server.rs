//! A bare server on loopback: canned answers, each after a fixed time, over kept connections. It thinks about nothing, so that what is
//! measured is the client. Refuses: to know what it is asked for beyond the path.

use std::collections::BTreeMap;
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

/// Runs on a page.
const RUNS_PAGE: usize = 25;
/// Events on a page.
const LOG_PAGE: i64 = 200;

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Runtimes, spread evenly over the factories.
    pub runtimes: usize,
    /// Factories, each in a subscription of its own: budgets count by subscription.
    pub factories: usize,
    /// Jobs in the one workspace, each of which has run once in the last day.
    pub jobs: usize,
    /// Events of others in the Activity Log of each resource group, in its 90 days.
    pub log_events: usize,
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
        "values" => Some(log(path, query, size, host)),
        "list" if words.contains(&"runs") => Some(runs(query, size)),
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

/// No run is active. In the list of the workspace the runs stand one after the other, all day long.
fn runs(query: &str, size: Size) -> Value {
    if query.contains("active_only=true") {
        return json!({});
    }
    if let Some(job) = parameter(query, "job_id") {
        let job: usize = job.parse().unwrap_or_default();
        return json!({"runs": [run(job, size)]});
    }
    let from: usize = parameter(query, "page_token")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let end = size.jobs.min(from + RUNS_PAGE);
    let mut answer = json!({"runs": (from..end).map(|job| run(job, size)).collect::<Vec<_>>()});
    if end < size.jobs {
        answer["next_page_token"] = json!(end.to_string());
    }
    answer
}

/// The run of a job: it ended some time in the 20 hours before the last one.
fn run(job: usize, size: Size) -> Value {
    let ago = 3_600 + 20 * 3_600 * job / size.jobs.max(1);
    let ago = SignedDuration::from_secs(i64::try_from(ago).unwrap_or_default());
    let end = (Timestamp::now() - ago).as_millisecond();
    json!({
        "job_id": job, "run_id": 1_000_000 + job, "run_type": "JOB_RUN", "trigger": "PERIODIC",
        "start_time": end - 60_000, "end_time": end,
        "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""},
        "status": {"state": "TERMINATED", "termination_details": {"code": "SUCCESS", "type": "SUCCESS", "message": ""}},
    })
}

/// Events that are none of ours, evenly over 90 days: those in the time that is asked for, 200 on a page.
fn log(path: &str, query: &str, size: Size, host: &str) -> Value {
    let words: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let filter = words.get("$filter").map_or("", String::as_str);
    let time = |word: &str| -> Option<i64> {
        let text = filter.split(word).nth(1)?.split('\'').nth(1)?;
        Some(text.parse::<Timestamp>().ok()?.as_second())
    };
    let now = Timestamp::now().as_second();
    let step = (90 * 86_400 / i64::try_from(size.log_events.max(1)).unwrap_or(i64::MAX)).max(1);
    let (since, until) = (time("ge ").unwrap_or(0), time(" le ").unwrap_or(now));
    let skipped: i64 = words
        .get("$skipToken")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let last = if size.log_events == 0 {
        0
    } else {
        ((now - since) / step + 1).max(0)
    };
    let first = ((now - until).max(0) / step + skipped).min(last);
    let end = last.min(first + LOG_PAGE);
    let events: Vec<Value> = (first..end).map(|n| event(now - n * step)).collect();
    let mut answer = json!({"value": events});
    if end < last {
        let mut next = url::form_urlencoded::Serializer::new(String::new());
        for (word, value) in words.iter().filter(|(word, _)| *word != "$skipToken") {
            next.append_pair(word, value);
        }
        next.append_pair("$skipToken", &(skipped + LOG_PAGE).to_string());
        answer["nextLink"] = json!(format!("http://{host}{path}?{}", next.finish()));
    }
    answer
}

fn event(second: i64) -> Value {
    let at = Timestamp::from_second(second)
        .unwrap_or_default()
        .to_string();
    let action = "Microsoft.DataFactory/factories/pipelines/write";
    json!({
        "authorization": {"action": action, "scope": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.DataFactory/factories/adf/pipelines/p"},
        "caller": "alice@example.org", "eventTimestamp": at, "httpRequest": {"clientRequestId": uuid::Uuid::nil().to_string()},
        "operationName": {"value": action}, "status": {"value": "Succeeded"},
        "resourceId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.DataFactory/factories/adf/pipelines/p",
    })
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}
