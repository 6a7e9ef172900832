"""The errors a user can cause and mend: each is one sentence, shown without a traceback."""


class UserError(Exception):
    """What was expected, what came, what to do; ends the command with exit code 2."""
