"""The inbox in use: lists that find and follow, keys, links, and the sandbox that is steered."""

import json
from typing import Any

import pytest

from tests.sandbox.page.conftest import SEND, Inbox

MAIL = {"subject": "Light for long evenings", "email_from": "shop@example.com"}


def test_search_and_filters_narrow_the_list_and_stand_in_the_address(window: Inbox, expect: Any) -> None:
    for name in ("spring", "summer"):
        window.send(list_name=name, text=f"About {name}")
    window.send("email", list_name="spring-mail", metadata=MAIL)
    window.open()
    window.page.get_by_label("Search tickets").fill("SPRING")
    expect(window.rows).to_have_count(2)
    window.list.get_by_label("Channel").select_option("E-mail")
    expect(window.rows).to_have_count(1)
    assert window.page.url.endswith("#/?search=SPRING&channel=email")
    window.list.get_by_label("State").select_option("Canceled")
    expect(window.page.get_by_text("Nothing fits these filters.")).to_be_visible()
    window.page.get_by_text("Show everything").click()
    expect(window.rows).to_have_count(3)
    assert window.page.get_by_label("Search tickets").input_value() == ""


def test_a_search_for_a_number_opens_that_persons_message(window: Inbox, expect: Any) -> None:
    window.send(recipients=[{"phone_number": f"+3360000000{n}"} for n in range(9)])
    window.open("?search=600000007")
    window.rows.click()
    expect(window.page.locator(".to")).to_have_text("To +33600000007")


def test_a_thousand_tickets_are_shown_fifty_at_a_time(window: Inbox, expect: Any) -> None:
    content = {"channel": "sms", "text": "x", "purpose": "alert", "recipients": [{"phone_number": "+33600000001"}]}
    for _ in range(1000):
        window.call("POST", SEND, content)
    window.open()
    expect(window.rows).to_have_count(50)
    expect(window.list.get_by_role("navigation")).to_contain_text("1 to 50 of 1,000")
    window.list.get_by_role("link", name="Older").click()
    expect(window.list.get_by_role("navigation")).to_contain_text("51 to 100 of 1,000")
    expect(window.list.get_by_role("link", name="Newer")).to_be_visible()


def test_new_tickets_appear_by_themselves_and_disturb_nothing(window: Inbox, expect: Any) -> None:
    opened = [window.send(list_name=f"list {number}", text="Read me") for number in range(30)][4]
    window.open(f"messages/{opened}")
    window.page.locator(".bubble").wait_for()
    window.page.evaluate("getSelection().selectAllChildren(document.querySelector('.bubble'))")
    window.page.get_by_role("link", name="list 7").focus()
    scrolled = window.page.evaluate("document.querySelector('.scroller').scrollTop")
    window.send(list_name="the newest")
    expect(window.rows.first).to_contain_text("the newest")
    expect(window.page.locator("#spoken")).to_have_text("New: SMS, list the newest, 1 contact, sent")
    assert "list 7" in window.focused()
    assert window.page.evaluate("String(getSelection())") == "Read me"
    assert window.page.evaluate("document.querySelector('.scroller').scrollTop") >= scrolled > 0


def test_what_is_typed_is_not_disturbed_either(window: Inbox, expect: Any) -> None:
    window.open("sandbox")
    window.page.get_by_label("Callback URL").press_sequentially("http://127.0")
    window.call("POST", "/_sandbox/settings", {"callback_url": "http://127.0.0.1:9/other", "rcs_agent": False})
    expect(window.page.get_by_label("The account has an RCS agent")).not_to_be_checked()
    assert window.page.get_by_label("Callback URL").input_value() == "http://127.0"
    assert window.focused() == "callback-url"


def test_a_sandbox_that_does_not_answer_is_said_plainly(window: Inbox, expect: Any) -> None:
    window.open()
    window.page.route("**/_sandbox/**", lambda route: route.abort())
    expect(window.page.get_by_role("alert")).to_contain_text("The sandbox does not answer. What is shown is as of")
    window.page.unroute_all()
    expect(window.page.locator("#offline")).to_be_hidden()
    window.send(list_name="meanwhile")
    expect(window.rows).to_contain_text("meanwhile")
    window.troubles.clear()  # the browser itself notes each request that failed


