"""Which columns of a table hold a training history, by their names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .names import Named, Role, Sense, is_discriminator, is_generator, is_of_an_agent, named, plain_name

RMSE = "rmse"
METRICS = frozenset({RMSE, "mae", "mape"})
"""Beside a loss of another quantity these are its metric; alone, or of both data, they are the loss."""


class Kind(StrEnum):
    """What a loss means here, where its level does not say whether the run learns."""

    PLAIN = ""
    REWARDS = "rewards"
    """An agent is trained for its reward; its losses may rise while it learns."""
    ADVERSARIAL = "adversarial"
    """Two networks lose against each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The columns of a table that are read.

    :ivar places: names of the columns that say the epoch, then the step; either may be missing.
    :ivar sources: for each column of a history the names whose sum it is, nearly always one.
    :ivar unsaid: whether the values must tell which way is better.
    :ivar metric_name: name of the metric's column.
    :ivar left: names of losses that are not read although no other is read in their place.
    """

    epoch: str | None = None
    step: str | None = None
    sources: Mapping[str, tuple[str, ...]]
    unsaid: bool = False
    kind: Kind = Kind.PLAIN
    metric_name: str = ""
    left: tuple[str, ...] = ()

    @property
    def wanted(self) -> frozenset[str]:
        """The names of all columns that are read."""
        places = [name for name in (self.epoch, self.step) if name is not None]
        return frozenset([*places, *(name for names in self.sources.values() for name in names)])


_EXACT: Mapping[str, tuple[str, ...]] = {
    "epoch": (
        *("epoch", "epochs", "ep", "train_epoch", "training_epoch", "trainer_epoch", "current_epoch", "e"),
        *("episode", "episodes"),
    ),
    "step": (
        *("step", "steps", "global_step", "trainer_global_step", "train_step", "iteration", "iterations", "iter"),
        *("training_iteration", "total_timesteps", "timesteps", "timesteps_total", "num_updates", "updates", "update"),
        *("iters", "it", "batch", "round", "trees", "draw", "num_env_steps_sampled", "number_of_trees"),
    ),
    "grad_norm": (
        *("grad_norm", "gradient_norm", "grad_norm_total", "total_grad_norm", "gnorm", "grad_2_norm_total", "grad_l2"),
        *("train_grad_norm", "train_gnorm", "grad_norm_epoch", "grad_norm_step", "global_grad_norm", "norm_grad"),
    ),
    "grad_layer_mean": (
        *("grad_abs_mean_first_layer", "grad_layer_mean", "grad_abs_mean", "first_layer_grad", "grad_first_layer"),
        *("grad_mean_first_layer", "first_layer_grad_mean", "grad_abs_mean_layer_0", "min_layer_grad"),
        "grad_abs_mean_min",
    ),
    "time_s": (
        *("time_s", "time", "epoch_time", "epoch_time_s", "seconds", "elapsed", "elapsed_s", "duration_s", "wall_s"),
        *("time_sec", "elapsed_time", "time_elapsed", "passed_time", "time_this_iter_s", "runtime"),
    ),
}
_PLACED = {name: (column, rank) for column, names in _EXACT.items() for rank, name in enumerate(names)}
_GROUPS = ("time", "trainer", "progress", "counters")
"""What Stable-Baselines and others write before the name of a place: `time/total_timesteps`."""


def choose(names: Iterable[str], whole: Role = Role.NONE) -> Choice:
    """Say which columns of a table hold what.

    :param whole: which data all of it speaks of, where its names do not say (a file called `test_error.tsv`).
    """
    listed = list(dict.fromkeys(names))
    placed = _placed(listed)
    found = {name: one for name in listed if name not in placed.values() and (one := named(name)) is not None}
    fits = _Fits(_roles(found, whole))
    train, val = fits.pair()
    sources = {column: (name,) for column, name in placed.items() if column not in ("epoch", "step")}
    used = {"train_loss": train, "val_loss": val, "train_gain": fits.gain(Role.TRAIN), "val_gain": fits.gain(Role.VAL)}
    sources |= {column: used_names for column, used_names in used.items() if used_names}
    metric = _metric(listed, found, (*train, *val))
    if metric:
        sources["metric"] = (metric,)
    return Choice(
        epoch=placed.get("epoch"),
        step=placed.get("step"),
        sources=sources,
        unsaid=any(found[name].sense is Sense.UNSAID for name in (*train, *val)),
        kind=fits.kind,
        metric_name=metric,
        left=_left(found, (*train, *val, metric), has_val=bool(val)),
    )


def _placed(names: Sequence[str]) -> dict[str, str]:
    best: dict[str, tuple[int, str]] = {}
    for name in names:
        plain = plain_name(name.rpartition(" - ")[2])
        group, _, inner = plain.partition("_")
        column, rank = _PLACED.get(plain) or _PLACED.get(inner if group in _GROUPS else "") or ("", 0)
        if name.strip() == "#":  # spaCy
            column, rank = "step", 0
        if column and (column not in best or rank < best[column][0]):
            best[column] = (rank, name)
    return {column: name for column, (_, name) in best.items()}


def _roles(found: Mapping[str, Named], whole: Role) -> dict[str, tuple[Role, Named]]:
    """Return each name with the data it is of; where no name says it, of the whole file's, and else of training."""
    whole = Role.NONE if any(one.role for one in found.values()) else whole
    by_set = {(one.quantity, one.number) for one in found.values() if one.role is Role.VAL}
    trained = {one.quantity for one in found.values() if one.role is Role.TRAIN}
    roles: dict[str, tuple[Role, Named]] = {}
    for name, one in found.items():
        role = one.role or whole or Role.TRAIN
        first_of_two = {(one.quantity, 0), (one.quantity, 1)} <= by_set and one.number == 0
        if first_of_two and one.quantity not in trained:  # scikit-learn's way to XGBoost and LightGBM
            role = Role.TRAIN
        roles[name] = (Role.TRAIN if role is Role.TRAIN else Role.VAL, one)
    return roles


