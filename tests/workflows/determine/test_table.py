import io

import pytest

from flora_core.errors import BadTable, Refused
from flora_core.workflows.determine import Defaults
from flora_core.workflows.determine.table import determine_table
from tests.workflows.determine.conftest import recorded


def lay(context, text, **options):
    stream = io.BytesIO(text.encode())
    return determine_table(context, "iris", stream, "slips.csv", entered_by="Ada", **options)


def counts(found):
    o = found.outcome
    assert o.rows == o.added + o.unchanged + o.refused + o.blank
    return o.rows, o.added, o.unchanged, o.refused, o.blank


def test_every_row_is_added_or_said_why_not_and_the_counts_add_up(either):
    first, second, third = recorded(either, "00001", "00002", "00003")
    text = f"""flora_id,Catalogue number,Determination,Det. by,Date,Level,Remarks
{first},00001,Iris setosa L.,Asa Gray,2024-06-03,3,fresh
,00002,I. aff. virginica,Asa Gray,3 June 2024,,
,00003,Iris versicolour,Asa Gray,2024-06-03,2,
,00003,Iris versicolor,,2024-06-03,2,
,00003,Iris versicolor,Asa Gray,2126-06-03,2,
,00003,,Asa Gray,2024-06-03,2,
,99999,Iris versicolor,Asa Gray,2024-06-03,2,
,00003,Iris versicolor,Asa Gray,2024-06-03,9,
,00003,,,,,
{first},,setosa,asa gray,2024-06-03,3,fresh
"""
    found = lay(either, text)
    assert counts(found) == (10, 2, 1, 6, 1)
    assert [(i.row, i.column, i.value) for i in found.outcome.issues] == [
        (4, "Determination", "Iris versicolour"),
        (5, "Det. by", ""),
        (6, "Date", "2126-06-03"),
        (7, "Determination", ""),
        (8, "flora_id", "99999"),
        (9, "Level", "9"),
    ]
    assert (
        found.outcome.issues[0].sentence().startswith("Row 4: 'Iris versicolour' is not a species of this study. Did")
    )
    assert found.outcome.sentence() == (
        "2 of 10 determinations added; 1 was there already; 6 can't be used; 1 row determines nothing."
    )
    slips = either.determinations.of_each([first, second, third])
    assert [(s.given.written, s.by, s.at, s.level, s.remark, s.source) for s in slips[first]] == [
        ("Iris setosa", "Asa Gray", "2024-06-03", 3, "fresh", "slips.csv")
    ]
    assert [(s.given.written, s.level) for s in slips[second]] == [("Iris aff. virginica", 2)]
    assert slips[third] == ()
    assert found.mapping["Det. by"] == "by"


def test_the_same_table_twice_adds_nothing_with_days_or_without(either):
    ids = recorded(either, "1", "2", "3")
    text = "number;determination;who;on\n1;setosa;Ada;2024\n2;virginica;Ada;\n3;none of these;Ada;\n"
    first = lay(either, text, columns={"on": "date"})
    assert counts(first) == (3, 3, 0, 0, 0)
    second = either.determinations.of(ids[1])[0]
    assert f"2 without a date got today's, {second.at}." in first.outcome.notes[-1]
    assert counts(lay(either, text, columns={"on": "date"})) == (3, 0, 3, 0, 0)
    assert counts(lay(either, text + "1;versicolor;Grace;2025\n", columns={"on": "date"})) == (4, 1, 3, 0, 0)


def test_what_a_table_does_not_say_may_be_said_beside_it(context):
    (plant,) = recorded(context, "1")
    found = lay(context, "plant,name\n1,setosa\n", defaults=Defaults("Ada", "2024-05", 1, "from photographs"))
    assert counts(found) == (1, 1, 0, 0, 0)
    (slip,) = context.determinations.of(plant)
    assert (slip.by, slip.at, slip.level, slip.remark) == ("Ada", "2024-05", 1, "from photographs")
    assert found.outcome.issues == []
    (issue,) = lay(context, "plant,name\n1,virginica\n").outcome.issues
    assert (issue.column, issue.problem) == ("by", "nobody is named")


def test_a_batchs_own_result_with_a_column_of_names_added_is_understood(context):
    (plant,) = recorded(context, "1")
    text = (
        "sepal length,species,flora_id,flora_species,flora_probability,flora_issues,determination,determined by\n"
        f"5.1,unknown,{plant},Iris setosa,0.99,,Iris setosa,Ada\n"
    )
    assert counts(lay(context, text)) == (1, 1, 0, 0, 0)


def test_darwin_cores_name_and_qualifier_are_one_name(context):
    plants = recorded(context, "1", "2", "3", "4")
    lay(
        context,
        "catalogNumber\tscientificName\tidentificationQualifier\tidentifiedBy\tdateIdentified\t"
        "identificationVerificationStatus\n"
        "1\tIris\tcf. versicolor\tAda\t2024-06-03\t1\n2\tIris versicolor\tcf. versicolor\tAda\t2024\t1\n"
        "3\tIris versicolor\taff.\tAda\t2024\t2\n4\tIris versicolor\t\tAda\t2024-06-03T00:00:00Z\t2.0\n",
    )
    assert [context.determinations.of(p)[0].given.written for p in plants] == [
        "Iris cf. versicolor",
        "Iris cf. versicolor",
        "Iris aff. versicolor",
        "Iris versicolor",
    ]


def test_our_own_archive_is_not_taken_for_a_persons_word(context):
    recorded(context, "1")
    text = 'catalogNumber,scientificName,identifiedBy\n1,Iris setosa,"Flora Classification, iris v1 (lda)"\n'
    (issue,) = lay(context, text).outcome.issues
    assert issue.problem == "this is the program's own identification"


def test_other_species_are_counted_and_said_once(context):
    recorded(context, "1", "2")
    found = lay(context, "number,name,by\n1,Iris pseudacorus,Ada\n2,Iris pseudacorus,Ada\n")
    assert (
        "Iris pseudacorus is not a species of this study. It counts as “none of these” for the model. (2 plants)"
        in (found.outcome.notes)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "slips.csv is empty"),
        ("a,b\n1,2\n", "No column says which plant is meant. There are: a, b. Name one flora_id"),
        ("number,b\n1,2\n", "No column holds the determined names. There are: number, b. Name one determination."),
        ("just words\nmore\n", "only one column"),
    ],
)
def test_what_is_no_table_of_determinations_is_refused_with_the_reason(context, text, words):
    with pytest.raises(BadTable, match=words):
        lay(context, text)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": "colour"}, "'colour' is not something a column of determinations holds. There are: id, number, name"),
        ({"c": "name"}, "There is no column 'c'. There are: a, b"),
        ({"a": "name", "b": "name"}, "Two columns are said to hold the name"),
    ],
)
def test_what_is_said_of_columns_must_be_there(context, columns, words):
    with pytest.raises(Refused, match=words):
        lay(context, "a,b\n1,2\n", columns=columns)
