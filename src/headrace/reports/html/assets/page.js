// Puts the page together, and again after each choice.

class Page extends NodeCards {
  constructor(data) {
    super();
    this.data = data;
    this.state = {
      workflow: null,
      sort: { key: "failed", down: true },
      search: "",
      hours: "runs",
      durations: "p95",
    };
    this.charts = new Map();
    this.body = document.getElementById("body");
    this.select = document.getElementById("workflow");
    this.button = document.getElementById("theme");
    this.clear = document.getElementById("clear");
  }

  start() {
    const { data } = this;
    const kept = takeKept();
    this.ownTheme = kept?.theme ?? this.memory("get");
    Object.assign(this.state, kept?.state);
    const preferred = matchMedia("(prefers-color-scheme: dark)");
    this.setTheme(this.ownTheme ?? (preferred.matches ? "dark" : "light"));
    preferred.addEventListener("change", ({ matches }) => {
      if (!this.ownTheme) {
        this.setTheme(matches ? "dark" : "light");
        this.draw();
      }
    });
    this.button.addEventListener("click", () => {
      this.setTheme(this.theme === "dark" ? "light" : "dark");
      this.ownTheme = this.theme;
      this.memory("set", this.theme);
      this.draw();
    });
    const names = [...data.workflows].sort((a, b) => a.name.localeCompare(b.name));
    this.select.append(element("option", { value: "" }, "All workflows"));
    for (const each of names)
      this.select.append(element("option", { value: String(data.workflows.indexOf(each)) }, each.name));
    this.select.addEventListener("change", () => this.choose(data.workflows[this.select.value] ?? null));
    this.clear.addEventListener("click", () => {
      this.choose(null);
      this.select.focus();
    });
    document.getElementById("footer").textContent =
      `From ${data.place}; made on ${momentText(data.made)} UTC by Headrace. Days and hours are UTC.`;
    addEventListener("resize", () => this.charts.forEach((chart) => chart.resize()));
    addEventListener("hashchange", () => this.readHash());
    if (data.period) {
      this.readHash(false);
      this.render();
    } else {
      this.showNothing();
    }
    new Freshness(this).start(kept);
  }

  get figures() {
    return this.state.workflow ?? this.data.overall;
  }

  choose(workflow) {
    const same = this.state.workflow === workflow;
    this.state.workflow = same ? null : workflow;
    const hash = this.state.workflow
      ? `#workflow=${encodeURIComponent(this.state.workflow.id || this.state.workflow.name)}`
      : "#";
    history.replaceState(null, "", hash);
    this.render();
    document.getElementById("announcement").textContent = this.state.workflow
      ? `The page shows ${this.state.workflow.name}.`
      : "The page shows all workflows.";
  }

  sortBy(key) {
    const { sort } = this.state;
    this.state.sort = { key, down: sort.key === key ? !sort.down : key !== "name" };
    this.renderWorkflows();
    document.querySelector(`[data-sort="${key}"]`).focus();
  }

  render() {
    const focused =
      document.activeElement?.id || (document.activeElement?.closest("#workflows") && "workflows");
    this.charts.forEach((chart) => chart.dispose());
    this.charts.clear();
    this.select.value = this.state.workflow ? String(this.data.workflows.indexOf(this.state.workflow)) : "";
    const { period } = this.data;
    const about = [
      `${longDay(period.start)} – ${momentText(period.end)} UTC`,
      this.state.workflow?.name ?? this.data.chosen ?? counted(this.data.workflows.length, "workflow"),
    ];
    document.getElementById("about").textContent = about.join(" · ");
    this.clear.hidden = !this.state.workflow;
    this.body.replaceChildren(...this.sections().filter(Boolean));
    this.renderWorkflows();
    this.draw();
    if (focused === "workflows") document.querySelector("#workflows tr.chosen button")?.focus();
  }

  sections() {
    const few = this.state.workflow || this.data.workflows.length === 1;
    return [
      this.tiles(),
      !this.state.workflow && this.highlights(),
      this.outcomes(),
      this.rates(few),
      this.durations(few),
      this.errors(),
      this.failingNodes(),
      this.slowNodes(),
      !this.data.chosen &&
        element("section", { class: "card", id: "workflow-card", "aria-labelledby": "h-workflows" }),
      this.hours(),
      this.retries(),
      this.open(),
      this.health(),
    ];
  }

  draw() {
    for (const [element, options] of this.pending ?? []) {
      if (!element.isConnected) {
        this.pending.delete(element);
        continue;
      }
      const chart = this.charts.get(element) ?? echarts.init(element, null, { renderer: "svg" });
      if (!this.charts.has(element)) {
        this.charts.set(element, chart);
        chart.on("click", (event) => this.clicked(event));
      }
      chart.setOption(options(), true);
    }
  }

  clicked({ seriesName, name, value, componentType }) {
    const wanted = [seriesName, componentType === "yAxis" ? value : name];
    const found = this.data.workflows.find((each) => wanted.includes(each.name));
    if (found && found !== this.state.workflow) {
      this.choose(found);
      scrollTo(0, 0);
    }
  }

  renderWorkflows() {
    const card = document.getElementById("workflow-card");
    if (!card) return;
    const search = element("input", {
      type: "search",
      id: "search",
      placeholder: "Search workflows",
      "aria-label": "Search workflows",
      value: this.state.search,
      oninput: ({ target }) => {
        this.state.search = target.value;
        this.fold();
      },
    });
    const head = element("header", {}, element("h2", { id: "h-workflows" }, "Workflows"), search);
    card.replaceChildren(
      head,
      scroller("Workflows", workflowTable(this)),
      element("p", { id: "no-match", class: "empty", hidden: true }, "No workflow has that in its name."),
    );
    this.fold();
  }

  fold() {
    const wanted = this.state.search.trim().toLowerCase();
    const rows = [...document.querySelectorAll("#workflows tbody tr")];
    for (const row of rows)
      row.classList.toggle("folded", !row.cells[0].textContent.toLowerCase().includes(wanted));
    document.getElementById("no-match").hidden = rows.some((row) => !row.classList.contains("folded"));
  }

  showNothing() {
    this.body.replaceChildren(
      element(
        "section",
        { class: "card", id: "nothing" },
        element("h2", {}, "There is no execution in the table yet"),
        element("p", { class: "muted" }, "Run headrace run CONFIG, then make this report again."),
      ),
      this.health(),
    );
    document.getElementById("about").textContent = this.data.place;
  }

  readHash(render = true) {
    const wanted = decodeURIComponent(location.hash.match(/^#workflow=(.*)$/)?.[1] ?? "");
    this.state.workflow = wanted
      ? (this.data.workflows.find((each) => (each.id || each.name) === wanted) ?? null)
      : null;
    if (render) this.render();
  }

  setTheme(theme) {
    this.theme = theme;
    document.documentElement.dataset.theme = theme;
    this.button.textContent = theme === "dark" ? "☀ Light" : "☾ Dark";
    this.button.setAttribute("aria-label", theme === "dark" ? "Light colours" : "Dark colours");
  }

  // A browser may keep nothing for a file.
  memory(action, theme) {
    try {
      return action === "set"
        ? localStorage.setItem("headrace-theme", theme)
        : localStorage.getItem("headrace-theme");
    } catch {
      return null;
    }
  }
}

new Page(JSON.parse(document.getElementById("data").textContent)).start();
