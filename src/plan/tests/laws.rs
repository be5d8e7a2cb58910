//! Laws over surveys drawn at random.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::testing::{Dice, now};
use super::super::{audit, decide};
use crate::model::desired::Project;
use crate::model::survey::Survey;
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Action, Hold, Verdict};

fn drawn() -> impl Strategy<Value = (Survey, Project)> {
    vec(any::<u8>(), 0..240).prop_map(|bytes| {
        let mut dice = Dice(&bytes);
        let project = dice.project();
        (dice.survey(), project)
    })
}

/// A later instant, up to 40 days on.
fn later() -> impl Strategy<Value = Timestamp> {
    (0_u64..40 * 24 * 60).prop_map(|minutes| Span::seconds(minutes * 60).after(now()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_audit_finds_nothing((survey, project) in drawn(), at in later()) {
        for instant in [now(), at] {
            let plan = decide(&survey, &project, instant);
            prop_assert_eq!(audit(&survey, &project, &plan), vec![]);
        }
    }

    #[test]
    fn the_order_of_the_cases_does_not_matter((survey, project) in drawn(), turn in 0_usize..8) {
        let mut turned = survey.clone();
        let places = turned.cases.len();
        turned.cases.rotate_left(turn % places);
        turned.cases.reverse();
        prop_assert_eq!(decide(&survey, &project, now()), decide(&turned, &project, now()));
    }

    #[test]
    fn never_both_keys_of_one_runtime((survey, project) in drawn()) {
        for step in decide(&survey, &project, now()).acts() {
            if let Verdict::Act { actions, .. } = &step.verdict {
                let keys = actions.iter().filter(|action| matches!(action, Action::Regenerate { .. }));
                prop_assert!(keys.count() <= 1);
            }
        }
    }

    #[test]
    fn later_never_turns_act_into_keep((survey, project) in drawn(), at in later()) {
        let (first, second) = (decide(&survey, &project, now()), decide(&survey, &project, at));
        for (before, after) in first.steps.iter().zip(&second.steps) {
            prop_assert_eq!(&before.address, &after.address);
            if matches!(before.verdict, Verdict::Act { .. }) {
                prop_assert!(!matches!(after.verdict, Verdict::Keep(_)), "{:?} became {:?}", before.verdict, after.verdict);
            }
        }
    }

    #[test]
    fn each_action_of_a_valid_plan_is_in_a_new_one((survey, project) in drawn(), share in 0.0_f64..1.0) {
        let plan = decide(&survey, &project, now());
        let length = Span::between(now(), plan.valid_until).as_secs();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let seconds = (length as f64 * share) as u64;
        for seconds in [seconds, length - 1] {
            let again = decide(&survey, &project, Span::seconds(seconds).after(now()));
            for (before, after) in plan.steps.iter().zip(&again.steps) {
                let displaced = matches!(after.verdict, Verdict::Hold { why: Hold::Deferred { .. }, .. });
                let own = before.proposal().filter(|_| !displaced);
                prop_assert!(own.is_none() || own == after.proposal(), "{:?} became {:?}", before.verdict, after.verdict);
            }
        }
    }
}
