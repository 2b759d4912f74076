// Polygons to pixels and back, by the rules of panodent's masks: a pixel is in a part if its centre is
// (even-odd rule), parts are united, outlines follow pixel edges, regions are 4-connected.

import { area, bounds, toSegment } from "./geometry.js";

/** The pixels of polygons: { left, top, width, height, data }, clipped to the image of `size`. */
export function fill(polygons, [imageWidth, imageHeight]) {
  const [left, top, right, bottom] = bounds(polygons);
  const x0 = Math.max(Math.floor(left), 0);
  const y0 = Math.max(Math.floor(top), 0);
  const width = Math.max(Math.min(Math.ceil(right), imageWidth) - x0, 0);
  const height = Math.max(Math.min(Math.ceil(bottom), imageHeight) - y0, 0);
  const mask = { left: x0, top: y0, width, height, data: new Uint8Array(width * height) };
  for (const part of polygons) fillPart(part, mask);
  return mask;
}

function fillPart(rings, { left, top, width, height, data }) {
  const toggles = new Uint8Array((width + 1) * height);
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [ax, ay] = ring[j];
      const [bx, by] = ring[i];
      if (ay === by) continue;
      const first = Math.max(Math.ceil(Math.min(ay, by) - 0.5) - top, 0);
      const end = Math.min(Math.ceil(Math.max(ay, by) - 0.5) - top, height);
      for (let row = first; row < end; row++) {
        const x = ax + ((row + top + 0.5 - ay) * (bx - ax)) / (by - ay);
        const col = Math.min(Math.max(Math.ceil(x - 0.5) - left, 0), width);
        toggles[row * (width + 1) + col] ^= 1;
      }
    }
  }
  for (let row = 0; row < height; row++) {
    let inside = 0;
    for (let col = 0; col < width; col++) {
      inside ^= toggles[row * (width + 1) + col];
      data[row * width + col] |= inside;
    }
  }
}

/** How many pixels are set. */
export const count = (mask) => mask.data.reduce((sum, value) => sum + value, 0);

/** The pixels of either mask. */
export function union(a, b) {
  const left = Math.min(a.left, b.left);
  const top = Math.min(a.top, b.top);
  const width = Math.max(a.left + a.width, b.left + b.width) - left;
  const height = Math.max(a.top + a.height, b.top + b.height) - top;
  const data = new Uint8Array(width * height);
  for (const mask of [a, b]) {
    for (let row = 0; row < mask.height; row++) {
      const to = (row + mask.top - top) * width + mask.left - left;
      for (let col = 0; col < mask.width; col++) data[to + col] |= mask.data[row * mask.width + col];
    }
  }
  return { left, top, width, height, data };
}

/** How many pixels two masks share. */
export function overlap(a, b) {
  const [left, top] = [Math.max(a.left, b.left), Math.max(a.top, b.top)];
  const right = Math.min(a.left + a.width, b.left + b.width);
  const bottom = Math.min(a.top + a.height, b.top + b.height);
  const at = (mask, x, y) => mask.data[(y - mask.top) * mask.width + x - mask.left];
  let shared = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) shared += at(a, x, y) & at(b, x, y);
  }
  return shared;
}

/** The mask with the pixels within `radius` of a line through points added or erased. */
export function paint(mask, points, radius, adds, [imageWidth, imageHeight]) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const around = {
    left: Math.max(Math.floor(Math.min(...xs) - radius), 0),
    top: Math.max(Math.floor(Math.min(...ys) - radius), 0),
  };
  around.width = Math.max(Math.min(Math.ceil(Math.max(...xs) + radius), imageWidth) - around.left, 0);
  around.height = Math.max(Math.min(Math.ceil(Math.max(...ys) + radius), imageHeight) - around.top, 0);
  around.data = new Uint8Array(around.width * around.height);
  for (let i = 0; i < points.length; i++) stamp(around, points[Math.max(i - 1, 0)], points[i], radius);
  if (adds) return union(mask, around);
  const data = mask.data.map((value, at) => {
    const col = mask.left + (at % mask.width) - around.left;
    const row = mask.top + Math.floor(at / mask.width) - around.top;
    const inside = col >= 0 && row >= 0 && col < around.width && row < around.height;
    return inside && around.data[row * around.width + col] ? 0 : value;
  });
  return { ...mask, data };
}

