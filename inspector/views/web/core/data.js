// What a capture holds, asked for by group, layer and head; heads are kept while they are in use.
A.Data = class {
  /** extra: what every request carries besides, where a server answers; given: answers that came with the page, by request. */
  constructor(manifest, get, extra = {}, given = {}) {
    this.manifest = manifest;
    this.heads = new Map();
    this.pending = new Map();
    this.get = async (request) => {
      const item = extra.batch ? { batch: extra.batch } : {},
        answer = given[A.Data.key({ ...request, ...item })] ?? (await get({ ...request, ...extra }));
      if (!answer) throw { asked: `Asked for ${request.kind}.`, found: "Nothing came back.", do: "Run the text again." };
      if (answer.error) throw answer.error;
      return answer;
    };
  }

  /** A request as Python names it: its parts in order. */
  static key(request) {
    const parts = Object.entries(request).filter(([, value]) => value !== undefined);
    return JSON.stringify(Object.fromEntries(parts.sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  /** What every request names: to a server the capture the page was given, and everywhere the batch item. */
  static named({ id, batch }, host) {
    return { ...(id && host === "app" ? { capture: id } : {}), ...(batch ? { batch } : {}) };
  }

  group(key) {
    return this.manifest.groups.find((g) => g.key === key);
  }

  layer(group, layer) {
    return this.group(group).layers.find((l) => l.index === layer);
  }

  /** Where a layer stands in its group: the row of navigators and measures. */
  position(group, layer) {
    return this.group(group).layers.findIndex((l) => l.index === layer);
  }

  queryTokens(group, layer) {
    return this._tokens(this.group(group).query_axis, this.layer(group, layer).queries);
  }

  keyTokens(group, layer) {
    return this._tokens(this.group(group).key_axis, this.layer(group, layer).keys);
  }

  /** One entry per position of an axis; positions stand in where the axis does not fit the layer (caches, patches). */
  _tokens(name, length) {
    const key = `${name} ${length}`;
    if (!this.axes) this.axes = new Map();
    if (!this.axes.has(key)) this.axes.set(key, this._read(this._axis(name, length), length));
    return this.axes.get(key);
  }

  /** An axis as layers of that length have it: pooled and windowed layers share its name and not its positions. */
  _axis(name, length) {
    return this.manifest.axes[`${name} · ${length}`] || this.manifest.axes[name];
  }

  _read(axis, length) {
    if (!axis || axis.labels.length !== length) {
      return Array.from({ length }, (_, position) => ({
        label: String(position),
        token: "",
        id: null,
        special: false,
        continues: false,
        unknown: false,
        segment: -1,
        padding: false,
        rest: false,
        position,
      }));
    }
    const rest = new Set(axis.rest || []);
    return axis.labels.map((label, position) => ({
      label,
      token: axis.tokens[position],
      id: axis.ids ? axis.ids[position] : null,
      special: !!(axis.special || [])[position],
      continues: !!(axis.continues || [])[position],
      unknown: !!(axis.unknown || [])[position],
      segment: (axis.segments || [])[position] ?? -1,
      padding: !!(axis.padding || [])[position],
      rest: rest.has(position),
      position,
    }));
  }

  /** The name of what is folded away on a layer's keys: "[CLS] and [SEP]", "the first token", "learned sink" or "". */
  restName(group, layer) {
    const at = this.layer(group, layer),
      axis = this._axis(this.group(group).key_axis, at.keys);
    const name = axis && axis.labels.length === at.keys && (axis.rest || []).length ? axis.rest_name : "";
    return at.learned_sink ? [name, "the learned sink"].filter(Boolean).join(" and ") : name;
  }

  /** A head; the last 32 stay in memory. */
  head(group, layer, head) {
    const key = `${group}/${layer}/${head}`;
    const found = this.heads.get(key);
    this.heads.delete(key);
    this.heads.set(key, found || this._load(group, layer, head, key));
    if (this.heads.size > 32) this.heads.delete(this.heads.keys().next().value);
    return this.heads.get(key);
  }

  async _load(group, layer, head, key) {
    try {
      const answer = await this.get({ kind: "head", group, layer, head });
      const made = new A.Head(answer, { group, layer, head }, this.layer(group, layer), this.get);
      made.axes = { queryTokens: this.queryTokens(group, layer), keyTokens: this.keyTokens(group, layer) };
      return made;
    } catch (error) {
      this.heads.delete(key);
      throw error;
    }
  }

  /** Small maps of every head of a group: {rows, cols, pooled, maps [layers, heads, rows, cols] bytes of √weight}. */
  maps(group) {
    if (!this.mapped) this.mapped = new Map();
    if (!this.mapped.has(group)) {
      const asked = this.get({ kind: "maps", group }).then((answer) => ({ ...answer, maps: A.bytes.decode(answer.maps) }));
      asked.catch(() => this.mapped.delete(group));
      this.mapped.set(group, asked);
    }
    return this.mapped.get(group);
  }

  /** Whether the measures of a group are here; a long text's come after its first picture. */
  measured(group) {
    return !!this.group(group).measures;
  }

  /** Values by name: [layer position][head]. */
  measures(group) {
    return this.group(group).measures || {};
  }

  measure(name) {
    return this.manifest.measures.find((m) => m.name === name) || null;
  }
};
