// Watches the numbers of the teeth: after each edit the service says which contradict their places.

import * as api from "./api.js";
import { inNumbering } from "./arch.js";
import { sentence } from "./dom.js";
import { bounds } from "./geometry.js";
import { preference } from "./preferences.js";

/** Keeps `session.problems` up to date. */
export function watchNumbers(session) {
  let seen = null;
  let asked = 0;
  session.addEventListener("change", async () => {
    if (session.teeth === seen) return;
    seen = session.teeth;
    const [teeth, mine] = [session.teeth, ++asked];
    const placed = teeth.map(({ fdi, polygons, accepted }) => ({
      fdi,
      box: bounds(polygons),
      accepted: Boolean(accepted),
    }));
    try {
      const { problems } = teeth.length ? await api.numberingProblems(placed) : { problems: [] };
      if (mine !== asked) return;
      session.setProblems(problems.map((one) => ({ ...one, teeth: one.teeth.map((place) => teeth[place].key) })));
    } catch {
      seen = null; // no message: asked again at the next change; a save would tell of the same fault
    }
  });
}

/** Problems as sentences in the chosen numbering. */
export const problemsInWords = (problems) =>
  problems.map(({ message }) => `${sentence(inNumbering(message, preference("numbering")))}.`);
