// What is known of the picked cells: side by side, their processes, their model, how to time them again.

const INK = { background: "transparent", fontSize: "12px" };
const KINDS = ["undisturbed", "disturbed", "unsettled"];
const KIND_COLOURS = ["#2b83ba", "#d55e00", "#c0679f"];

/** A chart as an image with words for those who do not see it. */
function chartOf(options) {
  const made = Plot.plot({ style: INK, ...options });
  const drawing = made.tagName.toLowerCase() === "svg" ? made : made.querySelector(":scope > svg:last-of-type");
  drawing.setAttribute("role", "img");
  // Groups have no role, so ARIA gives them no name: the drawing's own is the one that is read.
  for (const group of drawing.querySelectorAll("g[aria-label]")) {
    group.dataset.mark = group.getAttribute("aria-label");
    group.removeAttribute("aria-label");
  }
  return element("div", { class: "chart" }, made);
}

function processesOf(cell) {
  const unit = unitOf(cell.latency_s);
  const scaled = (us) => (known(us) ? (us * 1e-6) / unit.size : NaN);
  const rows = STUDY.processes.rows[cell.i];
  const single = rows.every(([, process]) => process === rows[0][1]);
  return rows.map(([round, process, disturbed, unsettled, reason, latency, p50, p90, p99]) => ({
    place: single ? `${round}` : `${round}.${process}`,
    kind: disturbed ? "disturbed" : unsettled ? "unsettled" : "undisturbed",
    words: [STUDY.processes.reasons[reason], unsettled ? "warm-up did not settle" : ""].filter(Boolean).join(", "),
    latency: scaled(latency), p50: scaled(p50), p90: scaled(p90), p99: scaled(p99),
  }));
}

function processChart(cell) {
  const rows = processesOf(cell);
  const unit = unitOf(cell.latency_s);
  const counted = KINDS.map((kind) => `${rows.filter((one) => one.kind === kind).length} ${kind}`).join(", ");
  const about = { x: "place", stroke: "kind" };
  const label = rows.some((one) => one.place.includes(".")) ? "round.process" : "round";
  return chartOf({
    width: 520, height: 260, marginLeft: 56, marginBottom: 42,
    ariaLabel: `Processes of ${cell.cell}: ${counted}; line at the latency ${seconds(cell.latency_s)}`,
    x: { type: "point", domain: rows.map((one) => one.place), label, tickRotate: rows.length > 14 ? -60 : 0 },
    y: { label: `time of a call (${unit.name}): latency, median to 90 % (thick), 99 %`, grid: true, nice: true, zero: false },
    color: { domain: KINDS, range: KIND_COLOURS },
    symbol: { domain: KINDS, range: ["circle", "times", "triangle"], legend: true },
    marks: [
      Plot.ruleY([cell.latency_s / unit.size], { stroke: "currentColor", strokeDasharray: "4 3" }),
      Plot.ruleX(rows, { ...about, y1: "latency", y2: "p99" }),
      Plot.ruleX(rows, { ...about, y1: "p50", y2: "p90", strokeWidth: 4, strokeOpacity: 0.5 }),
      Plot.dot(rows, {
        ...about, y: "latency", symbol: "kind", r: 4, tip: true,
        title: (one) => `process ${one.place}: ${digits(one.latency)} ${unit.name}, typical ${digits(one.p50)}\n${one.kind}${one.words ? `: ${one.words}` : ""}`,
      }),
    ],
  });
}

function histogramChart(cell) {
  const [low, high, counts] = STUDY.histograms[cell.i];
  const unit = unitOf(cell.latency_s);
  const edge = (k) => (low * (high / low) ** (k / counts.length) * 1e-6) / unit.size;
  const bins = counts.map((count, k) => ({ from: edge(k), to: edge(k + 1), count }));
  const calls = d3.sum(counts);
  return chartOf({
    width: 520, height: 200, marginLeft: 56, marginBottom: 42,
    ariaLabel: `Distribution of ${calls} calls of ${cell.cell}, from ${digits(edge(0))} to ${digits(edge(counts.length))} ${unit.name}`,
    x: { type: "log", label: `latency (${unit.name}) of ${calls.toLocaleString("en")} calls; outer 0.5 % at the ends`, ticks: 6, tickFormat: digits },
    y: { label: "calls", grid: true },
    marks: [
      Plot.rectY(bins, { x1: "from", x2: "to", y: "count", fill: KIND_COLOURS[0] }),
      Plot.ruleX([cell.latency_s / unit.size], { stroke: "currentColor", strokeDasharray: "4 3" }),
      Plot.ruleY([0]),
    ],
  });
}

