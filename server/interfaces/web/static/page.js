// What every page does: it follows the record, lets its clocks run, and has a keyboard.
"use strict";
const watchkeeper = (() => {
  const body = document.body;
  const live = document.getElementById("live");
  const listeners = [];
  const logs = {};  // the size of each log as it was told last: a script that is loaded later is told of it, too
  let seq = Number(body.dataset.seq);
  let source = null, timer = 0, busy = false, again = false, refreshedAt = 0, hiddenTimer = 0;

  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const two = (value) => String(value).padStart(2, "0");
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  };

  const tick = () => {
    const now = Date.now() / 1000;
    for (const one of document.querySelectorAll("[data-since]")) one.textContent = clock(now - Number(one.dataset.since));
    for (const one of document.querySelectorAll("[data-until]")) {
      const left = Number(one.dataset.until) - now;
      one.classList.toggle("late", left < 0);
      one.textContent = left < 0 ? `answer was due ${clock(-left)} ago` : `answer due in ${clock(left)}`;
    }
  };

  const localTimes = (root) => {
    for (const one of root.querySelectorAll("time[datetime]")) {
      const at = new Date(one.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      const today = at.toDateString() === new Date().toDateString();
      one.title = one.dateTime;
      one.textContent = today ? at.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23"})
        : at.toLocaleString([], {month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23"});
    }
  };

  const say = (text) => {
    const told = document.getElementById("told");
    const line = document.createElement("p");
    line.textContent = text;
    told.append(line);
    while (told.children.length > 3) told.firstChild.remove();
    setTimeout(() => line.remove(), 8000);
  };

  // Parts are drawn by the server and nowhere else: the same page is asked for again, and what differs is put in place.
  // A part with a key is drawn on by a script: it is put in place only where the key differs.
  const key = (part) => part.dataset.key ?? part.innerHTML;
  const swap = (fresh) => {
    let swapped = false;
    for (const one of document.querySelectorAll("[data-part]")) {
      const other = fresh.getElementById(one.id);
      if (!other || one.dataset.html === key(other)) continue;
      if (one.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) continue;
      const open = [...one.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
      const within = one.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
      one.dataset.html = key(other);
      swapped ||= "key" in other.dataset;
      one.replaceChildren(...other.cloneNode(true).childNodes);
      for (const summary of one.querySelectorAll("details > summary")) if (open.includes(summary.textContent)) summary.parentElement.open = true;
      if (within) one.querySelector(`a[href="${CSS.escape(within)}"]`)?.focus();
      localTimes(one);
    }
    document.title = fresh.title;
    tick();
    if (swapped) for (const listen of listeners) listen("parts", null);
  };

  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const answer = await fetch(location.pathname + location.search, {headers: {accept: "text/html"}});
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the stream says that the server is away */ } finally {
      busy = false;
      refreshedAt = Date.now();
      if (again) { again = false; soon(); }
    }
  };

  const soon = () => {
    if (timer || !document.querySelector("[data-part]")) return;
    timer = setTimeout(() => { timer = 0; refresh(); }, Math.max(150, 1000 - (Date.now() - refreshedAt)));
  };

  const state = (word, text) => { live.dataset.state = word; live.lastElementChild.textContent = text; };

  const connect = () => {
    source?.close();
    source = new EventSource(`/events?after=${seq}`);
    source.onopen = () => { state("live", "live"); soon(); };
    source.onerror = () => {
      state("lost", "server away, trying again");
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
    };
    source.addEventListener("record", (event) => {
      seq = Number(event.lastEventId);
      const told = JSON.parse(event.data);
      body.dataset.seq = String(seq);
      for (const listen of listeners) listen("record", told);
      if (["report.opened", "verdict.computed", "run.ended"].includes(told.kind) && told.what) say([told.run, told.what].filter(Boolean).join(" "));
      soon();
    });
    source.addEventListener("log", (event) => {
      const told = JSON.parse(event.data);
      Object.assign(logs, told);
      for (const listen of listeners) listen("log", told);
    });
    source.addEventListener("reload", (event) => { seq = Number(event.lastEventId); soon(); });
  };

  // A page that nobody sees holds no connection: a browser has six for one server.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(() => { source?.close(); source = null; state("still", "asleep"); }, 60000);
    else if (!source) connect();
  });

  const theme = document.getElementById("theme");
  theme.hidden = false;
  const turn = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("watchkeeper-theme", root.dataset.theme); } catch { /* for this page only, then */ }
    for (const listen of listeners) listen("theme", root.dataset.theme);
  };
  theme.addEventListener("click", turn);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const listen of listeners) listen("theme", ""); });

  const help = document.getElementById("help");
  const opener = document.getElementById("help-open");
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());

  const walk = (step) => {
    const links = [...document.querySelectorAll("#findings a.line, #main td a.run, .card .go, .story a.run")].filter((one) => one.offsetParent);
    if (!links.length) return;
    const place = links.indexOf(document.activeElement);
    const next = links[Math.min(links.length - 1, Math.max(0, place + step))];
    next.focus();
    next.scrollIntoView({block: "nearest"});
  };
  const to = (selector) => {
    const found = document.querySelector(selector);
    if (!found) return;
    if (found.matches("a[href]")) { found.click(); return; }
    found.scrollIntoView({block: "start"});
    (found.matches("input, textarea, [tabindex]") ? found : found.querySelector("input:not([type=hidden]), textarea, a, button"))?.focus({preventScroll: true});
  };
  const keys = {
    o: () => { location.href = "/"; }, r: () => { location.href = "/runs"; }, m: () => { location.href = "/models"; },
    j: () => walk(1), k: () => walk(-1), a: () => to(document.getElementById("answer") ? "#answer" : ".card.waits .primary, .banner.ask a"),
    l: () => to("#lines"), e: () => to("#log-end"), t: turn, "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select") || help.open) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // A name that was given once need not be given again; it stays in this browser.
  const name = document.querySelector("#answer-form input[name=name]");
  if (name) {
    try { name.value ||= localStorage.getItem("watchkeeper-name") ?? ""; } catch { /* then not */ }
    name.form.addEventListener("submit", (event) => {
      try { localStorage.setItem("watchkeeper-name", name.value); } catch { /* then not */ }
      event.submitter?.setAttribute("aria-disabled", "true");
    });
  }

  for (const one of document.querySelectorAll("[data-part]")) one.dataset.html = key(one);
  // Whoever came to answer can begin at once, without a pointer. A browser takes the focus away when it goes to the
  // fragment, which it may do as late as the page's load: so once more behind that.
  if (location.hash === "#answer") {
    to("#answer");
    addEventListener("load", () => setTimeout(() => { if (document.activeElement === document.body) to("#answer"); }));
  }
  localTimes(document);
  tick();
  setInterval(tick, 1000);
  setInterval(() => { if (source && !document.hidden && Date.now() - refreshedAt > 5000) soon(); }, 5000);
  connect();
  const listen = (listener) => {
    listeners.push(listener);
    if (Object.keys(logs).length) listener("log", {...logs});
  };

  return {listen, say};
})();
