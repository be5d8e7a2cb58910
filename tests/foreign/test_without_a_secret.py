"""The built binary in jobs that have no secret: what others assert about them is shown to the token endpoint over real HTTP."""

import http.server
import json
import pathlib
import tempfile
import threading
import urllib.parse

from server import CLIENT, SUBSCRIPTION, TENANT, afresh

ESTATE = f"""
apiVersion: afresh/v1
kind: Project
metadata: {{name: foreign}}
spec: {{}}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {{name: ingest}}
spec: {{subscription: {SUBSCRIPTION}, resourceGroup: rg-data, factory: adf-ingest, cloud: sim}}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {{name: gateways}}
spec: {{factory: ingest, integrationRuntimes: ["gateway-*"], maxAge: 90d}}
"""
IDS = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}
JOB_TOKEN = "the-jobs-own-token"


class Issuer(http.server.ThreadingHTTPServer):
    """Stands in for GitHub and for Azure Pipelines: asserts who a job is, if the job shows its own token."""

    daemon_threads = True

    def __init__(self):
        self.asked = []
        super().__init__(("127.0.0.1", 0), Asked)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}"


class Asked(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.server.asked.append((self.command, urllib.parse.urlsplit(self.path)))
        trusted = self.headers["Authorization"] == f"Bearer {JOB_TOKEN}"
        assertion = f"assertion-{len(self.server.asked)}"
        body = json.dumps({"value": assertion, "oidcToken": assertion} if trusted else {"message": "who are you?"}).encode()
        self.send_response(200 if trusted else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


def planned(server, env, code=0):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "cloud.yaml").write_text(server.manifests.read_text())
        (root / "estate.yaml").write_text(ESTATE)
        (root / "token").write_text("an-assertion-in-a-file\n")
        return afresh("plan", ".", "-v", cwd=root, code=code, env={**IDS, **env})


def test_a_federated_token_file(server):
    said = planned(server, {"AZURE_FEDERATED_TOKEN_FILE": "token"})
    assert "ingest: signed in by workload identity (token)" in said, said
    assert "ingest/gateway-west" in said and "an-assertion" not in said, said


def test_a_github_job(server):
    issuer = Issuer()
    env = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.address}/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": JOB_TOKEN}
    said = planned(server, env)
    assert "ingest: signed in by GitHub OIDC" in said, said
    assert JOB_TOKEN not in said and "assertion-1" not in said, said
    [(verb, asked)] = issuer.asked
    query = urllib.parse.parse_qs(asked.query)
    assert (verb, query) == ("GET", {"api-version": ["2.0"], "audience": ["api://AzureADTokenExchange"]}), asked
    refused = planned(server, {**env, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "another"}, code=1)
    assert "GitHub OIDC answered with status 401 and no token" in refused and "id-token: write" in refused, refused
    issuer.shutdown()


def test_a_step_of_azure_pipelines(server):
    issuer = Issuer()
    env = {
        "SYSTEM_OIDCREQUESTURI": f"{issuer.address}/oidctoken",
        "SYSTEM_ACCESSTOKEN": JOB_TOKEN,
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection-1",
    }
    said = planned(server, env)
    assert "ingest: signed in by Azure Pipelines OIDC" in said and JOB_TOKEN not in said, said
    [(verb, asked)] = issuer.asked
    query = urllib.parse.parse_qs(asked.query)
    assert (verb, query) == ("POST", {"api-version": ["7.1"], "serviceConnectionId": ["connection-1"]}), asked
    issuer.shutdown()
