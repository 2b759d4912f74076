// The active tool, and the functions that tools can use.

import { EditError, merge } from "./edits.js";
import { joined, linked } from "./findings.js";
import { BrushTool, EraserTool } from "./tools/brush.js";
import { DrawTool, FindingTool } from "./tools/draw.js";
import { MergeTool } from "./tools/merge.js";
import { OutlineTool } from "./tools/outline.js";
import { PointTool } from "./tools/point.js";
import { AngleTool, RulerTool } from "./tools/ruler.js";
import { SplitTool } from "./tools/split.js";
import { say } from "./notices.js";

const TOOLS = [
  PointTool, OutlineTool, BrushTool, EraserTool, DrawTool, FindingTool, SplitTool, MergeTool, RulerTool, AngleTool,
];

/** Dispatches `change` when the active tool changes. */
export class Toolbox extends EventTarget {
  #tools;
  #viewer;
  #session;
  current = null;

  /** `run(id)` runs a command of the page. */
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
      tell: () => this.#tell(),
    };
    this.#tools = TOOLS.map((Tool) => new Tool(context));
    session.addEventListener("change", () => {
      if (this.current && !session.study) this.use(null);
      this.draw();
    });
    viewer.addEventListener("view", () => this.draw());
  }

  /** Activates another tool with its options; null for none. */
  use(id, options = {}) {
    this.current?.cancel?.();
    this.current = this.#tools.find((tool) => tool.id === id) ?? null;
    this.current?.begin?.(options);
    this.#viewer.element.dataset.tool = this.current?.id ?? "choose";
    // Drawing tools need the keyboard focus on the radiograph; a merge accepts a click anywhere.
    if (this.current?.draw) this.#viewer.element.focus({ preventScroll: true });
    this.#tell();
  }

  /** What the tool says or shows has changed. */
  #tell() {
    this.draw();
    this.dispatchEvent(new Event("change"));
  }

  draw() {
    this.#viewer.layer.replaceChildren();
    this.current?.draw?.(this.#viewer.layer, this.#viewer.camera);
  }

  /** Runs an edit; if it is not possible, shows why and changes nothing. */
  act(edit) {
    try {
      edit();
    } catch (error) {
      if (!(error instanceof EditError)) throw error;
      say(error.message);
    }
  }

  /** Merges teeth. */
  merge(keys) {
    this.act(() => {
      const session = this.#session;
      const { teeth, tooth } = merge(session.teeth, keys, session.size);
      session.edit(teeth, [tooth.key], joined(linked(session.findings, session.teeth), keys, tooth.key));
      say("Merged into one tooth.");
    });
    this.use(null);
  }
}
