//! Against real sockets on loopback.

use std::time::Duration;

use http::{HeaderMap, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;

use super::*;
use crate::http::Repeat;

/// Answers every connection with `answer` and then closes it; tells what it was asked.
async fn server(answer: Vec<u8>) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = vec![0; 4096];
            let read = socket.read(&mut buffer).await.unwrap();
            tell.send(String::from_utf8_lossy(&buffer[..read]).into_owned())
                .unwrap();
            // The other side may hang up early, as it should on an endless answer.
            let _ = socket.write_all(&answer).await;
        }
    });
    (format!("http://{address}"), asked)
}

fn get(url: &str) -> Request {
    Request {
        method: Method::GET,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        repeat: Repeat::Safe,
        kind: "test",
        meter: crate::http::Meter::free(crate::http::Class::ArmReads),
        timeout: Duration::from_secs(5),
        send_by: None,
    }
}

/// A proxy whose variable has a blank around it is asked all the same, and one that cannot be an address is told of.
#[tokio::test]
async fn a_proxy_with_a_blank_around_it_is_asked() {
    let (proxy, mut asked) = server(b"HTTP/1.1 502 no\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let said =
        |value: String| Proxies::of(move |name| (name == "HTTPS_PROXY").then(|| value.clone()));
    let far = get("https://management.invalid/");
    let wire = Wire::behind(said(format!(" {}\n", proxy.trim_end_matches('/'))));
    wire.send(&far).await.unwrap_err();
    assert!(
        asked
            .recv()
            .await
            .unwrap()
            .starts_with("CONNECT management.invalid:443")
    );
    let failure = Wire::behind(said("http://pro xy".to_owned()))
        .send(&far)
        .await
        .unwrap_err();
    assert_eq!(
        failure.what,
        "no connection: HTTPS_PROXY is not the address of a proxy (it contains a blank)"
    );
    assert!(failure.is_about_proxy_address());
}

#[tokio::test]
async fn an_answer_comes_back_whole_and_a_post_without_body_says_its_length() {
    let (base, mut asked) =
        server(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\nx-a: b\r\n\r\nhi".to_vec()).await;
    let mut request = get(&base);
    request.method = Method::POST;
    let response = Wire::new().send(&request).await.unwrap();
    assert_eq!((response.status, &response.body[..]), (201, &b"hi"[..]));
    assert_eq!(response.headers["x-a"], "b");
    let asked = asked.recv().await.unwrap().to_ascii_lowercase();
    assert!(asked.contains(&format!("user-agent: {USER_AGENT}")));
    assert!(asked.contains("content-length: 0"), "{asked}");
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        // One connection only: a second one would wait for ever.
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 4096];
        while socket.read(&mut buffer).await.is_ok_and(|read| read > 0) {
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            socket.write_all(answer).await.unwrap();
        }
    });
    let wire = Wire::new();
    for _ in 0..3 {
        assert_eq!(wire.send(&get(&base)).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn redirects_are_given_back_not_followed() {
    let (elsewhere, mut followed) =
        server(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec()).await;
    let redirect =
        format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
    let (base, _asked) = server(redirect.into_bytes()).await;
    let response = Wire::new().send(&get(&base)).await.unwrap();
    assert_eq!(response.status, 302);
    assert!(followed.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_beyond_the_bound_is_cut_off() {
    let mut answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    answer.resize(RESPONSE_BYTES_MAX + 1_000_000, b'x');
    let (base, _asked) = server(answer).await;
    let failure = Wire::new().send(&get(&base)).await.unwrap_err();
    assert_eq!(failure.sent, Sent::Maybe);
    assert!(failure.what.contains("larger than"), "{failure}");
}

#[tokio::test]
async fn plain_http_is_for_loopback_addresses_only() {
    let wire = Wire::new();
    for url in [
        "http://management.azure.com/",
        "http://10.0.0.1/",
        "http://localhost:1/",
        "ftp://127.0.0.1/",
    ] {
        let failure = wire.send(&get(url)).await.unwrap_err();
        assert_eq!(failure.sent, Sent::No);
        assert!(failure.what.contains("is refused"), "{failure}");
    }
    assert!(permitted(&"http://[::1]:8080/".parse().unwrap()).is_ok());
}

#[test]
fn only_a_question_without_a_token_goes_to_the_machine_s_own_identity_endpoint() {
    let ask = |url: &str, fields: &[(&'static str, &'static str)]| {
        let mut request = get(url);
        for (name, value) in fields {
            request
                .headers
                .insert(*name, HeaderValue::from_static(value));
        }
        request
    };
    let metadata = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01";
    let app_service = "http://169.254.131.2:8081/msi/token";
    let header = [("x-identity-header", "h")];
    assert!(sendable(&ask(metadata, &[("metadata", "true")])).is_ok());
    assert!(sendable(&ask(app_service, &header)).is_ok());
    assert_eq!(Lane::of(&metadata.parse().unwrap()), Lane::Plain);
    for (url, fields) in [
        (metadata, &[("authorization", "Bearer t")][..]),
        (app_service, &[header[0], ("authorization", "Bearer t")][..]),
        (app_service, &[]),
        ("http://169.254.169.254:8080/metadata", &[]),
        ("http://169.254.169.253/metadata", &[]),
        ("http://10.0.0.1/msi/token", &header),
        ("http://metadata.example/", &[("metadata", "true")]),
    ] {
        assert!(sendable(&ask(url, fields)).is_err(), "{url}");
    }
    let mut post = ask(metadata, &[]);
    post.method = Method::POST;
    assert!(sendable(&post).is_err());
    // A token's own address is held to the rule without the exception.
    assert!(permitted(&metadata.parse().unwrap()).is_err());
}

/// The address of a port at which nobody listens, and what keeps it: one that was given back might be taken by another test.
fn closed() -> (String, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = format!("http://{}/", socket.local_addr().unwrap());
    (address, socket)
}

#[tokio::test]
async fn a_closed_port_surely_got_nothing_and_a_broken_answer_leaves_a_doubt() {
    let (closed, _port) = closed();
    let wire = Wire::new();
    let failure = wire.send(&get(&closed)).await.unwrap_err();
    assert_eq!(failure.sent, Sent::No);
    assert!(failure.what.starts_with("no connection: "), "{failure}");

    let (cut, _asked) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi".to_vec()).await;
    assert_eq!(wire.send(&get(&cut)).await.unwrap_err().sent, Sent::Maybe);
    let (silent, _asked) = server(Vec::new()).await;
    assert_eq!(
        wire.send(&get(&silent)).await.unwrap_err().sent,
        Sent::Maybe
    );
}

#[tokio::test]
async fn a_server_without_tls_surely_got_nothing_over_https() {
    let (plain, _asked) = server(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    let url = plain.replace("http://", "https://");
    let failure = Wire::new().send(&get(&url)).await.unwrap_err();
    assert_eq!(failure.sent, Sent::No, "{failure}");
    assert!(failure.what.starts_with("no connection: "), "{failure}");
}

#[tokio::test]
async fn a_packed_answer_is_unpacked() {
    // printf '{"jobs":[]}' | gzip
    const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xab\x56\xca\xca\x4f\x2a\x56\xb2\x8a\x8e\xad\x05\x00\x50\xa7\xea\xc9\x0b\x00\x00\x00";
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        PACKED.len()
    )
    .into_bytes();
    answer.extend_from_slice(PACKED);
    let (base, mut asked) = server(answer).await;
    let response = Wire::new().send(&get(&base)).await.unwrap();
    assert_eq!(&response.body[..], br#"{"jobs":[]}"#);
    assert!(
        asked
            .recv()
            .await
            .unwrap()
            .contains("accept-encoding: gzip")
    );
}

#[tokio::test]
async fn waiting_ends_at_the_request_s_own_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut request = get(&format!("http://{}/", listener.local_addr().unwrap()));
    request.timeout = Duration::from_millis(50);
    let failure = Wire::new().send(&request).await.unwrap_err();
    assert_eq!(
        (failure.sent, failure.what.as_str()),
        (Sent::Maybe, "no answer in time")
    );
}

#[test]
fn a_lane_is_chosen_by_scheme_and_host() {
    let lane = |url: &str| Lane::of(&url.parse().unwrap());
    assert_eq!(lane("http://127.0.0.1:1/"), Lane::Plain);
    assert_eq!(lane("https://[::1]/"), Lane::Near);
    assert_eq!(lane("https://management.azure.com/"), Lane::Far);
}

#[test]
fn every_lane_opens() {
    for lane in [Lane::Plain, Lane::Near, Lane::Far] {
        assert!(lane.client(&Proxies::AsFound).is_ok(), "{lane:?}");
    }
}

/// Through a proxy that answers so, to a host that no name server is asked for.
async fn through_proxy(proxy: &str) -> Failure {
    let client = builder()
        .tls_certs_only([])
        .proxy(reqwest::Proxy::all(proxy).unwrap())
        .build()
        .unwrap();
    let sent = client.get("https://management.azure.com/").send().await;
    fault::failure(&sent.unwrap_err())
}

#[tokio::test]
async fn a_proxy_in_the_way_is_named_by_its_variable_and_not_by_its_password() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let page = b"HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: 13\r\n\r\n<html></html>";
    let sign_in = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
    let (gone, _port) = closed();
    let gone = gone.trim_end_matches('/').to_owned();
    let (forbids, _asked) = server(page.to_vec()).await;
    let (wants, _asked) = server(sign_in.to_vec()).await;
    for (proxy, words) in [
        (forbids, "did not let the request through"),
        (wants, "wants a sign-in (407)"),
        (gone, "cannot be reached (Connection refused"),
    ] {
        let proxy = proxy.replace("http://", "http://me:hush@");
        let failure = through_proxy(&proxy).await;
        assert_eq!(failure.sent, Sent::No);
        let begins = "no connection: the proxy that HTTPS_PROXY or ALL_PROXY names ";
        assert!(failure.what.starts_with(begins), "{failure}");
        assert!(failure.what.contains(words), "{failure}");
        assert!(!failure.what.contains("hush"), "{failure}");
    }
}
