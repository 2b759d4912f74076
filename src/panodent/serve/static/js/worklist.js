// The list of radiographs in the service as searched, sorted and filtered, page by page.

import * as api from "./api.js";
import { complain } from "./notices.js";
import { preference, setPreference } from "./preferences.js";

const PAGE = 50;
const MOST = 500; // entries that one request fetches again

/** Dispatches `change` when entries, counts, neighbours or the query change. */
export class Worklist extends EventTarget {
  entries = [];
  total = 0; // studies that match
  all = 0;
  reviewed = 0;
  current = null; // id of the open study
  search = "";
  #beside = {};
  #finding = null; // while it is not known what is beside the open study
  #asked = 0; // lists that were asked for; of several on their way the last counts
  #askedBeside = 0;
  loading = false;

  /** Fetches again what is listed, and what is beside the open study. */
  refresh() {
    const listed = Math.min(Math.max(this.entries.length, PAGE), MOST);
    return Promise.all([this.#load(0, listed), this.#findBeside()]);
  }

  /** Fetches the next page. */
  more() {
    if (!this.loading && this.entries.length < this.total) this.#load(this.entries.length, PAGE);
  }

  /** Changes search, sort, descending or show, and begins the list again. */
  ask(changes) {
    if ("search" in changes) this.search = changes.search;
    const { sort, descending, show } = { ...preference("list"), ...changes };
    setPreference("list", { sort, descending, show });
    this.entries = [];
    return Promise.all([this.#load(0, PAGE), this.#findBeside()]);
  }

  get query() {
    const { sort, descending, show } = preference("list");
    return { search: this.search, sort, order: descending ? "desc" : "asc", show };
  }

  async #load(offset, limit) {
    const mine = ++this.#asked;
    this.loading = true;
    try {
      const { studies, ...counts } = await api.studies({ ...this.query, limit, offset });
      if (mine !== this.#asked) return;
      const known = new Set(studies.map(({ id }) => id));
      const before = offset ? this.entries.filter(({ id }) => !known.has(id)) : [];
      Object.assign(this, counts, { entries: [...before, ...studies] });
    } catch (error) {
      complain(error);
    } finally {
      if (mine === this.#asked) this.loading = false;
    }
    this.#tell();
  }

  /** The open study has changed: updates its entry, and what is beside it. */
  mark(study) {
    this.current = study?.id ?? null;
    this.entries = this.entries.map((one) => (one.id === this.current ? { ...one, ...study } : one));
    this.#tell();
    return this.#findBeside();
  }

  #findBeside() {
    this.#beside = {};
    this.#finding = this.current ? this.#askBeside() : null;
    return this.#finding;
  }

  async #askBeside() {
    const mine = ++this.#askedBeside;
    try {
      const { all, reviewed, ...found } = await api.beside(this.current, this.query);
      if (mine !== this.#askedBeside) return;
      this.#beside = found;
      Object.assign(this, { all, reviewed });
    } catch {
      return; // the study was deleted, or the service is away, which an action tells
    }
    this.#tell();
  }

  /** Whether there may be a `previous`, `next` or `next_unreviewed` study of the open one. */
  has(which) {
    if (!this.current) return which === "next_unreviewed" && this.entries.some(({ saved }) => !saved);
    return this.#beside[which] !== null;
  }

  /** Resolves to its id, or null. */
  async find(which) {
    if (!this.current) return this.has(which) ? this.entries.find(({ saved }) => !saved).id : null;
    await this.#finding;
    return this.#beside[which] ?? null;
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/** How much is reviewed, and how many the list shows, in words. */
export function progress({ reviewed, all, total }) {
  if (!all) return "";
  return `${reviewed} of ${all} reviewed${total < all ? ` · ${total} shown` : ""}`;
}
