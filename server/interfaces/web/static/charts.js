// The curves that the server drew, drawn again so that they can be read off, zoomed (drag; double click for all) and follow.
"use strict";
(() => {
  const run = document.getElementById("lines")?.dataset.run;
  if (!run) return;
  const colour = (name) => {  // as the theme has it: the property itself holds both
    const one = document.body.appendChild(document.createElement("i"));
    one.style.color = `var(${name})`;
    const seen = getComputedStyle(one).color;
    one.remove();
    return seen;
  };
  const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3], [], [3, 3]];
  const drawn = new Map();
  let timer = 0;

  const marks = (chart) => (plot) => {
    const draw = plot.ctx;
    const {left, top, width, height} = plot.bbox;
    draw.save();
    draw.beginPath();
    draw.rect(left, top, width, height);
    draw.clip();
    for (const one of chart.marks) {
      const x = plot.valToPos(one.x, "x", true);
      draw.strokeStyle = draw.fillStyle = colour(`--${one.tone}`);
      if (one.until !== null) {
        draw.globalAlpha = 0.25;
        draw.fillRect(x, top, Math.max(2, plot.valToPos(one.until, "x", true) - x), height);
        draw.globalAlpha = 1;
      } else {
        draw.setLineDash([4, 3]);
        draw.lineWidth = devicePixelRatio;
        draw.beginPath();
        draw.moveTo(x, top);
        draw.lineTo(x, top + height);
        draw.stroke();
      }
    }
    draw.restore();
  };

  const options = (chart, width) => ({
    width, height: Math.max(160, Math.round(width * 0.36)),
    scales: {x: {time: chart.time}, y: chart.time ? {range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1]} : {}},
    axes: [
      {label: chart.x_name, labelSize: 18, size: chart.time ? 50 : 34, labelFont: "12px system-ui, sans-serif", stroke: colour("--dim"), grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line")}},
      {stroke: colour("--dim"), grid: {stroke: colour("--line"), width: 1}, ticks: {stroke: colour("--line")}, size: 56},
    ],
    series: [{label: chart.x_name}, ...chart.series.map((one, place) => ({
      label: one.name, stroke: colour(`--s${place + 1}`), width: 1.8, dash: dashes[place], spanGaps: false, points: {show: chart.x.length < 40},
      value: (_, value) => (value === null || value === undefined ? "–" : Number(value.toPrecision(5)).toString()),
    }))],
    legend: {live: true},
    hooks: {draw: [marks(chart)]},
  });

  const draw = (figure, chart) => {
    const picture = figure.querySelector(".picture");
    if (chart.x.length < 2) return;
    drawn.get(figure)?.plot.destroy();
    const svg = picture.querySelector("svg");
    const label = svg?.getAttribute("aria-label") ?? drawn.get(figure)?.label ?? chart.title;
    picture.replaceChildren();
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", label);
    const plot = new uPlot(options(chart, Math.floor(figure.clientWidth)), [chart.x, ...chart.series.map((one) => one.values)], picture);
    drawn.set(figure, {plot, chart, label});
  };

  const load = async () => {
    timer = 0;
    const answer = await fetch(`/runs/${encodeURIComponent(run)}/charts`).catch(() => null);
    if (!answer?.ok) return;
    const found = await answer.json(), taken = new Set();
    for (const [figure, {plot}] of [...drawn]) if (!figure.isConnected) { plot.destroy(); drawn.delete(figure); }
    for (const figure of document.querySelectorAll("figure.chart[data-group]")) {  // charts come, and then others stand before them
      const chart = found[figure.dataset.group]?.find((one) => one.title === figure.dataset.title && !taken.has(one));
      if (!chart) continue;
      taken.add(chart);
      const known = drawn.get(figure);
      if (known && JSON.stringify(known.chart) === JSON.stringify(chart)) continue;
      if (known && known.chart.series.length === chart.series.length) {
        known.chart = chart;
        known.plot.hooks.draw = [marks(chart)];
        known.plot.setData([chart.x, ...chart.series.map((one) => one.values)]);
      } else draw(figure, chart);
    }
    document.body.dataset.charts = String(drawn.size);
  };
  const later = () => { timer ||= setTimeout(load, 2500); };

  new ResizeObserver(() => { for (const [figure, {plot, chart}] of drawn) { const width = Math.floor(figure.clientWidth); if (width !== plot.width) plot.setSize({width, height: options(chart, width).height}); } }).observe(document.getElementById("main"));
  const chains = document.getElementById("chains-part");  // read in a process of its own: the page does not wait for it
  if (chains) {
    const link = [...chains.childNodes], wait = document.createElement("p");
    wait.className = "empty";
    wait.textContent = "The trace is being read…";
    wait.setAttribute("role", "status");
    chains.replaceChildren(wait);
    fetch(chains.dataset.src, {headers: {accept: "text/html"}}).then(async (answer) => {
      const drawn = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("chains-drawn");
      chains.replaceChildren(...(drawn ? drawn.childNodes : link));
    }).catch(() => chains.replaceChildren(...link));
  }
  watchkeeper.listen((kind, told) => {
    if (kind === "theme") { for (const [figure, {chart}] of [...drawn]) draw(figure, chart); }
    else if (kind === "parts") load();
    else if (kind === "log" ? run in told : told.run === run) later();
  });
  load();
})();
