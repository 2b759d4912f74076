// The pixels of the radiograph, and how their grey values are shown: window, level and inversion. An SVG
// filter over the canvas maps them, so that a change draws nothing again, however large the image is.

const FULL = { level: 127.5, width: 255 };
const SMALLEST = 600; // pixels; smaller copies of the image are not made

/** Shares of the pixels that become black and white, by name. */
export const PRESETS = {
  full: null,
  auto: [0.01, 0.99],
  bright: [0.4, 0.998], // teeth, fillings and implants
  dark: [0.005, 0.75], // bone and soft tissue
};

export class Picture {
  #copies; // the image, then copies of half the size of the one before
  #counts; // how many pixels have each grey value, in the smallest copy
  level = FULL.level;
  width = FULL.width;
  inverted = false;

  /** Decodes an 8-bit PNG. */
  static async from(blob) {
    const copies = [await createImageBitmap(blob)];
    while (copies.at(-1).width > 2 * SMALLEST) {
      const [resizeWidth, resizeHeight] = [copies.at(-1).width, copies.at(-1).height].map((side) => Math.ceil(side / 2));
      copies.push(await createImageBitmap(copies.at(-1), { resizeWidth, resizeHeight, resizeQuality: "medium" }));
    }
    return new Picture(copies);
  }

  constructor(copies) {
    this.#copies = copies;
    const { width, height } = copies.at(-1);
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(copies.at(-1), 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    this.#counts = new Uint32Array(256);
    for (let i = 0; i < data.length; i += 4) this.#counts[data[i]]++;
  }

  get size() {
    return [this.#copies[0].width, this.#copies[0].height];
  }

  /** Draws the image, whose pixels are `scale` device pixels large, in its own coordinates. */
  draw(context, scale) {
    const fits = this.#copies.filter((copy) => copy.width >= this.size[0] * scale);
    context.drawImage(fits.at(-1) ?? this.#copies[0], 0, 0, ...this.size);
  }

  /** An address of the image as it is shown, at most `most` pixels wide. */
  rendered(most) {
    const [width, height] = this.size;
    const scale = Math.min(most / width, 1);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    const context = canvas.getContext("2d");
    context.scale(canvas.width / width, canvas.height / height);
    this.draw(context, scale);
    const image = context.getImageData(0, 0, canvas.width, canvas.height);
    const [slope, intercept] = this.mapping;
    // Values beyond black and white are clamped by the array.
    for (let i = 0; i < image.data.length; i++) if (i % 4 < 3) image.data[i] = slope * image.data[i] + intercept * 255;
    context.putImageData(image, 0, 0);
    return canvas.toDataURL("image/jpeg", 0.9);
  }

  /** Frees the memory of the pixels. */
  close() {
    for (const copy of this.#copies) copy.close();
  }

  /** The shown grey value is slope * value + intercept, both values from 0 to 1. */
  get mapping() {
    const [slope, intercept] = [255 / this.width, 0.5 - this.level / this.width];
    return this.inverted ? [-slope, 1 - intercept] : [slope, intercept];
  }

  /** Shows grey values from level - width / 2 (black) to level + width / 2 (white). */
  setWindow(level, width) {
    this.level = Math.min(Math.max(level, 0), 255);
    this.width = Math.min(Math.max(width, 2), 510);
  }

  /** Sets the window of a preset. */
  usePreset(name) {
    const shares = PRESETS[name];
    if (!shares) return this.setWindow(FULL.level, FULL.width);
    const [low, high] = shares.map((share) => this.#at(share));
    return this.setWindow((low + high) / 2, Math.max(high - low, 2));
  }

  /** The grey value below which this share of the pixels lies. */
  #at(share) {
    const all = this.#counts.reduce((sum, count) => sum + count, 0);
    let [sum, value] = [0, 0];
    while (value < 255 && (sum += this.#counts[value]) < share * all) value++;
    return value;
  }
}
