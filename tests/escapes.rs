//! Every output of the built binary, with texts that hurt wherever somebody else can write one, read by a parser of its format: names of
//! jobs, messages of services, keys and file names of manifests, what a ledger and a plan file say, the environment.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[path = "support/terminal.rs"]
mod terminal;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::{Value, json};
use terminal::terminal;

/// What each means to some reader. `FORGED` stands at the beginning of a line that is not ours.
const HOSTILE: [&str; 14] = [
    "one\nFORGED: 0 to regenerate",
    "two\r\n::error::FORGED",
    "::warning::FORGED",
    "##vso[task.setvariable variable=x]FORGED",
    "##[error]FORGED",
    "\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[8mhidden",
    "\u{9b}31mred \u{85}FORGED",
    "abc\u{202e}txt.exe \u{2066}\u{200b}\u{2028}FORGED",
    "| cell | @octocat #12 GH-2 !7 %v1 ~bug owner/repo#3",
    "<img src=x onerror=alert(1)><!-- <details>",
    "`code` [a](https://evil.example) ![i](https://evil.example/i.png)",
    "see https://evil.example, www.evil.example --> </code></details>",
    "**bold** \\ ```\n# FORGED\n```",
    "a:smile: $(id) ${x} 'quoted' \"twice\" `id`",
];

/// The only page that Markdown may link to.
const OURS: &str = "https://ci.example/1";

const MANIFESTS: &str = "apiVersion: afresh/v1
kind: Project
metadata: {name: p}
spec: {freezes: [{from: 2026-11-23T00:00Z, to: 2026-11-24T00:00Z, reason: HOSTILE}]}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {name: ingest}
spec: {subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg-data, factory: adf-ingest}
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {name: analytics}
spec: {host: adb-1234567890123456.7.azuredatabricks.net}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {name: keys}
spec: {factory: ingest, integrationRuntimes: ['*'], maxAge: 90d}
---
apiVersion: afresh/v1
kind: JobRun
metadata: {name: gold}
spec: {workspace: analytics, job: {tags: {tier: gold}}, require: succeeded, freshness: {errorAfter: 24h}, parameters: {day: HOSTILE}}
";

struct Estate(tempfile::TempDir);

/// What a command printed.
struct Said {
    line: String,
    out: String,
    err: String,
}

impl Estate {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hostile = ascii(&Value::from(HOSTILE.join(" ")));
        let jobs: Vec<Value> = (100..).zip(HOSTILE).map(|(id, name)| json!({
            "id": id, "name": name, "tags": {"tier": "gold"},
            "runs": [{"started": "32h ago", "ended": "31h ago", "result": if id % 2 == 0 { "SUCCESS" } else { "FAILED" }}],
        })).collect();
        // Half of the jobs cannot be read, and the service says why in its own words.
        let faults: Vec<Value> = (100..).zip(HOSTILE).filter(|(id, _)| id % 2 == 0).map(|(id, message)| json!({
            "on": "runs/list", "subject": format!("job_id={id}"), "times": 1000, "do": "error", "status": 403, "code": "PERMISSION_DENIED", "message": message,
        })).chain([json!({
            "on": "listAuthKeys", "subject": "gateway-west", "times": 1000, "do": "error", "status": 404, "code": HOSTILE[0], "message": HOSTILE.join(" "),
        })]).collect();
        let world = json!({
            "clock": "2026-11-22T09:00:00Z", "seed": 7, "faults": faults,
            "subscriptions": [{"id": "12345678-1234-1234-1234-1234567890ab", "factories": [
                {"name": "adf-ingest", "resourceGroup": "rg-data", "created": "500d ago", "runtimes": [{"name": "gateway-west", "created": "97d ago"}, {"name": "gateway-east", "created": "80d ago"}, {"name": "gateway-north", "created": "80d ago"}]},
            ]}],
            "meanwhile": [
                {"at": "in 1d", "regenerateKey": {"runtime": "adf-ingest/gateway-east", "key": "authKey2", "by": HOSTILE.join(" ")}},
                {"at": "in 1d", "regenerateKey": {"runtime": "adf-ingest/gateway-north", "key": "authKey1", "logged": false}},
            ],
            "workspaces": [{"host": "adb-1234567890123456.7.azuredatabricks.net", "jobs": jobs}],
        });
        fs::create_dir(folder.path().join("m")).unwrap();
        fs::write(
            folder.path().join("m/a.yaml"),
            MANIFESTS.replace("HOSTILE", &hostile),
        )
        .unwrap();
        fs::write(folder.path().join("world.yaml"), ascii(&world)).unwrap();
        Self(folder)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn afresh(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_afresh"));
        command
            .args(words)
            .current_dir(self.0.path())
            .env_clear()
            .envs([
                ("USER", HOSTILE[0]),
                ("GITHUB_RUN_ID", "1"),
                ("GITHUB_REPOSITORY", HOSTILE[3]),
            ])
            .stdin(Stdio::null());
        command
    }

