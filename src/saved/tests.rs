use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;

use serde_json::json;

use super::reader::ledger_file;
use super::*;
use crate::model::address::Name;
use crate::model::address::ResourceId;
use crate::model::connection::{
    Cloud, Credential, Factory, Proof, SecretSource, Subscription, WorkspaceHost,
};
use crate::model::connection::{KeyConnection, Workspace};
use crate::model::desired::LedgerPlace;
use crate::model::runtime_service::RuntimeService;
use crate::model::samples;
use crate::model::shard::Basis;
use crate::model::time::Span;
use crate::model::trust::Use;
use crate::model::trust::{Grounds, Host, Role, Source, Used};
use crate::model::verdict::Plan;
use crate::model::verdict::{Cause, Hold, Keep, Receipt, Settled, Step, Target, Verdict};
use std::collections::BTreeMap;

mod damage;

/// The lines of a plan.
fn write(file: &File) -> String {
    text(file).unwrap()
}

fn read(text: &str) -> Result<File, SavedError> {
    super::read(text.as_bytes()).map_err(|unread| unread.why)
}

static VALIDATOR: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::validator_for(&schema()).unwrap());

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn credentials() -> Vec<Credential> {
    let text = || "x".to_owned();
    let env = || SecretSource::Env("AZURE_CLIENT_SECRET".to_owned());
    let file = SecretSource::File(PathBuf::from("/run/secrets/token"));
    let principal = |proof| Credential::ServicePrincipal {
        tenant: text(),
        client_id: text(),
        proof,
    };
    vec![
        Credential::Default,
        principal(Proof::Secret(env())),
        principal(Proof::Certificate(PathBuf::from("me.pem"))),
        Credential::WorkloadIdentity {
            tenant: None,
            client_id: Some(text()),
            token_file: Some(PathBuf::from("/var/run/token")),
        },
        Credential::ManagedIdentity {
            client_id: None,
            resource_id: Some(text()),
        },
        Credential::AzureCli { tenant: None },
        Credential::GithubOidc {
            tenant: text(),
            client_id: text(),
        },
        Credential::AzurePipelines {
            tenant: text(),
            client_id: text(),
            service_connection: text(),
        },
        Credential::DeviceCode {
            tenant: text(),
            client_id: text(),
        },
        Credential::DatabricksToken { token: file },
        Credential::DatabricksOauth {
            client_id: text(),
            client_secret: env(),
        },
    ]
}

/// A file around a plan, with every kind of credential.
fn file(plan: Plan) -> File {
    let workspace = |(n, credential): (usize, Credential)| {
        let name = name(&format!("w{n}"));
        let workspace = Workspace {
            name: name.clone(),
            host: if n == 0 {
                WorkspaceHost::FromResource
            } else {
                WorkspaceHost::Given("adb-1.7.azuredatabricks.net".to_owned())
            },
            resource_id: Some(ResourceId::new("/subscriptions/S/x")),
            cloud: Cloud::named("public").unwrap(),
            credential,
        };
        (name, workspace)
    };
    let sentences = plan.steps.iter().map(|step| step.address.to_string());
    let mut file = File {
        basis: plan.part.map(|_| Basis {
            documents: 12,
            digest: "1f".repeat(32),
        }),
        sentences: sentences.collect(),
        plan,
        vaults: BTreeMap::new(),
        key_connections: BTreeMap::from([
            (name("ingest"), KeyConnection::Factory(factory("ingest"))),
            (name("data"), KeyConnection::Subscription(subscription())),
        ]),
        workspaces: credentials()
            .into_iter()
            .enumerate()
            .map(workspace)
            .collect(),
        project: "data-platform".to_owned(),
        ledger: LedgerPlace::File(PathBuf::from("/repo/.afresh/ledger.jsonl")),
        lineage: "0d6c7a4e".to_owned(),
        began: true,
        guardrails: crate::model::desired::Guardrails {
            runs_per_apply: Some(5),
            ..crate::model::desired::Guardrails::default()
        },
        trust: uses(),
    };
    connect(&mut file);
    file
}

