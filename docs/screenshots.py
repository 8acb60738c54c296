"""The running sandbox and a plan → docs/images/*.png: a shop's invented campaigns, looked at in a browser.

Run by `make screenshots`. It needs Debian's chromium (or another one) on PATH; nothing leaves this machine.
"""  # noqa: INP001 - a script beside the documents

import http.client
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page, sync_playwright

from octoplan.sandbox.testing import Octopush, run_octopush

IMAGES = Path(__file__).parent / "images"
EXAMPLES = Path(__file__).parents[1] / "campaigns"
PROJECT = """octoplan: 1
environments:
  production:
    gateway: sandbox
    simulate_to: audience
    prices: {sms_premium: {FR: 0.045, default: 0.09}, voice_sms: 0.12, rcs: 0.08, email: 0.004, currency: EUR}
limits: {max_recipients: 10000, max_cost: 600}
"""
# What a comment looks like where pull requests are read, as far as it matters here.
COMMENT = """<!doctype html><meta charset="utf-8"><style>
body { margin: 16px; font: 14px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff }
main { border: 1px solid #d1d9e0; border-radius: 6px; padding: 4px 16px 12px }
table { border-collapse: collapse } th, td { border: 1px solid #d1d9e0; padding: 5px 11px }
code, pre { background: #f0f2f5; border-radius: 6px; font: 12px ui-monospace, monospace }
code { padding: 2px 5px } pre { padding: 12px; overflow: hidden } summary { margin: 4px 0 }
blockquote { margin: 0; padding-left: 1em; border-left: 4px solid #d1d9e0; color: #59636e }</style><main>"""
SEND = "/v1/public/multi-channel/send"
HEADERS = {"api-key": "any", "api-login": "shop@octoshop.example", "content-type": "application/json"}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")
MORNING = datetime(2026, 11, 3, 7, 30, tzinfo=UTC)

SALE = (
    "L\u2019automne est là ! -20 % sur toute la boutique jusqu\u2019à dimanche, en ligne et en magasin."
    " Un café vous attend, et la livraison est offerte. À bientôt chez OctoShop. STOP au 30101"
)
NEWSLETTER = """<!doctype html><body style="margin:0;background:#f3efe8;font-family:Georgia,serif;color:#2b2622">
<table width="100%" cellpadding="24"><tr><td align="center"><table width="560" bgcolor="#fff" cellpadding="28">
<tr><td><p style="letter-spacing:2px;color:#8a5a2b">OCTOSHOP</p><h1 style="margin:0 0 12px">Light for long evenings</h1>
<p>Three lamps arrived from the workshop this week. Each is turned by hand, and each is a little different.</p>
<table width="100%" cellpadding="12" cellspacing="6"><tr align="center"><td bgcolor="#f6e9d8">Lumen<br><b>39 €</b></td>
<td bgcolor="#e6ece2">Petit phare<br><b>54 €</b></td><td bgcolor="#e4e8ef">Veilleuse<br><b>24 €</b></td></tr></table>
<p><a href="https://octoshop.example" style="background:#8a5a2b;color:#fff;padding:10px 18px">See the lamps</a></p>
<p style="font-size:12px;color:#8a8078">You get this as a customer of OctoShop. Unsubscribe at any time.</p></td></tr>
</table></td></tr></table>"""
CARD = {
    "title": "Lumen, the desk lamp",
    "description": "Warm light in three steps. 39 € until Sunday, in our shops and online.",
    "media": {"url": "https://img.octoshop.example/lumen.jpg", "height": "MEDIUM"},
    "suggestions": [
        {"type": "open_url", "text": "Buy it now", "url": "https://octoshop.example/lumen"},
        {"type": "reply", "text": "Remind me later", "postback": "later"},
    ],
}


def _people(number: int, first: int = 0) -> list[dict[str, str]]:
    return [{"phone_number": f"+336000{first + index:05d}"} for index in range(number)]


def _sms(text: str, list_name: str, contacts: int, **fields: Any) -> dict[str, Any]:
    common = {"channel": "sms", "sender": "OctoShop", "purpose": "alert", "auto_optimize_text": False}
    return common | {"text": text, "list_name": list_name, "recipients": _people(contacts, len(text))} | fields