    fn run(&self, words: &[&str]) -> Said {
        let output = self.afresh(words).output().unwrap();
        Said {
            line: words.join(" "),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `line` with the world behind it.
    fn sim(&self, line: &str) -> Said {
        let words: Vec<&str> = line
            .split_whitespace()
            .chain(["--sim", "world.yaml"])
            .collect();
        self.run(&words)
    }

    /// Of each job, one of the addresses that hurt.
    fn addresses() -> Vec<String> {
        HOSTILE
            .iter()
            .map(|name| format!("analytics/{name}"))
            .collect()
    }
}

/// JSON that is YAML, too.
fn ascii(value: &Value) -> String {
    let mut out = String::new();
    for unit in value.to_string().encode_utf16() {
        match char::from_u32(u32::from(unit)).filter(char::is_ascii) {
            Some(c) => out.push(c),
            None => write!(out, "\\u{unit:04x}").unwrap(),
        }
    }
    out
}

impl Said {
    fn is_text(&self) -> &Self {
        assert_text(&self.line, &self.out);
        assert_text(&self.line, &self.err);
        self
    }
}

/// No terminal and no agent of a pipeline takes any of it for a command.
fn assert_text(line: &str, text: &str) {
    assert_unseen(line, text, &['\n', '\t']);
    assert!(!text.contains("##"), "{line}: {text}");
    for said in text.lines() {
        let begins = |start: &str| said.trim_start().starts_with(start);
        assert!(!begins("::") || begins("::: "), "{line}: {said}");
        assert!(
            !said.starts_with("FORGED") && !said.starts_with("# FORGED"),
            "{line}: {said}"
        );
    }
}

/// Nothing that cannot be seen, but for what its format has.
fn assert_unseen(line: &str, text: &str, has: &[char]) {
    let odd = text.chars().find(|c| {
        let actions = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        (c.is_control() || actions) && !has.contains(c)
    });
    assert_eq!(odd, None, "{line}: {text:?}");
}

/// One value, or one on each line; it may stand in a log, too.
fn assert_json(line: &str, text: &str) -> Vec<Value> {
    assert_unseen(line, text, &['\n']);
    assert!(!text.contains("##"), "{line}: {text}");
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text)
        .into_iter()
        .collect();
    values.unwrap_or_else(|error| panic!("{line}: {error}: {text}"))
}

/// No element, link, picture, mention or reference that is not ours.
fn assert_markdown(line: &str, text: &str) {
    assert_unseen(line, text, &['\n']);
    let (mut run, mut in_code) = (String::new(), 0);
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        if let Event::Text(text) = &event {
            run.push_str(text);
            continue;
        }
        if in_code == 0 {
            assert_unlinked(line, &run);
        }
        run.clear();
        match event {
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim();
                in_code += html.matches("<code>").count();
                in_code -= html.matches("</code>").count();
                assert_ours(line, html);
            }
            Event::Start(Tag::CodeBlock(_)) => in_code += 1,
            Event::End(TagEnd::CodeBlock) => in_code -= 1,
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                assert_eq!(dest_url.as_ref(), OURS, "{line}");
            }
            _ => {}
        }
    }
}

