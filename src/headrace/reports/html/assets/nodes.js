// The cards of nodes, where their runs are loaded: which fail, with which errors, which are slow.

class NodeCards extends Cards {
  nodeCard(id, title, note, table, otherwise, shape = "") {
    return element(
      "section",
      { class: `card ${shape}`, id, "aria-labelledby": `h-${id}` },
      element(
        "header",
        {},
        element("h2", { id: `h-${id}` }, title),
        note && element("p", { class: "muted" }, note),
      ),
      table ? scroller(title, table) : element("p", { class: "empty" }, otherwise),
    );
  }

  // The name of a node, and below it its workflow, by which the page can be filtered; not where the
  // page is of that one workflow.
  nodeCell(node, place, name, more = "") {
    const { workflows } = this.data;
    const workflow = workflows[place];
    const choose = () =>
      element("button", { type: "button", class: "link", onclick: () => this.chooseFrom(workflow) }, workflow.name);
    const shown = workflow.others
      ? element("span", { class: "muted" }, name || workflow.name)
      : this.state.workflow || workflows.length === 1
        ? null
        : choose();
    return element("div", { class: "node" }, element("span", {}, (node || "(no name)") + more), shown);
  }

  // The button is gone with the page that it was on, so the keyboard goes on from what undoes it.
  chooseFrom(workflow) {
    this.choose(workflow);
    scrollTo(0, 0);
    this.clear.focus();
  }

  failingNodes() {
    const { nodes } = this.figures;
    if (!nodes) return null;
    const widest = Math.max(...nodes.failing.map((each) => each.failures / each.runs));
    const rows = nodes.failing.map((each) => {
      const bar = element("i", { style: `width:${Math.round((100 * each.failures) / each.runs / widest)}%` });
      return [
        this.nodeCell(each.node, each.place, each.workflow),
        count(each.failures),
        count(each.runs),
        element(
          "span",
          {},
          share(each.failures / each.runs),
          element("span", { class: "bar optional", "aria-hidden": "true" }, bar),
        ),
        each.last_failed ? momentText(each.last_failed) : "–",
      ];
    });
    const heads = [
      { label: "Node", shape: "name" },
      { label: "Failed" },
      { label: "Runs", shape: "optional" },
      { label: "Share" },
      { label: "Last (UTC)", shape: "optional roomy" },
    ];
    const unnamed = nodes.unnamed ? `${counted(nodes.unnamed, "failed execution")} name no node` : null;
    return this.nodeCard(
      "failing-nodes",
      "Which nodes fail",
      [someOf(nodes.failing.length, nodes.failingCount, "node"), unnamed].filter(Boolean).join(" · "),
      rows.length && plainTable("Nodes that failed", heads, rows),
      "No node failed in this period.",
      "half",
    );
  }

  slowNodes() {
    const { nodes } = this.figures;
    if (!nodes) return null;
    const rows = nodes.slow.map((each) => [
      this.nodeCell(each.node, each.place, each.workflow),
      count(each.timed),
      span(each.p50 / 1000),
      span(each.p95 / 1000),
    ]);
    const heads = [
      { label: "Node", shape: "name" },
      { label: "Runs", shape: "optional" },
      { label: "p50" },
      { label: "p95" },
    ];
    return this.nodeCard(
      "slow-nodes",
      "Slowest nodes",
      someOf(nodes.slow.length, nodes.slowCount, "node"),
      rows.length && plainTable("Slowest nodes", heads, rows),
      "How long the nodes ran is not known.",
      "half",
    );
  }

  errors() {
    const { nodes } = this.figures;
    if (!nodes) return null;
    const rows = nodes.errors.map((each) => [
      this.errorCell(each),
      this.errorNode(each),
      count(each.times),
      share(each.times / nodes.failures),
      each.last ? momentText(each.last) : "–",
    ]);
    const heads = [
      { label: "Error", shape: "name" },
      { label: "Node", shape: "name optional" },
      { label: "Times" },
      { label: "Share", shape: "optional" },
      { label: "Last (UTC)", shape: "optional" },
    ];
    const notes = [
      someOf(nodes.errors.length, nodes.errorCount, "error"),
      nodes.unread ? `${count(nodes.unread)} more with rare messages` : null,
    ];
    return this.nodeCard(
      "errors",
      "Most frequent errors",
      notes.filter(Boolean).join(" · "),
      rows.length && plainTable("Most frequent errors", heads, rows),
      "No node failed in this period.",
    );
  }

  errorCell(error) {
    const { name, form, example } = error;
    const more = [form && name, example && example !== form && `such as: ${example}`].filter(Boolean);
    return element(
      "div",
      { class: "error" },
      element("span", {}, ...(form ? parted(form) : [name || "(no message)"])),
      more.length ? element("small", { class: "muted" }, more.join(" · ")) : null,
      element("div", { class: "narrow" }, this.errorNode(error)),
    );
  }

  errorNode({ node, place, others }) {
    return this.nodeCell(node, place, "", others ? ` and ${counted(others, "other")}` : "");
  }
}

// What stands for something that varies looks otherwise than what was said.
function parted(form) {
  return form
    .split(/(<(?:number|id|time|email|address|text)>)/)
    .map((part, index) => (index % 2 ? element("span", { class: "muted" }, part) : part));
}

function someOf(shown, all, what) {
  if (!all) return null;
  return shown < all ? `${count(shown)} of ${counted(all, what)}` : counted(all, what);
}
