import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flora_core.determination import AnswerKind, GivenName
from flora_core.study import IRIS, Species
from flora_core.tables.names.typed_names import read_name
from tests.builders import make_study

S, C, A, G, H = AnswerKind.SPECIES, AnswerKind.CF, AnswerKind.AFF, AnswerKind.GENUS, AnswerKind.HYBRID
SETOSA, VERSICOLOR, VIRGINICA = IRIS.species_names
KERNELS = make_study().model_copy(update={"species": tuple(Species(name=n) for n in ("Canadian", "Kama", "Rosa"))})
VARIETIES = make_study().model_copy(
    update={
        "species": tuple(
            Species(name=n) for n in ("Physaria acuta var. alba", "Physaria acuta var. rubra", "Lesquerella x")
        )
    }
)


def read(text, study=IRIS):
    found = read_name(text, study)
    assert not found.problem, found
    return found.given


@pytest.mark.parametrize(
    "text",
    [
        "Iris versicolor",
        " iris  versicolor ",
        "IRIS VERSICOLOR",
        "Iris Versicolor",
        "I. versicolor",
        "I.versicolor",
        "I versicolor",
        "Ir. versicolor",
        "versicolor",
        "Versicolor",
        "Iris versicolor L.",
        "Iris versicolor Linnaeus 1753",
        "iris_versicolor",
        "Iris-versicolor",
        "Iris\u00a0versicolor",
        '"Iris versicolor"',
        "Iris versicolor [sic]",
    ],
)
def test_a_species_is_known_however_it_is_written(text):
    assert read(text) == GivenName(S, VERSICOLOR)


@pytest.mark.parametrize(
    "author", ["Pall. ex Link", "Pallas ex Link", "(Pall.) Link & A.Gray", "L. f.", "L. fil. et al."]
)
def test_an_author_is_read_past(author):
    assert read(f"Iris setosa {author}") == GivenName(S, SETOSA)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Iris", GivenName(G, "Iris")),
        ("iris", GivenName(G, "Iris")),
        ("Iris sp.", GivenName(G, "Iris")),
        ("Iris spp", GivenName(G, "Iris")),
        ("Iris sp. 2", GivenName(G, "Iris")),
        ("sp.", GivenName(G, "Iris")),
        ("genus only", GivenName(G, "Iris")),
        ("Rosa sp.", GivenName(G, "Rosa")),
        ("cf. versicolor", GivenName(C, VERSICOLOR)),
        ("Iris cf. versicolor", GivenName(C, VERSICOLOR)),
        ("Iris cf versicolor L.", GivenName(C, VERSICOLOR)),
        ("cf. Iris versicolor", GivenName(C, VERSICOLOR)),
        ("Iris sp. cf. versicolor", GivenName(C, VERSICOLOR)),
        ("Iris (cf.) versicolor", GivenName(C, VERSICOLOR)),
        ("Iris versicolor?", GivenName(C, VERSICOLOR)),
        ("Iris ?versicolor", GivenName(C, VERSICOLOR)),
        ("Iris aff. virginica", GivenName(A, VIRGINICA)),
        ("Iris sp. aff. virginica", GivenName(A, VIRGINICA)),
        ("I. aff. virginica", GivenName(A, VIRGINICA)),
        ("aff. pseudacorus", None),
        ("Iris cf. pseudacorus", GivenName(C, "Iris pseudacorus")),
        ("Iris versicolor x I. virginica", GivenName(H, VERSICOLOR, VIRGINICA)),
        ("Iris versicolor × Iris virginica", GivenName(H, VERSICOLOR, VIRGINICA)),
        ("I. versicolor X virginica", GivenName(H, VERSICOLOR, VIRGINICA)),
        ("versicolor×virginica", GivenName(H, VERSICOLOR, VIRGINICA)),
        ("Iris versicolor × pseudacorus", GivenName(H, VERSICOLOR, "Iris pseudacorus")),
        ("Iris ×robusta", GivenName(H, "Iris ×robusta")),
        ("Iris x robusta E.S.Anderson", GivenName(H, "Iris ×robusta")),
        ("none of these", GivenName(AnswerKind.NONE)),
        ("None of these.", GivenName(AnswerKind.NONE)),
        ("not an iris", GivenName(AnswerKind.NONE)),
        ("Not an Iris!", GivenName(AnswerKind.NONE)),
        ("another species", GivenName(AnswerKind.NONE)),
        ("Iris pseudacorus", GivenName(S, "Iris pseudacorus")),
        ("I. pseudacorus L.", GivenName(S, "Iris pseudacorus")),
        ("IRIS PSEUDACORUS", GivenName(S, "Iris pseudacorus")),
        ("Rosa canina", GivenName(S, "Rosa canina")),
        ("Capsella bursa-pastoris (L.) Medik.", GivenName(S, "Capsella bursa-pastoris")),
        ("Iris virginicus [sic]", GivenName(S, "Iris virginicus")),
    ],
)
def test_every_other_answer_of_a_botanist(text, expected):
    if expected is None:
        assert read_name(text, IRIS).problem
    else:
        assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "Iris pseudacorus",
            "Iris pseudacorus is not a species of this study. It counts as “none of these” for the model.",
        ),
        ("Rosa sp.", "Rosa is not a genus of this study. It counts as “none of these” for the model."),
        ("Iris versicolor?", "The question mark was read as cf."),
        ("Iris setosa subsp. canadensis", "'Iris setosa subsp. canadensis' counts as Iris setosa."),
        ("Iris versicolor L. var. kermesina", "'Iris versicolor L. var. kermesina' counts as Iris versicolor."),
        ("Iris versicolor", ""),
    ],
)
def test_how_it_was_read_is_said_where_a_person_should_know(text, note):
    assert read_name(text, IRIS).note == note


