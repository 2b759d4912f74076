// One line about the hovered tooth or finding, in the corner of the radiograph.

import { nameOf, stateInWords, written } from "./arch.js";
import { toggle } from "./dom.js";
import { kindOf, replaces } from "./kinds.js";
import { preference } from "./preferences.js";

/** Updates the line at each hover, and when what is pointed at changes. */
export function bindCaption(element, session, measures) {
  const show = () => {
    const finding = session.findingOf(session.hovered);
    const tooth = session.tooth(session.hovered);
    toggle(element, "hidden", !tooth && !finding);
    if (finding) element.textContent = [spoken(finding), ...certainty(session, finding)].join(" · ");
    if (!tooth) return;
    const size = session.change(tooth) ? null : measures.of(tooth);
    element.textContent = [
      `${written(tooth.fdi, preference("numbering"))} ${nameOf(tooth.fdi)}`,
      ...certainty(session, tooth),
      stateInWords(tooth),
      size ? `${size.length.toFixed(0)} × ${size.width.toFixed(0)} px` : null,
    ]
      .filter(Boolean)
      .join(" · ");
  };
  session.addEventListener("hover", show);
  session.addEventListener("change", show);
}

/** How sure it is, or what was changed: parts of a line. */
export function certainty(session, one) {
  const change = session.change(one);
  const doubtful = session.state(one) === "doubtful";
  return [change ? `${change} by hand` : `certainty ${one.score.toFixed(2)}`, ...(doubtful ? ["doubtful"] : [])];
}

/** A finding in words, such as "crown on 36 lower left first molar". */
export function spoken({ kind, fdi }) {
  const { title } = kindOf(kind);
  if (!fdi) return `${title} on no single tooth`;
  const tooth = `${written(fdi, preference("numbering"))} ${nameOf(fdi)}`;
  return replaces(kind) ? `${title} in place of ${tooth}` : `${title} on ${tooth}`;
}
