//! What a ledger costs that has grown: allocations, and the most memory that they held at once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;
use std::sync::Arc;

use afresh::clock::{Clock, ManualClock};
use afresh::ledger::Ledger;
use afresh::ledger::event::{Event, Subject};
use afresh::ledger::store::file::FileStore;
use afresh::model::address::{Address, Identity, ResourceId};
use afresh::model::job::{JobId, RunId, RunResult};
use afresh::model::runtime::{Fingerprint, PerSlot};
use afresh::model::time::Timestamp;
use allocation_counter::{AllocationInfo, measure};

const SUBJECTS: usize = 100;

fn at(day: usize, number: usize) -> Timestamp {
    let seconds = i64::try_from(day * 86_400 + number).unwrap();
    Timestamp::from_second(1_700_000_000 + seconds).unwrap()
}

/// A look at a runtime whose keys stay the same; of every tenth subject, a job, a run.
fn of_a_day(day: usize, number: usize) -> Event {
    if number.is_multiple_of(10) {
        let job = i64::try_from(number).unwrap();
        let host = "adb-1234567890123456.7.azuredatabricks.net".to_owned();
        return Event::RunSeen {
            subject: Subject {
                identity: Identity::Job(host, JobId(job)),
                address: Address::parse(&format!("analytics/job-{number}")).unwrap(),
            },
            name: Some(format!("job-{number}")),
            run: RunId(i64::try_from(day).unwrap() * 1_000 + job),
            ended: at(day, number),
            result: RunResult::Success,
            digest: None,
            asks: None,
        };
    }
    let id = format!(
        "/subscriptions/s/resourcegroups/g/providers/microsoft.datafactory/factories/f/integrationruntimes/gateway-{number}"
    );
    let key = |which: usize| Fingerprint::parse(&format!("{number:032x}{which:032x}")).unwrap();
    Event::Looked {
        subject: Subject {
            identity: Identity::Runtime(ResourceId::new(id)),
            address: Address::parse(&format!("ingest/gateway-{number}")).unwrap(),
        },
        at: at(day, number),
        created: Some(at(0, number)),
        keys: Some(PerSlot {
            one: key(1),
            two: key(2),
        }),
        told: PerSlot::default(),
    }
}

fn write(path: &Path, days: usize) {
    let opened = Event::Opened {
        lineage: "l1".to_owned(),
        at: at(0, 0),
        tool: "afresh 0.1.0".to_owned(),
        compactions: 0,
    };
    let each_day = (0..days).flat_map(|day| (0..SUBJECTS).map(move |number| of_a_day(day, number)));
    let lines = std::iter::once(opened).chain(each_day);
    let text: String = lines.map(|event| event.line().unwrap()).collect();
    std::fs::write(path, text).unwrap();
}

/// What opening a ledger of so many days costs, and then compacting it.
fn costs(days: usize) -> [AllocationInfo; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    write(&path, days);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut ledger = None;
    let opened = measure(|| {
        let store = Arc::new(FileStore::new(&path));
        let clock = Clock::Manual(ManualClock::new(at(days, 0)));
        ledger = Some(runtime.block_on(Ledger::open(store, clock)).unwrap());
    });
    let ledger = ledger.unwrap();
    let compacted = measure(|| {
        let compacted = runtime.block_on(ledger.compact()).unwrap().unwrap();
        assert!(compacted.lines.1 <= 1 + 3 * SUBJECTS, "{compacted}");
    });
    [opened, compacted]
}

#[test]
fn more_lines_of_the_same_subjects_cost_few_allocations_and_no_memory() {
    let (few, many) = (costs(20), costs(80));
    let lines = 60 * SUBJECTS as u64;
    let per_line = |which: usize| {
        let more = many[which].count_total - few[which].count_total;
        #[expect(clippy::cast_precision_loss, reason = "there are not that many")]
        let each = more as f64 / lines as f64;
        each
    };
    let more_memory = |which: usize| many[which].bytes_max.saturating_sub(few[which].bytes_max);
    // A run that was seen costs some; a look that says what the look before said costs none.
    assert!(per_line(0) < 0.8, "{} allocations a line", per_line(0));
    assert!(per_line(1) < 6.0, "{} allocations a line", per_line(1));
    for which in 0..2 {
        assert!(
            more_memory(which) < 20_000,
            "{} bytes more",
            more_memory(which)
        );
    }
}
