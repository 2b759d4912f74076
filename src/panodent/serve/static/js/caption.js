// One line about the hovered tooth, in the corner of the radiograph.

import { isUnerupted, nameOf, written } from "./arch.js";
import { toggle } from "./dom.js";
import { preference } from "./preferences.js";

/** Updates the line at each hover. */
export function bindCaption(element, session, measures) {
  session.addEventListener("hover", () => {
    const tooth = session.tooth(session.hovered);
    toggle(element, "hidden", !tooth);
    if (!tooth) return;
    const change = session.change(tooth);
    const size = measures.of(tooth);
    element.textContent = [
      `${written(tooth.fdi, preference("numbering"))} ${nameOf(tooth.fdi)}`,
      change ? `${change} by hand` : `certainty ${tooth.score.toFixed(2)}`,
      session.state(tooth) === "doubtful" ? "doubtful" : null,
      isUnerupted(tooth) ? "unerupted" : null,
      size && !change ? `${size.length.toFixed(0)} × ${size.width.toFixed(0)} px` : null,
    ]
      .filter(Boolean)
      .join(" · ");
  });
}
