// A classic script, run before the first paint, so that the page does not flash in another theme.
{
  let theme = "system";
  try {
    theme = JSON.parse(localStorage.getItem("panodent.preferences") ?? "{}").theme ?? theme;
  } catch {
    // the system's theme
  }
  document.documentElement.dataset.theme = theme;
}
