"use strict";
// Elements of the page. What comes from a cube is text, whatever it holds: no markup is ever made of it.
const EQ = {};

EQ.element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return made;
};

EQ.put = (id, ...children) => {
  const here = document.getElementById(id);
  here.replaceChildren(...children.map((child) => (child instanceof Node ? child : String(child))));
  return here;
};

EQ.number = (value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "no result";
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : Number(value).toPrecision(6);
};

// A word as a shell takes it, whatever is in it.
EQ.quoted = (text) => (/^[\w.=+:,/@%-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);

EQ.choice = (label, options, chosen, changed, id) => {
  const select = EQ.element("select", { id, onchange: (event) => changed(event.target.value) });
  for (const [value, text] of options) {
    const option = EQ.element("option", { value }, text);
    option.selected = value === chosen;
    select.append(option);
  }
  return EQ.element("label", {}, label, select);
};

EQ.field = (label, value, changed, id, hint = "") =>
  EQ.element("label", {}, label,
    EQ.element("input", { type: "text", id, value, placeholder: hint, onchange: (event) => changed(event.target.value.trim()) }));

EQ.tick = (label, on, changed, id) => {
  const box = EQ.element("input", { type: "checkbox", id, onchange: (event) => changed(event.target.checked) });
  box.checked = on;
  return EQ.element("label", {}, box, " ", label);
};
