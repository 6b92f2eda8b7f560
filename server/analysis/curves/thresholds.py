"""Every number that the judges of curves use, with its source. The policy hands in others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Thresholds of the curve flags.

    "Measured" means chosen on labelled real trainings and checked on others that were not looked at before;
    `benchmarks/judge_table.py FOLDER` prints what they find there, `--margins` how far each may be tightened before
    a healthy run is flagged. Shares are of 1, evaluations are rows that hold the value in question.
    """

    points_max: int = 200
    """Longer series are averaged in equal blocks to at most this many points, so that all rows count and the noise
    of single batches does not."""

    improved: float = 0.05
    """Share of the level below which a loss has not improved, for the flags of runs that never learned."""

    non_finite_run: int = 2
    """Non-finite losses in a row. Keras' TerminateOnNaN and Lightning's EarlyStopping(check_finite) stop at the first;
    mixed precision skips single steps (torch.amp.GradScaler), hence two, or one in the last row."""
    non_finite_gradient: int = 5
    """Evaluations after a gradient norm that was not finite in which the loss did not move by one percent."""

    divergence_gain_share: float = 0.25
    """Share of what had been gained that is lost again. Measured."""
    divergence_start_share: float = 0.03
    """Smallest rise over the best, as a share of the first level, for a loss that never gained anything. Measured."""
    divergence_evaluations: int = 5
    """The last so many must all be that high; three are enough above the level the run began at. Measured: large
    Adam steps on small data came back after four."""
    divergence_above_start: int = 3
    """So many of the last evaluations must be high where they are above the level that the run began at."""
    divergence_burst: float = 3.0
    """Mean training loss of the first epoch over the validation loss at its end, where nothing was learned later."""

    spike_gain: float = 1.0
    """A jump that loses this multiple of everything gained so far, at once. Measured: small data and
    large Adam steps lose three quarters, learn on and only overfit."""
    spike_level: float = 10.0
    """Or a jump to this multiple of the level before it that loses half of everything gained."""
    spike_start_share: float = 0.2
    """Smallest jump, as a share of the first level."""
    spike_sigma: float = 8.0
    """Smallest jump in standard deviations of the noise."""

    oscillation_rise: float = 0.04
    """Mean rise of the training loss per evaluation, as a share of the level (see oscillation_floor).
    Measured, together with the next."""
    oscillation_val_rise: float = 0.08
    """The same of the validation loss. Measured: overfitting runs swing in training only."""
    oscillation_rise_alone: float = 0.1
    """The same of the training loss where no validation loss confirms it."""
    oscillation_uphill: float = 0.4
    """Rises over the whole path, unless the rises are three times as large. Measured: noisy runs that go on learning
    stay below."""
    oscillation_window: int = 30
    """The last evaluations that are looked at, at most; of short histories the last two thirds. Measured."""
    oscillation_floor: float = 0.07
    """The level that rises are measured against is at least this share of the first level: noise at a loss of almost
    nothing is no swing. Measured."""
    oscillation_white_noise: float = 0.2
    """Neighbouring steps of white noise correlate by -0.5; so close to it, and without a validation loss, rises are
    taken for noise. The standard error is 0.1 for 100 points."""
    oscillation_rise_large: float = 0.08
    """A mean rise of the training loss so large is an oscillation even where most of the way is downhill."""
    oscillation_improving: float = 1.4
    """Both rises must be so many times as large while the loss goes on falling. Measured: healthy momentum and edges of
    stability swing and learn on."""
    oscillation_early_rise: float = 0.45
    """In histories shorter than 15: the validation loss rises by this share of its level, twice. Measured."""
    oscillation_swing: float = 0.1
    """A loss that never improved: smallest rise between two turns, as a share of the level. Measured."""
    oscillation_swings: int = 2
    """A loss that never improved: how many such rises."""

    overshoot_burst: float = 2.0
    """Mean training loss of the first epoch over the validation loss at its end, from which on …"""
    overshoot_norm_fall: float = 2.0
    """… with such a fall of the gradient norm to the second epoch and …"""
    overshoot_exponent: float = 0.55
    """… such a power of the loss (see `overshoot.FirstEpoch`) …"""
    overshoot_share: float = 0.6
    """… this share of the rises is an oscillation. Measured."""
    overshoot_alone: float = 4.0
    """Burst and fall of the gradient norm from which on no rise is needed, with …"""
    overshoot_exponent_alone: float = 0.6
    """… this power. Measured: healthy runs that learn 20-fold in their first epoch stay below 0.3; inputs that nobody
    scaled came to 0.66, with a norm that fell to a third."""

    overfitting_patience: int = 5
    """Evaluations since the best validation loss, and at least 10 % of all; 3 in histories shorter than 15. Lightning's
    EarlyStopping has patience 3 by default."""
    overfitting_rise: float = 0.05
    """Rise over the best validation loss. SageMaker Debugger's Overfit compares validation with training instead
    (ratio_threshold 0.1), which any generalisation gap exceeds."""
    overfitting_gain_share: float = 0.15
    """The rise as a share of what validation had gained. Measured."""
    overfitting_doubled: float = 1.0
    """Or the rise as a share of the best itself, for losses that had fallen almost to zero."""
    overfitting_sigma: float = 2.0
    """The rise in standard deviations of the noise."""
    overfitting_gap: float = 0.6
    """In short histories: training loss as a share of the validation loss that it left behind, while …"""
    overfitting_stuck: float = 0.3
    """… validation gained less than this share of its first value and training more. Measured."""
    overfitting_train_fall: float = 0.02
    """The training loss must have fallen by this share since."""

    not_learning_gain: float = 0.02
    """Improvement over the whole history. Measured. SageMaker Debugger's LossNotDecreasing asks only whether the
    loss is lower than ten steps before, which noise decides in a converged run."""
    not_learning_crawl: float = 0.1
    """The same where the loss falls in a straight line: a learning rate far too low. From 40 evaluations on; half of
    it for 20, nothing below. Measured."""
    not_learning_flat: float = 0.005
    """Improvement over the last three quarters that counts as none, while …"""
    not_learning_level: float = 0.9
    """… the loss is still above this share of its first value. Measured."""
    not_learning_still: float = 0.001
    """The same improvement, and the noise, of a loss that does not move at all, while …"""
    not_learning_level_still: float = 0.7
    """… it is above this share of its first value. Measured: six saturated layers; fine-tuning is noisier."""
    not_learning_sigma: float = 1.5
    """Or the whole fall in standard deviations of the noise."""
    not_learning_evaluations: int = 8
    """Evaluations before anything is said."""

    vanishing_mean: float = 1e-7
    """Mean absolute gradient of a layer. SageMaker Debugger, VanishingGradient, threshold 0.0000001."""
    vanishing_ratio: float = 1e-6
    """The same over the norm of the whole gradient. Measured."""
    vanishing_level: float = 0.6
    """The loss must stand still above this share of its first value. Measured."""
    vanishing_evaluations: int = 5
    """In a row."""

    exploding_ratio: float = 10.0
    """Gradient norm over the highest before it. Measured. SageMaker Debugger's ExplodingTensor fires on
    non-finite values only, which count here as well."""
    exploding_evaluations: int = 2
    """In a row."""
    overflows_in_a_row: int = 4
    """Norms in a row that are not finite and come back: torch.amp.GradScaler halves its scale of 65536 at each."""

    collapse_gain_share: float = 0.5
    """Share of what a reward had gained that is lost again."""
    collapse_evaluations: int = 15
    """Evaluations before a reward is judged."""
