//! The bounds of the program in one place, related by const assertions.
//!
//! A bound that a service sets says which service that is, and where it was read.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Largest manifest file that is read, in bytes.
pub const MANIFEST_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Deepest nesting of mappings and sequences in a manifest.
pub const MANIFEST_DEPTH_MAX: usize = 64;
/// YAML nodes that a folder of manifests may always expand to, aliases counted each time.
pub const MANIFEST_NODES_MIN: usize = 1_000_000;
/// The same for each byte of a larger folder. Without aliases no text has more: `[?,?]` has three for every two bytes.
pub const MANIFEST_NODES_PER_BYTE: usize = 2;
/// Most globs that the rules of a project have together.
pub const GLOBS_MAX: usize = 10_000;
/// Most globs that the rules of one factory have together: each of its runtimes is held against all of them.
pub const GLOBS_OF_FACTORY_MAX: usize = 1_000;
/// Most windows of one rule.
pub const WINDOWS_MAX: usize = 100;
/// Longest cron expression, in bytes.
pub const CRON_CHARS_MAX: usize = 256;
/// Most problems that are shown at once; the rest is counted.
pub const PROBLEMS_SHOWN_MAX: usize = 100;

/// Largest secret, token or certificate with its key that is read from a file or a variable, in bytes.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;
/// Largest file of hosts that a person has allowed, in bytes: some thousand.
pub const TRUST_BYTES_MAX: u64 = 256 * 1024;
/// Largest file of profiles that is read, in bytes.
pub const PROFILE_BYTES_MAX: u64 = 1024 * 1024;

/// Largest answer that is read from a service, in bytes.
pub const RESPONSE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// So much of a refusal is read, in bytes: nobody reads a longer reason, and looking for what it quotes costs several times its size.
pub const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// Longest wait for one answer.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for a connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most sends of one repeatable request, the first one included.
pub const ATTEMPTS_MAX: u32 = 6;
/// Longest pause between two sends of a request, unless a `Retry-After` asks for more that its deadline has room for.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_mins(1);
/// Longest time that one repeatable request may take with all its pauses.
pub const REQUEST_DEADLINE: Duration = Duration::from_mins(5);
/// Longest time that pauses may put off a request that must not be repeated.
pub const UNREPEATABLE_DEADLINE: Duration = Duration::from_secs(20);
/// How long the request of an action may be under way once it was sent, inside the service included, unless a `Cloud` document says
/// otherwise. Less only where all hosts of the cloud are loopback.
pub const REQUEST_LIFETIME: Duration = Duration::from_mins(1);
/// Most that a `Cloud` document may say.
pub const REQUEST_LIFETIME_MAX: Duration = Duration::from_mins(10);
/// How long the command of a hand-off may take, unless its rule says something else.
pub const HAND_OFF_TIMEOUT: Duration = Duration::from_mins(5);
/// Longest time that a rule may give such a command.
pub const HAND_OFF_TIMEOUT_MAX: Duration = Duration::from_mins(10);
/// How much of what such a command prints is told.
pub const HAND_OFF_OUTPUT_BYTES_MAX: usize = 2_000;
/// Longest text that tells a person what to do.
pub const HAND_OFF_TEXT_CHARS_MAX: usize = 300;
/// Most entries of one `handOff`.
pub const HAND_OFFS_MAX: usize = 10;
/// So many lifetimes after its intent an unchanged key proves that a regenerate did not happen. It is sent in the first of them.
pub const REGENERATE_LIFETIMES: u32 = 2;
/// The same for what may be repeated under one token, or without harm.
pub const REPEATABLE_LIFETIMES: u32 = 5;
/// How long a host that no connection could be made to is not tried again.
pub const UNREACHABLE_KEPT: Duration = Duration::from_secs(20);
/// Longest wait for a sign of an Azure machine's metadata service, where nobody has said that there is one.
pub const IMDS_PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a metadata service that says 404 is asked again: its identity part starts after it.
pub const IMDS_WAIT: Duration = Duration::from_secs(20);
/// How long one that says 410 is: an update takes 70 s at most ("How to use managed identities to get a token").
pub const IMDS_UPDATE_WAIT: Duration = Duration::from_secs(80);
/// Longest wait for a person to enter a code, whatever life the service gives it (Entra ID: 15 minutes).
pub const DEVICE_CODE_WAIT_MAX: Duration = Duration::from_mins(15);
/// Pause between two questions whether they have, where the service sets none; also what "slow down" adds (RFC 8628).
pub const DEVICE_CODE_PAUSE: Duration = Duration::from_secs(5);
/// Longest wait for `az account get-access-token`, which is slow to start.
pub const AZURE_CLI_TIMEOUT: Duration = Duration::from_secs(30);
/// Most that it may print, in bytes: a token, and warnings around it.
pub const AZURE_CLI_BYTES_MAX: u64 = 256 * 1024;
/// How long a sign-in that failed is not tried again.
pub const TOKEN_FAILURE_KEPT: Duration = Duration::from_secs(30);
/// Most pages that are followed of one list.
pub const PAGES_MAX: usize = 1_000;

