// The radiograph with its teeth: pixels on a canvas, outlines, findings and numbers in SVG above it.

import { archOf, toothOf, written } from "./arch.js";
import { Camera } from "./camera.js";
import { svg } from "./dom.js";
import { FindingLayer } from "./findinglayer.js";
import { bounds, shownPath } from "./geometry.js";
import { arrange, drawLabel } from "./labels.js";
import { PictureCanvas } from "./picturecanvas.js";
import { preference } from "./preferences.js";

/** Tells `view` when it has drawn another zoom, place or window. */
export class Viewer extends EventTarget {
  camera = new Camera();
  #session;
  #canvas;
  #world = svg("g", { class: "world" });
  #findings;
  #labels = svg("g", { class: "labels", "aria-hidden": "true" });
  #shapes = new Map(); // by key: { path, label, polygons }
  #ghost = svg("path", { class: "ghost" });
  #waiting = false;
  #seen = null;
  /** Where tools draw, in screen pixels. */
  layer = svg("g", { class: "tool-layer" });

  constructor(element, session) {
    super();
    this.element = element;
    this.#session = session;
    this.#canvas = new PictureCanvas(element.querySelector("canvas"), "window");
    const overlay = element.querySelector("svg");
    this.#world.append(this.#ghost);
    this.#findings = new FindingLayer(session);
    overlay.append(this.#canvas.filter, this.#world, this.#findings.element, this.#labels, this.layer);
    new ResizeObserver(() => this.#resized()).observe(element);
    session.addEventListener("change", () => this.#changed());
    session.addEventListener("hover", () => {
      this.#mark();
      this.#placeLabels();
    });
  }

  /** The radiograph's pixels, or null. */
  get picture() {
    return this.#canvas.picture;
  }

  /** Shows the radiograph's pixels, or none. Where it lies is kept: they may come after a zoom. */
  setPicture(picture) {
    this.#canvas.show(picture);
    this.refresh();
  }

  /** Shows the grey values as the picture says, without drawing it again. */
  refreshWindow() {
    this.#canvas.refreshWindow();
    if (this.picture) this.dispatchEvent(new Event("view"));
  }

  /** Draws again, after a change of camera, window or preferences. */
  refresh() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#draw();
    });
  }

  #resized() {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth || !clientHeight) return;
    this.#canvas.resize([clientWidth, clientHeight]);
    this.camera.setView([clientWidth, clientHeight]);
    this.#draw();
  }

  #draw() {
    const { scale, x, y } = this.camera;
    this.#canvas.draw(this.camera);
    this.element.toggleAttribute("data-shown", Boolean(this.picture));
    this.#world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.#findings.place(this.camera);
    this.element.style.setProperty("--fill", preference("fill") / 100);
    this.element.classList.toggle("no-outlines", !preference("outlines"));
    this.#placeLabels();
    this.dispatchEvent(new Event("view"));
  }

  #changed() {
    const session = this.#session;
    const gone = new Set(this.#shapes.keys());
    for (const tooth of session.teeth) {
      gone.delete(tooth.key);
      this.#update(tooth);
    }
    for (const key of gone) {
      this.#shapes.get(key).path.remove();
      this.#shapes.get(key).label.remove();
      this.#shapes.delete(key);
    }
    if (session.study) this.#findings.refresh();
    const lost = session.number && session.removed.find((tooth) => tooth.fdi === session.number);
    this.#ghost.setAttribute("d", lost ? shownPath(lost.polygons) : "");
    this.#mark();
    this.#reveal();
    this.refresh();
  }

  // Makes visible what was selected elsewhere.
  #reveal() {
    const { shape } = this.#session;
    if (shape && shape.key !== this.#seen && !this.camera.fitted) this.camera.reveal(shape.centre);
    this.#seen = shape?.key ?? null;
  }

  #update(tooth) {
    if (!this.#shapes.has(tooth.key)) {
      const path = svg("path", { "data-key": tooth.key, "fill-rule": "evenodd" });
      const label = svg("text", {});
      this.#world.append(path);
      this.#labels.append(label);
      this.#shapes.set(tooth.key, { path, label });
    }
    const shape = this.#shapes.get(tooth.key);
    if (shape.polygons !== tooth.polygons) {
      shape.path.setAttribute("d", shownPath(tooth.polygons));
      shape.polygons = tooth.polygons;
      const [left, , right] = bounds(tooth.polygons);
      shape.width = right - left;
    }
    const [state, change] = [this.#session.state(tooth), this.#session.change(tooth)];
    const number = written(tooth.fdi, preference("numbering"));
    shape.number = number;
    const wrong = this.#session.problemsOf(tooth).length > 0;
    shape.marks = (wrong ? "!" : "") + (state === "doubtful" ? "?" : "") + (change ? "*" : "");
    shape.path.dataset.fdi = tooth.fdi;
    const even = tooth.fdi && archOf(tooth.fdi).indexOf(tooth.fdi) % 2 === 0;
    shape.kind = `tooth ${state} ${wrong ? "wrong" : ""} ${tooth.fdi ? (even ? "tone-a" : "tone-b") : ""}`;
    const own = preference("colours") === "teeth" && tooth.fdi;
    if (own) shape.path.style.setProperty("--tone", toothOf(tooth.fdi).colour);
    else shape.path.style.removeProperty("--tone");
  }

  #mark() {
    const { chosen, hovered } = this.#session;
    for (const [key, { path, label, kind }] of this.#shapes) {
      const marks = (chosen.includes(key) ? " chosen" : "") + (key === hovered ? " hovered" : "");
      path.setAttribute("class", kind + marks);
      label.setAttribute("class", kind + marks);
    }
    this.#findings.mark();
  }

  #placeLabels() {
    const { scale } = this.camera;
    const small = scale < 0.3;
    const { chosen, hovered } = this.#session;
    this.#labels.setAttribute("class", small ? "labels small" : "labels");
    const all = this.#session.teeth.map((tooth) => {
      const { width, number, marks } = this.#shapes.get(tooth.key);
      const [x, y] = this.camera.toScreen(tooth.centre);
      const up = tooth.fdi > 0 && toothOf(tooth.fdi).jaw === "upper";
      const first = chosen.includes(tooth.key) || tooth.key === hovered;
      return { key: tooth.key, x, y, number, marks, room: width * scale, up, first };
    });
    arrange(preference("numbers") ? all : all.filter(({ first }) => first), small);
    for (const one of all) drawLabel(this.#shapes.get(one.key).label, one);
  }

  // --- zoom and pan -------------------------------------------------------------------------

  zoom(factor, at) {
    this.camera.zoom(factor, ...(at ?? []));
    this.refresh();
  }

  pan(dx, dy) {
    this.camera.pan(dx, dy);
    this.refresh();
  }

  fit() {
    this.camera.fit();
    this.refresh();
  }

  /** Zooms to a tooth or a finding. */
  show({ polygons }) {
    this.camera.show(bounds(polygons));
    this.refresh();
  }

  /** The key of the tooth or finding under an event's target. */
  keyAt(target) {
    return target.closest?.("path.tooth, path.finding")?.dataset.key ?? null;
  }

  /** The key of the tooth at a place of the window, also below a finding. */
  toothAt({ clientX, clientY }) {
    const path = document.elementsFromPoint(clientX, clientY).find((one) => one.matches("path.tooth"));
    return path?.dataset.key ?? null;
  }
}
