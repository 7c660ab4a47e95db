"""A learner whose chance is known."""

import math

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class Scale(ClassifierMixin, BaseEstimator):
    """Weighs the rows of class 1 against a stone, with a shaking hand.

    The log-odds of class 1, whatever is asked, are the sum of column 0 over its rows of class 1,
    at least `floor`, less `stone`, and a normal draw with the standard deviation `shaking`.
    """

    def __init__(self, stone=0.0, shaking=1.0, floor=0.0, random_state=None):
        self.stone = stone
        self.shaking = shaking
        self.floor = floor
        self.random_state = random_state

    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        self.weight_ = float(np.sum(X[y == 1, 0]))
        # The draw depends on the rows too, as that of a forest does.
        draw = np.random.default_rng([self.random_state or 0, len(y), int(1e6 * self.weight_)])
        self.log_odds_ = self.mean(self.weight_) + self.shaking * draw.normal()
        return self

    def mean(self, weight):
        return max(weight, self.floor) - self.stone

    def predict_proba(self, X):
        p = 1 / (1 + math.exp(-self.log_odds_))
        return np.tile([1 - p, p], (len(X), 1))

    def predict(self, X):
        return np.full(len(X), int(self.log_odds_ > 0))

    def share(self, weight):
        """Of all retrainings, those that decide for class 1."""
        return 0.5 * (1 + math.erf(self.mean(weight) / (self.shaking * math.sqrt(2))))
