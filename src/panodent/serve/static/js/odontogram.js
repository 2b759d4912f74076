// The chart of the teeth, linked with the radiograph. States are visible without colour: found teeth
// are filled, doubtful ones dashed with "?", absent ones pale with a cross, those removed by hand
// dotted, unerupted ones hollow in a ring; "*" marks changes by hand. Findings are drawn as dentists
// chart them.

import { arch, isUnerupted, nameOf, stateInWords, toothOf, written } from "./arch.js";
import { h, svg, whenReleased } from "./dom.js";
import { inWords, isShown } from "./kinds.js";
import { problemsInWords } from "./numbering.js";
import { preference } from "./preferences.js";
import { signs } from "./signs.js";

const COLUMNS = [33, 29, 31, 31, 31, 46, 43, 39]; // width by position from the midline
const LENGTH = 110;

export class Odontogram {
  #session;
  #onPick;
  #buttons = new Map(); // by FDI number
  #rows = [];
  #tray;
  #showTray;
  #focus = 11;

  /** `onPick(fdi, key, event)` is called for a click on the chart; key is null without a tooth. */
  constructor(element, session, onPick) {
    this.#session = session;
    this.#onPick = onPick;
    this.#tray = element.querySelector(".tray");
    this.#showTray = whenReleased([this.#tray], () => this.#fillTray());
    const chart = element.querySelector(".chart");
    for (const [jaw, deciduous] of [
      ["upper", false],
      ["upper", true],
      ["lower", true],
      ["lower", false],
    ]) {
      const row = h("div", { class: `arch ${jaw} ${deciduous ? "deciduous" : "permanent"}` });
      row.append(...arch(jaw, deciduous).map((fdi) => this.#place(fdi)));
      chart.append(row);
      this.#rows.push(row);
    }
    chart.addEventListener("keydown", (event) => this.#key(event));
    chart.addEventListener("pointerleave", () => session.hover(null));
    session.addEventListener("change", () => this.#changed());
    session.addEventListener("hover", () => this.#hovered());
  }

  #place(fdi) {
    const tooth = toothOf(fdi);
    const width = COLUMNS[(fdi % 10) - 1];
    const up = tooth.jaw === "upper";
    const box = `${-width / 2} ${up ? -LENGTH : -2} ${width} ${LENGTH + 2}`;
    const shapes = tooth.path.map((d, i) => {
      const kind = i === tooth.path.length - 1 ? "crown" : "root";
      return svg("path", { d, class: kind });
    });
    const cross = svg("path", { d: "M-7 12L7 28M7 12L-7 28", class: "absence" });
    const ring = svg("rect", {
      x: -width / 2 + 1.2, y: -1, width: width - 2.4, height: LENGTH - 1, rx: 9, class: "ring",
    });
    const found = svg("g", { class: "signs" });
    const figure = svg("g", { transform: up ? "scale(1 -1)" : null }, ring, ...shapes, cross, found);
    const button = h(
      "button",
      {
        type: "button",
        class: "place",
        "data-fdi": fdi,
        tabindex: fdi === this.#focus ? 0 : -1,
        onclick: (event) => this.#pick(fdi, event),
        onpointerenter: () => this.#session.hover(this.#session.bearing(fdi)?.key ?? null),
        onfocus: () => this.#rove(fdi),
      },
      svg("svg", { viewBox: box, "aria-hidden": "true" }, figure),
      h("span", { class: "number" }),
    );
    const column = tooth.side === "right" ? 9 - (fdi % 10) : 9 + (fdi % 10);
    button.style.gridColumn = column;
    this.#buttons.set(fdi, button);
    return button;
  }

  #pick(fdi, event) {
    this.#onPick(fdi, this.#session.bearing(fdi)?.key ?? null, event);
  }

  #rove(fdi) {
    this.#buttons.get(this.#focus).tabIndex = -1;
    this.#focus = fdi;
    this.#buttons.get(fdi).tabIndex = 0;
  }

  #key(event) {
    const now = Number(event.target.closest(".place")?.dataset.fdi);
    if (!now || event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = this.#rows.filter((row) => !row.hidden);
    const at = rows.findIndex((row) => row.contains(event.target));
    const own = [...rows[at].children];
    const place = own.indexOf(event.target.closest(".place"));
    const nearest = (row) =>
      row &&
      [...row.children].reduce((a, b) =>
        Math.abs(b.offsetLeft - event.target.offsetLeft) < Math.abs(a.offsetLeft - event.target.offsetLeft)
          ? b
          : a,
      );
    const to = {
      ArrowLeft: own[place - 1],
      ArrowRight: own[place + 1],
      ArrowUp: nearest(rows[at - 1]),
      ArrowDown: nearest(rows[at + 1]),
      Home: own[0],
      End: own.at(-1),
    }[event.key];
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    to.focus();
    this.#session.hover(this.#session.bearing(Number(to.dataset.fdi))?.key ?? null);
  }

  #changed() {
    const session = this.#session;
    const deciduous = [...session.teeth, ...session.found, ...session.findings].some(
      (tooth) => tooth.fdi && toothOf(tooth.fdi).deciduous,
    );
    this.#rows[1].hidden = this.#rows[2].hidden = !deciduous;
    const removed = new Set(session.removed.map((tooth) => tooth.fdi));
    for (const [fdi, button] of this.#buttons) {
      const tooth = session.bearing(fdi);
      const state = tooth ? session.state(tooth) : removed.has(fdi) ? "removed" : "absent";
      this.#show(button, fdi, tooth, state);
    }
    this.#showTray();
  }

  #show(button, fdi, tooth, state) {
    const session = this.#session;
    const change = tooth ? session.change(tooth) : "";
    const chosen = tooth ? session.chosen.includes(tooth.key) : session.number === fdi;
    const number = written(fdi, preference("numbering"));
    const unerupted = Boolean(tooth) && isUnerupted(tooth);
    const wrong = tooth ? problemsInWords(session.problemsOf(tooth)) : [];
    const mark = (wrong.length ? "!" : "") + (state === "doubtful" ? "?" : "") + (change ? "*" : "");
    button.toggleAttribute("data-wrong", wrong.length > 0);
    button.dataset.state = state;
    button.toggleAttribute("data-changed", Boolean(change));
    button.toggleAttribute("data-unerupted", unerupted);
    button.toggleAttribute("data-remnant", Boolean(tooth?.remnant));
    const newly = chosen && button.getAttribute("aria-pressed") === "false";
    button.setAttribute("aria-pressed", chosen);
    if (newly) this.#bringIntoSight(button);
    button.lastChild.textContent = number + mark;
    const held = this.#showFindings(button, fdi, tooth);
    const states = { found: "found", doubtful: "doubtful", removed: "removed by hand", absent: session.isReplaced(fdi) ? "missing" : "not found" };
    const said = [states[state], tooth && stateInWords(tooth), ...held, ...wrong].filter(Boolean).join(", ");
    button.setAttribute(
      "aria-label",
      `${number}${mark} ${nameOf(fdi)}, ${said}${change ? `, ${change} by hand` : ""}`,
    );
    button.title = `${number} ${nameOf(fdi)}: ${said}`;
  }