@pytest.mark.parametrize(
    ("text", "problem", "suggestion"),
    [
        ("", "there is no name", "Write a species, 'none of these', or the genus with 'sp.'."),
        ("NA", "there is no name", ""),
        ("none", "there is no name", "'none of these'"),
        ("?", "there is no name", ""),
        ("indet.", "'indet.' determines nothing", ""),
        ("unknown", "'unknown' determines nothing", ""),
        ("Iris versicolour", "'Iris versicolour' is not a species of this study", "Did you mean Iris versicolor?"),
        ("vericolor", "'vericolor' is not a species of this study", "Did you mean Iris versicolor?"),
        ("I. sertosa", "'I. sertosa' is not a species of this study", "Did you mean Iris setosa?"),
        ("Iirs versicolor", "'Iirs versicolor' is not a species of this study", "Did you mean Iris versicolor?"),
        ("Iris cf. virginca", "'Iris virginca' is not a species of this study", "Did you mean Iris virginica?"),
        (
            "Iris versicolor x virgnica",
            "'Iris virgnica' is not a species of this study",
            "Did you mean Iris virginica?",
        ),
        ("Iriss", "'Iriss' is not a genus of this study", "Did you mean Iris? If not, write Iriss sp. [sic]."),
        ("yes", "'yes' is not a species of this study", "There are: Iris setosa, Iris versicolor, Iris virginica."),
        ("Rosa", "'Rosa' is not a species of this study", "another genus with 'sp.' behind it"),
        ("R. canina", "'R.' is not short for a genus of this study", "Write the genus in full."),
        ("not sure", "'not sure' is not a name that can be read", ""),
        ("Broken petal", "'Broken petal' is not a name that can be read", ""),
        ("Iris 2", "'Iris 2' is not a name that can be read", ""),
        ("42", "'42' is not a name", ""),
        (
            "Iris versicolor or virginica",
            "'Iris versicolor or virginica' says more than a name ('or virginica')",
            "as a remark",
        ),
        ("Iris versicolor / I. virginica", "says more than a name", ""),
        ("Iris versicolor auct. non L.", "says more than a name", ""),
        ("Iris cf. aff. versicolor", "'Iris cf. aff. versicolor' has both cf. and aff.", "Write one of them."),
        ("Iris cf.", "'Iris cf.' does not say which species it may be", "Write for example: Iris cf. versicolor."),
        (
            "Iris versicolor x Iris versicolor",
            "both parents of 'Iris versicolor x Iris versicolor' are Iris versicolor",
            "",
        ),
        ("a x b x c", "'a x b x c' has more than two parents", ""),
        ("Iris versicolor x cf. virginica", "is a hybrid with a doubt", ""),
        ("×", "'×' is not a name", ""),
        ("x" * 300, "is not a name", ""),
    ],
)
def test_what_can_t_be_used_is_sent_back_and_never_corrected(text, problem, suggestion):
    found = read_name(text, IRIS)
    assert found.given is None
    assert problem in found.problem
    assert suggestion in found.suggestion


