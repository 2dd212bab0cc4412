// Only what makes the pages nicer; everything works without it.
"use strict";

// A question before what cannot be taken back.
document.addEventListener("submit", (event) => {
  const question = event.submitter && event.submitter.dataset.ask;
  if (question && !window.confirm(question)) event.preventDefault();
});

// Moments in the reader's own time; the server writes them in UTC.
function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const date = new Date(1000 * Number(time.getAttribute("datetime")));
    if (!Number.isNaN(date.valueOf())) {
      time.title = `${time.textContent} UTC`;
      time.textContent = date.toLocaleString();
    }
  }
}

// Parts of the page that say so are fetched again every so many seconds, unless somebody is at them.
async function refresh(selector) {
  const here = document.querySelector(selector);
  if (!here || document.hidden || here.contains(document.activeElement) || here.querySelector("details[open]")) return;
  const answer = await fetch(window.location.href, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(selector);
  if (fresh) {
    localise(fresh);
    here.replaceWith(document.adoptNode(fresh));
  }
}

localise(document);
for (const part of document.querySelectorAll("[data-refresh]")) {
  const selector = part.id ? `#${part.id}` : part.tagName.toLowerCase();
  window.setInterval(() => refresh(selector).catch(() => {}), 1000 * Number(part.dataset.refresh));
}
