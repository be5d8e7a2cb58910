//! The built binary against a server that means harm, over real sockets: it ends in time, within bounds of memory, and says what was wrong.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Most memory that a command may ever have held, in kibibytes. An answer may have 16 MiB, ten at a time are not asked for here.
const MEMORY_MAX: u64 = 128 * 1024;
/// A request under way when the time is over may take 30 s, and no more is begun.
const TIME_MAX: Duration = Duration::from_secs(5 + 30 + 10);

type Answer = fn(&mut TcpStream) -> std::io::Result<()>;

/// Serves tokens like everybody, and `answer` to all else, until the test ends.
fn serve(answer: Answer, grants: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            std::thread::spawn(move || drop(talk(socket, answer, grants)));
        }
    });
    address
}

fn talk(mut socket: TcpStream, answer: Answer, grants: bool) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    socket.read_exact(&mut body)?;
    if grants && head.contains("/oauth2/v2.0/token") {
        let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"t"}"#;
        return whole(&mut socket, "200 OK", "", token);
    }
    answer(&mut socket)
}

fn whole(socket: &mut TcpStream, status: &str, fields: &str, body: &str) -> std::io::Result<()> {
    write!(
        socket,
        "HTTP/1.1 {status}\r\n{fields}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A plan against it: exit code, everything that was said, and how long it took.
fn plan(address: SocketAddr, arguments: &[&str]) -> (Option<i32>, String, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = format!(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: lab}}\nspec: {{}}\n---\n\
         apiVersion: afresh/v1\nkind: Cloud\nmetadata: {{name: lab}}\nspec: {{authority: \"http://{address}\", resourceManager: \"http://{address}\"}}\n---\n\
         apiVersion: afresh/v1\nkind: Credential\nmetadata: {{name: ci}}\nspec: {{servicePrincipal: {{tenant: t, clientId: c, clientSecret: {{env: AFRESH_SECRET_HUSH}}}}}}\n---\n\
         apiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: ingest}}\nspec: {{subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg, factory: adf, cloud: lab, credential: ci}}\n---\n\
         apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: keys}}\nspec: {{factory: ingest, integrationRuntimes: [\"*\"], maxAge: 90d}}\n"
    );
    std::fs::write(folder.path().join("lab.yaml"), manifest).unwrap();
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_afresh"))
        .args(["plan", "lab.yaml"])
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("AFRESH_SECRET_HUSH", "hush")
        .env("AFRESH_ALLOW_LOOPBACK", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(memory(child.id()));
        if begun.elapsed() > TIME_MAX {
            child.kill().unwrap();
            panic!("still at it after {TIME_MAX:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    assert!(peak < MEMORY_MAX, "it held {peak} KiB");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.code(), said, begun.elapsed())
}

/// The most that a process has held so far, in kibibytes.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

/// Out of time, and it says so. Nobody learns a verdict.
fn runs_out_of_time(answer: Answer) {
    let (code, said, _) = plan(serve(answer, true), &["--timeout", "5s"]);
    assert_eq!(code, Some(8), "{said}");
    assert!(said.contains("the time of this command is over"), "{said}");
    assert!(said.contains("It sent "), "{said}");
    assert!(!said.contains("up to date"), "{said}");
}

/// Held at once, with these words.
fn holds(answer: Answer, words: &str) {
    let (code, said, took) = plan(serve(answer, true), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(words), "{said}");
    assert!(!said.contains("1 up to date"), "{said}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_body_without_an_end_is_cut_off() {
    runs_out_of_time(|socket| {
        socket.write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n[",
        )?;
        let some = vec![b' '; 64 * 1024];
        loop {
            socket.write_all(&some)?;
        }
    });
}

#[test]
fn a_byte_a_second_is_too_slow() {
    runs_out_of_time(|socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")?;
        loop {
            socket.write_all(b" ")?;
            std::thread::sleep(Duration::from_secs(1));
        }
    });
}

#[test]
fn a_body_that_is_shorter_than_it_says_is_no_answer() {
    runs_out_of_time(|socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"value\": []}")
    });
}

#[test]
fn a_connection_that_ends_is_no_answer() {
    runs_out_of_time(|_| Ok(()));
}

#[test]
fn what_is_said_to_be_packed_and_is_not_is_no_answer() {
    runs_out_of_time(|socket| {
        whole(
            socket,
            "200 OK",
            "content-encoding: gzip\r\n",
            "no gzip at all",
        )
    });
}

#[test]
fn a_header_without_an_end_is_no_answer() {
    runs_out_of_time(|socket| {
        socket.write_all(b"HTTP/1.1 200 OK\r\n")?;
        loop {
            socket.write_all(b"x-more: and more and more and more\r\n")?;
        }
    });
}

#[test]
fn throttling_without_an_end_ends() {
    let throttle: Answer =
        |socket| whole(socket, "429 Too Many Requests", "retry-after: 1\r\n", "");
    runs_out_of_time(throttle);
    let (code, said, took) = plan(serve(throttle, false), &["--timeout", "5s"]);
    assert!(matches!(code, Some(1 | 8)), "{said}");
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn a_page_for_people_is_no_answer() {
    holds(
        |socket| {
            let page = "<html><body>Please log in</body></html>";
            whole(socket, "200 OK", "content-type: text/html\r\n", page)
        },
        "a page for people came in the place of the service's answer",
    );
}

#[test]
fn nobody_is_followed_elsewhere() {
    holds(
        |socket| whole(socket, "302 Found", "location: http://127.0.0.1:1/\r\n", ""),
        "status 302",
    );
}
