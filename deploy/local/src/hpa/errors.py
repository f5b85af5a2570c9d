"""What stops the hpa command with a sentence instead of a traceback."""


class Refused(Exception):
    """The command cannot do what was asked; the message says why and what to do."""
