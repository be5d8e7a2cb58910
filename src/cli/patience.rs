//! How long a command may take, and what it says while it waits.
//!
//! No timer runs. Before something is begun, the clock tells whether the time is over.

use std::collections::BTreeMap;

use super::args::{Global, LogFormat};
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::typed::Typed;
use crate::cloud::Reader;
use crate::escape;
use crate::http::Waiting;
use crate::limits::{COMMAND_TIMEOUT, WAIT_TIMEOUT};
use crate::model::time::{Span, Timestamp};
use crate::model::verdict::{Plan, Target};
use crate::review;

/// When the time of a command that looks is over.
pub fn ends_at(global: &Global, start: Timestamp) -> Timestamp {
    global.timeout.unwrap_or_else(default).after(start)
}

/// When the time of an apply is over that has `asked` a person for so long: that does not count. Unless `--timeout` says otherwise,
/// doing begins anew, and the longest wait for a run comes on top.
pub fn apply_ends_at(
    global: &Global,
    start: Timestamp,
    now: Timestamp,
    asked: Span,
    wait: Span,
) -> Timestamp {
    match global.timeout {
        Some(timeout) => timeout.plus(asked).after(start),
        None => default().plus(wait).after(now),
    }
}

/// The longest that an apply of `plan` may wait for a run, or for nodes after a rotation; `always`: under `--wait`.
pub fn longest_wait(plan: &Plan, always: bool) -> Span {
    let waits = plan.steps.iter().filter_map(|step| step.wait.as_ref()?.max);
    let longest = waits.chain(waits_for_nodes(plan)).max().unwrap_or_default();
    if always {
        longest.max(Span::seconds(WAIT_TIMEOUT.as_secs()))
    } else {
        longest
    }
}

/// Of each factory, all together: its keys may have to go one after the other.
fn waits_for_nodes(plan: &Plan) -> Vec<Span> {
    let mut all: BTreeMap<String, Span> = BTreeMap::new();
    for step in plan.acts().filter(|step| step.regenerates().is_some()) {
        let look = step.facts.runtime().and_then(|facts| facts.spec.nodes.look);
        let target = step.target.as_ref().and_then(Target::runtime);
        if let Some((look, target)) = look.zip(target) {
            let sum = all.entry(target.holder()).or_default();
            *sum = sum.plus(look.wait);
        }
    }
    all.into_values().collect()
}

/// `(--timeout 30m)`, `(1h, unless --timeout says otherwise)`.
fn in_words(global: &Global) -> String {
    match global.timeout {
        Some(timeout) => format!("(--timeout {timeout})"),
        None => format!("({}, unless --timeout says otherwise)", default()),
    }
}

/// Said of an apply that ran out of time.
pub fn over(global: &Global) -> String {
    let limit = in_words(global);
    format!("the time of this command is over: nothing more was started {limit}")
}

/// Time ran out while it was still being looked.
///
/// # Errors
/// It did, and what was done in it.
pub fn in_time(reader: &Reader, global: &Global) -> Result<(), Failure> {
    if !reader.was_cut() {
        return Ok(());
    }
    let mut done = format!("It sent {}", review::text::requests(&reader.requests()));
    for waited in reader.waited() {
        done.push_str(", and ");
        done.push_str(&waited);
    }
    let over = format!(
        "the time of this command is over, and not everything was read {}",
        in_words(global)
    );
    Err(Failure::new(over)
        .with_exit(Exit::Interrupted)
        .with_advice(format!("{done}.")))
}

/// Under `-v`, what is waited for is said while it is.
pub fn say_waits(reader: &Reader, global: &Global) {
    if global.quiet || global.verbose == 0 {
        return;
    }
    let (screen, format) = (Screen::new(global, Typed::default()), global.log_format);
    reader.on_wait(move |waiting| say(waiting, &screen, format));
}

/// One wait, as other remarks or as other logs.
pub fn say(waiting: &Waiting, screen: &Screen, format: LogFormat) {
    match format {
        LogFormat::Text => screen.remark(&escape::line(&waiting.to_string())),
        LogFormat::Json => tracing::info!("{waiting}"),
    }
}

fn default() -> Span {
    Span::seconds(COMMAND_TIMEOUT.as_secs())
}
