"""What determinations say depends on who chose the plants: an inbox, or chance."""

import numpy as np
import pytest

from flora_core.determination import AT_RANDOM, AnswerKind, GivenName
from flora_core.storage.records.determinations import Slip
from flora_core.workflows.context import AppContext
from flora_core.workflows.determine.inbox import at_random, inbox
from flora_core.workflows.monitor import monitor_document, monitor_study
from tests.workflows.monitor.seasons import day, flowers, record_flowers

PLANTS = 300


@pytest.fixture
def season(context: AppContext):
    """Three hundred healthy flowers, and the species each is."""
    model = context.champion("iris")
    values, kinds = flowers(model, PLANTS, seed=21)
    recorded = record_flowers(context, values, 0)
    return dict(zip([one.id for one in recorded], kinds.tolist(), strict=True))


def lay(context: AppContext, season, chosen, *, wrong=lambda place: False, source=""):
    names = context.champion("iris").study.species_names
    slips = []
    for place, waiting in enumerate(chosen):
        kind = season[waiting.recorded.id]
        named = waiting.recorded.plant.species
        kind = (named + 1) % 3 if wrong(place) else kind
        said = GivenName(AnswerKind.SPECIES, names[kind])
        slips.append(Slip(waiting.recorded.id, said, "Hanna", day(1).isoformat(), 2, source=source))
    context.determinations.add(slips, entered_by="Hanna")


def test_determining_the_first_of_the_inbox_leaves_a_healthy_study_green(context: AppContext, season) -> None:
    before = monitor_study(context, "iris", until=day(2))
    assert before.verdict == "green"
    assert "Nobody has looked at any drawn at random: wrong names" in before.sentence
    lay(context, season, inbox(context, "iris", most=30).waiting)
    after = monitor_study(context, "iris", until=day(2))
    assert after.verdict == "green"
    assert after.reasons == ()
    assert "30 determined" in after.sentence
    assert "None of those was drawn at random" in after.sentence


def test_plants_that_were_chosen_turn_no_verdict_red_however_wrong_they_are(context: AppContext, season) -> None:
    lay(context, season, inbox(context, "iris", most=40).waiting, wrong=lambda place: True)
    found = monitor_study(context, "iris", until=day(2))
    assert found.verdict == "amber"
    assert "that were not drawn at random 0 were named right" in found.reasons[0]
    assert "Determine 5 drawn at random a week" in found.reasons[0]


def test_plants_drawn_at_random_turn_it_red_and_are_joined_with_the_estimate(context: AppContext, season) -> None:
    lay(
        context,
        season,
        at_random(context, "iris", most=24).waiting,
        wrong=lambda place: place % 3 == 0,
        source=AT_RANDOM,
    )
    found = monitor_study(context, "iris", until=day(2))
    assert found.verdict == "red"
    assert "of 24 flowers drawn at random and determined" in found.sentence
    assert "A person has looked at 24 drawn at random" in found.sentence
    entry = monitor_document(found)["accuracy"][0]
    assert (entry["drawn"], entry["speaking"]) == (24, 24)
    assert entry["joined_low"] < entry["joined"] < entry["joined_high"] < 0.95
    assert entry["joined"] == pytest.approx(entry["speaking_right"] / 24, abs=0.08)


def test_a_few_right_ones_drawn_at_random_say_what_they_could_have_shown(context: AppContext, season) -> None:
    lay(context, season, inbox(context, "iris", most=30).waiting)
    lay(context, season, at_random(context, "iris", most=12).waiting, source=AT_RANDOM)
    found = monitor_study(context, "iris", until=day(2))
    assert found.verdict == "green"
    assert "A person has looked at 12 drawn at random" in found.sentence
    assert "would be noticed about half of the time" in found.sentence
    part = found.last.parts[-1]
    assert part.determined.joined is not None
    assert np.isclose(part.determined.joined.identified, part.realised.identified, atol=2)
