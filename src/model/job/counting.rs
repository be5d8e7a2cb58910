//! Which runs of a job count for a rule. A backfill is a run of the same job, and not what the rule asks for.
//!
//! A run is dismissed only for a difference that is known. What nobody tells of a run does not speak against it.

use std::collections::BTreeMap;

use super::memory::JobMemory;
use super::parameter::{self, ParameterValue, is_dynamic};
use super::run::{Parameter, Run, TasksRun};
use super::spec::{Counting, JobSpec};

/// Most characters of a parameter's value that are shown.
const VALUE_SHOWN_MAX: usize = 40;

impl JobSpec {
    /// Do parameters make a difference?
    pub const fn judges_parameters(&self) -> bool {
        match self.counts {
            Counting::SameParameters => true,
            Counting::Any => false,
        }
    }

    /// Why `run` is not what the rule asks for: `day=2019-01-01`. `None`: it is, or nobody tells that it is not.
    ///
    /// Each job parameter must have the rule's value, or where the rule has none, the run's own default. A dynamic reference
    /// (`{{…}}`) on either side fits anything, and so does what the rule takes from a variable: see [`Self::uncompared`].
    pub fn mismatch(&self, run: &Run, memory: &JobMemory) -> Option<String> {
        if !self.judges_parameters() {
            return None;
        }
        let own = memory.own(run.id);
        if let Some(fault) = own.and_then(|own| self.asked_otherwise(&own.parameters, run)) {
            return Some(fault);
        }
        match &run.inputs.tasks {
            TasksRun::Some(part) => return Some(part.clone()),
            TasksRun::All | TasksRun::Untold => {}
        }
        if !run.inputs.overriding.is_empty() {
            return Some(format!("it sets {}", run.inputs.overriding.join(", ")));
        }
        let told = run.inputs.parameters.as_ref()?;
        let other = told
            .iter()
            .filter(|parameter| !takes(&self.parameters, parameter))
            .map(|parameter| shown(&parameter.name, parameter.effective()));
        let missing = self
            .parameters
            .iter()
            // Our own start set them, whatever is shown of it.
            .filter(|(name, value)| {
                own.is_none() && !value.is_open() && told.iter().all(|one| one.name != **name)
            })
            .map(|(name, _)| shown(name, None));
        join(other.chain(missing))
    }

    /// How our own start with the parameters `sent` differs from what the rule asks for now. What the service tells of the run decides: a
    /// parameter that was not sent may have had the wanted value by default.
    fn asked_otherwise(
        &self,
        sent: &BTreeMap<String, ParameterValue>,
        run: &Run,
    ) -> Option<String> {
        let told = run.inputs.parameters.as_deref().unwrap_or_default();
        let is_as_wanted = |name: &str| {
            let parameter = told.iter().find(|parameter| parameter.name == name);
            parameter.is_some_and(|parameter| match self.parameters.get(name) {
                Some(wanted) => wanted.text().is_some() && wanted.text() == parameter.effective(),
                None => parameter.effective() == parameter.default.as_deref(),
            })
        };
        let differs =
            |name: &str| sent.get(name) != self.parameters.get(name) && !is_as_wanted(name);
        let with = sent.iter().filter(|(name, _)| differs(name));
        let with = with.map(|(name, value)| match value {
            ParameterValue::Text(text) => shown(name, Some(text)),
            ParameterValue::Variable(_) => format!("{name} {}", value.shown(name)),
        });
        let is_short = self.parameters.keys().any(|name| differs(name));
        let short = || is_short.then(|| "started without the rule's parameters".to_owned());
        join(with).or_else(short)
    }

    /// Parameters of `run` that cannot be compared, since the rule takes them from variables. None of our own start, which was given
    /// them.
    pub fn uncompared(&self, run: &Run, memory: &JobMemory) -> Vec<String> {
        if !self.judges_parameters() || memory.own(run.id).is_some() {
            return Vec::new();
        }
        let from_variables = self.parameters.iter();
        let from_variables = from_variables.filter(|(_, value)| value.text().is_none());
        from_variables.map(|(name, _)| name.clone()).collect()
    }
}

impl Run {
    /// May it have been started with `sent`? Not if it tells otherwise.
    pub fn may_be_sent_with(&self, sent: &BTreeMap<String, ParameterValue>) -> bool {
        let told = self.inputs.parameters.iter().flatten();
        told.into_iter().all(|parameter| takes(sent, parameter))
    }
}

