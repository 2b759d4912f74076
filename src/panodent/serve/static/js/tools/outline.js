// Moves, adds and removes points of the outline of a tooth or a finding.

import { svg } from "../dom.js";
import { bounds, distance, simplified, toSegment } from "../geometry.js";
import { onScreen, stepOf } from "./shared.js";

const TOLERANCE = 1.6; // image pixels between the exact outline and the one with handles
const ENLARGED_BELOW = 220; // screen pixels
const REACH = { mouse: 9, pen: 12, touch: 20 };

export class OutlineTool {
  id = "outline";
  hint = "Drag a point; click the line to add one; Delete removes it. Keyboard: arrow keys move it, J and K " +
    "select another.";
  touchHint = "Drag a point. Tap the line to add one.";
  actions = [{ text: "Delete point", label: "Delete the selected point", key: "Delete" }];
  #context;
  #polygons = null; // with few points; null until the outline is loaded
  #source = null; // the polygons from which these were made
  #at = null; // [part, ring, point]
  #dragged = false;

  constructor(context) {
    this.#context = context;
  }

  /** Enlarges what is too small to hit its points. */
  begin() {
    const { session, viewer } = this.#context;
    const [left, top, right, bottom] = bounds(session.shape.polygons);
    if (Math.max(right - left, bottom - top) * viewer.camera.scale < ENLARGED_BELOW) viewer.show(session.shape);
  }

  #load() {
    const { shape } = this.#context.session;
    if (!shape) return null;
    if (shape.polygons !== this.#source) {
      this.#source = shape.polygons;
      const few = (ring) => (ring.length > 80 ? simplified(ring, TOLERANCE) : ring);
      this.#polygons = shape.polygons.map((part) => part.map((ring) => few(ring).map((p) => [...p])));
      if (this.#at && !this.#ring(this.#at)?.[this.#at[2]]) this.#at = null;
    }
    return shape;
  }

  #ring = ([part, ring]) => this.#polygons[part]?.[ring];

  down({ screen, image, event }) {
    if (!this.#load()) return false;
    const reach = REACH[event.pointerType] ?? REACH.mouse;
    const camera = this.#context.viewer.camera;
    this.#at = this.#nearest((p) => distance(camera.toScreen(p), screen), reach);
    if (!this.#at) this.#at = this.#insert(image, reach / 1.5 / camera.scale);
    this.#dragged = false;
    this.#context.redraw();
    return this.#at !== null;
  }

  move({ image }) {
    if (!this.#at) return;
    this.#place(image);
    this.#dragged = true;
    this.#context.redraw();
  }

  up() {
    if (this.#dragged) this.#keep();
    this.#dragged = false;
  }

  abort() {
    this.#source = null; // loads the outline again
    this.#dragged = false;
    this.#context.redraw();
  }

  key(name) {
    if (!this.#load()) return false;
    const by = stepOf(name, 1, 10);
    if (name === "j" || name === "k") this.#step(name === "k" ? 1 : -1);
    else if (by && this.#at) {
      const [x, y] = this.#ring(this.#at)[this.#at[2]];
      this.#place([x + by[0], y + by[1]]);
      this.#keep();
    } else if (name === "i" && this.#at) this.#halve();
    else if (name === "Delete" || name === "Backspace") {
      // Never the tooth: a point is meant.
      if (this.#at) this.#drop();
      else this.#context.say("Select a point first: click it, or press J or K. Esc leaves the outline.");
    } else return false;
    this.#context.redraw();
    return true;
  }

  #place([x, y]) {
    const [width, height] = this.#context.session.size;
    const held = (value, most) => Math.round(Math.min(Math.max(value, 0), most) * 10) / 10;
    this.#ring(this.#at)[this.#at[2]] = [held(x, width), held(y, height)];
  }

  #keep() {
    const { session } = this.#context;
    const polygons = this.#polygons.map((part) => part.map((ring) => ring.map((p) => [...p])));
    this.#source = polygons;
    session.redraw(polygons);
  }

  #drop() {
    const ring = this.#ring(this.#at);
    if (ring.length <= 3) return this.#context.say("An outline has at least three points.");
    ring.splice(this.#at[2], 1);
    this.#at[2] %= ring.length;
    return this.#keep();
  }

  #halve() {
    const ring = this.#ring(this.#at);
    const [a, b] = [ring[this.#at[2]], ring[(this.#at[2] + 1) % ring.length]];
    ring.splice(this.#at[2] + 1, 0, [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
    this.#at[2] += 1;
    this.#keep();
  }

  #step(by) {
    const all = this.#all();
    const now = this.#at ? all.findIndex((at) => at.join() === this.#at.join()) : -1;
    this.#at = all[(now + by + all.length) % all.length];
    this.#context.viewer.camera.reveal(this.#ring(this.#at)[this.#at[2]]);
    this.#context.viewer.refresh();
  }

  #all() {
    return this.#polygons.flatMap((part, i) =>
      part.flatMap((ring, j) => ring.map((_, k) => [i, j, k])),
    );
  }

  #nearest(off, reach) {
    let [best, found] = [reach, null];
    for (const at of this.#all()) {
      const far = off(this.#ring(at)[at[2]]);
      if (far <= best) [best, found] = [far, at];
    }
    return found;
  }

  #insert(image, reach) {
    let [best, found] = [reach, null];
    for (const at of this.#all()) {
      const ring = this.#ring(at);
      const far = toSegment(image, ring[at[2]], ring[(at[2] + 1) % ring.length]);
      if (far <= best) [best, found] = [far, at];
    }
    if (!found) return null;
    this.#ring(found).splice(found[2] + 1, 0, image);
    return [found[0], found[1], found[2] + 1];
  }

  draw(layer, camera) {
    if (!this.#load()) return;
    for (const ring of this.#polygons.flat()) {
      layer.append(svg("polygon", { points: onScreen(ring, camera), class: "draft" }));
    }
    for (const at of this.#all()) {
      const [cx, cy] = camera.toScreen(this.#ring(at)[at[2]]);
      const now = this.#at && at.join() === this.#at.join();
      layer.append(svg("circle", { cx, cy, r: now ? 6 : 4, class: now ? "handle now" : "handle" }));
    }
  }
}
