"use strict";
// Answers without a server: the cube stands in the page itself, and what is shown is gathered from it here.
EQ.embedded = { lives: false, cube: JSON.parse(document.getElementById("cube").textContent), read: new Map() };

EQ.embedded.ask = async (question, state, more = []) => {
  const answers = { cube: () => EQ.embedded.cube, view: () => ({ views: [EQ.embedded.view(state)], finished: true }), point: () => EQ.embedded.point(state, more) };
  return answers[question]();
};

EQ.embedded.array = (name) => {
  const { arrays, dims } = EQ.embedded.cube, { read } = EQ.embedded;
  if (!read.has(name)) {
    const sizes = arrays[name].dims.map((one) => dims.find((dim) => dim.dim === one).size);
    const strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1));
    read.set(name, { ...arrays[name], sizes, strides, values: EQ.numbers(arrays[name].numbers) });
  }
  return read.get(name);
};

// Which positions along a dimension the selections leave.
EQ.embedded.chosen = (state, dim) => {
  let left = Array.from({ length: dim.size }, (_, i) => i);
  for (const text of state.sel.filter((one) => dim.coords.some((coordinate) => coordinate.name === EQ.selected(one)))) {
    const name = EQ.selected(text), way = EQ.embedded.cube.ways[name], value = text.slice(name.length + 1);
    const at = EQ.numbers(way.positions);
    if (way.named) {
      const own = dim.sels.findIndex((texts) => texts.includes(text));
      left = left.filter((i) => dim.sels[i].includes(text) || i === own);
    } else if (value.includes(":")) {
      const [low, high] = value.split(":");
      left = left.filter((i) => (!low || at[i] >= Number(low)) && (!high || at[i] <= Number(high)));
    } else {
      const best = at[EQ.nearest(at, Number(value), false)];
      left = left.filter((i) => at[i] === best);
    }
  }
  if (!left.length) throw new Error(`nothing of ${dim.dim} is selected`);
  return left;
};

EQ.embedded.way = (name, at, log) => {
  const way = EQ.embedded.cube.ways[name], all = EQ.numbers(way.positions);
  const order = way.named ? at : [...at].sort((a, b) => all[a] - all[b]);
  return {
    name, dim: way.dim, label: way.label, named: way.named, log, order, scattered: way.named, limits: way.limits,
    positions: EQ.packed(Float64Array.from(order, (i) => all[i])), at: EQ.packed(Int32Array.from(order)),
    names: way.named ? order.map((i) => way.texts[i]) : undefined, texts: order.map((i) => `${way.short} = ${way.texts[i]}`),
  };
};

EQ.packed = (values) => ({ values });
EQ.unpacked = EQ.numbers;
EQ.numbers = (packed) => packed.values || EQ.unpacked(packed);

EQ.embedded.view = (state) => {
  const { cube } = EQ.embedded, known = EQ.coordinates(cube);
  const dimOf = (name) => (known.find((one) => one.name === name) || {}).dim;
  for (const name of [state.x, state.y, state.hue, ...state.facet]) if (name && !dimOf(name)) throw new Error(`${name}: points at outputs are shown with a server only`);
  if (!state.x) throw new Error("choose x");
  const scatter = state.kind === "scatter" || (state.y && dimOf(state.x) === dimOf(state.y));
  const classes = state.var.map((name) => Object.keys(cube.arrays[name].classes).length > 0);
  const kind = scatter ? "scatter" : !state.y ? "lines" : classes[0] ? "classes" : "heat";
  if (kind === "lines" && classes.some(Boolean)) throw new Error("classes are colours in the plane of two inputs; choose y");
  if (kind !== "lines" && state.var.length > 1) throw new Error("one variable makes a map");
  const log = new Set(state.log), picked = new Map(cube.dims.map((dim) => [dim.dim, EQ.embedded.chosen(state, dim)]));
  const way = (name, option) => EQ.embedded.way(name, picked.get(dimOf(name).dim), log.has(option));
  const x = way(state.x, "x");
  const second = scatter ? null : state.y ? way(state.y, "y") : state.hue ? way(state.hue, "color") : null;
  const facets = state.facet.map((name) => way(name, "facet"));
  const positive = [x, state.y ? second : null].filter((one) => one && one.log);
  for (const one of positive) if (one.named || [...EQ.numbers(one.positions)].some((value) => value <= 0)) throw new Error(`${one.name} has values of 0 or less, or names: no logarithmic scale`);
  const ways = [...facets, ...(second ? [second] : []), x];
  if (new Set(ways.map((one) => one.dim)).size < ways.length) throw new Error("x, y, hue and facet should be different axes");
  const layers = state.var.map((name) => EQ.embedded.layer(name, ways, picked, state, log.has(kind === "lines" ? "y" : "color")));
  const panels = facets.reduce((before, one) => before.flatMap((text) => one.texts.map((more) => [...text, more])), [[]]).map((texts) => texts.join(", "));
  const held = cube.dims.filter((dim) => !ways.some((one) => one.dim === dim.dim) && picked.get(dim.dim).length === 1 && dim.size > 1);
  const view = {
    name: "", kind, x, second, facets, panels, columns: facets.length === 2 ? facets[1].texts.length : 0, layers, log: state.log,
    range: EQ.embedded.ends(state.range), note: layers.map((layer) => layer.note).filter(Boolean).join(" "),
    selected: [...cube.fixed.map(([name, text]) => `${name} = ${text}`), ...held.map((dim) => `${dim.coords.map((one) => one.name).join(", ")} = ${dim.texts[picked.get(dim.dim)[0]]}`)].join(", "),
  };
  return { ...view, ...EQ.embedded.looks(view, state, scatter) };
};

