//! The blob store against a real emulator, with answers that get lost on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use afresh::clock::Clock;
use afresh::cloud::{Reader, Surroundings, storage_access};
use afresh::http::{Authorize, Client, Failure, Request, Response, Sent, Transport, Wire};
use afresh::ledger::store::blob::BlobStore;
use afresh::ledger::store::{AppendError, Position, Store};
use afresh::model::trust::Trust;
use futures_util::future::BoxFuture;
use http::Method;
use url::Url;

use super::contract::{Place, holds};

/// The emulator's container, as `tests/run` made it; `None`: said to be skipped.
fn container() -> Option<String> {
    given("AFRESH_TEST_BLOB")
}

/// What `tests/run` gives in a variable; `None`: said to be skipped.
pub fn given(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok();
    if address.is_none() {
        assert!(
            std::env::var("CI").is_err(),
            "{variable} is not set: nothing may be skipped with CI=true"
        );
        eprintln!("skipped: {variable} is not set; tests/run starts the emulator");
    }
    address
}

fn new_blob(container: &str) -> Url {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{container}/ledgers/{}-{number}", std::process::id());
    name.parse().unwrap()
}

fn access(address: &Url, client: &Client) -> Arc<dyn Authorize> {
    let env = ["AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"];
    let set = env
        .into_iter()
        .filter_map(|name| Some((name, std::env::var(name).ok()?)));
    let here = Surroundings::new(set);
    let trust = Trust {
        allows_loopback: true,
        ..Trust::default()
    };
    let reader = Reader::new(client.clone(), here.clone(), trust);
    storage_access(&reader, &here, address).unwrap()
}

fn open(address: &Url, transport: Arc<dyn Transport>) -> Arc<dyn Store> {
    let client = Client::new(transport, Clock::Real);
    let access = access(address, &client);
    Arc::new(BlobStore::new(address.clone(), client, access))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_an_append_blob() {
    let Some(container) = container() else { return };
    holds(&|| {
        let address = new_blob(&container);
        Place {
            open: Box::new(move || open(&address, Arc::new(Wire::new()))),
            kept: None,
        }
    })
    .await;
}

/// Loses the answers of the next requests of one kind, before or after the service acted.
struct Lossy {
    wire: Wire,
    kind: &'static str,
    acts: bool,
    left: AtomicU32,
}

impl Transport for Lossy {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            let hit = request.kind == self.kind
                && self
                    .left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                        left.checked_sub(1)
                    })
                    .is_ok();
            if !hit || self.acts {
                let answer = self.wire.send(request).await;
                if !hit {
                    return answer;
                }
            }
            Err(Failure::network(Sent::Maybe, "connection reset".to_owned()))
        })
    }
}

