// Where the name of a class is written: the median of its samples' μ.

/**
 * The median of mu1 and of mu2 over each class: where the class's name is written.
 * @param {Float32Array} current
 * @param {ArrayLike<number>} labels [n]
 * @param {number} classes
 * @returns {Float32Array} [classes][2]; NaN for a class without samples
 */
export function classMedians(current, labels, classes) {
  const counts = new Int32Array(classes);
  const n = current.length / 4;
  for (let i = 0; i < n; i++) counts[labels[i]]++;
  const medians = new Float32Array(2 * classes);
  for (let axis = 0; axis < 2; axis++) {
    const members = Array.from(counts, (count) => new Float32Array(count));
    const filled = new Int32Array(classes);
    for (let i = 0; i < n; i++) members[labels[i]][filled[labels[i]]++] = current[4 * i + axis];
    members.forEach((values, label) => (medians[2 * label + axis] = median(values)));
  }
  return medians;
}

/** @param {Float32Array} values reordered */
function median(values) {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
