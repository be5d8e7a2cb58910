//! `afresh validate`: everything that can be known offline.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::args::{FindingFormat, Global, STDIN, Validate};
use super::error::{Exit, Failure};
use super::screen::Screen;
use super::{declared, leak, links, policy, surroundings, trust};
use crate::clock::Clock;
use crate::escape;
use crate::limits::MANIFEST_BYTES_MAX;
use crate::manifest::{self, Checked, Input, Problems};
use crate::model::desired::{Desired, LedgerPlace};
use crate::model::finding::{Finding, Severity};
use crate::plan::doubtful;
use crate::plan::walk::{self, Warning};
use crate::review::findings;

/// Reads the manifests and says what is wrong with them, all at once; and which rules may break their promise from now on.
pub fn run(args: &Validate, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let mut input = input(args)?;
    let read = [input.paths.as_slice(), &input.with].concat();
    input.policy = policy::find(global, &read, screen)?;
    match manifest::check(&input) {
        Ok(checked) => {
            let mut walked = walked(&checked);
            walked.extend(untrusted(&checked, &input, global)?);
            Ok(valid(&checked, walked, &input, args, screen))
        }
        Err(problems) => {
            invalid(&problems, &input, args.format, screen);
            Ok(refused(&problems))
        }
    }
}

/// Nothing is wrong; what is probably not meant is told. Under `--strict` that is wrong, too.
fn valid(
    checked: &Checked,
    walked: Vec<Finding>,
    input: &Input,
    args: &Validate,
    screen: &Screen,
) -> Exit {
    let warnings = &checked.warnings;
    let count = warnings.count() + walked.len();
    let exit = if args.strict && count > 0 {
        Exit::Error
    } else {
        Exit::AsWanted
    };
    if let Some(report) = report(args.format) {
        let mut all = warnings.findings();
        all.extend(walked);
        if args.strict {
            for finding in &mut all {
                finding.severity = Severity::Error;
            }
        }
        screen.put(&report(&all));
        return exit;
    }
    if !warnings.is_empty() {
        screen.remark(&warnings.render(screen.color_errors));
    }
    for warning in &walked {
        screen.remark(&as_text(warning));
    }
    if exit == Exit::Error {
        let verb = if count == 1 { "is" } else { "are" };
        let told = format!(
            "error: there {verb} {}, and --strict allows none",
            plural(count, "warning")
        );
        screen.complain(&told);
        return exit;
    }
    screen.tell(&summary(checked, count, input));
    if let (true, Some(desired)) = (screen.verbose > 0, &checked.desired) {
        screen.tell(&declared::declared(desired));
    }
    exit
}

fn invalid(problems: &Problems, input: &Input, format: FindingFormat, screen: &Screen) {
    if let Some(report) = report(format) {
        return screen.put(&report(&problems.findings()));
    }
    screen.complain(&problems.render(screen.color_errors));
    if let Some(folder) = whole_of(input, problems) {
        screen.remark(&format!(
            "\nA part of a project is checked with what it refers to:\n    {}",
            screen
                .typed
                .again(["--with", &folder.display().to_string()])
        ));
    }
}

/// How findings are told to programs, harmless to print; `None`: they are for people.
fn report(format: FindingFormat) -> Option<fn(&[Finding]) -> String> {
    match format {
        FindingFormat::Text => None,
        FindingFormat::Json => Some(|all| escape::json(&findings::as_json(all).to_string())),
        FindingFormat::Sarif => Some(|all| escape::json(&findings::as_sarif(all).to_string())),
        FindingFormat::Github => Some(findings::as_github),
        FindingFormat::Azure => Some(findings::as_azure),
    }
}

/// The policy's own exit code, where only that refuses them.
fn refused(problems: &Problems) -> Exit {
    if problems.are_by_policy() {
        Exit::Refused
    } else {
        Exit::Error
    }
}

