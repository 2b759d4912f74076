// States of a study to which undo and redo go.

export class History {
  #past = [];
  #future = [];

  /** Keeps the present state before a change. */
  keep(present) {
    this.#past.push(present);
    this.#future = [];
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** The state before the last change; `present` is kept for `forward`. */
  back(present) {
    this.#future.push(present);
    return this.#past.pop();
  }

  /** The state that `back` left. */
  forward(present) {
    this.#past.push(present);
    return this.#future.pop();
  }
}
