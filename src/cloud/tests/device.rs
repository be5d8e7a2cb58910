//! A person with a browser elsewhere: shown a code, waited for, asked once, renewed, and at last not renewed.

use super::*;
use crate::limits::DEVICE_CODE_WAIT_MAX;
use crate::model::address::ResourceId;
use crate::model::time::Span;
use crate::model::trouble::TroubleKind;
use crate::model::trust::Trust;

type Shown = Arc<Mutex<Vec<String>>>;

fn credential() -> Credential {
    Credential::DeviceCode {
        tenant: "tenant".to_owned(),
        client_id: "public-client".to_owned(),
    }
}

fn person() -> Factory {
    Factory {
        credential: credential(),
        ..factory()
    }
}

fn form(request: &Request) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

fn code(expires_in: u64) -> Answer {
    ok(json!({
        "device_code": "device-secret", "user_code": "AB\u{1b}CD-EFGH", "verification_uri": "https://microsoft.com/devicelogin",
        "expires_in": expires_in, "interval": 5, "message": "To sign in, use a web browser"
    }))
}

fn granted(nth: usize) -> Answer {
    ok(json!({
        "access_token": format!("person-{nth}"), "expires_in": "3599", "refresh_token": format!("refresh-{nth}")
    }))
}

fn refusal(word: &str) -> Answer {
    status(
        400,
        json!({"error": word, "error_description": "AADSTS70016: pending"}),
    )
}

fn around(
    answers: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
) -> (Reader, Arc<Fake>, ManualClock, Shown) {
    let fake = Arc::new(Fake {
        asked: Mutex::default(),
        answers: Box::new(answers),
        grants_tokens: false,
    });
    let transport: Arc<dyn Transport> = Arc::<Fake>::clone(&fake);
    let hand = ManualClock::new(now());
    let shown = Shown::default();
    let screen = Arc::clone(&shown);
    let here = Surroundings::default()
        .telling(move |message: &str| screen.lock().push(message.to_owned()));
    let reader = Reader::new(
        Client::new(transport, Clock::Manual(hand.clone())),
        here,
        Trust::simulated(),
    );
    (reader, fake, hand, shown)
}

#[tokio::test]
async fn a_person_is_shown_a_code_once_and_gets_in_everywhere() {
    let (reader, fake, hand, shown) = around(|request, nth| match (request.kind, nth) {
        ("entra.deviceCode", _) => code(900),
        ("entra.token", 1) => refusal("authorization_pending"),
        ("entra.token", 2) => refusal("slow_down"),
        ("entra.token", nth) => granted(nth),
        _ => ok(json!({})),
    });
    let (asking, at) = (
        person(),
        Workspace {
            credential: credential(),
            ..workspace()
        },
    );
    let (runtimes, jobs) = tokio::join!(reader.runtimes(&asking), reader.jobs(&at, None));
    assert!(runtimes.is_ok() && jobs.is_ok());
    assert_eq!(
        *shown.lock(),
        [
            "To sign in, open https://microsoft.com/devicelogin in a browser anywhere and enter the code AB\\u{1b}CD-EFGH. It holds for 15m."
        ]
    );
    assert_eq!(hand.now(), Span::seconds(5 + 5 + 10).after(now()));
    let asked = &fake.asked("entra.deviceCode")[0];
    assert_eq!(
        asked.url.as_str(),
        "https://login.microsoftonline.com/tenant/oauth2/v2.0/devicecode"
    );
    assert_eq!(
        form(asked)["scope"],
        "https://management.azure.com/.default offline_access"
    );
    let asked = fake.asked("entra.token");
    let polled = form(&asked[0]);
    assert_eq!(
        polled["grant_type"],
        "urn:ietf:params:oauth:grant-type:device_code"
    );
    assert_eq!(polled["device_code"], "device-secret");
    let renewed = form(&asked[3]);
    assert_eq!(
        (
            renewed["grant_type"].as_str(),
            renewed["refresh_token"].as_str(),
            renewed["scope"].as_str()
        ),
        (
            "refresh_token",
            "refresh-3",
            "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default offline_access"
        )
    );
    // A person needs no management token.
    let sent = &fake.asked("jobs.list")[0];
    assert_eq!(header(sent, "authorization"), Some("Bearer person-4"));
    assert_eq!(header(sent, "x-databricks-azure-sp-management-token"), None);
    // Renewed before its end, by the newest of what renews it.
    hand.advance_to(Span::seconds(3_600).after(hand.now()));
    reader.runtimes(&asking).await.unwrap();
    let last = form(fake.asked("entra.token").last().unwrap());
    assert_eq!(last["refresh_token"], "refresh-4");
    assert_eq!(fake.asked("entra.deviceCode").len(), 1);
}

