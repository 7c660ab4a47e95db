"""scikit-learn's KNeighborsClassifier, whose smallest sets have a closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from forcing.engine.neighbours import Ballot
from forcing.models.black_box import AdaptedBlackBox, adapt_black_box
from forcing.models.registry import TrainingData, by_type
from forcing.models.verdict import TINY, Question, Says


@dataclass(frozen=True, eq=False)
class AdaptedNeighbours(AdaptedBlackBox):
    """A fitted KNeighborsClassifier: a black box whose inside is known."""

    def ballot(
        self, refitted: Any, row: Any, question: Question, enough: Callable[[float], bool]
    ) -> Ballot | None:
        """The vote at a target; None where it has no closed form.

        `enough` says whether a margin counts as a flip.
        `refitted` is this model on all rows, so that its positions are those of the rows.
        """
        distance, position = refitted.kneighbors(row, n_neighbors=len(self.recipe.y))
        distances = np.empty(len(self.recipe.y))
        distances[position[0]] = distance[0]
        weighted = refitted.weights == "distance"
        chosen = question.rival is not None and len(self.classes) > 2
        if weighted and chosen and distances.min() == 0:
            return None  # rows of a third class at the target silence both others
        labels = np.asarray(self.classes)
        others = [c for c in range(len(labels)) if c != question.favoured]

        def flips(votes: Any) -> bool:
            scores = np.log(np.maximum(votes / votes.sum(), TINY))
            says = Says(scores, self.classes[int(np.argmax(votes))])
            return enough(question.decision(says).margin)

        return Ballot(
            distances=distances,
            codes=np.searchsorted(labels, self.recipe.y),
            n_classes=len(labels),
            k=int(refitted.n_neighbors),
            weighted=weighted,
            favoured=question.favoured,
            rivals=tuple(others) if question.rival is None else (question.rival,),
            flips=flips,
        )


@by_type.register
def adapt_neighbours(model: KNeighborsClassifier, data: TrainingData) -> AdaptedBlackBox:
    """Uniform votes or votes by 1 / distance; with a user's own weights it stays a black box."""
    plain = adapt_black_box(model, data)
    if callable(model.weights):
        return plain
    own = {field.name: getattr(plain, field.name) for field in fields(plain)}
    return AdaptedNeighbours(**own | {"notes": ()})
