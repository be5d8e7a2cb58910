//! What every body in the fixtures means: real traffic, official examples, errors seen in the wild. Each goes through the code that
//! apply uses.
//!
//! Every body needs a row and every row a body, so a new fixture has to be understood, or marked as none of ours.

mod storage;
mod table;
mod vault;

use super::*;
use crate::fixtures::{
    Fixture, are_here, bodies, mark, next_are_here, next_bodies, own_bodies, saw,
};
use crate::model::job::{ActivePhase, JobId, Phase, RunId, RunResult, Token};
use crate::model::runtime::{OwnKeys, Slot};
use crate::model::trouble::TroubleKind;
use crate::model::trust::Trust;
use Meaning::*;

/// What one body means to afresh.
#[derive(Clone, Debug)]
enum Meaning {
    /// A page of runtimes: name and type of each.
    Runtimes(&'static [(&'static str, &'static str)]),
    /// One runtime as its resource, which is an entry of a list: name and type.
    Runtime(&'static str, &'static str),
    /// `getStatus`: creation, condition.
    Status(&'static str, &'static str),
    /// `listAuthKeys`: are the two keys different?
    Keys { differ: bool },
    /// `regenerateAuthKey`: which key is new.
    NewKey(Slot),
    /// A list of storage accounts, all that it is a list of, and what is told of each.
    Accounts(Within, &'static [storage::Told]),
    /// One storage account.
    Account(storage::Told),
    /// `listKeys`: are the two keys different?
    AccountKeys { differ: bool },
    /// `regenerateKey`: which key is new.
    AccountNewKey(Slot),
    /// A version of a secret in a key vault.
    Secret(vault::Told),
    /// A secret that was deleted: when, and until when it can be recovered; in seconds.
    DeletedSecret { deleted: i64, purged: i64 },
    /// A refusal of a key vault: what kind, and words of its message.
    RefusedByVault(Refusal, &'static str),
    /// The Activity Log: times of successful regenerations.
    Regenerations(&'static [&'static str]),
    /// A token that lives so many seconds.
    Token(u64),
    /// A page of jobs: id and name of each; and the token of the next page.
    Jobs(&'static [(i64, &'static str)], &'static str),
    /// One job: id, name.
    Job(i64, &'static str),
    /// A page of runs, all of them in this phase; and the token of the next page.
    Runs(&'static [i64], Seen, &'static str),
    /// One run: id, phase, message.
    Run(i64, Seen, &'static str),
    /// A run that was started.
    Started(i64),
    /// The output of a task: its run, and what it says went wrong.
    Output(Option<(i64, Seen)>, &'static str),
    /// A refusal: what kind, and words of its message.
    Refused(Refusal, &'static str),
    /// 202 and nothing else, not even when to come again: taken note of, which is no proof of anything done.
    Accepted,
    /// Not ours, and why.
    NotUsed(&'static str),
}

/// What a list of storage accounts is a list of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Subscription,
    Group,
}

/// A phase as a row of the table writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Pending,
    Unknown,
    /// The end in milliseconds, if it is told.
    Failed(Option<i64>),
    Canceled,
}

/// Kinds of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Missing,
    Throttled,
    Unauthenticated,
    Forbidden,
    Other,
}

impl From<&TroubleKind> for Refusal {
    fn from(kind: &TroubleKind) -> Self {
        match kind {
            TroubleKind::NotFound => Self::Missing,
            TroubleKind::Throttled => Self::Throttled,
            TroubleKind::Unauthenticated => Self::Unauthenticated,
            TroubleKind::Forbidden { .. } => Self::Forbidden,
            _ => Self::Other,
        }
    }
}

impl From<&Phase> for Seen {
    fn from(phase: &Phase) -> Self {
        match phase {
            Phase::Active(ActivePhase::Pending) => Self::Pending,
            Phase::Active(ActivePhase::Unknown(word)) if word.is_empty() => Self::Unknown,
            Phase::Ended {
                at,
                result: RunResult::Failed,
            } => Self::Failed(at.map(Timestamp::as_millisecond)),
            Phase::Ended {
                result: RunResult::Canceled,
                ..
            } => Self::Canceled,
            other => panic!("no row writes {other:?}"),
        }
    }
}

/// Answers every request but that for a token with this body, or with what `change` makes of it.
fn answering(
    body: &Fixture,
    change: impl Fn(&Request, Value) -> Value + Send + Sync + 'static,
) -> Arc<Fake> {
    let body = body.clone();
    fake(move |request, _| {
        let mut headers = HeaderMap::new();
        for (name, value) in &body.headers {
            let name: http::HeaderName = name.parse().unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        let said = change(request, body.body.clone());
        Ok(Response {
            status: body.status,
            headers,
            // An HTML page stands in the fixtures as text, a missing body as null.
            body: match said {
                Value::Null => bytes::Bytes::new(),
                Value::String(html) => html.into(),
                json => json.to_string().into(),
            },
        })
    })
}

fn same(body: &Fixture) -> Arc<Fake> {
    answering(body, |_, body| body)
}

#[tokio::test]
async fn every_example_of_ours_means_what_its_row_says() {
    mean_what_their_rows_say(&own_bodies(), &table::own_rows()).await;
}

#[tokio::test]
async fn every_body_means_what_its_row_says() {
    if are_here("every_body_means_what_its_row_says") {
        mean_what_their_rows_say(&bodies(), &table::rows()).await;
    }
}

#[tokio::test]
async fn every_body_of_a_storage_account_means_what_its_row_says() {
    if next_are_here("every_body_of_a_storage_account_means_what_its_row_says") {
        mean_what_their_rows_say(&next_bodies(), &storage::rows()).await;
    }
}

async fn mean_what_their_rows_say(bodies: &[Fixture], rows: &[(String, Meaning)]) {
    for (name, _) in rows {
        assert!(
            bodies.iter().any(|body| body.name == *name),
            "there is no body {name}"
        );
        let count = rows.iter().filter(|(other, _)| other == name).count();
        assert_eq!(count, 1, "{name} has {count} rows");
    }
    for body in bodies {
        let row = rows.iter().find(|(name, _)| *name == body.name);
        let Some((_, meaning)) = row else {
            panic!(
                "{} has no row in the table: what does it mean, or why is it not ours?",
                body.name
            );
        };
        let kinds = check(body, meaning).await;
        for kind in kinds {
            if let Some(mark) = mark(&body.name) {
                saw(kind, mark, &body.name);
            }
        }
    }
}

/// Fails unless the body has this meaning. Gives the kinds of request that it was an answer to.
async fn check(body: &Fixture, meaning: &Meaning) -> Vec<&'static str> {
    match meaning {
        Runtimes(_) | Runtime(..) | Status(..) | Keys { .. } | NewKey(_) | Regenerations(_) => {
            check_azure(body, meaning).await
        }
        Accounts(..) | Account(_) | AccountKeys { .. } | AccountNewKey(_) => {
            storage::check(body, meaning).await
        }
        Secret(_) | DeletedSecret { .. } | RefusedByVault(..) => vault::check(body, meaning).await,
        Token(_) => check_token(body, meaning).await,
        Refused(..) => check_refused(body, meaning).await,
        Accepted => check_accepted(body).await,
        NotUsed(why) => {
            assert!(why.len() > 10, "{}: say why", body.name);
            Vec::new()
        }
        _ => check_databricks(body, meaning).await,
    }
}

fn kind_word(kind: &OwnKeys) -> &str {
    match kind {
        OwnKeys::Yes => "SelfHosted",
        OwnKeys::Linked => "linked",
        OwnKeys::Managed => "Managed",
        OwnKeys::Disabled => "disabled",
        OwnKeys::Other(word) => word,
    }
}

async fn check_azure(body: &Fixture, meaning: &Meaning) -> Vec<&'static str> {
    let name = &body.name;
    let listed = |listed: &[ListedRuntime]| -> Vec<(String, String)> {
        let listed = listed.iter();
        listed
            .map(|one| (one.name.clone(), kind_word(&one.kind).to_owned()))
            .collect()
    };
    match meaning {
        Runtimes(wanted) => {
            let seen = reader(&same(body)).runtimes(&factory()).await.unwrap();
            let wanted: Vec<_> = wanted
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect();
            assert_eq!(listed(&seen.said), wanted, "{name}");
            if let Some((_, date)) = body.headers.iter().find(|(name, _)| name == "date") {
                let printed = crate::http::patience::date(&same_response(date)).unwrap();
                assert_eq!(
                    seen.at, printed,
                    "{name}: ages are measured by the service's clock"
                );
            }
            vec!["adf.list"]
        }
        Runtime(title, kind) => {
            let list = answering(body, |_, body| json!({"value": [body]}));
            let seen = reader(&list).runtimes(&factory()).await.unwrap();
            assert_eq!(
                listed(&seen.said),
                [((*title).to_owned(), (*kind).to_owned())],
                "{name}"
            );
            let id = body.body["id"].as_str().unwrap();
            assert_eq!(
                seen.said[0].id,
                ResourceId::new(id.to_uppercase()),
                "{name}: ids compare without regard to case"
            );
            vec!["adf.list"]
        }
        _ => check_keys(body, meaning).await,
    }
}

/// What is asked of one runtime, and the Activity Log.
async fn check_keys(body: &Fixture, meaning: &Meaning) -> Vec<&'static str> {
    let name = &body.name;
    match meaning {
        Status(created, condition) => {
            let seen = reader(&same(body))
                .runtime_status(&factory(), "gateway-x")
                .await
                .unwrap()
                .said;
            assert_eq!(seen.created.unwrap().to_string(), *created, "{name}");
            assert_eq!(seen.condition.as_deref(), Some(*condition), "{name}");
            let nodes = &body.body["properties"]["typeProperties"]["nodes"];
            let nodes = nodes.as_array().map(Vec::as_slice).unwrap_or_default();
            assert_eq!(seen.nodes.len(), nodes.len(), "{name}");
            for (node, told) in seen.nodes.iter().zip(nodes) {
                let at = |field: &str| Some(told[field].as_str()?.parse::<Timestamp>().unwrap());
                assert_eq!(node.name, told["nodeName"], "{name}");
                assert_eq!(node.status, told["status"], "{name}");
                assert_eq!(node.version.as_deref(), told["version"].as_str(), "{name}");
                assert_eq!(node.registered, at("registerTime"), "{name}");
                assert_eq!(node.connected, at("lastConnectTime"), "{name}");
                assert_eq!(node.expires, at("expiryTime"), "{name}");
            }
            vec!["adf.getStatus"]
        }
        Keys { differ } => {
            let seen = reader(&same(body))
                .keys(&factory(), "gateway-x")
                .await
                .unwrap()
                .said;
            assert_eq!(seen.one != seen.two, *differ, "{name}");
            vec!["adf.listAuthKeys"]
        }
        NewKey(slot) => {
            let act = async |slot| {
                writer(&same(body))
                    .regenerate(
                        &to_factory(&factory()),
                        &factory().runtime("gateway-x"),
                        slot,
                        Timestamp::MAX,
                    )
                    .await
            };
            let made = act(*slot).await.unwrap().said.key;
            let both = answering(body, |_, body| {
                let key = body["authKey1"]
                    .as_str()
                    .or(body["authKey2"].as_str())
                    .unwrap();
                json!({"authKey1": key, "authKey2": key})
            });
            assert_eq!(
                made,
                reader(&both)
                    .keys(&factory(), "gateway-x")
                    .await
                    .unwrap()
                    .said
                    .one,
                "{name}"
            );
            assert!(
                matches!(act(slot.twin()).await, Err(ActFailure::Lost(_))),
                "{name} is about {slot:?} only"
            );
            vec!["adf.regenerateAuthKey"]
        }
        Regenerations(wanted) => {
            let events = log_of_factory(&reader(&same(body)), now(), now())
                .await
                .unwrap();
            let times: Vec<String> = events
                .iter()
                .map(|(_, event)| event.at.to_string())
                .collect();
            assert_eq!(times, *wanted, "{name}");
            assert!(
                events.iter().all(|(_, event)| event.slot.is_none()),
                "{name}: nothing tells the slot"
            );
            vec!["log.list"]
        }
        other => panic!("{name}: {other:?} is not Azure's"),
    }
}

fn same_response(date: &str) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert("date", date.parse().unwrap());
    Response {
        status: 200,
        headers,
        body: bytes::Bytes::new(),
    }
}

