//! Checks that no credential goes to a place that only a manifest names.
//!
//! Every credential method meets every field of a manifest that can name a host or an audience, and every field that can name a file or a
//! variable meets what is there for something else. All this happens in front of a server on loopback that records whatever arrives and
//! is also the proxy of every other host. To prove that the server could have received them, each method's credential is also sent once
//! where it is trusted.
#![expect(clippy::unwrap_used, reason = "this whole target is a test")]

#[path = "support/terminal.rs"]
mod terminal;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use afresh::model::address::Name;
use afresh::model::connection::{Cloud, Credential, SecretSource, Workspace, WorkspaceHost};
use afresh::model::desired::LedgerPlace;
use afresh::model::trust::{Ask, Grounds, Host, Use};
use afresh::model::verdict::Target;
use afresh::saved;
use terminal::terminal;

/// A server that answers like an authority, a Resource Manager, a workspace or a pipeline, and keeps what it was sent.
struct Recorder {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let keeps = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let keeps = Arc::clone(&keeps);
                // A client that goes away early has still been heard.
                thread::spawn(move || drop(answer(stream, &keeps)));
            }
        });
        Self { address, heard }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    let begun = loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..begun]).to_ascii_lowercase();
    let length = text.split("content-length:").nth(1);
    let length = length.and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
    while bytes.len() < begun + length.unwrap_or(0) {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..count]);
    }
    let request = String::from_utf8_lossy(&bytes).into_owned();
    let body = said(&request);
    heard.lock().unwrap().push(request);
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn said(request: &str) -> &'static str {
    let path = request.split(' ').nth(1).unwrap_or_default();
    if path.contains("devicecode") {
        r#"{"device_code": "d", "user_code": "u", "verification_uri": "https://example.com", "expires_in": 60, "interval": 1}"#
    } else if path.contains("token") {
        r#"{"access_token": "granted", "expires_in": 3599, "token_type": "Bearer"}"#
    } else if path.contains("assertion") {
        r#"{"value": "assertion", "oidcToken": "assertion"}"#
    } else if path.contains("jobs/list") {
        r#"{"jobs": [{"job_id": 1, "settings": {"name": "j"}}]}"#
    } else if path.contains("run-now") {
        r#"{"run_id": 7}"#
    } else {
        r#"{"value": [], "jobs": [], "runs": []}"#
    }
}

/// A credential method, and how a recorder would notice that it was used.
struct Method {
    name: &'static str,
    /// Its Credential's spec; empty: the `default` chain with a secret in the environment.
    spec: &'static str,
    only_workspaces: bool,
    /// What a server that it signs in to is shown.
    shows: &'static str,
}

const fn method(name: &'static str, spec: &'static str, shows: &'static str) -> Method {
    Method {
        name,
        spec,
        only_workspaces: false,
        shows,
    }
}

const fn of_workspaces(name: &'static str, spec: &'static str, shows: &'static str) -> Method {
    Method {
        name,
        spec,
        only_workspaces: true,
        shows,
    }
}

const METHODS: [Method; 11] = [
    method("default", "", "client_secret=CANARY-secret"),
    method(
        "secret",
        "servicePrincipal: {tenant: t, clientId: c, clientSecret: {env: AZURE_CLIENT_SECRET}}",
        "client_secret=CANARY-secret",
    ),
    method(
        "certificate",
        "servicePrincipal: {tenant: t, clientId: c, certificate: {file: app.pem}}",
        "client_assertion=ey",
    ),
    method(
        "workloadIdentity",
        "workloadIdentity: {tenant: t, clientId: c, tokenFile: token}",
        "client_assertion=CANARY-federated",
    ),
    method("managedIdentity", "managedIdentity: {}", "Bearer granted"),
    method("azureCli", "azureCli: {}", "Bearer CANARY-cli"),
    method(
        "githubOidc",
        "githubOidc: {tenant: t, clientId: c}",
        "client_assertion=assertion",
    ),
    method(
        "azurePipelines",
        "azurePipelines: {tenant: t, clientId: c, serviceConnection: s}",
        "client_assertion=assertion",
    ),
    method("deviceCode", "deviceCode: {tenant: t, clientId: c}", ""),
    of_workspaces(
        "databricksToken",
        "databricksToken: {token: {env: DATABRICKS_TOKEN}}",
        "Bearer CANARY-pat",
    ),
    of_workspaces(
        "databricksOauth",
        "databricksOauth: {clientId: c, clientSecret: {env: DATABRICKS_CLIENT_SECRET}}",
        // `c:CANARY-oauth`
        "Basic YzpDQU5BUlktb2F1dGg=",
    ),
];

