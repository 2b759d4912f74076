// Exports: files of the open study, and all saved studies for training.

import * as api from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { problemsInWords } from "./numbering.js";
import { complain, say } from "./notices.js";
import { preference } from "./preferences.js";

const FILES = [
  ["overlay.png", "Overlay", "PNG, as written by panodent predict"],
  ["labels.png", "Label image", "PNG, pixel values are FDI numbers"],
  ["report.pdf", "Report", "PDF with overlay, chart and table, to print"],
  ["report.html", "Report as a page", "HTML with the same, opens and prints in any browser"],
  ["odontogram.svg", "Odontogram", "SVG"],
  ["odontogram.png", "Odontogram", "PNG"],
  ["teeth.csv", "Table", "CSV, one row per tooth"],
  ["findings.csv", "Table of findings", "CSV, one row per finding"],
  ["teeth.json", "Teeth and findings", "JSON with numbers, scores, boxes and outlines"],
  ["findings.json", "Findings", "COCO results, as written by panodent predict"],
  ["coco.json", "COCO annotation", "JSON with run-length encoded masks, for training"],
  ["teeth.seg.dcm", "DICOM segmentation", "one segment per tooth and finding"],
  ["teeth.seg-ohif.dcm", "DICOM segmentation for OHIF", "the same, for this viewer"],
  ["teeth.pr.dcm", "DICOM presentation state", "outlines over the radiograph"],
  ["teeth.sr.dcm", "DICOM structured report", "numbers, findings and measurements"],
];

/** Starts a download of a blob. */
function keep(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Shows the dialog of exports; `save()` saves unsaved changes. */
export function showExports(session, known, save) {
  const { study } = session;
  const charted = study.charted || session.findings.length > 0;
  const fits = ([name]) =>
    known.includes(name) &&
    (!name.endsWith(".dcm") || study.kind === "dicom") &&
    (!name.startsWith("findings.") || charted);
  const dialog = h(
    "dialog",
    { class: "exports", "aria-labelledby": "exports-title" },
    h("header", {}, h("h2", { id: "exports-title" }, "Export"), closing(() => dialog.close())),
    session.dirty ? unsaved(save) : null,
    session.problems.length
      ? h("p", { class: "banner" }, ["Check the numbers first.", ...problemsInWords(session.problems)].join(" "))
      : null,
    h("ul", {}, FILES.filter(fits).map((file) => line(study, ...file))),
    study.kind === "dicom" ? null : h("p", { class: "quiet-text" }, "DICOM results need a DICOM radiograph."),
    h("p", { class: "quiet-text" }, "Research use only, not a medical device."),
  );
  dialog.addEventListener("close", () => dialog.remove());
  byId("dialogs").append(dialog);
  dialog.showModal();
}

function line(study, name, label, says) {
  const button = h(
    "button",
    { type: "button", "data-export": name, onclick: () => take(study, name, button) },
    icon("export"),
    h("span", {}, h("b", {}, label), h("small", {}, says)),
  );
  return h("li", {}, button);
}

async function take(study, name, button) {
  const file = `${study.name.replace(/\.[^.]+$/, "")}-${name}`;
  button.setAttribute("aria-busy", "true");
  try {
    keep(await api.exported(study.id, name, preference("numbering")), file);
    say(`${file} is ready.`);
  } catch (error) {
    complain(error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function unsaved(save) {
  const onclick = async () => {
    if (await save()) banner.remove();
  };
  const button = h("button", { type: "button", class: "primary", onclick }, "Save now");
  const text = "Exports contain what is saved; your latest changes are not saved yet.";
  const banner = h("p", { class: "banner" }, text, button);
  return banner;
}

const closing = (onclick) =>
  h("button", { type: "button", class: "icon-only quiet", "aria-label": "Close", onclick }, icon("close"));

/** Downloads all saved studies as training data for `panodent train`. */
export async function takeTraining() {
  try {
    keep(await api.training(), "panodent-training.zip");
    say("Unpack it and run: panodent train panodent-training/ --output runs/mine");
  } catch (error) {
    complain(error);
  }
}
