// The cards of the page: each method gives one, of the workflow that is chosen or of all.

const NOTE_ON_LINES = "what stands out, and most failures";

function oldestOpen(execution) {
  if (!execution) return "nothing waits or runs";
  return execution.started ? `the oldest for ${span(execution.seconds)}` : "all wait in a queue";
}

class Cards {
  // One card: a heading, what belongs beside it, and the chart with its numbers, or why there is none.
  card(id, title, note, tools, options, summary, numbers, legend, shape = "") {
    const head = element(
      "header",
      {},
      element("h2", { id: `h-${id}` }, title),
      tools ?? (note && element("p", { class: "muted" }, note)),
    );
    const box = element("section", { class: `card ${shape}`, "aria-labelledby": `h-${id}` }, head);
    if (!options) {
      box.append(element("p", { class: "empty" }, summary));
      return box;
    }
    if (legend) box.append(this.legend(legend));
    const chart = element("div", { class: "chart", id: `c-${id}`, role: "img", "aria-label": summary });
    box.append(chart);
    if (numbers) box.append(numbersBehind(title, ...numbers));
    this.pending ??= new Map();
    this.pending.set(chart, options);
    return box;
  }

  // Of workflows each is a button, so that the keyboard too gets from a line to its workflow.
  legend(items) {
    return element(
      "ul",
      { class: "legend" },
      ...items.map(({ label, colour, glyph, workflow }) => {
        const mark = element(
          "i",
          {
            class: glyph ? null : "box",
            "aria-hidden": "true",
            style: `${glyph ? "color" : "background"}:var(--${colour})`,
          },
          glyph ?? "",
        );
        const name = workflow
          ? element(
              "button",
              { type: "button", class: "link", title: label, onclick: () => this.choose(workflow) },
              label,
            )
          : element("span", {}, label);
        return element("li", {}, mark, name);
      }),
    );
  }

  tiles() {
    const { period } = this.data,
      figures = this.figures;
    const before = period.hasBefore ? `than in the ${periodLength(period)} before` : null;
    const tile = (id, label, value, note) =>
      element(
        "section",
        { class: "card tile", id },
        element("h2", {}, label),
        element("p", { class: "value" }, value),
        element("p", { class: "note" }, ...[note].flat()),
      );
    const change = (now, old, words, [more, less], bad) => {
      if (!before || now === null || old === null) return ["no earlier period to compare"];
      const by = words(now, old),
        grown = now > old;
      if (by === null) return [`as in the ${periodLength(period)} before`];
      const clear = bad && Math.abs(now - old) >= bad(old);
      const tone = clear ? (grown ? " worse" : " better") : "";
      return [
        element("span", { class: `change${tone}` }, `${grown ? "▲" : "▼"} ${by} ${grown ? more : less}`),
        ` ${before}`,
      ];
    };
    const relative = (now, old) =>
      old && Math.abs(now / old - 1) >= 0.0005 ? share(Math.abs(now / old - 1)) : null;
    const inPoints = (now, old) => (Math.abs(now - old) >= 0.0005 ? points(Math.abs(now - old)) : null);
    const of = (name, when) => number(figures, name, when);
    const amount = ["more", "fewer"],
      height = ["more", "less"],
      length = ["longer", "shorter"];
    const byPoint = () => 0.005,
      byTenth = (old) => 0.1 * old;
    const retried = of("retried");
    return element(
      "div",
      { class: "tiles" },
      tile(
        "t-runs",
        "Executions",
        count(of("runs")),
        change(of("runs"), of("runs", "before"), relative, amount),
      ),
      tile(
        "t-rate",
        "Failure rate",
        share(rateOf(figures)),
        change(rateOf(figures), rateOf(figures, "before"), inPoints, height, byPoint),
      ),
      tile(
        "t-p50",
        "Median duration",
        span(of("p50")),
        change(of("p50"), of("p50", "before"), relative, length, byTenth),
      ),
      tile(
        "t-p95",
        "95 % end within",
        span(of("p95")),
        change(of("p95"), of("p95", "before"), relative, length, byTenth),
      ),
      tile(
        "t-saved",
        "Saved by a retry",
        count(of("saved")),
        retried
          ? `of ${count(retried)} retried, ${count(of("failed_first"))} failed`
          : `nothing retried, ${count(of("failed_first"))} failed`,
      ),
      tile(
        "t-open",
        "Not ended yet",
        count(figures.openCount),
        oldestOpen(figures.open[0]),
      ),
    );
  }

