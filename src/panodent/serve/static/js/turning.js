// Turns a radiograph that is not upright, and finds its teeth again in a new study.

import * as api from "./api.js";
import { ask } from "./dialogs.js";
import { byId, h, sentence, toggle } from "./dom.js";
import { complain, say } from "./notices.js";

const TURNS = [
  ["mirror", "Mirror left and right"],
  ["left", "A quarter to the left"],
  ["right", "A quarter to the right"],
  ["half", "By 180°", "primary"],
];

export const turning = ({ session, saving, show, studies }) => [
  {
    id: "turn",
    label: "Turn the radiograph and find its teeth again",
    group: "Radiographs",
    icon: "restore",
    enabled: () => Boolean(session.study),
    run: () => turn({ session, saving, show, studies }),
  },
];

async function turn({ session, saving, show, studies }) {
  const { id, kind } = session.study;
  const lost = kind === "dicom" ? " The new one is a PNG: DICOM results are made from upright files only." : "";
  const text = `The teeth are found again in a new radiograph; this one stays in the list.${lost}`;
  const choice = await ask("How is it turned upright?", text, TURNS);
  if (!choice || !(await saving.mayLeave())) return;
  say("Finding teeth …");
  try {
    show(await api.turned(id, choice));
    await studies.refresh();
  } catch (error) {
    complain(error);
  }
}

/** Shows the warning of a study, with the command that may help. */
export function showWarning(warning, commands) {
  const banner = byId("warning");
  toggle(banner, "hidden", !warning);
  const helps = /upright|upside down/.test(warning);
  banner.replaceChildren(h("span", {}, sentence(warning)), ...(helps ? [commands.button("turn", "Turn and find again")] : []));
}
