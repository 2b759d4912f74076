// How many millimetres a pixel is: as a user calibrated it by a known length, or as the file says.

const calibrations = new Map(); // by study; they last as long as the page

/** Sets millimetres of a pixel of a study. */
export const calibrate = (study, perPixel) => calibrations.set(study.id, perPixel);

/** Whether a user has calibrated the study. */
export const calibrated = (study) => calibrations.has(study.id);

/** Millimetres between two image points; null where nothing is known. */
export function millimetres(study, a, b) {
  const [row, column] = calibrated(study)
    ? [calibrations.get(study.id), calibrations.get(study.id)]
    : (study.spacing_mm ?? [NaN, NaN]);
  const length = Math.hypot((a[0] - b[0]) * column, (a[1] - b[1]) * row);
  return Number.isNaN(length) ? null : length;
}
