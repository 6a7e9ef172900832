"""python -m benchmarks.claims: how often a verdict on one of the paper's statements is wrong, and what it sees.

A thousand times, five seeds whose effect is normal around a truth given in smallest effects of interest d.
"""

import numpy as np

from charrnn.studies.claims.claim import PIECES, UNDECIDED, claim_verdict
from charrnn.studies.inference import t_interval

DRAWS, SEEDS = 1000, 5
TRUTHS = (-3.0, 0.0, 0.5, 1.5, 2.0, 3.0)
SPREADS = (0.25, 0.7)  # standard deviations over seeds, in d: 0.005 and 0.014 of 0.02 nats


def main() -> None:
    random = np.random.default_rng(0)
    print("| expects | spread over seeds | truth | verdicts |\n| --- | --- | --- | --- |")
    for kind in PIECES:
        for spread in SPREADS:
            for truth in TRUTHS:
                said = [claim_verdict(kind, 1.0, t_interval(random.normal(truth, spread, SEEDS))) for _ in range(DRAWS)]
                shares = {one: said.count(one) / DRAWS for one in sorted(set(said), key=lambda one: one == UNDECIDED)}
                shown = ", ".join(f"{one} {share:.1%}" for one, share in shares.items())
                print(f"| {kind} | {spread:g} d | {truth:+g} d | {shown} |")


if __name__ == "__main__":
    main()
