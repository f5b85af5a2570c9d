"""Writing exams: what is stored, what stays, and what gets a new id."""

from typing import Any

import pytest

from services.exams.tests.people import EXAM_404, FORBIDDEN, Person, exam_body, question, written

NONE_YET = {"questions_count": 0, "participants_count": 0}


def ids_of(exam: Any) -> set[tuple[str, int]]:
    options = {("option", each["id"]) for one in exam["questions"] for each in one["options"]}
    return options | {("question", each["id"]) for each in exam["questions"]}


def without_ids(exam: Any) -> Any:
    return [
        {
            **{name: value for name, value in one.items() if name != "id"},
            "options": [
                {name: value for name, value in each.items() if name != "id"}
                for each in one["options"]
            ],
        }
        for one in exam["questions"]
    ]


class TestCreateExam:
    async def test_needs_no_more_than_title_subject_and_date(
        self, teacher: Person, subject: int
    ) -> None:
        body = {"title": "  Imtihon ", "subject": subject, "date": "2026-02-20"}

        made = await teacher.post("/exams/", body)

        expected = {
            "title": "Imtihon",
            "subject": subject,
            "description": None,
            "time_limit": 0,
            "is_published": False,
            "is_active": True,
            "date": "2026-02-20",
            "created_by": teacher.id,
            "questions": [],
        }
        assert {name: made[name] for name in expected} == expected

    async def test_stores_nothing_that_is_not_the_authors_to_say(
        self, teacher: Person, subject: int
    ) -> None:
        forged = {
            "id": 777,
            "code": "AAAAAA",
            "created_by": 1,
            "created_at": "2000-01-01T00:00:00Z",
            "version": 9,
            "is_deleted": True,
            "participants_count": 50,
            "questions_count": 50,
        }

        made = await teacher.post("/exams/", exam_body(subject, questions=[], **forged))

        assert not [name for name, value in forged.items() if made.get(name) == value]
        assert NONE_YET.items() <= (await teacher.get("/exams/"))[0].items()

    async def test_keeps_questions_in_their_order(self, teacher: Person, subject: int) -> None:
        questions = [
            question("uchinchi", order=3),
            question("birinchi", order=1),
            question("yana birinchi", order=1),
            written("to'rtinchi"),
        ]

        made = await teacher.post("/exams/", exam_body(subject, questions=questions))

        assert [(each["text"], each["order"]) for each in made["questions"]] == [
            ("birinchi", 1),
            ("yana birinchi", 1),
            ("uchinchi", 3),
            ("to'rtinchi", 4),
        ]
        assert made == await teacher.get(f"/exams/{made['id']}/")

    async def test_gives_options_their_place(self, teacher: Person, subject: int) -> None:
        options = [{"text": "b"}, {"text": "a", "is_correct": True}, {"text": "z", "order": 0}]
        questions = [{"text": "?", "type": "test", "options": options}]

        made = await teacher.post("/exams/", exam_body(subject, questions=questions))

        assert [
            (each["text"], each["is_correct"], each["order"])
            for each in made["questions"][0]["options"]
        ] == [("z", False, 0), ("b", False, 1), ("a", True, 2)]

    async def test_takes_as_much_as_is_allowed(self, teacher: Person, subject: int) -> None:
        questions = [question(f"{n}", options=20) for n in range(300)]

        made = await teacher.post("/exams/", exam_body(subject, questions=questions))

        assert [each["text"] for each in made["questions"]] == [f"{n}" for n in range(300)]
        assert {len(each["options"]) for each in made["questions"]} == {20}


class TestUpdateExam:
    async def test_replaces_questions_by_new_ones(self, teacher: Person, exam: Any) -> None:
        body = exam_body(exam["subject"], title="Yangi", questions=[written("Bitta")])

        edited = await teacher.put(f"/exams/{exam['id']}/", body)

        assert edited["title"] == "Yangi"
        assert [each["text"] for each in edited["questions"]] == ["Bitta"]
        assert not ids_of(edited) & ids_of(exam)
        assert edited == await teacher.get(f"/exams/{exam['id']}/")
        assert (await teacher.get("/exams/"))[0]["questions_count"] == 1

    async def test_gives_new_ids_even_to_the_same_questions(
        self, teacher: Person, exam: Any
    ) -> None:
        path = f"/exams/{exam['id']}/"

        edited = [await teacher.patch(path, {"questions": exam["questions"]}) for _ in range(3)]

        seen = [ids_of(each) for each in (exam, *edited)]
        assert len(set().union(*seen)) == sum(len(each) for each in seen)
        assert without_ids(edited[-1]) == without_ids(exam)

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    async def test_leaves_questions_that_are_not_given(
        self, teacher: Person, exam: Any, method: str
    ) -> None:
        body = {"title": "Yangi", "subject": exam["subject"], "date": "2026-03-01"}

        edited = (await teacher.ask(method, f"/exams/{exam['id']}/", body)).json()

        assert edited == {**exam, "title": "Yangi", "date": "2026-03-01"}

    async def test_empties_an_exam_of_its_questions(self, teacher: Person, exam: Any) -> None:
        edited = await teacher.patch(f"/exams/{exam['id']}/", {"questions": []})

        assert edited["questions"] == []
        assert (await teacher.get("/exams/"))[0]["questions_count"] == 0

    async def test_asks_for_everything_required_in_put_only(
        self, teacher: Person, exam: Any
    ) -> None:
        put = await teacher.ask("PUT", f"/exams/{exam['id']}/", {"title": "Yangi"})
        patched = await teacher.patch(f"/exams/{exam['id']}/", {})

        assert put.status_code == 400
        assert put.json() == {
            "subject": ["This field is required."],
            "date": ["This field is required."],
        }
        assert patched == exam

    async def test_never_changes_code_author_and_time(self, teacher: Person, exam: Any) -> None:
        forged = {"code": "AAAAAA", "created_by": 99, "created_at": "2000-01-01", "id": 5}

        assert await teacher.patch(f"/exams/{exam['id']}/", forged) == exam

    async def test_can_be_found_by_its_new_title(self, teacher: Person, exam: Any) -> None:
        await teacher.patch(f"/exams/{exam['id']}/", {"title": "Янги имтиҳон"})

        assert len(await teacher.get("/exams/?search=ИМТИҲОН")) == 1
        assert await teacher.get("/exams/?search=hafta") == []

    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    async def test_looks_for_the_exam_before_the_body(self, teacher: Person, method: str) -> None:
        answer = await teacher.ask(method, "/exams/999/", content=b"{nonsense")

        assert (answer.status_code, answer.json()) == (404, EXAM_404)

    async def test_stores_nothing_of_a_refused_body(self, teacher: Person, exam: Any) -> None:
        bad = {"title": "Yangi", "subject": 999, "questions": []}

        answer = await teacher.ask("PATCH", f"/exams/{exam['id']}/", bad)

        assert answer.json() == {"subject": ['Invalid pk "999" - object does not exist.']}
        assert await teacher.get(f"/exams/{exam['id']}/") == exam


