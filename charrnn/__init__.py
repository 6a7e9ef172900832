"""Character-level recurrent networks that compose folk music in ABC notation.

    network = charrnn.load("runs/…")
    tunes = network.sample(4, constraint="bars", key="Gm")

docs/python.md shows the whole interface. Every name is imported when it is first used: `import charrnn` loads neither
torch nor Hydra.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charrnn.cli.api import compare, configure, runs, train
    from charrnn.errors import UserError
    from charrnn.learning.data import AbcDataModule
    from charrnn.learning.module import LitCharRNN
    from charrnn.learning.network import Network, load
    from charrnn.learning.result import Result, Run
    from charrnn.music.tune import Tune
    from charrnn.music.tune_book import read_abc, read_tune_book
else:
    _MODULES = {
        "compare": "charrnn.cli.api",
        "configure": "charrnn.cli.api",
        "runs": "charrnn.cli.api",
        "train": "charrnn.cli.api",
        "UserError": "charrnn.errors",
        "AbcDataModule": "charrnn.learning.data",
        "LitCharRNN": "charrnn.learning.module",
        "Network": "charrnn.learning.network",
        "load": "charrnn.learning.network",
        "Result": "charrnn.learning.result",
        "Run": "charrnn.learning.result",
        "Tune": "charrnn.music.tune",
        "read_abc": "charrnn.music.tune_book",
        "read_tune_book": "charrnn.music.tune_book",
    }

    def __getattr__(name):
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(_MODULES[name]), name)
        return value

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "AbcDataModule", "LitCharRNN", "Network", "Result", "Run", "Tune", "UserError", "compare", "configure", "load",
    "read_abc", "read_tune_book", "runs", "train",
]  # fmt: skip
