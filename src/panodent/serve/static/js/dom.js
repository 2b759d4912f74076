// Creates elements. Text is always inserted as text, never as markup: file names are untrusted.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; `on...` attributes are listeners, null and false leave an attribute or child out. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Sets or removes an attribute such as `hidden`. */
export function toggle(element, name, on) {
  element.toggleAttribute(name, Boolean(on));
}

const MOMENT = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" }); // slow to make

/** A time of the service as date and time of day here. */
export const when = (time) => MOMENT.format(new Date(time));

/** A text with a capital first letter. */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const TOUCH_CLICK = 350; // milliseconds after the release of a finger within which its click comes

/**
 * Gives a function that calls `build`, but not while a mouse button or a finger is down in one of
 * `places`: a button that is replaced under it gets no click. Then it builds after the release.
 */
export function whenReleased(places, build) {
  let [pressed, due, waiting] = [false, false, 0];
  const press = (event) => {
    clearTimeout(waiting);
    pressed = event.button === 0;
  };
  const soon = (milliseconds) => {
    clearTimeout(waiting);
    waiting = setTimeout(built, milliseconds);
  };
  const release = ({ pointerType }) => {
    // The click of a mouse is told in the same task as the release, thus before this; that of a finger later.
    if (pressed) soon(pointerType === "touch" ? TOUCH_CLICK : 0);
  };
  const built = () => {
    pressed = false;
    if (due) build();
    due = false;
  };
  for (const place of places) {
    place.addEventListener("pointerdown", press);
    place.addEventListener("click", () => pressed && soon(0));
  }
  for (const what of ["pointerup", "pointercancel"]) window.addEventListener(what, release);
  return () => {
    if (pressed) due = true;
    else build();
  };
}
