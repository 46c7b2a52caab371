// Starts the explorer, and lets closed parts of the page be printed.

/** Show what the filters, the sort and the choices now ask for. */
function refresh() {
  const found = filtered();
  drawTable(found);
  drawChart(found);
}

for (const part of document.querySelectorAll(".scripted")) part.hidden = false;
buildFilters();
buildHead();
buildChoices();
refresh();
drawPicked();

// A closed chart has no width: it is drawn anew when it is opened.
document.querySelector("#explorer").closest("details").addEventListener("toggle", () => drawChart(filtered()));

let waiting;
addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => drawChart(filtered()), 200);
});

// Browsers that cannot print a closed <details> by style get it opened, and closed again after.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const part of opened) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of opened) part.open = false;
});
