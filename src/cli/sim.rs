//! `afresh sim`: serve a simulated cloud on loopback, move its clock, forget it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Global, Sim};
use super::error::{Exit, Failure};
use super::links;
use super::output::write_file;
use super::places::{sim_folder, simulated_ledger, world_beside};
use super::screen::Screen;
use super::session::{held, world};
use crate::clock::Clock;
use crate::escape;
use crate::model::desired::LedgerPlace;
use crate::model::time::{Span, in_calendar, minute};
use crate::mutex::Mutex;
use crate::sim::server::{self, Options, Served};
use crate::sim::{self, World};

/// Does one of the `sim` commands.
pub async fn run(command: &Sim, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    match command {
        Sim::Serve {
            world,
            port,
            latency,
            store,
            write_manifests,
        } => {
            let options = Options {
                azure_port: *port,
                log: global.sim_log.clone(),
                latency: std::time::Duration::from_secs(latency.unwrap_or_default().as_secs()),
                ..Options::default()
            };
            serve(
                world,
                store.as_deref(),
                options,
                write_manifests.as_deref(),
                screen,
            )
            .await
        }
        Sim::Advance { by, paths } => advance(*by, &paths.or_here(), global, screen),
        Sim::Reset { paths } => reset(&paths.or_here(), global, screen),
    }
}

async fn serve(
    file: &Path,
    store: Option<&Path>,
    options: Options,
    manifests: Option<&Path>,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let world = match store {
        Some(store) => World::load(file, store, &Clock::Real).map_err(|error| {
            let is_stale = matches!(
                error,
                sim::Error::AnotherWorld { .. } | sim::Error::Stored { .. }
            );
            let failure = Failure::from(error);
            if is_stale {
                failure.with_advice(format!(
                    "to begin anew from the world file, remove {}",
                    escape::line(&store.display().to_string())
                ))
            } else {
                failure
            }
        })?,
        None => World::from_text(
            &super::screen::read_file(file, crate::limits::MANIFEST_BYTES_MAX)?,
            file,
            &Clock::Real,
        )?,
    };
    let is_throttling = world.is_throttling();
    let world = Arc::new(Mutex::new(world));
    let served = server::serve(Arc::clone(&world), &options).await?;
    if let Some(path) = manifests {
        write_file(path, &manifests_of(&served, is_throttling), screen)?;
    }
    screen.say(&ready(&served));
    // Nobody learns where it listens.
    screen.all_said()?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    served.stop().await;
    world.lock().close()?;
    Ok(Exit::AsWanted)
}

fn ready(served: &Served) -> String {
    let mut text = format!(
        "ready\n  Entra ID and Resource Manager   http://{}\n",
        served.azure
    );
    for (host, address) in served.workspaces.iter().chain(&served.vaults) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {host}   http://{address}");
    }
    text
}

/// Of a world that does not throttle: nobody has to hold back.
const UNLIMITED: &str = "  limits:\n    reads: {burst: 1000000, perSecond: 1000000}\n    writes: {burst: 1000000, perSecond: 1000000}\n    databricks: {burst: 1000000, perSecond: 1000000}\n";

/// A Cloud for each workspace and each vault, since a Cloud of one exact host has one Databricks domain and one vault.
fn manifests_of(served: &Served, is_throttling: bool) -> String {
    let limits = if is_throttling { "" } else { UNLIMITED };
    let azure = format!("http://{}", served.azure);
    let mut documents = Vec::new();
    let hosts: Vec<String> = served
        .workspaces
        .iter()
        .map(|(_, address)| address.to_string())
        .collect();
    for index in 0..hosts.len().max(served.vaults.len()).max(1) {
        let host = hosts.get(index).or(hosts.first());
        let host = host.map_or("127.0.0.1:1", String::as_str);
        let vault = served.vaults.get(index).or(served.vaults.first());
        let vault = vault.map(|(name, address)| vault_of(name, address));
        let name = if index == 0 {
            "sim".to_owned()
        } else {
            format!("sim-{}", index + 1)
        };
        documents.push(format!(
            "apiVersion: afresh/v1\nkind: Cloud\nmetadata: {{name: {name}}}\nspec:\n  authority: \"{azure}\"\n  resourceManager: \"{azure}\"\n  audience: \"https://management.azure.com\"\n  databricks: {{domain: \"{host}\", managementAudience: \"https://management.core.windows.net/\"}}\n{}{limits}",
            vault.unwrap_or_default()
        ));
    }
    format!(
        "# Written by `afresh sim serve`: the addresses of one simulated cloud. Trust it with --allow-loopback.\n{}",
        documents.join("---\n")
    )
}

/// A vault takes tokens for its own domain, wherever it is served.
fn vault_of(host: &str, address: &std::net::SocketAddr) -> String {
    let domain = host.split_once('.').map_or(host, |(_, domain)| domain);
    format!("  vault: {{domain: \"{address}\", resource: \"https://{domain}\"}}\n")
}

fn advance(by: Span, paths: &[PathBuf], global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let Some(file) = &global.sim else {
        return Err(
            Failure::new("which world? Name it with --sim WORLD.yaml").with_exit(Exit::Usage)
        );
    };
    let (manifests, policy) = held(paths, global, screen)?;
    let ledger = simulated_ledger(&manifests.desired.project.ledger);
    let stored = world_beside(&ledger);
    links::hold_ledger(paths, &LedgerPlace::File(ledger), &policy, global)?;
    let mut world = world(file, &stored)?;
    let Clock::Manual(clock) = world.clock() else {
        return Err(Failure::new(
            "this world runs in real time, which cannot be advanced; set `clock:` in the world file",
        ));
    };
    let then = in_calendar(by.after(clock.now())).map_err(Failure::new)?;
    clock.advance_to(then);
    world.save(&stored)?;
    screen.tell(&format!("It is {} in this world.", minute(clock.now())));
    Ok(Exit::AsWanted)
}

fn reset(paths: &[PathBuf], global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let (manifests, policy) = held(paths, global, screen)?;
    let ledger = &manifests.desired.project.ledger;
    let simulated = LedgerPlace::File(simulated_ledger(ledger));
    links::hold_ledger(paths, &simulated, &policy, global)?;
    let folder = match ledger {
        LedgerPlace::Blob(_) => {
            return Err(Failure::new(
                "a simulated cloud is kept beside a ledger file, and this project's ledger is a blob",
            ));
        }
        place @ LedgerPlace::File(_) => sim_folder(place),
    };
    match std::fs::remove_dir_all(&folder) {
        Ok(()) => screen.tell(&escape::line(&format!("Forgot {}.", folder.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            screen.tell("There is nothing to forget.");
        }
        Err(error) => {
            return Err(Failure::because(
                &format!("cannot remove {}", folder.display()),
                &error,
            ));
        }
    }
    Ok(Exit::AsWanted)
}
