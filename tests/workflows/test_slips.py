from html.parser import HTMLParser
from typing import ClassVar

from flora_core.workflows.identify import identify, record
from flora_core.workflows.slips import slip_page
from tests.builders import typed_flower


def slip(house, by="Ada", number="", **values):
    return slip_page(
        house,
        record(house, [identify(house, "iris", typed_flower(**values))], by=by, door="page", catalogue_number=number),
    )


def test_a_slip_holds_name_author_values_person_date_and_machine(house):
    page = slip(house, number="0042")
    assert "<i>Iris setosa</i> Pall. ex Link" in page
    assert "sepal length 5.1 cm, sepal width 3.5 cm, petal length 1.4 cm, petal width 0.2 cm" in page
    assert "Recorded by Ada" in page
    assert "No. 0042" in page
    assert "Flora Classification, iris v1 (linear discriminant analysis); not yet confirmed by a person" in page


def test_a_doubtful_name_is_cf_and_the_other_is_named(house):
    page = slip(house, sepal_length=6.0, sepal_width=2.7, petal_length=5.1, petal_width=1.6)
    assert "<i>Iris</i> cf. <i>virginica</i>" in page
    assert "Probability 86 %; possible too: <i>I. versicolor</i>" in page


def test_a_stranger_gets_no_name(house):
    page = slip(house, petal_length=14)
    assert "<i>indet.</i>" in page
    assert "setosa" not in page


def test_what_a_person_typed_is_text_and_nothing_else(house):
    page = slip(house, by="<script>alert(1)</script>", number='"><img src=x>')
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_page_loads_nothing(house):
    class Links(HTMLParser):
        found: ClassVar[list[str]] = []

        def handle_starttag(self, tag, attrs):
            self.found += [value for name, value in attrs if name in ("src", "href")]

    Links().feed(slip(house))
    assert Links.found == []
