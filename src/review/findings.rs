//! Findings in manifests, for programs: as JSON, as SARIF, and as the commands by which a pipeline puts them on lines of a pull request.

use std::fmt::Write as _;
use std::path::Path;

use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use serde_json::{Value, json};

use crate::escape;
use crate::model::desired::Place;
use crate::model::finding::Finding;

/// What a file is called that was read from stdin: no path.
const STDIN: &str = "<stdin>";
/// The schema of SARIF 2.1.0, by its own name for it.
const SARIF_SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One finding. What is null is not known: no line is to blame, or there is no advice.
#[derive(Serialize, JsonSchema)]
pub struct Row<'a> {
    /// `error` or `warning`.
    severity: &'static str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
    help: Option<&'a str>,
}

/// The schema of [`as_json`].
pub fn schema() -> Value {
    let mut schema = schema_for!(Vec<Row<'static>>);
    schema.insert(
        "title".to_owned(),
        "what afresh validate --format json prints".into(),
    );
    schema.to_value()
}

/// A list of findings.
pub fn as_json(findings: &[Finding]) -> Value {
    let row = |finding: &Finding| {
        let place = finding.place.as_ref();
        json!(Row {
            severity: finding.severity.word(),
            file: place.map(|place| place.file.as_str()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            message: &finding.message,
            help: finding.help.as_deref(),
        })
    };
    findings.iter().map(row).collect()
}

/// SARIF 2.1.0, as code scanning reads it. That refuses a report in which a result has no place: one that no line is to blame for
/// stands at the first line of a file.
pub fn as_sarif(findings: &[Finding]) -> Value {
    let mut places = findings.iter().filter_map(in_a_file);
    let first = places.next().map(|place| place.file.clone());
    let somewhere = Place {
        file: first.unwrap_or_else(|| "afresh.yaml".to_owned()),
        line: 1,
        column: 1,
    };
    let results = findings.iter();
    let results: Vec<Value> = results
        .map(|finding| result(finding, in_a_file(finding).unwrap_or(&somewhere)))
        .collect();
    let driver = json!({
        "name": "afresh",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": [
            {"id": "manifest", "shortDescription": {"text": "What is wrong with a manifest, or probably not meant"}},
        ],
    });
    json!({
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    })
}

fn result(finding: &Finding, place: &Place) -> Value {
    json!({
        "ruleId": "manifest",
        "level": finding.severity.word(),
        "message": {"text": sentence(finding)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&place.file)},
                "region": {"startLine": place.line, "startColumn": place.column},
            },
        }],
    })
}

/// Where it is, if that is a file of the repository.
fn in_a_file(finding: &Finding) -> Option<&Place> {
    finding.place.as_ref().filter(|place| place.file != STDIN)
}

/// A path as a reference: relative as it was written, or a whole `file:` address.
fn uri(file: &str) -> String {
    let path = Path::new(file);
    if path.is_absolute()
        && let Ok(url) = url::Url::from_file_path(path)
    {
        return url.into();
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let mut out = String::new();
    for byte in file.trim_start_matches("./").bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Workflow commands of GitHub Actions, one line each.
pub fn as_github(findings: &[Finding]) -> String {
    let value = |text: &str| {
        let text = data(&escape::line(text));
        text.replace(':', "%3A").replace(',', "%2C")
    };
    let command = |finding: &Finding| {
        let place = in_a_file(finding).map(|Place { file, line, column }| {
            format!("file={},line={line},col={column},", value(file))
        });
        format!(
            "::{} {}title=afresh::{}\n",
            finding.severity.word(),
            place.unwrap_or_default(),
            data(&escape::line(&sentence(finding)))
        )
    };
    findings.iter().map(command).collect()
}

/// What ends a workflow command, or stands for it.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Logging commands of Azure Pipelines, one line each.
pub fn as_azure(findings: &[Finding]) -> String {
    let plain = |text: &str| escape::line(text).replace('%', "%AZP25");
    let value = |text: &str| plain(text).replace(';', "%3B").replace(']', "%5D");
    let command = |finding: &Finding| {
        let kind = finding.severity.word();
        let place = in_a_file(finding).map(|Place { file, line, column }| {
            format!(
                "sourcepath={};linenumber={line};columnnumber={column};",
                value(file)
            )
        });
        format!(
            "##vso[task.logissue type={kind};{}]{}\n",
            place.unwrap_or_default(),
            plain(&sentence(finding))
        )
    };
    findings.iter().map(command).collect()
}

/// What is wrong, and what to do.
fn sentence(finding: &Finding) -> String {
    match &finding.help {
        Some(help) => format!("{} ({help})", finding.message),
        None => finding.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Severity;

    fn finding(file: &str, message: &str) -> Finding {
        Finding {
            severity: Severity::Error,
            place: Some(Place {
                file: file.to_owned(),
                line: 3,
                column: 7,
            }),
            message: message.to_owned(),
            help: None,
        }
    }

    /// Whatever a manifest holds, a finding is one command, and begins no second one.
    #[test]
    fn no_text_breaks_out_of_its_command() {
        let hostile = [
            "a\n::error::b",
            "a\r\n##vso[task.setvariable variable=x]b",
            "100% :, ;]",
            "a\u{1b}]0;b",
        ];
        for text in hostile {
            let found = [finding(text, text)];
            let github = as_github(&found);
            assert_eq!(github.lines().count(), 1, "{github}");
            let (properties, _) = github[2..].split_once("::").unwrap();
            assert_eq!(properties.split(',').count(), 4, "{github}");
            let azure = as_azure(&found);
            assert_eq!(azure.lines().count(), 1, "{azure}");
            assert_eq!(
                azure.find(']').unwrap(),
                azure.find("columnnumber=7;]").unwrap() + 15,
                "{azure}"
            );
        }
    }

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri("./estate/a b.yaml"), "estate/a%20b.yaml");
        assert_eq!(uri("/srv/ü.yaml"), "file:///srv/%C3%BC.yaml");
    }
}
