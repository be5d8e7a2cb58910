"""What the false clients of forges share: the comments of one pull request, in the JSON file $COMMENTS.

A comment says who wrote it: `bot` (whoever the pipeline's token is), `person`, or `other` (another pipeline).
"""

import json
import os
import pathlib
import sys

STORE = pathlib.Path(os.environ["COMMENTS"])
SECRET = os.environ["SECRET"]


def comments() -> list[dict]:
    return json.loads(STORE.read_text())


def save(all_: list[dict]) -> None:
    STORE.write_text(json.dumps(all_))


def add(body: str, **more) -> dict:
    made = {"id": 1000 + len(comments()), "by": "bot", "body": body, **more}
    save([*comments(), made])
    return made


def update(number: int, body: str) -> dict:
    all_ = comments()
    [found] = [one for one in all_ if one["id"] == number]
    if found["by"] != "bot":
        refuse(f"403: comment {number} is somebody else's")
    found["body"] = body
    save(all_)
    return found


def signed_in(token: str | None) -> None:
    """The token has to be there, and no process may show it."""
    if token != SECRET:
        refuse(f"401: the token is {token!r}")
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes()
        except OSError:
            continue  # It has ended.
        if SECRET.encode() in line:
            refuse(f"the process list shows the token: {line!r}")


def refuse(why: str):
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {why}")


def options(words: list[str], known: set[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The words that stand alone, and the options. An option without a value is in `known` with a `!` behind it."""
    alone, given = [], {}
    words = iter(words)
    for word in words:
        if not word.startswith("--"):
            alone.append(word)
        elif f"{word}!" in known:
            given[word] = []
        elif word in known:
            given.setdefault(word, []).append(next(words))
        else:
            refuse(f"no such option: {word}")
    return alone, given


def file_of(given: str) -> str:
    """What a field has that is read from a file."""
    name, _, value = given.partition("=")
    if name != "body" or not value.startswith("@"):
        refuse(f"the body comes from a file: {given}")
    return pathlib.Path(value[1:]).read_text()
