// Tables: of workflows, of open executions, of syncs, and of the numbers behind a chart.

const COLUMNS = [
  { key: "name", label: "Workflow", of: (each) => each.name.toLowerCase(), kind: "name" },
  { key: "runs", label: "Runs", of: (each) => number(each, "runs") },
  { key: "failed", label: "Failed", of: (each) => number(each, "failed"), optional: true },
  { key: "rate", label: "Failure rate", of: (each) => rateOf(each) },
  { key: "change", label: "Change", of: (each) => rateChange(each), before: true, optional: true },
  { key: "p50", label: "p50", of: (each) => number(each, "p50"), optional: true },
  { key: "p95", label: "p95", of: (each) => number(each, "p95") },
  { key: "slower", label: "p95 change", of: (each) => slowdown(each), before: true, optional: true },
  { key: "saved", label: "Saved by retry", of: (each) => number(each, "saved"), optional: true },
];

function rateChange(figures) {
  const now = rateOf(figures),
    before = rateOf(figures, "before");
  return now === null || before === null ? null : now - before;
}

function slowdown(figures) {
  const now = number(figures, "p95"),
    before = number(figures, "p95", "before");
  return now && before ? now / before - 1 : null;
}

function signed(value, words) {
  if (value === null) return "–";
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${words(Math.abs(value))}`;
}

function points(value) {
  return `${(value * 100).toFixed(1)}${NARROW}pts`;
}

function toned(text, value, least) {
  const tone = value === null || Math.abs(value) < least ? null : value > 0 ? "worse" : "better";
  return element("span", { class: tone }, text);
}

function cells(each, widest) {
  const rate = rateOf(each);
  const change = rateChange(each),
    slower = slowdown(each);
  const bar = element("i", { style: `width:${widest ? Math.round((100 * (rate ?? 0)) / widest) : 0}%` });
  return {
    runs: count(number(each, "runs")),
    failed: count(number(each, "failed")),
    rate: element(
      "span",
      {},
      share(rate),
      element("span", { class: "bar optional", "aria-hidden": "true" }, bar),
    ),
    change: toned(signed(change, points), change, 0.005),
    p50: span(number(each, "p50")),
    p95: span(number(each, "p95")),
    slower: toned(signed(slower, share), slower, 0.1),
    saved: count(number(each, "saved")),
  };
}

// A line of the failure rates in the period, from nought to the workflow's own highest or a tenth.
function trend(figures) {
  const SVG = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(SVG, "svg");
  const known = rates(figures)
    .map((rate, index) => [index, rate])
    .filter(([, rate]) => rate !== null);
  const last = Math.max(1, rates(figures).length - 1);
  const top = Math.max(0.1, ...known.map(([, rate]) => rate));
  drawn.setAttribute("class", "trend");
  drawn.setAttribute("viewBox", "0 0 96 24");
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.setAttribute("aria-hidden", "true");
  const ground = document.createElementNS(SVG, "line");
  for (const [name, value] of [
    ["x1", 0],
    ["x2", 96],
    ["y1", 23],
    ["y2", 23],
  ])
    ground.setAttribute(name, value);
  const path = document.createElementNS(SVG, "polyline");
  path.setAttribute(
    "points",
    known
      .map(([index, rate]) => `${((96 * index) / last).toFixed(1)},${(23 - (22 * rate) / top).toFixed(1)}`)
      .join(" "),
  );
  drawn.append(ground, path);
  return drawn;
}

function workflowTable(page) {
  const { data, state } = page;
  const columns = COLUMNS.filter((each) => !each.before || data.period.hasBefore);
  const sorted = sortedWorkflows(data.workflows, columns, state.sort);
  const widest = Math.max(...data.workflows.map((each) => rateOf(each) ?? 0));
  const head = columns.map((each) => {
    const direction = state.sort.key === each.key ? (state.sort.down ? "descending" : "ascending") : null;
    const arrow = direction && element("span", { "aria-hidden": "true" }, state.sort.down ? " ↓" : " ↑");
    const button = element(
      "button",
      { type: "button", "data-sort": each.key, onclick: () => page.sortBy(each.key) },
      each.label,
      arrow,
    );
    return element("th", { scope: "col", "aria-sort": direction, class: classes(each) }, button);
  });
  head.push(element("th", { scope: "col", class: "optional" }, "Failure rate over time"));
  const rows = sorted.map((each) => {
    const shown = cells(each, widest);
    const choose = element(
      "button",
      {
        type: "button",
        class: "link",
        "aria-pressed": String(state.workflow === each),
        onclick: () => page.choose(each),
      },
      each.name,
    );
    const made = columns.map((column) =>
      element("td", { class: classes(column) }, column.key === "name" ? choose : shown[column.key]),
    );
    return element(
      "tr",
      { class: state.workflow === each ? "chosen" : null },
      ...made,
      element("td", { class: "optional" }, trend(each)),
    );
  });
  return element(
    "table",
    { id: "workflows" },
    element("caption", { class: "hidden" }, "Workflows"),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows),
  );
}

function classes(column) {
  return [column.kind, column.optional && "optional"].filter(Boolean).join(" ") || null;
}

function sortedWorkflows(workflows, columns, { key, down }) {
  const { of } = columns.find((each) => each.key === key) ?? COLUMNS[1];
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return [...workflows].sort((one, other) => {
    const [a, b] = [of(one), of(other)];
    // What is not known stands last in either order.
    if (a === null || b === null) return (a === null) - (b === null);
    return down ? compare(b, a) : compare(a, b);
  });
}

function plainTable(caption, heads, rows) {
  const row = (tag, each) =>
    element(
      "tr",
      {},
      ...each.map((cell, index) =>
        element(tag, { scope: tag === "th" ? "col" : null, class: heads[index].shape }, cell),
      ),
    );
  return element(
    "table",
    {},
    element("caption", { class: "hidden" }, caption),
    element(
      "thead",
      {},
      row(
        "th",
        heads.map((head) => head.label),
      ),
    ),
    element("tbody", {}, ...rows.map((each) => row("td", each))),
  );
}

function scroller(label, table) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);
}

function numbersBehind(title, heads, rows) {
  const label = `Numbers: ${title}`;
  const table = () =>
    scroller(
      label,
      plainTable(
        label,
        heads.map((each, index) => ({ label: each, shape: index === 0 ? "name" : null })),
        rows(),
      ),
    );
  const details = element("details", {}, element("summary", {}, "Show the numbers"));
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) details.append(table());
  });
  return details;
}

function openTable(figures, nameOf) {
  const heads = [
    { label: "Execution" },
    { label: "Workflow", shape: "name" },
    { label: "State", shape: "text" },
    { label: "Open for" },
    { label: "Started (UTC)", shape: "optional" },
    { label: "Waits until (UTC)", shape: "optional" },
  ];
  const rows = figures.open.map((each) => [
    each.id,
    nameOf(each),
    element("span", { class: `tag ${each.outcome}` }, each.outcome),
    span(each.seconds),
    each.started ? momentText(each.started) : "not yet",
    each.waitTill ? momentText(each.waitTill) : "–",
  ]);
  return plainTable("Executions that have not ended", heads, rows);
}

function runsTable(runs) {
  const known = (name) => runs.some((each) => each[name] !== null && each[name] !== "");
  const columns = [
    ["Sync (UTC)", (each) => momentText(each.started)],
    [
      "Outcome",
      (each) =>
        element(
          "span",
          { class: ["complete", "failed"].includes(each.outcome) ? `tag ${each.outcome}` : "tag" },
          each.outcome,
        ),
      "text",
    ],
    known("seconds") && ["Took", (each) => span(each.seconds), "optional"],
    known("requests") && [
      "Requests",
      (each) => (each.requests === null ? "–" : count(each.requests)),
      "optional",
    ],
    known("rows_loaded") && [
      "Rows loaded",
      (each) => (each.rows_loaded === null ? "–" : count(each.rows_loaded)),
    ],
    known("rows_quarantined") && [
      "Quarantined",
      (each) => (each.rows_quarantined === null ? "–" : count(each.rows_quarantined)),
      "optional",
    ],
    known("error") && ["Error", (each) => each.error, "name"],
  ].filter(Boolean);
  return plainTable(
    "Syncs",
    columns.map(([label, , shape]) => ({ label, shape })),
    runs.slice(0, 10).map((each) => columns.map(([, of]) => of(each))),
  );
}
