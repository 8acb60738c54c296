"""The script that people write today: contacts and a template come in, one request body per person goes out.

    python by_hand.py CONTACTS.csv TEMPLATE.txt

It is what octoplan is measured against, so it is written well: the template is compiled once, and rows are streamed.
"""

import csv
import json
import sys
from pathlib import Path

from jinja2 import Template


def main(contacts: str, template: str) -> None:
    """A file of contacts and a template → request bodies on stdout, one a line."""
    render = Template(Path(template).read_text(encoding="utf-8")).render
    with Path(contacts).open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            recipients = [{"phone_number": row["phone_number"]}]
            body = {"channel": "sms", "purpose": "alert", "text": render(row), "recipients": recipients}
            sys.stdout.write(json.dumps(body) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
