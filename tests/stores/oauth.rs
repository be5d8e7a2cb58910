//! The blob store with tokens of Entra ID: those of the simulated cloud, taken by a real emulator, which checks issuer, audience and time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use afresh::clock::Clock;
use afresh::cloud::{Reader, Surroundings, storage_access};
use afresh::http::{Client, Failure, Request, Response, Transport, Wire};
use afresh::ledger::store::blob::BlobStore;
use afresh::ledger::store::{AppendError, Position, Store};
use afresh::model::trust::Trust;
use afresh::sim::{Embedded, World};
use futures_util::future::BoxFuture;
use http::HeaderValue;
use url::Url;

use super::blob::given;
use super::contract::{Place, holds};

const HOST: &str = "devstoreaccount1.blob.core.windows.net";

/// Production host names, a false Entra ID, a real emulator.
struct Production {
    cloud: Embedded,
    wire: Wire,
    /// The emulator's container.
    container: Url,
    /// So many of the next tokens are spoilt on their way.
    spoilt: AtomicU32,
}

impl Transport for Production {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            if request.url.host_str() != Some(HOST) {
                return self.cloud.send(request).await;
            }
            let mut there = request.clone();
            there.url = self.container.clone();
            let path = request.url.path().trim_start_matches("/ledgers");
            there
                .url
                .set_path(&format!("{}{path}", self.container.path()));
            there.url.set_query(request.url.query());
            let spoil = |left: u32| left.checked_sub(1);
            if self
                .spoilt
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, spoil)
                .is_ok()
            {
                let value = HeaderValue::from_static("Bearer spoilt");
                there.headers.insert(http::header::AUTHORIZATION, value);
            }
            self.wire.send(&there).await
        })
    }
}

fn open(container: &str, name: &str, spoilt: u32) -> Arc<dyn Store> {
    let world = "subscriptions:\n- id: 12345678-1234-1234-1234-1234567890ab\n";
    let world = World::from_text(world, Path::new("world.yaml"), &Clock::Real).unwrap();
    let transport = Production {
        cloud: Embedded::new(world),
        wire: Wire::new(),
        container: container.parse().unwrap(),
        spoilt: AtomicU32::new(spoilt),
    };
    let client = Client::new(Arc::new(transport), Clock::Real);
    let principal = [
        ("AZURE_TENANT_ID", "00000000-0000-0000-0000-00000000aaaa"),
        ("AZURE_CLIENT_ID", "00000000-0000-0000-0000-00000000bbbb"),
        ("AZURE_CLIENT_SECRET", "embedded"),
    ];
    let here = Surroundings::new(principal);
    let address: Url = format!("https://{HOST}/ledgers/{name}").parse().unwrap();
    let reader = Reader::new(client.clone(), here.clone(), Trust::default());
    let access = storage_access(&reader, &here, &address).unwrap();
    Arc::new(BlobStore::new(address, client, access))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_an_append_blob_with_tokens() {
    let Some(container) = given("AFRESH_TEST_BLOB_OAUTH") else {
        return;
    };
    let number = AtomicU32::new(0);
    holds(&|| {
        let name = format!("oauth-{}", number.fetch_add(1, Ordering::Relaxed));
        let container = container.clone();
        Place {
            open: Box::new(move || open(&container, &name, 0)),
            kept: None,
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_fetched_once_more_and_not_for_ever() {
    let Some(container) = given("AFRESH_TEST_BLOB_OAUTH") else {
        return;
    };
    let refused = open(&container, "refused", u32::MAX)
        .append(Position::default(), b"{}\n".to_vec())
        .await;
    let Err(AppendError::Store(error)) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        error.to_string().contains("Storage Blob Data Contributor"),
        "{error}"
    );
    open(&container, "refused", 1)
        .read(Position::default())
        .await
        .unwrap();
}
