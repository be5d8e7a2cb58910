//! What most commands begin with: the manifests, the open ledger, and a reader of the cloud, real or simulated.
//!
//! A ledger of a simulated cloud without `--sim` is an error, and so is a real one with it. With `--sim` everything that is remembered lies
//! in a folder of its own beside the real ledger, so that trying never touches it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Global, STDIN};
use super::error::{Exit, Failure};
use super::patience;
use super::places::{SIM_LINEAGE, named, place_of, world_beside};
use super::screen::Screen;
use super::typed::Typed;
use super::{links, policy, surroundings, trust};
use crate::clock::Clock;
use crate::cloud::{Reader, Surroundings, storage_access};
use crate::http::Transport;
use crate::http::client::Client;
use crate::http::wire::Wire;
use crate::ledger::store::Store;
use crate::ledger::store::blob::BlobStore;
use crate::ledger::store::file::FileStore;
use crate::ledger::{Ledger, LedgerError};
use crate::manifest::{self, Manifests, Problems};
use crate::model::desired::{Desired, LedgerPlace};
use crate::model::policy::Policy;
use crate::model::shard::Basis;
use crate::model::time::{Timestamp, in_calendar};
use crate::model::trust::Trust;
use crate::sim::{Embedded, Error, World};

/// Everything a command works with.
pub struct Session {
    /// What was typed, for commands that are proposed.
    pub typed: Typed,
    /// What the manifests say.
    pub desired: Desired,
    /// What in them is probably not meant.
    pub warnings: Problems,
    /// Which manifests those are.
    pub basis: Basis,
    /// The policy that they are held to.
    pub policy: Policy,
    /// Where credentials may come from and go to.
    pub trust: Trust,
    /// The rest, which a saved plan needs as well.
    pub ground: Ground,
}

/// Ledger, clock and cloud.
pub struct Ground {
    /// What is remembered.
    pub ledger: Ledger,
    /// Where that is.
    pub place: LedgerPlace,
    /// Whose time counts.
    pub clock: Clock,
    /// Looks at the cloud.
    pub reader: Reader,
    /// When it was opened.
    pub opened: Timestamp,
    embedded: Option<Simulated>,
}

struct Simulated {
    cloud: Embedded,
    log: Option<PathBuf>,
}

/// Reads manifests with what they ask, held to the policy that is in force; or says everything that is wrong with them.
pub fn held(
    paths: &[PathBuf],
    global: &Global,
    screen: &Screen,
) -> Result<(Manifests, Policy), Failure> {
    let policy = policy::find(global, paths, screen)?;
    let manifests = manifests(paths, policy.clone(), screen)?;
    Ok((manifests, policy))
}

fn manifests(paths: &[PathBuf], policy: Policy, screen: &Screen) -> Result<Manifests, Failure> {
    if paths.iter().any(|path| path == Path::new(STDIN)) {
        return Err(Failure::new(
            "only `validate` reads manifests from stdin (`-`); save them in a file",
        )
        .with_exit(Exit::Usage));
    }
    manifest::read_under(paths, policy).map_err(|problems| {
        screen.complain(&problems.render(screen.color_errors));
        if problems.are_by_policy() {
            return Failure::new("the policy refuses these manifests, as listed above")
                .with_details(problems.render(false))
                .with_exit(Exit::Refused);
        }
        Failure::new("the manifests have problems, listed above")
            .with_details(problems.render(false))
    })
}

