// A round magnifier under the pointer: the radiograph without anything drawn over it.

const RADIUS = 90; // screen pixels
const TIMES = 3; // how much larger than the radiograph is shown

export class Magnifier {
  #viewer;
  #canvas = document.createElement("canvas");
  #at = null; // last place of the pointer, screen pixels
  on = false;

  constructor(viewer) {
    this.#viewer = viewer;
    this.#canvas.className = "magnifier";
    this.#canvas.setAttribute("aria-hidden", "true");
    viewer.element.addEventListener("pointermove", (event) => {
      const { left, top } = viewer.element.getBoundingClientRect();
      this.#at = [event.clientX - left, event.clientY - top];
      if (this.on) this.#draw();
    });
    viewer.addEventListener("view", () => this.on && this.#draw());
  }

  toggle() {
    this.on = !this.on;
    if (!this.on) return this.#canvas.remove();
    this.#viewer.element.append(this.#canvas);
    return this.#draw();
  }

  #draw() {
    const { picture, camera } = this.#viewer;
    if (!picture) return;
    const at = this.#at ?? camera.view.map((side) => side / 2);
    const dense = window.devicePixelRatio || 1;
    const side = Math.round(2 * RADIUS * dense);
    if (this.#canvas.width !== side) this.#canvas.width = this.#canvas.height = side;
    const context = this.#canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, side, side);
    const scale = camera.scale * TIMES * dense;
    const [x, y] = camera.toImage(at);
    context.setTransform(scale, 0, 0, scale, side / 2 - x * scale, side / 2 - y * scale);
    context.imageSmoothingEnabled = true;
    picture.draw(context, scale);
    // Beside the pointer, on the side where there is room.
    const [width] = camera.view;
    const left = at[0] + 2 * RADIUS + 24 < width ? at[0] + 24 : at[0] - 2 * RADIUS - 24;
    this.#canvas.style.transform = `translate(${left}px, ${at[1] - RADIUS}px)`;
  }
}
