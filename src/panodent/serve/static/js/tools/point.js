// Finds a tooth's outline from clicks on it, clicks beside it, or a box; the service draws it.

import * as api from "../api.js";
import { written } from "../arch.js";
import { add, redraw } from "../edits.js";
import { svg } from "../dom.js";
import { shownPath } from "../geometry.js";
import { complain } from "../notices.js";
import { preference } from "../preferences.js";
import { count, fill, overlap } from "../raster.js";
import { crossAt, movedCross } from "./shared.js";

const COVERED = 0.5; // shared part of two teeth together from which they are the same
const HARDLY = 0.2; // score below which the model sees no tooth
const LIKELY = 0.1; // least probability of a number that is given to a new tooth

export class PointTool {
  id = "point";
  actions = [
    { text: "Off the tooth", label: "Clicks mean: not on the tooth", key: "x", pressed: () => this.#off },
    { text: "Undo", label: "Take the last click back", key: "Backspace" },
    { text: "Accept", label: "Accept the outline", key: "Enter" },
  ];
  #context;
  #marks = []; // { at: [x, y], off } for a click, { box } for a box
  #undone = [];
  #off = false; // whether clicks mean what is not on the tooth
  #found = null; // the answer of the service for these marks
  #asked = 0;
  #corner = null; // of a box that is being drawn
  #tip = null;
  #cross = null; // image point, while the keyboard is used
  #over = null; // the tooth whose outline the found one replaces

  constructor(context) {
    this.#context = context;
  }

  get hint() {
    if (!this.#marks.length) {
      return "Click a tooth, or drag a box around it; Alt or the right button: what is not on it. Enter accepts, Esc " +
        "drops it. Keyboard: arrow keys move the cross, Space clicks, X changes the sign, C sets corners of a box.";
    }
    if (!this.#found) return "Looking …";
    if (!this.#found.polygons.length) return "No tooth there. Add clicks, or drag a box around it.";
    const fdi = this.#over ? this.#over.fdi : this.#number();
    const number = fdi ? written(fdi, preference("numbering")) : "without a number";
    const does = this.#over
      ? `Enter replaces the outline of ${fdi ? number : "the tooth without a number"}.`
      : `Enter adds this tooth, ${number}.`;
    return this.#found.score < HARDLY ? `${does} The model sees hardly a tooth here.` : does;
  }

  get touchHint() {
    return this.#marks.length ? this.hint.replace("Enter", "Accept") : "Tap a tooth, or drag a box around it.";
  }

  begin() {
    this.#off = false;
  }

  cancel() {
    this.#marks = [];
    this.#undone = [];
    this.#found = this.#corner = this.#tip = this.#cross = this.#over = null;
    this.#asked++;
  }

  // --- mouse, pen and touch ------------------------------------------------------------------

  down({ image }) {
    this.#corner = image;
    this.#cross = this.#tip = null;
    return true;
  }

  move({ image }) {
    this.#tip = image;
    this.#context.redraw();
  }

  up({ image, event }, moved) {
    const corner = this.#corner;
    this.abort();
    if (!corner) return;
    if (moved) this.#box(corner, image);
    else this.#click(image, this.#off || event.altKey);
  }

  /** The right button. */
  other({ image }) {
    this.#click(image, true);
  }

  abort() {
    this.#corner = this.#tip = null;
    this.#context.redraw();
  }

  // --- keyboard ------------------------------------------------------------------------------

  key(name) {
    const moved = movedCross(name, this.#cross, this.#context);
    if (moved) {
      this.#cross = moved;
      this.#tip = this.#corner && moved;
    } else if (name === "Space" && this.#cross) this.#click(this.#cross, this.#off);
    else if (name === "c" && this.#cross) this.#setCorner();
    else if (name === "x") this.#turnSign();
    else if (name === "Backspace" || name === "Delete" || name === "Ctrl+Z") {
      if (!this.#marks.length) return name !== "Ctrl+Z"; // never a tooth
      this.#undone.push(this.#marks.pop());
      this.#ask();
    } else if (name === "Ctrl+Y" || name === "Ctrl+Shift+Z") {
      if (!this.#undone.length) return false;
      this.#marks.push(this.#undone.pop());
      this.#ask();
    } else if (name === "Enter") this.#accept();
    else return false;
    this.#context.redraw();
    return true;
  }

  #turnSign() {
    this.#off = !this.#off;
    this.#context.tell();
  }

  #setCorner() {
    if (!this.#corner) {
      this.#corner = this.#cross;
      return;
    }
    const corner = this.#corner;
    this.#corner = this.#tip = null;
    this.#box(corner, this.#cross);
  }

  // --- what was pointed at ---------------------------------------------------------------------

  #click([x, y], off) {
    const [width, height] = this.#context.session.size;
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    if (off && !this.#marks.length) {
      this.#context.say("Click on the tooth first, then on what does not belong to it.");
      return;
    }
    this.#mark({ at: [x, y], off });
  }

  #box(a, b) {
    const box = [0, 1].map((axis) => [a[axis], b[axis]].sort((one, other) => one - other));
    const [[left, right], [top, bottom]] = box.map(([low, high], axis) =>
      [Math.max(low, 0), Math.min(high, this.#context.session.size[axis])]);
    if (right - left < 2 || bottom - top < 2) return;
    this.#marks = this.#marks.filter((mark) => !mark.box); // there is one box at most
    this.#mark({ box: [left, top, right, bottom] });
  }

  #mark(mark) {
    this.#marks.push(mark);
    this.#undone = [];
    this.#ask();
  }

  async #ask() {
    const { session } = this.#context;
    const mine = ++this.#asked;
    const marks = this.#marks;
    const points = (off) => marks.filter(({ at, off: its }) => at && its === off).map(({ at }) => at);
    const prompt = { positive: points(false), negative: points(true), box: marks.find(({ box }) => box)?.box ?? null };
    if (!prompt.positive.length && !prompt.box) {
      this.#marks = [];
      this.#found = this.#over = null;
      return this.#context.tell();
    }
    this.#context.tell();
    try {
      const found = await api.toothAt(session.study.id, prompt);
      if (mine !== this.#asked) return undefined; // another click came, or the tool was left
      this.#found = found;
      this.#over = found.polygons.length ? this.#covered(found.polygons) : null;
    } catch (error) {
      if (mine === this.#asked) complain(error);
    }
    return this.#context.tell();
  }

  /** The tooth that these polygons draw anew: the selected one if they touch it, or one in the same place. */
  #covered(polygons) {
    const { session } = this.#context;
    const mask = fill(polygons, session.size);
    const own = count(mask);
    for (const tooth of [session.only, ...session.teeth].filter(Boolean)) {
      const other = fill(tooth.polygons, session.size);
      const shared = overlap(mask, other);
      if (tooth === session.only ? shared : shared >= COVERED * (own + count(other) - shared)) return tooth;
    }
    return null;
  }

  /** The number of a new tooth: the one that was selected, or the likeliest that is free; 0 for none. */
  #number() {
    const { session } = this.#context;
    if (session.number) return session.number;
    const free = ({ fdi, probability }) => probability >= LIKELY && !session.bearing(fdi);
    return this.#found.numbers.find(free)?.fdi ?? 0;
  }

  #accept() {
    const { session, act, done, run, say } = this.#context;
    const polygons = this.#found?.polygons;
    if (!polygons?.length) return say("Click a tooth first, and wait for its outline.");
    return act(() => {
      const over = session.tooth(this.#over?.key);
      if (over) {
        session.edit(redraw(session.teeth, over.key, polygons), [over.key]);
        return done();
      }
      const { teeth, tooth } = add(session.teeth, polygons, this.#number(), session.size);
      session.edit(teeth, [tooth.key]);
      done();
      return tooth.fdi ? undefined : run("renumber");
    });
  }

  draw(layer, camera) {
    const { x, y, scale } = camera;
    if (this.#found?.polygons.length) {
      const place = `translate(${x} ${y}) scale(${scale})`;
      layer.append(svg("path", { d: shownPath(this.#found.polygons), transform: place, class: "preview" }));
    }
    const boxes = this.#marks.flatMap(({ box }) => (box ? [box] : []));
    if (this.#corner && this.#tip) boxes.push([...this.#corner, ...this.#tip]);
    for (const [left, top, right, bottom] of boxes) {
      const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
      const points = corners.map((corner) => camera.toScreen(corner).join()).join(" ");
      layer.append(svg("polygon", { points, class: "draft" }));
    }
    for (const { at, off } of this.#marks.filter(({ at }) => at)) {
      const [cx, cy] = camera.toScreen(at);
      layer.append(svg("circle", { cx, cy, r: 6, class: off ? "click off" : "click" }));
      layer.append(svg("path", { d: `M${cx - 3} ${cy}h6${off ? "" : `M${cx} ${cy - 3}v6`}`, class: "sign" }));
    }
    if (this.#cross) layer.append(crossAt(this.#cross, camera));
  }
}
