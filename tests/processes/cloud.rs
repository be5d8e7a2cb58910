//! `afresh sim serve` for one test, the projects that live on it, and what it was made to do.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const SUBSCRIPTION: &str = "12345678-1234-1234-1234-1234567890ab";

const NOTHING: &str =
    r#"{"effects": {"regenerations": {}, "runsByToken": {}, "runsWithoutToken": 0}}"#;

/// A served world, one factory and one tag of jobs for each project.
pub struct Cloud {
    pub folder: tempfile::TempDir,
    server: Child,
    manifests: String,
    workspace: String,
}

/// Requests of a server on this machine are not under way for long. A doubt ends after two of these, and of a run after five.
pub const SHORT: Option<&str> = Some("6s");

/// What a world is made of.
#[derive(Clone, Copy)]
pub struct Made {
    pub projects: usize,
    /// Runtimes of each project, every one of them due.
    pub runtimes: usize,
    /// Jobs of each project, every one of them due.
    pub jobs: usize,
    /// How long a regenerate and a run-now take to answer, in milliseconds.
    pub slow: u64,
    /// The world's own time, if it is another than the real one.
    pub clock: Option<&'static str>,
    /// How long a request may be under way, if another time than at Azure: `6s`.
    pub lifetime: Option<&'static str>,
}

/// What the world was made to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Deeds {
    pub regenerated: usize,
    pub started: usize,
    /// Keys, tokens and runs that were used more than once, and starts without a token.
    pub twice: Vec<String>,
}

impl Cloud {
    pub fn serve(made: Made) -> Self {
        Self::serve_with(made, "")
    }

    /// `more` belongs into the world file.
    pub fn serve_with(made: Made, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = format!("{}{more}", world(made));
        std::fs::write(folder.path().join("world.yaml"), world).unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_afresh"))
            .args(["sim", "serve", "world.yaml", "--store", "world.json"])
            .args(["--write-manifests", "cloud.yaml"])
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let workspace = lines
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("azuredatabricks.net")?.1.trim().to_owned()))
            .unwrap();
        let mut manifests = std::fs::read_to_string(folder.path().join("cloud.yaml")).unwrap();
        if let Some(lifetime) = made.lifetime {
            let (limits, longer) = (
                "  limits:\n",
                format!("  limits:\n    requestLifetime: {lifetime}\n"),
            );
            assert!(manifests.contains(limits), "{manifests}");
            manifests = manifests.replace(limits, &longer);
        }
        Self {
            folder,
            server,
            manifests,
            workspace: workspace.trim_start_matches("http://").to_owned(),
        }
    }

    /// Writes the manifests of a project; `ledger` as in a Project.
    pub fn project(&self, number: usize, ledger: &str) -> PathBuf {
        let folder = self.folder.path().join(format!("project-{number}"));
        std::fs::create_dir(&folder).unwrap();
        let text = format!(
            "{}---\napiVersion: afresh/v1\nkind: Project\nmetadata: {{name: lab}}\nspec: {{ledger: {ledger}}}\n---\n\
             apiVersion: afresh/v1\nkind: DataFactory\nmetadata: {{name: ingest}}\nspec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg-data, factory: adf-{number}, cloud: sim}}\n---\n\
             apiVersion: afresh/v1\nkind: DatabricksWorkspace\nmetadata: {{name: analytics}}\nspec: {{host: \"{}\", cloud: sim}}\n---\n\
             apiVersion: afresh/v1\nkind: KeyAge\nmetadata: {{name: gateways}}\nspec: {{factory: ingest, integrationRuntimes: ['gateway-*'], maxAge: 90d, overlap: 24h}}\n---\n\
             apiVersion: afresh/v1\nkind: JobRun\nmetadata: {{name: fresh}}\nspec: {{workspace: analytics, job: {{tags: {{project: p{number}}}}}, allowEmpty: true, require: succeeded, freshness: {{errorAfter: 24h}}}}\n",
            self.manifests, self.workspace
        );
        std::fs::write(folder.join("afresh.yaml"), text).unwrap();
        folder
    }

    /// Ends the world, and tells what it was made to do.
    pub fn judge(&mut self) -> Deeds {
        signal("-TERM", &self.server);
        self.server.wait().unwrap();
        let stored = self.folder.path().join("world.json");
        // A world that nothing happened to is not kept.
        let text = std::fs::read_to_string(stored).unwrap_or_else(|_| NOTHING.to_owned());
        let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
        let effects = find(&stored, "effects").unwrap();
        let counts = |name: &str| -> Vec<(String, u64)> {
            let counted = find(effects, name).and_then(serde_json::Value::as_object);
            let counted = counted
                .unwrap_or_else(|| panic!("effects have {name}"))
                .iter();
            counted
                .map(|(key, count)| (key.clone(), count.as_u64().unwrap()))
                .collect()
        };
        let (regenerated, started) = (counts("regenerations"), counts("runsByToken"));
        let all = regenerated.iter().chain(&started);
        let mut twice: Vec<String> = all
            .filter(|one| one.1 != 1)
            .map(|one| format!("{}: {}", one.0, one.1))
            .collect();
        match find(effects, "runsWithoutToken").and_then(serde_json::Value::as_u64) {
            Some(0) => {}
            other => twice.push(format!("{other:?} runs without a token")),
        }
        // The twin of a key that was just regenerated is never regenerated too.
        let mut runtimes: Vec<&str> = regenerated
            .iter()
            .filter_map(|one| one.0.split('#').next())
            .collect();
        runtimes.sort_unstable();
        let pairs = runtimes.windows(2).filter(|pair| pair[0] == pair[1]);
        twice.extend(pairs.map(|pair| format!("both keys of {}", pair[0])));
        Deeds {
            regenerated: regenerated.len(),
            started: started.len(),
            twice,
        }
    }
}

