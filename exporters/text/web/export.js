// SPDX-License-Identifier: Apache-2.0
// What leaves the page: the table as CSV or TSV, a stack as folded text, files to save.

// Spreadsheets run cells that begin like a formula.
function csvCell(value) {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function tableCells(profile, rows, totals, all) {
  const unit = profile.payload.unit;
  const cells = [['function', 'image', 'self %', 'total %', `self ${unit}`, `total ${unit}`]];
  for (const frame of rows) {
    cells.push([profile.name[frame], profile.image[frame].path,
      ((totals.self[frame] / all) * 100).toPrecision(6), ((totals.total[frame] / all) * 100).toPrecision(6),
      totals.self[frame] * profile.tick, totals.total[frame] * profile.tick]);
  }
  return cells;
}

export function tableCsv(profile, rows, totals, all) {
  return tableCells(profile, rows, totals, all).map((line) => line.map(csvCell).join(',')).join('\r\n');
}

export function tableTsv(profile, rows, totals, all) {
  return tableCells(profile, rows, totals, all)
    .map((line) => line.map((cell) => String(cell).replace(/[\t\r\n]/g, ' ')).join('\t')).join('\n');
}

// Root to leaf, folded.
export function stackText(tree, profile, node) {
  const out = [];
  for (let i = node; i > 0; i = tree.parent[i]) {
    out.unshift(profile.name[tree.frame[i]].replaceAll(';', ':'));
  }
  return out.join(';');
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export function saveFile(name, type, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name.replace(/[^A-Za-z0-9._-]+/g, '_');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