/// What a manifest says where.
#[derive(Clone)]
struct Estate {
    authority: String,
    manager: String,
    audience: String,
    domain: String,
    host: String,
    resource: String,
    management: String,
    ledger: String,
    spec: String,
}

const PUBLIC: &str = "https://management.azure.com";

impl Estate {
    /// A Cloud document that says what Azure's public cloud is.
    fn public(method: &Method) -> Self {
        Self {
            authority: "https://login.microsoftonline.com".to_owned(),
            manager: PUBLIC.to_owned(),
            audience: PUBLIC.to_owned(),
            domain: ".azuredatabricks.net".to_owned(),
            host: "adb-1.7.azuredatabricks.net".to_owned(),
            resource: "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d".to_owned(),
            management: "https://management.core.windows.net/".to_owned(),
            ledger: "file: ledger.jsonl".to_owned(),
            spec: method.spec.to_owned(),
        }
    }

    /// All of it at one server.
    fn at(address: SocketAddr, method: &Method) -> Self {
        Self {
            authority: format!("http://{address}"),
            manager: format!("http://{address}"),
            domain: address.to_string(),
            host: address.to_string(),
            ..Self::public(method)
        }
    }

    fn text(&self, method: &Method) -> String {
        let Self {
            authority,
            manager,
            audience,
            domain,
            host,
            resource,
            management,
            ledger,
            spec,
        } = self;
        let (of_factory, of_workspace) = match (spec.as_str(), method.only_workspaces) {
            ("", _) => ("default", "default"),
            (_, true) => ("default", "pinned"),
            (_, false) => ("pinned", "pinned"),
        };
        let mut text = format!(
            "apiVersion: afresh/v1\nkind: Project\nmetadata: {{name: p}}\nspec: {{ledger: {{{ledger}}}}}\n---\n\
             apiVersion: afresh/v1\nkind: Cloud\nmetadata: {{name: lab}}\nspec:\n  authority: \"{authority}\"\n  resourceManager: \"{manager}\"\n  audience: \"{audience}\"\n  \
             databricks: {{domain: \"{domain}\", resource: \"{resource}\", managementAudience: \"{management}\"}}\n---\n\
             apiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {{name: w}}\nspec: {{host: \"{host}\", cloud: lab, credential: {of_workspace}}}\n---\n\
             apiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: j}}\nspec: {{workspace: w, job: {{name: j}}, require: running}}\n"
        );
        if !method.only_workspaces {
            let _ = write!(
                text,
                "---\napiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: f}}\nspec: {{subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg, factory: adf-x, cloud: lab, credential: {of_factory}}}\n---\n\
                 apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: k}}\nspec: {{factory: f, integrationRuntimes: [\"*\"], maxAge: 90d}}\n"
            );
        }
        if !spec.is_empty() {
            let _ = write!(
                text,
                "---\napiVersion: afresh/v1\nkind: Credential\nmetadata: {{name: pinned}}\nspec: {{{spec}}}\n"
            );
        }
        text
    }
}

/// What ran: its exit code, all that it said, and what arrived.
struct Ran {
    code: Option<i32>,
    said: String,
    heard: Vec<String>,
}

fn run(recorder: &Recorder, method: &Method, estate: &Estate, more: &[&str]) -> Ran {
    run_text(recorder, method.name, &estate.text(method), more)
}