  highlights() {
    const { highlights, workflows, period } = this.data;
    if (!highlights.length) return null;
    const when = (worst) =>
      worst === null
        ? ""
        : `; worst ${period.bucketHours < 24 ? "at" : "on"} ${bucketLabel(period.buckets[worst], period.bucketHours)}`;
    const words = {
      failing: (each) =>
        `fails more: ${share(each.now)} of its runs, ${share(each.before)} before${when(each.worst)}`,
      slower: (each) =>
        `got slower: 95 % within ${span(each.now)}, ${span(each.before)} before${when(each.worst)}`,
      stuck: (each) => `${counted(each.before, "execution")} not ended, the oldest after ${span(each.now)}`,
    };
    const items = highlights.map((each) =>
      element(
        "li",
        { class: each.kind },
        element(
          "div",
          {},
          element(
            "button",
            { type: "button", class: "link", onclick: () => this.choose(workflows[each.place]) },
            workflows[each.place].name,
          ),
          element("small", {}, words[each.kind](each)),
        ),
      ),
    );
    return element(
      "section",
      { class: "card look", id: "look", "aria-labelledby": "h-look" },
      element("header", {}, element("h2", { id: "h-look" }, "Worth a look")),
      element("ul", {}, ...items),
    );
  }

  outcomes() {
    const { period } = this.data,
      figures = this.figures;
    const unit =
      { 1: "hour", 24: "day", 168: "week" }[period.bucketHours] ?? counted(period.bucketHours / 24, "day");
    const runs = number(figures, "runs"),
      failed = number(figures, "failed");
    const kinds = STACK.filter(([name]) => values(figures, name).length);
    const rows = () =>
      period.buckets.map((each, index) => [
        bucketTitle(each, period.bucketHours),
        count(values(figures, "runs")[index]),
        ...kinds.map(([name]) => count(values(figures, name)[index])),
      ]);
    return this.card(
      "outcomes",
      `Outcomes per ${unit}`,
      `${counted(runs, "execution")}, ${count(failed)} failed`,
      null,
      runs && (() => outcomesChart(period, figures)),
      runs
        ? `Stacked bars of ${counted(runs, "execution")} by outcome, ${count(failed)} of them failed`
        : "No executions in this period",
      [[unit[0].toUpperCase() + unit.slice(1), "Runs", ...kinds.map(([, label]) => label)], rows],
      kinds.map(([name, label]) => ({ label, colour: name === "succeeded" ? "success" : name })),
    );
  }

  rates(few) {
    const { period, workflows } = this.data;
    const shown = few ? [this.state.workflow ?? workflows[0]] : this.telling();
    const rows = () =>
      period.buckets.map((each, index) => [
        bucketTitle(each, period.bucketHours),
        ...shown.map((workflow) => share(rates(workflow)[index])),
      ]);
    const any = number(this.figures, "ended");
    return this.card(
      "rates",
      "Failure rate over time",
      few ? null : NOTE_ON_LINES,
      null,
      any && (() => rateChart(period, few ? null : this.data.overall, shown)),
      any
        ? `Lines of the failure rate of ${shown.map((each) => each.name).join(", ") || "all workflows"}`
        : "Nothing has ended in this period",
      [["From", ...shown.map((each) => each.name)], rows],
      few ? null : [...this.marks(shown), { label: "All workflows", colour: "muted", glyph: "—" }],
      "half",
    );
  }

  // The same workflows in both charts, in the same colours: what stands out, then most failures.
  telling() {
    const { highlights, workflows } = this.data;
    const first = highlights.filter((each) => each.kind !== "stuck").map((each) => workflows[each.place]);
    const failing = [...workflows].sort((a, b) => number(b, "failed") - number(a, "failed"));
    return [...new Set([...first, ...failing])]
      .filter((each) => !each.others && number(each, "ended"))
      .slice(0, SHOWN_LINES);
  }

  marks(shown) {
    return shown.map((workflow, index) => ({
      label: workflow.name,
      colour: `line${index + 1}`,
      glyph: GLYPHS[index],
      workflow,
    }));
  }

  durations(few) {
    const { period, workflows } = this.data,
      { durations } = this.state;
    const shown = few ? [this.state.workflow ?? workflows[0]] : this.telling();
    const lines = () =>
      few
        ? ["p50", "p95"].map((name, index) => line(name, values(shown[0], name), index))
        : shown.map((each, index) => line(each.name, values(each, durations), index));
    const rows = () =>
      period.buckets.map((each, index) => [
        bucketTitle(each, period.bucketHours),
        ...lines().map(({ data }) => span(data[index])),
      ]);
    const any = number(this.figures, "p95") !== null;
    return this.card(
      "durations",
      few ? "Duration, p50 and p95" : `Duration over time, ${durations}`,
      few ? null : NOTE_ON_LINES,
      few || !any ? null : this.choice("Duration", "durations", { p50: "p50", p95: "p95" }),
      any && (() => durationChart(period, lines())),
      any
        ? `Lines of the duration of ${shown.map((each) => each.name).join(", ")}`
        : "Nothing has ended in this period",
      [["From", ...(few ? ["p50", "p95"] : shown.map((each) => each.name))], rows],
      few
        ? ["p50", "p95"].map((label, index) => ({ label, colour: `line${index + 1}`, glyph: GLYPHS[index] }))
        : this.marks(shown),
      "half",
    );
  }

