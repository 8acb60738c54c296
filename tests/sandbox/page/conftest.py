"""A real server in a process of its own, and a real browser → windows on the inbox, for tests.

Debian's package chromium, found on PATH, and Playwright's Python package do it. Where one is missing the tests are
skipped with a line that says so, unless OCTOPLAN_DEMAND_BROWSER is set, as CI does: then they fail.
"""

import http.client
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

DEMAND = "OCTOPLAN_DEMAND_BROWSER"
SCREEN = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "timezone_id": "Europe/Paris"}
PATIENCE = 8000
SEND = "/v1/public/multi-channel/send"
HEADERS = {"api-key": "k", "api-login": "l", "content-type": "application/json"}
_FOLLOW = (
    "place => new Promise((done) => { addEventListener('hashchange', done, {once: true}); location.hash = place; })"
)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_program() -> str:
    """Find the browser; skip the test if it or Playwright is missing, or fail it where they are demanded."""
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    if program and importlib.util.find_spec("playwright"):
        return program
    missing = "playwright is not installed" if program else "there is no chromium on PATH"
    said = f"no page is looked at in a browser: {missing}"
    if os.environ.get(DEMAND):
        pytest.fail(said)
    pytest.skip(said)


@contextmanager
def run_browser() -> Iterator["Browser"]:
    """Run headless Chromium while the block does."""
    program = find_program()
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may be missing

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def run_server(folder: Path) -> Iterator[str]:
    """Run `octoplan sandbox serve` while the block does → its address."""
    command = (sys.executable, "-m", "octoplan", "-C", str(folder), "sandbox", "serve", "--memory", "--port", "0")
    environment = os.environ | {"PYTHONWARNINGS": "error", "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        try:
            assert " inbox at " in said, said + process.stderr.read()
            yield said.rpartition(" inbox at ")[2].strip().rstrip("/")
        finally:
            process.terminate()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The sandbox at `url`, and a window on it. `troubles`: what the console complained about, and foreign requests."""

    url: str
    page: "Page"
    troubles: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, content: object = None) -> Any:
        """Call the sandbox as a program does; its answer as JSON, None if it has no content."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            connection.request(method, path, None if content is None else json.dumps(content).encode(), HEADERS)
            answer = connection.getresponse().read()
            return json.loads(answer) if answer else None
        finally:
            connection.close()

    def send(self, channel: str = "sms", **fields: Any) -> int:
        """Send a request → the id of its first message, 0 if none came of it."""
        to = {"email": "ann@example.com"} if channel == "email" else {"phone_number": "+33600000001"}
        common = {"channel": channel, "text": "Hello", "recipients": [to], "purpose": "alert"}
        answer = self.call("POST", SEND, common | fields)
        ticket = answer.get("sms_ticket") or answer.get("ticket_number")
        found = self.call("GET", f"/_sandbox/messages?ticket={ticket}&limit=1")["messages"] if ticket else []
        return found[0]["id"] if found else 0

    def open(self, place: str = "") -> None:
        """Open a place of the page, such as `messages/12`, and wait until it is shown."""
        if self.page.url.startswith(self.url):
            self.page.evaluate(_FOLLOW, f"#/{place}")
        else:
            self.page.goto(f"{self.url}/#/{place}")
        self.page.locator("main:not([aria-busy])").wait_for()

    def show(self, channel: str = "sms", **fields: Any) -> "Locator":
        """Send a request, open its first message → the element that shows it."""
        self.open(f"messages/{self.send(channel, **fields)}")
        shown = self.page.locator("article.message")
        shown.wait_for()
        return shown

    @property
    def list(self) -> "Locator":
        """The list that is seen, of tickets or of requests."""
        return self.page.locator(".listing:visible")

    @property
    def rows(self) -> "Locator":
        """The rows of that list."""
        return self.list.locator(".row")

    def focused(self) -> str:
        """Say what has the focus: its id, or else its text."""
        found = self.page.evaluate("document.activeElement.id || document.activeElement.innerText")
        return str(found)


@contextmanager
def look(browser: "Browser", url: str, settings: Mapping[str, Any]) -> Iterator[Inbox]:
    """Open a window on an empty sandbox; at the end, whatever it complained about is an error."""
    context = browser.new_context(**SCREEN | dict(settings))
    context.set_default_timeout(PATIENCE)
    inbox = Inbox(url=url, page=context.new_page())
    inbox.page.on("console", lambda said: inbox.troubles.append(f"{said.type}: {said.text}"))
    inbox.page.on("pageerror", lambda error: inbox.troubles.append(f"error: {error}"))
    inbox.page.on("dialog", lambda dialog: inbox.troubles.append(f"dialog: {dialog.message}"))
    inbox.page.on("request", lambda asked: inbox.troubles.extend(_note_foreign(asked.url, url)))
    inbox.call("POST", "/_sandbox/reset")
    inbox.call("DELETE", "/_sandbox/faults")
    try:
        yield inbox
        assert inbox.troubles == []
    finally:
        context.close()


def _note_foreign(asked: str, ours: str) -> list[str]:
    own = asked.startswith((f"{ours}/", "data:", "about:"))
    return [] if own else [f"request: {asked}"]


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser for all tests of a module."""
    with run_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all tests of a module → its address. It is not started where there is no browser."""
    with run_server(tmp_path_factory.mktemp("inbox")) as address:
        yield address


@pytest.fixture
def window(browser: "Browser", address: str, request: pytest.FixtureRequest) -> Iterator[Inbox]:
    """A window on an empty sandbox; a test's parameter sets how it looks."""
    with look(browser, address, getattr(request, "param", {})) as inbox:
        yield inbox


@pytest.fixture
def expect(browser: "Browser") -> Callable[..., Any]:
    """Playwright's patient assertions."""
    from playwright.sync_api import expect  # noqa: PLC0415 - it may be missing

    expect.set_options(timeout=PATIENCE)
    return expect
