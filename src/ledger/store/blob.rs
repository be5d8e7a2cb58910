//! A ledger in an append blob of Azure Storage.
//!
//! Every append names the position it expects (`x-ms-blob-condition-appendpos`), so of two writers one wins and nobody holds a lock.
//! A generation ends with a last line that names the blob of the next one. That line is an append like any other, so no writer can miss
//! it. A read creates nothing. If a later generation is missing, that is an error and not an empty ledger. Nothing is appended to a blob
//! whose last line is incomplete.

mod service;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    AppendError, Pieces, Position, Reading, Room, Store, StoreError, Stored, too_large, whole_lines,
};
use crate::http::{Authorize, Client};
use crate::limits::{
    BLOCK_BYTES_MAX, BLOCKS_KEPT, BLOCKS_MAX, BLOCKS_NEARLY_FULL, GENERATIONS_MAX,
};
use crate::mutex::Mutex;
use service::{Service, Size, Stands, Trouble, is_unknown};

/// Longer than any line that ends a generation: blob names have at most 1,024 characters.
const LAST_LINE_BYTES: u64 = 4096;

/// The line that ends a generation. Other readers of the blob take it for an event that they do not know, and stop.
#[derive(Serialize, Deserialize)]
struct Continued {
    v: u32,
    event: String,
    /// The next generation's blob, in the same container.
    blob: String,
}

/// A ledger in an append blob.
pub struct BlobStore {
    service: Service,
    first: Url,
    newest: Mutex<Newest>,
    /// From so many blocks on only a compaction may append.
    blocks_max: u32,
}

/// The newest generation that this store has met.
#[derive(Clone, Debug)]
struct Newest {
    blob: Url,
    generation: u64,
    blocks: u32,
}

impl BlobStore {
    /// The ledger whose first generation is the blob at `address`; neither it nor later ones need to exist yet.
    pub fn new(address: Url, client: Client, access: Arc<dyn Authorize>) -> Self {
        Self {
            service: Service { client, access },
            newest: Mutex::new(Newest {
                blob: address.clone(),
                generation: 1,
                blocks: 0,
            }),
            first: address,
            blocks_max: BLOCKS_MAX - BLOCKS_KEPT,
        }
    }

    /// As [`BlobStore::new`], for a service whose blobs hold no more than `blocks_max` blocks and one to end with.
    #[must_use]
    pub fn with_blocks_max(self, blocks_max: u32) -> Self {
        Self { blocks_max, ..self }
    }

    fn newest(&self) -> Newest {
        self.newest.lock().clone()
    }

    fn met(&self, newest: Newest) {
        *self.newest.lock() = newest;
    }

