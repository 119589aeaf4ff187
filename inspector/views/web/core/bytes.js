// Packed arrays: {dtype, shape, data: base64, little endian} to typed arrays and back.
A.bytes = (() => {
  const TYPES = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u32: Uint32Array, u16: Uint16Array, u8: Uint8Array };
  const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

  function swap(bytes, width) {
    for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  }

  /** IEEE half precision, for queries and keys sent as 16 bit ("f16"). */
  function halves(words) {
    const out = new Float32Array(words.length);
    for (let i = 0; i < words.length; i++) {
      const w = words[i],
        sign = w & 0x8000 ? -1 : 1,
        power = (w >> 10) & 31,
        rest = w & 1023;
      if (power === 0) out[i] = sign * rest * 2 ** -24;
      else if (power === 31) out[i] = rest ? NaN : sign * Infinity;
      else out[i] = sign * (1 + rest / 1024) * 2 ** (power - 15);
    }
    return out;
  }

  /** The upper half of a float32 ("bf16"). */
  const uppers = (words) => new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer);

  /** The typed array behind a packed one; plain arrays and typed arrays pass through. */
  function decode(packed) {
    if (packed === null || packed === undefined) return null;
    if (Array.isArray(packed)) return Float32Array.from(packed);
    if (ArrayBuffer.isView(packed)) return packed;
    const text = atob(packed.data),
      bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const read = { f16: halves, bf16: uppers }[packed.dtype],
      Type = read ? Uint16Array : TYPES[packed.dtype];
    if (!Type) throw new Error(`Packed array of unknown type '${packed.dtype}'.`);
    if (!little && Type.BYTES_PER_ELEMENT > 1) swap(bytes, Type.BYTES_PER_ELEMENT);
    const array = new Type(bytes.buffer);
    return read ? read(array) : array;
  }

  return { decode };
})();
