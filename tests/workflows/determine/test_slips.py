from html.parser import HTMLParser
from typing import ClassVar

import pytest

from flora_core.workflows.determine import determine
from flora_core.workflows.determine.slips import slip_page
from flora_core.workflows.identify import identify, record
from tests.builders import typed_flower


def slip(context, by="Ada", number="", **values):
    return slip_page(
        context,
        record(
            context, [identify(context, "iris", typed_flower(**values))], by=by, door="page", catalogue_number=number
        ),
    )


def test_a_slip_holds_name_author_values_person_date_and_machine(context):
    page = slip(context, number="0042")
    assert "<i>Iris setosa</i> Pall. ex Link" in page
    assert "sepal length 5.1 cm, sepal width 3.5 cm, petal length 1.4 cm, petal width 0.2 cm" in page
    assert "Recorded by Ada" in page
    assert "No. 0042" in page
    assert "Flora Classification, iris v1 (linear discriminant analysis); not yet confirmed by a person" in page


def test_a_doubtful_name_is_cf_and_the_other_is_named(context):
    page = slip(context, sepal_length=6.0, sepal_width=2.7, petal_length=4.9, petal_width=1.6)
    assert "<i>Iris</i> cf. <i>virginica</i>" in page
    assert "Probability 57 %; possible too: <i>I. versicolor</i>" in page


def test_an_unusual_plant_s_probability_is_said_with_that_doubt(context):
    page = slip(context, sepal_length=5.5, sepal_width=4.6)
    assert "<i>Iris setosa</i>" in page
    doubt = "Unusual for every species of the study; may be none of them."
    assert f"{doubt} If it is one: probability more than 99 %" in page
    assert doubt not in slip(context)


def test_a_stranger_gets_no_name(context):
    page = slip(context, petal_length=14)
    assert "<i>indet.</i>" in page
    assert "setosa" not in page


def test_a_determined_plant_bears_the_newest_name_and_what_was_said_before_in_order(context):
    found = identify(context, "iris", typed_flower())
    (one,) = record(context, [found], by="Ada", door="page", collector="Anderson", site="Gaspé")
    determine(context, "iris", one.id, "cf. virginica", by="Grace", date="1928", level="1")
    determine(context, "iris", one.id, "versicolor x virginica", by="<b>Ada</b>", date="1936-06")
    determine(context, "iris", one.id, "setosa", by="Asa Gray", date="2024-06-03", level="3", remark="seen alive")
    page = slip_page(context, (one,))
    assert "<h1><i>Iris setosa</i> Pall. ex Link</h1>" in page
    assert "<p>det. Asa Gray, 2024-06-03 (determined by a reviser of the group). seen alive</p>" in page
    assert (
        "Determined before: <i>Iris</i> cf. <i>virginica</i> (det. Grace, 1928) | <i>Iris versicolor</i> × "
        "<i>Iris virginica</i> (det. &lt;b&gt;Ada&lt;/b&gt;, 1936-06)"
    ) in page
    assert "<p>Gaspé, leg. Anderson</p>" in page
    assert (
        "Identified by Flora Classification, iris v1 (linear discriminant analysis): <i>Iris setosa</i> Pall. ex Link."
        in page
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Iris sp.", "<i>Iris</i> sp."),
        ("none of these", "none of the species of “Fisher&#x27;s irises”"),
        ("Iris pumila", "<i>Iris pumila</i>"),
        ("aff. setosa", "<i>Iris</i> aff. <i>setosa</i>"),
        ("Iris ×robusta", "<i>Iris ×robusta</i>"),
    ],
)
def test_every_answer_has_its_way_of_writing(context, name, written):
    (one,) = record(context, [identify(context, "iris", typed_flower())], by="Ada", door="page")
    determine(context, "iris", one.id, name, by="Ada")
    assert f"<h1>{written}</h1>" in slip_page(context, (one,))


def test_what_a_person_typed_is_text_and_nothing_else(context):
    page = slip(context, by="<script>alert(1)</script>", number='"><img src=x>')
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_the_page_loads_nothing(context):
    class Links(HTMLParser):
        found: ClassVar[list[str]] = []

        def handle_starttag(self, tag, attrs):
            self.found += [value for name, value in attrs if name in ("src", "href")]

    Links().feed(slip(context))
    assert Links.found == []


def test_one_slip_is_a_label_and_several_are_sheets_to_cut(context):
    one = slip(context)
    assert "size: 105mm 60mm" in one
    assert 'class="sheet"' not in one
    found = identify(context, "iris", typed_flower())
    recorded = tuple(record(context, [found], by="Ada", door="page")[0] for _ in range(3))
    sheet = slip_page(context, recorded)
    assert "size: A4" in sheet
    assert sheet.count('class="slip"') == 3
    assert "<title>Determination slip 3 plants</title>" in sheet
