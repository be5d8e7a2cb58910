"""What a service means when it refuses, and what an answer that takes a request really did, against a server that a test scripts."""

import json
import pathlib
import tempfile
import time

from loopback import PROJECT
from scripted_server import SP, ScriptedServer, run
from server import ran

HOUR = 3600
ESTATE = PROJECT + """apiVersion: afresh/v1
kind: DataFactory
metadata: {{name: ingest}}
spec: {{subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg, factory: adf, cloud: loopback}}
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {{name: ws}}
spec: {{host: "{host}", cloud: loopback}}
---
"""
KEYS = """apiVersion: afresh/v1
kind: KeyAge
metadata: {name: keys}
spec: {factory: ingest, integrationRuntimes: [west], maxAge: 90d}
---
"""


def job(selector="{name: nightly}", name="nightly", more=""):
    return f"""apiVersion: afresh/v1
kind: JobRun
metadata: {{name: {name}}}
spec: {{workspace: ws, job: {selector}, require: succeeded, freshness: {{errorAfter: 24h}}{more}}}
---
"""


class Trial:
    """One estate in a folder of its own, in front of one server."""

    def __init__(self, rules, script=None, runs=None, jobs=None, env=SP):
        self.rules, self.env = rules, env
        self.server = ScriptedServer(script, [run(1, 32 * HOUR, 31 * HOUR)] if runs is None else runs, jobs)

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.server.__enter__()
        (self.path / "estate.yaml").write_text(ESTATE.format(host=self.server.host) + self.rules)
        return self

    def __exit__(self, *_):
        self.server.__exit__()
        self.folder.cleanup()

    def afresh(self, *arguments):
        # Nobody answers in the place of a machine's identity.
        env = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9", **self.env}
        done = ran(*arguments, "estate.yaml", cwd=self.path, env=env)
        return done.returncode, done.stdout + done.stderr

    def apply(self, *more):
        return self.afresh("apply", "--auto-approve", *more)


def has(trial_said, *wanted):
    code, text = trial_said
    for words in wanted:
        assert words in text, f"{words!r} is not in (exit {code}):\n{text}"
    return code


def page(said):
    body = f"<html><head><title>Error 403 {said}</title></head><body><pre>    {said}</pre></body></html>"
    return 403, body, {"Content-Type": "text/html"}


ENDED = (403, {"error_code": "403", "message": "Token is expiring within 30 seconds. (token expired)"})
BLOCKED = (403, {"error_code": 403, "message": "Source IP address: 192.0.2.7 is blocked by Databricks IP ACL for workspace: 1"})


def at_workspace(answer):
    return lambda server, request: answer if "/api/" in request.path else None


def test_a_token_that_has_ended_is_renewed_once(_):
    def first_has_ended(server, request):
        if "/api/" in request.path:
            server.first = getattr(server, "first", request.bearer)
            return ENDED if request.bearer == server.first else None

    with Trial(job(), first_has_ended) as trial:
        assert has(trial.afresh("plan"), "run now") == 0
    with Trial(job(), at_workspace(ENDED)) as trial:
        has(trial.afresh("plan"), "(token expired); a new token of environment (AZURE_CLIENT_SECRET) was refused, too")
        assert trial.server.count("jobs/list") == 2


def test_a_revoked_token_an_address_list_and_a_missing_right_are_told_apart(_):
    right = (403, {"error_code": "PERMISSION_DENIED", "message": "User 7 does not have View permission on job 101."})
    pat = {"DATABRICKS_TOKEN": "dapi0123"}
    for answer, env, words in [
        (page("Invalid access token."), pat, "the token of environment (DATABRICKS_TOKEN) was revoked"),
        (BLOCKED, SP, "have 192.0.2.7 added to the workspace's IP access list"),
        (right, SP, "the permission CAN VIEW is missing"),
    ]:
        with Trial(job(), at_workspace(answer), env=env) as trial:
            code, said = trial.afresh("plan")
            has((code, said), words)
            assert ("is missing" in said) == (answer is right), said
            code, said = trial.afresh("auth", "--connection", "ws")
            has((code, said), "no sign-in" if answer is not right else "credential")
            if answer is not right:
                assert code == 1 and words in said, said


