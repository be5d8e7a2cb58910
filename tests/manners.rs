//! Manners on the wire, against the simulated cloud with Resource Manager's real buckets.
//!
//! - 2,000 subjects: no 429 that we caused, within 1.2 times the time that the buckets allow.
//! - The same where another client eats half of each bucket: no 429, within 1.2 times what is left, and that client finds what it wants.
//! - Our own regenerations are told from others' by the Activity Log alone, also when they had to be sent again.
//!
//! Time is the world's own: what takes minutes there takes seconds here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a test that cannot go on has failed"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use afresh::clock::Clock;
use afresh::cloud::{ActivityLog, Approval, Reader, Surroundings, Width, Writer};
use afresh::http::client::Client;
use afresh::http::{Failure, Request, Response, Transport};
use afresh::limits::{ARM_READS, ARM_WRITES, PAGES_MAX};
use afresh::model::connection::{KeyConnection, Limits};
use afresh::model::desired::Desired;
use afresh::model::memory::Memory;
use afresh::model::requests::{RequestClass, of_class};
use afresh::model::runtime::Slot;
use afresh::model::survey::{KeyReading, Refresh};
use afresh::model::time::Timestamp;
use afresh::model::timeline::LogSpan;
use afresh::model::trust::Trust;
use afresh::model::verdict::{Plan, Verdict};
use afresh::sim::{Embedded, World};
use futures_util::future::BoxFuture;

const SUBSCRIPTION: &str = "12345678-1234-1234-1234-1234567890ab";
const SUBJECTS: u64 = 2_000;
const FACTORIES: u64 = 10;
/// How far away the cloud is: a request and its answer together.
const DISTANCE: Duration = Duration::from_millis(60);

/// A cloud behind a long line.
struct Distant(Embedded, Clock, Arc<Mutex<Seen>>);

/// What went through the line.
#[derive(Default)]
struct Seen {
    under_way: usize,
    /// The most at a time.
    most: usize,
}

impl Transport for Distant {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            {
                let mut seen = self.2.lock().unwrap();
                seen.under_way += 1;
                seen.most = seen.most.max(seen.under_way);
            }
            self.1.sleep(DISTANCE / 2).await;
            let answer = self.0.send(request).await;
            self.1.sleep(DISTANCE / 2).await;
            self.2.lock().unwrap().under_way -= 1;
            answer
        })
    }
}

struct Standing {
    cloud: Embedded,
    clock: Clock,
    reader: Reader,
    desired: Desired,
    seen: Arc<Mutex<Seen>>,
}

/// `others`: what another client draws, in thousandths of each bucket's rate.
fn estate(others: u64, subjects: u64) -> Standing {
    faulty(others, subjects, "")
}

/// With faults, as the end of a world file.
fn faulty(others: u64, subjects: u64, faults: &str) -> Standing {
    let mut world = format!(
        "clock: 2026-11-22T09:00:00Z\nthrottling: true\notherClients: {{readsPerSecond: {}, writesPerSecond: {}}}\nsubscriptions:\n- id: {SUBSCRIPTION}\n  factories:\n",
        u64::from(ARM_READS.1) * others / 1000,
        u64::from(ARM_WRITES.1) * others / 1000,
    );
    let mut manifests = "apiVersion: afresh/v1\nkind: Project\nmetadata: {name: lab}\nspec: {ledger: {file: ledger.jsonl}}\n".to_owned();
    for number in 0..FACTORIES {
        let _ = writeln!(
            world,
            "  - {{name: adf-{number}, resourceGroup: rg-data, created: 500d ago, runtimes: [{{name: gateway, created: 40d ago, copies: {}}}]}}",
            subjects / FACTORIES
        );
        let _ = write!(
            manifests,
            "---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: ingest-{number}}}\nspec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg-data, factory: adf-{number}}}\n---\n\
             apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: keys-{number}}}\nspec: {{factory: ingest-{number}, integrationRuntimes: [\"*\"], maxAge: 90d}}\n"
        );
    }
    world.push_str(faults);
    standing(&world, &manifests)
}

fn standing(world: &str, manifests: &str) -> Standing {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("afresh.yaml"), manifests).unwrap();
    let desired = afresh::manifest::read(&[folder.path().to_owned()])
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
        .desired;
    let world = World::from_text(world, Path::new("world.yaml"), &Clock::Real).unwrap();
    let clock = world.clock();
    let cloud = Embedded::new(world);
    let variables = [
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "s"),
    ];
    let surroundings = Surroundings::new(variables);
    let seen = Arc::<Mutex<Seen>>::default();
    let transport = Distant(cloud.clone(), clock.clone(), Arc::clone(&seen));
    let client = Client::new(Arc::new(transport), clock.clone());
    Standing {
        cloud,
        clock,
        reader: Reader::new(client, surroundings, Trust::default()),
        desired,
        seen,
    }
}

/// Three subscriptions with a factory and so many runtimes each. The list of the first is throttled.
fn three_subscriptions(subjects: u64) -> Standing {
    let subscription = |number| format!("12345678-1234-1234-1234-12345678900{number}");
    let mut world = "clock: 2026-11-22T09:00:00Z\nthrottling: true\nsubscriptions:\n".to_owned();
    let mut manifests = "apiVersion: afresh/v1\nkind: Project\nmetadata: {name: lab}\nspec: {ledger: {file: ledger.jsonl}}\n".to_owned();
    for number in 0..3 {
        let id = subscription(number);
        let _ = writeln!(
            world,
            "- {{id: {id}, factories: [{{name: adf-{number}, resourceGroup: rg-data, created: 500d ago, runtimes: [{{name: gateway, created: 40d ago, copies: {subjects}}}]}}]}}"
        );
        let _ = write!(
            manifests,
            "---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: ingest-{number}}}\nspec: {{subscription: {id}, resourceGroup: rg-data, factory: adf-{number}}}\n---\n\
             apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: keys-{number}}}\nspec: {{factory: ingest-{number}, integrationRuntimes: [\"*\"], maxAge: 90d}}\n"
        );
    }
    world
        .push_str("faults: [{on: listAuthKeys, subject: adf-0, do: throttle, retryAfter: 120s}]\n");
    standing(&world, &manifests)
}

