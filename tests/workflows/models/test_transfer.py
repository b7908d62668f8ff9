import dataclasses
import hashlib

import numpy as np
import pytest

from flora_core.errors import Refused, TooLarge
from flora_core.storage.registry.skops_file import pack
from flora_core.workflows.models.comparison import compare_versions
from flora_core.workflows.models.transfer import export_version, import_version
from flora_core.workflows.models.lifecycle import verify_versions


def test_a_version_goes_out_and_comes_in_as_one_of_its_own_that_is_no_champion(context):
    name, content = export_version(context, "iris", 1)
    assert name == "iris-v1.skops"
    card = import_version(context, "iris", content, name, by="Ada")
    assert card.version == 2
    assert (card.imported.by, card.imported.file, card.imported.version) == ("Ada", "iris-v1.skops", 1)
    assert card.imported.sha256 == hashlib.sha256(content).hexdigest()
    assert context.registry.champion_version("iris") == 1
    assert card.warnings[0].startswith(
        "Asked when it was brought in, it named 98.0 % of this study's own 150 flowers right (95 % interval 94.3 to 99.6 %)"
    )
    assert [v.problem for v in verify_versions(context)[0]] == ["", ""]
    _, gate = compare_versions(context, "iris", 1, 2)
    assert gate.passed
    assert "As it was brought in, it names 98.0 %" in gate.reasons[-1]


def test_a_file_whose_model_is_not_what_its_card_states_is_told_and_shut_out(context, champion):
    classify = champion.pipeline[-1]
    # The same algorithm, its borders turned around: setosa where virginica is.
    turned = type(classify)().fit(np.asarray(champion.reference.values), 2 - champion.reference.species)
    pipeline = type(champion.pipeline)([("classify", turned)])
    card = import_version(context, "iris", pack(dataclasses.replace(champion, pipeline=pipeline)), "x.skops", by="Ada")
    assert "don't trust its card" in card.warnings[0]
    _, gate = compare_versions(context, "iris", 1, card.version)
    assert not gate.passed
    assert "its card states 98.0 %" in gate.objections[-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "rosa"}, "is of the study 'rosa' and not of 'iris'"),
        ({"measurements": "mm"}, "measures other characters, or in other units"),
        ({"species": "other"}, "knows other species"),
    ],
)
def test_a_model_of_another_study_is_refused(context, champion, change, said):
    study = champion.study
    if "measurements" in change:
        change = {"measurements": tuple(m.model_copy(update={"unit": "mm"}) for m in study.measurements)}
    if "species" in change:
        change = {"species": (study.species[0].model_copy(update={"name": "Iris hookeri"}), *study.species[1:])}
    card = champion.card.model_copy(update={"study": study.model_copy(update=change)})
    with pytest.raises(Refused, match=said):
        import_version(context, "iris", pack(dataclasses.replace(champion, card=card)), "x.skops", by="Ada")
    assert len(context.registry.versions("iris")) == 1


def test_a_file_whose_parts_don_t_fit_together_registers_nothing(context, champion):
    broken = pack(dataclasses.replace(champion, conformal_thresholds=np.ones(2)))
    with pytest.raises(Refused, match="don't belong together: its set limits have the shape"):
        import_version(context, "iris", broken, "x.skops", by="Ada")
    with pytest.raises(Refused, match="Say who you are"):
        import_version(context, "iris", broken, "x.skops", by="")
    assert len(context.registry.versions("iris")) == 1


def test_a_huge_file_is_refused_unopened(context, monkeypatch):
    small = dataclasses.replace(context, settings=context.settings.model_copy(update={"max_upload_mb": 1}))
    with pytest.raises(TooLarge, match="at most 1 MB are taken"):
        import_version(small, "iris", b"x" * 1_100_000, "x.skops", by="Ada")
