//! Key vaults: what is read of a secret, what is written, to which hosts, and what a refusal means.

use secrecy::SecretString;

use super::super::vault::{Sending, set};
use super::*;
use crate::http::Repeat;
use crate::model::access::{Entry, Standing};
use crate::model::trouble::TroubleKind;
use crate::model::vault::{
    DeletedSecret, NewVersion, SecretName, SecretSight, SecretVersion, VaultConnection, VaultName,
};

const VAULT: &str = "https://kv-data.vault.azure.net";
/// Nobody but the vault may see it.
const VALUE: &str = "IR@planted\"value\u{1}";

pub(super) fn vault() -> VaultConnection {
    VaultConnection {
        vault: VaultName::parse("kv-data").unwrap(),
        cloud: Cloud::named("public").unwrap(),
        credential: Credential::Default,
    }
}

pub(super) fn name() -> SecretName {
    SecretName::parse("gateway-key").unwrap()
}

/// A version as a list has it, or, with a value, as a write is answered.
pub(super) fn item(id: &str, created: i64) -> Value {
    json!({
        "id": format!("{VAULT}/secrets/Gateway-Key/{id}"), "contentType": "text/plain",
        "attributes": {"enabled": true, "created": created, "updated": created + 1, "exp": created + 2, "nbf": created + 3, "recoveryLevel": "Recoverable"},
        "tags": {"CredentialId": "authKey1"},
    })
}

async fn write(fake: &Arc<Fake>, repeat: Repeat) -> Result<Dated<SecretVersion>, ActFailure> {
    write_with(&writer(fake), repeat).await
}

pub(super) async fn written(writer: &Writer) -> Result<Dated<SecretVersion>, ActFailure> {
    write_with(writer, Repeat::Never).await
}

async fn write_with(writer: &Writer, repeat: Repeat) -> Result<Dated<SecretVersion>, ActFailure> {
    let new = NewVersion {
        tags: BTreeMap::from([("CredentialId".to_owned(), "authKey1".to_owned())]),
        content_type: Some("text/plain".to_owned()),
        expires: Some("2026-12-01T00:00:00Z".parse().unwrap()),
    };
    let act_by = Timestamp::MAX;
    let session = writer.reader().session();
    let value = SecretString::from(VALUE);
    set(
        session,
        &vault(),
        &name(),
        (&value, &new),
        Sending { repeat, act_by },
    )
    .await
}

#[tokio::test]
async fn versions_are_read_from_every_page_and_the_newest_is_known() {
    let fake = fake(|_, nth| {
        ok(match nth {
            1 => json!({
                "value": [item("old", 1_000), item("new", 3_000)],
                "nextLink": format!("{VAULT}/secrets/gateway-key/versions?api-version=7.5&$skiptoken=x"),
            }),
            _ => json!({"value": [item("middle", 2_000)], "nextLink": null}),
        })
    });
    let seen = reader(&fake).secret(&vault(), &name()).await.unwrap();
    let SecretSight::Versions(versions) = seen.said else {
        panic!("{seen:?}");
    };
    let ids: Vec<&str> = versions.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["new", "middle", "old"]);
    let newest = versions.newest();
    assert_eq!(newest.created.as_second(), 3_000);
    let times = [newest.updated, newest.expires, newest.not_before];
    let times = times.map(|at| at.unwrap().as_second());
    assert_eq!((times, newest.enabled), ([3_001, 3_002, 3_003], true));
    assert_eq!(newest.tags["CredentialId"], "authKey1");
    let asked = fake.asked("vault.versions");
    assert_eq!(asked.len(), 2);
    assert_eq!(
        asked[0].url.as_str(),
        format!("{VAULT}/secrets/gateway-key/versions?api-version=7.5")
    );
    // One token, which opens vaults and nothing else.
    let tokens = fake.asked("entra.token");
    assert_eq!(tokens.len(), 1);
    let form = String::from_utf8_lossy(&tokens[0].body).into_owned();
    assert!(
        form.contains("scope=https%3A%2F%2Fvault.azure.net%2F.default"),
        "{form}"
    );
}