fn assert_ours(line: &str, html: &str) {
    let known = [
        "<details>",
        "</details>",
        "<summary>",
        "</summary>",
        "<code>",
        "</code>",
        "<br>",
        "<b>",
        "</b>",
        "<strong>",
        "</strong>",
    ];
    let mut rest = html.to_owned();
    for tag in known {
        rest = rest.replace(tag, "");
    }
    while let Some((before, comment)) = rest.split_once("<!--") {
        let (_, after) = comment.split_once("-->").unwrap_or_default();
        rest = format!("{before}{after}");
    }
    assert!(!rest.contains('<'), "{line}: {html}");
}

/// What a forge makes links of after Markdown is done.
fn assert_unlinked(line: &str, text: &str) {
    let follows = |sign: &str, is: fn(char) -> bool| {
        text.match_indices(sign)
            .any(|(at, _)| text[at + sign.len()..].starts_with(is))
    };
    let word: fn(char) -> bool = char::is_alphanumeric;
    let digit = |c: char| c.is_ascii_digit();
    assert!(
        !follows("@", word) && !follows("#", digit) && !follows("GH-", digit),
        "{line}: {text}"
    );
    assert!(
        !follows("!", digit) && !follows("~", word) && !follows("%", word),
        "{line}: {text}"
    );
    assert!(
        !text.contains("://") && !text.contains("www.") && !text.contains(":smile:"),
        "{line}: {text}"
    );
}

#[test]
fn a_plan_in_every_format() {
    let estate = Estate::new();
    for line in [
        "plan m",
        "plan m -v",
        "plan m -vv",
        "auth m",
        "plan m --out plan.json --format text=p.txt",
        "show plan.json",
    ] {
        let said = estate.sim(line);
        assert!(
            said.out.contains("octocat") || line.contains("p.txt") || line.starts_with("auth"),
            "{line}: {}",
            said.err
        );
        said.is_text();
    }
    assert_text(
        "text=p.txt",
        &fs::read_to_string(estate.at("p.txt")).unwrap(),
    );
    assert_json(
        "--out",
        &fs::read_to_string(estate.at("plan.json")).unwrap(),
    );
    let said = estate.sim("auth m --format json");
    assert_eq!(assert_json(&said.line, &said.out).len(), 1, "{}", said.err);
    for line in ["plan m --format json", "show plan.json --format json"] {
        let said = estate.sim(line);
        let lines = assert_json(line, &said.out).len();
        assert_eq!(lines, said.out.lines().count(), "{}", said.err);
    }
    let plan = estate.sim("plan m --format json");
    let plan = assert_json(&plan.line, &plan.out);
    let mut told: Vec<&str> = plan
        .iter()
        .filter_map(|line| line["step"]["address"].as_str())
        .collect();
    told.retain(|address| address.starts_with("analytics/"));
    told.sort_unstable();
    let mut meant = Estate::addresses();
    meant.sort_unstable();
    assert_eq!(told, meant, "JSON means what the service said");
    let logs = estate.sim("plan m -vv --log-format json").err;
    let values: Vec<&str> = logs.lines().filter(|line| line.starts_with('{')).collect();
    assert!(values.len() > 10, "{logs}");
    assert_json("logs", &values.join("\n"));
    for line in [
        "plan m --format markdown",
        "show plan.json --format markdown",
        "plan m -v --format markdown",
    ] {
        let said = estate.sim(line);
        assert!(
            said.out.contains("octocat") && said.out.contains("evil"),
            "{}",
            said.out
        );
        assert_markdown(line, &said.out);
    }
}