/// The answer of the token endpoint lets a request out with that token.
async fn check_token(body: &Fixture, meaning: &Meaning) -> Vec<&'static str> {
    let Token(seconds) = meaning else {
        panic!("{}: {meaning:?} is no token", body.name);
    };
    let granted = body.clone();
    let fake = Arc::new(Fake {
        asked: Mutex::default(),
        answers: Box::new(move |request, _| match request.kind {
            "entra.token" => ok(granted.body.clone()),
            _ => ok(json!({"value": []})),
        }),
        grants_tokens: false,
    });
    let clock = ManualClock::new(now());
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&fake);
    let reader = Reader::new(
        Client::new(transport, Clock::Manual(clock.clone())),
        Surroundings::new(PRINCIPAL),
        Trust::simulated(),
    );
    let look = async || reader.runtimes(&factory()).await.unwrap();
    look().await;
    let bearer = format!("Bearer {}", body.body["access_token"].as_str().unwrap());
    assert_eq!(
        header(&fake.asked("adf.list")[0], "authorization"),
        Some(bearer.as_str())
    );
    // It is taken to live as long as it says, in a number or in text: kept a minute after half its life, fetched anew after its end.
    let later = |seconds: u64| crate::model::time::Span::seconds(seconds).after(now());
    clock.advance_to(later(seconds / 2 - 60));
    look().await;
    assert_eq!(fake.asked("entra.token").len(), 1, "{}", body.name);
    clock.advance_to(later(seconds + 1));
    look().await;
    assert_eq!(fake.asked("entra.token").len(), 2, "{}", body.name);
    vec!["entra.token"]
}