#[tokio::test]
async fn nothing_is_followed_to_another_host() {
    for link in [
        "https://kv-data.vault.azure.net.evil.example/secrets/gateway-key/versions",
        "https://kv-other.vault.azure.net/secrets/gateway-key/versions",
        "http://kv-data.vault.azure.net/secrets/gateway-key/versions",
    ] {
        let fake = fake(move |_, _| ok(json!({"value": [item("a", 1)], "nextLink": link})));
        let trouble = reader(&fake).secret(&vault(), &name()).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unexpected);
        assert_eq!(fake.asked("vault.versions").len(), 1, "{link}");
    }
}

#[tokio::test]
async fn a_version_of_another_secret_or_without_its_creation_is_none() {
    let mut strange = [item("a", 1), item("a", 1), item("a", 1), item("a", 1)];
    strange[0]["id"] = json!(format!("{VAULT}/secrets/other/a"));
    strange[1]["id"] = json!(format!("{VAULT}/secrets/gateway-key"));
    strange[2]["attributes"] = json!({"enabled": true});
    strange[3]["attributes"] = json!({"created": 1});
    for strange in strange {
        let list = json!({"value": [item("b", 2), strange]});
        let fake = fake(move |_, _| ok(list.clone()));
        let trouble = reader(&fake).secret(&vault(), &name()).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unexpected);
    }
}

/// What is seen of a name without versions, where the list of deleted secrets is answered like this.
async fn without_versions(deleted: fn() -> Answer) -> SecretSight {
    let fake = fake(move |request, _| match request.kind {
        "vault.versions" => status(404, json!({"error": {"code": "SecretNotFound"}})),
        _ => deleted(),
    });
    let seen = reader(&fake).secret(&vault(), &name()).await;
    let [asked] = fake.asked("vault.deleted").try_into().unwrap();
    assert_eq!(asked.url.path(), "/deletedsecrets");
    seen.unwrap().said
}

#[tokio::test]
async fn a_name_is_free_taken_by_a_deleted_secret_or_nobody_may_tell() {
    let other = || {
        let id = format!("{VAULT}/secrets/another");
        ok(json!({"value": [{"id": id, "deletedDate": 5}]}))
    };
    assert_eq!(without_versions(other).await, SecretSight::Absent);
    let same = || {
        let id = format!("{VAULT}/secrets/GATEWAY-KEY");
        ok(
            json!({"value": [{"id": id, "deletedDate": 5, "scheduledPurgeDate": 9, "tags": {"a": "b"}}]}),
        )
    };
    let deleted = DeletedSecret {
        deleted: Timestamp::from_second(5).ok(),
        purged: Timestamp::from_second(9).ok(),
        tags: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
    };
    assert_eq!(without_versions(same).await, SecretSight::Deleted(deleted));
    let forbidden = || status(403, json!({"error": {"code": "Forbidden"}}));
    let SecretSight::AbsentOrDeleted(why) = without_versions(forbidden).await else {
        panic!("nobody may tell");
    };
    assert!(why.kind.is_forbidden());
}

#[tokio::test]
async fn a_new_version_carries_the_value_and_no_answer_does() {
    let fake = fake(|_, _| {
        let mut said = item("new", 3_000);
        said["value"] = json!(VALUE);
        ok(said)
    });
    let written = write(&fake, Repeat::Never).await.unwrap().said;
    assert_eq!((written.id.as_str(), written.enabled), ("new", true));
    assert!(!format!("{written:?}").contains("planted"));
    let [sent] = fake.asked("vault.set").try_into().unwrap();
    assert_eq!(
        (sent.method.as_str(), sent.url.as_str()),
        (
            "PUT",
            "https://kv-data.vault.azure.net/secrets/gateway-key?api-version=7.5"
        )
    );
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(
        body,
        json!({
            "value": VALUE, "contentType": "text/plain", "attributes": {"enabled": true, "exp": 1_796_083_200},
            "tags": {"CredentialId": "authKey1"},
        })
    );
    assert_eq!(header(&sent, "authorization"), Some("Bearer token-1"));
    assert!(!format!("{sent:?}").contains("planted"));
}

