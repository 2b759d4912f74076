// The pixels of the radiograph, shown with window, level and inversion.

const FULL = { level: 127.5, width: 255 };

export class Picture {
  #grey;
  #canvas;
  #stale = false; // rendered only when it is drawn: sliders send many changes
  level = FULL.level;
  width = FULL.width;
  inverted = false;

  /** Decodes an 8-bit PNG. */
  static async from(blob) {
    const bitmap = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const grey = new Uint8Array(canvas.width * canvas.height);
    for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i];
    return new Picture(grey, canvas);
  }

  constructor(grey, canvas) {
    this.#grey = grey;
    this.#canvas = canvas;
  }

  get size() {
    return [this.#canvas.width, this.#canvas.height];
  }

  /** The canvas with the pixels in the current window. */
  get canvas() {
    if (this.#stale) this.#render();
    return this.#canvas;
  }

  /** Shows grey values from level - width / 2 (black) to level + width / 2 (white). */
  setWindow(level, width) {
    this.level = Math.min(Math.max(level, 0), 255);
    this.width = Math.min(Math.max(width, 2), 510);
    this.#stale = true;
  }

  setInverted(on) {
    this.inverted = on;
    this.#stale = true;
  }

  reset() {
    this.inverted = false;
    this.setWindow(FULL.level, FULL.width);
  }

  /** Sets the window to percentiles 1 and 99 of the pixels. */
  auto() {
    const counts = new Uint32Array(256);
    for (const value of this.#grey) counts[value]++;
    const at = (share) => {
      let [sum, value] = [0, 0];
      while (value < 255 && (sum += counts[value]) < share * this.#grey.length) value++;
      return value;
    };
    const [low, high] = [at(0.01), at(0.99)];
    this.setWindow((low + high) / 2, Math.max(high - low, 2));
  }

  #render() {
    this.#stale = false;
    const table = new Uint32Array(256);
    for (let grey = 0; grey < 256; grey++) {
      const share = (grey - this.level) / this.width + 0.5;
      const shown = Math.round(Math.min(Math.max(share, 0), 1) * 255);
      const value = this.inverted ? 255 - shown : shown;
      table[grey] = 0xff000000 | (value << 16) | (value << 8) | value;
    }
    const image = new ImageData(...this.size);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[this.#grey[i]];
    this.#canvas.getContext("2d").putImageData(image, 0, 0);
  }
}
