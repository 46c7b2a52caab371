// The chart: a quantity of the filtered cells against any axis, with the fitted law.

const COLOURS = ["#2b83ba", "#d55e00", "#2a9d74", "#c0679f", "#b07800", "#808080"];
const MOST_POINTS = 2000;
const MOST_LINES = 300;
const MOST_TICKS = 14;
const NUMBERS = AXES.filter((axis) => axis.number);
const FIRST = NUMBERS.find((axis) => CELLS.every((cell) => has(cell, axis.key))) ?? NUMBERS[0] ?? AXES[0];
const NONE = "none";
const colourOf = (cell) => level(cell, chosen.colour) || NONE;
const chosen = {
  x: FIRST?.key, y: "latency_s", colour: (AXES.find((axis) => axis !== FIRST) ?? FIRST)?.key,
  law: "nearest", logX: true, logY: true,
};
const LAWFUL = ["latency_s", "throughput_per_s"];

function buildChoices() {
  const set = (key) => (value) => { chosen[key] = value; refresh(); };
  const tick = (words, key) => {
    const box = element("input", { type: "checkbox", onchange: () => set(key)(box.checked) });
    box.checked = chosen[key];
    return element("label", { class: "inline" }, box, words);
  };
  const axes = AXES.map((axis) => [axis.key, axis.name]);
  const laws = [...new Set(STUDY.laws.map((law) => law.law))].map((name) => [name, name]);
  document.getElementById("choices").append(
    choice("show", QUANTITIES.filter((one) => one.key !== "half_width").map((one) => [one.key, one.words]), chosen.y, set("y")),
    choice("against", axes, chosen.x, set("x")),
    choice("coloured by", axes, chosen.colour, set("colour")),
    choice("law", [["nearest", "the nearest"], ["", "none"], ...laws], chosen.law, set("law")),
    tick("log axis", "logX"), tick("log scale of the quantity", "logY"),
  );
  document.getElementById("choices").addEventListener("submit", (event) => event.preventDefault());
}

/** The fitted law of a cell's machine and model along the axis, if there is one. */
const lawOf = (cell) => STUDY.laws.find((law) =>
  law.machine === cell.machine && law.model === cell.model && law.factor === chosen.x &&
  (chosen.law === "nearest" ? law.nearest : law.law === chosen.law));

/** The law scaled to every slice (all other axes fixed), as points between its levels. */
function lawLines(cells) {
  if (!chosen.law || !LAWFUL.includes(chosen.y)) return [];
  const others = ["machine", ...AXES.map((axis) => axis.key).filter((key) => key !== chosen.x)];
  const slices = d3.groups(cells, (cell) => others.map((key) => cell[key]).join("|"));
  if (slices.length > MOST_LINES) return [];
  return slices.flatMap(([slice, own]) => {
    const law = lawOf(own[0]);
    if (!law || own.length < 2) return [];
    const at = new Map(law.x.map((x, k) => [x, law.y[k]]));
    const fitted = own.filter((cell) => known(at.get(cell[chosen.x])));
    const scale = Math.exp(d3.mean(fitted, (cell) => Math.log(cell.latency_s / at.get(cell[chosen.x]))));
    const [low, high] = d3.extent(own, (cell) => cell[chosen.x]);
    const value = (x, y) => (chosen.y === "latency_s" ? scale * y
      : (chosen.x === "batch_size" ? x : own[0].batch_size) / (scale * y));
    return law.x.map((x, k) => ({ slice, x, y: known(law.y[k]) ? value(x, law.y[k]) : NaN, colour: colourOf(own[0]) }))
      .filter((point) => point.x >= low && point.x <= high);
  });
}

/** Above 2,000 cells: the median and the range from 10 to 90 % by level and colour. */
function summarised(points) {
  return d3.groups(points, (point) => point.x, (point) => point.colour).flatMap(([x, groups]) =>
    groups.map(([colour, own]) => {
      const at = (share) => d3.quantile(own, share, (point) => point.y);
      const marked = own.some((point) => point.marked);
      return { x, colour, y: at(0.5), low: at(0.1), high: at(0.9), marked, words: `${own.length} cells: median ${digits(at(0.5))}, 10 to 90 %: ${digits(at(0.1))} to ${digits(at(0.9))}` };
    }));
}

