// The commands of the page.

import { keepClear } from "./clear.js";
import { FOUND } from "./compare.js";
import { remove, renumber, restore, shift } from "./edits.js";
import { written } from "./arch.js";
import { showExports, takeTraining } from "./exports.js";
import { bringBack, discard, findingActions } from "./findingactions.js";
import { showHelp } from "./help.js";
import { measuring } from "./measuring.js";
import { say } from "./notices.js";
import { pickNumber } from "./picker.js";
import { preference, setPreference } from "./preferences.js";
import { reviewing } from "./reviewing.js";
import { turning } from "./turning.js";
import { chooseFiles } from "./uploads.js";
import { invert, usePreset } from "./window.js";

/** All commands; `page` holds the parts of the page. */
export function actions(page) {
  return [
    ...files(page),
    ...turning(page),
    ...zooming(page),
    ...showing(page),
    ...measuring(page),
    ...choosing(page),
    ...reviewing(page),
    ...numbering(page),
    ...shaping(page),
    ...findingActions(page),
    ...undoing(page),
  ];
}

function files(page) {
  const { session, saving, studies, commands, info, open, compare, example, toggleList } = page;
  const group = "Radiographs";
  const goTo = (which) => ({
    enabled: () => studies.has(which),
    run: async () => {
      const id = await studies.find(which);
      if (id) open(id);
    },
  });
  return [
    { id: "choose-files", label: "Open radiographs", group, keys: ["u"], icon: "upload", run: chooseFiles },
    { id: "example", label: "Try an example", group, run: example },
    { id: "list", label: "List of radiographs", group, keys: ["l"], icon: "list", run: toggleList },
    { id: "close-list", label: "Close the list", group, icon: "close", run: () => toggleList(false) },
    { id: "previous", label: "Previous radiograph", group, keys: ["Shift+PageUp"], icon: "previous", ...goTo("previous") },
    { id: "next", label: "Next radiograph", group, keys: ["Shift+PageDown"], icon: "next", ...goTo("next") },
    { id: "next-unreviewed", label: "Next radiograph that is not reviewed", group, keys: ["q"], ...goTo("next_unreviewed") },
    {
      id: "save-next",
      label: "Save, then open the next one that is not reviewed",
      group,
      keys: ["Ctrl+Enter"],
      enabled: () => Boolean(session.study),
      run: () => saveAndGoOn(page),
    },
    { id: "save", label: "Save", group, keys: ["Ctrl+S"], icon: "save", enabled: () => saving.needed, run: () => saving.save() },
    {
      id: "export",
      label: "Export",
      group,
      keys: ["Ctrl+E"],
      icon: "export",
      enabled: () => Boolean(session.study),
      run: () => showExports(session, info.exports, () => saving.save()),
    },
    {
      id: "compare",
      label: "Compare with what the model found",
      group,
      keys: ["Shift+V"],
      icon: "compare",
      enabled: () => Boolean(session.study),
      run: () => compare(session.study.id, FOUND),
    },
    { id: "training", label: "Download training data", group, icon: "export", run: takeTraining },
    { id: "theme", label: "Theme: system, dark or light", group, keys: ["t"], icon: "theme", run: nextTheme },
    { id: "help", label: "Keys and mouse", group, keys: ["?"], icon: "help", run: () => showHelp(commands) },
  ];
}

async function saveAndGoOn({ session, saving, studies, open }) {
  const next = await studies.find("next_unreviewed");
  if (saving.needed && !(await saving.save())) return;
  if (next) await open(next);
  else if (session.study) say("All radiographs of the list are reviewed.");
}

const THEMES = { system: "dark", dark: "light", light: "system" };

function nextTheme() {
  const theme = THEMES[preference("theme")] ?? "system";
  setPreference("theme", theme);
  say({ system: "Theme: system.", dark: "Theme: dark.", light: "Theme: light." }[theme]);
}