/// Requests that a full bucket of Resource Manager holds for reads of one subscription by one principal, and what it gains a second
/// (Azure Resource Manager, "Understand how Azure Resource Manager throttles requests").
pub const ARM_READS: (u32, u32) = (250, 25);
/// The same for writes. `listAuthKeys` and `regenerateAuthKey` count among them, `getStatus` does not (recorded answers).
pub const ARM_WRITES: (u32, u32) = (200, 10);
/// The storage provider's own limit for reads of storage accounts in one subscription, besides that of Resource Manager: 800 in 5 minutes.
/// So many at once, and so many in so many seconds: in no 5 minutes are they more.
pub const STORAGE_READS: (u32, u32, u32) = (200, 2, 1);
/// The same for lists of storage accounts: 100 in 5 minutes.
pub const STORAGE_LISTS: (u32, u32, u32) = (40, 1, 5);
/// The same for writes: 1,200 an hour.
pub const STORAGE_WRITES: (u32, u32, u32) = (100, 3, 10);
/// The same for one Databricks workspace: what its own SDKs keep to, none at once and 15 a second, since the service tells no number for
/// lists.
pub const DATABRICKS_REQUESTS: (u32, u32) = (1, 15);
/// The same for one Key Vault: 4,000 in 10 seconds ("Azure Key Vault service limits"). In no 10 seconds are they more.
pub const VAULT_REQUESTS: (u32, u32, u32) = (2_000, 200, 1);
/// Least part of a bucket's rate that is kept to after 429s, in thousandths.
pub const PACE_MIN: i64 = 125;
/// Waiting for the own request budget is told once it has taken so long.
pub const BUDGET_WAIT_TOLD: Duration = Duration::from_secs(1);

/// How long a command may take unless `--timeout` says otherwise. An apply may also wait for the runs that it starts.
pub const COMMAND_TIMEOUT: Duration = Duration::from_hours(1);
/// How long an apply waits for runs under `--wait` where no `waitFor` says how long, unless `--timeout` says otherwise.
pub const WAIT_TIMEOUT: Duration = Duration::from_hours(24);

/// Most workers that one estate is divided among (`--shard`): a bucket of 250 requests has one for each of so many.
pub const SHARDS_MAX: u32 = 250;
/// Longest time between the plans of two shards that are merged. The first must not be about another state of affairs than the last.
pub const SHARDS_APART_MAX: Duration = Duration::from_hours(1);

/// Most that `--parallelism` takes.
pub const PARALLELISM_MAX: usize = 256;

/// Activity Log retention: 90 days (Azure Monitor, "Activity log").
pub const ACTIVITY_LOG_DAYS: i64 = 90;
/// The Activity Log tells of an event 3 to 20 minutes after it happened (Azure Monitor, "Data ingestion time").
pub const ACTIVITY_LOG_LAG: Duration = Duration::from_mins(20);
/// Most pages that a plan reads of the Activity Log of one resource group: two minutes of a subscription's reads. What is older than they
/// tell is not known.
pub const LOG_PAGES_MAX: usize = 3_000;
/// A stretch of a log with more pages is given up and read in shorter ones.
pub const LOG_STRETCH_PAGES: usize = 100;
/// So many shorter ones: about a day each of the 90 days that a log is kept.
pub const LOG_STRETCHES: u32 = 64;
/// A stretch shorter than this is not divided further.
pub const LOG_STRETCH_MIN: Duration = Duration::from_mins(1);
/// So many of them are read at a time.
pub const LOG_READERS: usize = 4;
/// How much of what was read of a log is read again next time. Its documentation says that an event may be 20 minutes late; this is for
/// events that are later than that.
pub const LOG_READ_AGAIN: Duration = Duration::from_hours(24);
/// How far back `runs/list` reaches: runs are removed after 60 days (Databricks Jobs API).
pub const RUN_RETENTION_DAYS: i64 = 60;
/// Page size asked of `runs/list` (documented: less than 26).
pub const RUNS_PAGE: usize = 25;
/// Page size asked of `jobs/list` (2.2: at most 100).
pub const JOBS_PAGE: usize = 100;
/// Most pages of a job's history that are read before its older runs count as unseen: a job that runs every hour for 40 days.
pub const HISTORY_PAGES_MAX: usize = 40;
/// Runs that are read of a job that should be running: enough to count its failures.
pub const HISTORY_OF_RUNNING_MAX: usize = 100;
/// Most failures of a job since its last success that the ledger remembers. A rule that allows more attempts than that counts what lists show.
pub const FAILURES_REMEMBERED_MAX: usize = 200;
/// Tasks that an answer shows of one run at most (Jobs API 2.2; 2.1 cuts there without a word): a list of so many may go on.
pub const TASKS_TOLD_MAX: usize = 100;
/// Up to this many jobs of one workspace are asked for one by one; more are read from one list of the workspace.
pub const JOBS_ONE_BY_ONE_MAX: usize = 10;
/// So many pages of a workspace's ended runs are read before it is decided whether that is cheaper than a list for each job.
pub const SWEEP_LOOK_PAGES: usize = 4;
/// Most bytes of a run's parameters, as JSON (Databricks Jobs API: 10,000).
pub const PARAMETERS_BYTES_MAX: usize = 10_000;
/// Longest `idempotency_token` (Databricks Jobs API).
pub const TOKEN_CHARS_MAX: usize = 64;
/// Most bytes of a secret's value in a Key Vault ("About Azure Key Vault secrets": 25 KiB).
pub const VAULT_VALUE_BYTES_MAX: usize = 25 * 1024;
/// Most tags of a secret in a Key Vault.
pub const VAULT_TAGS_MAX: usize = 15;
/// Most characters of such a tag's name, and of its value.
pub const VAULT_TAG_CHARS_MAX: usize = 256;
/// Most characters of such a secret's content type.
pub const VAULT_CONTENT_TYPE_CHARS_MAX: usize = 255;

