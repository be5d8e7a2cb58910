//! What lies in a folder: read, a problem, or skipped without a word.

use std::path::Path;

use super::*;
use crate::manifest::read;

const RULE: &str = "kind: KeyAge
metadata: {name: gw}
spec: {factory: ingest, integrationRuntimes: [gateway-west], maxAge: 90d}
";

/// A folder with [`BASE`] and these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), BASE.trim_end_matches("---\n")).unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// What is said of such a folder: each problem with its place, or the number of rules.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let folder = folder(files);
    match read(&[folder.path().to_owned()]) {
        Ok(manifests) => vec![format!("{} rules", manifests.desired.key_ages.len())],
        Err(problems) => lines(&problems, folder.path()),
    }
}

fn lines(problems: &Problems, folder: &Path) -> Vec<String> {
    let folder = format!("{}/", folder.display());
    let all = rows(problems);
    let line = |problem: &serde_json::Value| {
        let file = problem["file"].as_str().unwrap_or("nowhere");
        let message = problem["message"].as_str().unwrap_or_default();
        let place = format!("{}:{}:{}", file, problem["line"], problem["column"]);
        format!("{place} {message}").replace(&folder, "")
    };
    all.as_array().unwrap().iter().map(line).collect()
}

fn with_version(version: &str) -> String {
    format!("apiVersion: {version}\n{RULE}")
}

#[test]
fn manifests_are_read_whatever_the_case_of_their_ending() {
    let rule = with_version("afresh/v1");
    for name in ["r.yaml", "r.yml", "r.YAML", "r.Yml", "below/deep/r.yaml"] {
        assert_eq!(told(&[(name, &rule)]), ["1 rules"], "{name}");
    }
    for text in [
        format!("\u{feff}{rule}"),
        format!("# words\n---\n{rule}"),
        format!("--- # first\n{rule}---\n"),
        format!("apiVersion: apps/v1\nkind: Deployment\n\u{feff}---\n{rule}"),
        "{\"apiVersion\": \"afresh/v1\", \"kind\": \"KeyAge\", \"metadata\": {\"name\": \"gw\"}, \"spec\": {\"factory\": \"ingest\", \"integrationRuntimes\": [\"g-1\"], \"maxAge\": \"90d\"}}".to_owned(),
    ] {
        assert_eq!(told(&[("r.yaml", &text)]), ["1 rules"], "{text}");
    }
}

#[test]
fn what_another_program_reads_is_skipped() {
    let metadata = "metadata: {name: x}\n";
    for text in [
        format!("apiVersion: apps/v1\nkind: Deployment\n{metadata}spec: {{replicas: 1}}\n"),
        format!("apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  {metadata}"),
        format!("apiVersion: v1\nkind: Project\n{metadata}"),
        format!("apiVersion: project.openshift.io/v1\nkind: Project\n{metadata}spec: {{}}\n"),
        format!("apiVersion: datafactory.azure.upbound.io/v1beta1\nkind: DataFactory\n{metadata}spec: {{factory: x, maxAge: 90d}}\n"),
        format!("kind: Deployment\n{metadata}spec: {{replicas: 1}}\n"),
        format!("{metadata}spec: {{replicas: 1}}\nstatus: {{}}\n"),
        "resources: [a.yaml]\n".to_owned(),
        "spec: {replicas: 1, image: x}\n".to_owned(),
        "- hosts: all\n  tasks: []\n".to_owned(),
        "image: x\nenv: {DIR: .afresh/ledger, REPO: org/afresh/main}\n".to_owned(),
        format!("# apiVersion: afresh/v1\n# {}", RULE.replace('\n', "\n# ")),
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  rules.yaml: |\n    apiVersion: afresh/v1\n    kind: KeyAge\n".to_owned(),
        "{{ if .Values.x }}\nkind: Deployment\n{{ end }}\n".to_owned(),
        String::new(),
        "plain words".to_owned(),
    ] {
        assert_eq!(told(&[("other.yaml", &text)]), ["0 rules"], "{text}");
    }
}

