"""Directions fitted to codes: the normal of a boundary between two classes, or the slope of scores.

InterFaceGAN (Shen et al. 2020) takes the normal of a linear boundary between codes with and without an attribute.
Here, logistic regression finds it. If the codes have scores instead, ridge regression finds the direction along which
the score rises. Both need scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOLDS = 5  # folds of the cross-validation
_SEED = 0  # seed of the shuffle before the cross-validation
_PENALTIES = np.logspace(-3, 4, 15)  # of ridge regression; a cross-validation within each fit chooses one
_ITERATIONS = 2000


@dataclass(frozen=True, eq=False)
class Boundary:
    """A direction, and the quality of its predictions for codes that it was not fitted to."""

    direction: NDArray[np.float64]  # [D], of length 1, towards the positive class or higher scores
    accuracy: float  # the fraction of held-out codes on the correct side of the boundary, or of the median score
    explained: float | None  # R² of held-out scores; None for two classes
    folds: int


def fit_boundary(codes: NDArray[Any], scores: NDArray[Any]) -> Boundary:
    """Fit a direction to codes: by logistic regression if the scores have two values, otherwise by ridge regression.

    The accuracy is measured by cross-validation: each code is predicted by a fit to the other folds. The direction is
    fitted to all codes.

    Args:
        codes: [n, D].
        scores: [n].

    Raises:
        ValueError: scikit-learn is not installed, or the codes are too few or all alike.
    """
    try:
        from sklearn import linear_model, model_selection
    except ImportError as error:
        raise ValueError("a boundary is fitted by scikit-learn: pip install 'fgraph-gan[boundary]'") from error
    x, y = np.asarray(codes, np.float64), np.asarray(scores, np.float64)
    values, counts = np.unique(y, return_counts=True)
    if len(values) < 2:
        raise ValueError("all scores are equal: a boundary needs codes of both kinds")
    is_binary = len(values) == 2
    folds = min(FOLDS, int(counts.min()) if is_binary else len(y) // 2)
    if folds < 2:
        raise ValueError(f"{len(y)} codes are too few: a boundary needs two or more of each kind, or four scores")
    if is_binary:
        model: Any = linear_model.LogisticRegression(max_iter=_ITERATIONS)
        parts = model_selection.StratifiedKFold(folds, shuffle=True, random_state=_SEED)
        truth = y == values[1]
        accuracy = float((model_selection.cross_val_predict(model, x, truth, cv=parts) == truth).mean())
        fitted, explained = model.fit(x, truth), None
    else:
        model = linear_model.RidgeCV(_PENALTIES)
        found = model_selection.cross_val_predict(
            model, x, y, cv=model_selection.KFold(folds, shuffle=True, random_state=_SEED)
        )
        middle = np.median(y)
        accuracy = float(((found > middle) == (y > middle)).mean())
        explained = float(1 - ((y - found) ** 2).sum() / ((y - y.mean()) ** 2).sum())
        fitted = model.fit(x, y)
    normal = np.ravel(fitted.coef_).astype(np.float64)
    length = float(np.linalg.norm(normal))
    if not length > 0:
        raise ValueError("no direction separates the codes: they are all alike")
    return Boundary(normal / length, accuracy, explained, folds)