/// Two appends and a compaction, with `count` lost answers to requests of one kind.
async fn through_losses(container: &str, kind: &'static str, acts: bool, count: u32) {
    let address = new_blob(container);
    let lossy = Lossy {
        wire: Wire::new(),
        kind,
        acts,
        left: AtomicU32::new(count),
    };
    let store = open(&address, Arc::new(lossy));
    let start = store.read(Position::default()).await.unwrap().position;
    let end = store.append(start, b"{\"a\":1}\n".to_vec()).await.unwrap();
    let end = store.append(end, b"{\"b\":2}\n".to_vec()).await.unwrap();
    let (next, _) = store.replace(end, b"{\"c\":3}\n".to_vec()).await.unwrap();
    let end = store.append(next, b"{\"d\":4}\n".to_vec()).await.unwrap();
    let stored = open(&address, Arc::new(Wire::new()))
        .read(Position::default())
        .await
        .unwrap();
    assert_eq!(
        stored.bytes, b"{\"c\":3}\n{\"d\":4}\n",
        "{kind} {acts} {count}"
    );
    assert_eq!(stored.position, end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_neither_loses_nor_doubles_an_append() {
    let Some(container) = container() else { return };
    for kind in ["blob.append", "blob.create", "blob.head", "blob.get"] {
        for acts in [true, false] {
            for count in [1, 2] {
                through_losses(&container, kind, acts, count).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_container_is_said_with_the_way_out() {
    let Some(container) = container() else { return };
    let address: Url = format!("{container}-missing/ledger").parse().unwrap();
    let store = open(&address, Arc::new(Wire::new()));
    assert_eq!(
        store.read(Position::default()).await.unwrap().position,
        Position::default()
    );
    let refused = store.append(Position::default(), b"{}\n".to_vec()).await;
    let Err(AppendError::Store(error)) = refused else {
        panic!("{refused:?}");
    };
    let text = error.to_string();
    assert!(
        text.contains("its container does not exist; make it:"),
        "{text}"
    );
    assert!(
        text.contains("az storage container create --name ledgers-missing"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_generation_is_no_empty_ledger() {
    let Some(container) = container() else { return };
    let address = new_blob(&container);
    let store = open(&address, Arc::new(Wire::new()));
    let end = store
        .append(Position::default(), b"{\"a\":1}\n".to_vec())
        .await
        .unwrap();
    store.replace(end, b"{\"b\":2}\n".to_vec()).await.unwrap();
    remove_second_generation(&address, &container).await;
    let again = open(&address, Arc::new(Wire::new()));
    let error = again
        .read(Position::default())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the ledger goes on in this blob, and it does not exist"),
        "{error}"
    );
}

/// Whoever can write to the container can say that a blob goes on in itself, or in one before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generations_that_lead_in_a_circle_are_refused() {
    let Some(container) = container() else { return };
    let address = new_blob(&container);
    let name = address.path_segments().unwrap().next_back().unwrap();
    let store = open(&address, Arc::new(Wire::new()));
    let line = format!("{{\"v\":1,\"event\":\"continued\",\"blob\":\"{name}\"}}\n");
    let begun = store.append(Position::default(), line.into_bytes());
    begun.await.unwrap();
    let again = open(&address, Arc::new(Wire::new()));
    let error = again.read(Position::default()).await.unwrap_err();
    assert!(error.to_string().contains("lead in a circle"), "{error}");
}

/// Reads the last line of the first generation as a person would, and removes the blob that it names.
async fn remove_second_generation(address: &Url, container: &str) {
    let text = send(Method::GET, address, &[]).await;
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let name = last["blob"].as_str().unwrap();
    let next: Url = format!("{container}/ledgers/{name}").parse().unwrap();
    assert_eq!(send(Method::DELETE, &next, &[]).await.status, 202);
}

async fn send(method: Method, address: &Url, headers: &[(&'static str, &str)]) -> Response {
    let client = Client::new(Arc::new(Wire::new()), Clock::Real);
    let mut request = Request {
        method,
        url: address.clone(),
        headers: http::HeaderMap::new(),
        body: bytes::Bytes::new(),
        repeat: afresh::http::Repeat::Safe,
        kind: "test",
        meter: afresh::http::Meter::free(afresh::http::Class::Ledger),
        timeout: afresh::limits::RESPONSE_TIMEOUT,
        send_by: None,
    };
    let date = Clock::Real
        .now()
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    request.headers.insert("x-ms-date", date.parse().unwrap());
    request
        .headers
        .insert("x-ms-version", "2024-11-04".parse().unwrap());
    for (name, value) in headers {
        request.headers.insert(*name, value.parse().unwrap());
    }
    access(address, &client)
        .authorize(&mut request, false)
        .await
        .unwrap();
    client.send(&request).await.unwrap()
}

/// The answer to one append is lost, and from then on nothing can be looked at; that its place is taken is still said.
struct Blind {
    wire: Wire,
    /// Appends up to and including that one.
    appends_left: AtomicU32,
}

impl Transport for Blind {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            let answer = self.wire.send(request).await;
            let left = self.appends_left.load(Ordering::SeqCst);
            let is_append = request.kind == "blob.append";
            if is_append && left > 0 {
                self.appends_left.store(left - 1, Ordering::SeqCst);
            }
            if left > 1 || left == 1 && !is_append || left == 0 && is_append {
                return answer;
            }
            Err(Failure::network(Sent::Maybe, "connection reset".to_owned()))
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compaction_whose_end_nobody_could_see_loses_nothing() {
    let Some(container) = container() else { return };
    let address = new_blob(&container);
    let blind = Blind {
        wire: Wire::new(),
        // The first lines (twice, since the blob is made in between), the new generation (likewise), and the line that names it.
        appends_left: AtomicU32::new(5),
    };
    // Its pauses take no time.
    let clock = Clock::Manual(afresh::clock::ManualClock::new(Clock::Real.now()));
    let client = Client::new(Arc::new(blind), clock);
    let access = access(&address, &client);
    let store = BlobStore::new(address.clone(), client, access);
    let lines = b"{\"a\":1}\n".to_vec();
    let end = store.append(Position::default(), lines).await.unwrap();
    let unseen = store.replace(end, b"{\"b\":2}\n".to_vec()).await;
    assert!(matches!(unseen, Err(AppendError::Store(_))), "{unseen:?}");
    let again = open(&address, Arc::new(Wire::new()));
    let stored = again.read(Position::default()).await.unwrap();
    assert_eq!(stored.bytes, b"{\"b\":2}\n");
}

/// Why an append to the ledger there is refused.
async fn refused(store: &Arc<dyn Store>, at: Position) -> String {
    let refused = store.append(at, b"{}\n".to_vec()).await;
    let Err(AppendError::Store(error)) = refused else {
        panic!("{refused:?}")
    };
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_and_another_kind_of_blob_are_said_so() {
    let Some(container) = container() else { return };
    let address = new_blob(&container);
    let store = open(&address, Arc::new(Wire::new()));
    let end = store.append(Position::default(), b"{}\n".to_vec()).await;
    let end = end.unwrap();
    let mut lease = address.clone();
    lease.set_query(Some("comp=lease"));
    let acquire = [
        ("x-ms-lease-action", "acquire"),
        ("x-ms-lease-duration", "-1"),
        ("content-length", "0"),
    ];
    assert_eq!(send(Method::PUT, &lease, &acquire).await.status, 201);
    let said = refused(&store, end).await;
    assert!(
        said.contains("somebody holds a lease on it") && said.contains("LeaseIdMissing (412"),
        "{said}"
    );
    assert_eq!(store.read(end).await.unwrap().position, end);

    let address = new_blob(&container);
    let store = open(&address, Arc::new(Wire::new()));
    // It is made between the look and the append.
    store.read(Position::default()).await.unwrap();
    let block = [("x-ms-blob-type", "BlockBlob"), ("content-length", "0")];
    assert_eq!(send(Method::PUT, &address, &block).await.status, 201);
    let said = refused(&store, Position::default()).await;
    assert!(
        said.contains("it is not an append blob; name one"),
        "{said}"
    );
    let error = store.read(Position::default()).await.unwrap_err();
    assert!(error.to_string().contains("it is not an append blob"));
}

/// A blob that is full to its last block could not even name the one that it goes on in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blob_that_is_nearly_full_takes_its_compaction_only() {
    let Some(container) = container() else { return };
    let address = new_blob(&container);
    let client = Client::new(Arc::new(Wire::new()), Clock::Real);
    let access = access(&address, &client);
    let store = BlobStore::new(address.clone(), client, access).with_blocks_max(3);
    let mut end = Position::default();
    for _ in 0..3 {
        end = store.append(end, b"{}\n".to_vec()).await.unwrap();
    }
    let full = store.append(end, b"{}\n".to_vec()).await;
    let Err(AppendError::Store(error)) = full else {
        panic!("a fourth block was taken: {full:?}")
    };
    assert!(
        error
            .to_string()
            .ends_with("compact it with `ledger compact`"),
        "{error}"
    );
    let (end, _) = store.replace(end, b"{\"b\":2}\n".to_vec()).await.unwrap();
    store.append(end, b"{}\n".to_vec()).await.unwrap();
    let again = open(&address, Arc::new(Wire::new()));
    let stored = again.read(Position::default()).await.unwrap();
    assert_eq!(stored.bytes, b"{\"b\":2}\n{}\n");
}
