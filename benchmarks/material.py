"""A folder → the projects that are measured; every person in them is invented, every number is +33 6 00 0x xx xx."""

from collections.abc import Iterable, Iterator
from pathlib import Path

PEOPLE = 100_000  # as many as +33 6 00 0x xx xx has numbers
TEXTS = 200
FEW_PEOPLE = 2_000
MILLION = 1_000_000
CAMPAIGNS = 300
MERGED = 10_000
TEMPLATE = "Hello from your shop in {{ town }}: 20% off until Sunday, and coffee is on us."
PERSONAL_TEMPLATE = (
    "Hello {{ first_name }}, {% if points | int > 500 %}you have {{ points }} points{% else %}collect points{% endif %}"
    " at your shop in {{ town }}: your code is {{ code }}, until Sunday."
)

_CAMPAIGN = """\
channel: sms
purpose: alert
open: true
sender: OctoShop
metadata: {type: sms_premium}
"""
_INLINE = """\
recipients:
  - {phone_number: "+33600000001"}
  - {phone_number: "+33600000002"}
text: Your parcel has arrived at the shop.
"""
_PERSONAL_HEAD = "phone_number,first_name,code,town,points\n"
_FROM_FILE = """\
audience: {from: audiences/contacts.csv}
text_file: text.txt
"""


def inline_project(folder: Path) -> Path:
    """A folder → the folder of a project of one campaign that names its recipients itself."""
    _write(folder, "inline.yaml", _CAMPAIGN + _INLINE)
    return folder


def audience_project(folder: Path, *, people: int, texts: int) -> Path:
    """A folder → the folder of a project of one campaign for a file of `people`, who get `texts` different texts."""
    _write(folder, "text.txt", TEMPLATE)
    _write(folder, "from-file.yaml", _CAMPAIGN + _FROM_FILE)
    contacts = contacts_of(folder)
    contacts.parent.mkdir(parents=True)
    write_contacts(contacts, range(people), texts)
    return folder


def personal_project(folder: Path, *, people: int, personalization: str) -> Path:
    """A folder → the folder of a project of one campaign, in which everybody's text is another one."""
    _write(folder, "text.txt", PERSONAL_TEMPLATE)
    _write(folder, "personal.yaml", f"{_CAMPAIGN}{_FROM_FILE}personalization: {personalization}\n")
    contacts = contacts_of(folder)
    contacts.parent.mkdir(parents=True)
    with contacts.open("w", encoding="utf-8", newline="") as file:
        file.write(_PERSONAL_HEAD)
        file.writelines(_personal_lines(0, people))
    return folder


def many_project(folder: Path, *, people: int, campaigns: int) -> Path:
    """A folder → the folder of a project of as many campaigns, each for a file of its own, `people` in all of them."""
    _write(folder, "text.txt", PERSONAL_TEMPLATE)
    contacts_of(folder).parent.mkdir(parents=True)
    each = people // campaigns
    for number in range(campaigns):
        name = f"contacts-{number:03}.csv"
        _write(folder, f"sale-{number:03}.yaml", _CAMPAIGN + _FROM_FILE.replace("contacts.csv", name))
        with contacts_of(folder).with_name(name).open("w", encoding="utf-8", newline="") as file:
            file.write(_PERSONAL_HEAD)
            file.writelines(_personal_lines(number * each, (number + 1) * each))
    return folder


def merge_project(folder: Path, *, people: int) -> Path:
    """A folder → the same with what mailmerge reads: a template with its header, a database, a server never asked."""
    _write(folder, "text.txt", PERSONAL_TEMPLATE)
    folder.joinpath("mailmerge_server.conf").write_text("[smtp_server]\nhost = 127.0.0.1\nport = 9\n")
    header = "TO: {{ email }}\nSUBJECT: Hello\nFROM: shop@example.com\n\n"
    folder.joinpath("mailmerge_template.txt").write_text(header + PERSONAL_TEMPLATE + "\n", encoding="utf-8")
    with folder.joinpath("mailmerge_database.csv").open("w", encoding="utf-8", newline="") as file:
        file.write("email,first_name,code,town,points\n")
        file.writelines(
            f"nobody.{number}@example.com,Élodie,{_code(number)},Sainte-Anne {number % TEXTS},{number % 1009}\n"
            for number in range(people)
        )
    return folder


def write_contacts(path: Path, numbers: Iterable[int], texts: int = TEXTS) -> None:
    """A path and people by number → a contact file of them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(_lines(numbers, texts))


def contacts_of(project: Path) -> Path:
    """A project made here → its contact file."""
    return project / "campaigns" / "audiences" / "contacts.csv"


def template_of(project: Path) -> Path:
    """A project made here → its template."""
    return project / "campaigns" / "text.txt"


def _code(number: int) -> str:
    """A number → a code that no other number below a hundred million has, in no order."""
    return f"C{number * 7919 % 100_000_007:08}"


def _personal_lines(first: int, end: int) -> Iterator[str]:
    for number in range(first, end):
        yield f"+336{number:08},Élodie {number % 9973},{_code(number)},Sainte-Anne {number % TEXTS},{number % 1009}\n"


def _lines(numbers: Iterable[int], texts: int) -> Iterator[str]:
    yield "phone_number,first_name,last_name,town,points\n"
    for number in numbers:
        yield f"+336{number:08},Élodie,Lefèvre {number % 977},Sainte-Anne {number % texts},{number % 1009}\n"


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / "campaigns" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
