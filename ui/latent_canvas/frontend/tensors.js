// The safetensors format: eight bytes that give the header's length, the header in JSON, then the raw tensors.

/** @typedef {Uint8Array | Uint16Array | Int32Array | Float32Array} Tensor */

/** @type {Readonly<Record<string, {new (buffer: ArrayBuffer): Tensor}>>} half floats come as their bits */
const TYPES = Object.freeze({ U8: Uint8Array, F16: Uint16Array, I32: Int32Array, F32: Float32Array });

/**
 * @param {Uint8Array} bytes may start anywhere in its buffer: tensors are copied out
 * @returns {{facts: any, tensors: Record<string, Tensor>}} `facts` is what the metadata's "json" says
 */
export function readTensors(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const { __metadata__: metadata, ...entries } = header;
  /** @type {Record<string, Tensor>} */
  const tensors = {};
  for (const [name, { dtype, data_offsets: [begin, end] }] of Object.entries(entries)) {
    const type = TYPES[dtype];
    if (!type) throw new Error(`Tensor ${name}: expected ${Object.keys(TYPES).join(", ")}, got ${dtype}. Reload the page.`);
    tensors[name] = new type(bytes.slice(8 + length + begin, 8 + length + end).buffer);
  }
  return { facts: JSON.parse(metadata.json), tensors };
}
