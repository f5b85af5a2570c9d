// The search would need a worker made from text, which the page's policy forbids.
Redoc.init(
  "/api/v1/openapi.json",
  { disableSearch: true, nativeScrollbars: true, expandResponses: "200,201" },
  document.getElementById("page"),
);
