// The panel with details and commands of the selected tooth or finding, or an overview of all.

import { alongArches, isUnerupted, nameOf, permanent, stateInWords, toothOf, written } from "./arch.js";
import { h, sentence, whenReleased } from "./dom.js";
import * as findings from "./findingpanel.js";
import { moves, restore } from "./edits.js";
import { details, list, overview } from "./figures.js";
import { preference } from "./preferences.js";
import { doubt, finished, remaining } from "./reviewpanel.js";

const number = (fdi) => written(fdi, preference("numbering"));

export class Inspector {
  #element;
  #session;
  #commands;
  #measures;

  constructor(element, session, commands, measures) {
    this.#element = element;
    this.#session = session;
    this.#commands = commands;
    this.#measures = measures;
    const refresh = whenReleased([element], () => this.refresh());
    session.addEventListener("change", refresh);
    measures.addEventListener("change", refresh);
  }

  /** Rebuilds the panel; the focused control keeps the focus. */
  refresh() {
    if (!this.#session.study) return;
    if (this.#element.querySelector("textarea:focus")) return; // not while a note is written
    const inside = this.#element.contains(document.activeElement);
    const { command, show } = inside ? document.activeElement.dataset : {};
    this.#element.replaceChildren(...this.#content());
    if (!inside) return;
    const again = this.#element.querySelector(`[data-command="${command}"], [data-show="${show}"]`);
    // Where the page itself scrolls, the radiograph must stay in sight.
    const preventScroll = document.documentElement.scrollHeight > window.innerHeight;
    (again || this.#element.querySelector("h2")).focus({ preventScroll });
  }

  #content() {
    const session = this.#session;
    if (session.finding) return findings.onePanel(session, this.#commands, number);
    if (session.number) return this.#absent(session.number);
    if (session.chosen.length > 1) return this.#several();
    if (session.only) return this.#tooth(session.only);
    return this.#all();
  }

  #tooth(tooth) {
    const session = this.#session;
    const [state, change] = [session.state(tooth), session.change(tooth)];
    return [
      h(
        "div",
        { class: "headline" },
        h("span", { class: "big", "data-state": state }, number(tooth.fdi)),
        heading(nameOf(tooth.fdi)),
      ),
      h(
        "p",
        { class: "chips" },
        chip(state, { found: tooth.accepted ? "✓ accepted" : "found", doubtful: "? doubtful", unnumbered: "? no number" }[state]),
        stateInWords(tooth) && chip("unerupted", stateInWords(tooth)),
        change && chip("changed", `* ${change} by hand`),
      ),
      doubt(session, tooth, this.#commands),
      finished(session, this.#commands, "beside-tooth"),
      this.#score(tooth, change),
      this.#actions(["renumber", "outline", "brush", "eraser", "split", "merge", "remove", "restore"]),
      findings.ofTooth(session, this.#commands, tooth.fdi),
      this.#note(tooth),
      tooth.fdi ? this.#shifts() : null,
      ...details(this.#measures.of(tooth), session.dirty, number),
    ].filter(Boolean);
  }

  #note(tooth) {
    const field = h("textarea", { id: "note", rows: 2, maxlength: 1000 });
    field.value = tooth.note ?? "";
    field.addEventListener("change", () => {
      const now = this.#session.tooth(tooth.key); // none if another radiograph was opened
      if (now && field.value.trim() !== (now.note ?? "")) this.#session.note(tooth.key, field.value.trim());
    });
    field.addEventListener("blur", () => setTimeout(() => this.refresh())); // held back while it had the focus
    return h("div", { class: "links" }, h("label", { for: "note" }, h("h3", {}, "Note")), field);
  }

  #score(tooth, change) {
    if (change) return null;
    const meter = h("meter", { min: 0, max: 1, low: 0.5, value: tooth.score, "aria-label": "Certainty" });
    meter.title = "Calibrated: of teeth with 0.90, about nine in ten are correct";
    return h("p", { class: "score" }, "Certainty", meter, h("b", {}, tooth.score.toFixed(2)));
  }

  #several() {
    const list = this.#session.chosen.map((key) => number(this.#session.tooth(key).fdi)).join(", ");
    return [
      heading(`${this.#session.chosen.length} teeth`),
      h("p", {}, list),
      this.#actions(["merge", "remove"]),
      this.#shifts(),
    ];
  }

  #absent(fdi) {
    const removed = this.#session.removed.some((tooth) => tooth.fdi === fdi);
    const replaced = this.#session.isReplaced(fdi);
    const said = removed
      ? "Removed by hand. Its outline is dotted on the radiograph."
      : replaced ? "Missing." : "Not found on this radiograph.";
    return [
      h("div", { class: "headline" }, h("span", { class: "big", "data-state": "absent" }, number(fdi)), heading(nameOf(fdi))),
      h("p", {}, said),
      this.#actions(["add", ...(removed ? ["restore"] : [])]),
      findings.ofTooth(this.#session, this.#commands, fdi),
    ];
  }

  #all() {
    const session = this.#session;
    const { teeth, study } = session;
    const doubtful = teeth.filter((tooth) => session.state(tooth) === "doubtful");
    const changed = teeth.filter((tooth) => session.change(tooth));
    const absent = permanent().filter((fdi) => !session.bearing(fdi));
    const missing = absent.filter((fdi) => session.isReplaced(fdi));
    const lost = absent.filter((fdi) => !session.isReplaced(fdi));
    const third = lost.filter((fdi) => fdi % 10 === 8);
    const along = alongArches(teeth.filter((tooth) => tooth.fdi));
    const deciduous = along.filter((tooth) => toothOf(tooth.fdi).deciduous).map((tooth) => number(tooth.fdi));
    const numbersOf = (holds) => along.filter(holds).map((tooth) => number(tooth.fdi));
    const unerupted = numbersOf((tooth) => isUnerupted(tooth) && !tooth.impaction);
    const impacted = numbersOf((tooth) => tooth.impaction);
    const remnants = numbersOf((tooth) => tooth.remnant);
    const counts = [
      missing.length && ["Missing, implant or pontic", missing.map(number).join(" ")],
      ["Not found", lost.filter((fdi) => fdi % 10 !== 8).map(number).join(" ") || "none"],
      deciduous.length && ["Deciduous", deciduous.join(" ")],
      unerupted.length && ["Unerupted", unerupted.join(" ")],
      impacted.length && ["Impacted", impacted.join(" ")],
      remnants.length && ["Root remnants", remnants.join(" ")],
      third.length && ["Third molars not found", third.map(number).join(" ")],
      study.kind === "dicom" && ["File", "DICOM"],
      ["Size", `${study.width} × ${study.height} px`],
      study.spacing_mm && ["Pixel", `${study.spacing_mm.map((mm) => mm.toFixed(3)).join(" × ")} mm, uncalibrated`],
    ];
    return [
      heading(`${teeth.length} teeth`),
      remaining(session, this.#commands),
      finished(session, this.#commands),
      this.#links("Doubtful", doubtful, "doubtful"),
      this.#links("Without a number", teeth.filter((tooth) => !tooth.fdi), "unnumbered"),
      this.#links("Changed by hand", changed, "changed"),
      this.#links("With a note", teeth.filter((tooth) => tooth.note), "noted"),
      this.#lost(),
      list(counts),
      this.#actions(["add"]),
      findings.all(session, this.#commands, number),
      ...overview(this.#measures.all, session.dirty, number),
      study.notes?.length ? h("p", { class: "quiet-text" }, study.notes.map(sentence).join(". ")) : null,
      h("p", { class: "quiet-text" }, "Select a tooth on the radiograph or in the chart to view and correct it."),
    ].filter(Boolean);
  }

  #links(label, teeth, kind) {
    if (!teeth.length) return null;
    const buttons = teeth.map((tooth) =>
      h(
        "button",
        {
          type: "button",
          class: `link ${kind}`,
          "aria-label": `${number(tooth.fdi)} ${nameOf(tooth.fdi)}`,
          onclick: () => this.#session.choose([tooth.key]),
          onpointerenter: () => this.#session.hover(tooth.key),
          onpointerleave: () => this.#session.hover(null),
        },
        number(tooth.fdi),
      ),
    );
    return h("div", { class: "links" }, h("h3", {}, label), h("div", {}, buttons));
  }

  #lost() {
    const session = this.#session;
    if (!session.removed.length) return null;
    const back = (found) => {
      const { teeth, tooth } = restore(session.teeth, found);
      session.edit(teeth, [tooth.key]);
    };
    const buttons = session.removed.map((found) =>
      h(
        "button",
        {
          type: "button",
          class: "link removed",
          title: "Restore",
          "aria-label": `Restore ${number(found.fdi)} ${nameOf(found.fdi)}`,
          onclick: () => back(found),
        },
        number(found.fdi),
      ),
    );
    return h("div", { class: "links" }, h("h3", {}, "Removed by hand: restore"), h("div", {}, buttons));
  }

  #actions(names) {
    const short = {
      renumber: "Renumber", outline: "Outline", split: "Split", merge: "Merge", remove: "Delete",
      restore: "As found", add: "Draw tooth", brush: "Brush", eraser: "Eraser",
    };
    return h("div", { class: "actions" }, names.map((name) => this.#commands.button(name, short[name])));
  }

  #shifts() {
    const one = (id, step, text) => {
      const says = this.#preview(step);
      return h("div", { class: "shift" }, this.#commands.button(id, text), h("span", { class: "quiet-text" }, says));
    };
    return h(
      "div",
      { class: "shifts" },
      h("h3", {}, "Numbers off by one? Shift them"),
      one("shift-left", -1, "Shift left"),
      one("shift-right", 1, "Shift right"),
    );
  }

  #preview(step) {
    const { teeth, chosen } = this.#session;
    try {
      const all = moves(teeth, chosen, step, preference("numbering"));
      const said = all.map(({ tooth, to }) => `${number(tooth.fdi)} → ${number(to)}`);
      return said.length > 4 ? `${said.slice(0, 2).join(", ")} … ${said.at(-1)}` : said.join(", ");
    } catch (error) {
      return error.message;
    }
  }
}

const heading = (text) => h("h2", { tabindex: -1 }, text);
const chip = (kind, text) => h("span", { class: `chip ${kind}` }, text);
