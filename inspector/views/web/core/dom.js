// Making elements. Text always enters as a text node, so that a token can be read but never act.
A.dom = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  function fill(node, props, children) {
    for (const [name, value] of Object.entries(props || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "on") for (const [event, fn] of Object.entries(value)) node.addEventListener(event, fn);
      else if (name === "style") for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
      else if (name === "dataset") Object.assign(node.dataset, value);
      else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
      else node.setAttribute(name, value === true ? "" : String(value));
    }
    append(node, children);
    return node;
  }

  function append(node, children) {
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === false) continue;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
  }

  /** An HTML element: h("button", {class: "chip", on: {click}}, "3"). */
  const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);

  /** An SVG element, same shape of call. */
  const svg = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

  /** Replace everything inside a node. */
  function put(node, ...children) {
    node.replaceChildren();
    append(node, children);
    return node;
  }

  /** A number for an SVG attribute: two decimals are enough for any screen. */
  const n = (x) => String(Math.round(x * 100) / 100);

  /** The focused element, seen through shadow roots. */
  function focused() {
    let at = document.activeElement;
    while (at && at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
    return at;
  }

  return { h, svg, put, n, focused };
})();
