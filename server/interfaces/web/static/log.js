// The log's window: more lines where it is scrolled to its edges, new ones as they come. Lines are drawn by the server.
"use strict";
(() => {
  const box = document.getElementById("lines");
  if (!box) return;
  const run = box.dataset.run, follow = document.getElementById("follow"), label = document.getElementById("follow-label");
  const MOST = 3000;
  let first = Number(box.dataset.first), last = Number(box.dataset.last), begins = box.dataset.begins === "1", ends = box.dataset.ends === "1";
  let busy = false, again = false;
  follow.hidden = label.hidden = false;

  const lines = async (from, count) => {
    const answer = await fetch(`/runs/${encodeURIComponent(run)}/log?from=${from}&count=${count}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("div[data-first]");
    return {nodes: [...page.children], first: Number(page.dataset.first), last: Number(page.dataset.last), begins: page.dataset.begins === "1", ends: page.dataset.ends === "1"};
  };
  const atEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 40;

  const onwards = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      const known = last;
      const more = await lines(ends ? Math.max(last, 1) : last + 1, 400);  // the log's last line again: it may have been unfinished
      const stays = follow.checked;
      if (more.nodes.length) {
        document.getElementById("log-empty")?.remove();
        if (more.first === last) box.lastElementChild?.remove();
        box.append(...more.nodes);
        last = Math.max(last, more.last);
      }
      ends = more.ends;
      while (box.children.length > MOST) { box.firstElementChild.remove(); first += 1; begins = false; }
      if (stays) box.scrollTop = box.scrollHeight;
      if (!ends && (stays || atEnd()) && last > known) again = true;
    } catch { /* tried again with the next news */ } finally {
      busy = false;
      if (again) { again = false; setTimeout(onwards, 200); }
    }
  };

  const before = async () => {
    if (busy || begins) return;
    busy = true;
    try {
      let from = Math.max(1, first - 300), more = await lines(from, first - from);
      while (more.nodes.length && more.last < first - 1) {  // long lines fill an answer: only what joins what is here is shown
        from = more.last + 1;
        more = await lines(from, first - from);
      }
      const kept = more.nodes.filter((one) => Number(one.id.slice(1)) < first);
      const height = box.scrollHeight, top = box.scrollTop;
      box.prepend(...kept);
      box.scrollTop = top + box.scrollHeight - height;
      if (kept.length) first = Number(kept[0].id.slice(1));
      begins = more.begins || !kept.length;
      while (box.children.length > MOST && !atEnd()) { box.lastElementChild.remove(); last -= 1; ends = false; }
    } catch { /* scrolled again, tried again */ } finally { busy = false; }
  };

  box.addEventListener("scroll", () => {
    if (box.scrollTop < 200) before();
    if (!ends && atEnd()) onwards();
    if (follow.checked && !atEnd()) follow.checked = false;
  }, {passive: true});
  follow.addEventListener("change", () => { if (follow.checked) { box.scrollTop = box.scrollHeight; onwards(); } });
  watchkeeper.listen((kind, told) => { if (kind === "log" && run in told && ends) onwards(); });

  // A finding's line: where it is among those that are here, go there without another page.
  const show = (number) => {
    const line = document.getElementById(`L${number}`);
    if (!line) return false;
    for (const one of box.querySelectorAll(".here")) one.classList.remove("here");
    line.classList.add("here");
    follow.checked = false;
    box.scrollTop += line.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
    document.getElementById("log").scrollIntoView({block: "start"});
    return true;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const number = link && /#L(\d+)$/.exec(link.getAttribute("href") ?? "")?.[1];
    if (!number || event.ctrlKey || event.metaKey || event.shiftKey || new URL(link.getAttribute("href"), location.href).pathname !== location.pathname || !show(number)) return;
    event.preventDefault();
    history.replaceState(null, "", `?line=${number}#L${number}`);
  });

  const asked = Number(box.dataset.asked) || Number(/^#L(\d+)$/.exec(location.hash)?.[1]);
  if (asked && document.getElementById(`L${asked}`)) {
    document.getElementById(`L${asked}`).classList.add("here");
    requestAnimationFrame(() => show(asked));
  } else box.scrollTop = box.scrollHeight;
  if (!ends && atEnd()) onwards();  // too few to be scrolled
})();
