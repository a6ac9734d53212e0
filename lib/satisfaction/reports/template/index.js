// Search, choices and order of the index. What records hold becomes text, never markup.
"use strict";
(() => {
  const FIRST = 50; // rows at every keystroke; the rest of a page follows when the reader pauses
  const { columns, tables, words, missing, colon, rows: plain } = JSON.parse(
    document.getElementById("rows").textContent
  );
  const fold = (text) => text.normalize("NFKC").toLowerCase();
  const rows = plain.map((values, place) => {
    const row = { place };
    const at = {};
    columns.forEach((column, k) => {
      at[column] = values[k];
      row[column] = column in tables ? tables[column][values[k]] : values[k];
    });
    return { ...row, at, text: fold(`${row.project}\n${row.id}\n${row.region}`) };
  });

  const find = (selector) => document.querySelector(selector);
  const table = find(".portfolio");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const labels = Object.fromEntries(heads.map((head) => [head.dataset.sort, head.textContent]));
  const tools = find(".choose");
  const search = tools.querySelector("input");
  const choices = [...tools.querySelectorAll("select")];
  const shown = find(".shown");
  const more = find(".more");
  const step = body.rows.length;

  const element = (tag, attributes, ...content) => {
    const made = document.createElement(tag);
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    made.append(...content);
    return made;
  };
  const small = (text, more = "") =>
    text ? [element("span", { class: `small${more}` }, text)] : [];
  const bar = (row) => {
    const ends = /^([\d.]+)–([\d.]+)%$/.exec(row.interval);
    const share = /^([\d.]+)%$/.exec(row.share);
    if (!ends || !share) return [];
    const style = `--a:${ends[1]};--b:${ends[2]};--p:${share[1]}`;
    return [element("span", { class: "bar", style })];
  };
  const cell = (label, ...content) =>
    element("td", { class: "num", "data-label": labels[label] }, ...content);
  const mark = (state) => element("span", { class: `mark ${state}` }, words[state]);

  const errors = (row) => {
    const reasons = row.errors.map(([titles, error]) => element("li", {}, titles + colon + error));
    return reasons.length ? [element("ul", { class: "errors" }, ...reasons)] : [];
  };
  const links = (row) =>
    row.links.map(([title, versions]) =>
      element("span", {}, ...versions.flatMap(([file, code, name, pdf], k) => {
        const link = (to, more, text) =>
          element("a", { href: `${row.folder}/${to}`, ...more }, text);
        const label = `${title}, ${name}`;
        const spoken = k && { lang: code, hreflang: code, "aria-label": label };
        const print = { class: "pdf", hreflang: code, "aria-label": `${label}, PDF` };
        const page = link(file, spoken, k ? name : title);
        return pdf ? [page, link(pdf, print, "PDF")] : [page];
      }))
    );
  const line = (row) =>
    element("tr", { class: row.state },
      element("th", { scope: "row" }, row.project, ...small(row.project === row.id ? "" : row.id)),
      ...(labels.wave ? [element("td", {}, row.wave[1])] : []),
      element("td", { class: "place" },
        ...[row.type, row.region].filter(Boolean).map((text) => element("span", {}, text))),
      element("td", {}, ...[...new Set([row.state, row.verdict])].filter(Boolean).map(mark)),
      cell("share", row.share, ...small(row.interval), ...bar(row)),
      cell("change", row.change, ...small(row.change_interval), ...small(row.fell, " fell")),
      cell("n", row.n),
      element("td", { class: "grade", "data-label": labels.grade }, row.grade),
      element("td", { class: "links" }, ...links(row), ...errors(row)));

  // What a column is sorted by: a number or a text; NaN and "" come last in both directions.
  const figure = (text) => parseFloat(text.replace("−", "-").replace(/,/g, ""));
  const keys = {
    project: (row) => row.project,
    wave: (row) => row.at.wave,
    place: (row) => [row.type, row.region].filter(Boolean).join(" "),
    state: (row) => row.place,
    share: (row) => figure(row.share),
    change: (row) => figure(row.change),
    n: (row) => figure(row.n),
    grade: (row) => (row.grade === missing ? NaN : row.at.grade),
    links: (row) => row.links.length,
  };
  const { compare } = new Intl.Collator(document.documentElement.lang, { numeric: true });
  const known = (key) => key !== "" && key === key;
  let sorted = rows;
  let found = rows;
  let count = step;
  let rest;

  const sort = (column, direction) => {
    const key = new Map(rows.map((row) => [row, keys[column](row)]));
    sorted = [...rows].sort((one, other) => {
      const [a, b] = [key.get(one), key.get(other)];
      if (known(a) !== known(b)) return known(b) - known(a);
      const apart = known(a) && (typeof a === "string" ? compare(a, b) : a - b);
      return direction * (apart || one.place - other.place);
    });
    for (const head of heads) {
      if (head.dataset.sort !== column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    }
  };
  const tell = (end) => {
    const write = (number) => number.toLocaleString("en-US");
    const { words, none } = shown.dataset;
    shown.textContent = found.length
      ? words.replace("{shown}", write(Math.min(end, found.length)))
        .replace("{found}", write(found.length))
      : none;
    if (more) more.hidden = end >= found.length;
  };
  const fill = (end) => {
    clearTimeout(rest);
    body.append(...found.slice(count, end).map(line));
    count = Math.min(end, found.length);
  };
  const choose = () => {
    const terms = fold(search.value).split(/\s+/).filter(Boolean);
    const wanted = choices.filter((one) => one.value).map((one) => [one.dataset.column, +one.value]);
    found = sorted.filter((row) =>
      wanted.every(([column, value]) => row.at[column] === value)
      && terms.every((term) => row.text.includes(term)));
    body.replaceChildren();
    count = 0;
    fill(FIRST);
    rest = setTimeout(fill, 200, step);
    tell(step);
  };

  for (const head of heads) {
    const button = element("button", { type: "button" }, head.textContent);
    button.addEventListener("click", () => {
      sort(head.dataset.sort, head.getAttribute("aria-sort") === "ascending" ? -1 : 1);
      choose();
    });
    head.replaceChildren(button);
  }
  search.addEventListener("input", choose);
  for (const one of choices) one.addEventListener("change", choose);
  tools.querySelector(".clear").addEventListener("click", () => {
    for (const one of [search, ...choices]) one.value = "";
    sort("state", 1);
    choose();
    search.focus();
  });
  for (const button of more ? more.children : []) {
    button.addEventListener("click", () => {
      fill(count + Number(button.dataset.step));
      tell(count);
    });
  }
  tools.hidden = false;
  tell(step);
  // a browser that comes back to the page fills the search in again
  window.addEventListener("pageshow", () => {
    if (search.value || choices.some((one) => one.value)) choose();
  });
})();
