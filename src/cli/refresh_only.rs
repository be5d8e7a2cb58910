//! `afresh apply --refresh-only`: what was read goes into the ledger, and nothing else happens. Read rights are enough.
//!
//! This command executes no action: it has no `Approval`, without which nothing can be written to Azure.

use std::path::{Path, PathBuf};

use super::args::{Apply as Args, Global, LogFormat, RefreshHow};
use super::beside;
use super::deciding::{Look, decide};
use super::error::{Exit, Failure};
use super::exit_code;
use super::places::named;
use super::screen::Screen;
use super::session::{Ground, Session};
use super::shown::{text, text_options};
use super::signals::Interrupts;
use super::{shard, uses};
use crate::model::survey::KeyReading;
use crate::review::{Uses, json};
use crate::{apply, review};

/// Gathers, decides, and writes down what the ledger does not know.
pub async fn run(
    paths: &[PathBuf],
    args: &Args,
    global: &Global,
    screen: &Screen,
    interrupts: &Interrupts,
) -> Result<Exit, Failure> {
    if args.looking.refresh == RefreshHow::None {
        return Err(Failure::new(
            "--refresh-only records what is read, and --refresh none reads nothing",
        )
        .with_exit(Exit::Usage));
    }
    let shard = shard::of(args.looking.shard)?;
    let session = Session::open(paths, global, screen).await?;
    let ground = &session.ground;
    shard::hold_ledger(shard, &ground.place, global)?;
    beside::warn_of_ledger(ground, screen);
    let plan = decide(
        &session,
        Look::new(&args.looking, shard, KeyReading::Recorded, None),
        global,
        screen,
    )
    .await?;
    if args.format == LogFormat::Text {
        let uses = uses::of_plan(&session, &plan);
        let uses = Uses {
            ledger: &ground.place,
            all: &uses,
        };
        let given = screen.typed.given();
        screen.tell(&text(&plan, uses, &text_options(screen, true, &given)));
    }
    // One append, which an interrupt does not cut.
    let _acting = interrupts.begin_acting();
    let news = apply::News::of(&plan, &ground.ledger, ground.now());
    let observed = news.observed();
    if !news.is_empty() {
        open_ledger(ground, &ground.lineage(), screen).await?;
    }
    let resolved = news.record(&ground.ledger).await;
    let resolved = resolved.map_err(Failure::of_ledger)?;
    ground.close()?;
    tell(&resolved, observed, ground, args.format, screen);
    if args.looking.target.is_empty() {
        beside::warn_of_doubts(ground, &plan, screen);
    }
    Ok(exit_code::of_plan(&plan, false, &args.failing.fail_on))
}

fn tell(
    resolved: &[crate::model::outcome::Report],
    observed: usize,
    ground: &Ground,
    format: LogFormat,
    screen: &Screen,
) {
    let place = named(&ground.place);
    match format {
        LogFormat::Json => {
            for report in resolved {
                screen.say_json(&json::in_a_line(&json::report(report)));
            }
            let recorded = json::recorded(ground.now(), observed, &place);
            screen.say_json(&json::in_a_line(&recorded));
        }
        LogFormat::Text if screen.quiet => {}
        LogFormat::Text => {
            for report in resolved {
                screen.say(&review::text::report(report));
            }
            screen.say(&review::text::recorded(observed, &place));
        }
    }
}

/// Begins the ledger if it is not there yet, and says so: what was remembered elsewhere is not in it.
pub async fn open_ledger(ground: &Ground, lineage: &str, screen: &Screen) -> Result<(), Failure> {
    let begins = ground.ledger.lineage().is_none();
    let opened = ground.ledger.ensure_opened(lineage).await;
    opened.map_err(Failure::of_ledger)?;
    if begins {
        screen.remark(&format!(
            "A new ledger was begun at {}.",
            named(&ground.place)
        ));
    }
    Ok(())
}

/// A saved plan was made elsewhere, at another time: it is applied, or it is not.
pub fn not_with_a_plan(path: &Path) -> Failure {
    Failure::new(format!(
        "--refresh-only reads anew, and {} is a saved plan: give manifests",
        path.display()
    ))
    .with_exit(Exit::Usage)
}
