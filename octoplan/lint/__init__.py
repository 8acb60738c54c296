"""A campaign as its author wrote it → what is allowed in it and is seldom meant: Problems, most of them warnings.

    rules      RULES: every rule by its id, in a sentence
    prose      a campaign → its texts, templates masked, each of which knows where it stands
    stop       the STOP mention: missing, spelled wrong, or in a part of its own
    comments   texts that YAML ends at a `#`
    links      links without https, or through a shortener
    wording    placeholders left over, all capitals, two spaces, zeros that are not printed
    unseen     characters that nobody sees, and texts that differ in nothing else
    senders    senders that operators refuse
    written    all of that which needs nobody's message

What needs the messages, or what was sent last, is asked by `pipeline.linting`. Nothing here has seen a row: a finding
quotes what stands in a file of the author's, and little of it.
"""

from octoplan.lint.written import lint, without

__all__ = ["lint", "without"]
