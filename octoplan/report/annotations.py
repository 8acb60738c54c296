"""Problems → what continuous integration shows beside the lines of a file: GitHub, GitLab, SARIF, JUnit.

`folder`: the project's folder in the repository, empty if it is the repository: their paths begin at its top.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

from octoplan import __version__
from octoplan.errors import Problem
from octoplan.lint.rules import AREA, RULES, page_of
from octoplan.report.safe import plain, words

_SARIF = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def annotate(form: str, found: Sequence[Problem], folder: str, valid: Sequence[str] = ()) -> str:
    """Problems → them in the form `github`, `gitlab`, `sarif` or `junit`; `valid`: campaigns of a valid project."""
    if form == "junit":
        return junit(found, folder, valid)
    return {"github": github, "gitlab": gitlab, "sarif": sarif}[form](found, folder)


def github(found: Sequence[Problem], folder: str) -> str:
    """Problems → workflow commands of GitHub Actions, one a line."""
    return "\n".join(_command(one, folder) for one in sorted(found))


def gitlab(found: Sequence[Problem], folder: str) -> str:
    """Problems → a code quality report of GitLab. A fingerprint stays the same when lines move."""
    counted: dict[str, int] = {}
    rows = []
    for one in sorted(found):
        same = f"{_path(one, folder)}\0{plain(one.rule)}\0{words(one.message)}"
        counted[same] = counted.get(same, 0) + 1
        rows.append(
            {
                "description": _said(one),
                "check_name": plain(one.rule),
                "fingerprint": hashlib.sha256(f"{same}\0{counted[same]}".encode()).hexdigest(),
                "severity": "minor" if one.severity == "warning" else "blocker",
                "location": {"path": _path(one, folder), "lines": {"begin": one.place.line or 1}},
            }
        )
    return json.dumps(rows, indent=2)


def sarif(found: Sequence[Problem], folder: str) -> str:
    """Problems → a log of SARIF 2.1.0, with the rules that were broken."""
    rules = sorted({plain(one.rule) for one in found})
    driver = {"name": "octoplan", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    results = [
        {
            "ruleId": plain(one.rule),
            "ruleIndex": rules.index(plain(one.rule)),
            "level": one.severity,
            "message": {"text": _said(one)},
            "locations": [{"physicalLocation": _location(one, folder)}],
        }
        for one in sorted(found)
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def junit(found: Sequence[Problem], folder: str, valid: Sequence[str] = ()) -> str:
    """Problems → JUnit XML with a case for each file that holds some; `valid`: the campaigns of a valid project.

    A file with nothing but warnings passes: they stand in what its case prints.
    """
    # by the file itself: names that differ in what is not shown are other files
    files = [list(these) for _, these in groupby(sorted(found), lambda one: one.place.file)]
    failed = sum(any(one.severity == "error" for one in these) for these in files)
    counts = {"tests": str(len(files) + len(valid)), "failures": str(failed), "errors": "0"}
    suites = ET.Element("testsuites", {"name": "octoplan", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": "octoplan validate", **counts})
    for these in files:
        path = _path(these[0], folder)
        case = ET.SubElement(suite, "testcase", {"classname": "octoplan", "name": path, "file": path})
        errors = [one for one in these if one.severity == "error"]
        if errors:
            message = _line(errors[0], folder)
            failure = ET.SubElement(case, "failure", {"type": plain(errors[0].rule), "message": message})
            failure.text = "\n".join(_line(one, folder) for one in errors)
        if len(errors) < len(these):
            printed = (_line(one, folder) for one in these if one.severity == "warning")
            ET.SubElement(case, "system-out").text = "\n".join(printed)
    for name in valid:
        ET.SubElement(suite, "testcase", {"classname": "octoplan", "name": plain(name)})
    ET.indent(suites)
    return str(ET.tostring(suites, encoding="us-ascii"), "ascii")


def _command(one: Problem, folder: str) -> str:
    place = {"line": one.place.line, "col": one.place.column}
    properties = {"file": _path(one, folder), **{key: at for key, at in place.items() if at}, "title": plain(one.rule)}
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{one.severity} {listed}::{_message(_said(one))}"


def _message(text: str) -> str:
    """Text → the same as a workflow command's message: the runner takes %XX back."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _location(one: Problem, folder: str) -> Mapping[str, Any]:
    region = {"startLine": one.place.line or 1}
    if one.place.column:
        region["startColumn"] = one.place.column
    return {"artifactLocation": {"uri": quote(_path(one, folder))}, "region": region}


def _rule(rule: str) -> dict[str, Any]:
    """A rule → what SARIF says of it; those of lint have a sentence and a page each."""
    page = page_of(rule)
    if not page:
        return {"id": rule}
    said = RULES[rule.removeprefix(AREA)]
    return {"id": rule, "shortDescription": {"text": said}, "help": {"text": f"{said} See {page}."}}


def _line(one: Problem, folder: str) -> str:
    """A Problem on a line; one that only warns is told so by where it stands."""
    return f"{_at(one, folder)}: {_said(one)} [{plain(one.rule)}]"


def _said(one: Problem) -> str:
    return words(one.message) + (f" ({plain(one.hint)})" if one.hint else "")


def _path(one: Problem, folder: str) -> str:
    path = plain(one.place.file)
    return f"{folder}/{path}" if folder else path


def _at(one: Problem, folder: str) -> str:
    where = [str(number) for number in (one.place.line, one.place.column) if number]
    return ":".join([_path(one, folder), *where])
