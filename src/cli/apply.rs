//! `afresh apply`: all five verbs, or the last two with a saved plan. The only place that approves a write.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use super::against;
use super::approved;
use super::args::{Apply as Args, Global, LogFormat};
use super::beside;
use super::deciding::{Look, decide};
use super::error::{Exit, Failure};
use super::patience;
use super::places::{SIM_LINEAGE, file_of, named};
use super::progress::Progress;
use super::screen::{Screen, answer};
use super::session::{Ground, Session};
use super::shown::{text, text_options};
use super::signals::Interrupts;
use super::signed::{check_named, load_signed};
use super::surroundings;
use super::typed::is_plan_file;
use super::{exit_code, links, policy, refresh_only, shard, trust, uses};
use crate::apply::{self, Connections, Options};
use crate::cloud::{Approval, Surroundings, Width, Writer};
use crate::ledger::Upkeep;
use crate::limits::CLOCK_SKEW_MAX;
use crate::model::policy::Policy;
use crate::model::shard::Shard;
use crate::model::survey::KeyReading;
use crate::model::time::{Span, Timestamp, minute};
use crate::model::trust::{Asked, Trust};
use crate::model::verdict::{Plan, Verdict};
use crate::review::{Uses, json};
use crate::{review, saved};

/// Applies manifests or a saved plan.
pub async fn run(
    args: &Args,
    global: &Global,
    screen: &Screen,
    interrupts: &Interrupts,
) -> Result<Exit, Failure> {
    match args.paths.as_slice() {
        [path] if args.refresh_only && is_plan_file(path) => {
            Err(refresh_only::not_with_a_plan(path))
        }
        [path] if is_plan_file(path) => saved_plan(path, args, global, screen, interrupts).await,
        paths if paths.iter().any(|path| is_plan_file(path)) => Err(Failure::new(
            "a saved plan is applied alone: it says all that is to be done",
        )
        .with_exit(Exit::Usage)),
        _ if !args.against.is_empty() => Err(Failure::new(
            "--against goes with a saved plan: manifests are applied as they are",
        )
        .with_exit(Exit::Usage)),
        paths => {
            check_named(args)?;
            let paths = if paths.is_empty() {
                vec![PathBuf::from(".")]
            } else {
                paths.to_vec()
            };
            if args.refresh_only {
                return refresh_only::run(&paths, args, global, screen, interrupts).await;
            }
            manifests(&paths, args, global, screen, interrupts).await
        }
    }
}

async fn manifests(
    paths: &[PathBuf],
    args: &Args,
    global: &Global,
    screen: &Screen,
    interrupts: &Interrupts,
) -> Result<Exit, Failure> {
    let shard = shard::of(args.looking.shard)?;
    let session = Session::open(paths, global, screen).await?;
    shard::hold_ledger(shard, &session.ground.place, global)?;
    shard::hold_guardrails(shard, &session.desired.project.guardrails, screen)?;
    session.warn(screen);
    beside::warn_of_ledger(&session.ground, screen);
    let plan = decide(
        &session,
        Look::new(&args.looking, shard, KeyReading::Recorded, None),
        global,
        screen,
    )
    .await?;
    let asks = !approved::is_given(args, &session.policy) && must_ask(&plan, args);
    show(&session, &plan, asks, args, screen)?;
    refuse(&plan)?;
    let before = session.ground.now();
    let asked = approved::Asked {
        plan: &plan,
        memory: &session.ground.ledger.memory(),
        project: session.desired.project.name.as_str(),
        approvals: Some(&session.desired.approvals),
        policy: &session.policy,
        now: before,
    };
    let left = asked.left(args, screen)?;
    let approval = if asks {
        approve(screen).await?
    } else {
        // Also a plan without actions: what was read is still recorded.
        Approval::given()
    };
    let asked = Span::between(before, session.ground.now());
    let connections = Connections {
        key_connections: &session.desired.key_connections,
        vaults: &session.desired.vaults,
        workspaces: &session.desired.workspaces,
    };
    let lineage = session.ground.lineage();
    perform(
        &plan,
        &connections,
        &session.ground,
        &lineage,
        &approval,
        &How {
            args,
            is_whole: args.looking.target.is_empty(),
            workers: shard.map_or(1, Shard::count),
            given: screen.typed.given(),
            global,
            asked,
            unapproved: left.unwrap_or_default(),
            screen,
            interrupts,
        },
    )
    .await
}

