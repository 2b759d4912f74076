// Asks for a number: typed, or selected in a chart of all numbers.

import { arch, nameOf, read, written } from "./arch.js";
import { byId, h } from "./dom.js";
import { preference } from "./preferences.js";

// With a finger, the keyboard of the screen would cover the numbers: the field has no focus then.
const TOUCH = window.matchMedia("(pointer: coarse)").matches;

/** Resolves to an FDI number, 0 for none, or null. `now` is the present number, `bearing(fdi)` returns
 *  a number's tooth. `words` has `title`, the buttons `none` and `set`, and what numbers are called that
 *  are `own`, `taken` and `free`. `shown(dialog)` is called when it is open. */
export const pickNumber = (now, bearing, words, shown = () => {}) =>
  new Promise((resolve) => {
    const picker = new Picker(now, bearing, words, resolve);
    picker.show();
    shown(picker.dialog);
  });

class Picker {
  #now;
  #bearing;
  #words;
  #resolve;
  #picked = null;
  #numbering = preference("numbering");
  #field = h("input", {
    id: "picked",
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: 4,
    autofocus: !TOUCH,
    "aria-describedby": "picked-says",
    oninput: () => this.#typed(),
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#take();
    },
  });
  #says = h("p", { id: "picked-says", class: "quiet-text", role: "status" });
  dialog;

  constructor(now, bearing, words, resolve) {
    this.#now = now;
    this.#bearing = bearing;
    this.#words = words;
    this.#resolve = resolve;
    this.dialog = this.#build();
  }

  show() {
    this.#typed();
    byId("dialogs").append(this.dialog);
    this.dialog.showModal();
  }

  #build() {
    return h(
      "dialog",
      { class: "picker", "aria-labelledby": "picker-title", onclose: () => this.#closed() },
      h("h2", { id: "picker-title", tabindex: -1, autofocus: TOUCH }, this.#words.title),
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
        h("button", { type: "button", onclick: () => this.dialog.close() }, "Cancel"),
        h("button", { type: "button", onclick: () => this.#finish(0) }, this.#words.none),
        h("button", { type: "button", class: "primary", onclick: () => this.#take() }, this.#words.set),
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
    const state = this.#state(fdi);
    const said = this.#words[state];
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

  #state(fdi) {
    return fdi === this.#now ? "own" : this.#bearing(fdi) ? "taken" : "free";
  }

  #typed() {
    const fdi = read(this.#field.value, this.#numbering);
    for (const cell of this.dialog.querySelectorAll(".cell")) {
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
    this.dialog.close();
  }

  #closed() {
    this.dialog.remove();
    this.#resolve(this.#picked);
  }

  #hint() {
    const example = { fdi: "FDI, such as 36", universal: "Universal, such as 19", palmer: "Palmer, such as LL6" };
    return `Type it (${example[this.#numbering]}) or select it below.`;
  }

  #meaning(fdi) {
    return `${nameOf(fdi)}: ${this.#words[this.#state(fdi)]}.`;
  }
}
