"""plan, apply and plan against thin servers: what a server leaves out makes verdicts more careful, never wrong."""

import concurrent.futures
import dataclasses
import json
import pathlib
import re
import shutil
import tempfile
import time

from evidence import saw
from loopback import PROJECT
from server import ran
from thin_server import DAY, HOUR, WORKSPACE, Habits, Run, ThinServer

ESTATE = PROJECT + """apiVersion: afresh/v1
kind: Credential
metadata: {{name: ci}}
spec: {{servicePrincipal: {{tenant: t, clientId: c, clientSecret: {{env: AFRESH_SECRET_THIN}}}}}}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {{name: ingest}}
spec: {{subscription: 12345678-1234-1234-1234-1234567890ab, resourceGroup: rg, factory: adf, cloud: loopback, credential: ci}}
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {{name: ws}}
spec: {{{place}, cloud: loopback, credential: ci}}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {{name: keys}}
spec: {{factory: ingest, integrationRuntimes: ["gateway-*"], maxAge: 90d, overlap: 24h, unknownAge: rotate}}
"""
JOB = """---
apiVersion: afresh/v1
kind: JobRun
metadata: {{name: {name}}}
spec: {{workspace: ws, job: {{{job}}}, {require}}}
"""
DAILY = "require: succeeded, freshness: {errorAfter: 24h}"
SUBMIT = """---
apiVersion: afresh/v1
kind: JobRun
metadata: {name: backfill}
spec: {workspace: ws, submit: {tasks: [{task_key: main, notebook_task: {notebook_path: /backfill}}]}, require: succeeded}
"""
JOBS = {101: "stale", 102: "fresh", 103: "stray", 104: "busy"}
SECRET = {"AFRESH_SECRET_THIN": "thin"}

# What a server with every habit of the real ones makes of the estate.
FIRST = {
    "ingest/gateway-east": "keep",
    "ingest/gateway-west": "regenerate",
    "ws/stale": "start",
    "ws/fresh": "keep",
    "ws/stray": "cancel",
    "ws/busy": "keep",
    "ws/backfill": "submit",
}
SECOND = {**FIRST, "ingest/gateway-west": "hold overlap", "ws/stale": "keep", "ws/stray": "keep", "ws/backfill": "keep"}
UNDATED = r"hold undatedSuccess"
ACTS = ("start", "submit", "regenerate", "cancel")
MORE = "hold the list says that it has more"


@dataclasses.dataclass
class Variant:
    """A server's habits, and where the verdicts of its first and second plan differ from those above."""

    habits: Habits
    first: dict[str, str] = dataclasses.field(default_factory=dict)
    second: dict[str, str] = dataclasses.field(default_factory=dict)
    waits: bool = False  # apply waits for the run that it starts
    by_resource: bool = False  # the workspace's host is read from Resource Manager


VARIANTS = {
    "as real services are": Variant(Habits(), waits=True, by_resource=True),
    "no status block": Variant(Habits(status=False), waits=True),
    "no state block": Variant(Habits(state=False), waits=True),
    # Nothing says that a run has ended: all that are listed are active.
    "neither state nor status": Variant(
        Habits(state=False, status=False),
        {"ws/stale": "hold active run", "ws/fresh": "hold active run"},
        {"ws/stale": "hold active run", "ws/fresh": "hold active run", "ws/backfill": "hold active run"},
    ),
    # The end is counted from the start and the length.
    "no end time": Variant(Habits(end_time=False)),
    # The end is no earlier than the start.
    "no end time and no length": Variant(Habits(end_time=False, run_duration=False)),
    "no start time": Variant(Habits(start_time=False)),
    # Others' successes are neither fresh nor stale. Of a run that afresh started, the ledger knows when.
    "no times at all": Variant(
        Habits(start_time=False, end_time=False, run_duration=False),
        {"ws/stale": UNDATED, "ws/fresh": UNDATED},
        {"ws/stale": UNDATED, "ws/fresh": UNDATED},
    ),
    "tokens are ignored": Variant(Habits(keeps_tokens=False)),
    "cancels at once": Variant(Habits(cancel_seconds=0)),
    "cancels without a word": Variant(Habits(cancel_answer=b"", cancel_seconds=5), {}, {"ws/stray": "hold active run"}),
    "unknown words": Variant(
        Habits(unknown_words=True),
        {"ws/fresh": "start"},
        {"ws/stale": "hold gaveUp", "ws/fresh": "hold failed", "ws/backfill": "hold failed"},
    ),
    "extra fields everywhere": Variant(Habits(extra_fields=True)),
    "other casing": Variant(Habits(other_casing=True)),
    "no paging": Variant(Habits(paging="none")),
    # Half a list proves nothing. Lists that fit on a page are whole.
    "more without a token": Variant(
        Habits(paging="more"), {"ws/stale": MORE}, {"ws/stale": MORE}
    ),
    "nextLink is null": Variant(Habits(null_next_link=True)),
    "no Date header": Variant(Habits(date=False)),
    "chunked bodies": Variant(Habits(chunked=True)),
    "everything is plain text": Variant(Habits(content_type="text/plain")),
    "no content type": Variant(Habits(content_type="")),
    "numbers as text": Variant(Habits(numbers_as_text=True)),
    "HTTP/1.0": Variant(Habits(http10=True)),
    "filters are ignored": Variant(Habits(filters=False, paging="none")),
    "oldest first": Variant(Habits(newest_first=False)),
    # Either key may have been made lately: then the other one has to wait.
    "no Activity Log": Variant(Habits(activity_log=False), {"ingest/gateway-west": "hold overlap"}),
    # The runtimes may have been made just now, with both keys: a silent log proves nothing.
    "no creation time": Variant(
        Habits(create_time=False),
        {"ingest/gateway-east": "hold overlap", "ingest/gateway-west": "hold overlap"},
        {"ingest/gateway-east": "hold overlap"},
    ),
    "Jobs API 2.1 only": Variant(Habits(versions=("2.1",))),
    "a run fails": Variant(
        Habits(outcome="FAILED"), {}, {"ws/stale": "hold failed", "ws/backfill": "hold failed"}, waits=True
    ),
    "nothing that can be left out": Variant(
        Habits(
            status=False, end_time=False, run_duration=False, paging="none", null_next_link=True, date=False, http10=True,
            content_type="text/plain", numbers_as_text=True, filters=False, newest_first=False, activity_log=False,
            keeps_tokens=False, cancel_seconds=0, extra_fields=True, other_casing=True, versions=("2.1",),
        ),
        {"ingest/gateway-west": "hold overlap"},
    ),
}


