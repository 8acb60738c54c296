"""The inbox shows strangers' content and is for everybody: nothing of it runs, breaks the page, or cannot be read."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import octoplan.sandbox
from tests.sandbox.page.conftest import Inbox

if TYPE_CHECKING:
    from playwright.sync_api import Page

WEB = Path(octoplan.sandbox.__file__).parent / "web"
EVIL = (
    "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>\"'`--></style>javascript:alert(1)"
    "\u202eturned\u2066 \x00\x07\u200b" + "e" + "\u0301" * 3000 + "W" * 400
)
HOSTILE_MAIL = (
    "<script>window.ran = 1; parent.ran = 1</script><img src='https://evil.example.com/a.png' onerror='parent.ran = 1'>"
    "<link rel=stylesheet href='https://evil.example.com/a.css'><style>@import 'https://evil.example.com/b.css';</style>"
    "<iframe src='https://evil.example.com/'></iframe><form action='https://evil.example.com/'><button>Go</button></form>"
    "<a href='https://evil.example.com/' target='_top'>Away</a><meta http-equiv=refresh content='0;url=https://evil.example.com/'>"
)
CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")


def _is_untouched(page: "Page") -> bool:
    return bool(page.evaluate("window.ran === undefined && document.querySelectorAll('img, main script').length === 0"))


def _widths(page: "Page") -> list[int]:
    found: list[int] = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]")
    return found


def _fill(window: Inbox) -> list[str]:
    """Send one of each channel, with notes and a refusal → where all that can be seen."""
    window.send(purpose="wholesale", text="Sale")
    card = {
        "title": "Lamp",
        "description": "Warm",
        "media": {"url": "https://x.example/a"},
        "buttons": [{"label": "Buy"}],
    }
    messages = (
        window.send(text="Bientôt là" + "." * 150, list_name="autumn", sendat="x", sender="OctoShop"),
        window.send(list_name="later", send_at="2099-01-01T00:00:00Z"),
        window.send("voice_sms", list_name="call", metadata={"voice_gender": "male"}),
        window.send("rcs", list_name="card", metadata={"message_type": "rich_card", "cards": [card]}),
        window.send("email", list_name="mail", metadata={"subject": "Hi", "email_from": "a@example.com"}),
    )
    refused = window.call("GET", "/_sandbox/requests?refused=true")["requests"][0]["id"]
    return ["", "requests", f"requests/{refused}", "sandbox", *(f"messages/{number}" for number in messages)]


@pytest.mark.parametrize("channel", ["sms", "voice_sms", "rcs"])
def test_hostile_content_is_shown_and_does_not_run(window: Inbox, expect: Any, channel: str) -> None:
    window.call("POST", "/_sandbox/settings", {"rules_off": ["text_length", "sender", "voice_language"]})
    evil = {
        EVIL[:60]: EVIL,
        "title": EVIL,
        "media": EVIL,
        "buttons": [EVIL, {"label": EVIL, "url": "javascript:alert(1)"}],
    }
    metadata = {"message_type": "rich_card", "cards": [evil], "actions": [evil], "voice_language": EVIL, "type": EVIL}
    shown = window.show(channel, text=EVIL, list_name=EVIL, sender=EVIL, metadata=metadata, **{EVIL[:30]: 1})
    expect(shown).to_contain_text("<script>window.ran = 1</script>")
    assert _is_untouched(window.page)
    assert _widths(window.page)[:2] == [1280, 1280]
    face = window.page.locator(".face").bounding_box()
    row = window.rows.first.bounding_box()
    assert face is not None
    assert row is not None
    assert face["height"] < 900
    assert row["height"] < 80
    expect(window.rows.first.locator("bdi").first).to_contain_text("<script>")
    assert "\u202e" not in (window.rows.first.text_content() or "")


def test_a_hostile_e_mail_reaches_neither_us_nor_the_net(window: Inbox, expect: Any) -> None:
    asked: list[str] = []
    window.page.on("requestfinished", lambda request: asked.append(request.url))
    metadata = {"subject": EVIL, "email_from": EVIL, "name_from": EVIL, "body_format": "html"}
    shown = window.show("email", text=HOSTILE_MAIL, metadata=metadata)
    expect(window.page.frame_locator("iframe").get_by_text("Away")).to_be_visible()
    window.page.frame_locator("iframe").first.get_by_text("Away").click()
    window.page.frame_locator("iframe").first.get_by_role("button", name="Go").click()
    window.page.wait_for_timeout(500)
    expect(shown.locator("iframe")).to_have_attribute("sandbox", "")
    assert window.page.evaluate("document.querySelector('iframe').contentDocument") is None
    assert window.page.url.startswith(f"{window.url}/#/messages/")
    assert _is_untouched(window.page)
    assert not [url for url in asked if "evil" in url]
    window.troubles.clear()  # the browser notes all that it stopped


def test_a_megabyte_of_text_is_shown_in_pieces(window: Inbox, expect: Any) -> None:
    window.call("POST", "/_sandbox/settings", {"rules_off": ["text_length", "credit"]})
    shown = window.show(text="x" * 1_000_000, list_name="giant")
    expect(shown.locator(".bubble")).to_be_visible()
    assert shown.evaluate("element => element.textContent.length") < 100_000
    box = shown.bounding_box()
    assert box is not None
    assert box["height"] < 3000
    shown.get_by_label("As received").check()
    shown.get_by_role("button", name="Show more").click()
    expect(shown.get_by_role("group", name="Text of the body")).to_have_count(2)


@pytest.mark.parametrize("window", [{"viewport": {"width": 360, "height": 740}}], indirect=True)
def test_on_a_phone_nothing_scrolls_sideways(window: Inbox, expect: Any) -> None:
    places = _fill(window)
    window.send(text=EVIL[-1000:], list_name=EVIL, sender="OctoShop")
    for place in places:
        window.open(place)
        assert _widths(window.page) == [360, 360, 360], place
    expect(window.page.locator(".list")).to_be_hidden()
    window.page.get_by_role("button", name="Back to the list").click()
    expect(window.rows.first).to_be_visible()
    expect(window.page.locator(".detail")).to_be_hidden()


@pytest.mark.parametrize("window", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_every_text_stands_out_from_its_ground(window: Inbox) -> None:
    places = _fill(window)
    window.call("POST", "/_sandbox/blacklist", {"addresses": ["+33600000009"]})
    for place in places:
        window.open(place)
        seen, dim = window.page.evaluate(CONTRAST)
        assert seen > 20
        assert dim == [], place


def test_everything_that_can_be_used_has_a_name(window: Inbox) -> None:
    places = _fill(window)
    window.call("POST", "/_sandbox/settings", {"callback_url": "http://127.0.0.1:9/"})
    session = window.page.context.new_cdp_session(window.page)
    used = {"button", "link", "textbox", "searchbox", "combobox", "switch", "radio", "spinbutton", "Iframe", "dialog"}
    for place in places:
        window.open(place)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        named = [(one["role"]["value"], one.get("name", {}).get("value")) for one in nodes if not one["ignored"]]
        assert not [role for role, name in named if role in used and not name], place
        roles = {role for role, _ in named}
        assert {"banner", "main", "navigation", "heading", "link"} <= roles


def test_the_reader_of_a_row_hears_all_that_it_shows(window: Inbox) -> None:
    _fill(window)
    window.open()
    snapshot = window.page.locator(".list").aria_snapshot()
    assert re.search(r'link "E-mail mail [0-9:]+ sent Hi 1 contact €0.001"', snapshot), snapshot
    assert re.search(r'link "SMS later [0-9:]+ held Hello 1 contact €0.045"', snapshot), snapshot
    assert "1 contact \u00d7 3 parts each €0.135" in snapshot
    assert 'list "Inbox, newest first"' in snapshot


@pytest.mark.parametrize("window", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_those_who_do_not_want_it(window: Inbox) -> None:
    window.send()
    window.open()
    moving = (
        "[...document.querySelectorAll('*')].some((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0)"
    )
    assert window.page.evaluate(moving) is False


def test_the_pages_own_files_are_small_and_parse_no_html() -> None:
    files = sorted(WEB.iterdir())
    assert {"index.html", "inbox.css", "main.js"} <= {path.name for path in files}
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert path.suffix in {".html", ".css", ".js"}
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|new Function|@import|url\(", text
        )
        assert set(re.findall(r"https?://[\w.]+", text)) <= {"http://www.w3.org", "http://127.0.0.1"}, path.name
        assert len(text.splitlines()) <= 300, path.name
