// Asks which number a tooth bears: typed, or picked from the chart of all numbers.

import { arch, nameOf, read, written } from "./arch.js";
import { byId, h } from "./dom.js";
import { preference } from "./preferences.js";

/** Resolves to an FDI number, 0 for "no number", or null. `bearing(fdi)` is who has a number. */
export function pickNumber(tooth, bearing) {
  return new Promise((resolve) => {
    const numbering = preference("numbering");
    let picked = null;
    const finish = (fdi) => {
      picked = fdi;
      dialog.close();
    };
    const field = h("input", {
      id: "picked",
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 4,
      autofocus: true,
      "aria-describedby": "picked-says",
    });
    const says = h("p", { id: "picked-says", class: "quiet-text", role: "status" }, hint(numbering));
    const cell = (fdi) => {
      const other = bearing(fdi);
      const own = fdi === tooth.fdi;
      const state = own ? "own" : other ? "taken" : "free";
      const said = { own: "its number now", taken: "taken: the two swap", free: "free" }[state];
      return h(
        "button",
        {
          type: "button",
          class: `cell ${state}`,
          "data-fdi": fdi,
          "aria-label": `${written(fdi, numbering)} ${nameOf(fdi)}, ${said}`,
          title: `${nameOf(fdi)}: ${said}`,
          onclick: () => finish(fdi),
        },
        written(fdi, numbering),
      );
    };
    const row = (jaw, deciduous) => h("div", { class: `cells ${deciduous ? "ten" : ""}` }, arch(jaw, deciduous).map(cell));
    const milk = h(
      "details",
      { open: Boolean(tooth.fdi > 50) },
      h("summary", {}, "Deciduous teeth"),
      row("upper", true),
      row("lower", true),
    );
    const take = () => {
      const fdi = read(field.value, numbering);
      if (fdi !== null) return finish(fdi);
      says.textContent = field.value.trim()
        ? `${field.value} is no number of the chosen numbering. ${hint(numbering)}`
        : hint(numbering);
      return field.focus();
    };
    field.addEventListener("input", () => {
      const fdi = read(field.value, numbering);
      for (const button of dialog.querySelectorAll(".cell")) {
        button.classList.toggle("meant", Number(button.dataset.fdi) === fdi);
      }
      says.textContent = fdi === null ? hint(numbering) : meaning(fdi, bearing(fdi), tooth);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      take();
    });
    const title = tooth.fdi ? `Which tooth is ${written(tooth.fdi, numbering)} really?` : "Which tooth is it?";
    const dialog = h(
      "dialog",
      { class: "picker", "aria-labelledby": "picker-title" },
      h("h2", { id: "picker-title" }, title),
      h("div", { class: "typed" }, h("label", { for: "picked" }, "Number"), field, says),
      row("upper", false),
      row("lower", false),
      milk,
      h(
        "div",
        { class: "choices" },
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "button", onclick: () => finish(0) }, "No number"),
        h("button", { type: "button", class: "primary", onclick: take }, "Set number"),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(picked);
    });
    byId("dialogs").append(dialog);
    dialog.showModal();
  });
}

const hint = (numbering) =>
  `Type it (${{ fdi: "FDI, as 36", universal: "Universal, as 19", palmer: "Palmer, as LL6" }[numbering]}) or pick it below.`;

function meaning(fdi, other, tooth) {
  if (fdi === tooth.fdi) return `${nameOf(fdi)}: the number it has.`;
  return `${nameOf(fdi)}${other ? ": taken, the two teeth swap numbers." : "."}`;
}