#[test]
fn colours_are_ours() {
    let said = Estate::new().sim("plan m -v --color always");
    assert!(said.out.contains("\u{1b}["), "{}", said.out);
    for sequence in said.out.split('\u{1b}').skip(1) {
        let end = sequence.find('m').unwrap();
        let number = &sequence[1..end];
        assert!(
            sequence.starts_with('[') && ["0", "1", "2", "31", "32", "33", "36"].contains(&number),
            "{sequence:?}"
        );
    }
}

#[test]
fn why_and_the_ledger_and_an_apply() {
    let estate = Estate::new();
    let text = estate.sim("plan m --out before.json");
    assert!(text.err.contains("Saved to"), "{}", text.err);
    estate.sim("apply m --auto-approve").is_text();
    estate.sim("plan m --out after.json").is_text();
    estate.sim("diff before.json after.json").is_text();
    estate.sim("ledger list m").is_text();
    assert_json("export", &estate.sim("ledger export m").out);
    for address in Estate::addresses() {
        for words in [
            ["why"].as_slice(),
            &["ledger", "show"],
            &["ledger", "forget", "--attempts"],
            &["ledger", "forget", "--unresolved"],
            &["ledger", "confirm"],
            &["ledger", "forget"],
            // By now nothing is known of it.
            &["ledger", "show"],
        ] {
            let words = [words, &[&address, "m", "--sim", "world.yaml"]].concat();
            let said = estate.run(&words);
            assert!(
                !(said.out.is_empty() && said.err.is_empty()),
                "{}",
                said.line
            );
            said.is_text();
        }
    }
    let said = Estate::new().sim("apply m --auto-approve --format json");
    assert!(assert_json("apply", &said.out).len() > 3, "{}", said.err);
}

#[test]
fn manifests_and_their_names() {
    for (number, hostile) in HOSTILE.iter().enumerate() {
        let estate = Estate::new();
        let text = Value::from(*hostile).to_string();
        let name = hostile.replace('/', "-");
        let manifest = |spec: &str| format!("apiVersion: afresh/v1\nkind: {spec}\n");
        for (file, spec) in [
            (
                format!("{number}.yaml"),
                format!("Project\nmetadata: {{name: p}}\nspec: {{}}\n{text}: 1"),
            ),
            (format!("{name}.yaml"), "DataFactory\nspec: [".to_owned()),
            (
                "kind.yaml".to_owned(),
                format!("{text}\nmetadata: {{name: {text}}}"),
            ),
            (
                "factory.yaml".to_owned(),
                format!(
                    "KeyAge\nmetadata: {{name: k}}\nspec: {{factory: {text}, integrationRuntimes: [{text}, \"[\"], maxAge: {text}, windows: [{{cron: {text}, timezone: {text}}}]}}"
                ),
            ),
            (
                "job.yaml".to_owned(),
                format!(
                    "JobRun\nmetadata: {{name: j}}\nspec: {{workspace: {text}, job: {{name: {text}, id: {text}}}, require: {text}}}"
                ),
            ),
            (
                "cloud.yaml".to_owned(),
                format!(
                    "Cloud\nmetadata: {{name: c}}\nspec: {{authority: {text}, resourceManager: {text}}}"
                ),
            ),
            ("raw.yaml".to_owned(), hostile.to_string()),
        ] {
            fs::write(estate.at("m").join(file), manifest(&spec)).unwrap();
        }
        let said = estate.run(&["validate", "m"]);
        assert!(said.err.contains("error: "), "{}", said.err);
        said.is_text();
        estate.run(&["plan", "m"]).is_text();
        let said = estate.run(&["validate", "m", "--format", "json"]);
        assert!(
            assert_json("validate", &said.out)[0]
                .as_array()
                .unwrap()
                .len()
                > 5
        );
    }
}

