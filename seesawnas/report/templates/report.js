"use strict";
(() => {
  const page = JSON.parse(document.getElementById("page").textContent);
  const byKey = new Map();
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const make = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  // Specs and diagrams are many and alike: they lie compressed in the page.
  const unpacked = (async () => {
    const packed = Uint8Array.from(atob(document.getElementById("details").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    for (const [key, value] of Object.entries(JSON.parse(await new Response(stream).text()))) byKey.set(key, value);
  })();

  // Plots, in the page's colours.
  function themed(layout) {
    const ink = css("--ink"), grid = css("--grid"), card = css("--card");
    const change = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", "font.color": ink,
      "hoverlabel.bgcolor": card, "hoverlabel.bordercolor": css("--faded"), "hoverlabel.font.color": ink,
      "modebar.bgcolor": "rgba(0,0,0,0)", "modebar.color": css("--faded"), "modebar.activecolor": ink };
    for (const axis of Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name))) {
      Object.assign(change, { [`${axis}.gridcolor`]: grid, [`${axis}.zerolinecolor`]: css("--rule"), [`${axis}.linecolor`]: css("--rule"),
        [`${axis}.tickcolor`]: css("--rule"), [`${axis}.dividercolor`]: css("--rule") });
    }
    (layout.annotations ?? []).forEach((note, place) => { if (note.name === "option") change[`annotations[${place}].bgcolor`] = card; });
    return change;
  }
  // The blue of light pages is dim on dark ones: there its light sister stands for it.
  const BLUE = "#0072B2", LIGHT_BLUE = "#56B4E9";
  async function dress(plot) {
    const blue = css("--dark") ? LIGHT_BLUE : BLUE;
    for (const [part, places] of Object.entries(plot.blues)) {
      if (places.length) await Plotly.restyle(plot, { [`${part}.color`]: blue }, places);
    }
    await Plotly.relayout(plot, themed(plot.layout));
  }
  const plots = [...document.querySelectorAll(".plot")];
  async function draw(plot) {
    const figure = JSON.parse(document.getElementById(`figure-${plot.dataset.figure}`).textContent);
    const config = { responsive: true, displaylogo: false, displayModeBar: innerWidth > 640,
      modeBarButtons: [figure.layout.xaxis?.fixedrange ? ["toImage"] : ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]] };
    await Plotly.newPlot(plot, figure.data, figure.layout, config);
    const places = (part) => figure.data.flatMap((trace, place) => trace[part]?.color === BLUE ? [place] : []);
    plot.blues = { marker: places("marker"), line: places("line") };
    await dress(plot);
    const keyOf = (event) => {
      const data = event.points[0]?.customdata;
      return typeof data === "number" ? `${plot.dataset.study}:${data}` : data;
    };
    const panel = plot.parentElement.querySelector(".network");
    if (panel) {
      plot.on("plotly_hover", (event) => { showIn(panel, keyOf(event), false); peekAt(keyOf(event), event.event); });
      plot.on("plotly_unhover", () => peekAt());
      plot.on("plotly_click", (event) => showIn(panel, keyOf(event), true));
    }
  }
  async function drawAll() {
    for (const plot of plots) { await draw(plot); await new Promise((resolve) => setTimeout(resolve)); }
    document.documentElement.dataset.drawn = plots.length;
  }
  document.addEventListener("theme", () => plots.filter((plot) => plot.blues).forEach(dress));

  // One network: its costs, what it measured, its diagram, its spec.
  function drawingOf(about) {
    const drawing = make("div", undefined, { class: "diagram", tabindex: "0", role: "region", "aria-label": `Diagram of ${about.title}` });
    drawing.append(document.importNode(new DOMParser().parseFromString(about.svg, "image/svg+xml").documentElement, true));
    return drawing;
  }
  function fill(shown, key) {
    const about = byKey.get(key);
    if (!about) return;
    const block = make("div", undefined, { class: "copyable" });
    block.append(make("pre", about.spec, { tabindex: "0" }));
    addCopy(block);
    const parts = [make("h3", about.title), make("p", about.costs), make("p", about.measured)];
    if (about.svg) parts.push(drawingOf(about));
    const command = make("div", undefined, { class: "copyable" });
    command.append(make("pre", about.command, { tabindex: "0" }));
    addCopy(command);
    shown.replaceChildren(...parts, command, block);
  }
  function showIn(panel, key, keep) {
    if (!byKey.has(key) || (panel.dataset.kept && !keep)) return;
    if (keep) panel.dataset.kept = key;
    const select = panel.querySelector("select");
    if (![...select.options].some((option) => option.value === key)) select.append(new Option(byKey.get(key).title, key));
    select.value = key;
    const shown = panel.querySelector(".shown");
    if (shown.dataset.key === key) return;
    shown.dataset.key = key;
    fill(shown, key);
  }
  // What is pointed at, in the corner away from the pointer; the panel below keeps the rest.
  const peek = document.body.appendChild(make("div", undefined, { class: "peek", "aria-hidden": "true", hidden: "" }));
  function peekAt(key, pointer) {
    const about = byKey.get(key);
    peek.hidden = !about?.svg;
    if (peek.hidden) return;
    peek.replaceChildren(drawingOf(about));
    peek.classList.toggle("left", pointer.clientX > innerWidth / 2);
    peek.classList.toggle("top", pointer.clientY > innerHeight / 2);
  }
  function openDialog(key) {
    const dialog = document.getElementById("dialog");
    fill(dialog.querySelector(".shown"), key);
    dialog.showModal();
    dialog.scrollTop = 0;
  }
  function choose(panel) {
    const select = panel.querySelector("select");
    const groups = page.studies.filter((_, place) => panel.dataset.study === "" || String(place) === panel.dataset.study);
    for (const { label, keys } of [...groups.flatMap((study) => study.choices), page.published]) {
      const group = make("optgroup", undefined, { label });
      group.append(...keys.map((key) => new Option(byKey.get(key).title, key)));
      if (keys.length) select.append(group);
    }
    select.addEventListener("change", () => showIn(panel, select.value, true));
    panel.querySelectorAll(".step").forEach((button) => button.addEventListener("click", () => {
      select.selectedIndex = (select.selectedIndex + Number(button.dataset.step) + select.length) % select.length;
      showIn(panel, select.value, true);
    }));
    if (select.length) showIn(panel, select.value, false);
  }

  // The ranking, a hundred rows at a time.
  const LENGTH = 100;
  function rank(table) {
    const study = table.dataset.study, { rows } = page.studies[study];
    const card = table.closest(".card"), tools = card.querySelector(".tools"), body = table.tBodies[0];
    const [search, only] = tools.querySelectorAll("input"), pages = tools.querySelector(".pages");
    let order = { column: 0, down: false }, first = 0;
    const found = () => {
      const words = search.value.trim().toLowerCase();
      const some = rows.filter((row) => (!only.checked || row[3]) && (!words || [row[1], row[2], row[6]].some((cell) => String(cell).toLowerCase().includes(words))));
      const value = (row) => order.column < 2 ? row[order.column] : order.column === 2 ? row[2] : row[5][order.column - 3];
      const [a, b] = order.down ? [-1, 1] : [1, -1];
      return order.column === 0 && !order.down ? some : [...some].sort((x, y) => (value(x) ?? -Infinity) > (value(y) ?? -Infinity) ? a : (value(x) ?? -Infinity) < (value(y) ?? -Infinity) ? b : 0);
    };
    const line = (row) => {
      const made = make("tr", undefined, row[3] ? { class: "front" } : {});
      const cells = [[row[0], "number"], [row[1], "number"], [row[2] + (row[3] ? " *" : ""), ""], ...row[4].map((cell) => [cell, "number"])];
      made.append(...cells.map(([text, style]) => make("td", text, style ? { class: style } : {})));
      const key = `${study}:${row[1]}`, actions = make("td", undefined, { class: "actions" });
      const show = make("button", "Show", { type: "button", "aria-label": `Show trial ${row[1]}` });
      const copy = make("button", "Copy spec", { type: "button", "aria-label": `Copy the spec of trial ${row[1]}` });
      show.addEventListener("click", () => openDialog(key));
      copy.addEventListener("click", () => copyText(byKey.get(key).spec, copy));
      actions.append(show, " ", copy);
      made.append(actions);
      return made;
    };
    const step = (by, text) => {
      const button = make("button", text, { type: "button", "aria-label": by < 0 ? "Page before" : "Next page" });
      button.addEventListener("click", () => { first += by * LENGTH; show(); });
      return button;
    };
    const before = step(-1, "‹"), after = step(1, "›"), where = make("span", "", { class: "fine" });
    pages.append(before, where, after);
    function show() {
      const some = found();
      first = Math.max(0, Math.min(first, Math.floor(Math.max(0, some.length - 1) / LENGTH) * LENGTH));
      body.replaceChildren(...some.slice(first, first + LENGTH).map(line));
      const last = Math.min(first + LENGTH, some.length);
      where.textContent = some.length ? `${first + 1} to ${last} of ${some.length}` : "none found";
      before.disabled = first === 0;
      after.disabled = last >= some.length;
    }
    [...table.tHead.rows[0].cells].slice(0, -1).forEach((head, column) => {
      const button = make("button", head.textContent, { type: "button" });
      button.addEventListener("click", () => {
        const down = order.column === column ? !order.down : column > 2 && !/MAdds|params|bytes/.test(button.textContent);
        order = { column, down };
        first = 0;
        [...table.tHead.rows[0].cells].forEach((cell) => cell.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        show();
      });
      head.replaceChildren(button);
    });
    search.addEventListener("input", () => { first = 0; show(); });
    only.addEventListener("change", () => { first = 0; show(); });
    tools.hidden = false;
    show();
  }

  document.querySelectorAll("table.ranking").forEach(rank);
  unpacked.then(() => document.querySelectorAll(".network").forEach(choose)).then(drawAll);
})();
