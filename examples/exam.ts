// The same as exam.py, with the types that `make clients` writes and openapi-fetch.
import createClient, { type Client } from "openapi-fetch";
import type { paths } from "./hpa";

declare const process: { argv: string[] };
const url = process.argv[2];
const password = process.argv[3];
const secret = "Sirli-parol-26";

async function logIn(username: string, password: string): Promise<Client<paths>> {
  const { data } = await createClient<paths>({ baseUrl: url }).POST("/api/v1/login/", {
    body: { username, password },
  });
  if (!data) throw new Error("nobody may log in so");
  return createClient<paths>({
    baseUrl: url,
    headers: { Authorization: `Bearer ${data.tokens.access}` },
  });
}

const owner = await logIn("admin", password);
const name = Date.now().toString(36);
const subject = await owner.POST("/api/v1/subjects/", { body: { name: `Fan ${name}` } });
const exam = await owner.POST("/api/v1/exams/", {
  body: {
    title: "1-hafta",
    subject: subject.data!.id,
    date: "2026-02-20",
    questions: [
      { text: "2 + 2?", type: "test", options: [{ text: "4", is_correct: true }, { text: "5" }] },
    ],
  },
});
const exam_id = exam.data!.id;
await owner.POST("/api/v1/exams/{exam_id}/publish/", { params: { path: { exam_id } } });
const username = `ali-${name}`;
await owner.POST("/api/v1/users/", {
  body: { username, password: secret, role: "student", full_name: "Ali Valiyev" },
});

const student = await logIn(username, secret);
const question = exam.data!.questions[0];
const result = await student.POST("/api/v1/exams/{exam_id}/submit/", {
  params: { path: { exam_id } },
  body: { answers: [{ question_id: question.id, option_id: question.options[0].id }] },
});
console.log(JSON.stringify(result.data));
