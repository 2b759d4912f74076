// Edits of findings: pure functions from one list of findings to another.
// A finding is { key, id, kind, fdi, tooth, polygons, area, centre, score, flags }; `fdi` is the tooth
// that carries it or stood there, 0 for none, and `tooth` the key of the tooth that it follows.

import { alongArches } from "./arch.js";
import { EditError, toothFrom } from "./edits.js";
import { bounds } from "./geometry.js";
import { kindOf, replaces } from "./kinds.js";
import { count, fill, overlap } from "./raster.js";

const LEAST_SHARE = 0.2; // of a drawn finding, on the tooth that carries it

/** A finding of these polygons. */
export const findingFrom = (polygons, kind, fdi, more = {}) => ({
  tooth: null,
  ...toothFrom(polygons, fdi, more),
  kind,
});

const replaced = (findings, next) => findings.map((one) => (one.key === next.key ? next : one));
const withKey = (findings, key) => findings.find((one) => one.key === key);

/** The findings with the keys of the teeth that bear their numbers. */
export function linked(findings, teeth) {
  const bearing = new Map(teeth.filter((tooth) => tooth.fdi).map((tooth) => [tooth.fdi, tooth.key]));
  return findings.map((finding) => {
    const tooth = replaces(finding.kind) ? undefined : bearing.get(finding.fdi);
    return tooth && tooth !== finding.tooth ? { ...finding, tooth } : finding;
  });
}

/** The findings with the numbers that their teeth have now. If its tooth is gone, a finding that only
 *  a tooth can carry has no number; a crown or an appliance keeps it. The service does the same. */
export function followed(findings, teeth) {
  const numbers = new Map(teeth.map((tooth) => [tooth.key, tooth.fdi]));
  return findings.map((finding) => {
    if (!finding.tooth || replaces(finding.kind)) return finding;
    const lost = kindOf(finding.kind).carrier === "tooth" ? 0 : finding.fdi;
    const fdi = numbers.get(finding.tooth) ?? lost;
    return fdi === finding.fdi ? finding : { ...finding, fdi };
  });
}

/** Findings of merged teeth, on the tooth that they became. */
export const joined = (findings, keys, tooth) =>
  findings.map((finding) => (keys.includes(finding.tooth) ? { ...finding, tooth } : finding));

/** Changes the kind of a finding. */
export const turned = (findings, key, kind) =>
  replaced(findings, { ...withKey(findings, key), kind, tooth: null });

/** Gives a finding to a tooth or a position; 0 to none. */
export const assigned = (findings, key, fdi) =>
  replaced(findings, { ...withKey(findings, key), fdi, tooth: null });

/** Without a finding. */
export const without = (findings, key) => findings.filter((one) => one.key !== key);

/** Replaces the outline of a finding. */
export function reshaped(findings, key, polygons) {
  const finding = withKey(findings, key);
  const next = findingFrom(polygons, finding.kind, finding.fdi, { ...finding, area: undefined });
  return replaced(findings, next);
}

/** Restores a finding as predicted, on the tooth where it is now. */
export function brought(findings, found, teeth) {
  const present = findings.find((one) => one.id === found.id);
  const [finding] = followed([{ ...found, key: present?.key ?? found.key }], teeth);
  return { findings: present ? replaced(findings, finding) : [...findings, finding], finding };
}

/** Adds a finding to the tooth that it lies on, otherwise to number `wanted`, or to none. */
export function drawn(findings, polygons, kind, wanted, teeth, size) {
  const mask = fill(polygons, size);
  const pixels = count(mask);
  if (!pixels) throw new EditError("The outline contains no pixel of the radiograph.");
  const fdi = (!replaces(kind) && below(mask, polygons, pixels, teeth, size)) || wanted;
  const finding = findingFrom(polygons, kind, fdi);
  return { findings: [...findings, finding], finding };
}

/** The number of the tooth that has the largest part of a mask; 0 if none has enough of it. */
function below(mask, polygons, pixels, teeth, size) {
  const [left, top, right, bottom] = bounds(polygons);
  let [most, fdi] = [LEAST_SHARE * pixels, 0];
  for (const tooth of teeth) {
    const [x0, y0, x1, y1] = bounds(tooth.polygons);
    if (!tooth.fdi || x0 > right || x1 < left || y0 > bottom || y1 < top) continue;
    const shared = overlap(mask, fill(tooth.polygons, size));
    if (shared > most) [most, fdi] = [shared, tooth.fdi];
  }
  return fdi;
}

/** Sorts findings along the arches, those of no single tooth last; then by kind. */
export const inOrder = (findings) =>
  alongArches([...findings].sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0)));
