// Saves corrections, and settles what happens when somebody else saved first.

import * as api from "./api.js";
import { ask } from "./dialogs.js";
import { complain, say } from "./notices.js";

const CONFLICT = 409;

export class Saving {
  #session;
  #reopen;
  busy = false;

  /** `reopen(answer)` shows a study anew. */
  constructor(session, reopen) {
    this.#session = session;
    this.#reopen = reopen;
  }

  /** Whether there is anything to save: changes, or a first "it is right as it is". */
  get needed() {
    const { study, dirty } = this.#session;
    return Boolean(study) && !this.busy && (dirty || !study.saved);
  }

  /** Saves; whether what stands is now kept. */
  async save() {
    const session = this.#session;
    if (!session.study || this.busy) return false;
    this.busy = true;
    const { id, revision } = session.study;
    const sent = session.teeth;
    try {
      const answer = await api.save(id, revision, session.entries(sent));
      if (session.study?.id === id) session.saved(answer, sent);
      say("Saved.");
      return true;
    } catch (error) {
      if (error.status === CONFLICT) return await this.#settle(id);
      complain(error);
      return false;
    } finally {
      this.busy = false;
      session.dispatchEvent(new Event("change"));
    }
  }

  async #settle(id) {
    const choice = await ask(
      "Somebody else has saved this radiograph",
      "It was saved elsewhere after you opened it, perhaps in another window. Nothing of yours is lost: choose which teeth shall stand.",
      [
        ["theirs", "Take theirs, drop mine"],
        ["mine", "Keep mine, replace theirs", "primary"],
      ],
    );
    if (!choice) return false;
    try {
      const theirs = await api.study(id);
      if (choice === "theirs") {
        this.#reopen(theirs);
        return true;
      }
      this.#session.rebase(theirs);
      this.busy = false;
      return await this.save();
    } catch (error) {
      complain(error);
      return false;
    }
  }

  /** Before the study is left: whether it may be, after asking about what is not saved. */
  async mayLeave() {
    if (!this.#session.dirty) return true;
    const choice = await ask("Save your corrections?", `${this.#session.study.name} has changes that are not saved.`, [
      ["drop", "Drop them", "danger"],
      ["save", "Save", "primary"],
    ]);
    if (choice === "save") return this.save();
    return choice === "drop";
  }
}
