// Mouse, pen and fingers on the radiograph: pan, pinch, wheel, window by the right button, clicks.

import { svg } from "./dom.js";
import { changeWindow } from "./window.js";

const MOVED = { mouse: 3, pen: 4, touch: 9 }; // screen pixels after which a press is a drag
const TWICE = 350; // milliseconds between the clicks of a double click

/** Handles pointer events of the viewer. `on` has tool(), which returns the active tool or null, and
 *  the listeners click(key, event), hover(key) and open(key) for a double click, where key may be null, and
 *  lasso(points) for a drag with Shift. */
export class Gestures {
  #viewer;
  #on;
  #fingers = new Map(); // last position of each pressed pointer
  #press = null; // what the first pointer does
  #lastClick = { time: 0, key: null };

  constructor(viewer, on) {
    this.#viewer = viewer;
    this.#on = on;
    const { element } = viewer;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#up(event));
    element.addEventListener("pointerleave", () => on.hover(null));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #at(event) {
    const box = this.#viewer.element.getBoundingClientRect();
    const screen = [event.clientX - box.left, event.clientY - box.top];
    return { screen, image: this.#viewer.camera.toImage(screen), event };
  }

  #down(event) {
    if (event.target.closest("button, input, select, label")) return;
    this.#viewer.element.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    this.#fingers.set(event.pointerId, at.screen);
    const tool = this.#on.tool();
    if (this.#fingers.size === 2) {
      if (this.#press?.tool) tool?.abort?.();
      this.#press = { pinch: true };
      return;
    }
    this.#press = {
      start: at.screen,
      last: at.screen,
      button: event.button,
      key: this.#viewer.keyAt(event.target),
      moved: false,
      tool: event.button === 0 && Boolean(tool?.down?.(at)),
      lasso: event.button === 0 && event.shiftKey && !tool ? [at.image] : null,
    };
  }

  #move(event) {
    const at = this.#at(event);
    const before = this.#fingers.get(event.pointerId);
    if (!before) {
      this.#on.hover(this.#viewer.keyAt(event.target));
      this.#on.tool()?.hover?.(at);
      return;
    }
    this.#fingers.set(event.pointerId, at.screen);
    if (this.#press?.pinch) this.#pinch(before, at.screen, event.pointerId);
    else if (this.#press) this.#drag(at);
  }

  #drag(at) {
    const press = this.#press;
    const far = Math.hypot(at.screen[0] - press.start[0], at.screen[1] - press.start[1]);
    press.moved ||= far > (MOVED[at.event.pointerType] ?? MOVED.mouse);
    if (!press.moved) return;
    const [dx, dy] = [at.screen[0] - press.last[0], at.screen[1] - press.last[1]];
    press.last = at.screen;
    if (press.tool) this.#on.tool()?.move?.(at);
    else if (press.lasso) this.#lasso(press.lasso, at.image);
    else if (press.button === 2) changeWindow(this.#viewer, dx, dy);
    else this.#viewer.pan(dx, dy);
  }

  #lasso(points, image) {
    points.push(image);
    const { camera, layer } = this.#viewer;
    const line = points.map((point) => camera.toScreen(point).map((value) => value.toFixed(1)).join()).join(" ");
    layer.replaceChildren(svg("polygon", { points: line, class: "draft" }));
  }

  #pinch(before, now, id) {
    const other = [...this.#fingers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const spread = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
    const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    this.#viewer.zoom(spread(now, other) / Math.max(spread(before, other), 1), middle);
    this.#viewer.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
  }

  #up(event) {
    if (!this.#fingers.delete(event.pointerId)) return;
    const press = this.#press;
    if (this.#fingers.size === 0) this.#press = null;
    if (!press || press.pinch) return;
    const at = this.#at(event);
    if (press.lasso && press.moved) {
      this.#viewer.layer.replaceChildren();
      if (event.type === "pointerup") this.#on.lasso(press.lasso);
    } else if (press.tool) this.#on.tool()?.up?.(at, press.moved);
    else if (press.button === 2 && !press.moved) this.#on.tool()?.other?.(at);
    else if (!press.moved && press.button === 0 && event.type === "pointerup") this.#click(at, press.key);
  }

  #click(at, key) {
    if (this.#on.tool()?.click?.(at, key)) return;
    const time = at.event.timeStamp;
    const twice = key && key === this.#lastClick.key && time - this.#lastClick.time < TWICE;
    this.#lastClick = { time, key };
    if (twice) this.#on.open(key);
    else this.#on.click(key, at.event);
  }

  #wheel(event) {
    if (event.target.closest(".view-panel")) return;
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    // A wheel step is about 100, a pinch on a touchpad a few.
    const speed = event.ctrlKey && Math.abs(event.deltaY) < 50 ? 0.01 : 0.0018;
    this.#viewer.zoom(Math.exp(-event.deltaY * lines * speed), this.#at(event).screen);
  }
}
