//! Reads a plan line by line: what is held is the plan so far and the line that is being read.

use std::io::{BufRead, Read};
use std::path::PathBuf;

use serde::Deserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};

use super::actions::actions_digest;
use super::digest::digest;
use super::error::{Excess, Place, SavedError, Unread};
use super::file::{FORMAT, File};
use super::known::{Known, Wrong};
use super::measure::{Kind, Measure, Seal, trimmed};
use super::mirror::Mirror;
use super::shape::line::{End, Head, Line};
use super::shape::step::{Step, Target};
use super::{place, shape};
use crate::limits::PLAN_LINE_BYTES_MAX;
use crate::model::shard::{Basis, Part, Shard};
use crate::model::trust::Use;
use crate::model::verdict::Plan;

const FAMILY: &str = "afresh-plan/";
/// So much of a file tells whether it is a plan, and whose.
const BEGINNING: u64 = 64 * 1024;

/// Reads what [`super::write()`] wrote.
///
/// # Errors
/// Every way in which it is not such a file, or not any more.
pub fn read(mut input: impl BufRead) -> Result<File, Unread> {
    let mut beginning = Vec::new();
    let begun = (&mut input).take(BEGINNING).read_to_end(&mut beginning);
    let begun = begun.map_err(|error| unreadable(&error));
    let file = begun.and_then(|_| is_plan(&beginning)).and_then(|()| {
        let input = beginning.as_slice().chain(input);
        Reader::new(input).file()
    });
    file.map_err(|why| Unread {
        why,
        ledger: ledger_file(&String::from_utf8_lossy(&beginning)),
    })
}

/// Where the ledger lies that a plan file was made from, as far as its beginning tells, which may be cut or damaged.
pub(super) fn ledger_file(beginning: &str) -> Option<PathBuf> {
    let file = |rest: &str| {
        let rest = after(rest, &[':', '{'])?.strip_prefix("\"file\"")?;
        let value = after(rest, &[':'])?;
        let mut values = serde_json::Deserializer::from_str(value).into_iter::<String>();
        values.next()?.ok().map(PathBuf::from)
    };
    let mut places = beginning.match_indices("\"ledger\"");
    places.find_map(|(at, key)| file(&beginning[at + key.len()..]))
}

/// What follows these signs, with any blanks around them.
fn after<'a>(text: &'a str, signs: &[char]) -> Option<&'a str> {
    signs
        .iter()
        .try_fold(text.trim_ascii_start(), |rest, sign| {
            Some(rest.strip_prefix(*sign)?.trim_ascii_start())
        })
}

/// Is it of a plan's family and of this version, or damaged so that nobody can tell?
fn is_plan(beginning: &[u8]) -> Result<(), SavedError> {
    let mut values = serde_json::Deserializer::from_slice(beginning);
    let mut format = None;
    // Where the value ends, or is damaged, is found when the line is read.
    let _ = values.deserialize_map(FormatOf(&mut format));
    match format {
        Some(format) if format == FORMAT => Ok(()),
        Some(format) => Err(of_another_version(format)),
        None if String::from_utf8_lossy(beginning).contains(FAMILY) => Ok(()),
        None => Err(SavedError::NotAPlan),
    }
}

/// Takes the `format` of an object, and ends with it: what follows may be cut off.
struct FormatOf<'a>(&'a mut Option<String>);

impl<'de> Visitor<'de> for FormatOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a plan")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "format" {
                *self.0 = Some(map.next_value()?);
                break;
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

fn of_another_version(format: String) -> SavedError {
    let version = |text: &str| text.strip_prefix(FAMILY)?.parse::<u32>().ok();
    let is_newer = |own: u32| version(FORMAT).is_some_and(|known| known < own);
    match version(&format).map(is_newer) {
        None => SavedError::NotAPlan,
        Some(true) => SavedError::NewerVersion { format },
        Some(false) => SavedError::OlderVersion { format },
    }
}

fn unreadable(error: &std::io::Error) -> SavedError {
    SavedError::Unreadable {
        why: error.to_string(),
    }
}

const fn too_large(excess: Excess) -> SavedError {
    SavedError::TooLarge { excess }
}

struct Reader<R> {
    input: R,
    /// The line that is being read, with its end.
    line: Vec<u8>,
    measure: Measure,
    seal: Seal,
    known: Known,
}

