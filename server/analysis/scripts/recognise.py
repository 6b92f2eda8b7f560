"""What a call of a library means: a sampler, an estimator, a search, a training step, something written."""

from __future__ import annotations

import ast

from .arguments import argument, folds, sampler_call
from .configs import FROM_FILE, config_value, is_config, read_from, written_path
from .interpreter import Call, Machine
from .lengths import grid_size
from .libraries import (
    CALLED_ROUNDS,
    CROSS_VALIDATIONS,
    EPOCHS,
    FITTED_ROUNDS,
    FITTING_FUNCTIONS,
    GRADIENTS,
    INVERSES,
    NO_OPTIMISERS,
    OPTIMISERS,
    SAME_OBJECT,
    SAMPLERS,
    SEARCHES,
    TABLE_WRITERS,
    WRITERS,
    Parameter,
    Rounds,
    is_estimator,
    is_statsmodel,
    short_name,
)
from .program import EpochLoop, SearchCall
from .records import CHOSEN
from .resampling import repeats, resamples
from .values import (
    Either,
    Instance,
    Items,
    Made,
    Ref,
    Table,
    Tag,
    Tags,
    Unknown,
    Value,
    all_tags,
)

_FITS = frozenset({"fit", "partial_fit", "fit_predict", "fit_transform", "fit_regularized", "train", "fit_one_cycle"})
_STEPS = frozenset({"backward", "train_on_batch", "partial_fit", "minimize", "manual_backward", "training_step"})
_TABLE_DUMPS = frozenset({"json.dump", "yaml.dump", "yaml.safe_dump", "builtins.print"})


