"use strict";
// Beside the picture: the point that was clicked, what its model does there, and what is shown as commands.
EQ.table = (rows) => EQ.element("table", {}, ...rows.map((cells) =>
  EQ.element("tr", {}, ...cells.map((cell, i) => EQ.element("td", { class: i ? "number" : "" }, cell)))));

EQ.copied = (text) => {
  const pre = EQ.element("pre", {}, text);
  const copy = EQ.element("button", { onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(pre); // a page within another may not write there: Ctrl-C does
      copy.textContent = "selected";
    }
  } }, "copy");
  return EQ.element("div", {}, pre, copy);
};

EQ.outputRows = (outputs) => outputs.flatMap((one) => {
  const unit = one.unit ? ` ${one.unit}` : "";
  const rows = one.texts.map((text, i) => [one.labels[i] ? `${one.name} (${one.labels[i]})` : one.name, `${text}${/\d/.test(text) ? unit : ""}`]);
  return one.more ? [...rows, [one.name, `and ${one.more} more`]] : rows;
});

EQ.showPoint = (cube, answer, state) => {
  const parts = [
    EQ.element("h2", {}, "Point"),
    EQ.table(answer.coordinates.map((one) => [one.name, one.text])),
    EQ.element("p", { id: "status" }, EQ.element("b", {}, answer.status.name), `: ${answer.status.meaning}`),
    EQ.table(EQ.outputRows(answer.outputs)),
  ];
  if (answer.derivatives.length) parts.push(EQ.element("h2", {}, "Derivatives"), EQ.table(EQ.outputRows(answer.derivatives)));
  if (answer.query) parts.push(EQ.element("h2", {}, "Exactly this point"), EQ.copied(answer.query));
  else parts.push(EQ.element("h2", {}, "Exactly this point"), EQ.copied(answer.sel.map((text) => `--sel ${EQ.quoted(text)}`).join(" ")));
  if (EQ.source.lives && cube.has_flow) parts.push(EQ.motionPart(cube, state));
  EQ.put("point", ...parts);
};

EQ.motionPart = (cube, state) => {
  const place = EQ.element("div", { id: "motion" });
  if (cube.own_model && !cube.consent) {
    place.append(EQ.element("p", { class: "dim" }, `The model ${cube.own_model} is your own code, which runs only if you say where it lies: start the explorer with its file as the model.`));
    return place;
  }
  const ask = async () => {
    place.replaceChildren("computing the trajectory ...");
    try {
      const answer = await EQ.source.ask("motion", state);
      place.replaceChildren();
      await EQ.showMotion(answer, place);
    } catch (error) {
      place.replaceChildren(error.message);
    }
  };
  place.append(EQ.element("button", { id: "compute-motion", onclick: ask }, "trajectory and phase portrait"));
  return place;
};

EQ.showMotion = async (answer, place) => {
  const times = EQ.numbers(answer.times), palette = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
  if (answer.portrait) place.append(EQ.element("h2", {}, "Phase portrait"), EQ.element("img", { id: "portrait", alt: "phase portrait", src: `data:image/png;base64,${answer.portrait}` }));
  else place.append(EQ.element("p", { class: "dim" }, answer.no_portrait));
  place.append(EQ.element("h2", {}, `Trajectory (${answer.status})`));
  const names = [...new Set(answer.curves.map((one) => one.name))];
  for (const name of names) {
    const here = answer.curves.filter((one) => one.name === name);
    const values = here.map((one) => EQ.numbers(one.values));
    const ends = EQ.padded(EQ.finite(values.flatMap((one) => EQ.finite(one) || [])), false);
    const ranges = { x: EQ.range(times[0], times[times.length - 1]), y: EQ.range(...ends) };
    const figure = EQ.panel({ width: 320, height: 190 }, ranges, { x: false, y: false }, false);
    figure.toolbar_location = null;
    EQ.axis(figure.xaxis, { named: false }, "time");
    EQ.axis(figure.yaxis, { named: false }, name);
    here.forEach((one, i) => figure.line({ x: [...times], y: [...values[i]], line_color: palette[i % 7], line_width: 1.6 }));
    const target = EQ.element("div", { class: "trajectory" });
    place.append(target);
    await Bokeh.Plotting.show(figure, target);
    if (here.length > 1) place.append(EQ.element("div", {}, ...here.flatMap((one, i) => [EQ.swatch(palette[i % 7]), `${one.part} `])));
  }
};

EQ.swatch = (colour) => {
  const made = EQ.element("span", { class: "swatch" });
  made.style.background = colour;
  return made;
};

EQ.showCopies = async (state) => {
  const answer = await EQ.source.ask("copy", state);
  const files = [["picture.png", "PNG"], ["picture.svg", "SVG"], ["picture.pdf", "PDF"], ["drawn.csv", "CSV"]];
  const links = files.map(([file, text]) => EQ.element("a", { href: EQ.server.url(file, state), download: file, class: "file" }, EQ.element("button", { tabindex: -1 }, text)));
  EQ.put("copies", EQ.element("h2", {}, "Copy as"), ...links, EQ.copied(answer.command), EQ.copied(answer.python));
};

EQ.showBox = async (cube, state, box) => {
  const more = Object.entries(box).map(([key, value]) => [`_${key}`, String(value)]);
  const zoom = () => {
    const known = EQ.coordinates(cube).filter((one) => one.number && [state.x, state.y].includes(one.name));
    const ends = { [state.x]: [box.x0, box.x1], [state.y]: [box.y0, box.y1] };
    const sel = state.sel.filter((text) => !known.some((one) => one.name === EQ.selected(text)));
    for (const { name } of known) sel.push(`${name}=${ends[name].map((end) => Number(end.toPrecision(12))).sort((a, b) => a - b).join(":")}`);
    EQ.page.change(EQ.settled(cube, { ...EQ.page.state, sel }));
  };
  const button = EQ.element("button", { id: "zoom", onclick: zoom }, "show this part only");
  try {
    const answer = await EQ.source.ask("box", state, more);
    EQ.put("box", EQ.element("h2", {}, "Box"), button, EQ.element("div", { id: "where" }, EQ.copied(`--where ${EQ.quoted(answer.where)}`)), EQ.copied(answer.query));
  } catch (error) {
    EQ.put("box", EQ.element("h2", {}, "Box"), error.message);
  }
};

EQ.showBoundary = (cube, state, view) => {
  const map = ["heat", "contour", "classes"].includes(view.kind);
  if (!map || !cube.can_ask_kernel || state.compare) return EQ.put("boundary");
  const along = EQ.choice("along", [["x", view.x.name], ["y", view.second.name]], EQ.along || "x", (value) => { EQ.along = value; }, "along");
  const level = view.kind === "classes" ? "" : EQ.field("where it passes", EQ.level || "", (value) => { EQ.level = value; }, "level", "a value");
  const answer = EQ.element("p", { id: "boundary-note", class: "dim" });
  const ask = async () => {
    answer.textContent = "asking the model ...";
    try {
      const boundary = await EQ.source.ask("boundary", state, [["_along", EQ.along || "x"], ["_level", EQ.level || ""]]);
      EQ.page.overlay = { address: EQ.addressOf({ ...state, point: [] }), panels: boundary.panels };
      EQ.page.drawOverlay();
      answer.textContent = `${boundary.count} points of the boundary${boundary.note ? `; ${boundary.note}` : ""}`;
    } catch (error) {
      answer.textContent = error.message;
    }
  };
  return EQ.put("boundary", EQ.element("h2", {}, "Boundary"), along, level, EQ.element("button", { id: "find-boundary", onclick: ask }, "lay it over the map"), answer);
};
