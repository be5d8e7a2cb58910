//! Single words and texts of many kinds.
//!
//! In a text, a plain word that tools read differently is an error, and so is a number.

use std::borrow::Cow;
use std::rc::Rc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::limits::CRON_CHARS_MAX;
use crate::model::address::{Name, is_account_name};
use crate::model::job::RunResult;
use crate::model::time::Timestamp;

use super::super::blank;
use super::super::mask::clipped;
use super::super::problem::{Findings, Mention, Problem, suggestion};
use super::super::scalar::Class;
use super::likeness;
use super::meant;
use super::spot::{Shape, Spot, scalar, text, wrong_type};
use crate::manifest::tree::{Node, Value};
use crate::model::kind::Kind;

/// Why a text is not what it should be, and what would help.
#[derive(Debug)]
pub struct Wrong {
    message: String,
    help: Option<String>,
    secret: bool,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self {
            message,
            help: None,
            secret: false,
        }
    }
}

impl From<&str> for Wrong {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl Wrong {
    /// What was written may be a secret.
    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    fn help(self, help: impl Into<String>) -> Self {
        self.maybe_help(Some(help.into()))
    }

    fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

impl Shape for String {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let scalar = match &spot.node.value {
            Value::Scalar(scalar) if scalar.class() != Class::Null => scalar,
            Value::List(items) => {
                let help = in_brackets(items).map(|text| {
                    format!("if the brackets belong to the text, put it in quotes: `{text}`")
                });
                findings.add(wrong_type(spot, "text").maybe_help(help));
                return None;
            }
            _ => scalar(spot, "text", findings)?,
        };
        text(
            scalar,
            spot.node.mark,
            &format!("`{}`", spot.name),
            findings,
        )
    }
}

/// A list of words on one line, as the text that it may have been meant to be.
fn in_brackets(items: &[Rc<Node>]) -> Option<String> {
    let (first, last) = (items.first()?, items.last()?);
    let words: Option<Vec<&str>> = items
        .iter()
        .map(|item| match &item.value {
            Value::Scalar(scalar) => Some(scalar.text.as_str()),
            Value::List(_) | Value::Map(_) => None,
        })
        .collect();
    let text = format!("\"[{}]\"", words?.join(", "));
    (first.mark.line == last.mark.end_line).then(|| clipped(&text))
}

/// One of a few words.
pub fn word<'a>(spot: Spot<'a>, known: &[&str], findings: &mut Findings) -> Option<&'a str> {
    if let Some(help) = meant::word(spot.name, &spot.node.value, known) {
        findings.add(wrong_type(spot, "a word").help(help));
        return None;
    }
    let scalar = scalar(spot, "a word", findings)?;
    if known.contains(&scalar.text.as_str()) {
        return Some(&scalar.text);
    }
    let message = format!(
        "`{}` is not a value of `{}`",
        clipped(&scalar.text),
        spot.name
    );
    findings.add(Problem::at(spot.node.mark, message).maybe_help(suggestion(&scalar.text, known)));
    None
}

/// Declares a text with rules of its own: the type, its reader, its schema.
macro_rules! text_leaf {
    ($(#[doc = $doc:literal])* $name:ident ( $inner:ty ), pattern $pattern:literal, $parse:expr) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub $inner);

        impl Shape for $name {
            fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
                parsed(spot, $parse, findings).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": concat!($($doc),*).trim() })
            }
        }
    };
}

fn parsed<T>(
    spot: Spot<'_>,
    parse: fn(&str) -> Result<T, Wrong>,
    findings: &mut Findings,
) -> Option<T> {
    let text = String::read(spot, findings)?;
    match parse(&text) {
        Ok(value) => Some(value),
        Err(wrong) => {
            let problem = Problem::at(spot.node.mark, wrong.message).maybe_help(wrong.help);
            findings.add(if wrong.secret {
                problem.secret()
            } else {
                problem
            });
            None
        }
    }
}

text_leaf! {
    /// A name: 1 to 63 lower-case letters, digits, `-` and `.`, beginning and ending with a letter or digit.
    NameText(Name), pattern "^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$", |text| {
        Name::parse(text).map_err(|sentence| {
            let lower = text.to_lowercase().replace(['_', ' '], "-");
            let wrong = Wrong::from(format!("`{}` is not a name: {sentence}", clipped(text)));
            if Name::parse(&lower).is_ok() { wrong.help(format!("write `{lower}`")) } else { wrong }
        })
    }
}

text_leaf! {
    /// A UUID, as in `12345678-1234-1234-1234-1234567890ab`.
    Guid(String), pattern "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$", |text| {
        is_guid(text).then(|| text.to_owned()).ok_or_else(|| {
            Wrong::from(format!("`{}` is not a UUID", clipped(text))).help(likeness::subscription(text))
        })
    }
}

