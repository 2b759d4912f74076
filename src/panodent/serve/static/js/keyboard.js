// Keyboard shortcuts; single keys, also with Shift, can be switched off, and are ignored while the user types.

import { preference } from "./preferences.js";

const OF_A_TEXT = ["Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Y"]; // undo what was typed
const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

/** The keys of an event as text: "Ctrl+Shift+Z", "k", "Shift+ArrowLeft", "Space". */
function named(event) {
  const key = event.key === " " ? "Space" : event.key;
  const plain = key.length === 1;
  const strong = event.ctrlKey || event.metaKey;
  // Shift is part of a sign such as "?", but not of "Shift+K".
  const shift = event.shiftKey && (!plain || strong || /[a-z]/i.test(key));
  return (
    (strong ? "Ctrl+" : "") +
    (event.altKey ? "Alt+" : "") +
    (shift ? "Shift+" : "") +
    (plain && (strong || shift) ? key.toUpperCase() : plain ? key.toLowerCase() : key)
  );
}

/** Handles keys. `tool()` returns the active tool, `free(name)` handles keys without a command. */
export function listen(commands, tool, free) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const text = event.target.closest("input:not([type=range]):not([type=checkbox]), textarea");
    const typing = text || event.target.closest("select");
    const name = named(event);
    const strong = name.startsWith("Ctrl+");
    if (typing && !strong && name !== "Escape") return;
    if (text && OF_A_TEXT.includes(name)) return;
    if (name === "Escape" && event.target.matches("textarea")) {
      event.target.blur();
      return;
    }
    const control = event.target.closest("button, a, input, summary");
    if (control && ["Enter", "Space"].includes(name)) return;
    if (event.target.matches("input") && ARROWS.includes(event.key)) return;
    if (tool()?.key?.(name)) {
      event.preventDefault();
      return;
    }
    const command = commands.list.find(({ keys = [] }) => keys.some((key) => same(key, name)));
    if (command) {
      if (/^(Shift\+)?.$/.test(name) && !preference("singleKeys")) return;
      event.preventDefault();
      if (text) text.dispatchEvent(new Event("change")); // a note is kept before it is saved
      commands.run(command.id);
    } else if (free(name, event)) event.preventDefault();
  });
}

const same = (keys, name) => {
  const wanted = keys.length === 1 ? keys.toLowerCase() : keys;
  return wanted === name || (keys === "Del" && ["Delete", "Backspace"].includes(name));
};