impl Session {
    /// Reads the manifests and opens everything else. Writes nothing.
    pub async fn open(
        paths: &[PathBuf],
        global: &Global,
        screen: &Screen,
    ) -> Result<Self, Failure> {
        let (manifests, policy) = held(paths, global, screen)?;
        let Manifests {
            mut desired,
            warnings,
            asks,
            basis,
        } = manifests;
        if global.sim.is_some() {
            surroundings::without_account(&mut desired);
        }
        let place = place_of(&desired.project.ledger, global);
        let around = surroundings::of(global);
        let scope = trust::Scope {
            project: paths,
            ledger: &place,
            key_connections: &desired.key_connections,
            vaults: &desired.vaults,
            workspaces: &desired.workspaces,
        };
        let trust = trust::gather(global, &scope, &around, &policy)?;
        let trust = trust::settle(trust, &asks, &policy, screen).await?;
        links::hold_ledger(paths, &place, &policy, global)?;
        let ground = Ground::open_at(place, around, trust.clone(), global).await?;
        if ground.is_unmetered() {
            surroundings::without_limits(&mut desired);
        }
        ground.reader.among(desired.workspaces.values());
        Ok(Self {
            typed: screen.typed.clone(),
            desired,
            warnings,
            basis,
            policy,
            trust,
            ground,
        })
    }

    /// Says what in the manifests is probably not meant.
    pub fn warn(&self, screen: &Screen) {
        if !self.warnings.is_empty() {
            screen.remark(&self.warnings.render(screen.color_errors));
        }
    }
}

impl Ground {
    /// Opens the ledger at exactly this place, and what may be reached beside it.
    pub async fn open_at(
        place: LedgerPlace,
        around: Surroundings,
        trust: Trust,
        global: &Global,
    ) -> Result<Self, Failure> {
        let outside = Outside::open(&place, around, trust, global)?;
        let ledger = outside.ledger(&place).await?;
        let ground = Self {
            ledger,
            place,
            opened: outside.clock.now(),
            clock: outside.clock,
            reader: outside.reader,
            embedded: outside.embedded,
        };
        ground.check_kind(global)?;
        let wrong = |why| Failure::new(format!("{why}: set the clock right"));
        in_calendar(ground.opened).map_err(wrong)?;
        Ok(ground)
    }

    fn check_kind(&self, global: &Global) -> Result<(), Failure> {
        match (self.ledger.lineage(), &global.sim) {
            (Some(lineage), None) if lineage.starts_with(SIM_LINEAGE) => Err(Failure::new(
                "this ledger belongs to a simulated cloud: give the world with --sim",
            )
            .with_exit(Exit::Stale)),
            (Some(lineage), Some(_)) if !lineage.starts_with(SIM_LINEAGE) => Err(Failure::new(
                "this ledger belongs to real Azure: leave out --sim",
            )
            .with_exit(Exit::Stale)),
            _ => Ok(()),
        }
    }

    /// Is it a simulated cloud?
    pub const fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Is it a simulated cloud that takes any number of requests?
    pub fn is_unmetered(&self) -> bool {
        is_unmetered(self.embedded.as_ref())
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The ledger's lineage; of one that does not exist yet, a new name for it.
    pub fn lineage(&self) -> String {
        self.ledger.lineage().unwrap_or_else(|| {
            let kind = if self.embedded.is_some() {
                SIM_LINEAGE
            } else {
                ""
            };
            format!("{kind}{}", uuid::Uuid::new_v4())
        })
    }

    /// Keeps what the simulated cloud has become, time that was waited included, and writes down which requests it received,
    /// where that was asked for.
    pub fn close(&self) -> Result<(), Failure> {
        close(self.embedded.as_ref())
    }
}

fn is_unmetered(embedded: Option<&Simulated>) -> bool {
    embedded.is_some_and(|sim| !sim.cloud.world().is_throttling())
}

fn close(embedded: Option<&Simulated>) -> Result<(), Failure> {
    let Some(Simulated { cloud, log }) = embedded else {
        return Ok(());
    };
    cloud.world().close()?;
    let Some(log) = log else {
        return Ok(());
    };
    let mut text = String::new();
    for request in cloud.requests() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} {} {}", request.kind, request.method, request.path);
    }
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

/// The cloud and its time, before any ledger is read.
pub struct Outside {
    /// Whose time counts.
    pub clock: Clock,
    /// Looks at the cloud.
    pub reader: Reader,
    /// Where credentials are looked for.
    pub around: Surroundings,
    client: Client,
    embedded: Option<Simulated>,
}

