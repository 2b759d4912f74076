// The signs of findings on a tooth of the chart, as on the odontogram of panodent predict.

import { toothOf } from "./arch.js";
import { svg } from "./dom.js";

const ORDER = ["implant", "root_filling", "crown", "filling", "post", "appliance"]; // back to front
const BAR = 15; // distance of the bar of a bridge from the biting edge
const REACH = 24; // half the width of the widest column

/** Shapes for the kinds found on a tooth; `standing` is false where there is no tooth. */
export function signs(fdi, kinds, standing) {
  const tooth = toothOf(fdi);
  const crowned = kinds.includes("crown") || kinds.includes("pontic");
  const held = new Set(crowned ? [...kinds, "crown"] : kinds); // a pontic is drawn as a crown
  const shapes = ORDER.filter((kind) => held.has(kind)).map((kind) =>
    svg("g", { "data-kind": kind }, tooth.signs[kind].map(shape)),
  );
  const cap = crowned && !standing ? [svg("path", { d: tooth.path.at(-1), class: "cap" })] : [];
  const bar = svg("path", { d: `M${-REACH} ${BAR}H${REACH}`, class: "bar" });
  return [...cap, ...shapes, ...(kinds.includes("pontic") ? [bar] : [])];
}

/** A shape of /v1/info; the style sheet has the colours of "ink", "white" and "metal". */
const shape = ({ d, fill, stroke, width }) =>
  svg("path", { d, class: `fill-${fill} stroke-${stroke}`, "stroke-width": width });
