// Short messages to the user, also announced by screen readers.

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const SECONDS = { status: 5, alert: 0 };

/** Shows a message; errors ("alert") stay until they are closed. */
export function say(text, kind = "status") {
  const place = byId(kind === "alert" ? "alerts" : "messages");
  for (const old of place.children) if (old.textContent === text) old.remove();
  const close = h(
    "button",
    { type: "button", class: "quiet icon-only", "aria-label": "Close message", onclick: () => note.remove() },
    icon("close"),
  );
  const note = h("div", { class: `note ${kind}` }, h("span", {}, text), close);
  place.append(note);
  while (place.children.length > 3) place.firstChild.remove();
  if (SECONDS[kind]) setTimeout(() => note.remove(), SECONDS[kind] * 1000);
}

export const complain = (error) => say(error.message ?? String(error), "alert");
