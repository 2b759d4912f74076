// Uploads: files that are dropped, pasted or selected, several at once, each with progress.

import * as api from "./api.js";
import { byId, h, sentence, toggle } from "./dom.js";
import { icon } from "./icons.js";

const AT_ONCE = 2;
const LINGERS = 2500; // milliseconds for which a finished upload is shown

export class Uploads {
  #panel;
  #list;
  #waiting = [];
  #running = 0;
  #arrived;
  limit = Infinity;

  /** `arrived(study, alone)` is called for each study; `alone` if it was the only file. */
  constructor(panel, arrived) {
    this.#panel = panel;
    this.#list = panel.querySelector("ul");
    this.#arrived = arrived;
    listen((files) => this.add(files));
  }

  get busy() {
    return this.#running > 0 || this.#waiting.length > 0;
  }

  add(files) {
    const all = [...files];
    for (const file of all) {
      const line = this.#line(file.name || "pasted.png");
      const most = Math.floor(this.limit / 2 ** 20);
      if (!file.size) this.#fail(line, "The file is empty; choose a radiograph.");
      else if (file.size > this.limit) this.#fail(line, `The file is larger than ${most} MiB.`);
      else this.#waiting.push({ file, line, alone: all.length === 1 });
    }
    this.#next();
  }

  #next() {
    while (this.#running < AT_ONCE && this.#waiting.length) {
      const { file, line, alone } = this.#waiting.shift();
      this.#running++;
      this.#send(file, line, alone).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #send(file, line, alone) {
    line.says.textContent = "Sending …";
    try {
      const study = await api.upload(file, (share) => {
        line.bar.value = share;
        if (share >= 1) {
          line.says.textContent = "Finding teeth …";
          line.bar.removeAttribute("value");
        }
      });
      line.bar.value = 1;
      line.says.textContent = `${study.count} teeth`;
      line.item.dataset.state = "done";
      setTimeout(() => this.#drop(line), alone ? 0 : LINGERS);
      this.#arrived(study, alone);
    } catch (error) {
      this.#fail(line, error.message);
    }
  }

  #fail(line, reason) {
    // Without the name, which stands above, and without the file's first bytes.
    const short = reason.replace(`${line.name}: `, "").replace(/ \(it starts with the bytes [0-9a-f ]*\)/, "");
    line.item.dataset.state = "failed";
    line.bar.remove();
    line.says.textContent = sentence(short);
    line.says.setAttribute("role", "alert");
  }

  #line(name) {
    const says = h("span", { class: "says" }, "Waiting …");
    const bar = h("progress", { max: 1, value: 0, "aria-label": `Progress of ${name}` });
    const item = h("li", {}, h("b", {}, name), bar, says);
    const line = { name, item, bar, says };
    item.append(
      h(
        "button",
        {
          type: "button",
          class: "icon-only quiet",
          "aria-label": `Dismiss ${name}`,
          onclick: () => this.#drop(line),
        },
        icon("close"),
      ),
    );
    this.#list.append(item);
    toggle(this.#panel, "hidden", false);
    return line;
  }

  #drop(line) {
    // A waiting file is removed from the queue; a running upload continues, but is not shown.
    this.#waiting = this.#waiting.filter((one) => one.line !== line);
    line.item.remove();
    toggle(this.#panel, "hidden", !this.#list.children.length);
  }
}

function listen(add) {
  const input = byId("files");
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) add(event.clipboardData.files);
  });
  let depth = 0;
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  const show = () => document.body.classList.toggle("dropping", depth > 0);
  document.addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    depth++;
    show();
  });
  document.addEventListener("dragleave", (event) => {
    if (!carries(event)) return;
    depth = Math.max(depth - 1, 0);
    show();
  });
  document.addEventListener("dragover", (event) => {
    if (carries(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    depth = 0;
    show();
    if (!carries(event)) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
}

/** Opens the browser's file dialog. */
export const chooseFiles = () => byId("files").click();
