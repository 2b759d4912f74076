// Small pictures of radiographs, fetched when their entries come into sight.

import * as api from "./api.js";
import { h } from "./dom.js";

const KEPT = 300; // pictures that are kept
const urls = new Map(); // by study: a promise of an address
const waiting = new WeakMap(); // by element: the study

const observer = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      show(target, waiting.get(target));
    }
  },
  { rootMargin: "200px" },
);

/** A picture of a study, without a text: the name stands beside it. */
export function thumbnail({ id }) {
  const image = h("img", { class: "thumbnail", alt: "", width: 72, height: 36 });
  if (urls.has(id)) show(image, id);
  else {
    waiting.set(image, id);
    observer.observe(image);
  }
  return image;
}

async function show(image, id) {
  if (!urls.has(id)) urls.set(id, api.thumbnail(id).then((blob) => URL.createObjectURL(blob)));
  try {
    image.src = await urls.get(id);
  } catch {
    urls.delete(id); // asked for again when the list is built anew
  }
  for (const old of [...urls.keys()].slice(0, -KEPT)) {
    urls.get(old).then((url) => URL.revokeObjectURL(url), () => {});
    urls.delete(old);
  }
}