#[test]
fn files_that_are_not_meant_to_be_read_are_skipped() {
    let rule = with_version("afresh/v1");
    for name in [
        ".hidden.yaml",
        ".hidden/r.yaml",
        "r.yaml.bak",
        "r.yaml.tmpl",
        "r.yaml.disabled",
        "r.yaml~",
        "r.md",
        "r.txt",
        "r",
    ] {
        assert_eq!(told(&[(name, &rule)]), ["0 rules"], "{name}");
    }
    for text in [
        "{\"name\": \"x\"}",
        "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {}, \"spec\": {}}",
        "{\"help\": \"write `apiVersion: afresh/v1`\"}",
        "{ not json at all, afresh/v1",
        "[1, 2",
    ] {
        assert_eq!(told(&[("data.json", text)]), ["0 rules"], "{text}");
    }
}

#[test]
fn documents_in_a_list_are_problems_with_their_places() {
    let item = format!("- apiVersion: afresh/v1\n  {}", RULE.replace('\n', "\n  "));
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{item}");
    let said = "the KeyAge `gw` stands in a list, and is not read there";
    assert_eq!(told(&[("r.yaml", &list)]), [format!("r.yaml:4:3 {said}")]);
    let nested = format!(
        "kind: List\nitems:\n- kind: List\n  items:\n  {}",
        item.replace('\n', "\n  ")
    );
    assert_eq!(
        told(&[("r.yaml", nested.trim_end())]),
        [format!("r.yaml:5:5 {said}")]
    );
    assert_eq!(told(&[("r.yaml", &item)]), [format!("r.yaml:1:3 {said}")]);
    let ours = list.replace("apiVersion: v1", "apiVersion: afresh/v1");
    assert_eq!(told(&[("r.yaml", &ours)]), [format!("r.yaml:4:3 {said}")]);
    let headless = list.replace("- apiVersion: afresh/v1\n  kind", "- kind");
    assert_eq!(
        told(&[("r.yaml", &headless)]),
        [format!("r.yaml:4:3 {said}")]
    );
    let behind = format!(
        "apiVersion: v1\nkind: Pod\n---\n{}\n{item}",
        list.trim_end()
    );
    assert_eq!(told(&[("r.yaml", &behind)]).len(), 2);
    let mixed = list.replace("items:\n", "items:\n- {apiVersion: v1, kind: Pod}\n");
    assert_eq!(told(&[("r.yaml", &mixed)]), [format!("r.yaml:5:3 {said}")]);
    let folder = folder(&[("r.yaml", &list)]);
    let paths = [folder.path().join("a.yaml"), folder.path().join("r.yaml")];
    let named = lines(&read(&paths).unwrap_err(), folder.path());
    assert_eq!(named, [format!("r.yaml:4:3 {said}")]);
}

#[test]
fn json_and_mistyped_endings_are_problems_with_their_places() {
    let json = "{\"apiVersion\": \"afresh/v1\", \"kind\": \"KeyAge\", \"metadata\": {\"name\": \"gw\"},\n \"spec\": {\"factory\": \"ingest\", \"integrationRuntimes\": [\"gateway-west\"], \"maxAge\": \"90d\"}}";
    let said =
        "the KeyAge `gw` is not read: in a folder only files that end with .yaml or .yml are";
    for name in ["r.json", "r.JSON", "r.jsonc", "below/r.json"] {
        assert_eq!(told(&[(name, json)]), [format!("{name}:1:1 {said}")]);
    }
    let listed = format!("[{json}, {json}]");
    assert_eq!(told(&[("r.json", &listed)]).len(), 2);
    let items = format!("{{\"kind\": \"List\", \"items\": [{json}]}}");
    assert_eq!(told(&[("r.json", &items)]), [format!("r.json:1:28 {said}")]);
    let lost = json.replace("\"apiVersion\": \"afresh/v1\", \"kind\": \"KeyAge\", ", "");
    let document = said.replace("KeyAge", "document");
    assert_eq!(
        told(&[("r.json", &lost)]),
        [format!("r.json:1:1 {document}")]
    );
    let commented = format!(
        "// rules\n{}",
        json.replace(", \"kind\"", ", // key age\n \"kind\"")
    );
    let unnamed = said.replace("the KeyAge `gw`", "this");
    assert_eq!(
        told(&[("r.jsonc", &commented)]),
        [format!("r.jsonc:2:1 {unnamed}")]
    );
    let rule = with_version("afresh/v1");
    for name in ["r.ymal", "r.yaaml", "r.yaml.txt"] {
        assert_eq!(told(&[(name, &rule)]), [format!("{name}:1:1 {said}")]);
    }
    let folder = folder(&[("r.json", json)]);
    let (all, file) = (folder.path().to_owned(), folder.path().join("r.json"));
    for paths in [[all.clone(), file.clone()], [file, all]] {
        let manifests =
            read(&paths).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        assert_eq!(
            manifests.desired.key_ages.len(),
            1,
            "a file that is named is read"
        );
    }
}

