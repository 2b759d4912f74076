// The study that is open: its teeth with every step back and forth, and what is chosen.

import { alongArches } from "./arch.js";
import { toothFrom } from "./edits.js";

/** Tells `change` (teeth, study or choice) and `hover`. */
export class Session extends EventTarget {
  study = null; // as the service gave it, without teeth
  teeth = []; // as they stand
  found = []; // as the model found them
  chosen = []; // keys, in the order of choosing
  number = 0; // a number chosen that no tooth bears
  hovered = null; // a key
  #known = new Map(); // the service's teeth by id
  #saved = [];
  #past = [];
  #future = [];

  /** Opens a study as /v1/studies/ID gives it; null closes. */
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

  /** Takes the service's answer to a save of `sent`; the steps before it can still be undone. */
  saved(answer, sent) {
    const current = this.teeth === sent;
    const teeth = this.#receive(answer).map((tooth, i) => ({ ...tooth, key: sent[i].key }));
    this.#saved = teeth;
    if (current) this.teeth = teeth; // else it was edited while the save was on its way
    this.#tell("change");
  }

  #receive({ predicted, teeth, ...study }) {
    this.study = study;
    const own = teeth.map((tooth) => {
      const origin = this.origin(tooth);
      const same = origin && JSON.stringify(origin.polygons) === JSON.stringify(tooth.polygons);
      // One list of points for what is the same, so that "redrawn" is a question of identity.
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

  /** The next state of the teeth; `chosen` are the keys to be chosen then. */
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

  /** The teeth as PUT /v1/studies/ID/teeth takes them: what the service knows goes by its id. */
  entries(teeth = this.teeth) {
    return teeth.map(({ id, fdi, polygons }) => {
      const known = this.#known.get(id);
      if (!known) return { fdi, polygons };
      return known.polygons === polygons ? { id, fdi } : { id, fdi, polygons };
    });
  }

  /** After a conflict: builds on what the service has now, keeping what stands here. */
  rebase(answer) {
    this.#receive(answer);
  }

  // --- looking ------------------------------------------------------------------------------

  tooth(key) {
    return this.teeth.find((tooth) => tooth.key === key) ?? null;
  }

  bearing(fdi) {
    return this.teeth.find((tooth) => tooth.fdi === fdi) ?? null;
  }

  /** The one tooth that is chosen, or null. */
  get only() {
    return this.chosen.length === 1 ? this.tooth(this.chosen[0]) : null;
  }

  origin(tooth) {
    return this.found.find((one) => one.id === tooth.id) ?? null;
  }

  /** Teeth of the model that were taken away and not replaced. */
  get removed() {
    return this.found.filter((tooth) => !this.teeth.some((one) => one.id === tooth.id));
  }

  /** How a tooth differs from what was found: "", "added", "renumbered", "redrawn" or both. */
  change(tooth) {
    const origin = this.origin(tooth);
    if (!origin) return "added";
    const said = [];
    if (origin.fdi !== tooth.fdi) said.push("renumbered");
    if (origin.polygons !== tooth.polygons) said.push("redrawn");
    return said.join(", ");
  }

  /** "unnumbered", "doubtful" or "found"; what a person changed is no longer in doubt. */
  state(tooth) {
    if (!tooth.fdi) return "unnumbered";
    return tooth.flags.includes("doubtful") && !this.change(tooth) ? "doubtful" : "found";
  }

  // --- choosing -----------------------------------------------------------------------------

  choose(keys) {
    this.chosen = keys;
    this.number = 0;
    this.#tell("change");
  }

  /** Adds a tooth to those chosen, or takes it out. */
  toggle(key) {
    const others = this.chosen.filter((one) => one !== key);
    this.choose(others.length < this.chosen.length ? others : [...others, key]);
  }

  /** Chooses a number: the tooth that bears it, or the place where none is. */
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