async fn check_refused(body: &Fixture, meaning: &Meaning) -> Vec<&'static str> {
    let Refused(kind, words) = meaning else {
        panic!("{}: {meaning:?} is no refusal", body.name);
    };
    let reader = reader(&same(body));
    let is_asked = |(_, url): &(String, String)| url.contains(".azuredatabricks.net/");
    let is_databricks = body.request.as_ref().is_some_and(is_asked);
    let trouble = if is_databricks || body.name.starts_with("databricks/") {
        reader.run(&workspace(), RunId(1)).await.unwrap_err()
    } else {
        reader
            .runtime_status(&factory(), "gateway-x")
            .await
            .unwrap_err()
    };
    assert_eq!(
        Refusal::from(&trouble.kind),
        *kind,
        "{}: {trouble}",
        body.name
    );
    assert!(trouble.message.contains(words), "{}: {trouble}", body.name);
    Vec::new()
}

async fn check_accepted(body: &Fixture) -> Vec<&'static str> {
    let has_retry_after = body.headers.iter().any(|(name, _)| name == "retry-after");
    assert!(body.status == 202 && body.body.is_null() && !has_retry_after);
    let fake = same(body);
    let made = writer(&fake)
        .regenerate(
            &to_factory(&factory()),
            &factory().runtime("gateway-x"),
            Slot::One,
            Timestamp::MAX,
        )
        .await;
    assert!(
        matches!(made, Err(ActFailure::Lost(_))),
        "{}: {made:?}",
        body.name
    );
    assert_eq!(
        fake.asked("adf.regenerateAuthKey").len(),
        1,
        "{}",
        body.name
    );
    let token = Token::parse("t").unwrap();
    let started = writer(&fake)
        .start(
            &workspace(),
            JobId(1),
            &token,
            &BTreeMap::new(),
            Timestamp::MAX,
        )
        .await;
    assert!(matches!(started, Err(ActFailure::Lost(_))), "{}", body.name);
    assert!(
        reader(&fake).keys(&factory(), "gateway-x").await.is_err(),
        "{}",
        body.name
    );
    Vec::new()
}

