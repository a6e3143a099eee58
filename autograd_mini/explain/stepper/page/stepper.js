// The stepper: it keeps one number, how many steps have been taken, and shows what is known after them.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg", MATH = "http://www.w3.org/1998/Math/MathML";
  const story = JSON.parse(document.getElementById("story").textContent);
  const { nodes, edges, scopes, steps } = story;
  const byId = (id) => document.getElementById(id);
  const calm = matchMedia("(prefers-reduced-motion: reduce)"), dark = matchMedia("(prefers-color-scheme: dark)");
  const full = (number) => (typeof number === "string" ? number : number[0]);
  const short = (number) => (typeof number === "string" ? number : number[1]);
  const hasUpdates = steps.some((step) => step.phase === "update");
  const lastBackward = steps.findLastIndex((step) => step.phase === "backward" || step.phase === "sum") + 1;

  // -- small helpers: everything is made of elements and text, never of markup ------------------------

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function draw(tag, attributes = {}, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function written(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  const nameOf = (node) => node.parts
    ? [node.parts[0], make("sub", {}, node.parts[1])] : [node.name];

  // A formula is row `id` of the table of pieces: a tag, then its text or the rows inside, then attributes.
  function formula(id) {
    const [tag, ...rest] = story.math[id];
    const element = document.createElementNS(MATH, tag);
    for (const part of rest) {
      if (typeof part === "number") element.append(formula(part));
      else if (typeof part === "string") element.append(part);
      else for (const [name, value] of Object.entries(part)) element.setAttribute(name, value);
    }
    return element;
  }

  // -- what is known after some steps ------------------------------------------------------------------

  function stateAt(position) {
    const state = {
      values: nodes.map((node) => (node.given ? node.value : null)),
      gradients: nodes.map(() => null),
      arrived: nodes.map(() => 0),
      updates: nodes.map(() => null),
      edges: edges.map(() => ""),
    };
    for (const step of steps.slice(0, position)) {
      if (step.phase === "forward") {
        state.values[step.target] = nodes[step.target].value;
        operands[step.target].forEach((edge) => { state.edges[edge] = "forward"; });
      } else if (step.phase === "update") {
        state.updates[step.target] = step;
      } else {
        if (step.upstream !== undefined) state.gradients[step.node] = step.upstream;
        if (step.after !== undefined) {
          state.gradients[step.target] = step.after;
          state.arrived[step.target] += 1;
        }
        state.edges[step.edge] = "backward";
      }
    }
    return state;
  }

  const operands = nodes.map(() => []);
  edges.forEach(([, target], i) => operands[target].push(i));

  // The text of a gradient: "not yet" before it arrives, "none" if the pass went by without it.
  function gradientText(state, i, number) {
    if (state.gradients[i] !== null) return number(state.gradients[i]);
    return lastBackward && position >= lastBackward ? "none" : "not yet";
  }

  const partial = (state, i) => state.gradients[i] !== null && state.arrived[i] < nodes[i].arrivals;

  // -- folding: the steps of a folded layer are passed over as one ---------------------------------------

  const folded = new Set(story.fold);

  function foldOf(scope) {
    let found = null;
    for (let s = scope; s !== undefined && s !== null; s = scopes[s].parent) if (folded.has(s)) found = s;
    return found;
  }

  const direction = (step) => (step.phase === "sum" ? "backward" : step.phase);

  function places() {
    const found = [0];
    steps.forEach((step, i) => {
      const after = steps[i + 1], fold = foldOf(step.scope);
      if (fold === null || !after || foldOf(after.scope) !== fold || direction(after) !== direction(step)) found.push(i + 1);
    });
    return found;
  }

  // -- where we are ------------------------------------------------------------------------------------------

  let allowed = places(), position = 0, playing = null;
  const stops = new Set(story.stops);

  const after = (from) => allowed.find((place) => place > from) ?? allowed.at(-1);
  const before = (from) => allowed.findLast((place) => place < from) ?? 0;

  function go(wanted, { from = position, quiet = false } = {}) {
    let place = Math.max(0, Math.min(steps.length, Math.round(wanted)));
    if (!allowed.includes(place)) place = place < from ? before(place) : after(place);
    const moved = place !== position;
    position = place;
    show(quiet);
    if (moved) document.dispatchEvent(new CustomEvent("step", { detail: position }));
  }

  function pause() {
    if (playing === null) return;
    clearTimeout(playing);
    playing = null;
    showPlaying();
    announce();
  }

  function play() {
    if (position === steps.length) go(0, { quiet: true });
    const tick = () => {
      const start = position;
      go(after(start), { quiet: true });
      const stopped = steps.slice(start, position).some((step) => stops.has(step.target));
      if (stopped || position === steps.length) pause();
      else playing = setTimeout(tick, Number(byId("speed").value));
    };
    playing = setTimeout(tick, Number(byId("speed").value) / 3);
    showPlaying();
  }

  function showPlaying() {
    const on = playing !== null;
    byId("play").classList.toggle("playing", on);
    byId("play").setAttribute("aria-label", on ? "Pause" : "Play");
  }

  // A node's click: to the step that completes its gradient; from there to the one that computes it.
  function runTo(i) {
    pause();
    const last = steps.findLastIndex((step) => step.target === i && (step.phase === "backward" || step.phase === "sum"));
    const seed = steps.findIndex((step) => step.node === i && step.upstream !== undefined);
    const computing = steps.findIndex((step) => step.target === i && step.phase === "forward");
    const complete = last >= 0 ? last : seed;
    const there = complete >= 0 && position === placeFor(complete + 1);
    const wanted = computing >= 0 && (there || complete < 0) ? computing : complete;
    if (wanted >= 0) go(placeFor(wanted + 1));
  }

  const placeFor = (place) => allowed.find((p) => p >= place);

  // -- the picture, made once --------------------------------------------------------------------------------

  const FONT_LINE = 15;
  const picture = byId("picture"), cards = [], lines = [], covers = [];

  function arrowhead(id, turned) {
    return draw("marker", { id, viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 8, markerHeight: 8,
      markerUnits: "userSpaceOnUse", orient: turned ? "auto-start-reverse" : "auto" }, draw("path", { d: "M0 0.6 8 4 0 7.4z" }));
  }

  function buildPicture() {
    const [wide, high] = story.size;
    picture.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    picture.append(draw("defs", {}, arrowhead("arrow"), arrowhead("arrow-forward"), arrowhead("arrow-backward", true)));
    for (const scope of scopes) if (scope.box) picture.append(frame(scope, "scope"));
    edges.forEach(([source, target, path], i) => {
      lines[i] = draw("path", { id: `edge-${i}`, class: "edge", d: path });
      picture.append(lines[i]);
    });
    nodes.forEach((node, i) => {
      cards[i] = card(node, i);
      picture.append(cards[i].group);
    });
    scopes.forEach((scope, i) => {
      if (!scope.box) return;
      covers[i] = frame(scope, "cover");
      covers[i].addEventListener("click", () => fold(i, false));
      covers[i].append(draw("title", {}, `${scope.label}: folded. Click to unfold`));
      picture.append(covers[i]);
    });
    cards[nodes.length - 1].group.setAttribute("tabindex", "0");
  }

  function frame(scope, kind) {
    const [x, y, wide, high] = scope.box;
    const label = kind === "scope" ? { x: x + 8, y: y + 14 } : { x: x + wide / 2, y: y + high / 2 + 4 };
    return draw("g", { class: kind }, draw("rect", { x, y, width: wide, height: high, rx: 9 }),
      draw("text", label, scope.label));
  }

  function card(node, i) {
    const [x, y, wide, high] = node.box;
    const group = draw("g", { id: `node-${i}`, class: `node ${node.kind}` });
    if (node.kind === "constant") {
      group.append(draw("rect", { class: "body", x, y, width: wide, height: high, rx: high / 2 }),
        draw("text", { x: x + wide / 2, y: y + high / 2 + 4, class: "value" }, short(node.value)));
      return { group };
    }
    const badge = node.badge || 0;
    const left = x + badge / 2, width = wide - badge / 2, middle = left + width / 2 + badge / 4;
    const line = (n) => y + FONT_LINE * (n + 1) - 1 + (n === 2 ? 3 : 0);
    const name = draw("text", { x: middle, y: line(0), class: node.unnamed ? "name unnamed" : "name" },
      ...(node.parts ? [node.parts[0], draw("tspan", { class: "below", dy: 3 }, node.parts[1])] : [node.name]));
    if (node.shape) name.append(draw("tspan", { class: "shape", dx: 6, dy: node.parts ? -3 : 0 }, node.shape));
    const value = draw("text", { x: middle, y: line(1), class: "value" });
    const gradient = draw("text", { x: middle, y: line(2), class: "gradient" });
    const strip = y + FONT_LINE * 2 + 5, corner = 7;
    const label = draw("title", {}, node.name);
    group.append(label,
      draw("rect", { class: "body", x: left, y, width, height: high, rx: corner }),
      draw("path", { class: "strip", d: `M${left} ${strip}h${width}V${y + high - corner}a${corner} ${corner} 0 0 1 -${corner} ${corner}`
        + `H${left + corner}a${corner} ${corner} 0 0 1 -${corner} -${corner}z` }),
      draw("rect", { class: "ring", x: left, y, width, height: high, rx: corner }),
      name, value, gradient);
    if (badge) {
      const centre = y + high / 2;
      group.append(draw("rect", { class: "badge", x, y: centre - 9, width: badge, height: 18, rx: 9 }),
        draw("text", { x: x + badge / 2, y: centre + 4, class: "symbol" }, node.symbol));
    }
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "-1");
    group.addEventListener("click", () => { rove(group); runTo(i); });
    return { group, value, gradient, label };
  }

  // -- the tables, made once -----------------------------------------------------------------------------------

  const rows = [];

  function buildTables() {
    document.querySelector(".tables").classList.toggle("arrays", nodes.some((node) => node.shape));
    for (const id of ["leaves", "computed"]) {
      const own = nodes.map((node, i) => [node, i]).filter(([node]) =>
        node.kind !== "constant" && (node.kind === "computed") === (id === "computed"));
      const heads = ["stop", "name", "value", "gradient so far", ...(hasUpdates && id === "leaves" ? ["change Δ", "new value"] : [])];
      const head = make("tr", {}, ...heads.map((title, i) => make("th", { scope: "col" },
        i ? title : make("span", { class: "unseen" }, title))));
      const body = make("tbody");
      for (const [node, i] of own) {
        rows[i] = row(node, i, heads.length);
        body.append(rows[i].element);
      }
      byId(id).append(make("thead", {}, head), body);
      if (!own.length) byId(id).parentElement.hidden = true;
    }
  }

  function row(node, i, columns) {
    const stop = make("button", { class: "stop", "aria-pressed": "false", "aria-label": `Stop at ${node.name}`,
      title: "Play stops here", tabindex: "-1" });
    stop.addEventListener("click", () => setStop(i, !stops.has(i)));
    const name = make("button", { class: node.unnamed ? "name unnamed" : "name", "aria-label": node.name, tabindex: "-1" },
      ...nameOf(node));
    name.addEventListener("click", () => runTo(i));
    const cells = Array.from({ length: columns - 2 }, () => make("td"));
    return { element: make("tr", { id: `row-${i}` }, make("td", {}, stop), make("th", { scope: "row" }, name), ...cells), stop, cells };
  }

  // -- stops and layers ------------------------------------------------------------------------------------------

  function setStop(i, on) {
    if (on) stops.add(i); else stops.delete(i);
    showStops();
  }

  function showStops() {
    byId("chosen").replaceChildren(...[...stops].map((i) => {
      const chip = make("button", { type: "button", class: "chip", "aria-label": `Do not stop at ${nodes[i].name}` },
        ...nameOf(nodes[i]), make("span", { class: "cross", "aria-hidden": "true" }, "×"));
      chip.addEventListener("click", () => setStop(i, false));
      return chip;
    }));
    nodes.forEach((node, i) => {
      if (rows[i]) rows[i].stop.setAttribute("aria-pressed", String(stops.has(i)));
      if (cards[i]) cards[i].group.classList.toggle("stopping", stops.has(i));
    });
  }

  function addStop(event) {
    event.preventDefault();
    const wanted = byId("stop").value.trim();
    const found = nodes.map((node, i) => i).filter((i) => wanted && nodes[i].name === wanted);
    found.forEach((i) => stops.add(i));
    written(byId("no-stop"), found.length || !wanted ? "" : `nothing is called ${wanted}`);
    if (found.length) byId("stop").value = "";
    showStops();
  }

  function fold(i, on) {
    if (on) folded.add(i); else folded.delete(i);
    allowed = places();
    showLayers();
    go(allowed.includes(position) ? position : after(position));
  }

  function buildLayers() {
    scopes.forEach((scope, i) => {
      const button = make("button", { "aria-pressed": "false", title: "Fold: its steps are passed over as one" }, scope.label);
      button.addEventListener("click", () => fold(i, !folded.has(i)));
      byId("layers").append(button);
    });
    byId("fold").hidden = !scopes.length;
  }

  function showLayers() {
    [...byId("layers").children].forEach((button, i) => {
      button.setAttribute("aria-pressed", String(folded.has(i)));
      button.disabled = foldOf(scopes[i].parent) !== null;
    });
    covers.forEach((cover, i) => cover?.classList.toggle("on", folded.has(i)));
    nodes.forEach((node, i) => cards[i].group.classList.toggle("hidden", foldOf(node.scope) !== null));
    edges.forEach(([source, target], i) => {
      const from = foldOf(nodes[source].scope), to = foldOf(nodes[target].scope);
      lines[i].classList.toggle("hidden", from !== null && from === to);
    });
  }

  // -- showing a position ------------------------------------------------------------------------------------------

  function show(quiet) {
    const state = stateAt(position), step = steps[position - 1];
    byId("slider").value = position;
    byId("slider").setAttribute("aria-valuetext", valueText());
    written(byId("count"), `${position} / ${steps.length}`);
    byId("first").disabled = byId("back").disabled = position === 0;
    byId("last").disabled = byId("next").disabled = position === steps.length;
    document.documentElement.dataset.phase = step ? direction(step) : "start";
    showStep(step);
    showPicture(state, step);
    showRows(state, step);
    if (!quiet) announce();
    fitFrame();
  }

  const PHASES = { forward: "Forward", backward: "Backward", sum: "Backward", update: "Update" };

  function valueText() {
    const step = steps[position - 1];
    return step ? `${position} of ${steps.length}, ${PHASES[step.phase].toLowerCase()}` : "before the first step";
  }

  // The steps that the last move passed over, if it was through a folded layer: they are told together.
  function passed() {
    return position ? steps.slice(before(position), position) : [];
  }

  function inWords(step) {
    if (!step) return story.start;
    const z = nodes[step.node].name, x = nodes[step.target].name;
    if (step.phase === "forward") return `Compute ${z}.`;
    if (step.phase === "update") return `${story.rule} moves ${z}.`;
    if (step.phase === "sum") return `${x} was used for every copy: its gradient is the sum over the copies.`;
    const adds = stateAt(Math.max(0, position - 1)).arrived[step.target] > 0;
    return `From ${z} back to ${x}${adds ? ", which adds to what has arrived there" : ""}.`;
  }

  function showStep(step) {
    written(byId("phase"), step ? PHASES[step.phase] : "Start");
    const taken = passed(), scope = step && step.scope !== undefined ? scopes[step.scope] : null;
    const inside = scope === null ? "" : `in ${(taken.length > 1 ? scopes[foldOf(step.scope)] : scope).label}`;
    written(byId("layer"), inside);
    written(byId("say"), taken.length > 1 ? `${taken.length} steps of a folded layer at once; the last one:` : inWords(step));
    byId("formula").replaceChildren(...(step ? step.lines.map((text, i) => {
      const math = document.createElementNS(MATH, "math");
      math.setAttribute("display", "block");
      math.setAttribute("aria-label", text);
      math.append(formula(step.math[i]));
      return make("div", { class: "line" }, math);
    }) : []));
    keepRoom();
  }

  // The panel grows with what it holds and never shrinks: the picture below does not jump about.
  function keepRoom() {
    const panel = byId("formula");
    panel.style.minHeight = `${Math.min(190, Math.max(parseFloat(panel.style.minHeight) || 0, panel.scrollHeight))}px`;
  }

  // Some of the longest steps are tried beforehand, so that it need not grow on the way back.
  function makeRoom() {
    const long = steps.filter((step) => step.phase !== "update").sort((a, b) => b.lines.length - a.lines.length);
    for (const step of long.slice(0, 4)) showStep(step);
  }

  function announce() {
    const step = steps[position - 1];
    written(byId("live"), step ? `Step ${position} of ${steps.length}. ${byId("phase").textContent}. ${byId("say").textContent} `
      + step.lines.join("; ") : story.start);
  }

  function showPicture(state, step) {
    const lit = new Set(!step || step.phase === "update" ? [] : step.phase === "forward" ? operands[step.target] : [step.edge]);
    lines.forEach((line, i) => {
      line.setAttribute("class", `edge ${state.edges[i]}${lit.has(i) ? " lit" : ""}${line.classList.contains("hidden") ? " hidden" : ""}`);
    });
    nodes.forEach((node, i) => {
      const { group, value, gradient, label } = cards[i];
      if (!value) return;
      const known = state.values[i] !== null, update = state.updates[i];
      written(value, update ? short(update.after) : known ? short(state.values[i]) : "not yet");
      written(gradient, gradientText(state, i, short));
      group.classList.toggle("uncomputed", !known);
      group.classList.toggle("updated", update !== null);
      group.classList.toggle("reached", state.gradients[i] !== null);
      group.classList.toggle("partial", partial(state, i));
      group.classList.toggle("target", step !== undefined && step.target === i);
      group.classList.toggle("upstream", step !== undefined && direction(step) === "backward" && step.node === i);
      const told = `${node.name}: value ${known ? full(state.values[i]) : "not yet"}, gradient ${gradientText(state, i, full)}`;
      group.setAttribute("aria-label", told);
      written(label, told);
    });
    covers.forEach((cover, i) => cover?.classList.toggle("now", step !== undefined && foldOf(nodes[step.target].scope) === i));
    if (step) follow([cards[step.target].group, cards[step.node].group, ...[...lit].map((i) => lines[i])]);
  }

  function showRows(state, step) {
    nodes.forEach((node, i) => {
      if (!rows[i]) return;
      const { element, cells } = rows[i], update = state.updates[i];
      const counted = partial(state, i) ? ` (${state.arrived[i]} of ${node.arrivals})` : "";
      const texts = [state.values[i] === null ? "not yet" : full(state.values[i]), gradientText(state, i, full) + counted];
      if (cells.length > 2) texts.push(update ? full(update.delta) : "", update ? full(update.after) : "");
      cells.forEach((cell, c) => {
        written(cell, texts[c]);
        cell.classList.toggle("absent", texts[c] === "not yet" || texts[c] === "none");
        cell.classList.toggle("partial", c === 1 && counted !== "");
      });
      element.classList.toggle("target", step !== undefined && step.target === i);
    });
    if (step) keepInView(rows[step.target].element);
  }

  // -- scrolling inside the page's own boxes; the notebook around it stays where it is -----------------------------

  function around(parts) {
    const found = parts.map((part) => part.getBoundingClientRect());
    return {
      left: Math.min(...found.map((r) => r.left)), right: Math.max(...found.map((r) => r.right)),
      top: Math.min(...found.map((r) => r.top)), bottom: Math.max(...found.map((r) => r.bottom)),
    };
  }

  // Brings all the parts into view, or, where they are too far apart, the first.
  function follow(parts) {
    const scroller = byId("scroller"), view = scroller.getBoundingClientRect(), edge = 24;
    if (scroller.scrollWidth <= scroller.clientWidth && scroller.scrollHeight <= scroller.clientHeight) return;
    let box = around(parts);
    if (box.right - box.left > view.width - 2 * edge || box.bottom - box.top > view.height - 2 * edge) box = around(parts.slice(0, 1));
    const outside = box.left < view.left + edge || box.right > view.right - edge
      || box.top < view.top + edge || box.bottom > view.bottom - edge;
    if (outside) scroller.scrollTo({
      left: scroller.scrollLeft + (box.left + box.right - view.left - view.right) / 2,
      top: scroller.scrollTop + (box.top + box.bottom - view.top - view.bottom) / 2,
      behavior: calm.matches ? "auto" : "smooth",
    });
  }

  function keepInView(element) {
    const box = element.closest(".table"), head = 30;
    if (element.offsetTop < box.scrollTop + head) box.scrollTop = element.offsetTop - head;
    else if (element.offsetTop + element.offsetHeight > box.scrollTop + box.clientHeight)
      box.scrollTop = element.offsetTop + element.offsetHeight - box.clientHeight + 4;
  }

  let chosenSize = null;

  function sizePicture() {
    const [wide, high] = story.size, room = byId("scroller").clientWidth - 18;
    if (room <= 0) return;
    const fitting = Math.min(1.15, room / wide, 560 / high);
    const whole = chosenSize ?? fitting >= 0.74;
    const scale = whole ? fitting : 1;
    picture.setAttribute("width", Math.floor(wide * scale));
    picture.setAttribute("height", Math.floor(high * scale));
    byId("whole").setAttribute("aria-pressed", String(whole));
    byId("whole").hidden = fitting >= 1;
  }

  // -- keys: left and right step everywhere; up and down move inside the picture and the tables ---------------------

  const KEYS = {
    ArrowRight: () => go(after(position)), ArrowLeft: () => go(before(position)),
    Home: () => go(0), End: () => go(steps.length),
    " ": () => (playing === null ? play() : pause()),
  };

  function onKey(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || target.matches("input:not([type=range]), select")) return;
    if (key === "ArrowUp" || key === "ArrowDown") {
      if (target.closest("#picture, tbody")) { event.preventDefault(); neighbour(target, key === "ArrowDown" ? 1 : -1); }
      return;
    }
    if ((key === "Enter" || key === " ") && target.matches(".node")) {
      event.preventDefault();
      target.dispatchEvent(new MouseEvent("click"));
      return;
    }
    if (!(key in KEYS) || (key === " " && target.matches("button"))) return;
    event.preventDefault();
    if (key !== " ") pause();
    KEYS[key]();
  }

  // One tab stop for the picture and one for each column of buttons; up and down go on from there.
  function neighbour(element, by) {
    const inPicture = element.closest("#picture");
    const all = inPicture ? cards.filter(({ value }) => value).map(({ group }) => group)
      : [...element.closest("tbody").querySelectorAll(element.matches(".stop") ? ".stop" : "button.name")];
    const next = all[all.indexOf(element) + by];
    if (next) rove(next, true);
  }

  function rove(element, focus) {
    const home = element.closest("#picture, tbody"), kind = element.matches(".stop") ? ".stop" : "button.name, .node";
    home.querySelectorAll(kind).forEach((other) => other.setAttribute("tabindex", "-1"));
    element.setAttribute("tabindex", "0");
    if (focus) element.focus({ preventScroll: true });
    if (focus && home.id === "picture") follow([element]);
    else if (focus) keepInView(element.closest("tr"));
  }

  // -- the notebook around us, if there is one: our height, its theme, the picture that stood in for us -------------

  function fitFrame() {
    const frame = hostFrame();
    if (frame) frame.style.height = `${document.body.scrollHeight}px`;
  }

  function hostFrame() {
    try { return window.frameElement; } catch { return null; }
  }

  // The notebook's own theme, where it tells one (JupyterLab, VS Code, Sphinx), else the system's.
  function theme() {
    const { jpThemeLight, vscodeThemeKind, theme: named } = hostFrame()?.ownerDocument.body.dataset ?? {};
    if (jpThemeLight) return jpThemeLight === "false" ? "dark" : "light";
    if (vscodeThemeKind) return vscodeThemeKind.includes("light") ? "light" : "dark";
    if (named === "dark" || named === "light") return named;
    return dark.matches ? "dark" : "light";
  }

  function dress() {
    document.documentElement.dataset.theme = theme();
  }

  function meetHost() {
    const frame = hostFrame();
    if (!frame) return;
    document.documentElement.classList.add("framed");
    for (const other of frame.parentElement?.querySelectorAll("[data-instead]") ?? []) other.style.display = "none";
    const themes = ["data-jp-theme-light", "data-vscode-theme-kind", "data-theme"];
    new MutationObserver(dress).observe(frame.ownerDocument.body, { attributes: true, attributeFilter: themes });
    new ResizeObserver(fitFrame).observe(document.body);
  }

  // -- start -----------------------------------------------------------------------------------------------------------

  function buildPhases() {
    for (const name of ["forward", "backward", "update"]) {
      const count = steps.filter((step) => direction(step) === name).length;
      if (count) byId("phases").append(make("span", { class: name, style: `flex-grow:${count}` }, name));
    }
  }

  function wire() {
    const on = (id, kind, action) => byId(id).addEventListener(kind, action);
    on("first", "click", () => { pause(); go(0); });
    on("back", "click", () => { pause(); go(before(position)); });
    on("next", "click", () => { pause(); go(after(position)); });
    on("last", "click", () => { pause(); go(steps.length); });
    on("play", "click", () => (playing === null ? play() : pause()));
    on("slider", "input", () => { pause(); go(Number(byId("slider").value)); });
    on("stops", "submit", addStop);
    on("whole", "click", () => { chosenSize = byId("whole").getAttribute("aria-pressed") !== "true"; sizePicture(); show(true); });
    dark.addEventListener("change", dress);
    document.addEventListener("keydown", onKey);
    document.addEventListener("focusin", ({ target }) => { if (target.matches("tbody button")) rove(target); });
    new ResizeObserver(sizePicture).observe(byId("scroller"));
  }

  function start() {
    byId("slider").max = steps.length;
    byId("legend-update").hidden = !hasUpdates;
    byId("names").append(...[...new Set(nodes.map((node) => node.name))].filter(Boolean).map((value) => make("option", { value })));
    buildPhases();
    buildPicture();
    buildTables();
    buildLayers();
    document.querySelectorAll("tbody").forEach((body) => body.querySelectorAll("tr:first-child button").forEach((b) => b.setAttribute("tabindex", "0")));
    wire();
    dress();
    meetHost();
    sizePicture();
    makeRoom();
    showLayers();
    showStops();
    go(story.at);
    window.stepper = { go, get step() { return position; }, get playing() { return playing !== null; } };
  }

  start();
})();
