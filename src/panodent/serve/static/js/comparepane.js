// One of two radiographs side by side: pixels, outlines, and numbers with the signs of the differences.

import { written } from "./arch.js";
import { Camera } from "./camera.js";
import { h, svg } from "./dom.js";
import { bounds, shownPath } from "./geometry.js";
import { arrange, drawLabel } from "./labels.js";
import { PictureCanvas } from "./picturecanvas.js";
import { preference } from "./preferences.js";

export const SIGNS = { lost: "−", gained: "+", renumbered: "#", redrawn: "~" };

/** Tells `view` when the user has moved or zoomed it. */
export class ComparePane extends EventTarget {
  camera = new Camera();
  layer = svg("g");
  side = null; // { title, teeth, findings, size }
  #canvas;
  #world = svg("g", { class: "world" });
  #labels = svg("g", { class: "labels" });
  #marked = [];
  #watch;

  constructor(name) {
    super();
    const canvas = h("canvas", { "aria-hidden": "true" });
    canvas.style.filter = `url("#window-${name}")`;
    this.#canvas = new PictureCanvas(canvas, `window-${name}`);
    const overlay = svg("svg", { "aria-hidden": "true" }, this.#canvas.filter, this.#world, this.#labels, this.layer);
    this.element = h("div", { class: "viewer", tabindex: 0, role: "region", "data-pane": name }, canvas, overlay);
    this.#watch = new ResizeObserver(() => this.#resized());
    this.#watch.observe(this.element);
  }

  /** Shows teeth and findings; `list` are the differences, `own` the side of their entries: "from" or "to". */
  show(side, list, own) {
    this.side = side;
    this.camera.setImage(side.size);
    const kinds = new Map(list.filter((one) => one[own]).map((one) => [one[own], one.kind]));
    const other = own === "from" ? "to" : "from";
    const ghosts = list.filter((one) => one.kind === "redrawn" && one.what === "tooth").map((one) => one[other]);
    const path = (one, type) =>
      svg("path", { d: shownPath(one.polygons), "fill-rule": "evenodd", class: `${type} ${kinds.get(one) ?? "same"}` });
    this.#marked = side.teeth.map((tooth) => ({ tooth, kind: kinds.get(tooth) ?? "" }));
    this.#world.replaceChildren(
      ...side.teeth.map((tooth) => path(tooth, "tooth")),
      ...ghosts.map((tooth) => path(tooth, "other")),
      ...side.findings.filter((one) => kinds.has(one)).map((one) => path(one, "mark")),
    );
    const named = side.teeth.length === 1 ? "1 tooth" : `${side.teeth.length} teeth`;
    this.element.setAttribute("aria-label", `${side.title}, ${named}; arrow keys move both`);
    this.#labels.replaceChildren(...this.#marked.map(({ kind }) => svg("text", { class: kind || "same" })));
    this.refresh();
  }

  get picture() {
    return this.#canvas.picture;
  }

  setPicture(picture) {
    this.#canvas.show(picture);
    this.refresh();
  }

  refreshWindow() {
    this.#canvas.refreshWindow();
  }

  #resized() {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth || !clientHeight) return;
    this.#canvas.resize([clientWidth, clientHeight]);
    this.camera.setView([clientWidth, clientHeight]);
    this.refresh();
  }

  refresh() {
    if (!this.side) return;
    const { scale, x, y } = this.camera;
    this.#canvas.draw(this.camera);
    this.element.toggleAttribute("data-shown", Boolean(this.picture));
    this.#world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.#placeLabels(scale);
  }

  #placeLabels(scale) {
    const small = scale < 0.3;
    this.#labels.setAttribute("class", small ? "labels small" : "labels");
    const all = this.#marked.map(({ tooth, kind }) => {
      const [x, y] = this.camera.toScreen(tooth.centre);
      const [left, , right] = bounds(tooth.polygons);
      const number = written(tooth.fdi, preference("numbering"));
      return { x, y, number: (SIGNS[kind] ?? "") + number, marks: "", room: (right - left) * scale, up: false, first: Boolean(kind) };
    });
    arrange(all, small);
    all.forEach((one, at) => drawLabel(this.#labels.children[at], one));
  }

  // --- what gestures and keys do: both panes move, see compare.js ---------------------------------

  zoom(factor, at) {
    this.camera.zoom(factor, ...(at ?? []));
    this.#moved();
  }

  pan(dx, dy) {
    this.camera.pan(dx, dy);
    this.#moved();
  }

  fit() {
    this.camera.fit();
    this.#moved();
  }

  /** Zooms to a tooth or a finding. */
  reveal({ polygons }) {
    this.camera.show(bounds(polygons));
    this.#moved();
  }

  #moved() {
    this.refresh();
    this.dispatchEvent(new Event("view"));
  }

  /** Shows the same part as another pane, in shares of the radiograph. */
  follow({ camera, side }) {
    if (camera.fitted) {
      this.camera.fit();
      return this.refresh();
    }
    const scale = (camera.scale * side.size[0]) / this.side.size[0];
    const middle = camera.toImage(camera.view.map((length) => length / 2));
    const [x, y] = middle.map((value, axis) => {
      const same = (value / side.size[axis]) * this.side.size[axis];
      return this.camera.view[axis] / 2 - same * scale;
    });
    this.camera.state = { scale, x, y, fitted: false };
    return this.refresh();
  }

  keyAt() {
    return null;
  }

  close() {
    this.#watch.disconnect();
    this.setPicture(null);
  }
}
