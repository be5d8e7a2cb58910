//! `afresh ledger declare`: when a key was created, where a person knows.
//!
//! A time that the ledger disproves is an error.

use super::super::error::{Exit, Failure};
use super::super::screen::Screen;
use super::super::session::Session;
use super::super::surroundings;
use crate::escape::line;
use crate::ledger::event::{Event, Subject};
use crate::model::address::{Address, Identity};
use crate::model::birth::Evidence;
use crate::model::joint::Correction;
use crate::model::key_service::KeyService;
use crate::model::runtime::{Declaration, RuntimeMemory, Slot};
use crate::model::time::{Timestamp, minute};
use crate::survey;

pub(super) async fn declare(
    session: &Session,
    slot: &str,
    born: Timestamp,
    screen: &Screen,
) -> Result<(), Failure> {
    let usage = || {
        Failure::new("a key reads ADDRESS#SLOT, as in ingest/gateway-west#authKey1")
            .with_exit(Exit::Usage)
    };
    let (address, slot) = slot.split_once('#').ok_or_else(usage)?;
    let address =
        Address::parse(address).map_err(|why| Failure::new(why).with_exit(Exit::Usage))?;
    let now = session.ground.now();
    let memory = session.ground.ledger.memory();
    let identity = match memory.identity_of(&address) {
        Some(identity) if identity.resource().is_some() => identity.clone(),
        Some(_) => return Err(Failure::new(format!("{address} has no keys"))),
        None => named(session, &address)?,
    };
    let service = identity.key_service();
    let slot = service.key_named(slot).ok_or_else(|| {
        let [one, two] = Slot::BOTH.map(|slot| service.key_name(slot));
        let resource = service.resource();
        Failure::new(format!(
            "a {resource} has the keys {one} and {two}, and no `{slot}`"
        ))
        .with_exit(Exit::Usage)
    })?;
    let name = service.key_name(slot);
    let runtime = memory.runtime(&identity);
    if let Some(why) = contradiction(&runtime, service, slot, (born, now)) {
        let summary = format!(
            "{address}#{name} cannot have been created {}: {why}",
            minute(born)
        );
        return Err(Failure::new(summary).with_command(
            "This is known of it:",
            &session
                .typed
                .command(["ledger", "show", &address.to_string()]),
        ));
    }
    let subject = Subject {
        identity,
        address: address.clone(),
    };
    session
        .ground
        .ledger
        .ensure_opened(&session.ground.lineage())
        .await
        .map_err(Failure::of_ledger)?;
    session
        .ground
        .ledger
        .record(vec![Event::Declared {
            subject,
            slot,
            born,
            by: surroundings::who(),
            at: now,
        }])
        .await
        .map_err(Failure::of_ledger)?;
    screen.tell(&line(&format!(
        "Declared: {address}#{name} was created {}.",
        minute(born)
    )));
    Ok(())
}

/// A resource that was never met, as the connection in the manifests would name it; only if a rule could speak of it.
fn named(session: &Session, address: &Address) -> Result<Identity, Failure> {
    let desired = &session.desired;
    let unknown = || {
        Failure::new(format!("no rule covers {address}")).with_command(
            "These are the subjects that rules cover:",
            &session.typed.command(["plan", "--verbose"]),
        )
    };
    let connection = desired
        .key_connections
        .get(&address.connection)
        .ok_or_else(unknown)?;
    let spoken_of = desired.key_ages.iter().any(|rule| {
        rule.connection == *connection.name() && survey::selects(rule, &address.subject)
    });
    if !spoken_of {
        return Err(unknown());
    }
    let id = connection.id_of(&address.subject).map(Identity::Runtime);
    id.ok_or_else(|| {
        Failure::new(format!("{address} is not in the ledger yet")).with_command(
            "Read it first:",
            &session.typed.command(["apply", "--refresh-only"]),
        )
    })
}

/// Why a key in `slot` cannot have been created at `born`, from what the ledger knows of it; `None`: it may have been.
fn contradiction(
    runtime: &RuntimeMemory,
    service: KeyService,
    slot: Slot,
    (born, now): (Timestamp, Timestamp),
) -> Option<String> {
    if born > now {
        return Some(format!("it is {} now", minute(now)));
    }
    if let Some(created) = runtime.created.filter(|created| born < *created) {
        return Some(made_later(service, created));
    }
    let evidence = runtime.slots.get(slot).evidence;
    let disproof = evidence.and_then(|evidence| disproof(&evidence, service, born));
    disproof.or_else(|| unlike_the_rest(runtime, slot, born, now))
}