class Recognise(Machine):
    """Recognises calls of libraries."""

    def recognised(self, call: Call) -> Value:
        """Return what a call returns, noting what it means."""
        tags = all_tags([*call.args, *call.keywords.values(), *([call.owner] if call.owner else [])])
        last = short_name(call.ref)
        made = Made(call.ref[:200], list(call.args), dict(call.keywords), tags=tags, at=call.at)
        made.owner = call.owner if isinstance(call.owner, Made) else None
        made.parts = _parts([*call.args, *call.keywords.values()])
        self._steps(call, last)
        if resamples(call) and self.loops:
            self.loops[-1].resamples = True
        repeated = repeats(call, self.records)
        if repeated is not None:
            self.records.bootstrap(repeated)
        if (last in WRITERS or (call.ref == "builtins.print" and "file" in call.keywords)) and not _to_terminal(call):
            self._writes(call, as_table=last in TABLE_WRITERS or call.ref in _TABLE_DUMPS)
        for note in (self._sampler, self._search, self._estimator, self._function_fit, self._optimiser, self._rounds):
            new = note(call, made, last)
            if new is not None:
                made.tags |= {new}
        if call.owner is not None and last in _FITS:
            return self._fit(call, made, last)
        return self._result(call, made, last)

    def _result(self, call: Call, made: Made, last: str) -> Value:
        if call.owner is not None and isinstance(call.owner, Made) and last in SAME_OBJECT:
            return call.owner
        if last == "append" and call.owner is not None:
            call.owner.tags |= made.tags
        self.written_paths.add(written_path(call))
        why = read_from(call)
        if why:
            path = why.removeprefix(FROM_FILE).strip()
            source = self.sources.config(path) if is_config(path) else None
            told = config_value(call, source) if source is not None else None
            return told or Unknown(why, tags=made.tags)
        if last.startswith("suggest_"):
            return Unknown(CHOSEN, tags=made.tags)
        if call.ref.startswith("?."):
            owner_why = call.owner.why if isinstance(call.owner, Unknown) else ""
            return Unknown(owner_why, tags=made.tags)
        return made

    # samplers

    def _sampler(self, call: Call, made: Made, last: str) -> Tag | None:
        spec = SAMPLERS.get(call.ref)
        if spec is None:
            return None
        at = self._tag(call, "sampler")
        fact = sampler_call(spec, call, at, self.records, self.given.cpus)
        self.records.sampler(at, fact)
        if call.owner is not None:  # emcee's sampler holds its draws: `get_chain` returns them
            call.owner.tags |= {at}
        del made, last
        return at

    # searches

    def _search(self, call: Call, made: Made, last: str) -> Tag | None:
        at = self._tag(call, "search")
        if last in SEARCHES and not call.ref.startswith("?"):
            value = argument(call, Parameter(("n_iter",), None, SEARCHES[last]))
            candidates: int | None = None
            if SEARCHES[last] is not None:
                candidates = self.records.whole(value, f"n_iter of {last}", at)
            else:
                grid = (
                    call.args[1]
                    if len(call.args) > 1
                    else call.keywords.get("param_grid", call.keywords.get("param_distributions", Unknown()))
                )
                candidates = grid_size(grid)
                if candidates is None:
                    self.records.unclear(at[1], at[2], f"the grid of {last}")
            fact = SearchCall(
                kind=last, file=at[1], line=at[2], cv=folds(call, self.records, at), candidates=candidates
            )
            self.records.search(at, fact)
            self.records.fit((), tuned=False)
            self.records.tuned |= made.parts
            made.parts |= {at}
            return at
        if last in CROSS_VALIDATIONS and call.ref.startswith("sklearn."):
            self.records.search(
                at, SearchCall(kind=last, file=at[1], line=at[2], cv=folds(call, self.records, at), fitted=True)
            )
            self.records.fit(made.parts)
            self._in_loops_fitted()
        if last in {"learning_curve", "validation_curve", "permutation_test_score"} and call.ref.startswith("sklearn."):
            self.records.fit(made.parts)
        return self._trials(call, last, at)

    def _trials(self, call: Call, last: str, at: Tag) -> Tag | None:
        names = {"optimize": ("n_trials", "optuna"), "fmin": ("max_evals", "hyperopt")}
        if (
            last not in names
            or names[last][1]
            not in f"{call.ref} {'optuna' if last == 'optimize' and 'n_trials' in call.keywords else ''}"
        ):
            return None
        value = argument(call, Parameter((names[last][0],), 1 if last == "optimize" else None))
        count = self.records.whole(value, names[last][0], at)
        self.records.search(at, SearchCall(kind=names[last][1], file=at[1], line=at[2], candidates=count, fitted=True))
        return at

    # estimators

    def _estimator(self, call: Call, made: Made, last: str) -> Tag | None:
        name = last
        if is_statsmodel(call.ref):
            name = last
        elif not is_estimator(call.ref) or last in SEARCHES:
            return None
        at = self._tag(call, "estimator")
        self.records.estimator(at, name)
        made.parts |= {at}
        return at

    def _function_fit(self, call: Call, made: Made, last: str) -> Tag | None:
        name = FITTING_FUNCTIONS.get(call.ref)
        if name is None and INVERSES.fullmatch(call.ref) and _normal_equations(call.node):
            name = "normal equations"
        if name is None:
            return None
        at = self._tag(call, "estimator")
        self.records.estimator(at, name)
        self.records.fit({at})
        self._in_loops_fitted()
        del made, last
        return at

    def _optimiser(self, call: Call, made: Made, last: str) -> Tag | None:
        if OPTIMISERS.fullmatch(call.ref) and not NO_OPTIMISERS.match(call.ref):
            self.records.optimiser(self._tag(call, "optimiser"), call.ref)
            if call.ref.startswith("scipy."):
                self._in_loops_fitted()
        del made, last

    # fitting and training

    def _fit(self, call: Call, made: Made, last: str) -> Value:
        owner = call.owner
        parts = _parts([owner] if owner else [])
        tuned = isinstance(owner, Made) and short_name(owner.ref) in SEARCHES
        self.records.fit(parts, tuned)
        if parts:
            self._in_loops_fitted()
        self._fitted_rounds(call, owner, last)
        if owner is None:
            return made
        if last in SAME_OBJECT and not isinstance(owner, Unknown) and call.ref not in SAMPLERS:
            owner.tags |= made.tags
            name = short_name(owner.ref) if isinstance(owner, Made) else ""
            if name not in {"OLS", "ols", "Sequential", "Model"}:
                return owner
        made.parts = parts
        return made

    def _in_loops_fitted(self) -> None:
        for one in self.loops:
            one.fits = True

    def _fitted_rounds(self, call: Call, owner: Value | None, last: str) -> None:
        for one in _mades(owner):
            rounds = FITTED_ROUNDS.get(short_name(one.ref))
            if rounds is not None:
                like = Call(one.ref, call.node, one.at or call.at, one.args, one.keywords)
                self._trained(rounds, like, short_name(one.ref))
        by_name = bool(set(EPOCHS.names) & set(call.keywords))
        keras = any(one.ref.startswith("keras.") for one in _mades(owner))
        if last == "fit" and (by_name or keras):
            self._trained(Rounds("keras", EPOCHS), call, "fit")
        if last == "fit_one_cycle" and any(one.ref.startswith("fastai.") for one in _mades(owner)):
            self._trained(Rounds("fastai", Parameter(("n_epoch",), 0)), call, last)

    def _rounds(self, call: Call, made: Made, last: str) -> Tag | None:
        rounds = CALLED_ROUNDS.get(call.ref)
        if rounds is not None and not (
            last == "Trainer" and "max_steps" in call.keywords and "max_epochs" not in call.keywords
        ):
            self._trained(rounds, call, last)
            if last == "train":
                self._in_loops_fitted()
        del made

    def _trained(self, rounds: Rounds, call: Call, name: str) -> None:
        at = self._tag(call, "loop")
        count = self.records.whole(argument(call, rounds.count), f"{rounds.count.names[0]} of {name}", at)
        early = any(one in call.keywords for one in ("early_stopping", "callbacks", "early_stopping_rounds"))
        self.records.loop(EpochLoop(library=rounds.library, file=at[1], line=at[2], count=count, early_stop=early))

    def _steps(self, call: Call, last: str) -> None:
        owner = call.owner
        if (
            call.ref.startswith("optax.apply_updates")
            or call.ref in {f"{one}()" for one in GRADIENTS}
            or (call.ref in GRADIENTS and call.owner is not None)
        ):
            self.training_step("jax")
        elif owner is not None and last == "step" and any(".optim" in one.ref for one in _mades(owner)):
            self.training_step("torch")
        elif owner is not None and last == "gradient" and "GradientTape" in call.ref:
            self.training_step("keras")
        elif owner is not None and last in _STEPS:
            self.training_step(
                {"backward": "torch", "partial_fit": "sklearn", "train_on_batch": "keras"}.get(last, "torch")
            )

    # files

    def _writes(self, call: Call, *, as_table: bool) -> None:
        values = [*call.args, *call.keywords.values(), *([call.owner] if call.owner is not None else [])]
        self.records.mark_written(all_tags(values), as_table=as_table)
        for one in _mades(call.owner):
            self.records.mark_written(all_tags(list(one.args)), as_table=as_table)

    def _tag(self, call: Call, kind: str) -> Tag:
        return (kind, *call.at[1:])

    def training_step(self, library: str) -> None:
        """Note a training step; filled in by the module of statements."""
        raise NotImplementedError


