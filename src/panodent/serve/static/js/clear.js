// Keeps a tooth or a finding in sight while a dialog is open.

import { bounds } from "./geometry.js";

const LEAST = 80; // screen pixels of the radiograph beside the dialog with which it is moved at all
const MARGIN = 12;

/** Moves the radiograph so that `shape` is above the dialog, which stands at the bottom; it moves back
 *  when the dialog closes. */
export function keepClear(dialog, viewer, shape) {
  if (!shape) return;
  const { element, camera } = viewer;
  if (document.documentElement.scrollHeight > window.innerHeight) element.scrollIntoView({ block: "start" });
  const stage = element.getBoundingClientRect();
  const room = Math.min(stage.bottom, dialog.getBoundingClientRect().top) - stage.top;
  const [left, top, right, bottom] = bounds(shape.polygons);
  const [x0, y0] = camera.toScreen([left, top]);
  const [x1, y1] = camera.toScreen([right, bottom]);
  if (room < LEAST || (y0 >= 0 && y1 <= room && x0 >= 0 && x1 <= stage.width)) return;
  const before = camera.state;
  dialog.addEventListener("close", () => {
    camera.state = before;
    viewer.refresh();
  });
  const fits = (room - 2 * MARGIN) / (y1 - y0);
  if (fits < 1) viewer.zoom(fits);
  const [x, y] = camera.toScreen([(left + right) / 2, (top + bottom) / 2]);
  viewer.pan(Math.min(Math.max(x, MARGIN), stage.width - MARGIN) - x, room / 2 - y);
}
