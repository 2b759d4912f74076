// Points, rings and polygons in image pixels. A polygon is a list of parts, a part a list of rings
// of [x, y]: the first its outline, the others holes.

/** Signed area of a ring: positive if it runs clockwise on the screen. */
export function area(ring) {
  let sum = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    sum += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
  }
  return sum / 2;
}

/** [left, top, right, bottom] of all points. */
export function bounds(polygons) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const part of polygons) {
    for (const [x, y] of part[0]) {
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return [left, top, right, bottom];
}

/** The centroid of the largest part. */
export function centre(polygons) {
  const ring = polygons.map((part) => part[0]).sort((a, b) => Math.abs(area(b)) - Math.abs(area(a)))[0];
  let [x, y, whole] = [0, 0, 0];
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const cross = ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
    x += (ring[j][0] + ring[i][0]) * cross;
    y += (ring[j][1] + ring[i][1]) * cross;
    whole += cross;
  }
  if (whole) return [x / (3 * whole), y / (3 * whole)];
  const [left, top, right, bottom] = bounds(polygons);
  return [(left + right) / 2, (top + bottom) / 2];
}

/** Whether a point lies in a ring, by the even-odd rule. */
export function contains(ring, [x, y]) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [[ax, ay], [bx, by]] = [ring[i], ring[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** Distance from point p to the segment from a to b. */
export function toSegment(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const along = length ? ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length : 0;
  const t = Math.min(Math.max(along, 0), 1);
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

/** Douglas-Peucker on a closed ring: no dropped point is farther than `tolerance` from it. */
export function simplified(ring, tolerance) {
  if (ring.length <= 4) return ring;
  // Split the ring at two distant points, so that the result does not depend on the first point.
  let far = 0;
  for (let i = 1; i < ring.length; i++) {
    if (distance(ring[i], ring[0]) > distance(ring[far], ring[0])) far = i;
  }
  const first = open(ring.slice(0, far + 1), tolerance);
  const second = open([...ring.slice(far), ring[0]], tolerance);
  const found = [...first.slice(0, -1), ...second.slice(0, -1)];
  return found.length >= 3 ? found : ring;
}

function open(line, tolerance) {
  const kept = new Uint8Array(line.length);
  kept[0] = kept[line.length - 1] = 1;
  const stack = [[0, line.length - 1]];
  while (stack.length) {
    const [from, to] = stack.pop();
    let [worst, at] = [tolerance, -1];
    for (let i = from + 1; i < to; i++) {
      const off = toSegment(line[i], line[from], line[to]);
      if (off > worst) [worst, at] = [off, i];
    }
    if (at < 0) continue;
    kept[at] = 1;
    stack.push([from, at], [at, to]);
  }
  return line.filter((_, i) => kept[i]);
}

export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** SVG path data of polygons, for the even-odd fill rule. */
function pathData(polygons) {
  return polygons
    .flat()
    .map((ring) => `M${ring.map(([x, y]) => `${round(x)} ${round(y)}`).join("L")}Z`)
    .join("");
}

const round = (value) => Math.round(value * 10) / 10;

const shown = new WeakMap();

/** Path data to show: pixel edges are smoothed by less than a pixel. */
export function shownPath(polygons) {
  if (!shown.has(polygons)) {
    const smooth = polygons.map((part) => part.map((ring) => simplified(ring, 0.8)));
    shown.set(polygons, pathData(smooth));
  }
  return shown.get(polygons);
}
