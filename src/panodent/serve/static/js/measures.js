// Measurements of the teeth as they were last saved, fetched when there is time.

import * as api from "./api.js";

/** Tells `change` when there are others. */
export class Measures extends EventTarget {
  #study = null;
  #revision = -1;
  all = null; // as /v1/studies/ID/measurements gives them

  /** Fetches for this study unless they are there. */
  async fetch(study) {
    if (!study) {
      this.all = this.#study = null;
      return;
    }
    if (study.id === this.#study && study.revision === this.#revision) return;
    [this.#study, this.#revision, this.all] = [study.id, study.revision, null];
    try {
      const all = await api.measurements(study.id);
      if (this.#study !== study.id || this.#revision !== study.revision) return;
      this.all = all;
    } catch {
      this.#study = null; // not worth a complaint: asked for again at the next change
    }
    this.dispatchEvent(new Event("change"));
  }

  /** Those of one tooth, or null. */
  of(tooth) {
    return this.all?.teeth.find((one) => one.id === tooth.id) ?? null;
  }
}
