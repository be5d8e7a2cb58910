//! Text, JSON, Markdown and `why` say the same of every subject: each is read as a reader would, and compared with the others.

use std::collections::BTreeMap;

use afresh::model::desired::LedgerPlace;
use afresh::model::verdict::Plan;
use afresh::review::Uses;
use afresh::review::markdown::{self, MarkdownOptions};
use afresh::review::text::{self, TextOptions};
use afresh::saved::{self, File};
use serde_json::Value;

use crate::play::History;
use crate::tally::Law;

/// What one output says of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    /// `kept`, `broken`, `unproven`, `unknown`.
    promise: String,
    /// `regenerate authKey1`, `on hold`, `up to date`.
    action: String,
}

/// The counts of one output, by their words.
type Counts = BTreeMap<String, u64>;

const PROMISES: [&str; 4] = ["kept", "broken", "unproven", "unknown"];
const COUNTED: [&str; 9] = [
    "to regenerate",
    "to run",
    "to cancel",
    "on hold",
    "up to date",
    "kept",
    "broken",
    "unproven",
    "unknown",
];

pub fn all(history: &mut History, plan: &Plan) {
    let ledger = LedgerPlace::File("ledger.jsonl".into());
    let lines = saved::text(&File {
        basis: None,
        plan: plan.clone(),
        key_connections: BTreeMap::new(),
        vaults: BTreeMap::new(),
        workspaces: BTreeMap::new(),
        project: "lab".to_owned(),
        ledger: ledger.clone(),
        lineage: "oracle".to_owned(),
        began: true,
        guardrails: afresh::model::desired::Guardrails::default(),
        trust: Vec::new(),
        sentences: plan.steps.iter().map(text::sentence).collect(),
    });
    let lines = lines.unwrap();
    let verbose = TextOptions {
        verbose: true,
        ..TextOptions::default()
    };
    let text = text::plan(plan, &verbose);
    let markdown = plain(&markdown::plan(
        plan,
        &MarkdownOptions {
            limit: markdown::Limit::GitLab,
            title: "afresh",
            marker: "lab",
            digest: "0",
            actions: Some("1"),
            links: &[],
            guardrails: None,
            pull: None,
            previous: None,
            uses: Uses {
                ledger: &ledger,
                all: &[],
            },
            given: "",
        },
    ));
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let steps: Vec<Value> = lines
        .filter_map(|mut line| Some(line.get_mut("step")?.take()))
        .collect();
    let mut differ = Vec::new();
    for (value, step) in steps.iter().zip(&plan.steps) {
        let address = value["address"].as_str().unwrap();
        let own = of_json(value);
        let why = text::why(step, plan, "");
        for (output, said) in [
            (
                "its sentence",
                Some(of_sentence(value["sentence"].as_str().unwrap())),
            ),
            ("text", of_text(&text, address)),
            ("Markdown", of_markdown(&markdown, address)),
            ("why", of_why(&why)),
        ] {
            if said.as_ref() != Some(&own) {
                differ.push(format!(
                    "{address}: JSON says {own:?}, {output} says {said:?}"
                ));
            }
        }
    }
    let counted = counts_of_json(&steps);
    for (output, counts) in [("text", counts(&text)), ("Markdown", counts(&markdown))] {
        if counts != counted {
            differ.push(format!("JSON counts {counted:?}, {output} {counts:?}"));
        }
    }
    history
        .tally
        .check(Law::Words, plan.at, differ.is_empty(), || {
            format!("{differ:#?}\n{text}\n{markdown}")
        });
}

/// The name of a variant: `"kept"`, or `{"broken": …}`.
fn variant(value: &Value) -> String {
    let name = value.as_str().or_else(|| {
        let fields = value.as_object()?;
        fields.keys().next().map(String::as_str)
    });
    name.unwrap_or_default().to_owned()
}

fn of_json(step: &Value) -> Said {
    let promise = variant(&step["promise"]);
    let verdict = &step["verdict"];
    let action = match variant(verdict).as_str() {
        "hold" => "on hold".to_owned(),
        "keep" if promise == "broken" => "broken".to_owned(),
        "keep" => "up to date".to_owned(),
        _ => title(&verdict["act"]["moves"][0], key_word(step)),
    };
    Said { promise, action }
}

/// What the names of both keys begin with, of what a step is about. A plan file knows one pair of names for all services.
fn key_word(step: &Value) -> &'static str {
    if step["target"].to_string().contains("Microsoft.Storage") {
        "key"
    } else {
        "authKey"
    }
}

fn title(action: &Value, key_word: &str) -> String {
    let of = &action[variant(action)];
    match variant(action).as_str() {
        "regenerate" => {
            let slot = of["slot"].as_str().unwrap_or_default();
            format!("regenerate {}", slot.replace("authKey", key_word))
        }
        "start" => "run now".to_owned(),
        "cancel" => format!("cancel run {}", of["run"]),
        other => other.to_owned(),
    }
}

fn counts_of_json(steps: &[Value]) -> Counts {
    let mut counts: Counts = COUNTED.map(|word| (word.to_owned(), 0)).into();
    for step in steps {
        let said = of_json(step);
        *counts.entry(said.promise.clone()).or_default() += 1;
        let actions = step["verdict"]["act"]["moves"].as_array();
        for action in actions.into_iter().flatten() {
            let word = match variant(action).as_str() {
                "regenerate" => "to regenerate",
                "cancel" => "to cancel",
                _ => "to run",
            };
            *counts.entry(word.to_owned()).or_default() += 1;
        }
        if actions.is_none() && said.action != "broken" {
            *counts.entry(said.action).or_default() += 1;
        }
    }
    counts
}

