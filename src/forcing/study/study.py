"""`Study`: a fitted model and its training data, ready to explain many targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from numpy.typing import NDArray

from forcing.display import Display
from forcing.engine.chance import LEAVE_OUT, RETRAININGS
from forcing.explanation import Explanation
from forcing.models import TrainingData, adapt
from forcing.models.user_refit import Refit, UserRefit
from forcing.protocol.context import Context
from forcing.records import Claim, Decision, Event, Label, Ranking, Step
from forcing.study import training
from forcing.study.explainers import explainer_of
from forcing.study.options import run_options
from forcing.study.progress import reported
from forcing.study.retrainings import Settings

if TYPE_CHECKING:
    from forcing.jupyter.widget import ExplorerWidget, ForcingWidget
    from forcing.study.audit import Audit
    from forcing.study.plane import Planes


class Study:
    """A fitted model and the data it was fitted on.

    Where the model has an objective that is known, finds its optimum once, factorises its Hessian
    once, and explains as many targets as wanted. Other models are explained by refitting them.

    Parameters
    ----------
    model
        Fitted. Through their objective: scikit-learn's linear models with the L2 penalty, alone,
        in a `Pipeline` or in the wrappers that docs/models.md lists, a `forcing.TorchModel`, and
        models of a type given to `forcing.register`. In closed form: `KNeighborsClassifier`. By
        refits: any other estimator of scikit-learn's kind with predict_proba or
        decision_function, and regressors.
    X
        The training rows as `fit` received them: array (n, p), frame, sparse matrix, tensor,
        or a list of texts.
    y
        The training labels (n,), of any type.
    sample_weight
        Weights (n,) as given to `fit`.
    feature_names, class_names, row_ids
        Names for the screen; by default those of the frame, the labels themselves, positions.
    display
        How a row looks: `forcing.Table`, `forcing.Images` or `forcing.Texts`.
    refit
        Your own training, done again: from the positions of the rows that stay to a fitted model
        (or a torch module); where it has a parameter `seed`, each call has another one. A model
        with an objective is searched by its objective and verified by `refit`; by default the
        estimator at the end of the pipeline is cloned and refitted at tight tolerance, with
        preprocessing and class weights as they were. Put-backs are not refitted with it, so that
        `irreducible` is None. A model that is known by its refits is searched by `refit` too.
    retrainings
        Where training does not repeat itself (forests, boosting, networks: a short probe finds
        out, see docs/models.md): fresh retrainings of which most must decide otherwise without a
        set for it to be verified, 11 by default, at least 5. As many on all rows say whether the
        decision is stable. 1 asks about a single training run with its own seed, as the paper does.
    leave_out
        Share of the rows, drawn at random, that each retraining leaves out: 1 % by default. They
        stand for rows that might as well not have been collected. With 0 retrainings differ by
        their seed alone.
    seeds
        Different seeds that retrainings have: by default each its own; with 1 the seed of the
        model stays, and only the rows that are left out differ.
    random_state
        Seed of what is random: baselines that draw, and the first one of retrainings.

    Raises
    ------
    UnsupportedModelError
        For what can neither be explained by an objective nor be refitted.
    TrainingMismatchError
        When the model was not fitted on X and y.
    ValueError
        For shapes that do not fit, NaN, unknown classes, one-class data.
    sklearn.exceptions.NotFittedError
        For models that are not fitted.
    """

    def __init__(
        self,
        model: Any,
        X: Any,
        y: Any,
        *,
        sample_weight: Any = None,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        row_ids: Sequence[Any] | None = None,
        display: Display | None = None,
        refit: Refit | None = None,
        retrainings: int = RETRAININGS,
        leave_out: float = LEAVE_OUT,
        seeds: int | None = None,
        random_state: int | None = 0,
    ) -> None:
        self.model = model
        self.X = X
        self.y = training.labels(y, X)
        self.sample_weight = training.weights(sample_weight, len(self.y))
        if (known := getattr(model, "classes_", None)) is not None:
            training.check_classes(self.y, self.sample_weight, np.asarray(known).tolist())
        settings = Settings(retrainings, leave_out, seeds, random_state or 0)
        training_data = TrainingData(X, self.y, self.sample_weight)
        adapted = adapt(model, training_data)
        again = UserRefit.of(refit, random_state)
        self._explainer = explainer_of(adapted, model, training_data, again, settings)
        self.row_ids = training.of_length("row_ids", row_ids, len(self.y), "training row")
        self.class_names = list(
            training.of_length("class_names", class_names, len(self._explainer.classes), "class")
            or map(str, self._explainer.classes)
        )
        self.feature_names = training.feature_names(feature_names, X, model)
        self.display = display
        self.random_state = random_state
        self.interrupted: Explanation | None = None
        """What the last `explain` had found when it was interrupted."""
        self.interrupted_audit: Audit | None = None
        """The targets that the last `audit` had done when it was interrupted."""

    def __repr__(self) -> str:
        return f"Study({self.model_description}, {self.n_rows} rows x {self.n_features} features)"

    @property
    def classes(self) -> NDArray[Any]:
        """The class labels, in scikit-learn's order; of a regression its two decisions."""
        return np.asarray(self._explainer.classes)

    @property
    def n_rows(self) -> int:
        return len(self.y)

    @property
    def n_features(self) -> int:
        """Columns, or numbers a row, as the user gave them; parameters of the head where X has
        none (texts).
        """
        shape = self.X.shape if hasattr(self.X, "shape") else _shape_of_items(self.X)
        return math.prod(shape[1:]) if len(shape) >= 2 else self._explainer.n_parameters

    @property
    def default_baselines(self) -> tuple[str, ...]:
        """Shown beside a set in a view unless others are asked for."""
        return self._explainer.default_baselines

    @property
    def model_description(self) -> str:
        return self._explainer.description

    @property
    def notes(self) -> list[str]:
        """Sentences that a reader of a result must know."""
        return list(self._explainer.notes)

    @cached_property
    def data_hash(self) -> str:
        """SHA-1 of X, y and the weights, so that a saved result says what it is about."""
        X = self.X.detach().cpu().numpy() if hasattr(self.X, "detach") else self.X
        return str(joblib.hash((X, self.y, self.sample_weight), hash_name="sha1"))

    def weights_for_display(self) -> NDArray[np.float64] | None:
        """(n_features,): weight of each column on the margin, where the columns are the user's."""
        return self._explainer.feature_weights

    def claim(self, x: Any, rival: Label = None, threshold: float | None = None) -> Claim:
        """What the model decides at x, as the claim to be explained."""
        return self._explainer.claim(x, rival, threshold)

    def explain(
        self,
        x: Any,
        *,
        rival: Label = None,
        threshold: float | None = None,
        method: str = "mfs",
        refine: bool = True,
        verify: bool = True,
        bound: bool = True,
        baselines: Iterable[str] | None = (),
        max_removals: int | None = None,
        on_step: Callable[[Step], None] | None = None,
        progress: bool = False,
        name: str | None = None,
        label: Label = None,
        target_display: Any = None,
        hold: Any = (),
        **search: Any,
    ) -> Explanation:
        """The smallest set of training rows found without which the model decides otherwise.

        Parameters
        ----------
        x
            The target: one row as the model takes it (p,), a one-row frame, a text.
        rival
            The class whose win counts as a flip; by default, of several, that of any other.
        threshold
            Of two classes with probabilities: the second one's, from which on it is decided; 0.5
            by default. A regression needs one: the prediction that separates its two decisions.
        method
            "mfs" (Algorithm 1 with drift-free updates), "mfs-newton" (eq. 5 to the letter),
            "mfs-retrain" (refit at every step), or a baseline: then the shortest prefix of its
            order that flips, unrefined. "relabel" asks the other question: the fewest training
            labels to change, no row removed, so that the decision flips; each step says what a
            label `becomes`, and its weight stays as it was. There is no bound for it. A model that
            is known by its refits has "mfs", "relabel", "nearest", "knn-shapley" and "random".
        refine
            Make the set smaller until no row can be spared.
        verify
            Refit the user's own estimator without the set; the search goes on until it flips.
        bound
            Compute how few rows provably cannot flip the decision; 1, which says nothing, where
            there is no theorem for the model.
        baselines
            Rankings to compare with, refitted: "influence" ("influence-1exact", "-cg", "-lissa",
            "-arnoldi"), "representer", "prefix", "prefix-refined", "tracin", "knn-shapley",
            "nearest", "random", "random-favoured".
        max_removals
            Largest set; 60 % of the rows by default.
        on_step
            Called with each `Step` of the search.
        progress
            Write where the run is to the terminal.
        name, label, target_display
            For the screen: what the target is called, its true label, its picture or text.
        hold
            Rows that must stay, such as trusted ones: positions, or a boolean mask (n,).
        **search
            `exit` ("flip", "loss-gap" below `delta`, "likelihood-ratio"), `slack` (epsilon of
            eq. 2, in log-odds), `qp_steps` (quadratic programmes per counterfactual); `max_refits`
            of models that are known by their refits alone, without effect on others: 400 by
            default, 100 where training does not repeat itself; `max_seconds`, after which a run
            ends with what it has found.

        Returns
        -------
        Explanation
            Also where the decision cannot be flipped: then `status` says so.

        Notes
        -----
        An interrupt (Ctrl-C) is raised, as it should be; what was found until then is
        `study.interrupted`.
        """
        context = Context.of(self, x, name=name, label=label, target_display=target_display)
        options = {
            "rival": rival,
            "threshold": threshold,
            "method": method,
            "refine": refine,
            "verify": verify,
            "bound": bound,
            "baselines": baselines,
            "max_removals": max_removals,
            "hold": hold,
            **search,
        }
        events = self.events(x, **options)
        seen: list[Event] = []
        try:
            for event in reported(events) if progress else events:
                seen.append(event)
                if on_step is not None and isinstance(event, Step):
                    on_step(event)
        except KeyboardInterrupt:
            self.interrupted = Explanation.gather(context, seen, options) if seen else None
            raise
        return Explanation.gather(context, seen, options)

    def steps(self, x: Any, **options: Any) -> Iterator[Step]:
        """The steps of the search, lazily; closing the iterator stops the work.

        Takes the options of `explain`. Refinement, which would replace the steps, is off.
        """
        options = {"refine": False, "verify": False, "bound": False, **options}
        for event in self.events(x, **options):
            if isinstance(event, Step):
                yield event

    def events(
        self, x: Any, *, rival: Label = None, threshold: float | None = None, **options: Any
    ) -> Generator[Event, None, None]:
        """Every record of a run, as it comes; closing the generator stops the work.

        Takes the options of `explain`. Bad options raise here, before the first record.
        """
        checked = run_options(self.n_rows, self.random_state, **options)
        return self._explainer.events(x, rival, threshold, checked)

    def predict_without(
        self, rows: Any, x: Any, *, rival: Label = None, threshold: float | None = None
    ) -> Decision:
        """What the model, refitted without these rows, decides at x: at the optimum of its
        objective where it has one, else as its estimator is fitted; where training does not
        repeat itself, the median of several retrainings, which its `tally` counts.

        `rows` are positions, or a boolean mask (n,).
        """
        members = training.positions(rows, self.n_rows)
        return self._explainer.predict_without(members, x, rival, threshold)

    def rank(
        self, x: Any, method: str, *, rival: Label = None, threshold: float | None = None
    ) -> Ranking:
        """One baseline's order of the training rows, with `flips_at` by refitting; where training
        does not repeat itself, by the mean of three common retrainings, in at most 48 trainings.

        A model that is known by its refits has "nearest", "knn-shapley" and "random".
        """
        return self._explainer.rank(x, method, rival, threshold, self.random_state)

    def audit(
        self,
        X_test: Any,
        y_test: Any = None,
        *,
        n_jobs: int | None = None,
        progress: bool = True,
        threshold: float | None = None,
        refine: bool = True,
        verify: bool = True,
        bound: bool = True,
        max_removals: int | None = None,
        max_seconds: float | None = None,
        chunk: int | None = None,
    ) -> Audit:
        """Explain many targets: their sets, and the training rows under suspicion.

        Together, as products of matrices, where the model has an objective; else one by one.

        Parameters
        ----------
        X_test
            The targets (T, p) in the form of X, or a list of texts where X is one.
        y_test
            Their true labels (T,); with them `Audit.suspects` counts wrong decisions, and takes
            them as evidence on the training labels, whether the model has an objective or is
            refitted.
        n_jobs
            Chunks of targets that run at the same time, as joblib counts. In threads, which share
            the study; within `joblib.parallel_config(backend=...)` on what that names: processes
            ("loky"), or a cluster by dask, ray or spark, to which the study is sent.
        progress
            Write to the terminal how many targets are done and how long the rest takes.
        threshold, refine, verify, bound, max_removals
            As `explain` has them, for every target. Unrefined sets are found in fewer rounds,
            are larger, and `irreducible` is None.
        max_seconds
            No target is begun after so many, and one that is under way ends: where the model is
            known by its refits alone, with what it has found. Those that are not done have the
            status "cancelled".
        chunk
            Targets side by side; by default as many as memory (256 MB) and patience (10 s
            between two chunks) allow. The sets do not depend on it, nor on `n_jobs`.

        Returns
        -------
        Audit
            Every set verified and irreducible by the standard of `explain`. Of several classes any
            change of the decision counts.

        Notes
        -----
        Whole sets are exchanged where `explain` also removes row by row: small sets mostly have
        the same size, large ones are often some percent larger, now and then by a third.

        An interrupt (Ctrl-C) is raised, as it should be; the chunks done until then are
        `study.interrupted_audit`.
        """
        from forcing.study.audit_run import audit

        return audit(
            self,
            X_test,
            y_test,
            n_jobs=n_jobs,
            progress=progress,
            threshold=threshold,
            refine=refine,
            verify=verify,
            bound=bound,
            max_removals=max_removals,
            max_seconds=max_seconds,
            chunk=chunk,
        )

    def planes(self, x: Any, *, rival: Label = None, threshold: float | None = None) -> Planes:
        """Slices through x with the training rows projected on them, for the screen."""
        from forcing.study.plane import Planes

        return Planes(self, x, rival, threshold)

    def view(self, x: Any, **options: Any) -> ForcingWidget:
        """The live widget, which streams in the background.

        Takes the options of `explain`, but for `on_step` and `progress`.
        """
        from forcing.jupyter.widget import view

        return view(self, x, **options)

    def explore(self, X_test: Any, y_test: Any = None, **options: Any) -> ExplorerWidget:
        """The live widget with a list of targets: a click explains, as does `widget.target = 17`.

        Wrong decisions come first, the surest before the others; then right ones, the least sure
        first.

        Parameters
        ----------
        X_test
            The targets (T, p) in the form of X, or a list of texts where X is one.
        y_test
            Their true labels (T,); of a regression with `threshold`, their values.
        names
            What each target is called; "test row 17" by default.
        target_displays
            The picture, text or table row that stands for each target, where X_test cannot be
            shown itself.
        start
            Position of the target that is explained at once; None, the default, is the first of
            the list, False none.
        **options
            As for `view`, for every target.

        Returns
        -------
        ForcingWidget
            Its `target` is a position in X_test, `explanations` has what was explained so far.
        """
        from forcing.jupyter.widget import explore

        return explore(self, X_test, y_test, **options)


def _shape_of_items(X: Any) -> tuple[int, ...]:
    """Of a list of rows, or of a torch data set, whose items may have their label beside them."""
    first = X[0]
    if isinstance(first, list | tuple) and len(first) > 0 and hasattr(first[0], "shape"):
        first = first[0]
    return (len(X), *np.shape(first))


def explain(model: Any, X: Any, y: Any, x: Any, **options: Any) -> Explanation:
    """`Study(model, X, y).explain(x)` for one target; options of both are taken."""
    own = {key: options.pop(key) for key in tuple(options) if key in _STUDY_OPTIONS}
    return Study(model, X, y, **own).explain(x, **options)


_STUDY_OPTIONS = frozenset(
    {
        "sample_weight",
        "feature_names",
        "class_names",
        "row_ids",
        "display",
        "refit",
        "retrainings",
        "leave_out",
        "seeds",
        "random_state",
    }
)