/// Adds the connections that the steps name.
fn connect(file: &mut File) {
    let mut hosts: Vec<Workspace> = file.workspaces.values().take(2).cloned().collect();
    for step in &file.plan.steps {
        let Some(target) = &step.target else { continue };
        let called = target.connection();
        match target {
            Target::Runtime(_) => {
                let connection = KeyConnection::Factory(factory(called.as_str()));
                file.key_connections
                    .entry(called.clone())
                    .or_insert(connection);
            }
            Target::Job(_) | Target::Submission(_) => {
                hosts.rotate_left(1);
                let workspace = Workspace {
                    name: called.clone(),
                    ..hosts[0].clone()
                };
                file.workspaces.entry(called.clone()).or_insert(workspace);
            }
        }
    }
}

fn factory(called: &str) -> Factory {
    Factory {
        service: RuntimeService::Synapse,
        name: name(called),
        subscription: "12345678-1234-1234-1234-1234567890ab".to_owned(),
        resource_group: "rg-data".to_owned(),
        factory: "adf-ingest".to_owned(),
        cloud: Cloud::named("china").unwrap(),
        credential: Credential::Default,
    }
}

fn subscription() -> Subscription {
    Subscription {
        name: name("data"),
        subscription: "12345678-1234-1234-1234-1234567890ab".to_owned(),
        resource_group: None,
        cloud: Cloud::named("public").unwrap(),
        credential: Credential::Default,
    }
}