text_leaf! {
    /// A resource group: 1 to 90 letters, digits, `_`, `-`, `.`, `(` and `)`, not ending with a dot.
    ResourceGroup(String), pattern "^[-\\w.()]{0,89}[-\\w()]$", |text| {
        let inside = text.chars().all(|c| c.is_alphanumeric() || "-_.()".contains(c));
        let fits = inside && (1..=90).contains(&text.chars().count()) && !text.ends_with('.');
        fits.then(|| text.to_owned()).ok_or_else(|| Wrong::from(format!(
            "`{}` is not a resource group: 1 to 90 letters, digits, `_`, `-`, `.`, `(` and `)`, not ending with a dot", clipped(text)
        )).maybe_help(likeness::part(text, "resourceGroups")))
    }
}

text_leaf! {
    /// A Data Factory's name: 3 to 63 letters and digits, with single hyphens between them.
    FactoryName(String), pattern "^(?=.{3,63}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$", |text| {
        is_service_name(text).then(|| text.to_owned()).ok_or_else(|| Wrong::from(format!(
            "`{}` is not a factory's name: 3 to 63 letters and digits, with single hyphens between them", clipped(text)
        )).maybe_help(likeness::part(text, "factories")))
    }
}

text_leaf! {
    /// A Synapse workspace's name: 1 to 50 letters, digits and hyphens, beginning and ending with a letter or digit.
    SynapseName(String), pattern "^[A-Za-z0-9]([A-Za-z0-9-]{0,48}[A-Za-z0-9])?$", |text| {
        let inside = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let fits = inside && (1..=50).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-');
        fits.then(|| text.to_owned()).ok_or_else(|| Wrong::from(format!(
            "`{}` is not a Synapse workspace's name: 1 to 50 letters, digits and hyphens, beginning and ending with a letter or digit",
            clipped(text)
        )).maybe_help(likeness::part(text, "workspaces").or_else(|| likeness::host(text))))
    }
}

text_leaf! {
    /// An integration runtime's name (3 to 63 letters and digits, with single hyphens between them), or a pattern with `*` and `?`.
    RuntimePattern(String), pattern "^(?=.{1,63}$)[A-Za-z0-9*?]+(?:-[A-Za-z0-9*?]+)*-?$", |text| {
        let glob = is_glob(text);
        let characters = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'*' || b == b'?');
        let glob_fits = characters && text.len() <= 63 && !text.starts_with('-') && !text.contains("--");
        if (glob && glob_fits) || (!glob && is_service_name(text)) {
            return Ok(text.to_owned());
        }
        let wrong = Wrong::from(format!(
            "`{}` is not an integration runtime's name: 3 to 63 letters and digits, with single hyphens between them", clipped(text)
        ));
        let wrong = wrong.maybe_help(likeness::part(text, "integrationRuntimes"));
        Err(if text.contains(['[', ']', '{', '}', '!']) { wrong.help("patterns know `*` and `?` only") } else { wrong })
    }
}

text_leaf! {
    /// A storage account's name (3 to 24 lower-case letters and digits), or a pattern with `*` and `?`.
    AccountPattern(String), pattern "^[a-z0-9*?]{1,24}$", |text| {
        let inside = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'*' || b == b'?');
        if inside && (is_account_name(text) || (is_glob(text) && text.len() <= 24)) {
            return Ok(text.to_owned());
        }
        let wrong = Wrong::from(format!(
            "`{}` is not a storage account's name: 3 to 24 lower-case letters and digits", clipped(text)
        )).maybe_help(likeness::account(text));
        Err(if text.contains(['[', ']', '{', '}', '!']) { wrong.help("patterns know `*` and `?` only") } else { wrong })
    }
}

text_leaf! {
    /// An instant: `2026-12-20T00:00Z`, with a zone or an offset.
    Instant(Timestamp), pattern "^\\d{4}-\\d{2}-\\d{2}[T ]\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}(:?\\d{2})?)$", |text| {
        text.parse().map_err(|_| {
            let wrong = Wrong::from(format!("`{}` is not an instant", clipped(text)));
            wrong.help(likeness::instant(text))
        })
    }
}

text_leaf! {
    /// A cron expression with five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday; names as `SUN` will do).
    CronText(String), pattern "^\\s*[^\\s,]+(,[^\\s,]+)*(\\s+[^\\s,]+(,[^\\s,]+)*){4}\\s*$", |text| {
        if text.len() > CRON_CHARS_MAX {
            return Err(Wrong::from(format!("a cron expression has at most {CRON_CHARS_MAX} characters")));
        }
        if let Some(list) = text.split_whitespace().find(|field| field.split(',').any(str::is_empty)) {
            return Err(Wrong::from(format!("`{}` has a comma with nothing before or after it", clipped(list))));
        }
        match text.split_whitespace().count() {
            5 => Ok(text.to_owned()),
            count => Err(Wrong::from(format!("`{}` has {count} fields, and a cron expression has five", clipped(text)))
                .help("minute, hour, day of month, month, day of week: `0 2 * * 6` is Saturday 02:00")),
        }
    }
}

