//! Runtimes: what the ledger proves, what lists and globs come to, and which runtime it is.

use super::*;
use crate::model::time::{Freeze, Span};

fn gateways(names: &str) -> String {
    key_age(
        "gateways",
        &format!("factory: ingest, integrationRuntimes: [{names}]"),
    )
}

/// `west` was made 50 days ago, and is recorded.
fn recorded(more: &str) -> Estate {
    let world = factory("[{name: west, created: 50d ago}, {name: east, created: 50d ago}]");
    let rule = key_age(
        "gateways",
        &format!("factory: ingest, integrationRuntimes: [west]{more}"),
    );
    let mut estate = Estate::new(&world, &[rule]);
    estate.record();
    estate
}

/// On which day, counted from a runtime of 50 days, it is read again for the first time.
fn first_read(mut estate: Estate) -> usize {
    for day in 0..40 {
        if !estate.asks().is_empty() {
            return day;
        }
        estate.advance("1d");
    }
    panic!("it is never read")
}

/// Keys are due at 80 days. Whatever may make one due earlier makes its look earlier by as much.
#[test]
fn what_the_ledger_proves_is_not_read_until_it_may_be_due() {
    assert_eq!(first_read(recorded("")), 30);
    assert_eq!(first_read(recorded(", jitter: 5d")), 25);
    // So that the other key can follow before its own limit: three overlaps of a day.
    let rotate = ", onWindowStarvation: rotate";
    assert_eq!(first_read(recorded(rotate)), 27);
    let freeze = |estate: &mut Estate, from: i64, to: i64| {
        let at = |days: i64| {
            if days < 0 {
                Span::days(days.unsigned_abs()).before(estate.now())
            } else {
                Span::days(days.unsigned_abs()).after(estate.now())
            }
        };
        let (from, to) = (at(from), at(to));
        let reason = "year end".to_owned();
        estate.desired.project.freezes.push(Freeze {
            from,
            to,
            reason,
            firm: false,
        });
    };
    let mut frozen = recorded(rotate);
    freeze(&mut frozen, 100, 110);
    freeze(&mut frozen, -10, -1);
    assert_eq!(first_read(frozen), 16);
    let mut kept = recorded("");
    freeze(&mut kept, 100, 110);
    assert_eq!(first_read(kept), 30);
}

#[test]
fn a_case_that_was_not_read_has_what_the_ledger_knows() {
    let mut estate = recorded("");
    let survey = estate.survey();
    let west = runtime(&survey, "ingest/west");
    assert_eq!(west.sight, Looked::NotAsked);
    assert!(west.memory.knows_keys());
    assert_eq!(estate.asked(), [""; 0]);
}

#[test]
fn an_intent_without_an_end_is_looked_into_and_its_keys_are_listed() {
    let mut estate = recorded("");
    let west = subject(&estate.survey(), "ingest/west").clone();
    estate.intend(&west, regenerate(Slot::One));
    let survey = estate.survey();
    let case = runtime(&survey, "ingest/west");
    assert_eq!(case.doubts.len(), 1);
    assert!(matches!(seen(&case.sight).keys, KeySight::Shown(_)));
}

/// A glob may have new matches: it costs its list, and no more where all of them are proved.
#[test]
fn a_glob_is_expanded_anew_and_only_what_is_new_is_read() {
    let mut estate = recorded("");
    estate.rule(&[gateways("\"we*\"")]);
    assert_eq!(estate.asks(), ["adf.list"]);
    estate.rule(&[gateways("\"*\"")]);
    assert_eq!(
        estate.asks(),
        ["adf.getStatus", "adf.list", "adf.listAuthKeys", "log.list"]
    );
}

#[test]
fn refresh_all_reads_what_is_proved_and_refresh_none_reads_nothing() {
    let mut estate = recorded("");
    estate.refresh = Refresh::All;
    assert_eq!(estate.asks(), ["adf.list", "adf.listAuthKeys", "log.list"]);
    estate.refresh = Refresh::None;
    estate.advance("400d");
    let empty = key_age(
        "new",
        "factory: ingest, integrationRuntimes: [\"new-*\"], allowEmpty: true",
    );
    estate.rule(&[gateways("\"w*\", \"x*\", east"), empty]);
    let survey = estate.survey();
    assert_eq!(estate.asked(), [""; 0]);
    assert_eq!(
        addresses(&survey),
        ["ingest/east", "ingest/west", "ingest/x*"]
    );
    assert_eq!(runtime(&survey, "ingest/west").sight, Looked::NotAsked);
    for unknown in ["ingest/east", "ingest/x*"] {
        let said = &trouble(&survey, unknown).message;
        assert!(said.contains("--refresh none"), "{said}");
    }
}

/// Half a list is none: also what its first page showed is not read.
#[test]
fn a_list_that_fails_midway_leaves_names_and_globs_in_trouble() {
    let faults = "paging: {runtimes: 1}\nfaults: [{on: listRuntimes, nth: 2, times: 100, do: error, status: 400}]\n";
    let world = factory("[{name: east, created: 20d ago}, {name: west, created: 20d ago}]");
    let mut estate = Estate::new(&(world + faults), &[gateways("east, west, \"e*\"")]);
    let survey = estate.survey();
    assert_eq!(estate.asked(), ["adf.list", "adf.list"]);
    assert_eq!(
        addresses(&survey),
        ["ingest/e*", "ingest/east", "ingest/west"]
    );
    for of in addresses(&survey) {
        assert_eq!(trouble(&survey, &of).kind, TroubleKind::Unexpected);
    }
    // A name says which runtime it is, so that what the ledger proves of it stays proved; a glob does not.
    runtime(&survey, "ingest/east");
    assert_eq!(subject(&survey, "ingest/e*").identity(), None);
}