function zooming({ session, viewer }) {
  const group = "View";
  const enabled = () => Boolean(session.study);
  return [
    { id: "zoom-in", label: "Zoom in", group, keys: ["+", "="], icon: "plus", enabled, run: () => viewer.zoom(1.25) },
    { id: "zoom-out", label: "Zoom out", group, keys: ["-"], icon: "minus", enabled, run: () => viewer.zoom(0.8) },
    { id: "fit", label: "Whole radiograph", group, keys: ["0"], icon: "fit", enabled, run: () => viewer.fit() },
    { id: "actual", label: "Actual size", group, keys: ["1"], enabled, run: () => viewer.zoom(1 / viewer.camera.scale) },
    {
      id: "zoom-tooth",
      label: "Zoom to the tooth or finding",
      group,
      keys: ["z"],
      enabled: () => Boolean(session.shape),
      run: () => viewer.show(session.shape),
    },
  ];
}

function showing({ session, viewer, commands, toggleView }) {
  const group = "View";
  const enabled = () => Boolean(session.study);
  const switching = (name, on, off) => ({
    enabled,
    pressed: () => Boolean(preference(name)),
    run: () => setPreference(name, preference(name) ? off : on),
  });
  return [
    {
      id: "invert",
      label: "Invert grey values",
      group,
      keys: ["i"],
      icon: "invert",
      enabled,
      pressed: () => preference("window").inverted,
      run: () => invert(viewer),
    },
    { id: "auto-window", label: "Automatic window", group, keys: ["w"], enabled, run: () => usePreset(viewer, "auto") },
    { id: "reset-window", label: "Reset grey values", group, keys: ["Shift+W"], enabled, run: () => usePreset(viewer, "full") },
    { id: "outlines", label: "Outlines", group, keys: ["o"], ...switching("outlines", true, false) },
    { id: "numbers", label: "Numbers", group, keys: ["n"], ...switching("numbers", true, false) },
    { id: "fills", label: "Fills", group, keys: ["f"], ...switching("fill", 22, 0) },
    { id: "chart", label: "Chart of the teeth", group, keys: ["Shift+C"], ...switching("chart", true, false) },
    { id: "panel", label: "Panel of the tooth", group, keys: ["Shift+P"], ...switching("panel", true, false) },
    {
      id: "bare",
      label: "Hide all that is drawn, and show it again",
      group,
      keys: ["h"],
      enabled,
      pressed: () => viewer.element.classList.contains("bare"),
      run: () => {
        viewer.element.classList.toggle("bare");
        commands.refresh();
      },
    },
    { id: "view", label: "Window, level and fills", group, keys: ["v"], icon: "view", enabled, run: toggleView },
  ];
}

function choosing({ session }) {
  const group = "Select";
  const enabled = () => session.teeth.length > 0;
  const extend = (by) => () => {
    const before = session.chosen;
    session.step(by);
    const now = session.chosen[0];
    session.choose([...before.filter((key) => key !== now), now]);
  };
  return [
    { id: "next-tooth", label: "Next tooth", group, keys: ["k"], enabled, run: () => session.step(1) },
    { id: "previous-tooth", label: "Previous tooth", group, keys: ["j"], enabled, run: () => session.step(-1) },
    { id: "extend-next", label: "Add the next tooth to the selection", group, keys: ["Shift+K"], enabled, run: extend(1) },
    { id: "extend-previous", label: "Add the previous tooth to the selection", group, keys: ["Shift+J"], enabled, run: extend(-1) },
  ];
}

function numbering({ session, toolbox, viewer }) {
  const group = "Correct";
  const one = () => Boolean(session.only);
  const shifting = (step) => ({
    enabled: () => session.chosen.some((key) => session.tooth(key)?.fdi),
    run: () =>
      toolbox.act(() => session.edit(shift(session.teeth, session.chosen, step, preference("numbering")))),
  });
  return [
    { id: "renumber", label: "Renumber", group, keys: ["r"], icon: "renumber", enabled: one, run: () => renumbering(session, viewer) },
    { id: "shift-left", label: "Shift left along the arch", group, keys: [","], icon: "left", ...shifting(-1) },
    { id: "shift-right", label: "Shift right along the arch", group, keys: ["."], icon: "right", ...shifting(1) },
  ];
}

