// The tool in use, and what tools may ask of the page.

import { EditError, merge } from "./edits.js";
import { DrawTool } from "./tools/draw.js";
import { MergeTool } from "./tools/merge.js";
import { OutlineTool } from "./tools/outline.js";
import { SplitTool } from "./tools/split.js";
import { say } from "./notices.js";

/** Tells `change` when another tool is in use. */
export class Toolbox extends EventTarget {
  #tools;
  #viewer;
  #session;
  current = null;

  /** `run(id)` does a command of the page. */
  constructor(session, viewer, run) {
    super();
    this.#session = session;
    this.#viewer = viewer;
    const context = {
      session,
      viewer,
      run,
      say,
      act: (edit) => this.act(edit),
      merge: (keys) => this.merge(keys),
      done: () => this.use(null),
      redraw: () => this.draw(),
    };
    this.#tools = [OutlineTool, DrawTool, SplitTool, MergeTool].map((Tool) => new Tool(context));
    session.addEventListener("change", () => {
      if (this.current && !session.study) this.use(null);
      this.draw();
    });
    viewer.addEventListener("view", () => this.draw());
  }

  /** Puts the tool in hand away and takes another; null for none. */
  use(id) {
    this.current?.cancel?.();
    this.current = this.#tools.find((tool) => tool.id === id) ?? null;
    this.#viewer.element.dataset.tool = this.current?.id ?? "choose";
    // Such a tool is steered on the radiograph; the partner of a merge is chosen anywhere.
    if (this.current?.draw) this.#viewer.element.focus({ preventScroll: true });
    this.draw();
    this.dispatchEvent(new Event("change"));
  }

  draw() {
    this.#viewer.layer.replaceChildren();
    this.current?.draw?.(this.#viewer.layer, this.#viewer.camera);
  }

  /** Does an edit; what cannot be is said, and nothing has changed then. */
  act(edit) {
    try {
      edit();
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      say(error.message);
    }
  }

  /** Joins teeth into one. */
  merge(keys) {
    this.act(() => {
      const { teeth, tooth } = merge(this.#session.teeth, keys, this.#session.size);
      this.#session.edit(teeth, [tooth.key]);
      say("Merged into one tooth.");
    });
    this.use(null);
  }
}