    async fn stream_now(&self, since: Position) -> Result<Reading<'_>, StoreError> {
        let mut newest = self.newest();
        let mut passed = BTreeSet::new();
        loop {
            // Who can write to the container could else keep a plan busy for as long as it may take.
            if !passed.insert(newest.blob.to_string()) || passed.len() > GENERATIONS_MAX {
                return Err(endless(&newest.blob));
            }
            let Some(size) = self.size(&newest).await? else {
                return self.nothing(since);
            };
            newest.blocks = size.blocks;
            if let Some(next) = self.continued(&newest.blob, size).await? {
                newest = Newest {
                    blob: next,
                    generation: newest.generation + 1,
                    blocks: 0,
                };
                continue;
            }
            self.met(newest.clone());
            return self.lines(newest, size, since);
        }
    }

    /// `None`: the ledger was never begun. A later generation that is missing was lost.
    async fn size(&self, newest: &Newest) -> Result<Option<Size>, StoreError> {
        match self.service.size(&newest.blob).await {
            Ok(size) => Ok(Some(size)),
            Err(Trouble::NoBlob | Trouble::NoContainer) if newest.generation == 1 => Ok(None),
            Err(Trouble::NoBlob | Trouble::NoContainer) => Err(StoreError {
                doing: "read",
                place: newest.blob.to_string(),
                what: "the ledger goes on in this blob, and it does not exist".to_owned(),
                advice: "restore it (soft delete keeps blobs), since without it afresh would not know what it has done".to_owned(),
            }),
            Err(trouble) => Err(self.trouble("read", trouble)),
        }
    }

    fn nothing(&self, since: Position) -> Result<Reading<'_>, StoreError> {
        if since.offset > 0 {
            return Err(super::shorter(self.first.to_string()));
        }
        Ok(Stored::default().into())
    }

    /// The blob that this one names in its last line.
    async fn continued(&self, blob: &Url, size: Size) -> Result<Option<Url>, StoreError> {
        if size.bytes == 0 {
            return Ok(None);
        }
        let start = size.bytes.saturating_sub(LAST_LINE_BYTES);
        let tail = self.bytes(blob, start, size.bytes).await?;
        let text = tail.strip_suffix(b"\n").unwrap_or(&tail);
        let last = text
            .rsplit(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        match serde_json::from_slice::<Continued>(last) {
            Ok(line) if line.event == "continued" => Ok(Some(named(blob, &line.blob))),
            _ => Ok(None),
        }
    }

    fn lines(
        &self,
        newest: Newest,
        size: Size,
        since: Position,
    ) -> Result<Reading<'_>, StoreError> {
        let is_same = since.generation == newest.generation;
        let start = if is_same { since.offset } else { 0 };
        if start > size.bytes {
            return Err(super::shorter(newest.blob.to_string()));
        }
        if let Some(what) = too_large(size.bytes) {
            return Err(StoreError {
                doing: "read",
                place: newest.blob.to_string(),
                what,
                advice: "check the place that the Project's `ledger` names".to_owned(),
            });
        }
        let at = |offset| Position {
            generation: if offset == 0 && newest.generation == 1 {
                0
            } else {
                newest.generation
            },
            offset,
        };
        let from = if is_same { since } else { at(0) };
        let place = newest.blob.to_string();
        let pieces = BlobPieces {
            store: self,
            blob: newest.blob,
            from: start,
            end: size.bytes,
        };
        Ok(Reading::new((from, at(size.bytes)), place, pieces))
    }

    /// No more than an answer may have.
    async fn bytes(&self, blob: &Url, start: u64, end: u64) -> Result<Bytes, StoreError> {
        let piece = self.service.bytes(blob, start, end).await;
        piece.map_err(|trouble| self.trouble("read", trouble))
    }

    async fn append_now(&self, at: Position, bytes: Vec<u8>) -> Result<Position, AppendError> {
        let newest = self.newest();
        if at.generation != newest.generation && at != Position::default() {
            return Err(AppendError::Conflict);
        }
        // The count is right wherever the position is. A blob that is full to the last block could not even be left for another.
        if newest.blocks >= self.blocks_max {
            return Err(AppendError::Store(self.trouble("append to", Trouble::Full)));
        }
        let bytes = Bytes::from(bytes);
        self.append_block(&newest.blob, at.offset, bytes.clone())
            .await?;
        self.met(Newest {
            blocks: newest.blocks.saturating_add(1),
            ..newest.clone()
        });
        Ok(Position {
            generation: newest.generation,
            offset: at.offset + bytes.len() as u64,
        })
    }

    /// Appends, makes the blob if need be, and finds out by looking what became of an append whose answer was lost.
    async fn append_block(&self, blob: &Url, at: u64, block: Bytes) -> Result<(), AppendError> {
        if block.len() > BLOCK_BYTES_MAX {
            let what = format!("{} bytes are too many for one append", block.len());
            return Err(AppendError::Store(
                self.trouble("append to", Trouble::Other(what)),
            ));
        }
        let mut done = self.service.append(blob, at, block.clone()).await;
        if at == 0 && done == Err(Trouble::NoBlob) {
            match self.service.create(blob).await {
                Ok(()) | Err(Trouble::Exists | Trouble::Unknown(_)) => {}
                Err(trouble) => return Err(AppendError::Store(self.trouble("create", trouble))),
            }
            done = self.service.append(blob, at, block.clone()).await;
        }
        let trouble = match done {
            Ok(()) => return Ok(()),
            Err(trouble) if is_unknown(&trouble) => trouble,
            Err(trouble) => return Err(AppendError::Store(self.trouble("append to", trouble))),
        };
        let failed = |trouble| Err(AppendError::Store(self.trouble("append to", trouble)));
        // The position is taken, or nobody knows: what stands there tells whose append it was. Without that look it is not called
        // a conflict, since whoever meets one takes their append for undone.
        match self.service.stands_at(blob, at, &block).await {
            Ok(Stands::Ours) => Ok(()),
            Ok(Stands::Others) => Err(AppendError::Conflict),
            Ok(Stands::Nothing) if trouble == Trouble::Moved => Err(AppendError::Conflict),
            Ok(Stands::Nothing) => failed(trouble),
            Err(look) => failed(look),
        }
    }

    async fn replace_now(
        &self,
        at: Position,
        bytes: Vec<u8>,
    ) -> Result<(Position, String), AppendError> {
        let newest = self.newest();
        if at.generation != newest.generation {
            return Err(AppendError::Conflict);
        }
        let generation = newest.generation + 1;
        let id = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{}.{generation}.{}", blob_name(&self.first), &id[..8]);
        let next = named(&newest.blob, &name);
        let length = bytes.len() as u64;
        let blocks = self.write_whole(&next, &bytes).await?;
        let line = Continued {
            v: 1,
            event: "continued".to_owned(),
            blob: name,
        };
        let line = serde_json::to_vec(&line).map(|mut line| {
            line.push(b'\n');
            line
        });
        let line = line.map_err(|error| {
            AppendError::Store(self.trouble("compact", Trouble::Other(error.to_string())))
        })?;
        let ended = self
            .append_block(&newest.blob, at.offset, line.into())
            .await;
        if ended == Err(AppendError::Conflict) {
            // Nothing points at it, and nothing will: the line that would have is not there and its place is taken.
            drop(self.service.remove(&next).await);
        }
        ended?;
        let kept = newest.blob.to_string();
        self.met(Newest {
            blob: next,
            generation,
            blocks,
        });
        let position = Position {
            generation,
            offset: length,
        };
        Ok((position, kept))
    }

    /// Writes a new blob in blocks of whole lines, and says how many they were.
    async fn write_whole(&self, blob: &Url, bytes: &[u8]) -> Result<u32, AppendError> {
        let mut at = 0;
        let mut blocks = 0;
        while at < bytes.len() {
            let most = &bytes[at..bytes.len().min(at + BLOCK_BYTES_MAX)];
            let length = match whole_lines(most) {
                0 => most.len(),
                whole => whole,
            };
            let block = Bytes::copy_from_slice(&most[..length]);
            self.append_block(blob, at as u64, block).await?;
            at += length;
            blocks += 1;
        }
        Ok(blocks)
    }

    fn trouble(&self, doing: &'static str, trouble: Trouble) -> StoreError {
        let (what, advice) = match trouble {
            Trouble::NoContainer => (
                "its container does not exist".to_owned(),
                format!(
                    "make it:\n    az storage container create --name {} --account-name {} --auth-mode login",
                    container(&self.first),
                    account(&self.first)
                ),
            ),
            Trouble::NoBlob => ("it does not exist any more".to_owned(), "restore it from a copy".to_owned()),
            Trouble::Forbidden(what) => (
                what,
                "let this identity be `Storage Blob Data Contributor` on the container (for `plan`, `Storage Blob Data Reader` is enough), or renew AZURE_STORAGE_SAS_TOKEN if that is what you use".to_owned(),
            ),
            Trouble::Full => (
                "it holds as many blocks as an append blob can".to_owned(),
                "compact it with `ledger compact`".to_owned(),
            ),
            Trouble::Leased(what) => (
                format!("somebody holds a lease on it, so only they may write: {what}"),
                "let them release it, or break it in the portal; a ledger needs none".to_owned(),
            ),
            Trouble::NotAppendable => (
                "it is not an append blob".to_owned(),
                "name one in the Project's `ledger` that does not exist yet, and it is made".to_owned(),
            ),
            Trouble::NoProof(what) => (
                what,
                "the credentials that connections name are not used for the ledger: it is reached with AZURE_STORAGE_SAS_TOKEN if that is set, and else with the `default` credential of the environment; or keep the ledger in a file, with `ledger: {file: …}` in the Project".to_owned(),
            ),
            Trouble::Moved => ("somebody else appended first".to_owned(), AGAIN.to_owned()),
            Trouble::Exists => ("it exists already".to_owned(), AGAIN.to_owned()),
            Trouble::Unknown(what) => (
                format!("no clear answer came: {what}"),
                "run the command again: what was appended is found then".to_owned(),
            ),
            Trouble::Other(what) => (what, "check the address that the Project's `ledger` names".to_owned()),
        };
        StoreError {
            doing,
            place: self.first.to_string(),
            what,
            advice,
        }
    }
}

