"""python -m benchmarks.comparison_power: how often a comparison's verdicts are wrong, and what they detect.

A thousand tables of five settings and n seeds. Losses differ from the base's by 0, 0.02, 0.05 and 0.1 nats, and between
seeds with a standard deviation of 0.01, which the default network has.
"""

import numpy as np
import pandas as pd

from charrnn.studies.settings import settings_table

DRAWS, SD = 1000, 0.01
TRUTHS = (0.0, 0.02, 0.05, 0.1)


def verdicts(n: int, random: np.random.Generator, truths: tuple[float, ...] = TRUTHS) -> list[str]:
    """The verdicts of one table on settings that are worse by `truths` nats."""
    rows = [
        {"setting": str(number), "state": "finished", "seed": seed, "model.hidden": number,
         "best_val_loss": 1.4 + truth + random.normal(0, SD)}
        for number, truth in enumerate((0.0, *truths)) for seed in range(n)
    ]  # fmt: skip
    return settings_table(pd.DataFrame(rows), ["model.hidden"], "0")["verdict"].to_list()[1:]


def rates(n: int, truths: tuple[float, ...] = TRUTHS) -> tuple[float, list[float]]:
    """The share of tables with a wrong verdict, and for each truth the share of tables that call it worse."""
    random = np.random.default_rng(n)
    tables = np.array([verdicts(n, random, truths) for _ in range(DRAWS)])
    differs = np.array(truths) > 0
    wrong = (tables == "better") | ((tables == "worse") & ~differs)
    return float(wrong.any(axis=1).mean()), (tables == "worse").mean(axis=0).tolist()


def main() -> None:
    print("| seeds | settings | a wrong verdict | truly worse by " + " | ".join(f"{t:g}" for t in TRUTHS[1:]) + " |")
    print("| --- " * (3 + len(TRUTHS) - 1) + "|")
    for n in (2, 3, 5, 10):
        wrong, worse = rates(n)
        print(f"| {n} | 5 | {wrong:.1%} | " + " | ".join(f"{share:.0%}" for share in worse[1:]) + " |")
        alone = [rates(n, (truth,)) for truth in TRUTHS]
        shares = " | ".join(f"{shares[0]:.0%}" for _, shares in alone[1:])
        print(f"| {n} | 2 | {max(wrong for wrong, _ in alone):.1%} | {shares} |")


if __name__ == "__main__":
    main()
