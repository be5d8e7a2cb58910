//! What starts a job by itself, as its settings say.
//!
//! Reading it never fails: settings that cannot be understood count as a trigger that is not paused.

use serde_json::Value;

use crate::model::job::Trigger;

/// From `schedule` and `trigger` of a job's settings. `continuous` is told apart.
pub(super) fn of(schedule: Option<&Value>, trigger: Option<&Value>) -> Trigger {
    let live = |settings: &&Value| settings.is_object() && !is_paused(settings);
    let is_there = |settings: Option<&Value>| settings.is_some_and(Value::is_object);
    match (schedule.filter(live), trigger.filter(live)) {
        (Some(schedule), _) => cron(schedule),
        (None, Some(trigger)) => Trigger::Other(words(trigger)),
        (None, None) if is_there(schedule) || is_there(trigger) => Trigger::Paused,
        (None, None) => Trigger::None,
    }
}

fn is_paused(settings: &Value) -> bool {
    settings["pause_status"] == "PAUSED"
}

fn cron(schedule: &Value) -> Trigger {
    let text = |field: &str| schedule[field].as_str().map(str::to_owned);
    match (text("quartz_cron_expression"), text("timezone_id")) {
        // Such a schedule may leave out a firing: nobody can say when the next one is.
        _ if !schedule["sql_condition"].is_null() => {
            Trigger::Other("on a schedule with a condition".to_owned())
        }
        (Some(quartz), zone) => Trigger::Cron {
            quartz,
            zone: zone.unwrap_or_else(|| "UTC".to_owned()),
        },
        (None, _) => Trigger::Other("on a schedule".to_owned()),
    }
}

fn words(trigger: &Value) -> String {
    let periodic = &trigger["periodic"];
    if let (Some(interval), Some(unit)) = (periodic["interval"].as_u64(), periodic["unit"].as_str())
    {
        return format!("every {interval} {}", unit.to_ascii_lowercase());
    }
    let known = [
        ("file_arrival", "when a file arrives"),
        ("table_update", "when a table is updated"),
        ("table", "when a table is updated"),
        ("model", "when a model is updated"),
    ];
    let found = known.iter().find(|(field, _)| trigger[*field].is_object());
    found.map_or("by a trigger", |(_, words)| words).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_paused_starts_the_job() {
        let schedule = |pause: &str| json!({"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "Europe/Paris", "pause_status": pause});
        let cron = Trigger::Cron {
            quartz: "0 0 2 * * ?".to_owned(),
            zone: "Europe/Paris".to_owned(),
        };
        assert_eq!(of(Some(&schedule("UNPAUSED")), None), cron);
        assert_eq!(of(Some(&schedule("PAUSED")), None), Trigger::Paused);
        assert_eq!(of(None, None), Trigger::None);
        assert_eq!(of(Some(&Value::Null), Some(&Value::Null)), Trigger::None);
        let unsaid =
            json!({"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "Europe/Paris"});
        assert_eq!(of(Some(&unsaid), None), cron);
        for (trigger, words) in [
            (
                json!({"periodic": {"interval": 4, "unit": "HOURS"}}),
                "every 4 hours",
            ),
            (
                json!({"file_arrival": {"url": "s3://x"}, "pause_status": "UNPAUSED"}),
                "when a file arrives",
            ),
            (json!({"news": {}}), "by a trigger"),
        ] {
            assert_eq!(of(None, Some(&trigger)), Trigger::Other(words.to_owned()));
            assert_eq!(
                of(Some(&schedule("PAUSED")), Some(&trigger)),
                Trigger::Other(words.to_owned())
            );
        }
        assert_eq!(
            of(
                None,
                Some(&json!({"periodic": {}, "pause_status": "PAUSED"}))
            ),
            Trigger::Paused
        );
        let conditional = json!({"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "sql_condition": {}});
        assert_eq!(
            of(Some(&conditional), None),
            Trigger::Other("on a schedule with a condition".to_owned())
        );
    }
}
