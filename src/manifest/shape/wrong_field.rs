//! Fields that people write and that afresh calls otherwise, or does in another way.
//!
//! A field that only stands in the wrong place is not listed here: where it belongs is told from the schema.

use super::super::mask::clipped;
use super::super::problem::nearest;

/// Wrong names of fields in one mapping, and what to write.
struct Guess {
    /// Fields that only this mapping has together.
    of: &'static [&'static str],
    /// What people write.
    fields: &'static [&'static str],
    /// What is meant.
    meant: &'static str,
}

const fn guess(
    of: &'static [&'static str],
    fields: &'static [&'static str],
    meant: &'static str,
) -> Guess {
    Guess { of, fields, meant }
}

const PROJECT: &[&str] = &["ledger", "guardrails"];
const FACTORY: &[&str] = &["resourceGroup", "factory"];
const SYNAPSE: &[&str] = &["resourceGroup", "workspace"];
const CONNECTION: &[&str] = &["subscription", "resourceGroup", "credential"];
const DATABRICKS: &[&str] = &["host", "resourceId"];
const KEY_AGE: &[&str] = &["maxAge", "integrationRuntimes"];
const JOB_RUN: &[&str] = &["require", "job"];

const GUESSES: &[Guess] = &[
    guess(
        PROJECT,
        &["state", "backend", "storage", "ledgerFile", "ledgerBlob"],
        "write `ledger: {file: …}` or `ledger: {blob: …}`",
    ),
    guess(
        PROJECT,
        &["credential", "credentials"],
        "a connection names its credential; a ledger in a blob is reached with AZURE_STORAGE_SAS_TOKEN or the `default` credential",
    ),
    guess(
        PROJECT,
        &[
            "factories",
            "connections",
            "rules",
            "workspaces",
            "subscriptions",
        ],
        "connections and rules are documents of their own, each with a `kind` and a name",
    ),
    guess(
        FACTORY,
        &["name", "factoryName", "dataFactory"],
        "write `factory: NAME`: the factory's own name in Azure",
    ),
    guess(
        SYNAPSE,
        &["name", "workspaceName", "synapse"],
        "write `workspace: NAME`: the workspace's own name in Azure",
    ),
    guess(
        CONNECTION,
        &["tenant", "tenantId"],
        "a tenant belongs to a credential: write it in a document of `kind: Credential`, and that document's name in `credential`",
    ),
    guess(
        CONNECTION,
        &[
            "integrationRuntimes",
            "runtimes",
            "storageAccounts",
            "accounts",
            "maxAge",
        ],
        "which keys are kept young, and how young, is said by a rule: a document of `kind: KeyAge` that names this connection",
    ),
    guess(
        DATABRICKS,
        &[
            "url",
            "workspaceUrl",
            "address",
            "workspace",
            "workspaceId",
            "name",
            "hostname",
        ],
        "write `host: adb-….azuredatabricks.net`, as in the workspace's address",
    ),
    guess(
        DATABRICKS,
        &["token", "tenant", "tenantId"],
        "write it in a document of `kind: Credential`, and that document's name in `credential`",
    ),
    guess(
        DATABRICKS,
        &["job", "jobs"],
        "what is promised of a job is said by a rule: a document of `kind: JobRun` that names this workspace",
    ),
    guess(
        KEY_AGE,
        &["factories", "connections", "workspaces", "subscriptions"],
        "a rule is for one connection: write a KeyAge for each, with `factory: NAME`, `synapse: NAME` or `subscription: NAME`",
    ),
    guess(
        KEY_AGE,
        &["connection", "workspace", "synapseWorkspace", "dataFactory"],
        "write `factory: NAME` with the name of a DataFactory document, `synapse: NAME` with that of a SynapseWorkspace, or `subscription: NAME` with that of a Subscription",
    ),
    guess(
        KEY_AGE,
        &[
            "select",
            "include",
            "includes",
            "names",
            "resources",
            "selector",
        ],
        "write `integrationRuntimes: […]`, or `storageAccounts: […]` with `subscription`",
    ),
    guess(
        KEY_AGE,
        &["runtimes", "runtime", "integrationRuntime", "gateways"],
        "write `integrationRuntimes: […]`",
    ),
    guess(
        KEY_AGE,
        &["accounts", "account", "storageAccount"],
        "write `storageAccounts: […]`",
    ),
    guess(
        KEY_AGE,
        &[
            "schedule",
            "window",
            "maintenanceWindow",
            "maintenanceWindows",
        ],
        "write `windows: [{cron: …, timeZone: …, duration: …}]`",
    ),
    guess(
        JOB_RUN,
        &["jobs", "jobNames", "jobIds"],
        "a rule is for one job, or for all with a tag: write a JobRun for each job, or `job: {tags: {KEY: VALUE}}`",
    ),
    guess(
        JOB_RUN,
        &["jobName", "name"],
        "write `job: {name: …}`: the job's own name in the workspace",
    ),
    guess(JOB_RUN, &["jobId", "id"], "write `job: {id: …}`"),
    guess(
        JOB_RUN,
        &["tags", "tag"],
        "write `job: {tags: {KEY: VALUE}}`",
    ),
    guess(
        JOB_RUN,
        &["maxAge", "every", "interval", "within"],
        "write `freshness: {errorAfter: …}`: how old the newest success may be",
    ),
    guess(
        JOB_RUN,
        &["schedule", "cron", "windows"],
        "afresh has no schedule of its own: write how old the newest success may be, `freshness: {errorAfter: …}`, and let a pipeline apply as often as that needs",
    ),
    guess(
        JOB_RUN,
        &["timeout", "maxRuntime"],
        "write `maxDuration: …`: a run that takes longer is cancelled",
    ),
    guess(
        JOB_RUN,
        &["retries", "maxRetries"],
        "write `retry: {maxAttempts: …}`",
    ),
    guess(
        JOB_RUN,
        &["tasks", "notebook", "notebookTask", "run"],
        "write `submit: {tasks: […]}`, the body of a one-time run",
    ),
    guess(
        &["startAfter", "errorAfter"],
        &["maxAge", "within", "every", "limit", "max"],
        "write `errorAfter: …`: an older success breaks the promise",
    ),
    guess(
        &["from", "to", "reason"],
        &["start", "begin", "begins", "since"],
        "write `from: …`",
    ),
    guess(
        &["from", "to", "reason"],
        &["end", "ends", "until"],
        "write `to: …`",
    ),
    guess(
        &["cron", "duration"],
        &[
            "start", "end", "from", "to", "days", "day", "weekday", "hours",
        ],
        "write `cron` for when it opens, and `duration` for how long it stays open: `{cron: \"0 2 * * SUN\", timeZone: Europe/Paris, duration: 2h}` is Sunday, 02:00 to 04:00",
    ),
];

