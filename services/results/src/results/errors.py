"""What can be refused here, named for what happened."""

from shared.errors import Conflict, FieldErrors, Invalid, NotFound, Refused


class ExamNotFound(NotFound):
    """No such exam, or it was deleted."""

    model = "Exam"


class ResultNotFound(NotFound):
    """No such result, or it is somebody else's."""

    model = "ExamResult"


class AnswerNotFound(NotFound):
    """No such answer in this result."""

    model = "ExamAnswer"


class ExamClosed(Refused):
    """The exam is not published or not active."""

    text = "Ushbu test hozirda faol emas."


class AlreadySubmitted(Refused):
    """The student has a result of this exam; `Location` leads to it."""

    text = "Siz bu testni allaqachon topshirgansiz."

    def __init__(self, result_id: int = 0) -> None:
        """Point to the student's own result."""
        super().__init__()
        if result_id:
            self.headers["Location"] = f"/api/v1/exam-results/{result_id}/"


class ResultExists(Invalid):
    """The pair (exam, student) has a result already."""

    def __init__(self) -> None:
        """Say it as a unique validator does."""
        text = "The fields exam, student must make a unique set."
        super().__init__({"non_field_errors": [text]})


class AnswersInvalid(Invalid):
    """An answer names a foreign, unknown or doubled question or option."""

    def __init__(self, problems: FieldErrors | None = None) -> None:
        """Keep *problems*, which mirror the answers."""
        unknown = {"option_id": ['Invalid pk "999" - object does not exist.']}
        super().__init__(problems or {"answers": [{}, unknown]})


class KeyReused(Conflict):
    """The Idempotency-Key was used for another request."""

    detail = "This Idempotency-Key was already used with another request."


class StillInProgress(Conflict):
    """A request with this Idempotency-Key is being handled at this moment."""

    detail = "A request with this Idempotency-Key is still in progress."

    def __init__(self) -> None:
        """Say when to ask again."""
        super().__init__()
        self.headers["Retry-After"] = "1"
