// Unsaved changes survive a reload of the page: they are kept in this tab, and nowhere after it is closed.

import { say } from "./notices.js";

const KEY = "panodent.draft";
const AFTER = 400; // milliseconds after the last change

/** Keeps the unsaved changes of the open study. */
export function keepDrafts(session) {
  let waiting = 0;
  let seen = [];
  session.addEventListener("change", () => {
    const now = [session.study, session.teeth, session.findings];
    if (now.every((one, place) => one === seen[place])) return;
    seen = now;
    clearTimeout(waiting);
    waiting = setTimeout(() => keep(session), AFTER);
  });
  window.addEventListener("pagehide", () => keep(session));
}

function keep({ study, teeth, findings, dirty }) {
  if (!study) return; // the start page: the draft of a study that failed to open stays
  try {
    if (!dirty) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify({ id: study.id, revision: study.revision, teeth, findings }));
  } catch {
    // Without storage, or too large for it, changes last until the page is reloaded.
  }
}

/** Brings the unsaved changes of the study that was just opened back, if there are any. */
export function bringDraftBack(session) {
  let draft = null;
  try {
    draft = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  } catch {
    return;
  }
  if (!draft || draft.id !== session.study.id) return;
  sessionStorage.removeItem(KEY);
  if (draft.revision !== session.study.revision) {
    say("The radiograph was saved elsewhere; your unsaved changes from before the reload do not fit any more.", "alert");
    return;
  }
  session.restore(draft);
  say("Your unsaved changes from before the reload are back.");
}
