use std::sync::Mutex;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn span(since: i64, until: i64) -> LogSpan {
    LogSpan {
        since: at(since),
        until: at(until),
    }
}

fn event(of: u8, second: i64) -> (ResourceId, Regeneration) {
    let told = Regeneration {
        at: at(second),
        slot: None,
        by: None,
    };
    (ResourceId::new(format!("/west-{of}")), told)
}

/// A log with one event on each page, which notes what it is asked.
struct Service {
    events: Events,
    asked: Mutex<Vec<(LogSpan, usize)>>,
}

impl Service {
    fn new(events: Events) -> Self {
        Self {
            events,
            asked: Mutex::default(),
        }
    }

    fn tell(&self, span: LogSpan, pages_max: usize) -> LogStretch {
        let within = |(_, event): &&(ResourceId, Regeneration)| {
            span.since <= event.at && event.at <= span.until
        };
        let mut events: Events = self.events.iter().filter(within).cloned().collect();
        events.sort_by_key(|(_, event)| Reverse(event.at));
        let pages = events.len().max(1);
        let told = LogStretch {
            pages: pages.min(pages_max),
            events: (pages <= pages_max).then_some(events),
        };
        self.asked.lock().unwrap().push((span, told.pages));
        told
    }

    fn read(&self, whole: LogSpan, known: &[LogSpan]) -> Read {
        let ask = |stretch, pages_max| std::future::ready(Ok(self.tell(stretch, pages_max)));
        read(whole, &gaps(known, whole), ask)
            .now_or_never()
            .expect("nothing to wait for")
            .unwrap()
    }

    fn pages(&self) -> usize {
        self.asked.lock().unwrap().iter().map(|asked| asked.1).sum()
    }
}

const DAY: i64 = 86_400;
const QUARTER: i64 = 90 * DAY;

fn quarter() -> LogSpan {
    span(0, QUARTER)
}

/// The events that a reading should tell: all of them since then, if anything was read.
fn since(events: &Events, since: Timestamp) -> Vec<Timestamp> {
    let told = events.iter().map(|(_, event)| event.at);
    let is_told = |at: &Timestamp| since <= *at && since < quarter().until;
    let mut told: Vec<Timestamp> = told.filter(is_told).collect();
    told.sort_by_key(|at| Reverse(*at));
    told
}

fn times(events: &Events) -> Vec<Timestamp> {
    events.iter().map(|(_, event)| event.at).collect()
}

proptest! {
    /// However many events there are, and however they lie: what counts as read was read, each event of it once, and the pages are bounded.
    #[test]
    fn what_counts_as_read_was_read(
        places in vec((0..QUARTER, 0_u8..3), 0..400),
        crowds in vec((0..QUARTER, 1_usize..700, 1_i64..100_000), 0..6),
        known in vec((0_i64..90, 1_i64..90), 0..3),
    ) {
        let mut events: Events = places.iter().map(|(second, of)| event(*of, *second)).collect();
        for (begin, count, width) in crowds {
            let step = (width / i64::try_from(count).unwrap()).max(1);
            let crowd = (0..).take(count).map(|n| event(0, (begin + n * step).min(QUARTER - 1)));
            events.extend(crowd);
        }
        let service = Service::new(events);
        let mut memory = GroupLog::default();
        for (from, days) in known {
            let span = span(from * DAY, ((from + days) * DAY).min(QUARTER));
            let told = service.events.iter().filter(|(_, event)| span.since <= event.at && event.at <= span.until);
            memory.add(&crate::model::memory::LogReading {
                log: crate::model::memory::LogId::new("s", "g"),
                span,
                events: told.cloned().collect(),
            });
        }
        let read = service.read(quarter(), &memory.spans);
        prop_assert!(service.pages() <= LOG_PAGES_MAX + LOG_READERS * LOG_STRETCH_PAGES);
        let from = read.since;
        let told = joined(Some(&memory), read);
        prop_assert_eq!(times(&told), since(&service.events, from));
    }

    /// A log that is not crowded costs one request for each gap.
    #[test]
    fn a_quiet_log_is_one_request(places in vec(0..QUARTER, 0..LOG_STRETCH_PAGES)) {
        let events: Events = places.iter().map(|second| event(0, *second)).collect();
        let service = Service::new(events);
        let read = service.read(quarter(), &[]);
        prop_assert_eq!(service.asked.lock().unwrap().len(), 1);
        prop_assert_eq!(read.since, quarter().since);
        prop_assert_eq!(times(&read.events), since(&service.events, quarter().since));
    }
}

/// 1,050 pages over 90 days are all read, and little more than they: the first attempt is for nothing.
#[test]
fn a_crowded_log_is_read_whole_in_stretches() {
    let step = QUARTER / 1_050;
    let service = Service::new((0..1_050).map(|n| event(0, n * step)).collect());
    let read = service.read(quarter(), &[]);
    assert_eq!(read.since, quarter().since);
    assert_eq!(read.events.len(), 1_050);
    let pages = service.pages();
    assert!(pages <= 1_050 + LOG_STRETCH_PAGES, "{pages}");
}

/// Of a log that cannot be read whole the newest part counts, and nothing before it.
#[test]
fn of_too_long_a_log_the_newest_part_is_known() {
    let step = QUARTER / 6_000;
    let service = Service::new((0..6_000).map(|n| event(0, n * step)).collect());
    let read = service.read(quarter(), &[]);
    assert!(
        at(40 * DAY) < read.since && read.since < at(60 * DAY),
        "{}",
        read.since
    );
    assert_eq!(times(&read.events), since(&service.events, read.since));

    // So many events in one second: not even the newest stretch can be read, and nothing is known.
    let crowd = (0..10_000).map(|_| event(0, QUARTER)).collect();
    let read = Service::new(crowd).read(quarter(), &[]);
    assert_eq!((read.since, read.events.len()), (quarter().until, 0));
}

/// What the ledger has read is not read again, but for its last day.
#[test]
fn known_time_is_not_read_again() {
    let lag = 20 * 60;
    let known = [span(10 * DAY, 80 * DAY + lag)];
    assert_eq!(
        gaps(&known, quarter()),
        [span(79 * DAY, 90 * DAY), span(0, 10 * DAY)]
    );
    // Read an hour ago, from before what the service keeps.
    let known = [span(-DAY, QUARTER - 3600)];
    let again = span(QUARTER - 3600 - lag - DAY, QUARTER);
    assert_eq!(gaps(&known, quarter()), [again]);
    // Shorter than a day: all of it is read again.
    let known = [span(80 * DAY, 81 * DAY)];
    assert_eq!(gaps(&known, quarter()), [quarter()]);
    // By a clock that was ahead of this one.
    let known = [span(0, 2 * QUARTER)];
    let again = span(QUARTER - lag - DAY, QUARTER);
    assert_eq!(gaps(&known, quarter()), [again]);
}
