//! What a service means when it refuses: tokens, addresses, rights, locks, what is not there, and answers that cannot be read.

use super::*;
use crate::model::job::{JobId, RunId, Token};
use crate::model::runtime::Slot;
use crate::model::trouble::{Trouble, TroubleKind};

const ENDED: &str = "Token is expiring within 30 seconds. (token expired)";
const REVOKED: &str = "Invalid access token.";
const BLOCKED: &str =
    "Source IP address: 192.0.2.7 is blocked by Databricks IP ACL for workspace: 1234567890123456";
const PAT: [(&str, &str); 1] = [("DATABRICKS_TOKEN", "dapi-0123")];

fn in_json(code: u16, said: &str) -> Answer {
    status(code, json!({"error_code": code, "message": said}))
}

fn page(code: u16, said: &str, pre: &str) -> Answer {
    let body =
        format!("<html><head><title>Error {code} {said}</title></head><body>{pre}</body></html>");
    answer(code, body)
}

fn jobs() -> Answer {
    ok(json!({"jobs": [{"job_id": 1, "settings": {"name": "a"}}]}))
}

async fn list(reader: &Reader) -> Result<usize, Trouble> {
    let jobs = reader.jobs(&workspace(), None).await;
    jobs.map(|jobs| jobs.said.len())
}

/// Nothing that quotes a token is shown, and nothing that addresses something is altered.
#[tokio::test]
async fn an_answer_that_quotes_what_it_was_asked_with_is_not_used() {
    use base64::Engine as _;

    const TOKEN: &str = "Opaque-Token_Of.Somebody~1234567890";
    let listed = |name: String| {
        let fake =
            fake(move |_, _| ok(json!({"jobs": [{"job_id": 1, "settings": {"name": name}}]})));
        let reader = reader_with(&fake, &[("DATABRICKS_TOKEN", TOKEN)]);
        async move {
            reader
                .jobs(&workspace(), None)
                .await
                .map(|jobs| jobs.said[0].name.clone())
        }
    };
    for echo in [TOKEN.to_owned(), format!("nightly {TOKEN}")] {
        let trouble = listed(echo.clone()).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Unexpected, "{echo}");
        let told = trouble.to_string();
        assert!(
            told.contains("quotes the token") && !told.contains("Somebody"),
            "{told}"
        );
    }
    // Also where the answer is not valid UTF-8.
    let raw = fake(|_, _| {
        let mut body =
            format!(r#"{{"jobs": [{{"job_id": 1, "settings": {{"name": "{TOKEN}"}}}}], "x": ""#)
                .into_bytes();
        body.extend(b"\xff\"}");
        let answer = ok(json!({})).unwrap();
        Ok(Response {
            body: body.into(),
            ..answer
        })
    });
    let reader = reader_with(&raw, &[("DATABRICKS_TOKEN", TOKEN)]);
    let trouble = reader.jobs(&workspace(), None).await.unwrap_err();
    assert!(!trouble.to_string().contains("Somebody"), "{trouble}");
    // In disguise it is known by its form alone: tokens of Entra ID and Databricks have one.
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzb21lYm9keSJ9.c2lnbmF0dXJlLW9mLXNvbWVib2R5";
    for echo in [
        token.to_owned(),
        token.replace('.', "%2E"),
        base64::engine::general_purpose::STANDARD.encode(token),
        format!("{} {}", &token[..30], &token[30..]),
    ] {
        let name = listed(format!("nightly {echo}")).await;
        assert_eq!(name.as_deref(), Ok(""), "{echo}");
    }
    assert_eq!(listed("nightly".to_owned()).await.as_deref(), Ok("nightly"));
    // A key that somebody put into a name is not a name of anything.
    let key = "IR@a9a706fd-86c1-4717-9b1d-8c451e820276@adf-ingest@ServiceEndpoint=adf-ingest.westeurope.datafactory.azure.net@5lRI/T5Zk+3vbX0c2p9mQwErTyUiOpAsDfGhJkLzXcV=";
    assert_eq!(listed(format!("nightly {key}")).await.as_deref(), Ok(""));
}