/// The numbers before the words that count, in the sentences that do.
fn counts(output: &str) -> Counts {
    let mut counts: Counts = COUNTED.map(|word| (word.to_owned(), 0)).into();
    let head = |line: &&str| {
        line.starts_with("Plan: ")
            || line.starts_with("Nothing to do")
            || line.contains("could not be")
            || line.starts_with("### ")
            || line.contains("Promises")
    };
    for line in output.lines().filter(head) {
        for piece in line.split([',', '.', ':']) {
            let piece = piece.trim().trim_start_matches("**").trim();
            let Some((number, word)) = piece.split_once(' ') else {
                continue;
            };
            if let (Ok(number), true) = (number.parse(), COUNTED.contains(&word)) {
                counts.insert(word.to_owned(), number);
            }
        }
    }
    counts
}

/// The word of a promise in the pieces of a sentence; what is kept goes without saying.
fn promise_in<'a>(mut pieces: impl Iterator<Item = &'a str>) -> String {
    let word = pieces.find_map(|piece| {
        let piece = piece.trim().trim_start_matches("promise ");
        PROMISES
            .into_iter()
            .find(|word| piece == *word || piece.starts_with(&format!("{word} ")))
    });
    word.unwrap_or("kept").to_owned()
}

/// `on hold until …, broken since …: why`, `regenerate authKey1   97d old; broken since …`.
fn of_sentence(sentence: &str) -> Said {
    let sentence = sentence.trim();
    let acts = ["regenerate ", "run now", "submit", "cancel run "];
    if acts.iter().any(|act| sentence.starts_with(act)) {
        let end = sentence.find("   ").or_else(|| sentence.find(": "));
        let action = &sentence[..end.unwrap_or(sentence.len())];
        let action = action.split(", then ").next().unwrap_or_default();
        return Said {
            promise: promise_in(sentence.split([';', '\n']).skip(1)),
            action: action.to_owned(),
        };
    }
    let state = sentence.split(": ").next().unwrap_or_default();
    let promise = promise_in(state.split(','));
    let action = ["on hold", "up to date"]
        .into_iter()
        .find(|word| state.starts_with(word));
    Said {
        action: action.unwrap_or(&promise).to_owned(),
        promise,
    }
}

fn of_text(text: &str, address: &str) -> Option<Said> {
    let row = format!("  {address} ");
    let line = text.lines().find(|line| line.starts_with(&row))?;
    Some(of_sentence(&line[row.len()..]))
}

fn of_why(why: &str) -> Option<Said> {
    let head = why.lines().next()?;
    let said = of_sentence(head.split_once(": ")?.1);
    let promise = why.lines().find(|line| line.starts_with("  promise "))?;
    let promise = promise_in(promise["  promise ".len()..].split(';'));
    (promise == said.promise).then_some(said)
}

/// Markdown without what keeps it from meaning anything.
fn plain(markdown: &str) -> String {
    let signs = [("&#35;", "#"), ("&#42;", "*"), ("\\", "")];
    let unescape = |text: String, (sign, meant): (&str, &str)| text.replace(sign, meant);
    signs.into_iter().fold(markdown.to_owned(), unescape)
}

/// The row of its table, or its line among those that are up to date.
fn of_markdown(markdown: &str, address: &str) -> Option<Said> {
    let code = format!("<code>{address}</code>");
    let row = markdown.lines().find(|line| is_row_of(line, &code));
    let Some(row) = row else {
        let listed = format!("- {code}: ");
        let is_listed = markdown.lines().any(|line| line.starts_with(&listed));
        return is_listed.then(|| Said {
            promise: "kept".to_owned(),
            action: "up to date".to_owned(),
        });
    };
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
    let promise = promise_in(cells.get(2)?.split([';', ',']));
    let acts = ["regenerate ", "run now", "submit", "cancel run "];
    let action = if acts.iter().any(|act| cells[1].starts_with(act)) {
        cells[1].split(" with ").next()?.to_owned()
    } else {
        section(markdown, address)?
    };
    let action = match action.as_str() {
        "not proved" if promise == "broken" => "broken".to_owned(),
        "not proved" => "up to date".to_owned(),
        other => other.to_owned(),
    };
    Some(Said { promise, action })
}

/// Is it the row of a subject, alone or among others of which the same is said? Not that of an operation which is resolved: it says nothing
/// of what is done now.
fn is_row_of(line: &str, code: &str) -> bool {
    let first = line
        .strip_prefix("| ")
        .and_then(|row| row.split(" | ").next());
    let is_named =
        first.is_some_and(|cell| cell == code || cell.starts_with("**") && cell.contains(code));
    is_named && line.matches(" | ").count() > 1
}

/// The head of the table in which a subject stands that is not acted on. One that needs attention may be on hold or not: its `until` or
/// the evidence tells.
fn section(markdown: &str, address: &str) -> Option<String> {
    let mut head = "";
    for line in markdown.lines() {
        if line.starts_with("| ") && line.contains(" | until | ") {
            head = line.trim_start_matches("| ").split(" |").next()?;
        }
        if is_row_of(line, &format!("<code>{address}</code>")) {
            break;
        }
    }
    if head == "needs attention" {
        let evidence = markdown
            .lines()
            .find(|line| line.starts_with(&format!("{address}: ")))?;
        return Some(of_sentence(evidence.split_once(": ")?.1).action);
    }
    Some(head.to_owned())
}
