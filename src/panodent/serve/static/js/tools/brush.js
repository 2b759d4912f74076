// Paints pixels onto the selected tooth or finding, or erases them, with a round brush.

import { EditError } from "../edits.js";
import { svg } from "../dom.js";
import { count, fill, paint, trace } from "../raster.js";
import { preference, setPreference } from "../preferences.js";
import { onScreen, stepOf } from "./shared.js";

const SIZES = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]; // radii in image pixels
const SMALLEST = 8; // pixels; smaller crumbs that the eraser leaves are dropped

class Brush {
  actions = [
    { text: "Smaller", label: "Smaller brush ([)", key: "[" },
    { text: "Larger", label: "Larger brush (])", key: "]" },
  ];
  #context;
  #stroke = []; // image points of the stroke
  #at = null; // where the brush is

  constructor(context, adds) {
    this.#context = context;
    this.adds = adds;
    this.touchHint = `Drag over the radiograph to ${adds ? "add to" : "erase from"} the outline.`;
    this.hint =
      `Drag over the radiograph to ${adds ? "add to" : "erase from"} the outline. [ and ] change the size. ` +
      "Keyboard: arrow keys move the brush (Shift: one pixel), Space paints.";
  }

  get #radius() {
    return preference("brush");
  }

  begin() {
    this.#at = this.#context.session.shape?.centre ?? null;
  }

  cancel() {
    this.#stroke = [];
    this.#at = null;
  }

  abort() {
    this.#stroke = [];
    this.#context.redraw();
  }

  down({ image }) {
    if (!this.#context.session.shape) return false;
    this.#at = image;
    this.#stroke = [image];
    this.#context.redraw();
    return true;
  }

  move({ image }) {
    this.#at = image;
    this.#stroke.push(image);
    this.#context.redraw();
  }

  up() {
    if (this.#stroke.length) this.#apply();
  }

  hover({ image }) {
    this.#at = image;
    this.#context.redraw();
  }

  key(name) {
    const { session, viewer } = this.#context;
    if (!session.shape) return false;
    const by = stepOf(name, Math.max(Math.round(this.#radius / 2), 1), 1);
    if (by && this.#at) {
      this.#at = [this.#at[0] + by[0], this.#at[1] + by[1]];
      viewer.camera.reveal(this.#at);
      viewer.refresh();
    } else if (name === "Space" && this.#at) {
      this.#stroke = [this.#at];
      this.#apply();
    } else if (name === "[" || name === "]") this.#resize(name === "]" ? 1 : -1);
    else return false;
    this.#context.redraw();
    return true;
  }

  #resize(by) {
    const now = SIZES.findIndex((size) => size >= this.#radius);
    setPreference("brush", SIZES[Math.min(Math.max(now + by, 0), SIZES.length - 1)]);
  }

  #apply() {
    const { session } = this.#context;
    const points = this.#stroke;
    this.#stroke = [];
    this.#context.act(() => {
      const mask = paint(fill(session.shape.polygons, session.size), points, this.#radius, this.adds, session.size);
      const polygons = trace(mask, this.adds ? 1 : SMALLEST);
      if (!count(mask) || !polygons.length) {
        throw new EditError("This would erase all of it: use Delete to remove a tooth.");
      }
      session.redraw(polygons);
    });
  }

  draw(layer, camera) {
    const width = 2 * this.#radius * camera.scale;
    const kind = this.adds ? "adds" : "erases";
    if (this.#stroke.length) {
      const points = onScreen([...this.#stroke, this.#stroke.at(-1)], camera); // a line also after a click
      layer.append(svg("polyline", { points, class: `stroke ${kind}`, "stroke-width": width }));
    }
    if (!this.#at) return;
    const [cx, cy] = camera.toScreen(this.#at);
    layer.append(svg("circle", { cx, cy, r: width / 2, class: `brush ${kind}` }));
  }
}

export class BrushTool extends Brush {
  id = "brush";

  constructor(context) {
    super(context, true);
  }
}

export class EraserTool extends Brush {
  id = "eraser";

  constructor(context) {
    super(context, false);
  }
}
