//! Every field of a manifest by its path, as the schema has it: what `afresh explain` tells, and where a field belongs that stands in the
//! wrong place.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::problem::{Stray, listed, nearest};
use super::schema::schema;
use crate::model::kind::Kind;

/// A field, or a kind, as it is explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The kind, and the names of the fields that lead to it: `KeyAge`, `windows`, `cron`.
    pub path: Vec<String>,
    /// What it takes, in a word or two; empty for a kind.
    pub takes: String,
    /// Must it be written?
    pub is_required: bool,
    /// What it is for.
    pub said: String,
    /// What holds if it is not written.
    pub default: Option<String>,
    /// The words that it may be, each with what it means.
    pub words: Vec<(String, String)>,
    /// The fields in it.
    pub fields: Vec<Brief>,
}

/// One of the fields in another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Its name.
    pub name: String,
    /// What it takes, in a word or two.
    pub takes: String,
    /// Must it be written?
    pub is_required: bool,
    /// What it is for, with its default.
    pub said: String,
}

/// A path that leads to no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuch {
    /// What is wrong.
    pub message: String,
    /// Paths that were probably meant.
    pub near: Vec<String>,
}

/// A field with its schema.
struct Child<'a> {
    name: &'a str,
    schema: &'a Value,
    said: &'a str,
    is_required: bool,
}

/// A mapping somewhere in a manifest.
struct Place {
    path: Vec<String>,
    fields: Vec<String>,
}

/// Most places that are told of one field.
const PLACES_TOLD_MAX: usize = 3;
/// Most fields that are all named where one is not known.
const FIELDS_TOLD_MAX: usize = 12;
/// Mappings are not looked for below so many fields. No shape is that deep.
const DEPTH_MAX: usize = 8;

fn text<'a>(schema: &'a Value, field: &str) -> &'a str {
    schema[field].as_str().unwrap_or_default()
}

/// The named shapes of the schema, the kinds among them.
fn shapes() -> &'static Map<String, Value> {
    static SHAPES: OnceLock<Map<String, Value>> = OnceLock::new();
    SHAPES.get_or_init(|| match schema()["$defs"].take() {
        Value::Object(shapes) => shapes,
        _ => Map::new(),
    })
}

/// The shape that a schema means, and its name if it has one.
fn meant(schema: &Value) -> (&Value, &str) {
    let name = text(schema, "$ref").trim_start_matches("#/$defs/");
    shapes()
        .get(name)
        .map_or((schema, ""), |shape| (shape, name))
}

/// The shape of a value, or of each item where it is a list.
fn inner(schema: &Value) -> &Value {
    let (shape, _) = meant(schema);
    match text(shape, "type") {
        "array" => inner(&shape["items"]),
        _ => shape,
    }
}

/// What a value is, in a word or two.
fn takes(schema: &Value) -> String {
    let (shape, name) = meant(schema);
    let word = match name {
        "Length" => "length of time",
        "Instant" => "time",
        "Reference" => "name of a document",
        "CronText" => "cron expression",
        _ => match text(shape, "type") {
            "boolean" => "true or false",
            "integer" => "number",
            "array" => return format!("list of: {}", takes(&shape["items"])),
            "object" => "object",
            "string" => "text",
            _ if shape["oneOf"][0].get("const").is_some() => "one word",
            _ if shape.get("oneOf").is_some() => "object with one field",
            _ if shape.get("anyOf").is_some() => "text, or object",
            _ => "any value",
        },
    };
    word.to_owned()
}

/// The alternatives of a shape.
fn choices(shape: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["oneOf", "anyOf"].map(|name| shape[name].as_array());
    lists.into_iter().flatten().flatten()
}

/// The fields of a mapping, those of its alternatives among them.
fn children(shape: &Value) -> Vec<Child<'_>> {
    let mut found: Vec<Child<'_>> = Vec::new();
    let own = shape["properties"].as_object().into_iter().flatten();
    for (name, schema) in own {
        let required = shape["required"].as_array();
        let is_required = required.is_some_and(|all| all.iter().any(|one| one == name));
        found.push(Child {
            name,
            schema,
            said: said(schema),
            is_required,
        });
    }
    for choice in choices(shape) {
        for (name, schema) in choice["properties"].as_object().into_iter().flatten() {
            let said = match text(choice, "description") {
                "" => said(schema),
                described => described,
            };
            if !found.iter().any(|child| child.name == name) {
                found.push(Child {
                    name,
                    schema,
                    said,
                    is_required: false,
                });
            }
        }
    }
    found
}

