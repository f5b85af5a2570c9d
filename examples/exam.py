"""
Write an exam, let a student in, hand the exam in: with the client that `make clients` writes.

    PYTHONPATH=build/clients build/clients/venv/bin/python examples/exam.py http://127.0.0.1:8000

It reads the password of the owner `admin` from standard input and prints the result as JSON.
"""

import json
import secrets
import sys
from datetime import date

from hpa_client import AuthenticatedClient, Client
from hpa_client.api.auth import auth_create_user, auth_log_in
from hpa_client.api.exams import exams_create_exam, exams_create_subject, exams_publish_exam
from hpa_client.api.results import results_submit_exam
from hpa_client.models import (
    AnswerIn,
    Credentials,
    ExamCreate,
    OptionCreate,
    QuestionCreate,
    QuestionCreateType,
    SubjectCreate,
    SubmitIn,
    UserCreate,
    UserCreateRole,
)

PASSWORD = "Sirli-parol-26"


def log_in(url: str, username: str, password: str) -> AuthenticatedClient:
    body = Credentials(username=username, password=password)
    answer = auth_log_in.sync(client=Client(base_url=url), body=body)
    return AuthenticatedClient(base_url=url, token=answer.tokens.access)


def main(url: str) -> None:
    owner = log_in(url, "admin", sys.stdin.readline().rstrip("\n"))
    name = secrets.token_hex(4)
    subject = exams_create_subject.sync(client=owner, body=SubjectCreate(name=f"Fan {name}"))
    question = QuestionCreate(
        text="2 + 2?",
        type_=QuestionCreateType.TEST,
        options=[OptionCreate(text="4", is_correct=True), OptionCreate(text="5")],
    )
    body = ExamCreate(title="1-hafta", subject=subject.id, date=date.today(), questions=[question])
    exam = exams_create_exam.sync(client=owner, body=body)
    exams_publish_exam.sync(exam.id, client=owner)
    ali = UserCreate(
        username=f"ali-{name}",
        password=PASSWORD,
        role=UserCreateRole.STUDENT,
        full_name="Ali Valiyev",
    )
    auth_create_user.sync(client=owner, body=ali)

    student = log_in(url, ali.username, PASSWORD)
    first = exam.questions[0]
    answers = [AnswerIn(question_id=first.id, option_id=first.options[0].id)]
    result = results_submit_exam.sync(exam.id, client=student, body=SubmitIn(answers=answers))
    print(json.dumps(result.to_dict()))


if __name__ == "__main__":
    main(sys.argv[1])
