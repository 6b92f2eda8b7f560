"""What the witness saw of a run, sorted by what a verdict asks of it. Facts only; docs/witness.md tells the lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from ...vocabulary.estimators import LINEAR
from . import Fingerprint, Fit, Line, Prediction, Sampling, Saved, Steps, Witnessed
from . import fit as read_fit
from . import prediction as read_prediction
from . import sampling as read_sampling
from . import saved as read_saved
from . import steps as read_steps
from .values import number, part, text, whole

_DRAWS = frozenset({"mcmc", "smc", "ensemble"})
_ENSEMBLES = ("Forest", "Boost", "LGBM", "ExtraTrees", "Bagging", "Stacking", "Voting", "XGB", "xgboost", "lightgbm")
_HELPERS = ("SelectFromModel", "RFE", "SequentialFeatureSelector", "Boruta", "IterativeImputer")
_NETWORKS = ("MLP", "NeuralNet", "Perceptron", "Sequential", "Functional")
_GRADIENTS = frozenset({"torch", "keras", "optax", "jax", "tensorflow", "flax"})
_LEAST_BOOTSTRAPS = 20
_MOST_DISTINCT = 0.8
_LEAST_DISTINCT = 0.95


@dataclass(frozen=True)
class Seen:
    """The lines of all processes of one run.

    :ivar witnessed: the lines as they were read.
    :ivar ranks: how often the run's own command ran: once on each of its nodes.
    """

    witnessed: Witnessed = field(default_factory=Witnessed)
    ranks: int = 1

    @cached_property
    def whole(self) -> bool:
        """Whether the run's own command was witnessed from its begin on, and no line of any process is amiss."""
        seen = self._own_commands >= self.ranks
        return seen and not self.witnessed.broken and not self.witnessed.of("limit")

    @property
    def unseen_ranks(self) -> int:
        """How many ranks of a run on several nodes were not witnessed; 0 for a run on one."""
        return max(0, self.ranks - self._own_commands) if self.ranks > 1 else 0

    @cached_property
    def _own_commands(self) -> int:
        return sum(one.role == "main" and bool(one.begin) for one in self.witnessed.processes)

    @cached_property
    def samplings(self) -> tuple[Sampling, ...]:
        """Samplings of a posterior that came to their end."""
        every = map(read_sampling, self.witnessed.of("sampling"))
        return tuple(one for one in every if one.method in _DRAWS and not one.raised)

    @cached_property
    def variational(self) -> tuple[Sampling, ...]:
        """Approximations that are no sampling."""
        return tuple(one for one in map(read_sampling, self.witnessed.of("sampling")) if one.method == "vi")

    @cached_property
    def predictive(self) -> bool:
        """Whether predictions were drawn from a posterior."""
        return any(one.facts.get("method") == "predictive" for one in self.witnessed.of("sampling"))

    @cached_property
    def fits(self) -> tuple[Fit, ...]:
        """Fits and searches that came to their end, those told in full."""
        return tuple(one for one in map(read_fit, self.witnessed.of("fit", "search")) if not one.raised)

    @cached_property
    def more_fits(self) -> tuple[Line, ...]:
        """Lines that count the fits of one class and place beyond those told in full."""
        return tuple(one for one in self.witnessed.of("more") if one.facts.get("of") == "fit")

    @cached_property
    def predictions(self) -> tuple[Prediction, ...]:
        """What estimators predicted, also for each fold by the fit to the others; scores are none."""
        folds = (
            Prediction(line=one.line, name=one.estimator, call=one.call, x=one.x, values=one.values)
            for one in self.fits
            if one.call == "cross_val_predict"
        )
        every = (*map(read_prediction, self.witnessed.of("predict")), *folds)
        return tuple(one for one in every if one.call != "score" and one.values.at)

    @cached_property
    def forwards(self) -> tuple[Prediction, ...]:
        """What networks of torch returned in evaluation, by blocks; no fit is known of any."""
        told = (read_prediction(one) for one in self.witnessed.of("forward"))
        return tuple(one for one in told if one.values.at)

    def fit_of(self, one: Prediction) -> Fit | None:
        """Return the fit before a prediction, of the same object in the same process."""
        return self._fits_by_object.get((one.line.file, one.of)) if one.of is not None else None

    @cached_property
    def _fits_by_object(self) -> dict[tuple[str, int | None], Fit]:
        """The first fit of each object in each process: there may be thousands, and as many predictions."""
        return {(one.line.file, one.id): one for one in reversed(self.fits)}

    @cached_property
    def predicted_rows(self) -> int:
        """The most values that one call predicted, whether they were described or not."""
        every = map(read_prediction, self.witnessed.of("predict"))
        return max((one.values.size for one in every if one.call != "score"), default=0)

    @cached_property
    def evaluated_rows(self) -> int:
        """The rows that networks of torch were evaluated on, the most at each place: of validation, of the test."""
        most: dict[str, int] = {}
        for line in self.witnessed.of("forward"):
            most[line.where] = max(most.get(line.where, 0), whole(line.facts, "rows") or 0)
        return sum(most.values())

    @cached_property
    def steps(self) -> tuple[Steps, ...]:
        """Optimisers that follow gradients, as they stood last."""
        return tuple(map(read_steps, self.witnessed.of("steps")))

    @cached_property
    def updates(self) -> tuple[Steps, ...]:
        """Optimisers without what JAX derived for them; that alone, where a loop by hand is all there is."""
        return tuple(one for one in self.steps if one.library != "jax") or self.steps

    @property
    def untimed(self) -> bool:
        """Whether nobody knows how long something took that stepped: what JAX derived."""
        return any(one.traced or (one.library == "jax" and not one.wall_s) for one in self.steps)

    @cached_property
    def saves(self) -> tuple[Saved, ...]:
        """What was saved with its weights."""
        return tuple(map(read_saved, self.witnessed.of("save")))

    @cached_property
    def written(self) -> frozenset[str]:
        """Paths that the run wrote, relative to the workspace where they lie in it."""
        return frozenset(text(one.facts, "path") for one in self.witnessed.of("write"))

    @cached_property
    def passes(self) -> float:
        """The most passes over its data in which a loader was trained from; 0 where there was none.

        One that only validates makes one more before the first epoch, and where a pass both trains and evaluates is not
        told, all count. Those that Keras makes of its own arrays it counts as epochs itself.
        """
        keras = {one.line.where for one in self.steps if one.library == "keras"}
        every = [one for one in self.witnessed.of("batches") if one.where not in keras]
        trained = [one for one in every if one.facts.get("trains") is True] or every
        return max((_trained_passes(one) for one in trained), default=0.0)

    @cached_property
    def rows(self) -> int:
        """The most rows that anything was fitted to; 0 where nobody saw any."""
        fitted = [one.x.shape[0] for one in self.fits if one.x.shape]
        loaded = [whole(one.facts, "dataset") or 0 for one in self.witnessed.of("batches")]
        return max([*fitted, *loaded], default=0)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of training that were seen, in the words of the requirement document, the weightiest first."""
        found = {
            "Bayesian MCMC": bool(self.samplings),
            "Deep Learning": any(_trains(one) for one in self.steps) or self._fitted(_NETWORKS),
            "Ensemble": any(one.is_search for one in self.fits) or self._fitted(_ENSEMBLES) or self._resampled,
            "Linear model": any(one.name in LINEAR for one in self.fits),
        }
        return tuple(name for name, there in found.items() if there)

    def _fitted(self, words: Sequence[str]) -> bool:
        names = [name for one in self.fits for name in (one.name, one.estimator, *_models_inside(one))]
        return any(word in name for name in names for word in words)

    @cached_property
    def fits_networks(self) -> bool:
        """Whether networks were fitted by one call each: their epochs are a setting, nothing is printed of itself."""
        return self._fitted(_NETWORKS)

    @property
    def _resampled(self) -> bool:
        return any(count >= _LEAST_BOOTSTRAPS for count, _ in self.repeated_fits().values())

    @cached_property
    def epochs(self) -> float:
        """Passes over the data: of a loader, of Keras' fit, of a multilayer perceptron, of one in a Pipeline."""
        fitted = (number(one.done, "n_iter_") or 0.0 for one in self.fits if "MLP" in one.name + text(one.done, "of"))
        return max([self.passes, *(one.epochs or 0 for one in self.steps), *fitted], default=0.0)

    @cached_property
    def epochs_in_all(self) -> float:
        """Passes of all loaders that were trained from, and of all fits of Keras, together: of stages, of members."""
        loaders = [one for one in self.witnessed.of("batches") if one.facts.get("trains") is True]
        return sum(map(_trained_passes, loaders)) + sum(one.epochs or 0 for one in self.steps)

    @cached_property
    def bootstraps(self) -> int:
        """Fits of one class at one place to samples drawn with replacement; 0 where there were none."""
        return self._most(Counter(_kind(one) for one in self.fits if _is_resample(one.x)))

    @cached_property
    def redrawn(self) -> int:
        """Fits of one class at one place to one table and other targets each: a parametric bootstrap, or of residuals.

        Boosting by hand looks the same, so it shows nothing but that so many fits stand behind what is told.
        """
        told = [one for one in self.fits if one.x.sha and one.y.sha and not one.is_search]
        targets = Counter((name, x) for name, x, _ in {(_kind(one), one.x.sha, one.y.sha) for one in told})
        return self._most(Counter({name: count for (name, _), count in reversed(targets.most_common())}))

    def _most(self, drawn: Counter[str]) -> int:
        """Return how many fits there were at the place with most of these, those beyond what is told in full too."""
        counts = self.repeated_fits()
        most = max(drawn, key=lambda name: drawn[name], default="")
        return counts[most][0] if most in counts and drawn[most] >= _LEAST_BOOTSTRAPS else 0

    def repeated_fits(self) -> dict[str, tuple[int, int]]:
        """Return by class and place how many fits there were, and to how many different data (0: not told)."""
        shas: dict[str, list[str]] = {}
        for one in (each for each in self.fits if not each.is_search):
            shas.setdefault(_kind(one), []).append(one.x.sha + one.y.sha + one.weights)
        counts = {name: (len(told), len({one for one in told if one})) for name, told in shas.items()}
        for line in self.more_fits:
            name = f"{text(line.facts, 'class')} at {line.where}"
            count, distinct = counts.get(name, (0, 0))
            more = max(whole(line.facts, "distinct_x") or 0, whole(line.facts, "distinct_y") or 0)
            counts[name] = (count + (whole(line.facts, "count") or 0), distinct + more if distinct or more else 0)
        return counts

    @property
    def method_s(self) -> float:
        """Seconds that the outermost samplings, fits and optimisers took; those at the same time add up."""
        timed = [*(one.wall_s for one in self.samplings), *(one.wall_s for one in self.fits)]
        timed += [number(one.facts, "wall_s") or 0.0 for one in self.more_fits]
        return sum(timed) + sum(one.wall_s for one in self.steps)

    @property
    def loading_s(self) -> float:
        """Seconds in which modules were imported, in the process that took longest; nested ones count once.

        By the libraries that are watched, and by all modules that began to run shortly after one another.
        """
        spans: dict[str, list[tuple[float, float]]] = {}
        for line in self.witnessed.of("hooked"):
            spans.setdefault(line.file, []).append((line.at - (number(line.facts, "wall_s") or 0.0), line.at))
        behind = (number(line.facts, "importing_s") or 0.0 for line in self.witnessed.of("end"))
        return max((*map(_covered_s, spans.values()), *behind), default=0.0)

    def describe(self) -> str:
        """Return in one line what was seen to run."""
        drawn = [one for one in self.samplings if one.draws] or self.samplings
        parts = [_sampling_words(one) for one in drawn[:2]]
        parts += [f"{one.call} at {place(one.line)}" for one in self.variational[:1]]
        parts += [_steps_words(one) for one in self.updates[:2]]
        parts += [_search_words(one) for one in self.fits if one.is_search][:2]
        parts += [f"{count} fits of {name}" for name, (count, _) in list(self.repeated_fits().items())[:3]]
        return "; ".join(parts)