def test_all_can_be_done_with_the_keyboard(window: Inbox, expect: Any) -> None:
    for name in ("one", "two", "three"):
        window.send(list_name=name)
    window.open()
    keys = window.page.keyboard
    keys.press("j")
    keys.press("ArrowDown")
    assert "two" in window.focused()
    keys.press("Enter")
    expect(window.page.get_by_role("heading", name="two")).to_be_focused()
    keys.press("k")
    assert "three" in window.focused()
    keys.press("Escape")
    expect(window.page.locator(".message")).to_be_hidden()
    assert "two" in window.focused() or "three" in window.focused()
    keys.press("/")
    keys.type("one")
    expect(window.rows).to_have_count(1)
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(window.page.get_by_role("heading", name="one")).to_be_focused()
    keys.press("g")
    keys.press("r")
    expect(window.page.get_by_role("heading", name="Requests")).to_be_visible()
    keys.press("?")
    expect(window.page.get_by_role("dialog", name="Keys")).to_be_visible()
    keys.press("Escape")
    expect(window.page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_the_first_tab_leads_past_the_bar_and_every_stop_is_seen(window: Inbox, expect: Any) -> None:
    window.send()
    window.open("messages/1")
    window.page.locator(".message").wait_for()
    window.page.evaluate("document.activeElement.blur()")
    window.page.keyboard.press("Tab")
    assert window.focused() == "skip"
    window.page.keyboard.press("Enter")
    assert window.focused() == "main"
    stops = 0
    window.page.keyboard.press("Tab")
    while window.page.evaluate("document.activeElement !== document.body"):
        ring = "getComputedStyle(document.activeElement).outlineStyle"
        assert window.page.evaluate(ring) == "solid", window.focused()
        window.page.keyboard.press("Tab")
        stops += 1
    assert stops > 8


def test_a_message_can_be_linked_and_back_leads_back(window: Inbox, expect: Any) -> None:
    number = window.send(list_name="linked")
    window.open()
    window.rows.click()
    expect(window.page).to_have_url(f"{window.url}/#/messages/{number}")
    window.page.get_by_role("link", name="Requests").click()
    window.page.go_back()
    expect(window.page.get_by_role("heading", name="linked")).to_be_visible()
    window.page.go_back()
    expect(window.page.locator(".message")).to_be_hidden()
    expect(window.page).to_have_title("Inbox · octoplan sandbox")


def test_a_link_to_what_is_gone_says_so(window: Inbox, expect: Any) -> None:
    window.open("messages/999999")
    expect(window.page.locator("#detail")).to_contain_text("no such message")
    window.open("tickets/sms_0")
    expect(window.page.locator("#detail")).to_contain_text("There is no such ticket.")
    window.troubles.clear()  # the browser itself notes the 404


def test_requests_list_the_refused_and_the_simulated_too(window: Inbox, expect: Any) -> None:
    window.send(list_name="fine")
    window.send(list_name="simulated", simulation_mode=True)
    window.send(purpose="wholesale", text="Sale")
    window.open("requests")
    expect(window.rows).to_have_count(3)
    expect(window.rows.nth(0)).to_contain_text("400 (121)")
    expect(window.rows.nth(0)).to_contain_text("STOP mention")
    expect(window.rows.nth(1).locator(".badge")).to_have_text("simulated")
    window.rows.nth(1).click()
    expect(window.page.locator(".sums")).to_contain_text("yes, nothing was sent")
    assert window.page.locator(".sums a").count() == 0
    window.list.get_by_label("Answer").select_option("Refused")
    expect(window.rows).to_have_count(1)
    window.rows.click()
    expect(window.page.get_by_role("group", name="Text of the answer")).to_contain_text('"code": 121')


def test_time_that_is_advanced_lets_held_messages_go(window: Inbox, expect: Any) -> None:
    soon = window.call("GET", "/_sandbox/version")["now"][:10]
    window.send(list_name="later", send_at=f"{soon}T23:59:59-12:00")
    window.open()
    expect(window.rows).to_contain_text("held")
    window.page.get_by_role("link", name="Sandbox").click()
    window.page.get_by_role("button", name="Advance 24 h").click()
    expect(window.page.locator(".block.clock")).to_contain_text("It is 1 day ahead of real time.")
    window.page.get_by_role("button", name="Advance 24 h").click()
    window.page.get_by_role("link", name="Inbox").click()
    expect(window.rows).not_to_contain_text("held")


def test_rules_credit_blacklist_and_faults_are_set(window: Inbox, expect: Any) -> None:
    window.open("sandbox")
    page = window.page
    page.get_by_role("switch", name="stop mention").uncheck()
    expect(page.locator("tr.off")).to_contain_text("Off: it is sent.")
    page.get_by_label("Credit in EUR").fill("12,5")
    page.locator("#credit-set").click()
    expect(page.locator(".figure")).to_have_text("€12.500")
    page.get_by_label("Number or e-mail to blacklist").fill("+33600000009")
    page.keyboard.press("Enter")
    expect(page.locator(".addresses")).to_contain_text("+33600000009")
    page.get_by_label("Kind").select_option("reset_after")
    page.get_by_label("Times").fill("2")
    page.get_by_role("button", name="Queue it").click()
    expect(page.locator(".queue")).to_contain_text("reset after · 2 times")
    assert window.call("GET", "/_sandbox/settings")["rules_off"] == ["stop_mention"]
    assert window.call("GET", "/_sandbox/credit") == {"amount": 12.5}
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator(".queue")).to_be_empty()


