"""What the name of a column says: which quantity it holds, of which data, and whether less of it is better. Pure.

Read word by word, because every library has spellings of its own: `val/box_loss`, `Loss/train`, `avg_dev_loss`,
`validation_0-logloss`, `run-7 - train/loss`, `rollout/ep_rew_mean`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Role(StrEnum):
    """Which data a number was computed on; none where the name does not say."""

    NONE = ""
    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Sense(StrEnum):
    """Which way is better."""

    DOWN = "down"
    UP = "up"
    UNSAID = "unsaid"
    """Both are in use under this name (an ELBO, an objective); the values tell."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says.

    :ivar quantity: `loss`, `mse`, `accuracy`, `reward` …; `part:…` for one term of a loss.
    :ivar rank: of two names for one thing the lower is the better one.
    :ivar number: `validation_1` is 1; None without.
    """

    quantity: str
    role: Role
    sense: Sense
    rank: float
    number: int | None = None

    @property
    def is_part(self) -> bool:
        """Whether it is one term of a loss."""
        return self.quantity.startswith("part:")


def _spelled(*lines: str) -> dict[str, str]:
    """Return spelling -> quantity, from lines that begin with the quantity."""
    return {spelling: line.split()[0] for line in lines for spelling in line.split()}


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_DOWN = _spelled(
    "loss losses objective_loss",
    "nll nll_loss neg_log_likelihood negative_log_likelihood neg_log_lik neg_loglik neg_ll neg_llf "
    "neg_elbo negative_elbo elbo_loss",
    "cost",
    "cross_entropy crossentropy xent ce ce_loss cross_entropy_loss bce bce_loss categorical_crossentropy "
    "sparse_categorical_crossentropy binary_crossentropy",
    "logloss log_loss mlogloss binary_logloss multi_logloss multiclass cross_entropy_lambda",
    "deviance bpc bpb bpd bits_per_char bits_per_byte bits_per_dim bits_per_dimension",
    "mse mse_loss mean_squared_error squared_error l2 huber msle",
    "rmse root_squared_error root_mean_squared_error",
    "mae mae_loss mean_absolute_error absolute_error l1 l1_loss",
    "mape smape rmsle",
    "perplexity ppl",
    "inertia",
    "error err error_rate err_rate classification_error binary_error multi_error merror wer cer eer "
    "word_error_rate char_error_rate",
)
_UP = _spelled(
    "accuracy acc acc_1 acc1 top1 top_1 top1_acc top_1_acc acc_top1 accuracy_top1 top1_accuracy categorical_accuracy "
    "sparse_categorical_accuracy binary_accuracy balanced_accuracy token_accuracy score",
    "f1 f1_score f_score macro_f1 micro_f1 f1_macro f1_micro",
    "auc roc_auc auroc auc_roc ap m_ap map map50 map_50 m_ap50_b m_ap50_95_b bbox_map bbox_m_ap coco_bbox_m_ap",
    "iou miou dice jaccard",
    "r2 r2_score bleu sacrebleu ndcg psnr ssim mcc",
)
_EVIDENCE = _spelled(
    "elbo",
    "log_likelihood loglikelihood log_lik loglik llf log_prob logp log_probability log_posterior ll lp "
    "objective obj objf "
    "objective_value objective_function",
)
_RANKS = {quantity: float(place) for place, quantity in enumerate(dict.fromkeys(_DOWN.values()))}
_UP_RANKS = {quantity: 40.0 + place for place, quantity in enumerate(dict.fromkeys(_UP.values()))}
_EVIDENCE_RANKS = {"elbo": 2.5, "log_likelihood": 8.5}

_ROLES = {
    **dict.fromkeys(("train", "training", "tr", "trn", "learn"), Role.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "eval", "evaluation", "dev", "heldout", "holdout"), Role.VAL),
    **dict.fromkeys(("test", "testing", "tst", "cv"), Role.TEST),
}
_FILLERS = _words(
    "avg average mean epoch step batch running run smooth smoothed ema total overall current cur global lm model per",
    "sample token iter iteration inner raw scalar scalars metrics agg all main interval set subset sum mov combined",
)
_OTHER = _words(
    "lr scale scaler best min max std stdev stddev var variance weight coef coefficient target patience improvement",
    "diff difference delta ratio count num time speed tokens lower upper fraction clip norm epsilon prev init initial",
    "threshold runtime steps samples second seconds",
)
"""With one of them it is no curve of a fit: `loss_scale`, `best_val_loss`, `test-rmse-std`, `eval_steps_per_second`."""
_REWARD = _words("reward rewards rew return returns ret eprewmean epret episodic")
_OF_A_PLAYER = re.compile(r"[gd]_(?:gan|adv|real|fake|l1|idt|cycle|feat|vgg|[ab])")
"""How pix2pix and its heirs call the terms of generator and discriminator."""
_STALE = re.compile(r"__(?:MIN|MAX)$")
"""Columns that the web page of Weights & Biases adds to an export."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[^0-9a-z]+")
_MOST_DIGITS = 9
"""Of the number of a validation set; a longer one is none."""


