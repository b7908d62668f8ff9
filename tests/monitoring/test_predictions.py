import numpy as np

from flora_core.monitoring.predictions import PredictionSample
from flora_core.monitoring.windows import Window


def test_which_plants_can_be_used():
    answers = PredictionSample(
        np.array([[0.5, 0.5], [np.nan, 0.5], [0.1, 0.9], [0.2, 0.8]]), np.array([0, 1, -1, 5]), np.array([0, 0, 1, -1])
    )
    assert answers.usable.tolist() == [True, False, False, True]
    assert answers.known.tolist() == [True, True, False, False]
    assert len(answers[Window(0, 1, 3)]) == 2
    assert answers[answers.known].true.tolist() == [0, 0]
