// Asks for the kind of a finding.

import { byId, h, sentence } from "./dom.js";
import { kindNames, kindOf } from "./kinds.js";
import { sample } from "./patterns.js";

/** Resolves to a kind or null; `now` is the present kind, if there is one. */
export const pickKind = (title, now = null) =>
  new Promise((resolve) => {
    const choice = (kind) =>
      h(
        "button",
        {
          type: "button",
          class: "kind",
          "data-kind": kind,
          autofocus: kind === (now ?? kindNames()[0]),
          "aria-current": kind === now ? "true" : null,
          onclick: () => dialog.close(kind),
        },
        sample(kind),
        h("span", {}, h("b", {}, sentence(kindOf(kind).title)), h("small", {}, kindOf(kind).description)),
      );
    const dialog = h(
      "dialog",
      { class: "kinds", "aria-labelledby": "kinds-title" },
      h("h2", { id: "kinds-title" }, title),
      h("ul", {}, kindNames().map((kind) => h("li", {}, choice(kind)))),
      h("div", { class: "choices" }, h("button", { type: "button", onclick: () => dialog.close("") }, "Cancel")),
    );
    dialog.addEventListener("keydown", (event) => step(dialog, event));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    byId("dialogs").append(dialog);
    dialog.showModal();
  });

/** Arrow keys move through the kinds. */
function step(dialog, event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...dialog.querySelectorAll(".kind")];
  const at = buttons.indexOf(document.activeElement);
  if (!by || at < 0) return;
  event.preventDefault();
  buttons[(at + by + buttons.length) % buttons.length].focus();
}