async fn saved_plan(
    path: &Path,
    args: &Args,
    global: &Global,
    screen: &Screen,
    interrupts: &Interrupts,
) -> Result<Exit, Failure> {
    let policy = policy::find(global, &args.against, screen)?;
    let file = load_signed(path, args, &policy, screen)?;
    if !args.looking.target.is_empty() {
        return Err(
            Failure::new("--target goes with manifests: a saved plan is applied whole")
                .with_exit(Exit::Usage),
        );
    }
    let shard = shard::of_saved(path, &file, args.looking.shard, global)?;
    approved::check_saved(path, &file, args)?;
    let around = surroundings::of(global);
    let here = [PathBuf::from(".")];
    let trust = trusted(&file, &here, &around, &policy, global, screen).await?;
    let project = named_or(&args.against, &here);
    links::hold_ledger(project, &file.ledger, &policy, global)?;
    let typed = screen.typed.of_plan(file_of(&file.ledger));
    let ground = Ground::open_at(file.ledger.clone(), around, trust, global)
        .await
        .map_err(|failure| failure.completed(&typed))?;
    ground.reader.among(file.workspaces.values());
    let workers = shard.map_or(1, Shard::count);
    ground.reader.share_with(workers);
    let again = typed.plan_again(path);
    check_lineage(&file, &ground, global, &again)?;
    beside::warn_of_ledger(&ground, screen);
    let now = ground.now();
    let approvals = against::check(&file, &args.against, now, &again, global, screen)?;
    check_time(&file.plan, now, &again)?;
    refuse(&file.plan)?;
    policy::check_plan(&policy, &file, now)?;
    let asked = approved::Asked {
        plan: &file.plan,
        memory: &ground.ledger.memory(),
        project: &file.project,
        approvals: approvals.as_deref(),
        policy: &policy,
        now,
    };
    let left = asked.left_of_saved(args, screen)?;
    // Whoever hands over a plan file has reviewed it: that is the approval.
    let approval = Approval::given();
    let connections = Connections {
        key_connections: &file.key_connections,
        vaults: &file.vaults,
        workspaces: &file.workspaces,
    };
    perform(
        &shard::part_of(&file.plan, shard),
        &connections,
        &ground,
        &file.lineage,
        &approval,
        &How {
            args,
            is_whole: false,
            workers,
            given: typed.given(),
            global,
            asked: Span::default(),
            unapproved: left,
            screen,
            interrupts,
        },
    )
    .await
}

/// The manifests that are named, or those that lie here.
const fn named_or<'a>(named: &'a [PathBuf], here: &'a [PathBuf]) -> &'a [PathBuf] {
    if named.is_empty() { here } else { named }
}

/// What a saved plan may reach: whatever it says itself is asked about anew.
async fn trusted(
    file: &saved::File,
    here: &[PathBuf],
    around: &Surroundings,
    policy: &Policy,
    global: &Global,
    screen: &Screen,
) -> Result<Trust, Failure> {
    let scope = trust::Scope {
        project: here,
        ledger: &file.ledger,
        key_connections: &file.key_connections,
        vaults: &file.vaults,
        workspaces: &file.workspaces,
    };
    let trust = trust::gather(global, &scope, around, policy)?;
    let asks = uses::asks_of(file).into_iter();
    let asks: Vec<Asked> = asks.map(|ask| Asked { ask, place: None }).collect();
    trust::settle(trust, &asks, policy, screen).await
}

/// A plan is applied while it is valid: not when that is over, and not before the time that it was decided for (`--as-of`).
fn check_time(plan: &Plan, now: Timestamp, again: &str) -> Result<(), Failure> {
    let skew = Span::seconds(CLOCK_SKEW_MAX.as_secs());
    let summary = if now >= plan.valid_until {
        let until = minute(plan.valid_until);
        format!(
            "this plan was valid until {until}, and it is {}",
            minute(now)
        )
    } else if plan.at > skew.after(now) {
        let (at, now) = (minute(plan.at), minute(now));
        format!("this plan was decided for {at}, and it is {now}: it shows what would be done then")
    } else {
        return Ok(());
    };
    Err(Failure::new(summary)
        .with_exit(Exit::Stale)
        .with_command("Make a new one:", again))
}

