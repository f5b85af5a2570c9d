"""What can be refused here, named for what happened."""

from shared.errors import Invalid, NotFound, Refused, Unavailable


class MessageNotFound(NotFound):
    """No such message, or it was deleted."""

    model = "Message"


class NoRecipients(Invalid):
    """Nobody among the recipients is an active student."""

    def __init__(self) -> None:
        """Blame the field."""
        super().__init__({"recipient_ids": ["None of these users is an active student."]})


class StudentUnknown(Invalid):
    """A link is wanted for somebody who is no active student."""

    def __init__(self, user_id: int = 999) -> None:
        """Say it as an unknown key."""
        super().__init__({"student": [f'Invalid pk "{user_id}" - object does not exist.']})


class StudentMissing(Invalid):
    """Staff want a link and do not say for whom."""

    def __init__(self) -> None:
        """Blame the field."""
        super().__init__({"student": ["This field is required."]})


class BotTokenMissing(Refused):
    """The suite runs without a bot, so nobody would answer to the link."""

    text = "TELEGRAM_BOT_TOKEN topilmadi"


class BotUnreachable(Unavailable):
    """Telegram does not say what the bot is called."""

    detail = "Telegram does not answer, try again later."


class WebhookAbsent(NotFound):
    """No webhook is configured, the bot asks Telegram by itself."""


class MarkupRefused(ValueError):
    """Telegram would not take the text; the sentence says why, without repeating it."""
