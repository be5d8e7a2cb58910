//! Storage accounts: who dates their keys, tags, and what is known of those that no list shows.

use super::*;
use crate::model::runtime::RuntimeSight;

fn rule(fields: &str) -> String {
    key_age("accounts", &format!("subscription: storage, {fields}"))
}

fn of(list: &str, fields: &str) -> Estate {
    Estate::new(&accounts(list), &[rule(fields)])
}

/// The account `lake`, made 400 days ago.
fn lake(fields: &str) -> Estate {
    let list = format!(
        "[{{name: lake, resourceGroup: rg-lake, created: 400d ago, key1: {{made: 20d ago}}, key2: {{made: 30d ago}}{fields}}}]"
    );
    of(&list, "storageAccounts: [lake]")
}

fn sight(estate: &Estate) -> RuntimeSight {
    seen(&runtime(&estate.survey(), "storage/lake").sight).clone()
}

/// The service dates its keys: neither the keys nor a log say more. What the list leaves out the account may tell.
#[test]
fn nothing_more_is_read_than_what_dates_both_keys() {
    let mut dated = lake("");
    let told = sight(&dated).told;
    assert_eq!(dated.asked(), ["storage.list"]);
    assert_eq!(
        (told.one, told.two),
        (Some(dated.ago("20d")), Some(dated.ago("30d")))
    );

    let mut left_out = lake(", keyTimes: notInLists");
    assert_eq!(sight(&left_out).told, told);
    assert_eq!(left_out.asked(), ["storage.get", "storage.list"]);

    let mut hidden = lake(", keyTimes: hidden");
    let sight = sight(&hidden);
    assert_eq!(
        hidden.asked(),
        [
            "log.list",
            "storage.get",
            "storage.list",
            "storage.listKeys"
        ]
    );
    assert!(matches!(sight.log, LogSight::Read { .. }));
    assert!(matches!(sight.keys, KeySight::Shown(_)));
}

/// A time that has not come yet says nothing of a key: the account is judged as one that tells none, and the time is kept to be shown.
#[test]
fn a_time_that_is_yet_to_come_is_not_told() {
    let mut ahead = lake(", keyTimes: ahead");
    let sight = sight(&ahead);
    assert_eq!((sight.told.one, sight.told.two), (None, None));
    assert!(sight.told_ahead.one.is_some_and(|at| at > ahead.now()));
    assert_eq!(
        ahead.asked(),
        [
            "log.list",
            "storage.get",
            "storage.list",
            "storage.listKeys"
        ]
    );
}

/// What the list leaves out need not be asked for where the ledger proves that no key is due.
#[test]
fn an_account_that_the_ledger_proves_is_not_asked() {
    let mut known = lake(", keyTimes: notInLists");
    known.record();
    assert_eq!(known.asks(), ["storage.list"]);
    let survey = known.survey();
    assert_eq!(runtime(&survey, "storage/lake").sight, Looked::NotAsked);
    known.advance("50d");
    assert_eq!(known.asks(), ["storage.get", "storage.list"]);
}

/// What became of an operation is told by the keys, also where they are dated.
#[test]
fn an_intent_without_an_end_makes_dated_keys_be_listed() {
    let mut doubted = lake("");
    let case = subject(&doubted.survey(), "storage/lake").clone();
    doubted.intend(&case, regenerate(Slot::One));
    doubted.asked();
    assert!(matches!(sight(&doubted).keys, KeySight::Shown(_)));
    assert_eq!(
        doubted.asked(),
        ["storage.get", "storage.list", "storage.listKeys"]
    );
    // Dates count without the keys.
    let outage = "faults: [{on: listKeys, times: 100, do: error, status: 400}]\n";
    let list = "[{name: lake, resourceGroup: rg-lake, created: 400d ago}]";
    let mut closed = Estate::new(
        &(accounts(list) + outage),
        &[rule("storageAccounts: [lake]")],
    );
    closed.intend(&case, regenerate(Slot::One));
    let sight = sight(&closed);
    assert!(matches!(sight.keys, KeySight::Refused(_)) && sight.told.one.is_some());
}

/// Without dates, an outage of the log is waited for, as with runtimes.
#[test]
fn an_outage_of_the_log_fails_only_what_is_not_dated() {
    let world = accounts(
        "[{name: dated, resourceGroup: rg, created: 400d ago}, {name: hidden, resourceGroup: rg, created: 400d ago, keyTimes: hidden}]",
    );
    let outage = "faults: [{on: activityLog, times: 100, do: error, status: 400}]\n";
    let survey = Estate::new(&(world + outage), &[rule("storageAccounts: [\"*\"]")]).survey();
    seen(&runtime(&survey, "storage/dated").sight);
    assert_eq!(
        trouble(&survey, "storage/hidden").kind,
        TroubleKind::Unexpected
    );
}

/// Each group has its own log. It is read once, and only where an account of it is not dated.
#[test]
fn a_log_is_read_once_for_each_group_that_needs_it() {
    let mut estate = of(
        "[{name: one, resourceGroup: rg-a, created: 50d ago, keyTimes: hidden}, {name: two, resourceGroup: RG-A, created: 50d ago, keyTimes: hidden}, {name: three, resourceGroup: rg-b, created: 50d ago, keyTimes: hidden}, {name: four, resourceGroup: rg-c, created: 50d ago}]",
        "storageAccounts: [\"*\"]",
    );
    let survey = estate.survey();
    let asked = estate.asked();
    assert_eq!(asked.iter().filter(|kind| **kind == "log.list").count(), 2);
    assert_eq!(survey.logs.len(), 2);
    let log = |name: &str| {
        let sight = seen(&runtime(&survey, &format!("storage/{name}")).sight);
        matches!(sight.log, LogSight::Read { .. })
    };
    assert_eq!(
        ["one", "two", "three", "four"].map(log),
        [true, true, true, false]
    );
}