#[tokio::test]
async fn the_caller_decides_whether_a_write_goes_again() {
    for (repeat, sent) in [(Repeat::Never, 1), (Repeat::Safe, 6)] {
        let fake = fake(|_, _| lost());
        let outcome = write(&fake, repeat).await;
        assert!(matches!(outcome, Err(ActFailure::Lost(_))), "{outcome:?}");
        assert_eq!(fake.asked("vault.set").len(), sent);
    }
    let fake = fake(|_, _| ok(json!({"id": format!("{VAULT}/secrets/other/x")})));
    let outcome = write(&fake, Repeat::Never).await;
    assert!(matches!(outcome, Err(ActFailure::Lost(_))), "{outcome:?}");
}

#[tokio::test]
async fn what_the_vault_would_not_take_is_not_sent() {
    let fake = fake(|_, _| answer(500, ""));
    let writer = writer(&fake);
    let session = writer.reader().session();
    let sending = || Sending {
        repeat: Repeat::Never,
        act_by: Timestamp::MAX,
    };
    let tagged = NewVersion {
        tags: (0..16).map(|n| (n.to_string(), String::new())).collect(),
        ..NewVersion::default()
    };
    let plain = NewVersion::default();
    for (value, new) in [
        (String::new(), &plain),
        ("x".repeat(25 * 1024 + 1), &plain),
        ("x".to_owned(), &tagged),
    ] {
        let value = SecretString::from(value);
        let outcome = set(session, &vault(), &name(), (&value, new), sending()).await;
        let Err(ActFailure::Refused(trouble)) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(trouble.kind, TroubleKind::Misfit);
    }
    assert!(fake.asked("vault.set").is_empty());
}

/// What a refusal of a write means, and what is told of it.
async fn refused(code: u16, body: Value) -> Trouble {
    let fake = fake(move |_, _| status(code, body.clone()));
    match write(&fake, Repeat::Never).await {
        Err(ActFailure::Refused(trouble)) => trouble,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refusal_says_what_only_a_person_can_do() {
    let error = |code: &str, inner: &str, message: &str| json!({"error": {"code": code, "message": message, "innererror": {"code": inner}}});
    let said = "Secret gateway-key is currently in a deleted but recoverable state, and its name cannot be reused.";
    let deleted = refused(
        409,
        error("Conflict", "ObjectIsDeletedButRecoverable", said),
    )
    .await;
    assert_eq!(deleted.kind, TroubleKind::Misfit);
    let wanted = format!(
        "cannot write the secret gateway-key in kv-data: ObjectIsDeletedButRecoverable: {said}"
    );
    assert!(deleted.to_string().starts_with(&wanted), "{deleted}");
    let busy = refused(409, error("Conflict", "ObjectIsBeingDeleted", "wait")).await;
    assert_eq!(busy.kind, TroubleKind::Unexpected);
    let said = "Caller is not authorized to perform action on resource.\r\nCaller: appid=x";
    let right = refused(403, error("Forbidden", "ForbiddenByRbac", said)).await;
    assert_eq!(
        right.to_string(),
        "cannot write the secret gateway-key in kv-data: ForbiddenByRbac: Caller is not authorized; the permission Microsoft.KeyVault/vaults/secrets/setSecret/action is missing (request rq-1)"
    );
    let said = "Client address is not authorized and caller is not a trusted service.\r\nClient address: 192.0.2.7";
    let closed = refused(403, error("Forbidden", "ForbiddenByFirewall", said)).await;
    assert_eq!(closed.kind, TroubleKind::Blocked);
    assert!(
        closed
            .message
            .ends_with("have 192.0.2.7 added to the vault's firewall"),
        "{closed}"
    );
    let gone = refused(404, error("VaultNotFound", "", "no")).await;
    assert_eq!(gone.kind, TroubleKind::NotFound);
    let fake = fake(|_, _| nobody());
    let trouble = reader(&fake).secret(&vault(), &name()).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unreachable);
    assert!(
        trouble
            .message
            .ends_with("is kv-data the name of a vault, and can this machine reach it?"),
        "{trouble}"
    );
}

/// Whoever answers in the place of a vault may want a token for something else.
#[tokio::test]
async fn a_challenge_is_answered_only_for_the_vault_s_own_domain() {
    for (resource, sent, kind) in [
        ("https://vault.azure.net", 2, TroubleKind::Unauthenticated),
        ("https://management.azure.com", 1, TroubleKind::Misfit),
        ("https://evil.example", 1, TroubleKind::Misfit),
    ] {
        let fake = fake(move |_, _| {
            let challenge = format!(
                "Bearer authorization=\"https://login.microsoftonline.com/t\", resource=\"{resource}\""
            );
            let mut refused = status(401, json!({"error": {"code": "Unauthorized"}}))?;
            let challenge = HeaderValue::from_str(&challenge).unwrap();
            refused.headers.insert("www-authenticate", challenge);
            Ok(refused)
        });
        let trouble = reader(&fake).secret(&vault(), &name()).await.unwrap_err();
        assert_eq!(trouble.kind, kind, "{trouble}");
        assert_eq!(fake.asked("vault.versions").len(), sent, "{resource}");
    }
}

#[tokio::test]
async fn a_cloud_that_tells_of_no_vaults_has_none() {
    let nowhere = VaultConnection {
        cloud: Cloud {
            vault_domain: String::new(),
            ..vault().cloud
        },
        ..vault()
    };
    let fake = fake(|_, _| ok(json!({})));
    let trouble = reader(&fake).secret(&nowhere, &name()).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Misfit);
    assert!(fake.asked("entra.token").is_empty());
}

