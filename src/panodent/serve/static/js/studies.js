// Shows the list of radiographs: search, order, filter, thumbnails; opens and deletes.

import * as api from "./api.js";
import { ask } from "./dialogs.js";
import { byId, h, toggle, when, whenReleased } from "./dom.js";
import { icon } from "./icons.js";
import { complain, say } from "./notices.js";
import { preference } from "./preferences.js";
import { thumbnail } from "./thumbnails.js";
import { progress } from "./worklist.js";

const SORTS = [
  ["created", true, "Newest first"],
  ["created", false, "Oldest first"],
  ["updated", true, "Last changed first"],
  ["name", false, "Name"],
  ["doubtful", true, "Most doubtful first"],
  ["warning", true, "Warnings first"],
  ["reviewed", false, "Not reviewed first"],
];
const SHOWN = [
  ["all", "All"],
  ["unreviewed", "Not reviewed"],
  ["doubtful", "With something doubtful"],
  ["warning", "With a warning"],
  ["reviewed", "Reviewed"],
];
const TYPING = 250; // milliseconds without a key after which a search begins

/** Shows `worklist` in `section`; `open(id)` opens a study, `closed(id)` is called after a deletion,
 *  `compare(id, other)` shows two side by side. */
export class StudyList {
  #worklist;
  #open;
  #closed;
  #compare;
  #list;
  #more;
  #progress = h("p", { class: "quiet-text progress", role: "status" });

  constructor(section, worklist, open, closed, compare) {
    this.#worklist = worklist;
    this.#open = open;
    this.#closed = closed;
    this.#compare = compare;
    this.#list = section.querySelector(".studies");
    this.#more = h("button", { type: "button", class: "more", onclick: () => worklist.more() }, "Show more");
    this.#list.before(this.#progress, controls(worklist));
    this.#list.after(this.#more);
    const show = whenReleased([this.#list], () => this.#build());
    worklist.addEventListener("change", show);
    // The next page is fetched when the end of the list comes near.
    this.#list.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = this.#list;
      if (scrollTop + clientHeight > scrollHeight - 300) worklist.more();
    });
  }

  #build() {
    const worklist = this.#worklist;
    const inside = this.#list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.id : null;
    const scroll = this.#list.scrollTop;
    this.#list.replaceChildren(...worklist.entries.map((study) => this.#row(study)));
    if (scroll) this.#list.scrollTop = scroll; // computes the layout
    if (inside) this.#list.querySelector(`li[data-id="${inside}"] .study`)?.focus();
    if (!worklist.entries.length) {
      this.#list.append(h("li", { class: "quiet-text" }, worklist.all ? "None of them matches." : "No radiographs yet."));
    }
    toggle(this.#more, "hidden", worklist.entries.length >= worklist.total);
    this.#progress.textContent = progress(worklist);
  }

  #row(study) {
    const now = study.id === this.#worklist.current;
    const teeth = `${study.count} ${study.count === 1 ? "tooth" : "teeth"}`;
    return h(
      "li",
      { class: now ? "now" : null, "data-id": study.id },
      h(
        "button",
        { type: "button", class: "study", "aria-current": now ? "true" : null, onclick: () => this.#open(study.id) },
        thumbnail(study),
        h("b", {}, study.name),
        h("small", {}, `${teeth} · ${when(study.created)}`),
        h(
          "span",
          { class: "chips" },
          study.saved ? h("small", { class: "chip saved" }, "✓ reviewed") : null,
          study.doubtful ? h("small", { class: "chip doubtful" }, `${study.doubtful} doubtful`) : null,
          study.warning ? h("small", { class: "chip warned", title: study.warning }, "⚠ warning") : null,
        ),
      ),
      this.#comparing(study),
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

  /** The button that shows a study beside the open one; none for that one itself, and while none is open. */
  #comparing(study) {
    const { current } = this.#worklist;
    if (!current || current === study.id) return null;
    return h(
      "button",
      {
        type: "button",
        class: "icon-only quiet",
        "data-compare": "",
        "aria-label": `Compare ${study.name} with the open radiograph`,
        title: "Compare with the open radiograph",
        onclick: () => this.#compare(current, study.id),
      },
      icon("compare"),
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
    await this.#worklist.refresh();
  }
}

/** Search, order and filter of a list. */
function controls(worklist) {
  let waiting = 0;
  const search = h("input", {
    type: "search",
    placeholder: "Search names",
    "aria-label": "Search names",
    oninput: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => worklist.ask({ search: search.value }), TYPING);
    },
  });
  const sort = h(
    "select",
    {
      "aria-label": "Order",
      onchange: () => {
        const [key, descending] = SORTS[sort.value];
        worklist.ask({ sort: key, descending });
      },
    },
    SORTS.map(([, , text], place) => h("option", { value: place }, text)),
  );
  const show = h(
    "select",
    { "aria-label": "Which are shown", onchange: () => worklist.ask({ show: show.value }) },
    SHOWN.map(([value, text]) => h("option", { value }, text)),
  );
  const reflect = () => {
    const { sort: key, descending, show: shown } = preference("list");
    sort.value = Math.max(SORTS.findIndex(([one, down]) => one === key && down === descending), 0);
    show.value = shown;
    if (document.activeElement !== search) search.value = worklist.search;
  };
  worklist.addEventListener("change", reflect);
  reflect();
  return h("div", { class: "list-controls" }, search, sort, show);
}

/** Shows the progress in the footer. */
export function bindProgress(worklist) {
  worklist.addEventListener("change", () => {
    byId("progress").textContent = progress(worklist);
  });
}
