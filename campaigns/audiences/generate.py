"""Write the audience files of the examples beside this script, the same bytes each time.

Every person is invented: French numbers are +33 6 00 0x xx xx, foreign ones count up from zero, and mail goes to
example.com, .net and .org. The faults are those of real exports (notations, duplicates, blanks, rows that cannot be
read), well under the 5 % that a campaign accepts by default.

Only `Random.random()` is drawn from, since Python promises to keep its sequence and no other method's. Cells are quoted
here, since `csv` has changed its mind about when to. No file is compressed: the bytes would depend on the zlib at hand.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar
from unicodedata import normalize

T = TypeVar("T")

SEED = 20_260_901
NBSP = "\u00a0"

FIRST_NAMES = {
    "FR": "Zoé,Élodie,Chloé,Anaïs,Maëlle,Inès,Noémie,Camille,Aurélie,Océane,Hélène,Manon,Théo,Loïc,François,Jérôme,"
    "Mathéo,Gaël,Rémi,Benoît,Hugo,Léa,Jean-Noël,Cédric,Marie-Ève,Zoé 🌻,Lou ✨",
    "BE": "Noor,Wout,Lotte,Maëlys,Thibault,Jef,Amélie,Senne,Fleur,Björn,Elke 🚲",
    "ES": "Íñigo,María José,Begoña,Álvaro,Núria,Sofía,Martín,Lucía,Iván,Ángela,Paco 🎸",
    "DE": "Jürgen,Käthe,Björn,Sören,Anneliese,Müge,Günter,Lena,Jörg,Zoë,Kai 🐙",
}
LAST_NAMES = {
    "FR": "Lefèvre,Dupré,Bégué,D'Hérouville,Le Goff,Garçon,Müller-Blanc,Noël,Château,Œuvrard,Saint-Aubin,Lemaître,"
    "Périer,Rousseau,Fontaine,Guérin,Boyer,Aubry,Marchand,Collet",
    "BE": "Peeters,Van den Broeck,De Smet,Lambert,Goossens,D'Hondt,Claes,Dujardin",
    "ES": "Muñoz,Ibáñez,Peña,García Núñez,Díaz,Ordóñez,Castaño,Zubiría",
    "DE": "Großmann,Köhler,Weiß,Schäfer,Böhm,von der Heide,Jäger,Krüger",
}
TOWNS = {
    "FR": "Paris,Paris,Paris,Paris,Lyon,Lyon,Lyon,Marseille,Marseille,Lille,Lille,Nîmes",
    "BE": "Liège,Gent,Bruxelles",
    "ES": "Málaga,A Coruña,San Sebastián",
    "DE": "Köln,München,Saarbrücken",
}
MEMBER_TOWNS = ("Paris", "Lyon", "Nîmes", "Liège", "Málaga", "Köln", "Orléans", "L'Haÿ-les-Roses", "Besançon", "Évreux")
NOTES = (
    'Likes boots; "size 39 only"',
    "Call after 18:00\nRing twice",
    "Paid in two parts; 40 € and 35 €",
)
STORES = ("Paris", "Lyon", "Marseille", "Lille", "Bordeaux")
COMPANIES = ("Fontaine, Fils & Cie", 'Atelier "Le Bégonia"', "Société Œil Neuf", "Dupré SARL", "")
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi")
HOURS = ("9 h", "10 h 30", "11 h 15", "14 h", "15 h 45", "17 h")


class Draw:
    """Choices drawn from a seed, the same ones on every Python."""

    def __init__(self, seed: int) -> None:
        self.random: Callable[[], float] = Random(seed).random

    def below(self, limit: int) -> int:
        """Draw a whole number from 0 to `limit` - 1."""
        return int(self.random() * limit)

    def chance(self, share: float) -> bool:
        """Draw true in a `share` of all cases."""
        return self.random() < share

    def pick(self, choices: Sequence[T]) -> T:
        """Draw one of the choices."""
        return choices[self.below(len(choices))]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """Draw an order of the values."""
        keyed = [(self.random(), place) for place in range(len(values))]
        return [values[place] for _, place in sorted(keyed)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone invented: `number` is the national number without its leading zero."""

    country: str
    number: str
    first_name: str
    last_name: str


