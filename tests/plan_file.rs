//! What a plan file of many subjects measures and costs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use afresh::model::verdict::Facts;
use afresh::saved::{self, File};

#[path = "support/costs.rs"]
mod costs;
#[path = "support/plans.rs"]
mod plans;

/// Without what verdicts rest on.
fn small(rows: usize) -> File {
    let mut file = plans::of_rows(rows);
    for step in &mut file.plan.steps {
        step.facts = Facts::None;
    }
    file
}

#[test]
fn a_plan_of_10_000_rows_with_evidence_has_at_most_12_mb() {
    let file = plans::of_rows(10_000);
    let evidence = |step: &afresh::model::verdict::Step| match &step.facts {
        Facts::Runtime(facts) => {
            let slots = &facts.slots;
            slots.one.birth.evidence.len() + slots.two.birth.evidence.len()
        }
        Facts::Job(_) | Facts::Submission(_) | Facts::None => 0,
    };
    let pieces: usize = file.plan.steps.iter().map(evidence).sum();
    assert!(pieces > 10_000, "{pieces} pieces of evidence");
    let text = saved::text(&file).unwrap();
    let steps = text.lines().filter(|line| line.starts_with("{\"step\""));
    let (count, bytes) = steps.fold((0, 0), |(count, bytes), line| {
        (count + 1, bytes + line.len() + 1)
    });
    assert_eq!(count, 10_000);
    assert!(bytes / count < 1_200, "{} bytes for a row", bytes / count);
    assert!(text.len() <= 12_000_000, "{} bytes", text.len());
    assert!(saved::read(text.as_bytes()).unwrap() == file);
}

#[test]
fn a_plan_of_four_times_the_rows_costs_some_four_times_as_much() {
    let all = small(30_000);
    let made = costs::in_proportion(30_000, |rows| {
        let mut file = all.clone();
        file.plan.steps.truncate(rows);
        file.sentences.truncate(rows);
        let text = saved::text(&file).unwrap();
        saved::read(text.as_bytes()).unwrap()
    });
    assert!(made == all, "what was written is read again");
}