ORDERS = [
    _sms(f"Votre commande {number} est en route. Suivi : octoshop.example/c/{number}", "orders", 1)
    for number in range(48213, 48219)
]
RCS = {
    "channel": "rcs",
    "sender": "OctoShop",
    "purpose": "wholesale",
    "list_name": "lamps-rcs",
    "text": "Bonsoir Camille, la lampe que vous aviez repérée est de retour.",
    "recipients": _people(64, 700),
    "metadata": {"message_type": "rich_card", "cards": [CARD], "with_replies": True},
}
EMAIL = {
    "channel": "email",
    "purpose": "wholesale",
    "list_name": "newsletter-november",
    "text": NEWSLETTER,
    "recipients": [{"email": f"{name}@example.com"} for name in ("camille", "noor", "sacha", "theo")],
    "metadata": {
        "subject": "Light for long evenings",
        "email_from": "bonjour@octoshop.example",
        "name_from": "OctoShop",
        "body_format": "html",
        "emailing_service": "mailbox",
    },
}
VOICE = {
    "channel": "voice_sms",
    "sender": "OctoShop",
    "purpose": "alert",
    "list_name": "appointments",
    "text": "Bonjour, ici OctoShop. Votre rendez-vous est demain à dix heures. Appuyez sur 1 pour confirmer.",
    "recipients": _people(7, 300),
    "metadata": {
        "type": "voice_sms",
        "voice_gender": "female",
        "voice_language": "fr-FR",
        "get_back_pressed_keys": True,
    },
}
FORGIVEN: dict[str, Any] = {"sendat": "2026-11-06T10:00:00+01:00", "purpose": "marketing"}
DAY: Sequence[Mapping[str, Any]] = (
    *ORDERS,
    VOICE,
    _sms("Soldes : -20 % dimanche", "autumn-sale", 120, purpose="wholesale"),
    EMAIL,
    _sms(SALE, "autumn-sale", 120, simulation_mode=True, purpose="wholesale"),
    RCS,
    _sms("Demain 9 h : retrait de votre lampe en boutique.", "pick-up", 12, send_at="2026-11-04T08:00:00+01:00"),
    _sms(SALE, "autumn-sale", 120, metadata={"type": "sms_premium", "with_replies": "yes"}, **FORGIVEN),
    _sms("Votre code OctoShop est 481 516. Il expire dans 5 minutes.", "login-codes", 1),
)


def _send(running: Octopush, content: Mapping[str, Any]) -> None:
    running.advance(minutes=17)
    connection = http.client.HTTPConnection(urlsplit(running.address).netloc, timeout=20)
    connection.request("POST", SEND, json.dumps(content), HEADERS)
    connection.getresponse().read()
    connection.close()


def _open(browser: Browser, **look: Any) -> Page:
    common = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "timezone_id": "Europe/Paris"}
    return browser.new_context(**common | {"reduced_motion": "reduce"} | look).new_page()


def _take(page: Page, running: Octopush, list_name: str, name: str) -> None:
    """Open the newest ticket of a list (blank: none), and take a picture."""
    found = running.tickets(list_name=list_name)
    page.clock.set_fixed_time(running.sandbox.now())
    page.goto(f"{running.address}/#/{f'tickets/{found[-1].ticket}' if found else ''}")
    shown = page.locator("#opened-title", has_text=list_name) if found else page.locator(".none")
    shown.wait_for()
    page.wait_for_timeout(500)  # for the frame of an e-mail
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=IMAGES / f"{name}.png")


def _plan(folder: Path, form: str) -> str:
    """The example campaigns, with prices and limits, planned → their plan in a format."""
    command = (sys.executable, "-m", "octoplan", "-C", str(folder), "--env", "production")
    if not (folder / "octoplan.yaml").exists():
        shutil.copytree(EXAMPLES, folder / "campaigns")
        folder.joinpath("octoplan.yaml").write_text(PROJECT, encoding="utf-8")
        subprocess.run((*command, "state", "init"), check=True, capture_output=True)  # noqa: S603 - octoplan itself
    plan = (*command, "plan", "--format", form, "--out", str(folder / "autumn.plan"))
    return subprocess.run(plan, check=True, capture_output=True, text=True).stdout  # noqa: S603 - as above


def _take_plans(light: Page) -> None:
    """A plan as a page, at its top and at one campaign; and as a comment, with a campaign unfolded."""
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder) / "shown.html"
        shown.write_text(_plan(Path(folder), "html"), encoding="utf-8")
        light.set_viewport_size({"width": 980, "height": 840})
        light.goto(shown.as_uri())
        light.screenshot(path=IMAGES / "plan.png")
        top: Any = light.locator("#c1").bounding_box() or {}
        light.screenshot(path=IMAGES / "plan-campaign.png", full_page=True, clip={**top, "height": 862})
        light.locator("#c1 > .charts").screenshot(path=IMAGES / "plan-funnel.png")
        comment = MarkdownIt("commonmark", {"html": True}).enable("table").render(_plan(Path(folder), "markdown"))
        shown.write_text(COMMENT + comment, encoding="utf-8")
        light.goto(shown.as_uri())
        light.locator("summary", has_text="appointment-reminder").click()
        light.locator("main").screenshot(path=IMAGES / "plan-comment.png")


def main() -> int:
    """Send everything, take the pictures; 1 if there is no browser."""
    program = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        sys.stderr.write("no chromium on PATH\n")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with run_octopush() as running, sync_playwright() as playwright:
        running.set_clock(MORNING, frozen=True)
        for content in DAY:
            _send(running, content)
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        light, dark = _open(browser), _open(browser, color_scheme="dark")
        phone = _open(browser, viewport={"width": 390, "height": 800}, device_scale_factor=1.5)
        for page, list_name, name in (
            (light, "none", "inbox"),
            (light, "autumn-sale", "sms"),
            (light, "newsletter-november", "email"),
            (light, "lamps-rcs", "rcs"),
            (dark, "appointments", "voice-dark"),
            (phone, "autumn-sale", "phone"),
        ):
            _take(page, running, list_name, name)
        _take_plans(_open(browser))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
