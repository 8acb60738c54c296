import pytest

from octoplan.errors import GatewayError
from octoplan.gateways.octopush import OCTOPUSH_URL, Credentials, check_url, credentials


@pytest.mark.parametrize(
    "url",
    [
        OCTOPUSH_URL,
        "https://API.octopush.com/v1/public",
        "http://localhost:8025/v1/public",
        "http://127.0.0.1:8025/v1/public",
        "http://127.9.9.9",
        "http://[::1]:8025/v1/public/",
        "https://localhost/v1",
        "https://mirror.example.com/v1/public",
        "https://mirror.example.com:8443/v1/public",
    ],
)
def test_octopush_this_machine_and_allowed_hosts_may_be_called(url: str) -> None:
    check_url(url, [" Mirror.example.com "])


@pytest.mark.parametrize(
    "url",
    [
        "http://api.octopush.com/v1/public",
        "http://mirror.example.com/v1/public",
        "https://evil.example.com/v1/public",
        "https://sub.mirror.example.com",
        "https://mirror.example.com.evil.example.org",
        "https://api.octopush.com.evil.example.com",
        "https://api.octopush.com@evil.example.com/v1",
        "https://user:s3cret@api.octopush.com/v1",
        "https://api.octopush.com\\@evil.example.com",
        "https://api.octopush.com/v1?x=1",
        "https://api.octopush.com/v1?",
        "https://api.octopush.com/v1#x",
        "https://api.octopush.com/v1\n",
        " https://api.octopush.com/v1",
        "ftp://localhost/v1",
        "file:///etc/passwd",
        "//api.octopush.com",
        "api.octopush.com",
        "",
        "https://",
        "https:///v1",
        "http://localhost.evil.example.com",
        "http://127.0.0.1.evil.example.com",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::1",
        "https://api.octopush.com:99999999/",
        "https://ⓐpi.octopush.com/",
        "http://lоcalhost/",  # noqa: RUF001 - a Cyrillic letter
    ],
)
def test_no_other_address_gets_our_credentials(url: str) -> None:
    with pytest.raises(GatewayError) as caught:
        check_url(url, ["mirror.example.com"])
    assert caught.value.exit_code == 4
    assert "s3cret" not in f"{caught.value} {caught.value.hint}"


def test_without_an_allowed_host_only_octopush_and_this_machine_count() -> None:
    with pytest.raises(GatewayError, match="not allowed"):
        check_url("https://mirror.example.com/v1/public", [])


def test_both_credentials_are_taken_as_they_are() -> None:
    found = credentials("me@example.com", "k3y", OCTOPUSH_URL)
    assert (found.login, found.key) == ("me@example.com", "k3y")


@pytest.mark.parametrize(("login", "key"), [(None, None), ("", ""), ("me@example.com", None), (None, "k3y")])
def test_missing_credentials_name_their_variables(login: str | None, key: str | None) -> None:
    with pytest.raises(GatewayError) as caught:
        credentials(login, key, OCTOPUSH_URL)
    message = f"{caught.value} {caught.value.hint}"
    assert "OCTOPUSH_API_LOGIN" in message
    assert "OCTOPUSH_API_KEY" in message
    assert "k3y" not in message
    assert "me@" not in message


def test_this_machine_needs_none_but_half_of_them_is_a_mistake() -> None:
    url = "http://127.0.0.1:8025/v1/public"
    assert credentials(None, "", url) == Credentials(login="sandbox", key="sandbox")
    assert credentials("me", "k3y", url) == Credentials(login="me", key="k3y")
    with pytest.raises(GatewayError, match="OCTOPUSH_API_KEY is not set"):
        credentials("me", None, url)


@pytest.mark.parametrize("bad", ["s3cret\n", "s3\r\nX-Evil: 1", "s3crét", " s3cret", "s3cret\x00", "\t", "s3\u2028"])
def test_what_cannot_stand_in_a_header_is_refused_unseen(bad: str) -> None:
    for login, key in ((bad, "k3y"), ("me", bad)):
        with pytest.raises(GatewayError) as caught:
            credentials(login, key, OCTOPUSH_URL)
        assert "s3" not in f"{caught.value!r} {caught.value} {caught.value.hint}"
        assert caught.value.__cause__ is None


def test_credentials_hide_themselves() -> None:
    found = Credentials(login="me@example.com", key="s3cret")
    assert f"{found} {found!r} {[found]}".count("***") == 3
    assert "me@" not in repr(found)