/// Azure compares names of tags without regard to case, and values with it. Who names an account means it, whatever its tags.
#[test]
fn tags_hold_for_globs_and_not_for_names() {
    let survey = of(
        "[{name: upper, resourceGroup: rg, tags: {Tier: gold, zone: a}}, {name: value, resourceGroup: rg, tags: {tier: Gold, zone: a}}, {name: half, resourceGroup: rg, tags: {tier: gold}}, {name: named, resourceGroup: rg}]",
        "storageAccounts: [\"*\", named], tags: {tier: gold, zone: a}",
    )
    .survey();
    assert_eq!(addresses(&survey), ["storage/named", "storage/upper"]);
    assert_eq!(skipped(&survey), []);
}

/// An account without the tags keeps no glob busy; one that takes no key is there all the same.
#[test]
fn a_glob_that_selects_no_account_is_held_unless_that_may_be() {
    let list = "[{name: plain, resourceGroup: rg}]";
    let fields = "storageAccounts: [\"*\"], tags: {tier: gold}";
    let survey = of(list, fields).survey();
    let said = &trouble(&survey, "storage/*").message;
    assert!(said.contains("with these tags"), "{said}");
    let survey = of(list, &format!("{fields}, allowEmpty: true")).survey();
    assert_eq!(addresses(&survey), [""; 0]);
    assert_eq!(
        skipped(&survey),
        [(
            "storage/*".to_owned(),
            "no storage account with these tags matches now"
        )]
    );
}

#[test]
fn an_account_that_takes_no_key_is_passed_over_by_globs_only() {
    let list = "[{name: entra, resourceGroup: rg, allowSharedKeyAccess: false}]";
    let survey = of(list, "storageAccounts: [\"*\"]").survey();
    assert_eq!(
        skipped(&survey),
        [(
            "storage/entra".to_owned(),
            "keys are disabled (allowSharedKeyAccess is false)"
        )]
    );
    assert_eq!(addresses(&survey), [""; 0]);
    let mut named = of(list, "storageAccounts: [entra]");
    let survey = named.survey();
    let kind = &seen(&runtime(&survey, "storage/entra").sight).kind;
    assert_eq!(*kind, OwnKeys::Disabled);
    assert_eq!(named.asked(), ["storage.list"]);
}

/// The id of an account has its group in it: what the ledger proves of it stays proved where that is known, by the connection or the ledger.
#[test]
fn an_account_that_no_list_shows_is_itself_where_its_id_is_known() {
    let world = accounts("[]")
        + "faults: [{on: listStorageAccounts, times: 100, do: error, status: 400}]\n";
    let in_group = key_age("group", "subscription: lake, storageAccounts: [inlake]");
    let rules = [rule("storageAccounts: [lake, other, \"*\"]"), in_group];
    let mut estate = Estate::new(&world, &rules);
    let known = lake("").survey();
    estate.rotated_both(
        subject(&known, "storage/lake"),
        &crate::model::runtime::PerSlot {
            one: key('1'),
            two: key('2'),
        },
    );
    let survey = estate.survey();
    assert_eq!(
        addresses(&survey),
        ["lake/inlake", "storage/*", "storage/lake", "storage/other"]
    );
    assert!(runtime(&survey, "storage/lake").memory.knows_keys());
    assert!(
        runtime(&survey, "lake/inlake")
            .target
            .id
            .as_str()
            .contains("/rg-lake/")
    );
    for unresolved in ["storage/*", "storage/other"] {
        assert_eq!(subject(&survey, unresolved).identity(), None);
    }
    for all in addresses(&survey) {
        assert_eq!(trouble(&survey, &all).kind, TroubleKind::Unexpected);
    }
}

#[test]
fn a_named_account_that_is_not_there_is_in_trouble_alone() {
    let survey = of(
        "[{name: lake, resourceGroup: rg, created: 20d ago}]",
        "storageAccounts: [lake, gone]",
    )
    .survey();
    seen(&runtime(&survey, "storage/lake").sight);
    assert_eq!(trouble(&survey, "storage/gone").kind, TroubleKind::NotFound);
}

/// The ledger does not know tags, so that a glob that goes with some is not expanded from it.
#[test]
fn refresh_none_expands_globs_from_the_ledger_unless_tags_decide() {
    let mut estate = lake("");
    estate.record();
    estate.refresh = Refresh::None;
    for (fields, expected) in [
        ("storageAccounts: [\"l*\"]", vec!["storage/lake"]),
        (
            "storageAccounts: [\"l*\"], tags: {tier: gold}",
            vec!["storage/l*"],
        ),
        (
            "storageAccounts: [\"l*\"], tags: {tier: gold}, allowEmpty: true",
            vec![],
        ),
        (
            "storageAccounts: [\"l*\"], exclude: [lake], allowEmpty: true",
            vec![],
        ),
    ] {
        estate.rule(&[rule(fields)]);
        let survey = estate.survey();
        assert_eq!(addresses(&survey), expected, "{fields}");
        if expected.contains(&"storage/lake") {
            assert_eq!(runtime(&survey, "storage/lake").sight, Looked::NotAsked);
        }
    }
    assert_eq!(estate.asked(), [""; 0]);
}
