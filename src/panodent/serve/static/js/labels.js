// Places the numbers of the teeth on the radiograph so that none lies over another.

const SIZES = { large: { letter: 7.7, height: 14 }, small: { letter: 5.7, height: 10.5 } };
const STEPS = [0, 9, 18, -9]; // screen pixels towards the root, tried one after the other

/**
 * Sets `shown` of each label: { text, size, shift }, or null where there is no room. A label is { x, y,
 * number, marks, room, up, first }: its middle on the screen, the tooth's width, whether the root points up,
 * and whether it goes before others.
 */
export function arrange(labels, small) {
  const taken = [];
  for (const label of [...labels].sort((a, b) => b.first - a.first)) {
    const fits = candidates(label, small).find((one) => taken.every((box) => apart(box, boxOf(label, one))));
    label.shown = fits ?? null;
    if (fits) taken.push(boxOf(label, fits));
  }
}

/** Draws a label of `arrange` in its SVG text element. */
export function drawLabel(element, { x, y, shown }) {
  element.toggleAttribute("data-hidden", !shown);
  if (!shown) return;
  element.setAttribute("x", x);
  element.setAttribute("y", y + shown.shift);
  element.textContent = shown.text;
  element.toggleAttribute("data-narrow", shown.size === "small");
}

function* ways({ number, marks, room, first }, small) {
  for (const size of small ? ["small"] : ["large", "small"]) {
    for (const text of marks ? [number + marks, number] : [number]) {
      // Wider than its tooth it would seem to belong to the next one.
      if (first || SIZES[size].letter * text.length <= room * 1.25) yield { size, text };
    }
  }
}

function candidates(label, small) {
  const shifts = label.first ? [0] : STEPS;
  return [...ways(label, small)].flatMap((way) =>
    shifts.map((shift) => ({ ...way, shift: label.up ? -shift : shift })),
  );
}

function boxOf({ x, y }, { size, text, shift }) {
  const { letter, height } = SIZES[size];
  const half = (letter * text.length) / 2;
  return [x - half, y + shift - height / 2, x + half, y + shift + height / 2];
}

const apart = (a, b) => a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
