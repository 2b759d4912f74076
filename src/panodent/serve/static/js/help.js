// The help table of keyboard shortcuts, made from the commands.

import { reviewer } from "./acceptance.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { preference, setPreference } from "./preferences.js";

const SIGNS = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", PageUp: "Page ↑", PageDown: "Page ↓",
  Escape: "Esc",
};
const ELSEWHERE = [
  ["Move the radiograph", ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]],
  ["Window and level", ["Shift+ArrowLeft", "Shift+ArrowUp"]],
  ["Leave the tool; close settings or list; select nothing", ["Escape"]],
];

export function showHelp(commands) {
  const groups = new Map();
  for (const { group, label, keys } of commands.list) {
    if (keys?.length) groups.set(group, [...(groups.get(group) ?? []), [label, keys]]);
  }
  groups.set("View", [...(groups.get("View") ?? []), ...ELSEWHERE]);
  const table = ([group, rows]) =>
    h(
      "section",
      {},
      h("h3", {}, group),
      h("dl", {}, rows.flatMap(([label, keys]) => [h("dt", {}, keys.map(key)), h("dd", {}, label)])),
    );
  const single = h("input", {
    type: "checkbox",
    onchange: () => setPreference("singleKeys", single.checked),
  });
  single.checked = preference("singleKeys");
  const name = h("input", {
    type: "text",
    maxlength: 80,
    autocomplete: "name",
    placeholder: reviewer(),
    onchange: () => setPreference("reviewer", name.value),
  });
  name.value = preference("reviewer");
  const close = h(
    "button",
    { type: "button", class: "icon-only quiet", "aria-label": "Close", onclick: () => dialog.close() },
    icon("close"),
  );
  const dialog = h(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    h("header", {}, h("h2", { id: "help-title" }, "Keys and mouse"), close),
    h("div", { class: "columns" }, [...groups].map(table), mouse()),
    h("label", { class: "check" }, single, "Use single keys, also with Shift, as shortcuts"),
    h("label", { class: "named" }, "Your name, recorded with what you accept", name),
  );
  dialog.addEventListener("close", () => dialog.remove());
  byId("dialogs").append(dialog);
  dialog.showModal();
}

function key(keys) {
  const parts = keys.length === 1 ? [keys] : keys.split("+");
  return h("kbd", {}, parts.map((part) => SIGNS[part] ?? part).join(" + "));
}

function mouse() {
  const rows = [
    ["Wheel, two fingers", "Zoom"],
    ["Drag", "Move the radiograph"],
    ["Right button", "Drag: window and level"],
    ["Click", "Select a finding or a tooth; with Shift or Ctrl several teeth"],
    ["Click again", "Select the tooth below a finding"],
    ["Drag with Shift", "Select the teeth within a line"],
    ["Double click", "Zoom to a tooth or a finding"],
  ];
  return h(
    "section",
    {},
    h("h3", {}, "Mouse and touch"),
    h("dl", {}, rows.flatMap(([what, does]) => [h("dt", {}, what), h("dd", {}, does)])),
  );
}
