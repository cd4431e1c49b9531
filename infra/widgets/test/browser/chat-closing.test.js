import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { state, stub } from "../stub.js";

const LIMIT_MS = 30_000;
const source = readFileSync(new URL("../../src/chat-closing.js", import.meta.url), "utf8");
// Settings, then the extension, then Widgets: the order that its documentation asks for. The stub shows what it injects.
const html = (settings) => `<!doctype html><html lang="en"><title>A chat</title><ol id="transcript"></ol>
<script>window._genesys = { widgets: ${JSON.stringify(settings)} };</script>
<script src="/chat-closing.js"></script>
<script>${stub}</script>
<script>
  const command = CXBus.registerPlugin;
  CXBus.registerPlugin = (name) => {
    const plugin = command(name);
    const call = plugin.command;
    plugin.command = (name, options) => {
      const transcript = document.getElementById("transcript");
      if (name === "WebChat.injectMessage") transcript.append(Object.assign(document.createElement("li"), { textContent: options.text }));
      if (name === "WebChatService.endChat") transcript.remove();
      return call(name, options);
    };
    return plugin;
  };
  window.load();
</script>`;

const pages = {
  "/sync": html({ chatClosing: { mode: "sync" } }),
  "/async": html({ main: { lang: "de" }, chatClosing: { notices: { en: "Good bye", de: "Auf Wiedersehen <b>" } } }),
};

let server, browser, profile, origin;

before(async () => {
  server = createServer((request, response) => {
    const isScript = request.url === "/chat-closing.js";
    const body = isScript ? source : pages[request.url];
    response.writeHead(body ? 200 : 404, { "content-type": isScript ? "text/javascript" : "text/html; charset=utf-8" });
    response.end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  origin = `http://127.0.0.1:${server.address().port}`;
  profile = mkdtempSync(join(tmpdir(), "chat-closing-"));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    timeout: LIMIT_MS,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
  browser.setDefaultTimeout(LIMIT_MS);
}, { timeout: 2 * LIMIT_MS });

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(profile, { recursive: true, force: true });
});

async function open(path) {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(origin + path);
  return { page, errors };
}

const publish = (page, data) => page.evaluate((data) => window.publish("WebChatService.messageReceived", data), data);
const receive = (page, ...messages) => publish(page, { messages });
const restore = (page, ...messages) => publish(page, { messages, restoring: true });

test("a synchronous chat disappears when its agent has left", { timeout: LIMIT_MS }, async () => {
  const { page, errors } = await open("/sync");
  await receive(page, state(1, "Connected"));
  assert.equal(await page.locator("#transcript").count(), 1);
  await receive(page, state(2, "Finalizing"));
  await receive(page, state(3, "Completed"));
  assert.equal(await page.locator("#transcript").count(), 0);
  assert.deepEqual(await page.evaluate(() => window.calls.map((call) => call.name)), ["WebChatService.endChat"]);
  assert.deepEqual(errors, []);
});

test("an asynchronous one shows the notice, as text, once", { timeout: LIMIT_MS }, async () => {
  const { page, errors } = await open("/async");
  await receive(page, state(1, "Completed"));
  await receive(page, state(1, "Completed"), state(2, "Finalizing"));
  assert.deepEqual(await page.locator("#transcript li").allTextContents(), ["Auf Wiedersehen <b>"]);
  assert.deepEqual(errors, []);
});

test("a page that is loaded anew tells only of an end that the one before did not", { timeout: LIMIT_MS }, async () => {
  const { page, errors } = await open("/async");
  const told = () => page.locator("#transcript li").count();
  await receive(page, state(1, "Completed"));
  await page.reload();
  await restore(page, state(1, "Completed"));
  assert.equal(await told(), 0);
  await page.reload();
  await restore(page, state(1, "Completed"), state(2, "Connected"), state(3, "Completed"));
  assert.equal(await told(), 1);
  assert.deepEqual(errors, []);
});
