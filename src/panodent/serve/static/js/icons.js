// Icons as SVG paths in a 24 x 24 grid.

import { svg } from "./dom.js";

const LINES = {
  choose: "M6 3l12 9-5.5 1.2L15.5 20l-2.6 1.2-3-6.6L6 18z",
  point: "M12 3v3.500M12 17.500V21M3 12h3.500M17.500 12H21M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 12h.01",
  outline: "M8 4c4-2 9 0 9 6s-2 10-5 10-6-4-6-9c0-3 .5-6 2-7zM6.5 9h.01M17 9h.01M12 20h.01",
  add: "M12 5v14M5 12h14",
  findings: "M8 4c3-1.5 5-1.5 8 0 3 1.5 2 6 1 9-.7 2-1 7-2.4 7S13 15 12 15s-1.2 5-2.6 5S7.7 15 7 13C6 10 5 5.5 8 4zM7 9l5-5.2M8 12.5l7.5-8M12.5 12.5l4.5-5",
  kind: "M4 7h11M12 3.5L15.5 7 12 10.5M20 17H9M12 13.5L8.5 17l3.5 3.5",
  split: "M12 3v4M12 10v4M12 17v4M8 6c-3 1-4 4-4 6s1 5 4 6M16 6c3 1 4 4 4 6s-1 5-4 6",
  merge: "M9 6c-3 0-5 3-5 6s2 6 5 6 5-3 5-6-2-6-5-6zM15 6c3 0 5 3 5 6s-2 6-5 6c-1 0-2-.4-3-1",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5",
  restore: "M5 5v5h5M5.6 10A7.5 7.5 0 1 1 5 14",
  undo: "M8 5L4 9l4 4M4 9h9a6 6 0 0 1 0 12h-3",
  redo: "M16 5l4 4-4 4M20 9h-9a6 6 0 0 0 0 12h3",
  save: "M5 12.5l4.5 4.5L19 7.5",
  export: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  plus: "M12 6v12M6 12h12",
  minus: "M6 12h12",
  fit: "M4 9V5h4M20 9V5h-4M4 15v4h4M20 15v4h-4",
  invert: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  view: "M3 12c3-5 6-6.5 9-6.5s6 1.5 9 6.5c-3 5-6 6.5-9 6.5S6 17 3 12zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  list: "M4 6h16M4 12h16M4 18h16",
  previous: "M14.5 6l-6 6 6 6",
  next: "M9.5 6l6 6-6 6",
  left: "M20 12H5M10 7l-5 5 5 5",
  right: "M4 12h15M14 7l5 5-5 5",
  close: "M6 6l12 12M18 6L6 18",
  help: "M9 9.2c0-4 6.5-3.8 6.2 0-.2 2.3-3.2 2.4-3.2 5M12 18.2h.01",
  theme: "M19 14.5A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.5z",
  renumber: "M9.5 4L7 20M17 4l-2.5 16M4.5 9h16M3.5 15h16",
  accept: "M4 12.5l5 5L20 6.5",
  "accept-all": "M2.5 12.5l4.5 4.5L17 6.5M12 16l1.5 1.5L22 8",
  doubtful: "M6 9c0-4 6.5-4 6.2 0-.2 2.3-3.2 2.5-3.2 5M9 18h.01M15 8l4 4-4 4",
  brush: "M14 10l6-6M9.5 11.5l3 3c-1 4-4.5 5-8.5 4.500 2-1 2-2 2.500-4 .5-1.500 1.500-2.500 3-3.500zM12 9l3 3",
  eraser: "M4 15l9-9c1-1 2-1 3 0l3 3c1 1 1 2 0 3l-7 7H8zM9 10l6 6M12 19h8",
  ruler: "M3 16L16 3l5 5L8 21zM7 12l2 2M10 9l2.500 2.500M13 6l2 2",
  angle: "M5 4v15h15M5 12a7 7 0 0 1 7 7",
  magnifier: "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13zM15.500 15.500L21 21M10.500 8v5M8 10.500h5",
  compare: "M3 5h8v14H3zM13 5h8v14h-8M5.500 12l1.500 2 2-4M15.500 12h3",
  upload: "M12 16V5M7.5 9.5L12 5l4.5 4.5M5 20h14",
};

/** An icon, hidden from screen readers: its control has the label. */
export function icon(name) {
  const path = svg("path", { d: LINES[name] });
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, path);
}
