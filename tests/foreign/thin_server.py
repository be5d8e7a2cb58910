"""A thin server: the least that passes for Entra ID, Resource Manager and a Databricks workspace, written from the published APIs.

It shares nothing with `afresh sim serve`, so that nothing in afresh can lean on that. What it leaves out or does in its own way are
its habits. One port for all three services; state in memory; real time. Refuses: requests without a token that it granted.
"""

import dataclasses
import datetime
import email.utils
import http.server
import itertools
import json
import threading
import time
import urllib.parse

from loopback import LoopbackServer

WORKSPACE = "/subscriptions/12345678-1234-1234-1234-1234567890ab/resourceGroups/rg/providers/Microsoft.Databricks/workspaces/ws"
DAY = 24 * 3600
HOUR = 3600


@dataclasses.dataclass
class Habits:
    """What real services do by default; each thin server changes some."""

    status: bool = True  # runs have a `status` block
    state: bool = True  # runs have a `state` block
    start_time: bool = True
    end_time: bool = True
    run_duration: bool = True
    keeps_tokens: bool = True  # one idempotency token, one run
    loses_answers: int = 0  # so many answers to run-now never arrive
    cancel_seconds: float = 1.0  # 0: at once
    run_seconds: float = 0.0  # how long a started run takes
    outcome: str = "SUCCESS"
    unknown_words: bool = False  # enum values that nobody has heard of
    extra_fields: bool = False  # unknown fields everywhere
    other_casing: bool = False  # of ids, of names in them, of header names
    paging: str = "token"  # "token" (two a page), "none", "more" (says has_more, gives no token)
    null_next_link: bool = False
    date: bool = True  # a Date header
    chunked: bool = False
    content_type: str = "application/json; charset=utf-8"
    numbers_as_text: bool = False
    http10: bool = False  # and the connection closes
    filters: bool = True  # of lists: job_id, active_only, completed_only, run_type, name, start_time_from
    newest_first: bool = True
    activity_log: bool = True
    create_time: bool = True
    versions: tuple = ("2.1", "2.2")
    cancel_answer: bytes = b"{}"


@dataclasses.dataclass
class Run:
    run_id: int
    job_id: int
    name: str
    started: float
    ended: float | None
    result: str
    kind: str = "JOB_RUN"
    cancelled: bool = False

    def is_over(self, now: float) -> bool:
        return self.ended is not None and self.ended <= now