#[test]
fn a_ledger_and_a_plan_that_somebody_else_wrote() {
    let estate = Estate::new();
    let made = estate.sim("apply m --auto-approve");
    let ledger = estate.at("m/.afresh/sim/ledger.jsonl");
    let kept = fs::read_to_string(&ledger).unwrap_or_else(|_| panic!("{}{}", made.out, made.err));
    for hostile in HOSTILE {
        let text = Value::from(hostile).to_string();
        let odd = format!(
            "{{\"v\":1,\"event\":{text}}}\n{{\"v\":1,\"event\":\"settled\",\"intent\":{text},\"how\":\"done\",\"at\":{text}}}\n{{{text}\n"
        );
        fs::write(&ledger, format!("{kept}{odd}")).unwrap();
        for line in ["ledger list m", "plan m", "plan m -v"] {
            estate.sim(line).is_text();
        }
        for (name, plan) in [
            ("a.json", text.clone()),
            ("b.json", format!("{{{text}: 1}}")),
            ("c.json", format!("{{\"version\": {text}")),
            ("d.json", format!("{{\"ledger\": {{\"file\": {text}}}}}")),
            ("e.json", format!("{{\"format\": {text}}}")),
            (
                "f.json",
                format!("{{\"format\": \"afresh-plan/2\", {text}: 1}}"),
            ),
        ] {
            fs::write(estate.at(name), plan).unwrap();
            for line in [
                format!("show {name}"),
                format!("apply {name}"),
                format!("diff {name} {name}"),
            ] {
                let said = estate.sim(&line);
                assert!(!said.err.is_empty(), "{line}");
                said.is_text();
            }
        }
        fs::write(estate.at("w.yaml"), format!("clock: {text}\n{text}: 1\n")).unwrap();
        for words in [
            ["plan", "m", "--sim", "w.yaml"].as_slice(),
            &["plan", hostile],
            &["show", hostile],
            &["why", hostile, "m"],
            &["ledger", "declare", hostile, "m", "--born", hostile],
            &["plan", "--target", hostile, "m"],
            &[hostile],
        ] {
            let said = estate.run(words);
            assert!(!said.err.is_empty(), "{words:?}");
            said.is_text();
        }
    }
}

#[test]
fn what_others_did_to_a_key() {
    let estate = Estate::new();
    estate.sim("apply m --auto-approve");
    estate.sim("sim advance 3d m");
    for line in ["plan m", "plan m -v", "why ingest/gateway-east m"] {
        let said = estate.sim(line);
        let told = "outside afresh on";
        assert!(
            said.out.contains(told) && said.out.contains("octocat"),
            "{}",
            said.out
        );
        said.is_text();
    }
    let markdown = "plan m -v --refresh all --format markdown";
    let said = estate.sim(markdown);
    assert!(said.out.contains("outside afresh on"), "{}", said.out);
    assert_markdown(&said.line, &said.out);
    let short = format!("plan m --format markdown --limit 10000 --link [a](b)<b>@x={OURS}");
    let said = estate.sim(&short);
    assert!(said.out.contains(&format!("]({OURS})")), "{}", said.out);
    assert_markdown(&short, &said.out);
    estate.sim("apply m --refresh-only");
    estate.sim("sim advance 1h m");
    let said = estate.sim(markdown);
    assert!(said.out.contains("corrected: "), "{}", said.out);
    assert_markdown(&said.line, &said.out);
}