function stamp({ left, top, width, height, data }, a, b, radius) {
  const from = (p, q, start) => Math.max(Math.floor(Math.min(p, q) - radius) - start, 0);
  const to = (p, q, start, side) => Math.min(Math.ceil(Math.max(p, q) + radius) - start, side);
  for (let row = from(a[1], b[1], top); row < to(a[1], b[1], top, height); row++) {
    for (let col = from(a[0], b[0], left); col < to(a[0], b[0], left, width); col++) {
      if (toSegment([left + col + 0.5, top + row + 0.5], a, b) <= radius) data[row * width + col] = 1;
    }
  }
}

/** The two sides of a mask along the line through a and b. */
export function cut(mask, a, b) {
  const sides = [mask, mask].map((one) => ({ ...one, data: new Uint8Array(one.data.length) }));
  mask.data.forEach((value, at) => {
    if (!value) return;
    const x = mask.left + (at % mask.width) + 0.5;
    const y = mask.top + Math.floor(at / mask.width) + 0.5;
    const side = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
    sides[side > 0 ? 0 : 1].data[at] = 1;
  });
  return sides;
}

/** The polygons of a mask, a part for each region of at least `least` pixels. */
export function trace(mask, least = 1) {
  return regions(mask)
    .filter((pixels) => pixels.length >= least)
    .map((pixels) => outline(mask, pixels));
}

function regions({ width, height, data }) {
  const seen = new Uint8Array(data.length);
  const found = [];
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || seen[start]) continue;
    const pixels = [start];
    seen[start] = 1;
    for (let i = 0; i < pixels.length; i++) {
      const at = pixels[i];
      const [col, row] = [at % width, Math.floor(at / width)];
      for (const [next, inside] of [
        [at - 1, col > 0],
        [at + 1, col < width - 1],
        [at - width, row > 0],
        [at + width, row < height - 1],
      ]) {
        if (inside && data[next] && !seen[next]) {
          seen[next] = 1;
          pixels.push(next);
        }
      }
    }
    found.push(pixels);
  }
  return found;
}

// Headings: east, south, west, north. Outlines run with the region on the right.
const STEP = [[1, 0], [0, 1], [-1, 0], [0, -1]];

function outline({ left, top, width }, pixels) {
  const own = new Set(pixels);
  const line = width + 1;
  const leaving = new Map(); // from a corner: the headings of the edges that leave it
  const add = (corner, heading) => leaving.set(corner, [...(leaving.get(corner) ?? []), heading]);
  for (const at of pixels) {
    const [col, row] = [at % width, Math.floor(at / width)];
    const corner = row * line + col;
    if (!own.has(at - width)) add(corner, 0);
    if (col === width - 1 || !own.has(at + 1)) add(corner + 1, 1);
    if (!own.has(at + width)) add(corner + line + 1, 2);
    if (col === 0 || !own.has(at - 1)) add(corner + line, 3);
  }
  const rings = [];
  for (const [start, headings] of leaving) {
    while (headings.length) rings.push(follow(start, headings, leaving, line));
  }
  rings.sort((a, b) => Math.abs(area(b)) - Math.abs(area(a)));
  return rings.map((ring) => ring.map((corner) => [corner[0] + left, corner[1] + top]));
}

function follow(start, headings, leaving, line) {
  const ring = [];
  const first = headings.pop();
  let [at, heading, before] = [start, first, -1];
  for (;;) {
    if (heading !== before) ring.push([at % line, Math.floor(at / line)]);
    at += STEP[heading][0] + STEP[heading][1] * line;
    const open = leaving.get(at);
    // Turning right first keeps regions that touch at a corner apart.
    const next = [(heading + 1) % 4, heading, (heading + 3) % 4].find(
      (one) => open.includes(one) || (at === start && one === first),
    );
    before = heading;
    heading = next;
    if (at === start && next === first) break;
    open.splice(open.indexOf(next), 1);
  }
  if (before === first) ring.shift(); // the start was within a straight edge
  return ring;
}
