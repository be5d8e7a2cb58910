//! World files and stored worlds: what is refused, what lives on.

use std::fs;

use super::*;
use crate::clock::ManualClock;
use crate::sim::Error;

fn wrong(text: &str) -> String {
    World::from_text(text, Path::new("world.yaml"), &Clock::Real)
        .unwrap_err()
        .to_string()
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let text = "seed: 1\nworkspaces:\n- host: h\n  jobs:\n  - {id: 1, name: n, takes: 10}\n";
    assert!(wrong(text).starts_with("world.yaml:5:"), "{}", wrong(text));
    assert!(wrong(text).contains("jobs[0]: `10` is not a length of time"));
    assert!(!wrong(text).contains("at line"));
    assert!(wrong("sed: 1").contains("unknown field `sed`"));
    let strange = wrong("faults:\n- {on: regenerate, do: loseAnswer}");
    assert!(
        strange.contains("world.yaml:2:") && strange.contains("regenerateAuthKey"),
        "{strange}"
    );
}

#[test]
fn a_world_that_cannot_be_is_refused() {
    let factory = |runtimes: &str| {
        format!(
            "subscriptions: [{{id: s, factories: [{{name: f, resourceGroup: g, runtimes: {runtimes}}}]}}]"
        )
    };
    assert!(wrong(&factory("[{name: a}, {name: A}]")).contains("there twice"));
    let early = factory("[{name: a, created: 3d ago, authKey1: {made: 9d ago}}]");
    assert!(wrong(&early).contains("between the creation"));
    let jobs = |jobs: &str| format!("workspaces: [{{host: h, jobs: {jobs}}}]");
    assert!(wrong(&jobs("[{id: 1, name: a}, {id: 1, name: b}]")).contains("there twice"));
    assert!(
        wrong(&jobs("[{id: 1, name: a, runs: [{started: 2099-01-01}]}]")).contains("in the future")
    );
    assert!(wrong("faults: [{on: token, do: slow}]").contains("`by`"));
}

#[test]
fn the_same_file_gives_the_same_keys_and_another_seed_gives_others() {
    let keys = |seed: u64| {
        client(&format!("seed: {seed}\nsubscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: gw}}]}}]}}]"))
            .arm()
            .keys("gw")
    };
    assert_eq!(keys(7), keys(7));
    assert_ne!(keys(7), keys(8));
    assert_ne!(keys(7)[0], keys(7)[1]);
}

#[test]
fn secrets_stay_in_the_world_file_and_still_count_for_the_world_that_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let (file, stored) = (
        folder.path().join("world.yaml"),
        folder.path().join("world.json"),
    );
    let text = format!(
        "{START}tenants: [{{id: contoso, principals: [{{clientId: ci, clientSecret: hush-client}}]}}]\n\
         machine: {{header: hush-header, identities: []}}\npipeline: {{token: hush-step}}\n\
         workspaces: [{{host: {HOST}, tokens: [dapihush], principals: [{{clientId: app, clientSecret: hush-own}}]}}]\n"
    );
    fs::write(&file, text).unwrap();
    let mut world = World::load(&file, &stored, &Clock::Real).unwrap();
    world.save(&stored).unwrap();
    let copy = fs::read_to_string(&stored).unwrap();
    assert!(!copy.contains("hush"), "{copy}");
    let again = World::load(&file, &stored, &Clock::Real).unwrap();
    assert_eq!(
        format!("{:?}", again.tenants),
        format!("{:?}", world.tenants)
    );
    assert_eq!(
        format!("{:?}", again.machine),
        format!("{:?}", world.machine)
    );
    assert_eq!(again.pipeline_token, world.pipeline_token);
    assert_eq!(again.workspaces[0].tokens, world.workspaces[0].tokens);
    assert_eq!(
        again.workspaces[0].principals,
        world.workspaces[0].principals
    );
    assert!(again.workspaces[0].tokens.is_some() && again.tenants.is_some());
}

