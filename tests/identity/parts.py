"""Real parts for one test program: a certificate authority, Entra ID out of an OpenID provider, the simulated cloud behind its doors,
and afresh itself with nothing around it but what a test gives it."""

import base64
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import sys
import termios
import threading
import urllib.request

from server import BINARY, ROOT, SUBSCRIPTION, Server

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = ROOT / ".tools/openid"
TENANT = "11111111-2222-3333-4444-555555555555"
READY_SECONDS = 20
# Every secret begins alike, so that a leak of any of them is seen.
SECRET = "planted-client-secret-Zg~8Q"
NEARBY = "planted-nearby-secret-1f2e3d"
PAT = "dapi0123456789abcdef0123456789abcdef"
PERSON = "ada@example.com"
CONNECTION = "aaaaaaaa-0000-0000-0000-000000000009"
ARM = "https://management.azure.com"
CLIENTS = {
    name: f"aaaaaaaa-0000-0000-0000-00000000000{number}"
    for number, name in enumerate(["secret", "certificate", "device", "federated", "managed"], start=1)
}
FEDERATED = [
    {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:example/data:environment:production"},
    {"issuer": f"https://vstoken.dev.azure.com/{CONNECTION}", "subject": "sc://example/data/azure"},
    {"issuer": "https://cluster.example.com/", "subject": "system:serviceaccount:jobs:afresh"},
]

ESTATE = """
apiVersion: afresh/v1
kind: Project
metadata: {{name: identity}}
spec: {{ledger: {{file: .afresh/ledger.jsonl}}}}
---
apiVersion: afresh/v1
kind: Cloud
metadata: {{name: lab}}
spec:
  authority: "https://127.0.0.1:{azure}"
  resourceManager: "https://127.0.0.1:{azure}"
  audience: "{arm}"
  databricks: {{domain: "127.0.0.1:{workspace}", managementAudience: "https://management.core.windows.net/"}}
---
apiVersion: afresh/v1
kind: DataFactory
metadata: {{name: ingest}}
spec: {{subscription: {subscription}, resourceGroup: rg-data, factory: adf-ingest, cloud: lab, credential: {of_factory}}}
---
apiVersion: afresh/v1
kind: DatabricksWorkspace
metadata: {{name: analytics}}
spec: {{host: "127.0.0.1:{workspace}", cloud: lab, credential: {credential}}}
---
apiVersion: afresh/v1
kind: KeyAge
metadata: {{name: gateways}}
spec: {{factory: ingest, integrationRuntimes: ["gateway-*"], exclude: [gateway-lab], maxAge: 90d}}
---
apiVersion: afresh/v1
kind: JobRun
metadata: {{name: nightly-sales}}
spec: {{workspace: analytics, job: {{name: nightly-sales}}, require: succeeded, freshness: {{errorAfter: 24h}}}}
"""
CREDENTIAL = """
---
apiVersion: afresh/v1
kind: Credential
metadata: {{name: pinned}}
spec: {{{method}}}
"""


class Parts:
    """Everything that runs while the tests do. Use it in a `with`."""

    def __init__(self, folder: pathlib.Path, world: pathlib.Path | None = None):
        self.folder = folder
        self.hostile = world is not None
        self.sim = Server(folder, world) if world else Server(folder)
        self.node = None
        self.ports = {}
        self.number = 0

    def __enter__(self):
        certificates(self.folder)
        self.sim.__enter__()
        try:
            self.start_entra()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start_entra(self):
        settings = {
            "tenant": TENANT, "clients": CLIENTS, "secret": SECRET, "nearby": NEARBY, "person": PERSON, "federated": FEDERATED,
            "serviceConnection": CONNECTION, "certificate": str(self.folder / "client.crt"),
            "tls": {"cert": str(self.folder / "server.crt"), "key": str(self.folder / "server.key")},
            "hostile": self.hostile, "pat": PAT,
            "sim": {"azure": self.sim.azure, "workspace": self.sim.workspace},
        }
        (self.folder / "settings.json").write_text(json.dumps(settings))
        # Node looks for packages beside the program.
        program = shutil.copy(HERE / "entra.mjs", TOOLS / "entra.mjs")
        self.log = open(self.folder / "entra.log", "w")
        command = ["node", program, self.folder / "settings.json"]
        self.node = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        impatience = threading.Timer(READY_SECONDS, self.node.kill)
        impatience.start()
        line = self.node.stdout.readline()
        impatience.cancel()
        if not line.startswith("{"):
            raise RuntimeError(f"the OpenID provider did not start:\n{(self.folder / 'entra.log').read_text()}")
        self.ports = json.loads(line)

    def stop(self):
        if self.node:
            self.node.terminate()
            self.node.wait(5)
            self.log.close()
        self.sim.stop()

    @property
    def ca(self) -> pathlib.Path:
        return self.folder / "ca.crt"

    @property
    def authority(self) -> str:
        return f"https://127.0.0.1:{self.ports['azure']}"

    def nearby(self, path: str) -> str:
        return f"http://127.0.0.1:{self.ports['nearby']}{path}"

    def near(self, path: str, body: dict | None = None) -> dict:
        """Asks what machines and pipelines ask."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.nearby(path), data), timeout=10) as answer:
            return json.load(answer)

    def counts(self) -> dict:
        return self.near("/counts")

    def assertion(self, kind: str = "good") -> str:
        return self.near(f"/assertion?kind={kind}")["value"]

    def estate(self, method: str | None, **changes: str) -> pathlib.Path:
        """A new project whose connections use one Credential, or the default chain."""
        self.number += 1
        root = self.folder / f"project-{self.number}"
        (root / "estate").mkdir(parents=True)
        credential = "pinned" if method else "default"
        values = {**self.ports, "subscription": SUBSCRIPTION, "arm": ARM, "credential": credential, "of_factory": credential, **changes}
        text = ESTATE.format(**values) + (CREDENTIAL.format(method=method) if method else "")
        (root / "estate/estate.yaml").write_text(text)
        return root

    def environment(self, root: pathlib.Path, env: dict[str, str]) -> dict[str, str]:
        quiet = {"PATH": "/nonexistent", "HOME": str(root), "NO_COLOR": "1", "TZ": "UTC", "AFRESH_ALLOW_LOOPBACK": "1", "SSL_CERT_FILE": str(self.ca)}
        return {**quiet, **env}

    def afresh(self, root: pathlib.Path, *arguments: str, code: int | None = 0, **env: str) -> str:
        """Runs afresh with nothing around it but `env`. Gives what it printed, and holds that no secret is in it."""
        done = subprocess.run(
            [BINARY, *arguments], cwd=root, env=self.environment(root, env), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        said = done.stdout + done.stderr
        assert "planted-" not in said and "eyJ" not in said, "a secret or a token was printed"
        if code is not None:
            assert done.returncode == code, f"afresh {' '.join(arguments)} ended with {done.returncode}, not {code}:\n{said}"
        return done.stdout if code == 0 else said

    def gets_in(self, method: str | None, files: dict[str, str] | None = None, **env: str) -> dict[str, dict]:
        """afresh signs in to both connections, plans with the tokens, and tells for whom they are."""
        root = self.estate(method)
        for name, text in (files or {}).items():
            (root / name).write_text(text)
        told = json.loads(self.afresh(root, "auth", "estate", "--format", "json", **env))
        planned = self.afresh(root, "plan", "estate", "--detailed-exitcode", code=2, **env)
        assert "ingest/gateway-west" in planned and "run now" in planned, planned
        connections = {one["name"]: one for one in told["connections"]}
        assert set(connections) == {"ingest", "analytics"}, told
        for one in connections.values():
            assert one["signedIn"] and one["tenant"] == TENANT and one["until"], one
        return connections

    def refused(self, method: str | None, *words: str, changes: dict[str, str] | None = None, files: dict[str, str] | None = None, **env: str) -> str:
        """afresh does not get in to the factory, and says these words about it."""
        root = self.estate(method, **(changes or {}))
        for name, text in (files or {}).items():
            (root / name).write_text(text)
        said = self.afresh(root, "auth", "estate", "--connection", "ingest", code=1, **env)
        for word in words:
            assert word in said, f"`{word}` is not said:\n{said}"
        return said

    def opens(self, token: str) -> None:
        """Resource Manager's door takes this token of the SDK's: it is as good as afresh's own."""
        path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data/providers/Microsoft.DataFactory/factories/adf-ingest/integrationRuntimes"
        request = urllib.request.Request(f"{self.authority}{path}?api-version=2018-06-01", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=str(self.ca)), timeout=10) as answer:
            names = [one["name"] for one in json.load(answer)["value"]]
        assert "gateway-west" in names, names

    def program(self, root: pathlib.Path) -> str:
        """A folder with a fake Azure CLI in it, whose token is real: it asks the OpenID provider for it."""
        folder = root / "bin"
        folder.mkdir()
        az = folder / "az"
        az.write_text(AZ.format(python=sys.executable, url=self.nearby("/az")))
        az.chmod(0o755)
        return str(folder)