#[tokio::test]
async fn a_person_who_declines_or_is_too_slow_or_is_not_there_is_no_endless_wait() {
    for (word, words) in [
        (
            "authorization_declined",
            "the sign-in was declined in the browser",
        ),
        ("access_denied", "the sign-in was declined in the browser"),
        ("expired_token", "nobody entered the code in time"),
        (
            "bad_verification_code",
            "does not know its own code any more",
        ),
        ("invalid_client", "AADSTS70016: pending"),
    ] {
        let (reader, ..) = around(move |request, _| match request.kind {
            "entra.deviceCode" => code(900),
            _ => refusal(word),
        });
        let trouble = reader.runtimes(&person()).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unauthenticated);
        assert!(trouble.message.contains(words), "{word}: {trouble}");
        assert!(!trouble.message.contains("device-secret"), "{trouble}");
    }
    // A second service that wants a token does not ask the same person again, whatever came of the code.
    for word in ["access_denied", "bad_verification_code", "invalid_grant"] {
        let (reader, declined, ..) = around(move |request, _| match request.kind {
            "entra.deviceCode" => code(900),
            _ => refusal(word),
        });
        let at = Workspace {
            credential: credential(),
            ..workspace()
        };
        let asking = person();
        let (runtimes, jobs) = tokio::join!(reader.runtimes(&asking), reader.jobs(&at, None));
        assert!(runtimes.is_err() && jobs.is_err());
        assert_eq!(declined.asked("entra.deviceCode").len(), 1, "{word}");
    }
    // A service that never says that the code has ended, and one that gives it a life of a year.
    for life in [60, 31_536_000] {
        let (reader, _, hand, _) = around(move |request, _| match request.kind {
            "entra.deviceCode" => code(life),
            _ => refusal("authorization_pending"),
        });
        let trouble = reader.runtimes(&person()).await.unwrap_err();
        assert!(trouble.message.contains("nobody entered the code in time"));
        let longest = life.min(DEVICE_CODE_WAIT_MAX.as_secs());
        assert_eq!(hand.now(), Span::seconds(longest).after(now()));
    }
    // What the command may take counts here as well, at any pace.
    let (reader, cut, hand, shown) = around(move |request, _| match request.kind {
        "entra.deviceCode" => code(900),
        _ => refusal("slow_down"),
    });
    let end = Span::seconds(42).after(now());
    reader.end_at(end);
    let trouble = reader.runtimes(&person()).await.unwrap_err();
    assert!(
        trouble
            .message
            .ends_with("the time of this command is over (--timeout)"),
        "{trouble}"
    );
    assert_eq!((hand.now(), reader.was_cut()), (end, true));
    assert!(shown.lock()[0].ends_with("It holds for 42s."));
    assert_eq!(cut.asked("entra.token").len(), 3, "after 5s, 15s and 30s");
    let nobody = fake(|_, _| code(900));
    let trouble = reader_with(&nobody, &[]).runtimes(&person()).await;
    let said = trouble.unwrap_err().message;
    assert!(said.contains("no one can be shown a code"), "{said}");
    assert!(nobody.asked("entra.deviceCode").is_empty());
}

#[tokio::test]
async fn a_sign_in_that_is_not_renewed_says_what_to_do_and_asks_nobody() {
    let (reader, fake, hand, shown) = around(|request, nth| match (request.kind, nth) {
        ("entra.deviceCode", _) => code(900),
        ("entra.token", 1) => granted(1),
        ("entra.token", _) => status(
            400,
            json!({"error": "invalid_grant", "error_codes": [70_043],
                   "error_description": "AADSTS70043: The refresh token has expired.\r\nTrace ID: t"}),
        ),
        _ => ok(json!({})),
    });
    reader.runtimes(&person()).await.unwrap();
    hand.advance_to(Span::seconds(3_600).after(hand.now()));
    let trouble = reader.runtimes(&person()).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::SignedOut);
    assert!(
        trouble.message.starts_with(
            "no token from device code: the sign-in of the person at the terminal is not renewed: AADSTS70043: The refresh token has expired"
        ) && trouble.message.ends_with("run the command again and sign in anew"),
        "{trouble}"
    );
    assert_eq!(
        (shown.lock().len(), fake.asked("entra.deviceCode").len()),
        (1, 1)
    );
}

