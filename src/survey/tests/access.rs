//! What a person is told of rights beforehand.

use super::*;
use crate::model::access::{Access, CAN_MANAGE_RUN, CAN_VIEW, Entry, Standing};
use crate::model::address::Name;
use crate::survey::access;

fn of(estate: &Estate, wanted: &[&str]) -> Vec<Access> {
    let wanted: Vec<Name> = wanted
        .iter()
        .map(|name| Name::parse(name).unwrap())
        .collect();
    let (reader, now) = (estate.reader(), estate.now());
    estate.block_on(access::gather(&estate.desired, reader, now, &wanted))
}

#[test]
fn only_wanted_connections_are_signed_in_to_and_each_has_its_answer() {
    let world = factory("[]") + &workspace("[]");
    let mut estate = Estate::new(&world, &[]);
    let names =
        |all: &[Access]| -> Vec<String> { all.iter().map(|one| one.name.clone()).collect() };
    let some = of(&estate, &["analytics"]);
    assert_eq!(names(&some), ["analytics"]);
    assert!(estate.asked().iter().all(|kind| !kind.starts_with("arm.")));
    let all = of(&estate, &[]);
    assert_eq!(
        names(&all),
        ["analytics", "ingest", "lake", "storage", "synapse"]
    );
    let is_in = |one: &Access| matches!(one.entry, Entry::In(_));
    assert!(
        all.iter()
            .find(|one| one.name == "analytics")
            .is_some_and(is_in)
    );
}

/// Each job has its own rights, once, however many rules select it. A rule whose job is not found leaves its rights unknown, never granted.
#[test]
fn rights_are_told_of_each_job_that_a_rule_selects() {
    let world = workspace(
        "[{id: 1, name: load, tags: {tier: gold}}, {id: 2, name: clean, tags: {tier: gold}}]",
    );
    let rules = [
        job_run("gold", "job: {tags: {tier: gold}}, require: notRunning"),
        succeeded("load", "{name: load}"),
        succeeded("gone", "{name: gone}"),
    ];
    let told = of(&Estate::new(&world, &rules), &["analytics"]).remove(0);
    let standing = |name: &str, on: &str| {
        let mut found = told
            .rights
            .iter()
            .filter(|right| right.name == name && right.on.as_deref() == Some(on));
        match (found.next(), found.next()) {
            (Some(right), None) => &right.standing,
            _ => panic!("not one right {name} on {on}: {:?}", told.rights),
        }
    };
    for job in ["load", "clean"] {
        assert_eq!(*standing(CAN_VIEW, job), Standing::Granted);
        standing(CAN_MANAGE_RUN, job);
    }
    assert_ne!(*standing(CAN_VIEW, "gone"), Standing::Granted);
    assert!(matches!(
        standing(CAN_MANAGE_RUN, "gone"),
        Standing::Unknown(_)
    ));
    assert_eq!(told.rights.len(), 6);
}