AZ = '''#!{python} -I
import sys, urllib.parse, urllib.request
words = sys.argv[1:]
if words == ["version", "--output", "json"]:
    sys.exit(print('{{"azure-cli": "2.70.0"}}'))
assert words[:2] == ["account", "get-access-token"], words
options = dict(zip(words[2::2], words[3::2]))
assert options.pop("-o", None) == "json" or options.pop("--output", None) == "json", words
scope = options.pop("--scope", None)
resource = scope[: -len("/.default")] if scope else options.pop("--resource")
options.pop("--tenant", None)
assert not options, words
with urllib.request.urlopen("{url}?resource=" + urllib.parse.quote(resource, safe="")) as answer:
    print(answer.read().decode())
'''


class Around:
    """Environment variables for as long as an SDK's credential lives."""

    def __init__(self, **env: str):
        self.env = env

    def __enter__(self):
        os.environ.update(self.env)

    def __exit__(self, *_):
        for name in self.env:
            del os.environ[name]


def sdk(parts: Parts) -> dict:
    """What every credential of azure-identity needs to be told of this Entra ID."""
    os.environ["REQUESTS_CA_BUNDLE"] = str(parts.ca)  # the one root of trust of its transport
    return {"authority": parts.authority, "disable_instance_discovery": True}


