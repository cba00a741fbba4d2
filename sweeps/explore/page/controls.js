"use strict";
// What is chosen: variables, axes, sliders for what is not drawn, and how it looks.
EQ.controls = (cube, state, changed) => {
  const set = (changes) => changed(EQ.settled(cube, { ...EQ.page.state, ...changes }));
  const coordinates = EQ.coordinates(cube).filter((one) => one.dim.size > 1 || one.dim.coords.length);
  const names = coordinates.map((one) => [one.name, one.label === one.name ? one.name : `${one.name}: ${one.label}`]);
  const numbers = cube.variables.filter((one) => !one.classes && one.name !== "status").map((one) => [one.name, `${one.name} (an output)`]);
  const none = [["", "none"]];
  const axis = (key, options) => EQ.choice(key, options, state[key], (value) => {
    const changes = { [key]: value };
    for (const other of ["x", "y", "hue"]) if (other !== key && value && state[other] === value) changes[other] = key === "x" && other === "y" ? state.x : "";
    if (value && state.facet.includes(value)) changes.facet = state.facet.filter((one) => one !== value);
    set(changes);
  }, key);
  const parts = [
    EQ.variables(cube, state, set),
    axis("x", [...names, ...numbers]),
    axis("y", [["", "none: lines"], ...names, ...numbers]),
    axis("hue", [...none, ...names, ...numbers]),
    EQ.facets(state, names, set),
    EQ.choice("kind", [["", "what suits"], ...["lines", "heat", "contour", "classes", "scatter"].filter((one) => EQ.source.lives || one !== "contour").map((one) => [one, one])], state.kind, (kind) => set({ kind }), "kind"),
  ];
  if (cube.cubes.length > 1) {
    const ways = [["", cube.cubes[0]], ["beside", "both, beside each other"], ["difference", "the first less the second"]];
    parts.push(EQ.choice("cubes", ways, state.compare, (compare) => set({ compare }), "compare"));
  }
  parts.push(...EQ.held(cube, state).map((dim) => EQ.slider(dim, state, set)));
  parts.push(...EQ.looks(cube, state, set));
  EQ.put("controls", ...parts);
};

EQ.variables = (cube, state, set) => {
  const several = EQ.element("select", {
    id: "var", multiple: true, size: Math.min(Math.max(cube.variables.length, 2), 7),
    onchange: (event) => {
      const names = [...event.target.selectedOptions].map((one) => one.value);
      if (!names.length) return;
      const classes = cube.variables.some((one) => names.includes(one.name) && one.classes);
      const unfit = classes ? ["lines", "heat", "contour"] : ["classes"];
      set({ var: names, kind: unfit.includes(state.kind) ? "" : state.kind, levels: classes ? "" : state.levels,
        range: classes ? "" : state.range, cmap: classes ? "" : state.cmap });
    },
  });
  for (const one of cube.variables) {
    const option = EQ.element("option", { value: one.name, title: one.meaning }, one.name);
    option.selected = state.var.includes(one.name);
    several.append(option);
  }
  return EQ.element("label", {}, "variables (lines take several)", several);
};

EQ.facets = (state, names, set) => {
  const options = [["", "none"], ...names];
  const change = (i) => (value) => {
    const facet = [...state.facet];
    if (value) facet[i] = value;
    else facet.splice(i, 1);
    const taken = Object.fromEntries(["y", "hue"].filter((key) => value && state[key] === value).map((key) => [key, ""]));
    set({ facet: [...new Set(facet.filter(Boolean))], ...taken });
  };
  const parts = [EQ.choice("facet: a panel each", options, state.facet[0] || "", change(0), "facet")];
  if (state.facet.length) parts.push(EQ.choice("facet of columns", options, state.facet[1] || "", change(1), "facet2"));
  return EQ.element("div", {}, ...parts);
};

// A slider for numbers, a choice for names: one value of a dimension that the picture does not draw.
EQ.slider = (dim, state, set) => {
  const here = state.sel.filter((text) => dim.coords.some((one) => one.name === EQ.selected(text)));
  const at = Math.max(dim.sels.findIndex((texts) => texts.join("\n") === here.join("\n")), 0);
  const name = dim.coords.map((one) => one.label).join(", ") || dim.dim;
  const choose = (i) => {
    const others = EQ.page.state.sel.filter((text) => !dim.coords.some((one) => one.name === EQ.selected(text)));
    set({ sel: [...others, ...dim.sels[i]], point: [] });
  };
  const id = `dim-${dim.dim}`;
  if (dim.named) return EQ.choice(name, dim.texts.map((text, i) => [String(i), text]), String(at), (i) => choose(Number(i)), id);
  const value = EQ.element("span", { class: "value" }, dim.texts[at] || "");
  const slider = EQ.element("input", {
    type: "range", id, min: 0, max: dim.texts.length - 1, step: 1, "aria-label": name,
    oninput: (event) => {
      value.textContent = dim.texts[event.target.value];
      choose(Number(event.target.value));
    },
  });
  slider.value = at;
  const every = dim.step > 1 ? ` (one in ${dim.step} of ${dim.size} values)` : "";
  return EQ.element("label", {}, `${name}${every} `, value, slider);
};

EQ.looks = (cube, state, set) => {
  const flip = (key) => (on) => set({ log: on ? [...state.log, key] : state.log.filter((one) => one !== key) });
  const scales = ["x", "y", "color"].map((key) => EQ.tick(key, state.log.includes(key), flip(key), `log-${key}`));
  const maps = [["", "usual"], ...cube.colour_maps.map((one) => [one, one])];
  const list = (text) => text.split(",").map((one) => one.trim().replaceAll(" ", "_")).filter(Boolean);
  const zoomed = state.sel.some((text) => text.includes(":") && [state.x, state.y].includes(EQ.selected(text)));
  const parts = [
    EQ.element("fieldset", {}, EQ.element("legend", {}, "logarithmic"), ...scales),
    EQ.choice("colours", maps, state.cmap, (cmap) => set({ cmap }), "cmap"),
    EQ.field("range", state.range, (range) => set({ range }), "range", "LOW:HIGH"),
    EQ.field("draw also the statuses", state.keep.join(","), (text) => set({ keep: list(text) }), "keep", "corner,..."),
  ];
  if (EQ.source.lives) parts.splice(3, 0, EQ.field("bands", state.levels, (levels) => set({ levels }), "levels", "9 or 0,1,2.5"));
  if (zoomed) {
    const whole = () => set({ sel: state.sel.filter((text) => !(text.includes(":") && [state.x, state.y].includes(EQ.selected(text)))) });
    parts.push(EQ.element("button", { id: "whole", onclick: whole }, "whole axes"));
  }
  return parts;
};
