// What several tools use: steps of the arrow keys, a cross that they move, and lines in screen pixels.

import { svg } from "../dom.js";

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The step of an arrow key, of length `plain`, or `shifted` with Shift; null for other keys. */
export function stepOf(name, plain, shifted) {
  const far = name.startsWith("Shift+") ? shifted : plain;
  return DIRECTIONS[name.replace("Shift+", "")]?.map((way) => way * far) ?? null;
}

/** Image points as the `points` of an SVG line. */
export const onScreen = (points, camera) =>
  points.map((point) => camera.toScreen(point).map((value) => value.toFixed(1)).join()).join(" ");

/** Where the cross stands after an arrow key, in image pixels, and in sight; null for other keys. It starts
 *  in the middle of the viewer. */
export function movedCross(name, cross, { viewer, session }) {
  const { camera } = viewer;
  const by = stepOf(name, 10 / camera.scale, 1 / camera.scale);
  if (!by) return null;
  const from = cross ?? camera.toImage(camera.view.map((length) => length / 2));
  const to = from.map((value, axis) => Math.min(Math.max(value + by[axis], 0), session.size[axis]));
  camera.reveal(to);
  viewer.refresh();
  return to;
}

/** The cross in screen pixels. */
export function crossAt(cross, camera) {
  const [x, y] = camera.toScreen(cross);
  return svg("path", { d: `M${x - 12} ${y}h24M${x} ${y - 12}v24`, class: "cross" });
}