def claims(token: str) -> dict:
    """What a token says."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def certificates(folder: pathlib.Path) -> None:
    """An own authority, a certificate of it for the server, another authority that nobody trusts, and an application's certificate."""

    def openssl(*arguments: str):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    for name in ["ca", "stranger"]:
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN=authority {name}", "-keyout", f"{name}.key",
                "-out", f"{name}.crt", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr")
    (folder / "server.ext").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "server.ext",
            "-out", "server.crt")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=afresh", "-keyout", "client.key", "-out", "client.crt")
    (folder / "client.pem").write_text((folder / "client.crt").read_text() + (folder / "client.key").read_text())


class Watched:
    """A program whose stderr is a terminal: whoever watches it hears line by line what it says there."""

    def __init__(self, command: list[str], **how):
        ours, its = os.openpty()
        # Only then line ends come as they were written.
        mode = termios.tcgetattr(its)
        mode[1] &= ~termios.OPOST
        termios.tcsetattr(its, termios.TCSANOW, mode)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=its, **how)
        os.close(its)
        self.stderr = self.lines(ours)

    def finish(self, timeout: int) -> tuple[bytes, bytes]:
        """What it writes to stdout, and what is left of stderr, until it ends."""
        rest: list[bytes] = []
        hearing = threading.Thread(target=lambda: rest.extend(self.stderr))
        hearing.start()
        out, _ = self.process.communicate(timeout=timeout)
        hearing.join()
        return out, b"".join(rest)

    @staticmethod
    def lines(terminal: int):
        with os.fdopen(terminal, "rb") as said:
            try:
                yield from said
            except OSError:
                return  # this is how a terminal ends
