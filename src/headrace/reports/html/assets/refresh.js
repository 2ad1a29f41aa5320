// Shows what is new: the page loads itself again, and stays where it was.

const QUIET_MS = 2000;
const LONGEST_WAIT = 2 ** 31 - 1;

// What the page before this one has left; it is there once.
function takeKept() {
  const kept = history.state?.headrace ?? null;
  if (kept) history.replaceState(null, "", location.href);
  return kept;
}

class Freshness {
  constructor(page) {
    this.page = page;
    this.settings = page.data.refresh;
    this.line = document.getElementById("fresh");
    this.touched = 0;
    this.isDue = false;
  }

  start(kept) {
    if (kept) this.putBack(kept);
    if (!this.settings) return;
    for (const event of ["keydown", "pointerdown", "wheel", "touchmove"])
      addEventListener(event, () => (this.touched = Date.now()), { capture: true, passive: true });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.isDue) this.reload();
    });
    if (this.settings.served) this.ask();
    else this.wait();
  }

  // Of a file: nothing can be asked, so it is loaded when the next one should be there.
  wait() {
    const { data } = this.page;
    const every = this.settings.seconds * 1000;
    const made = Date.parse(data.made);
    const age = Date.now() - made;
    const isLate = age > 3 * every + 60_000;
    const soon = Math.min(Math.max(every / 4, 1000), 60_000);
    const due = every + Math.min(every / 10, 5000) - age;
    // A clock that is wrong by hours must not keep the page waiting for hours.
    const left = isLate || due > 2 * every ? every : Math.max(due, soon);
    this.tell(
      isLate
        ? `As of ${momentText(data.made)} UTC. No newer page has come since: what writes it has stopped, or cannot read the tables.`
        : `As of ${clock(data.made)} UTC, with a new page every ${span(this.settings.seconds)}`,
      isLate,
    );
    setTimeout(() => this.reload(), Math.min(left, LONGEST_WAIT));
  }

  // Of a server: it knows whether there is another page.
  async ask() {
    const { data } = this.page;
    const asOf = `As of ${momentText(data.made)} UTC`;
    if (!document.hidden) {
      try {
        const headers = this.tag ? { "If-None-Match": this.tag } : {};
        const answer = await fetch("version", { cache: "no-store", headers });
        if (answer.ok) {
          this.tag = answer.headers.get("ETag");
          this.told = await answer.json();
        } else if (answer.status !== 304) {
          this.told = { problem: "the server takes this address no more: open the one that it shows" };
        }
        const { version, problem } = this.told;
        if (problem) this.tell(`${asOf}. There is no newer page: ${problem}`, true);
        else this.tell(`${asOf}, with a new page after each sync`, false);
        if (version && version !== data.made) return this.reload();
      } catch {
        this.tag = null;
        this.tell(`${asOf}. The server does not answer`, true);
      }
    }
    setTimeout(() => this.ask(), this.settings.seconds * 1000);
  }

  tell(text, isBad) {
    // A screen reader reads each change aloud.
    if (this.line.textContent !== text) this.line.textContent = text;
    this.line.classList.toggle("late", isBad);
    this.line.hidden = false;
  }

  reload() {
    this.isDue = true;
    if (document.hidden) return;
    const quiet = Date.now() - this.touched;
    if (quiet < QUIET_MS) return void setTimeout(() => this.reload(), QUIET_MS - quiet);
    history.scrollRestoration = "manual";
    history.replaceState({ headrace: this.toKeep() }, "", location.href);
    location.reload();
  }

  toKeep() {
    const { state, ownTheme } = this.page;
    const sections = [...document.querySelectorAll("section[aria-labelledby]")];
    const top = document.querySelector(".top").getBoundingClientRect().bottom;
    const anchor = sections.find((each) => each.getBoundingClientRect().bottom > top);
    return {
      state: { ...state, workflow: undefined },
      theme: ownTheme,
      y: scrollY,
      anchor: anchor && {
        name: anchor.getAttribute("aria-labelledby"),
        top: anchor.getBoundingClientRect().top,
      },
      open: sections
        .filter((each) => each.querySelector("details")?.open)
        .map((each) => each.getAttribute("aria-labelledby")),
      focus: this.placeOf(document.activeElement),
    };
  }

  // By what it is: rows may have changed places meanwhile.
  placeOf(focused) {
    const section = focused?.closest("section[aria-labelledby]")?.getAttribute("aria-labelledby");
    return { id: focused?.id, section, tag: focused?.tagName, text: focused?.textContent };
  }

  found({ id, section, tag, text }) {
    if (id) return document.getElementById(id);
    if (!section) return null;
    const inside = document.querySelectorAll(`section[aria-labelledby="${CSS.escape(section)}"] ${tag}`);
    return [...inside].find((each) => each.textContent === text);
  }

  async putBack(kept) {
    const section = (name) => document.querySelector(`section[aria-labelledby="${CSS.escape(name)}"]`);
    this.found(kept.focus)?.focus({ preventScroll: true });
    const opened = kept.open.map((name) => section(name)?.querySelector("details")).filter(Boolean);
    // Each makes its table when it is opened.
    const made = opened.map((each) => new Promise((done) => each.addEventListener("toggle", done, { once: true })));
    for (const each of opened) each.open = true;
    await Promise.all(made);
    const anchor = kept.y > 0 && kept.anchor ? section(kept.anchor.name) : null;
    if (anchor) scrollBy(0, anchor.getBoundingClientRect().top - kept.anchor.top);
    else scrollTo(0, kept.y);
    history.scrollRestoration = "auto";
  }
}
