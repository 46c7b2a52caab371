"use strict";
// The study's data as the page's scripts see it, and how numbers are written. Everything that a
// user or a review said reaches the page as text nodes only.

const STUDY = JSON.parse(document.getElementById("study-data").textContent);

/** Every cell as an object; texts that repeat are stored once. */
const CELLS = (() => {
  const columns = Object.entries(STUDY.cells).map(([name, column]) => [
    name,
    Array.isArray(column) ? column : column.is.map((place) => column.of[place]),
  ]);
  return STUDY.cells.cell.map((_, i) => {
    const cell = { i };
    for (const [name, values] of columns) cell[name] = values[i];
    return cell;
  });
})();
const AXES = STUDY.axes;
const MACHINES = [...new Set(CELLS.map((cell) => cell.machine))];

/** An element with attributes and children; strings become text, never markup. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if ((value ?? false) !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A labelled select; `options` are [value, words]. */
function choice(words, options, chosen, changed) {
  const select = element("select", { onchange: () => changed(select.value) });
  for (const [value, text] of options) {
    select.append(element("option", { value, selected: String(value) === String(chosen) }, text));
  }
  select.id = `choose-${words}`.replaceAll(" ", "-");
  return element("div", { class: "field" }, element("label", { for: select.id }, words), select);
}

const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

/** Three digits. */
function digits(value) {
  if (!known(value)) return "–";
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
}

const UNITS = [
  { name: "s", size: 1 },
  { name: "ms", size: 1e-3 },
  { name: "µs", size: 1e-6 },
];
const unitOf = (value) => UNITS.find((unit) => value >= unit.size) ?? UNITS[2];

/** A duration to three digits in the unit that fits. */
function seconds(value) {
  if (!known(value)) return "–";
  const unit = unitOf(value);
  return `${digits(value / unit.size)} ${unit.name}`;
}

const percent = (value) => (known(value) ? `${(100 * value).toFixed(1)} %` : "–");
const halfWidth = (cell) =>
  known(cell.half_width) && known(cell.coverage) ? `± ${percent(cell.half_width)}` : "no interval";
const interval = (cell) =>
  `${seconds(cell.latency_low_s)} to ${seconds(cell.latency_high_s)}` +
  (known(cell.coverage) ? ` (${percent(cell.coverage)})` : " (range)");
const processWords = (cell) => `${cell.processes} (${cell.disturbed_processes} disturbed)`;
const accuracy = (cell) => (known(cell.test_accuracy) ? percent(cell.test_accuracy) : "not trained");
const bytes = (value) => (known(value) ? `${digits(value / 2 ** 20)} MiB` : "–");

/** The quantities of a cell: words (`head` over a column whose texts have no unit), value to sort by, text. */
const QUANTITIES = [
  { key: "latency_s", words: "latency of a call", unit: "s", text: (c) => seconds(c.latency_s) },
  { key: "half_width", words: "half-width", text: halfWidth },
  { key: "typical_s", words: "typical latency", unit: "s", text: (c) => seconds(c.typical_s) },
  { key: "noise", words: "noise", unit: "typical / undisturbed", text: (c) => digits(c.noise) },
  { key: "throughput_per_s", words: "throughput", head: "throughput (examples/s)", unit: "examples/s",
    text: (c) => digits(c.throughput_per_s) },
  { key: "p90_s", words: "90th percentile", unit: "s", text: (c) => seconds(c.p90_s) },
  { key: "p99_s", words: "99th percentile", unit: "s", text: (c) => seconds(c.p99_s) },
  { key: "first_call_s", words: "first call", unit: "s", text: (c) => seconds(c.first_call_s) },
  { key: "load_s", words: "loading the model", unit: "s", text: (c) => seconds(c.load_s) },
  { key: "floor_s", words: "identity model", unit: "s", text: (c) => seconds(c.floor_s) },
  { key: "pass_mean_s", words: "time of a pass", unit: "s", text: (c) => seconds(c.pass_mean_s) },
  { key: "memory_timed_bytes", words: "peak memory", unit: "bytes", text: (c) => bytes(c.memory_timed_bytes) },
  { key: "flop_per_example", words: "FLOP an example", unit: "FLOP", text: (c) => digits(c.flop_per_example) },
  { key: "parameters", words: "parameters", unit: "", text: (c) => c.parameters?.toLocaleString("en") ?? "–" },
  { key: "test_accuracy", words: "test accuracy", unit: "share", text: accuracy },
];
const quantity = (key) => QUANTITIES.find((one) => one.key === key);
const axisOf = (key) => AXES.find((axis) => axis.key === key);
/** Whether a cell has the axis: those of other families are null. */
const has = (cell, key) => cell[key] !== null;
/** A cell's value of an axis as text, nothing where its family has no such axis. */
const level = (cell, key) => (has(cell, key) ? String(cell[key]) : "");
const levelsOf = (key, cells = CELLS) =>
  [...new Set(cells.filter((cell) => has(cell, key)).map((cell) => cell[key]))].sort((a, b) => d3.ascending(a, b));

/** A mark's words as a badge; nothing where there is no mark. */
function badges(cell) {
  return cell.marks ? cell.marks.split(" · ").map((words) => element("span", { class: "badge" }, `⚠ ${words}`)) : [];
}
