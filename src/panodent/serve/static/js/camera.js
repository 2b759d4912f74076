// Position of the radiograph on the screen: screen = image * scale + offset.

const CLOSEST = 16;
const MARGIN = 14; // around a fitted radiograph
const KEPT = 60; // screen pixels of the radiograph that always stay visible

export class Camera {
  scale = 1;
  x = 0;
  y = 0;
  fitted = true;
  #view = [1, 1];
  #image = [1, 1];

  /** Sets the size of a new radiograph, and fits it. */
  setImage(size) {
    this.#image = size;
    this.fit();
  }

  /** Sets a new viewer size; a fitted radiograph stays fitted, otherwise the centre is kept. */
  setView(size) {
    const [before, now] = [this.#view, size];
    this.#view = size;
    if (this.fitted) this.fit();
    else this.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
  }

  get view() {
    return this.#view;
  }

  get #whole() {
    const [width, height] = this.#view;
    const spare = Math.min(width, height) < 400 ? 4 : MARGIN;
    const fits = Math.min((width - 2 * spare) / this.#image[0], (height - 2 * spare) / this.#image[1]);
    return Math.max(fits, 0.01);
  }

  fit() {
    this.scale = this.#whole;
    this.x = (this.#view[0] - this.#image[0] * this.scale) / 2;
    this.y = (this.#view[1] - this.#image[1] * this.scale) / 2;
    this.fitted = true;
  }

  /** Zooms by a factor; the screen point (x, y) keeps its place. */
  zoom(factor, x = this.#view[0] / 2, y = this.#view[1] / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.#whole / 2), CLOSEST);
    const by = scale / this.scale;
    this.x = x - (x - this.x) * by;
    this.y = y - (y - this.y) * by;
    this.scale = scale;
    this.fitted = false;
    this.pan(0, 0);
  }

  pan(dx, dy) {
    const held = (offset, length, room) =>
      Math.min(Math.max(offset, KEPT - length * this.scale), room - KEPT);
    this.x = held(this.x + dx, this.#image[0], this.#view[0]);
    this.y = held(this.y + dy, this.#image[1], this.#view[1]);
    if (dx || dy) this.fitted = false;
  }

  /** Centres and enlarges a box [left, top, right, bottom] of the image. */
  show([left, top, right, bottom]) {
    const fits = Math.min(this.#view[0] / (right - left), this.#view[1] / (bottom - top));
    this.scale = Math.min(fits * 0.45, CLOSEST);
    this.x = this.#view[0] / 2 - ((left + right) / 2) * this.scale;
    this.y = this.#view[1] / 2 - ((top + bottom) / 2) * this.scale;
    this.fitted = false;
  }

  /** Moves as little as needed to make an image point visible. */
  reveal([x, y], margin = 40) {
    const [sx, sy] = this.toScreen([x, y]);
    const off = (value, room) => Math.min(0, room - margin - value) + Math.max(0, margin - value);
    this.pan(off(sx, this.#view[0]), off(sy, this.#view[1]));
  }

  /** Scale and place, to come back to. */
  get state() {
    const { scale, x, y, fitted } = this;
    return { scale, x, y, fitted };
  }

  set state(state) {
    Object.assign(this, state);
  }

  toImage = ([x, y]) => [(x - this.x) / this.scale, (y - this.y) / this.scale];
  toScreen = ([x, y]) => [x * this.scale + this.x, y * this.scale + this.y];
}
