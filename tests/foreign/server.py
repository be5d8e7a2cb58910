"""The simulated cloud as a server for one test program: started on free ports, always stopped."""

import json
import os
import pathlib
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("AFRESH", ROOT / "target/debug/afresh"))
SUBSCRIPTION = "12345678-1234-1234-1234-1234567890ab"
TENANT = "00000000-0000-0000-0000-00000000aaaa"
CLIENT = "00000000-0000-0000-0000-00000000bbbb"
READY_SECONDS = 20


class Server:
    """`afresh sim serve`, with its addresses. Use it in a `with`."""

    def __init__(self, folder: pathlib.Path, world: pathlib.Path = ROOT / "tests/foreign/world.yaml"):
        self.manifests = folder / "cloud.yaml"
        command = [BINARY, "sim", "serve", world, "--write-manifests", self.manifests]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.azure = self.workspace = self.vault = None
        self.has_vault = "\nvaults:" in pathlib.Path(world).read_text()

    def __enter__(self):
        # A server that says nothing is stopped: then the loop below ends, too.
        impatience = threading.Timer(READY_SECONDS, self.process.kill)
        impatience.start()
        for line in self.process.stdout:
            if found := re.search(r"Resource Manager\s+(http://\S+)", line):
                self.azure = found[1]
            if found := re.search(r"azuredatabricks\.net\s+(http://\S+)", line):
                self.workspace = found[1]
            if found := re.search(r"vault\.azure\.net\s+(http://\S+)", line):
                self.vault = found[1]
            if self.azure and self.workspace and (self.vault or not self.has_vault):
                break
        impatience.cancel()
        if not self.workspace or self.has_vault and not self.vault:
            self.stop()
            raise RuntimeError("afresh sim serve did not say where it is")
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def token(self, resource: str) -> tuple[str, int]:
        """An access token for `resource` by client credentials, and when it ends."""
        fields = {
            "grant_type": "client_credentials",
            "client_id": CLIENT,
            "client_secret": "embedded",
            "scope": f"{resource}/.default",
        }
        body = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(f"{self.azure}/{TENANT}/oauth2/v2.0/token", body, timeout=10) as answer:
            said = json.load(answer)
        return said["access_token"], int(time.time()) + int(said["expires_in"])


def ran(*arguments: str, cwd: pathlib.Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """Runs afresh as a pipeline would: no stdin, only its own environment."""
    environment = {"PATH": "/nonexistent", "HOME": str(cwd), "NO_COLOR": "1", "TZ": "UTC", "AFRESH_ALLOW_LOOPBACK": "1", **(env or {})}
    command = [BINARY, *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert 0 <= done.returncode <= 8, f"afresh {' '.join(arguments)} crashed ({done.returncode}):\n{done.stdout}{done.stderr}"
    return done


def afresh(*arguments: str, cwd: pathlib.Path, code: int = 0, env: dict[str, str] | None = None) -> str:
    """[`ran`], with this exit code. Gives what it printed."""
    done = ran(*arguments, cwd=cwd, env=env)
    said = done.stdout + done.stderr
    assert done.returncode == code, f"afresh {' '.join(arguments)} ended with {done.returncode}, not {code}:\n{said}"
    return said
