// The pages that mailed links lead to: by a person without scripts, with the keyboard alone, and by an inspector of
// accessibility who looks at each of them on a phone and on a desk, by day and by night.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { ARGUMENTS, PASSWORD, Server } from "./server.mjs";

const { PROFILES_TEST_SERVER, PROFILES_TEST_CHROMIUM, PROFILES_TEST_SCREENSHOTS } = process.env;
const NEW_PASSWORD = "walrus-waltz-31";
const NOWHERE = "/api/rest-auth/registration/account-confirm-email/nothing/";
const NO_PASSWORD = "/api/rest-auth/password/reset/confirm/1/nothing/";
const SIZES = [
  { width: 320, height: 640 },
  { width: 1280, height: 800 },
];

let server;
let browser;
let axe;

before(async () => {
  server = await Server.start(PROFILES_TEST_SERVER, { site_name: "Difference Engine & Sons" });
  browser = await chromium.launch({ executablePath: PROFILES_TEST_CHROMIUM, args: ARGUMENTS });
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
});

after(async () => {
  await browser?.close();
  if (server !== undefined) assert.equal(await server.stop(), 0, "the server ends well");
});

/** A page in a browser without scripts, and whatever it complained of. */
async function plain() {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: SIZES[0] });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== server.url) complaints.push(`a request to elsewhere: ${request.url()}`);
    if (request.headers().referer !== undefined) complaints.push(`a referrer: ${request.url()}`);
  });
  return { page, complaints, close: () => context.close() };
}

/** Presses the key until this has the focus; answers how often. */
async function tabTo(page, locator) {
  for (let count = 1; count <= 10; count += 1) {
    await page.keyboard.press("Tab");
    if ((await page.locator(":focus").count()) === 1 && (await locator.and(page.locator(":focus")).count()) === 1) return count;
  }
  throw new Error("nothing leads there by the keyboard");
}

async function heading(page) {
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
  return page.getByRole("heading", { level: 1 }).innerText();
}

test("an address is confirmed by the keyboard alone", async () => {
  await server.register("ada");
  const link = await server.mailedLink("ada@example.org");
  const { page, complaints, close } = await plain();
  assert.equal((await page.goto(link)).status(), 200);
  assert.equal(await heading(page), "Confirm your address");
  assert.match(await page.getByRole("main").innerText(), /ada@example\.org/);
  assert.equal(await page.title(), "Confirm your address – Difference Engine & Sons");
  const button = page.getByRole("button");
  assert.equal(await tabTo(page, button), 1, "the button is the first thing to reach");
  const outline = await button.evaluate((element) => getComputedStyle(element).outline);
  assert.match(outline, /solid 3px/, "and is seen to be reached");
  await page.keyboard.press("Enter");
  await page.getByText("You can close this page.").waitFor();
  assert.equal(await heading(page), "Your address is confirmed");
  assert.equal((await page.goto(link)).status(), 404);
  assert.equal(await heading(page), "This link does not work");
  assert.deepEqual(complaints.filter((text) => !text.includes("404")), []);
  await close();
});

test("a password is chosen, with a mistake first", async () => {
  await server.register("grace");
  await server.mailedLink("grace@example.org");
  await server.askForNewPassword("grace@example.org");
  const link = await server.mailedLink("grace@example.org");
  const { page, complaints, close } = await plain();
  assert.equal((await page.goto(link)).status(), 200);
  const [first, second] = [page.getByLabel("New password", { exact: true }), page.getByLabel("New password again")];
  assert.equal(await tabTo(page, first), 1);
  await page.keyboard.type("12345");
  assert.equal(await tabTo(page, second), 1);
  await page.keyboard.type("12345");
  await page.keyboard.press("Enter");
  const summary = page.getByRole("alert");
  await summary.waitFor();
  assert.equal(await page.title(), "Error: Choose a new password – Difference Engine & Sons");
  assert.equal(await summary.and(page.locator(":focus")).count(), 1, "what is wrong is read first");
  assert.equal(await summary.getByRole("link").count(), 3);
  assert.deepEqual([await first.inputValue(), await second.inputValue()], ["", ""], "nothing is put back");
  assert.equal(await first.getAttribute("aria-invalid"), "true");
  assert.equal(await second.getAttribute("aria-invalid"), null);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await first.and(page.locator(":focus")).count(), 1, "the message leads to its field");
  await page.keyboard.type(NEW_PASSWORD);
  await tabTo(page, second);
  await page.keyboard.type(NEW_PASSWORD);
  assert.equal(await tabTo(page, page.getByRole("button")), 1);
  await page.keyboard.press("Space");
  await page.getByText("You are logged out everywhere.").waitFor();
  assert.equal(await heading(page), "Your password is changed");
  assert.equal(await server.logIn("grace", NEW_PASSWORD), 200);
  assert.equal(await server.logIn("grace", PASSWORD), 400);
  assert.deepEqual(complaints.filter((text) => !text.includes("400")), []);
  await close();
});

