//! What starts a job by itself, and when it does so next.
//!
//! Where the next start cannot be computed, none is given.

use std::collections::BTreeMap;

use croner::parser::{CronParser, Seconds};

use super::parameter::{is_dynamic, shown};
use super::spec::JobSpec;
use crate::model::recurring::{comes, is_readable, time_zone};
use crate::model::time::Timestamp;

/// What starts a job by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trigger {
    /// Nothing does.
    #[default]
    None,
    /// Something would if it were not paused.
    Paused,
    /// A schedule.
    Cron {
        /// Quartz: seconds first, Sunday is 1.
        quartz: String,
        /// An IANA timezone, or a name that Java knows.
        zone: String,
    },
    /// Something else, in words: `every 4 hours`, `when a file arrives`.
    Other(String),
}

impl Trigger {
    /// Does it start the job, sooner or later?
    pub const fn is_live(&self) -> bool {
        match self {
            Self::None | Self::Paused => false,
            Self::Cron { .. } | Self::Other(_) => true,
        }
    }

    /// What it is, in words; `None`: nothing starts the job by itself.
    pub fn words(&self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Paused => Some("paused".to_owned()),
            Self::Cron { quartz, zone } => Some(format!("`{quartz}` {zone}")),
            Self::Other(words) => Some(words.clone()),
        }
    }

    /// When it fires next after `now`; `None`: never, or nobody can compute it.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let Self::Cron { quartz, zone } = self else {
            return None;
        };
        let zone = time_zone(zone).filter(|_| is_readable(quartz))?;
        let parser = CronParser::builder()
            .seconds(Seconds::Required)
            .alternative_weekdays(true)
            .build();
        let cron = parser.parse(&without_open_steps(quartz)).ok()?;
        if !comes(&cron) {
            return None;
        }
        let next = cron.find_next_occurrence(&now.to_zoned(zone), false);
        next.ok().map(|next| next.timestamp())
    }
}

/// Largest value of each field of a Quartz expression.
const FIELD_ENDS: [u8; 6] = [59, 59, 23, 31, 12, 7];

/// Quartz steps from a value on (`5/15`), where other crons want a range (`5-59/15`).
fn without_open_steps(quartz: &str) -> String {
    let ends = FIELD_ENDS.iter().map(Some).chain(std::iter::repeat(None));
    let fields = quartz.split_whitespace().zip(ends);
    let step = |part: &str, end: &u8| match part.split_once('/') {
        Some((from, step)) if from.bytes().all(|b| b.is_ascii_digit()) && !from.is_empty() => {
            format!("{from}-{end}/{step}")
        }
        _ => part.to_owned(),
    };
    let field = |(field, end): (&str, Option<&u8>)| match end {
        Some(end) => {
            let parts: Vec<String> = field.split(',').map(|part| step(part, end)).collect();
            parts.join(",")
        }
        None => field.to_owned(),
    };
    fields.map(field).collect::<Vec<_>>().join(" ")
}

impl JobSpec {
    /// Why the job's own runs, which have its defaults, are not what the rule asks for: `day is today by default, and the rule asks for
    /// yesterday`. `None`: they are, or nothing starts the job by itself.
    pub fn unsuited(
        &self,
        trigger: &Trigger,
        defaults: &BTreeMap<String, String>,
    ) -> Option<String> {
        if !self.judges_parameters() || !trigger.is_live() {
            return None;
        }
        let (name, value, default) = self.parameters.iter().find_map(|(name, value)| {
            let default = defaults.get(name)?;
            let fits = value.text().is_none_or(|text| text == default);
            let is_open = value.is_open() || is_dynamic(default);
            (!fits && !is_open).then_some((name, value, default))
        })?;
        let (default, asked) = (shown(name, default), value.shown(name));
        Some(format!(
            "{name} is {default} by default, and the rule asks for {asked}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(quartz: &str, zone: &str) -> Option<String> {
        let (quartz, zone) = (quartz.to_owned(), zone.to_owned());
        // A Sunday.
        let now = "2026-11-22T09:00:00Z".parse().unwrap();
        Trigger::Cron { quartz, zone }
            .next(now)
            .map(|at| at.to_string())
    }

    /// What a service says of its schedules is not known to be sound.
    #[test]
    fn a_schedule_that_never_comes_says_nothing() {
        let long = format!("0 {} * * * ?", vec!["0"; 200].join(","));
        for quartz in [
            "0 , * * * ?",
            ",,, , , * * ?",
            "0 0 0 31 2 ?",
            "0 0 0 ? 2 2#6",
            &long,
        ] {
            assert_eq!(next(quartz, "UTC"), None, "{quartz}");
        }
        assert_eq!(next("0 0 2 * * ?", "localtime"), None);
        assert_eq!(next("0 0 6 1 1 ? 1999", "UTC"), None);
    }

    #[test]
    fn a_quartz_schedule_fires_as_quartz_counts() {
        for (quartz, zone, wanted) in [
            ("0 0 2 * * ?", "UTC", "2026-11-23T02:00:00Z"),
            ("0 0 2 * * ?", "Europe/Paris", "2026-11-23T01:00:00Z"),
            ("0 30 9 ? * 1", "UTC", "2026-11-22T09:30:00Z"),
            ("0 30 9 ? * MON-FRI", "UTC", "2026-11-23T09:30:00Z"),
            ("0 30 9 ? * 2-6", "UTC", "2026-11-23T09:30:00Z"),
            ("15 0/20 * * * ?", "UTC", "2026-11-22T09:00:15Z"),
            ("0 5/30,7 9 * * ?", "UTC", "2026-11-22T09:05:00Z"),
            ("0 0 6 1 * ?", "UTC", "2026-12-01T06:00:00Z"),
            ("0 0 6 1 1 ? 2028", "UTC", "2028-01-01T06:00:00Z"),
            ("0 0 6 L * ?", "UTC", "2026-11-30T06:00:00Z"),
        ] {
            assert_eq!(
                next(quartz, zone).as_deref(),
                Some(wanted),
                "{quartz} {zone}"
            );
        }
    }

    #[test]
    fn what_cannot_be_computed_is_not_made_up() {
        assert_eq!(next("whenever", "UTC"), None);
        assert_eq!(next("0 0 2 * * ?", "Nowhere/Land"), None);
        let now = Timestamp::UNIX_EPOCH;
        for trigger in [
            Trigger::None,
            Trigger::Paused,
            Trigger::Other("every 4 hours".to_owned()),
        ] {
            assert_eq!(trigger.next(now), None);
        }
    }
}
