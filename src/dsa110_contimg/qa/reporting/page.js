"use strict";

// Pictures stand in the page as text, each source's in its own place, and become pictures when they come near the screen,
// the others while the browser has nothing else to do, so that a page of many thousand stamps is there at once.
function show(image) {
  if (image.src) return;
  const text = id => document.getElementById(id).textContent;
  if (image.dataset.svg) {
    image.src = URL.createObjectURL(new Blob([text(image.dataset.svg)], { type: "image/svg+xml" }));
    return;
  }
  const bytes = Uint8Array.from(atob(text(image.dataset.strip)), letter => letter.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([bytes], { type: "image/webp" }));
  for (const stamp of document.querySelectorAll(`img[data-strip="${image.dataset.strip}"]`)) stamp.src = address;
}
const waiting = [...document.querySelectorAll("img[data-svg], .stamps figure:first-child img[data-strip]")];
const near = new IntersectionObserver(entries => {
  for (const entry of entries) if (entry.isIntersecting) { show(entry.target); near.unobserve(entry.target); }
}, { rootMargin: "800px" });
waiting.forEach(image => near.observe(image));
const idle = window.requestIdleCallback ?? (task => setTimeout(() => task({ timeRemaining: () => 8 }), 50));
let next = 0;
function continueShowing(deadline) {
  while (next < waiting.length && deadline.timeRemaining() > 2) show(waiting[next++]);
  if (next < waiting.length) idle(continueShowing);
}
addEventListener("load", () => idle(continueShowing));
addEventListener("beforeprint", () => waiting.forEach(show));

// What has no order comes last, whichever way a table is sorted.
function compare(one, other, sign) {
  const [a, b] = [one.order, other.order];
  if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
  const difference = Number(a) - Number(b);
  return sign * (Number.isNaN(difference) ? a.localeCompare(b, undefined, { numeric: true }) : difference);
}
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    const isNumber = body.rows[0]?.cells[column].classList.contains("number");
    const now = head.getAttribute("aria-sort");
    const falls = now ? now === "ascending" : isNumber;  // the largest number is what one looks for
    heads.forEach(other => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", falls ? "descending" : "ascending");
    const rows = [...body.rows].map(row => ({ row, order: row.cells[column].dataset.order }));
    body.append(...rows.sort((a, b) => compare(a, b, falls ? -1 : 1)).map(({ row }) => row));
    follow(table);
  }));
}
// The sections of sources stand in the order of their rows.
function sectionOf(row) {
  const link = row.querySelector("a[href^='#s']");
  return link && document.getElementById(link.hash.slice(1));
}
function follow(table) {
  const sections = [...table.tBodies[0].rows].map(sectionOf).filter(Boolean);
  if (sections.length) sections[0].parentElement.append(...sections);
}
for (const form of document.querySelectorAll("form.filters")) {
  const rows = [...document.getElementById(form.dataset.for).tBodies[0].rows];
  function filter() {
    const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = [...row.cells].slice(0, 2).map(cell => cell.textContent).join(" ").toLowerCase();
      const key = form.elements.key.value;
      row.hidden = (key && !row.dataset.key.split(" ").includes(key)) || !words.every(word => text.includes(word));
      const section = sectionOf(row);
      if (section) section.hidden = row.hidden;
      count += !row.hidden;
    }
    form.querySelector("[role=status]").textContent = count === rows.length ? "" : `${count} of ${rows.length} shown`;
  }
  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  filter();
}