fn run_text(recorder: &Recorder, name: &str, manifest: &str, more: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let (root, planned) = (folder.path(), folder.path().join("estate"));
    std::fs::create_dir(&planned).unwrap();
    std::fs::write(planned.join("estate.yaml"), manifest).unwrap();
    std::fs::write(planned.join("token"), "CANARY-federated").unwrap();
    let pem = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/shared/tls.pem");
    std::fs::copy(pem, planned.join("app.pem")).unwrap();
    std::os::unix::fs::symlink("../bin/az", planned.join("leads-out")).unwrap();
    std::fs::create_dir(planned.join("below")).unwrap();
    let bin = root.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let az = format!(
        "#!/bin/sh\necho \"$@\" >> {0}/az-was-run\necho '{{\"accessToken\": \"CANARY-cli\", \"expires_on\": 4102444800, \"tenant\": \"t\"}}'\n",
        root.display()
    );
    std::fs::write(bin.join("az"), az).unwrap();
    std::fs::set_permissions(bin.join("az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = format!("http://{}", recorder.address);
    let mut command = Command::new(env!("CARGO_BIN_EXE_afresh"));
    command
        .args(["plan", "estate", "--timeout", "20s"])
        .args(more)
        .current_dir(root)
        .env_clear()
        .env("HOME", root)
        .env("PATH", &bin)
        .env("HTTPS_PROXY", &server)
        .env("AZURE_TENANT_ID", "t")
        .env("AZURE_CLIENT_ID", "c")
        .env("AZURE_CLIENT_SECRET", "CANARY-secret")
        .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", &server)
        .env("AZURE_STORAGE_SAS_TOKEN", "sig=CANARY-sas")
        .env("DATABRICKS_TOKEN", "CANARY-pat")
        .env("DATABRICKS_CLIENT_ID", "c")
        .env("DATABRICKS_CLIENT_SECRET", "CANARY-oauth")
        .env("NPM_TOKEN", "CANARY-npm")
        .env("AFRESH_PARAMETER_DAY", "CANARY-parameter")
        .env(
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            format!("{server}/assertion?run=1"),
        )
        .env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CANARY-github")
        .env("SYSTEM_OIDCREQUESTURI", format!("{server}/assertion"))
        .env("SYSTEM_ACCESSTOKEN", "CANARY-pipelines")
        .env("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "s")
        .stdin(Stdio::null());
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(
        !said.contains("CANARY"),
        "{name}: a secret is shown:\n{said}"
    );
    let mut heard = recorder.take();
    heard.extend(std::fs::read_to_string(root.join("az-was-run")));
    Ran {
        code: done.status.code(),
        said,
        heard,
    }
}

/// Each field that can name a host or an audience, with an estate that is Azure's own but for that, and what the refusal says to allow.
fn fields(recorder: &Recorder, method: &Method) -> Vec<(&'static str, Estate, Vec<String>)> {
    let public = || Estate::public(method);
    let near = recorder.address;
    let with = |name, change: &dyn Fn(&mut Estate), wanted: &[&str]| {
        let mut estate = public();
        change(&mut estate);
        let wanted = wanted.iter().map(|word| (*word).to_owned()).collect();
        (name, estate, wanted)
    };
    let flag = "--allow-loopback";
    vec![
        with(
            "authority",
            &|e| e.authority = "https://login.evil.example".into(),
            &["authority: [\"login.evil.example\"]"],
        ),
        with(
            "authority on loopback",
            &|e| e.authority = format!("http://{near}"),
            &[flag],
        ),
        with(
            "authority with a port",
            &|e| e.authority = "https://login.evil.example:8443".into(),
            &["authority: [\"login.evil.example:8443\"]"],
        ),
        with(
            "resourceManager",
            &|e| e.manager = "https://arm.evil.example".into(),
            &["resourceManager: [\"arm.evil.example\"]"],
        ),
        with(
            "resourceManager on loopback",
            &|e| e.manager = format!("http://{near}"),
            &[flag],
        ),
        with(
            "domain",
            &|e| {
                e.domain = ".evil.example".into();
                e.host = "adb-1.evil.example".into();
            },
            &["databricks: [\"adb-1.evil.example\"]"],
        ),
        with(
            "domain on loopback",
            &|e| {
                e.domain = near.to_string();
                e.host = near.to_string();
            },
            &[flag],
        ),
        with(
            "audience",
            &|e| e.audience = "https://vault.azure.net".into(),
            &[
                "audiences:",
                "resourceManager: [\"https://vault.azure.net\"]",
            ],
        ),
        with(
            "resource",
            &|e| e.resource = "https://graph.microsoft.com".into(),
            &[
                "audiences:",
                "databricks: [\"https://graph.microsoft.com\"]",
            ],
        ),
        with(
            "managementAudience",
            &|e| e.management = "https://vault.azure.net".into(),
            &["audiences:", "databricks: [\"https://vault.azure.net\"]"],
        ),
        with(
            "ledger",
            &|e| e.ledger = "blob: \"https://blob.evil.example/c/n\"".into(),
            &["storage: [\"blob.evil.example\"]"],
        ),
        with(
            "ledger on loopback",
            &|e| e.ledger = format!("blob: \"http://{near}/a/c/n\""),
            &[flag],
        ),
        (
            "everything on loopback",
            Estate::at(near, method),
            vec![flag.to_owned()],
        ),
    ]
}

#[test]
fn nothing_goes_where_only_a_manifest_says() {
    let recorder = Recorder::start();
    let mut met = 0;
    for method in &METHODS {
        for (field, estate, wanted) in fields(&recorder, method) {
            let ran = run(&recorder, method, &estate, &[]);
            let which = format!("{} with {field}", method.name);
            assert_eq!(ran.heard, Vec::<String>::new(), "{which} was heard");
            assert_eq!(ran.code, Some(5), "{which}:\n{}", ran.said);
            for word in wanted {
                assert!(
                    ran.said.contains(&word),
                    "{which} does not say `{word}`:\n{}",
                    ran.said
                );
            }
            assert!(
                ran.said.contains("estate/estate.yaml:"),
                "{which} has no place:\n{}",
                ran.said
            );
            met += 1;
        }
    }
    assert_eq!(met, METHODS.len() * 13);
}

/// Every field of a credential that names where a secret, or what stands for one, comes from: its name, its Credential's spec with `@` in its
/// place, and is it of workspaces alone?
const SOURCES: [(&str, &str, bool); 5] = [
    (
        "clientSecret",
        "servicePrincipal: {tenant: t, clientId: c, clientSecret: @}",
        false,
    ),
    (
        "certificate",
        "servicePrincipal: {tenant: t, clientId: c, certificate: @}",
        false,
    ),
    (
        "tokenFile",
        "workloadIdentity: {tenant: t, clientId: c, tokenFile: @}",
        false,
    ),
    ("token", "databricksToken: {token: @}", true),
    (
        "Databricks clientSecret",
        "databricksOauth: {clientId: c, clientSecret: @}",
        true,
    ),
];
/// What a manifest may not name, and what the refusal says to allow.
const VARIABLES: [(&str, &str); 6] = [
    ("NPM_TOKEN", "variables: [\"NPM_TOKEN\"]"),
    (
        "AFRESH_PARAMETER_DAY",
        "variables: [\"AFRESH_PARAMETER_DAY\"]",
    ),
    ("HOME", "variables: [\"HOME\"]"),
    ("AZURECLIENT", "variables: [\"AZURECLIENT\"]"),
    (
        "azure_client_secret",
        "variables: [\"azure_client_secret\"]",
    ),
    ("SYSTEM_ACCESSTOKEN", "variables: [\"SYSTEM_ACCESSTOKEN\"]"),
];
const FILES: [(&str, &str); 7] = [
    ("/proc/self/environ", "files: [\"/proc/"),
    ("/etc/passwd", "files: [\"/etc/passwd\"]"),
    ("../bin/az", "files: ["),
    ("below/../../bin/az", "files: ["),
    ("leads-out", "files: ["),
    ("/run/secrets/../../etc/passwd", "files: ["),
    ("/run/secretsx/token", "files: [\"/run/secretsx/token\"]"),
];

#[test]
fn no_secret_comes_from_what_is_there_for_something_else() {
    let recorder = Recorder::start();
    let mut met = 0;
    let refused = |spec: &'static str, only_workspaces: bool, source: &str, wanted: &str| {
        let pinned = Method {
            name: "pinned",
            spec,
            only_workspaces,
            shows: "",
        };
        let filled = |estate: Estate| Estate {
            spec: spec.replace('@', source),
            ..estate
        };
        for estate in [
            Estate::public(&pinned),
            Estate::at(recorder.address, &pinned),
        ] {
            let ran = run(&recorder, &pinned, &filled(estate), &["--allow-loopback"]);
            let which = format!("{spec} of {source}");
            assert_eq!(ran.heard, Vec::<String>::new(), "{which} was heard");
            assert_eq!(ran.code, Some(5), "{which}:\n{}", ran.said);
            assert!(
                ran.said.contains(wanted),
                "{which} does not say `{wanted}`:\n{}",
                ran.said
            );
        }
    };
    for (field, spec, only_workspaces) in SOURCES {
        let takes_variables = !matches!(field, "certificate" | "tokenFile");
        for (variable, wanted) in VARIABLES.iter().filter(|_| takes_variables) {
            let source = format!("{{env: {variable}}}");
            refused(spec, only_workspaces, &source, wanted);
            met += 1;
        }
        for (file, wanted) in FILES {
            let source = match field {
                "tokenFile" => file.to_owned(),
                _ => format!("{{file: {file}}}"),
            };
            refused(spec, only_workspaces, &source, wanted);
            met += 1;
        }
    }
    assert_eq!(met, 3 * VARIABLES.len() + 5 * FILES.len());
    refused(
        "azurePipelines: {tenant: t, clientId: c, serviceConnection: @}",
        false,
        "another",
        "serviceConnections: [\"another\"]",
    );
}

/// The other way: what is there for credentials goes to no job.
#[test]
fn no_job_parameter_comes_from_what_is_there_for_credentials() {
    let recorder = Recorder::start();
    let method = &METHODS[0];
    for name in [
        "AZURE_CLIENT_SECRET",
        "ARM_CLIENT_SECRET",
        "DATABRICKS_TOKEN",
        "AFRESH_SECRET_X",
        "AFRESH_PARAMETERX",
        "NPM_TOKEN",
    ] {
        let parameters = format!("job: {{name: j}}, parameters: {{p: {{env: {name}}}}}");
        let text = Estate::at(recorder.address, method)
            .text(method)
            .replace("job: {name: j}", &parameters);
        let ran = run_text(&recorder, method.name, &text, &["--allow-loopback"]);
        assert_eq!((ran.heard, ran.code), (Vec::new(), Some(1)), "{}", ran.said);
        let why = "only variables whose names begin with AFRESH_PARAMETER_ are given to jobs";
        assert!(ran.said.contains(why), "{}", ran.said);
    }
}

/// What is trusted is reached: the server above could have heard, with each method.
#[test]
fn every_method_is_heard_where_it_is_trusted() {
    let recorder = Recorder::start();
    for method in &METHODS {
        let estate = Estate::at(recorder.address, method);
        let ran = run(&recorder, method, &estate, &["--allow-loopback"]);
        // A person has to be there for a code; nobody is.
        if method.name == "deviceCode" {
            assert!(
                ran.said.contains("no one can be shown a code"),
                "{}",
                ran.said
            );
        } else {
            let heard = ran.heard.join("\n").to_lowercase();
            assert!(
                heard.contains(&method.shows.to_lowercase()),
                "{} was not heard to show `{}`:\n{}\n{heard}",
                method.name,
                method.shows,
                ran.said
            );
        }
        assert_ne!(ran.code, Some(5), "{}:\n{}", method.name, ran.said);
    }
}

/// Loopback is whole or not at all: a cloud with one host elsewhere, or a ledger elsewhere, is not trusted for its hosts on this machine.
#[test]
fn loopback_beside_other_hosts_is_not_trusted() {
    let recorder = Recorder::start();
    let near = recorder.address;
    for method in &METHODS {
        let whole = || Estate::at(near, method);
        let mixed = [
            Estate {
                authority: "https://login.microsoftonline.com".to_owned(),
                ..whole()
            },
            Estate {
                manager: PUBLIC.to_owned(),
                ..whole()
            },
            Estate {
                domain: ".azuredatabricks.net".to_owned(),
                host: "adb-1.7.azuredatabricks.net".to_owned(),
                ..whole()
            },
            Estate {
                ledger: "blob: \"https://a.blob.core.windows.net/c/n\"".to_owned(),
                ..whole()
            },
            // The ledger is that of Azure's own cloud, too.
            Estate {
                ledger: format!("blob: \"http://{near}/a/c/n\""),
                ..Estate::public(method)
            },
        ];
        for estate in mixed {
            let ran = run(&recorder, method, &estate, &["--allow-loopback"]);
            assert_eq!(ran.heard, Vec::<String>::new(), "{} was heard", method.name);
            assert_eq!(ran.code, Some(5), "{}", ran.said);
            assert!(
                ran.said
                    .contains("every host of the cloud and of the ledger"),
                "{}",
                ran.said
            );
        }
    }
}

/// A terminal that a person types these lines into, and what was shown to them.
fn at_a_terminal(folder: &Path, typed: &str, env: &[(&str, &str)]) -> (Option<i32>, String) {
    let (mut outer, inner) = terminal().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_afresh"));
    command
        .args(["auth", "estate", "--timeout", "20s"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
        .envs(env.iter().copied())
        .stdin(inner.try_clone().unwrap())
        .stdout(Stdio::piped())
        .stderr(inner);
    let child = command.spawn().unwrap();
    drop(command);
    outer.write_all(typed.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    let mut shown = Vec::new();
    // The end of a terminal is an error.
    let _ = outer.read_to_end(&mut shown);
    shown.extend(done.stdout);
    (
        done.status.code(),
        String::from_utf8_lossy(&shown).into_owned(),
    )
}

#[test]
fn a_person_is_asked_role_by_role_and_the_answer_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let method = &METHODS[0];
    let estate = Estate {
        authority: "https://login.lab.invalid".to_owned(),
        manager: "https://arm.lab.invalid".to_owned(),
        audience: "https://arm.lab.invalid".to_owned(),
        ..Estate::public(method)
    };
    std::fs::create_dir(root.join("estate")).unwrap();
    std::fs::write(root.join("estate/estate.yaml"), estate.text(method)).unwrap();
    let kept = root.join(".config/afresh/trust.json");
    let (code, shown) = at_a_terminal(root, "y\n", &[]);
    assert_eq!(code, Some(5), "{shown}");
    assert!(
        shown.contains(
            "Only the manifests name the authority host login.lab.invalid of the cloud lab"
        ),
        "{shown}"
    );
    assert!(!kept.exists());
    // A yes is kept whatever the next answer is, and asked for no more.
    let (code, shown) = at_a_terminal(root, "yes\nno\n", &[]);
    assert_eq!(code, Some(5), "{shown}");
    assert_eq!(shown.matches("Type `yes`").count(), 2, "{shown}");
    let text = std::fs::read_to_string(&kept).unwrap();
    assert!(
        text.contains("login.lab.invalid") && !text.contains("arm.lab.invalid"),
        "{text}"
    );
    let (code, shown) = at_a_terminal(root, "no\n", &[]);
    assert_eq!(code, Some(5), "{shown}");
    assert!(
        !shown.contains("the authority host") && shown.contains("the Resource Manager host"),
        "{shown}"
    );
    std::fs::remove_file(&kept).unwrap();
    // So is one before something that no person may allow: an audience is for a policy.
    let vault = Estate {
        manager: PUBLIC.to_owned(),
        audience: "https://vault.azure.net".to_owned(),
        ..estate.clone()
    };
    std::fs::write(root.join("estate/estate.yaml"), vault.text(method)).unwrap();
    let (code, shown) = at_a_terminal(root, "yes\n", &[]);
    assert_eq!(code, Some(5), "{shown}");
    assert!(
        shown.contains("resourceManager: [\"https://vault.azure.net\"]"),
        "{shown}"
    );
    assert!(kept.exists());
    std::fs::remove_file(&kept).unwrap();
    std::fs::write(root.join("estate/estate.yaml"), estate.text(method)).unwrap();
    let (code, shown) = at_a_terminal(root, "yes\nyes\n", &[("CI", "true")]);
    assert_eq!(code, Some(5), "{shown}");
    assert!(!shown.contains("Type `yes`") && !kept.exists(), "{shown}");
    let (code, shown) = at_a_terminal(root, "yes\nyes\n", &[]);
    assert_eq!(shown.matches("Type `yes`").count(), 2, "{shown}");
    assert_eq!(code, Some(1), "nobody answers there:\n{shown}");
    let text = std::fs::read_to_string(&kept).unwrap();
    assert!(
        text.contains("login.lab.invalid") && text.contains("resourceManager"),
        "{text}"
    );
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(kept.parent().unwrap())), (0o600, 0o700));
    let (code, shown) = at_a_terminal(root, "", &[("CI", "true")]);
    assert_eq!(code, Some(1), "{shown}");
    assert!(!shown.contains("Type `yes`"), "{shown}");
    // Where the configuration folder lies in what is planned, whoever changes the manifests could write the answers: they count for nothing.
    let moved = root.join("estate/.config/afresh");
    std::fs::create_dir_all(&moved).unwrap();
    std::fs::copy(&kept, moved.join("trust.json")).unwrap();
    let home = root.join("estate");
    let at_home = [("HOME", home.to_str().unwrap()), ("CI", "true")];
    let (code, shown) = at_a_terminal(root, "", &at_home);
    assert_eq!(code, Some(5), "{shown}");
    let host = "the authority host login.lab.invalid of the cloud lab";
    assert!(shown.contains(host), "{shown}");
    std::fs::remove_dir_all(root.join("estate/.config")).unwrap();
    // One role is no other: the authority may not be a workspace.
    let estate = Estate {
        domain: "login.lab.invalid".to_owned(),
        host: "login.lab.invalid".to_owned(),
        ..estate
    };
    std::fs::write(root.join("estate/estate.yaml"), estate.text(method)).unwrap();
    let (code, shown) = at_a_terminal(root, "", &[("CI", "true")]);
    assert_eq!(code, Some(5), "{shown}");
    assert!(
        shown.contains("the Databricks host login.lab.invalid"),
        "{shown}"
    );
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o666)).unwrap();
    let (code, shown) = at_a_terminal(root, "", &[("CI", "true")]);
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("others may write"), "{shown}");
}

