//! A clock that is far off decides nothing; one that is a little off is told.

use super::cloud::{Cloud, Made, afresh, apply, text};

fn at(clock: &'static str) -> Made {
    Made {
        projects: 1,
        runtimes: 1,
        jobs: 0,
        slow: 0,
        clock: Some(clock),
        lifetime: None,
    }
}

#[test]
fn nothing_is_planned_or_applied_by_a_clock_that_is_far_off() {
    for (world, way) in [
        ("2020-01-01T00:00:00Z", "ahead of"),
        ("2090-01-01T00:00:00Z", "behind"),
    ] {
        let mut cloud = Cloud::serve(at(world));
        let project = cloud.project(0, "{file: ledger.jsonl}");
        for mut command in [afresh(&project, &["plan", "."]), apply(&project)] {
            let output = command.output().unwrap();
            let said = text(&output);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("this machine's clock is "), "{said}");
            assert!(
                said.contains(&format!(
                    "{way} 127.0.0.1: afresh refuses to decide if this machine's clock differs from the service's by more than 5m"
                )),
                "{said}"
            );
            assert!(said.contains("timedatectl set-ntp true"), "{said}");
        }
        assert!(!project.join("ledger.jsonl").exists());
        assert_eq!(cloud.judge().regenerated, 0);
    }
}
