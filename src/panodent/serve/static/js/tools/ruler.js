// Measures on the radiograph: a length between two points, or the angle at the middle one of three. Lengths
// are in pixels, and in millimetres where the pixel spacing is known or was calibrated by a known length.

import { askText } from "../dialogs.js";
import { svg } from "../dom.js";
import { distance } from "../geometry.js";
import { calibrated, calibrate, millimetres } from "../scale.js";
import { crossAt, movedCross, onScreen } from "./shared.js";

const REACH = { mouse: 10, pen: 14, touch: 24 };

class Measure {
  #context;
  #count; // points of a measurement
  #points = [];
  #before = []; // the points before the press
  #held = -1; // the point that is dragged
  #cross = null; // where the keyboard is

  constructor(context, count) {
    this.#context = context;
    this.#count = count;
  }

  cancel() {
    this.#points = [];
    this.#cross = null;
  }

  down({ image, screen, event }) {
    const { camera } = this.#context.viewer;
    const reach = REACH[event.pointerType] ?? REACH.mouse;
    this.#cross = null;
    this.#before = [...this.#points];
    this.#held = this.#points.findIndex((point) => distance(camera.toScreen(point), screen) < reach);
    if (this.#held < 0) this.#add(image);
    this.#context.redraw();
    return true;
  }

  #add(image) {
    if (this.#points.length >= this.#count) this.#points = [];
    this.#points.push(image);
    this.#held = this.#points.length - 1;
  }

  move({ image }) {
    // A drag from the first point draws the second.
    if (this.#points.length === 1 && this.#held === 0) this.#add(image);
    this.#points[this.#held] = image;
    this.#context.redraw();
  }

  up() {
    this.#held = -1;
  }

  /** A second finger came down: no point was meant. */
  abort() {
    this.#points = this.#before;
    this.up();
    this.#context.redraw();
  }

  key(name) {
    const moved = movedCross(name, this.#cross, this.#context);
    if (moved) this.#cross = moved;
    else if (name === "Space" && this.#cross) this.#add(this.#cross);
    else if ((name === "Backspace" || name === "Delete") && this.#points.length) this.#points.pop();
    else if (name === "c" && this.#count === 2) this.calibrate();
    else return name === "Delete" || name === "Backspace"; // never a tooth
    this.#context.redraw();
    return true;
  }

  /** Asks how long the line is. */
  async calibrate() {
    const { session, say, redraw } = this.#context;
    if (this.#points.length < 2) return say("Draw a line along something of known length first.");
    const pixels = distance(...this.#points);
    const text = `The line is ${pixels.toFixed(0)} pixels long. It holds for this radiograph, near this place only.`;
    const given = await askText("How long is it really?", text, "Millimetres");
    const length = Number((given ?? "").replace(",", "."));
    if (given === null || !session.study) return undefined;
    if (!(length > 0) || !pixels) return say(`${given} is not a length; expected millimetres such as 12.5.`);
    calibrate(session.study, length / pixels);
    return redraw();
  }

  #said() {
    const { study } = this.#context.session;
    if (this.#count === 2) {
      const [a, b] = this.#points;
      const mm = millimetres(study, a, b);
      const sure = calibrated(study) ? "calibrated" : "uncalibrated";
      return `${distance(a, b).toFixed(0)} px${mm === null ? "" : ` · ${mm.toFixed(1)} mm ${sure}`}`;
    }
    const [a, middle, b] = this.#points;
    const turn = Math.atan2(a[1] - middle[1], a[0] - middle[0]) - Math.atan2(b[1] - middle[1], b[0] - middle[0]);
    const angle = Math.abs((turn * 180) / Math.PI) % 360;
    return `${Math.min(angle, 360 - angle).toFixed(1)}°`;
  }

  draw(layer, camera) {
    const points = this.#points.map((point) => camera.toScreen(point));
    layer.append(svg("polyline", { points: onScreen(this.#points, camera), class: "ruler" }));
    for (const [cx, cy] of points) layer.append(svg("circle", { cx, cy, r: 4, class: "handle" }));
    if (this.#cross) layer.append(crossAt(this.#cross, camera));
    if (points.length < this.#count) return;
    const [x, y] = this.#count === 2 ? points[1] : points[1].map((value, axis) => value + (axis ? 22 : 0));
    layer.append(svg("text", { x: x + 10, y: y - 8, class: "measure" }, this.#said()));
  }
}

export class RulerTool extends Measure {
  id = "ruler";
  touchHint = "Drag a line, or tap its two ends.";
  actions = [{ text: "Calibrate", label: "Calibrate by a known length (C)", key: "c" }];
  hint = "Drag a line, or click its two ends; drag an end to move it. C calibrates by a known length. Keyboard: " +
    "arrow keys move the cross, Space sets a point.";

  constructor(context) {
    super(context, 2);
  }
}

export class AngleTool extends Measure {
  id = "angle";
  touchHint = "Tap three points: the angle is at the second.";
  hint = "Click three points: the angle is at the second. Drag a point to move it. Keyboard: arrow keys move the " +
    "cross, Space sets a point.";

  constructor(context) {
    super(context, 3);
  }
}
