// Mouse, pen and fingers on the radiograph: pan, pinch, wheel, window by the right button, clicks.

const MOVED = { mouse: 3, pen: 4, touch: 9 }; // screen pixels that make a press a drag

/** Listens on the viewer. `on`: tool() gives the tool in use or null, click(key, event) a tooth
 *  clicked (or null), hover(key), open(key) a double click. */
export function listen(viewer, on) {
  const { element } = viewer;
  const fingers = new Map();
  let press = null;
  let lastClick = { time: 0, key: null };

  const point = (event) => {
    const box = element.getBoundingClientRect();
    const screen = [event.clientX - box.left, event.clientY - box.top];
    return { screen, image: viewer.camera.toImage(screen), event };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button, input, label")) return;
    element.setPointerCapture(event.pointerId);
    const at = point(event);
    fingers.set(event.pointerId, at.screen);
    if (fingers.size === 2) {
      if (press?.tool) on.tool()?.abort?.();
      press = { pinch: true };
      return;
    }
    const owned = event.button === 0 && Boolean(on.tool()?.down?.(at));
    const key = viewer.keyAt(event.target);
    press = { start: at.screen, last: at.screen, button: event.button, key, moved: false, tool: owned };
  });

  element.addEventListener("pointermove", (event) => {
    const at = point(event);
    if (!fingers.has(event.pointerId)) {
      on.hover(viewer.keyAt(event.target));
      on.tool()?.hover?.(at);
      return;
    }
    const before = fingers.get(event.pointerId);
    if (press?.pinch) pinch(before, at.screen, event.pointerId);
    fingers.set(event.pointerId, at.screen);
    if (!press || press.pinch) return;
    const far = Math.hypot(at.screen[0] - press.start[0], at.screen[1] - press.start[1]);
    press.moved ||= far > (MOVED[event.pointerType] ?? MOVED.mouse);
    if (!press.moved) return;
    const [dx, dy] = [at.screen[0] - press.last[0], at.screen[1] - press.last[1]];
    press.last = at.screen;
    if (press.tool) on.tool()?.move?.(at);
    else if (press.button === 2) changeWindow(viewer, dx, dy);
    else viewer.pan(dx, dy);
  });

  const pinch = (before, now, id) => {
    const other = [...fingers].find(([key]) => key !== id)?.[1];
    if (!other) return;
    const spread = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
    const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    viewer.zoom(spread(now, other) / Math.max(spread(before, other), 1), middle);
    viewer.pan((now[0] - before[0]) / 2, (now[1] - before[1]) / 2);
  };

  const released = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    const done = press;
    if (fingers.size === 0) press = null;
    if (!done || done.pinch) return;
    const at = point(event);
    if (done.tool) on.tool()?.up?.(at, done.moved);
    else if (!done.moved && done.button === 0 && event.type === "pointerup") click(at, done.key);
  };
  element.addEventListener("pointerup", released);
  element.addEventListener("pointercancel", released);

  const click = (at, key) => {
    if (on.tool()?.click?.(at, key)) return;
    const twice = at.event.timeStamp - lastClick.time < 350 && key && key === lastClick.key;
    lastClick = { time: at.event.timeStamp, key };
    if (twice) on.open(key);
    else on.click(key, at.event);
  };

  element.addEventListener("pointerleave", () => on.hover(null));
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  element.addEventListener(
    "wheel",
    (event) => {
      if (event.target.closest("input")) return;
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 30 : 1;
      // A wheel's notch is about 100, a touchpad's pinch a few.
      const speed = event.ctrlKey && Math.abs(event.deltaY) < 50 ? 0.01 : 0.0018;
      viewer.zoom(Math.exp(-event.deltaY * lines * speed), point(event).screen);
    },
    { passive: false },
  );
}

/** Right and down brighten the contrast and darken the picture, as viewers of radiographs do. */
export function changeWindow(viewer, dx, dy) {
  const { picture } = viewer;
  if (!picture) return;
  picture.setWindow(picture.level + dy * 0.5, picture.width + dx);
  viewer.refresh();
}
