//! `afresh auth`: who each connection is signed in as, until when, and whether the rights that plan and apply need are there.
//!
//! It prints no token, and changes nothing to find out about a right. A right that could not be checked is unknown, not missing.

use super::args::{Auth, Global, NeedOf, Printed};
use super::error::{Exit, Failure};
use super::patience;
use super::places::{named, place_of};
use super::screen::Screen;
use super::session::{Outside, held};
use super::{links, surroundings, trust};
use crate::cloud::storage_identity;
use crate::manifest::Manifests;
use crate::model::access::{Access, Entry, Need, Place, Right, Standing};
use crate::model::address::Name;
use crate::model::desired::{Desired, LedgerPlace};
use crate::model::trouble::{Trouble, TroubleKind};
use crate::model::vault::VaultConnection;
use crate::{review, survey};

/// What the project's ledger is called beside its connections.
const LEDGER: &str = "ledger";
/// To read a blob that is there.
const READER: &str = "Storage Blob Data Reader";
/// To make a blob and append to it.
const CONTRIBUTOR: &str = "Storage Blob Data Contributor";

/// Signs in everywhere, asks, and tells.
pub async fn run(args: &Auth, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let paths = args.paths.or_here();
    let (manifests, policy) = held(&paths, global, screen)?;
    let Manifests {
        mut desired, asks, ..
    } = manifests;
    if global.sim.is_some() {
        surroundings::without_account(&mut desired);
    }
    let place = place_of(&desired.project.ledger, global);
    all_known(&args.connection, &desired, &place)?;
    let around = surroundings::of(global);
    let scope = trust::Scope {
        project: &paths,
        ledger: &place,
        key_connections: &desired.key_connections,
        vaults: &desired.vaults,
        workspaces: &desired.workspaces,
    };
    let trust = trust::gather(global, &scope, &around, &policy)?;
    let trust = trust::settle(trust, &asks, &policy, screen).await?;
    links::hold_ledger(&paths, &place, &policy, global)?;
    let outside = Outside::open(&place, around, trust, global)?;
    outside.reader.among(desired.workspaces.values());
    let now = outside.clock.now();
    let mut all = survey::access::gather(&desired, &outside.reader, now, &args.connection).await;
    let is_wanted = |name: &Name| name.as_str() == LEDGER;
    if let LedgerPlace::Blob(address) = &place
        && (args.connection.is_empty() || args.connection.iter().any(is_wanted))
    {
        all.push(of_ledger(&outside, &place, address).await?);
    }
    outside.close()?;
    patience::in_time(&outside.reader, global)?;
    match args.format {
        Printed::Text => {
            for access in &all {
                screen.tell(&review::text::access(access, now));
            }
            screen.tell(&review::text::accesses(&all));
        }
        Printed::Json => {
            let told = review::json::accesses(&all);
            screen.say_json(&review::json::spread(&told));
        }
    }
    Ok(exit(&all, args.need))
}

/// A name that no connection has is a mistake, not an empty answer.
fn all_known(wanted: &[Name], desired: &Desired, place: &LedgerPlace) -> Result<(), Failure> {
    let is_known = |name: &Name| {
        desired.key_connections.contains_key(name)
            || desired.workspaces.contains_key(name)
            || desired.vaults.values().any(|vault| vault.name() == name)
            || name.as_str() == LEDGER && matches!(place, LedgerPlace::Blob(_))
    };
    match wanted.iter().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) if name.as_str() == LEDGER => Err(Failure::new(format!(
            "the ledger is a file, and takes no sign-in: {}",
            named(place)
        ))),
        Some(name) => {
            let known = desired
                .key_connections
                .keys()
                .chain(desired.workspaces.keys());
            let vaults = desired.vaults.values().map(VaultConnection::name);
            let known: Vec<&str> = known.chain(vaults).map(Name::as_str).collect();
            Err(Failure::new(format!("no connection is called {name}"))
                .with_advice(format!("There are: {}", known.join(", "))))
        }
    }
}

async fn of_ledger(
    outside: &Outside,
    place: &LedgerPlace,
    address: &str,
) -> Result<Access, Failure> {
    let url = url::Url::parse(address)?;
    let signed_in = storage_identity(&outside.reader, &outside.around, &url).await;
    let (entry, rights) = match signed_in {
        Err(trouble) => (Entry::NoToken(trouble), Vec::new()),
        Ok((identity, appending)) => match outside.ledger(place).await {
            Ok(_) => (
                Entry::In(identity),
                vec![
                    Right::new(Need::Plan, READER, Standing::Granted),
                    Right::new(Need::Apply, CONTRIBUTOR, appending),
                ],
            ),
            Err(failure) => (Entry::Refused(identity, unread(&failure)), Vec::new()),
        },
    };
    Ok(Access {
        name: LEDGER.to_owned(),
        place: Place::Ledger(address.to_owned()),
        entry,
        rights,
    })
}

fn unread(failure: &Failure) -> Trouble {
    Trouble {
        kind: TroubleKind::Unexpected,
        doing: "read the ledger".to_owned(),
        message: failure.summary().to_owned(),
        ids: Box::default(),
    }
}

/// A place that lets nobody in is an error; a right that is surely missing needs a person; an unknown one is neither.
fn exit(all: &[Access], need: NeedOf) -> Exit {
    let need = match need {
        NeedOf::Plan => Need::Plan,
        NeedOf::Apply => Need::Apply,
    };
    if all.iter().any(Access::is_closed) {
        Exit::Error
    } else if all.iter().any(|access| access.lacks(need)) {
        Exit::Partly
    } else {
        Exit::AsWanted
    }
}