def test_a_study_whose_names_have_no_genus():
    assert read("kama", KERNELS) == GivenName(S, "Kama")
    assert read("Rosa", KERNELS) == GivenName(S, "Rosa")
    assert read("Kama x Rosa", KERNELS) == GivenName(H, "Kama", "Rosa")
    assert read("cf. Kama", KERNELS) == GivenName(C, "Kama")
    assert read("sp.", KERNELS) == GivenName(G, "")
    assert read_name("Kana", KERNELS).suggestion.startswith("Did you mean Kama?")
    assert "is not a species of this study" in read_name("Durum", KERNELS).problem


def test_varieties_are_answers_of_their_own():
    assert read("P. acuta var. alba", VARIETIES) == GivenName(S, "Physaria acuta var. alba")
    found = read_name("Physaria acuta", VARIETIES)
    assert found.problem == "Physaria acuta is more than one answer here"
    assert found.suggestion == "Write Physaria acuta var. alba or Physaria acuta var. rubra."


pieces = st.lists(
    st.sampled_from(
        [
            "Iris",
            "I.",
            "iris",
            "versicolor",
            "virginica",
            "setosa",
            "x",
            "×",
            "cf.",
            "aff.",
            "?",
            "sp.",
            "L.",
            "var.",
            "(",
            ")",
            "[sic]",
            "none of these",
            "Rosa",
            "-",
        ]
    )
    | st.text(max_size=6),
    max_size=7,
).map(" ".join)


@given(pieces | st.text(max_size=60))
@example("x x x")
@example("I. I. I.")
@example("[sic]")
@example("cf. [sic]")
def test_any_text_is_a_name_or_says_why_not(text):
    for study in (IRIS, KERNELS, VARIETIES):
        found = read_name(text, study)
        assert (found.given is None) == bool(found.problem)
        if found.given is not None:
            assert "\n" not in found.given.written
        if found.given is not None and found.given.answer is S and found.given.name not in study.species_names:
            assert found.note


@given(st.sampled_from(IRIS.species_names), st.integers(0, 14), st.sampled_from("qwzk"))
def test_one_wrong_letter_is_never_another_answer(name, place, letter):
    text = name[:place] + letter + name[place + 1 :]
    found = read_name(text, IRIS)
    assert found.given is None or found.given == GivenName(S, name)


@given(st.sampled_from(IRIS.species_names), st.sampled_from(AnswerKind))
def test_what_is_written_on_a_slip_reads_back_as_the_same_answer(name, answer):
    given_name = {
        S: GivenName(S, name),
        C: GivenName(C, name),
        A: GivenName(A, name),
        G: GivenName(G, "Iris"),
        H: GivenName(H, name, "Iris pseudacorus"),
        AnswerKind.NONE: GivenName(AnswerKind.NONE),
    }[answer]
    assert read(given_name.written) == given_name


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Iris germanica v. Soest", "Iris germanica"),
        ("Sedum hommelsii 't Hart", "Sedum hommelsii"),
        ("× Pardancanda norrisii", "×Pardancanda norrisii"),
        ("Quercus x Turneri", "Quercus ×turneri"),
        ("Iris d'albertisii King", "Iris d'albertisii"),
        ("Iris indet.", "Iris sp."),
        ("Iris nov. sp.", "Iris sp."),
        ("Iris setosa Pall. ex Link s.l.", "Iris setosa"),
        ("Iris\u00a0setosa\u200b", "Iris setosa"),
    ],
)
def test_valid_forms_are_accepted(text, written):
    given = read_name(text, IRIS).given
    assert given is not None
    assert given.written == written