#[test]
fn a_name_that_is_not_there_is_in_trouble_alone() {
    let world = factory("[{name: west, created: 20d ago}]");
    let survey = Estate::new(&world, &[gateways("WEST, gone")]).survey();
    seen(&runtime(&survey, "ingest/west").sight);
    assert_eq!(trouble(&survey, "ingest/gone").kind, TroubleKind::NotFound);
    assert_eq!(addresses(&survey), ["ingest/gone", "ingest/west"]);
}

/// Who names one is told that it has no keys; a glob passes over it, and one that meets no other selects nothing.
#[test]
fn what_has_no_keys_of_its_own_is_passed_over_by_globs_only() {
    let hub = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/hub/providers/Microsoft.DataFactory/factories/hub/integrationRuntimes/hub"
    );
    let world = factory(&format!(
        "[{{name: cloud, type: Managed}}, {{name: shared, linkedTo: {hub}}}]"
    ));
    let mut estate = Estate::new(&world, &[gateways("\"*\"")]);
    let survey = estate.survey();
    assert_eq!(
        skipped(&survey),
        [
            (
                "ingest/cloud".to_owned(),
                "managed by Azure: it has no keys"
            ),
            (
                "ingest/shared".to_owned(),
                "linked from another factory: its keys are rotated there"
            ),
        ]
    );
    let said = &trouble(&survey, "ingest/*").message;
    assert!(said.contains("write `allowEmpty: true`"), "{said}");

    estate.rule(&[gateways("cloud, shared")]);
    let survey = estate.survey();
    let kind = |of: &str| seen(&runtime(&survey, of).sight).kind.clone();
    assert_eq!(kind("ingest/cloud"), OwnKeys::Managed);
    assert_eq!(kind("ingest/shared"), OwnKeys::Linked);
    assert_eq!(estate.asked(), ["adf.list", "adf.list"]);
}

#[test]
fn a_glob_that_may_select_nothing_is_passed_over() {
    let world = factory("[{name: west, created: 20d ago}]");
    let rule = key_age(
        "gateways",
        "factory: ingest, integrationRuntimes: [\"new-*\"], allowEmpty: true",
    );
    let survey = Estate::new(&world, &[rule]).survey();
    assert_eq!(addresses(&survey), [""; 0]);
    assert_eq!(
        skipped(&survey),
        [(
            "ingest/new-*".to_owned(),
            "no integration runtime of adf matches now"
        )]
    );
}

#[test]
fn only_targets_are_read_and_only_their_connections_are_asked() {
    let world = factory("[{name: east, created: 20d ago}, {name: west, created: 20d ago}]");
    let accounts = key_age(
        "accounts",
        "subscription: storage, storageAccounts: [\"*\"]",
    );
    let mut estate = Estate::new(&world, &[gateways("\"*\""), accounts]);
    estate.targets = vec![address("ingest/west")];
    let survey = estate.survey();
    assert_eq!(addresses(&survey), ["ingest/west"]);
    assert_eq!(
        estate.asked(),
        ["adf.getStatus", "adf.list", "adf.listAuthKeys", "log.list"]
    );
}

/// It was deleted and made anew under its name: no log tells of its keys, and what the ledger knows of its age is another one's.
#[test]
fn a_runtime_that_was_made_anew_is_taken_for_the_new_one() {
    let anew = "meanwhile: [{at: in 1d, recreateRuntime: {runtime: adf/west}}]\n";
    let world = factory("[{name: west, created: 400d ago}]") + anew;
    for keys in [KeyReading::Recorded, KeyReading::Needed] {
        let mut estate = Estate::new(&world, &[gateways("west")]);
        let before = estate.record();
        let old = seen(&runtime(&before, "ingest/west").sight).clone();
        estate.advance("2d");
        estate.keys = keys;
        let survey = estate.survey();
        let new = seen(&runtime(&survey, "ingest/west").sight);
        assert_eq!(new.created, Some(estate.ago("1d")));
        assert!(matches!(new.keys, KeySight::Shown(_)) && new.keys != old.keys);
    }
}

/// At Synapse reading the status is an action, which readers may not do: the other evidence has to do. At Data Factory it is a read.
#[test]
fn a_hidden_status_holds_a_runtime_only_where_reading_it_is_a_read() {
    let hidden = "[{name: west, created: 400d ago, forbidden: [getStatus]}]";
    let survey = Estate::new(&factory(hidden), &[gateways("west")]).survey();
    let refused = trouble(&survey, "ingest/west");
    assert!(refused.kind.is_forbidden(), "{refused:?}");

    let world = format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, synapseWorkspaces: [{{name: syn, resourceGroup: rg, runtimes: {hidden}}}]}}]"
    );
    let rule = key_age("synapse", "synapse: synapse, integrationRuntimes: [west]");
    let survey = Estate::new(&world, &[rule]).survey();
    let sight = seen(&runtime(&survey, "synapse/west").sight);
    assert!(sight.status_refused.is_some() && sight.created.is_none());
    assert!(matches!(sight.keys, KeySight::Shown(_)));
}
