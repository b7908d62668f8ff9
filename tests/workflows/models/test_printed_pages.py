import re

from flora_core.identification.key import surrogate_key
from flora_core.model import Origin
from flora_core.workflows.models.lifecycle import history
from flora_core.workflows.models.printed_pages import card_page, key_page


def test_a_card_to_print_says_what_to_know_before_trusting_it(context):
    page = card_page(context.registry.card("iris", 1), history(context, "iris"))
    assert "Fisher&#x27;s irises: version 1" in page
    assert "98.0 % named right (95 % interval 94.3 to 99.6 %, n = 150)" in page
    assert "Always naming the commonest species would reach 33.3 %" in page
    assert "<td><i>Iris virginica</i></td><td class='n'>49 of 50</td>" in page
    assert "Fisher himself warned" in page
    assert "promoted by Flora Classification: First start" in page


def test_it_loads_nothing_and_what_a_person_typed_is_text(context):
    card = context.registry.card("iris", 1).model_copy(update={"trained_by": "<script>x</script>"})
    page = card_page(card)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=", page)


def test_a_version_that_was_brought_in_says_so(context):
    card = context.registry.card("iris", 1)
    origin = Origin(by="Ada", at=card.trained_at, file="iris.skops", sha256="ab" * 32, version=3)
    page = card_page(card.model_copy(update={"imported": origin}))
    assert "Brought in</b> by Ada" in page
    assert "they were not measured here" in page


def test_a_key_to_print_has_numbered_couplets_with_names_at_their_ends(champion):
    page = key_page(champion.card, surrogate_key(champion))
    assert "<td>1a</td>" in page
    assert "<td>1b</td>" in page
    assert "<i>Iris setosa</i> <span class='small'>n = 50, 100 %</span>" in page
