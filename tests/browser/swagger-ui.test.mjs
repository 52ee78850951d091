// Swagger UI at /docs: a person authorises with a token, reads what an operation does, and tries it out.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { ARGUMENTS, Server } from "./server.mjs";

const { PROFILES_TEST_SERVER, PROFILES_TEST_CHROMIUM, PROFILES_TEST_SCREENSHOTS } = process.env;

let server;
let browser;
let page;
/** Everything that a person with the developer tools open would frown at. */
const complaints = [];

before(async () => {
  server = await Server.start(PROFILES_TEST_SERVER);
  // Each launch has a new and empty profile.
  browser = await chromium.launch({ executablePath: PROFILES_TEST_CHROMIUM, args: ARGUMENTS });
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(10_000);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error}`));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && origin !== server.url) complaints.push(`a request to elsewhere: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`),
    );
  });
});

after(async () => {
  await browser?.close();
  if (server !== undefined) assert.equal(await server.stop(), 0, "the server ends well");
});

async function look(name, target = page) {
  await target.screenshot({ path: join(PROFILES_TEST_SCREENSHOTS, `${name}.png`) });
}

/** The block of the operation with this summary. */
function operation(summary) {
  return page.locator(".opblock").filter({ has: page.getByText(summary, { exact: true }) });
}

async function unfold(summary) {
  const block = operation(summary);
  await block.locator(".opblock-summary-control").click();
  await block.locator(".opblock-body").waitFor();
  return block;
}

test("every operation is listed with what it does", async () => {
  const answer = await page.goto(`${server.url}/docs`);
  assert.equal(answer.status(), 200);
  await page.locator(".opblock").first().waitFor();
  const document = await server.get("/openapi.json");
  const summaries = Object.values(document.paths).flatMap((path) => Object.values(path).map((each) => each.summary));
  const shown = await page.locator(".opblock-summary-description").allInnerTexts();
  assert.deepEqual(shown.map((text) => text.trim()).sort(), summaries.sort());
  await look("1-operations");
});

test("a token authorises", async () => {
  const key = await server.register("ada");
  await page.locator(".auth-wrapper .btn.authorize").click();
  const dialog = page.locator(".modal-ux");
  await dialog.waitFor();
  assert.equal(await dialog.locator(".auth-container h4").count(), 2, "both schemes are offered");
  await look("2-schemes");
  const scheme = dialog.locator(".auth-container").filter({ hasText: "TokenAuth" });
  await scheme.locator("input").fill(`Token ${key}`);
  await scheme.locator("button.authorize").click();
  await scheme.getByText("Logout").waitFor();
  await look("3-authorised");
  assert.doesNotMatch(await dialog.innerText(), new RegExp(key), "the key is not shown");
  await dialog.locator("button.close-modal").click();
  await dialog.waitFor({ state: "detached" });
});

test("an operation tells its bodies, its answers and an example of each", async () => {
  const block = await unfold("Post a status");
  const types = await block.locator(".opblock-section-request-body select option").allInnerTexts();
  assert.deepEqual(types, ["application/json", "application/x-www-form-urlencoded", "multipart/form-data"]);
  const example = await block.locator(".body-param__example").innerText();
  assert.ok(typeof JSON.parse(example).status_content === "string", example);
  assert.notEqual(JSON.parse(example).status_content, "string", "the example is one, not the name of a type");
  const answers = await block.locator("tr.response").evaluateAll((rows) =>
    rows.map((row) => ({
      status: row.dataset.code,
      description: row.querySelector(".response-col_description__inner")?.innerText.trim(),
      example: row.querySelector(".example")?.innerText ?? "",
    })),
  );
  const statuses = ["201", "400", "401", "403", "404", "405", "406", "409", "412", "413", "415", "422", "429", "503"];
  assert.deepEqual(answers.map((answer) => answer.status), statuses);
  for (const { status, description, example } of answers) {
    assert.ok(description, `${status} is described`);
    assert.doesNotMatch(example, /^$|"string"|additionalProp/, `${status} has an example`);
  }
  assert.equal(new Set(answers.map((answer) => answer.example)).size, statuses.length, "each has an example of its own");
  await block.scrollIntoViewIfNeeded();
  await look("4-operation", block);
});

test("a status is posted by trying it out", async () => {
  const block = operation("Post a status");
  await block.getByRole("button", { name: "Try it out" }).click();
  await block.locator(".opblock-section-request-body textarea").fill('{"status_content": "Posted from a browser ✓"}');
  await block.getByRole("button", { name: "Execute" }).click();
  const live = block.locator(".live-responses-table");
  await live.waitFor();
  assert.equal((await live.locator("tr.response .response-col_status").innerText()).split(/\s/)[0], "201");
  const body = JSON.parse(await live.locator(".response-col_description .highlight-code code").first().innerText());
  assert.equal(body.status_content, "Posted from a browser ✓");
  assert.equal(body.user_profile, "ada");
  await live.scrollIntoViewIfNeeded();
  await look("5-posted");
  const list = await server.get("/api/profile-status/");
  assert.deepEqual(list.results.map((status) => [status.id, status.status_content]), [[body.id, body.status_content]]);
});

for (const [kind, text] of [
  ["application/x-www-form-urlencoded", "Posted as a form"],
  ["multipart/form-data", "Posted in parts"],
]) {
  test(`a status is posted as ${kind}`, async () => {
    const block = operation("Post a status");
    await block.locator(".opblock-section-request-body select").selectOption(kind);
    await block.locator(".opblock-section-request-body [data-property-name=status_content] :is(input, textarea)").fill(text);
    const answered = page.waitForResponse((answer) => answer.request().method() === "POST");
    await block.getByRole("button", { name: "Execute" }).click();
    assert.equal((await answered).status(), 201);
    const list = await server.get("/api/profile-status/?page=last&page_size=1");
    assert.equal(list.results[0].status_content, text);
  });
}

test("nothing was refused and nothing went wrong on the way", () => {
  assert.deepEqual(complaints, []);
});