/// What a policy would have to allow, or a person, before these manifests are planned.
fn untrusted(checked: &Checked, input: &Input, global: &Global) -> Result<Vec<Finding>, Failure> {
    let desired = checked.desired.as_ref();
    let nowhere = LedgerPlace::File(PathBuf::new());
    let (no_factories, no_workspaces) = (BTreeMap::new(), BTreeMap::new());
    let no_vaults = BTreeMap::new();
    let around = surroundings::of(global);
    let mut project = [input.paths.as_slice(), &input.with].concat();
    if project.is_empty() {
        project.push(PathBuf::from("."));
    }
    let scope = trust::Scope {
        project: &project,
        ledger: desired.map_or(&nowhere, |desired| &desired.project.ledger),
        key_connections: desired.map_or(&no_factories, |desired| &desired.key_connections),
        vaults: desired.map_or(&no_vaults, |desired| &desired.vaults),
        workspaces: desired.map_or(&no_workspaces, |desired| &desired.workspaces),
    };
    let trust = trust::gather(global, &scope, &around, &input.policy)?;
    let denied = trust::denied(&trust, &checked.asks).into_iter();
    let warnings = denied.filter_map(|(asked, denied)| {
        Some(Finding {
            severity: Severity::Warning,
            message: format!("{} is not trusted", asked.ask),
            help: Some(denied.advice()),
            place: Some(asked.place.clone()?),
        })
    });
    let linked = links::hold_ledger(&project, scope.ledger, &input.policy, global).err();
    let linked = linked.map(|failure| Finding {
        severity: Severity::Warning,
        message: failure.summary().to_owned(),
        help: failure.advice().map(|advice| advice.replace("\n    ", " ")),
        place: None,
    });
    Ok(warnings.chain(linked).collect())
}

/// Rules that may break their promise from now on, or may not do what is expected of them.
fn walked(checked: &Checked) -> Vec<Finding> {
    let Some(desired) = checked.desired.as_ref() else {
        return Vec::new();
    };
    let now = Clock::Real.now();
    let walked = walk::warnings(desired, now).into_iter().map(of_walk);
    walked
        .chain(leak::warnings(desired, now))
        .chain(doubtful::warnings(desired))
        .collect()
}

/// A rule that may break its promise, as a finding.
pub fn of_walk(warning: Warning) -> Finding {
    Finding {
        severity: Severity::Warning,
        place: Some(warning.place),
        message: warning.message,
        help: Some(warning.help),
    }
}

/// As people read it: `warning: …`, its place, and what to write.
pub fn as_text(warning: &Finding) -> String {
    let place = warning
        .place
        .as_ref()
        .map(|place| format!("\n --> {}", escape::line(&place.to_string())));
    let help = warning
        .help
        .as_deref()
        .map(|help| format!("\n  = help: {}", escape::line(help)));
    format!(
        "warning: {}{}{}",
        escape::line(&warning.message),
        place.unwrap_or_default(),
        help.unwrap_or_default()
    )
}

fn input(args: &Validate) -> Result<Input, Failure> {
    let mut paths = args.paths.or_here();
    let named = paths.len();
    paths.retain(|path| path != Path::new(STDIN));
    let stdin = (paths.len() < named).then(read_stdin).transpose()?;
    Ok(Input {
        paths,
        stdin,
        with: args.with.clone(),
        ..Input::default()
    })
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin()
        .lock()
        .take(MANIFEST_BYTES_MAX + 1)
        .read_to_end(&mut bytes);
    read.map_err(|error| Failure::because("cannot read stdin", &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MANIFEST_BYTES_MAX) {
        return Ok(bytes);
    }
    Err(Failure::new(format!(
        "stdin is larger than {} MB, the most that is read of a manifest",
        MANIFEST_BYTES_MAX / (1024 * 1024)
    )))
}

/// Where the rest of the project may be, if only files were named and something is missing in them.
fn whole_of(input: &Input, problems: &Problems) -> Option<PathBuf> {
    let is_part = input.with.is_empty() && input.paths.iter().all(|path| path.is_file());
    if !(is_part && problems.miss_documents()) {
        return None;
    }
    let folder = input.paths.first().and_then(|path| path.parent());
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    Some(folder.unwrap_or(Path::new(".")).to_owned())
}

fn summary(checked: &Checked, warnings: usize, input: &Input) -> String {
    let warned = match warnings {
        0 => String::new(),
        some => format!(", {}", plural(some, "warning")),
    };
    match &checked.desired {
        Some(desired) if input.with.is_empty() => whole(desired, &warned),
        Some(_) | None => {
            let verb = if checked.basis.documents == 1 {
                "is"
            } else {
                "are"
            };
            format!(
                "{} {verb} valid{warned}.",
                plural(checked.basis.documents, "document")
            )
        }
    }
}

fn whole(desired: &Desired, warned: &str) -> String {
    let connections = desired.key_connections.len() + desired.workspaces.len();
    let rules = desired.key_ages.len() + desired.job_runs.len();
    format!(
        "{} is valid: {}, {}{warned}.",
        desired.project.name,
        plural(connections, "connection"),
        plural(rules, "rule")
    )
}

fn plural(count: usize, one: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {one}s")
    }
}