def plain_name(name: str) -> str:
    """Return a column's name in lower case with single underscores: `Val Loss`, `val/loss`, `valLoss` -> `val_loss`."""
    spaced = _CAMEL.sub("_", name.strip().lstrip("\ufeff"))
    return _SEPARATORS.sub("_", spaced.lower()).strip("_")


@lru_cache(maxsize=1024)
def named(name: str) -> Named | None:
    """Return what a name says; None where it is no quantity of a fit."""
    if _STALE.search(name):
        return None
    words = plain_name(name.rpartition(" - ")[2]).split("_")
    role, number, rest = _split(words)
    if set(rest) & _OTHER:
        return None
    core = list(dict.fromkeys(word for word in rest if word not in _FILLERS))
    if core == ["score"] and not role:
        return None  # of one candidate of a search, mostly
    rank = 0.1 * ("running" in rest or "smoothed" in rest or "ema" in rest) + 0.3 * ("step" in rest or "batch" in rest)
    rank += 0.5 * (role is Role.TEST) + 0.05 * (not role) - 0.02 * ("total" in rest)
    if set(core) & _REWARD:
        return Named("reward", role, Sense.UP, 60.0 + rank + 0.2 * len(core) - 0.3 * ("mean" in rest), number)
    # A name of nothing but the data ("learn", "test" of CatBoost, "train,val") is of whatever is fitted.
    found = _quantity("_".join(core)) if len(words) > 1 or not role else ("fit", Sense.UNSAID, 5.5)
    return None if found is None else Named(found[0], role, found[1], found[2] + rank, number)


def _quantity(core: str) -> tuple[str, Sense, float] | None:
    if core in _DOWN:
        return _DOWN[core], Sense.DOWN, _RANKS[_DOWN[core]]
    if core in _EVIDENCE:
        return _EVIDENCE[core], Sense.UNSAID, _EVIDENCE_RANKS[_EVIDENCE[core]]
    if core in _UP:
        return _UP[core], Sense.UP, _UP_RANKS[_UP[core]]
    part = re.fullmatch(r"(?:(.+)_)?(?:loss|losses|err)(?:_(.+))?", core)
    if part:
        return f"part:{part[1] or part[2]}", Sense.DOWN, 30.0
    error = re.fullmatch(r"(.+)_(?:rmse|mae|mse)", core)  # of one of several targets: `energy_rmse`, `force_rmse`
    if error:
        return f"part:{core}", Sense.DOWN, 32.0
    return (f"part:{core}", Sense.DOWN, 31.0) if _OF_A_PLAYER.fullmatch(core) else None


def _split(words: list[str]) -> tuple[Role, int | None, list[str]]:
    """Take the first word that names the data out of a name, with the number behind it."""
    for at, word in enumerate(words):
        bare = word.rstrip("0123456789")
        if bare in _ROLES:
            rest = [*words[:at], *words[at + 1 :]]
            number = word[len(bare) :] or (words[at + 1] if words[at + 1 : at + 2] and words[at + 1].isdigit() else "")
            if number and not word[len(bare) :]:
                rest = [*words[:at], *words[at + 2 :]]
            return _ROLES[bare], int(number) if 0 < len(number) <= _MOST_DIGITS else None, rest
    return Role.NONE, None, words


def role_of(text: str) -> Role:
    """Return which data a word such as a file's name or a cell `val` speaks of; none where it says nothing or both."""
    found = {_ROLES[word] for word in plain_name(text).split("_") if word in _ROLES}
    found = {Role.VAL if role is Role.TEST else role for role in found}
    return found.pop() if len(found) == 1 else Role.NONE


def is_generator(part: str) -> bool:
    """Whether a term of a loss is a generator's."""
    return not {"g", "gen", "generator"}.isdisjoint(part.rsplit(":", maxsplit=1)[-1].split("_"))


def is_discriminator(part: str) -> bool:
    """Whether a term of a loss is a discriminator's."""
    return not {"d", "disc", "discriminator"}.isdisjoint(part.rsplit(":", maxsplit=1)[-1].split("_"))


def is_of_an_agent(part: str) -> bool:
    """Whether a term of a loss is one of reinforcement learning, which may rise while the agent learns."""
    words = set(part.rsplit(":", maxsplit=1)[-1].split("_"))
    return not words.isdisjoint(("actor", "critic", "policy", "pg", "td", "qf", "qf1", "qf2", "vf", "surrogate"))
