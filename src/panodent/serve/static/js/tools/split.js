// Splits a tooth along a line that is drawn, dragged by its ends, or moved by arrow keys.

import { written } from "../arch.js";
import { svg } from "../dom.js";
import { split } from "../edits.js";
import { bounds, distance } from "../geometry.js";
import { preference } from "../preferences.js";

const REACH = { mouse: 12, pen: 14, touch: 24 };

export class SplitTool {
  id = "split";
  hint =
    "Draw a line across the tooth or drag its ends, then press Enter or Split again. Arrow keys move " +
    "the line, with Shift they rotate it.";
  touchHint = "Draw a line across the tooth, or drag its ends.";
  actions = [{ text: "Split", label: "Split along the line (Enter)", key: "Enter" }];
  #context;
  #line = null; // two image points
  #key = null;
  #end = 0;
  #from = null; // start of a new line

  constructor(context) {
    this.#context = context;
  }

  #load() {
    const tooth = this.#context.session.only;
    if (tooth && tooth.key !== this.#key) {
      this.#key = tooth.key;
      const [, top, , bottom] = bounds(tooth.polygons);
      this.#line = [
        [tooth.centre[0], top - 8],
        [tooth.centre[0], bottom + 8],
      ];
    }
    return tooth;
  }

  down({ screen, image, event }) {
    if (!this.#load()) return false;
    const camera = this.#context.viewer.camera;
    const reach = REACH[event.pointerType] ?? REACH.mouse;
    const off = this.#line.map((p) => distance(camera.toScreen(p), screen));
    this.#end = off[0] < off[1] ? 0 : 1;
    this.#from = off[this.#end] > reach ? image : null;
    return true;
  }

  move({ image }) {
    if (this.#from) {
      this.#line = [this.#from, image];
      this.#end = 1;
      this.#from = null;
    }
    this.#line[this.#end] = image;
    this.#context.redraw();
  }

  up({ event }, moved) {
    if (moved) return;
    // A click on another tooth selects it to split.
    const key = this.#context.viewer.toothAt(event);
    if (key && key !== this.#key) this.#context.session.choose([key]);
  }

  cancel() {
    this.#key = this.#line = null;
  }

  key(name) {
    if (!this.#load()) return false;
    const far = 2;
    const turns = { "Shift+ArrowLeft": -3, "Shift+ArrowRight": 3, "Shift+ArrowUp": -3, "Shift+ArrowDown": 3 };
    const step = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] };
    if (name === "Enter") this.apply();
    else if (turns[name]) this.#turn((turns[name] * Math.PI) / 180);
    else if (step[name]) this.#line = this.#line.map(([x, y]) => [x + step[name][0], y + step[name][1]]);
    else return false;
    this.#context.redraw();
    return true;
  }

  #turn(angle) {
    const [[ax, ay], [bx, by]] = this.#line;
    const [mx, my] = [(ax + bx) / 2, (ay + by) / 2];
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    this.#line = this.#line.map(([x, y]) => [
      mx + (x - mx) * cos - (y - my) * sin,
      my + (x - mx) * sin + (y - my) * cos,
    ]);
  }

  /** Splits along the line. */
  apply() {
    const { session } = this.#context;
    const tooth = this.#load();
    if (!tooth) return;
    const [a, b] = this.#line;
    this.#context.act(() => {
      const { teeth, other } = split(session.teeth, tooth.key, a, b, session.size);
      this.cancel();
      session.edit(teeth, [other.key]);
      this.#context.done();
      if (!other.fdi) return this.#context.run("renumber");
      const said = [session.tooth(tooth.key), other].map(({ fdi }) => written(fdi, preference("numbering")));
      return this.#context.say(`Split into ${said.join(" and ")}, by their places.`);
    });
  }

  draw(layer, camera) {
    if (!this.#load()) return;
    const [[x1, y1], [x2, y2]] = this.#line.map((p) => camera.toScreen(p));
    layer.append(svg("line", { x1, y1, x2, y2, class: "cut" }));
    for (const [cx, cy] of [[x1, y1], [x2, y2]]) layer.append(svg("circle", { cx, cy, r: 7, class: "handle" }));
  }
}
