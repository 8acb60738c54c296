"""A gh that knows one repository: comments, pull requests of commits and artifacts, in the file that FAKE_GH names.

Run as a program. It takes the options that the workflows use and no others, and writes down what it was asked.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

_BOT = {"login": "github-actions[bot]", "type": "Bot"}


def main() -> None:
    """Answer one `gh api` call."""
    parser = argparse.ArgumentParser()
    parser.add_argument("api", choices=["api"])
    parser.add_argument("path")
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("--method", default="GET", choices=["GET", "POST", "PATCH"])
    parser.add_argument("--jq")
    parser.add_argument("--field")
    asked = parser.parse_args()
    assert os.environ["GH_TOKEN"] == "token-of-the-run"  # noqa: S105 - the runner's invention
    store = Path(os.environ["FAKE_GH"])
    known = json.loads(store.read_text(encoding="utf-8"))
    known["calls"].append([asked.method, asked.path])
    if asked.path.endswith("/zip"):
        (found,) = (one for one in known["artifacts"] if str(one["id"]) == asked.path.split("/")[-2])
        sys.stdout.buffer.write(base64.b64decode(found["zip"]))
        return
    answer = _answer(asked, known)
    store.write_text(json.dumps(known), encoding="utf-8")
    if asked.jq:
        done = subprocess.run(
            ["jq", "-r", asked.jq], input=json.dumps(answer).encode(), check=True, capture_output=True
        )
        sys.stdout.buffer.write(done.stdout)
    elif not asked.silent:
        sys.stdout.write(json.dumps(answer))


def _answer(asked: argparse.Namespace, known: dict[str, Any]) -> Any:
    parts = asked.path.partition("?")[0].removeprefix("repos/octoshop/campaigns/").split("/")
    match (asked.method, *parts):
        case ("GET", "issues", number, "comments"):
            return [one for one in known["comments"] if str(one["issue"]) == number]
        case ("GET", "commits", sha, "pulls"):
            return known["pulls"].get(sha, [])
        case ("GET", "actions", "artifacts"):
            (name,) = parse_qs(asked.path.partition("?")[2])["name"]
            return {"artifacts": [one for one in known["artifacts"] if one["name"] == name]}
        case ("POST", "issues", number, "comments"):
            made = {"id": 9000 + len(known["comments"]), "issue": int(number), "user": _BOT, "body": _body(asked)}
            known["comments"].append(made)
            return made
        case ("PATCH", "issues", "comments", number):
            (found,) = (one for one in known["comments"] if str(one["id"]) == number)
            found["body"] = _body(asked)
            return found
    raise SystemExit(f"gh: no such call: {asked.method} {asked.path}")


def _body(asked: argparse.Namespace) -> str:
    name, _, path = asked.field.partition("=@")
    assert name == "body"
    return Path(path).read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
