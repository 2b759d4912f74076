// What the panel beside the radiograph says of findings: one of them, those of a tooth, or all.

import { nameOf } from "./arch.js";
import { h } from "./dom.js";
import { brought, inOrder } from "./findings.js";
import { isShown, kindNames, kindOf, replaces, showKind } from "./kinds.js";
import { sample } from "./patterns.js";
import { doubt } from "./reviewpanel.js";

const ACTIONS = [
  ["kind", "Change kind"], ["reassign", "Other tooth"], ["outline", "Outline"], ["brush", "Brush"],
  ["eraser", "Eraser"], ["remove", "Delete"],
  ["restore", "As found"],
];

/** The panel of the selected finding; `number(fdi)` writes a number. */
export function onePanel(session, commands, number) {
  const finding = session.finding;
  const [state, change] = [session.state(finding), session.change(finding)];
  return [
    h("div", { class: "headline" }, sample(finding.kind), h("h2", { tabindex: -1 }, kindOf(finding.kind).title)),
    h(
      "p",
      { class: "chips" },
      h("span", { class: `chip ${state}` }, state === "doubtful" ? "? doubtful" : finding.accepted ? "✓ accepted" : "found"),
      change && h("span", { class: "chip changed" }, `* ${change} by hand`),
    ),
    where(session, finding, number),
    doubt(session, finding, commands),
    clash(session, finding, number),
    change ? null : certainty(finding),
    h("div", { class: "actions" }, ACTIONS.map(([id, text]) => commands.button(id, text))),
  ].filter(Boolean);
}

function where(session, { fdi, kind }, number) {
  if (!fdi) return h("p", {}, "On no single tooth.");
  const tooth = session.bearing(fdi);
  const said = tooth ? "On" : replaces(kind) ? "In place of" : "In the position of";
  return h(
    "p",
    { class: "carrier" },
    said,
    h(
      "button",
      { type: "button", class: "link", "aria-label": `${number(fdi)} ${nameOf(fdi)}`, onclick: () => session.chooseNumber(fdi) },
      number(fdi),
    ),
    nameOf(fdi),
  );
}

/** An implant or a pontic where a tooth stands: one of the two is wrong. */
function clash(session, { fdi, kind }, number) {
  if (!fdi || !replaces(kind) || !session.bearing(fdi)) return null;
  const what = kind === "implant" ? "an implant" : `a ${kindOf(kind).title}`;
  const text = `Tooth ${number(fdi)} is marked here too. Where ${what} stands there is no tooth: delete one of them.`;
  return h("p", { class: "banner" }, text);
}

function certainty({ score }) {
  const meter = h("meter", { min: 0, max: 1, low: 0.5, value: score, "aria-label": "Certainty" });
  return h("p", { class: "score" }, "Certainty", meter, h("b", {}, score.toFixed(2)));
}

/** The findings of a tooth or a position, and the command to draw one. */
export function ofTooth(session, commands, fdi) {
  const findings = fdi ? session.findingsAt(fdi) : [];
  return h(
    "div",
    { class: "links" },
    h("h3", {}, "Findings"),
    findings.length ? h("div", {}, findings.map((one) => chip(session, one))) : h("p", { class: "quiet-text" }, "None."),
    h("div", {}, commands.button("add-finding", "Draw finding")),
  );
}

function chip(session, finding) {
  const doubtful = session.state(finding) === "doubtful";
  const mark = (doubtful ? "?" : "") + (session.change(finding) ? "*" : "");
  return h(
    "button",
    {
      type: "button",
      class: `link of-finding ${doubtful ? "doubtful" : ""}`,
      "data-finding": finding.key,
      onclick: () => session.pick(finding.key),
      onpointerenter: () => session.hover(finding.key),
      onpointerleave: () => session.hover(null),
    },
    sample(finding.kind),
    kindOf(finding.kind).title + mark,
  );
}

/** All findings: which kinds are shown, a line for each tooth, and what was removed. */
export function all(session, commands, number) {
  const { findings, study } = session;
  const said = study.charted
    ? "None found."
    : "The model that read this radiograph does not look for fillings, crowns and implants.";
  return h(
    "section",
    { class: "findings-panel", "aria-labelledby": "findings-title" },
    h(
      "div",
      { class: "headline" },
      h("h3", { id: "findings-title" }, `${findings.length} ${findings.length === 1 ? "finding" : "findings"}`),
      commands.button("findings", "Show"),
    ),
    findings.length ? filter(findings) : h("p", { class: "quiet-text" }, said),
    perTooth(session, number),
    removed(session, number),
    h("div", {}, commands.button("add-finding", "Draw finding")),
  );
}

function filter(findings) {
  const kinds = kindNames().filter((kind) => findings.some((finding) => finding.kind === kind));
  const line = (kind) => {
    const count = findings.filter((finding) => finding.kind === kind).length;
    const box = h("input", { type: "checkbox", "data-show": kind, onchange: () => showKind(kind, box.checked) });
    box.checked = isShown(kind);
    const { title, plural } = kindOf(kind);
    return h("label", { class: "check" }, box, sample(kind), `${count} ${count === 1 ? title : plural}`);
  };
  return h("div", { class: "filter", role: "group", "aria-label": "Kinds that are shown" }, kinds.map(line));
}

function perTooth(session, number) {
  if (!session.findings.length) return null;
  const numbers = [...new Set(inOrder(session.findings).map((finding) => finding.fdi))];
  const line = (fdi) =>
    h("li", {}, h("b", {}, fdi ? number(fdi) : "No single tooth"), session.findingsAt(fdi).map((one) => chip(session, one)));
  return h("ul", { class: "per-tooth", "aria-label": "Findings by tooth" }, numbers.map(line));
}

function removed(session, number) {
  if (!session.removedFindings.length) return null;
  const back = (found) => {
    const { findings, finding } = brought(session.findings, found, session.teeth);
    session.editFindings(findings, finding.key);
  };
  const buttons = inOrder(session.removedFindings).map((found) => {
    const text = `${found.fdi ? `${number(found.fdi)} ` : ""}${kindOf(found.kind).title}`;
    return h(
      "button",
      { type: "button", class: "link removed", "aria-label": `Restore ${text}`, onclick: () => back(found) },
      text,
    );
  });
  return h("div", { class: "links" }, h("h3", {}, "Removed by hand: restore"), h("div", {}, buttons));
}
