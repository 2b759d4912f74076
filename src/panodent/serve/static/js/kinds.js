// The kinds of findings: their names, colours, and whether a tooth carries them.

import { preference, setPreference } from "./preferences.js";

let kinds = {};

/** Sets the table of kinds from /v1/info. */
export function useKinds(table) {
  kinds = table;
}

/** All kinds by name, in the order of display. */
export const kindNames = () => Object.keys(kinds);

/** { title, plural, carrier, description, colour } of a kind. */
export const kindOf = (name) => kinds[name];

/** Whether a kind stands in the place of a missing tooth, never on a tooth. */
export const replaces = (name) => kinds[name].carrier === "position";

/** Whether findings of a kind are shown: all can be switched off, and each kind. */
export const isShown = (name) => preference("findings") && !preference("hiddenKinds").includes(name);

/** Shows or hides a kind; a kind that is shown switches findings on. */
export function showKind(name, on) {
  const others = preference("hiddenKinds").filter((one) => one !== name);
  setPreference("hiddenKinds", on ? others : [...others, name]);
  if (on && !preference("findings")) setPreference("findings", true);
}

/** The kinds among findings in words, an implant before the crown on it; "?" if all are doubtful. */
export function inWords(findings, isDoubtful) {
  const first = (name) => (name === "implant" ? -1 : kindNames().indexOf(name));
  const present = [...new Set(findings.map((finding) => finding.kind))].sort((a, b) => first(a) - first(b));
  return present.map((name) => {
    const sure = findings.some((finding) => finding.kind === name && !isDoubtful(finding));
    return kinds[name].title + (sure ? "" : "?");
  });
}
