// The charts: each function gives ECharts its options, from figures and the theme's colours.

const STACK = [
  ["failed", "Failed"],
  ["canceled", "Canceled"],
  ["waiting", "Waiting"],
  ["running", "Running"],
  ["succeeded", "Succeeded"],
];
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "emptyCircle"];
const GLYPHS = ["●", "■", "▲", "◆", "○"];
const DASHES = ["solid", [6, 3], [2, 2], [8, 3, 2, 3], [12, 4]];
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const BOUNDS = { left: 4, right: 14, top: 12, bottom: 6 };
// Seconds, where an axis over several magnitudes is marked as people count time.
const STEPS = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36000, 86400, 864000, 8640000, 86400000];
const SHOWN_LINES = 5;
const SHOWN_BARS = 8;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function values(figures, name) {
  return figures.series[name] ?? [];
}

function number(figures, name, when = "now") {
  return figures[when][name]?.[0] ?? (name === "p50" || name === "p95" ? null : 0);
}

function rateOf(figures, when = "now") {
  const ended = number(figures, "ended", when);
  return ended ? number(figures, "failed", when) / ended : null;
}

function rates(figures) {
  const failed = values(figures, "failed");
  return values(figures, "ended").map((ended, index) => (ended ? (failed[index] ?? 0) / ended : null));
}

function frame(period) {
  const text = colour("muted");
  return {
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: text },
    grid: { ...BOUNDS, outerBoundsMode: "same", outerBounds: BOUNDS, outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "category",
      data: period.buckets.map((each) => bucketLabel(each, period.bucketHours)),
      axisLine: { lineStyle: { color: colour("line") } },
      axisTick: { show: false },
      axisLabel: { color: text, hideOverlap: true, fontSize: 11 },
    },
    yAxis: axis(count),
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: colour("card"),
      borderColor: colour("line"),
      textStyle: { color: colour("text"), fontSize: 13 },
      axisPointer: { type: "shadow", shadowStyle: { opacity: 0.12 } },
      extraCssText: "box-shadow: 0 4px 16px rgb(0 0 0 / 18%); border-radius: 8px;",
    },
  };
}

function axis(words, extra = {}) {
  return {
    type: "value",
    axisLabel: { color: colour("muted"), fontSize: 11, formatter: words },
    splitLine: { lineStyle: { color: colour("line"), opacity: 0.7 } },
    ...extra,
  };
}

// What a tooltip shows is built of elements, so that a name is never taken for markup.
function tip(title, rows) {
  const lines = rows.map(([mark, name, value]) => {
    const dot = element("span", {
      style: `display:inline-block;width:9px;height:9px;border-radius:2px;margin-right:7px;background:${mark}`,
    });
    const label = element("span", {}, name);
    const figure = element(
      "b",
      { style: "float:right;margin-left:22px;font-variant-numeric:tabular-nums" },
      value,
    );
    return element("div", { style: "max-width:300px;white-space:normal" }, figure, dot, label);
  });
  return [element("div", { style: "font-weight:600;margin-bottom:4px" }, title), ...lines];
}

function axisTip(period, words) {
  return (found) => {
    const title = bucketTitle(period.buckets[found[0].dataIndex], period.bucketHours);
    const rows = found
      .filter((each) => each.value !== null && each.value !== undefined)
      .map((each) => [each.color, each.seriesName, words(each.value)]);
    return tip(title, rows);
  };
}

function outcomesChart(period, figures) {
  const options = frame(period);
  options.series = STACK.filter(([name]) => values(figures, name).length).map(([name, label]) => ({
    name: label,
    type: "bar",
    stack: "all",
    barMaxWidth: 38,
    barCategoryGap: "22%",
    data: values(figures, name),
    itemStyle: {
      color: colour(name === "succeeded" ? "success" : name),
      borderColor: colour("card"),
      borderWidth: 0.5,
    },
  }));
  options.yAxis.minInterval = 1;
  options.tooltip.formatter = (found) => {
    const words = axisTip(period, count)(found.filter((each) => each.value));
    return found.some((each) => each.value)
      ? words
      : tip(bucketTitle(period.buckets[found[0].dataIndex], period.bucketHours), []);
  };
  return options;
}

function line(name, data, index, extra = {}) {
  const mark = colour(`line${index + 1}`);
  return {
    name,
    data,
    type: "line",
    symbol: SYMBOLS[index],
    symbolSize: 6,
    connectNulls: true,
    showSymbol: data.length < 40,
    lineStyle: { width: 2, type: DASHES[index], color: mark },
    itemStyle: { color: mark },
    emphasis: { focus: "series" },
    triggerLineEvent: true,
    ...extra,
  };
}

function linesChart(period, lines, words, extra = {}) {
  const options = frame(period);
  options.yAxis = axis(words, extra);
  options.series = lines;
  options.tooltip.axisPointer = { type: "line", lineStyle: { color: colour("muted") } };
  options.tooltip.formatter = axisTip(period, words);
  return options;
}