function predictionsOf(cell) {
  const model = STUDY.models[cell.trained];
  const pool = STUDY.pools[STUDY.shapes[cell.trained]];
  if (!model) return element("p", {}, `The page holds no predictions of it: see ${STUDY.results}/models/${cell.trained}/predictions.parquet`);
  const reviews = Object.values(pool.inputs).some((input) => input.review !== undefined);
  const items = model.rows.map(([number, guess, probability, correct]) => {
    const input = pool.inputs[number];
    const actual = pool.labels[input.actual];
    const verdict = element("strong", { class: correct ? "" : "mark" }, correct ? "CORRECT" : "WRONG");
    const words = ` input ${number}: predicted ${pool.labels[guess]} (${probability.toFixed(2)}), actual ${actual}`;
    const seen = input.image
      ? element("img", { class: "input", src: input.image, width: 56, height: 56, alt: `Test input ${number}, labelled ${actual}` })
      : element("q", {}, input.review ?? "");
    return element("li", {}, seen, element("div", {}, verdict, words));
  });
  return element("ul", { class: `predictions ${reviews ? "reviews" : ""}` }, ...items);
}

async function copy(button, text, area) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(area);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

function again(cell) {
  const text = STUDY.again.replaceAll("{cell}", cell.cell);
  const area = element("pre", {}, text);
  const button = element("button", { type: "button", class: "copy", "aria-live": "polite" }, "Copy");
  button.addEventListener("click", () => copy(button, text, area));
  return element("div", { class: "again" }, area, button);
}

/** A cell that was not timed: what is predicted of it, and how to time it. */
function predictedArticle(cell) {
  const area = element("pre", {}, STUDY.also.replaceAll("{cell}", cell.cell));
  return element("article", { "aria-label": cell.cell },
    element("h4", {}, element("code", {}, cell.cell)),
    element("p", {}, `Predicted, not timed: ${seconds(cell.latency_s)} a call, ${interval(cell)}.`),
    element("h5", {}, "To time it"), area);
}

function article(cell) {
  if (!cell.processes) return predictedArticle(cell);
  const part = (words, ...made) => [element("h5", {}, words), ...made];
  const model = STUDY.models[cell.trained];
  const files = `${STUDY.results}/runs/${cell.cell}/`;
  return element("article", { "aria-label": cell.cell },
    element("h4", {}, element("code", {}, cell.cell)),
    element("p", {}, `${seconds(cell.latency_s)} a call, ${halfWidth(cell)}, typically ${seconds(cell.typical_s)} `, ...badges(cell)),
    ...(STUDY.processes ? part("Processes", processChart(cell)) : [element("p", {}, `This page holds no single processes (over 2,000 cells): see ${files}`)]),
    ...(STUDY.histograms && STUDY.histograms[cell.i] ? part("Distribution of all calls", histogramChart(cell)) : []),
    ...part(`Structure of ${cell.trained}`, element("pre", { class: "structure", tabindex: 0 },
      model ? model.structure : `${STUDY.results}/models/${cell.trained}/structure.txt`)),
    ...(known(cell.test_accuracy) ? part("Predictions", predictionsOf(cell)) : []),
    ...part("To time it again", again(cell)),
  );
}

/** One row a quantity; with two cells also the ratio of the second to the first. */
function comparison(cells) {
  const [first, second] = cells;
  const shares = ["half_width", "test_accuracy"];
  const ratio = (key) => (second && !shares.includes(key) && known(first[key]) && known(second[key]) && first[key] ? digits(second[key] / first[key]) : "–");
  const head = ["quantity", ...cells.map((cell) => cell.cell), ...(second ? ["second / first"] : [])];
  const line = (words, texts) => element("tr", {}, element("th", { scope: "row" }, words), ...texts.map((text) => element("td", {}, text)));
  const plain = (words, text) => line(words, [...cells.map(text), ...(second ? ["–"] : [])]);
  return element("table", {},
    element("caption", {}, second ? overlap(first, second) : "The picked cell; tick another one to compare"),
    element("thead", {}, element("tr", {}, ...head.map((words) => element("th", { scope: "col" }, words)))),
    element("tbody", {},
      ...AXES.map((axis) => plain(axis.name, (cell) => level(cell, axis.key))),
      ...QUANTITIES.map((one) => line(one.head ?? one.words,
        [...cells.map(one.text), ...(second ? [ratio(one.key)] : [])])),
      plain("interval", interval), plain("processes", processWords), plain("bound", (cell) => cell.bound),
      plain("data", (cell) => (cell.data === "builtin" ? "built-in (generated)" : cell.data)),
      plain("marks", (cell) => cell.marks || "none")));
}

function overlap(first, second) {
  const ratio = digits(second.latency_s / first.latency_s);
  const said = `The second takes ${ratio} times as long a call as the first`;
  if (!known(first.coverage) || !known(second.coverage)) return `${said}; at least one has no interval.`;
  const apart = first.latency_high_s < second.latency_low_s || second.latency_high_s < first.latency_low_s;
  return `${said}; their intervals ${apart ? "do not overlap" : "overlap"}.`;
}

function drawPicked() {
  const cells = view.picked.map((i) => CELLS[i]);
  document.getElementById("none-picked").hidden = cells.length > 0;
  const wide = element("div", { class: "wide", tabindex: 0, role: "group", "aria-label": "Comparison" });
  if (cells.length) wide.append(comparison(cells));
  document.getElementById("comparison").replaceChildren(...(cells.length ? [wide] : []));
  document.getElementById("picked").replaceChildren(...cells.map(article));
}