def past() -> list[Run]:
    now = time.time()

    def run(number: int, job: int, began: float, ended: float | None, result: str = "SUCCESS") -> Run:
        return Run(number, job, JOBS[job], now - began * HOUR, None if ended is None else now - ended * HOUR, result)

    return [
        *(run(1 + age, 101, 32 + 24 * age, 31 + 24 * age) for age in range(4)),
        run(11, 102, 3, 2),
        run(12, 103, 5, None),
        run(13, 104, 1, None),
    ]


def verdict(step: dict) -> str:
    """`keep`, the title of the first move, or `hold` and the reason."""
    match step["verdict"]:
        case {"keep": _}:
            return "keep"
        case {"act": {"moves": [move, *_]}}:
            return next(iter(move))
        case {"hold": {"why": {"trouble": trouble}}}:
            return f"hold {trouble['message']}"
        case {"hold": {"why": {"activeRun": _}}}:
            return "hold active run"
        case {"hold": {"why": {"backOff": _}}}:
            return "hold failed"
        case {"hold": {"why": why}}:
            return f"hold {next(iter(why))}"
    raise AssertionError(step)


def estate(server: ThinServer, variant: Variant) -> str:
    wait = ", waitFor: {end: 20s}" if variant.waits else ""
    rules = {"stale": DAILY + wait, "fresh": DAILY, "stray": "require: notRunning", "busy": "require: running"}
    by_id = {"fresh": "id: 102"}
    jobs = [JOB.format(name=name, job=by_id.get(name, f"name: {name}"), require=rule) for name, rule in rules.items()]
    place = f"resourceId: {WORKSPACE}" if variant.by_resource else f'host: "{server.host}"'
    return ESTATE.format(host=server.host, place=place) + "".join(jobs) + SUBMIT


def play(name: str, variant: Variant) -> list[tuple[str, str]]:
    runtimes = {"gateway-west": 97, "gateway-east": 20}
    with tempfile.TemporaryDirectory() as folder, ThinServer(variant.habits, runtimes, JOBS, past()) as server:
        root = pathlib.Path(folder)
        (root / "estate.yaml").write_text(estate(server, variant))
        first = {**FIRST, **variant.first}
        compare(name, "first plan", plan(root), first)
        assert not server.effects(), f"{name}: plan changed something: {server.effects()}"
        ran("apply", ".", "--auto-approve", cwd=root, env=SECRET)
        acts = [address for address, wanted in first.items() if wanted in ACTS]
        assert len(server.effects()) == len(acts), f"{name}: {acts} became {server.effects()}"
        assert all(token for _, token in server.started), f"{name}: a run was started without a token"
        time.sleep(1.2)
        second = {**SECOND, **variant.second}
        compare(name, "second plan", plan(root), second)
        return server.asked


def plan(root: pathlib.Path) -> list[dict]:
    """The steps of a plan: it has a JSON object on each line."""
    lines = ran("plan", ".", "--format", "json", cwd=root, env=SECRET).stdout.splitlines()
    return [line["step"] for line in map(json.loads, lines) if "step" in line]


