// Measurements as text: of one tooth, and of the dentition.

import { h } from "./dom.js";

const px = (value) => `${value.toFixed(0)} px`;
const degrees = (value) => `${value.toFixed(0)}°`;

function length(value, mm) {
  return mm === undefined ? px(value) : `${mm.toFixed(1)} mm (${px(value)})`;
}

/** Measurements of one tooth, from /v1/studies/ID/measurements. */
export function details(one, stale, number) {
  if (!one) return [];
  const beside = (neighbour) =>
    neighbour
      ? `${number(neighbour.fdi)}, ${neighbour.overlap ? "overlapping" : `${px(neighbour.gap)} away`}`
      : "none";
  const rows = [
    ["Length", length(one.length, one.length_mm_uncalibrated)],
    ["Width", length(one.width, one.width_mm_uncalibrated)],
    ["Area", `${one.area} px²`],
    one.tilt !== null && ["Tilt", `${degrees(Math.abs(one.tilt))} ${one.tilt >= 0 ? "mesially" : "distally"}`],
    one.angle !== null && ["To the occlusal plane", degrees(one.angle)],
    ["Mesial neighbour", beside(one.mesial)],
    ["Distal neighbour", beside(one.distal)],
  ];
  return [title("Measurements", stale), list(rows)];
}

/** Gaps and third molars of all teeth. */
export function overview(all, stale, number) {
  if (!all) return [];
  const gaps = all.gaps.map((gap) => [
    `Gap ${gap.missing.map(number).join(" ")}`,
    `${px(gap.distance)}, ${gap.widths.toFixed(1)} tooth widths`,
  ]);
  const molars = all.third_molars.map((molar) => [
    `Third molar ${number(molar.fdi)}`,
    `${molar.winter}, ${degrees(molar.angle)}`,
  ]);
  if (!gaps.length && !molars.length) return [];
  return [title("Measurements", stale), list([...gaps, ...molars])];
}

const title = (text, stale) =>
  h("h3", {}, text, stale ? h("small", {}, " as last saved") : null);

/** A list of terms and values; empty rows are left out. */
export function list(rows) {
  const pairs = rows.filter(Boolean).flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]);
  return h("dl", {}, pairs);
}
