//! Reads a saved plan that is to be done. Where the policy says who signs, enough of them have signed the very bytes that are read.
//!
//! Signatures are files: `PLANFILE.sig`, where `ssh-keygen -Y sign` puts it, and those that `--signature` names.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use super::args::{Apply as Args, STDIN};
use super::error::{Exit, Failure};
use super::planfile::{load, read};
use super::screen::{Screen, open_file};
use crate::escape::{line, paragraph, word};
use crate::limits::{PLAN_BYTES_MAX, SIGNATURE_BYTES_MAX};
use crate::model::policy::Policy;
use crate::model::signing::{Signer, Signing};
use crate::signature::{self, Hashes, Hashing, NAMESPACE, Sealed};
use crate::{regular, saved};

/// A file that should be a signature: why it is none, or what it says.
type Found = (PathBuf, Result<Sealed, String>);

/// Reads a saved plan, as [`planfile`](super::planfile) does, and holds it to the policy's signers.
///
/// # Errors
/// It cannot be used, or too few have signed it; exit code 5.
pub fn load_signed(
    path: &Path,
    args: &Args,
    policy: &Policy,
    screen: &Screen,
) -> Result<saved::File, Failure> {
    let named = &args.approving.signature;
    let Some(signing) = &policy.signing else {
        if named.is_empty() {
            return load(path, screen);
        }
        let summary = "--signature proves nothing here: no policy in force says who may sign";
        return Err(Failure::new(summary).with_exit(Exit::Usage).with_advice(
            "Name the policy that has `approval.signers` with --policy, or leave out --signature.",
        ));
    };
    let files: BTreeSet<PathBuf> = beside(path).into_iter().chain(named.clone()).collect();
    let signatures: Vec<Found> = files.into_iter().map(found).collect();
    let mut input = BufReader::new(Hashing::new(open_file(path, PLAN_BYTES_MAX)?));
    // Whoever reads a plan reads it to its end.
    let file = read(path, &mut input, screen)?;
    let hashes = input.into_inner().finish();
    let counted = Counted::of(&signatures, &hashes, signing);
    if counted.people.len() < signing.needed {
        let asked = Asked {
            path,
            policy,
            signing,
            screen,
        };
        return Err(counted.too_few(&asked));
    }
    for (file, why) in &counted.rejected {
        screen.remark(&line(&format!(
            "warning: the signature {} does not count: {why}",
            file.display()
        )));
    }
    Ok(file)
}

/// A signature proves something about a saved plan only.
///
/// # Errors
/// One is named, and no saved plan.
pub fn check_named(args: &Args) -> Result<(), Failure> {
    if args.approving.signature.is_empty() || args.approving.approved_plan.is_some() {
        return Ok(());
    }
    Err(
        Failure::new("--signature goes with a saved plan: that is what is signed")
            .with_exit(Exit::Usage),
    )
}

/// Manifests are not signed, only plans.
pub fn unsigned_manifests(policy: &Policy, signing: &Signing, screen: &Screen) -> Failure {
    let plan = Path::new("plan.json");
    let mut advice = format!(
        "{}. Save the plan and have it signed:\n    {}\n    {}\nThen apply it, or these manifests with --approved-plan plan.json:\n    {}",
        who(signing, &BTreeSet::new()),
        screen.typed.plan_again(plan),
        sign(&word("plan.json")),
        screen.typed.command_on(["apply"], plan),
    );
    add_reason(&mut advice, policy);
    Failure::new(
        "the policy asks for a signed plan, and manifests are not signed, so nothing was done",
    )
    .with_exit(Exit::Refused)
    .with_advice(advice)
}

/// The signature beside a plan, if something is there.
fn beside(plan: &Path) -> Option<PathBuf> {
    if plan == Path::new(STDIN) {
        return None;
    }
    let mut name = plan.as_os_str().to_owned();
    name.push(".sig");
    let path = PathBuf::from(name);
    // One that cannot be looked at is there: reading it says what is wrong.
    let gone = fs::symlink_metadata(&path).is_err_and(|why| why.kind() == ErrorKind::NotFound);
    (!gone).then_some(path)
}

fn found(path: PathBuf) -> Found {
    let read = match regular::read(&path, SIGNATURE_BYTES_MAX) {
        Ok(Some(text)) => signature::read(&text).map_err(|why| why.to_string()),
        Ok(None) => Err(format!("it is larger than {SIGNATURE_BYTES_MAX} bytes")),
        Err(why) => Err(format!("it cannot be read: {why}")),
    };
    (path, read)
}

