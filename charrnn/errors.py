"""The errors a user can cause and mend: each is one sentence, shown without a traceback."""


class UserError(Exception):
    """What was expected, what came, what to do."""


class RunFailed(UserError):
    """A run that began and could not end, whatever the reason; any process can read the error."""


def sentence(error: BaseException) -> str:
    """One line on any error, for the screen and for status.json."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, OSError):
        where = f"{error.filename!r}" if error.filename else "a file"
        return f"cannot read or write {where}: {error.strerror or error}; make room or name another folder"
    return f"{type(error).__name__}: {error}".splitlines()[0]
