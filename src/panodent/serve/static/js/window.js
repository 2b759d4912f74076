// The window of grey values as the user chose it. It stays for the next radiographs: a preset is applied to
// each anew, a window set by hand is kept as it is.

import { preference, setPreference } from "./preferences.js";

const KEEP_AFTER = 300; // milliseconds after the last movement of a slider or the mouse

let waiting = 0;

/** Shows a new picture as the user chose to see pictures. */
export function applyWindow(picture) {
  const { preset, level, width, inverted } = preference("window");
  picture.inverted = inverted;
  if (preset) picture.usePreset(preset);
  else picture.setWindow(level, width);
}

/** Sets the window by hand. */
export function setWindow(viewer, level, width) {
  const { picture } = viewer;
  if (!picture) return;
  picture.setWindow(level, width);
  viewer.refreshWindow();
  clearTimeout(waiting);
  waiting = setTimeout(() => keep(picture, null), KEEP_AFTER);
}

/** Chooses a preset, one of PRESETS. */
export function usePreset(viewer, name) {
  const { picture } = viewer;
  if (!picture) return;
  clearTimeout(waiting);
  picture.usePreset(name);
  viewer.refreshWindow();
  keep(picture, name);
}

/** Inverts the grey values, or shows them as they are again. */
export function invert(viewer) {
  const { picture } = viewer;
  if (!picture) return;
  picture.inverted = !picture.inverted;
  viewer.refreshWindow();
  keep(picture, preference("window").preset);
}

const keep = ({ level, width, inverted }, preset) => setPreference("window", { preset, level, width, inverted });

/** Moving right widens the window, moving down raises the level, as in other viewers. */
export function changeWindow(viewer, dx, dy) {
  const { picture } = viewer;
  if (picture) setWindow(viewer, picture.level + dy * 0.5, picture.width + dx);
}
