//! Test support: a whole estate. Manifests as people write them, a ledger of events, and the simulated cloud, which tells afterwards what it
//! was asked.

use std::path::Path;
use std::sync::Arc;

use super::{Options, gather};
use crate::clock::Clock;
use crate::cloud::{Reader, Surroundings, Width};
use crate::http::client::Client;
use crate::ledger::event::{self, Ending, Event, Intent};
use crate::ledger::fold::fold;
use crate::manifest::{Input, check};
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::memory::Memory;
use crate::model::runtime::{Fingerprint, KeySight, PerSlot, Slot};
use crate::model::shard::Shard;
use crate::model::survey::{
    JobCase, KeyReading, Looked, Refresh, RuntimeCase, Subject, SubmissionCase, Survey,
};
use crate::model::time::{Span, Timestamp};
use crate::model::trouble::Trouble;
use crate::model::trust::Trust;
use crate::model::verdict::{Action, Presumed, Receipt};
use crate::sim::{Embedded, World};

pub const SUBSCRIPTION: &str = "12345678-1234-1234-1234-1234567890ab";
pub const HOST: &str = "adb-1.7.azuredatabricks.net";
/// When every world begins.
const BEGINNING: &str = "2026-11-22T09:00:00Z";

/// The factory `ingest` with these runtimes (YAML, one flow sequence), in a world of nothing else.
pub fn factory(runtimes: &str) -> String {
    format!(
        "subscriptions: [{{id: {SUBSCRIPTION}, factories: [{{name: adf, resourceGroup: rg, runtimes: {runtimes}}}]}}]\n"
    )
}

/// The subscription `storage` with these accounts.
pub fn accounts(accounts: &str) -> String {
    format!("subscriptions: [{{id: {SUBSCRIPTION}, storageAccounts: {accounts}}}]\n")
}

/// The workspace `analytics` with these jobs.
pub fn workspace(jobs: &str) -> String {
    format!("workspaces: [{{host: {HOST}, jobs: {jobs}}}]\n")
}

/// A rule about keys, with the fields of its spec. A key is due 10 days before its limit of 90.
pub fn key_age(name: &str, fields: &str) -> String {
    format!(
        "---\napiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: {name}}}\nspec: {{maxAge: 90d, rotateBefore: 10d, overlap: 1d, {fields}}}\n"
    )
}

/// A rule about jobs of `analytics`, with the fields of its spec.
pub fn job_run(name: &str, fields: &str) -> String {
    format!(
        "---\napiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: {name}}}\nspec: {{workspace: analytics, {fields}}}\n"
    )
}

/// A rule that a job has succeeded within a day.
pub fn succeeded(name: &str, job: &str) -> String {
    job_run(
        name,
        &format!("job: {job}, require: succeeded, freshness: {{errorAfter: 24h}}"),
    )
}

/// Everything that a survey is made from.
pub struct Estate {
    pub desired: Desired,
    pub refresh: Refresh,
    pub keys: KeyReading,
    pub targets: Vec<Address>,
    /// What the machine's clock says, where it is not what the cloud's says.
    pub now: Option<Timestamp>,
    events: Vec<Event>,
    cloud: Embedded,
    clock: Clock,
    reader: Reader,
    runtime: tokio::runtime::Runtime,
    told: usize,
}

impl Estate {
    /// A world, and the rules for it beside a project and its connections.
    pub fn new(world: &str, rules: &[String]) -> Self {
        let world = format!("clock: {BEGINNING}\n{world}");
        let world = World::from_text(&world, Path::new("world.yaml"), &Clock::Real).unwrap();
        let clock = world.clock();
        let cloud = Embedded::new(world);
        let surroundings = Surroundings::new([
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_CLIENT_SECRET", "s"),
        ]);
        let client = Client::new(Arc::new(cloud.clone()), clock.clone());
        Self {
            desired: desired(rules),
            refresh: Refresh::Auto,
            keys: KeyReading::Recorded,
            targets: Vec::new(),
            now: None,
            events: Vec::new(),
            reader: Reader::new(client, surroundings, Trust::default()),
            cloud,
            clock,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            told: 0,
        }
    }

