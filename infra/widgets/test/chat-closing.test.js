import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

import { state, stub, text } from "./stub.js";

const source = readFileSync(new URL("../src/chat-closing.js", import.meta.url), "utf8");

/** A browser tab's session storage, as far as the plug-in uses it. */
function tab() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

/** A page with the plug-in, and its window. */
function page(widgets, sessionStorage = tab()) {
  const window = { _genesys: { widgets }, sessionStorage };
  const context = vm.createContext({ window });
  vm.runInContext(stub, context);
  vm.runInContext(source, context);
  window.load();
  return window;
}

const receive = (window, ...messages) => window.publish("WebChatService.messageReceived", { messages });
const restore = (window, ...messages) => window.publish("WebChatService.messageReceived", { messages, restoring: true });
// Arrays of that context are not of this one.
const names = (window) => Array.from(window.calls, (call) => call.name);
const sync = { chatClosing: { mode: "sync" } };

test("a synchronous chat is ended, once", () => {
  for (const ended of ["Finalizing", "Completed"]) {
    const window = page(sync);
    receive(window, text(1, "Agent", "Bye"), state(2, ended));
    receive(window, state(2, ended));
    receive(window, state(3, "Completed"));
    assert.deepEqual(names(window), ["WebChatService.endChat"], ended);
  }
});

test("an asynchronous one gets a notice in the customer's language, once, and again after it was reopened", () => {
  const notices = { en: "Good bye", de: "Auf Wiedersehen" };
  const window = page({ main: { lang: "de-AT" }, chatClosing: { notices } });
  receive(window, state(1, "Finalizing"), state(2, "Completed"));
  receive(window, text(3, "Agent", "?"));
  assert.deepEqual(names(window), ["WebChat.injectMessage"]);
  assert.equal(window.calls[0].options.text, "Auf Wiedersehen");
  receive(window, state(4, "Connected"));
  receive(window, state(5, "Completed"));
  assert.equal(window.calls.length, 2);
});

test("without settings there is a notice in English", () => {
  const window = page({});
  receive(window, state(1, "Completed"));
  assert.match(window.calls[0].options.text, /^Our agent has left/);
  const french = page({ chatClosing: { language: "fr", notices: { de: "Servus" } } });
  receive(french, state(1, "Completed"));
  assert.deepEqual(names(french), [], "there is nothing to say");
});

test("the latest state decides, in whatever order messages come", () => {
  const window = page(sync);
  receive(window, state(7, "Connected"), state(3, "Completed"));
  receive(window, state(6, "Finalizing"));
  assert.deepEqual(names(window), []);
  receive(window, state(9, "Completed"), state(8, "Connected"));
  assert.deepEqual(names(window), ["WebChatService.endChat"]);
});

test("a message without a number is later than what came before it", () => {
  const window = page(sync);
  const unnumbered = (name) => ({ ...state(0, name), index: undefined });
  receive(window, text(0, "Agent", "Bye"), text(1, "Agent", "Bye"), unnumbered("Connected"));
  receive(window, unnumbered("Completed"));
  assert.deepEqual(names(window), ["WebChatService.endChat"]);
  receive(window, state(7, "Connected"));
  receive(window, state(6, "Completed"));
  assert.equal(window.calls.length, 1, "older");
  receive(window, unnumbered("Completed"));
  assert.equal(window.calls.length, 2);
});

test("a synchronous chat that ended while the page was loaded is ended", () => {
  const window = page(sync);
  restore(window, state(4, "Completed"));
  receive(window, state(4, "Completed"), state(5, "Finalizing"));
  assert.deepEqual(names(window), ["WebChatService.endChat"]);
  const open = page(sync);
  restore(open, state(4, "Connected"));
  receive(open, state(3, "Completed"));
  assert.deepEqual(names(open), [], "older than what was restored");
  receive(open, state(5, "Completed"));
  assert.equal(open.calls.length, 1);
});

