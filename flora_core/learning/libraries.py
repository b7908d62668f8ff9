"""The libraries a model was trained with: with others the same plants, settings and seed may give other scores."""

from __future__ import annotations

import platform

from flora_core.model import ModelCard


def libraries() -> dict[str, str]:
    """The versions of what scores depend on, as they are here and now."""
    import numpy
    import scipy
    import sklearn

    return {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
    }


def libraries_note(card: ModelCard) -> str:
    """What differs from the libraries of the card, in a sentence; "" where nothing does."""
    here = libraries()
    differing = [
        f"{name} {card.libraries.get(name, 'unknown')} then, {here[name]} now"
        for name in here
        if card.libraries.get(name) != here[name]
    ]
    if not differing:
        return ""
    return f"Trained with other libraries ({'; '.join(differing)}): trained again, its scores may differ a little."