EQ.embedded.ends = (text) => {
  const parts = text ? text.split(":") : ["", ""];
  return parts.map((one) => (one === "" || Number.isNaN(Number(one)) ? null : Number(one)));
};

// One variable over the drawn axes: NaN where it has no result, and how many points lack one, by reason.
EQ.embedded.layer = (name, ways, picked, state, positive) => {
  const array = EQ.embedded.array(name), status = EQ.embedded.array("status"), { statuses, blank } = EQ.embedded.cube;
  const missing = array.dims.filter((dim) => !ways.some((one) => one.dim === dim) && picked.get(dim).length > 1);
  if (missing.length) throw new Error(`${name} still varies over ${missing.join(", ")}; choose one value`);
  const unused = ways.filter((one) => !array.dims.includes(one.dim));
  if (unused.length) throw new Error(`${name} does not vary along ${unused[0].name}`);
  const classes = Object.keys(array.classes).length > 0;
  const keep = Object.entries(statuses).filter(([, [word]]) => state.keep.includes(word)).map(([code]) => Number(code));
  const good = name === "status" ? null : classes ? new Set(Object.keys(statuses).map(Number).filter((code) => !blank.includes(code))) : new Set([...array.counted, ...keep]);
  const count = ways.reduce((product, one) => product * one.order.length, 1);
  const values = new Float32Array(count), absent = new Uint8Array(count), lost = {};
  const base = (one) => one.dims.reduce((sum, dim, i) => sum + (ways.some((way) => way.dim === dim) ? 0 : picked.get(dim)[0] * one.strides[i]), 0);
  const stride = (one) => ways.map((way) => (one.dims.includes(way.dim) ? one.strides[one.dims.indexOf(way.dim)] : 0));
  const [start, from, step, by] = [base(array), base(status), stride(array), stride(status)];
  const place = ways.map(() => 0);
  for (let i = 0; i < count; i++) {
    let at = start, where = from;
    for (let k = 0; k < ways.length; k++) { at += ways[k].order[place[k]] * step[k]; where += ways[k].order[place[k]] * by[k]; }
    const code = status.values[where], value = array.values[at];
    let why = "";
    if (good && !good.has(code)) why = (statuses[code] || [`status ${code}`])[0].replaceAll("_", " ");
    else if (classes && !(value in array.classes)) why = "without a class";
    else if (Number.isNaN(value)) why = "ok but undefined (NaN)";
    else if (!Number.isFinite(value)) why = "infinite";
    else if (positive && value <= 0) why = "not above 0 (log scale)";
    values[i] = why ? NaN : value;
    absent[i] = code === 0 && name !== "status" ? 1 : 0;
    if (why) lost[why] = (lost[why] || 0) + 1;
    for (let k = ways.length - 1; k >= 0 && ++place[k] === ways[k].order.length; k--) place[k] = 0;
  }
  const left = Object.values(lost).reduce((a, b) => a + b, 0);
  const reasons = Object.entries(lost).sort((a, b) => b[1] - a[1]).map(([why, many]) => `${many} ${why}`).join(", ");
  const label = EQ.embedded.cube.variables.find((one) => one.name === name).label;
  const any = lost["not computed"];
  if (any) { lost.not_computed = any; delete lost["not computed"]; }
  return { name, label, unit: array.unit || "1", values: EQ.packed(values), shape: [1, 1, count], lost, absent: any ? EQ.packed(absent) : null, note: left ? `${left} of ${count} points are left out: ${reasons}.` : "" };
};