/// One of each kind, with every ground.
fn uses() -> Vec<Use> {
    let host = |role, allowed_by| Use {
        what: Used::Host {
            role,
            host: Host::named("login.lab.example.com:8443"),
        },
        allowed_by,
    };
    let credential = |source| Use {
        what: Used::Credential {
            method: "servicePrincipal".to_owned(),
            source,
        },
        allowed_by: Grounds::Policy,
    };
    let sources = [
        None,
        Some(Source::Variable("AZURE_CLIENT_SECRET".to_owned())),
        Some(Source::File(PathBuf::from("/run/secrets/token"))),
        Some(Source::ServiceConnection("s".to_owned())),
    ];
    let grounds = [
        Grounds::BuiltIn,
        Grounds::Simulator,
        Grounds::Loopback,
        Grounds::Person,
    ];
    let set = host(Role::Authority, Grounds::Environment);
    let audience = Use {
        what: Used::Audience {
            role: Role::Databricks,
            audience: "https://vault.azure.net".to_owned(),
        },
        allowed_by: Grounds::Policy,
    };
    let hosts = Role::ALL.into_iter().zip(grounds);
    let hosts = hosts.map(|(role, allowed_by)| host(role, allowed_by));
    let all = hosts.chain([set, audience]);
    all.chain(sources.into_iter().map(credential)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_is_read_again(plan in samples::plan(0..6)) {
        let file = file(plan);
        prop_assert_eq!(read(&write(&file)), Ok(file));
    }

    #[test]
    fn a_plan_file_that_is_cut_still_tells_of_its_ledger(plan in samples::plan(0..3), cut in 0_usize..1 << 20) {
        let file = file(plan);
        let text = write(&file);
        let LedgerPlace::File(ledger) = &file.ledger else { unreachable!("the ledger of these tests is a file") };
        let end = cut % text.len();
        let end = (0..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        let told = ledger_file(&text[..end]);
        let known = text.find("\"lineage\"").unwrap();
        prop_assert!(told.is_none() || told.as_ref() == Some(ledger));
        prop_assert!(end < known || told.is_some());
    }

    #[test]
    fn every_plan_file_is_valid_by_its_schema(plan in samples::plan(0..3)) {
        for line in write(&file(plan)).lines() {
            let value = serde_json::from_str(line).unwrap();
            let errors: Vec<String> = VALIDATOR.iter_errors(&value).map(|error| error.to_string()).collect();
            prop_assert!(errors.is_empty(), "{line}: {errors:?}");
        }
    }

    #[test]
    fn a_minute_that_passes_leaves_the_digest_alone(plan in samples::plan(0..6)) {
        let mut later = plan.clone();
        later.at = Span::seconds(60).after(plan.at);
        later.valid_until = Span::seconds(60).after(plan.valid_until);
        for step in &mut later.steps {
            age(&mut step.verdict);
            for settlement in &mut step.settlements {
                if let Settled::Done(Receipt::Started { answered, .. }) = &mut settlement.settled {
                    *answered = Span::seconds(60).after(*answered);
                }
            }
        }
        prop_assert_eq!(digest(&later), digest(&plan));
        prop_assert!(same(&later, &plan));
    }

    /// One field of a plan is another: the decisions differ if and only if the digests do.
    #[test]
    fn plans_of_the_same_decisions_have_the_same_digest(one in samples::plan(1..3), other in samples::plan(1..3), place in 0..9_usize) {
        let mut mixed = one.clone();
        let (step, from) = (&mut mixed.steps[0], &other.steps[0]);
        match place {
            0 => step.rule = from.rule.clone(),
            1 => step.target = from.target.clone(),
            2 => step.settlements = from.settlements.clone(),
            3 => step.wait = from.wait.clone(),
            4 => step.verdict = from.verdict.clone(),
            5 => mixed.freezes = other.freezes.clone(),
            6 => mixed.exceeded = other.exceeded.clone(),
            7 => mixed.refused = other.refused,
            _ => age(&mut step.verdict),
        }
        prop_assert_eq!(same(&one, &mixed), digest(&one) == digest(&mixed));
    }

    #[test]
    fn another_action_is_another_digest(plan in samples::plan(1..4), action in samples::action()) {
        let mut other = plan.clone();
        let was = other.steps[0].verdict.clone();
        other.steps[0].verdict = Verdict::Act {
            actions: crate::model::verdict::NonEmpty::one(action),
            because: Cause::NotRunning,
        };
        prop_assert_eq!(digest(&other) == digest(&plan), other.steps[0].verdict == was);
    }
}

fn same(one: &Plan, other: &Plan) -> bool {
    let decisions = |plan: &Plan| plan.steps.iter().map(Step::decision).collect::<Vec<_>>();
    decisions(one) == decisions(other) && one.frame() == other.frame()
}

fn age(verdict: &mut Verdict) {
    match verdict {
        Verdict::Keep(Keep::Fresh { age, warn }) => {
            (*age, *warn) = (age.plus(Span::seconds(60)), !*warn);
        }
        Verdict::Act {
            because: Cause::KeyDue { age, .. },
            ..
        }
        | Verdict::Hold {
            why: Hold::AgeUnknown { age, .. },
            ..
        } => {
            age.at_least = age.at_least.plus(Span::seconds(60));
        }
        Verdict::Act {
            because: Cause::TooLong { ran, .. } | Cause::QueuedTooLong { queued: ran, .. },
            ..
        } => *ran = ran.plus(Span::seconds(60)),
        Verdict::Act {
            because: Cause::Stale { age, failures, .. },
            ..
        } => {
            *age = age.map(|age| age.plus(Span::seconds(60)));
            *failures += 1;
        }
        Verdict::Act {
            because: Cause::Ageing { age, failures, .. },
            ..
        } => (*age, *failures) = (age.plus(Span::seconds(60)), *failures + 1),
        Verdict::Act {
            because: Cause::StartsAgain { next },
            ..
        } => *next = next.map(|next| Span::seconds(60).after(next)),
        Verdict::Act {
            because: Cause::NotSucceededYet { failures },
            ..
        }
        | Verdict::Hold {
            why: Hold::BackOff { failures } | Hold::GaveUp { failures },
            ..
        } => *failures += 1,
        Verdict::Hold {
            why: Hold::QueuedRun { queued, .. },
            ..
        } => *queued = queued.map(|queued| queued.plus(Span::seconds(60))),
        Verdict::Hold {
            why: Hold::Window { opens, .. },
            ..
        } => opens.push('!'),
        Verdict::Hold {
            why: Hold::Starved { opens, .. },
            ..
        } => *opens = opens.take().map(|opens| opens + "!"),
        Verdict::Hold {
            why: Hold::Trouble(trouble),
            ..
        } => trouble.message.push('!'),
        Verdict::Hold {
            why: Hold::Busy { since, .. } | Hold::Doubt { since, .. } | Hold::LostRun { since, .. },
            until,
        } => {
            *since = Span::seconds(60).after(*since);
            *until = None;
        }
        _ => {}
    }
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    let mut one = file(samples::empty_plan());
    one.workspaces.clear();
    let text = write(&one);
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(read(&changed).is_err(), "byte {at}: {changed}");
        }
    }
}

