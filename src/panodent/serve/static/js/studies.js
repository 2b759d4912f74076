// The list of radiographs in the service: open, go to the next, delete.

import * as api from "./api.js";
import { ask } from "./dialogs.js";
import { h, toggle, whenReleased } from "./dom.js";
import { icon } from "./icons.js";
import { complain, say } from "./notices.js";

const PAGE = 50;

export class Studies {
  #places; // elements that show the list
  #more;
  #open;
  #closed;
  #list = [];
  #total = 0;
  #current = null;
  #asked = 0; // lists that were asked for; of several on their way the last counts
  #show;

  /** Shows the list in each of `places`; `open(id)` opens one, `closed(id)` is called after a deletion. */
  constructor(places, more, open, closed) {
    this.#places = places;
    this.#more = more;
    this.#open = open;
    this.#closed = closed;
    this.#show = whenReleased(places, () => this.#build());
    more.addEventListener("click", () => this.#load(this.#list.length));
  }

  /** Fetches the newest again. */
  refresh() {
    return this.#load(0);
  }

  async #load(offset) {
    const mine = ++this.#asked;
    try {
      const { total, studies } = await api.studies(PAGE, offset);
      if (mine !== this.#asked) return;
      const known = new Set(studies.map((study) => study.id));
      this.#list = offset ? [...this.#list.filter(({ id }) => !known.has(id)), ...studies] : studies;
      this.#total = total;
      this.#show();
    } catch (error) {
      complain(error);
    }
  }

  /** Marks the open study, and updates its entry. */
  mark(study) {
    this.#current = study?.id ?? null;
    this.#list = this.#list.map((one) => (one.id === this.#current ? { ...one, ...study } : one));
    this.#show();
  }

  /** The id of the study before (-1) or after (1) the open one in the list, or null. */
  beside(step) {
    const at = this.#list.findIndex((study) => study.id === this.#current);
    return at < 0 ? null : (this.#list[at + step]?.id ?? null);
  }

  get count() {
    return this.#total;
  }

  #build() {
    for (const place of this.#places) {
      place.replaceChildren(...this.#list.map((study) => this.#row(study)));
      if (!this.#list.length) place.append(h("li", { class: "quiet-text" }, "No radiographs yet."));
    }
    toggle(this.#more, "hidden", this.#list.length >= this.#total);
  }

  #row(study) {
    const now = study.id === this.#current;
    const when = new Date(study.created).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const teeth = `${study.count} ${study.count === 1 ? "tooth" : "teeth"}`;
    return h(
      "li",
      { class: now ? "now" : null },
      h(
        "button",
        { type: "button", class: "study", "aria-current": now ? "true" : null, onclick: () => this.#open(study.id) },
        h("b", {}, study.name),
        h("small", {}, `${teeth} · ${when}`),
        study.saved ? h("small", { class: "chip saved" }, "saved") : null,
      ),
      h(
        "button",
        {
          type: "button",
          class: "icon-only quiet",
          "aria-label": `Delete ${study.name}`,
          title: "Delete this radiograph",
          onclick: () => this.#remove(study),
        },
        icon("remove"),
      ),
    );
  }

  async #remove(study) {
    const sure = await ask(
      `Delete ${study.name}?`,
      "The radiograph, its teeth and all corrections are deleted permanently.",
      [["delete", "Delete", "danger"]],
    );
    if (!sure) return;
    try {
      await api.remove(study.id);
      say(`${study.name} is deleted.`);
      this.#closed(study.id);
    } catch (error) {
      complain(error);
    }
    await this.refresh();
  }
}
