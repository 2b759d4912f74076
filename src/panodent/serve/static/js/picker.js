// Asks for the number of a tooth: typed, or selected in a chart of all numbers.

import { arch, nameOf, read, written } from "./arch.js";
import { byId, h } from "./dom.js";
import { preference } from "./preferences.js";

/** Resolves to an FDI number, 0 for "no number", or null. `bearing(fdi)` returns a number's tooth. */
export const pickNumber = (tooth, bearing) =>
  new Promise((resolve) => new Picker(tooth, bearing, resolve).show());

class Picker {
  #tooth;
  #bearing;
  #resolve;
  #picked = null;
  #numbering = preference("numbering");
  #field = h("input", {
    id: "picked",
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 4,
    autofocus: true,
    "aria-describedby": "picked-says",
    oninput: () => this.#typed(),
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#take();
    },
  });
  #says = h("p", { id: "picked-says", class: "quiet-text", role: "status" });
  #dialog;

  constructor(tooth, bearing, resolve) {
    this.#tooth = tooth;
    this.#bearing = bearing;
    this.#resolve = resolve;
    this.#dialog = this.#build();
  }

  show() {
    this.#typed();
    byId("dialogs").append(this.#dialog);
    this.#dialog.showModal();
  }

  #build() {
    const number = written(this.#tooth.fdi, this.#numbering);
    const title = this.#tooth.fdi ? `New number for ${number}` : "Number of the tooth";
    return h(
      "dialog",
      { class: "picker", "aria-labelledby": "picker-title", onclose: () => this.#closed() },
      h("h2", { id: "picker-title" }, title),
      h("div", { class: "typed" }, h("label", { for: "picked" }, "Number"), this.#field, this.#says),
      h("h3", {}, "Permanent teeth"),
      this.#row("upper", false),
      this.#row("lower", false),
      h(
        "details",
        { open: this.#ofChild() },
        h("summary", {}, "Deciduous teeth"),
        this.#row("upper", true),
        this.#row("lower", true),
      ),
      h(
        "div",
        { class: "choices" },
        h("button", { type: "button", onclick: () => this.#dialog.close() }, "Cancel"),
        h("button", { type: "button", onclick: () => this.#finish(0) }, "No number"),
        h("button", { type: "button", class: "primary", onclick: () => this.#take() }, "Set number"),
      ),
    );
  }

  #row(jaw, deciduous) {
    const cells = arch(jaw, deciduous).map((fdi) => this.#cell(fdi));
    const name = `${deciduous ? "Deciduous" : "Permanent"} teeth, ${jaw} jaw`;
    return h("div", { class: `cells ${deciduous ? "ten" : ""}`, role: "group", "aria-label": name }, cells);
  }

  /** Whether the radiograph has a deciduous tooth. */
  #ofChild() {
    return ["upper", "lower"].some((jaw) => arch(jaw, true).some((fdi) => this.#bearing(fdi)));
  }

  #cell(fdi) {
    const state = fdi === this.#tooth.fdi ? "own" : this.#bearing(fdi) ? "taken" : "free";
    const said = { own: "current number", taken: "in use: the numbers are swapped", free: "free" }[state];
    const number = written(fdi, this.#numbering);
    return h(
      "button",
      {
        type: "button",
        class: `cell ${state}`,
        "data-fdi": fdi,
        "aria-label": `${number} ${nameOf(fdi)}, ${said}`,
        title: `${nameOf(fdi)}: ${said}`,
        onclick: () => this.#finish(fdi),
      },
      number,
    );
  }

  #typed() {
    const fdi = read(this.#field.value, this.#numbering);
    for (const cell of this.#dialog.querySelectorAll(".cell")) {
      cell.classList.toggle("meant", Number(cell.dataset.fdi) === fdi);
    }
    this.#says.textContent = fdi === null ? this.#hint() : this.#meaning(fdi);
  }

  #take() {
    const text = this.#field.value.trim();
    const fdi = read(text, this.#numbering);
    if (fdi !== null) {
      this.#finish(fdi);
      return;
    }
    this.#says.textContent = (text ? `${text} is not a number of the chosen numbering. ` : "") + this.#hint();
    this.#field.focus();
  }

  #finish(fdi) {
    this.#picked = fdi;
    this.#dialog.close();
  }

  #closed() {
    this.#dialog.remove();
    this.#resolve(this.#picked);
  }

  #hint() {
    const example = { fdi: "FDI, such as 36", universal: "Universal, such as 19", palmer: "Palmer, such as LL6" };
    return `Type it (${example[this.#numbering]}) or select it below.`;
  }

  #meaning(fdi) {
    if (fdi === this.#tooth.fdi) return `${nameOf(fdi)}: its current number.`;
    const taken = this.#bearing(fdi) ? ": in use, the two teeth swap numbers." : ".";
    return nameOf(fdi) + taken;
  }
}