const RESOURCE: &str =
    "/subscriptions/s/resourceGroups/r/providers/Microsoft.Databricks/workspaces/w";

/// A workspace that its resource proves rights on.
fn with_rights_in_azure() -> Workspace {
    Workspace {
        credential: credential(),
        resource_id: Some(ResourceId::new(RESOURCE)),
        ..workspace()
    }
}

/// Somebody with rights on the workspace in Azure who is no member of it: proof of them is fetched when it is needed, and then kept to.
#[tokio::test]
async fn a_person_who_is_no_member_is_vouched_for_once_the_workspace_asks() {
    let at = with_rights_in_azure();
    let serving = |opens: bool| {
        around(move |request, nth| match request.kind {
            "entra.deviceCode" => code(900),
            "entra.token" => granted(nth),
            _ if opens && header(request, "x-databricks-azure-sp-management-token").is_some() => {
                ok(json!({}))
            }
            _ => answer(
                403,
                r#"{"error_code":"PERMISSION_DENIED","message":"no member"}"#,
            ),
        })
    };
    let (reader, fake, ..) = serving(true);
    reader.jobs(&at, None).await.unwrap();
    reader.jobs(&at, None).await.unwrap();
    let shown = |fake: &Fake| -> Vec<bool> {
        let sent = fake.asked("jobs.list");
        sent.iter()
            .map(|sent| header(sent, "x-databricks-azure-workspace-resource-id") == Some(RESOURCE))
            .collect()
    };
    assert_eq!(shown(&fake), [false, true, true]);

    let (reader, fake, ..) = serving(false);
    for _ in 0..2 {
        let trouble = reader.jobs(&at, None).await.unwrap_err();
        assert!(matches!(trouble.kind, TroubleKind::Forbidden { .. }));
    }
    assert_eq!(shown(&fake), [false, true, false], "tried once, in vain");

    // Whatever comes of the proof, the answer that is there stands.
    let (reader, fake, ..) = around(move |request, nth| match (request.kind, nth) {
        ("entra.deviceCode", _) => code(900),
        ("entra.token", _) => granted(1),
        _ => answer(
            403,
            r#"{"error_code":"PERMISSION_DENIED","message":"no member"}"#,
        ),
    });
    for _ in 0..2 {
        let trouble = reader.jobs(&at, None).await.unwrap_err();
        assert!(trouble.message.contains("no member"), "{trouble}");
    }
    assert_eq!(
        shown(&fake),
        [false, false],
        "one token for both is shown to nobody"
    );
}

/// Whether a request is sent once more depends on what it carried itself, not on how far another one has come meanwhile.
#[tokio::test]
async fn requests_that_set_out_before_another_was_vouched_for_get_in_as_well() {
    let at = with_rights_in_azure();
    let (reader, fake, ..) = around(move |request, nth| match request.kind {
        "entra.deviceCode" => code(900),
        "entra.token" => granted(nth),
        _ if header(request, "x-databricks-azure-sp-management-token").is_some() => ok(json!({})),
        _ => answer(
            403,
            r#"{"error_code":"PERMISSION_DENIED","message":"no member"}"#,
        ),
    });
    let looks = (0..10).map(|_| reader.jobs(&at, None));
    for look in futures_util::future::join_all(looks).await {
        look.unwrap();
    }
    let before = fake.asked("jobs.list").len();
    reader.jobs(&at, None).await.unwrap();
    assert_eq!(fake.asked("jobs.list").len(), before + 1, "remembered");
}

/// A member who lacks a right is turned away like a stranger, and there may be no proof for either: both are said, in one request.
#[tokio::test]
async fn a_person_without_a_management_token_is_told_of_it_and_not_sent_twice() {
    let at = with_rights_in_azure();
    let (reader, fake, ..) = around(move |request, nth| match (request.kind, nth) {
        ("entra.deviceCode", _) => code(900),
        ("entra.token", 1) => granted(1),
        ("entra.token", _) => refusal("consent_required"),
        _ => answer(
            403,
            r#"{"error_code":"PERMISSION_DENIED","message":"no member"}"#,
        ),
    });
    let trouble = reader.jobs(&at, None).await.unwrap_err();
    assert!(
        trouble.message.contains("no member; who is no member of the workspace has to show it a management token, and there is none:"),
        "{trouble}"
    );
    assert_eq!(fake.asked("jobs.list").len(), 1);
}
