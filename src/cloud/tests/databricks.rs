//! Workspaces: versions, pages, errors, hosts.

use super::*;
use crate::model::address::ResourceId;
use crate::model::job::{Continuous, JobId, Phase, RunId, RunResult};
use crate::model::requests::RequestClass;
use crate::model::trouble::TroubleKind;

fn ended_run(id: i64, start: i64) -> Value {
    json!({"run_id": id, "job_id": 7, "start_time": start, "end_time": start + 10,
           "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}})
}

#[tokio::test]
async fn a_workspace_without_api_2_2_is_asked_in_2_1_from_then_on() {
    let fake = fake(|request, _| match request.url.path() {
        "/api/2.1/jobs/list" => ok(json!({"jobs": [{"job_id": 1, "settings": {"name": "a"}}]})),
        "/api/2.1/jobs/run-now" => ok(json!({"run_id": 5})),
        path => status(
            404,
            json!({"error_code": "NOT_FOUND", "message": format!("Bad Target: {path}")}),
        ),
    });
    let reader = reader(&fake);
    for _ in 0..2 {
        assert_eq!(
            reader.jobs(&workspace(), None).await.unwrap().said[0].name,
            "a"
        );
    }
    let asked = fake.asked("jobs.list");
    let paths: Vec<_> = asked.iter().map(|request| request.url.path()).collect();
    assert_eq!(
        paths,
        [
            "/api/2.2/jobs/list",
            "/api/2.1/jobs/list",
            "/api/2.1/jobs/list"
        ]
    );
    let limits: Vec<_> = asked
        .iter()
        .map(|request| query(request)["limit"].clone())
        .collect();
    assert_eq!(limits, ["100", "25", "25"]);
    let token = crate::model::job::Token::parse("t").unwrap();
    let run = writer(&fake)
        .start(
            &workspace(),
            JobId(1),
            &token,
            &BTreeMap::new(),
            Timestamp::MAX,
        )
        .await;
    assert_eq!(run.unwrap().said, RunId(5));
}

#[tokio::test]
async fn jobs_are_listed_by_token_to_the_end() {
    let fake = fake(
        |request, _| match query(request).get("page_token").map(String::as_str) {
            None => ok(
                json!({"jobs": [{"job_id": 1, "settings": {"name": "a", "tags": {"tier": "gold", "odd": null}, "max_concurrent_runs": 0}}], "has_more": false, "next_page_token": "2"}),
            ),
            Some("2") => ok(json!({"next_page_token": "3", "has_more": true})),
            Some(_) => ok(json!({"jobs": [
            {"job_id": i64::MAX, "settings": {"continuous": {"pause_status": "UNPAUSED"}}},
            {"job_id": 3, "settings": {"continuous": {"pause_status": "PAUSED"}}},
        ], "has_more": false, "next_page_token": ""})),
        },
    );
    let jobs = reader(&fake)
        .jobs(&workspace(), Some("a"))
        .await
        .unwrap()
        .said;
    let continuous: Vec<_> = jobs.iter().map(|job| (job.id.0, job.continuous)).collect();
    let wanted = [
        (1, Continuous::No),
        (i64::MAX, Continuous::Unpaused),
        (3, Continuous::Paused),
    ];
    assert_eq!(continuous, wanted);
    assert_eq!((jobs[0].runs_max, jobs[1].runs_max), (0, 1));
    assert_eq!(jobs[0].tags["tier"], "gold");
    assert_eq!(query(&fake.asked("jobs.list")[0])["name"], "a");
}

#[tokio::test]
async fn half_a_list_does_not_pass_for_the_whole() {
    let running = json!({"life_cycle_state": "RUNNING"});
    let nameless_run = json!({"runs": [{"job_id": 7, "state": running}]});
    let nobodys_run = json!({"runs": [{"run_id": 7, "state": running}]});
    let nameless_job = json!({"jobs": [{"settings": {"name": "a"}}]});
    for (body, wanted) in [
        (nameless_run, "an entry of the list has no run_id"),
        (nobodys_run, "an entry of the list has no job_id"),
        (
            json!({"has_more": true}),
            "the list says that it has more, and gives no next_page_token to get it with",
        ),
    ] {
        let fake = fake(move |_, _| ok(body.clone()));
        let trouble = reader(&fake)
            .active_runs(&workspace(), None)
            .await
            .unwrap_err();
        assert_eq!(trouble.message, wanted);
    }
    for body in [nameless_job, json!({"has_more": true})] {
        let fake = fake(move |_, _| ok(body.clone()));
        assert!(reader(&fake).jobs(&workspace(), None).await.is_err());
    }
}

#[tokio::test]
async fn a_service_without_filters_and_order_is_read_to_the_end_and_sorted() {
    let run = |id: i64, job: i64, start: i64| json!({"run_id": id, "job_id": job, "start_time": start, "end_time": start + 1, "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}});
    let unsorted = json!([
        run(1, 7, 1000),
        run(2, 8, 1500),
        run(3, 7, 3000),
        run(4, 7, 2000)
    ]);
    let whole = unsorted.clone();
    let short = fake(move |_, _| ok(json!({"runs": whole})));
    let seen = |fake: &Arc<Fake>| {
        let reader = reader(fake);
        async move {
            reader
                .ended_runs(&workspace(), JobId(7), Timestamp::UNIX_EPOCH, None, &|_| {
                    true
                })
                .await
        }
    };
    let history = seen(&short).await.unwrap().said;
    let ids: Vec<_> = history.runs.iter().map(|run| run.id.0).collect();
    assert_eq!((ids, history.since), (vec![3, 4, 1], Timestamp::UNIX_EPOCH));
    let endless =
        fake(move |_, nth| ok(json!({"runs": unsorted, "next_page_token": format!("{nth}")})));
    let trouble = seen(&endless).await.unwrap_err();
    assert!(trouble.message.contains("pages"), "{trouble}");
    // A run of a busy job waited in a queue, and is listed by when it was asked for: the job has a longer list than is read of others.
    let pages = 2 * crate::limits::HISTORY_PAGES_MAX;
    let queued = fake(move |_, nth| {
        let start = 100_000 - 1000 * i64::try_from(nth).unwrap();
        let late = if nth == 1 { 5000 } else { -500 };
        let runs = json!([
            run(2 * start, 7, start),
            run(2 * start + 1, 7, start + late)
        ]);
        let more = if nth < pages { "more" } else { "" };
        ok(json!({"runs": runs, "next_page_token": more}))
    });
    let history = reader(&queued)
        .ended_runs(&workspace(), JobId(7), Timestamp::UNIX_EPOCH, None, &|_| {
            false
        })
        .await
        .unwrap()
        .said;
    assert!(
        history
            .runs
            .is_sorted_by_key(|run| std::cmp::Reverse(run.started))
    );
    assert_eq!(history.since, Timestamp::UNIX_EPOCH);
    assert!(history.runs.len() >= 2 * pages);
    let undated = fake(|_, nth| {
        let runs = json!([{"run_id": nth, "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}}]);
        ok(json!({"runs": runs, "next_page_token": format!("{nth}")}))
    });
    let history = seen(&undated).await.unwrap().said;
    assert_eq!(history.since, now(), "nothing is proved to be complete");
}

#[tokio::test]
async fn active_runs_are_asked_for_in_lower_case_and_met_once() {
    let fake = fake(|request, _| {
        let runs = json!([{"run_id": 2, "job_id": 7, "state": {"life_cycle_state": "RUNNING"}},
                          {"run_id": 1, "job_id": 8, "state": {"life_cycle_state": "RUNNING"}}]);
        let token = query(request).get("page_token").map_or("2", |_| "");
        ok(json!({"runs": runs, "next_page_token": token}))
    });
    let active = reader(&fake)
        .active_runs(&workspace(), None)
        .await
        .unwrap()
        .said;
    assert_eq!(
        active
            .iter()
            .map(|(job, run)| (job.0, run.id.0))
            .collect::<Vec<_>>(),
        [(7, 2), (8, 1)]
    );
    let asked = query(&fake.asked("runs.list-active")[0]);
    assert_eq!(
        (
            asked["active_only"].as_str(),
            asked["limit"].as_str(),
            asked["run_type"].as_str()
        ),
        ("true", "25", "JOB_RUN")
    );
}

#[tokio::test]
async fn a_history_says_how_far_back_it_is_complete() {
    let pages = |_: &Request, nth: usize| {
        let newest = i64::try_from(1_000 - nth * 10).unwrap();
        let runs = [
            ended_run(newest, newest * 1000),
            ended_run(newest - 1, newest * 1000 - 500),
        ];
        ok(json!({"runs": runs, "next_page_token": "more"}))
    };
    let since = Timestamp::from_millisecond(1_000).unwrap();
    let look = |enough: fn(&[Run]) -> bool| async move {
        let fake = fake(pages);
        let history = reader(&fake)
            .ended_runs(&workspace(), JobId(7), since, None, &enough)
            .await
            .unwrap()
            .said;
        (history.runs.len(), history.since.as_millisecond())
    };
    assert_eq!(look(|_| true).await, (2, 989_500));
    assert_eq!(look(|runs| runs.len() > 2).await, (4, 979_500));
    assert_eq!(
        look(|_| false).await,
        (2 * crate::limits::HISTORY_PAGES_MAX, 599_500)
    );

    let fake = fake(|_, _| ok(json!({"runs": [ended_run(5, 2_000)]})));
    let history = reader(&fake)
        .ended_runs(&workspace(), JobId(7), since, None, &|_| true)
        .await
        .unwrap()
        .said;
    assert_eq!((history.runs.len(), history.since), (1, since));
    assert_eq!(
        query(&fake.asked("runs.list-ended")[0])["start_time_from"],
        "1000"
    );
}

#[tokio::test]
async fn one_time_runs_are_known_by_their_name() {
    let name = submission_name("backfill", "0123456789abcdef");
    let ours = name.clone();
    let fake = fake(move |_, _| {
        let mut run = ended_run(1, 5_000);
        run["run_name"] = json!(ours);
        ok(json!({"runs": [run, ended_run(2, 4_000)]}))
    });
    let runs = reader(&fake)
        .submitted_runs(&workspace())
        .await
        .unwrap()
        .said;
    let known = runs.iter();
    let known = known.map(|known| (known.run.id.0, known.rule.as_str(), known.content.as_str()));
    assert_eq!(
        known.collect::<Vec<_>>(),
        [(1, "backfill", "0123456789abcdef")]
    );
    let asked = query(&fake.asked("runs.list-submitted")[0]);
    assert_eq!(asked["run_type"], "SUBMIT_RUN");
}

#[tokio::test]
async fn errors_come_in_many_shapes() {
    let missing =
        json!({"error_code": "INVALID_PARAMETER_VALUE", "message": "Run 5 does not exist."})
            .to_string();
    let wrong =
        json!({"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid limit 27"}).to_string();
    let gone = json!({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "gone"}).to_string();
    let number = json!({"error_code": 403, "message": "no"}).to_string();
    let html = "<html><body><pre>    User not authorized.</pre></body></html>".to_owned();
    let forbidden = TroubleKind::Forbidden {
        right: "CAN VIEW".to_owned(),
    };
    for (code, body, kind, words) in [
        (
            400,
            missing,
            TroubleKind::NotFound,
            "INVALID_PARAMETER_VALUE: Run 5 does not exist.",
        ),
        (
            400,
            wrong,
            TroubleKind::Unexpected,
            "INVALID_PARAMETER_VALUE: Invalid limit 27",
        ),
        (
            404,
            gone,
            TroubleKind::NotFound,
            "RESOURCE_DOES_NOT_EXIST: gone",
        ),
        (403, number, forbidden.clone(), "no"),
        (403, html, forbidden, "User not authorized."),
        (
            418,
            String::new(),
            TroubleKind::Unexpected,
            "status 418, without a reason",
        ),
    ] {
        let fake = fake(move |_, _| answer(code, body.clone()));
        let trouble = reader(&fake).run(&workspace(), RunId(5)).await.unwrap_err();
        assert_eq!((trouble.kind, trouble.message.as_str()), (kind, words));
    }
}

#[tokio::test]
async fn the_failing_task_is_found_and_asked_for_its_error() {
    let fake = fake(|request, _| match request.url.path() {
        "/api/2.2/jobs/runs/get" => ok(json!({"run_id": 1,
        "state": {"life_cycle_state": "INTERNAL_ERROR", "result_state": "FAILED", "state_message": "Task main failed"},
        "tasks": [
            {"run_id": 10, "task_key": "first", "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}},
            {"run_id": 11, "task_key": "main", "state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}},
        ]})),
        _ => ok(json!({"error": "ZeroDivisionError"})),
    });
    let reader = reader(&fake);
    let failure = reader
        .failure(&workspace(), RunId(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (failure.task.as_str(), failure.error.as_str()),
        ("main", "ZeroDivisionError")
    );
    assert_eq!(query(&fake.asked("runs.get-output")[0])["run_id"], "11");
    let run = reader.run(&workspace(), RunId(1)).await.unwrap().said;
    assert!(matches!(
        run.phase,
        Phase::Ended {
            result: RunResult::Failed,
            at: None
        }
    ));
}

#[tokio::test]
async fn no_token_goes_to_a_foreign_host() {
    let fake = fake(|_, _| ok(json!({})));
    let reader = reader(&fake);
    for host in [
        "evil.example",
        "evil.example/.azuredatabricks.net",
        "adb.databricks.azure.cn",
    ] {
        let foreign = Workspace {
            host: WorkspaceHost::Given(host.to_owned()),
            ..workspace()
        };
        let trouble = reader.jobs(&foreign, None).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Misfit);
    }
    assert_eq!(reader.requests(), BTreeMap::new());
}

#[tokio::test]
async fn a_host_is_read_from_arm_once_and_checked() {
    let id = ResourceId::new(
        "/subscriptions/s/resourceGroups/r/providers/Microsoft.Databricks/workspaces/w",
    );
    let unplaced = Workspace {
        host: WorkspaceHost::FromResource,
        resource_id: Some(id),
        ..workspace()
    };
    let good = fake(|_, _| ok(json!({"properties": {"workspaceUrl": HOST.to_uppercase()}})));
    let reader_of_good = reader(&good);
    let both = tokio::join!(
        reader_of_good.host(&unplaced),
        reader_of_good.host(&unplaced)
    );
    assert_eq!(both, (Ok(HOST.to_owned()), Ok(HOST.to_owned())));
    assert_eq!(
        reader_of_good.requests()[&RequestClass::ArmReads]["arm.workspace"],
        1
    );

    let evil = fake(|_, _| ok(json!({"properties": {"workspaceUrl": "evil.example"}})));
    let trouble = reader(&evil).host(&unplaced).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Misfit);
    let absent = fake(|_, _| ok(json!({"properties": {}})));
    let trouble = reader(&absent).host(&unplaced).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Unexpected);
}