def french(draw: Draw, lowest: int, count: int) -> list[Person]:
    """Invent `count` French people, in no order, whose numbers end in `lowest` or a little more."""
    return [person(draw, "FR", f"6000{line:05}") for line in draw.shuffled(range(lowest, lowest + 3 * count))[:count]]


def foreign(draw: Draw, country: str, count: int) -> list[Person]:
    """Invent `count` people of a country, whose numbers count up from zero."""
    first = {"BE": "4700", "ES": "6000", "DE": "151000"}[country]
    return [person(draw, country, f"{first}{line:05}") for line in range(1, count + 1)]


def person(draw: Draw, country: str, number: str) -> Person:
    """Invent the person behind a number, with names of the country; a first name is sometimes unknown."""
    return Person(
        country=country,
        number=number,
        first_name="" if draw.chance(0.03) else draw.pick(FIRST_NAMES[country].split(",")),
        last_name=draw.pick(LAST_NAMES[country].split(",")),
    )


def notation(draw: Draw, who: Person) -> str:
    """Write a person's number in one of the ways in which people write it."""
    number = who.number
    if who.country != "FR":
        code = {"BE": "32", "ES": "34", "DE": "49"}[who.country]
        return draw.pick((f"+{code}{number}", f"00{code}{number}", f"+{code} {number[:3]} {number[3:6]} {number[6:]}"))
    return draw.pick(FRENCH_NOTATIONS)(number)


def pairs(number: str, gap: str) -> str:
    """Write a national number as people say it, two digits at a time."""
    return gap.join((number[0], *(number[place : place + 2] for place in range(1, 9, 2))))


FRENCH_NOTATIONS: tuple[Callable[[str], str], ...] = (
    lambda number: "+33" + number,
    lambda number: "0" + number,
    lambda number: "0" + pairs(number, " "),
    lambda number: "0" + pairs(number, "."),
    lambda number: "0" + pairs(number, NBSP),
    lambda number: "0" + pairs(number, "-"),
    lambda number: "0033" + number,
    lambda number: "+33 " + pairs(number, " "),
    lambda number: "+33" + NBSP + pairs(number, NBSP),
    lambda number: "+33 (0)" + pairs(number, " "),
    lambda number: number,  # a spreadsheet took the zero away
)


def again(draw: Draw, who: Person, written: str) -> str:
    """Write a person's number otherwise than it is `written`."""
    while (other := notation(draw, who)) == written:
        pass
    return other


def wrong_numbers(draw: Draw, count: int) -> list[str]:
    """Invent `count` cells that are no phone number, the kinds in turn."""
    kinds = (
        lambda: "",
        lambda: "N/A",
        lambda: f"06 00 0{draw.below(10)} {draw.below(90) + 10}",  # the end is missing
        lambda: f"01 00 0{draw.below(10)} {draw.below(90) + 10} 4",  # a landline, one digit short
        lambda: f"06 00 01 23 {draw.below(90) + 10} / 06 00 01 24 {draw.below(90) + 10}",  # two in one cell
        lambda: "3,36E+10",  # a spreadsheet took it for a quantity
    )
    return [kinds[place % len(kinds)]() for place in range(count)]


