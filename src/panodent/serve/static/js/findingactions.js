// The commands of findings, and what commands of teeth do while a finding is selected.

import { keepClear } from "./clear.js";
import { assigned, brought, turned, without } from "./findings.js";
import { pickKind } from "./kinddialog.js";
import { kindOf } from "./kinds.js";
import { pickNumber } from "./picker.js";
import { preference, setPreference } from "./preferences.js";

/** Commands for findings alone. */
export function findingActions({ session, toolbox, viewer }) {
  const group = "Findings";
  const enabled = () => session.findings.length > 0;
  return [
    {
      id: "findings",
      label: "Show findings",
      group,
      keys: ["g"],
      icon: "findings",
      enabled: () => Boolean(session.study),
      pressed: () => preference("findings"),
      run: () => setPreference("findings", !preference("findings")),
    },
    { id: "next-finding", label: "Next finding", group, keys: ["s"], enabled, run: () => session.stepFinding(1) },
    { id: "previous-finding", label: "Previous finding", group, keys: ["Shift+S"], enabled, run: () => session.stepFinding(-1) },
    {
      id: "kind",
      label: "Change kind",
      group,
      keys: ["c"],
      icon: "kind",
      enabled: () => session.finding !== null,
      run: () => changing(session),
    },
    {
      id: "reassign",
      label: "Other tooth or position",
      group,
      keys: ["p"],
      icon: "renumber",
      enabled: () => session.finding !== null,
      run: () => reassign(session, viewer),
    },
    {
      id: "add-finding",
      label: "Draw finding",
      group,
      keys: ["Shift+A"],
      icon: "add",
      enabled: () => Boolean(session.study),
      pressed: () => toolbox.current?.id === "add-finding",
      run: () => drawing(toolbox),
    },
  ];
}

async function drawing(toolbox) {
  if (toolbox.current?.id === "add-finding") {
    toolbox.use(null);
    return;
  }
  const kind = await pickKind("What do you draw?");
  if (!kind) return;
  setPreference("findings", true);
  toolbox.use("add-finding", { kind });
}

async function changing(session) {
  const { finding, findings } = session;
  const kind = await pickKind(`What is this ${kindOf(finding.kind).title}?`, finding.kind);
  if (!kind || kind === finding.kind || session.findings !== findings) return;
  session.editFindings(turned(findings, finding.key, kind));
}

/** Gives the selected finding to another tooth or position. */
async function reassign(session, viewer) {
  const { finding, findings } = session;
  const { title, carrier } = kindOf(finding.kind);
  const words = {
    title: `Tooth of the ${title}`,
    none: "No single tooth",
    set: "Set tooth",
    own: "its tooth now",
    taken: carrier === "position" ? "a tooth is marked there" : "found",
    free: carrier === "tooth" ? "not found" : "not found: its position",
  };
  const inSight = (dialog) => keepClear(dialog, viewer, finding);
  const fdi = await pickNumber(finding.fdi, (number) => session.bearing(number), words, inSight);
  if (fdi === null || fdi === finding.fdi || session.findings !== findings) return;
  session.editFindings(assigned(findings, finding.key, fdi));
}

export const discard = (session) => session.editFindings(without(session.findings, session.picked), null);

export function bringBack(session) {
  const { findings } = brought(session.findings, session.origin(session.finding), session.teeth);
  session.editFindings(findings);
}
