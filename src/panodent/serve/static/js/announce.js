// Tells screen readers what was selected.

import { nameOf, written } from "./arch.js";
import { certainty, spoken } from "./caption.js";
import { preference } from "./preferences.js";

/** Updates the text of a live region at each selection. */
export function announce(element, session) {
  session.addEventListener("change", () => {
    const text = selected(session);
    if (element.textContent !== text) element.textContent = text;
  });
}

function selected(session) {
  const { finding, only, chosen, number } = session;
  const named = (fdi) => `${written(fdi, preference("numbering"))} ${nameOf(fdi)}`;
  if (finding) return [spoken(finding), ...certainty(session, finding)].join(", ");
  if (only) return [only.fdi ? named(only.fdi) : nameOf(0), ...certainty(session, only)].join(", ");
  if (chosen.length) return `${chosen.length} teeth selected`;
  return number ? `${named(number)}, ${session.isReplaced(number) ? "missing" : "not found"}` : "";
}
