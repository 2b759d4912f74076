// A classic script, run before the page is painted, so that a dark room is never flashed at.
{
  let theme = "system";
  try {
    theme = JSON.parse(localStorage.getItem("panodent.preferences") ?? "{}").theme ?? theme;
  } catch {
    // the system's theme, then
  }
  document.documentElement.dataset.theme = theme;
}
