"""Other people's orders of the training rows, each as a function from a problem to scores.

A score is the support that a row gives to the decision: the larger, the more the method says
the decision stands on it. Signs are relative to the *predicted* class.
"""

from forcing.baselines.influence import influence
from forcing.baselines.methods import BASELINES
from forcing.baselines.neighbours import nearest_scores, shapley_scores
from forcing.baselines.rank import ALL_UP_TO, follow_up, longest_prefix, rank
from forcing.baselines.representer import representer

__all__ = [
    "ALL_UP_TO",
    "BASELINES",
    "follow_up",
    "influence",
    "longest_prefix",
    "nearest_scores",
    "rank",
    "representer",
    "shapley_scores",
]