class TestDeleteExam:
    async def test_makes_it_absent_everywhere(
        self, teacher: Person, student: Person, published: Any
    ) -> None:
        path = f"/exams/{published['id']}/"

        answer = await teacher.ask("DELETE", path)

        assert (answer.status_code, answer.content) == (204, b"")
        asked = [
            await teacher.ask("GET", path),
            await student.ask("GET", path),
            await teacher.ask("PATCH", path, {"title": "x"}),
            await teacher.ask("PUT", path, exam_body(published["subject"])),
            await teacher.ask("DELETE", path),
            *[
                await teacher.ask("POST", f"{path}{verb}/")
                for verb in ("publish", "unpublish", "copy")
            ],
            await teacher.ask("POST", "/exams/enter-code/", {"code": published["code"]}),
        ]
        assert {(each.status_code, str(each.json())) for each in asked} == {(404, str(EXAM_404))}
        assert await teacher.get("/exams/") == []

    async def test_never_hands_its_id_out_again(self, teacher: Person, exam: Any) -> None:
        await teacher.delete(f"/exams/{exam['id']}/")

        made = await teacher.post("/exams/", exam_body(exam["subject"]))

        assert made["id"] > exam["id"]
        assert not ids_of(made) & ids_of(exam)


class TestPublishExam:
    async def test_shows_it_to_students_and_hides_it_again(
        self, teacher: Person, student: Person, exam: Any
    ) -> None:
        path = f"/exams/{exam['id']}/"

        said, seen = [], []
        for verb in ("publish", "publish", "unpublish", "unpublish"):
            said.append(await teacher.post(f"{path}{verb}/"))
            seen.append((await student.ask("GET", path)).status_code)

        assert (
            said == [{"status": "Test nashr etildi"}] * 2 + [{"status": "Test nashrdan olindi"}] * 2
        )
        assert seen == [200, 200, 404, 404]

    async def test_leaves_an_inactive_one_visible(
        self, teacher: Person, student: Person, published: Any
    ) -> None:
        await teacher.patch(f"/exams/{published['id']}/", {"is_active": False})

        found = await student.post("/exams/enter-code/", {"code": published["code"]})

        assert (found["is_published"], found["is_active"]) == (True, False)


class TestCopyExam:
    async def test_is_the_same_exam_under_a_new_code(self, owner: Person, published: Any) -> None:
        answer = await owner.ask("POST", f"/exams/{published['id']}/copy/")

        copy = answer.json()
        assert answer.status_code == 201
        assert copy["title"] == published["title"] + " (Nusxa)"
        assert copy["is_published"] is False
        assert copy["created_by"] == owner.id
        assert copy["code"] != published["code"]
        same = ("subject", "description", "time_limit", "is_active", "date")
        assert {name: copy[name] for name in same} == {name: published[name] for name in same}
        assert without_ids(copy) == without_ids(published)
        assert not ids_of(copy) & ids_of(published)
        assert copy == await owner.get(f"/exams/{copy['id']}/")

    async def test_of_the_longest_title_still_fits(self, teacher: Person, exam: Any) -> None:
        await teacher.patch(f"/exams/{exam['id']}/", {"title": "x" * 255})

        copy = await teacher.post(f"/exams/{exam['id']}/copy/")

        assert copy["title"] == "x" * 247 + " (Nusxa)"


class TestRights:
    async def test_of_students_end_at_reading(
        self, student: Person, nobody: Person, exam: Any
    ) -> None:
        verbs = [("POST", f"{verb}/") for verb in ("publish", "unpublish", "copy")]
        changes = [(method, "") for method in ("PUT", "PATCH", "DELETE")]
        targets = [
            (method, f"/exams/{exam_id}/{verb}")
            for exam_id in (exam["id"], 999)
            for method, verb in (*verbs, *changes)
        ]
        for method, target in [*targets, ("POST", "/exams/")]:
            forbidden = await student.ask(method, target, content=b"{nonsense")
            unknown = await nobody.ask(method, target)

            assert (forbidden.status_code, forbidden.json()) == (403, FORBIDDEN)
            assert unknown.status_code == 401

    async def test_submit_is_not_found_here(self, student: Person, published: Any) -> None:
        answer = await student.ask("POST", f"/exams/{published['id']}/submit/", {"answers": []})

        assert answer.status_code == 404
