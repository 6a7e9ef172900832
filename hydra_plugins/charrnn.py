"""Hydra takes plugins from this namespace only; what they do stands in charrnn/cli.

Every Hydra application of an environment imports this file, so it imports little.
"""

from charrnn.cli import launcher, search, sweeper


class GridSweeper(sweeper.GridSweeper):
    """hydra/sweeper=grid"""


class SearchSweeper(search.SearchSweeper):
    """hydra/sweeper=search"""


class CheckedLauncher(launcher.CheckedLauncher):
    """Around the launcher that was chosen."""
