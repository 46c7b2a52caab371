// The explorer's table: filter by axis, search, sort, pages, and the two cells that are picked.

const PAGE_ROWS = 50;
const view = { filters: {}, search: "", sort: null, down: false, page: 0, picked: [] };

const several = MACHINES.length > 1 ? [{ key: "machine", words: "machine", text: (c) => c.machine, plain: true }] : [];
const COLUMNS = [
  { key: "cell", words: "cell", text: (c) => c.cell, plain: true },
  ...several,
  ...AXES.map((axis) => ({ key: axis.key, words: axis.name, text: (c) => level(c, axis.key), plain: !axis.number })),
  ...["latency_s", "half_width", "throughput_per_s", "typical_s"].map(quantity),
  { key: "bound", words: "bound", text: (c) => c.bound, plain: true, long: true },
  { key: "marks", words: "marks", text: (c) => (c.marks ? `⚠ ${c.marks}` : ""), plain: true, mark: true, long: true },
];

/** The cells that pass all filters and the search, in the order of the sort. */
function filtered() {
  const wanted = view.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = CELLS.filter(
    (cell) =>
      Object.entries(view.filters).every(([key, value]) =>
        key === "marked" ? Boolean(cell.marks) === (value === "with") : String(cell[key]) === value,
      ) && wanted.every((word) => `${cell.cell} ${cell.short}`.toLowerCase().includes(word)),
  );
  if (!view.sort) return found;
  // Cells without the value come last in either direction.
  const missing = (cell) => !has(cell, view.sort) || cell[view.sort] === "";
  const ordered = (view.down ? d3.descending : d3.ascending);
  return found.sort(
    (a, b) => missing(a) - missing(b) || ordered(a[view.sort], b[view.sort]) || a.i - b.i,
  );
}

/** Set a filter (empty = all) and show the first page of what passes. */
function filter(key, value) {
  if (value === "") delete view.filters[key];
  else view.filters[key] = value;
  view.page = 0;
  refresh();
}

function buildFilters() {
  const form = document.getElementById("filters");
  const all = (values) => [["", "all"], ...values.map((value) => [String(value), String(value)])];
  if (several.length) form.append(choice("machine", all(MACHINES), "", (value) => filter("machine", value)));
  for (const axis of AXES) {
    form.append(choice(axis.name, all(levelsOf(axis.key)), "", (value) => filter(axis.key, value)));
  }
  form.append(choice("bound", all(levelsOf("bound")), "", (value) => filter("bound", value)));
  const marked = [["", "all"], ["without", "without marks"], ["with", "with marks"]];
  form.append(choice("marks", marked, "", (value) => filter("marked", value)));
  form.append(element("button", { type: "reset" }, "Show all"));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    Object.assign(view, { filters: {}, search: "", page: 0 });
    refresh();
  });
  document.getElementById("search").addEventListener("input", (event) => {
    Object.assign(view, { search: event.target.value, page: 0 });
    refresh();
  });
}

function buildHead() {
  const sortBy = (key) => () => {
    Object.assign(view, { down: view.sort === key && !view.down, sort: key, page: 0 });
    refresh();
  };
  const heads = COLUMNS.map((column) =>
    element("th", { scope: "col", class: column.plain && "text", "data-key": column.key },
      element("button", { type: "button", onclick: sortBy(column.key) }, column.head ?? column.words)),
  );
  document.querySelector("#table thead").append(
    element("tr", {}, element("th", { scope: "col", class: "text" }, "compare"), ...heads),
  );
}

function row(cell) {
  const box = element("input", {
    type: "checkbox", "aria-label": `compare ${cell.cell}`, onchange: () => pick(cell.i, box.checked),
  });
  box.checked = view.picked.includes(cell.i);
  const values = COLUMNS.slice(1).map((column) =>
    element("td", { class: `${column.long ? "long" : column.plain ? "text" : ""} ${column.mark && cell.marks ? "mark" : ""}` }, column.text(cell)),
  );
  const name = element("th", { scope: "row", title: cell.cell }, element("code", {}, cell.short));
  const classes = box.checked ? "picked" : "";
  return element("tr", { "data-cell": cell.i, class: classes }, element("td", { class: "text" }, box), name, ...values);
}

/** Take a cell in or out of the comparison; of three the first goes. */
function pick(i, taken) {
  view.picked = view.picked.filter((other) => other !== i);
  if (taken) view.picked = [...view.picked, i].slice(-2);
  for (const line of document.querySelectorAll("#table tbody tr")) {
    const chosen = view.picked.includes(Number(line.dataset.cell));
    line.classList.toggle("picked", chosen);
    line.querySelector("input").checked = chosen;
  }
  drawPicked();
}

function drawTable(found) {
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  const start = view.page * PAGE_ROWS;
  const shown = found.slice(start, start + PAGE_ROWS);
  document.querySelector("#table tbody").replaceChildren(...shown.map(row));
  for (const head of document.querySelectorAll("#table thead th[data-key]")) {
    if (head.dataset.key !== view.sort) head.removeAttribute("aria-sort");
    else head.setAttribute("aria-sort", view.down ? "descending" : "ascending");
  }
  const marked = found.filter((cell) => cell.marks).length;
  document.getElementById("shown").textContent =
    `${found.length} of ${CELLS.length} cells` + (marked ? `, ${marked} of them with marks` : "");
  const turn = (words, step, possible) => {
    const button = element("button", { type: "button", disabled: !possible }, words);
    button.addEventListener("click", () => { view.page += step; refresh(); });
    return button;
  };
  const last = Math.min(start + PAGE_ROWS, found.length);
  document.getElementById("pages").replaceChildren(
    ...(pages === 1 ? [] : [
      turn("Previous", -1, view.page > 0),
      ` cells ${start + 1} to ${last} of ${found.length} `,
      turn("Next", 1, view.page < pages - 1),
    ]),
  );
}
