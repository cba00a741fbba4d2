"use strict";
// Lines and scattered points.
EQ.drawLines = (view, size, shared) => {
  const x = EQ.numbers(view.x.positions), xlog = view.x.log, ylog = view.log.includes("y");
  const units = [...new Set(view.layers.map((layer) => layer.unit))];
  const values = view.layers.map((layer) => EQ.numbers(layer.values));
  const count = view.second ? EQ.numbers(view.second.positions).length : 1;
  const panels = [];
  shared.x = shared.x || EQ.range(...EQ.padded(EQ.finite(x), xlog));
  for (const unit of units) {
    const here = view.layers.map((layer, k) => k).filter((k) => view.layers[k].unit === unit);
    const ends = EQ.finite(here.flatMap((k) => EQ.finite(values[k]) || []));
    const upwards = EQ.padded(ends, ylog);
    if (view.range[0] !== null) upwards[0] = view.range[0];
    if (view.range[1] !== null) upwards[1] = view.range[1];
    const key = `y${unit}`;
    shared[key] = shared[key] || EQ.range(...upwards);
    view.panels.forEach((title, k) => {
      const figure = EQ.panel(size, { x: shared.x, y: shared[key] }, { x: xlog, y: ylog }, false);
      EQ.axis(figure.xaxis, { ...view.x, turned: true }, view.x.label);
      const label = here.length === 1 ? view.layers[here[0]].label : `${view.layers.filter((_, i) => here.includes(i)).map((one) => one.name.replaceAll("_", " ")).join(", ")}${unit && unit !== "1" ? ` [${unit}]` : ""}`;
      EQ.axis(figure.yaxis, { named: false }, label);
      const drawn = view.lines.filter((line) => here.includes(line.layer));
      const part = (line) => Array.from(values[line.layer].subarray((k * count + line.line) * x.length, (k * count + line.line + 1) * x.length));
      for (const line of drawn) {
        const y = part(line), look = { line_color: line.colour, line_width: 1.6, line_dash: line.dash };
        if (!view.x.scattered) figure.line({ x: [...x], y, ...look });
        if (view.x.scattered || x.length <= 60) figure.scatter({ x: [...x], y, size: view.x.scattered ? 7 : 4, fill_color: line.colour, line_color: line.colour });
        else EQ.alone(figure, x, y, line.colour);
      }
      const locate = (at) => {
        const i = EQ.nearest(x, at.x, xlog);
        let best = null, least = Infinity;
        for (const line of drawn) {
          const value = values[line.layer][(k * count + line.line) * x.length + i];
          const away = Math.abs(ylog ? Math.log(value / at.y) : value - at.y);
          if (best === null || away < least) [best, least] = [line, Number.isNaN(away) ? Infinity : away];
        }
        return { i, j: best.line, k, layer: best.layer, value: values[best.layer][(k * count + best.line) * x.length + i] };
      };
      const names = units.length > 1 ? here.map((i) => view.layers[i].name).join(", ") : "";
      panels.push({ figure, title: [names, title].filter(Boolean).join(": "), locate });
    });
  }
  return panels;
};

// A point between two without a result is no line.
EQ.alone = (figure, x, y, colour) => {
  const at = [];
  for (let i = 0; i < y.length; i++) if (!Number.isNaN(y[i]) && !(y[i - 1] === y[i - 1] && i > 0) && !(i + 1 < y.length && y[i + 1] === y[i + 1])) at.push(i);
  if (at.length) figure.scatter({ x: at.map((i) => x[i]), y: at.map((i) => y[i]), size: 4, fill_color: colour, line_color: colour });
};

EQ.drawPoints = (view, size, shared) => {
  const layer = view.layers[0], [, lines, points] = layer.shape;
  const values = EQ.numbers(layer.values), across = EQ.numbers(view.across), up = EQ.numbers(view.up);
  const logs = { x: view.x.log, y: view.upwards.log };
  shared.x = shared.x || EQ.range(...EQ.padded(EQ.finite(across), logs.x));
  shared.y = shared.y || EQ.range(...EQ.padded(EQ.finite(up), logs.y));
  const shades = view.shades ? EQ.numbers(view.shades) : values;
  const mapper = view.colours ? EQ.mapper(view.colours) : null;
  const byClass = view.classes ? new Map(view.classes.map((one) => [one.code, one.colour])) : null;
  return view.panels.map((title, k) => {
    const figure = EQ.panel(size, shared, logs, false);
    EQ.axis(figure.xaxis, { ...view.x, turned: true }, view.x.label);
    EQ.axis(figure.yaxis, { named: false }, view.upwards.label);
    const start = k * lines * points, end = start + lines * points;
    for (let j = 0; j < lines; j++) {
      const there = [], lost = [];
      for (let i = start + j * points; i < start + (j + 1) * points; i++) (Number.isNaN(values[i]) ? lost : there).push(i);
      const of = (from, where) => where.map((i) => from[i]);
      if (view.upwards.plane && lost.length) figure.scatter({ x: of(across, lost), y: of(up, lost), marker: "x", size: 6, line_color: "#888" });
      const plain = view.marks[j] ? view.marks[j].colour : "#0072b2";
      const colour = byClass ? there.map((i) => byClass.get(values[i]) || "#888")
        : mapper && !view.empty ? there.map((i) => EQ.shade(view.colours, shades[i])) : plain;
      figure.scatter({ x: of(across, there), y: of(up, there), size: points > 2000 ? 4 : 6, fill_color: colour, line_color: "#444", line_width: points > 2000 ? 0 : 0.4 });
    }
    if (mapper && k === view.panels.length - 1) EQ.colourBar(figure, view.colours, mapper);
    const locate = (at) => {
      const [sx, sy] = [shared.x, shared.y].map((range) => Math.abs(range.end - range.start) || 1);
      const far = (a, b, log, span) => (log ? Math.log(a / b) / 4 : (a - b) / span);
      let best = -1, least = Infinity;
      for (let i = start; i < end; i++) {
        const away = Math.hypot(far(across[i], at.x, logs.x, sx), far(up[i], at.y, logs.y, sy));
        if (away < least) [best, least] = [i, away];
      }
      if (best < 0) return null;
      return { i: (best - start) % points, j: Math.floor((best - start) / points), k, value: values[best], at: [across[best], up[best]] };
    };
    return { figure, title, locate };
  });
};

EQ.shade = (colours, value) => {
  const { palette } = colours;
  if (colours.edges) return palette[EQ.bandOf(colours.edges, value)];
  const place = colours.log
    ? Math.log(value / colours.low) / Math.log(colours.high / colours.low)
    : (value - colours.low) / (colours.high - colours.low || 1);
  return palette[Math.min(Math.max(Math.round(place * (palette.length - 1)), 0), palette.length - 1)];
};
