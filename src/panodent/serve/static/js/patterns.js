// The patterns of the kinds of findings, as in overlay.png: kinds differ without colour too.

import { svg } from "./dom.js";
import { kindNames, kindOf } from "./kinds.js";

// In screen pixels. Small findings have a small tile, so that several fit in.
const rising = (tile) => `M-1 1L1 -1M0 ${tile}L${tile} 0M${tile - 1} ${tile + 1}L${tile + 1} ${tile - 1}`;
const falling = (tile) => `M-1 ${tile - 1}L1 ${tile + 1}M0 0L${tile} ${tile}M${tile - 1} -1L${tile + 1} 1`;
const PATTERNS = {
  filling: { tile: 5, tag: "circle", cx: 2.5, cy: 2.5, r: 1.6 },
  crown: { tile: 8, d: rising(8), line: 2.2 },
  pontic: { tile: 8, d: rising(8) + falling(8), line: 1.6 },
  root_filling: { tile: 8, tag: "rect", width: 8, height: 8 },
  post: { tile: 5, d: "M2.5 0V5", line: 2 },
  implant: { tile: 5, d: "M0 2.5H5", line: 2 },
  appliance: { tile: 6, tag: "path", d: "M0 0H3V6H6V3H0Z" },
};

/** Definitions of the patterns, with ids PREFIX-KIND. */
export function patterns(prefix) {
  return kindNames().map((kind) => {
    const { tile, line, tag, ...shape } = PATTERNS[kind];
    const { colour } = kindOf(kind);
    const paint = line ? { stroke: colour, "stroke-width": line } : { fill: colour };
    return svg(
      "pattern",
      { id: `${prefix}-${kind}`, width: tile, height: tile, patternUnits: "userSpaceOnUse" },
      svg("rect", { width: tile, height: tile, fill: "#0a0c10", "fill-opacity": 0.55 }),
      svg(tag ?? "path", { ...shape, ...paint }),
    );
  });
}

/** A sample of a kind's pattern; the patterns with the prefix "sample" must be in the page. */
export const sample = (kind) =>
  svg(
    "svg",
    { viewBox: "0 0 22 14", class: "sample", "aria-hidden": "true" },
    svg("rect", { x: 1, y: 1, width: 20, height: 12, fill: "#5a5a5a" }),
    svg("rect", {
      x: 1, y: 1, width: 20, height: 12, fill: `url(#sample-${kind})`, stroke: kindOf(kind).colour, "stroke-width": 1.5,
    }),
  );
