//! The server: the same world over a real socket.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::sim::Error;
use crate::sim::server::{Options, serve};

const RESOURCE: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";

fn world(more: &str) -> Arc<Mutex<World>> {
    let text = format!(
        "subscriptions: [{{id: s}}]\nworkspaces: [{{host: {HOST}, resourceId: {RESOURCE}, jobs: [{{id: 1, name: n}}]}}]\n{more}"
    );
    Arc::new(Mutex::new(
        World::from_text(&text, Path::new("w"), &Clock::Real).unwrap(),
    ))
}

/// Sends requests over one connection, the last one asking to close it, and gives everything that came back.
async fn talk(address: SocketAddr, requests: &[String]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for request in requests {
        stream.write_all(request.as_bytes()).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn request(line: &str, headers: &str, body: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nhost: 127.0.0.1\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const PAT: &str = "authorization: Bearer dapi1\r\n";
const LAST: &str = "authorization: Bearer dapi1\r\nconnection: close\r\n";

#[tokio::test]
async fn a_connection_carries_many_requests() {
    let served = serve(world(""), &Options::default()).await.unwrap();
    let one = request("GET /api/2.2/jobs/list", PAT, "");
    let last = request("GET /api/2.2/jobs/get?job_id=1", LAST, "");
    let answer = talk(served.workspaces[0].1, &[one.clone(), one, last]).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(answer.matches("\r\ndate: ").count(), 3);
    served.stop().await;
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection_after_the_deed() {
    let world = world("faults: [{on: run-now, do: loseAnswer}]");
    let served = serve(Arc::clone(&world), &Options::default())
        .await
        .unwrap();
    let run = request(
        "POST /api/2.2/jobs/run-now",
        PAT,
        r#"{"job_id": 1, "idempotency_token": "t"}"#,
    );
    assert_eq!(talk(served.workspaces[0].1, &[run]).await, "");
    assert_eq!(world.lock().effects().runs_by_token["t"], 1);
}

#[tokio::test]
async fn arm_tells_where_the_workspace_is_served() {
    let served = serve(world(""), &Options::default()).await.unwrap();
    let form =
        "grant_type=client_credentials&client_id=me&client_secret=s&resource=http://127.0.0.1/";
    let answer = talk(
        served.azure,
        &[request(
            "POST /contoso/oauth2/token",
            "connection: close\r\n",
            form,
        )],
    )
    .await;
    let token = answer.rsplit('"').nth(1).unwrap();
    let headers = format!("authorization: Bearer {token}\r\nconnection: close\r\n");
    let line = format!("GET {RESOURCE}?api-version=2018-04-01");
    let answer = talk(served.azure, &[request(&line, &headers, "")]).await;
    let wanted = format!(r#""workspaceUrl":"{}""#, served.workspaces[0].1);
    assert!(answer.contains(&wanted), "{answer}");
}

#[tokio::test]
async fn only_loopback_is_served() {
    let options = Options {
        bind: "0.0.0.0".parse().unwrap(),
        ..Options::default()
    };
    let error = serve(world(""), &options).await.unwrap_err();
    assert!(matches!(error, Error::NotLoopback(_)));
}

#[tokio::test]
async fn a_body_has_its_greatest_length() {
    let served = serve(world(""), &Options::default()).await.unwrap();
    let head = format!(
        "POST /api/2.2/jobs/run-now HTTP/1.1\r\nhost: h\r\n{LAST}content-length: 99999999\r\n\r\n"
    );
    let answer = talk(served.workspaces[0].1, &[head]).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}
