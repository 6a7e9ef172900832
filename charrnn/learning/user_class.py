"""A class that a configuration or a checkpoint names by its dotted path."""

import importlib
import inspect
import sys

from charrnn.errors import UserError


def import_class(key: str, path: str, base: type, others: str = "") -> type:
    """The class at `path`, derived from `base`; else UserError that begins with `key`.

    `others` is what else may stand there: "rnn or ".
    """
    module, _, attribute = path.rpartition(".")
    # A checkpoint may name anything: importing some modules of the standard library does things.
    if not module or module.partition(".")[0] in sys.stdlib_module_names:
        raise UserError(f"{key}: expected {others}the dotted path of a class, got {path!r}")
    try:
        kind = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UserError(
            f"{key}: expected a class that Python can import, but {path!r} cannot be ({error}); install its "
            "package, or add its folder to PYTHONPATH"
        ) from error
    if not (inspect.isclass(kind) and issubclass(kind, base)):
        packages = base.__module__.split(".")  # torch.nn.modules.module is torch.nn to its users
        shown = ".".join([*packages[: 2 if packages[0] == "torch" else 1], base.__name__])
        raise UserError(f"{key}: expected a class derived from {shown}, but {path!r} is {kind!r}")
    return kind
