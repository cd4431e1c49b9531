// A stub of CXBus, as far as its documentation goes: plug-ins subscribe to events and call commands, whose deferreds
// resolve or fail. The browser's test page has the same.
export const stub = `
(function (window) {
  var subscribers = {};
  window.calls = [];
  window.published = [];
  window.failing = {};
  function command(name, options) {
    window.calls.push({ name: name, options: options });
    var failed = Boolean(window.failing[name]);
    var deferred = {
      done: function (callback) { if (!failed) callback({}); return deferred; },
      fail: function (callback) { if (failed) callback(new Error("refused")); return deferred; },
    };
    return deferred;
  }
  window.CXBus = {
    registerPlugin: function (name) {
      return {
        subscribe: function (event, callback) { (subscribers[event] = subscribers[event] || []).push(callback); },
        command: command,
        republish: function (event, data) { window.published.push({ name: name + "." + event, data: data }); },
        ready: function () { window.isReady = true; },
      };
    },
  };
  window.publish = function (event, data) {
    (subscribers[event] || []).forEach(function (callback) { callback({ event: event, data: data }); });
  };
  window.load = function () {
    var extensions = window._genesys.widgets.extensions;
    Object.keys(extensions).forEach(function (name) { extensions[name](null, window.CXBus, {}); });
  };
})(window);
`;

/** A system message that tells of a state. */
export function state(index, name) {
  return { index, type: "InteractionStateChange", from: { type: "System" }, text: name };
}

/** Something that somebody wrote. */
export function text(index, type, words) {
  return { index, type: "Message", from: { type }, text: words };
}