def wait_with(refusal, env=SP, length="8s"):
    """Looks at a run that was started are refused from the third on, with the token that was shown first."""

    def script(server, request):
        if not request.path.endswith("/runs/get"):
            return None
        server.first = getattr(server, "first", request.bearer)
        server.looks = getattr(server, "looks", 0) + 1
        if request.bearer != server.first:
            server.runs[-1] |= {"state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}, "end_time": int(time.time() * 1000)}
            return None
        return refusal if server.looks > 2 else None

    return Trial(job(more=f", waitFor: {{end: {length}}}"), script, env=env)


def test_a_wait_outlasts_a_token_and_loses_track_where_looks_are_refused(_):
    with wait_with(page("Invalid access token."), length="1m") as trial:
        assert has(trial.apply(), "run 9000 ended SUCCESS") == 0
    with wait_with(BLOCKED) as trial:
        code = has(trial.apply(), "lost track of run 9000", "it has not ended within 8s, and cannot look at run 9000", "192.0.2.7")
        assert code == 3
    with wait_with(page("Invalid access token."), {"DATABRICKS_TOKEN": "dapi0123"}, "1m") as trial:
        code = has(trial.apply(), "lost track of run 9000", "the token of environment (DATABRICKS_TOKEN) was revoked")
        assert code == 3


def test_a_run_that_was_skipped_was_not_started(_):
    why = "Skipping this run because the limit of 1 maximum concurrent runs has been reached."

    def skipping(state):
        def script(server, _):
            for one in server.runs:
                if one["run_id"] >= 9000:
                    one |= {"state": {"state_message": why, **state}, "end_time": one["start_time"] + 5}

        return script

    terminated = {"life_cycle_state": "TERMINATED", "result_state": "MAXIMUM_CONCURRENT_RUNS_REACHED"}
    for state, words in [({"life_cycle_state": "SKIPPED"}, "was skipped"), (terminated, "never ran (MAXIMUM_CONCURRENT_RUNS_REACHED)")]:
        for more, wanted in [("", 3), (", waitFor: {end: 1m}", 7)]:
            with Trial(job(more=more), skipping(state)) as trial:
                code, said = trial.apply()
                has((code, said), f"run now: not started: run 9000 {words}: {why}")
                assert code == wanted and "done (run" not in said, said


def test_a_run_that_was_there_before_is_no_new_one_whether_it_can_be_looked_at_or_not(_):
    for is_hidden in [False, True]:

        def script(server, request):
            if request.path.endswith("/run-now"):
                return 200, {"run_id": 1}
            if request.path.endswith("/runs/get") and is_hidden:
                return 403, {"error_code": "PERMISSION_DENIED", "message": "no"}

        with Trial(job(), script) as trial:
            code, said = trial.apply()
            has((code, said), "run now: not started: the service returned run 1, which was there before")
            assert code == 3 and "done (run" not in said, said


def regenerating(change):
    def script(server, request):
        if request.path.lower().endswith("/regenerateauthkey"):
            return change(server, request.body["keyName"])

    return script


def test_a_regenerate_that_changes_nothing_is_not_done(_):
    def nothing(server, name):
        return 200, {name: server.keys[0]}

    def both_told(server, name):
        return 200, {"authKey1": server.keys[0], "authKey2": server.keys[1]}

    for change in [nothing, both_told]:
        with Trial(KEYS, regenerating(change)) as trial:
            code, said = trial.apply()
            has((code, said), "regenerate authKey1: not done: the service answered with the key that was to be replaced")
            assert code == 3 and trial.server.count("regenerateAuthKey") == 1, said
            assert has(trial.afresh("plan"), "regenerate authKey1   90d to 97d old") == 0
            ledger = (trial.path / ".afresh/ledger.jsonl").read_text().splitlines()
            assert [json.loads(line).get("how") for line in ledger if "settled" in line] == ["notDone"]


def test_a_regenerate_whose_answer_is_old_is_found_out_by_a_look(_):
    def stale(server, name):
        old, server.keys[0] = server.keys[0], "IR@west@new"
        return 200, {name: old}

    with Trial(KEYS, regenerating(stale)) as trial:
        assert has(trial.apply(), "regenerate authKey1: done (new key") == 0


def test_a_regenerate_that_changes_both_keys_says_so(_):
    def both(server, name):
        server.keys = ["IR@west@new1", "IR@west@new2"]
        return 200, {name: server.keys[0]}

    def both_told(server, name):
        both(server, name)
        return 200, {"authKey1": server.keys[0], "authKey2": server.keys[1]}

    for change, looks in [(both, 3), (both_told, 2)]:
        with Trial(KEYS, regenerating(change)) as trial:
            has(trial.apply(), "regenerate authKey1: done (new key", "regenerate authKey1: authKey2 changed, too (")
            assert trial.server.count("listAuthKeys") == looks, trial.server.asked


NOT_THERE = [
    (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "Job 5 does not exist."}),
    (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Job 5 does not exist."}),
    (404, {"error_code": "NOT_FOUND", "message": "Job 5 not found"}),
    (404, ""),
    (404, "<html><body><h1>404 Not Found</h1></body></html>", {"Content-Type": "text/html"}),
]


def test_one_job_that_is_not_there_holds_no_other(_):
    for answer in NOT_THERE:

        def script(_, request):
            if "/api/2.1/" in request.path:
                return 501, ""
            return answer if request.query.get("job_id") == "5" else None

        with Trial(job("{id: 5}", "gone") + job("{id: 101}"), script) as trial:
            code, said = trial.afresh("plan")
            has((code, said), "ws/gone", "ws/nightly   run now")
            assert "cannot look at job 5" in said, said


def test_a_job_whose_name_differs_in_case_or_blanks_is_suggested(_):
    for written, words in [
        ("Nightly", "did you mean `nightly`?"),
        ("NIGHTLY", "did you mean `nightly`?"),
        (" nightly", "did you mean `nightly`?"),
        ("nightly\u00a0", "this text ends with a no-break space (U+00A0)"),
    ]:
        with Trial(job(f'{{name: "{written}"}}')) as trial:
            has(trial.afresh("plan"), words)


def test_fields_that_are_not_needed_may_be_anything_and_the_one_that_cannot_be_read_is_named(_):
    def odd(server, request):
        if request.path.endswith("/jobs/list"):
            return 200, {"jobs": [{"job_id": "101", "settings": {"name": "nightly", "tags": [], "max_concurrent_runs": {}, "continuous": None}}]}
        if request.path.endswith("/runs/list"):
            ended = {**server.runs[0], "run_page_url": 7, "tasks": "none", "run_name": {}, "status": "TERMINATED", "run_duration": "long"}
            return 200, {"runs": [] if request.query.get("active_only") else [ended], "has_more": None}

    with Trial(job(), odd) as trial:
        assert has(trial.afresh("plan"), "run now   last success 31h ago") == 0

    def broken(_, request):
        if request.path.endswith("/jobs/list"):
            return 200, {"jobs": [{"job_id": 1}, 7]}

    with Trial(job(), broken) as trial:
        has(trial.afresh("plan"), "`jobs[1]` of the answer is not ")


def test_a_lock_is_waited_for(_):
    def locked(server, request):
        server.locks = getattr(server, "locks", set())
        if "/api/" in request.path and request.path not in server.locks:
            server.locks.add(request.path)
            return 400, {"error_code": "COULD_NOT_ACQUIRE_LOCK", "message": "Try again."}

    with Trial(job(), locked) as trial:
        assert has(trial.apply(), "run now: done (run 9000)") == 0
        assert trial.server.count("run-now") == 2