/// A plan that starts a job at the recorder, as it was really made.
fn planned(recorder: &Recorder) -> saved::File {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("plan.json");
    let method = METHODS
        .iter()
        .find(|method| method.name == "databricksToken")
        .unwrap();
    let estate = Estate::at(recorder.address, method);
    let more = ["--allow-loopback", "--out", out.to_str().unwrap()];
    let ran = run(recorder, method, &estate, &more);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let file = saved::read(std::fs::read(&out).unwrap().as_slice()).unwrap();
    assert_eq!(file.plan.counts().run, 1);
    file
}

/// The same plan for Azure's own cloud, with something that somebody wrote into it and sealed anew, naming all that it asks as Azure's own.
fn forged(planned: &saved::File, change: impl FnOnce(&mut Workspace, &mut LedgerPlace)) -> String {
    let name = Name::parse("w").unwrap();
    let mut workspace = Workspace {
        name: name.clone(),
        host: WorkspaceHost::Given("adb-1.7.azuredatabricks.net".to_owned()),
        resource_id: None,
        cloud: Cloud::named("public").unwrap(),
        credential: Credential::Default,
    };
    let mut ledger = LedgerPlace::File("ledger.jsonl".into());
    change(&mut workspace, &mut ledger);
    let host = match &workspace.host {
        WorkspaceHost::Given(host) => Host::named(host),
        WorkspaceHost::FromResource => Host::named(&workspace.cloud.databricks_domain),
    };
    let asks = Ask::of_ledger(&ledger).into_iter();
    let asks = asks.chain(Ask::of_cloud(&workspace.cloud));
    let asks = asks.chain(Ask::of_workspace(&workspace.cloud, &host));
    let trust = asks
        .filter_map(|ask| Use::of_ask(&ask, Grounds::BuiltIn))
        .collect();
    let mut plan = planned.plan.clone();
    for step in &mut plan.steps {
        if let Some(Target::Job(target)) = &mut step.target {
            host.as_str().clone_into(&mut target.host);
            target.workspace = name.clone();
        }
    }
    saved::text(&saved::File {
        basis: None,
        plan,
        workspaces: BTreeMap::from([(name, workspace)]),
        ledger,
        trust,
        ..planned.clone()
    })
    .unwrap()
}