/// The words on a field, or else on what it takes.
fn said(schema: &Value) -> &str {
    match text(schema, "description") {
        "" => text(meant(schema).0, "description"),
        said => said,
    }
}

/// A description without its default, and that.
fn with_default(said: &str) -> (String, Option<String>) {
    let Some((before, rest)) = said.split_once("Default: ") else {
        return (said.to_owned(), None);
    };
    let (default, after) = rest.split_once(". ").unwrap_or((rest, ""));
    let left = format!("{} {after}", before.trim_end());
    let default: Vec<&str> = default.trim_end_matches('.').split_whitespace().collect();
    (left.trim().to_owned(), Some(default.join(" ")))
}

/// A part of a kind's documents: `spec`, or `metadata`.
fn part(kind: Kind, name: &str) -> &'static Value {
    const NOTHING: &Value = &Value::Null;
    let document = shapes().get(kind.as_str()).unwrap_or(NOTHING);
    meant(&document["properties"][name]).0
}

/// What stands at the beginning of a path.
fn spec(kind: Kind) -> &'static Value {
    part(kind, "spec")
}

/// Every kind, with what it is for.
pub fn kinds() -> Vec<(Kind, String)> {
    let all = Kind::ALL.iter();
    all.map(|kind| (*kind, text(spec(*kind), "description").to_owned()))
        .collect()
}

/// What is at a path such as `KeyAge`, `KeyAge.windows.cron` or `KeyAge.spec.windows.cron`.
///
/// # Errors
/// The path leads to no kind or field.
pub fn explain(path: &str) -> Result<Explained, NoSuch> {
    let mut words = path.split('.').map(|word| word.trim_end_matches("[]"));
    let first = words.next().unwrap_or_default();
    let known = |kind: &Kind| kind.as_str().eq_ignore_ascii_case(first);
    let Some(kind) = Kind::ALL.iter().copied().find(known) else {
        return Err(no_kind(first));
    };
    let mut words = words.peekable();
    let is_spec = words.peek().is_some_and(|word| *word == "spec");
    let mut shape = spec(kind);
    let mut found = vec![kind.as_str().to_owned()];
    if is_spec {
        words.next();
    } else if words.peek().is_some_and(|word| *word == "metadata") {
        words.next();
        found.push("metadata".to_owned());
        shape = part(kind, "metadata");
    }
    let mut explained = of_kind(found.clone(), shape);
    for word in words {
        let all = children(shape);
        let same = |child: &&Child<'_>| child.name.eq_ignore_ascii_case(word);
        let Some(child) = all.iter().find(same) else {
            return Err(no_field(&found, word, &all));
        };
        found.push(child.name.to_owned());
        explained = of_field(found.clone(), child);
        shape = inner(child.schema);
    }
    Ok(explained)
}

fn of_kind(path: Vec<String>, shape: &Value) -> Explained {
    Explained {
        path,
        takes: String::new(),
        is_required: false,
        said: text(shape, "description").to_owned(),
        default: None,
        words: Vec::new(),
        fields: briefs(shape),
    }
}

fn of_field(path: Vec<String>, child: &Child<'_>) -> Explained {
    let shape = inner(child.schema);
    let words = choices(shape).filter_map(|choice| {
        let word = choice["const"].as_str()?.to_owned();
        Some((word, text(choice, "description").to_owned()))
    });
    let (said, default) = with_default(child.said);
    Explained {
        path,
        takes: takes(child.schema),
        is_required: child.is_required,
        said,
        default,
        words: words.collect(),
        fields: briefs(shape),
    }
}

fn briefs(shape: &Value) -> Vec<Brief> {
    let all = children(shape).into_iter();
    all.map(|child| Brief {
        name: child.name.to_owned(),
        takes: takes(child.schema),
        is_required: child.is_required,
        said: child.said.to_owned(),
    })
    .collect()
}

