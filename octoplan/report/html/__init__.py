"""A plan, or what became of it → one page to look at: no scripts, nothing loaded from elsewhere, made for print too.

    page       plan, page, LIMIT  the whole: head, what blocks it, who gets what and when, a section per campaign
    applied    applied            what became of it, when it was applied
    sections   section, matters, bounds_table, channel, when
                                  one campaign
    previews   previews           how its messages read: telephones and letters
    charts     Bar, Piece, chart, people_funnel, parts_chart, people_chart, cost_chart, keyed
                                  numbers as inline SVG
    markup     Html, element, joined, lines, name, said, short
                                  the only door by which text gets into a page: escaped

The style sheet is `page.css`; the page lets in that one alone, by its digest.
"""

from octoplan.report.html.applied import applied
from octoplan.report.html.page import LIMIT, plan

__all__ = ["LIMIT", "applied", "plan"]
