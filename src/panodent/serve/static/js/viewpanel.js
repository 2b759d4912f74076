// Display settings of the radiograph and the teeth.

import { h } from "./dom.js";
import { preference, setPreference } from "./preferences.js";
import { setWindow, usePreset } from "./window.js";

const WINDOWS = [
  ["full", "As stored"],
  ["auto", "Automatic"],
  ["bright", "Teeth and fillings"],
  ["dark", "Bone and soft tissue"],
];

/** Fills the panel; returns a function that updates it. */
export function viewPanel(element, viewer, commands) {
  const level = slider("Brightness", 0, 255, (value) => setWindow(viewer, 255 - value, viewer.picture?.width));
  const width = slider("Contrast", 0, 508, (value) => setWindow(viewer, viewer.picture?.level, 510 - value));
  const presets = h(
    "select",
    { id: "window-preset", onchange: () => usePreset(viewer, presets.value) },
    WINDOWS.map(([value, text]) => h("option", { value }, text)),
    h("option", { value: "", disabled: true }, "Set by hand"),
  );
  const brush = slider("Brush", 2, 64, (value) => setPreference("brush", value));
  const fill = slider("Fills", 0, 80, (value) => setPreference("fill", value));
  const colours = h(
    "select",
    { id: "colours", onchange: () => setPreference("colours", colours.value) },
    h("option", { value: "tones" }, "Two alternating colours"),
    h("option", { value: "teeth" }, "One colour per tooth"),
  );
  colours.value = preference("colours");
  element.append(
    h("label", {}, h("span", {}, "Window"), presets),
    level.label,
    width.label,
    h("div", { class: "pair" }, commands.button("auto-window", "Auto window"), commands.button("reset-window", "Reset")),
    fill.label,
    h("div", { class: "pair" }, commands.button("outlines", "Outlines"), commands.button("numbers", "Numbers"), commands.button("fills", "Fills"), commands.button("bare", "Hide all")),
    h("label", {}, h("span", {}, "Colours"), colours),
    h("div", { class: "pair" }, commands.button("chart", "Chart"), commands.button("panel", "Panel")),
    brush.label,
    h("div", { class: "pair" }, commands.button("ruler", "Ruler"), commands.button("angle", "Angle"), commands.button("magnifier", "Magnifier"), commands.button("calibrate", "Calibrate")),
    h("div", { class: "pair" }, commands.button("turn", "Turn and find again"), commands.button("compare", "Compare")),
  );
  return () => {
    const { picture } = viewer;
    presets.value = preference("window").preset ?? "";
    level.input.value = 255 - (picture?.level ?? 127.5);
    width.input.value = 510 - (picture?.width ?? 255);
    fill.input.value = preference("fill");
    brush.input.value = preference("brush");
  };
}

function slider(label, min, max, change) {
  const input = h("input", { type: "range", min, max, oninput: () => change(Number(input.value)) });
  return { input, label: h("label", {}, h("span", {}, label), input) };
}