class ThinServer(LoopbackServer):
    def __init__(self, habits: Habits, runtimes: dict[str, float], jobs: dict[int, str], runs: list[Run]):
        """`runtimes`: days since each was created, by name. `jobs`: names by id. Runs have what they say of themselves."""
        self.habits = habits
        self.began = time.time()
        self.lock = threading.Lock()
        self.created = {name: self.began - days * DAY for name, days in runtimes.items()}
        self.keys = {name: [f"IR@{name}@one", f"IR@{name}@two"] for name in runtimes}
        self.jobs = jobs
        self.runs = runs
        self.tokens: dict[str, int] = {}
        self.granted: set[str] = set()
        self.numbers = itertools.count(9001)
        # What was done, and what was asked with success, for the tests.
        self.regenerated: list[tuple[str, str]] = []
        self.started: list[tuple[int, str | None]] = []
        self.cancelled: list[int] = []
        self.asked: list[tuple[str, str]] = []
        super().__init__(Handler)

    def effects(self) -> list:
        return [*self.regenerated, *self.started, *self.cancelled]

    # Entra ID

    def grant(self, form: dict) -> tuple[int, object]:
        if form.get("client_secret") != "thin":
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}
        token = f"thin-{len(self.granted)}"
        self.granted.add(token)
        return 200, {"token_type": "Bearer", "expires_in": 3600, "access_token": token}

    # Resource Manager

    def runtime(self, name: str, base: str) -> dict:
        if self.habits.other_casing:
            base, name = base.upper(), name.capitalize()
        return {"id": f"{base}/integrationruntimes/{name}", "name": name, "properties": {"type": "SelfHosted"}}

    def list_runtimes(self, base: str, query: dict, here: str) -> tuple[int, object]:
        names = sorted(self.keys)
        first = int(query.get("$skiptoken", 0))
        size = 1 if self.habits.paging == "token" else len(names)
        page = {"value": [self.runtime(name, base) for name in names[first : first + size]]}
        if first + size < len(names):
            page["nextLink"] = f"http://{self.host}{here}?api-version=2018-06-01&$skiptoken={first + size}"
        elif self.habits.null_next_link:
            page["nextLink"] = None
        return 200, page

    def status(self, name: str) -> tuple[int, object]:
        properties = {"type": "SelfHosted", "state": "Dreaming" if self.habits.unknown_words else "Online", "typeProperties": {}}
        if self.habits.create_time:
            created = datetime.datetime.fromtimestamp(self.created[name], datetime.timezone.utc)
            properties["typeProperties"]["createTime"] = created.isoformat().replace("+00:00", "Z")
        return 200, {"name": name, "properties": properties}

    def regenerate(self, name: str, slot: str) -> tuple[int, object]:
        place = ["authKey1", "authKey2"].index(slot)
        self.regenerated.append((name, slot))
        self.keys[name][place] = f"IR@{name}@{slot}@{len(self.regenerated)}"
        return 200, {slot: self.keys[name][place]}

    # Databricks

    def job(self, job_id: int) -> dict:
        return {"job_id": job_id, "settings": {"name": self.jobs[job_id]}}

    def run(self, run: Run) -> dict:
        habits, now = self.habits, time.time()
        shown = {"run_id": run.run_id, "job_id": run.job_id, "run_name": run.name}
        over = run.is_over(now)
        result = "SPARKLY" if habits.unknown_words and run.result == "SUCCESS" else run.result
        if habits.state:
            going = "TERMINATING" if run.cancelled else "DREAMING" if habits.unknown_words else "RUNNING"
            shown["state"] = {"life_cycle_state": "TERMINATED", "result_state": result} if over else {"life_cycle_state": going}
        if habits.status:
            going = "TERMINATING" if run.cancelled else "DREAMING" if habits.unknown_words else "RUNNING"
            code = {"CANCELED": "USER_CANCELED", "FAILED": "RUN_EXECUTION_ERROR"}.get(result, result)
            # As the service has it, a cancelled run ended with a success of whoever cancelled it.
            details = {"code": code, "type": "SUCCESS"}
            shown["status"] = {"state": "TERMINATED", "termination_details": details} if over else {"state": going}
        if habits.start_time:
            shown["start_time"] = int(run.started * 1000)
        if habits.end_time:
            shown["end_time"] = int(run.ended * 1000) if over else 0
        if habits.run_duration and over:
            shown["run_duration"] = int((run.ended - run.started) * 1000)
        return shown

    def listed(self, field: str, entries: list, query: dict) -> tuple[int, object]:
        first = int(query.get("page_token") or 0)
        if self.habits.paging == "none":
            return 200, {field: entries}
        page = {field: entries[first : first + 2]} if entries[first : first + 2] else {}
        more = first + 2 < len(entries)
        if self.habits.paging == "more":
            return 200, {**page, "has_more": more}
        return 200, {**page, "next_page_token": str(first + 2) if more else ""}

    def list_jobs(self, query: dict) -> tuple[int, object]:
        wanted = query.get("name", "").lower() if self.habits.filters else ""
        ids = [job for job, name in self.jobs.items() if not wanted or name.lower() == wanted]
        return self.listed("jobs", [self.job(job) for job in ids], query)

    def list_runs(self, query: dict) -> tuple[int, object]:
        now = time.time()

        def fits(run: Run) -> bool:
            over = run.is_over(now)
            return (
                (query.get("job_id") or str(run.job_id)) == str(run.job_id)
                and (query.get("run_type") or run.kind) == run.kind
                and not (query.get("active_only") == "true" and over)
                and not (query.get("completed_only") == "true" and not over)
                and run.started * 1000 >= int(query.get("start_time_from") or 0)
            )

        runs = [run for run in self.runs if not self.habits.filters or fits(run)]
        runs.sort(key=lambda run: run.started, reverse=self.habits.newest_first)
        return self.listed("runs", [self.run(run) for run in runs], query)

    def start(self, job_id: int, name: str, kind: str, body: dict) -> tuple[int, object]:
        token = body.get("idempotency_token")
        if token and self.habits.keeps_tokens and token in self.tokens:
            return 200, {"run_id": self.tokens[token]}
        now = time.time()
        run = Run(next(self.numbers), job_id, name, now, now + self.habits.run_seconds, self.habits.outcome, kind)
        self.runs.append(run)
        self.started.append((job_id, token))
        if token:
            self.tokens[token] = run.run_id
        return 200, {"run_id": run.run_id}

    def cancel(self, run_id: int) -> tuple[int, object]:
        for run in self.runs:
            if run.run_id == run_id and not run.is_over(time.time()):
                run.cancelled, run.result, run.ended = True, "CANCELED", time.time() + self.habits.cancel_seconds
                self.cancelled.append(run_id)
        return 200, self.habits.cancel_answer

    def one_run(self, query: dict) -> tuple[int, object]:
        found = [run for run in self.runs if str(run.run_id) == query.get("run_id")]
        return (200, self.run(found[0])) if found else missing(f"Run {query.get('run_id')} does not exist.")

    def one_job(self, query: dict) -> tuple[int, object]:
        found = [job for job in self.jobs if str(job) == query.get("job_id")]
        return (200, self.job(found[0])) if found else missing(f"Job {query.get('job_id')} does not exist.")