function shaping({ session, toolbox }) {
  const group = "Correct";
  const one = () => Boolean(session.only);
  const some = () => session.chosen.length > 0;
  const tool = (id) => ({
    pressed: () => toolbox.current?.id === id,
    run: () => toolbox.use(toolbox.current?.id === id ? null : id),
  });
  const merging = tool("merge");
  const study = () => Boolean(session.study);
  return [
    { id: "outline", label: "Outline: edit its points", group, keys: ["e"], icon: "outline", enabled: () => Boolean(session.shape), ...tool("outline") },
    { id: "brush", label: "Brush: paint onto the outline", group, keys: ["Shift+E"], icon: "brush", enabled: () => Boolean(session.shape), ...tool("brush") },
    { id: "eraser", label: "Eraser: take from the outline", group, keys: ["Shift+X"], icon: "eraser", enabled: () => Boolean(session.shape), ...tool("eraser") },
    { id: "split", label: "Split in two", group, keys: ["x"], icon: "split", enabled: one, ...tool("split"), run: () => splitting(toolbox) },
    {
      id: "merge",
      label: "Merge with another tooth",
      group,
      keys: ["m"],
      icon: "merge",
      enabled: some,
      pressed: merging.pressed,
      run: () => (session.chosen.length > 1 ? toolbox.merge(session.chosen) : merging.run()),
    },
    { id: "point", label: "Point: click a tooth to outline it", group, keys: ["Shift+F"], icon: "point", enabled: study, ...tool("point") },
    { id: "add", label: "Draw tooth", group, keys: ["a"], icon: "add", enabled: study, ...tool("add") },
    {
      id: "remove",
      label: "Delete",
      group,
      keys: ["Del"],
      icon: "remove",
      enabled: () => some() || session.finding !== null,
      run: () => (session.finding ? discard(session) : session.edit(remove(session.teeth, session.chosen), [])),
    },
  ];
}

function undoing({ session }) {
  const group = "Correct";
  return [
    {
      id: "restore",
      label: "As found by the model",
      group,
      keys: ["b"],
      icon: "restore",
      enabled: () => restorable(session) !== null,
      run: () => (session.finding ? bringBack(session) : restoring(session)),
    },
    { id: "undo", label: "Undo", group, keys: ["Ctrl+Z"], icon: "undo", enabled: () => session.canUndo, run: () => session.undo() },
    { id: "redo", label: "Redo", group, keys: ["Ctrl+Shift+Z", "Ctrl+Y"], icon: "redo", enabled: () => session.canRedo, run: () => session.redo() },
  ];
}

function splitting(toolbox) {
  if (toolbox.current?.id === "split") toolbox.current.apply();
  else toolbox.use("split");
}

async function renumbering(session, viewer) {
  const tooth = session.only;
  const before = session.teeth;
  const words = {
    title: tooth.fdi ? `New number for ${written(tooth.fdi, preference("numbering"))}` : "Number of the tooth",
    none: "No number",
    set: "Set number",
    own: "its current number",
    taken: "in use, the two teeth swap numbers",
    free: "free",
  };
  const inSight = (dialog) => keepClear(dialog, viewer, tooth);
  const fdi = await pickNumber(tooth.fdi, (number) => session.bearing(number), words, inSight);
  if (fdi === null || fdi === tooth.fdi || session.teeth !== before) return;
  const { teeth, swapped } = renumber(session.teeth, tooth.key, fdi);
  session.edit(teeth, [tooth.key]);
  const shown = (number) => written(number, preference("numbering"));
  if (swapped) say(`${shown(fdi)} was in use: the other tooth is now ${tooth.fdi ? shown(tooth.fdi) : "without a number"}.`);
}

/** What "As found" restores: the selected tooth or finding as predicted, or the tooth removed here. */
function restorable(session) {
  if (session.number) return session.removed.find((tooth) => tooth.fdi === session.number) ?? null;
  const { shape } = session;
  return shape && session.change(shape) ? session.origin(shape) : null;
}

function restoring(session) {
  const { teeth, tooth, taken } = restore(session.teeth, restorable(session));
  session.edit(teeth, [tooth.key]);
  if (taken) say("Another tooth has its number, so it was restored without one.");
}
