use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::address::ResourceId;
use crate::model::memory::LogId;
use crate::model::runtime::Regeneration;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn runtime(n: u8) -> ResourceId {
    ResourceId::new(format!(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.DataFactory/factories/adf/integrationRuntimes/west-{n}"
    ))
}

fn trouble(kind: TroubleKind) -> Trouble {
    Trouble {
        kind,
        doing: "read the log".to_owned(),
        message: "no".to_owned(),
        ids: Box::default(),
    }
}

proptest! {
    /// However many share a log: each gets its own events, all of them, in the order of the log. Azure writes ids in any case.
    #[test]
    fn everyone_gets_the_events_that_are_its_own(told in vec((0_u8..4, any::<bool>(), 0_i64..100), 0..40)) {
        let events: Vec<(ResourceId, Regeneration)> = told
            .iter()
            .map(|(of, upper, second)| {
                let id = runtime(*of);
                let id = if *upper { ResourceId::new(id.as_str().to_uppercase()) } else { id };
                (id, Regeneration { at: at(*second), slot: None, by: None })
            })
            .collect();
        let log = Log::read(LogReading { log: LogId::new("s", "g"), span: LogSpan { since: at(0), until: at(100) }, events });
        for of in 0..5 {
            let own: Vec<i64> = told.iter().filter(|(n, ..)| *n == of).map(|told| told.2).collect();
            let LogSight::Read { since, until, events } = log.of(&runtime(of)) else {
                panic!("it was read")
            };
            prop_assert_eq!((since, until), (at(0), at(100)));
            let shown: Vec<i64> = events.iter().map(|event| event.at.as_second()).collect();
            prop_assert_eq!(shown, own);
        }
        let reading = log.reading().unwrap();
        prop_assert_eq!(reading.events.len(), told.len());
    }
}

#[test]
fn a_refused_log_is_neither_silent_nor_remembered() {
    let refused = trouble(TroubleKind::Unreachable);
    let log = Log::Refused(refused.clone());
    assert_eq!(log.of(&runtime(1)), LogSight::Refused(refused));
    assert_eq!(log.reading(), None);
}

/// Only what another time may go better holds a case back.
#[test]
fn a_missing_right_is_lived_with_and_an_outage_is_waited_for() {
    let right = "Microsoft.Insights/eventtypes/values/read".to_owned();
    for (kind, waits) in [
        (TroubleKind::Forbidden { right }, false),
        (TroubleKind::NotFound, false),
        (TroubleKind::Throttled, true),
        (TroubleKind::Unreachable, true),
        (TroubleKind::Unexpected, true),
        (TroubleKind::Unauthenticated, true),
    ] {
        let refused = LogSight::Refused(trouble(kind.clone()));
        assert_eq!(unread(&refused).is_some(), waits, "{kind:?}");
    }
    assert_eq!(unread(&LogSight::NotAsked), None);
}
