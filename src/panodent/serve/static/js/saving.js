// Saves corrections, and resolves conflicts with a save by somebody else.

import { reviewer } from "./acceptance.js";
import * as api from "./api.js";
import { ask } from "./dialogs.js";
import { problemsInWords } from "./numbering.js";
import { complain, say } from "./notices.js";

const CONFLICT = 409;

export class Saving {
  #session;
  #reopen;
  busy = false;

  /** `reopen(answer)` shows a study again. */
  constructor(session, reopen) {
    this.#session = session;
    this.#reopen = reopen;
  }

  /** Whether there is anything to save: changes, or a first confirmation of the predicted teeth. */
  get needed() {
    const { study, dirty } = this.#session;
    return Boolean(study) && !this.busy && (dirty || !study.saved);
  }

  /** Saves; resolves to whether the study is saved. */
  async save() {
    const session = this.#session;
    if (!session.study || this.busy) return false;
    this.busy = true;
    const { id, revision } = session.study;
    const sent = { teeth: session.teeth, findings: session.findings };
    try {
      const answer = await api.save(id, revision, session.entries(sent), reviewer());
      if (session.study?.id === id) session.saved(answer, sent);
      const wrong = session.study?.id === id ? problemsInWords(session.problems) : [];
      say(["Saved.", ...(wrong.length ? ["Check the numbers:", ...wrong] : [])].join(" "));
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
      "It was saved after you opened it, perhaps in another window. Your changes are not lost: choose whose to keep.",
      [
        ["theirs", "Keep theirs, discard mine"],
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

  /** Asks about unsaved changes; resolves to whether the study may be closed. */
  async mayLeave() {
    if (!this.#session.dirty) return true;
    const choice = await ask("Save your corrections?", `${this.#session.study.name} has unsaved changes.`, [
      ["drop", "Discard changes", "danger"],
      ["save", "Save", "primary"],
    ]);
    if (choice === "save") return this.save();
    return choice === "drop";
  }
}
