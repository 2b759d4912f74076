// Starts the page and connects its parts.

import { actions } from "./actions.js";
import * as api from "./api.js";
import { announce } from "./announce.js";
import { useTeeth } from "./arch.js";
import { bindCaption } from "./caption.js";
import { Commands } from "./commands.js";
import { Comparison } from "./compare.js";
import { askText } from "./dialogs.js";
import { byId, toggle } from "./dom.js";
import { bringDraftBack, keepDrafts } from "./drafts.js";
import { contains } from "./geometry.js";
import { Gestures } from "./gestures.js";
import { Inspector } from "./inspector.js";
import { listen as listenToKeys } from "./keyboard.js";
import { useKinds } from "./kinds.js";
import { Measures } from "./measures.js";
import { complain } from "./notices.js";
import { Odontogram } from "./odontogram.js";
import { Picture } from "./picture.js";
import { watchNumbers } from "./numbering.js";
import { onPreference, preference } from "./preferences.js";
import { bindPrint } from "./print.js";
import { Saving } from "./saving.js";
import { Session } from "./session.js";
import { StudyList, bindProgress } from "./studies.js";
import { Toolbox } from "./toolbox.js";
import { bindTop, placeButtons } from "./toolbars.js";
import { showWarning } from "./turning.js";
import { Uploads } from "./uploads.js";
import { viewPanel } from "./viewpanel.js";
import { Viewer } from "./viewer.js";
import { applyWindow, changeWindow } from "./window.js";
import { Worklist } from "./worklist.js";

const session = new Session();
const viewer = new Viewer(byId("viewer"), session);
const measures = new Measures();
const commands = new Commands();
const toolbox = new Toolbox(session, viewer, (id) => commands.run(id));
const saving = new Saving(session, (answer) => show(answer, false));
const studies = new Worklist();
const uploads = new Uploads(byId("uploads"), arrived);
const comparison = new Comparison((id) => (session.study?.id === id ? session : null), backTo);

// --- opening and closing ----------------------------------------------------------------------

/** Shows a study with its teeth; with `anew` it also fetches its picture. */
function show(answer, anew = true) {
  toolbox.use(null);
  if (anew) comparison.close();
  session.open(answer);
  toggle(byId("start"), "hidden", true);
  toggle(byId("workspace"), "hidden", false);
  history.replaceState(null, "", `#${answer.id}`);
  showWarning(answer.warning, commands);
  if (!anew) return;
  bringDraftBack(session);
  viewer.setPicture(null);
  viewer.camera.setImage(session.size);
  fetchPicture(answer.id);
}

async function fetchPicture(id) {
  try {
    const picture = await Picture.from(await api.picture(id));
    if (session.study?.id !== id) return picture.close();
    applyWindow(picture);
    viewer.setPicture(picture);
  } catch (error) {
    complain(error);
  }
  return undefined;
}

let asked = 0; // studies that were asked for; of several on their way the last is shown

async function open(id) {
  const mine = ++asked;
  if (id === session.study?.id) return comparison.open ? comparison.leave(id) : toggleList(false);
  try {
    const answer = await api.study(id);
    // Asked now and not before: what is changed while the study is on its way is not lost.
    if (mine !== asked || !(await saving.mayLeave())) return undefined;
    show(answer);
    toggleList(false);
    viewer.element.focus({ preventScroll: true }); // its keys, and none of the list
  } catch (error) {
    if (error.status === 404) history.replaceState(null, "", session.study ? `#${session.study.id}` : " ");
    complain(error);
  }
  return undefined;
}

/** Shows a study beside another one, or beside FOUND. */
function compare(id, other) {
  toolbox.use(null);
  toggleList(false);
  return comparison.show(id, other);
}

/** The comparison was closed: shows the study that it was opened with. */
function backTo(id) {
  if (session.study?.id !== id) return open(id);
  toggle(byId("workspace"), "hidden", false);
  history.replaceState(null, "", `#${id}`);
  viewer.element.focus({ preventScroll: true });
  return toggleList(false);
}

function close() {
  toolbox.use(null);
  session.open(null);
  viewer.setPicture(null);
  history.replaceState(null, "", " ");
  toggle(byId("start"), "hidden", false);
  toggle(byId("workspace"), "hidden", true);
}

async function arrived(study, alone) {
  // A new study must not replace one with unsaved changes.
  const free = !session.study || (alone && !session.dirty);
  if (free) show(study);
  await studies.refresh();
}

async function example() {
  try {
    const answer = await api.example();
    if (await saving.mayLeave()) show(answer);
    await studies.refresh();
  } catch (error) {
    complain(error);
  }
}

function toggleList(on = byId("drawer").hidden) {
  const before = !byId("drawer").hidden;
  toggle(byId("drawer"), "hidden", !on);
  if (on) {
    studies.refresh();
    byId("drawer").querySelector("h2").focus();
  } else if (before) document.querySelector("[data-command=list]").focus();
}

function toggleView() {
  toggle(byId("view-panel"), "hidden", !byId("view-panel").hidden);
  if (!byId("view-panel").hidden) byId("view-panel").querySelector("input").focus();
}