/// Nobody approves what they were not shown, `--quiet` or not.
fn show(
    session: &Session,
    plan: &Plan,
    asks: bool,
    args: &Args,
    screen: &Screen,
) -> Result<(), Failure> {
    let is_text = args.format == LogFormat::Text;
    if !is_text && !asks {
        return Ok(());
    }
    let uses = uses::of_plan(session, plan);
    let uses = Uses {
        ledger: &session.ground.place,
        all: &uses,
    };
    let given = screen.typed.given();
    let shown = text(plan, uses, &text_options(screen, is_text, &given));
    match (is_text, asks) {
        (true, true) if io::stdin().is_terminal() => screen.show(&shown),
        (true, true) => {
            screen.say(&shown);
            Ok(())
        }
        (true, false) => {
            screen.tell(&shown);
            // On a full disk nothing is begun; a reader that went away is no reason to stop.
            screen.all_said()
        }
        // Stdout is for the lines of JSON.
        (false, _) => {
            screen.complain(&shown);
            Ok(())
        }
    }
}

/// A plan is for one ledger: the one it was decided from.
fn check_lineage(
    file: &saved::File,
    ground: &Ground,
    global: &Global,
    again: &str,
) -> Result<(), Failure> {
    let of_sim = file.lineage.starts_with(SIM_LINEAGE);
    if of_sim != global.sim.is_some() {
        let what = if of_sim {
            "a simulated cloud: give its world with --sim"
        } else {
            "real Azure: leave out --sim"
        };
        return Err(Failure::new(format!("this plan was made for {what}")).with_exit(Exit::Stale));
    }
    match ground.ledger.lineage() {
        Some(lineage) if lineage != file.lineage && !file.began => Err(Failure::new(format!(
            "this plan was made before the ledger {} began, so it does not know what was done since",
            named(&ground.place)
        ))
        .with_exit(Exit::Stale)
        .with_command("Make a new one:", again)),
        Some(lineage) if lineage != file.lineage => Err(Failure::new(
            "this plan was made from another ledger than the one that is there now",
        )
        .with_exit(Exit::Stale)
        .with_command("Make a new one:", again)),
        None if file.began => Err(Failure::new(format!(
            "this plan rests on a ledger that is not there any more: {}",
            named(&ground.place)
        ))
        .with_exit(Exit::Stale)
        .with_advice("restore it from a copy: without it afresh does not know what it has done")),
        _ => Ok(()),
    }
}

fn refuse(plan: &Plan) -> Result<(), Failure> {
    if !plan.refused {
        return Ok(());
    }
    let list = plan
        .exceeded
        .iter()
        .map(|exceeded| {
            format!(
                "{}: {} wanted, {} allowed",
                exceeded.guardrail, exceeded.wanted, exceeded.limit
            )
        })
        .collect::<Vec<_>>()
        .join("\n  ");
    Err(Failure::new(format!(
        "a guardrail refuses this plan (onExceed: fail):\n  {list}"
    ))
    .with_exit(Exit::Refused))
}

fn must_ask(plan: &Plan, args: &Args) -> bool {
    !args.auto_approve && plan.counts().acts()
}

async fn approve(screen: &Screen) -> Result<Approval, Failure> {
    if !io::stdin().is_terminal() {
        return Err(
            Failure::new("cannot ask for approval: stdin is not a terminal").with_command(
                "To apply without asking:",
                &screen.typed.again(["--auto-approve"]),
            ),
        );
    }
    screen.prompt("\nApply these changes? Type `yes` to continue: ");
    if answer().await?.trim() == "yes" {
        Ok(Approval::given())
    } else {
        Err(Failure::new("not approved; nothing was done"))
    }
}