/// The first word is not a kind: a field that is there, or a kind that was mistyped.
fn no_kind(word: &str) -> NoSuch {
    let all = Kind::ALL.iter().map(|kind| kind.as_str());
    let mut near: Vec<String> = nearest(word, all).map(str::to_owned).into_iter().collect();
    if near.is_empty() {
        let having = places().iter().filter_map(|place| {
            let field = place
                .fields
                .iter()
                .find(|field| field.eq_ignore_ascii_case(word))?;
            Some(format!("{}.{field}", place.path.join(".")))
        });
        near.extend(having);
    }
    NoSuch {
        message: format!("there is no kind `{word}`"),
        near,
    }
}

fn no_field(path: &[String], word: &str, all: &[Child<'_>]) -> NoSuch {
    let path = path.join(".");
    let near = nearest(word, all.iter().map(|child| child.name));
    let message = if all.is_empty() {
        format!("`{path}` has no fields")
    } else {
        format!("`{path}` has no field `{word}`")
    };
    NoSuch {
        message,
        near: near
            .map(|near| format!("{path}.{near}"))
            .into_iter()
            .collect(),
    }
}

/// All mappings of all kinds.
fn places() -> &'static [Place] {
    static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
    PLACES.get_or_init(|| {
        let mut found = Vec::new();
        for kind in Kind::ALL {
            collect(&[kind.as_str().to_owned()], spec(*kind), &mut found);
        }
        found
    })
}

fn collect(path: &[String], shape: &Value, found: &mut Vec<Place>) {
    let all = children(shape);
    if all.is_empty() || path.len() > DEPTH_MAX {
        return;
    }
    found.push(Place {
        path: path.to_vec(),
        fields: all.iter().map(|child| child.name.to_owned()).collect(),
    });
    for child in all {
        let below = path.iter().cloned().chain([child.name.to_owned()]);
        let below: Vec<String> = below.collect();
        collect(&below, inner(child.schema), found);
    }
}

/// What to do about a field that its mapping does not have: where it belongs, or which fields there are.
pub(super) fn home(stray: &Stray) -> Option<String> {
    let Stray { field, known } = stray;
    let here: Vec<&Place> = places()
        .iter()
        .filter(|place| is_same(place, known))
        .collect();
    let having: Vec<&Place> = places()
        .iter()
        .filter(|place| place.fields.iter().any(|own| own == field))
        .collect();
    if known.contains(&"apiVersion") && having.iter().any(|place| place.path.len() == 1) {
        return Some("it belongs in `spec`".to_owned());
    }
    below(field, &here, &having)
        .or_else(|| elsewhere(field, &here, &having))
        .or_else(|| fields_of(known, &here))
}

fn is_same(place: &Place, known: &[&str]) -> bool {
    place.fields.len() == known.len()
        && place
            .fields
            .iter()
            .all(|field| known.contains(&field.as_str()))
}

/// It stands one or more fields too high: `errorAfter` beside `freshness`.
fn below(field: &str, here: &[&Place], having: &[&Place]) -> Option<String> {
    let way = here.iter().find_map(|from| {
        having.iter().find_map(|to| {
            let rest = to.path.strip_prefix(from.path.as_slice())?;
            (!rest.is_empty()).then_some(rest)
        })
    })?;
    let mut written = format!("{field}: …");
    for outer in way.iter().rev() {
        written = format!("{outer}: {{{written}}}");
    }
    Some(format!(
        "it belongs in `{}`: write `{written}`",
        way.join(".")
    ))
}

/// It is a field of another kind, or of another part of this one.
fn elsewhere(field: &str, here: &[&Place], having: &[&Place]) -> Option<String> {
    let kind = |place: &Place| place.path.first().and_then(|name| Kind::parse(name));
    // What a policy has is mostly what a Project or a rule has as well, and rarely meant.
    let likely: Vec<&&Place> = having
        .iter()
        .filter(|place| {
            kind(place).is_some_and(|kind| kind != Kind::Policy && kind != Kind::Approval)
                || here.iter().any(|from| kind(from) == kind(place))
        })
        .collect();
    if likely.is_empty() || likely.len() > PLACES_TOLD_MAX {
        return None;
    }
    let told: Vec<String> = likely
        .iter()
        .map(|place| match place.path.as_slice() {
            [kind, rest @ ..] if !rest.is_empty() => {
                format!("of `{}` in a {kind}", rest.join("."))
            }
            path => format!("of a {}", path.join(".")),
        })
        .collect();
    let first = likely.first().map(|place| place.path.join("."))?;
    Some(format!(
        "it is a field {}: `afresh explain {first}.{field}`",
        told.join(", or ")
    ))
}

