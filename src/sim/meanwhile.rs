//! What others will do according to the world file, each thing at its own instant. What it does is in [`super::happen`].
//!
//! An entry needs exactly one happening, and its name must exist.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, VariantAccess};
use serde::{Deserialize, Deserializer, Serialize};

use super::operation::Operation;
use super::run::Outcome;
use super::times::{Span, When};

/// One entry of `meanwhile` as written: `{at: in 3d, regenerateKey: {…}}`.
#[derive(Debug)]
pub(crate) struct MeanwhileFile {
    pub(crate) at: When,
    pub(crate) happening: Happening,
}

/// Something that has still to happen, as the kept world remembers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) at: Timestamp,
    pub(crate) happening: Happening,
}

/// What somebody else does, or what befalls the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Happening {
    /// New values for one slot or both, by somebody else.
    RegenerateKey(RegenerateKey),
    /// The values of the two slots change places. No log tells it.
    SwapKeys(SwapKeys),
    /// A slot has an earlier value of its own again. No log tells it.
    RestoreKey(RestoreKey),
    /// The runtime is gone.
    DeleteRuntime(OneRuntime),
    /// The runtime is deleted and made again: new keys, a new `createTime`.
    RecreateRuntime(OneRuntime),
    /// The factory gets another resource id. Its runtimes keep their keys and their `createTime`; the log stays under the old id.
    MoveFactory(MoveFactory),
    /// The storage account is gone.
    DeleteStorageAccount(OneAccount),
    /// The storage account is deleted and made again: new keys, a new `creationTime`.
    RecreateStorageAccount(OneAccount),
    /// The storage account gets another resource id. It keeps its keys; the log stays under the old id.
    MoveStorageAccount(MoveAccount),
    /// Somebody else writes a version of a secret, also the first one.
    WriteSecret(WriteSecret),
    /// A version of a secret is no longer given out.
    DisableSecret(DisableSecret),
    /// A secret is deleted: it keeps its name and can be recovered.
    DeleteSecret(OneSecret),
    /// A deleted secret is there again.
    RecoverSecret(OneSecret),
    /// Nothing is left of a deleted secret, and its name is free.
    PurgeSecret(OneSecret),
    /// The job is gone, and its runs with it.
    DeleteJob(OneJob),
    /// The job is deleted and made again: the same name, another id, no runs.
    RecreateJob(RecreateJob),
    /// The job has another name.
    RenameJob(RenameJob),
    /// The job's own parameters get other defaults.
    SetParameters(SetParameters),
    /// Schedule, trigger or continuous mode rest.
    PauseJob(OneJob),
    /// They go on, with the next beat.
    UnpauseJob(OneJob),
    /// Somebody else starts the job.
    StartJob(StartJob),
    /// Somebody else stops what runs or waits.
    CancelRuns(OneJob),
    /// Somebody else repairs the newest run that has ended: it becomes active again under its id.
    RepairRun(RepairRun),
    /// Runs that have ended are removed.
    DeleteRuns(DeleteRuns),
    /// A right is taken away.
    Forbid(Right),
    /// A right is given back.
    Allow(Right),
    /// Events from now on show so late in the Activity Log.
    LogDelay(Span),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OneRuntime {
    /// `factory/runtime`, or `subscription/factory/runtime`.
    pub(crate) runtime: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OneAccount {
    /// Its name alone: no other account of the world has it.
    pub(crate) storage_account: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OneSecret {
    pub(crate) vault: String,
    pub(crate) secret: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WriteSecret {
    pub(crate) vault: String,
    pub(crate) secret: String,
    #[serde(default)]
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) content_type: Option<String>,
    /// How long after it was written.
    pub(crate) expires_in: Option<Span>,
    #[serde(default = "yes")]
    pub(crate) enabled: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DisableSecret {
    pub(crate) vault: String,
    pub(crate) secret: String,
    /// How many versions before the newest.
    #[serde(default)]
    pub(crate) back: usize,
}

/// What has two keys, by the field that names it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holder<'a> {
    Runtime(&'a str),
    Account(&'a str),
}

impl<'a> Holder<'a> {
    fn of(runtime: Option<&'a str>, account: Option<&'a str>) -> Result<Self, String> {
        match (runtime, account) {
            (Some(name), None) => Ok(Self::Runtime(name)),
            (None, Some(name)) => Ok(Self::Account(name)),
            (None, None) | (Some(_), Some(_)) => {
                Err("keys are those of one `runtime` or of one `storageAccount`".to_owned())
            }
        }
    }

    /// The places of the keys that are meant. Each kind of holder has names of its own for them.
    pub(crate) fn places(self, slots: Slots) -> Result<&'static [usize], String> {
        match (self, slots) {
            (Self::Runtime(_), Slots::AuthKey1) | (Self::Account(_), Slots::Key1) => Ok(&[0]),
            (Self::Runtime(_), Slots::AuthKey2) | (Self::Account(_), Slots::Key2) => Ok(&[1]),
            (Self::Runtime(_) | Self::Account(_), Slots::Both) => Ok(&[0, 1]),
            (Self::Runtime(name), Slots::Key1 | Slots::Key2) => Err(format!(
                "the keys of the runtime `{name}` are `authKey1` and `authKey2`"
            )),
            (Self::Account(name), Slots::AuthKey1 | Slots::AuthKey2) => Err(format!(
                "the keys of the storage account `{name}` are `key1` and `key2`"
            )),
        }
    }
}

/// As effects name it.
impl fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runtime(name) => f.write_str(name),
            Self::Account(name) => write!(f, "storage:{name}"),
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SwapKeys {
    runtime: Option<String>,
    storage_account: Option<String>,
}

impl SwapKeys {
    pub(crate) fn holder(&self) -> Result<Holder<'_>, String> {
        Holder::of(self.runtime.as_deref(), self.storage_account.as_deref())
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RegenerateKey {
    runtime: Option<String>,
    storage_account: Option<String>,
    pub(crate) key: Slots,
    /// Who it was; absent: `operator@example.com`, empty: nobody is named.
    pub(crate) by: Option<String>,
    /// The request id that the caller chose.
    pub(crate) request_id: Option<String>,
    /// Does the Activity Log tell it?
    #[serde(default = "yes")]
    pub(crate) logged: bool,
}

impl RegenerateKey {
    pub(crate) fn holder(&self) -> Result<Holder<'_>, String> {
        Holder::of(self.runtime.as_deref(), self.storage_account.as_deref())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Slots {
    AuthKey1,
    AuthKey2,
    Key1,
    Key2,
    Both,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RestoreKey {
    runtime: Option<String>,
    storage_account: Option<String>,
    pub(crate) key: Slots,
    /// How many values back.
    #[serde(default = "one")]
    pub(crate) back: usize,
}

impl RestoreKey {
    pub(crate) fn holder(&self) -> Result<Holder<'_>, String> {
        Holder::of(self.runtime.as_deref(), self.storage_account.as_deref())
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MoveAccount {
    pub(crate) storage_account: String,
    /// What changes of its id; absent: stays. The name always does.
    pub(crate) subscription: Option<String>,
    pub(crate) resource_group: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MoveFactory {
    /// `factory`, or `subscription/factory`.
    pub(crate) factory: String,
    /// What changes of its id; absent: stays.
    pub(crate) subscription: Option<String>,
    pub(crate) resource_group: Option<String>,
    pub(crate) name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OneJob {
    /// Its id or its name.
    pub(crate) job: JobName,
    /// Its workspace's host; needed where two workspaces have such a job.
    pub(crate) workspace: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RecreateJob {
    pub(crate) job: JobName,
    pub(crate) workspace: Option<String>,
    /// Its new id; absent: the next one that is free.
    pub(crate) id: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RenameJob {
    pub(crate) job: JobName,
    pub(crate) workspace: Option<String>,
    pub(crate) name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SetParameters {
    pub(crate) job: JobName,
    pub(crate) workspace: Option<String>,
    /// All that the job has from now on.
    pub(crate) parameters: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StartJob {
    pub(crate) job: JobName,
    pub(crate) workspace: Option<String>,
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, String>,
    /// Only these tasks; empty: all.
    #[serde(default)]
    pub(crate) only: Vec<String>,
    /// Notebook parameters, which override in the old way.
    #[serde(default)]
    pub(crate) overriding: BTreeMap<String, String>,
    /// How this run ends; absent: as the job's next one.
    pub(crate) result: Option<Outcome>,
    /// How long it runs; absent: as long as the job's.
    pub(crate) takes: Option<Span>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RepairRun {
    pub(crate) job: JobName,
    pub(crate) workspace: Option<String>,
    /// How many ended runs to pass over, newest first.
    #[serde(default)]
    pub(crate) skip: usize,
    /// How it ends this time.
    pub(crate) result: Option<Outcome>,
    /// How long that takes; absent: as long as the job's runs.
    pub(crate) takes: Option<Span>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeleteRuns {
    /// Absent: one-time runs.
    pub(crate) job: Option<JobName>,
    pub(crate) workspace: Option<String>,
    /// How many of the newest stay.
    #[serde(default)]
    pub(crate) keep: usize,
}

/// Operations at one place. Which of the fields names it tells what kind of place.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Right {
    pub(crate) operations: Vec<Operation>,
    /// Only `activityLog` is a right of a whole subscription.
    pub(crate) subscription: Option<String>,
    pub(crate) factory: Option<String>,
    pub(crate) runtime: Option<String>,
    pub(crate) storage_account: Option<String>,
    pub(crate) vault: Option<String>,
    pub(crate) job: Option<JobName>,
    /// The place itself, or where `job` is.
    pub(crate) workspace: Option<String>,
}

/// A job's id or its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum JobName {
    Id(u64),
    Name(String),
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for JobName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl de::Visitor<'_> for Either {
            type Value = JobName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id or the name of a job")
            }

            fn visit_u64<E>(self, id: u64) -> Result<JobName, E> {
                Ok(JobName::Id(id))
            }

            fn visit_str<E>(self, name: &str) -> Result<JobName, E> {
                Ok(JobName::Name(name.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

impl<'de> Deserialize<'de> for MeanwhileFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> de::Visitor<'de> for Entry {
            type Value = MeanwhileFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "`at` and one happening, such as `{at: in 3d, deleteJob: {job: nightly}}`",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MeanwhileFile, A::Error> {
                let (mut at, mut happening) = (None, None);
                while let Some(name) = map.next_key::<String>()? {
                    let twice = if name == "at" {
                        at.replace(map.next_value()?).is_some()
                    } else {
                        let value = OneOf(name, &mut map);
                        happening.replace(Happening::deserialize(value)?).is_some()
                    };
                    if twice {
                        return Err(de::Error::custom("an entry has one `at` and one happening"));
                    }
                }
                Ok(MeanwhileFile {
                    at: at.ok_or_else(|| de::Error::missing_field("at"))?,
                    happening: happening
                        .ok_or_else(|| de::Error::custom("nothing happens in this entry"))?,
                })
            }
        }
        deserializer.deserialize_map(Entry)
    }
}

/// One field of a map, read as the variant that its name tells.
struct OneOf<'a, A>(String, &'a mut A);

impl<'de, A: MapAccess<'de>> Deserializer<'de> for OneOf<'_, A> {
    type Error = A::Error;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for OneOf<'_, A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), A::Error> {
        let name = self.0.clone().into_deserializer();
        seed.deserialize(name).map(|variant| (variant, self))
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for OneOf<'_, A> {
    type Error = A::Error;

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.1.next_value_seed(seed)
    }

    fn unit_variant(self) -> Result<(), A::Error> {
        self.1.next_value()
    }

    fn tuple_variant<V: de::Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, A::Error> {
        Err(de::Error::custom("a happening has named fields"))
    }

    fn struct_variant<V: de::Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, A::Error> {
        Err(de::Error::custom("a happening has named fields"))
    }
}
