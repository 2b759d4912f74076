// What can be taken away: files of the open study, and all saved studies for training.

import * as api from "./api.js";
import { byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { complain, say } from "./notices.js";
import { preference } from "./preferences.js";

const FILES = [
  ["overlay.png", "Picture with teeth", "PNG, as panodent predict draws it"],
  ["labels.png", "Label image", "PNG, a pixel's value is its tooth's FDI number"],
  ["report.pdf", "Report", "PDF: overlay, chart and table, to print"],
  ["odontogram.svg", "Odontogram", "SVG"],
  ["odontogram.png", "Odontogram", "PNG"],
  ["teeth.csv", "Table", "CSV, a row a tooth"],
  ["teeth.json", "Teeth", "JSON: numbers, scores, boxes, outlines"],
  ["coco.json", "COCO annotation", "JSON with run lengths, for training"],
  ["teeth.seg.dcm", "DICOM segmentation", "a segment a tooth"],
  ["teeth.pr.dcm", "DICOM presentation state", "outlines over the radiograph"],
  ["teeth.sr.dcm", "DICOM structured report", "numbers and measurements"],
];

/** Gives a blob to the browser to keep. */
export function keep(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Shows what there is to take away; `save()` saves what is not saved yet. */
export function showExports(session, known, save) {
  const { study } = session;
  const stem = study.name.replace(/\.[^.]+$/, "");
  const line = (name, label, says) => {
    const button = h(
      "button",
      { type: "button", "data-export": name, onclick: () => fetched(button, name) },
      icon("export"),
      h("span", {}, h("b", {}, label), h("small", {}, says)),
    );
    return h("li", {}, button);
  };
  const fetched = async (button, name) => {
    button.setAttribute("aria-busy", "true");
    try {
      keep(await api.exported(study.id, name, preference("numbering")), `${stem}-${name}`);
      say(`${stem}-${name} is ready.`);
    } catch (error) {
      complain(error);
    } finally {
      button.removeAttribute("aria-busy");
    }
  };
  const fits = ([name]) => known.includes(name) && (!name.endsWith(".dcm") || study.kind === "dicom");
  const unsaved = h(
    "p",
    { class: "banner" },
    "The files hold what is saved; your latest changes are not.",
    h("button", {
      type: "button",
      class: "primary",
      onclick: async () => {
        if (await save()) unsaved.remove();
      },
    }, "Save now"),
  );
  const dialog = h(
    "dialog",
    { class: "exports", "aria-labelledby": "exports-title" },
    h("header", {}, h("h2", { id: "exports-title" }, "Take away"), closing(() => dialog.close())),
    session.dirty ? unsaved : null,
    h("ul", {}, FILES.filter(fits).map((file) => line(...file))),
    study.kind === "dicom" ? null : h("p", { class: "quiet-text" }, "DICOM results need a DICOM radiograph."),
    h("p", { class: "quiet-text" }, "Research use only, not a medical device."),
  );
  dialog.addEventListener("close", () => dialog.remove());
  byId("dialogs").append(dialog);
  dialog.showModal();
}

const closing = (onclick) =>
  h("button", { type: "button", class: "icon-only quiet", "aria-label": "Close", onclick }, icon("close"));

/** All saved studies as a folder that `panodent train` takes. */
export async function takeTraining() {
  try {
    keep(await api.training(), "panodent-training.zip");
    say("Unpack it and run: panodent train panodent-training/ --output runs/mine");
  } catch (error) {
    complain(error);
  }
}
