// The commands that look closer: ruler, angle, magnifier.

import { Magnifier } from "./magnifier.js";

export function measuring({ session, viewer, toolbox, commands }) {
  const group = "View";
  const enabled = () => Boolean(session.study);
  const magnifier = new Magnifier(viewer);
  const tool = (id) => ({
    enabled,
    pressed: () => toolbox.current?.id === id,
    run: () => toolbox.use(toolbox.current?.id === id ? null : id),
  });
  return [
    { id: "ruler", label: "Ruler", group, keys: ["Shift+R"], icon: "ruler", ...tool("ruler") },
    { id: "angle", label: "Angle", group, keys: ["Shift+G"], icon: "angle", ...tool("angle") },
    {
      id: "calibrate",
      label: "Calibrate the ruler by a known length",
      group,
      enabled: () => toolbox.current?.id === "ruler",
      run: () => toolbox.current.calibrate(),
    },
    {
      id: "magnifier",
      label: "Magnifier",
      group,
      keys: ["Shift+Z"],
      icon: "magnifier",
      enabled,
      pressed: () => magnifier.on,
      run: () => {
        magnifier.toggle();
        commands.refresh();
      },
    },
  ];
}