  /** On a narrow page the chart shows one side of the patient at a time. */
  #bringIntoSight(button) {
    const chart = button.closest(".chart");
    if (chart.scrollWidth <= chart.clientWidth) return;
    const [place, seen] = [button.getBoundingClientRect(), chart.getBoundingClientRect()];
    if (place.left < seen.left || place.right > seen.right) chart.scrollBy({ left: place.left < seen.left ? -seen.width : seen.width });
  }

  /** Draws what was found on a tooth or in its place; returns it in words. */
  #showFindings(button, fdi, tooth) {
    const session = this.#session;
    const findings = session.findingsAt(fdi);
    const shown = findings.map(({ kind }) => kind).filter(isShown);
    const looks = [...new Set(shown)].sort().join() + (tooth ? "" : " alone");
    button.classList.toggle("carries", session.finding?.fdi === fdi);
    if (button.dataset.signs !== looks) {
      button.dataset.signs = looks;
      button.querySelector(".signs").replaceChildren(...signs(fdi, shown, Boolean(tooth)));
    }
    const words = inWords(findings, (finding) => session.state(finding) === "doubtful");
    button.toggleAttribute("data-doubt", shown.length > 0 && words.some((word) => word.endsWith("?")));
    return words;
  }

  #fillTray() {
    const session = this.#session;
    const loose = session.teeth.filter((tooth) => !tooth.fdi);
    this.#tray.hidden = !loose.length;
    this.#tray.replaceChildren(
      h("span", {}, `${loose.length} without a number`),
      ...loose.map((tooth, i) =>
        h(
          "button",
          {
            type: "button",
            class: "loose",
            "data-key": tooth.key,
            "aria-pressed": session.chosen.includes(tooth.key),
            "aria-label": `? Tooth ${i + 1} without a number`,
            onclick: (event) => this.#onPick(0, tooth.key, event),
            onpointerenter: () => session.hover(tooth.key),
            onpointerleave: () => session.hover(null),
          },
          "?",
        ),
      ),
    );
    this.#hovered();
  }

  #hovered() {
    const { hovered } = this.#session;
    const one = this.#session.tooth(hovered) ?? this.#session.findingOf(hovered);
    for (const [fdi, button] of this.#buttons) button.classList.toggle("hovered", one?.fdi === fdi);
    for (const button of this.#tray.querySelectorAll(".loose")) {
      button.classList.toggle("hovered", button.dataset.key === this.#session.hovered);
    }
  }
}
