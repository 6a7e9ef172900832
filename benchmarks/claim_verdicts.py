"""python -m benchmarks.claim_verdicts: how often a verdict on a claim is wrong, and how often it detects an effect.

A thousand times five seeds; their effects are normal around a known truth, in smallest effects of interest d.
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
                verdicts = [
                    claim_verdict(kind, 1.0, t_interval(random.normal(truth, spread, SEEDS))) for _ in range(DRAWS)
                ]
                kinds = sorted(set(verdicts), key=lambda verdict: verdict == UNDECIDED)
                shown = ", ".join(f"{verdict} {verdicts.count(verdict) / DRAWS:.1%}" for verdict in kinds)
                print(f"| {kind} | {spread:g} d | {truth:+g} d | {shown} |")


if __name__ == "__main__":
    main()