/// `afresh apply` on a project.
pub fn apply(project: &Path) -> Command {
    afresh(
        project,
        &["apply", ".", "--auto-approve", "--parallelism", "4"],
    )
}

/// afresh in a project, with nothing around it but its credentials.
pub fn afresh(project: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_afresh"));
    command
        .args(arguments)
        .current_dir(project)
        .env_clear()
        .env("AZURE_TENANT_ID", "00000000-0000-0000-0000-00000000aaaa")
        .env("AZURE_CLIENT_ID", "00000000-0000-0000-0000-00000000bbbb")
        .env("AZURE_CLIENT_SECRET", "embedded")
        .env("AFRESH_ALLOW_LOOPBACK", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Ok(key) = std::env::var("AZURE_STORAGE_KEY") {
        command.env("AZURE_STORAGE_KEY", key);
    }
    command
}

impl Drop for Cloud {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// The field of this name, in camel or snake case.
fn find<'a>(value: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let object = value.as_object()?;
    let own = object
        .iter()
        .find(|(key, _)| plain(key) == plain(name))
        .map(|(_, value)| value);
    own.or_else(|| object.values().find_map(|value| find(value, name)))
}

pub fn signal(name: &str, child: &Child) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Lines of a ledger file that hold `word`.
pub fn lines(project: &Path, word: &str) -> usize {
    let text = std::fs::read_to_string(project.join("ledger.jsonl")).unwrap_or_default();
    text.lines().filter(|line| line.contains(word)).count()
}

pub fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

fn world(made: Made) -> String {
    let clock = made.clock.map(|clock| format!("clock: {clock}\n"));
    let clock = clock.unwrap_or_default();
    let mut text = format!("{clock}seed: 3\nsubscriptions:\n- id: {SUBSCRIPTION}\n  factories:\n");
    for project in 0..made.projects {
        let _ = writeln!(
            text,
            "  - name: adf-{project}\n    resourceGroup: rg-data\n    runtimes:"
        );
        for number in 0..made.runtimes {
            let _ = writeln!(text, "    - {{name: gateway-{number}, created: 97d ago}}");
        }
    }
    text.push_str("workspaces:\n- host: adb-1234567890123456.7.azuredatabricks.net\n  jobs:\n");
    for project in 0..made.projects {
        for number in 0..made.jobs {
            let _ = writeln!(
                text,
                "  - {{id: {}, name: job-{project}-{number}, tags: {{project: p{project}}}, takes: 2h, runs: [{{started: 32h ago, ended: 31h ago, result: SUCCESS}}]}}",
                1000 * (project + 1) + number
            );
        }
    }
    if made.slow > 0 {
        let _ = writeln!(text, "faults:");
        for operation in ["regenerateAuthKey", "run-now"] {
            let _ = writeln!(
                text,
                "- {{on: {operation}, do: slow, by: {}ms, times: 1000000}}",
                made.slow
            );
        }
    }
    text
}
