// Joins the chosen tooth with the next one that is clicked.

export class MergeTool {
  id = "merge";
  hint = "Choose the tooth to join with this one, here or in the odontogram.";
  #context;

  constructor(context) {
    this.#context = context;
  }

  /** A tooth was chosen while the tool waits; true if it took it. */
  click(_, key) {
    const first = this.#context.session.chosen[0];
    if (!key || key === first) return false;
    this.#context.merge([first, key]);
    return true;
  }
}