function rateChart(period, overall, shown) {
  const lines = shown.map((each, index) => line(each.name, rates(each), index));
  if (overall) {
    const style = {
      lineStyle: { width: 2.5, color: colour("muted"), type: "solid" },
      itemStyle: { color: colour("muted") },
    };
    lines.push({ ...line("All workflows", rates(overall), 0), ...style, symbol: "none" });
  }
  return linesChart(period, lines, share, {
    min: 0,
    axisLabel: {
      color: colour("muted"),
      fontSize: 11,
      formatter: (value) => `${Math.round(value * 100)}${NARROW}%`,
    },
  });
}

function durationChart(period, lines) {
  const all = lines.flatMap((each) => each.data).filter((each) => each > 0);
  const lowest = Math.min(...all),
    highest = Math.max(...all);
  if (all.length && highest / lowest > 30) {
    const clean = lines.map((each) => ({
      ...each,
      data: each.data.map((value) => (value > 0 ? value : null)),
    }));
    const steps = STEPS.filter(
      (step, index) => STEPS[index + 1] > lowest && (STEPS[index - 1] ?? 0) < highest,
    );
    const marks = { customValues: steps };
    return linesChart(period, clean, span, {
      type: "log",
      min: steps[0],
      max: steps.at(-1),
      axisTick: { ...marks, show: false },
      axisLabel: { color: colour("muted"), fontSize: 11, formatter: span, ...marks },
    });
  }
  return linesChart(period, lines, span, { min: 0 });
}

function hoursChart(figures, what) {
  const { runs, ended, failed } = figures.hours;
  const rate = (slot) => (ended[slot] ? failed[slot] / ended[slot] : null);
  const data = runs.map((many, slot) => {
    const value = { runs: many, failed: failed[slot], rate: rate(slot) }[what];
    return [slot % 24, Math.floor(slot / 24), value ?? "-"];
  });
  const numbers = data.map((each) => each[2]).filter((each) => each !== "-");
  // One unlucky hour with a single run would pale all the others.
  const top = what === "rate" ? Math.min(1, quantile(numbers, 0.98)) : Math.max(0, ...numbers);
  const words = what === "rate" ? share : count;
  const options = frame({ buckets: [], bucketHours: 1 });
  const bounds = { left: 2, right: 6, top: 6, bottom: 40 };
  options.grid = { ...options.grid, ...bounds, outerBounds: bounds };
  options.xAxis.data = [...Array(24).keys()].map((hour) => String(hour).padStart(2, "0"));
  options.xAxis.splitArea = { show: false };
  options.yAxis = {
    type: "category",
    data: WEEKDAYS,
    inverse: true,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: colour("muted"), fontSize: 11 },
  };
  options.visualMap = {
    min: 0,
    max: top || 1,
    orient: "horizontal",
    left: 0,
    bottom: 0,
    itemWidth: 10,
    itemHeight: 110,
    calculable: false,
    text: [words(top), words(0)],
    textStyle: { color: colour("muted"), fontSize: 11 },
    inRange: { color: [0, 1, 2, 3, 4].map((step) => colour(`heat${step}`)) },
    hoverLink: false,
  };
  options.series = [
    {
      type: "heatmap",
      data,
      itemStyle: { borderColor: colour("card"), borderWidth: 2, borderRadius: 3 },
      emphasis: { itemStyle: { borderColor: colour("text"), borderWidth: 1.5 } },
    },
  ];
  options.tooltip.trigger = "item";
  options.tooltip.formatter = ({ value: [hour, day] }) => {
    const slot = day * 24 + hour;
    const from = String(hour).padStart(2, "0"),
      to = String((hour + 1) % 24).padStart(2, "0");
    return tip(`${WEEKDAYS[day]}, ${from}:00–${to}:00`, [
      [colour("success"), "Runs", count(runs[slot])],
      [colour("failed"), "Failed", count(failed[slot])],
      [colour("line"), "Failure rate", share(rate(slot))],
    ]);
  };
  return options;
}

function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.floor(part * (sorted.length - 1))] : 0;
}

const RETRY_KINDS = [
  ["saved", "Saved by a retry", (each) => number(each, "saved")],
  ["vain", "Retried in vain", (each) => number(each, "retried") - number(each, "saved")],
  ["never", "Not retried", (each) => number(each, "failed_first") - number(each, "retried")],
];

function retriesChart(shown) {
  const options = frame({ buckets: [], bucketHours: 1 });
  options.xAxis = axis(count, { minInterval: 1 });
  options.yAxis = {
    type: "category",
    data: shown.map((each) => each.name),
    inverse: true,
    axisTick: { show: false },
    axisLine: { show: false },
    triggerEvent: true,
    axisLabel: { color: colour("text"), fontSize: 12, width: 130, overflow: "truncate" },
  };
  options.series = RETRY_KINDS.map(([mark, label, of]) => ({
    name: label,
    type: "bar",
    stack: "all",
    barMaxWidth: 20,
    data: shown.map(of),
    itemStyle: { color: colour(mark), borderColor: colour("card"), borderWidth: 0.5 },
  }));
  options.tooltip.formatter = (found) =>
    tip(
      found[0].name,
      found.map((each) => [each.color, each.seriesName, count(each.value)]),
    );
  return options;
}