#[test]
fn a_changed_field_is_tampering_also_where_the_digest_does_not_look() {
    let text = write(&file(samples::empty_plan()));
    for (from, to) in [
        ("data-platform", "another-project"),
        ("\"2026-11-23T09:00:00Z\"", "\"2036-11-23T09:00:00Z\""),
        ("rg-data", "rg-prod"),
        ("AZURE_CLIENT_SECRET", "OTHER_SECRET"),
        ("\"counts\"", "\"refused\":true,\"counts\""),
    ] {
        assert_eq!(
            read(&text.replace(from, to)),
            Err(SavedError::Tampered { mark: "seal" })
        );
    }
}

#[test]
fn a_new_seal_over_other_decisions_is_caught_by_the_digest() {
    let text = write(&file(samples::empty_plan()));
    let other = text.replacen("\"counts\"", "\"refused\":true,\"counts\"", 1);
    assert_eq!(
        read(&sealed(&other)),
        Err(SavedError::Tampered { mark: "digest" })
    );
    assert!(read(&sealed(&text)).is_ok());
}

#[test]
fn line_ends_of_other_systems_are_no_tampering() {
    let file = file(samples::empty_plan());
    assert_eq!(read(&write(&file).replace('\n', "\r\n")), Ok(file));
}

#[test]
fn something_else_is_told_from_a_damaged_plan() {
    for other in [
        "",
        "{}",
        "hello",
        "[1]",
        r#"{"format": "afresh-plan-view/1"}"#,
        "\u{0}",
        r#"{"format": 1}"#,
    ] {
        assert_eq!(read(other), Err(SavedError::NotAPlan), "{other:?}");
    }
    let newer = read(r#"{"format": "afresh-plan/3", "whatever": 1}"#);
    assert_eq!(
        newer,
        Err(SavedError::NewerVersion {
            format: "afresh-plan/3".to_owned()
        })
    );
    let older = read(r#"{"format": "afresh-plan/1", "whatever": 1}"#);
    assert_eq!(
        older,
        Err(SavedError::OlderVersion {
            format: "afresh-plan/1".to_owned()
        })
    );
    let deep = format!(
        "{{\"format\": \"afresh-plan/2\", \"x\": {}",
        "[".repeat(100_000)
    );
    assert!(matches!(read(&deep), Err(SavedError::Malformed { .. })));
}

#[test]
fn there_is_no_field_for_a_secret() {
    let mut names = Vec::new();
    property_names(&schema(), &mut names);
    let suspicious = ["secret", "password", "token", "key", "bearer", "private"];
    names.retain(|name| {
        suspicious
            .iter()
            .any(|word| name.to_ascii_lowercase().contains(word))
    });
    names.sort();
    names.dedup();
    // `clientSecret`, `secret` and `token` of a credential say where a secret is, as {env} or {file}; an action's `token` names one attempt;
    // `key` is a fingerprint, `keyAge` what a rule promises, and `authKey1` what is known of a key.
    assert_eq!(
        names,
        [
            "authKey1",
            "authKey2",
            "clientSecret",
            "databricksToken",
            "eitherKeyDue",
            "eitherKeyTooOld",
            "key",
            "keyAge",
            "keyDue",
            "keyVault",
            "keysRefused",
            "noKeys",
            "secret",
            "token",
            "tokenFile"
        ]
    );
    let text = write(&file(samples::empty_plan()));
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut credentials = lines.filter(|line| line["credential"]["ref"] == "databricksOauth");
    let oauth = &credentials.next().unwrap()["credential"]["is"]["databricksOauth"];
    assert_eq!(oauth["clientSecret"], json!({"env": "AZURE_CLIENT_SECRET"}));
}

fn property_names(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                names.extend(properties.keys().cloned());
            }
            fields
                .values()
                .for_each(|field| property_names(field, names));
        }
        Value::Array(items) => items.iter().for_each(|item| property_names(item, names)),
        _ => {}
    }
}

/// Regenerate with `afresh schema plan > schema/plan.json`.
#[test]
fn the_schema_in_the_repository_is_this_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/plan.json");
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        stored,
        format!("{:#}\n", schema()),
        "run `afresh schema plan > schema/plan.json`"
    );
}
