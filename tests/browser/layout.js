// What a reader could not read on this screen, as sentences: text that is cut, leaves its place or
// lies on other text. Runs in the page.
() => {
  const problems = [];
  const placeOf = (element) =>
    element.clientWidth > 0 ? element : placeOf(element.parentElement);
  const isHidden = (element) => !element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const isForEars = (element) => element.closest(".skip, .visually-hidden, .sr-only") !== null;
  const name = (element) => {
    const kind = element.closest("figure, aside, nav, header, footer");
    const names = (one) => one.tagName.toLowerCase() + [...one.classList].map((c) => "." + c).join("");
    const text = element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
    return `${kind && kind !== element ? names(kind) + " " : ""}${names(element)} “${text}”`;
  };
  const say = (words) => problems.length < 40 && !problems.includes(words) && problems.push(words);

  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth)
    say(`the page scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);

  for (const element of document.body.querySelectorAll("*:not(svg *)")) {
    if (element.clientWidth === 0 || isHidden(element) || isForEars(element)) continue;
    const hides = /hidden|clip/.test(getComputedStyle(element).overflowX);
    if (hides && element.scrollWidth > element.clientWidth + 1)
      say(`cut by ${element.scrollWidth - element.clientWidth}: ${name(element)}`);
  }

  // A line of text with the white above and below its letters taken off.
  const tight = ({ left, right, top, bottom }) => {
    const white = 0.2 * (bottom - top);
    return { left: left + 1, right: right - 1, top: top + white, bottom: bottom - white };
  };
  const meet = (one, other) =>
    one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  const collisions = (boxes, tell) => {
    boxes.sort((one, other) => one.box.top - other.box.top);
    boxes.forEach((one, place) => {
      for (let next = place + 1; next < boxes.length && boxes[next].box.top < one.box.bottom; next++) {
        const other = boxes[next];
        if (one.of !== other.of && meet(one.box, other.box)) tell(one.text, other.text);
      }
    });
  };

  for (const svg of document.querySelectorAll("svg:not(svg svg)")) {
    if (isHidden(svg)) continue;
    // a chart's words may stand in the margins of its box
    const frame = (svg.closest(".chart-box") || svg).getBoundingClientRect();
    const boxes = [];
    const outside = [];
    for (const text of svg.querySelectorAll("text")) {
      const words = text.textContent.trim();
      if (!words || isHidden(text)) continue;
      const around = text.getBoundingClientRect();
      if (around.width === 0) continue; // not drawn on such a screen
      const { top, bottom } = tight(around);
      if (around.left < frame.left - 1 || around.right > frame.right + 1 ||
          top < frame.top - 1 || bottom > frame.bottom + 1)
        outside.push(words);
      const turned = /rotate/.test(text.getAttribute("transform") || "");
      if (!turned) boxes.push({ box: tight(around), text: words, of: text });
    }
    const chart = svg.closest("figure, aside, td") || svg.parentElement;
    const which = chart.className || chart.tagName;
    if (outside.length)
      say(`${outside.length} texts leave the chart ${which}, e.g. “${outside.slice(0, 3).join("”, “")}”`);
    collisions(boxes, (one, other) => say(`“${one}” lies on “${other}” in the chart ${which}`));
  }

  const boxes = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walk.nextNode()) {
    const { parentElement: parent } = walk.currentNode;
    if (!walk.currentNode.data.trim() || parent.closest("svg, script, style")) continue;
    if (isHidden(parent) || isForEars(parent)) continue;
    range.selectNodeContents(walk.currentNode);
    const text = walk.currentNode.data.trim().slice(0, 40);
    const place = placeOf(parent).getBoundingClientRect();
    for (const line of range.getClientRects()) {
      if (line.width <= 2) continue;
      boxes.push({ box: tight(line), text, of: parent });
      if (line.left < place.left - 1 || line.right > place.right + 1)
        say(`wider than its place: ${name(parent)}`);
    }
  }
  const stays = boxes.filter(({ of }) => of.closest(".scroll") === null);
  collisions(stays, (one, other) => say(`“${one}” lies on “${other}”`));
  return problems;
}
