// Edits of teeth: pure functions from one list of teeth to another.
// A tooth is { key, id, fdi, polygons, area, centre, score, flags }; `key` is constant while
// the page is open, `id` is the service's id, null for a tooth that it does not know yet.

import { archOf, beside, toothOf, written } from "./arch.js";
import { area, centre } from "./geometry.js";
import { count, cut, fill, trace, union } from "./raster.js";

/** An edit that is not possible; the message is for the user. */
export class EditError extends Error {}

let made = 0;

/** A tooth of these polygons. */
export function toothFrom(polygons, fdi, more = {}) {
  const pixels = ([outer, ...holes]) =>
    holes.reduce((left, hole) => left - Math.abs(area(hole)), Math.abs(area(outer)));
  return {
    key: `k${++made}`,
    id: null,
    score: 1,
    flags: [],
    ...more,
    fdi,
    polygons,
    area: more.area ?? Math.round(polygons.reduce((sum, part) => sum + pixels(part), 0)),
    centre: centre(polygons),
  };
}

const replaced = (teeth, changes) => teeth.map((tooth) => changes.get(tooth.key) ?? tooth);

/** Gives a tooth a number; a tooth that has it already gets the old one. */
export function renumber(teeth, key, fdi) {
  const tooth = teeth.find((one) => one.key === key);
  const other = fdi ? teeth.find((one) => one.fdi === fdi && one.key !== key) : undefined;
  const changes = new Map([[key, { ...tooth, fdi }]]);
  if (other) changes.set(other.key, { ...other, fdi: tooth.fdi });
  return { teeth: replaced(teeth, changes), swapped: other ?? null };
}

/** Where numbers go when those of `keys` move by `step` (1: to the image's right).
 *  Teeth with those numbers move too, until a number is free. Returns [{ tooth, to }]. */
export function moves(teeth, keys, step, numbering = "fdi") {
  const holder = new Map(teeth.filter((tooth) => tooth.fdi).map((tooth) => [tooth.fdi, tooth]));
  const queue = teeth.filter((tooth) => keys.includes(tooth.key) && tooth.fdi);
  if (!queue.length) throw new EditError("Select a tooth with a number: the shift starts there.");
  const found = new Map();
  for (let i = 0; i < queue.length; i++) {
    const tooth = queue[i];
    if (found.has(tooth.key)) continue;
    const to = beside(tooth.fdi, step);
    if (to === null) {
      const last = written(tooth.fdi, numbering);
      throw new EditError(`${last} is the last number of its arch: delete or renumber that tooth first.`);
    }
    found.set(tooth.key, { tooth, to });
    if (holder.has(to)) queue.push(holder.get(to));
  }
  const place = ({ tooth }) => archOf(tooth.fdi).indexOf(tooth.fdi);
  return [...found.values()].sort((a, b) => (place(a) - place(b)) * step);
}

/** Moves a run of numbers by one along the arch; see `moves`. */
export function shift(teeth, keys, step, numbering) {
  const all = moves(teeth, keys, step, numbering);
  return replaced(teeth, new Map(all.map(({ tooth, to }) => [tooth.key, { ...tooth, fdi: to }])));
}

/** Without these teeth. */
export const remove = (teeth, keys) => teeth.filter((tooth) => !keys.includes(tooth.key));

/** Restores a tooth as predicted; without a number if its number is in use. */
export function restore(teeth, found) {
  const others = teeth.filter((tooth) => tooth.id !== found.id);
  const taken = found.fdi && others.some((tooth) => tooth.fdi === found.fdi);
  const present = teeth.find((tooth) => tooth.id === found.id);
  const tooth = { ...found, key: present?.key ?? found.key, fdi: taken ? 0 : found.fdi };
  const list = present ? teeth.map((one) => (one === present ? tooth : one)) : [...teeth, tooth];
  return { teeth: list, tooth, taken: Boolean(taken) };
}

/** Replaces the outline of a tooth. */
export function redraw(teeth, key, polygons) {
  const tooth = teeth.find((one) => one.key === key);
  const next = toothFrom(polygons, tooth.fdi, { ...tooth, area: undefined });
  return replaced(teeth, new Map([[key, next]]));
}

/** Adds a tooth; without a number if the number is in use. */
export function add(teeth, polygons, fdi, size) {
  if (!count(fill(polygons, size))) throw new EditError("The outline contains no pixel of the radiograph.");
  const taken = teeth.some((tooth) => tooth.fdi === fdi);
  const tooth = toothFrom(polygons, taken ? 0 : fdi);
  return { teeth: [...teeth, tooth], tooth };
}

// Smaller regions along a cut are dropped.
const SMALLEST = 16;

/** Splits a tooth along the line through a and b; the sides are numbered by their places. */
export function split(teeth, key, a, b, size) {
  const tooth = teeth.find((one) => one.key === key);
  const sides = cut(fill(tooth.polygons, size), a, b)
    .map((mask) => ({ pixels: count(mask), polygons: trace(mask, SMALLEST) }))
    .sort((one, other) => other.pixels - one.pixels);
  if (!sides[1].polygons.length) throw new EditError("The line does not cross the tooth.");
  const [large, small] = numbersOfSides(teeth, tooth.fdi, ...sides.map(({ polygons }) => centre(polygons)));
  const kept = toothFrom(sides[0].polygons, large, { ...tooth, area: sides[0].pixels });
  const other = toothFrom(sides[1].polygons, small, { area: sides[1].pixels });
  return { teeth: [...teeth.map((one) => (one.key === key ? kept : one)), other], other };
}

/** Numbers of the two sides of a split tooth with these centres, the larger side first; 0 if none is free.
 *  Beside each other, one keeps the number and the other gets the next along the arch, if it is free.
 *  One above the other, they are a deciduous tooth and its successor. */
function numbersOfSides(teeth, fdi, large, small) {
  if (!fdi) return [0, 0];
  const free = (number) => number && toothOf(number) && !teeth.some((tooth) => tooth.fdi === number);
  const [dx, dy] = [small[0] - large[0], small[1] - large[1]];
  if (Math.abs(dx) >= Math.abs(dy)) {
    const way = Math.sign(dx);
    if (free(beside(fdi, way))) return [fdi, beside(fdi, way)];
    return free(beside(fdi, -way)) ? [beside(fdi, -way), fdi] : [fdi, 0];
  }
  const { deciduous, jaw } = toothOf(fdi);
  const other = deciduous ? fdi - 40 : fdi + 40;
  const ofChild = teeth.some((tooth) => tooth.fdi && toothOf(tooth.fdi).deciduous);
  if (!ofChild || !free(other)) return [fdi, 0];
  const smallIsCrown = dy > 0 === (jaw === "upper"); // nearer to the other jaw
  return smallIsCrown === deciduous ? [other, fdi] : [fdi, other];
}

/** Merges teeth; the result has the id of the first, and the first number among them. */
export function merge(teeth, keys, size) {
  const parts = keys.map((key) => teeth.find((tooth) => tooth.key === key));
  if (parts.length < 2) throw new EditError("Select at least two teeth to merge.");
  const mask = parts.map((tooth) => fill(tooth.polygons, size)).reduce(union);
  const fdi = parts.find((tooth) => tooth.fdi)?.fdi ?? 0;
  const tooth = toothFrom(trace(mask), fdi, { ...parts[0], area: count(mask) });
  const rest = remove(teeth, keys.slice(1));
  return { teeth: rest.map((one) => (one.key === tooth.key ? tooth : one)), tooth };
}
