"""Where the configuration files are."""

from pathlib import Path


def config_dir() -> Path:
    """The folder that is charrnn/conf in a wheel, and conf/ beside charrnn/ in a checkout, also an editable install."""
    package = Path(__file__).resolve().parent
    installed = package / "conf"
    return installed if installed.is_dir() else package.parent / "conf"
