"""Writes input.txt: lines of a play that nobody wrote."""

import random

NAMES = ["ANNA", "BORIS", "CLARA", "DMITRI"]
SAYS = ["I will not", "you shall", "we must", "they never", "who would"]
DOES = ["leave", "forget", "weigh", "mend", "follow", "lose", "watch"]
WHAT = ["the garden", "this letter", "my brother", "an old song", "the winter", "your lamp"]

rng = random.Random(1337)
lines = [
    f"{rng.choice(NAMES)}:\n{rng.choice(SAYS)} {rng.choice(DOES)} {rng.choice(WHAT)}, "
    f"and {rng.choice(SAYS)} {rng.choice(DOES)} {rng.choice(WHAT)}.\n"
    for _ in range(700)
]
with open("input.txt", "w") as f:
    f.write("\n".join(lines))
