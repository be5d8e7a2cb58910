//! Resource Manager: pages, errors, keys, the Activity Log.

use super::*;
use crate::model::requests::RequestClass;
use crate::model::runtime::{OwnKeys, Slot};
use crate::model::trouble::TroubleKind;

#[expect(clippy::needless_pass_by_value, reason = "reads well with json!")]
fn runtime(name: &str, properties: Value) -> Value {
    let id = format!("{}/integrationruntimes/{name}", factory().id());
    json!({"id": id, "name": name, "properties": properties})
}

#[tokio::test]
async fn a_list_is_followed_to_its_last_page() {
    let fake = fake(|request, nth| {
        let link = format!("{}&$skiptoken=2", request.url);
        match nth {
            1 => ok(
                json!({"value": [runtime("west", json!({"type": "SelfHosted"}))], "nextLink": link}),
            ),
            2 => ok(json!({"value": [], "nextLink": link})),
            _ => ok(json!({"value": [
                runtime("east", json!({"type": "SelfHosted", "typeProperties": {"linkedInfo": {"authorizationType": "RBAC"}}})),
                runtime("ssis", json!({"type": "Managed"})),
                runtime("odd", json!({"type": "Quantum"})),
            ], "nextLink": null})),
        }
    });
    let listed = reader(&fake).runtimes(&factory()).await.unwrap();
    assert_eq!(listed.at, now());
    let kinds: Vec<_> = listed.said.into_iter().map(|r| (r.name, r.kind)).collect();
    let wanted = [
        ("west", OwnKeys::Yes),
        ("east", OwnKeys::Linked),
        ("ssis", OwnKeys::Managed),
        ("odd", OwnKeys::Other("Quantum".to_owned())),
    ];
    assert_eq!(kinds, wanted.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(fake.asked("adf.list").len(), 3);
}

#[tokio::test]
async fn a_next_page_elsewhere_gets_no_token() {
    for link in [
        "https://evil.example/next",
        "http://management.azure.com/next",
        "https://management.azure.com:444/next",
        "/relative",
    ] {
        let fake = fake(move |_, _| ok(json!({"value": [], "nextLink": link})));
        let trouble = reader(&fake).runtimes(&factory()).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unexpected);
        assert_eq!(fake.asked("adf.list").len(), 1, "{link}");
    }
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let again = fake(|request, _| ok(json!({"value": [], "nextLink": request.url.as_str()})));
    let trouble = reader(&again).runtimes(&factory()).await.unwrap_err();
    assert!(
        trouble.message.ends_with("to be this one again"),
        "{trouble}"
    );
    assert_eq!(again.asked("adf.list").len(), 1);
    let fake = fake(|request, nth| {
        let mut next = request.url.clone();
        next.set_query(Some(&format!("page={nth}")));
        ok(json!({"value": [], "nextLink": next.as_str()}))
    });
    let trouble = reader(&fake).runtimes(&factory()).await.unwrap_err();
    assert_eq!(trouble.message, "the list has more than 1000 pages");
}

#[tokio::test]
async fn refusals_say_which_right_is_missing_and_which_request_it_was() {
    let denied = fake(|_, _| {
        status(
            403,
            json!({"error": {"code": "AuthorizationFailed", "message": "no"}}),
        )
    });
    let trouble = reader(&denied).keys(&factory(), "west").await.unwrap_err();
    let right = "Microsoft.DataFactory/factories/integrationRuntimes/listAuthKeys/action";
    assert_eq!(
        trouble.to_string(),
        format!(
            "cannot list the keys of west: AuthorizationFailed: no; the permission {right} is missing (request rq-1)"
        )
    );
    let gone = fake(|_, _| {
        status(
            404,
            json!({"error": {"code": "ResourceNotFound", "message": null}}),
        )
    });
    let trouble = reader(&gone)
        .runtime_status(&factory(), "west")
        .await
        .unwrap_err();
    assert_eq!(
        (trouble.kind, trouble.message.as_str()),
        (TroubleKind::NotFound, "ResourceNotFound")
    );
    let unwrapped = fake(|_, _| status(400, json!({"code": "BadRequest", "message": "no"})));
    let since = now();
    let trouble = log_of_factory(&reader(&unwrapped), since, since)
        .await
        .unwrap_err();
    assert_eq!(trouble.message, "BadRequest: no");
    let bare = fake(|_, _| answer(404, ""));
    let trouble = reader(&bare)
        .runtime_status(&factory(), "west")
        .await
        .unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::NotFound);
}

#[tokio::test]
async fn throttling_is_outlasted_and_then_told() {
    let busy = fake(|_, _| status(429, json!({"error": {"code": "TooManyRequests"}})));
    let reader = reader(&busy);
    let trouble = reader.runtime_status(&factory(), "west").await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Throttled);
    let sent = u64::from(crate::limits::ATTEMPTS_MAX);
    assert_eq!(
        reader.requests()[&RequestClass::ArmReads]["adf.getStatus"],
        sent
    );
}

