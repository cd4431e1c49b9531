/*
 * For Genesys Widgets (CXBus): tells the customer, or ends the chat, when the last agent has left.
 *
 * Include it after the Widgets configuration and before the Widgets script. Settings, in
 * window._genesys.widgets.chatClosing:
 *   mode       "sync": the chat is ended. "async", the default: a notice is shown, and the thread stays open.
 *   notices    what an asynchronous customer is told, by language: { en: "…", de: "…" }
 *   language   which of them; the language of Widgets (window._genesys.widgets.main.lang) unless set
 *
 * It acts on the latest InteractionStateChange among the system messages, also one that came while the page was being
 * loaded. Whatever it does not understand means that somebody may still be there, and nothing is done.
 */
(function (window) {
  "use strict";

  var NAME = "ChatClosing";
  var STATE_CHANGE = "InteractionStateChange";
  var ENDED = ["Finalizing", "Completed"];
  /** In the session storage: the number of the first message of the end that the customer was last told of. */
  var TOLD = NAME + ".told";
  var NOTHING_YET = { index: -1, isEnded: false, since: -1 };
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
   * come in any order; one without a number is later than all that came before it. An end may take several messages (Finalizing,
   * Completed); it is known by its first.
   */
  function latestState(messages, known) {
    var latest;
    (Array.isArray(messages) ? messages : []).forEach(function (message) {
      var state = stateOf(message);
      if (state === undefined) return;
      var before = latest || known;
      var index = typeof message.index === "number" ? message.index : before.index;
      if (index < before.index) return;
      var isEnded = ENDED.indexOf(state) >= 0;
      latest = { index: index, isEnded: isEnded, since: isEnded && before.isEnded ? before.since : index };
    });
    return latest;
  }

  /** What the page's session storage gives; undefined if the browser has none for us. */
  function stored(use) {
    try {
      return use(window.sessionStorage);
    } catch (error) {
      return undefined;
    }
  }

  /** Whether the customer was told before the page was loaded; nobody knows where nothing is stored, and nothing is said. */
  function wasTold(since) {
    var told = stored(function (storage) { return storage.getItem(TOLD); });
    return told === undefined || (told !== null && since <= Number(told));
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
    var known = NOTHING_YET;
    var isDone = false;

    function failed(error) {
      // It was not done: the next message that says so tries again.
      isDone = false;
      plugin.republish("failed", { reason: String((error && error.message) || error || "the command failed") });
    }

    function endChat() {
      plugin.command("WebChatService.endChat").fail(failed);
    }

    function tell(settings, since) {
      var notice = noticeFor(settings, widgets);
      if (!notice) return;
      plugin.command("WebChat.injectMessage", { type: "text", text: notice, custom: false })
        .done(function () { stored(function (storage) { storage.setItem(TOLD, String(since)); }); })
        .fail(failed);
    }

    plugin.subscribe("WebChatService.messageReceived", function (event) {
      var data = (event && event.data) || {};
      // Messages come again; older ones count no more.
      var latest = latestState(data.messages, known);
      if (!latest) return;
      known = latest;
      var isNew = latest.isEnded && !isDone;
      isDone = latest.isEnded;
      if (!isNew) return;
      var settings = widgets.chatClosing || {};
      // A page that was loaded anew is shown everything again. To end what has ended does no harm.
      if (settings.mode === "sync") endChat();
      else if (!data.restoring || !wasTold(latest.since)) tell(settings, latest.since);
    });

    // The next chat counts its messages from the beginning.
    plugin.subscribe("WebChatService.started", function () {
      known = NOTHING_YET;
      isDone = false;
      stored(function (storage) { storage.removeItem(TOLD); });
    });

    plugin.republish("ready");
    plugin.ready();
  };
})(window);
