// Measurements of the teeth as last saved, fetched in the background.

import * as api from "./api.js";

/** Dispatches `change` after new measurements. */
export class Measures extends EventTarget {
  #study = null;
  #revision = -1;
  all = null; // the response of /v1/studies/ID/measurements

  /** Fetches the measurements of this study, unless they are loaded. */
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
      this.#study = null; // no message: fetched again at the next change
    }
    this.dispatchEvent(new Event("change"));
  }

  /** The measurements of one tooth, or null. */
  of(tooth) {
    return this.all?.teeth.find((one) => one.id === tooth.id) ?? null;
  }
}
