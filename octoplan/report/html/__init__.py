"""A plan → one self-contained page to look at: no scripts, nothing loaded from elsewhere, light or dark, printable.

    page       plan, LIMIT        the whole: head, what blocks it, who gets what and when, a section per campaign
    sections   section, matters, bounds_table, channel, when
                                  one campaign
    previews   previews           how its messages read: telephones and letters
    charts     Bar, Piece, chart, people_funnel, parts_chart, people_chart, cost_chart, keyed
                                  numbers as inline SVG
    markup     Html, element, joined, lines, name, said, short
                                  the only door by which text gets into a page: escaped

The style sheet is `page.css`; the page lets in that one alone, by its digest.
"""

from octoplan.report.html.page import LIMIT, plan

__all__ = ["LIMIT", "plan"]
