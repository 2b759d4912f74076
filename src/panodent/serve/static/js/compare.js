// Two studies side by side, or a study beside what the model found in it, with their differences.

import * as api from "./api.js";
import { nameOf, written } from "./arch.js";
import { ComparePane, SIGNS } from "./comparepane.js";
import { differences } from "./differences.js";
import { byId, h, sentence, toggle, when } from "./dom.js";
import { toothFrom } from "./edits.js";
import { findingFrom } from "./findings.js";
import { Gestures } from "./gestures.js";
import { icon } from "./icons.js";
import { kindOf } from "./kinds.js";
import { complain } from "./notices.js";
import { Picture } from "./picture.js";
import { preference } from "./preferences.js";
import { applyWindow } from "./window.js";

/** Stands for the result of the model, in place of the id of a second study. */
export const FOUND = "found";
const KINDS = ["lost", "gained", "renumbered", "redrawn"];
const ALLOWED = ["t", "?", "l"]; // commands that make sense here

/** A study as the model found it, and as it is now. */
const ofOne = (study) => [
  { ...study, ...study.found, title: `${study.title} as found` },
  { ...study, title: `${study.title} as corrected` },
];

export class Comparison {
  #element = byId("compare");
  #panes = [];
  #list = [];
  #at = -1; // the difference that is shown
  #asked = 0;
  #left;

  /** `current(id)` returns the open study as it is on the page, or null; `left(id)` is called at the end. */
  constructor(current, left) {
    this.current = current;
    this.#left = left;
  }

  get open() {
    return !this.#element.hidden;
  }

  /** Shows the study `id` beside `other`, a study's id or FOUND. */
  async show(id, other) {
    const mine = ++this.#asked;
    try {
      const studies = await Promise.all([this.#study(id), other === FOUND ? null : this.#study(other)]);
      if (mine !== this.#asked) return;
      history.replaceState(null, "", `#compare=${id},${other}`);
      const sides = other === FOUND
        ? ofOne(studies[0])
        : studies.sort((a, b) => a.created.localeCompare(b.created)); // the older one is left
      this.#build(id, sides);
    } catch (error) {
      complain(error);
    }
  }

  async #study(id) {
    const { teeth, findings, predicted, predicted_findings: found, ...study } = await api.study(id);
    const drawn = (list) => list.map((one) => toothFrom(one.polygons, one.fdi, one));
    const marked = (list) => (list ?? []).map((one) => findingFrom(one.polygons, one.kind, one.fdi, one));
    const open = this.current(id); // with what is not saved yet
    return {
      study: id,
      title: study.name,
      created: study.created,
      size: [study.width, study.height],
      teeth: open?.teeth ?? drawn(teeth),
      findings: open?.findings ?? marked(findings),
      found: { teeth: open?.found ?? drawn(predicted), findings: open?.foundFindings ?? marked(found) },
    };
  }

  #build(id, sides) {
    this.#clear();
    const { samePicture, list } = differences(...sides);
    this.#list = list;
    this.#panes = ["left", "right"].map((name) => new ComparePane(name));
    const figures = this.#panes.map((pane, at) =>
      h("figure", {}, h("figcaption", {}, h("b", {}, sides[at].title), h("small", {}, when(sides[at].created))), pane.element),
    );
    this.#element.replaceChildren(this.#head(id, samePicture), h("div", { class: "panes" }, figures), this.#side(sides));
    toggle(byId("start"), "hidden", true);
    toggle(byId("workspace"), "hidden", true);
    toggle(this.#element, "hidden", false);
    this.#panes.forEach((pane, at) => {
      pane.show(sides[at], list, at ? "to" : "from");
      const nothing = () => {};
      new Gestures(pane, { tool: () => null, hover: nothing, open: nothing, click: nothing, lasso: nothing });
      pane.addEventListener("view", () => this.#panes[1 - at].follow(pane));
      this.#fetch(pane, sides[at].study);
    });
    window.scrollTo(0, 0);
    this.#element.querySelector("h2").focus({ preventScroll: true });
  }

  async #fetch(pane, id) {
    try {
      const picture = await Picture.from(await api.picture(id));
      if (!this.#panes.includes(pane)) return picture.close();
      applyWindow(picture);
      pane.setPicture(picture);
    } catch (error) {
      complain(error);
    }
    return undefined;
  }

