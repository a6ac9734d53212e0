export default {
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    // where a mark of a chart stands and how dark a cell is are data, not style; the page's
    // policy allows inline styles and nothing else
    "no-inline-style": "off",
    // for search engines, which never see a report; project, question and wave belong into it
    "long-title": "off",
  },
};