/// How to do it.
struct How<'a> {
    args: &'a Args,
    /// The plan speaks of every rule. Of a saved one nobody knows: it may have been made with `--target`.
    is_whole: bool,
    /// How many share the request budgets.
    workers: u32,
    /// What commands that are proposed end with.
    given: String,
    global: &'a Global,
    /// How long a person took to answer.
    asked: Span,
    /// Steps that nobody approved.
    unapproved: approved::Left,
    screen: &'a Screen,
    interrupts: &'a Interrupts,
}

/// Compacts the ledger if it is due. One that cannot be compacted is no reason to leave promises unkept.
async fn keep_up(ground: &Ground, screen: &Screen) -> Result<(), Failure> {
    let upkeep = ground.ledger.compact_if_due().await;
    match upkeep.map_err(Failure::of_ledger)? {
        Upkeep::NotDue => {}
        Upkeep::Done(compacted) => screen.remark(&compacted.to_string()),
        Upkeep::PutOff(why) => {
            screen.complain(&format!(
                "warning: the ledger is large, and was not compacted: {why}"
            ));
        }
    }
    Ok(())
}

async fn perform(
    plan: &Plan,
    connections: &Connections<'_>,
    ground: &Ground,
    lineage: &str,
    approval: &Approval,
    how: &How<'_>,
) -> Result<Exit, Failure> {
    let (args, global, screen) = (how.args, how.global, how.screen);
    let stop = how.interrupts.begin_acting();
    let news = apply::News::of(plan, &ground.ledger, ground.now());
    // Where nothing was read and nothing is to be done, no ledger begins: a ledger that is lost would be taken for a new one.
    if plan.counts().pending() || !news.is_empty() {
        refresh_only::open_ledger(ground, lineage, screen).await?;
    }
    keep_up(ground, screen).await?;
    let wait = patience::longest_wait(plan, args.wait);
    let ends_at = patience::apply_ends_at(global, ground.opened, ground.now(), how.asked, wait);
    ground.reader.end_at(ends_at);
    let progress = Progress::new(screen, args.format, actions(plan));
    progress.show_waits(&ground.reader, global);
    let writer = Writer::new(ground.reader.clone(), approval);
    let options = Options {
        width: args
            .looking
            .parallelism
            .map_or(Width::ACTING.shared(how.workers), Width::of),
        apply_id: uuid::Uuid::new_v4().to_string(),
        by: Some(surroundings::who()),
        wait: args.wait,
        not_after: plan.valid_until,
        unapproved: how.unapproved.clone(),
        ends_at,
        stop: stop.clone(),
    };
    let outcome = apply::run(
        plan,
        connections,
        writer,
        &ground.ledger,
        ground.clock.clone(),
        options,
        &|report| progress.report(report),
    )
    .await;
    let reports = progress.finish();
    ground.close()?;
    let outcome = outcome.map_err(Failure::of_ledger)?;
    if args.format == LogFormat::Text && !reports.is_empty() && !screen.quiet {
        screen.say(&review::text::outcome(&reports, &how.given));
    }
    let doubts_beside = how.is_whole && beside::warn_of_doubts(ground, plan, screen);
    let left = exit_code::left(plan, &reports);
    let exit = exit_code::of_apply(
        outcome.exit(),
        plan,
        &left,
        doubts_beside,
        &args.failing.fail_on,
    );
    let out_of_time = exit == Exit::Interrupted && ground.now() >= ends_at;
    if out_of_time || ground.reader.was_cut() {
        screen.complain(&patience::over(global));
    }
    let exit = match exit {
        // Also where nothing was left to begin: whoever interrupted it does not take it for an end as planned.
        Exit::AsWanted if stop.is_raised() => Exit::Interrupted,
        exit => exit,
    };
    if args.format == LogFormat::Json {
        let summary = json::summary(ground.now(), plan, &reports, exit as u8);
        screen.say_json(&json::in_a_line(&summary));
    }
    Ok(exit)
}

fn actions(plan: &Plan) -> usize {
    plan.acts()
        .map(|step| {
            if let Verdict::Act { actions, .. } = &step.verdict {
                actions.iter().count()
            } else {
                0
            }
        })
        .sum()
}
