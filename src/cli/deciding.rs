//! The first three verbs in a row: gather, decide, and hold the laws against the result. Shared by plan, apply and why.

use super::args::{Global, Looking, RefreshHow};
use super::error::{Exit, Failure};
use super::leak;
use super::meant;
use super::patience;
use super::screen::Screen;
use super::session::Session;
use crate::cloud::Width;
use crate::limits::CLOCK_SKEW_MAX;
use crate::model::address::Address;
use crate::model::desired::Desired;
use crate::model::key_service::KeyService;
use crate::model::runtime::Slot;
use crate::model::shard::Shard;
use crate::model::survey::{KeyReading, Refresh, Subject, Survey};
use crate::model::time::{Span, Timestamp, minute};
use crate::model::verdict::Plan;
use crate::plan::audit::Breach;
use crate::{escape, plan, survey};

/// How to look.
pub struct Look {
    /// How eagerly.
    pub refresh: Refresh,
    /// Which keys to list.
    pub keys: KeyReading,
    /// At what only; empty: everything.
    pub targets: Vec<Address>,
    /// At which part only; `None`: at all.
    pub shard: Option<Shard>,
    /// How much at a time.
    pub width: Width,
    /// For which time; `None`: now.
    pub as_of: Option<Timestamp>,
}

impl Look {
    /// As the command line says, for this shard. What is not said is shared with the workers of the others.
    pub fn new(
        looking: &Looking,
        shard: Option<Shard>,
        keys: KeyReading,
        as_of: Option<Timestamp>,
    ) -> Self {
        let workers = shard.map_or(1, Shard::count);
        Self {
            shard,
            refresh: looking.refresh.into(),
            keys,
            targets: looking.target.clone(),
            width: looking
                .parallelism
                .map_or(Width::READING.shared(workers), Width::of),
            as_of,
        }
    }
}

impl From<RefreshHow> for Refresh {
    fn from(how: RefreshHow) -> Self {
        match how {
            RefreshHow::Auto => Self::Auto,
            RefreshHow::All => Self::All,
            RefreshHow::None => Self::None,
        }
    }
}

/// What was decided, and from what.
pub struct Decided {
    /// What was decided.
    pub plan: Plan,
    /// What it was decided from.
    pub survey: Survey,
    /// How that was read.
    pub options: survey::Options,
}

/// Gathers and decides. The plan has passed the audit.
pub async fn decide(
    session: &Session,
    look: Look,
    global: &Global,
    screen: &Screen,
) -> Result<Plan, Failure> {
    let decided = decide_from(session, look, global, screen).await?;
    Ok(decided.plan)
}

/// The same, with what it was decided from.
pub async fn decide_from(
    session: &Session,
    look: Look,
    global: &Global,
    screen: &Screen,
) -> Result<Decided, Failure> {
    leak::refuse_ahead(&session.desired, session.ground.now())?;
    let now = time_of(look.as_of, session.ground.now(), screen)?;
    if let Some(shard) = look.shard {
        session.ground.reader.share_with(shard.count());
    }
    let options = survey::Options {
        refresh: look.refresh,
        keys: look.keys,
        targets: look.targets,
        shard: look.shard,
        width: look.width,
        now,
    };
    let survey = survey::gather(
        &session.desired,
        &session.ground.ledger.memory(),
        &session.ground.reader,
        &options,
    )
    .await;
    if screen.verbose > 0 {
        name_credentials(session, screen);
        for waited in session.ground.reader.waited() {
            screen.remark(&escape::line(&waited));
        }
    }
    patience::in_time(&session.ground.reader, global)?;
    honest_clock(session, screen)?;
    all_found(&options.targets, &survey, &session.desired, screen)?;
    let plan = plan::decide(&survey, &session.desired.project, now);
    let plan = audited(&survey, &session.desired, plan)?;
    Ok(Decided {
        plan,
        survey,
        options,
    })
}

/// The time to decide for. What is read is read now, so that only a later time can be judged from it, as if nothing happened until then.
fn time_of(
    as_of: Option<Timestamp>,
    now: Timestamp,
    screen: &Screen,
) -> Result<Timestamp, Failure> {
    let Some(at) = as_of else { return Ok(now) };
    if at < now {
        let summary = format!(
            "--as-of {} has passed, it is {}: what is read today does not tell what was true then",
            minute(at),
            minute(now)
        );
        return Err(Failure::new(summary)
            .with_exit(Exit::Usage)
            .with_advice("give a later time, or leave --as-of out"));
    }
    screen.remark(&format!(
        "Decided for {} (--as-of), as if nothing happened until then.",
        minute(at)
    ));
    Ok(at)
}

