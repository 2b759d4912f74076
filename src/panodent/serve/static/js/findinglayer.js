// The findings on the radiograph, above the teeth: the pattern of the kind in an outline, which is
// dashed where it is doubtful.

import { svg } from "./dom.js";
import { shownPath } from "./geometry.js";
import { isShown, kindOf } from "./kinds.js";
import { patterns } from "./patterns.js";

export class FindingLayer {
  /** The layer; coordinates are those of the radiograph. */
  element = svg("g", { class: "findings" });
  #session;
  #patterns = [];
  #paths = new Map(); // by key: { group, polygons }

  constructor(session) {
    this.#session = session;
  }

  /** Draws with this camera: patterns keep their size on the screen. */
  place({ scale, x, y }) {
    this.element.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    for (const pattern of this.#patterns) pattern.setAttribute("patternTransform", `scale(${1 / scale})`);
  }

  /** Shows the findings as they are now. */
  refresh() {
    if (!this.#patterns.length) this.#define();
    const gone = new Set(this.#paths.keys());
    // Large ones first: small ones stay in reach.
    const sorted = [...this.#session.findings].sort((a, b) => b.area - a.area);
    const groups = sorted.map((finding) => {
      gone.delete(finding.key);
      return this.#update(finding);
    });
    // Only where their order has changed: what is moved loses the pointer.
    const present = [...this.element.children].slice(1);
    if (groups.some((group, i) => group !== present[i])) this.element.append(...groups);
    for (const key of gone) {
      this.#paths.get(key).group.remove();
      this.#paths.delete(key);
    }
    this.mark();
  }

  #define() {
    this.#patterns = patterns("finding");
    this.element.append(svg("defs", {}, this.#patterns, patterns("sample")));
  }

  #update(finding) {
    if (!this.#paths.has(finding.key)) {
      const casing = svg("path", { class: "casing" });
      const path = svg("path", { "data-key": finding.key, "fill-rule": "evenodd" });
      this.#paths.set(finding.key, { group: svg("g", {}, casing, path), casing, path });
    }
    const shape = this.#paths.get(finding.key);
    if (shape.polygons !== finding.polygons) {
      for (const path of [shape.casing, shape.path]) path.setAttribute("d", shownPath(finding.polygons));
      shape.polygons = finding.polygons;
    }
    shape.path.dataset.kind = finding.kind;
    shape.path.dataset.fdi = finding.fdi;
    shape.path.setAttribute("fill", `url(#finding-${finding.kind})`);
    shape.path.setAttribute("stroke", kindOf(finding.kind).colour);
    shape.state = this.#session.state(finding);
    return shape.group;
  }

  /** Marks what is selected and hovered; what is selected is shown although its kind is hidden. */
  mark() {
    const { findings, picked, hovered } = this.#session;
    for (const { key, kind } of findings) {
      const shape = this.#paths.get(key);
      if (!shape) continue;
      const marks = (key === picked ? " chosen" : "") + (key === hovered ? " hovered" : "");
      shape.path.setAttribute("class", `finding ${shape.state}${marks}`);
      shape.group.toggleAttribute("data-hidden", !isShown(kind) && key !== picked);
    }
  }
}
