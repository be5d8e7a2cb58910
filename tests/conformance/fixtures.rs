//! What services say. `tests/conformance/examples` is written by us, with our own values, after the documented shapes. Beside the project
//! may lie what real services and their official descriptions have said, in `../shared/fixtures` and `../shared/fixtures-next`, of which nothing is copied here. Where it
//! lies, it is met as well; where it does not, that is told. In CI it has to be there.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One body that a service answered with, or is said to answer with.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The file, from the fixtures' root, and where in it: `recordings/x.json 4`, `databricks/y.json`.
    pub name: String,
    /// `POST https://…` if the file tells the request.
    pub request: Option<(String, String)>,
    /// What was sent with it.
    pub sent: Value,
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

/// The folder of our own examples within the names of bodies.
const OWN: &str = "own/";
/// That of what was collected later, which lies beside the rest.
const NEXT: &str = "next/";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures")
}

fn next_root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures-next")
}

/// Is what real services have said here? Where it is not, `test` is told to be skipped.
///
/// # Panics
/// In CI, where nothing may be skipped.
pub fn are_here(test: &str) -> bool {
    is_here(&root(), test)
}

/// Are the later ones, those of storage accounts, here? As [`are_here`].
///
/// # Panics
/// In CI, where nothing may be skipped.
pub fn next_are_here(test: &str) -> bool {
    is_here(&next_root(), test)
}

fn is_here(folder: &Path, test: &str) -> bool {
    let here = folder.is_dir();
    let told = format!(
        "{test}: there are no bodies of real services in {}",
        folder.display()
    );
    assert!(
        here || std::env::var("CI").as_deref() != Ok("true"),
        "{told}, and in CI nothing may be skipped"
    );
    if !here {
        // Not by a macro: the test runner shows what those print only of tests that fail.
        let _ = writeln!(std::io::stderr(), "skipped {told}");
    }
    here
}

fn place(path: &str) -> PathBuf {
    if let Some(own) = path.strip_prefix(OWN) {
        return PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("tests/conformance/examples")
            .join(own);
    }
    match path.strip_prefix(NEXT) {
        Some(next) => next_root().join(next),
        None => root().join(path),
    }
}

/// A file's text.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(place(path))
        .unwrap_or_else(|error| panic!("the fixture {path} cannot be read: {error}"))
}

/// A file's JSON.
pub fn json(path: &str) -> Value {
    serde_json::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below `folder` that ends with `.json`, from there, in order.
fn files(folder: &Path) -> Vec<String> {
    let mut folders = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(&inner).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                let inside = path.strip_prefix(folder).unwrap();
                files.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    files.sort();
    files
}

/// Every body that we have written.
pub fn own_bodies() -> Vec<Fixture> {
    let files = files(&place(OWN)).into_iter();
    files
        .flat_map(|file| bodies_of(&format!("{OWN}{file}")))
        .collect()
}

/// Every body that was collected later.
pub fn next_bodies() -> Vec<Fixture> {
    let files = files(&next_root()).into_iter();
    files
        .flat_map(|file| bodies_of(&format!("{NEXT}{file}")))
        .collect()
}

/// Every body of real services. Specifications hold none.
pub fn bodies() -> Vec<Fixture> {
    let with_bodies = files(&root())
        .into_iter()
        .filter(|file| !file.starts_with("azure/spec/"));
    with_bodies.flat_map(|file| bodies_of(&file)).collect()
}

fn bodies_of(file: &str) -> Vec<Fixture> {
    let whole = json(file);
    if let Some(exchanges) = whole["exchanges"].as_array() {
        return numbered(file, exchanges, |one| {
            let (request, response) = (&one["request"], &one["response"]);
            body(
                file,
                &request["method"],
                &request["url"],
                &request["body"],
                response,
            )
        });
    }
    if let Some(interactions) = whole["interactions"].as_array() {
        return numbered(file, interactions, |one| {
            body(file, &one["method"], &one["uri"], &one["request"], one)
        });
    }
    if let Some(errors) = whole["errors"].as_array().or(whole.as_array()) {
        return numbered(file, errors, |one| Fixture {
            status: number(&one["status"])
                .or(number(&one["http"]))
                .unwrap_or(400),
            ..body(file, &Value::Null, &Value::Null, &Value::Null, one)
        });
    }
    if !whole["responses"]["200"].is_null() {
        return vec![body(
            file,
            &Value::Null,
            &Value::Null,
            // What the official examples of storage accounts call the body of a request.
            &whole["parameters"]["regenerateKey"],
            &whole["responses"]["200"],
        )];
    }
    let held = [
        &whole["list"]["response"]["body"],
        &whole["response"],
        &whole,
    ];
    let held = held.into_iter().find(|held| !held.is_null()).cloned();
    let bare = body(file, &Value::Null, &Value::Null, &Value::Null, &Value::Null);
    vec![Fixture {
        body: held.unwrap_or_default(),
        ..bare
    }]
}

fn numbered(file: &str, all: &[Value], read: impl Fn(&Value) -> Fixture) -> Vec<Fixture> {
    let named = |(place, one)| Fixture {
        name: format!("{file} {place}"),
        ..read(one)
    };
    all.iter().enumerate().map(named).collect()
}

fn number(value: &Value) -> Option<u16> {
    u16::try_from(value.as_u64()?).ok()
}

fn body(file: &str, method: &Value, url: &Value, sent: &Value, response: &Value) -> Fixture {
    let headers = response["headers"].as_object().into_iter().flatten();
    let headers = headers.map(|(name, value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (name.to_ascii_lowercase(), value)
    });
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Fixture {
        name: file.to_owned(),
        request: text(method).zip(text(url)),
        sent: sent.clone(),
        status: number(&response["status"]).unwrap_or(200),
        headers: headers.collect(),
        body: response["body"].clone(),
    }
}

/// Is it real traffic, an official example, or neither?
pub fn mark(name: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["SYNTHETIC", "synthetic"]) || name.starts_with(OWN) {
        None
    } else if has(&[
        "recordings/",
        "adf_ir_auth_keys.recorded",
        ".real.",
        "recorded-azure",
    ]) {
        Some("recording")
    } else {
        Some("example")
    }
}

/// Writes down, for the report, that a test met `what` of the endpoint that requests of this kind go to, or that has this name where
/// requests of one kind go to two. To be called after the test has looked.
pub fn saw(kind: &str, mark: &str, what: &str) {
    let endpoints: Value = serde_json::from_str(include_str!("endpoints.json")).unwrap();
    let of_kind = |one: &&Value| {
        let mut kinds = one["kinds"].as_array().unwrap().iter();
        one["name"] == kind || kinds.any(|known| known == kind)
    };
    let endpoint = endpoints["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .find(of_kind);
    let endpoint =
        endpoint.unwrap_or_else(|| panic!("tests/conformance/endpoints.json does not know {kind}"));
    let Some(file) = std::env::var_os("AFRESH_EVIDENCE") else {
        return;
    };
    let line = serde_json::json!({"endpoint": endpoint["name"], "mark": mark, "what": what});
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}