/// Does the run have what was asked for, or where nothing was, its default?
fn takes(asked: &BTreeMap<String, ParameterValue>, parameter: &Parameter) -> bool {
    let wanted = match asked.get(&parameter.name) {
        Some(ParameterValue::Variable(_)) => return true,
        Some(ParameterValue::Text(text)) => Some(text.as_str()),
        None => parameter.default.as_deref(),
    };
    let is_dynamic = |value: Option<&str>| value.is_some_and(is_dynamic);
    let actual = parameter.effective();
    wanted == actual || is_dynamic(wanted) || is_dynamic(actual)
}

impl Parameter {
    /// What the run has for it.
    pub fn effective(&self) -> Option<&str> {
        self.value.as_deref().or(self.default.as_deref())
    }
}

/// `day=2019-01-01`, or `day is not set`.
fn shown(name: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("{name}={}", clipped(parameter::shown(name, value))),
        None => format!("{name} is not set"),
    }
}

/// At most [`VALUE_SHOWN_MAX`] characters of it.
fn clipped(value: &str) -> String {
    let mut shown: String = value.chars().take(VALUE_SHOWN_MAX + 1).collect();
    if let Some((cut, _)) = shown.char_indices().nth(VALUE_SHOWN_MAX) {
        shown.truncate(cut);
        shown.push('…');
    }
    shown
}