/// What the lines after the first add up to.
struct Body {
    plan: Plan,
    trust: Vec<Use>,
    sentences: Vec<String>,
}

impl<R: BufRead> Reader<R> {
    fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            measure: Measure::default(),
            seal: Seal::default(),
            known: Known::default(),
        }
    }

    fn file(mut self) -> Result<File, SavedError> {
        let head: Head = self.next()?;
        if head.format != FORMAT {
            return Err(of_another_version(head.format));
        }
        self.seal.add(trimmed(&self.line));
        let (part, basis) = head.shard.map(part).transpose()?.unzip();
        let mut body = Body {
            plan: Plan {
                at: head.at.0,
                valid_until: head.valid_until.0,
                refused: head.refused,
                steps: Vec::new(),
                skipped: Vec::new(),
                logs: Vec::new(),
                exceeded: head.exceeded.back(),
                freezes: head.freezes.back(),
                requests: head.requests.back(),
                refresh: head.refresh.back(),
                part,
            },
            trust: Vec::new(),
            sentences: Vec::new(),
        };
        let end = loop {
            match self.next()? {
                Line::End(end) => break end,
                line => {
                    self.seal.add(trimmed(&self.line));
                    self.take(line, &mut body)?;
                }
            }
        };
        self.is_over()?;
        let known = holds(self.measure.lines, self.seal, self.known, &body.plan, &end)?;
        Ok(File {
            plan: body.plan,
            key_connections: known.key_connections,
            vaults: known.vaults,
            workspaces: known.workspaces,
            project: head.project,
            ledger: head.ledger.back(),
            lineage: head.lineage,
            began: head.ledger_began,
            guardrails: head.guardrails.back(),
            basis,
            trust: body.trust,
            sentences: body.sentences,
        })
    }

    /// The next line, parsed.
    fn next<T: DeserializeOwned>(&mut self) -> Result<T, SavedError> {
        self.advance()?;
        let is_whole = self.line.ends_with(b"\n");
        let cut = SavedError::Cut {
            line: self.measure.lines,
        };
        if self.line.is_empty() {
            return Err(cut);
        }
        serde_json::from_slice(trimmed(&self.line)).map_err(|error| {
            if error.is_eof() && !is_whole {
                cut
            } else {
                self.malformed(&error)
            }
        })
    }

    /// Reads a line, which is empty at the end of the file, and counts it.
    fn advance(&mut self) -> Result<(), SavedError> {
        self.line.clear();
        // One byte more, and its end: whoever counts it sees that it is too long.
        let most = u64::try_from(PLAN_LINE_BYTES_MAX + 2).unwrap_or(u64::MAX);
        (&mut self.input)
            .take(most)
            .read_until(b'\n', &mut self.line)
            .map_err(|error| unreadable(&error))?;
        self.measure.count(trimmed(&self.line)).map_err(too_large)
    }

    /// Nothing stands behind the last line.
    fn is_over(&mut self) -> Result<(), SavedError> {
        let rest = self.input.fill_buf().map_err(|error| unreadable(&error))?;
        if rest.is_empty() {
            return Ok(());
        }
        Err(SavedError::Malformed {
            place: Place {
                line: self.measure.lines + 1,
                column: None,
                path: String::new(),
            },
            why: "it stands behind the line that ends the plan".to_owned(),
        })
    }

    fn take(&mut self, line: Line, body: &mut Body) -> Result<(), SavedError> {
        self.count_named(&line).map_err(too_large)?;
        let taken = match line {
            Line::Cloud(line) => self.known.cloud(line),
            Line::Credential(line) => self.known.credential(line),
            Line::Factory(line) => self.known.factory(line),
            Line::Subscription(line) => self.known.subscription(line),
            Line::Vault(line) => self.known.vault(line),
            Line::Workspace(line) => self.known.workspace(line),
            Line::Use(line) => {
                body.trust.push(line.back());
                Ok(())
            }
            Line::Rule(line) => self.known.rule(line),
            Line::Step(line) => self
                .known
                .step(*line, body.plan.at)
                .map(|(step, sentence)| {
                    body.plan.steps.push(step);
                    body.sentences.push(sentence);
                }),
            Line::PassedOver(line) => {
                body.plan.skipped.push(line.back());
                Ok(())
            }
            Line::Log(line) => {
                body.plan.logs.push(line.back(Vec::new()));
                Ok(())
            }
            Line::Regeneration(line) => match body.plan.logs.last_mut() {
                Some(log) => {
                    log.events.push(line.back());
                    Ok(())
                }
                None => Err(Wrong::at("regeneration", "no line before it says a log")),
            },
            // Whoever reads the lines ends with it.
            Line::End(_) => Ok(()),
        };
        taken.map_err(|Wrong { path, why }| SavedError::Malformed {
            place: Place {
                line: self.measure.lines,
                column: None,
                path,
            },
            why,
        })
    }

    /// Counts again what this line names, and keeps how much it is if others will name it.
    fn count_named(&mut self, line: &Line) -> Result<(), Excess> {
        let measure = &mut self.measure;
        match line {
            Line::Cloud(line) => {
                let name = line.reference.as_ref().unwrap_or(&line.name);
                measure.keep(Kind::Cloud, name);
            }
            Line::Credential(line) => measure.keep(Kind::Credential, &line.reference),
            Line::Factory(line) => {
                measure.keep(Kind::KeyConnection, line.name.0.as_str());
                of_reached(&line.cloud, &line.credential, measure)?;
            }
            Line::Subscription(line) => {
                measure.keep(Kind::KeyConnection, line.name.0.as_str());
                of_reached(&line.cloud, &line.credential, measure)?;
            }
            Line::Vault(line) => of_reached(&line.cloud, &line.credential, measure)?,
            Line::Workspace(line) => {
                measure.keep(Kind::Workspace, line.name.0.as_str());
                of_reached(&line.cloud, &line.credential, measure)?;
            }
            Line::Rule(line) => {
                let name = line.reference.as_deref();
                measure.keep(Kind::Rule, name.unwrap_or(line.name.0.as_str()));
            }
            Line::Step(line) => of_step(line, measure)?,
            Line::Use(_)
            | Line::PassedOver(_)
            | Line::Log(_)
            | Line::Regeneration(_)
            | Line::End(_) => {}
        }
        Ok(())
    }

    fn malformed(&self, error: &serde_json::Error) -> SavedError {
        let (line, column) = (error.line(), error.column());
        let told = error.to_string();
        let place = format!(" at line {line} column {column}");
        SavedError::Malformed {
            place: Place {
                line: self.measure.lines,
                column: Some(column),
                path: place::path(&self.line, column),
            },
            why: told.strip_suffix(&place).unwrap_or(&told).to_owned(),
        }
    }
}