impl Outside {
    /// Real Azure, or with `--sim` the simulated cloud beside the ledger at `place`.
    pub fn open(
        place: &LedgerPlace,
        around: Surroundings,
        trust: Trust,
        global: &Global,
    ) -> Result<Self, Failure> {
        let embedded = match (&global.sim, place) {
            (None, _) => None,
            (Some(file), LedgerPlace::File(path)) => {
                let world = world_beside(path);
                Some(simulated(file, &world, global.sim_log.clone())?)
            }
            (Some(_), LedgerPlace::Blob(_)) => {
                return Err(Failure::new(
                    "a simulated cloud keeps its ledger in a file only",
                ));
            }
        };
        let clock = embedded
            .as_ref()
            .map_or(Clock::Real, |sim| sim.cloud.world().clock());
        let transport: Arc<dyn Transport> = match &embedded {
            None => {
                surroundings::hold_roots()?;
                Arc::new(Wire::behind(surroundings::proxies()))
            }
            Some(sim) => Arc::new(sim.cloud.clone()),
        };
        let client = Client::new(transport, clock.clone());
        let reader = Reader::new(client.clone(), around.clone(), trust);
        reader.end_at(patience::ends_at(global, clock.now()));
        patience::say_waits(&reader, global);
        Ok(Self {
            clock,
            reader,
            around,
            client,
            embedded,
        })
    }

    /// Is it a simulated cloud that takes any number of requests?
    pub fn is_unmetered(&self) -> bool {
        is_unmetered(self.embedded.as_ref())
    }

    /// Opens the ledger at exactly this place.
    pub async fn ledger(&self, place: &LedgerPlace) -> Result<Ledger, Failure> {
        let store = store(place, self.client.clone(), &self.reader, &self.around)?;
        let ledger =
            Ledger::open(store, self.clock.clone())
                .await
                .map_err(|error| match error {
                    LedgerError::Unreadable(why) => {
                        Failure::because(&format!("cannot read the ledger {}", named(place)), &why)
                    }
                    other => Failure::from(other),
                })?;
        // It would get another name, and every saved plan would be for a ledger that is no more.
        if ledger.lineage().is_none() && ledger.position().offset > 0 {
            let summary = format!(
                "the ledger {} does not begin with the line that names it, so lines have been taken away",
                named(place)
            );
            return Err(Failure::new(summary).with_advice("restore it from a copy"));
        }
        Ok(ledger)
    }

    /// As [`Ground::close`].
    pub fn close(&self) -> Result<(), Failure> {
        close(self.embedded.as_ref())
    }
}

/// The door to a ledger.
fn store(
    place: &LedgerPlace,
    client: Client,
    reader: &Reader,
    around: &Surroundings,
) -> Result<Arc<dyn Store>, Failure> {
    let address = match place {
        LedgerPlace::File(path) => return Ok(Arc::new(FileStore::new(path.clone()))),
        LedgerPlace::Blob(address) => address,
    };
    let cannot = |why: String| Failure::new(format!("cannot open the ledger {address}: {why}"));
    let url = url::Url::parse(address).map_err(|error| cannot(error.to_string()))?;
    let access = storage_access(reader, around, &url).map_err(cannot)?;
    Ok(Arc::new(BlobStore::new(url, client, access)))
}

/// Takes up the world beside a ledger. One that cannot be taken up is forgotten by a command.
pub fn world(file: &Path, stored: &Path) -> Result<World, Failure> {
    World::load(file, stored, &Clock::Real).map_err(|error| {
        let is_stale = matches!(error, Error::AnotherWorld { .. } | Error::Stored { .. });
        let failure = Failure::from(error);
        if is_stale {
            failure.proposing(
                "To forget it and its ledger, and begin anew from the world file:",
                &["sim", "reset"],
            )
        } else {
            failure
        }
    })
}

fn simulated(file: &Path, stored: &Path, log: Option<PathBuf>) -> Result<Simulated, Failure> {
    let world = world(file, stored)?;
    Ok(Simulated {
        cloud: Embedded::new(world),
        log,
    })
}