/// What to write instead of a field that the mapping does not have, if that is known.
pub fn instead(word: &str, known: &[&str]) -> Option<String> {
    let fits = |guess: &&Guess| {
        guess.fields.contains(&word) && guess.of.iter().all(|field| known.contains(field))
    };
    if let Some(guess) = GUESSES.iter().find(fits) {
        return Some(guess.meant.to_owned());
    }
    let near = nearest(word, known.iter().copied()).or_else(|| longer(word, known));
    near.map(|near| format!("did you mean `{}`?", clipped(near)))
}

/// The only field whose name holds the word, or is held by it: `clientSecret` for `secret`.
fn longer<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    const LETTERS_MIN: usize = 5;
    let word: String = word.chars().take(64).collect::<String>().to_lowercase();
    let alike = |field: &&&str| {
        let field = field.to_lowercase();
        let (short, long) = if field.len() < word.len() {
            (&field, &word)
        } else {
            (&word, &field)
        };
        short.len() >= LETTERS_MIN && long.contains(short.as_str())
    };
    let mut found = known.iter().filter(alike);
    found.next().copied().filter(|_| found.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::shape::connection::{
        DataFactorySpec, DatabricksWorkspaceSpec, SubscriptionSpec, SynapseWorkspaceSpec,
    };
    use crate::manifest::shape::project::{FreezeText, ProjectSpec};
    use crate::manifest::shape::rule::{FreshnessText, JobRunSpec, KeyAgeSpec, WindowText};

    /// A mapping that was renamed would leave guesses behind that are never told.
    #[test]
    fn every_guess_is_about_a_mapping_that_is_there_and_names_none_of_its_fields() {
        let mappings = [
            ProjectSpec::FIELDS,
            DataFactorySpec::FIELDS,
            SynapseWorkspaceSpec::FIELDS,
            SubscriptionSpec::FIELDS,
            DatabricksWorkspaceSpec::FIELDS,
            KeyAgeSpec::FIELDS,
            JobRunSpec::FIELDS,
            FreshnessText::FIELDS,
            WindowText::FIELDS,
            FreezeText::FIELDS,
        ];
        for guess in GUESSES {
            let of: Vec<_> = mappings
                .iter()
                .filter(|fields| guess.of.iter().all(|field| fields.contains(field)))
                .collect();
            assert!(!of.is_empty(), "{:?}", guess.of);
            for word in guess.fields {
                let is_told = of.iter().any(|fields| !fields.contains(word));
                assert!(is_told, "{word} is a field of {:?}", guess.of);
            }
        }
    }

    #[test]
    fn a_part_of_a_name_is_enough_where_only_one_has_it() {
        let known = ["clientId", "clientSecret", "certificate"];
        assert_eq!(
            instead("secret", &known).as_deref(),
            Some("did you mean `clientSecret`?")
        );
        assert_eq!(instead("cert", &known), None);
    }
}
