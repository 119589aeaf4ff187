// Formulas without a library or a network: the few TeX commands the zoo's formulas use, as MathML and as plain words.
A.tex = (() => {
  const MATHML = "http://www.w3.org/1998/Math/MathML";
  const NAMES = { alpha: "α", sigma: "σ" };
  const OPERATORS = { le: "≤", cdot: "·", top: "⊤" };
  const FUNCTIONS = new Set(["tanh", "exp"]);
  const OVER = { overrightarrow: "→", overleftarrow: "←" };

  const split = (tex) => tex.match(/\\[a-zA-Z]+|\\.|[0-9]+|[^\s]/g) || [];

  /** A tree of {kind, …} nodes; unknown commands stay as words. */
  function parse(tex) {
    const tokens = split(tex);
    let at = 0;

    function row(end) {
      const items = [];
      while (at < tokens.length && tokens[at] !== end) items.push(scripts(atom()));
      at++;
      return { kind: "row", items };
    }

    function group() {
      if (tokens[at] !== "{") return scripts(atom());
      at++;
      return row("}");
    }

    function scripts(base) {
      let node = base;
      for (; at < tokens.length; ) {
        if (tokens[at] === "_") { at++; node = { ...wrap(node), sub: bare() }; }
        else if (tokens[at] === "^") { at++; node = { ...wrap(node), sup: bare() }; }
        else if (tokens[at] === "'") { at++; node = { kind: "prime", base: node }; }
        else return node;
      }
      return node;
    }

    const wrap = (node) => (node.kind === "scripts" ? node : { kind: "scripts", base: node });
    const bare = () => (tokens[at] === "{" ? group() : atom());

    function atom() {
      const token = tokens[at++];
      if (token === "{") return row("}");
      if (token === "\\left") { const open = tokens[at++], inside = row("\\right"); return { kind: "fence", open, inside, close: tokens[at++] }; }
      if (token === "\\frac") return { kind: "frac", over: group(), under: group() };
      if (token === "\\sqrt") return { kind: "root", inside: group() };
      if (token === "\\mathrm") return { kind: "name", text: tokens.slice(at + 1, (at = tokens.indexOf("}", at) + 1) - 1).join("") };
      if (token === "\\sum") return { kind: "sum" };
      if (token === "\\quad" || token === "\\,") return { kind: "space", wide: token === "\\quad" };
      if (token[0] === "\\") return command(token.slice(1));
      if (/[0-9]/.test(token)) return { kind: "number", text: token };
      return /\p{L}/u.test(token) ? { kind: "letter", text: token } : { kind: "sign", text: token === "-" ? "−" : token };
    }

    function command(name) {
      if (OVER[name]) return { kind: "over", mark: OVER[name], inside: group() };
      if (FUNCTIONS.has(name)) return { kind: "name", text: name };
      if (OPERATORS[name]) return { kind: "sign", text: OPERATORS[name] };
      return { kind: "letter", text: NAMES[name] || name };
    }

    return row(null);
  }

  function make(tag, attributes, ...children) {
    const node = document.createElementNS(MATHML, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  const DRAW = {
    row: (n) => make("mrow", {}, ...n.items.map(draw)),
    letter: (n) => make("mi", {}, n.text),
    name: (n) => make("mi", { mathvariant: "normal" }, n.text),
    number: (n) => make("mn", {}, n.text),
    sign: (n) => make("mo", n.text === "|" ? { stretchy: "false" } : {}, n.text),
    sum: () => make("mo", { largeop: "true", movablelimits: "false" }, "∑"),
    space: (n) => make("mspace", { width: n.wide ? "1.4em" : "0.17em" }),
    frac: (n) => make("mfrac", {}, draw(n.over), draw(n.under)),
    root: (n) => make("msqrt", {}, draw(n.inside)),
    over: (n) => make("mover", { accent: "true" }, draw(n.inside), make("mo", { stretchy: "false" }, n.mark)),
    prime: (n) => make("mrow", {}, draw(n.base), make("mo", { lspace: "0", rspace: "0" }, "′")),
    fence: (n) => make("mrow", { class: "fence" }, draw(n.inside)),
    scripts(n) {
      const parts = [n.base, n.sub, n.sup].filter(Boolean).map(draw);
      return make(n.base.kind === "sum" ? "munder" : n.sub && n.sup ? "msubsup" : n.sub ? "msub" : "msup", {}, ...parts);
    },
  };
  const draw = (node) => DRAW[node.kind](node);

  const SAY = {
    row: (n) => n.items.map((item, i) => say(item) + (n.items[i + 1] && apart(item, n.items[i + 1]) ? " " : "")).join("").replace(/([=+≤·])/g, " $1 ").replace(/,/g, ", ").replace(/ +/g, " ").trim(),
    space: (n) => (n.wide ? " " : " "),
    name: (n) => (n.text === "tanh" ? " tanh" : n.text),
    sum: () => "Σ",
    frac: (n) => `(${say(n.over)}) / (${say(n.under)})`,
    root: (n) => `√${say(n.inside)}`,
    over: (n) => n.mark + say(n.inside),
    prime: (n) => `${say(n.base)}′`,
    fence: (n) => n.open + say(n.inside) + n.close,
    scripts: (n) => say(n.base) + (n.sub ? `_${short(say(n.sub))}` : "") + (n.sup ? (n.sup.text === "⊤" ? "ᵀ" : `^${say(n.sup)}`) : "") + (n.base.kind === "sum" ? " " : ""),
  };
  /** In one line a space keeps W_k h apart from W_{kh}, and a fraction from what follows it. */
  const apart = (node, next) => (node.sub && node.base.kind !== "sum" && ["letter", "scripts", "over", "prime"].includes(next.kind)) || (node.kind === "frac" && next.kind === "name");
  const short = (text) => (text.length > 2 ? `{${text}}` : text);
  const say = (node) => (SAY[node.kind] ? SAY[node.kind](node) : node.text);

  /** The formula in words and signs of one line: "e_i = vᵀ tanh(W_k h_i)". */
  const plain = (tex) => say(parse(tex));

  /** An element that draws the formula and is read out as its plain form. */
  function element(tex, { block = false } = {}) {
    const math = make("math", { display: block ? "block" : "inline", "aria-hidden": "true" }, draw(parse(tex)));
    return A.dom.h("span", { class: `formula${block ? " block" : ""}`, role: "math", "aria-label": plain(tex) }, math);
  }

  return { element, plain };
})();