  choice(label, key, choices) {
    const buttons = Object.entries(choices).map(([value, words]) =>
      element(
        "button",
        {
          type: "button",
          id: `${key}-${value}`,
          "aria-pressed": String(this.state[key] === value),
          onclick: () => {
            this.state[key] = value;
            this.render();
            document.getElementById(`${key}-${value}`).focus();
          },
        },
        words,
      ),
    );
    return element("div", { class: "switch", role: "group", "aria-label": label }, ...buttons);
  }

  hours() {
    const figures = this.figures,
      { hours } = this.state,
      any = number(figures, "runs");
    const of = (slot) =>
      ({
        runs: count(figures.hours.runs[slot]),
        failed: count(figures.hours.failed[slot]),
        rate: share(
          figures.hours.ended[slot] ? figures.hours.failed[slot] / figures.hours.ended[slot] : null,
        ),
      })[hours];
    const rows = () =>
      WEEKDAYS.map((day, number) => [day, ...[...Array(24).keys()].map((hour) => of(24 * number + hour))]);
    return this.card(
      "hours",
      "By weekday and hour (UTC)",
      null,
      any
        ? this.choice("Shown by weekday and hour", "hours", {
            runs: "Runs",
            failed: "Failed",
            rate: "Failure rate",
          })
        : null,
      any && (() => hoursChart(figures, hours)),
      any
        ? "Heat map of the week, a row for each day and a column for each hour"
        : "No executions in this period",
      [["Day", ...[...Array(24).keys()].map((hour) => `${String(hour).padStart(2, "0")}:00`)], rows],
      null,
      "rest",
    );
  }

  retries() {
    const few = this.state.workflow,
      total = number(this.figures, "failed_first");
    const shown = few
      ? [few]
      : this.data.workflows
          .filter((each) => number(each, "failed_first"))
          .sort((a, b) => number(b, "failed_first") - number(a, "failed_first"))
          .slice(0, SHOWN_BARS);
    const rows = () =>
      shown.map((each) => [
        each.name,
        count(number(each, "failed_first")),
        count(number(each, "retried")),
        count(number(each, "saved")),
      ]);
    const retried = number(this.figures, "retried"),
      saved = number(this.figures, "saved");
    return this.card(
      "retries",
      "What retries saved",
      retried ? `${share(saved / retried)} of the retried ended well` : null,
      null,
      total && (() => retriesChart(shown)),
      total
        ? `Bars: of ${count(total)} failures ${count(retried)} were retried and ${count(saved)} saved`
        : "Nothing failed in this period",
      [["Workflow", "Failed", "Retried", "Saved"], rows],
      RETRY_KINDS.map(([colour, label]) => ({ colour, label })),
      "third",
    );
  }

  open() {
    const figures = this.figures,
      { workflows } = this.data;
    const name = (each) => workflows[each.place].name;
    const more = figures.openCount - figures.open.length;
    const head = element(
      "header",
      {},
      element("h2", { id: "h-open" }, "Waiting and running longest"),
      element(
        "p",
        { class: "muted" },
        figures.openCount
          ? `${count(figures.openCount)} not ended${more > 0 ? `, the oldest ${count(figures.open.length)} shown` : ""}`
          : "",
      ),
    );
    const shown = figures.open.length
      ? scroller("Executions that have not ended", openTable(figures, name))
      : element("p", { class: "empty" }, "Nothing waits, and nothing runs.");
    return element("section", { class: "card", id: "open", "aria-labelledby": "h-open" }, head, shown);
  }

  health() {
    const { runs, quarantined, gone } = this.data.health;
    const notes = [
      runs.length ? `last sync ${momentText(runs[0].started)}` : null,
      `${counted(quarantined, "row")} in quarantine`,
      gone ? `${counted(gone, "execution")} gone from the API` : null,
    ].filter(Boolean);
    const head = element(
      "header",
      {},
      element("h2", { id: "h-health" }, "The mirror itself"),
      element("p", { class: "muted" }, notes.join(" · ")),
    );
    return element(
      "section",
      { class: "card", id: "health", "aria-labelledby": "h-health" },
      head,
      runs.length
        ? scroller("Syncs", runsTable(runs))
        : element("p", { class: "empty" }, "No sync is on record."),
    );
  }
}
