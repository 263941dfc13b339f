"use strict";
// The rows in which networks are alike, out of the way.
(() => {
  const only = document.getElementById("only"), box = only.querySelector("input");
  only.hidden = false;
  box.addEventListener("change", () => document.querySelectorAll("tr.same").forEach((row) => { row.hidden = box.checked; }));
})();
