"use strict";
// What is shown is what stands in the address behind "#": it can be sent, and kept as a bookmark.
EQ.LISTS = ["var", "facet", "sel", "log", "keep", "point"];
EQ.WORDS = ["x", "y", "hue", "kind", "cmap", "levels", "range", "compare"];

EQ.readState = (address) => {
  const values = new URLSearchParams(address.replace(/^[#?]/, ""));
  const state = {};
  for (const key of EQ.LISTS) state[key] = values.getAll(key);
  for (const key of EQ.WORDS) state[key] = values.get(key) || "";
  return state;
};

EQ.addressOf = (state) => {
  const values = new URLSearchParams();
  for (const key of EQ.LISTS) for (const text of state[key]) values.append(key, text);
  for (const key of EQ.WORDS) if (state[key]) values.append(key, state[key]);
  return values.toString();
};

// The name of the coordinate that a selection speaks of; it may hold "=" itself.
EQ.selected = (text) => {
  const known = EQ.page.cube ? EQ.coordinates(EQ.page.cube).map((one) => one.name) : [];
  const odd = known.filter((name) => /[=~]/.test(name) && (text.startsWith(`${name}=`) || text.startsWith(`${name}~`)));
  return odd.length ? odd.reduce((a, b) => (b.length > a.length ? b : a)) : text.slice(0, text.search(/[=~]/)).trim();
};

EQ.coordinates = (cube) => cube.dims.flatMap((dim) => dim.coords.map((one) => ({ ...one, dim })));

EQ.dimOf = (cube, name) => (EQ.coordinates(cube).find((one) => one.name === name) || {}).dim;

// Dimensions that the variables have, and which of them the picture does not draw: those need one value each.
EQ.held = (cube, state) => {
  const drawn = new Set([state.x, state.y, state.hue, ...state.facet].map((name) => EQ.dimOf(cube, name)).filter(Boolean));
  const variables = cube.variables.filter((one) => state.var.includes(one.name));
  const outputs = cube.variables.filter((one) => [state.x, state.y, state.hue].includes(one.name));
  const dims = new Set([...variables, ...outputs].flatMap((one) => one.dims));
  const scattered = outputs.length && ![...drawn].some((dim) => dim.sampled);
  const left = cube.dims.filter((dim) => dims.has(dim.dim) && !drawn.has(dim));
  if (scattered && state.kind === "scatter") {
    const points = left.find((dim) => dim.sampled) || left.reduce((a, b) => (b.size > (a ? a.size : 0) ? b : a), null);
    return left.filter((dim) => dim !== points);
  }
  return left.filter((dim) => dim.size > 1 || dim.coords.length);
};

// The state with one value for every dimension that needs one, and no selection that means nothing.
EQ.settled = (cube, state) => {
  const held = EQ.held(cube, state);
  const known = EQ.coordinates(cube);
  const sel = [];
  for (const dim of cube.dims) {
    const here = state.sel.filter((text) => dim.coords.some((one) => one.name === EQ.selected(text)));
    if (!held.includes(dim)) {
      sel.push(...here.filter((text) => /:/.test(text) && dim.coords.some((one) => one.number)));
      continue;
    }
    const whole = here.length && !here.some((text) => /[:]/.test(text) && dim.coords.some((one) => one.number));
    const middle = dim.named ? 0 : Math.floor(dim.texts.length / 2);
    sel.push(...(whole ? here : dim.sels[middle] || []));
  }
  const rest = state.sel.filter((text) => !known.some((one) => one.name === EQ.selected(text)));
  return { ...state, sel: [...sel, ...rest] };
};