#[tokio::test]
async fn the_right_to_write_stays_unknown_until_something_is_written() {
    let fake = fake(|_, _| ok(json!({"value": [item("a", 1)]})));
    let (entry, rights) = reader(&fake).vault_access(&vault(), &[name()]).await;
    assert!(matches!(entry, Entry::In(_)), "{entry:?}");
    let told: Vec<(&str, bool)> = rights
        .iter()
        .map(|right| (right.name.as_str(), right.standing == Standing::Granted))
        .collect();
    assert_eq!(
        told,
        [
            (
                "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
                true
            ),
            ("Microsoft.KeyVault/vaults/secrets/setSecret/action", false),
        ]
    );
    assert!(fake.asked("vault.set").is_empty());
    let closed = self::fake(|_, _| answer(401, "{}"));
    let (entry, rights) = reader(&closed).vault_access(&vault(), &[name()]).await;
    assert!(matches!(entry, Entry::Refused(..)) && rights.is_empty());
}

/// What is written into a cloud, as a manifest or a plan file could write it.
type Forged = fn(&mut Cloud);

#[tokio::test]
async fn no_token_goes_where_only_a_document_says_that_a_vault_is() {
    let forged: [(Forged, bool); 6] = [
        (|_| {}, true),
        (
            |cloud| cloud.vault_domain = ".vault.evil.example".to_owned(),
            false,
        ),
        (
            |cloud| cloud.vault_domain = "127.0.0.1:4203".to_owned(),
            false,
        ),
        // A token for something else must not go to whoever owns a vault.
        (|cloud| cloud.vault_resource = PUBLIC.to_owned(), false),
        (
            |cloud| cloud.vault_resource = "https://storage.azure.com".to_owned(),
            false,
        ),
        (
            |cloud| cloud.authority = "https://login.evil.example".to_owned(),
            false,
        ),
    ];
    for (place, (change, is_trusted)) in forged.into_iter().enumerate() {
        let mut vault = vault();
        change(&mut vault.cloud);
        let fake = fake(|_, _| ok(json!({"value": [item("a", 1)]})));
        let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&fake);
        let clock = Clock::Manual(ManualClock::new(now()));
        let here = Surroundings::new(PRINCIPAL);
        let reader = Reader::new(Client::new(transport, clock), here, Trust::default());
        let seen = reader.secret(&vault, &name()).await;
        let asked = [fake.asked("entra.token"), fake.asked("vault.versions")];
        let asked = asked.map(|all| all.len());
        assert_eq!(seen.is_ok(), is_trusted, "{place}: {seen:?}");
        assert_eq!(asked, [usize::from(is_trusted); 2], "{place}");
    }
}

const PUBLIC: &str = "https://management.azure.com";
