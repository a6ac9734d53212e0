// What a reader who hears the page would miss, beyond what axe looks for; as sentences.
(lang) => {
  const problems = [];
  if (document.documentElement.lang !== lang)
    problems.push(`its language is said to be ${document.documentElement.lang}`);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((h) => +h.tagName[1]);
  if (levels[0] !== 1 || levels.filter((level) => level === 1).length !== 1)
    problems.push("the first heading, and no other, is an h1");
  levels.forEach((level, k) => {
    if (k && level > levels[k - 1] + 1) problems.push(`an h${level} follows an h${levels[k - 1]}`);
  });
  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.querySelectorAll("th")];
    const scoped = heads.every((th) => /^(col|row)(group)?$/.test(th.getAttribute("scope") || ""));
    const words = table.textContent.trim().slice(0, 40);
    if (!heads.length || !scoped) problems.push(`a table without scopes: ${words}`);
    if (!table.tHead) problems.push(`a table without head: ${words}`);
  }
  for (const svg of document.querySelectorAll("svg:not(svg svg), img")) {
    const said = svg.getAttribute("aria-label") || svg.getAttribute("alt") ||
      svg.querySelector("title, desc")?.textContent || "";
    const silent = svg.closest("[aria-hidden=true]") !== null;
    if (!silent && said.trim().length < 15) problems.push(`a picture that says nothing: “${said}”`);
  }
  for (const link of document.querySelectorAll("a[href^='#']"))
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1))))
      problems.push(`a link to nowhere: ${link.hash}`);
  for (const link of document.querySelectorAll("a[href^='data:']"))
    if (!link.download) problems.push("a download without a file name");
  return problems;
}
