// What differs between two sets of teeth and findings: pure functions, for the side-by-side view.

import { bounds } from "./geometry.js";
import { count, fill, overlap } from "./raster.js";

const SAME_TOOTH = 0.5; // intersection over union from which two outlines are one tooth
const SAME_OUTLINE = 0.985; // and from which they are the same outline; in one study any change counts
const SAME_PICTURE = 0.5; // share of teeth in the same places from which two pictures are one

/**
 * The differences of `to` from `from`, each { teeth, findings, size, study }. Returns { samePicture, list }: in one
 * picture, teeth are matched by their outlines, in two by their numbers. An entry of the list is
 * { kind, from, to, what }: kind "lost", "gained", "renumbered" or "redrawn", and the teeth or findings.
 */
export function differences(from, to) {
  const matched = sameSize(from, to) ? byOutline(from, to) : new Map();
  const fewer = Math.min(from.teeth.length, to.teeth.length);
  const samePicture = from.study === to.study || (fewer > 0 && matched.size >= SAME_PICTURE * fewer);
  const pairs = samePicture ? matched : byNumber(from.teeth, to.teeth);
  const least = samePicture ? (from.study === to.study ? 1 : SAME_OUTLINE) : 0;
  return { samePicture, list: [...ofTeeth(from, to, pairs, least), ...ofFindings(from, to)] };
}

const sameSize = (from, to) => from.size.every((side, axis) => side === to.size[axis]);

function ofTeeth(from, to, pairs, least) {
  const list = [];
  for (const tooth of from.teeth) {
    const { other, shared } = pairs.get(tooth) ?? {};
    if (!other) list.push({ what: "tooth", kind: "lost", from: tooth, to: null });
    else if (other.fdi !== tooth.fdi) list.push({ what: "tooth", kind: "renumbered", from: tooth, to: other });
    else if (shared < least) list.push({ what: "tooth", kind: "redrawn", from: tooth, to: other });
  }
  const found = new Set([...pairs.values()].map(({ other }) => other));
  for (const tooth of to.teeth) {
    if (!found.has(tooth)) list.push({ what: "tooth", kind: "gained", from: null, to: tooth });
  }
  return list;
}

/** Findings of one kind on one tooth are the same; of several, as many as both have. */
function ofFindings(from, to) {
  const left = [...to.findings];
  const list = [];
  for (const finding of from.findings) {
    const at = left.findIndex(({ kind, fdi }) => kind === finding.kind && fdi === finding.fdi);
    if (at >= 0) left.splice(at, 1);
    else list.push({ what: "finding", kind: "lost", from: finding, to: null });
  }
  return [...list, ...left.map((finding) => ({ what: "finding", kind: "gained", from: null, to: finding }))];
}

/** The tooth of `to` with the number of each of `from`; teeth without a number have none. */
function byNumber(from, to) {
  const pairs = new Map();
  for (const tooth of from) {
    const other = tooth.fdi && to.find(({ fdi }) => fdi === tooth.fdi);
    if (other) pairs.set(tooth, { other, shared: 1 });
  }
  return pairs;
}

/** The tooth of `to` in the place of each of `from`, and how much of both they share; the best pairs first. */
function byOutline(from, to) {
  const drawn = ({ teeth, size }) =>
    teeth.map((tooth) => ({ tooth, box: bounds(tooth.polygons), mask: fill(tooth.polygons, size) }));
  const [ones, others] = [drawn(from), drawn(to)];
  const candidates = [];
  for (const one of ones) {
    for (const other of others) {
      if (one.tooth.polygons === other.tooth.polygons) candidates.push({ one, other, shared: 1 });
      else if (meet(one.box, other.box)) candidates.push({ one, other, shared: share(one.mask, other.mask) });
    }
  }
  const pairs = new Map();
  const taken = new Set();
  for (const { one, other, shared } of candidates.sort((a, b) => b.shared - a.shared)) {
    if (shared < SAME_TOOTH || pairs.has(one.tooth) || taken.has(other.tooth)) continue;
    pairs.set(one.tooth, { other: other.tooth, shared });
    taken.add(other.tooth);
  }
  return pairs;
}

const meet = (a, b) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

function share(a, b) {
  const both = overlap(a, b);
  return both / Math.max(count(a) + count(b) - both, 1);
}