test("an asynchronous customer is told once, on whichever page, of an end that is restored", () => {
  const storage = tab();
  const told = (window) => names(window).length;
  const first = page({}, storage);
  receive(first, state(3, "Finalizing"));
  assert.equal(told(first), 1);

  const again = page({}, storage);
  restore(again, state(3, "Finalizing"), state(4, "Completed"));
  receive(again, state(4, "Completed"), state(5, "Finalizing"));
  assert.equal(told(again), 0, "the page before this one did");
  receive(again, state(6, "Connected"));

  const meanwhile = page({}, storage);
  restore(meanwhile, state(4, "Completed"), state(6, "Connected"), state(7, "Completed"));
  receive(meanwhile, state(7, "Completed"));
  assert.equal(told(meanwhile), 1, "it ended while the page was loaded");
  meanwhile.publish("WebChatService.started", {});

  const nextChat = page({}, storage);
  restore(nextChat, state(2, "Completed"));
  assert.equal(told(nextChat), 1, "the next chat counts from the beginning");
});

test("a notice that could not be shown is shown by the next page", () => {
  const storage = tab();
  const first = page({}, storage);
  first.failing["WebChat.injectMessage"] = true;
  receive(first, state(1, "Completed"));
  const next = page({}, storage);
  restore(next, state(1, "Completed"));
  assert.equal(next.calls.length, 1);
});

test("where the browser stores nothing, a page says nothing of what is restored", () => {
  const refuse = () => { throw new Error("SecurityError"); };
  for (const storage of [null, { getItem: refuse, setItem: refuse, removeItem: refuse }]) {
    const window = page({}, storage);
    window.publish("WebChatService.started", {});
    restore(window, state(1, "Completed"));
    assert.equal(window.calls.length, 0);
    receive(window, state(4, "Connected"));
    receive(window, state(5, "Completed"));
    assert.equal(window.calls.length, 1);
  }
});

test("what is not understood ends nothing", () => {
  const window = page(sync);
  receive(window, text(1, "Agent", "Completed"), text(2, "Client", "Finalizing"));
  receive(window, { ...state(3, "Completed"), from: { type: "Client" } });
  receive(window, { ...state(4, "Completed"), from: undefined });
  receive(window, state(5, "Hibernating"), { ...state(6, ""), text: { a: 1 } }, null);
  window.publish("WebChatService.messageReceived", { messages: "Completed" });
  window.publish("WebChatService.messageReceived", undefined);
  assert.deepEqual(names(window), []);
});

test("a command that failed is told, and tried again with the next message", () => {
  const window = page(sync);
  window.failing["WebChatService.endChat"] = true;
  receive(window, state(1, "Finalizing"));
  const failures = window.published.filter((event) => event.name === "ChatClosing.failed");
  assert.deepEqual(Array.from(failures, (event) => event.data.reason), ["refused"]);
  window.failing = {};
  receive(window, state(2, "Completed"));
  assert.equal(window.calls.length, 2);
});

test("the next chat begins anew, and the plug-in says that it is ready", () => {
  const window = page(sync);
  assert.ok(window.isReady && window.published.some((event) => event.name === "ChatClosing.ready"));
  receive(window, state(5, "Completed"));
  window.publish("WebChatService.started", {});
  receive(window, state(1, "Completed"));
  assert.equal(window.calls.length, 2);
});

test("any stream of messages ends a chat at most once between two reopenings", () => {
  // A generator of its own, so that a failure can be played again.
  let seed = 2026;
  const random = (below) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * below);
  };
  const states = ["Connected", "Finalizing", "Completed", "Hibernating"];
  for (let round = 0; round < 300; round += 1) {
    const stream = Array.from({ length: 12 }, (_, index) =>
      random(3) ? state(index, states[random(states.length)]) : text(index, "Client", "hello"),
    );
    const window = page(sync);
    let expected = 0;
    let ended = false;
    for (const message of stream) {
      const times = 1 + random(3);
      for (let n = 0; n < times; n += 1) receive(window, message);
      const isState = message.type === "InteractionStateChange";
      const isEnd = isState && ["Finalizing", "Completed"].includes(message.text);
      if (isEnd && !ended) expected += 1;
      if (isState) ended = isEnd;
    }
    assert.equal(window.calls.length, expected, JSON.stringify(stream));
  }
});