/// Longest request id of a service that is shown. Theirs have 36 to 40 characters.
pub const REQUEST_ID_CHARS_MAX: usize = 100;
/// Most characters of a service's refusal that the ledger keeps.
pub const REFUSAL_CHARS_MAX: usize = 1_000;

/// From so long after its intent on a person may end the doubt of a run whose token no apply sends again.
pub const RUN_DOUBT_ENDED_AFTER: Duration = Duration::from_hours(24);
/// How long a run may be active before a one-time run that waits for its end, or its own, needs a person.
pub const SUBMISSION_BLOCKED_AFTER: Duration = Duration::from_hours(24);
/// How long a run that was just started may be missing from every list: until then it counts as active.
pub const LIST_LAG_MAX: Duration = Duration::from_mins(5);
/// A local clock this far from the service's `Date` is reported, and no plan is made from it.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_mins(5);
/// A local clock this far off is told, in passing.
pub const CLOCK_SKEW_TOLD: Duration = Duration::from_secs(30);
/// Longest that a saved plan stays valid, whatever it holds.
pub const PLAN_VALIDITY_MAX: Duration = Duration::from_hours(24);
/// Largest plan file that is written or read, in bytes, where what a line names counts again: a million lines have some 1,500 each.
pub const PLAN_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Most lines of a plan file, one for each subject: while a plan is at work, a subject with its evidence takes some 3 KB of memory.
pub const PLAN_LINES_MAX: usize = 1_000_000;
/// Most values in a plan file, where what a line names counts again: a million lines have some 50 each. A file of tiny ones takes no more memory than the largest plan.
pub const PLAN_VALUES_MAX: usize = 50_000_000;
/// Longest line of a plan file, in bytes. A subject has some 1,000, and a one-time run's content a few hundred thousand at most.
pub const PLAN_LINE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most values in one line of a plan file. A job with a thousand runs has some 10,000.
pub const PLAN_LINE_VALUES_MAX: usize = 250_000;
/// Largest file with a signature of a plan, in bytes: one with the largest RSA key has some 3,000.
pub const SIGNATURE_BYTES_MAX: u64 = 16 * 1024;
/// Largest ledger, file or blob, that is read, in bytes: some two million events.
pub const LEDGER_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// From so many bytes on a ledger file is large, some 35,000 events: if half of it or more is superseded, an apply compacts it.
pub const LEDGER_BYTES_LARGE: u64 = 16 * 1024 * 1024;
/// Longest line of a ledger, in bytes: an event has some 600, and a one-time run's content a few hundred thousand at most.
pub const LEDGER_LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Of so many subjects the newest look is held while a ledger is read: each has some 1,500 bytes. Those of more are only read more slowly.
pub const LEDGER_LOOKS_MAX: usize = 10_000;
/// Longest line of such a look, in bytes.
pub const LEDGER_LOOK_BYTES_MAX: usize = 4 * 1024;
/// Years in which afresh decides: a clock outside them is wrong, and calendars end there.
pub const YEARS: RangeInclusive<i16> = 2000..=2999;
/// Pause between two looks at a run that is waited for.
pub const POLL_PAUSE: Duration = Duration::from_secs(5);

