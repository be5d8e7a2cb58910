//! Any verdict with its actions and reasons, any settlement.

use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::nodes;
use super::parts::{
    age, fingerprint, hex_digits, instant, run_id, slot, span, text, token, trouble,
};
use crate::model::job::ParameterValue;
use crate::model::verdict::{
    Action, Cause, Company, Haste, Hold, Keep, NonEmpty, Presumed, Receipt, Settled, Settlement,
    Verdict,
};

pub(super) fn presumed() -> BoxedStrategy<Presumed> {
    prop_oneof![
        fingerprint().prop_map(Presumed::Key),
        Just(Presumed::Unseen),
        instant().prop_map(Presumed::Made),
    ]
    .boxed()
}

pub(crate) fn action() -> BoxedStrategy<Action> {
    let value = prop_oneof![
        text().prop_map(ParameterValue::Text),
        text().prop_map(ParameterValue::Variable),
    ];
    let parameters = btree_map(text(), value, 0..3);
    let company = select(&[Company::Alone, Company::Any][..]);
    prop_oneof![
        (slot(), presumed(), presumed()).prop_map(|(slot, replacing, beside)| Action::Regenerate {
            slot,
            replacing,
            beside
        }),
        (token(), of(run_id()), parameters, company).prop_map(
            |(token, after, parameters, company)| Action::Start {
                token,
                after,
                parameters,
                company
            }
        ),
        (token(), hex_digits()).prop_map(|(token, digest)| Action::Submit { token, digest }),
        run_id().prop_map(|run| Action::Cancel { run }),
    ]
    .boxed()
}

pub(super) fn keep() -> BoxedStrategy<Keep> {
    prop_oneof![
        Just(Keep::Young),
        (span(), any::<bool>()).prop_map(|(age, warn)| Keep::Fresh { age, warn }),
        run_id().prop_map(|run| Keep::Running { run }),
        Just(Keep::Idle),
        run_id().prop_map(|run| Keep::SucceededOnce { run }),
    ]
    .boxed()
}

pub(super) fn cause() -> BoxedStrategy<Cause> {
    prop_oneof![
        (slot(), age(), span(), any::<bool>(), of(haste())).prop_map(
            |(slot, age, limit, outside_window, haste)| Cause::KeyDue {
                slot,
                age,
                limit,
                outside_window,
                haste,
            }
        ),
        (of(span()), span(), 0_u32..3).prop_map(|(age, limit, failures)| Cause::Stale {
            age,
            limit,
            failures
        }),
        Just(Cause::NotRunning),
        (slot(), instant(), any::<(bool, bool)>(), of(span())).prop_map(
            |(slot, born_after, (proved, ignores_windows), follows)| Cause::MadeBefore {
                slot,
                born_after,
                proved,
                ignores_windows,
                follows,
            }
        ),
        Just(Cause::MustNotRun),
        (span(), span(), span(), 0_u32..3).prop_map(|(age, start_after, limit, failures)| {
            Cause::Ageing {
                age,
                start_after,
                limit,
                failures,
            }
        }),
        of(instant()).prop_map(|next| Cause::StartsAgain { next }),
        (run_id(), span(), span()).prop_map(|(run, queued, limit)| Cause::QueuedTooLong {
            run,
            queued,
            limit
        }),
        (run_id(), span(), span()).prop_map(|(run, ran, limit)| Cause::TooLong { run, ran, limit }),
        (0_u32..3).prop_map(|failures| Cause::NotSucceededYet { failures }),
    ]
    .boxed()
}

fn haste() -> BoxedStrategy<Haste> {
    prop_oneof![
        of(text()).prop_map(|opens| Haste::Window { opens }),
        text().prop_map(|opens| Haste::Twin { opens }),
        instant().prop_map(|until| Haste::Freeze { until }),
        Just(Haste::Overlap),
    ]
    .boxed()
}

pub(super) fn hold() -> BoxedStrategy<Hold> {
    prop_oneof![
        hold_of_a_runtime(),
        hold_of_a_job(),
        trouble().prop_map(Hold::Trouble),
        (action(), instant(), of(text())).prop_map(|(action, since, by)| Hold::Busy {
            action,
            since,
            by
        }),
        (action(), instant()).prop_map(|(action, since)| Hold::Doubt { action, since }),
        text().prop_map(|reason| Hold::Freeze { reason }),
        nodes::hold(),
        text().prop_map(|reason| Hold::Suspended { reason }),
        text().prop_map(|guardrail| Hold::Deferred { guardrail }),
    ]
    .boxed()
}

pub(super) fn hold_of_a_runtime() -> BoxedStrategy<Hold> {
    prop_oneof![
        slot().prop_map(|slot| Hold::ForeignRotation { slot }),
        (slot(), age()).prop_map(|(slot, age)| Hold::AgeUnknown { slot, age }),
        span().prop_map(|limit| Hold::EitherKeyDue { limit }),
        span().prop_map(|limit| Hold::EitherKeyTooOld { limit }),
        (slot(), text(), any::<bool>()).prop_map(|(slot, opens, breaks_limit)| Hold::Window {
            slot,
            opens,
            breaks_limit
        }),
        (slot(), of(text())).prop_map(|(slot, opens)| Hold::Starved { slot, opens }),
        (slot(), span()).prop_map(|(slot, overlap)| Hold::Overlap { slot, overlap }),
        text().prop_map(|why| Hold::NoKeys { why }),
    ]
    .boxed()
}

pub(super) fn hold_of_a_job() -> BoxedStrategy<Hold> {
    prop_oneof![
        run_id().prop_map(|run| Hold::ActiveRun { run }),
        (run_id(), of(span())).prop_map(|(run, queued)| Hold::QueuedRun { run, queued }),
        (1_u32..9).prop_map(|failures| Hold::BackOff { failures }),
        (1_u32..9).prop_map(|failures| Hold::GaveUp { failures }),
        Just(Hold::PauseFirst),
        Just(Hold::UnpauseFirst),
        Just(Hold::RestartsItself),
        Just(Hold::RunsForbidden),
        (run_id(), instant()).prop_map(|(run, since)| Hold::LostRun { run, since }),
        run_id().prop_map(|run| Hold::UndatedSuccess { run }),
    ]
    .boxed()
}

pub(super) fn verdict() -> BoxedStrategy<Verdict> {
    let act = (action(), vec(action(), 0..2), cause());
    prop_oneof![
        keep().prop_map(Verdict::Keep),
        act.prop_map(|(first, rest, because)| Verdict::Act {
            actions: NonEmpty { first, rest },
            because
        }),
        (hold(), of(instant())).prop_map(|(why, until)| Verdict::Hold { why, until }),
    ]
    .boxed()
}

pub(crate) fn receipt() -> BoxedStrategy<Receipt> {
    prop_oneof![
        (slot(), fingerprint(), instant(), instant()).prop_map(
            |(slot, fingerprint, sent, answered)| Receipt::Regenerated {
                slot,
                fingerprint,
                sent,
                answered
            }
        ),
        (run_id(), instant()).prop_map(|(run, answered)| Receipt::Started { run, answered }),
        (run_id(), instant()).prop_map(|(run, answered)| Receipt::Cancelled { run, answered }),
    ]
    .boxed()
}

pub(super) fn settlement() -> BoxedStrategy<Settlement> {
    let settled = prop_oneof![
        receipt().prop_map(Settled::Done),
        Just(Settled::NotDone),
        Just(Settled::Repeat)
    ];
    (text(), action(), settled)
        .prop_map(|(intent, action, settled)| Settlement {
            intent,
            action,
            settled,
        })
        .boxed()
}