  #head(id, samePicture) {
    const button = (text, name, run) =>
      h("button", { type: "button", class: "icon-only", "aria-label": text, title: text, onclick: run }, icon(name));
    const count = this.#list.length === 1 ? "1 difference" : `${this.#list.length} differences`;
    const how = samePicture ? "" : " by number: the radiographs are not the same, so outlines are not compared";
    return h(
      "header",
      { class: "compare-head" },
      h("h2", { tabindex: -1 }, this.#list.length ? count : "No differences"),
      h("p", { class: "quiet-text", role: "status" }, how ? `Compared${how}.` : "Compared by outlines and numbers."),
      h(
        "div",
        { class: "compare-tools", role: "group", "aria-label": "View" },
        button("Previous difference (J)", "previous", () => this.#step(-1)),
        button("Next difference (K)", "next", () => this.#step(1)),
        button("Zoom out (-)", "minus", () => this.#panes[0].zoom(0.8)),
        button("Zoom in (+)", "plus", () => this.#panes[0].zoom(1.25)),
        button("Whole radiographs (0)", "fit", () => this.#panes[0].fit()),
        h("button", { type: "button", class: "leave", onclick: () => this.leave(id) }, icon("close"), "Close"),
      ),
    );
  }

  #side([from, to]) {
    const titles = [`Only in ${from.title}`, `Only in ${to.title}`, "Other number", "Other outline"];
    const groups = KINDS.flatMap((kind, place) => {
      const title = titles[place];
      const rows = this.#list.flatMap((one, at) => (one.kind === kind ? [this.#row(one, at)] : []));
      return rows.length ? [h("h3", {}, `${SIGNS[kind]} ${title}`), h("ul", {}, rows)] : [];
    });
    return h("aside", { class: "changes", "aria-label": "Differences" }, groups);
  }

  #row(one, at) {
    const number = (fdi) => written(fdi, preference("numbering"));
    const { from, to, kind, what } = one;
    const shown = from ?? to;
    const place = shown.fdi ? number(shown.fdi) : what === "tooth" ? "without a number" : "no single tooth";
    const named = what === "finding"
      ? `${sentence(kindOf(shown.kind).title)}, ${place}`
      : kind === "renumbered" ? `${number(from.fdi)} → ${number(to.fdi)}` : `${place} ${shown.fdi ? nameOf(shown.fdi) : ""}`;
    const onclick = () => this.#reveal(at);
    return h("li", {}, h("button", { type: "button", class: kind, "data-difference": at, onclick }, named));
  }

  #step(by) {
    if (!this.#list.length) return;
    const order = [...this.#element.querySelectorAll("[data-difference]")].map((one) => Number(one.dataset.difference));
    const now = order.indexOf(this.#at);
    this.#reveal(order[now < 0 ? (by > 0 ? 0 : order.length - 1) : (now + by + order.length) % order.length]);
  }

  #reveal(at) {
    this.#at = at;
    const { from, to } = this.#list[at];
    this.#panes[from ? 0 : 1].reveal(from ?? to);
    for (const button of this.#element.querySelectorAll("[data-difference]")) {
      const now = Number(button.dataset.difference) === at;
      button.setAttribute("aria-current", now);
      if (!now) continue;
      button.focus({ preventScroll: true });
      // On a narrow page the radiographs must stay in sight.
      if (window.matchMedia("(min-width: 900px)").matches) button.scrollIntoView({ block: "nearest" });
    }
  }

  /** Handles the keys while it is open; commands of the workspace behind it are kept off. */
  key(name) {
    if (!byId("drawer").hidden) return false;
    const step = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] }[name];
    if (step) this.#panes[0].pan(-step[0], -step[1]);
    else if (name === "j" || name === "k") this.#step(name === "k" ? 1 : -1);
    else if (name === "+" || name === "=") this.#panes[0].zoom(1.25);
    else if (name === "-") this.#panes[0].zoom(0.8);
    else if (name === "0") this.#panes[0].fit();
    else if (name === "Escape") this.#element.querySelector(".leave").click();
    else return !ALLOWED.includes(name) && name !== "Tab" && name !== "Shift+Tab";
    return true;
  }

  /** Goes back to the study. */
  leave(id) {
    this.close();
    this.#left(id);
  }

  close() {
    this.#asked++;
    toggle(this.#element, "hidden", true);
    this.#clear();
    this.#element.replaceChildren();
  }

  #clear() {
    for (const pane of this.#panes) pane.close();
    this.#panes = this.#list = [];
    this.#at = -1;
  }
}
