//! How problems are told, to the letter.

use super::*;

#[test]
fn an_unknown_field_and_a_bare_number() {
    assert_eq!(
        shown_after_base(&key_age("maxage: 90d\nmaxAge: 90")),
        "\
error: unknown field `maxage`
  --> a.yaml:26:3
   |
26 |   maxage: 90d
   |   ^^^^^^ `spec` has no such field
   |
   = help: did you mean `maxAge`?

error: `90` is a number without a unit
  --> a.yaml:27:11
   |
27 |   maxAge: 90
   |           ^^ a length of time has a unit
   |
   = help: write a unit: `90d`, `90h`, `90m` or `90s`
"
    );
}

#[test]
fn a_cron_without_a_timezone_and_a_mistyped_word() {
    let windows = "maxAge: 90d\nwindows: [{cron: \"0 2 * * 6\", duration: 4h}]\nunknownAge: adapt";
    assert_eq!(
        shown_after_base(&key_age(windows)),
        "\
error: the field `timeZone` is missing
  --> a.yaml:27:20
   |
27 |   windows: [{cron: \"0 2 * * 6\", duration: 4h}]
   |                    ^^^^^^^^^^^ in which timezone?
   |
   = help: a window opens at a local time: write its zone, `timeZone: Europe/Paris` or `timeZone: UTC`

error: `adapt` is not a value of `unknownAge`
  --> a.yaml:28:15
   |
28 |   unknownAge: adapt
   |               ^^^^^
   |
   = help: did you mean `adopt`?
"
    );
}

#[test]
fn names_that_lead_nowhere_are_told_also_where_other_fields_are_wrong() {
    let document = "kind: DataFactory\nmetadata: {name: other}\nspec: {subscription: 1, resourceGroup: rg, factory: adf-x, cloud: publik, credential: ingest}";
    assert_eq!(
        shown_after_base(document),
        "\
error: `subscription` wants text
  --> a.yaml:23:22
   |
23 | spec: {subscription: 1, resourceGroup: rg, factory: adf-x, cloud: publik, credential: ingest}
   |                      ^ this is a number
   |
   = help: write \"1\"

error: there is no Cloud `publik`
  --> a.yaml:23:67
   |
23 | spec: {subscription: 1, resourceGroup: rg, factory: adf-x, cloud: publik, credential: ingest}
   |                                                                   ^^^^^^
   |
   = help: did you mean `public`?

error: there is no Credential `ingest`
  --> a.yaml:23:87
   |
23 | spec: {subscription: 1, resourceGroup: rg, factory: adf-x, cloud: publik, credential: ingest}
   |                                                                                       ^^^^^^
   |
   = help: `ingest` is a DataFactory; a Credential is wanted here
"
    );
}

#[test]
fn a_duplicate_shows_both_places() {
    let document = key_age("maxAge: 90d\nmaxAge: 80d");
    assert_eq!(
        shown_after_base(&document),
        "\
error: the key `maxAge` stands twice in one mapping
  --> a.yaml:27:3
   |
27 |   maxAge: 80d
   |   ^^^^^^ second
   |
  ::: a.yaml:26:3
   |
26 |   maxAge: 90d
   |   ------ first
"
    );
}

#[test]
fn two_rules_that_claim_one_runtime_are_both_named() {
    let first = key_age("maxAge: 90d").replace("gateway-west", "\"gateway-*\"");
    let second = key_age("maxAge: 30d").replace("name: rule", "name: strict");
    let both = format!("{first}---\napiVersion: afresh/v1\n{second}");
    assert_eq!(
        shown_after_base(&both),
        "\
error: the KeyAges `rule` and `strict` both claim `gateway-west`
  --> a.yaml:33:25
   |
33 |   integrationRuntimes: [gateway-west]
   |                         ^^^^^^^^^^^^ by `strict`
   |
  ::: a.yaml:25:25
   |
25 |   integrationRuntimes: [\"gateway-*\"]
   |                         ----------- by `rule`
   |
   = help: write `exclude: [gateway-west]` in `rule`
"
    );
}

#[test]
fn a_secret_is_never_shown_wherever_it_stands() {
    let secret = "s3cr3t-0f-ours";
    let token = "dapi0123456789abcdef0123456789abcdef";
    let credential = "kind: Credential\nmetadata: {name: ci}\nspec:\n";
    for document in [
        format!(
            "{credential}  servicePrincipal: {{tenant: x, clientId: y, clientSecret: \"{secret}\", more: 1}}"
        ),
        format!(
            "{credential}  servicePrincipal:\n    tenant: x\n    clientId: y\n    clientSecret: {secret}"
        ),
        format!("{credential}  databricksToken:\n    token: |\n      {secret}\n"),
        format!("{credential}  databricksToken:\n    token:\n      {secret}\n"),
        format!("{credential}  databricksToken: {{token: {{value: {secret}}}}}"),
        format!("{credential}  databricksToken: {{token: {{env: \"{secret} {token}\"}}}}"),
        format!("{credential}  databricksToken: {{token: [{token}]}}"),
        format!("{credential}  azureCli: {{password: {secret}}}"),
        format!("{credential}  ? clientSecret\n  : {token}"),
        format!("{credential}  clientSecret: \"{secret}\n   unclosed"),
        format!("{credential}  {token}: 1"),
        job_run(&format!(
            "job: {{name: x}}\nrequire: running\nparameters: {{key: {token}}}"
        )),
        job_run(&format!("job: {{name: x}}\nrequire: {token}")),
        job_run(&format!("job: {{{token}: 1}}\nrequire: running")),
        format!("kind: {token}\nmetadata: {{name: x}}\nspec: {{}}"),
    ] {
        let text = format!("{BASE}apiVersion: afresh/v1\n{document}");
        let problems = read_text(&text).expect_err(&document);
        for told in [
            problems.render(false),
            problems.render(true),
            rows(&problems).to_string(),
            format!("{problems:?}"),
        ] {
            assert!(
                !told.contains(secret) && !told.contains(token),
                "{document}\n---\n{told}"
            );
        }
    }
}

#[test]
fn an_inline_secret_is_told_with_the_way_out() {
    let document =
        "kind: Credential\nmetadata: {name: ci}\nspec:\n  databricksToken: {token: \"hello\"}\n";
    assert_eq!(
        shown_after_base(document),
        "\
error: `token` holds a secret, and a manifest must not
  --> a.yaml:24:28
   |
24 |   databricksToken: {token: ***
   |                            ^^^ not shown here
   |
   = help: write where it comes from: `token: {env: VARIABLE}` or `token: {file: PATH}`; and replace the secret, since this file has held it
"
    );
}

#[test]
fn broken_yaml_does_not_hide_the_documents_after_it() {
    let text = format!(
        "{BASE}apiVersion: afresh/v1\nkind: [\n---\napiVersion: afresh/v1\nkind: Keyage\nmetadata: {{name: x}}\nspec: {{}}\n"
    );
    assert_eq!(
        shown(&text),
        "\
error: this is not YAML: while parsing a node, did not find expected node content
  --> a.yaml:22:1
   |
22 | ---
   | ^
   |
   = help: a bracket or a quote that was opened above is not closed

error: `Keyage` is not a kind of document
  --> a.yaml:24:7
   |
24 | kind: Keyage
   |       ^^^^^^
   |
   = help: did you mean `KeyAge`?
"
    );
}

#[test]
fn words_that_tools_read_differently_are_told() {
    let document = job_run(
        "job: {name: x}\nrequire: running\nparameters: {a: no, b: 012, c: 1:30, d: ~, e: 1, f: true, on: x}",
    );
    let told = told(&format!("{BASE}apiVersion: afresh/v1\n{document}"));
    assert_eq!(
        told,
        [
            "27:19 `no` without quotes is not the same to every tool",
            "27:26 `012` without quotes is not the same to every tool",
            "27:34 `1:30` without quotes is not the same to every tool",
            "27:40 `d` has no value",
            "27:49 `e` wants text",
            "27:55 `f` wants text",
            "27:61 `on` without quotes is not the same to every tool",
        ]
    );
}

#[test]
fn programs_get_json() {
    let problems = read_text(&format!("{BASE}apiVersion: afresh/v1\nkind: Keyage\n")).unwrap_err();
    assert_eq!(
        rows(&problems)[0],
        serde_json::json!({
            "severity": "error", "file": "a.yaml", "line": 20, "column": 1, "message": "the field `metadata` is missing", "help": null
        })
    );
    assert_eq!(problems.count(), 2);
    let colored = problems.render(true);
    assert!(colored.contains('\u{1b}') && !problems.render(false).contains('\u{1b}'));
}
