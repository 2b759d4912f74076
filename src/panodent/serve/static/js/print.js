// What is printed: one page with the radiograph, its outlines, the chart and a table, made when the browser
// is about to print. The outlines are drawn in the picture's own coordinates: they stay on their teeth.

import { alongArches, nameOf, stateInWords, toothOf, written } from "./arch.js";
import { byId, h, sentence, svg, when } from "./dom.js";
import { inOrder } from "./findings.js";
import { bounds, shownPath } from "./geometry.js";
import { kindOf } from "./kinds.js";
import { problemsInWords } from "./numbering.js";
import { preference } from "./preferences.js";

const WIDTH = 1800; // pixels of the printed picture

/** Fills the page to print before each print, and empties it afterwards. */
export function bindPrint(session, viewer) {
  const page = byId("print");
  window.addEventListener("beforeprint", () => {
    page.replaceChildren(...(session.study ? sheet(session, viewer) : []));
    document.body.classList.toggle("printing", Boolean(session.study));
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    page.replaceChildren();
  });
}

function sheet(session, viewer) {
  const { study, teeth, findings, dirty } = session;
  const chart = document.querySelector("#odontogram .chart").cloneNode(true);
  const remarks = [
    dirty ? "With changes that are not saved." : study.saved ? "As saved by a user." : "As found by the model, not reviewed.",
    study.warning && closed(study.warning),
    ...problemsInWords(session.problems),
    findings.length ? `Findings: ${found(session)}.` : "",
    ...(study.notes ?? []).map(closed),
  ];
  return [
    h("h1", {}, study.name),
    h("p", {}, `${teeth.length} teeth, ${named(preference("numbering"))} numbers. ${study.width} × ${study.height} pixels, ${when(study.updated)}.`),
    picture(session, viewer),
    h("div", { class: "odontogram" }, chart),
    table(session),
    h("p", {}, remarks.filter(Boolean).join(" ")),
    h("p", {}, "Research use only, not a medical device."),
  ];
}

/** The findings by kind, each with the numbers of its teeth. */
function found(session) {
  const places = new Map();
  for (const one of inOrder(session.findings)) {
    const number = one.fdi ? written(one.fdi, preference("numbering")) : "on no single tooth";
    const said = number + (session.state(one) === "doubtful" ? "?" : "");
    const { title } = kindOf(one.kind);
    places.set(title, new Set([...(places.get(title) ?? []), said]));
  }
  return [...places].map(([title, numbers]) => `${title} ${[...numbers].join(", ")}`).join("; ");
}

const closed = (text) => sentence(text) + (/[.?!]$/.test(text) ? "" : ".");
const named = (numbering) => ({ fdi: "FDI", universal: "Universal", palmer: "Palmer" })[numbering];

function picture(session, viewer) {
  const [width, height] = session.size;
  const image = viewer.picture
    ? svg("image", { href: viewer.picture.rendered(WIDTH), width, height, preserveAspectRatio: "none" })
    : null;
  const shapes = session.teeth.map((tooth) =>
    svg("path", { d: shownPath(tooth.polygons), class: `tooth ${session.state(tooth)}`, "fill-rule": "evenodd" }),
  );
  const marks = session.findings.map((one) => svg("path", { d: shownPath(one.polygons), class: "mark" }));
  const numbers = labels(session, height / 34);
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "plate" }, image, ...shapes, ...marks, ...numbers);
}

/** The numbers beyond the roots; where they would collide, every second one stands a line farther out. */
function labels(session, size) {
  const taken = []; // [left, right, y] of each
  return alongArches(session.teeth).map((tooth) => {
    const [left, top, right, bottom] = bounds(tooth.polygons);
    const out = tooth.fdi && toothOf(tooth.fdi).jaw === "upper" ? -1 : 1;
    const number = written(tooth.fdi, preference("numbering")) + (session.state(tooth) === "doubtful" ? "?" : "");
    const [x, half] = [(left + right) / 2, number.length * size * 0.33];
    const collides = (y) => taken.some(([from, to, at]) => from < x + half && x - half < to && Math.abs(at - y) < size);
    let y = (out < 0 ? top : bottom) + out * 0.57 * size;
    for (let tries = 0; tries < 3 && collides(y); tries++) y += out * size;
    taken.push([x - half, x + half, y]);
    return svg("text", { x, y, "font-size": size }, number);
  });
}

function table(session) {
  const line = (tooth) => {
    const change = session.change(tooth);
    const remarks = [
      change ? `${change} by hand` : "",
      stateInWords(tooth),
      tooth.accepted ? "accepted" : session.state(tooth) === "doubtful" ? `doubtful (${tooth.score.toFixed(2)})` : "",
      tooth.note,
    ];
    const said = [nameOf(tooth.fdi), remarks.filter(Boolean).join(", ")].filter(Boolean).join(": ");
    return h("p", {}, h("b", {}, written(tooth.fdi, preference("numbering"))), ` ${said}`);
  };
  return h("div", { class: "rows" }, alongArches(session.teeth).map(line));
}