const AGAIN: &str = "run the command again";

/// What is left to read of a blob. Each answer has as much as a block at most, so that a large ledger needs no large answer.
struct BlobPieces<'a> {
    store: &'a BlobStore,
    blob: Url,
    from: u64,
    end: u64,
}

impl BlobPieces<'_> {
    async fn next_piece(&mut self, buffer: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.from == self.end {
            return Ok(());
        }
        let to = self.end.min(self.from + BLOCK_BYTES_MAX as u64);
        let piece = self.store.bytes(&self.blob, self.from, to).await?;
        if to == self.end && piece.last() != Some(&b'\n') {
            return Err(StoreError {
                doing: "read",
                place: self.blob.to_string(),
                what: "its last line has no end, so something else wrote to it".to_owned(),
                advice: "copy it, see what that was, and put the whole lines back as an append blob of that name".to_owned(),
            });
        }
        buffer.extend_from_slice(&piece);
        self.from = to;
        Ok(())
    }
}

impl Pieces for BlobPieces<'_> {
    fn read_on<'a>(&'a mut self, buffer: &'a mut Vec<u8>) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.next_piece(buffer))
    }
}

impl Store for BlobStore {
    fn stream(&self, since: Position) -> BoxFuture<'_, Result<Reading<'_>, StoreError>> {
        Box::pin(self.stream_now(since))
    }