#[test]
fn a_header_that_was_lost_or_mistyped_is_a_problem() {
    let body = RULE.trim_start_matches("kind: KeyAge\n");
    for (text, said) in [
        (
            body.to_owned(),
            "r.yaml:1:1 the field `apiVersion` is missing",
        ),
        (
            RULE.to_owned(),
            "r.yaml:1:1 the field `apiVersion` is missing",
        ),
        (
            format!("kind: keyage\n{body}"),
            "r.yaml:1:1 the field `apiVersion` is missing",
        ),
        (
            format!("kind: KeyAges\n{body}"),
            "r.yaml:1:1 the field `apiVersion` is missing",
        ),
        (
            format!("apiversion: afresh/v1\n{RULE}"),
            "r.yaml:1:1 the field `apiVersion` is missing",
        ),
        (
            format!("version: afresh/v1\n{RULE}"),
            "r.yaml:1:1 the field `apiVersion` is missing",
        ),
        (
            format!("apiVersion:\n{RULE}"),
            "r.yaml:1:1 `apiVersion` has no value",
        ),
        (
            format!("apiVersion: [afresh/v1]\n{RULE}"),
            "r.yaml:1:1 `apiVersion` wants text",
        ),
        (
            body.replace("metadata: {name: gw}\n", ""),
            "r.yaml:1:1 the field `apiVersion` is missing",
        ),
        (
            with_version("afresh/v2"),
            "r.yaml:1:13 `afresh/v2` is not a version that this afresh reads",
        ),
        (
            with_version("Afresh/v1"),
            "r.yaml:1:13 `Afresh/v1` is not a version that this afresh reads",
        ),
        (
            with_version("afresh.io/v1"),
            "r.yaml:1:13 `afresh.io/v1` is not a version that this afresh reads",
        ),
        (
            with_version("afrehs/v1"),
            "r.yaml:1:13 `afrehs/v1` is not a version that this afresh reads",
        ),
        (
            with_version("v1"),
            "r.yaml:1:13 `v1` is not a version that this afresh reads",
        ),
        (
            format!("apiVersion: afresh/v1\n{body}"),
            "r.yaml:1:1 the field `kind` is missing",
        ),
        (
            format!("{BASE}{RULE}")
                .replace("name: test", "name: a")
                .replacen("kind: Project", "kind: Cloud", 1),
            "r.yaml:20:1 the field `apiVersion` is missing",
        ),
    ] {
        let told = told(&[("r.yaml", &text)]);
        assert!(told.iter().any(|told| told == said), "{text}: {told:#?}");
    }
}

#[test]
fn what_cannot_be_parsed_is_told_if_it_speaks_of_afresh() {
    for text in [
        "apiVersion: afresh/v1\nkind: {\n",
        "apiVersion: Afresh/v1\nkind: {\n",
        "kind: KeyAge\nspec: [\n",
    ] {
        assert!(
            told(&[("r.yaml", text)])[0].contains("this is not YAML"),
            "{text}"
        );
    }
    for text in ["kind: Pod\nspec: [\n", "path: .afresh/v1\nx: [\n", "a: [\n"] {
        assert_eq!(told(&[("r.yaml", text)]), ["0 rules"], "{text}");
    }
}

#[test]
fn a_foreign_document_beside_a_manifest_in_one_file_is_skipped() {
    let rule = with_version("afresh/v1");
    let foreign = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n";
    assert_eq!(
        told(&[("r.yaml", &format!("{foreign}---\n{rule}"))]),
        ["1 rules"]
    );
    let lost = format!("{rule}---\n{}", RULE.replace("gw", "two"));
    assert_eq!(
        told(&[("r.yaml", &lost)]),
        ["r.yaml:6:1 the field `apiVersion` is missing"]
    );
}

#[test]
fn brackets_without_end_are_looked_through_once() {
    let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
    let before = std::time::Instant::now();
    assert_eq!(told(&[("deep.yaml", &deep)]), ["0 rules"]);
    assert!(before.elapsed().as_secs() < 5);
}
