// The open study: its teeth and findings, undo and redo, and the selection.

import { accepted, stillAccepted } from "./acceptance.js";
import { alongArches } from "./arch.js";
import { redraw, toothFrom } from "./edits.js";
import { findingFrom, followed, inOrder, linked, reshaped } from "./findings.js";
import { History } from "./history.js";
import { isShown, replaces } from "./kinds.js";

/** Dispatches `change` (teeth, findings, study or selection) and `hover`. */
export class Session extends EventTarget {
  study = null; // from the service, without teeth and findings
  teeth = []; // current teeth
  findings = []; // current findings
  found = []; // teeth as predicted
  foundFindings = []; // findings as predicted
  chosen = []; // keys of the selected teeth, in order of selection
  number = 0; // a selected number without a tooth
  picked = null; // key of the selected finding; then no tooth is selected
  hovered = null; // a key
  problems = []; // numbers that contradict their places: { kind, teeth: keys, message }, see numbering.js
  #known = new Map(); // the service's teeth by id
  #knownFindings = new Map(); // its findings by id
  #saved = { teeth: this.teeth, findings: this.findings };
  #history = new History();

  /** Opens a study from /v1/studies/ID; null closes it. */
  open(answer) {
    this.#history = new History();
    this.chosen = [];
    this.number = 0;
    this.picked = this.hovered = this.study = null;
    this.problems = [];
    this.teeth = this.found = this.findings = this.foundFindings = [];
    if (answer) {
      this.found = answer.predicted.map(taken);
      this.foundFindings = linked((answer.predicted_findings ?? []).map(takenFinding), this.found);
      ({ teeth: this.teeth, findings: this.findings } = this.#receive(answer));
    }
    this.#saved = { teeth: this.teeth, findings: this.findings };
    this.#tell("change");
  }

  /** Handles the response to a save of `sent`; earlier edits can still be undone. */
  saved(answer, sent) {
    const own = this.#receive(answer);
    const teeth = own.teeth.map((tooth, i) => ({ ...tooth, key: sent.teeth[i].key }));
    const findings = own.findings.map((finding, i) => {
      const { key, tooth } = sent.findings[i];
      return { ...finding, key, tooth };
    });
    // Otherwise they were edited during the save.
    if (this.teeth === sent.teeth) this.teeth = teeth;
    if (this.findings === sent.findings) this.findings = findings;
    this.#saved = { teeth, findings };
    this.#tell("change");
  }

  #receive({ predicted, predicted_findings: _, teeth, findings, ...study }) {
    // `charted`: whether somebody, the model or a person, has looked for findings.
    this.study = { ...study, charted: findings !== null };
    // Unchanged outlines share one array, so that "redrawn" is a comparison of identity.
    const like = (one, origin) => {
      if (!origin) return one;
      const same = JSON.stringify(origin.polygons) === JSON.stringify(one.polygons);
      return { ...one, key: origin.key, polygons: same ? origin.polygons : one.polygons };
    };
    const own = teeth.map((tooth) => taken(like(tooth, this.origin(tooth))));
    const marked = (findings ?? []).map((one) => takenFinding(like(one, this.origin(one))));
    this.#known = byId([...this.found, ...own]);
    this.#knownFindings = byId([...this.foundFindings, ...marked]);
    return { teeth: own, findings: linked(marked, own) };
  }

