// What a user accepts: a tooth or a finding that is right as it is. `accepted` is null, or { by, at }
// with the time as the service recorded it, null until then.

import { inNumbering } from "./arch.js";
import { sentence, when } from "./dom.js";
import { preference, setPreference } from "./preferences.js";

/** These teeth or findings with some of them accepted by somebody; with `by` null not any more. */
export const accepted = (list, keys, by) =>
  list.some((one) => keys.includes(one.key))
    ? list.map((one) => (keys.includes(one.key) ? { ...one, accepted: mark(one, by) } : one))
    : list;

const mark = (one, by) => (by === null ? null : (one.accepted ?? { by, at: null }));

/** `after` an edit: what was changed is not accepted any more. */
export function stillAccepted(before, after) {
  const earlier = new Map(before.map((one) => [one.key, one]));
  const same = (one, other) => ["fdi", "kind", "polygons"].every((name) => one[name] === other[name]);
  return after.map((one) => {
    const was = earlier.get(one.key);
    return one.accepted && was && !same(one, was) ? { ...one, accepted: null } : one;
  });
}

/** The name that is recorded with what is accepted: the user's, or a sign of this browser. */
export function reviewer() {
  const name = preference("reviewer").trim();
  if (name) return name;
  if (!preference("browser")) {
    const [random] = crypto.getRandomValues(new Uint32Array(1));
    setPreference("browser", random.toString(36).slice(0, 5));
  }
  return `browser ${preference("browser")}`;
}

/** Why a doubtful tooth or finding should be looked at, or was before it was accepted. */
export function reason(session, one) {
  const bare = one.fdi || one.kind ? "" : "It has no number.";
  const origin = session.origin(one);
  if (!origin || session.change(one)) return bare;
  const low = one.kind && origin.flags.includes("doubtful") ? `its certainty is low (${one.score.toFixed(2)})` : "";
  const said = inNumbering(origin.reason || low, preference("numbering"));
  return said ? `${sentence(said)}.` : bare;
}

/** Who accepted it, and when. */
export function acceptedBy({ accepted: { by, at } }) {
  return `Accepted${by ? ` by ${by}` : ""}, ${at ? when(at) : "not saved yet"}.`;
}