#[tokio::test]
async fn a_long_wait_is_told_and_not_cut_short() {
    let busy = fake(|_, _| {
        let mut busy = status(429, json!({"error": {"code": "TooManyRequests"}}))?;
        let pause = HeaderValue::from_static("3600");
        busy.headers.insert("retry-after", pause);
        Ok(busy)
    });
    let reader = reader(&busy);
    let trouble = reader.runtime_status(&factory(), "west").await.unwrap_err();
    assert_eq!(trouble.message, "TooManyRequests; it asks to wait 1h");
    assert_eq!(
        reader.requests()[&RequestClass::ArmReads]["adf.getStatus"],
        1
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_quoted() {
    let fake = fake(|_, _| ok(json!({"authKey1": ["IR@secret"], "authKey2": "IR@secret"})));
    let trouble = reader(&fake).keys(&factory(), "west").await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unexpected);
    assert!(!trouble.to_string().contains("secret"), "{trouble}");
}

#[tokio::test]
async fn the_log_tells_our_own_regenerations_by_slot() {
    let id = factory().runtime("west");
    let event = |action: &str, outcome: &str, client: Option<String>, hour: u8| {
        json!({
            "authorization": {"action": action, "scope": id.folded()},
            "eventTimestamp": format!("2026-11-01T{hour:02}:04:05.1234567Z"),
            "httpRequest": {"clientRequestId": client},
            "resourceId": id.folded(),
            "status": {"value": outcome},
        })
    };
    let regenerate = "Microsoft.DataFactory/factories/integrationRuntimes/regenerateAuthKey/action";
    let ours = request_id::marked(&id, Slot::Two)
        .to_string()
        .to_uppercase();
    let page = json!({"value": [
        event(regenerate, "Succeeded", None, 1),
        event(regenerate, "Succeeded", Some(ours), 2),
        event(regenerate, "Started", None, 3),
        event("Microsoft.DataFactory/factories/pipelines/createrun/action", "Succeeded", None, 4),
        {"status": null},
    ]});
    let fake = fake(move |_, _| ok(page.clone()));
    let since = "2026-08-24T00:00:00.123456789Z".parse().unwrap();
    let found = log_of_factory(&reader(&fake), since, now()).await.unwrap();
    let slots: Vec<_> = found
        .iter()
        .map(|(id, event)| (id.name(), event.slot))
        .collect();
    assert_eq!(slots, [("west", Some(Slot::Two)), ("west", None)]);
    let asked = query(&fake.asked("log.list")[0]);
    assert_eq!(
        asked["$filter"],
        "eventTimestamp ge '2026-08-24T00:00:00Z' and eventTimestamp le '2026-11-22T03:00:00Z' and resourceGroupName eq 'rg-data'"
    );
    assert!(!asked["$select"].contains("claims"));
}

/// A name of a list could lead a request to something else.
#[tokio::test]
async fn a_name_that_the_service_would_not_allow_becomes_part_of_no_address() {
    for name in [
        "../../integrationRuntimes/other",
        "west/regenerateAuthKey?x=",
        "west%2F..",
        "..",
        "",
        "a-",
        "-a",
        "a--b",
        "wést",
        "west\n",
        "west west",
        "ab",
        &"a".repeat(64),
    ] {
        let listed = json!({"value": [{"name": name, "properties": {"type": "SelfHosted"}}]});
        let fake = fake(move |_, _| ok(listed.clone()));
        let reader = reader(&fake);
        let listed = reader.runtimes(&factory()).await.unwrap().said;
        let name = listed[0].name.as_str();
        let troubles = [
            reader.keys(&factory(), name).await.unwrap_err(),
            reader.runtime_status(&factory(), name).await.unwrap_err(),
        ];
        let acted = writer(&fake)
            .regenerate(
                &to_factory(&factory()),
                &listed[0].id,
                Slot::One,
                Timestamp::MAX,
            )
            .await;
        assert!(matches!(acted, Err(ActFailure::Refused(_))), "{name}");
        for trouble in troubles {
            assert_eq!(trouble.kind, TroubleKind::Misfit, "{name}");
        }
        let asked = fake.asked.lock();
        assert!(
            asked
                .iter()
                .all(|request| !request.url.path().contains("AuthKey")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_id_of_a_request_is_short_and_can_be_printed() {
    for id in [
        "a b",
        "a\tb",
        "",
        &"a".repeat(101),
        "IR@a9a706fd-86c1-4717-9b1d-8c451e820276@f@5lRI",
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln",
    ] {
        let id = HeaderValue::from_str(id).unwrap();
        let fake = fake(move |_, _| {
            let mut refused =
                status(404, json!({"error": {"code": "NotFound", "message": "no"}})).unwrap();
            for name in ["x-ms-request-id", "x-ms-correlation-request-id"] {
                refused.headers.insert(name, id.clone());
            }
            Ok(refused)
        });
        let trouble = reader(&fake).keys(&factory(), "west").await.unwrap_err();
        assert_eq!((trouble.ids.request, trouble.ids.correlation), (None, None));
    }
}