  /** Sets teeth and findings that were kept as text, as one change that can be undone. */
  restore({ teeth, findings }) {
    const shared = (known) => (one) => {
      const like = [known.get(one.id)].find((other) => JSON.stringify(other?.polygons) === JSON.stringify(one.polygons));
      return like ? { ...one, polygons: like.polygons } : one;
    };
    // Keys of the page before the reload may be in use again for others.
    const keys = new Map(teeth.map(({ key }, place) => [key, `d${place}`]));
    const own = teeth.map((one) => ({ ...shared(this.#known)(one), key: keys.get(one.key) }));
    const marked = findings.map((one, place) => ({
      ...shared(this.#knownFindings)(one),
      key: `df${place}`,
      tooth: keys.get(one.tooth) ?? null,
    }));
    this.#history.keep(this.#present());
    this.#go({ teeth: own, findings: marked, chosen: [], picked: null });
  }

  get dirty() {
    if (this.study === null) return false;
    return this.teeth !== this.#saved.teeth || this.findings !== this.#saved.findings;
  }

  get size() {
    return [this.study.width, this.study.height];
  }

  // --- editing ------------------------------------------------------------------------------

  /** Sets the new teeth, and the keys of the selected ones; findings follow their teeth. */
  edit(teeth, chosen = this.chosen, findings = this.#linked()) {
    this.#history.keep(this.#present());
    const now = stillAccepted(this.teeth, teeth);
    this.#go({ teeth: now, findings: followed(findings, now), chosen, picked: this.picked });
  }

  /** Sets the new findings, and the key of the selected one. */
  editFindings(findings, picked = this.picked) {
    this.#history.keep(this.#present());
    const now = stillAccepted(this.findings, findings);
    this.#go({ teeth: this.teeth, findings: linked(now, this.teeth), chosen: [], picked });
  }

  /** Accepts teeth and findings as they are, or with `by` null takes it back. */
  accept(keys, by) {
    this.#history.keep(this.#present());
    const { teeth, findings, chosen, picked } = this;
    this.#go({ teeth: accepted(teeth, keys, by), findings: accepted(findings, keys, by), chosen, picked });
  }

  /** Writes a note about a tooth. */
  note(key, note) {
    this.edit(this.teeth.map((tooth) => (tooth.key === key ? { ...tooth, note } : tooth)));
  }

  /** Replaces the outline of what is selected. */
  redraw(polygons) {
    if (this.finding) this.editFindings(reshaped(this.findings, this.picked, polygons));
    else this.edit(redraw(this.teeth, this.only.key, polygons));
  }

  #linked() {
    return linked(this.findings, this.teeth);
  }

  #present() {
    const { teeth, findings, chosen, picked } = this;
    return { teeth, findings, chosen, picked };
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  undo() {
    if (this.canUndo) this.#go(this.#history.back(this.#present()));
  }

  redo() {
    if (this.canRedo) this.#go(this.#history.forward(this.#present()));
  }

  #go({ teeth, findings, chosen, picked }) {
    this.teeth = teeth;
    this.findings = findings;
    this.chosen = chosen.filter((key) => this.tooth(key));
    this.picked = !this.chosen.length && this.findingOf(picked) ? picked : null;
    if (this.chosen.length || this.picked) this.number = 0;
    this.#tell("change");
  }

  /** Teeth and findings for PUT /v1/studies/ID/teeth: known outlines are given by their id. */
  entries({ teeth, findings }) {
    const entry = (known, { id, polygons, accepted: acceptance }) => {
      const accepted = Boolean(acceptance);
      if (!known.has(id)) return { polygons, accepted };
      return known.get(id).polygons === polygons ? { id, accepted } : { id, polygons, accepted };
    };
    const said = this.study.charted || findings.length > 0;
    return {
      teeth: teeth.map((tooth) => ({ ...entry(this.#known, tooth), fdi: tooth.fdi, note: tooth.note ?? "" })),
      findings: said
        ? findings.map((one) => ({ ...entry(this.#knownFindings, one), kind: one.kind, fdi: one.fdi }))
        : undefined,
    };
  }

  /** After a conflict: bases the current teeth and findings on the service's latest revision. */
  rebase(answer) {
    this.#receive(answer);
  }

  // --- queries ------------------------------------------------------------------------------

  tooth(key) {
    return this.teeth.find((tooth) => tooth.key === key) ?? null;
  }

  findingOf(key) {
    return this.findings.find((finding) => finding.key === key) ?? null;
  }

  bearing(fdi) {
    return this.teeth.find((tooth) => tooth.fdi === fdi) ?? null;
  }

  /** The findings on a tooth or in its place; 0 for those of no single tooth. */
  findingsAt(fdi) {
    return inOrder(this.findings.filter((finding) => finding.fdi === fdi));
  }

  /** Whether an implant or a pontic stands in place of a tooth, which is missing then. */
  isReplaced(fdi) {
    return !this.bearing(fdi) && this.findings.some((one) => one.fdi === fdi && replaces(one.kind));
  }

  /** The selected tooth if it is the only one, otherwise null. */
  get only() {
    return this.chosen.length === 1 ? this.tooth(this.chosen[0]) : null;
  }

  /** The selected finding or null. */
  get finding() {
    return this.findingOf(this.picked);
  }

  /** The selected finding, or the only selected tooth, or null. */
  get shape() {
    return this.finding ?? this.only;
  }

  /** A tooth or a finding as predicted; null for what was added by hand. */
  origin(one) {
    const among = one.kind ? this.foundFindings : this.found;
    return among.find((other) => other.id === one.id) ?? null;
  }

  /** Predicted teeth that were removed. */
  get removed() {
    return this.found.filter((tooth) => !this.teeth.some((one) => one.id === tooth.id));
  }

  /** Predicted findings that were removed. */
  get removedFindings() {
    return this.foundFindings.filter((finding) => !this.findings.some((one) => one.id === finding.id));
  }

  /** How a tooth or a finding differs from the prediction: "", "added", or what was done to it. */
  change(one) {
    const origin = this.origin(one);
    if (!origin) return "added";
    const said = [];
    // A finding that follows its tooth to another number was not changed itself.
    const fdi = one.kind ? followed([origin], this.teeth)[0].fdi : origin.fdi;
    if (origin.kind !== one.kind) said.push("kind changed");
    if (fdi !== one.fdi) said.push(one.kind ? "reassigned" : "renumbered");
    if (origin.polygons !== one.polygons) said.push("redrawn");
    return said.join(", ");
  }

  /** "unnumbered", "doubtful" or "found"; what was edited or accepted is not doubtful any more. */
  state(one) {
    if (!one.fdi && !one.kind) return "unnumbered";
    if (one.accepted || this.change(one)) return "found";
    return this.origin(one).flags.includes("doubtful") ? "doubtful" : "found";
  }

  /** Teeth along the arches, then findings, that somebody should look at. */
  get doubted() {
    const asks = (one) => !one.accepted && (this.state(one) !== "found" || this.problemsOf(one).length > 0);
    return [...alongArches(this.teeth.filter(asks)), ...inOrder(this.findings.filter(asks))];
  }

  /** The problems with the number of a tooth. */
  problemsOf({ key }) {
    return this.problems.filter((problem) => problem.teeth.includes(key));
  }

  setProblems(problems) {
    if (!problems.length && !this.problems.length) return;
    this.problems = problems;
    this.#tell("change");
  }

  /** Keys of what is selected: teeth, or one finding. */
  get selected() {
    return this.picked ? [this.picked] : this.chosen;
  }

  // --- selection -----------------------------------------------------------------------------

  choose(keys) {
    this.#select({ chosen: keys });
  }

  /** Selects a finding. */
  pick(key) {
    this.#select({ picked: key });
  }

  #select({ chosen = [], number = 0, picked = null }) {
    Object.assign(this, { chosen, number, picked });
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
    this.#select(tooth ? { chosen: [tooth.key] } : { number: fdi });
  }

  /** The next tooth along the arches. */
  step(by) {
    const order = alongArches(this.teeth);
    const last = this.tooth(this.chosen.at(-1)) ?? (this.finding && this.bearing(this.finding.fdi));
    const next = beside(order, order.indexOf(last), by);
    if (next) this.choose([next.key]);
  }

  /** The next finding along the arches that is shown, beginning at the selected tooth. */
  stepFinding(by) {
    const order = inOrder(this.findings.filter((finding) => isShown(finding.kind)));
    const fdi = this.number || this.only?.fdi;
    const first = fdi && order.find((finding) => finding.fdi === fdi);
    const next = first || beside(order, order.findIndex((one) => one.key === this.picked), by);
    if (next) this.pick(next.key);
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

/** The entry `by` places from `at`, around the end; from -1 the first or the last. */
function beside(list, at, by) {
  if (at < 0) return by > 0 ? list[0] : list.at(-1);
  return list[(at + by + list.length) % list.length];
}

const byId = (list) => new Map(list.map((one) => [one.id, one]));
const taken = (tooth) => toothFrom(tooth.polygons, tooth.fdi, tooth);
const takenFinding = (one) => findingFrom(one.polygons, one.kind, one.fdi, one);
