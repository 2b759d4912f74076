// All commands by id: the single source of buttons, keyboard shortcuts and the help table.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** A command is { id, label, group, keys, icon, run, enabled?, pressed? }. */
export class Commands {
  #all = new Map();

  add(list) {
    for (const command of list) this.#all.set(command.id, command);
  }

  get list() {
    return [...this.#all.values()];
  }

  can(id) {
    return this.#all.get(id).enabled?.() ?? true;
  }

  run(id) {
    if (this.can(id)) this.#all.get(id).run();
  }

  /** A button for a command, with an icon and `text`. */
  button(id, text = "") {
    const { label, keys = [], icon: name } = this.#all.get(id);
    const button = h(
      "button",
      {
        type: "button",
        "data-command": id,
        class: text ? "" : "icon-only",
        title: keys.length ? `${label} (${keys[0]})` : label,
        "aria-label": text && label.startsWith(text) ? null : label,
        "aria-keyshortcuts": keys.length ? keys.map(spoken).join(" ") : null,
        onclick: () => this.run(id),
      },
      name ? icon(name) : null,
      text ? h("span", {}, text) : null,
    );
    this.#dress(button);
    return button;
  }

  /** Updates all buttons. Disabled buttons stay focusable by keyboard. */
  refresh() {
    for (const button of document.querySelectorAll("[data-command]")) this.#dress(button);
  }

  #dress(button) {
    const { id, pressed } = this.#all.get(button.dataset.command);
    const off = !this.can(id);
    button.toggleAttribute("data-off", off);
    button.setAttribute("aria-disabled", off);
    if (pressed) button.setAttribute("aria-pressed", pressed());
  }
}

const spoken = (keys) => keys.replace("Ctrl", "Control").replace("Del", "Delete");