    /// Other rules from now on.
    pub fn rule(&mut self, rules: &[String]) {
        self.desired = desired(rules);
    }

    pub fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(|| self.clock.now())
    }

    pub fn ago(&self, span: &str) -> Timestamp {
        span.parse::<Span>().unwrap().before(self.now())
    }

    pub fn advance(&self, span: &str) {
        let Clock::Manual(clock) = &self.clock else {
            panic!("a world of the tests has a clock of its own")
        };
        clock.advance_to(span.parse::<Span>().unwrap().after(clock.now()));
    }

    pub fn memory(&self) -> Memory {
        let fold = fold(&self.events);
        assert_eq!(fold.notes, [""; 0], "every event fits");
        fold.memory
    }

    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    pub fn block_on<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    pub fn survey(&self) -> Survey {
        self.survey_of(None)
    }

    pub fn survey_of(&self, shard: Option<Shard>) -> Survey {
        let options = Options {
            shard,
            refresh: self.refresh,
            keys: self.keys,
            targets: self.targets.clone(),
            width: Width::READING,
            now: self.now(),
        };
        let memory = self.memory();
        self.block_on(gather(&self.desired, &memory, &self.reader, &options))
    }

    /// What the cloud was asked since this was called last, sign-ins aside: sorted, since looks are concurrent.
    pub fn asked(&mut self) -> Vec<&'static str> {
        let requests = self.cloud.requests();
        let new = requests[self.told..].iter().map(|request| request.kind);
        let mut new: Vec<&str> = new.filter(|kind| *kind != "entra.token").collect();
        new.sort_unstable();
        self.told = requests.len();
        new
    }

    /// Surveys, and gives what that asked.
    pub fn asks(&mut self) -> Vec<&'static str> {
        self.asked();
        self.survey();
        self.asked()
    }

    /// Surveys and writes down what was seen of keys and logs, as an apply does.
    pub fn record(&mut self) -> Survey {
        let survey = self.survey();
        for case in &survey.cases {
            if let Subject::Runtime(case) = case
                && let Looked::Seen(sight) = &case.sight
            {
                self.events.push(Event::Looked {
                    subject: of(&Subject::Runtime(case.clone())),
                    at: sight.at,
                    created: sight.created,
                    keys: match &sight.keys {
                        KeySight::Shown(keys) => Some(keys.clone()),
                        KeySight::NotAsked | KeySight::Refused(_) => None,
                    },
                    told: sight.told,
                });
            }
        }
        let logs = survey.logs.iter().cloned();
        self.events.extend(logs.map(Event::LogRead));
        self.asked();
        survey
    }

    pub fn know(&mut self, event: Event) {
        self.events.push(event);
    }

    /// An intent without an end.
    pub fn intend(&mut self, subject: &Subject, action: Action) {
        let at = self.now();
        self.events.push(Event::Intended(Intent {
            intent: format!("i{}", self.events.len()),
            apply: "a1".to_owned(),
            by: None,
            subject: of(subject),
            action,
            rule: None,
            seen: None,
            at,
            act_by: Span::seconds(120).after(at),
        }));
    }

    /// afresh did something at this time, and was told what came of it.
    pub fn acted(&mut self, subject: &Subject, action: Action, receipt: Receipt) {
        self.intend(subject, action);
        let intent = format!("i{}", self.events.len() - 1);
        let (how, at) = (Ending::Done(receipt), self.now());
        self.events.push(Event::Settled { intent, how, at });
    }

    /// afresh regenerated both keys just now, and got these.
    pub fn rotated_both(&mut self, subject: &Subject, keys: &PerSlot<Fingerprint>) {
        for slot in Slot::BOTH {
            let now = self.now();
            let receipt = Receipt::Regenerated {
                slot,
                fingerprint: keys.get(slot).clone(),
                sent: now,
                answered: now,
            };
            self.acted(subject, regenerate(slot), receipt);
        }
    }
}

