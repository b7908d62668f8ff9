from xml.etree import ElementTree

import pytest

from ui.components.facts_table import facts_table


def test_every_cell_carries_its_heading_for_a_phone():
    table = ElementTree.fromstring(facts_table(("Version", "By"), [("v2", "Ada"), ("v1", "<i>Bo</i>")]))
    assert [cell.text for cell in table.iter("th")] == ["Version", "By", "v2", "v1"]
    cells = list(table.iter("td"))
    assert [cell.attrib["data-heading"] for cell in cells] == ["By", "By"]
    assert ["".join(cell.itertext()) for cell in cells] == ["Ada", "Bo"]
    assert {e.attrib["role"] for e in table.iter("tr")} == {"row"}


def test_a_row_too_short_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="zip"):
        facts_table(("Version", "By"), [("v2",)])