/// Runs `apply` of such a file with secrets around it; the server is the proxy of every host.
fn apply_forged(recorder: &Recorder, plan: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("plan.json"), plan).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_afresh"))
        .args(["apply", "plan.json", "--timeout", "20s", "--allow-loopback"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("HTTPS_PROXY", format!("http://{}", recorder.address))
        .env("AZURE_STORAGE_SAS_TOKEN", "sig=CANARY-sas")
        .env("DATABRICKS_TOKEN", "CANARY-pat")
        .env("NPM_TOKEN", "CANARY-npm")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    Ran {
        code: done.status.code(),
        said,
        heard: recorder.take(),
    }
}

#[test]
fn a_forged_plan_goes_nowhere_either() {
    let recorder = Recorder::start();
    let near = recorder.address;
    let planned = planned(&recorder);
    // The server hears what is trusted: the credential at a host of its own, and the way to a host of Azure's.
    let ran = apply_forged(&recorder, &saved::text(&planned).unwrap());
    let heard = ran.heard.join("\n");
    assert!(
        heard.contains("run-now") && heard.contains("Bearer CANARY-pat"),
        "{}\n{heard}",
        ran.said
    );
    let ran = apply_forged(&recorder, &forged(&planned, |_, _| {}));
    let heard = ran.heard.join("\n");
    assert!(
        heard.contains("CONNECT adb-1.7.azuredatabricks.net"),
        "{}\n{heard}",
        ran.said
    );
    for ledger in [
        format!("https://x@{near}/.blob.core.windows.net"),
        "https://x@evil.example/.blob.core.windows.net".to_owned(),
        "https://a.blob.core.windows.net@evil.example/c/n".to_owned(),
        "https://a.blob.core.windows.net.evil.example/c/n".to_owned(),
        "http://evil.example/.blob.core.windows.net".to_owned(),
    ] {
        let plan = forged(&planned, |_, place| {
            *place = LedgerPlace::Blob(ledger.clone());
        });
        let ran = apply_forged(&recorder, &plan);
        assert_eq!((ran.heard, ran.code), (Vec::new(), Some(5)), "{}", ran.said);
    }
    for host in [
        format!("{near}/.azuredatabricks.net"),
        format!("{near}#.azuredatabricks.net"),
        "evil.example\\.azuredatabricks.net".to_owned(),
        "x@evil.azuredatabricks.net".to_owned(),
        "adb-1.7.azuredatabricks.net.".to_owned(),
    ] {
        let plan = forged(&planned, |workspace, _| {
            workspace.host = WorkspaceHost::Given(host.clone());
        });
        let ran = apply_forged(&recorder, &plan);
        assert_eq!((ran.heard, ran.code), (Vec::new(), Some(5)), "{}", ran.said);
    }
    for address in [
        "https://login.microsoftonline.com@evil.example",
        "https://login.microsoftonline.com.",
        "https://login.microsoftonline.com:8443",
        "http://login.microsoftonline.com",
    ] {
        let authority = forged(&planned, |workspace, _| {
            workspace.cloud.authority = address.to_owned();
        });
        let manager = address.replace("login.microsoftonline", "management.azure");
        let manager = forged(&planned, |workspace, _| {
            workspace.cloud.resource_manager = manager;
        });
        for plan in [authority, manager] {
            let ran = apply_forged(&recorder, &plan);
            assert_eq!((ran.heard, ran.code), (Vec::new(), Some(5)), "{}", ran.said);
        }
    }
    let source = SecretSource::Env("NPM_TOKEN".to_owned());
    let token = Credential::DatabricksToken { token: source };
    let ran = apply_forged(
        &recorder,
        &forged(&planned, |workspace, _| workspace.credential = token),
    );
    assert_eq!((ran.heard, ran.code), (Vec::new(), Some(5)), "{}", ran.said);
}
