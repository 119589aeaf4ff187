// A long text small enough for a link: deflated, in letters an address may hold. The part after # never reaches a server. What comes
// out of somebody else's link is bounded while it is unpacked: a few letters may stand for a gigabyte.
A.packing = (() => {
  const LETTERS = 32000,
    BYTES = 2 ** 20;

  const through = (bytes, stream) => new Blob([bytes]).stream().pipeThrough(stream);

  async function read(stream, most) {
    const reader = stream.getReader(),
      parts = [];
    for (let size = 0, next; !(next = await reader.read()).done;) {
      size += next.value.length;
      if (size > most) {
        reader.cancel().catch(() => {});
        throw new RangeError("more than a link may hold");
      }
      parts.push(next.value);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  /** The letters for a value, or null where they are too many for a link. */
  async function pack(value) {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    if (bytes.length > BYTES || typeof CompressionStream === "undefined") return null;
    const small = await read(through(bytes, new CompressionStream("deflate-raw")), Infinity);
    let letters = "";
    for (let i = 0; i < small.length; i += 8192) letters += String.fromCharCode(...small.subarray(i, i + 8192));
    const text = btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
    return text.length > LETTERS ? null : text;
  }

  /** The value that was packed. Throws when it is none, or more than a link may hold. */
  async function unpack(text) {
    if (!/^[\w-]+$/.test(text) || text.length > LETTERS) throw new RangeError("no packed text");
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    const whole = await read(through(bytes, new DecompressionStream("deflate-raw")), BYTES);
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(whole));
  }

  return { pack, unpack, LETTERS, BYTES };
})();