/// Which part a plan is about, and of which manifests.
fn part(shape: shape::plan::Shard) -> Result<(Part, Basis), SavedError> {
    let shard = Shard::new(shape.number, shape.count).map_err(|why| SavedError::Malformed {
        place: Place {
            line: 1,
            column: None,
            path: "shard".to_owned(),
        },
        why,
    })?;
    let part = Part {
        shard,
        left_out: shape.left_out,
    };
    let basis = Basis {
        documents: shape.documents,
        digest: shape.manifests,
    };
    Ok((part, basis))
}

/// What a connection names.
fn of_reached(cloud: &str, credential: &str, measure: &mut Measure) -> Result<(), Excess> {
    measure.repeat(Kind::Cloud, cloud)?;
    measure.repeat(Kind::Credential, credential)
}

fn of_step(step: &Step, measure: &mut Measure) -> Result<(), Excess> {
    measure.repeat(Kind::Rule, &step.rule)?;
    match &step.target {
        Some(Target::Runtime { connection, .. }) => {
            measure.repeat(Kind::KeyConnection, connection.0.as_str())
        }
        Some(Target::Job { workspace, .. } | Target::Submission { workspace, .. }) => {
            measure.repeat(Kind::Workspace, workspace.0.as_str())
        }
        None => Ok(()),
    }
}

/// Holds what was read against what the last line says of it.
fn holds(
    lines: usize,
    seal: Seal,
    known: Known,
    plan: &Plan,
    end: &End,
) -> Result<Known, SavedError> {
    let mark = if lines != end.lines {
        "number of lines"
    } else if seal.finish() != end.seal {
        "seal"
    } else if digest(plan) != end.digest || actions_digest(plan) != end.actions {
        "digest"
    } else {
        return Ok(known);
    };
    Err(SavedError::Tampered { mark })
}
