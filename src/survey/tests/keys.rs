//! Which keys are listed: listing is a write to Azure, and brings live keys into this process.

use super::*;
use crate::ledger::event::{self, Event};
use crate::model::address::{Identity, ResourceId};
use crate::model::runtime::{PerSlot, RuntimeSight};

fn estate(runtimes: &str, more: &str) -> Estate {
    let rule = key_age("gateways", "factory: ingest, integrationRuntimes: [west]");
    Estate::new(&(factory(runtimes) + more), &[rule])
}

fn sight(estate: &Estate) -> RuntimeSight {
    seen(&runtime(&estate.survey(), "ingest/west").sight).clone()
}

fn shown(estate: &Estate) -> PerSlot<crate::model::runtime::Fingerprint> {
    match sight(estate).keys {
        KeySight::Shown(keys) => keys,
        other => panic!("they are not shown: {other:?}"),
    }
}

/// A runtime of the same name in another factory, which the ledger knows with these keys.
fn known_elsewhere(
    name: &str,
    keys: PerSlot<crate::model::runtime::Fingerprint>,
    estate: &Estate,
) -> Event {
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/old/providers/Microsoft.DataFactory/factories/old/integrationRuntimes/{name}"
    );
    Event::Looked {
        subject: event::Subject {
            identity: Identity::Runtime(ResourceId::new(id)),
            address: address(&format!("old/{name}")),
        },
        at: estate.ago("30d"),
        created: None,
        keys: Some(keys),
        told: PerSlot::default(),
    }
}

/// A runtime of 20 days has no key that is due, whatever its keys are.
#[test]
fn keys_that_decide_nothing_are_listed_only_to_be_recorded() {
    let mut young = estate("[{name: west, created: 20d ago}]", "");
    for (keys, listed) in [
        (KeyReading::Recorded, true),
        (KeyReading::Needed, false),
        (KeyReading::Never, false),
    ] {
        young.keys = keys;
        let is_listed = young.asks().contains(&"adf.listAuthKeys");
        assert_eq!(is_listed, listed, "{keys:?}");
    }
    assert_eq!(sight(&young).keys, KeySight::NotAsked);
}

#[test]
fn keys_that_decide_are_listed_unless_that_is_never_wanted() {
    let mut old = estate("[{name: west, created: 400d ago}]", "");
    old.keys = KeyReading::Needed;
    assert!(matches!(sight(&old).keys, KeySight::Shown(_)));
    old.keys = KeyReading::Never;
    old.asked();
    let KeySight::Refused(trouble) = sight(&old).keys else {
        panic!("they may not be listed")
    };
    assert_eq!(trouble.kind, TroubleKind::Unwanted);
    assert!(!old.asked().contains(&"adf.listAuthKeys"));
}

/// A log without a gap since the keys were seen tells whether they are still the same.
#[test]
fn known_keys_are_not_listed_again_until_the_log_tells_of_another() {
    let regenerated =
        "meanwhile: [{at: in 2d, regenerateKey: {runtime: adf/west, key: authKey1}}]\n";
    let mut known = estate(
        "[{name: west, created: 400d ago, authKey1: {made: 30d ago}, authKey2: {made: 40d ago}}]",
        regenerated,
    );
    known.record();
    known.advance("1d");
    assert_eq!(known.asks(), ["adf.getStatus", "adf.list", "log.list"]);
    known.advance("2d");
    assert!(known.asks().contains(&"adf.listAuthKeys"));
}

/// With a limit of 400 days none is surely due yet; but the log reaches back 90, and may have missed a regeneration.
#[test]
fn a_gap_in_the_log_makes_known_keys_be_listed() {
    let rule = "factory: ingest, integrationRuntimes: [west], maxAge: 400d";
    let mut known = estate("[{name: west, created: 350d ago}]", "");
    known.rule(&[key_age("gateways", rule).replacen("maxAge: 90d, ", "", 1)]);
    known.record();
    for (later, listed) in [("89d", false), ("2d", true)] {
        known.advance(later);
        let is_listed = known.asks().contains(&"adf.listAuthKeys");
        assert_eq!(is_listed, listed, "{later}");
    }
}

/// Readers may not list keys: then age rests on the log. But an outage is no missing right.
#[test]
fn a_missing_right_to_list_is_lived_with_and_an_outage_is_not() {
    let reader = estate(
        "[{name: west, created: 400d ago, forbidden: [listAuthKeys]}]",
        "",
    );
    let sight = sight(&reader);
    assert!(matches!(sight.keys, KeySight::Refused(trouble) if trouble.kind.is_forbidden()));
    assert!(matches!(sight.log, LogSight::Read { .. }));

    let outage = "faults: [{on: listAuthKeys, times: 100, do: error, status: 400}]\n";
    let survey = estate("[{name: west, created: 400d ago}]", outage).survey();
    assert_eq!(
        trouble(&survey, "ingest/west").kind,
        TroubleKind::Unexpected
    );
}

/// A moved runtime may be young, and its keys old. Where the ledger knows its name from elsewhere, its keys are looked at.
#[test]
fn a_new_runtime_of_a_known_name_may_have_old_keys() {
    let keys = || PerSlot {
        one: key('1'),
        two: key('2'),
    };
    for (name, listed) in [("WEST", true), ("east", false)] {
        let mut moved = estate("[{name: west, created: 20d ago}]", "");
        moved.keys = KeyReading::Needed;
        moved.know(known_elsewhere(name, keys(), &moved));
        let is_listed = moved.asks().contains(&"adf.listAuthKeys");
        assert_eq!(is_listed, listed, "{name}");
    }
}

/// Before the move its log was another one: what the log here says of that time is silence about a runtime that was not there.
#[test]
fn keys_that_are_known_from_elsewhere_bring_their_past_along() {
    let mut moved = estate("[{name: west, created: 400d ago}]", "");
    let keys = shown(&moved);
    moved.know(known_elsewhere("west", keys.clone(), &moved));
    let survey = moved.survey();
    let case = runtime(&survey, "ingest/west");
    let met = case.memory.recognised.one.as_ref().unwrap();
    assert_eq!((&met.fingerprint, met.slot), (&keys.one, Slot::One));
    assert_eq!(case.memory.log_from, Some(seen(&case.sight).at));
    assert_eq!(case.memory.home.len(), 1);

    // The other way round: who knows its keys here has it here all along.
    let mut here = estate("[{name: west, created: 400d ago}]", "");
    here.record();
    here.know(known_elsewhere("west", keys, &here));
    here.refresh = Refresh::All;
    let survey = here.survey();
    assert_eq!(runtime(&survey, "ingest/west").memory.log_from, None);

    // Nor is it new where it held other keys before: its log told of it all the time.
    let mut other = estate("[{name: west, created: 400d ago}]", "");
    let west = subject(&other.survey(), "ingest/west").clone();
    other.know(known_elsewhere("west", shown(&other), &other));
    other.know(Event::Looked {
        subject: of(&west),
        at: other.ago("1d"),
        created: None,
        keys: Some(PerSlot {
            one: key('1'),
            two: key('2'),
        }),
        told: PerSlot::default(),
    });
    let survey = other.survey();
    let memory = &runtime(&survey, "ingest/west").memory;
    assert!(memory.recognised.one.is_some());
    assert_eq!(memory.log_from, None);
}
