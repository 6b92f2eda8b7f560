// The token stands behind the link's #, which no browser sends to a server; it is put into the form, and out of the address.
"use strict";
(() => {
  const form = document.getElementById("signin");
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    history.replaceState(null, "", location.pathname + location.search);
    form.elements.token.value = token;
    form.submit();
    return;
  }
  // A link on another site carries no cookie with it: asked from here, it does.
  fetch("/session").then((answer) => { if (answer.status === 204 && !location.pathname.startsWith("/session")) location.replace(location.href); }, () => {});
})();
