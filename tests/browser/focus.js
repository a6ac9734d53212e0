// The stops that the Tab key ought to make, in order; and `focusedNow`, which tells where it is and
// whether a reader can see that.
() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const stops = all.filter((one) =>
    one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }));
  const name = (one) => {
    const words = (one.getAttribute("aria-label") || one.textContent).trim().slice(0, 30);
    const to = (one.getAttribute("href") || "").slice(0, 30);
    return `${all.indexOf(one)} ${one.tagName.toLowerCase()} “${words}” ${to}`.trim();
  };
  window.focusedNow = () => {
    const one = document.activeElement;
    const box = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    const inWindow = box.width > 0 && box.bottom > 0 && box.top < innerHeight &&
      box.right > 0 && box.left < innerWidth;
    const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1) ||
      style.boxShadow !== "none";
    return { name: name(one), visible: one.matches(":focus-visible") && inWindow && marked };
  };
  return stops.map(name);
}
