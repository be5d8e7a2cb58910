"""ShellCheck has no finding in any script of the examples."""

import pathlib
import re
import subprocess
import sys

from checkout import EXAMPLES
from forges import read

#: Of the service: `$(Build.SourcesDirectory)` is put in before a shell sees it.
MACRO = re.compile(r"\$\([A-Z][A-Za-z.]+\)")


def scripts(part, key: str):
    """Every value with this key, however deep, and its place."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == key:
                yield value
            else:
                yield from scripts(value, key)
    elif isinstance(part, list):
        for value in part:
            yield from scripts(value, key)


def check(found: list[str], shell: str, folder: pathlib.Path, least: int) -> None:
    assert len(found) >= least, f"only {len(found)} scripts were found"
    for number, script in enumerate(found):
        (folder / f"{number}.sh").write_text(MACRO.sub("macro", script))
    command = [pathlib.Path(sys.executable).parent / "shellcheck", f"--shell={shell}", "--norc", *sorted(folder.glob("*.sh"))]
    done = subprocess.run(command, timeout=60, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def of(pattern: str, *keys: str) -> list:
    files = sorted(EXAMPLES.glob(pattern))
    return [script for file in files for key in keys for script in scripts(read(str(file.relative_to(EXAMPLES))), key)]


def test_github(folder):
    check(of("github/**/*.yml", "run"), "bash", folder, 8)


def test_azure_devops(folder):
    check(of("azure-devops/**/*.yml", "bash", "inlineScript"), "bash", folder, 6)


def test_gitlab(folder):
    check(["\n".join(lines) for lines in of("gitlab/.gitlab-ci.yml", "script")], "sh", folder, 5)


def test_bitbucket(folder):
    check(["\n".join(lines) for lines in of("bitbucket/*.yml", "script")], "sh", folder, 4)


def test_jenkins(folder):
    text = "".join(path.read_text() for path in EXAMPLES.glob("jenkins/*.Jenkinsfile"))
    long = [script.replace("\\\\", "\\") for script in re.findall(r"script: '''(.*?)'''", text, re.DOTALL)]
    check([*long, *re.findall(r"sh '([^']+)'", text)], "sh", folder, 6)
