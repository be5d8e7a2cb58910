"""databricks-sdk against the simulated cloud: it must list, run, wait and cancel as in Azure."""

import datetime
import time

from databricks.sdk.errors import DatabricksError, OperationFailed, PermissionDenied, ResourceDoesNotExist, Unauthenticated
from databricks.sdk.service.jobs import NotebookTask, RunLifeCycleState, RunResultState, RunType, SubmitTask

from clients import workspace

PATIENCE = datetime.timedelta(seconds=40)


def test_lists_every_job_over_all_pages(server):
    names = sorted(job.settings.name for job in workspace(server).jobs.list())
    assert names == ["broken", "endless", "hidden", "nightly-sales", "once", "queueing", "stray"], names


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


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def test_one_token_submits_one_run(server):
    jobs = workspace(server).jobs
    task = SubmitTask(task_key="main", notebook_task=NotebookTask(notebook_path="/backfill"))
    ids = [jobs.submit(run_name="keyed", tasks=[task], idempotency_token="afresh-foreign-2").response.run_id for _ in range(2)]
    assert ids[0] == ids[1], ids
    named = [run.run_id for run in jobs.list_runs(run_type=RunType.SUBMIT_RUN) if run.run_name == "keyed"]
    assert named == [ids[0]], named


def test_a_run_waits_in_the_queue_and_runs_then(server):
    jobs = workspace(server).jobs
    waiting = [jobs.run_now(107) for _ in range(2)]
    second = jobs.get_run(waiting[1].run_id)
    assert second.status.state.value == "QUEUED" and second.status.queue_details.message, second.status
    assert jobs.wait_get_run_job_terminated_or_skipped(waiting[1].run_id, timeout=PATIENCE).state.result_state == RunResultState.SUCCESS


def test_cancels_every_run_of_a_job(server):
    jobs = workspace(server).jobs
    run_id = jobs.run_now(103).response.run_id
    jobs.cancel_all_runs(job_id=103)
    run = jobs.wait_get_run_job_terminated_or_skipped(run_id, timeout=PATIENCE)
    assert run.status.termination_details.code.value == "USER_CANCELED", run.status


def test_cancelling_what_has_ended_changes_nothing(server):
    jobs = workspace(server).jobs
    run = next(iter(jobs.list_runs(job_id=101, completed_only=True)))
    jobs.cancel_run(run.run_id)
    assert jobs.get_run(run.run_id).state == run.state


def test_a_missing_job_and_a_missing_run_do_not_exist(server):
    jobs = workspace(server).jobs
    assert "999 does not exist" in str(raises(ResourceDoesNotExist, lambda: jobs.get(999)))
    assert "999 does not exist" in str(raises(ResourceDoesNotExist, lambda: jobs.get_run(999)))
    assert "999 does not exist" in str(raises(DatabricksError, lambda: jobs.run_now(999)))
    assert "999 does not exist" in str(raises(DatabricksError, lambda: jobs.cancel_run(999)))


def test_without_the_right_nothing_is_started(server):
    assert "106" in str(raises(PermissionDenied, lambda: workspace(server).jobs.run_now(106)))


def test_a_made_up_token_is_refused(server):
    raises(Unauthenticated, lambda: list(workspace(server, "made.up.token").jobs.list()))


def test_waits_as_long_as_it_is_told_and_is_let_in(server):
    jobs, began = workspace(server).jobs, time.monotonic()
    list(jobs.list_runs(job_id=105))
    assert time.monotonic() - began >= 1, "the Retry-After of one second was not waited out"
    assert jobs.get(105).settings.name == "once", "503 is tried again"


def test_the_output_of_several_tasks_has_to_be_asked_for_one_by_one(server):
    task = lambda key: SubmitTask(task_key=key, notebook_task=NotebookTask(notebook_path=f"/{key}"))
    jobs = workspace(server).jobs
    run = jobs.submit(run_name="two", tasks=[task("a"), task("b")]).result(timeout=PATIENCE)
    assert "multiple tasks" in str(raises(DatabricksError, lambda: jobs.get_run_output(run.run_id)))
    outputs = [jobs.get_run_output(task.run_id) for task in run.tasks]
    assert [output.metadata.run_id for output in outputs] == [task.run_id for task in run.tasks]
    assert not any(output.error for output in outputs)
