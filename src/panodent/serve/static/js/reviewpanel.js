// What the panel says of doubt: why one should be looked at, that it was accepted, and what is left.

import { acceptedBy, reason } from "./acceptance.js";
import { h } from "./dom.js";
import { problemsInWords } from "./numbering.js";

/** Of a selected tooth or finding; null where there is nothing to say. */
export function doubt(session, one, commands) {
  const why = reason(session, one);
  if (one.accepted) {
    return h(
      "div",
      { class: "doubt accepted" },
      h("p", {}, acceptedBy(one)),
      why ? h("p", { class: "quiet-text" }, `It was doubtful. ${why}`) : null,
      h("div", { class: "pair" }, commands.button("take-back", "Take back")),
    );
  }
  const wrong = problemsInWords(session.problemsOf(one));
  const unsure = session.state(one) !== "found";
  if (!unsure && !wrong.length) return null;
  return h(
    "div",
    { class: wrong.length ? "doubt wrong" : "doubt" },
    wrong.map((text) => h("p", {}, text)),
    unsure ? h("p", {}, why || "The model is not sure of it.") : null,
    h(
      "div",
      { class: "pair" },
      commands.button("accept", "Accept"),
      one.kind ? null : commands.button("renumber", "Renumber"),
      commands.button("next-doubtful", "Next"),
    ),
  );
}

/** When nothing doubtful is left to look at: the way to the next radiograph; null before. */
export function finished(session, commands, more = "") {
  if (session.doubted.length || (session.study.saved && !session.dirty)) return null;
  return h(
    "div",
    { class: `finished ${more}` },
    h("p", {}, "Nothing doubtful is left."),
    h("div", { class: "pair" }, commands.button("save-next", "Save and next")),
  );
}

/** Of all: how many are doubtful, and the commands that go through them. */
export function remaining(session, commands) {
  const { length } = session.doubted;
  const accepted = [...session.teeth, ...session.findings].filter((one) => one.accepted).length;
  const kept = accepted ? h("p", { class: "quiet-text" }, `${accepted} accepted as found.`) : null;
  if (!length) return kept;
  return h(
    "div",
    { class: "doubt" },
    h("p", {}, `${length} ${length === 1 ? "is" : "are"} doubtful.`),
    problemsInWords(session.problems).map((text) => h("p", {}, text)),
    kept,
    h("div", { class: "pair" }, commands.button("next-doubtful", "Review"), commands.button("accept-all", "Accept all")),
  );
}
