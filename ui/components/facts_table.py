"""Tables of facts as HTML: rows across on a wide screen, and one below the other with their headings on a phone."""

from __future__ import annotations

from collections.abc import Sequence


def facts_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The table; the first cell of a row is its heading.

    Parameters
    ----------
    headings : sequence of str
        Plain words of ours.
    rows : sequence of sequences of str
        Cells as HTML: what came from a visitor is escaped before.
    """
    head = "".join(f"<th scope='col' role='columnheader'>{heading}</th>" for heading in headings)
    # The roles are said, because a row whose cells stand below each other is no table row to a browser.
    body = "".join(
        "<tr role='row'>"
        + f"<th scope='row' role='rowheader'>{row[0]}</th>"
        + "".join(
            f"<td role='cell' data-heading='{heading}'>{cell}</td>"
            for heading, cell in zip(headings[1:], row[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f"<table class='flora-facts flora-stack' role='table'><thead role='rowgroup'><tr role='row'>{head}</tr></thead>"
        f"<tbody role='rowgroup'>{body}</tbody></table>"
    )