/// A cloud on loopback where nobody answers; the names of its ledger and of its secret hurt.
fn elsewhere(estate: &Estate, authority: &str, hostile: &str) -> String {
    let text = ascii(&Value::from(hostile));
    let manifest = format!(
        "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: p}}\nspec: {{ledger: {{file: {text}}}}}\n---\n\
         apiVersion: afresh/v1\nkind: Cloud\nmetadata: {{name: lab}}\nspec: {{authority: \"{authority}\", resourceManager: \"{authority}\"}}\n---\n\
         apiVersion: afresh/v1\nkind: Credential\nmetadata: {{name: ci}}\nspec: {{servicePrincipal: {{tenant: t, clientId: c, clientSecret: {{file: {text}}}}}}}\n---\n\
         apiVersion: afresh/v1\nkind: Credential\nmetadata: {{name: other}}\nspec: {{azurePipelines: {{tenant: t, clientId: c, serviceConnection: {text}}}}}\n---\n\
         apiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: f}}\nspec: {{subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg, factory: adf-x, cloud: lab, credential: ci}}\n---\n\
         apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: k}}\nspec: {{factory: f, integrationRuntimes: [\"*\"], maxAge: 90d}}\n"
    );
    let file = format!("{}.yaml", hostile.replace('/', "-"));
    fs::remove_file(estate.at("m/a.yaml")).unwrap();
    fs::write(estate.at("m").join(file), manifest).unwrap();
    let reason = ascii(&Value::from(HOSTILE.join(" ")));
    let policy = format!(
        "apiVersion: afresh/v1\nkind: Policy\nmetadata: {{name: strict}}\nspec: {{reason: {reason}, require: {{kinds: [JobRun], keyAge: {{maxAge: 1d}}}}}}\n"
    );
    fs::write(estate.at("policy.yaml"), policy).unwrap();
    text
}

#[test]
fn hosts_and_sources_and_what_a_policy_refuses() {
    for hostile in HOSTILE {
        let estate = Estate::new();
        elsewhere(&estate, "http://127.0.0.1:1", hostile);
        for words in [
            ["validate", "m"].as_slice(),
            &["plan", "m"],
            &["validate", "m", "--policy", "policy.yaml"],
            &["plan", "m", "--policy", "policy.yaml"],
        ] {
            let said = estate.run(words);
            assert!(!said.err.is_empty(), "{words:?}");
            said.is_text();
        }
        let plan = ["plan", "m", "--allow-loopback", "--timeout", "5s"];
        let said = estate.run(&[plan.as_slice(), &["--out", "plan.json"]].concat());
        assert!(
            said.out.contains("Credentials: "),
            "{}{}",
            said.out,
            said.err
        );
        said.is_text();
        for line in [
            "show plan.json",
            "diff plan.json plan.json",
            "apply plan.json",
        ] {
            estate.run(&line.split(' ').collect::<Vec<_>>()).is_text();
        }
        let said = estate.run(&["show", "plan.json", "--format", "markdown"]);
        assert!(said.out.contains("Hosts: "), "{}{}", said.out, said.err);
        assert_markdown(&said.line, &said.out);
        let said = estate.run(&["show", "plan.json", "--format", "json"]);
        let shown = &assert_json(&said.line, &said.out)[0];
        assert!(
            shown["ledger"]["file"].as_str().unwrap().ends_with(hostile),
            "{shown}"
        );
    }
}

#[test]
fn the_question_whether_a_host_is_trusted() {
    for hostile in HOSTILE {
        let estate = Estate::new();
        elsewhere(&estate, "https://login.lab.example", hostile);
        fs::remove_file(estate.at("policy.yaml")).unwrap();
        let (mut ours, theirs) = terminal().unwrap();
        ours.write_all(b"no\n").unwrap();
        let mut asks = estate.afresh(&["plan", "m"]);
        asks.env("XDG_CONFIG_HOME", estate.at("config"))
            .stdin(theirs.try_clone().unwrap())
            .stderr(theirs);
        let output = asks.output().unwrap();
        // The end of a terminal that nobody holds any more is an error.
        drop(asks);
        let mut told = Vec::new();
        let _ = ours.read_to_end(&mut told);
        // The terminal itself shows what is typed, and ends each line with two characters.
        let told = String::from_utf8(told).unwrap().replace("\r\n", "\n");
        assert!(
            told.contains("Type `yes`: ") && output.status.code() == Some(5),
            "{told}"
        );
        assert_text("the question", &told);
    }
}
