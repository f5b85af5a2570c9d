// Shows the AsyncAPI document; everything from it is set as text, never as HTML.
const SAMPLES = { integer: 10, number: 85.5, boolean: true, string: "text" };
const FORMATS = { date: "2026-02-20", "date-time": "2026-02-20T10:00:00Z", uuid: "6fa459ea-ee8a-3ca4-894e-db77e160355e" };

function element(name, content = [], attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...[content].flat());
  return made;
}

const code = (text) => element("code", text);
const row = (kind, cells) => element("tr", cells.map((cell) => element(kind, cell)));
const table = (names, rows) =>
  element("table", [element("thead", row("th", names)), element("tbody", rows.map((cells) => row("td", cells)))]);

function kindOf(schema) {
  if (schema.anyOf) return schema.anyOf.map(kindOf).join(" or ");
  if (schema.enum) return schema.enum.join(", ");
  if ("const" in schema) return JSON.stringify(schema.const);
  return [schema.type ?? "object", schema.format && `(${schema.format})`].filter(Boolean).join(" ");
}

function sampleOf(schema) {
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sampleOf(schema.anyOf[0]);
  if (schema.properties)
    return Object.fromEntries(Object.entries(schema.properties).map(([name, part]) => [name, sampleOf(part)]));
  return FORMATS[schema.format] ?? SAMPLES[schema.type] ?? null;
}

// Who sends or receives: the operations are named so.
function parties(events, action, name) {
  const wanted = `#/channels/${name}`;
  return Object.entries(events.operations)
    .filter(([, one]) => one.action === action && one.channel.$ref === wanted)
    .map(([id]) => id.split("-")[0])
    .join(", ");
}

function section(events, name) {
  const message = events.components.messages[name];
  const schema = events.components.schemas[name];
  const fields = Object.entries(schema.properties).map(([field, part]) => [
    code(field), kindOf(part), schema.required?.includes(field) ? "yes" : "no", part.description ?? "",
  ]);
  const sample = { ...sampleOf(message.payload), source: "hpa", data: sampleOf(schema) };
  return [
    element("h2", message.title, { id: name }),
    element("p", message.summary),
    table(["Field of data", "Type", "Required", ""], fields),
    element("pre", JSON.stringify(sample, null, 2)),
  ];
}

async function show() {
  const page = document.getElementById("page");
  const answer = await fetch("/api/v1/asyncapi.json");
  if (!answer.ok) {
    page.append(element("p", "The document cannot be had at the moment; reload the page."));
    return;
  }
  const events = await answer.json();
  const names = Object.keys(events.channels);
  const overview = names.map((name) => [
    code(events.channels[name].address),
    element("a", name, { href: `#${name}` }),
    parties(events, "send", name),
    parties(events, "receive", name),
  ]);
  page.append(
    element("h1", events.info.title),
    element("p", events.info.description),
    element("p", ["The same for programs: ", element("a", "AsyncAPI 3", { href: "/api/v1/asyncapi.json" })]),
    table(["Subject", "Event", "Sent by", "Received by"], overview),
    ...names.flatMap((name) => section(events, name)),
  );
}

show();
