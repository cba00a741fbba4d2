"use strict";
// The page: its state, what is shown of it, and what happens when something of it is touched.
EQ.page = {
  state: null, cube: null, view: null, overlay: null, panels: [], ranges: null, key: "", busy: false, again: false, drawn: 0,

  begin: async () => {
    try {
      EQ.page.cube = await EQ.source.ask("cube", EQ.readState(""));
    } catch (error) {
      return EQ.page.fail(error);
    }
    const cube = EQ.page.cube;
    EQ.put("title", cube.title || "A cube");
    document.title = cube.title || "equisweep";
    EQ.put("panels", ...["cut", "point", "box", "boundary", "copies"].map((id) => EQ.element("div", { id })));
    if (cube.cut) EQ.put("cut", EQ.element("p", { class: "dim" }, cube.cut));
    addEventListener("hashchange", () => {
      if (location.hash.slice(1) !== EQ.addressOf(EQ.page.state)) EQ.page.fromAddress();
    });
    let width = innerWidth;
    addEventListener("resize", () => {
      if (Math.abs(innerWidth - width) > 40) { width = innerWidth; EQ.page.refresh(); }
    });
    await EQ.page.fromAddress();
    if (EQ.source.lives) setInterval(EQ.page.look, 2000);
    return null;
  },

  fromAddress: async () => {
    const { cube } = EQ.page, address = location.hash.length > 1 ? location.hash : cube.address;
    const stated = EQ.readState(address);
    if (document.activeElement) document.activeElement.blur(); // controls under a hand stay as they are; these are others
    await EQ.page.change(EQ.settled(cube, { ...EQ.readState(cube.address), ...(location.hash.length > 1 ? stated : {}) }));
    if (EQ.page.state.point.length) await EQ.page.askPoint([], 0);
  },

  change: async (state) => {
    EQ.page.state = state;
    history.replaceState(null, "", `#${EQ.addressOf(state)}`);
    await EQ.page.refresh();
  },

  // A cube that is being computed is looked at again: new tiles appear.
  look: () => {
    if (EQ.page.view && !EQ.page.finished && !document.hidden) EQ.page.refresh();
  },

  // While one picture is asked for, later changes wait, and only the last of them is shown.
  refresh: async () => {
    if (EQ.page.busy) { EQ.page.again = true; return; }
    EQ.page.busy = true;
    document.body.classList.add("busy");
    try {
      do {
        EQ.page.again = false;
        await EQ.page.show(EQ.page.state);
      } while (EQ.page.again);
    } finally {
      EQ.page.busy = false;
      document.body.classList.remove("busy");
    }
  },

  fail: (error) => {
    const here = EQ.put("error", error.message);
    here.hidden = false;
    EQ.page.count();
  },

  // What was read quickly while a slider moved is drawn in full once it rests.
  refine: (state) => {
    if (EQ.page.state !== state && EQ.addressOf(EQ.page.state) !== EQ.addressOf(state)) return;
    EQ.page.detailed = EQ.addressOf({ ...state, point: [] });
    EQ.page.refresh();
  },

  count: () => {
    document.body.dataset.drawn = String(++EQ.page.drawn);
  },

  show: async (state) => {
    if (!document.activeElement || !document.activeElement.matches("#controls input[type=range]")) EQ.controls(EQ.page.cube, state, EQ.page.change);
    try {
      const quick = EQ.page.detailed !== EQ.addressOf({ ...state, point: [] });
      const answer = await EQ.source.ask("view", state, quick ? [["_quick", "1"]] : []);
      EQ.page.finished = answer.finished;
      clearTimeout(EQ.page.later);
      if (answer.coarse) EQ.page.later = setTimeout(() => EQ.page.refine(state), 500);
      await EQ.page.draw(answer.views, state);
      document.getElementById("error").hidden = true;
    } catch (error) {
      return EQ.page.fail(error);
    }
    EQ.page.count();
    clearTimeout(EQ.page.copying); // which nobody reads while a slider moves
    if (EQ.source.lives) EQ.page.copying = setTimeout(() => EQ.showCopies(state).catch(EQ.page.fail), 250);
    return null;
  },

  draw: async (views, state) => {
    const place = document.getElementById("plots"), width = place.parentElement.clientWidth - 10;
    const count = views.reduce((sum, view) => sum + view.panels.length, 0);
    const columns = views[0].columns || (views.length > 1 ? views.length : count <= 3 ? count : count === 4 ? 2 : 3);
    const each = Math.max(Math.floor(width / columns), 190);
    const size = { width: each, height: Math.round(Math.min(Math.max(each * 0.72, 190), 520)) };
    EQ.shareColours(views);
    const shared = {}, kinds = { lines: EQ.drawLines, scatter: EQ.drawPoints };
    const parts = views.map((view) => (kinds[view.kind] || EQ.drawMap)(view, size, shared).map((one) => ({ ...one, view })));
    const panels = views.length > 1 ? parts[0].flatMap((one, i) => parts.map((part) => part[i])) : parts[0];
    const key = [state.x, state.y, state.kind, state.log, state.compare, state.sel.filter((text) => text.includes(":"))].join("|");
    EQ.page.keepZoom(key, shared, views[0].kind);
    panels.forEach((panel, i) => EQ.page.listen(panel, i));
    const rows = [];
    for (let i = 0; i < panels.length; i += columns) rows.push(panels.slice(i, i + columns));
    panels.forEach(EQ.page.titled);
    const layout = new Bokeh.Column({ children: rows.map((row) => new Bokeh.Row({ children: row.map((panel) => panel.figure) })) });
    const fresh = EQ.element("div");
    fresh.style.cssText = "position:absolute;visibility:hidden";
    place.append(fresh);
    const shown = await Bokeh.Plotting.show(layout, fresh);
    for (const old of [...place.children]) if (old !== fresh) old.remove();
    fresh.style.cssText = "";
    if (EQ.page.shown) EQ.page.shown.remove();
    Bokeh.documents.splice(0, Bokeh.documents.length - 1);
    Object.assign(EQ.page, { shown, panels, view: views[0], ranges: shared });
    EQ.page.write(views, state);
    EQ.page.drawOverlay();
  },

  titled: (panel) => {
    const name = panel.view.name, text = [name, panel.title].filter(Boolean).join(": ");
    if (text) panel.figure.add_layout(new Bokeh.Title({ text: text.replaceAll("$$", "$ $"), text_font_size: "12px", text_font_style: "normal" }), "above");
  },

  keepZoom: (key, shared, kind) => {
    const { ranges } = EQ.page;
    if (key === EQ.page.key && ranges) {
      for (const way of kind === "lines" ? ["x"] : ["x", "y"]) {
        if (!ranges[way] || !shared[way] || (ranges[way].start === ranges[way].reset_start && ranges[way].end === ranges[way].reset_end)) continue;
        [shared[way].start, shared[way].end] = [ranges[way].start, ranges[way].end];
      }
    }
    EQ.page.key = key;
  },

  listen: (panel, number) => {
    const { figure, view } = panel;
    const layerOf = (at) => view.layers[at.layer || 0];
    figure.on_event("mousemove", (event) => {
      const at = panel.locate(event);
      if (at) EQ.put("hover", EQ.page.hovered(view, layerOf(at), at, event));
    });
    figure.on_event("tap", (event) => {
      const at = panel.locate(event);
      if (at) EQ.page.askPoint(EQ.page.positions(view, at), view.name ? EQ.page.cube.cubes.indexOf(view.name) : 0);
    });
    figure.on_event("selectiongeometry", (event) => {
      const { type, x0, x1, y0, y1 } = event.geometry;
      if (type === "rect" && EQ.source.lives) EQ.showBox(EQ.page.cube, EQ.page.state, { x0, x1, y0, y1 });
    });
    panel.number = number;
  },

  hovered: (view, layer, at, event) => {
    const named = view.classes && view.classes.find((one) => one.code === at.value);
    const missing = at.absent ? "not computed" : "no result";
    const value = Number.isNaN(at.value) ? missing : named ? named.name : EQ.number(at.value);
    const text = (way, i, place) => `${way.name} = ${way.named ? way.names[i] : EQ.number(place)}`;
    const [x, y] = at.at || [EQ.numbers(view.x.positions)[at.i], view.second && view.kind !== "lines" ? EQ.numbers(view.second.positions)[at.j] : event.y];
    const parts = [text(view.x, at.i, x)];
    if (view.second && view.kind !== "scatter") parts.push(text(view.second, at.j, EQ.numbers(view.second.positions)[at.j]));
    if (view.kind === "scatter" && view.upwards.plane) parts.push(`${view.upwards.label} = ${EQ.number(y)}`);
    return `${parts.join(", ")}: ${layer.name} = ${value}`;
  },

  // Where a point lies in the cube: a position along each dimension that the picture draws.
  positions: (view, at) => {
    const positions = [[view.x.dim, EQ.numbers(view.x.at)[at.i]]];
    if (view.second) positions.push([view.second.dim, EQ.numbers(view.second.at)[at.j]]);
    let left = at.k;
    for (const way of [...view.facets].reverse()) {
      const indices = EQ.numbers(way.at);
      positions.push([way.dim, indices[left % indices.length]]);
      left = Math.floor(left / indices.length);
    }
    return positions.map(([dim, i]) => ["_at", `${dim}:${i}`]);
  },

  askPoint: async (positions, cube) => {
    const { state } = EQ.page;
    try {
      const answer = await EQ.source.ask("point", state, [...positions, ["_cube", String(cube)]]);
      EQ.page.state = { ...EQ.page.state, point: answer.sel };
      history.replaceState(null, "", `#${EQ.addressOf(EQ.page.state)}`);
      EQ.showPoint(EQ.page.cube, answer, EQ.page.state);
    } catch (error) {
      EQ.put("point", EQ.element("h2", {}, "Point"), error.message);
    }
  },

  drawOverlay: () => {
    const { overlay, panels, state } = EQ.page;
    if (!overlay || overlay.address !== EQ.addressOf({ ...state, point: [] })) return;
    panels.forEach(({ figure }, k) => {
      const [x, y] = overlay.panels[k] || [[], []];
      figure.scatter({ x, y, size: 4, fill_color: "#000", line_color: "#fff", line_width: 0.6 });
    });
  },

  write: (views, state) => {
    const [view] = views, legend = [];
    const key = (swatch, text) => legend.push(EQ.element("span", {}, swatch, text));
    if (view.classes) for (const one of view.classes) key(EQ.swatch(one.colour), `${one.name} (${one.count})`);
    if (view.lines && view.lines.length <= 24) for (const line of view.lines) key(EQ.swatch(line.colour), line.text);
    else if (view.lines) for (const line of [view.lines[0], view.lines[view.lines.length - 1]]) key(EQ.swatch(line.colour), line.text);
    if (view.marks && view.marks.length > 1) for (const mark of view.marks) key(EQ.swatch(mark.colour), mark.text);
    if (!view.lines && view.kind !== "scatter") {
      const lost = view.layers[0].lost, absent = lost.not_computed || 0;
      if (Object.keys(lost).some((name) => name !== "not_computed")) key(EQ.element("span", { class: "swatch hatched" }), "no result");
      if (absent) key(EQ.element("span", { class: "swatch absent" }), `not computed (${absent})`);
    }
    EQ.put("legend", ...legend);
    const label = view.shade_label || (view.kind === "lines" ? "" : view.layers[0].label);
    EQ.put("selected", [label, view.selected].filter(Boolean).join("; "));
    const notes = views.map((one) => [views.length > 1 ? one.name : "", one.note].filter(Boolean).join(": ")).filter(Boolean);
    EQ.put("note", notes.join(" "));
    EQ.showBoundary(EQ.page.cube, state, view);
  },
};

EQ.page.begin();
