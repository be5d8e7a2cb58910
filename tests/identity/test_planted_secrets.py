"""A whole story at the highest log level, with failures on the way; afterwards not one byte of what afresh wrote is a secret's."""

import base64
import functools
import json
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time

from clients import Runtimes
from parts import BINARY, CLIENTS, HERE, NEARBY, PAT, SECRET, TENANT, Parts, Watched
from secrets_in import disguises, files, forms, leaks

SIGNATURE = "planted/signature+AAAA1234567890="
GUESS = "planted-guess-9f8e7d6c"
PRINCIPAL = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENTS["secret"], "AZURE_CLIENT_SECRET": SECRET}
RUNTIMES = ["gateway-west", "gateway-east", "gateway-torn", "gateway-quoting"]
LOUD = [["-vvv"], ["-vvv", "--log-format", "json"]]


class Story:
    """Runs afresh, and keeps all that it says and how it is called."""

    def __init__(self, parts: Parts, root: pathlib.Path):
        self.parts, self.root = parts, root
        self.heard: dict[str, bytes] = {}

    def tell(self, *arguments: str, code: int, **env: str) -> str:
        environment = self.parts.environment(self.root, env)
        # Only who watches a terminal is asked to enter a code.
        watched = Watched([BINARY, *arguments], cwd=self.root, env=environment) if "ACCEPTS" in env else None
        process = watched.process if watched else subprocess.Popen(
            [BINARY, *arguments], cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        called: set[bytes] = set()
        watching = threading.Thread(target=watch, args=(process, called))
        watching.start()
        err = self.entered(watched) if watched else b""
        out, rest = watched.finish(timeout=120) if watched else process.communicate(timeout=120)
        err += rest
        watching.join()
        name = f"{len(self.heard)}: afresh {' '.join(arguments)}"
        self.heard[name] = out + err
        self.heard[f"{name} (process list)"] = b"\n".join(called)
        self.no_core(name)
        assert process.returncode == code, f"{name} ended with {process.returncode}, not {code}:\n{(out + err).decode()[-3000:]}"
        return (out + err).decode()


    def no_core(self, name: str) -> None:
        assert not list(self.root.rglob("core*")), f"{name} left a core file"

    def killed(self, *arguments: str, by: signal.Signals, **env: str) -> None:
        """Kills afresh with a signal that leaves a core file, once it holds a token; core files of any size are allowed."""
        unlimited = functools.partial(resource.setrlimit, resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        process = subprocess.Popen(
            [BINARY, *arguments], cwd=self.root, env=self.parts.environment(self.root, env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, preexec_fn=unlimited,
        )
        err = b""
        while b"integrationRuntimes" not in err:
            line = process.stderr.readline()
            assert line, f"it ended by itself: {err.decode()}"
            err += line
        # Wherever this machine puts core files, if it does.
        limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 ", limits, re.MULTILINE), limits
        process.send_signal(by)
        out, rest = process.communicate(timeout=30)
        name = f"{len(self.heard)}: afresh {' '.join(arguments)} killed by {by.name}"
        self.heard[name] = out + err + rest
        assert process.returncode == -by, f"{name} ended with {process.returncode}"
        self.no_core(name)

    def entered(self, watched: Watched) -> bytes:
        """What is said on stderr up to the code, and somebody who enters it."""
        heard = b""
        for line in watched.stderr:
            heard += line
            if found := re.search(r"enter the code (\S+)\.", line.decode()):
                self.parts.near("/device", {"userCode": found[1], "yes": True})
                return heard
        return heard


def watch(process: subprocess.Popen, called: set[bytes]) -> None:
    """Reads the process list, as anybody on the machine could, until the process ends."""
    while process.poll() is None:
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                pid, parent = int(path.name), int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if process.pid in (pid, parent):
                    called.add((path / "cmdline").read_bytes())
            except (OSError, IndexError, ValueError):
                continue  # it has ended
        time.sleep(0.005)


def whole(story: Story) -> None:
    """Everything afresh does, twice: with logs as text and as JSON."""
    for loud in LOUD:
        story.tell("validate", "estate", *loud, code=0)
        story.tell("auth", "estate", *loud, code=1, **{**PRINCIPAL, "AZURE_CLIENT_SECRET": GUESS})
        story.tell("auth", "estate", *loud, code=0, **PRINCIPAL)
        story.tell("plan", "estate", *loud, code=1, **{**PRINCIPAL, "AZURE_CLIENT_SECRET": GUESS})
        story.tell("plan", "estate", *loud, "--out", "plan.json", "--format", "json", "--format", "markdown=plan.md", code=3, **PRINCIPAL)
        story.tell("show", "plan.json", *loud, code=0)
        story.tell("apply", "plan.json", *loud, code=3, **PRINCIPAL)
        story.tell("apply", "estate", "--auto-approve", "--format", "json", *loud, code=3, **PRINCIPAL)
        story.tell("why", "ingest/gateway-east", "estate", *loud, code=0, **PRINCIPAL)
        for runtime in RUNTIMES:
            story.tell("why", f"ingest/{runtime}", "estate", "--refresh", "all", *loud, code=0, **PRINCIPAL)
        story.tell("ledger", "show", "ingest/gateway-west", "estate", *loud, code=0, **PRINCIPAL)
        story.tell("ledger", "export", "estate", *loud, code=0, **PRINCIPAL)
    for by in [signal.SIGQUIT, signal.SIGABRT, signal.SIGTRAP]:
        story.killed("plan", "estate", "--refresh", "all", "-vvv", by=by, **PRINCIPAL)
    policies(story)
    others(story)


def policies(story: Story) -> None:
    """Policies that allow, and that refuse what would have been used: what is said of it names no value."""
    parts, root = story.parts, story.root
    documents = {
        "nothing": "{}",
        "sources": "{allow: {variables: [NPM_TOKEN]}}",
        "credentials": "{reason: machines only, require: {credentials: [managedIdentity]}}",
        "kinds": "{require: {kinds: [Cloud, DataFactory, DatabricksWorkspace, JobRun]}}",
    }
    for name, spec in documents.items():
        (root / f"policy-{name}.yaml").write_text(f"apiVersion: afresh/v1\nkind: Policy\nmetadata: {{name: {name}}}\nspec: {spec}\n")
    (root / "taken").mkdir()
    credential = f"{{servicePrincipal: {{tenant: {TENANT}, clientId: {CLIENTS['secret']}, clientSecret: {{env: NPM_TOKEN}}}}}}"
    taken = (root / "estate/estate.yaml").read_text().replace("credential: default", "credential: taken")
    (root / "taken/estate.yaml").write_text(f"{taken}---\napiVersion: afresh/v1\nkind: Credential\nmetadata: {{name: taken}}\nspec: {credential}\n")
    for command, allowed in [(["validate"], 0), (["auth"], 0), (["plan"], 3), (["apply", "--refresh-only"], 3)]:
        refused = 0 if command == ["validate"] else 5
        story.tell(*command, "estate", "--policy", "policy-nothing.yaml", "-vvv", code=allowed, **PRINCIPAL)
        # Without what else allows hosts of this machine.
        story.tell(*command, "estate", "--policy", "policy-nothing.yaml", "-vvv", code=refused, **PRINCIPAL, AFRESH_ALLOW_LOOPBACK="0")
        story.tell(*command, "taken", "--policy", "policy-nothing.yaml", "-vvv", code=refused, NPM_TOKEN=SECRET)
        story.tell(*command, "taken", "--policy", "policy-sources.yaml", "-vvv", code=allowed, NPM_TOKEN=SECRET)
        story.tell(*command, "estate", "--policy", "policy-credentials.yaml", "-vvv", code=5, **PRINCIPAL)
        story.tell(*command, "estate", "--policy", "policy-kinds.yaml", "-vvv", code=5, **PRINCIPAL)
    story.tell("diff", "plan.json", "plan.json", "-vvv", code=0)


def others(story: Story) -> None:
    """Other ways in, good and bad, into projects of their own below the same folder."""
    parts, root = story.parts, story.root
    machine = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": parts.nearby("").rstrip("/")}
    for number, (method, code, env) in enumerate([
        ("managedIdentity: {}", 0, machine),
        (f"deviceCode: {{tenant: {TENANT}, clientId: {CLIENTS['device']}}}", 0, {"ACCEPTS": "yes"}),
        ("databricksToken: {token: {env: AFRESH_SECRET_PAT}}", 0, {"AFRESH_SECRET_PAT": PAT}),
        ("databricksToken: {token: {env: AFRESH_SECRET_PAT}}", 1, {"AFRESH_SECRET_PAT": PAT[::-1]}),
        (f"githubOidc: {{tenant: {TENANT}, clientId: {CLIENTS['federated']}}}", 0,
         {"ACTIONS_ID_TOKEN_REQUEST_URL": parts.nearby("/github?run=7"), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": NEARBY}),
        (f"githubOidc: {{tenant: {TENANT}, clientId: {CLIENTS['federated']}}}", 1,
         {"ACTIONS_ID_TOKEN_REQUEST_URL": parts.nearby("/github?run=7"), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": GUESS}),
        ("azureCli: {}", 0, {"PATH": parts.program(root)}),
    ]):
        (root / f"estate-{number}").mkdir()
        only = "analytics" if "AFRESH_SECRET_PAT" in env else "ingest"
        made = parts.estate(method, **({"of_factory": "default"} if "AFRESH_SECRET_PAT" in env else {}))
        (root / f"estate-{number}/estate.yaml").write_text((made / "estate/estate.yaml").read_text())
        for loud in LOUD:
            # Who enters a code signs in to both, so that the sign-in is renewed as well.
            which = [] if "ACCEPTS" in env else ["--connection", only]
            story.tell("auth", f"estate-{number}", *which, *loud, code=code, **env)
    embedded(story)
    blob = (root / "estate/estate.yaml").read_text().replace("{file: .afresh/ledger.jsonl}", f"{{blob: \"{parts.nearby('/ledgers/afresh/ledger.jsonl')}\"}}")
    (root / "blob").mkdir()
    (root / "blob/estate.yaml").write_text(blob)
    signed = f"?sp=r&se=2030-01-01T00%3A00%3A00Z&sig={SIGNATURE}"
    for command in ["auth", "plan"]:
        story.tell(command, "blob", "-vvv", code=1, AZURE_STORAGE_SAS_TOKEN=signed, **PRINCIPAL)


def embedded(story: Story) -> None:
    """Against the simulated cloud: its world lives on beside the ledger, and is searched as well."""
    world = (HERE / "hostile.yaml").read_text() + f"tenants: [{{id: {TENANT}, principals: [{{clientId: {CLIENTS['secret']}, clientSecret: {SECRET}}}]}}]\n"
    world = world.replace("workspaces:\n- host: ", f"workspaces:\n- tokens: [{PAT}]\n  host: ")
    (story.parts.folder / "world.yaml").write_text(world)
    (story.root / "embedded").mkdir()
    documents = (story.root / "estate/estate.yaml").read_text().replace("cloud: lab, ", "").split("---\n")
    text = "---\n".join(document for document in documents if "kind: Cloud\n" not in document)
    (story.root / "embedded/estate.yaml").write_text(re.sub(r"127\.0\.0\.1:\d+", "adb-1234567890123456.7.azuredatabricks.net", text))
    sim = ["--sim", str(story.parts.folder / "world.yaml")]
    story.tell("plan", "embedded", *sim, "-vvv", "--out", "embedded.json", code=0, **PRINCIPAL)
    story.tell("apply", "embedded.json", *sim, "-vvv", code=3, **PRINCIPAL)
    assert "seed" in (story.root / "embedded/.afresh/sim/world.json").read_text()


def planted(parts: Parts, before: dict[str, tuple[str, str]]) -> set[str]:
    """Everything that came by a door or was given to afresh, and the keys of all runtimes, old and new."""
    after = {name: Runtimes(parts.sim).keys(name) for name in RUNTIMES}
    assert before["gateway-west"] != after["gateway-west"] and before["gateway-east"] != after["gateway-east"], "both were rotated, one with a lost answer"
    keys = {key for pair in [*before.values(), *after.values()] for key in pair}
    flowed = set(parts.near("/flowed"))
    assert len([one for one in flowed if one.count(".") == 2]) >= 12, "tokens and assertions came by"
    assert keys & flowed, "keys came by"
    assert {SECRET, GUESS, PAT, PAT[::-1]} <= flowed
    return flowed | keys | {NEARBY, SIGNATURE}


def test_no_secret_is_written_anywhere(_shared):
    with tempfile.TemporaryDirectory() as folder, Parts(pathlib.Path(folder), world=HERE / "hostile.yaml") as parts:
        before = {name: Runtimes(parts.sim).keys(name) for name in RUNTIMES}
        story = Story(parts, parts.estate(None))
        whole(story)
        said = b"".join(story.heard.values()).decode()
        for word in ["no token from", "[redacted]", "answered", "gave no answer", "unresolved", "the answer breaks off"]:
            assert word in said, f"the story does not tell of `{word}`"
        seen = b"\n".join(heard for name, heard in story.heard.items() if name.endswith("(process list)"))
        assert seen.count(b"auth\0estate") >= 5 and b"get-access-token" in seen, "the process list was read while afresh ran"
        secrets = planted(parts, before)
        haystacks = {**story.heard, **files(story.root)}
        assert {"plan.json", "plan.md", "estate/.afresh/ledger.jsonl"} <= set(haystacks), sorted(haystacks)
        assert parts.counts()["openid token refresh_token"] > 0, "a sign-in was renewed, so its refresh token came by"
        assert parts.counts()["quoted in disguise"] >= 20, "each disguise was worn twice"
        # The simulated cloud's own tokens come by no door; they are known by their shape.
        shaped = [name for name, hay in haystacks.items() if re.search(rb"eyJ[A-Za-z0-9_-]{20,}", hay)]
        assert not shaped, shaped
        found = leaks(haystacks, secrets)
        assert not found, "\n".join(sorted(set(found)))
        catches(story.root, secrets)


def catches(root: pathlib.Path, secrets: set[str]) -> None:
    """The search is worth something: each form of each kind of secret is found wherever it is hidden."""
    kinds = [next(one for one in secrets if one.startswith(start)) for start in ["IR@", "eyJ", "dapi", "planted-client", "planted/"]]
    for secret in kinds:
        for form in [*forms(secret), *disguises(secret)]:
            assert leaks({"log": b"before " + form + b" after"}, {secret}), (secret[:9], form)
        for before in range(3):
            log = base64.b64encode(b"x" * before + secret.encode() + b" and more")
            assert leaks({"log": log}, {secret}), (secret[:9], before)
    hidden = root / "estate/.afresh/deeper/cache.bin"
    hidden.parent.mkdir(parents=True)
    hidden.write_bytes(b"\x00\xff" + json.dumps({"k": kinds[0]}).encode())
    assert leaks(files(root), secrets) != []
