//! What is refused although it is well formed: one line for each rule.

use super::*;

/// The first message of a document that stands after [`BASE`].
fn first(document: &str) -> String {
    let text = format!("{BASE}apiVersion: afresh/v1\n{document}");
    let problems = rows(&read_text(&text).expect_err(document));
    problems[0]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

fn assert_refused(cases: &[(String, &str)]) {
    for (document, message) in cases {
        assert_eq!(first(document), *message, "{document}");
    }
}

#[test]
fn lengths_of_time_in_a_key_age() {
    assert_refused(&[
        (
            key_age("maxAge: 90d\nrotateBefore: 90d"),
            "`rotateBefore` (90d) must be shorter than `maxAge` (90d)",
        ),
        (
            key_age("maxAge: 90d\noverlap: 91d"),
            "twice the `overlap` (91d) must be shorter than `maxAge` (90d)",
        ),
        (
            key_age("maxAge: 90d\nrotateBefore: 10d\noverlap: 50d"),
            "twice the `overlap` (50d) must be shorter than `maxAge` (90d)",
        ),
        (
            key_age("maxAge: 90d\noverlap: 45d"),
            "twice the `overlap` (45d) must be shorter than `maxAge` (90d)",
        ),
        (
            key_age("maxAge: 12h"),
            "twice the `overlap` (default 1d) must be shorter than `maxAge` (12h)",
        ),
        (
            key_age("maxAge: 2d"),
            "twice the `overlap` (default 1d) must be shorter than `maxAge` (2d)",
        ),
        (
            key_age("maxAge: 90d\nrotateBefore: 80d\njitter: 10d"),
            "`rotateBefore` (80d) and `jitter` together (90d) must be shorter than `maxAge` (90d)",
        ),
        (
            key_age("maxAge: 90d\njitter: 81d"),
            "`rotateBefore` (default 9d) and `jitter` together (90d) must be shorter than `maxAge` (90d)",
        ),
        (
            key_age("maxAge: 0d"),
            "`maxAge` must be longer than nothing",
        ),
        (
            key_age("maxAge: 3 months"),
            "`3 months` is not a length of time",
        ),
    ]);
}

#[test]
fn windows() {
    let window = |window: &str| key_age(&format!("maxAge: 90d\nwindows: [{window}]"));
    assert_refused(&[
        (
            window("{cron: \"0 2 * *\", timezone: UTC, duration: 4h}"),
            "`0 2 * *` has 4 fields, and a cron expression has five",
        ),
        (
            window("{cron: \"0 2 * * 6\", timezone: Europe/Pariss, duration: 4h}"),
            "`Europe/Pariss` is not an IANA timezone such as Europe/Paris or UTC",
        ),
        (
            window("{cron: \"0 2 * * 6\", timezone: UTC, duration: 0h}"),
            "this window is never open",
        ),
        (
            window("{cron: \"0 0 31 2 *\", timezone: UTC, duration: 1h}"),
            "`0 0 31 2 *` never comes",
        ),
    ]);
    assert!(
        first(&window(
            "{cron: \"0 99 * * 6\", timezone: UTC, duration: 4h}"
        ))
        .starts_with("`0 99 * * 6` is not a cron expression")
    );
}

#[test]
fn names_of_the_services() {
    let runtime = |name: &str| key_age("maxAge: 90d").replace("gateway-west", name);
    let wrong = |name: &str| {
        format!(
            "`{name}` is not an integration runtime's name: 3 to 63 letters and digits, with single hyphens between them"
        )
    };
    for name in ["a--b", "ab", "gate_way", "-abc", "abc-"] {
        assert_eq!(first(&runtime(name)), wrong(name));
    }
    assert_eq!(first(&runtime("\"[abc]*\"")), wrong("[abc]*"));
    assert_eq!(
        first(&runtime("")),
        "this rule selects no integration runtime"
    );
    let factory = |field: &str, value: &str| {
        let mut fields = [
            ("subscription", "12345678-1234-1234-1234-1234567890ab"),
            ("resourceGroup", "rg"),
            ("factory", "adf-other"),
        ];
        fields
            .iter_mut()
            .filter(|(name, _)| *name == field)
            .for_each(|entry| entry.1 = value);
        let spec = fields
            .map(|(name, value)| format!("{name}: {value}"))
            .join(", ");
        format!("kind: DataFactory\nmetadata: {{name: other}}\nspec: {{{spec}}}")
    };
    assert_refused(&[
        (factory("subscription", "1234"), "`subscription` wants text"),
        (
            factory("subscription", "production"),
            "`production` is not a UUID",
        ),
        (
            factory("resourceGroup", "rg-data."),
            "`rg-data.` is not a resource group: 1 to 90 letters, digits, `_`, `-`, `.`, `(` and `)`, not ending with a dot",
        ),
        (
            factory("factory", "adf_ingest"),
            "`adf_ingest` is not a factory's name: 3 to 63 letters and digits, with single hyphens between them",
        ),
        (
            factory("resourceGroup", "RG-DATA").replace("adf-other", "ADF-ingest"),
            "two connections to one Data Factory",
        ),
    ]);
}

#[test]
fn jobs() {
    let job = |fields: &str| job_run(&format!("job: {{name: x}}\n{fields}"));
    assert_refused(&[
        (
            job("require: succeeded"),
            "`require: succeeded` needs `freshness`",
        ),
        (
            job("require: succeeded\nfreshness: {warnAfter: 20h}"),
            "the field `errorAfter` is missing",
        ),
        (
            job("require: succeeded\nfreshness: {warnAfter: 24h, errorAfter: 24h}"),
            "`warnAfter` (1d) must be shorter than `errorAfter` (1d)",
        ),
        (
            job("require: notRunning\nfreshness: {errorAfter: 24h}"),
            "`freshness` goes with `require: succeeded` only",
        ),
        (
            job("require: succeeded\nfreshness: {startAfter: 25h, errorAfter: 24h}"),
            "`startAfter` (1d1h) must not be longer than `errorAfter` (1d)",
        ),
        (
            job("require: succeeded\nfreshness: {startAfter: 0s, errorAfter: 24h}"),
            "`startAfter` must be longer than nothing",
        ),
        (
            job("require: running\ncounts: any"),
            "`counts` means nothing with `require: running`",
        ),
        (
            job("require: notRunning\nmaxDuration: 3h"),
            "`maxDuration` means nothing with `require: notRunning`",
        ),
        (
            job("require: notRunning\nmaxQueue: 3h"),
            "`maxQueue` means nothing with `require: notRunning`",
        ),
        (
            job("require: notRunning\nconcurrencyPolicy: Allow"),
            "`concurrencyPolicy` means nothing with `require: notRunning`",
        ),
        (
            job("require: notRunning\nacceptResults: [SUCCESS]"),
            "`acceptResults` means nothing with `require: notRunning`",
        ),
        (
            job("require: notRunning\nretry: {backoff: 1h}"),
            "`retry` means nothing with `require: notRunning`",
        ),
        (
            job("require: notRunning\nparameters: {day: x}"),
            "`parameters` means nothing with `require: notRunning`",
        ),
        (
            job("require: notRunning\nwaitFor: {end: 1h}"),
            "`waitFor` means nothing with `require: notRunning`",
        ),
        (
            job("require: running\nretry: {backoff: 7h}"),
            "`backoff` (7h) must not be longer than `backoffMax` (6h)",
        ),
        (
            job("require: running\nretry: {maxAttempts: 0}"),
            "`maxAttempts` wants a whole number of 1 or more",
        ),
        (
            job("require: running\nacceptResults: [SUCESS]"),
            "`SUCESS` is not a result that Databricks knows",
        ),
        (
            job("require: running\nacceptResults: []"),
            "`acceptResults` without a result would never be satisfied",
        ),
        (
            job("require: running\nacceptResults: SUCCESS"),
            "`acceptResults` wants a list",
        ),
        (
            job("require: running\nconcurrencyPolicy: forbid"),
            "`forbid` is not a value of `concurrencyPolicy`",
        ),
        (
            job(&format!(
                "require: running\nparameters: {{a: {}}}",
                "x".repeat(10_000)
            )),
            "the parameters are 10008 bytes of JSON, and Databricks takes 10000",
        ),
    ]);
}

#[test]
fn which_jobs() {
    let job = |fields: &str| job_run(&format!("job: {{name: x}}\n{fields}"));
    assert_refused(&[
        (
            job_run("require: running"),
            "a JobRun needs `job` or `submit`",
        ),
        (
            job("require: running\nsubmit: {tasks: [{}]}"),
            "a JobRun has `job` or `submit`, not both",
        ),
        (
            job_run("job: {}\nrequire: running"),
            "`job` needs one of `name`, `id`, `tags`",
        ),
        (
            job_run("job: {name: a, id: 1}\nrequire: running"),
            "`job` takes one of `name`, `id`, `tags`, not several",
        ),
        (
            job_run("job: {tags: {}}\nrequire: running"),
            "`tags` without a tag would select every job",
        ),
        (
            job_run("job: {id: \"12\"}\nrequire: running"),
            "`id` wants a whole number",
        ),
        (
            job_run("job: {id: 012}\nrequire: running"),
            "`012` is not the same number to every tool",
        ),
    ]);
}

#[test]
fn submissions() {
    let submit =
        |submit: &str, more: &str| job_run(&format!("submit: {submit}\nrequire: succeeded{more}"));
    assert_refused(&[
        (
            submit("{}", ""),
            "`submit` needs `tasks`, a list of one task at least",
        ),
        (
            submit("{tasks: []}", ""),
            "`submit` needs `tasks`, a list of one task at least",
        ),
        (
            submit("{tasks: [{}], run_name: x}", ""),
            "`run_name` cannot be given in `submit`",
        ),
        (
            submit("{tasks: [{}], idempotency_token: x}", ""),
            "`idempotency_token` cannot be given in `submit`",
        ),
        (
            submit("{tasks: [{}]}", "\nparameters: {a: b}"),
            "`parameters` means nothing for a one-time run",
        ),
        (
            submit("{tasks: [{a: yes}]}", ""),
            "`yes` without quotes is not the same to every tool",
        ),
        (
            submit("{tasks: [{}]}", "").replace("require: succeeded", "require: running"),
            "a one-time run can only be required to have succeeded",
        ),
    ]);
}

#[test]
fn two_job_runs_that_claim_one_job() {
    let two = |one: &str, other: &str| {
        let first = job_run(&format!("job: {one}\nrequire: running"));
        let second = job_run(&format!("job: {other}\nrequire: running"))
            .replace("name: rule", "name: second");
        format!("{first}---\napiVersion: afresh/v1\n{second}")
    };
    assert_refused(&[
        (
            two("{name: x}", "{name: x}"),
            "the JobRuns `rule` and `second` both claim the job `x`",
        ),
        (
            two("{id: 7}", "{id: 7}"),
            "the JobRuns `rule` and `second` both claim the job 7",
        ),
        (
            two("{tags: {a: b}}", "{tags: {a: b, c: d}}"),
            "the JobRuns `rule` and `second` both claim jobs with the same tags",
        ),
        (
            two("{name: x}", "{name: y}").replace("name: second", "name: rule"),
            "two JobRun documents are called `rule`",
        ),
    ]);
    let text = format!(
        "{BASE}apiVersion: afresh/v1\n{}",
        two("{name: x}", "{id: 7}")
    );
    assert!(read_text(&text).is_ok());
}

#[test]
fn how_long_a_request_may_take() {
    let cloud = |lifetime: &str, authority: &str, manager: &str, domain: &str| {
        format!(
            "kind: Cloud\nmetadata: {{name: lab}}\nspec: {{authority: \"{authority}\", resourceManager: \"{manager}\", databricks: {{domain: \"{domain}\"}}, limits: {{requestLifetime: {lifetime}}}}}"
        )
    };
    let (here, there) = ("http://127.0.0.1:4201", "https://x.example");
    let short = "`requestLifetime` is 59s: less than 1m is for clouds whose hosts are all loopback";
    assert_refused(&[
        (
            cloud("0s", here, here, "127.0.0.1:1"),
            "`requestLifetime` must be longer than nothing",
        ),
        (cloud("59s", there, there, ".lab.example"), short),
        (cloud("59s", here, here, ".lab.example"), short),
        (cloud("59s", here, there, "127.0.0.1:1"), short),
        (cloud("59s", there, here, "127.0.0.1:1"), short),
        (
            cloud("601s", here, here, "127.0.0.1:1"),
            "`requestLifetime` is 10m1s, and can be 10m at most",
        ),
        (
            cloud("60", here, here, "127.0.0.1:1"),
            "`60` is a number without a unit",
        ),
        (
            cloud("1s", here, here, "localhost:1"),
            "`localhost` is a name, and not an address of this machine",
        ),
        (
            cloud("1m", "https://LOCALHOST:1", here, "127.0.0.1:1"),
            "`localhost` is a name, and not an address of this machine",
        ),
        (
            cloud("1s", "http://127.0.0.1:99999", here, "127.0.0.1:1"),
            "`authority` must be reached over https",
        ),
        (
            cloud("1s", "http://127.0.0.1:1:2", here, "127.0.0.1:1"),
            "`authority` must be reached over https",
        ),
        (
            cloud("1s", "http://me@127.0.0.1:1", here, "127.0.0.1:1"),
            "`authority` must be reached over https",
        ),
    ]);
    for fine in [
        cloud("1s", here, here, "127.0.0.1:1"),
        cloud("1m", there, there, ".lab.example"),
        cloud("10m", there, there, ".lab.example"),
    ] {
        let text = format!("{BASE}apiVersion: afresh/v1\n{fine}");
        assert!(read_text(&text).is_ok(), "{fine}");
    }
}

#[test]
fn workspaces_clouds_and_credentials() {
    let workspace = |spec: &str| {
        format!("kind: DatabricksWorkspace\nmetadata: {{name: other}}\nspec: {{{spec}}}")
    };
    let cloud = |authority: &str| {
        format!(
            "kind: Cloud\nmetadata: {{name: lab}}\nspec: {{authority: \"{authority}\", resourceManager: \"https://x\"}}"
        )
    };
    assert_refused(&[
        (workspace(""), "a workspace needs `host` or `resourceId`"),
        (workspace("host: evil.example"), "`evil.example` is not a Databricks host of the cloud `public`"),
        (workspace("host: \"https://adb-2.7.azuredatabricks.net\""), "`https://adb-2.7.azuredatabricks.net` is not a host"),
        (workspace("host: adb-1.7.azuredatabricks.net"), "two connections to one Databricks workspace"),
        (workspace("resourceId: /subscriptions/x"), "`/subscriptions/x` is not the ARM id of a Databricks workspace"),
        (cloud("http://login.example"), "`authority` must be reached over https"),
        (cloud("http://127.0.0.1@login.example"), "`authority` must be reached over https"),
        (cloud("https://user@login.example"), "`authority` is not an https address"),
        (cloud("https://user:word@login.example"), "this looks like a secret, and a manifest must not hold one"),
        (cloud("https://x").replace("lab", "public"), "the cloud `public` is built in"),
        ("kind: Credential\nmetadata: {name: x}\nspec: {azureCli: {}, deviceCode: {}}".to_owned(), "`spec` takes one of `servicePrincipal`, `workloadIdentity`, `managedIdentity`, `azureCli`, `githubOidc`, `azurePipelines`, `deviceCode`, `databricksToken`, `databricksOauth`, not several"),
        ("kind: Credential\nmetadata: {name: x}\nspec: {servicePrincipal: {tenant: a, clientId: b}}".to_owned(), "a service principal needs `clientSecret` or `certificate`"),
        ("kind: Credential\nmetadata: {name: default}\nspec: {azureCli: {}}".to_owned(), "`default` is the chain that is tried without a Credential document"),
    ]);
    let credential = "kind: Credential\nmetadata: {name: t}\nspec: {databricksToken: {token: {env: T}}}\n---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {name: other}\nspec: {subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg, factory: abc, credential: t}";
    assert_eq!(
        first(credential),
        "the credential `t` is for Databricks only"
    );
}

#[test]
fn the_project() {
    let project = |spec: &str| shown(&BASE.replace("spec: {}", &format!("spec: {spec}")));
    let freeze =
        project("{freezes: [{from: 2027-01-04T00:00Z, to: 2026-12-20T00:00Z, reason: x}]}");
    assert!(
        freeze.starts_with(
            "error: this freeze ends before it begins
 --> a.yaml:4:48
"
        ),
        "{freeze}"
    );
    assert!(
        project("{ledger: {blob: \"http://acct.example/c/n\"}}")
            .contains("the ledger's blob must be reached over https")
    );
    for (blob, fault) in [
        ("https://acct.example/c", "has no name"),
        ("https://a.blob.core.windows.net/c", "has no name"),
        (
            "https://a.blob.core.windows.net/c/n?sig=x",
            "more than its address",
        ),
    ] {
        let shown = project(&format!("{{ledger: {{blob: \"{blob}\"}}}}"));
        assert!(shown.contains(fault), "{shown}");
        assert!(shown.contains("AZURE_STORAGE_SAS_TOKEN"), "{shown}");
    }
    assert!(project("{ledger: {}}").contains("`ledger` needs one of `file`, `blob`"));
    assert!(project("{guardrails: {onExceed: deferr}}").contains("did you mean `defer`?"));
    let none =
        shown("apiVersion: afresh/v1\nkind: Credential\nmetadata: {name: x}\nspec: {azureCli: {}}");
    assert!(
        none.starts_with("error: there is no Project document\n"),
        "{none}"
    );
    assert!(shown(&format!("{BASE}{BASE}")).contains("there are two Project documents"));
}

#[test]
fn a_window_has_one_timezone_under_either_name() {
    let windows = |zones: &str| {
        key_age(&format!(
            "maxAge: 90d\nwindows: [{{cron: \"0 2 * * 6\", {zones}duration: 4h}}]"
        ))
    };
    for zone in ["timeZone: Europe/Paris, ", "timezone: Europe/Paris, "] {
        let text = format!("{BASE}apiVersion: afresh/v1\n{}", windows(zone));
        let desired =
            read_text(&text).unwrap_or_else(|problems| panic!("{}", problems.render(false)));
        let window = &desired.key_ages[0].spec.windows[0];
        assert_eq!(window.zone_name(), "Europe/Paris");
    }
    assert_refused(&[
        (windows(""), "the field `timeZone` is missing"),
        (
            windows("timeZone: UTC, timezone: UTC, "),
            "a window has one timezone, and both `timeZone` and `timezone` are written",
        ),
        (
            windows("timeZone: Mars, "),
            "`Mars` is not an IANA timezone such as Europe/Paris or UTC",
        ),
    ]);
}

#[test]
fn freshness_reaches_no_further_than_the_service_remembers() {
    let fresh = |limit: &str| {
        job_run(&format!(
            "job: {{name: a}}\nrequire: succeeded\nfreshness: {{errorAfter: {limit}}}"
        ))
    };
    let kept = "`errorAfter` (60d1h) is longer than Databricks keeps runs (60d): an older success cannot be found";
    assert_refused(&[(fresh("60d1h"), kept)]);
    let text = format!("{BASE}apiVersion: afresh/v1\n{}", fresh("60d"));
    assert!(read_text(&text).is_ok());
}

#[test]
fn contradictions_are_told_together_with_everything_else() {
    let fields = "maxAge: 90d\noverlap: 91d\nunknownAge: adapt\nwindows: [{cron: \"0 0 31 2 *\", timezone: Mars, duration: 1h}]\nexclude: [a_b]";
    let text = format!("{BASE}apiVersion: afresh/v1\n{}", key_age(fields));
    assert_eq!(
        told(&text.replace("factory: ingest", "factory: ingset")),
        [
            "24:12 there is no DataFactory `ingset`",
            "27:12 twice the `overlap` (91d) must be shorter than `maxAge` (90d)",
            "28:15 `adapt` is not a value of `unknownAge`",
            "29:20 `0 0 31 2 *` never comes",
            "29:44 `Mars` is not an IANA timezone such as Europe/Paris or UTC",
            "30:13 `a_b` is not an integration runtime's name: 3 to 63 letters and digits, with single hyphens between them",
        ]
    );
}