EQ.embedded.looks = (view, state, scatter) => {
  const { cube } = EQ.embedded, layer = view.layers[0], values = EQ.numbers(layer.values), array = EQ.embedded.array(layer.name);
  const palette = cube.palettes[state.cmap] || cube.palettes.viridis;
  if (view.kind === "lines") return { lines: EQ.embedded.lines(view, palette) };
  const looks = {};
  if (Object.keys(array.classes).length) {
    const counts = new Map();
    for (const value of values) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) || 0) + 1);
    const codes = [...counts.keys()].sort((a, b) => a - b), own = Object.keys(array.classes).every((code) => Number(code) >= 0 && Number(code) < cube.class_colours.length);
    looks.classes = codes.map((code, i) => ({ code, name: array.classes[code], colour: cube.class_colours[(own ? code : i) % cube.class_colours.length], count: counts.get(code) }));
  } else {
    const ends = EQ.finite(values);
    if (ends) looks.colours = { low: view.range[0] ?? ends[0], high: view.range[1] ?? ends[1], log: state.log.includes("color"), palette };
    else looks.empty = true;
  }
  if (!scatter) return looks;
  const shape = [view.panels.length, 1, EQ.numbers(view.x.positions).length];
  layer.shape = shape;
  const repeat = (positions) => Float64Array.from({ length: shape[0] * shape[2] }, (_, i) => positions[i % shape[2]]);
  const plane = Boolean(state.y), upwards = plane ? EQ.embedded.way(state.y, view.x.order, state.log.includes("y")) : null;
  const all = plane ? EQ.numbers(cube.ways[state.y].positions) : null;
  const up = plane ? repeat(Float64Array.from(view.x.order, (i) => all[i])) : Float64Array.from(values);
  if (!plane) delete looks.colours;
  return { ...looks, across: EQ.packed(repeat(EQ.numbers(view.x.positions))), up: EQ.packed(up), marks: [{ colour: cube.line_colours[0], text: "" }],
    upwards: { label: plane ? upwards.label : layer.label, log: state.log.includes("y"), plane } };
};

EQ.embedded.lines = (view, palette) => {
  const { cube } = EQ.embedded, count = view.second ? view.second.texts.length : 1, dashes = ["solid", "dashed", "dotted", "dotdash"];
  return view.layers.flatMap((layer, k) => Array.from({ length: count }, (_, i) => {
    const number = view.second ? i : k, many = view.second && count > 12;
    const names = [...(view.layers.length > 1 || !view.second ? [layer.name.replaceAll("_", " ")] : []), ...(view.second ? [view.second.texts[i]] : [])];
    const colour = many ? palette[Math.round((0.9 * i * (palette.length - 1)) / (count - 1))] : cube.line_colours[number % cube.line_colours.length];
    return { layer: k, line: i, colour, dash: dashes[view.second ? k % 4 : 0], text: names.join(", ") };
  }));
};

EQ.embedded.point = (state, more) => {
  const { cube } = EQ.embedded, at = new Map(more.filter(([key]) => key === "_at").map(([, text]) => [text.slice(0, text.lastIndexOf(":")), Number(text.slice(text.lastIndexOf(":") + 1))]));
  const from = at.size ? state : { ...state, sel: state.point };
  const place = new Map(cube.dims.map((dim) => [dim.dim, at.has(dim.dim) ? at.get(dim.dim) : EQ.embedded.chosen(from, dim)[0]]));
  const status = EQ.embedded.array("status");
  const grid = cube.dims.filter((dim) => status.dims.includes(dim.dim));
  const offset = (array) => array.dims.reduce((sum, dim, i) => sum + (status.dims.includes(dim) ? place.get(dim) * array.strides[i] : 0), 0);
  const code = status.values[offset(status)], [word, meaning] = cube.statuses[code] || [`status ${code}`, ""];
  const outputs = cube.variables.filter((one) => one.name !== "status").map((one) => {
    const array = EQ.embedded.array(one.name), inner = array.dims.filter((dim) => !status.dims.includes(dim));
    const count = inner.reduce((product, dim) => product * cube.dims.find((other) => other.dim === dim).size, 1), start = offset(array);
    const own = inner.length === 1 ? cube.dims.find((dim) => dim.dim === inner[0]) : null;
    const by = inner.length === 1 ? array.strides[array.dims.indexOf(inner[0])] : 1;
    const texts = Array.from({ length: Math.min(count, 60) }, (_, i) => {
      const value = array.values[start + i * by];
      if (code === 0) return "not computed";
      return Object.keys(array.classes).length ? array.classes[value] || "no class" : Number.isNaN(value) ? "undefined (NaN)" : EQ.number(value);
    });
    return { name: one.name, texts, labels: texts.map((_, i) => (own ? own.texts[i] || String(i) : count > 1 ? String(i) : "")), unit: array.unit, more: Math.max(count - 60, 0), derivative: array.derivative };
  });
  return {
    coordinates: grid.flatMap((dim) => dim.coords.map((one) => ({ name: one.name, text: cube.ways[one.name].texts[place.get(dim.dim)] }))),
    status: { name: word.replaceAll("_", " "), meaning, code }, outputs: outputs.filter((one) => !one.derivative), derivatives: outputs.filter((one) => one.derivative),
    sel: grid.flatMap((dim) => dim.sels[Math.floor(place.get(dim.dim) / dim.step)] || []),
  };
};

EQ.source = EQ.embedded;