async fn check_databricks(body: &Fixture, meaning: &Meaning) -> Vec<&'static str> {
    let name = &body.name;
    let last = |request: &Request, body: Value| match query(request).get("page_token") {
        // What follows a page is empty.
        Some(_) => json!({}),
        None => body,
    };
    let onward = |fake: &Arc<Fake>, kind: &str, token: &str| {
        let asked = fake.asked(kind);
        let next = asked
            .get(1)
            .map(|request| query(request)["page_token"].clone());
        assert_eq!(next.unwrap_or_default(), token, "{name}: the next page");
    };
    match meaning {
        Jobs(wanted, token) => {
            let fake = answering(body, last);
            let jobs = reader(&fake).jobs(&workspace(), None).await.unwrap().said;
            let seen: Vec<_> = jobs
                .iter()
                .map(|job| (job.id.0, job.name.as_str()))
                .collect();
            assert_eq!(seen, *wanted, "{name}");
            assert!(jobs.iter().all(
                |job| job.runs_max == 1 && job.continuous == crate::model::job::Continuous::No
            ));
            onward(&fake, "jobs.list", token);
            vec!["jobs.list"]
        }
        Job(id, title) => {
            let job = reader(&same(body))
                .job(&workspace(), JobId(*id))
                .await
                .unwrap()
                .said;
            assert_eq!(
                (job.id.0, job.name.as_str(), job.runs_max),
                (*id, *title, 1),
                "{name}"
            );
            vec!["jobs.get"]
        }
        Runs(wanted, phase, token) => {
            let fake = answering(body, last);
            let runs = reader(&fake)
                .active_runs(&workspace(), None)
                .await
                .unwrap()
                .said;
            let seen: Vec<_> = runs.iter().map(|(_, run)| run.id.0).collect();
            assert_eq!(seen, *wanted, "{name}");
            assert!(
                runs.iter().all(|(_, run)| Seen::from(&run.phase) == *phase),
                "{name}"
            );
            onward(&fake, "runs.list-active", token);
            vec!["runs.list-active"]
        }
        Run(id, phase, words) => {
            let run = reader(&same(body))
                .run(&workspace(), RunId(*id))
                .await
                .unwrap()
                .said;
            assert_eq!((run.id.0, Seen::from(&run.phase)), (*id, *phase), "{name}");
            assert_eq!(run.message.as_deref().unwrap_or_default(), *words, "{name}");
            // An entry of a list has the same shape.
            let listed = answering(body, |_, body| json!({"runs": [body]}));
            let active = reader(&listed)
                .active_runs(&workspace(), None)
                .await
                .unwrap()
                .said;
            assert_eq!(active.len(), usize::from(run.is_active()), "{name}");
            vec!["runs.get"]
        }
        Started(id) => {
            let token = Token::parse("t").unwrap();
            let started = writer(&same(body))
                .start(
                    &workspace(),
                    JobId(1),
                    &token,
                    &BTreeMap::new(),
                    Timestamp::MAX,
                )
                .await;
            assert_eq!(started.unwrap().said, RunId(*id), "{name}");
            if body.body["number_in_job"].is_null() {
                vec!["runs.submit"]
            } else {
                vec!["jobs.run-now"]
            }
        }
        Output(run, words) => {
            check_output(body, *run, words).await;
            vec!["runs.get-output"]
        }
        other => panic!("{name}: {other:?} is not Databricks'"),
    }
}