/// Which signatures count, and why others do not.
struct Counted<'a> {
    /// By file.
    accepted: Vec<(&'a Path, &'a Signer)>,
    rejected: Vec<(&'a Path, String)>,
    /// Who has signed: nobody counts twice.
    people: BTreeSet<String>,
}

impl<'a> Counted<'a> {
    fn of(signatures: &'a [Found], hashes: &Hashes, signing: &'a Signing) -> Self {
        let (mut accepted, mut rejected) = (Vec::new(), Vec::new());
        for (path, read) in signatures {
            let checked = read.as_ref().map_err(Clone::clone).and_then(|sealed| {
                signature::check(sealed, hashes, signing).map_err(|why| why.to_string())
            });
            match checked {
                Ok(signer) => accepted.push((path.as_path(), signer)),
                Err(why) => rejected.push((path.as_path(), why)),
            }
        }
        let people = accepted.iter().map(|(_, signer)| signer.person());
        Self {
            people: people.collect(),
            accepted,
            rejected,
        }
    }

    fn too_few(&self, asked: &Asked<'_>) -> Failure {
        let (plan, needed) = (asked.path.display(), asked.signing.needed);
        let has = match self.people.len() {
            0 => "none that counts".to_owned(),
            some => format!("{some} that counts"),
        };
        let is_alone = self.accepted.is_empty() && self.rejected.is_empty();
        let end = if is_alone { "" } else { ":" };
        let mut lines = vec![format!(
            "the policy asks for {}, and {plan} has {has}, so nothing was done{end}",
            count(needed)
        )];
        let accepted = self
            .accepted
            .iter()
            .map(|(file, signer)| format!("{}: signed by {}", file.display(), signer.name));
        let rejected = self.rejected.iter();
        let rejected = rejected.map(|(file, why)| format!("{}: {why}", file.display()));
        lines.extend(
            accepted
                .chain(rejected)
                .map(|one| format!("  {}", line(&one))),
        );
        Failure::new(lines.join("\n"))
            .with_exit(Exit::Refused)
            .with_advice(self.advice(asked))
    }

    fn advice(&self, asked: &Asked<'_>) -> String {
        let plan = asked.path.as_os_str().to_string_lossy();
        let missing = who(asked.signing, &self.people);
        let taken = beside(asked.path);
        let is_taken = self
            .accepted
            .iter()
            .any(|(file, _)| Some(*file) == taken.as_deref());
        let mut advice = if asked.path == Path::new(STDIN) {
            format!(
                "{missing}, and name the signature with --signature:\n    {}",
                sign("PLANFILE")
            )
        } else if is_taken {
            let next = format!(
                "{plan}.{}.sig",
                self.accepted.len() + self.rejected.len() + 1
            );
            let command = sign(&format!("< {} > {}", word(&plan), word(&next)));
            let again = asked.screen.typed.again(["--signature", &next]);
            format!("{missing}:\n    {command}\nThen:\n    {again}")
        } else {
            format!("{missing}:\n    {}", sign(&word(&plan)))
        };
        add_reason(&mut advice, asked.policy);
        advice
    }
}

/// What was to be done, and who asks.
struct Asked<'a> {
    path: &'a Path,
    policy: &'a Policy,
    signing: &'a Signing,
    screen: &'a Screen,
}

/// Who may sign that has not.
fn who(signing: &Signing, people: &BTreeSet<String>) -> String {
    let mut told = BTreeSet::new();
    let open = signing.signers.iter().filter(|one| {
        let person = one.person();
        !people.contains(&person) && told.insert(person)
    });
    let names: Vec<&str> = open.map(|one| one.name.as_str()).collect();
    let missing = signing.needed.saturating_sub(people.len());
    match names.as_slice() {
        [one] => format!("{one} has to sign"),
        names if missing == 1 => format!("One of these has to sign: {}", names.join(", ")),
        names => format!("{missing} of these have to sign: {}", names.join(", ")),
    }
}

fn count(needed: usize) -> String {
    if needed == 1 {
        "a signature".to_owned()
    } else {
        format!("signatures of {needed} people")
    }
}

fn sign(file: &str) -> String {
    format!("ssh-keygen -Y sign -f KEY -n {NAMESPACE} {file}")
}

fn add_reason(advice: &mut String, policy: &Policy) {
    let told = policy.told();
    if !told.is_empty() {
        advice.push('\n');
        advice.push_str(&paragraph(&told));
    }
}