    fn append(&self, at: Position, bytes: Vec<u8>) -> BoxFuture<'_, Result<Position, AppendError>> {
        Box::pin(self.append_now(at, bytes))
    }

    fn replace(
        &self,
        at: Position,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(Position, String), AppendError>> {
        Box::pin(self.replace_now(at, bytes))
    }

    fn room(&self, _at: Position) -> Room {
        if self.newest().blocks >= BLOCKS_NEARLY_FULL {
            Room::NearlyFull
        } else {
            // However many bytes it has: generations of a blob stay for good, and each costs every reading two requests.
            Room::Enough
        }
    }
}

/// The blob's name without its folders: what follows the last slash.
fn blob_name(blob: &Url) -> &str {
    let path = blob.path();
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The blob `name` beside `blob`, in the same folder.
fn endless(blob: &Url) -> StoreError {
    StoreError {
        doing: "read",
        place: blob.to_string(),
        what: format!(
            "the last line of each generation names the blob of the next one, and these lines lead in a circle or through more than {GENERATIONS_MAX} blobs"
        ),
        advice: "see who else can write to the container; restore the blobs as they were (versions or snapshots keep them)".to_owned(),
    }
}

fn named(blob: &Url, name: &str) -> Url {
    let mut url = blob.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop().push(name);
    }
    url
}

/// The account: the first part of the host, or of an emulator's path.
fn account(blob: &Url) -> &str {
    match blob.host() {
        Some(url::Host::Domain(host)) => host.split('.').next().unwrap_or_default(),
        _ => segment(blob, 0),
    }
}

fn container(blob: &Url) -> &str {
    match blob.host() {
        Some(url::Host::Domain(_)) => segment(blob, 0),
        _ => segment(blob, 1),
    }
}

fn segment(blob: &Url, index: usize) -> &str {
    blob.path_segments()
        .and_then(|mut path| path.nth(index))
        .unwrap_or_default()
}