def compare(name: str, when: str, steps: list[dict], expected: dict[str, str]):
    seen = {step["address"].lower(): verdict(step) for step in steps}
    wrong = {address: (seen.get(address), wanted) for address, wanted in expected.items() if not re.match(wanted, str(seen.get(address)))}
    assert not wrong and len(seen) == len(expected), f"{name}, {when}: (seen, expected) {wrong}"


def test_a_server_that_ignores_tokens_is_found_out_where_an_answer_was_lost(_server):
    found_out = "the service does not honour tokens"
    for keeps_tokens, tells_starts, runs, code, words in [
        (True, True, 1, 0, "1 done"),
        (True, False, 1, 0, "1 done"),
        (False, True, 2, 3, found_out),
        (False, False, 2, 3, found_out),
    ]:
        habits = Habits(keeps_tokens=keeps_tokens, start_time=tells_starts, loses_answers=1, run_seconds=60)
        with tempfile.TemporaryDirectory() as folder, ThinServer(habits, {}, JOBS, past()) as server:
            root = pathlib.Path(folder)
            (root / "estate.yaml").write_text(estate(server, Variant(habits)))
            done = ran("apply", ".", "--auto-approve", "--target", "ws/stale", cwd=root, env=SECRET)
            said = done.stdout + done.stderr
            assert (len(server.started), done.returncode) == (runs, code) and words in said, said
            again = ran("apply", ".", "--auto-approve", "--target", "ws/stale", cwd=root, env=SECRET)
            assert len(server.started) == runs, f"{again.stdout}{again.stderr}: a run too many"


def test_of_its_own_run_the_ledger_knows_when(_server):
    for outcome, then in [("SUCCESS", "keep"), ("FAILED", "hold failed")]:
        # One that has ended at the first look may be an old run: this one has not.
        habits = Habits(start_time=False, end_time=False, run_duration=False, outcome=outcome, run_seconds=3)
        with tempfile.TemporaryDirectory() as folder, ThinServer(habits, {}, JOBS, []) as server:
            root = pathlib.Path(folder)
            (root / "estate.yaml").write_text(estate(server, Variant(habits)))
            for expected in ["start", then]:
                steps = {step["address"]: verdict(step) for step in plan(root)}
                assert steps["ws/stale"] == expected, f"{outcome}: {steps['ws/stale']}, not {expected}"
                ran("apply", ".", "--auto-approve", "--target", "ws/stale", cwd=root, env=SECRET)
                time.sleep(3.2)
            assert len(server.started) == 1, server.started


def test_a_job_that_fails_without_telling_when_gets_new_tokens_and_no_more_attempts_than_it_may(_server):
    for job in ["ws/stale", "ws/backfill"]:
        habits = Habits(start_time=False, end_time=False, run_duration=False, outcome="FAILED")
        with tempfile.TemporaryDirectory() as folder, ThinServer(habits, {}, JOBS, []) as server:
            root = pathlib.Path(folder)
            text = estate(server, Variant(habits))
            text = text.replace("require: succeeded", "retry: {backoff: 1s, backoffMax: 1s, maxAttempts: 4}, require: succeeded")
            (root / "estate.yaml").write_text(text)
            for _ in range(6):
                ran("apply", ".", "--auto-approve", "--target", job, cwd=root, env=SECRET)
                time.sleep(1.2)
            tokens = {token for _, token in server.started}
            assert (len(server.started), len(tokens)) == (4, 4), f"{job}: {server.started}"
            steps = {step["address"]: verdict(step) for step in plan(root)}
            assert steps[job] == "hold gaveUp", steps[job]


def test_an_old_run_without_times_is_not_taken_for_a_new_one(_server):
    # The job was started under this very token, by a ledger that is lost, longer ago than the history goes back.
    habits = Habits(start_time=False, end_time=False, run_duration=False)
    with tempfile.TemporaryDirectory() as folder, ThinServer(habits, {}, JOBS, []) as server:
        root = pathlib.Path(folder)
        (root / "estate.yaml").write_text(estate(server, Variant(habits)))
        apply = ["apply", ".", "--auto-approve", "--target", "ws/stale"]
        ran(*apply, cwd=root, env=SECRET)
        server.runs[0].started -= 20 * DAY
        shutil.rmtree(root / ".afresh")
        for fail_on, code in [("unproven", 3), ("attention", 3), ("unknown", 0)]:
            done = ran(*apply, "--fail-on", fail_on, cwd=root, env=SECRET)
            assert (len(server.started), done.returncode) == (1, code), done.stdout
            assert "cannot judge how fresh it is: run 9001 succeeded" in done.stdout, done.stdout + done.stderr
            assert "1 unproven" in done.stdout and "Could not read" not in done.stdout, done.stdout


def test_every_thin_server_gets_honest_verdicts(_server):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        plays = {name: pool.submit(play, name, variant) for name, variant in VARIANTS.items()}
    failures = [f"{name}: {error}" for name, played in plays.items() if (error := played.exception())]
    assert not failures, "\n".join(failures)
    for name, played in plays.items():
        saw("thin server", played.result(), name)