impl Standing {
    /// Plans for everything, so many requests at a time; gives the plan and how long it took.
    fn plan(&self, parallelism: usize) -> (Plan, f64) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let begun = self.clock.now();
        let options = afresh::survey::Options {
            shard: None,
            refresh: Refresh::Auto,
            keys: KeyReading::Recorded,
            targets: Vec::new(),
            width: Width::of(parallelism),
            now: begun,
        };
        let survey = runtime.block_on(afresh::survey::gather(
            &self.desired,
            &Memory::default(),
            &self.reader,
            &options,
        ));
        let plan = afresh::plan::decide(&survey, &self.desired.project, begun);
        (plan, seconds(begun, self.clock.now()))
    }

    fn refused(&self) -> usize {
        let requests = self.cloud.requests();
        let refused = requests.iter().filter(|one| one.status == Some(429));
        refused.count()
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

/// The least time in which so many requests fit through the buckets, `left` of whose gain is ours.
fn least(plan: &Plan, left: f64) -> f64 {
    let time = |class, (burst, per_second): (u32, u32)| {
        let sent = plan.requests.get(&class).map_or(0, of_class);
        sent.saturating_sub(u64::from(burst)) as f64 / (f64::from(per_second) * left)
    };
    let reads = time(RequestClass::ArmReads, ARM_READS);
    reads.max(time(RequestClass::ArmWrites, ARM_WRITES))
}

fn all_in_order(plan: &Plan, subjects: u64) -> bool {
    let kept = |verdict: &Verdict| matches!(verdict, Verdict::Keep(_));
    plan.steps.len() as u64 == subjects && plan.steps.iter().all(|step| kept(&step.verdict))
}

fn holds(others: u64, subjects: u64, parallelism: usize) {
    let standing = estate(others, subjects);
    let (plan, took) = standing.plan(parallelism);
    let least = least(&plan, 1.0 - others as f64 / 1000.0);
    let missed = standing.cloud.world().others_missed();
    eprintln!(
        "{parallelism} at a time, others {}%: {took:.0}s, the buckets allow {least:.0}s, ratio {:.2}, {} of 429; others missed {missed}",
        others / 10,
        took / least,
        standing.refused()
    );
    assert!(all_in_order(&plan, subjects));
    assert_eq!(standing.refused(), 0, "requests of ours were refused");
    assert!(
        took <= 1.2 * least,
        "{took}s where the buckets allow {least}s"
    );
    assert_eq!(missed, 0, "the other client was starved");
}

#[test]
fn two_thousand_subjects_stay_below_the_buckets() {
    holds(0, SUBJECTS, 10);
}

#[test]
fn another_client_may_eat_half_of_each_bucket() {
    holds(500, SUBJECTS, 10);
}

#[test]
fn however_many_requests_are_under_way() {
    holds(500, 600, 64);
}

#[test]
fn so_many_are_under_way_at_a_time_in_all_subscriptions_together() {
    let standing = three_subscriptions(20);
    let (plan, took) = standing.plan(4);
    assert!(all_in_order(&plan, 60) && took >= 120.0);
    assert_eq!(standing.seen.lock().unwrap().most, 4);
}

/// The buckets of the simulated cloud are real: whoever does not look out falls into them.
#[test]
fn without_a_budget_requests_bounce() {
    let mut standing = estate(0, 300);
    for connection in standing.desired.key_connections.values_mut() {
        if let KeyConnection::Factory(factory) = connection {
            factory.cloud.limits = Limits::NONE;
        }
    }
    standing.plan(10);
    assert!(standing.refused() > 0);
}

/// A request that is sent again is the same request: one event in the log, and the log alone tells us which key it was.
#[test]
fn our_own_regenerations_are_told_from_others_by_the_activity_log() {
    let standing = faulty(
        0,
        10,
        "faults: [{on: regenerateAuthKey, do: throttle, retryAfter: 2s, times: 2}]\n",
    );
    let connection = standing.desired.key_connections.values().next().unwrap();
    let KeyConnection::Factory(factory) = connection else {
        panic!("this estate has factories")
    };
    let Clock::Manual(clock) = &standing.clock else {
        panic!("this world has a clock of its own")
    };
    let writer = Writer::new(standing.reader.clone(), &Approval::given());
    let begun = clock.now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let names = runtime.block_on(standing.reader.runtimes(factory)).unwrap();
    let id = &names.said[0].id;
    let made = writer.regenerate(connection, id, Slot::Two, Timestamp::MAX);
    runtime.block_on(made).unwrap();
    clock.advance_to(clock.now() + Duration::from_mins(20));
    let log = standing.reader.regenerations(
        ActivityLog::of_factory(factory),
        LogSpan {
            since: begun,
            until: clock.now(),
        },
        PAGES_MAX,
    );
    let events = runtime.block_on(log).unwrap().events.unwrap();
    let slots: Vec<_> = events.iter().map(|(_, event)| event.slot).collect();
    assert_eq!(slots, [Some(Slot::Two)]);
    let sent = &standing.reader.requests()[&RequestClass::ArmWrites];
    assert_eq!(sent["adf.regenerateAuthKey"], 3);
}
