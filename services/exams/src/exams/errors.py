"""What exams refuses, named for what happened."""

from typing import ClassVar

from shared.errors import Invalid, NotFound, Refused, Unavailable


class ExamNotFound(NotFound):
    """No such exam, or one that is not published to the student who asks."""

    model: ClassVar[str] = "Exam"


class SubjectNotFound(NotFound):
    """No such subject."""

    model: ClassVar[str] = "Subject"


class SubjectNameTaken(Invalid):
    """Another subject has the name, in whatever case."""

    def __init__(self) -> None:
        """Say so in Django's words."""
        super().__init__({"name": ["subject with this name already exists."]})


class UnknownSubject(Invalid):
    """The exam names a subject that does not exist."""

    def __init__(self, subject_id: int = 999) -> None:
        """Name the id that refers to nothing."""
        super().__init__({"subject": [f'Invalid pk "{subject_id}" - object does not exist.']})


class SubjectInUse(Refused):
    """A subject stays as long as an exam belongs to it."""

    text: ClassVar[str] = "Bu fan bo'yicha imtihonlar mavjud, uni o'chirib bo'lmaydi."


class CodesExhausted(Unavailable):
    """Every code that was drawn is taken already; the next try draws others."""

    detail = "No free exam code was found, try again later."
