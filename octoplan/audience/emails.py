"""An e-mail address → a Verdict, and what its mailbox is known by; the only door to email-validator.

An address is sent as written. Its spellings are one person: letters of ASCII in either case, composed characters or not
(NFC), a domain in letters of any script, in capitals, or as DNS has it (`xn--`).

The syntax is email-validator's (RFC 5321, 5322, 6531, 5891, and the special-use domains of RFC 6761), without asking
the network. Plain addresses are told in SQL: a law in the tests says that both agree.
"""

import re
import unicodedata

from octoplan.audience.verdict import BLANK, Verdict, trimmed
from octoplan.table.keys import folded
from octoplan.table.rows import Check

NO_EMAIL = "not an e-mail address"
A_NUMBER = "a phone number, not an e-mail address"
_NUMBER = re.compile(r"\+?(?:[ .()/\u00a0\u202f-]*\d){6,}[ .()/\u00a0\u202f-]*")

# At most 64 bytes in all, so that no limit of a part can be passed; no `--`, which means something in a label; no
# top-level domain that is reserved. What does not fit is not wrong: email-validator decides.
_PLAIN = (
    r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24}"
)
_RESERVED = ("arpa", "invalid", "local", "localhost", "onion", "test")


def check() -> Check:
    """Nothing → the SQL that tells plain addresses."""
    # Reserved top-level domains are told by their first letters: a few others with these go the slow way.
    reserved = "|".join(_RESERVED)
    address = (
        f"CASE WHEN strlen(f0) <= 64 AND regexp_full_match(f0, '{_PLAIN}') AND NOT contains(f0, '--') "
        f"AND NOT regexp_matches(f0, '(?i)\\.(?:{reserved})$') THEN f0 END"
    )
    return Check(address=address, country="NULL::VARCHAR", folded=False)


def verdict(raw: str) -> Verdict:
    """A value as it stands in a row → its Verdict."""
    import email_validator  # noqa: PLC0415 - 20 ms that clean addresses do not need

    address = trimmed(raw)
    if not address:
        return Verdict(None, None, BLANK)
    try:
        email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return Verdict(None, None, A_NUMBER if _NUMBER.fullmatch(address) else NO_EMAIL)
    return Verdict(address)


def known_as(address: str) -> str:
    """An address → what it is compared by; a number, or what is no address, by itself."""
    if "@" not in address or (address.isascii() and "xn--" not in folded(address)):
        return folded(address)
    import email_validator  # noqa: PLC0415 - as in `verdict`

    try:
        found = email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return folded(address)
    return folded(f"{unicodedata.normalize('NFC', address.rpartition('@')[0])}@{found.ascii_domain}")