text_leaf! {
    /// The name of an environment variable.
    VariableName(String), pattern "^[A-Za-z_][A-Za-z0-9_]*$", |text| {
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let fits = starts && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        fits.then(|| text.to_owned()).ok_or_else(|| Wrong::from("this is not an environment variable's name")
            .secret().help("name the variable that holds the secret, such as AZURE_CLIENT_SECRET"))
    }
}

/// `true` or `false`.
#[derive(Clone, Copy, Debug, JsonSchema)]
pub struct Truth(pub bool);

impl Shape for Truth {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let scalar = scalar(spot, "true or false", findings)?;
        if let Class::Bool(truth) = scalar.class() {
            return Some(Self(truth));
        }
        findings
            .add(wrong_type(spot, "true or false").help("write `true` or `false`, without quotes"));
        None
    }
}

text_leaf! {
    /// A digest: SHA-256 as 64 hexadecimal digits in lower case.
    DigestText(String), pattern "^[0-9a-f]{64}$", |text| {
        let is_digest = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_digest.then(|| text.to_owned()).ok_or_else(|| {
            Wrong::from(format!("`{}` is not a digest", clipped(text))).help("it has 64 hexadecimal digits in lower case")
        })
    }
}

text_leaf! {
    /// Text that is not empty.
    Filled(String), pattern "\\S", |text| {
        if text.trim().is_empty() {
            return Err("this text is empty".into());
        }
        match blank::at_an_end(text) {
            Some(blank) => Err(Wrong::from(format!("this text {blank}, which nobody sees")).help("leave it out")),
            None => Ok(text.to_owned()),
        }
    }
}

text_leaf! {
    /// A result of a run, in the service's words: `SUCCESS`, `SUCCESS_WITH_FAILURES`, …
    ResultWord(RunResult), pattern "^(SUCCESS|SUCCESS_WITH_FAILURES|FAILED|UPSTREAM_FAILED|TIMEDOUT|CANCELED|UPSTREAM_CANCELED|SKIPPED|MAXIMUM_CONCURRENT_RUNS_REACHED|EXCLUDED|DISABLED)$", |text| {
        match RunResult::parse(text) {
            RunResult::Unknown(_) => {
                let wrong = Wrong::from(format!("`{}` is not a result that Databricks knows", clipped(text)));
                Err(Wrong { help: suggestion(text, RESULTS), ..wrong })
            }
            known => Ok(known),
        }
    }
}

const RESULTS: &[&str] = &[
    "SUCCESS",
    "SUCCESS_WITH_FAILURES",
    "FAILED",
    "UPSTREAM_FAILED",
    "TIMEDOUT",
    "CANCELED",
    "UPSTREAM_CANCELED",
    "SKIPPED",
    "MAXIMUM_CONCURRENT_RUNS_REACHED",
    "EXCLUDED",
    "DISABLED",
];

/// Does it hold `*` or `?`?
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// `^[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$`, 3 to 63 characters: factories and integration runtimes (Data Factory REST API).
pub fn is_service_name(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (3..=63).contains(&text.len()) && text.split('-').all(part)
}

/// 8-4-4-4-12 hexadecimal digits.
pub fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// The name of another document. Which kind it has follows from the field: `cloud`, `credential`, `factory`, `synapse`,
/// `subscription` or `workspace`.
#[derive(Clone, Debug)]
pub struct Reference(pub String);

impl Shape for Reference {
    fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Self> {
        let kind = match spot.name {
            "cloud" => Kind::Cloud,
            "credential" => Kind::Credential,
            "factory" => Kind::DataFactory,
            "synapse" => Kind::SynapseWorkspace,
            "subscription" => Kind::Subscription,
            _ => Kind::DatabricksWorkspace,
        };
        let help = match &spot.node.value {
            Value::Scalar(_) => None,
            Value::List(_) => Some(format!(
                "write one name; what is to hold for several {kind} documents needs a document for each"
            )),
            Value::Map(_) => Some(format!(
                "write a document of `kind: {kind}`, and its name here"
            )),
        };
        if let Some(help) = help {
            findings.add(wrong_type(spot, "a name").help(help));
            return None;
        }
        let name = String::read(spot, findings)?;
        let mark = spot.node.mark;
        findings.mention(Mention {
            kind,
            name: name.clone(),
            mark,
        });
        Some(Self(name))
    }
}

impl JsonSchema for Reference {
    fn schema_name() -> Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "description": "The name of another document." })
    }
}