/// Largest request body that the simulated cloud takes, in bytes (Databricks: 10 MB).
pub const SIM_BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The journal beside a simulated cloud may always have so many bytes; in a larger world as many as its copy has. Then that is written anew.
pub const SIM_JOURNAL_BYTES_MIN: u64 = 256 * 1024;

/// Longest pause between two looks at a run that is waited for: the pauses grow towards it.
pub const POLL_PAUSE_MAX: Duration = Duration::from_mins(1);
/// Looks in a row at a run that may fail before it is watched no longer.
pub const POLL_FAILURES_MAX: u32 = 20;
/// Most nodes of a runtime that are looked at, and most links (Azure: 4 nodes, 120 links).
pub const NODES_MAX: usize = 200;
/// Most characters of what a service calls a node.
pub const NODE_CHARS_MAX: usize = 256;
/// How long nodes that are looked at after a rotation may take to report, unless the rule says otherwise.
pub const NODES_WAIT: Duration = Duration::from_mins(5);
/// The longest that a rule may have apply wait for nodes.
pub const NODES_WAIT_MAX: Duration = Duration::from_hours(1);
/// How long a cancelled run may take to end before its successor is not started any more.
pub const CANCEL_WAIT_MAX: Duration = Duration::from_mins(15);
/// How often others may append to the ledger first before an append is given up.
pub const LEDGER_CONFLICTS_MAX: u32 = 100;
/// How long an append waits for another process that is appending to the same file: a write and a sync take milliseconds.
pub const LEDGER_LOCK_WAIT: Duration = Duration::from_secs(10);
/// Most blocks of an append blob (Azure Storage: 50,000 committed blocks).
pub const BLOCKS_MAX: u32 = 50_000;
/// From so many blocks on an apply compacts the ledger before it begins.
pub const BLOCKS_NEARLY_FULL: u32 = 40_000;
/// Blocks of an append blob that are left for the line that names the next generation.
pub const BLOCKS_KEPT: u32 = 10;
/// Most blobs of one ledger, each of which names the next: a compaction a day takes 27 years.
pub const GENERATIONS_MAX: usize = 10_000;
/// Most events that one caller appends at once: a look at a runtime takes some 600 bytes.
pub const EVENTS_PER_APPEND_MAX: usize = 4_000;
/// Largest block that is appended to a blob, in bytes: some 20,000 lines (Azure Storage: 100 MiB since version 2022-11-02).
pub const BLOCK_BYTES_MAX: usize = 12 * 1024 * 1024;

const _: () = assert!(BLOCKS_NEARLY_FULL < BLOCKS_MAX - BLOCKS_KEPT);
const _: () = assert!(EVENTS_PER_APPEND_MAX * 2_000 < BLOCK_BYTES_MAX);
const _: () = assert!(BLOCK_BYTES_MAX < RESPONSE_BYTES_MAX);
const _: () =
    assert!(CONNECT_TIMEOUT.as_secs() + RESPONSE_TIMEOUT.as_secs() < REQUEST_LIFETIME.as_secs());
const _: () = assert!(
    UNREPEATABLE_DEADLINE.as_secs()
        < REQUEST_LIFETIME.as_secs() * (REGENERATE_LIFETIMES as u64 - 1)
);
const _: () = assert!(REGENERATE_LIFETIMES < REPEATABLE_LIFETIMES);
const _: () = assert!(REQUEST_LIFETIME.as_secs() < REQUEST_LIFETIME_MAX.as_secs());
const _: () = assert!(
    REQUEST_LIFETIME_MAX.as_secs() * REPEATABLE_LIFETIMES as u64 <= COMMAND_TIMEOUT.as_secs()
);
const _: () = assert!(COMMAND_TIMEOUT.as_secs() < RUN_DOUBT_ENDED_AFTER.as_secs());
const _: () = assert!(NODES_WAIT.as_secs() <= NODES_WAIT_MAX.as_secs());
const _: () = assert!(POLL_PAUSE.as_secs() <= POLL_PAUSE_MAX.as_secs());
const _: () = assert!(POLL_PAUSE_MAX.as_secs() < CANCEL_WAIT_MAX.as_secs());
const _: () = assert!(CLOCK_SKEW_TOLD.as_secs() < CLOCK_SKEW_MAX.as_secs());
const _: () = assert!(CONNECT_TIMEOUT.as_secs() < RESPONSE_TIMEOUT.as_secs());
const _: () = assert!(RETRY_PAUSE_MAX.as_secs() < REQUEST_DEADLINE.as_secs());