def missing(message: str) -> tuple[int, object]:
    return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": message}


class Handler(http.server.BaseHTTPRequestHandler):
    server: ThinServer

    @property
    def protocol_version(self):
        return "HTTP/1.0" if self.server.habits.http10 else "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        with self.server.lock:
            status, said = self.route(address.path, query, body)
            if status < 400:
                self.server.asked.append((self.command, address.path))
            lost = address.path.endswith("/jobs/run-now") and self.server.habits.loses_answers > 0
            if lost:
                self.server.habits.loses_answers -= 1
        if lost:
            self.close_connection = True
            return
        self.send(status, said)

    do_GET = do_POST = answer

    def route(self, path: str, query: dict, body: str) -> tuple[int, object]:
        server = self.server
        if path.endswith("/oauth2/v2.0/token"):
            return server.grant(dict(urllib.parse.parse_qsl(body)))
        scheme, _, token = (self.headers["Authorization"] or "").partition(" ")
        if scheme != "Bearer" or token not in server.granted:
            return 401, {"error": {"code": "InvalidAuthenticationToken", "message": "Who are you?"}}
        parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
        match parts:
            case ["subscriptions", *_, "factories", _, kind] if kind.lower() == "integrationruntimes":
                return server.list_runtimes(path.rpartition("/")[0], query, path)
            case ["subscriptions", *_, "factories", _, _, name, verb] if name.lower() in server.keys:
                return self.of_runtime(name.lower(), verb, body)
            case ["subscriptions", _, "providers", "Microsoft.Insights", *_] if server.habits.activity_log:
                return 200, {"value": []}
            case _ if path == WORKSPACE:
                return 200, {"properties": {"workspaceUrl": server.host}}
            case ["api", version, "jobs", *what] if version in server.habits.versions:
                return self.of_jobs("/".join(what), query, json.loads(body) if body else {})
        # No words: a proxy's or a web server's own 404 says nothing that can be understood.
        return 404, b"<html><h1>Not Found</h1></html>"

    def of_runtime(self, name: str, verb: str, body: str) -> tuple[int, object]:
        server = self.server
        match verb:
            case "getStatus":
                return server.status(name)
            case "listAuthKeys":
                return 200, dict(zip(["authKey1", "authKey2"], server.keys[name]))
            case "regenerateAuthKey":
                return server.regenerate(name, json.loads(body)["keyName"])
        return 404, b""

    def of_jobs(self, what: str, query: dict, body: dict) -> tuple[int, object]:
        server = self.server
        match self.command, what:
            case "GET", "list":
                return server.list_jobs(query)
            case "GET", "get":
                return server.one_job(query)
            case "GET", "runs/list":
                return server.list_runs(query)
            case "GET", "runs/get":
                return server.one_run(query)
            case "GET", "runs/get-output":
                return 200, {"error": "ValueError: thin"}
            case "POST", "run-now":
                return server.start(body["job_id"], server.jobs[body["job_id"]], "JOB_RUN", body)
            case "POST", "runs/submit":
                return server.start(next(server.numbers), body["run_name"], "SUBMIT_RUN", body)
            case "POST", "runs/cancel":
                return server.cancel(body["run_id"])
        return 404, b""

    def send(self, status: int, said: object):
        habits = self.server.habits
        if not isinstance(said, bytes):
            said = json.dumps(dress(said, habits)).encode()
        self.send_response_only(status)
        self.header("Content-Type", habits.content_type)
        if habits.date:
            self.header("Date", email.utils.formatdate(usegmt=True))
        if habits.chunked and not habits.http10:
            self.header("Transfer-Encoding", "chunked")
            self.end_headers()
            for place in range(0, len(said), 7):
                piece = said[place : place + 7]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        if not habits.http10:
            self.header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def header(self, name: str, value: str):
        self.send_header(name.upper() if self.server.habits.other_casing else name, value)


def dress(said: object, habits: Habits) -> object:
    """The same answer with what this server adds to every object, and as it writes numbers."""
    if isinstance(said, dict):
        dressed = {name: dress(value, habits) for name, value in said.items()}
        return {**dressed, "x_future": {"nested": [1, None]}, "kind": None} if habits.extra_fields else dressed
    if isinstance(said, list):
        return [dress(value, habits) for value in said]
    if habits.numbers_as_text and isinstance(said, int) and not isinstance(said, bool):
        return str(said)
    return said