/// The same against everything that is known of both keys, their Activity Log included.
fn unlike_the_rest(
    runtime: &RuntimeMemory,
    slot: Slot,
    born: Timestamp,
    now: Timestamp,
) -> Option<String> {
    let known = runtime.birth(slot);
    let mut runtime = runtime.clone();
    runtime.slots.get_mut(slot).declared = Some(Declaration { born, said: now });
    let corrected = runtime.births().corrected;
    corrected
        .contains(&Correction::Declared { slot, born })
        .then(|| match (known.earliest, known.latest) {
            (Some(earliest), Some(latest)) => format!(
                "the evidence says that it was created between {} and {}",
                minute(earliest),
                minute(latest)
            ),
            (_, Some(latest)) => format!(
                "the evidence says that it was created before {}",
                minute(latest)
            ),
            (_, None) => "the Activity Log shows no regeneration of that time".to_owned(),
        })
}

/// No key is older than what it is of.
fn made_later(service: KeyService, created: Timestamp) -> String {
    let resource = service.resource();
    format!("its {resource} was created {}", minute(created))
}

fn disproof(evidence: &Evidence, service: KeyService, born: Timestamp) -> Option<String> {
    match *evidence {
        Evidence::Rotated { sent, answered } if born < sent || born > answered => {
            Some(format!("afresh regenerated it {}", minute(answered)))
        }
        Evidence::Changed { after, by } if born <= after || born > by => Some(format!(
            "the slot changed between {} and {}",
            minute(after),
            minute(by)
        )),
        Evidence::Told { at } => Some(format!("Azure says that it was created {}", minute(at))),
        Evidence::FirstSeen { at } if born > at => {
            Some(format!("it was there already at {}", minute(at)))
        }
        Evidence::KnownBefore {
            earliest, latest, ..
        } if earliest.is_some_and(|earliest| born < earliest) || born > latest => Some(format!(
            "the ledger knows it from before: it was created by {}",
            minute(latest)
        )),
        Evidence::RuntimeCreated { at } if born < at => Some(made_later(service, at)),
        Evidence::Rotated { .. }
        | Evidence::Changed { .. }
        | Evidence::FirstSeen { .. }
        | Evidence::RuntimeCreated { .. }
        | Evidence::KnownBefore { .. }
        | Evidence::LogSilent { .. }
        | Evidence::LogEvents { .. }
        | Evidence::Declared { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_held_against_what_is_known_of_the_key() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (now, seen) = (at("2026-11-22T09:00:00Z"), at("2026-11-01T00:00:00Z"));
        let mut runtime = RuntimeMemory {
            created: Some(at("2026-05-01T00:00:00Z")),
            ..RuntimeMemory::default()
        };
        let said = |runtime: &RuntimeMemory, born: &str| {
            let of = KeyService::Synapse;
            contradiction(runtime, of, Slot::One, (at(born), now)).unwrap_or_default()
        };
        runtime.slots.one.evidence = Some(Evidence::FirstSeen { at: seen });
        assert_eq!(said(&runtime, "2026-08-01T00:00:00Z"), "");
        assert_eq!(
            said(&runtime, "2026-12-01T00:00:00Z"),
            "it is 2026-11-22 09:00 UTC now"
        );
        assert_eq!(
            said(&runtime, "2026-04-01T00:00:00Z"),
            "its runtime was created 2026-05-01 00:00 UTC"
        );
        assert_eq!(
            said(&runtime, "2026-11-02T00:00:00Z"),
            "it was there already at 2026-11-01 00:00 UTC"
        );
        runtime.slots.one.evidence = Some(Evidence::Changed {
            after: seen,
            by: now,
        });
        assert_eq!(
            said(&runtime, "2026-10-31T00:00:00Z"),
            "the slot changed between 2026-11-01 00:00 UTC and 2026-11-22 09:00 UTC"
        );
        assert_eq!(said(&runtime, "2026-11-20T00:00:00Z"), "");
        runtime.slots.one.evidence = Some(Evidence::Rotated {
            sent: seen,
            answered: seen,
        });
        assert_eq!(
            said(&runtime, "2026-11-20T00:00:00Z"),
            "afresh regenerated it 2026-11-01 00:00 UTC"
        );
    }
}
