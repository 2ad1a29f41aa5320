"use strict";
// Numbers, spans of time and moments in words. All times are UTC.

const DAY = 86400,
  HOUR = 3600,
  MINUTE = 60;
const LOCALE = "en-GB";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function count(number) {
  return whole.format(number ?? 0);
}

function counted(number, what) {
  return `${count(number)} ${what}${number === 1 ? "" : "s"}`;
}

// A narrow space that does not break, between a number and its unit.
const NARROW = "\u202f";

function share(part) {
  if (part === null || part === undefined || Number.isNaN(part)) return "–";
  const percent = part * 100;
  return `${percent.toFixed(percent !== 0 && Math.abs(percent) < 0.1 ? 2 : 1)}${NARROW}%`;
}

function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 0) return `−${span(-seconds)}`;
  if (seconds === 0) return `0${NARROW}s`;
  if (seconds < 1) return `${Math.round(seconds * 1000)}${NARROW}ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(".0", "")}${NARROW}s`;
  const rounded = Math.round(seconds);
  if (rounded < MINUTE) return `${rounded}${NARROW}s`;
  if (rounded < HOUR) return twoUnits(rounded, MINUTE, "min", "s");
  if (seconds < DAY) return twoUnits(Math.round(seconds / MINUTE), 60, "h", "min");
  return twoUnits(Math.round(seconds / HOUR), 24, "d", "h");
}

function twoUnits(total, size, large, small) {
  const rest = total % size;
  const head = `${count(Math.floor(total / size))}${NARROW}${large}`;
  return rest ? `${head} ${rest}${NARROW}${small}` : head;
}

function formatter(options) {
  const format = new Intl.DateTimeFormat(LOCALE, { timeZone: "UTC", ...options });
  return (text) => format.format(new Date(text));
}

const dayMonth = formatter({ day: "numeric", month: "short" });
const fullDay = formatter({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const shortDay = formatter({ weekday: "short", day: "numeric", month: "short" });
const clock = formatter({ hour: "2-digit", minute: "2-digit" });
const longDay = formatter({ day: "numeric", month: "short", year: "numeric" });

function momentText(text) {
  return `${longDay(text)}, ${clock(text)}`;
}

function bucketLabel(text, hours) {
  return hours < 24 ? `${dayMonth(text)} ${clock(text)}` : dayMonth(text);
}

function bucketTitle(text, hours) {
  if (hours < 24) return `${shortDay(text)}, ${clock(text)}`;
  if (hours === 24) return fullDay(text);
  return `${counted(hours / 24, "day")} from ${fullDay(text)}`;
}

function periodLength(period) {
  const hours = Math.ceil((new Date(period.end) - new Date(period.start)) / 3.6e6);
  return hours > 72 ? counted(Math.ceil(hours / 24), "day") : counted(hours, "hour");
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick" || name === "oninput" || name === "onchange") {
      made.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  // Children that are text stay text, whatever is in them.
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}
