/*
 * For Genesys Widgets (CXBus): tells the customer, or ends the chat, when the last agent has left.
 *
 * Include it after the Widgets configuration and before the Widgets script. Settings, in
 * window._genesys.widgets.chatClosing:
 *   mode       "sync": the chat is ended. "async", the default: a notice is shown, and the thread stays open.
 *   notices    what an asynchronous customer is told, by language: { en: "…", de: "…" }
 *   language   which of them; the language of Widgets (window._genesys.widgets.main.lang) unless set
 *
 * It acts on the latest InteractionStateChange among the system messages. Whatever it does not understand means
 * that somebody may still be there, and nothing is done.
 */
(function (window) {
  "use strict";

  var NAME = "ChatClosing";
  var STATE_CHANGE = "InteractionStateChange";
  var ENDED = ["Finalizing", "Completed"];
  var DEFAULT_LANGUAGE = "en";
  var DEFAULT_NOTICES = {
    en: "Our agent has left this conversation. Write to us any time, and we will continue it.",
  };

  /** The state that a message tells of; undefined if it tells of none. */
  function stateOf(message) {
    var isSystem = message && message.from && message.from.type === "System";
    if (!isSystem || message.type !== STATE_CHANGE) return undefined;
    var state = message.state === undefined ? message.text : message.state;
    return typeof state === "string" ? state.trim() : "";
  }

  /**
   * The latest state: the one that is known, or one among messages that is not older; undefined if none of them is. Messages may
   * come in any order; one without a number is later than all that came before it.
   */
  function latestState(messages, known) {
    var latest;
    (Array.isArray(messages) ? messages : []).forEach(function (message) {
      var state = stateOf(message);
      if (state === undefined) return;
      var before = (latest || known).index;
      var index = typeof message.index === "number" ? message.index : before;
      if (index >= before) latest = { index: index, state: state };
    });
    return latest;
  }

  function noticeFor(settings, widgets) {
    var notices = settings.notices || DEFAULT_NOTICES;
    var language = settings.language || (widgets.main && widgets.main.lang) || DEFAULT_LANGUAGE;
    return notices[language] || notices[String(language).split("-")[0]] || notices[DEFAULT_LANGUAGE];
  }

  window._genesys = window._genesys || {};
  var widgets = (window._genesys.widgets = window._genesys.widgets || {});
  widgets.extensions = widgets.extensions || {};

  widgets.extensions[NAME] = function ($, CXBus) {
    var plugin = CXBus.registerPlugin(NAME);
    var known = { index: -1, state: "" };
    var isDone = false;

    function failed(error) {
      // It was not done: the next message that says so tries again.
      isDone = false;
      plugin.republish("failed", { reason: String((error && error.message) || error || "the command failed") });
    }

    function close() {
      var settings = widgets.chatClosing || {};
      if (settings.mode === "sync") {
        return plugin.command("WebChatService.endChat");
      }
      var notice = noticeFor(settings, widgets);
      return notice && plugin.command("WebChat.injectMessage", { type: "text", text: notice, custom: false });
    }

    plugin.subscribe("WebChatService.messageReceived", function (event) {
      var data = (event && event.data) || {};
      // Messages come again; older ones count no more.
      var latest = latestState(data.messages, known);
      if (!latest) return;
      known = latest;
      var isEnded = ENDED.indexOf(latest.state) >= 0;
      // What a page that was loaded anew is shown again was dealt with when it came.
      if (isDone || !isEnded || data.restoring) {
        isDone = isEnded;
        return;
      }
      isDone = true;
      var command = close();
      if (command && command.fail) command.fail(failed);
    });

    // The next chat counts its messages from the beginning.
    plugin.subscribe("WebChatService.started", function () {
      known = { index: -1, state: "" };
      isDone = false;
    });

    plugin.republish("ready");
    plugin.ready();
  };
})(window);
