// The toolbars, the title line and the footer.

import { byId, h, toggle } from "./dom.js";
import { onPreference, preference, setPreference } from "./preferences.js";

/** Replaces each placeholder of the page by the button of its command. */
export function placeButtons(commands) {
  for (const place of document.querySelectorAll("[data-place]")) {
    place.replaceWith(commands.button(place.dataset.place, place.textContent.trim()));
  }
}

/** Updates the title line and the footer at each change. */
export function bindTop({ session, viewer, toolbox }) {
  bindChoice("numbering");
  const name = byId("study-name");
  const state = byId("study-state");
  const show = () => {
    const { study, dirty } = session;
    toggle(byId("study-line"), "hidden", !study);
    if (!study) {
      document.title = "panodent";
      return;
    }
    name.textContent = study.name;
    name.title = study.name;
    state.textContent = dirty ? "Unsaved changes" : study.saved ? "Saved" : "As found, not saved";
    state.dataset.state = dirty ? "dirty" : study.saved ? "saved" : "found";
    document.title = `${dirty ? "* " : ""}${study.name} – panodent`;
  };
  session.addEventListener("change", show);
  toolbox.addEventListener("change", () => showTool(toolbox));
  viewer.addEventListener("view", () => {
    const { picture, camera } = viewer;
    const grey = picture ? ` · window ${Math.round(picture.width)}, level ${Math.round(picture.level)}` : "";
    byId("zoom").textContent = session.study ? `${Math.round(camera.scale * 100)} %${grey}` : "";
  });
}

/** The strip of the active tool: what to do, and buttons for its keys, which a finger has not. */
function showTool(toolbox) {
  const strip = byId("tool-strip");
  const tool = toolbox.current;
  toggle(strip, "hidden", !tool);
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const hint = tool ? (touch && tool.touchHint) || tool.hint : "";
  if (byId("hint").textContent !== hint) byId("hint").textContent = hint;
  const buttons = strip.querySelector(".tool-actions");
  if (buttons.dataset.tool !== tool?.id) {
    buttons.dataset.tool = tool?.id ?? "";
    const press = (key) => () => {
      tool.key(key);
      toolbox.draw();
    };
    const leave = { text: "Leave", label: "Leave the tool (Esc)" };
    buttons.replaceChildren(
      ...[...(tool?.actions ?? []), leave].map(({ text, label, key }) =>
        h("button", { type: "button", title: label, "data-key": key, onclick: key ? press(key) : () => toolbox.use(null) }, text),
      ),
    );
  }
  for (const { key, pressed } of tool?.actions ?? []) {
    if (pressed) buttons.querySelector(`[data-key="${key}"]`).setAttribute("aria-pressed", pressed());
  }
}

function bindChoice(name) {
  const select = byId(name);
  select.value = preference(name);
  select.addEventListener("change", () => setPreference(name, select.value));
  onPreference((changed, value) => {
    if (changed === name) select.value = value;
  });
}