/// Ages, windows and deadlines are reckoned by this clock: one that is far off would decide wrongly.
fn honest_clock(session: &Session, screen: &Screen) -> Result<(), Failure> {
    match session.ground.reader.clock_skew() {
        Some(skew) if skew.forbids_deciding() => Err(Failure::new(format!(
            "{skew}: afresh refuses to decide if this machine's clock differs from the service's by more than {}",
            Span::seconds(CLOCK_SKEW_MAX.as_secs())
        ))
        .with_command(
            "Set it right, and run this again:",
            "timedatectl set-ntp true",
        )),
        Some(skew) => {
            screen.remark(&skew.to_string());
            Ok(())
        }
        None => Ok(()),
    }
}

/// Which credential each connection came down to. Those that stand in for an account say nothing.
fn name_credentials(session: &Session, screen: &Screen) {
    let (desired, ground) = (&session.desired, &session.ground);
    if ground.is_embedded() {
        return;
    }
    for name in desired
        .key_connections
        .keys()
        .chain(desired.workspaces.keys())
    {
        if let Some(method) = ground.reader.credential_used(name) {
            screen.remark(&escape::line(&format!("{name}: signed in by {method}")));
        }
    }
}

/// Holds a plan to the laws that every plan keeps.
///
/// # Errors
/// The ones that it breaks.
pub fn audited(survey: &Survey, desired: &Desired, plan: Plan) -> Result<Plan, Failure> {
    lawful(&plan::audit(survey, &desired.project, &plan))?;
    Ok(plan)
}

/// Holds that a plan breaks no law.
///
/// # Errors
/// The ones that it breaks.
pub fn lawful(breaches: &[Breach]) -> Result<(), Failure> {
    if breaches.is_empty() {
        return Ok(());
    }
    let list = breaches
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n  ");
    Err(Failure::new(format!(
        "the plan breaks its own laws and is not shown; this is a defect of afresh, please report it:\n  {list}"
    )))
}

/// A target that nothing answers to is a mistake, not an empty plan.
fn all_found(
    targets: &[Address],
    survey: &Survey,
    desired: &Desired,
    screen: &Screen,
) -> Result<(), Failure> {
    let known = || {
        survey
            .cases
            .iter()
            .map(Subject::address)
            .chain(survey.skipped.iter().map(|skipped| &skipped.address))
    };
    let unknown = |target: &&Address| !known().any(|address| address == *target);
    let Some(target) = targets.iter().find(unknown) else {
        return Ok(());
    };
    if let Some(holder) = holder_of_key(target) {
        let summary =
            format!("{target} names a key, and both keys of {holder} are decided together");
        let command = screen.typed.command(["why", &holder]);
        return Err(Failure::new(summary).with_command("To see both:", &command));
    }
    let failure = Failure::new(format!("no rule covers {target}"));
    Err(match meant::address(desired, target) {
        Some(meant) => failure.with_command(
            "An address has the names of documents: of the connection and, for a job, of its JobRun. Did you mean this?",
            &screen.typed.command(["why", &meant.to_string()]),
        ),
        None => failure.with_command(
            "To see the subjects that rules cover:",
            &screen.typed.command(["plan", "--verbose"]),
        ),
    })
}

/// `ingest/gateway-west` of `ingest/gateway-west#authKey1`: what any service calls its keys, with any number. The name of nothing that has
/// keys has a `#`.
pub fn holder_of_key(target: &Address) -> Option<String> {
    let stem = |name: &str| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        (stem.len() < name.len()).then(|| stem.to_ascii_lowercase())
    };
    let (holder, key) = target.subject.rsplit_once('#')?;
    let named = stem(key)?;
    let mut stems = KeyService::ALL
        .map(|service| stem(service.key_name(Slot::One)))
        .into_iter();
    let is_key = stems.any(|stem| stem.as_ref() == Some(&named));
    is_key.then(|| format!("{}/{holder}", target.connection))
}
