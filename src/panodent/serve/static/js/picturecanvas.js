// The pixels of a radiograph on a canvas; their grey values are shown through an SVG filter.

import { svg } from "./dom.js";

const SMOOTH_BELOW = 4; // magnification from which pixels are shown as squares

export class PictureCanvas {
  picture = null;
  filter; // belongs into an SVG of the page; the canvas names it in its style
  #canvas;
  #mapping = svg(
    "feComponentTransfer",
    {},
    ["R", "G", "B"].map((channel) => svg(`feFunc${channel}`, { type: "linear", slope: 1, intercept: 0 })),
  );

  constructor(canvas, id) {
    this.#canvas = canvas;
    // Of grey values as they are stored: without sRGB a browser would convert them to linear light first.
    const whole = { x: 0, y: 0, width: 1, height: 1 };
    this.filter = svg("filter", { id, ...whole, "color-interpolation-filters": "sRGB" }, this.#mapping);
  }

  /** Takes a picture in place of the one before, or none. */
  show(picture) {
    this.picture?.close();
    this.picture = picture;
    this.refreshWindow();
  }

  /** Shows the grey values as the picture says, without drawing it again. */
  refreshWindow() {
    if (!this.picture) return;
    const [slope, intercept] = this.picture.mapping;
    for (const channel of this.#mapping.children) {
      channel.setAttribute("slope", slope);
      channel.setAttribute("intercept", intercept);
    }
  }

  /** Makes the canvas as fine as the screen, for this width and height in CSS pixels. */
  resize(size) {
    const dense = window.devicePixelRatio || 1;
    [this.#canvas.width, this.#canvas.height] = size.map((side) => Math.round(side * dense));
  }

  /** Draws the picture where a camera sees it. */
  draw({ scale, x, y }) {
    const context = this.#canvas.getContext("2d");
    const dense = window.devicePixelRatio || 1;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    if (!this.picture) return;
    context.setTransform(scale * dense, 0, 0, scale * dense, x * dense, y * dense);
    context.imageSmoothingEnabled = scale < SMOOTH_BELOW;
    context.imageSmoothingQuality = "low"; // the picture has copies of every size
    this.picture.draw(context, scale * dense);
  }
}
