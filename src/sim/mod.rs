//! A SMALL FALSE CLOUD: (World, Request) → Response; knows nothing of model.
//!
//! A second opinion of Azure: Entra ID's token endpoints, the part of Azure Resource Manager that is about integration runtimes,
//! and the Jobs API of Databricks, with the traps of the real services. The program talks to it in process ([`Embedded`]) and
//! over loopback ([`server::serve`]); other people's clients can too.
//!
//! Refuses: importing `model`, `plan` or `cloud`, whose misconceptions it must not share; chance (everything derives from the
//! world file's `seed`); time of its own (it lives by [`World::clock`]); writing anything because of a read.
//!
//! ```text
//! world file ─ build ─► World ◄─ store ─► .afresh/world.json
//!                         ▲
//!  Embedded ─┐            │ advance (what happens by itself until now)
//!            ├─► door ────┤ fault   (which lie)
//!    server ─┘            └─► entra · arm · databricks ─► Response, stamped with the world's time
//! ```
//!
//! # The world file
//! YAML; unknown fields are errors with their line. Only names and ids have to be written, the rest has defaults. Times are
//! `2026-11-22T09:00:00Z`, `2026-11-22`, `now`, `97d ago` or `in 3d`, counted from when the world is first loaded; spans are `10m`,
//! `1d12h`.
//!
//! ```yaml
//! clock: 2026-11-22T09:00:00Z    # where the world's clock stands: it moves only when somebody waits. Absent: real time
//! seed: 7                        # keys, ids and tokens derive from it. 0
//! throttling: false              # enforce ARM's token buckets (reads 250 + 25/s, writes 200 + 10/s)
//! otherClients: {readsPerSecond: 12, writesPerSecond: 5}    # somebody else with the same identity draws from the same buckets
//! activityLogDelay: 5m           # how late events become visible
//! paging: {factories: 100, runtimes: 50, activityLog: 200, jobs: 20, runs: 20}      # entries of a page at most
//! hosts: {authority: [login.lab.example], resourceManager: [management.lab.example]} # besides those of the public clouds
//! tenants:                       # absent: every credential is good
//! - id: contoso
//!   principals:
//!   - {clientId: ci, clientSecret: s3cret, federated: false, forbidden: [regenerateAuthKey]}
//! person: {name: ada@example.com, polls: 1, answer: accepts}      # who enters device codes; or declines, nothing
//! machine:                       # what clients run on; absent: no machine of Azure. Its endpoints are at Entra's address
//!   header: h                    # App Service: what IDENTITY_HEADER holds
//!   identities: [{clientId: mi-1, system: true}, {clientId: mi-2, resourceId: /subscriptions/…}]
//! pipeline: {token: step}        # what a job shows to be given an assertion; absent: anything
//! subscriptions:
//! - id: 12345678-1234-1234-1234-1234567890ab
//!   activityLog: readable        # or forbidden
//!   factories:
//!   - name: adf-ingest
//!     resourceGroup: rg-data
//!     location: westeurope
//!     created: 500d ago
//!     forbidden: []              # operations that answer 403
//!     runtimes:
//!     - name: gateway-west
//!       type: SelfHosted         # or Managed
//!       copies: 100              # gateway-west-0001 and so on instead of one
//!       description: the first gateway
//!       created: 400d ago
//!       authKey1: {made: 97d ago}  # regenerated then; absent: as old as the runtime. 90 days of it are in the Activity Log
//!       authKey2: {made: 40d ago, by: ada@example.com}         # by: ''  nobody is named
//!       linkedTo: null           # ARM id of the runtime that is shared with this one
//!       nodes: [vm-west-1]       # registered nodes, online
//!       forbidden: [listAuthKeys]
//! workspaces:
//! - host: adb-1234567890123456.7.azuredatabricks.net
//!   resourceId: /subscriptions/…/providers/Microsoft.Databricks/workspaces/analytics
//!   tokens: [dapi0123]           # personal access tokens; absent: every one that begins with dapi
//!   members: [ci]                # client ids and people that need no service principal headers; absent: all
//!   principals: [{clientId: app, clientSecret: s}]  # its own, for /oidc/v1/token; absent: every pair is good
//!   apiVersions: ['2.1', '2.2']  # another one is a "Bad Target"
//!   forbidden: []
//!   hidesParameters: false       # no answer tells a run's parameters
//!   submit: {takes: 2m, outcomes: [SUCCESS], error: no such table}    # how one-time runs go
//!   jobs:
//!   - id: 101
//!     name: nightly-sales
//!     copies: 100                # ids count on from `id`
//!     created: 400d ago
//!     tags: {tier: gold}
//!     parameters: {day: today}   # the job's own, with their defaults
//!     hidesParameters: false
//!     tasks: [extract, load]     # of a failed run the last one failed. [main]
//!     startsIn: 5s               # PENDING so long
//!     takes: 10m                 # RUNNING so long; a continuous job without it runs until it is stopped
//!     outcome: SUCCESS           # or any result_state
//!     outcomes: [FAILED, SUCCESS]  # by run in order, the last one repeats
//!     error: no such table       # what get-output says of a failed task
//!     maxConcurrentRuns: 1
//!     queue: false               # wait for a place instead of being skipped
//!     cancelTakes: 20s           # TERMINATING so long
//!     schedule: {every: 24h, paused: false}    # shown as a cron expression, or as a trigger where there is none of such a beat
//!     # {every: 24h, cron: 0 0 6 * * ?, timezone: Europe/Berlin} shows this one, {every: 24h, periodic: true} a trigger
//!     continuous: {paused: false}
//!     forbidden: [run-now]       # `jobs/get` or `all` also hides it from lists
//!     runs:                      # the past; without `ended` it is still running
//!     - {started: 32h ago, ended: 31h ago, result: SUCCESS}
//!     - started: 56h ago
//!       ended: 55h ago
//!       result: FAILED
//!       trigger: ONE_TIME        # PERIODIC for a job with a schedule, else ONE_TIME
//!       defaults: {day: today, region: eu}         # the job's own then; absent: as they are now
//!       parameters: {day: 2019-01-01, region: null}  # what it ran with; null: the answer tells the default alone
//!       overriding: {mode: full} # notebook parameters, which override in the old way
//!       tasks: [load]            # absent: all
//!       repaired: {started: 30h ago, ended: 29h ago, result: SUCCESS}
//! faults:                        # each strikes by count; one request meets one fault
//! - {on: regenerateAuthKey, nth: 1, times: 1, subject: gateway-west, do: loseAnswer}
//! meanwhile:                     # what others do, each thing at its time
//! - {at: in 3d, regenerateKey: {runtime: adf-ingest/gateway-west-0001, key: authKey2, by: ada@example.com}}
//! - {at: in 5d, deleteJob: {job: nightly-sales-0002}}
//! ```
//!
//! # What happens meanwhile
//! Each entry has its time in `at`, not before the world's beginning, and one happening. It takes place once, when the world's clock
//! passes its time, after what happens by itself until then; entries of one time keep the order of the file. All of them are tried when
//! the world file is loaded: one that speaks of what is not there by then is an error. A runtime is `factory/runtime` (or
//! `subscription/factory/runtime`), a factory its name (or `subscription/name`), a job its id or its name, with `workspace: HOST` where
//! two workspaces have such a job. None of it counts as an effect of requests.
//!
//! | happening | what |
//! |---|---|
//! | `regenerateKey: {runtime, key, by, requestId, logged}` | a person remakes `authKey1`, `authKey2` or `both`; `by: ''` names nobody, `logged: false` leaves no event |
//! | `swapKeys: {runtime}` | the values of the slots change places; no event |
//! | `restoreKey: {runtime, key, back: 1}` | a slot has its value of so many makings ago again, its first at most; no event |
//! | `deleteRuntime: {runtime}` | it is gone; its events stay in the log |
//! | `recreateRuntime: {runtime}` | deleted and made again: new keys, a new `createTime`; the log tells deletion and creation, no regeneration |
//! | `moveFactory: {factory, subscription, resourceGroup, name}` | a new resource id; its runtimes keep their keys and their `createTime`; earlier events stay under the old id |
//! | `deleteJob: {job}` | gone, with its runs |
//! | `recreateJob: {job, id}` | deleted and made again: the same name, another id (absent: the next one), no runs |
//! | `renameJob: {job, name}` | |
//! | `setParameters: {job, parameters}` | the job's own parameters; runs before keep what their defaults were |
//! | `pauseJob: {job}`, `unpauseJob: {job}` | its schedule, trigger or continuous mode; beats missed while it rests stay missed |
//! | `startJob: {job, parameters, only, overriding, result, takes}` | a person starts it, perhaps with `only` some tasks or `overriding` notebook parameters |
//! | `cancelRuns: {job}` | a person stops all that is active |
//! | `repairRun: {job, skip: 0, result, takes}` | the newest run that has ended (after passing over `skip`) is active again under its id |
//! | `deleteRuns: {job, keep: 0}` | runs that have ended are removed, but for the newest; without `job` the one-time runs of `workspace` |
//! | `forbid: {operations, …}`, `allow: {operations, …}` | rights at one `factory`, `runtime`, `job` or `workspace`; `activityLog` of a `subscription` |
//! | `logDelay: 3h` | events from now on show so late in the Activity Log |
//!
//! A world is kept after every effect and whenever a fault has counted a request; reads alone write nothing. So a file without a
//! clock is counted from anew by each command until something has happened in it.
//!
//! At Entra's address there are also `/metadata/identity/oauth2/token` (IMDS), `/msi/token` (App Service), `/oidc/github` and
//! `/oidc/pipelines`: set `AZURE_POD_IDENTITY_AUTHORITY_HOST`, `IDENTITY_ENDPOINT`, `ACTIONS_ID_TOKEN_REQUEST_URL` and
//! `SYSTEM_OIDCREQUESTURI` to them.
//!
//! `on` and `forbidden` name operations: `token`, `deviceCode`, `discovery`, `machineToken`, `assertion`, `workspaceToken`; `listFactories`, `getFactory`, `listRuntimes`, `getRuntime`,
//! `getStatus`, `listAuthKeys`, `regenerateAuthKey`, `activityLog`, `getWorkspace`, `permissions`; `jobs/list`, `jobs/get`,
//! `jobs/permissions`, `scim/Me`, `run-now`, `runs/list`, `runs/get`, `runs/get-output`, `runs/submit`, `runs/cancel`,
//! `runs/cancel-all`; `any` (or `all`). `subject` is text that the request's path, query or body has to contain. What a fault can
//! `do`:
//!
//! | `do` | done? | what the client sees | takes |
//! |---|---|---|---|
//! | `loseAnswer` | yes | the connection closes | |
//! | `dropRequest` | no | the connection closes | |
//! | `delayRequest` | late | the connection closes; only for `regenerateAuthKey` | `by` |
//! | `throttle` | no | 429 | `retryAfter` |
//! | `error` | no | an error; of the token service with a `code` such as `AADSTS7000222` its own refusal | `status`, `code`, `retryAfter` |
//! | `errorAfterActing` | yes | an error | `status`, `code`, `retryAfter` |
//! | `slow` | yes | the answer, `by` so much later | `by` |
//! | `staleList` | yes | what a read would have seen `by` so long ago | `by` |
//! | `refuse` | no | a refusal in the service's own words | `as` |
//! | `changeNothing` | no | 200, with the value that should have been replaced; only for `regenerateAuthKey`, and the log tells it | |
//! | `changeBoth` | both keys | 200, with the one key; only for `regenerateAuthKey` | |
//! | `hideCaller` | yes | events without `caller`; only for `activityLog` | |
//!
//! `error` and `errorAfterActing` also take the `message`. `as` is, for a workspace: `tokenExpired`, `invalidToken`, `invalidTokenPage`
//! (HTML), `addressBlocked` or `missingRight`, each a 403; `lock`, a 400 COULD_NOT_ACQUIRE_LOCK; `notFound`, `notFoundShort`,
//! `notFoundFeature` or `notFoundEmpty`, each a 404. For Azure: `missingRight`, `recentlyGranted`, `notFound`, `notFoundEmpty`. A fault that lasts has
//! many `times`. A right that is missing for good is `forbidden`: at a runtime `forbidden: [regenerateAuthKey]` closes that alone.
//!
//! # What is known to differ
//! Real traffic and official examples are asked for again and compared field by field; `tests/shapes/known.rs` lists what differs, each
//! with its reason.
//!
//! # What is assumed
//! No source tells these: the codes for a missing runtime and for keys of managed and linked runtimes; that regenerating a key
//! does not change the runtime's etag; that idempotency tokens are known for ever and to the whole workspace,
//! and how their error is worded once the run was removed; that a run's `start_time` is when it was asked for, also when it waited in a
//! queue; that runtimes of a moved factory keep their `createTime`; that a run with `only` lists only its own tasks; the ids of repairs and
//! of the tasks that they run.

mod advance;
mod arm;
mod bucket;
mod build;
mod build_workspace;
mod databricks;
mod device;
mod digest;
mod door;
mod embedded;
mod entra;
mod fault;
mod file;
mod happen;
mod happen_jobs;
mod machine;
mod meanwhile;
mod message;
mod operation;
mod page;
mod refuse;
mod run;
pub mod server;
mod store;
#[cfg(test)]
mod tests;
mod times;
mod token;
mod world;

pub use self::embedded::{Embedded, Recorded};
pub use self::operation::Operation;
pub use self::store::Error;
pub use self::world::{Effects, World};
