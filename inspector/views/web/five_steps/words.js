// What each step does to these very numbers, in one sentence; and its finding, with what it stands against.
(A.steps ||= {}).words = (() => {
  const STEPS = [
    { name: "Encode", formula: "encode" }, { name: "Score", formula: "score" }, { name: "Softmax", formula: "softmax" },
    { name: "Weighted sum", formula: "weighted sum" }, { name: "Output", formula: "output" },
  ];
  const w = (x, digits = 2) => A.words.weight(x, digits);
  const quote = (text) => A.dates.words.quote(text);
  const key = (text) => ({ text: quote(text), role: "key" });
  const who = ({ step }) => ({ text: step.character === "end" ? "the end" : `‘${step.character}’`, role: "query" });
  const most = (values) => values.indexOf(Math.max(...values));
  const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);
  const ordinal = (n) => n + ([11, 12, 13].includes(n % 100) ? "th" : { 1: "st", 2: "nd", 3: "rd" }[n % 10] || "th");
  /** A character, with its place where it stands more than once. */
  const named = ({ data }, i) => quote(data.characters[i]) + (data.characters.filter((c) => c === data.characters[i]).length > 1 ? ` (${ordinal(i + 1)})` : "");

  function alike({ data }) {
    let best = null, sum = 0, count = 0;
    for (let i = 0; i < data.count; i++) for (let j = i + 1; j < data.count; j++) {
      const value = cosine(data.key(i), data.key(j));
      sum += value;
      count++;
      if (!best || value > best.value) best = { i, j, value };
    }
    return best && { ...best, mean: sum / count };
  }

  const CAPTION = {
    1(view) {
      const pair = alike(view), { data } = view;
      if (!pair) return [key(data.characters[0]), ` becomes one vector of ${data.width} numbers.`];
      return [`${data.count} characters become ${data.count} vectors; those of `, { text: named(view, pair.i), role: "key" }, " and ", { text: named(view, pair.j), role: "key" }, ` are the most alike (cosine ${w(pair.value)}, ${w(pair.mean)} on average).`];
    },
    2(view) {
      const { scores } = view.step, best = most(scores), mean = dot(scores, scores.map(() => 1)) / scores.length;
      return ["Before writing ", who(view), ", ", { text: named(view, best), role: "key" }, ` scores highest: ${w(scores[best])}, against ${w(mean)} for the average character.`];
    },
    3(view) {
      const { weights } = view.step, best = most(weights), even = 1 / weights.length, times = weights[best] / even;
      return ["Before writing ", who(view), ", ", { text: named(view, best), role: "key" }, ` gets ${w(weights[best])} of the attention, ${times >= 1.25 ? `${A.words.times(times)} an even share` : times >= 0.75 ? "about an even share" : "less than an even share"} (${w(even)}).`];
    },
    4(view) {
      const { data, step } = view, all = Array.from({ length: data.count }, (_, i) => cosine(step.context, data.key(i))), best = most(all), near = all[best],
        mean = all.reduce((sum, v, i) => sum + (i === best ? 0 : v), 0) / Math.max(1, data.count - 1);
      return ["The context c points most the way of ", { text: named(view, best), role: "key" }, ` (cosine ${w(near)}; with the other characters ${w(mean)} on average).`];
    },
    5(view) {
      const { data, step } = view, [first, second] = A.steps.pictures.top(step.probabilities, 2);
      return [step.position ? `‘${data.output.slice(0, step.position)}’ goes on with ` : "The answer begins with ", who(view), `: probability ${w(step.probabilities[first], 4)}, next is ‘${data.choices[second]}’ with ${small(step.probabilities[second])}.`];
    },
  };

  const small = (x) => (x >= 0.001 ? w(x, 3) : A.words.scientific(x));

  const SCORED = {
    additive: "Two matrices bring h and s to one space, tanh bends their sum, and v weighs it.",
    dot_product: "Each score is 128 products of a number of s with the same number of h, added up.",
    scaled_dot_product: "128 products are added up and divided by √128 = 11.3, so that scores stay small.",
    local_p: "A matrix W turns h before the products with s are added up; nearness plays no part yet.",
  };

  const SENTENCE = {
    1: ({ data, step }) => [`Each of the ${data.count} characters becomes a vector h of ${data.width} numbers: ${data.width / 2} from reading forwards up to it, ${data.width / 2} from reading backwards. The state s has seen ${step.previous ? `‘${data.output.slice(0, step.position)}’ written` : "nothing written yet"} and asks.`],
    2(view) {
      const { data, step } = view, order = A.steps.pictures.top(step.scores, data.count), last = order[order.length - 1];
      return [SCORED[data.attention], ` Here ${named(view, order[0])} gets ${w(step.scores[order[0]])}${order.length > 1 ? `, ${named(view, order[1])} ${w(step.scores[order[1]])}, and the lowest, ${named(view, last)}, ${w(step.scores[last])}` : ""}.`];
    },
    3(view) {
      const { step } = view, inside = step.scores.map((_, i) => !step.focus || step.focus[i] > 0), high = Math.max(...step.scores.filter((_, i) => inside[i])), powers = step.scores.map((e, i) => (inside[i] ? Math.exp(e - high) : 0));
      const total = powers.reduce((a, b) => a + b, 0), order = A.steps.pictures.top(step.weights, 2), one = (i) => `${named(view, i)} exp(${w(step.scores[i])} − ${w(high).replace(/^−(.*)/, "(−$1)")}) / ${w(total)} = ${w(powers[i] / total)}`;
      const sum = step.weights.reduce((a, b) => a + b, 0);
      if (!step.focus) return [`With the highest score taken off, ${order.map(one).join(", ")}; the ${step.weights.length} weights sum to ${w(sum)}.`];
      return [`Only characters within ${step.window} of p = ${w(step.centre)}, counted from 0, take part: ${one(order[0])}, times the Gaussian ${w(step.focus[order[0]])} makes ${w(step.weights[order[0]])}. The weights sum to ${w(sum)}, not to 1.`];
    },
    4(view) {
      const { data, step } = view, order = A.steps.pictures.top(step.weights, 3).filter((i) => step.weights[i] >= 0.005), kept = order.reduce((sum, i) => sum + step.weights[i], 0), sum = step.weights.reduce((a, b) => a + b, 0), left = data.count - order.length;
      return [`c = ${order.map((i) => `${w(step.weights[i])} · h(${named(view, i)})`).join(" + ")}${left > 0 ? `, and ${w(Math.max(0, sum - kept))} in all of ${A.words.plural(left, "other")}` : ""}: ${data.width} numbers, the largest of size ${w(Math.max(...step.context.map(Math.abs)))}.`];
    },
    5(view) {
      const { data, step } = view, change = Math.sqrt(dot(step.state.map((v, i) => v - step.query[i]), step.state.map((v, i) => v - step.query[i])));
      return [`From s, the character before (${step.previous ? `‘${step.previous}’` : "none"}) and c, the recurrent unit makes the next state s′, ${w(change)} away from s; s′ and c give ${data.choices.length} probabilities, and the highest is written: ${step.character === "end" ? "the end" : `‘${step.character}’`}.`];
    },
  };

  const SYMBOLS = {
    1: [["h_i", "vector of character i: key and value"], ["s", "the decoder’s state: the query"]],
    2: [["e_i", "how well character i answers s"], ["s", "the decoder’s state"]],
    3: [["\\alpha_i", "weight of character i"]],
    4: [["c", "context: what the decoder is told"]],
    5: [["s'", "the next state, which asks for the next character"], ["y", "the character written before"]],
  };

  const HOW = {
    1: "Each row is one character’s vector, each column one of its numbers. Point at a number to read it.",
    2: "Bars: one score for each character read, starting at the lowest. Only their differences matter.",
    3: "Above the scores, below the weights they become: the largest takes most.",
    4: "Each vector is scaled by its weight, so what was not looked at fades to nothing.",
    5: "Two states and the context above, below what the model would write and how sure it is.",
  };

  /** What the letters of a step's formulas stand for: [TeX, words]. */
  const symbols = ({ at, step }) => (at === 3 && step.focus ? [...SYMBOLS[3], ["p", "the place it wants to look at"], ["S", "how many characters were read"], ["D", `the window: ${step.window} to either side`]] : SYMBOLS[at]);

  return { STEPS, symbols, caption: (view) => CAPTION[view.at](view), sentence: (view) => SENTENCE[view.at](view).join(""), how: (view) => HOW[view.at] };
})();
