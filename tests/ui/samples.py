"""Cells that the browser tests run: small real data that scikit-learn ships."""

from __future__ import annotations

LOAD = "%load_ext forcing"

# A wrong prediction; raw features, so that the cards show numbers a reader knows.
BREAST_CANCER = """\
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

data = load_breast_cancer(as_frame=True)
names = data.target.map(dict(enumerate(data.target_names)))
X_train, X_test, y_train, y_test = train_test_split(data.data, names, random_state=0)
"""

FIT = "model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)"

EXPLAIN = f"""\
%%mfs --at X_test.iloc[0] --name ex
{FIT}
"""

VIEW_THAT_STAYS = """\
import forcing
forcing.Study(model, X_train, y_train).view(X_test.iloc[0], freeze=False)
"""

# Digits that look alike, shown as pictures.
DIGITS = """\
import forcing
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

digits = load_digits()
pair = (digits.target == 3) | (digits.target == 8)
X, y, pictures = digits.data[pair], digits.target[pair], digits.images[pair]
model = LogisticRegression(max_iter=2000).fit(X[50:], y[50:])
"""

EXPLAIN_DIGIT = (
    "%mfs model X[50:] y[50:] --at X[7] --display forcing.Images(pictures[50:])"
    " --target-display pictures[7]"
)

# Short messages that are made up, shown as texts.
MESSAGES = """\
import random
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

draw = random.Random(4)
plain = "the a to for you me we have on at back call now please today send home".split()
words = {"spam": "free win prize claim cash urgent award".split(),
         "ham": "dinner love mum later sorry meeting train".split()}
y = np.array(["spam", "ham"] * 200)
texts = [" ".join(draw.choice(plain if draw.random() < 0.7 else words[label])
                  for _ in range(draw.randint(6, 20))) for label in y]
model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=0.5)).fit(texts[:300], y[:300])
p = model.predict_proba(texts[300:]).max(axis=1)
i = 300 + int(np.argmin(np.abs(p - 0.6)))
"""

# A decision that no handful of rows carries.
CONFIDENT = """\
import numpy as np
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

X, y = make_classification(3000, 8, n_informative=5, class_sep=0.8, random_state=0)
model = LogisticRegression().fit(X, y)
i = int(np.argmin(np.abs(model.predict_proba(X).max(axis=1) - 0.85)))
"""

# Holds the main shell, as a long computation does.
BUSY = "import time\nfor _ in range(200):\n    time.sleep(0.05)"

# Refitting at every step makes a run of half a minute: time enough to look at it, and to stop it.
SLOW = """\
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

digits = load_digits()
noise = np.random.default_rng(0).normal(size=(12, *digits.data.shape))
X = (digits.data + noise).reshape(-1, 64)
even = np.tile(digits.target % 2 == 0, 12)
model = LogisticRegression(max_iter=5000).fit(X, even)
"""

EXPLAIN_SLOWLY = "%mfs model X even --at X[0] --method mfs-retrain --baselines none"