function pointsOf(cells) {
  const timed = chosen.y === "latency_s";
  const points = cells.map((cell) => ({
    x: axisOf(chosen.x).number ? cell[chosen.x] : String(cell[chosen.x]),
    y: cell[chosen.y],
    low: timed ? cell.latency_low_s : NaN,
    high: timed ? cell.latency_high_s : NaN,
    colour: colourOf(cell),
    marked: Boolean(cell.marks),
    words: `${cell.cell}\n${quantity(chosen.y).text(cell)}${timed ? ` ${halfWidth(cell)}` : ""}${cell.marks ? `\n⚠ ${cell.marks}` : ""}`,
  }));
  return points.length > MOST_POINTS ? summarised(points) : points;
}

function lawWords(cells) {
  if (!chosen.law) return [];
  if (!LAWFUL.includes(chosen.y)) return ["The laws are of the latency: this quantity has none."];
  const found = d3.groups(cells, (cell) => `${cell.model} on ${cell.machine}`).map(([who, own]) => {
    const law = lawOf(own[0]);
    if (!law) return `${who}: no law along ${axisOf(chosen.x).name}.`;
    return `${who}: ${law.law}, ${law.formula}: ${law.fate === "named" ? "the law that time follows" : law.fate} (verdict: ${law.verdict}).`;
  });
  return [...found, "Lines: the law scaled to each slice, between the levels that were run and never beyond."];
}

function drawChart(found) {
  const cells = AXES.length ? found.filter((cell) => has(cell, chosen.x) && known(cell[chosen.y])) : found;
  const place = document.getElementById("chart");
  const words = document.getElementById("chart-words");
  if (!cells.length || !AXES.length) {
    const why = found.length ? "No such cell has this axis and quantity." : "No cell passes the filters.";
    place.replaceChildren(element("p", {}, AXES.length ? why : "All cells agree on every axis."));
    words.textContent = "";
    return;
  }
  const [axis, shown, points] = [axisOf(chosen.x), quantity(chosen.y), pointsOf(cells)];
  const levels = levelsOf(chosen.x, cells), colours = levelsOf(chosen.colour, cells).map(String);
  if (!cells.every((cell) => has(cell, chosen.colour))) colours.push(NONE);
  const range = colours.length > COLOURS.length ? d3.quantize((t) => d3.interpolateViridis(0.3 + 0.6 * t), colours.length) : COLOURS;
  const named = levels.filter((_, k) => k % Math.ceil(levels.length / MOST_TICKS) === 0);
  const label = shown.words + (shown.unit ? ` (${shown.unit})` : "");
  const logX = chosen.logX && levels.every((level) => level > 0);
  const logY = chosen.logY && points.every((point) => point.y > 0);
  place.replaceChildren(chartOf({
    width: Math.max(320, Math.min(1080, place.clientWidth || 900)), height: 420, marginLeft: 64, marginBottom: 42,
    ariaLabel: `${label} against ${axis.label} of ${cells.length} cells, coloured by ${axisOf(chosen.colour).name}; the table below has the numbers`,
    x: axis.number
      ? { type: logX ? "log" : "linear", label: axis.label, insetLeft: 12, insetRight: 12 }
      : { type: "point", label: axis.label, domain: levels.map(String) },
    y: { type: logY ? "log" : "linear", label, grid: true, tickFormat: "~s", ticks: 6 },
    color: { type: "ordinal", domain: colours, range, label: axisOf(chosen.colour).label, legend: true },
    symbol: { domain: [false, true], range: ["circle", "triangle"] },
    marks: [
      // Every level is named: a logarithmic axis would leave out what is no round number to it.
      axis.number ? Plot.axisX(named, { text: String }) : null,
      axis.number ? Plot.line(lawLines(cells), { x: "x", y: "y", z: "slice", stroke: "colour", strokeWidth: 1.2, strokeDasharray: "5 3" }) : null,
      Plot.ruleX(points.filter((point) => known(point.low) && known(point.high)), { x: "x", y1: "low", y2: "high", stroke: "colour" }),
      Plot.dot(points, { x: "x", y: "y", stroke: "colour", symbol: "marked", r: 4, strokeWidth: 1.6, tip: true, title: "words" }),
    ],
  }));
  const absent = found.length - cells.length;
  const others = absent ? [`${absent} of the ${found.length} cells lack ${axis.name} or ${shown.words}: they are not drawn.`] : [];
  const marked = points.some((point) => point.marked) ? ["Triangles are cells with marks."] : [];
  const many = cells.length > MOST_POINTS ? ["Over 2,000 cells: points are medians by level and colour; filter to see single cells."] : [];
  words.replaceChildren(...[...others, ...marked, ...many, ...lawWords(cells)].map((line) => element("div", {}, line)));
}