def cell(text: str, separator: str) -> str:
    """Turn a value into a cell, in quotes where it must be (RFC 4180)."""
    if any(mark in text for mark in (separator, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text


def table(rows: Sequence[Sequence[str]], separator: str, *, line_end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Turn rows, the header first, into a file; `utf-8-sig` puts the byte-order mark in front."""
    lines = (separator.join(cell(text, separator) for text in row) + line_end for row in rows)
    return "".join(lines).encode(encoding)


def address(who: Person, number: int) -> str:
    """Make a person's e-mail address, without accents, unique by its number."""
    names = normalize("NFKD", f"{who.first_name or 'm'}.{who.last_name}".lower().replace("œ", "oe").replace("ß", "ss"))
    local = "".join(letter for letter in names if letter in "abcdefghijklmnopqrstuvwxyz.-").strip(".-")
    return f"{local}{number}@example.{('com', 'net', 'org')[number % 3]}"


def town(draw: Draw, country: str) -> str:
    """Draw a town of a country, spelled as people type it, sometimes not at all."""
    name = draw.pick(TOWNS[country].split(","))
    if draw.chance(0.03):
        return ""
    return draw.pick((name, name, name, name, name, name.upper(), name.lower(), f"{name} "))


def customers(draw: Draw, people: Sequence[Person], kept: Collection[Person]) -> bytes:
    """Turn people into customers.csv: a byte-order mark, semicolons. Those to be `kept` opted in, once each."""
    rows: list[tuple[str, ...]] = []
    for place, who in enumerate(people):
        opted_in = "yes" if who in kept else draw.pick(("yes",) * 17 + ("no", "no", ""))
        points = "" if draw.chance(0.03) else str(int(2500 * draw.random() ** 3))
        note = draw.pick(NOTES) if draw.chance(0.02) else ""
        rest = (who.first_name, who.last_name, town(draw, who.country), who.country, opted_in, points, note)
        rows.append((notation(draw, who), *rest))
        if who not in kept and place % 40 == 0:
            rows.append((again(draw, who, rows[-1][0]), *rest))
    rest = ("Camille", "Collet", "Lyon", "FR", "yes", "120", "")
    rows.extend((number, *rest) for number in wrong_numbers(draw, 42))
    rows.extend(("0600099999", *rest, *surplus) for surplus in (("x",), ("", "moved")))
    header = ("mobile", "first_name", "last_name", "city", "country", "opted_in", "points", "note")
    return table((header, *draw.shuffled(rows)), ";", encoding="utf-8-sig") + b"\n"


def members(draw: Draw, people: Sequence[Person], kept: Collection[Person]) -> bytes:
    """Turn people into members.ndjson: numbers, booleans, a nested address. Those to be `kept` are active."""
    lines: list[dict[str, object]] = []
    for place, who in enumerate(people):
        row: dict[str, object] = {
            "email": address(who, place),
            "first_name": who.first_name or None,
            "points": 50 + place % 900 if who in kept else int(1800 * draw.random() ** 2),
            "active": who in kept or draw.chance(0.85),
            "address": {"city": None if draw.chance(0.03) else draw.pick(MEMBER_TOWNS)},
        }
        lines.append(row)
        if who not in kept and place % 45 == 0:
            lines.append({**row, "email": str(row["email"]).title() if place % 2 else row["email"]})
    wrong = ("", None, "n/a", "elodie.dupre@example", "theo.lefevre@@example.com", "chloe.noel example.org", "", None)
    lines.extend({**lines[0], "email": text, "points": 300, "active": True} for text in wrong)
    written = [json.dumps(line, ensure_ascii=False) for line in draw.shuffled(lines)]
    written.insert(611, written[610][: len(written[610]) // 2])  # a line that was cut
    return ("\n".join(written) + "\n\n").encode()


def appointments(draw: Draw, people: Sequence[Person]) -> bytes:
    """Turn people into appointments.tsv: tabs, days and hours in French, some of them cancelled."""
    rows: list[tuple[str, ...]] = []
    for place, who in enumerate(people):
        hour = "" if draw.chance(0.02) else draw.pick(HOURS)
        status = draw.pick(("booked",) * 11 + ("cancelled",))
        rows.append((notation(draw, who), f"{who.first_name} {who.last_name}".strip(), draw.pick(DAYS), hour, status))
        if place % 70 == 0:
            rows.append((again(draw, who, rows[-1][0]), *rows[-1][1:]))
    rows.extend((number, "Manon Périer", "lundi", "9 h", "booked") for number in wrong_numbers(draw, 16))
    rows.append(("0600099998", "Rémi Boyer", "mardi", "14 h", "booked", "rappeler"))
    return table((("phone_number", "patient", "day", "hour", "status"), *draw.shuffled(rows)), "\t")


def vip(draw: Draw, people: Sequence[Person], kept: Collection[Person]) -> bytes:
    """Turn people into vip.csv: commas, and the line ends of a Windows spreadsheet."""
    rows: list[tuple[str, ...]] = []
    for place, who in enumerate(people):
        store = "" if who not in kept and draw.chance(0.02) else draw.pick(STORES)
        rest = (who.first_name, who.last_name, draw.pick(COMPANIES), store, draw.pick(("gold", "gold", "platinum")))
        rows.append((notation(draw, who), *rest))
        if who not in kept and place % 60 == 0:
            rows.append((again(draw, who, rows[-1][0]), *rest))
    rows.extend((number, "Lou ✨", "Noël", "", "Paris", "gold") for number in wrong_numbers(draw, 9))
    rows.append(("+33600099997", "Gaël", "Garçon", "", "Lille", "gold", "", "plus one"))
    header = ("phone", "first_name", "last_name", "company", "store", "level")
    return table((header, *draw.shuffled(rows)), ",", line_end="\r\n") + b"\r\n"


def unsubscribed(draw: Draw, people: Sequence[Person], mail: Sequence[str]) -> bytes:
    """Turn people and as many e-mail addresses into unsubscribed.csv, every cell of it filled and readable."""
    rows = [
        (notation(draw, who), text, f"2026-0{draw.below(8) + 1}-1{draw.below(10)}")
        for who, text in zip(people, mail, strict=True)
    ]
    return table((("mobile", "email", "since"), *draw.shuffled(rows)), ";")


def competitors(draw: Draw, people: Sequence[Person]) -> bytes:
    """Turn people into competitors.csv, its column called as in customers.csv."""
    rows = [(f"+33{who.number}", draw.pick(("Calamar Mode", "Poulpe & Co", "Seiche SARL"))) for who in people]
    return table((("mobile", "company"), *rows), ",")


def audiences() -> dict[str, bytes]:
    """Make every file: its name and its bytes."""
    draw = Draw(SEED)
    ours, patients, guests, online, strangers = (
        french(draw, lowest, count)
        for lowest, count in ((1, 3420), (20_000, 1960), (40_000, 1180), (60_000, 1990), (90_000, 120))
    )
    neighbours = [
        who for country, count in (("BE", 250), ("ES", 180), ("DE", 120)) for who in foreign(draw, country, count)
    ]
    rivals, left_us, left_guests, left_online = ours[:14], ours[14:80], guests[:25], online[:40]
    left = (*left_us, *left_guests, *strangers[:40])
    mail = [address(who, 5000 + place) for place, who in enumerate((*left_us, *left_guests))]
    mail.extend(
        address(who, place).upper() if place % 3 else address(who, place) for place, who in enumerate(left_online)
    )
    return {
        "customers.csv": customers(draw, draw.shuffled((*ours, *neighbours)), {*rivals, *left_us}),
        "members.ndjson": members(draw, online, {*left_online}),
        "appointments.tsv": appointments(draw, (*patients, *foreign(draw, "BE", 40))),
        "vip.csv": vip(draw, guests, {*left_guests}),
        "unsubscribed.csv": unsubscribed(draw, left, mail),
        "competitors.csv": competitors(draw, (*rivals, *strangers[40:60])),
    }


if __name__ == "__main__":
    for name, content in audiences().items():
        Path(__file__).with_name(name).write_bytes(content)
        print(f"{name}: {len(content):,} bytes")