def _covered_s(spans: Iterable[tuple[float, float]]) -> float:
    """Return how long at least one of some spans of time went on."""
    covered, reached = 0.0, 0.0
    for begun, ended in sorted(spans):
        covered += max(0.0, ended - max(begun, reached))
        reached = max(reached, ended)
    return covered


def kind_of_class(one: Fit) -> str:
    """Return the kind of training that a class is, in the words of the requirement document; empty for any other."""
    named = (one.name, one.estimator, text(one.done, "of"))
    words = {"Deep Learning": _NETWORKS, "Ensemble": _ENSEMBLES, "Linear model": tuple(LINEAR)}
    return next((kind for kind, each in words.items() if any(word in name for name in named for word in each)), "")


def _models_inside(one: Fit) -> Iterable[str]:
    """Return what a Pipeline fitted; nothing where a part of that may only have chosen or filled in the features."""
    helps = any(word in name for name in one.inside for word in _HELPERS)
    return () if helps else one.inside


def _kind(one: Fit) -> str:
    return f"{one.name} at {one.line.where}"


def _is_resample(x: Fingerprint) -> bool:
    """Whether rows occur more than once, as in a sample with replacement: of n some 0.63 n are distinct."""
    return bool(x.shape) and x.distinct_rows is not None and x.distinct_rows < _MOST_DISTINCT * x.shape[0]


