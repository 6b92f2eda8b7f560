"""Lines of the field's own words with numbers that nobody can mean."""

from __future__ import annotations

from hypothesis import strategies as st

WORDS = (
    *("epoch", "step", "draws", "divergences", "r_hat", "R_hat", "max r_hat", "R-hat", "rhat", "ess", "ess_bulk"),
    *("loss", "train_loss", "val_loss", "grad_norm", "lr", "iteration", "trial", "fold", "batch", "round", "tune"),
    *("chains", "n_eff", "mean", "sd", "mcse_sd", "hdi_3%", "accuracy", "elbo", "time_s", "epoch_total", "line"),
)
NUMBERS = (
    *("1e309", "-1e309", "9" * 100, "9" * 400, "9" * 5000, "1" + "0" * 400, "nan", "NaN", "inf", "-inf", "Infinity"),
    *("0", "-0", "-1", "5", "1.5", "1.2.3", "1e-400", "1e5000", "1_0", "1,0,0", "٣", "²", "0x1F", "None", "True"),
    *("0.1e", ".", "-", "1e", "1e+", "1.7976931348623157e308", "9007199254740993", "1e15", "1e18", "", "nan.0"),
)
words = st.sampled_from(WORDS)
numbers = st.sampled_from(NUMBERS) | st.integers().map(str) | st.floats().map(repr)
_FORMS = (
    *("{w}={n}", "{w}: {n}", "{w} {n}", "{w} = {n} of {m}", "{w} {n}/{m}", "{w}[{n}]", '{{"{w}": {n}, "{v}": {m}}}'),
    *("{{'{w}': '{n}'}}", '{{"kind": "{w}", "{v}": {n}}}', "{w}, {v}\n{n}, {m}", "{w} {v}\nmu {n} {m}", "{n},{m},{n}"),
    *("[{n}]\t{w}:{m}", "{n}:\t{w}: {m}", "[Epoch {n}/{m}] {w} {n}", "{n}/{m} [00:00<00:01, {w}={n}]"),
    *(
        "  ━━━━━━   {n}   {m}   {n}.{m}   15   9.3",
        "Progress Draws Divergences\n ━━━ {n} {m} {n} 1",
        "{w}: {n}-{m} hours",
    ),
    *("There were {n} divergences after tuning.", "{n} of {m} transitions ended with a divergence"),
    *("Number of divergences: {n}", "{n} divergent transitions", "({n} + {m} draws total)"),
    *("The rhat statistic is larger than {n} for some parameters", "draws={n} divergences={m} of {n}"),
    *("Traceback (most recent call last):\n  File 'a.py', line {n}, in f\nValueError: {w} {m}", "{w}={n} {v}={m}"),
    *("- **Minimum {w}**: {n}", "- {w}: at least {n}", "| {w} | {n} | {m} | {n} | {m} hours | Yes |", "{n} {m} {w}"),
    *("Epoch,Train Loss,Val Loss\n{n},{m},{n}", "#{w} {n}", "max_depth = {n}", "RuntimeError: {w} must be {n}"),
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Give one form, or two lines, filled with words and numbers."""
    form = draw(st.sampled_from(_FORMS))
    return form.format(w=draw(words), v=draw(words), n=draw(numbers), m=draw(numbers))


texts = st.lists(lines(), min_size=1, max_size=8).map("\n".join)