def _to_terminal(call: Call) -> bool:
    target = call.keywords.get("file")
    return call.ref.startswith("sys.std") or (isinstance(target, Ref) and target.name.startswith("sys.std"))


def _mades(value: Value | None) -> list[Made]:
    """Return the library objects that a value is or is made of: of a pipeline, or search, its parts too."""
    found: list[Made] = []
    waiting: list[Value] = [value] if value is not None else []
    while waiting and len(found) < 50:
        one = waiting.pop()
        if isinstance(one, Made):
            found.append(one)
            if "sklearn" in one.ref and not one.ref.endswith(")"):
                waiting.extend([*one.args, *one.keywords.values()])
        elif isinstance(one, Instance) and one.made is not None:
            waiting.append(one.made)
        elif isinstance(one, Either):
            waiting.extend(one.options)
        elif isinstance(one, Items) and len(one.items) < 50:
            waiting.extend(one.items)
    return found


def _parts(values: list[Value]) -> Tags:
    """Return the estimators that a value is or is made of."""
    tags: set[Tag] = set()
    waiting = list(values)
    for _ in range(2000):
        if not waiting:
            break
        one = waiting.pop()
        if isinstance(one, Made):
            tags |= one.parts
        elif isinstance(one, Instance) and one.made is not None:
            tags |= one.made.parts
        elif isinstance(one, Items) and len(one.items) < 100:
            waiting.extend(one.items)
        elif isinstance(one, Table):
            waiting.extend(one.items.values())
        elif isinstance(one, Either):
            waiting.extend(one.options)
    return frozenset(tags)


def _normal_equations(node: ast.AST) -> bool:
    """Whether an inverse is taken of X'X: the arguments hold a product with a transposed matrix."""
    inner = [one for each in getattr(node, "args", []) for one in ast.walk(each)]
    transposed = any(isinstance(one, ast.Attribute) and one.attr in {"T", "mT", "transpose"} for one in inner)
    product = any(isinstance(one, ast.BinOp) and isinstance(one.op, ast.MatMult) for one in inner) or any(
        isinstance(one, ast.Attribute) and one.attr in {"dot", "matmul"} for one in inner
    )
    return transposed and product
