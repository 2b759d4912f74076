// Adds a tooth or a finding: click points or draw freely, by mouse, touch or a crosshair moved by arrow
// keys.

import { add } from "../edits.js";
import { svg } from "../dom.js";
import { drawn } from "../findings.js";
import { distance, simplified } from "../geometry.js";
import { kindOf } from "../kinds.js";
import { crossAt, movedCross, onScreen } from "./shared.js";

const CLOSE = 11; // screen pixels from the first point that close the outline
const STRIDE = 3; // screen pixels between points drawn freely

const hint = (what) =>
  `Click points around the ${what}, or draw around it. Enter closes the outline, Backspace removes a ` +
  "point, Esc cancels. Keyboard: arrow keys move the cross, Space sets a point.";

export class DrawTool {
  id = "add";
  hint = hint("tooth");
  touchHint = "Draw around it with a finger, or tap points around it.";
  actions = [
    { text: "Undo", label: "Take the last point back", key: "Backspace" },
    { text: "Close outline", label: "Close the outline (Enter)", key: "Enter" },
  ];
  #context;
  #points = [];
  #undone = []; // points that were taken back, the last first
  #free = false;
  #ends = false;
  #cross = null; // image point, while the keyboard is used
  #pointer = null;

  constructor(context) {
    this.#context = context;
  }

  down({ image }) {
    this.#cross = null;
    this.#pointer = image;
    this.#ends = this.#closes(image);
    if (this.#ends) return true;
    this.#points.push(image);
    this.#undone = [];
    this.#free = false;
    this.#context.redraw();
    return true;
  }

  move({ image }) {
    if (this.#ends) return;
    const camera = this.#context.viewer.camera;
    if (distance(camera.toScreen(image), camera.toScreen(this.#points.at(-1) ?? image)) < STRIDE) return;
    this.#free = true;
    this.#points.push(image);
    this.#context.redraw();
  }

  up(_, moved) {
    // Not before the button is released: the press would move the focus out of the dialog.
    if (this.#ends || (this.#free && moved && this.#points.length > 8)) this.#finish();
    this.#free = this.#ends = false;
  }

  hover({ image }) {
    this.#pointer = image;
    if (this.#points.length) this.#context.redraw();
  }

  abort() {
    this.#points.pop();
    this.#context.redraw();
  }

  cancel() {
    this.#points = [];
    this.#undone = [];
    this.#cross = this.#pointer = null;
  }

  key(name) {
    const moved = movedCross(name, this.#cross, this.#context);
    if (moved) this.#cross = moved;
    else if (name === "Space" && this.#cross) this.#points.push(this.#cross);
    else if (name === "Backspace" || name === "Ctrl+Z") {
      if (!this.#points.length) return false;
      this.#undone.push(this.#points.pop());
    } else if (name === "Ctrl+Y" || name === "Ctrl+Shift+Z") {
      if (!this.#undone.length) return false;
      this.#points.push(this.#undone.pop());
    } else if (name === "Enter" && this.#points.length) this.#finish();
    else return false;
    this.#context.redraw();
    return true;
  }

  #closes(image) {
    const camera = this.#context.viewer.camera;
    const first = this.#points[0];
    return this.#points.length >= 3 && distance(camera.toScreen(first), camera.toScreen(image)) < CLOSE;
  }

  #finish() {
    const { session, viewer } = this.#context;
    const few = simplified(this.#points, 1 / viewer.camera.scale);
    const ring = few.map(([x, y]) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10]);
    if (ring.length < 3) {
      this.#context.say("An outline has at least three points.");
      return;
    }
    const wanted = session.number;
    this.cancel();
    this.#context.act(() => {
      const next = this.make(session, [[ring]], wanted);
      this.#context.done();
      if (next) this.#context.run(next);
    });
  }

  /** Adds a tooth of these polygons with the wanted number; returns the command to run next, if any. */
  make(session, polygons, wanted) {
    const { teeth, tooth } = add(session.teeth, polygons, wanted, session.size);
    session.edit(teeth, [tooth.key]);
    return tooth.fdi ? null : "renumber";
  }

  draw(layer, camera) {
    const points = [...this.#points];
    const tip = this.#cross ?? this.#pointer;
    if (points.length && tip) points.push(tip);
    layer.append(svg("polyline", { points: onScreen(points, camera), class: "draft" }));
    this.#points.forEach((p, i) => {
      if (this.#points.length > 60 && i) return;
      const [cx, cy] = camera.toScreen(p);
      layer.append(svg("circle", { cx, cy, r: i ? 3 : 6, class: i ? "handle" : "handle now" }));
    });
    if (this.#cross) layer.append(crossAt(this.#cross, camera));
  }
}

/** Draws a finding of the kind that was chosen. */
export class FindingTool extends DrawTool {
  id = "add-finding";
  #kind = null;

  begin({ kind }) {
    this.#kind = kind;
    this.hint = hint(kindOf(kind).title);
  }

  make(session, polygons, wanted) {
    const { findings, finding } = drawn(session.findings, polygons, this.#kind, wanted, session.teeth, session.size);
    session.editFindings(findings, finding.key);
    const bound = this.#kind !== "appliance"; // a wire belongs to no single tooth
    return bound && !finding.fdi ? "reassign" : null;
  }
}
