"""The HTML page in a real browser: nothing to complain of, light, dark, on a telephone, on paper, without eyes."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octoplan.plan import Plan
from octoplan.report import html
from tests.report.test_report_html import plan, step
from tests.report.test_report_safety import HOSTILE
from tests.report.test_report_safety import _plan as hostile_plan
from tests.sandbox.page import conftest as windows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CONTRAST = Path(windows.__file__).with_name("contrast.js").read_text(encoding="utf-8")
LOOKS: Mapping[str, Any] = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "telephone": {"viewport": {"width": 360, "height": 740}},
    "telephone in the dark": {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    with windows.run_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: "Browser", request: pytest.FixtureRequest) -> Iterator["Page"]:
    """A window; at the end, whatever its console complained about is an error."""
    context = browser.new_context(**getattr(request, "param", LOOKS["light"]))
    window, troubles = context.new_page(), list[str]()
    window.on("console", lambda said: troubles.append(f"{said.type}: {said.text}"))
    window.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    window.on("request", lambda asked: troubles.extend([] if asked.url.startswith("file:") else [asked.url]))
    yield window
    context.close()
    assert troubles == []


def show(page: "Page", drawn: Plan, folder: Path) -> None:
    path = folder / "plan.html"
    path.write_text(html.plan(drawn), encoding="utf-8")
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")


@pytest.mark.parametrize("page", LOOKS.values(), ids=LOOKS, indirect=True)
def test_every_text_can_be_read_and_nothing_runs_off_the_side(page: "Page", rich_plan: Plan, tmp_path: Path) -> None:
    show(page, rich_plan, tmp_path)
    seen, dim = page.evaluate(CONTRAST)
    assert seen > 150
    assert dim == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    style = page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor")
    assert style != "rgba(0, 0, 0, 0)", "its style sheet is let in by its policy"


@pytest.mark.parametrize("page", [LOOKS["telephone"]], indirect=True)
@pytest.mark.parametrize("name", [*HOSTILE, "W" * 5_000], ids=range(len(HOSTILE) + 1))
def test_hostile_names_run_nothing_and_do_not_break_the_page(page: "Page", name: str, tmp_path: Path) -> None:
    show(page, hostile_plan(name), tmp_path)
    assert page.locator("section.campaign").count() == 3
    assert page.locator("script, img, iframe, link, style ~ style").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_light_and_dark_are_two_looks_of_one_page(browser: "Browser", rich_plan: Plan, tmp_path: Path) -> None:
    grounds = set()
    for look in (LOOKS["light"], LOOKS["dark"]):
        context = browser.new_context(**look)
        window = context.new_page()
        show(window, rich_plan, tmp_path)
        grounds.add(window.evaluate("getComputedStyle(document.body).backgroundColor"))
        context.close()
    assert len(grounds) == 2


def test_the_page_is_told_in_order_without_eyes(page: "Page", rich_plan: Plan, tmp_path: Path) -> None:
    show(page, rich_plan, tmp_path)
    levels = [
        int(tag[1]) for tag in page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((one) => one.tagName)")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.get_by_role("img", name="From the source to the frames").count() == 3
    assert page.get_by_role("img", name="Parts by alphabet").count() == 1
    assert page.get_by_role("columnheader", name="people").count() == 1
    assert page.get_by_role("rowheader", name="autumn-sale").count() == 1
    assert page.locator("svg").count() == page.locator("svg > title").count()
    assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map((one) => one.id)).size") == (
        page.locator("[id]").count()
    )


def test_a_link_leads_from_the_table_to_the_campaign(page: "Page", rich_plan: Plan, tmp_path: Path) -> None:
    show(page, rich_plan, tmp_path)
    page.get_by_role("rowheader", name="vip-invitation").get_by_role("link").click()
    assert page.locator("section:target h2").inner_text() == "+ vip-invitation"


def test_what_is_folded_opens_without_a_script(page: "Page", tmp_path: Path) -> None:
    path = tmp_path / "plan.html"
    path.write_text(html.plan(plan(step(1))), encoding="utf-8")
    page.goto(path.as_uri())
    told = page.get_by_text("recipient_tracking: false")
    assert not told.is_visible()
    page.get_by_text("Variants, simulation and flags").click()
    assert told.is_visible()


def test_it_can_be_printed_with_what_is_folded(page: "Page", tmp_path: Path) -> None:
    path = tmp_path / "plan.html"
    path.write_text(html.plan(plan(step(1))), encoding="utf-8")
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    assert page.get_by_text("recipient_tracking: false").is_visible()
    paper = page.pdf(format="A4")
    assert paper.startswith(b"%PDF-")
    assert len(paper) > 10_000
