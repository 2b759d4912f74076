// The order of the teeth along each arch, and their names and numbers in three systems.

let teeth = {};
let arches = [];

/** Sets the table of teeth from /v1/info. */
export function useTeeth(table) {
  teeth = table;
  const numbers = Object.keys(table).map(Number);
  const order = (fdi) => {
    const mark = table[fdi].universal;
    return /^\d+$/.test(mark) ? Number(mark) : mark.charCodeAt(0);
  };
  arches = [];
  for (const deciduous of [false, true]) {
    for (const jaw of ["upper", "lower"]) {
      const own = numbers.filter((n) => table[n].deciduous === deciduous && table[n].jaw === jaw);
      own.sort((a, b) => order(a) - order(b));
      // Universal numbers of the lower jaw run from image right to left; all arches here run left to right.
      arches.push(jaw === "upper" ? own : own.reverse());
    }
  }
}

/** FDI numbers from image left to right. */
export const arch = (jaw, deciduous) => arches[(deciduous ? 2 : 0) + (jaw === "upper" ? 0 : 1)];

export const toothOf = (fdi) => teeth[fdi] ?? null;

/** Whether a tooth has not erupted, as the service says of the teeth as last saved. */
export const isUnerupted = (tooth) =>
  tooth.erupted === false && tooth.fdi > 0 && !teeth[tooth.fdi].deciduous;

/** What is known of a tooth besides its number, as of the last save: "root remnant", "impacted (mesial, depth
 *  B)" or "unerupted"; empty for a whole, erupted tooth. */
export function stateInWords(tooth) {
  if (tooth.remnant) return "root remnant";
  if (tooth.impaction) return `impacted (${tooth.impaction.angulation}, depth ${tooth.impaction.depth})`;
  return isUnerupted(tooth) ? "unerupted" : "";
}

/** The arch of a number. */
export const archOf = (fdi) => arches.find((numbers) => numbers.includes(fdi)) ?? [];

/** The next number to the image's right (1) or left (-1); null at the arch's end. */
export function beside(fdi, step) {
  const numbers = archOf(fdi);
  return numbers[numbers.indexOf(fdi) + step] ?? null;
}

/** All permanent numbers, upper then lower, left to right. */
export const permanent = () => [...arch("upper", false), ...arch("lower", false)];

/** A number in a numbering system; "?" for 0, a tooth without a number. */
export function written(fdi, numbering) {
  if (!fdi) return "?";
  return numbering === "fdi" ? String(fdi) : teeth[fdi][numbering];
}

export const nameOf = (fdi) => (fdi ? teeth[fdi].name : "tooth without a number");

/** The FDI number of a text in a numbering system; null if it is not a number of it. */
export function read(text, numbering) {
  const wanted = text.trim().toUpperCase();
  const found = Object.keys(teeth).find((fdi) => written(Number(fdi), numbering).toUpperCase() === wanted);
  return found ? Number(found) : null;
}

/** A sentence of the service, with its FDI numbers in a numbering system. */
export const inNumbering = (text, numbering) =>
  text.replace(/(?<![.\d])[1-8][1-8](?![.\d])/g, (fdi) => (teeth[fdi] ? written(Number(fdi), numbering) : fdi));

/** Sorts teeth: upper jaw left to right, lower jaw left to right, then those without a number. */
export function alongArches(list) {
  const order = [...arches[0], ...arches[2], ...arches[1], ...arches[3]];
  const place = (tooth) => (tooth.fdi ? order.indexOf(tooth.fdi) : order.length + tooth.centre[0]);
  return [...list].sort((a, b) => place(a) - place(b));
}
