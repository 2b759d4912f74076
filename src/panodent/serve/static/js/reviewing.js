// The commands that go through what is doubtful, and accept it.

import { reviewer } from "./acceptance.js";
import { ask } from "./dialogs.js";
import { say } from "./notices.js";

export function reviewing({ session }) {
  const group = "Review";
  return [
    {
      id: "next-doubtful",
      label: "Next doubtful or unnumbered tooth, then doubtful findings",
      group,
      keys: ["d"],
      icon: "doubtful",
      enabled: () => session.doubted.length > 0,
      run: () => choose(session, after(session, session.doubted)),
    },
    {
      id: "accept",
      label: "Accept as it is, and go to the next doubtful one",
      group,
      keys: ["y", "Enter"],
      icon: "accept",
      enabled: () => selectedDoubted(session).length > 0,
      run: () => accept(session),
    },
    {
      id: "accept-all",
      label: "Accept all that is doubtful",
      group,
      keys: ["Shift+Y"],
      icon: "accept-all",
      enabled: () => session.doubted.length > 0,
      run: () => acceptAll(session),
    },
    {
      id: "take-back",
      label: "Take the acceptance back",
      group,
      icon: "undo",
      enabled: () => selectedAccepted(session).length > 0,
      run: () => session.accept(selectedAccepted(session), null),
    },
  ];
}

const of = (session, key) => session.tooth(key) ?? session.findingOf(key);
const selectedAccepted = (session) => session.selected.filter((key) => of(session, key)?.accepted);

function selectedDoubted(session) {
  const doubted = new Set(session.doubted.map(({ key }) => key));
  return session.selected.filter((key) => doubted.has(key));
}

/** The doubted one after the selected one, around the end; null if there is none. */
function after(session, list) {
  const now = list.findIndex(({ key }) => session.selected.includes(key));
  return list[(now + 1) % list.length] ?? null;
}

function choose(session, one) {
  if (one.kind) session.pick(one.key);
  else session.choose([one.key]);
}

function accept(session) {
  const keys = selectedDoubted(session);
  // A problem of two numbers is accepted with both, where the other tooth has no doubt of its own.
  for (const { teeth } of keys.flatMap((key) => session.problemsOf({ key }))) {
    keys.push(...teeth.filter((key) => !keys.includes(key) && session.state(session.tooth(key)) === "found"));
  }
  const list = session.doubted.filter(({ key }) => key === keys[0] || !keys.includes(key));
  const next = after(session, list);
  session.accept(keys, reviewer());
  if (next && !keys.includes(next.key)) choose(session, next);
  else say("Nothing doubtful is left.");
}

async function acceptAll(session) {
  const list = session.doubted;
  const sure = await ask(
    `Accept ${list.length === 1 ? "the one that is doubtful" : `all ${list.length} that are doubtful`}?`,
    "They count as right from now on, without having been looked at one by one. It can be undone.",
    [["accept", "Accept all", "primary"]],
  );
  if (sure) session.accept(list.map(({ key }) => key), reviewer());
}