fn join(words: impl Iterator<Item = String>) -> Option<String> {
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::job::{
        Concurrency, Inputs, OwnStart, Phase, Requirement, Retry, RunId, RunResult,
    };
    use crate::model::time::{Span, Timestamp};

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, ParameterValue> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).into());
        pairs.iter().map(owned).collect()
    }

    fn rule(parameters: &[(&str, &str)]) -> JobSpec {
        JobSpec {
            require: Requirement::Succeeded {
                start_after: None,
                warn_after: None,
                error_after: Span::hours(24),
            },
            duration_max: None,
            queue_max: None,
            concurrency: Concurrency::Forbid,
            accept: vec![RunResult::Success],
            counts: Counting::SameParameters,
            retry: Retry::default(),
            parameters: map(parameters),
            wait_max: None,
            digest: String::new(),
            asks: String::new(),
        }
    }

    /// Name, default and value of a parameter.
    type Told<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

    /// A run that shows its parameters.
    fn run(told: Option<&[Told]>) -> Run {
        let parameter = |(name, default, value): &Told| Parameter {
            name: (*name).to_owned(),
            default: default.map(str::to_owned),
            value: value.map(str::to_owned),
        };
        Run {
            id: RunId(7),
            phase: Phase::Ended {
                at: None,
                result: RunResult::Success,
            },
            started: None,
            queued_since: None,
            inputs: Inputs {
                parameters: told.map(|told| told.iter().map(parameter).collect()),
                ..Inputs::default()
            },
            url: None,
            message: None,
        }
    }

    fn mismatch(asked: &[(&str, &str)], run: &Run) -> Option<String> {
        rule(asked).mismatch(run, &JobMemory::default())
    }

    #[test]
    fn a_parameter_is_the_rules_or_else_the_default_of_that_time() {
        let day = |default, value| run(Some(&[("day", default, value)]));
        let (today, old) = (Some("today"), Some("2019-01-01"));
        assert_eq!(mismatch(&[], &day(today, None)), None);
        assert_eq!(mismatch(&[], &day(today, today)), None);
        assert_eq!(
            mismatch(&[], &day(today, old)).as_deref(),
            Some("day=2019-01-01")
        );
        assert_eq!(mismatch(&[("day", "2019-01-01")], &day(today, old)), None);
        assert_eq!(mismatch(&[("day", "today")], &day(today, None)), None);
        assert_eq!(
            mismatch(&[("day", "yesterday")], &day(today, None)).as_deref(),
            Some("day=today")
        );
        assert_eq!(
            mismatch(&[("day", "x")], &day(None, None)).as_deref(),
            Some("day is not set")
        );
        assert_eq!(
            mismatch(&[("day", "x")], &run(Some(&[]))).as_deref(),
            Some("day is not set")
        );
        let two = run(Some(&[
            ("day", today, old),
            ("region", Some("eu"), Some("us")),
        ]));
        assert_eq!(
            mismatch(&[], &two).as_deref(),
            Some("day=2019-01-01, region=us")
        );
    }

    #[test]
    fn a_dynamic_reference_on_either_side_fits_anything() {
        let dynamic = Some("{{job.start_time.iso_date}}");
        let resolved = run(Some(&[("day", dynamic, Some("2026-11-22"))]));
        assert_eq!(mismatch(&[], &resolved), None);
        assert_eq!(
            mismatch(
                &[("day", "{{job.trigger.time}}")],
                &run(Some(&[("day", Some("x"), Some("y"))]))
            ),
            None
        );
        assert_eq!(
            mismatch(&[("day", "{{job.trigger.time}}")], &run(Some(&[]))),
            None
        );
        assert_eq!(
            mismatch(&[("day", "x")], &run(Some(&[("day", Some("y"), dynamic)]))),
            None
        );
        assert!(mismatch(&[("day", "x")], &resolved).is_some());
    }

    #[test]
    fn old_parameters_and_parts_do_not_count_and_what_nobody_tells_does() {
        assert_eq!(mismatch(&[("day", "x")], &run(None)), None);
        let mut old = run(None);
        old.inputs.overriding = vec!["notebook_params".to_owned()];
        assert_eq!(
            mismatch(&[], &old).as_deref(),
            Some("it sets notebook_params")
        );
        let mut part = run(None);
        part.inputs.tasks = TasksRun::Some("only task load".to_owned());
        assert_eq!(mismatch(&[], &part).as_deref(), Some("only task load"));
        let any = JobSpec {
            counts: Counting::Any,
            ..rule(&[("day", "x")])
        };
        for run in [old, part, run(Some(&[("day", None, Some("y"))]))] {
            assert_eq!(any.mismatch(&run, &JobMemory::default()), None);
        }
    }

    #[test]
    fn our_own_start_counts_while_the_rule_asks_for_the_same() {
        let memory = JobMemory {
            last_start: Some(OwnStart {
                run: RunId(7),
                at: Timestamp::UNIX_EPOCH,
                parameters: map(&[("day", "x")]),
                rule: None,
            }),
            ..JobMemory::default()
        };
        // Whatever a service shows of it.
        for told in [run(None), run(Some(&[]))] {
            assert_eq!(rule(&[("day", "x")]).mismatch(&told, &memory), None);
            assert_eq!(
                rule(&[("day", "y")]).mismatch(&told, &memory).as_deref(),
                Some("day=x")
            );
            assert!(
                rule(&[("day", "x"), ("n", "1")])
                    .mismatch(&told, &memory)
                    .is_some()
            );
        }
        // A run that was taken for ours after a lost answer, and tells that it is not.
        let other = run(Some(&[("day", None, Some("2019-01-01"))]));
        assert!(rule(&[("day", "x")]).mismatch(&other, &memory).is_some());
        assert!(!other.may_be_sent_with(&map(&[("day", "x")])));
        assert!(run(None).may_be_sent_with(&map(&[("day", "x")])));
    }

    #[test]
    fn what_comes_from_a_variable_fits_anything_and_is_never_shown() {
        let variable = ParameterValue::Variable("AFRESH_PARAMETER_DAY".to_owned());
        let mut asking = rule(&[("mode", "full")]);
        asking.parameters.insert("day".to_owned(), variable.clone());
        let none = JobMemory::default();
        let given = run(Some(&[
            ("day", None, Some("x")),
            ("mode", None, Some("full")),
        ]));
        assert_eq!(asking.mismatch(&given, &none), None);
        assert_eq!(asking.uncompared(&given, &none), ["day"]);
        assert!(given.may_be_sent_with(&asking.parameters));
        // Nor does it matter whether a run tells it at all.
        let untold = run(Some(&[("mode", None, Some("full"))]));
        assert_eq!(asking.mismatch(&untold, &none), None);
        // Our own start was given what the variable held then.
        let own = OwnStart {
            run: RunId(7),
            at: Timestamp::UNIX_EPOCH,
            parameters: asking.parameters.clone(),
            rule: None,
        };
        let memory = JobMemory {
            last_start: Some(own),
            ..JobMemory::default()
        };
        assert_eq!(asking.uncompared(&given, &memory), [""; 0]);
        let why = rule(&[]).mismatch(&given, &memory).unwrap();
        assert!(why.contains("from the environment variable AFRESH_PARAMETER_DAY"));
    }

    #[test]
    fn a_secret_that_a_run_tells_is_not_shown() {
        let told = run(Some(&[("db_password", Some("x"), Some("hunter2"))]));
        assert_eq!(mismatch(&[], &told).as_deref(), Some("db_password=***"));
        let own = rule(&[("db_password", "other")]);
        assert_eq!(
            own.mismatch(&told, &JobMemory::default()).as_deref(),
            Some("db_password=***")
        );
    }

    #[test]
    fn a_long_value_is_shown_in_part() {
        let long = "ü".repeat(100);
        let shown = mismatch(&[], &run(Some(&[("day", None, Some(&long))]))).unwrap();
        assert_eq!(shown.chars().count(), "day=".len() + VALUE_SHOWN_MAX + 1);
    }
}