#[tokio::test]
async fn a_token_that_has_ended_is_renewed_once_whatever_the_status_and_shape() {
    let shapes: [fn(&str) -> Answer; 4] = [
        |said| in_json(403, said),
        |said| in_json(401, said),
        |said| page(403, said, ""),
        |said| page(403, "x", &format!("<pre>    {said}</pre>")),
    ];
    for said in [ENDED, REVOKED, "The access token has expired"] {
        for shape in shapes {
            let first =
                |request: &Request| header(request, "authorization") == Some("Bearer token-1");
            let fake = fake(move |request, _| if first(request) { shape(said) } else { jobs() });
            assert_eq!(list(&reader(&fake)).await, Ok(1), "{said}");
            assert_eq!(fake.asked("jobs.list").len(), 2);
            let fake = super::fake(move |_, _| shape(said));
            let trouble = list(&reader(&fake)).await.unwrap_err();
            assert_eq!(trouble.kind, TroubleKind::Unauthenticated, "{trouble}");
            assert!(
                trouble.message.contains(
                    "; a new token of environment (AZURE_CLIENT_SECRET) was refused, too: "
                ),
                "{trouble}"
            );
            assert_eq!(fake.asked("jobs.list").len(), 2, "once more, and no more");
        }
    }
}

#[tokio::test]
async fn a_token_that_nothing_renews_is_told_by_what_is_wrong_with_it() {
    for (said, wanted) in [
        (
            REVOKED,
            "Invalid access token; the token of environment (DATABRICKS_TOKEN) was revoked, or is for another workspace: create a new \
             one and put it there",
        ),
        (
            "Token expired",
            "Token expired; the token of environment (DATABRICKS_TOKEN) has ended, and nothing renews it: put a new one there",
        ),
    ] {
        let fake = fake(move |_, _| page(403, said, &format!("<pre>{said}</pre>")));
        let trouble = list(&reader_with(&fake, &PAT)).await.unwrap_err();
        assert_eq!(
            (trouble.kind, trouble.message.as_str()),
            (TroubleKind::SignedOut, wanted)
        );
        assert_eq!(fake.asked("jobs.list").len(), 1);
    }
}

#[tokio::test]
async fn an_address_that_is_not_let_in_is_no_matter_of_tokens_or_rights() {
    for code in [401, 403] {
        let fake = fake(move |_, _| in_json(code, BLOCKED));
        let reader = reader(&fake);
        let trouble = list(&reader).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Blocked);
        assert_eq!(
            trouble.message,
            format!(
                "{BLOCKED}; run afresh from an allowed address, or have 192.0.2.7 added to the workspace's IP access list"
            )
        );
        assert_eq!(
            fake.asked("jobs.list").len(),
            1,
            "neither renewed nor vouched for"
        );
        let (entry, _) = reader.workspace_access(&workspace()).await;
        assert!(
            matches!(entry, crate::model::access::Entry::Refused(..)),
            "{entry:?}"
        );
    }
    let fake = fake(|_, _| in_json(403, "User 7 does not have View permission on job 1."));
    let trouble = list(&reader(&fake)).await.unwrap_err();
    assert!(
        matches!(trouble.kind, TroubleKind::Forbidden { .. }),
        "{trouble}"
    );
}

#[tokio::test]
async fn resource_manager_tells_the_kinds_by_its_codes() {
    let keys = async |code: u16, word: &'static str, said: &'static str| {
        let fake =
            fake(move |_, _| status(code, json!({"error": {"code": word, "message": said}})));
        let trouble = reader(&fake).keys(&factory(), "west").await.unwrap_err();
        (trouble, fake.asked("adf.listAuthKeys").len())
    };
    let (ended, sends) = keys(
        401,
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time is earlier.",
    )
    .await;
    assert_eq!(
        (ended.kind.clone(), sends),
        (TroubleKind::Unauthenticated, 2)
    );
    assert!(
        ended
            .message
            .ends_with("sign in there again, and check this machine's clock"),
        "{ended}"
    );
    let (tenant, sends) = keys(
        401,
        "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer.",
    )
    .await;
    assert_eq!((tenant.kind.clone(), sends), (TroubleKind::SignedOut, 1));
    assert!(
        tenant
            .message
            .ends_with("sign in to the tenant of the subscription"),
        "{tenant}"
    );
    let (policy, sends) = keys(
        403,
        "RequestDisallowedByPolicy",
        "Resource 'x' was disallowed by policy.",
    )
    .await;
    assert_eq!((policy.kind, sends), (TroubleKind::Blocked, 1));
    let (right, _) = keys(
        403,
        "AuthorizationFailed",
        "The client 'c' does not have authorization to perform action 'x' over scope 's'. If access was recently granted, please refresh \
         your credentials.",
    )
    .await;
    assert!(
        right
            .to_string()
            .contains("is missing; if it was granted just now, wait a few minutes and try again"),
        "{right}"
    );
}

