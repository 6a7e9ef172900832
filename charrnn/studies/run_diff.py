"""python analyze.py diff=[RUN,RUN]: what differs between two runs' configurations, data and results."""

from pathlib import Path
from typing import Any

import yaml

from charrnn import run
from charrnn.errors import UserError
from charrnn.studies.runs import load_runs, records, select_runs

ABSENT = "-"


def print_run_diff(pair: str) -> None:
    """Print the difference of two run folders; `pair` is `[RUN,RUN]` as typed, brackets optional."""
    names = [name.strip() for name in pair.strip().removeprefix("[").removesuffix("]").split(",")]
    if len(names) != 2 or not all(names):
        raise UserError(f"diff: expected two run folders, diff=[RUN,RUN], got {pair!r}")
    one, other = (_describe(name) for name in names)
    width = max(len(key) for part in one for key in (*one[part], *other[part]))
    column = max(len(Path(name).name) for name in names)
    print(f"{'':<{width}}  {Path(names[0]).name:<{column}}  {Path(names[1]).name}")
    for part in one:
        differing = [k for k in {**one[part], **other[part]} if one[part].get(k, ABSENT) != other[part].get(k, ABSENT)]
        print(f"\n{part}: {'' if differing else 'the same'}".rstrip())
        for key in differing:
            left, right = (_format(side[part].get(key, ABSENT)) for side in (one, other))
            print(f"{key:<{width}}  {left:<{column}}  {right}")


def _describe(name: str) -> dict[str, dict[str, Any]]:
    folder = Path(name).expanduser()
    if not (folder / "config.yaml").exists():
        raise UserError(f"diff: expected a run folder, but {name!r} holds no config.yaml")
    try:
        configuration = run.flat(yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")))
        data = run.flat(run.read_json(folder / "data.json")) if (folder / "data.json").exists() else {}
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise UserError(f"diff: {name!r} is damaged: {error}") from error
    table, _ = load_runs(select_runs(str(folder)))
    row = records(table.dropna(axis="columns"))[0]
    result = {"state": row["state"], **run.flat(run.read_result(folder) or {})}
    measured = {k: v for k, v in row.items() if k not in (*configuration, "run", "data", "state")}
    return {"configuration": configuration, "data": data, "results": {**result, **measured}}


def _format(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "null" if value is None else str(value)