class _Fits:
    """The losses and gains of a table, by the data they are of and by quantity, each with its best name."""

    def __init__(self, roles: Mapping[str, tuple[Role, Named]]) -> None:
        self._best: dict[tuple[Role, str], tuple[float, tuple[str, ...]]] = {}
        self._parts: dict[Role, dict[str, str]] = {Role.TRAIN: {}, Role.VAL: {}}
        self._senses: dict[str, Sense] = {}
        for name, (role, one) in roles.items():
            if one.is_part:
                self._parts[role].setdefault(one.quantity, name)
            elif (role, one.quantity) not in self._best or one.rank < self._best[role, one.quantity][0]:
                self._best[role, one.quantity] = (one.rank, (name,))
                self._senses[one.quantity] = one.sense
        self.kind = self._kind()
        self._add_sums()

    def _kind(self) -> Kind:
        parts = [part for found in self._parts.values() for part in found]
        if any(map(is_generator, parts)) and any(is_discriminator(part) or "critic" in part for part in parts):
            return Kind.ADVERSARIAL
        rewarded = any(quantity == "reward" for _, quantity in self._best)
        return Kind.REWARDS if rewarded or any(map(is_of_an_agent, parts)) else Kind.PLAIN

    def _add_sums(self) -> None:
        """Take the sum of its terms for a loss that stands there in terms only; of two players the generator's."""
        self._senses.setdefault("loss", Sense.DOWN)
        for role, parts in self._parts.items():
            if self.kind is Kind.ADVERSARIAL:
                parts = {part: name for part, name in parts.items() if is_generator(part)}  # noqa: PLW2901 (fewer of them)
            names = tuple(parts.values())[: 1 if self.kind is Kind.ADVERSARIAL else None]
            if names and not self._of(role, up=False):
                self._best[role, "loss"] = (2.0, names)

    def _of(self, role: Role, *, up: bool) -> dict[str, tuple[float, tuple[str, ...]]]:
        return {
            quantity: found
            for (of, quantity), found in self._best.items()
            if of is role and (self._senses[quantity] is Sense.UP) is up
        }

    def pair(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of the training and the validation loss, of the same quantity where that can be."""
        train, val = self._of(Role.TRAIN, up=False), self._of(Role.VAL, up=False)
        first = _best(train)
        common = [quantity for quantity in train if quantity in val]
        if common and first != "loss":
            first = min(common, key=lambda quantity: train[quantity][0] + val[quantity][0])
        val = {quantity: found for quantity, found in val.items() if not first or quantity not in METRICS - {first}}
        second = first if first in val else _best(val)
        return (train[first][1] if first else ()), (val[second][1] if second else ())

    def gain(self, role: Role) -> tuple[str, ...]:
        """Return the name of what rises where the run learns: a reward if there is one, else an accuracy."""
        train, val = self._of(Role.TRAIN, up=True), self._of(Role.VAL, up=True)
        own = train if role is Role.TRAIN else val
        if self.kind is Kind.REWARDS:
            return own["reward"][1] if "reward" in own else ()
        common = {quantity: found for quantity, found in own.items() if quantity in train and quantity in val}
        best = _best(common or own)
        return own[best][1] if best else ()


def _best(found: Mapping[str, tuple[float, tuple[str, ...]]]) -> str:
    return min(found, key=lambda quantity: found[quantity][0], default="")


def _metric(names: Sequence[str], found: Mapping[str, Named], losses: Sequence[str]) -> str:
    """Return the name of the validation metric: the RMSE, else whatever else measures the fit."""
    told = [name for name in names if plain_name(name) in ("metric", "metric_rmse", "val_metric")]
    if told:
        return told[0]
    ranked = [(_metric_rank(one), name) for name, one in found.items() if name not in losses and _measures(one)]
    return min(ranked, default=(0, ""))[1]


def _measures(one: Named) -> bool:
    return one.quantity in METRICS or (one.sense is Sense.UP and one.quantity != "reward")


def _metric_rank(one: Named) -> tuple[bool, bool, float]:
    return (one.quantity != RMSE, one.role in (Role.TRAIN, Role.NONE), one.rank)


def _left(found: Mapping[str, Named], used: Sequence[str], *, has_val: bool) -> tuple[str, ...]:
    if has_val:
        return ()
    of_others = {name: one for name, one in found.items() if name not in used and one.role is not Role.TRAIN}
    return tuple(name for name, one in of_others.items() if one.sense is not Sense.UP and not one.is_part)