#[tokio::test]
async fn a_lock_that_is_taken_is_waited_for_unless_the_request_must_not_go_twice() {
    let lock = || {
        status(
            400,
            json!({"error_code": "COULD_NOT_ACQUIRE_LOCK", "message": "Try again later."}),
        )
    };
    let fake = fake(move |request, nth| match request.kind {
        "jobs.run-now" if nth == 2 => ok(json!({"run_id": 5})),
        "jobs.list" if nth == 3 => jobs(),
        _ => lock(),
    });
    let writer = writer(&fake);
    assert_eq!(list(writer.reader()).await, Ok(1));
    let token = Token::parse("t").unwrap();
    let run = writer
        .start(
            &workspace(),
            JobId(1),
            &token,
            &BTreeMap::new(),
            Timestamp::MAX,
        )
        .await;
    assert_eq!(run.unwrap().said, RunId(5));
    assert_eq!(
        fake.asked("runs.list-active").len(),
        0,
        "a lock means that nothing was done"
    );
    let refused = writer
        .regenerate(
            &to_factory(&factory()),
            &factory().runtime("west"),
            Slot::One,
            Timestamp::MAX,
        )
        .await;
    assert!(matches!(refused, Err(ActFailure::Refused(_))));
    assert_eq!(fake.asked("adf.regenerateAuthKey").len(), 1);
}

/// The ways in which a server words it that a job is not there.
fn not_there(way: usize) -> Answer {
    match way {
        0 => status(
            400,
            json!({"error_code": "INVALID_PARAMETER_VALUE", "message": "Job 5 does not exist."}),
        ),
        1 => status(
            404,
            json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Job 5 does not exist."}),
        ),
        2 => status(
            404,
            json!({"error_code": "NOT_FOUND", "message": "Job 5 not found"}),
        ),
        3 => answer(404, ""),
        4 => answer(404, "<html><body><h1>Not Found</h1></body></html>"),
        5 => status(
            400,
            json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "No job 5"}),
        ),
        6 => status(400, json!({"message": "Job 5 does not exist."})),
        _ => status(404, json!({"detail": "Not Found"})),
    }
}

#[tokio::test]
async fn a_job_that_is_not_there_holds_no_other_however_that_is_worded() {
    for way in 0..8 {
        // The other version is not there at all, says the same, or fails; each time first, and after another job was seen.
        for other in [501, 404, 500, 400] {
            for seen_before in [false, true] {
                let fake = fake(move |request, _| {
                    let is_five = query(request).get("job_id").is_some_and(|id| id == "5");
                    match (request.url.path(), is_five) {
                        ("/api/2.2/jobs/get", true) => not_there(way),
                        ("/api/2.2/jobs/get", false) => {
                            ok(json!({"job_id": 6, "settings": {"name": "six"}}))
                        }
                        _ => answer(other, ""),
                    }
                });
                let reader = reader(&fake);
                if seen_before {
                    reader.job(&workspace(), JobId(6)).await.unwrap();
                }
                let trouble = reader.job(&workspace(), JobId(5)).await.unwrap_err();
                assert_eq!(
                    trouble.kind,
                    TroubleKind::NotFound,
                    "{way} {other}: {trouble}"
                );
                assert_eq!(
                    reader.job(&workspace(), JobId(6)).await.unwrap().said.name,
                    "six"
                );
                let old = fake.asked("jobs.get").into_iter();
                let old = old.filter(|request| request.url.path().starts_with("/api/2.1/"));
                assert!(
                    !seen_before || old.count() == 0,
                    "2.2 has answered: nothing else is asked"
                );
            }
        }
    }
}

#[tokio::test]
async fn another_version_counts_once_it_has_answered() {
    // A workspace without 2.2 whose first question is about a job that is not there.
    let fake = fake(|request, _| match request.url.path() {
        "/api/2.1/jobs/get" if query(request)["job_id"] == "5" => not_there(0),
        "/api/2.1/jobs/get" => ok(json!({"job_id": 6})),
        path => status(
            404,
            json!({"error_code": "NOT_FOUND", "message": format!("Bad Target: {path}")}),
        ),
    });
    let reader = reader(&fake);
    let trouble = reader.job(&workspace(), JobId(5)).await.unwrap_err();
    assert_eq!(
        trouble.message,
        "INVALID_PARAMETER_VALUE: Job 5 does not exist."
    );
    for _ in 0..2 {
        assert_eq!(
            reader.job(&workspace(), JobId(6)).await.unwrap().said.id,
            JobId(6)
        );
    }
    let asked = fake.asked("jobs.get");
    let versions: Vec<&str> = asked
        .iter()
        .map(|request| &request.url.path()[5..8])
        .collect();
    assert_eq!(versions, ["2.2", "2.1", "2.2", "2.1", "2.1"]);
}

