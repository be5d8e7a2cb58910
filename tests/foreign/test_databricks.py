"""databricks-sdk against the embedded cloud: it must list, run, wait and cancel as in Azure."""

import datetime

from databricks.sdk.errors import DatabricksError, OperationFailed
from databricks.sdk.service.jobs import NotebookTask, RunLifeCycleState, RunResultState, SubmitTask

from clients import workspace

PATIENCE = datetime.timedelta(seconds=40)


def test_lists_every_job_over_all_pages(server):
    names = sorted(job.settings.name for job in workspace(server).jobs.list())
    assert names == ["broken", "endless", "nightly-sales", "once", "stray"], names


def test_finds_a_job_by_name_and_reads_it_by_id(server):
    jobs = workspace(server).jobs
    [listed] = jobs.list(name="NIGHTLY-SALES")
    assert jobs.get(listed.job_id).settings.name == "nightly-sales"


def test_reads_the_history_of_a_job_newest_first(server):
    runs = list(workspace(server).jobs.list_runs(job_id=101, completed_only=True))
    starts = [run.start_time for run in runs]
    assert starts == sorted(starts, reverse=True), starts
    results = [run.state.result_state for run in runs[-3:]]
    assert results == [RunResultState.FAILED, RunResultState.SUCCESS, RunResultState.SUCCESS], results


def test_runs_a_job_and_waits_for_its_success(server):
    run = workspace(server).jobs.run_now(101, job_parameters={"day": "today"}).result(timeout=PATIENCE)
    assert run.state.result_state == RunResultState.SUCCESS, run.state
    assert run.end_time >= run.start_time > 0


def test_one_token_starts_one_run(server):
    jobs = workspace(server).jobs
    first = jobs.run_now(105, idempotency_token="afresh-foreign-1").response.run_id
    again = jobs.run_now(105, idempotency_token="afresh-foreign-1").response.run_id
    assert first == again


def test_a_failing_run_says_why(server):
    jobs = workspace(server).jobs
    waiting = jobs.run_now(102)
    try:
        waiting.result(timeout=PATIENCE)
    except OperationFailed as error:
        assert "INTERNAL_ERROR" in str(error), error
    else:
        raise AssertionError("the failed run was taken for a success")
    [task] = jobs.get_run(waiting.run_id).tasks
    assert "no rows" in jobs.get_run_output(task.run_id).error


def test_submits_a_one_time_run(server):
    task = SubmitTask(task_key="main", notebook_task=NotebookTask(notebook_path="/backfill"))
    run = workspace(server).jobs.submit(run_name="backfill", tasks=[task]).result(timeout=PATIENCE)
    assert run.state.result_state == RunResultState.SUCCESS, run.state


def test_cancels_a_run_and_waits_for_its_end(server):
    jobs = workspace(server).jobs
    run_id = jobs.run_now(103).response.run_id
    run = jobs.cancel_run(run_id).result(timeout=PATIENCE)
    assert run.state.life_cycle_state == RunLifeCycleState.TERMINATED, run.state
    assert run.state.result_state == RunResultState.CANCELED, run.state
    assert run_id not in [run.run_id for run in jobs.list_runs(active_only=True)]


def test_a_missing_job_is_an_error(server):
    try:
        workspace(server).jobs.get(999)
    except DatabricksError as error:
        assert "999 does not exist" in str(error), error
    else:
        raise AssertionError("a job that nobody made was found")
