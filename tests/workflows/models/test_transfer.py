import dataclasses
import hashlib
import io
import json
import os
import resource
import zipfile

import numpy as np
import pytest

from flora_core.errors import Refused, TooLarge
from flora_core.storage.registry.skops_file import pack
from flora_core.workflows.models import incoming
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
    classify = champion.fitted_pipeline[-1]
    # The same algorithm, its borders turned around: setosa where virginica is.
    turned = type(classify)().fit(np.asarray(champion.reference.values), 2 - champion.reference.species)
    pipeline = type(champion.fitted_pipeline)([("classify", turned)])
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


def crafted(content: bytes, change) -> bytes:
    """The file with its description changed: change takes and gives the document."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            kept = old.read(name)
            new.writestr(name, json.dumps(change(json.loads(kept))).encode() if name == "schema.json" else kept)
    return stream.getvalue()


def classifier(schema):
    return schema["content"]["pipeline"]["content"]["content"]["steps"]["content"][-1]["content"][1]["content"]["content"]


@pytest.mark.parametrize("method", ["predict_proba", "decision_function", "_validate_X_predict", "__class__"])
def test_an_attribute_in_the_place_of_a_method_is_refused_or_left_out(context, champion, method):
    def change(schema):
        attributes = classifier(schema)
        attributes[method] = attributes["coef_"]
        return schema

    content = crafted(pack(champion), change)
    if not hasattr(champion.fitted_pipeline[-1], method):
        # A name that means nothing here is not taken.
        card = import_version(context, "iris", content, "x.skops", by="Ada")
        assert method not in vars(context.model("iris", card.version).fitted_pipeline[-1])
        return
    with pytest.raises(Refused, match="in the place of a method|what no model of this program is made of"):
        import_version(context, "iris", content, "x.skops", by="Ada")


def test_a_model_that_breaks_the_process_which_reads_it_is_refused(context, champion, monkeypatch):
    monkeypatch.setattr(incoming, "_HERE", "tests.workflows.models.test_transfer")
    with pytest.raises(Refused, match="breaks the program that reads it"):
        import_version(context, "iris", pack(champion), "leaves.skops", by="Ada")
    assert len(context.registry.versions("iris")) == 1


def answer_parts(content, asked):
    os._exit(3)
    yield b""


def test_a_file_that_unfolds_into_much_more_than_any_model_is_refused_in_little_memory(context, champion):
    reference = dataclasses.replace(
        champion.reference,
        values=np.zeros((4_000_000, 4)),
        species=np.zeros(4_000_000, dtype=np.int64),
        probabilities=np.full((4_000_000, 3), 1 / 3),
    )
    bomb = pack(dataclasses.replace(champion, reference=reference))
    assert len(bomb) < 2_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises((Refused, TooLarge), match=r"\.$"):
        import_version(context, "iris", bomb, "x.skops", by="Ada")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
