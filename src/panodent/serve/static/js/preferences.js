// The user's preferences, kept in this browser; nothing of a study is kept there.

const DEFAULTS = {
  theme: "system",
  numbering: "fdi",
  fill: 22,
  outlines: true,
  numbers: true,
  colours: "tones",
  findings: true,
  hiddenKinds: [],
  singleKeys: true,
  chart: true, // whether chart and panel are shown
  panel: true,
  brush: 8, // radius in image pixels
  window: { preset: "full", level: 127.5, width: 255, inverted: false }, // preset null: set by hand
  list: { sort: "created", descending: true, show: "all" }, // the list of radiographs
  reviewer: "", // the name that is recorded with what is accepted
  browser: "", // stands for it where no name is given
};
const KEY = "panodent.preferences";
const listeners = new Set();
let kept = load();

function load() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { ...DEFAULTS };
  }
}

export const preference = (name) => kept[name];

export function setPreference(name, value) {
  kept = { ...kept, [name]: value };
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Without storage, preferences last until the page is closed.
  }
  for (const listener of listeners) listener(name, value);
}

/** Calls `listener(name, value)` at each change. */
export function onPreference(listener) {
  listeners.add(listener);
}