def test_what_cannot_be_set_is_refused_in_words(window: Inbox, expect: Any) -> None:
    window.open("sandbox")
    window.page.get_by_label("Callback URL").fill("nonsense")
    window.page.locator("#callback-set").click()
    expect(window.page.locator(".problem:not(:empty)")).to_contain_text("callback_url: not a URL")
    window.troubles.clear()  # the browser itself notes the 400


def test_callbacks_are_sent_by_hand_and_listed(window: Inbox, expect: Any) -> None:
    shown = window.show()
    expect(shown.get_by_text("Set a callback URL")).to_be_visible()
    window.call("POST", "/_sandbox/settings", {"callback_url": "http://127.0.0.1:9/nobody"})
    shown.get_by_label("Delivery status").select_option("NOT_DELIVERED")
    shown.get_by_role("button", name="Send delivery").click()
    expect(shown.locator(".posted")).to_contain_text("Delivery")
    shown.get_by_role("button", name="Send STOP").click()
    shown.get_by_label("Text of the reply").fill("Oui")
    shown.get_by_role("button", name="Send reply").click()
    expect(shown.locator(".posted li").filter(has_text="failed")).to_have_count(3)
    bodies = [json.loads(text) for text in shown.locator(".posted pre").all_text_contents()]
    assert {"NOT_DELIVERED", "STOP", "Oui"} == {body.get("status") or body["text"] for body in bodies}


@pytest.mark.parametrize("answer", ["Escape", "Keep everything"])
def test_reset_asks_first(window: Inbox, expect: Any, answer: str) -> None:
    window.send()
    window.open("sandbox")
    window.page.get_by_role("button", name="Reset…").click()
    question = window.page.get_by_role("dialog", name="Reset the sandbox?")
    expect(question.get_by_role("button", name="Keep everything")).to_be_focused()
    if answer == "Escape":
        window.page.keyboard.press("Escape")
    else:
        question.get_by_role("button", name=answer).click()
    expect(question).to_be_hidden()
    assert window.call("GET", "/_sandbox/messages")["total"] == 1
    window.page.get_by_role("button", name="Reset…").click()
    question.get_by_role("button", name="Reset", exact=True).click()
    window.page.get_by_role("link", name="Inbox").click()
    expect(window.page.get_by_text("0 tickets")).to_be_visible()