/// What these rules say, beside a project and its connections.
pub fn desired(rules: &[String]) -> Desired {
    let text = format!(
        "apiVersion: afresh/v1
kind: Project
metadata: {{name: test}}
spec: {{}}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {{name: ingest}}
spec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg, factory: adf}}
---
apiVersion: afresh/v1
kind: SynapseWorkspace
metadata: {{name: synapse}}
spec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg, workspace: syn}}
---
apiVersion: afresh/v1
kind: Subscription
metadata: {{name: storage}}
spec: {{subscription: {SUBSCRIPTION}}}
---
apiVersion: afresh/v1
kind: Subscription
metadata: {{name: lake}}
spec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg-lake}}
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {{name: analytics}}
spec: {{host: {HOST}}}
{}",
        rules.concat()
    );
    let input = Input {
        stdin: Some(text.into_bytes()),
        ..Input::default()
    };
    let read = check(&input).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
    read.desired.unwrap()
}

/// What the ledger calls a subject.
pub fn of(subject: &Subject) -> event::Subject {
    event::Subject {
        identity: subject.identity().unwrap(),
        address: subject.address().clone(),
    }
}

pub fn key(digit: char) -> Fingerprint {
    Fingerprint::parse(&digit.to_string().repeat(64)).unwrap()
}

pub fn regenerate(slot: Slot) -> Action {
    Action::Regenerate {
        slot,
        replacing: Presumed::Unseen,
        beside: Presumed::Unseen,
    }
}

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// The case of this address; there has to be just one.
pub fn subject<'a>(survey: &'a Survey, of: &str) -> &'a Subject {
    let mut found = survey
        .cases
        .iter()
        .filter(|case| *case.address() == address(of));
    match (found.next(), found.next()) {
        (Some(one), None) => one,
        _ => panic!("not one case of {of} in {:?}", addresses(survey)),
    }
}

pub fn addresses(survey: &Survey) -> Vec<String> {
    let cases = survey.cases.iter();
    cases.map(|case| case.address().to_string()).collect()
}

pub fn runtime<'a>(survey: &'a Survey, of: &str) -> &'a RuntimeCase {
    match subject(survey, of) {
        Subject::Runtime(case) => case,
        other => panic!("not a resource with keys: {other:?}"),
    }
}

pub fn job<'a>(survey: &'a Survey, of: &str) -> &'a JobCase {
    match subject(survey, of) {
        Subject::Job(case) => case,
        other => panic!("not a job: {other:?}"),
    }
}

pub fn submission<'a>(survey: &'a Survey, of: &str) -> &'a SubmissionCase {
    match subject(survey, of) {
        Subject::Submission(case) => case,
        other => panic!("not a one-time run: {other:?}"),
    }
}

pub fn seen<Sight>(looked: &Looked<Sight>) -> &Sight {
    match looked {
        Looked::Seen(sight) => sight,
        Looked::NotAsked => panic!("nobody looked"),
        Looked::Failed(trouble) => panic!("{trouble:?}"),
    }
}

/// Why a case was not seen, or is none.
pub fn trouble<'a>(survey: &'a Survey, of: &str) -> &'a Trouble {
    fn failed<Sight>(looked: &Looked<Sight>) -> &Trouble {
        match looked {
            Looked::Failed(trouble) => trouble,
            Looked::Seen(_) | Looked::NotAsked => panic!("no look failed"),
        }
    }
    match subject(survey, of) {
        Subject::Runtime(case) => failed(&case.sight),
        Subject::Job(case) => failed(&case.sight),
        Subject::Submission(case) => failed(&case.sight),
        Subject::Unresolved { trouble, .. } => trouble,
    }
}

/// What was passed over, and why.
pub fn skipped(survey: &Survey) -> Vec<(String, &str)> {
    let skipped = survey.skipped.iter();
    skipped
        .map(|one| (one.address.to_string(), one.why.as_str()))
        .collect()
}
