"""A server whose answers a test scripts: Entra ID, Resource Manager and a Databricks workspace on one port of loopback.

`script(server, request)` may answer first: it gives `None`, or a status, a body and, if it wants, header fields. Else the server answers
as real ones do. State in memory; real time; nothing shared with `afresh sim serve`.
"""

import email.utils
import http.server
import itertools
import json
import time
import types
import urllib.parse

from loopback import LoopbackServer

SP = {"AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_ID": "client", "AZURE_CLIENT_SECRET": "s3cret"}
ACTIVE = ("QUEUED", "PENDING", "RUNNING", "TERMINATING", "BLOCKED")


def run(number: int, started_ago: float, ended_ago: float | None, result: str = "SUCCESS", job: int = 101) -> dict:
    """A run as the Jobs API tells it; without an end it is running."""
    now = time.time()
    life = {"life_cycle_state": "RUNNING"} if ended_ago is None else {"life_cycle_state": "TERMINATED", "result_state": result}
    ended = 0 if ended_ago is None else int((now - ended_ago) * 1000)
    return {"run_id": number, "job_id": job, "run_type": "JOB_RUN", "start_time": int((now - started_ago) * 1000), "end_time": ended, "state": life}


class ScriptedServer(LoopbackServer):
    def __init__(self, script=None, runs=(), jobs=None):
        self.script = script
        self.asked: list[tuple[str, str]] = []
        self.jobs = jobs or {101: "nightly"}
        self.runs = list(runs)
        self.keys = ["IR@west@one", "IR@west@two"]
        self.run_ids, self.tokens_granted, self.keys_made = itertools.count(9000), itertools.count(1), itertools.count(1)
        super().__init__(Handler)

    def count(self, end: str) -> int:
        return sum(path.lower().endswith(end.lower()) for _, path in self.asked)

    def usual(self, request):
        path, query, body = request.path, request.query, request.body
        end = path.lower().rsplit("/", 1)[-1]
        of_runtime = f"{path.rsplit('/', 1)[0]}"
        if end == "token":
            return 200, {"token_type": "Bearer", "expires_in": 3600, "access_token": f"token-{next(self.tokens_granted)}"}
        if end == "integrationruntimes":
            return 200, {"value": [{"id": f"{path}/west", "name": "west", "properties": {"type": "SelfHosted"}}]}
        if end == "getstatus":
            created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 97 * 86400))
            return 200, {"properties": {"state": "Online", "typeProperties": {"createTime": created}}}
        if end == "listauthkeys":
            return 200, {"authKey1": self.keys[0], "authKey2": self.keys[1]}
        if end == "regenerateauthkey":
            assert of_runtime.lower().endswith("/west")
            place = ["authKey1", "authKey2"].index(body["keyName"])
            self.keys[place] = f"IR@west@new{next(self.keys_made)}"
            return 200, {body["keyName"]: self.keys[place]}
        if "eventtypes" in path.lower():
            return 200, {"value": []}
        return self.of_workspace(path, query, body)

    def of_workspace(self, path, query, body):
        def is_wanted(one):
            active = one["state"]["life_cycle_state"] in ACTIVE
            of_job = query.get("job_id") in (None, str(one["job_id"]))
            return of_job and not (query.get("active_only") and not active) and not (query.get("completed_only") and active)

        if path.endswith("/jobs/list"):
            jobs = [(number, name) for number, name in self.jobs.items() if query.get("name", name).lower() == name.lower()]
            return 200, {"jobs": [{"job_id": number, "settings": {"name": name}} for number, name in jobs]}
        if path.endswith("/jobs/get"):
            number = int(query["job_id"])
            if number in self.jobs:
                return 200, {"job_id": number, "settings": {"name": self.jobs[number]}}
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": f"Job {number} does not exist."}
        if path.endswith("/runs/list"):
            return 200, {"runs": sorted(filter(is_wanted, self.runs), key=lambda one: -one["start_time"])}
        if path.endswith("/runs/get"):
            return 200, next(one for one in self.runs if str(one["run_id"]) == query["run_id"])
        if path.endswith("/run-now"):
            self.runs.append(run(next(self.run_ids), 0, None, job=body["job_id"]))
            return 200, {"run_id": self.runs[-1]["run_id"]}
        return 404, {"error": {"code": "NotFound", "message": path}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urllib.parse.urlsplit(self.path)
        is_json = raw[:1] == b"{"
        request = types.SimpleNamespace(
            path=address.path,
            query=dict(urllib.parse.parse_qsl(address.query)),
            body=json.loads(raw) if is_json else {},
            bearer=self.headers.get("Authorization", "").removeprefix("Bearer "),
        )
        self.server.asked.append((self.command, request.path))
        scripted = self.server.script and self.server.script(self.server, request)
        status, body, *fields = scripted or self.server.usual(request)
        body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response_only(status)
        fields = {"Date": email.utils.formatdate(usegmt=True), "Content-Type": "application/json", **(fields[0] if fields else {})}
        for name, value in {**fields, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer
