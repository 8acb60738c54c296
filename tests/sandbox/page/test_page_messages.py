"""A message as people see it, whatever its channel, and all that is known of it."""

from typing import Any

from tests.sandbox.page.conftest import Inbox

FRENCH = (
    "L\u2019automne est là ! -20 % sur toute la boutique jusqu\u2019à dimanche, en ligne et en magasin. Un café vous"
    " attend, et la livraison est offerte. STOP au 30101"
)
CARD = {
    "title": "Desk lamp",
    "description": "Warm light.",
    "media": {"url": "https://img.example.com/lamp.jpg", "height": "TALL"},
    "suggestions": [{"type": "open_url", "text": "Buy it", "url": "https://example.com/lamp"}],
    "badge": "new",
}
RICH = {"message_type": "rich_card", "cards": [CARD]}
VOICE = {"voice_gender": "female", "voice_language": "fr-FR", "get_back_pressed_keys": True}
MAIL = {"subject": "Light for long evenings", "email_from": "shop@example.com", "name_from": "OctoShop"}


def test_an_empty_inbox_teaches_the_command_that_fills_it(window: Inbox, expect: Any) -> None:
    window.open()
    command = window.page.locator("#detail pre")
    expect(command).to_contain_text(f"curl {window.url}/v1/public/multi-channel/send")
    expect(window.page.get_by_text("0 tickets")).to_be_visible()


def test_a_ticket_shows_channel_list_count_cost_and_state(window: Inbox, expect: Any) -> None:
    people = [{"phone_number": f"+3360000000{n}"} for n in range(4)]
    window.send(list_name="pick-up", text=FRENCH, recipients=people, send_at="2099-01-01T10:00:00+01:00", sendat="x")
    window.open()
    row = window.page.get_by_role("link", name="SMS pick-up")
    for said in ("held", "1 forgiven", "4 contacts \u00d7 3 parts each", "€0.540", "automne"):
        expect(row).to_contain_text(said)


def test_an_sms_reads_as_on_a_phone_with_its_parts_and_what_made_it_dear(window: Inbox, expect: Any) -> None:
    shown = window.show(text=FRENCH, sender="OctoShop")
    expect(shown.locator(".phone .from")).to_have_text("OctoShop")
    assert "".join(shown.locator(".part").all_text_contents()) == FRENCH
    assert [len(text) for text in shown.locator(".part").all_text_contents()] == [67, 67, 18]
    assert shown.locator(".cut-number").all_text_contents() == ["2", "3"]
    assert shown.locator(".bubble mark").all_text_contents() == ["\u2019", "\u2019"]
    expect(shown.locator(".counter")).to_contain_text("152 / 201 units")
    expect(shown.locator(".counter")).to_contain_text("3 parts · UCS-2")
    expect(shown.locator(".costlies")).to_contain_text("right single quotation mark\u00d7 2")
    assert shown.locator(".meters .units").all_text_contents() == ["67 / 67", "67 / 67", "18 / 67"]


def test_an_sms_in_gsm_7_has_room_for_160_and_nothing_marked(window: Inbox, expect: Any) -> None:
    shown = window.show(text="Prix : 5 €")
    expect(shown.locator(".counter")).to_contain_text("11 / 160 units")
    assert shown.locator("mark, .cut").count() == 0


def test_a_voice_message_says_who_speaks_which_language_and_what(window: Inbox, expect: Any) -> None:
    shown = window.show("voice_sms", text="Bonjour, appuyez sur 1.", metadata=VOICE)
    expect(shown.locator(".call")).to_contain_text("Female voice, French (France) (fr-FR)")
    expect(shown.locator(".spoken")).to_have_text("Bonjour, appuyez sur 1.")
    expect(shown.locator(".spoken")).to_have_attribute("lang", "fr-FR")
    expect(shown.locator(".call")).to_contain_text("Keys that are pressed are reported back.")


def test_an_rcs_card_shows_its_buttons_and_plainly_what_else_it_holds(window: Inbox, expect: Any) -> None:
    card = window.show("rcs", text="Hello", metadata=RICH).locator(".card")
    expect(card.get_by_role("heading", name="Desk lamp")).to_be_visible()
    expect(card.locator(".media")).to_contain_text("https://img.example.com/lamp.jpg")
    expect(card.get_by_role("list", name="Buttons")).to_contain_text("Buy it")
    expect(card.locator(".buttons .pairs")).to_contain_text("https://example.com/lamp")
    expect(card.locator("> .pairs")).to_have_text("badgenew")
    assert window.page.locator("img").count() == 0


def test_rcs_actions_of_any_shape_are_shown(window: Inbox, expect: Any) -> None:
    actions = [{"label": "Yes"}, {"unheard": {"of": [1]}}]
    shown = window.show("rcs", metadata={"message_type": "simple_text", "actions": actions})
    assert shown.locator(".buttons .label").all_text_contents() == ["Yes", "no label"]
    expect(shown.locator(".buttons")).to_contain_text('{"of":[1]}')


def test_an_e_mail_shows_subject_sender_and_its_body_in_a_frame(window: Inbox, expect: Any) -> None:
    html = "<style>p{color:#123}</style><p>Three <b>lamps</b></p>"
    shown = window.show("email", text=html, metadata=MAIL | {"body_format": "html"})
    expect(shown.locator(".subject")).to_have_text("Light for long evenings")
    expect(shown.locator(".envelope")).to_contain_text("OctoShop <shop@example.com>")
    expect(shown.locator(".envelope")).to_contain_text("ann@example.com")
    expect(window.page.frame_locator("iframe").locator("p")).to_have_text("Three lamps")
    expect(shown.locator("iframe")).to_have_attribute("sandbox", "")


def test_what_was_forgiven_is_said_in_plain_words(window: Inbox, expect: Any) -> None:
    window.show(
        text="STOP au 30101", sendat="soon", purpose="marketing", sender="Octo-Shop", metadata={"with_replies": "yes"}
    )
    assert window.page.locator(".notice li").all_text_contents() == [
        "sender was changed: characters that are not allowed were deleted",
        "purpose is not usable (none of alert, wholesale): defaulted to wholesale",
        "metadata.with_replies was cast: text to truth value",
        "sendat is not a field of this endpoint: ignored",
    ]


def test_a_request_is_shown_as_json_as_received_and_as_bytes(window: Inbox, expect: Any) -> None:
    shown = window.show(text="Où ?")
    body = shown.get_by_role("group", name="Text of the body")
    expect(body).to_contain_text('  "text": "Où ?"')
    shown.get_by_label("As received").check()
    expect(body).to_contain_text('"text": "O\\u00f9 ?"')
    shown.get_by_label("Bytes").check()
    expect(shown.get_by_role("group", name="Bytes of the body")).to_contain_text("7b 22 63 68 61 6e 6e 65")
    expect(shown.get_by_role("group", name="Text of the answer")).to_contain_text('"number_of_contacts": 1')


def test_the_messages_of_a_ticket_are_paged_through(window: Inbox, expect: Any) -> None:
    people = [{"phone_number": f"+33600000{n:03d}"} for n in range(120)]
    shown = window.show(recipients=people)
    expect(shown.locator(".place")).to_have_text("1 of 120")
    shown.get_by_text("Contacts 1 to 50").click()
    shown.get_by_role("link", name="Next 50").click()
    expect(shown.locator(".to")).to_have_text("To +33600000050")
    shown.get_by_role("link", name="Previous message").click()
    expect(shown.locator(".to")).to_have_text("To +33600000049")
    window.page.go_back()
    expect(shown.locator(".place")).to_have_text("51 of 120")
