"""Did an optimiser train what was saved, on all of its data, for all of its epochs? Pure."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence

from ..counted.counts import WITNESSED, Counts
from ..counted.drawn import correlation
from ..design.declared import is_for_reward
from ..design.quantities import plain
from ..evidence.checks import Check, failed
from ..evidence.evidence import Evidence
from ..evidence.suspicion import Suspicion
from ..evidence.words import Word
from ..results.method import declared_kinds
from ..witness import Line, Saved, Steps
from ..witness.seen import Seen, clock, names, place
from ..witness.values import number, numbers, text, texts, whole
from .as_said import as_said
from .begun_with import begun_with
from .last_as_best import last_as_best
from .last_stage import frozen_at_last
from .left_untrained import left_untrained
from .members import untrained_members
from .modes import dropout_left_out, trained_in_evaluation
from .new_each_epoch import new_each_epoch
from .stood_still import stood_still

_LEAST_HELD = 0.1
"""Share of the saved numbers that an optimiser should hold; a head on a frozen body has less and says so."""
_LEAST_WAY = 0.2
"""Share of the way from the first to the last weights that a saved checkpoint should have gone."""
_LEAST_PASSES = 10
_LEAST_STEPS = 20
_MOST_IDLE = 0.5
"""Share of the steps that may be made at a rate of 0, as in a warm-up or at the end of a schedule."""
_LEAST_MOVED = 1e-3
"""Share of their own length that weights should go: fine-tuning goes some hundredths."""
_MOST_SAMPLED = 1 << 14
"""Of so many weights the way is told (docs/witness.md, "steps")."""
_MOST_TRIED = 10
"""So many trainings of one kind are a choice where one of them is handed in."""
_MOST_KEPT = 0.5
_LEAST_SHARE = 0.5
"""Share of its rows that a loader should give in a pass."""
_MOST_LATE = 0.3
"""Epochs that may be told after the last step, as a share of those before it."""
_LEAST_DISTINCT = 0.95
_LEAST_KEYS = 3
_LEAST_VALUES = 8
_LEAST_COMPARED = 24
_UNLIKE = 0.5
"""Below this correlation two networks have nothing to do with each other; of chance it would be 0.2."""
_LIBRARIES = ("torch", "keras", "tf_keras")
_AGAIN = "Train again with what the design asks for, or say why it is right as it is."


def gradients(evidence: Evidence, counts: Counts, seen: Seen) -> Iterator[Suspicion]:
    """Yield what speaks against the steps of the optimisers that were seen."""
    losses = [one for one in seen.witnessed.of("losses") if (whole(one.facts, "count") or 0) > 0]
    stepped = [one for one in seen.steps if one.steps > 0 or one.traced]
    if losses and not stepped:
        what = f"backward was called {whole(losses[0].facts, 'count')} times at {names(losses)}, no optimiser stepped"
        yield Suspicion(what, Word.INVESTIGATE, "no_step", "Say how the weights are updated.")
    for one in stepped:
        if not one.traced and one.moved == 0 and not one.moved_share and len(stepped) == 1:
            what = f"{one.steps} steps of {one.name} at {place(one.line)} moved no weight"
            yield Suspicion(what, Word.LIKELY_FABRICATION, "weights_never_moved", _AGAIN)
    yield from _without_a_rate(stepped)
    yield from begun_with(evidence, seen, stepped)
    yield from untrained_members(evidence, seen, stepped)
    yield from left_untrained(evidence, seen, stepped)
    yield from frozen_at_last(evidence, seen, stepped)
    yield from _hardly_moved(stepped)
    yield from trained_in_evaluation(evidence, seen)
    yield from dropout_left_out(evidence, seen)
    yield from as_said(evidence, seen, stepped)
    yield from _not_applied(stepped)
    yield from stood_still(evidence, seen, stepped)
    yield from _saved(evidence, seen, stepped)
    yield from last_as_best(evidence, seen, stepped)
    yield from _fewer_than_epochs(evidence, counts, stepped)
    yield from new_each_epoch(evidence, counts, stepped)
    yield from _after_the_last_step(evidence)
    yield from _part_of_the_rows(seen)
    yield from _validated_on_trained_rows(evidence, seen)


def _without_a_rate(stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Steps at a learning rate of 0 move nothing, whatever is printed of them."""
    for one in stepped:
        idle = whole(one.line.facts, "idle") or 0
        if one.steps >= _LEAST_STEPS and idle > _MOST_IDLE * one.steps:
            what = f"{idle} of {one.steps} steps of {one.name} at {place(one.line)} were made at a learning rate of"
            what = f"{what} 0, or of no hundred-thousandth of its highest"
            yield Suspicion(what, Word.INVESTIGATE, "rate_of_zero", "Mend the schedule, or end the training there.")
            return