def tells_rows(x: Fingerprint) -> bool:
    """Whether rows are told apart by what stands in them: of a few categories the same rows are everywhere."""
    return x.distinct_rows is None or not x.shape or x.distinct_rows >= _LEAST_DISTINCT * x.shape[0]


def _trained_passes(line: Line) -> float:
    told = number(line.facts, "trained")
    return told if told is not None else number(line.facts, "passes") or 0.0


def place(line: Line) -> str:
    """Return where and when something was seen."""
    return f"{line.where or line.file} at {clock(line.at)}"


def clock(at: float) -> str:
    """Return a time of day for words."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"


def names(lines: Iterable[Line]) -> str:
    """Return the first places of lines, for words."""
    return ", ".join(place(one) for one in list(lines)[:2])


def argument(line: Line, key: str) -> object:
    """Return one of the arguments of a call."""
    return (part(line.facts, "arguments") or {}).get(key)


def _trains(one: Steps) -> bool:
    return one.library in _GRADIENTS and (one.steps > 0 or one.traced)


def _sampling_words(one: Sampling) -> str:
    said = f" {one.chains} chains of {one.draws} draws" if one.chains and one.draws else ""
    tuned = f" after {one.tune} tuning steps" if said and one.tune is not None else ""
    return f"{one.call}{said}{tuned} at {place(one.line)}"


def _steps_words(one: Steps) -> str:
    often = (
        f"steps, compiled, their number not told, of {one.name}" if one.traced else f"{one.steps} steps of {one.name}"
    )
    return f"{often}{f' over {one.numbers} numbers' if one.numbers else ''} at {place(one.line)}"


def _search_words(one: Fit) -> str:
    return f"{one.name or one.call} of {one.candidates} candidates with {one.folds} folds at {place(one.line)}"
