//! What `--help` tells besides options: what the words mean, and what addresses look like.

use super::exit_code::kinds::TABLE;

/// The words that a person meets in a plan. `docs/glossary.md` has all of them.
const TERMS: &str = "Terms:
  rule        a document that promises something of keys (KeyAge) or of jobs (JobRun)
  connection  a document that says where these are: DataFactory, SynapseWorkspace,
              Subscription (for storage accounts) or DatabricksWorkspace
  subject     what a rule is about: a runtime or a storage account with both keys, or a job
  address     how a subject is called: CONNECTION/NAME, as in ingest/gateway-west
  action      a change that a plan makes: regenerate a key, start or cancel a run
  evidence    what proves how old a key is; `afresh why ADDRESS` shows it
  promise     kept, broken, unproven (there is not enough evidence) or unknown
  on hold     an action is wanted and has to wait
  unresolved  nobody knows yet whether an action happened; the next run finds out
  ledger      the journal of what was read and done

`afresh explain` describes every kind and field of a manifest.";

/// What addresses look like, for commands that take one.
pub const ADDRESSES: &str = "Addresses are CONNECTION/NAME. CONNECTION is the name of the connection's document, and NAME depends on the rule:
  ingest/gateway-west           an integration runtime: its own name
  storage/lakeraw               a storage account: its own name
  analytics/nightly-sales       a job or a one-time run: the name of its JobRun document
  \"analytics/Load orders\"       a job that a JobRun selects by tags: the job's own name
  ingest/gateway-west#authKey1  one of the two keys, for `ledger declare`

`afresh plan --verbose` shows the address of every subject.";

/// What follows the options in `afresh --help`.
pub fn after_help() -> String {
    format!("{TERMS}\n\n{TABLE}")
}