def _hardly_moved(stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Many steps that left all weights where they were, but for a thousandth of their size: who trained them?"""
    ways = [(_way_by_size(one), one) for one in stepped if one.library == "torch" and one.steps >= _LEAST_STEPS]
    way, most = max(ways, key=lambda each: each[0], default=(1.0, None))
    if most is not None and way < _LEAST_MOVED and len(ways) == len(stepped):
        what = f"{most.steps} steps of {most.name} at {place(most.line)} moved the weights by {way:.1e} of their size"
        action = "Say where the weights are from that the training began with, and what it changed of them."
        yield Suspicion(what, Word.INVESTIGATE, "weights_hardly_moved", action)


def _not_applied(stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Updates of optax that were computed and never added to the weights, or always to those of the first call."""
    told = [one for one in stepped if one.library == "optax" and whole(one.line.facts, "applied") is not None]
    for one in (each for each in told if each.traced or each.steps >= _LEAST_STEPS):
        never = whole(one.line.facts, "applied") == 0
        if never or one.line.facts.get("params_moved") is False:
            what = f"{one.name} computed updates at {place(one.line)}, and optax.apply_updates"
            what = f"{what} {'was never called' if never else 'was given the weights of the first call each time'}"
            action = "Add each update to the weights that the next one is computed of; optax.apply_updates shows it."
            yield Suspicion(what, Word.INVESTIGATE, "updates_not_applied", action)
            return


def _way_by_size(one: Steps) -> float:
    """Return how far the weights went, as a share of their own length at the begin; 1 where nobody knows."""
    told = one.begun
    if one.moved is None or one.moved < 0 or told.mean is None or told.sd is None:  # below 0: they are not finite
        return 1.0
    size = math.sqrt(max(0, min(one.numbers, _MOST_SAMPLED)) * (told.mean**2 + told.sd**2))
    return one.moved / size if size > 0 else 1.0


def _saved(evidence: Evidence, seen: Seen, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """What was saved, against what the optimiser held, and against where its weights began and ended."""
    final = [one for one in seen.saves if one.numbers and _is_model(evidence, one.path)]
    held = max((one.numbers for one in stepped), default=0)
    if final and held and held < _LEAST_HELD * (final[-1].numbers or 0):
        what = f"the optimiser held {held} numbers, {final[-1].path} has {final[-1].numbers}: most were not trained"
        action = "Say which part was trained, and where the rest is from."
        yield Suspicion(what, Word.INVESTIGATE, "mostly_untrained", action)
    for save in final[-1:]:
        for one in (each for each in stepped if each.numbers == save.numbers and each.begun.sha):
            if save.weights.sha == one.begun.sha != one.weights.sha:
                what = f"{save.path} holds the weights from before the first of {one.steps} steps at {place(one.line)}"
                yield Suspicion(what, Word.LIKELY_FABRICATION, "untrained_weights_saved", _AGAIN)
            elif (way := _way(save, one)) is not None and way < _LEAST_WAY:
                what = f"the weights in {save.path} have gone {way:.0%} of the way from the first to the last of"
                what = f"{what} {one.steps} steps at {place(one.line)}"
                action = "Say which epoch's weights these are, and why; the results should be theirs."
                yield Suspicion(what, Word.INVESTIGATE, "early_weights_saved", action)
        same_size = [one for one in stepped if one.numbers == save.numbers]
        yield from _of_another(save, same_size)
        yield from _best_of_many(save, same_size, {one.weights.sha for one in seen.saves})


def _best_of_many(save: Saved, stepped: Sequence[Steps], kept: Container[str]) -> Iterator[Suspicion]:
    """One of many networks of one kind was saved, which is not the last: as a rule the one that did best.

    :param kept: digests of the weights that were saved anywhere: an ensemble saves most of its members.
    """
    for one in (each for each in stepped if each.weights.sha and each.weights.sha == save.weights.sha):
        kin = [each for each in stepped if _kind_of(each) == _kind_of(one)]
        begun = {each.begun.sha for each in kin if each.begun.sha}
        latest = max(kin, key=lambda each: number(each.line.facts, "last_at") or 0.0)
        members = sum(each.weights.sha in kept for each in kin) > _MOST_KEPT * len(kin)
        if len(begun) >= _MOST_TRIED and latest is not one and not members:
            what = (
                f"{len(kin)} networks of {one.numbers} numbers were trained alike at {place(one.line)}, and the one in"
            )
            what = f"{what} {save.path} is not the last of them: best of {len(kin)}?"
            action = "Report all of these trainings or their mean, or say by which rows it was chosen."
            yield Suspicion(what, Word.INVESTIGATE, "network_chosen", action)
            return


def _kind_of(one: Steps) -> tuple[object, ...]:
    rates = tuple(numbers(one.line.facts, "lr_seen"))
    return one.name, one.line.where, one.steps, rates


def _of_another(save: Saved, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """Weights that go with none that an optimiser began or ended with; best epochs and averages go with both.

    An optimiser may hold the tensors in another order than they are saved in (those without weight decay in a group of
    their own): value by value they are compared only where the sizes stand in the same order.
    """
    if any(one.line.facts.get("sizes") != save.line.facts.get("sizes") for one in stepped):
        return
    if stepped and all(_unlike(save.weights.at, one.begun.at) and _unlike(save.weights.at, one.weights.at)
                       for one in stepped):  # fmt: skip
        one = stepped[-1]
        what = f"the weights in {save.path} are neither near those that {one.steps} steps of {one.name} at"
        what = f"{what} {place(one.line)} began with nor near those that they led to: another network's?"
        action = "Say where these weights are from; what a run trained is what it has to save."
        yield Suspicion(what, Word.INVESTIGATE, "other_weights_saved", action)


def _unlike(some: Sequence[float], others: Sequence[float]) -> bool:
    told = len(some) == len(others) >= _LEAST_COMPARED and len(set(some)) > 1 and len(set(others)) > 1
    return told and correlation(some, others) < _UNLIKE


def _is_model(evidence: Evidence, path: str) -> bool:
    return any(one.role == "model" and one.path == path for one in evidence.artefacts)


def _way(save: Saved, one: Steps) -> float | None:
    """Return how far saved weights are from the first ones, as a share of the last ones' way; None if not told."""
    begun, last, saved = one.begun.at, one.weights.at, save.weights.at
    if not len(begun) == len(last) == len(saved) >= _LEAST_VALUES:
        return None
    whole_way = sum(abs(there - here) for here, there in zip(begun, last, strict=True))
    gone = sum(abs(there - here) for here, there in zip(begun, saved, strict=True))
    return gone / whole_way if whole_way > 0 else None


def _fewer_than_epochs(evidence: Evidence, counts: Counts, stepped: Sequence[Steps]) -> Iterator[Suspicion]:
    """An epoch without a single step trains nothing."""
    told = counts.get("epochs")
    continued = any(one.continued for one in evidence.attempts)
    method = evidence.design.method
    if evidence.history is not None and evidence.history.by_reward and (not method or is_for_reward(method)):
        return  # an agent may play several episodes between two steps
    if told is None or told.source.startswith(WITNESSED) or continued or not stepped:
        return
    stepped = [one for one in stepped if one.library != "jax"] or stepped
    done = sum(one.steps for one in stepped)
    if not any(one.traced or one.library == "keras" for one in stepped) and done < 0.9 * told.value:
        what = f"{plain(told.value)} epochs are told ({told.source}), the optimisers made {done} steps, the first at"
        action = "Say what the other epochs did; let the script print what it trains."
        yield Suspicion(f"{what} {place(stepped[0].line)}", Word.INVESTIGATE, "fewer_steps_than_epochs", action)


def _after_the_last_step(evidence: Evidence) -> Iterator[Suspicion]:
    """Epochs that were printed when no optimiser stepped any more."""
    told = evidence.late_epochs
    if told is not None and told.before and told.after >= max(_LEAST_PASSES, _MOST_LATE * told.before):
        what = (
            f"the last step of an optimiser was at {clock(told.last_at)}, when the log had told {told.before} epochs;"
        )
        what = f"{what} {told.after} others were told after it"
        action = "Say what these epochs did; let the script print what it trains."
        yield Suspicion(what, Word.INVESTIGATE, "epochs_after_the_last_step", action)


def _part_of_the_rows(seen: Seen) -> Iterator[Suspicion]:
    """Passes that end after a few batches; the loader that gave most rows counts, others evaluate."""
    loaders = [one for one in seen.witnessed.of("batches") if whole(one.facts, "dataset")]
    if not loaders or not seen.steps:
        return
    most = max(loaders, key=_rows)
    passes, dataset = number(most.facts, "passes") or 0.0, whole(most.facts, "dataset") or 0
    rows = _of_all_processes(loaders, most)
    if passes >= _LEAST_PASSES and rows < _LEAST_SHARE * passes * dataset:
        what = f"each of {plain(passes)} passes at {place(most)} took {plain(round(rows / passes))} of"
        what = f"{what} {dataset} rows"
        yield Suspicion(what, Word.INVESTIGATE, "part_of_the_rows", "Say why an epoch is not all of the rows.")


def _validated_on_trained_rows(evidence: Evidence, seen: Seen) -> Iterator[Suspicion]:
    """A validation loss is told, and what all loaders gave that were only evaluated, every training loader gave too.

    Every one: what one fold holds out the others train on, and a last fit may take all rows. Nothing follows where a
    loader's rows were not told, or are alike (few categories).
    """
    if evidence.history is None or not evidence.history.val_loss:
        return
    loaders = [one for one in seen.witnessed.of("batches") if isinstance(one.facts.get("trains"), bool)]
    trained = [one for one in loaders if one.facts["trains"]]
    held = [one for one in loaders if not one.facts["trains"]]
    known = trained and held and all(map(_all_distinct, loaders))
    if known and all(_holds(each, one) for one in held for each in trained):
        what = (
            f"a validation loss is told; the {whole(held[0].facts, 'dataset')} rows of the loader at {place(held[0])}"
        )
        what = f"{what} were among those that the loader at {place(trained[0])} gave to train on"
        action = "Validate on rows that are not trained on, or say which rows the validation loss is of."
        yield Suspicion(what, Word.INVESTIGATE, "validation_rows_trained", action)


def _all_distinct(line: Line) -> bool:
    rows, distinct = whole(line.facts, "dataset") or 0, whole(line.facts, "distinct") or 0
    return bool(texts(line.facts, "row_keys")) and distinct >= _LEAST_DISTINCT * rows


def _holds(line: Line, other: Line) -> bool:
    """Whether the rows of one loader are among those of another: all its small keys that could be are."""
    known, asked = set(texts(line.facts, "row_keys")), texts(other.facts, "row_keys")
    could = [one for one in asked if one <= max(known)]
    return len(could) >= _LEAST_KEYS and known.issuperset(could)


def _of_all_processes(loaders: Sequence[Line], most: Line) -> float:
    """Return the rows that a loader gave in all processes together: ranks share the rows of a pass."""
    same = [one for one in loaders if (one.where, one.facts.get("dataset")) == (most.where, most.facts.get("dataset"))]
    by_process: dict[str, float] = {}
    for one in same:
        by_process[one.file] = max(by_process.get(one.file, 0.0), _rows(one))
    return sum(by_process.values())


def _rows(line: Line) -> float:
    return number(line.facts, "rows") or 0.0


def nothing_stepped(evidence: Evidence, seen: Seen) -> Check | None:
    """Was a library that trains networks imported, which the design speaks of, and nothing trained with it?"""
    hooked = [text(one.facts, "library") for one in seen.witnessed.of("hooked")]
    library = next((one for one in hooked if one in _LIBRARIES), "")
    if not seen.whole or not library or "Deep Learning" not in declared_kinds(evidence.design.method):
        return None
    what = f"{library} was imported, no loss went backward and no optimiser stepped (witnessed)"
    action = "Say where the weights are from; a model that is loaded and not trained is no training."
    return failed("training", what, Word.INVESTIGATE, "nothing_stepped", action)