#[test]
fn a_world_lives_on_where_it_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (file, stored) = (
        folder.path().join("world.yaml"),
        folder.path().join("afresh/world.json"),
    );
    fs::write(&file, format!("clock: 2026-11-22T09:00:00Z\nworkspaces: [{{host: {HOST}, jobs: [{{id: 1, name: n}}]}}]")).unwrap();
    let load = || {
        let world = World::load(&file, &stored, &Clock::Real).unwrap();
        client("").dapi().put(world)
    };
    let first = load();
    first.get_jobs("list");
    assert!(!stored.exists(), "reads write nothing");
    let run = first.run_now(1);
    first.pass(60);
    first.post_jobs("runs/cancel", &json!({"run_id": run}));
    first.pass(7);
    first.cloud.world().keep().unwrap();
    let second = load();
    assert_eq!(second.phase(run)[0], "TERMINATING");
    assert!(!second.cloud.world().dirty());
    assert_eq!(
        second.cloud.world().clock().now().to_string(),
        "2026-11-22T09:01:07Z"
    );

    fs::write(&file, "clock: 2026-11-22T09:00:00Z\n").unwrap();
    let error = World::load(&file, &stored, &Clock::Real).unwrap_err();
    assert!(matches!(error, Error::AnotherWorld { .. }));
    fs::remove_file(&stored).unwrap();
    assert!(World::load(&file, &stored, &Clock::Real).is_ok());
}

#[test]
fn a_world_kept_before_there_was_a_meanwhile_still_lives_on() {
    let folder = tempfile::tempdir().unwrap();
    let (file, stored) = (
        folder.path().join("world.yaml"),
        folder.path().join("world.json"),
    );
    let runs = "[{started: 2h ago, ended: 1h ago}]";
    fs::write(&file, format!("{START}subscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: [{{name: gw, authKey1: {{made: 9d ago}}}}]}}]}}]\nworkspaces: [{{host: {HOST}, jobs: [{{id: 1, name: n, parameters: {{day: today}}, schedule: {{every: 24h}}, runs: {runs}}}]}}]")).unwrap();
    let load = || {
        let world = World::load(&file, &stored, &Clock::Real).unwrap();
        client("").put(world)
    };
    let first = load().arm();
    let keys = first.keys("gw");
    let runs = first.dapi().get_jobs("runs/list").1;
    load().cloud.world().save(&stored).unwrap();
    let mut kept: Value = serde_json::from_slice(&fs::read(&stored).unwrap()).unwrap();
    let mut cut = 0;
    forget(&mut kept, &mut cut);
    assert!(cut > 20, "{cut} fields that were not there then");
    // People also put makings and jobs into it by hand.
    let key = &mut kept["subscriptions"][0]["factories"][0]["runtimes"][0]["keys"][1];
    let makings = key["makings"].as_array_mut().unwrap();
    makings.push(json!({"at": "2026-11-22T08:59:00Z", "caller": "ada", "client_request": null, "correlation": "0bad"}));
    fs::write(&stored, kept.to_string()).unwrap();
    let again = load().arm().keys("gw");
    assert_eq!((&again[0], again[1] == keys[1]), (&keys[0], false));
    assert_eq!(load().dapi().get_jobs("runs/list").1, runs);
}

/// Takes away what a world knows since things happen meanwhile.
fn forget(value: &mut Value, cut: &mut usize) {
    const NEW: [&str; 21] = [
        "meanwhile",
        "log_delays",
        "gone",
        "life",
        "lineage",
        "deleted",
        "value",
        "silent",
        "hides_parameters",
        "resumed",
        "cron",
        "timezone",
        "periodic",
        "defaults",
        "overriding",
        "repaired",
        "earlier",
        "removed",
        "storage_accounts",
        "gone_accounts",
        "page_storage_accounts",
    ];
    match value {
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|name, _| !NEW.contains(&name.as_str()));
            *cut += before - fields.len();
            fields.values_mut().for_each(|inner| forget(inner, cut));
        }
        Value::Array(all) => all.iter_mut().for_each(|inner| forget(inner, cut)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_world_without_a_clock_lives_by_the_one_it_is_given() {
    let hand = ManualClock::new("2030-01-01T00:00:00Z".parse().unwrap());
    let world = World::from_text("", Path::new("w"), &Clock::Manual(hand.clone())).unwrap();
    hand.advance_to("2030-01-02T00:00:00Z".parse().unwrap());
    assert_eq!(world.clock().now(), hand.now());
}

#[test]
fn the_quickstart_is_a_world() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/world.yaml");
    World::load(&path, Path::new("/nowhere/at/all"), &Clock::Real).unwrap();
}

#[test]
fn the_documented_world_is_a_world() {
    let page = include_str!("../../../docs/world-files.md");
    let text: Vec<&str> = page
        .lines()
        .skip_while(|line| *line != "```yaml")
        .skip(1)
        .take_while(|line| *line != "```")
        .collect();
    assert!(text.len() > 60);
    World::from_text(
        &text.join("\n"),
        Path::new("docs/world-files.md"),
        &Clock::Real,
    )
    .unwrap();
}