/// All fields if they are few, or how to see them.
fn fields_of(known: &[&str], here: &[&Place]) -> Option<String> {
    if (1..=FIELDS_TOLD_MAX).contains(&known.len()) {
        return Some(format!("known: {}", listed(known)));
    }
    match here {
        [place] => Some(format!(
            "`afresh explain {}` lists the fields",
            place.path.join(".")
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_of(field: &str, known: &'static [&'static str]) -> String {
        home(&Stray {
            field: field.to_owned(),
            known,
        })
        .unwrap_or_default()
    }

    #[test]
    fn a_field_is_explained_by_its_path() {
        let field = explain("keyage.spec.Windows.cron").unwrap();
        assert_eq!(field.path, ["KeyAge", "windows", "cron"]);
        assert_eq!(field.takes, "cron expression");
        assert!(field.is_required && field.default.is_none() && field.fields.is_empty());
        let field = explain("KeyAge.overlap").unwrap();
        assert_eq!(field.default.as_deref(), Some("`24h`"));
        assert!(!field.said.contains("Default"), "{}", field.said);
        let field = explain("Project.ledger").unwrap();
        assert_eq!(
            field.default.as_deref(),
            Some("the file `.afresh/ledger.jsonl`")
        );
        let names: Vec<&str> = field
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        assert_eq!(names, ["file", "blob"]);
        let field = explain("JobRun.require").unwrap();
        assert_eq!(field.words.len(), 3);
        assert_eq!(explain("JobRun.metadata.name").unwrap().path.len(), 3);
    }

    #[test]
    fn every_kind_and_every_field_has_words() {
        assert_eq!(kinds().len(), Kind::ALL.len());
        for (kind, said) in kinds() {
            assert!(!said.is_empty(), "{kind}");
        }
        assert!(places().len() > 40, "{}", places().len());
        for place in places() {
            for field in &place.fields {
                let path = format!("{}.{field}", place.path.join("."));
                let explained = explain(&path).unwrap();
                assert!(!explained.said.is_empty(), "{path}");
                assert!(!explained.takes.is_empty(), "{path}");
            }
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_tells_the_nearest() {
        let near = |path: &str| explain(path).unwrap_err().near;
        assert_eq!(near("KeyAges"), ["KeyAge"]);
        assert_eq!(near("KeyAge.maxage.x"), Vec::<String>::new());
        assert_eq!(near("KeyAge.rotateBefor"), ["KeyAge.rotateBefore"]);
        assert_eq!(near("KeyAge.windows.cronn"), ["KeyAge.windows.cron"]);
        assert_eq!(near("freshness"), ["JobRun.freshness"]);
        assert_eq!(near("nothing"), Vec::<String>::new());
    }

    #[test]
    fn a_stray_field_is_told_where_it_belongs() {
        use crate::manifest::shape::project::ProjectSpec;
        use crate::manifest::shape::rule::{JobRunSpec, KeyAgeSpec};
        for (field, known, told) in [
            (
                "errorAfter",
                JobRunSpec::FIELDS,
                "it belongs in `freshness`: write `freshness: {errorAfter: …}`",
            ),
            (
                "perFactory",
                ProjectSpec::FIELDS,
                "it belongs in `guardrails.maxRegenerations`: write `guardrails: {maxRegenerations: {perFactory: …}}`",
            ),
            (
                "overlap",
                JobRunSpec::FIELDS,
                "it is a field of a KeyAge: `afresh explain KeyAge.overlap`",
            ),
            (
                "maxRuns",
                JobRunSpec::FIELDS,
                "it is a field of `guardrails` in a Project: `afresh explain Project.guardrails.maxRuns`",
            ),
            (
                "nonsense",
                KeyAgeSpec::FIELDS,
                "`afresh explain KeyAge` lists the fields",
            ),
            (
                "maxAge",
                &["apiVersion", "kind", "metadata", "spec"],
                "it belongs in `spec`",
            ),
            ("nonsense", &["name"], "known: `name`"),
        ] {
            assert_eq!(home_of(field, known), told);
        }
    }
}
