// The open study: its teeth, undo and redo, and the selection.

import { alongArches } from "./arch.js";
import { toothFrom } from "./edits.js";

/** Dispatches `change` (teeth, study or selection) and `hover`. */
export class Session extends EventTarget {
  study = null; // from the service, without teeth
  teeth = []; // current teeth
  found = []; // teeth as predicted
  chosen = []; // keys of the selected teeth, in order of selection
  number = 0; // a selected number without a tooth
  hovered = null; // a key
  #known = new Map(); // the service's teeth by id
  #saved = [];
  #past = [];
  #future = [];

  /** Opens a study from /v1/studies/ID; null closes it. */
  open(answer) {
    this.#past = [];
    this.#future = [];
    this.chosen = [];
    this.number = 0;
    this.hovered = null;
    this.study = null;
    this.teeth = this.found = this.#saved = [];
    if (answer) {
      this.found = answer.predicted.map(taken);
      this.#saved = this.teeth = this.#receive(answer);
    }
    this.#tell("change");
  }

  /** Handles the response to a save of `sent`; earlier edits can still be undone. */
  saved(answer, sent) {
    const current = this.teeth === sent;
    const teeth = this.#receive(answer).map((tooth, i) => ({ ...tooth, key: sent[i].key }));
    this.#saved = teeth;
    if (current) this.teeth = teeth; // otherwise it was edited during the save
    this.#tell("change");
  }

  #receive({ predicted, teeth, ...study }) {
    this.study = study;
    const own = teeth.map((tooth) => {
      const origin = this.origin(tooth);
      const same = origin && JSON.stringify(origin.polygons) === JSON.stringify(tooth.polygons);
      // Unchanged outlines share one array, so that "redrawn" is a comparison of identity.
      return taken(same ? { ...tooth, polygons: origin.polygons } : tooth);
    });
    this.#known = new Map([...this.found, ...own].map((tooth) => [tooth.id, tooth]));
    return own;
  }

  get dirty() {
    return this.study !== null && this.teeth !== this.#saved;
  }

  get size() {
    return [this.study.width, this.study.height];
  }

  // --- editing ------------------------------------------------------------------------------

  /** Sets the new teeth, and the keys of the selected ones. */
  edit(teeth, chosen = this.chosen) {
    this.#past.push({ teeth: this.teeth, chosen: this.chosen });
    this.#future = [];
    this.#go({ teeth, chosen });
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  undo() {
    if (!this.canUndo) return;
    this.#future.push({ teeth: this.teeth, chosen: this.chosen });
    this.#go(this.#past.pop());
  }

  redo() {
    if (!this.canRedo) return;
    this.#past.push({ teeth: this.teeth, chosen: this.chosen });
    this.#go(this.#future.pop());
  }

  #go({ teeth, chosen }) {
    this.teeth = teeth;
    this.chosen = chosen.filter((key) => this.tooth(key));
    if (this.chosen.length) this.number = 0;
    this.#tell("change");
  }

  /** The teeth for PUT /v1/studies/ID/teeth: known outlines are given by their id. */
  entries(teeth = this.teeth) {
    return teeth.map(({ id, fdi, polygons }) => {
      const known = this.#known.get(id);
      if (!known) return { fdi, polygons };
      return known.polygons === polygons ? { id, fdi } : { id, fdi, polygons };
    });
  }

  /** After a conflict: bases the current teeth on the service's latest revision. */
  rebase(answer) {
    this.#receive(answer);
  }

  // --- queries ------------------------------------------------------------------------------

  tooth(key) {
    return this.teeth.find((tooth) => tooth.key === key) ?? null;
  }

  bearing(fdi) {
    return this.teeth.find((tooth) => tooth.fdi === fdi) ?? null;
  }

  /** The selected tooth if it is the only one, otherwise null. */
  get only() {
    return this.chosen.length === 1 ? this.tooth(this.chosen[0]) : null;
  }

  origin(tooth) {
    return this.found.find((one) => one.id === tooth.id) ?? null;
  }

  /** Predicted teeth that were removed. */
  get removed() {
    return this.found.filter((tooth) => !this.teeth.some((one) => one.id === tooth.id));
  }

  /** How a tooth differs from the prediction: "", "added", "renumbered", "redrawn" or both. */
  change(tooth) {
    const origin = this.origin(tooth);
    if (!origin) return "added";
    const said = [];
    if (origin.fdi !== tooth.fdi) said.push("renumbered");
    if (origin.polygons !== tooth.polygons) said.push("redrawn");
    return said.join(", ");
  }

  /** "unnumbered", "doubtful" or "found"; an edited tooth is not doubtful any more. */
  state(tooth) {
    if (!tooth.fdi) return "unnumbered";
    return tooth.flags.includes("doubtful") && !this.change(tooth) ? "doubtful" : "found";
  }

  // --- selection -----------------------------------------------------------------------------

  choose(keys) {
    this.chosen = keys;
    this.number = 0;
    this.#tell("change");
  }

  /** Adds a tooth to the selection, or removes it. */
  toggle(key) {
    const others = this.chosen.filter((one) => one !== key);
    this.choose(others.length < this.chosen.length ? others : [...others, key]);
  }

  /** Selects the tooth with a number, or the number itself if there is none. */
  chooseNumber(fdi) {
    const tooth = this.bearing(fdi);
    if (tooth) return this.choose([tooth.key]);
    this.chosen = [];
    this.number = fdi;
    return this.#tell("change");
  }

  /** The next tooth along the arches. */
  step(by) {
    const order = alongArches(this.teeth);
    if (!order.length) return;
    const at = order.findIndex((tooth) => tooth.key === this.chosen.at(-1));
    const next = at < 0 ? (by > 0 ? 0 : order.length - 1) : (at + by + order.length) % order.length;
    this.choose([order[next].key]);
  }

  hover(key) {
    if (key === this.hovered) return;
    this.hovered = key;
    this.#tell("hover");
  }

  #tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

const taken = (tooth) => toothFrom(tooth.polygons, tooth.fdi, tooth);