/** Every state of every page: how to get there, and its heading. */
async function states() {
  const confirm = async (name) => {
    await server.register(name);
    return server.mailedLink(`${name}@example.org`);
  };
  const reset = async (name) => {
    await confirm(name);
    await server.askForNewPassword(`${name}@example.org`);
    return server.mailedLink(`${name}@example.org`);
  };
  const change = async (name, address) => {
    await server.changeAddress(await server.register(name), address);
    return server.mailedLink(address);
  };
  // As long as fits into a line of a mail.
  const longest = `augusta.ada.king.countess.of.lovelace.${"x".repeat(20)}`;
  const taken = await change("late", "early@example.org");
  await server.confirm(await confirm("early"));
  const used = await confirm("shown");
  return [
    { name: "confirm", link: used, heading: "Confirm your address" },
    { name: "confirm-long", link: await confirm(longest), heading: "Confirm your address" },
    { name: "confirm-new", link: await change("moved", "elsewhere@example.org"), heading: "Confirm your new address" },
    { name: "new-password", link: await reset("forgetful"), heading: "Choose a new password" },
    { name: "new-password-errors", link: await reset("careless"), heading: "Choose a new password", fill: ["12345", "12345"] },
    { name: "new-password-differ", link: await reset("hasty"), heading: "Choose a new password", fill: [NEW_PASSWORD, PASSWORD] },
    { name: "confirm-dead", link: server.url + NOWHERE, heading: "This link does not work" },
    { name: "new-password-dead", link: server.url + NO_PASSWORD, heading: "This link does not work" },
    { name: "confirm-taken", link: taken, heading: "This address is taken", press: true },
    { name: "confirm-done", link: () => confirm(`c${(counter += 1)}`), heading: "Your address is confirmed", press: true },
    { name: "password-done", link: () => reset(`r${(counter += 1)}`), heading: "Your password is changed", fill: [NEW_PASSWORD, NEW_PASSWORD] },
    { name: "failed", link: server.url + NOWHERE, heading: "The form could not be read", spoil: true },
  ];
}
let counter = 0;

/** Brings a page into a state; the sole way that uses up its link starts from a new one. */
async function enter(page, state) {
  if (state.spoil) {
    await page.route("**/*", (route) =>
      route.continue({ method: "POST", headers: { "content-type": "text/plain" }, postData: "x" }),
    );
  }
  await page.goto(typeof state.link === "string" ? state.link : await state.link());
  if (state.fill !== undefined) {
    await page.locator("#new_password1").fill(state.fill[0]);
    await page.locator("#new_password2").fill(state.fill[1]);
  }
  if (state.fill !== undefined || state.press) await page.getByRole("button").click();
  await page.getByRole("heading", { level: 1, name: state.heading }).waitFor();
}

test("every state of every page is accessible, small and large, light and dark", async () => {
  const findings = [];
  for (const state of await states()) {
    let html;
    for (const colorScheme of ["light", "dark"]) {
      // The inspector is a script, which the pages allow to nobody.
      const context = await browser.newContext({ bypassCSP: true, colorScheme, viewport: SIZES[0] });
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      if (html === undefined) {
        await enter(page, state);
        html = await page.content();
      } else {
        // The same again, since most states can be entered once.
        await page.setContent(html);
      }
      for (const size of SIZES) {
        await page.setViewportSize(size);
        const name = `${state.name}-${size.width}-${colorScheme}`;
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate(() => axe.run());
        assert.ok(passes.length > 10, "the inspector has looked");
        findings.push(...violations.map((each) => `${name}: ${each.impact} ${each.id}: ${each.help}`));
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        if (wide) findings.push(`${name}: it is wider than the screen`);
        await page.screenshot({ path: join(PROFILES_TEST_SCREENSHOTS, `pages-${name}.png`), fullPage: true });
      }
      await context.close();
    }
  }
  assert.deepEqual(findings, []);
});
