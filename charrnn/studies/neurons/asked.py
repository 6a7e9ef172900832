"""The unit that a command asks for."""

from charrnn.errors import UserError

PAPERS_UNIT = 52


def asked_unit(unit: int | None, count: int) -> list[int]:
    """The one asked for; else the paper's, where a network has as many; UserError where it has not."""
    if unit is not None and unit >= count:
        raise UserError(f"unit: expected 0 to {count - 1}, for this network has {count} units, got {unit}; give unit=…")
    return [unit] if unit is not None else [PAPERS_UNIT] if count > PAPERS_UNIT else []