/// The run that an output is about has failed, and the output says why.
async fn check_output(body: &Fixture, run: Option<(i64, Seen)>, words: &str) {
    let name = &body.name;
    let fake = answering(body, move |request, body| match (request.kind, run) {
        ("runs.get", Some(_)) => body["metadata"].clone(),
        ("runs.get", None) => {
            json!({"run_id": 1, "state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}})
        }
        _ => body,
    });
    let reader = reader(&fake);
    if let Some((id, phase)) = run {
        let seen = reader.run(&workspace(), RunId(id)).await.unwrap().said;
        assert_eq!((seen.id.0, Seen::from(&seen.phase)), (id, phase), "{name}");
    }
    let failure = reader
        .failure(&workspace(), RunId(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(failure.error, words, "{name}");
    assert_eq!(fake.asked("runs.get-output").len(), 1, "{name}");
}

fn named(name: &str) -> Fixture {
    let found = bodies().into_iter().find(|body| body.name == name);
    found.unwrap_or_else(|| panic!("there is no body {name}"))
}

#[tokio::test]
async fn a_recorded_list_that_ends_with_null_has_ended() {
    if !are_here("a_recorded_list_that_ends_with_null_has_ended") {
        return;
    }
    let body = named("recordings/adf-cli-2021-selfhosted-ir-authkeys.json 3");
    assert!(body.body.as_object().unwrap()["nextLink"].is_null());
    let fake = same(&body);
    let listed = reader(&fake).runtimes(&factory()).await.unwrap().said;
    assert_eq!((listed.len(), fake.asked("adf.list").len()), (1, 1));
}

#[tokio::test]
async fn the_key_that_a_recording_regenerated_is_the_one_that_it_lists_next() {
    if !are_here("the_key_that_a_recording_regenerated_is_the_one_that_it_lists_next") {
        return;
    }
    let file = "recordings/adf-cli-2021-selfhosted-ir-authkeys.json";
    let (made, listed) = (named(&format!("{file} 4")), named(&format!("{file} 7")));
    let made = writer(&same(&made))
        .regenerate(
            &to_factory(&factory()),
            &factory().runtime("gateway-x"),
            Slot::Two,
            Timestamp::MAX,
        )
        .await
        .unwrap();
    let keys = reader(&same(&listed))
        .keys(&factory(), "gateway-x")
        .await
        .unwrap();
    assert_eq!(made.said.key, keys.said.two);
}

#[tokio::test]
async fn a_run_means_the_same_by_its_state_and_by_its_status_alone() {
    if !are_here("a_run_means_the_same_by_its_state_and_by_its_status_alone") {
        return;
    }
    let failed = named("databricks/runs_get-output.2.1or2.2.real.failed-notebook.json").body;
    let canceled = named("databricks/runs_get.canceled-by-user.docs-like.json").body;
    for whole in [failed["metadata"].clone(), canceled] {
        let phase = async |without: &str| {
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(without);
            let fake = fake(move |_, _| ok(body.clone()));
            reader(&fake)
                .run(&workspace(), RunId(1))
                .await
                .unwrap()
                .said
                .phase
        };
        assert!(!whole["state"].is_null() && !whole["status"].is_null());
        let both = phase("nothing").await;
        assert_eq!(
            [phase("state").await, phase("status").await],
            [both.clone(), both]
        );
    }
}

#[tokio::test]
async fn the_words_for_states_are_sorted_as_their_collectors_sort_them() {
    if !are_here("the_words_for_states_are_sorted_as_their_collectors_sort_them") {
        return;
    }
    let words = crate::fixtures::json("databricks/states.json");
    let list = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let phase = async |state: Value| {
        let fake = fake(move |_, _| ok(json!({"run_id": 1, "state": state})));
        reader(&fake)
            .run(&workspace(), RunId(1))
            .await
            .unwrap()
            .said
            .phase
    };
    let active = words["active_life_cycle_states"]
        .as_object()
        .unwrap()
        .values();
    for word in active.flat_map(list) {
        let seen = phase(json!({"life_cycle_state": word})).await;
        assert!(matches!(seen, Phase::Active(_)), "{word}");
    }
    for word in list(&words["terminal_life_cycle_states"]) {
        let seen = phase(json!({"life_cycle_state": word})).await;
        assert!(matches!(seen, Phase::Ended { .. }), "{word}");
    }
    let ended = async |word: &str| match phase(
        json!({"life_cycle_state": "TERMINATED", "result_state": word}),
    )
    .await
    {
        Phase::Ended { result, .. } => result,
        Phase::Active(phase) => panic!("{word} is {phase:?}"),
    };
    let (success, never) = (&words["success"], list(&words["never_ran"]));
    assert_eq!(
        ended(success["strict"][0].as_str().unwrap()).await,
        RunResult::Success
    );
    assert_eq!(
        ended(success["optional"][0].as_str().unwrap()).await,
        RunResult::SuccessWithFailures
    );
    for word in list(&words["failure_result_states"]) {
        assert!(
            matches!(ended(&word).await, RunResult::Failed | RunResult::TimedOut),
            "{word}"
        );
    }
    for word in never {
        // An upstream that failed or was cancelled is told as that: it says more than that a task never ran.
        let wanted = match word.as_str() {
            "UPSTREAM_FAILED" => RunResult::Failed,
            "UPSTREAM_CANCELED" => RunResult::Canceled,
            _ => RunResult::NeverRan(word.clone()),
        };
        assert_eq!(ended(&word).await, wanted);
    }
}