// --- choosing teeth and findings --------------------------------------------------------------

function pick(fdi, key, event) {
  if (key && toolbox.current?.click?.(null, key)) return;
  if (key && (event.shiftKey || event.ctrlKey || event.metaKey)) session.toggle(key);
  else if (key) session.choose([key]);
  else if (fdi) session.chooseNumber(fdi);
}

/** A click on the radiograph. A second one on a finding, or one with a key, means the tooth below it. */
function pickAt(key, event) {
  const finding = session.findingOf(key);
  const below = finding && (key === session.picked || event.shiftKey || event.ctrlKey || event.metaKey);
  if (finding && !below) return session.pick(key);
  const tooth = finding ? viewer.toothAt(event) : key;
  return tooth ? pick(0, tooth, event) : session.choose([]);
}

function bindViewer() {
  new Gestures(viewer, {
    tool: () => toolbox.current,
    hover: (key) => session.hover(key),
    open: (key) => viewer.show(session.tooth(key) ?? session.findingOf(key)),
    click: pickAt,
    lasso: (points) => session.choose(session.teeth.filter(({ centre }) => contains(points, centre)).map(({ key }) => key)),
  });
}

/** Keys without a command: arrow keys on the radiograph, and Escape. */
function otherKeys(name, event) {
  if (name === "Escape") {
    if (toolbox.current) toolbox.use(null);
    else if (!byId("view-panel").hidden) toggleView();
    else if (!byId("drawer").hidden) toggleList(false);
    else session.choose([]);
    return true;
  }
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  // If the page itself scrolls, arrow keys move the radiograph only while it has the focus.
  const scrolls = document.documentElement.scrollHeight > window.innerHeight;
  const elsewhere = event.target.closest("#inspector, #drawer") || (scrolls && event.target !== viewer.element);
  if (!step || !session.study || elsewhere) return false;
  if (event.shiftKey) changeWindow(viewer, step[0] * 8, step[1] * 8);
  else viewer.pan(-step[0] * 60, -step[1] * 60);
  return true;
}

// --- start ------------------------------------------------------------------------------------

async function start() {
  api.onTokenNeeded(async (wrong) => {
    const text = wrong ? "This token is wrong." : "Open the address that panodent serve printed, or ask who runs it.";
    return askText("A token is required", text, "Token", "password");
  });
  const info = await api.info();
  useTeeth(info.teeth);
  useKinds(info.findings);
  uploads.limit = info.max_bytes;
  commands.add(
    actions({ session, viewer, toolbox, saving, studies, commands, info, open, compare, show, example, toggleList, toggleView }),
  );
  placeButtons(commands);
  bindTop({ session, viewer, toolbox });
  new Odontogram(byId("odontogram"), session, pick);
  new Inspector(byId("inspector"), session, commands, measures);
  bindViewer();
  for (const place of [byId("drawer"), document.querySelector(".recent")]) {
    new StudyList(place, studies, open, (id) => session.study?.id === id && close(), compare);
  }
  bindProgress(studies);
  bindPrint(session, viewer);
  studies.addEventListener("change", () => commands.refresh());
  watchNumbers(session);
  keepDrafts(session);
  bindCaption(byId("caption"), session, measures);
  announce(byId("selected"), session);
  listenToKeys(commands, () => (comparison.open ? comparison : toolbox.current), otherKeys);
  keepUpToDate(viewPanel(byId("view-panel"), viewer, commands));
  byId("loading").remove();
  await studies.refresh();
  window.addEventListener("hashchange", openLinked);
  await openLinked();
  commands.refresh();
  document.documentElement.dataset.ready = "true";
}

/** Updates the page after each change. `refreshView` alone is called at each frame: buttons do not depend on it. */
function keepUpToDate(refreshView) {
  for (const teller of [session, toolbox]) teller.addEventListener("change", () => commands.refresh());
  for (const [teller, what] of [[session, "change"], [viewer, "view"]]) teller.addEventListener(what, refreshView);
  let listed = "";
  session.addEventListener("change", () => {
    measures.fetch(session.study);
    const now = session.study ? `${session.study.id} ${session.study.revision}` : "";
    if (now === listed) return;
    listed = now;
    studies.mark(session.study);
  });
  const fold = () => {
    for (const name of ["chart", "panel"]) byId("workspace").classList.toggle(`no-${name}`, !preference(name));
  };
  fold();
  onPreference((name, value) => {
    fold();
    if (name === "theme") document.documentElement.dataset.theme = value;
    else session.dispatchEvent(new Event("change"));
  });
  window.addEventListener("beforeunload", (event) => {
    if (session.dirty || uploads.busy) event.preventDefault();
  });
}

async function openLinked() {
  const wanted = location.hash.slice(1);
  const sides = /^compare=([0-9a-f]{32}),([0-9a-f]{32}|found)$/.exec(wanted);
  if (sides) await compare(sides[1], sides[2]);
  else if (/^[0-9a-f]{32}$/.test(wanted)) await open(wanted);
}

start().catch((error) => {
  byId("loading").textContent = error.message;
});
