"""The document of a plan has the shape that schemas/plan.schema.json says, with no key more and none less."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema.validators import Draft202012Validator

from octoplan.plan import Plan
from octoplan.report import as_json
from tests.conftest import GREETING, Folder, MakeProject

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas/plan.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator(SCHEMA)


def objects(shape: Any) -> Iterator[dict[str, Any]]:
    """Every object that is described."""
    if isinstance(shape, dict):
        if "properties" in shape:
            yield shape
        for value in shape.values():
            yield from objects(value)
    elif isinstance(shape, list):
        for value in shape:
            yield from objects(value)


def test_every_object_is_closed_and_every_key_is_described() -> None:
    for shape in objects(SCHEMA):
        if "additionalProperties" in shape:
            assert shape["additionalProperties"] is False
            assert shape["description"]
            for name, field in shape["properties"].items():
                assert "$ref" in field or "const" in field or "oneOf" in field or field["description"], name


@pytest.mark.parametrize("plan", ["empty_plan", "settled_plan", "rich_plan"])
def test_plans_of_every_kind_hold(plan: str, request: pytest.FixtureRequest, validator: Draft202012Validator) -> None:
    drawn: Plan = request.getfixturevalue(plan)
    validator.validate(json.loads(as_json.plan(drawn)))


def test_a_key_more_or_less_does_not_hold(rich_plan: Plan, validator: Draft202012Validator) -> None:
    document = json.loads(as_json.plan(rich_plan))
    assert not validator.is_valid({**document, "more": 1})
    for step in document["steps"]:
        for name in list(step):
            kept = step.pop(name)
            assert not validator.is_valid(document), name
            step[name] = kept
    validator.validate(document)


def test_real_plans_hold_from_the_first_to_the_last(project: MakeProject, validator: Draft202012Validator) -> None:
    people = (
        "phone_number,first_name\n" + "".join(f"+336000003{n:02},Zoë \u2019 {n}\n" for n in range(60)) + "x,y\n" * 3
    )
    folder: Folder = project({"campaigns/sale.yaml": GREETING, "campaigns/people.csv": people})

    def hold(*flags: str, code: int = 0) -> None:
        shown = folder.call("plan", "--format", "json", *flags)
        assert shown.code == code, shown
        validator.validate(shown.json)

    hold()
    hold("--out", str(folder.path / "a.plan"))
    assert folder.call("apply", "--auto-approve").code == 0
    hold()
    folder.write({"campaigns/sale.yaml": f"{GREETING}limits: {{max_recipients: 0}}\nedition: 2\n"})
    hold(code=5)
    folder.write({"campaigns/sale.yaml": None})
    hold()
