// Modal questions.

import { byId, h } from "./dom.js";

/** Resolves to the value of the choice, or null if the dialog is cancelled. */
export function ask(title, text, choices) {
  return shown(title, [h("p", {}, text)], choices);
}

/** Asks for a line of text; resolves to null if the dialog is cancelled. */
export async function askText(title, text, label, type = "text") {
  const field = h("input", { type, id: "answer", autocomplete: "off", autofocus: true });
  const body = [h("p", {}, text), h("label", { for: "answer" }, label), field];
  const choice = await shown(title, body, [["ok", "Continue", "primary"]]);
  return choice === "ok" ? field.value : null;
}

function shown(title, body, choices) {
  return new Promise((resolve) => {
    const buttons = choices.map(([value, label, kind]) =>
      h("button", { value, class: kind ?? "", autofocus: kind === "primary" }, label),
    );
    const cancel = h("button", { type: "button", onclick: () => dialog.close("") }, "Cancel");
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "question" }, title),
      ...body,
      h("div", { class: "choices" }, cancel, ...buttons),
    );
    const dialog = h("dialog", { class: "question", "aria-labelledby": "question" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    byId("dialogs").append(dialog);
    dialog.showModal();
  });
}
