// Merges the selected tooth with the next one that is clicked.

export class MergeTool {
  id = "merge";
  hint = "Select the tooth to merge with this one, here or in the odontogram.";
  #context;

  constructor(context) {
    this.#context = context;
  }

  /** Handles a click on a tooth; returns whether the teeth were merged. */
  click(_, key) {
    const first = this.#context.session.chosen[0];
    if (!key || key === first) return false;
    this.#context.merge([first, key]);
    return true;
  }
}
