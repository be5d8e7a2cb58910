"""What really ran, one JSON line for each, in the file that AFRESH_EVIDENCE names. The report is made of nothing else."""

import json
import os
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
ENDPOINTS = json.loads((HERE / "endpoints.json").read_text())["endpoints"]


def endpoint(method: str, path: str) -> str | None:
    """The endpoint that a request went to, if it is one that afresh uses."""
    for one in ENDPOINTS:
        if one["method"] == method and re.search(one["path"], path, re.IGNORECASE):
            return one["name"]
    return None


def saw(mark: str, requests: list[tuple[str, str]], what: str):
    """`mark`: the column of the report. To be called by a test that has succeeded, with the requests that were answered."""
    file = os.environ.get("AFRESH_EVIDENCE")
    names = {name for method, path in requests if (name := endpoint(method, path))}
    if file:
        lines = [json.dumps({"endpoint": name, "mark": mark, "what": what}) + "\n" for name in sorted(names)]
        with open(file, "a") as evidence:
            evidence.write("".join(lines))