#[tokio::test]
async fn what_stands_in_the_way_of_the_other_version_is_told() {
    let fake = fake(|request, _| {
        if request.url.path().starts_with("/api/2.2/") {
            answer(404, "")
        } else {
            in_json(403, "User 7 does not have permission.")
        }
    });
    let trouble = list(&reader(&fake)).await.unwrap_err();
    assert!(
        matches!(trouble.kind, TroubleKind::Forbidden { .. }),
        "{trouble}"
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_names_the_field_and_quotes_nothing() {
    let said = async |body: Value| {
        let fake = fake(move |_, _| ok(body.clone()));
        reader(&fake)
            .jobs(&workspace(), None)
            .await
            .unwrap_err()
            .message
    };
    assert_eq!(
        said(json!({"jobs": "sec-ret"})).await,
        "`jobs` of the answer is not a sequence (status 200)"
    );
    assert_eq!(
        said(json!({"jobs": [{"job_id": 1}, "sec-ret"]})).await,
        "`jobs[1]` of the answer is not struct Job (status 200)"
    );
    assert_eq!(
        said(json!({"jobs": [], "next_page_token": {"sec": "ret"}})).await,
        "`next_page_token` of the answer is not a string (status 200)"
    );
    assert_eq!(
        said(json!({"jobs": [{"job_id": "five"}]})).await,
        "an entry of the list has no job_id"
    );
    let fake = fake(|_, _| answer(200, r#"{"authKey1": {"sec": "ret"}, "authKey2": "IR@two"}"#));
    let trouble = reader(&fake).keys(&factory(), "west").await.unwrap_err();
    assert!(
        trouble
            .message
            .starts_with("`authKey1` of the answer is not "),
        "{trouble}"
    );
    for (body, wanted) in [
        (r#"{"jobs": ["#, "the answer breaks off (status 200)"),
        (
            "sec-ret",
            "the answer is not JSON (status 200, line 1, column 1)",
        ),
        (
            r#"{"jobs": []} {}"#,
            "the answer is not JSON (status 200, line 1, column 14)",
        ),
    ] {
        let fake = super::fake(move |_, _| answer(200, body));
        let trouble = list(&reader(&fake)).await.unwrap_err();
        assert_eq!(trouble.message, wanted);
    }
}

#[tokio::test]
async fn a_token_with_something_around_it_is_read_and_one_with_something_in_it_is_told() {
    let fake = fake(|request, _| {
        assert_eq!(header(request, "authorization"), Some("Bearer dapi-0123"));
        jobs()
    });
    for around in [
        "dapi-0123\n",
        " dapi-0123\r\n",
        "\"dapi-0123\"",
        "\u{feff}dapi-0123\u{a0}",
    ] {
        let reader = reader_with(&fake, &[("DATABRICKS_TOKEN", around)]);
        assert_eq!(list(&reader).await, Ok(1), "{around:?}");
    }
    for (broken, fault) in [
        ("dapi-01\n23", "a line break"),
        ("dapi-01 23", "a blank"),
        ("dapi-01\u{7}23", "a control character"),
        ("dapi-01ü23", "a character that no token has"),
    ] {
        let fake = super::fake(|_, _| jobs());
        let reader = reader_with(&fake, &[("DATABRICKS_TOKEN", broken)]);
        let trouble = list(&reader).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::SignedOut);
        assert_eq!(
            trouble.message,
            format!(
                "the token of environment (DATABRICKS_TOKEN) contains {fault}: put it there whole and by itself"
            )
        );
        assert_eq!(fake.asked("jobs.list").len(), 0, "nothing is sent");
    }
}

#[tokio::test]
async fn of_an_endless_reason_only_the_beginning_is_read() {
    let said = "eyJ.".repeat(1_000_000);
    let fake = fake(move |_, _| in_json(400, &said));
    let trouble = list(&reader(&fake)).await.unwrap_err();
    assert_eq!(
        trouble.message,
        "{\"error_code\":400,\"message\":\"eyJ[redacted]"
    );
}
