// SPDX-License-Identifier: Apache-2.0
// Shorter forms of a function name for drawing: the tail tells functions apart, so it goes last.
// The C++ exporters make the same forms. Pure.

const OPERATOR_SIGNS = ['->*', '<=>', '<<=', '>>=', '->', '<<', '>>', '<=', '>=', '()', '[]', '==',
  '!=', '<', '>', '='];
const MAX_NAMESPACES = 12;
const SYSCALL_PREFIXES = ['__x64_sys_', '__ia32_sys_', '__do_sys_', '__se_sys_'];
const CLONE_MARKS = ['.constprop', '.isra', '.part', '.cold', '.llvm', '.lto_priv'];

function operatorLength(name, at) {
  if (!name.startsWith('operator', at) || (at > 0 && /\w/.test(name[at - 1]))) return 0;
  const sign = OPERATOR_SIGNS.find((one) => name.startsWith(one, at + 8));
  return sign ? 8 + sign.length : 0;
}

// Calls visit(position, depth) for each character outside operator signs.
function scanName(name, visit) {
  let depth = 0;
  for (let at = 0; at < name.length; ++at) {
    const length = operatorLength(name, at);
    if (length > 0) {
      at += length - 1;
      continue;
    }
    const c = name[at];
    const arrow = c === '>' && name[at - 1] === '-';
    if (((c === '>' && !arrow) || c === ')' || c === ']' || c === '}') && depth > 0) --depth;
    visit(at, depth);
    if (c === '<' || c === '(' || c === '[' || c === '{') ++depth;
  }
}

function withoutParameters(name) {
  const bare = name.replace(/(?: const| volatile| noexcept| &&| &)+$/, '');
  if (!bare.endsWith(')')) return name;
  let open = -1;
  scanName(bare, (at, depth) => {
    if (bare[at] === '(' && depth === 0) open = at;
  });
  if (open <= 0) return name;
  const head = bare.slice(0, open);
  let space = -1;
  scanName(head, (at, depth) => {
    if (head[at] === ' ' && depth === 0 && !head.slice(0, at).endsWith('operator')) space = at;
  });
  const after = head.slice(space + 1);
  return after.startsWith('<') && space >= 0 ? head : after;
}

function withoutTrait(name) {
  if (!name.startsWith('<')) return name;
  let close = -1;
  let as = -1;
  scanName(name, (at, depth) => {
    if (depth === 0 && name[at] === '>' && close < 0) close = at;
    if (depth === 1 && close < 0 && name.startsWith(' as ', at)) as = at;
  });
  return close < 0 || as < 0 ? name : name.slice(1, as) + name.slice(close + 1);
}

function withoutClone(name) {
  let out = name;
  const clone = out.indexOf(' [clone ');
  if (clone >= 0 && out.endsWith(']')) out = out.slice(0, clone);
  for (const mark of CLONE_MARKS) {
    const at = out.indexOf(mark);
    if (at > 0) out = out.slice(0, at);
  }
  return out;
}

function withoutPath(name) {
  if (name.includes('::')) return name;
  const space = name.indexOf(' ');
  if (space > 0) {
    const place = /^(?:\S*\/\S*|\S*:\d+)$/.test(name.slice(space + 1));
    return place ? name.slice(0, space) : name;
  }
  let slash = -1;
  scanName(name, (at, depth) => {
    if (name[at] === '/' && depth === 0) slash = at;
  });
  return slash < 0 || slash + 1 === name.length ? name : name.slice(slash + 1);
}

function plainForm(name) {
  const clean = withoutClone(name).replaceAll('(anonymous namespace)', '{anon}');
  return withoutPath(withoutParameters(withoutTrait(clean.replace(/(.)::h[0-9a-f]{16}$/, '$1'))));
}

function withoutArguments(name) {
  let out = '';
  let open = -1;
  let copied = 0;
  scanName(name, (at, depth) => {
    if (open < 0 && name[at] === '<') {
      open = depth;
      out += `${name.slice(copied, at + 1)}…`;
    } else if (open === depth && name[at] === '>') {
      copied = at;
      open = -1;
    }
  });
  return open >= 0 ? name : out + name.slice(copied);
}

function partsOf(name) {
  const out = [];
  const colons = name.includes('::');
  scanName(name, (at, depth) => {
    if (depth !== 0) return;
    if (colons && name.startsWith('::', at)) out.push(at + 2);
    if (!colons && name[at] === '.' && at !== 0) out.push(at + 1);
  });
  if (out.length > 0 && out[out.length - 1] >= name.length) out.pop();
  return out.slice(-MAX_NAMESPACES);
}

function withoutPrefix(name) {
  const prefix = SYSCALL_PREFIXES.find((one) => name.startsWith(one) && name.length > one.length);
  return prefix ? name.slice(prefix.length) : name.replace(/^_+(?=[^_])/, '');
}

const UNNAMED = /^(.+)(\+0x[0-9a-f]*)$/;

function tailsOf(base) {
  const unnamed = UNNAMED.exec(base);
  if (unnamed) return [`…${unnamed[2]}`];
  const parts = partsOf(base);
  if (parts.length === 0) return [withoutPrefix(base)];
  const tails = parts.map((at) => `…${base.slice(at)}`);
  return [...tails, base.slice(parts[parts.length - 1])];
}

// The forms from whole to bare, each different from the one before.
export function nameForms(name) {
  const plain = UNNAMED.test(name) ? name : plainForm(name);
  const short = withoutArguments(plain);
  return [name, plain, short, ...tailsOf(short)].filter((form, i, all) => form !== all[i - 1]);
}

// Advance widths of one font: a table for ASCII, other characters as they come.
export class TextMeasure {
  constructor(context, font) {
    this.context = context;
    this.font = font;
    this.widths = new Map();
    context.font = font;
    for (let code = 32; code < 127; ++code) {
      const letter = String.fromCharCode(code);
      this.widths.set(letter, context.measureText(letter).width);
    }
  }

  width(text) {
    let sum = 0;
    for (const letter of text) {
      let one = this.widths.get(letter);
      if (one === undefined) {
        this.context.font = this.font;
        one = this.context.measureText(letter).width;
        this.widths.set(letter, one);
      }
      sum += one;
    }
    return sum;
  }
}

// Labels of one font: forms and their widths are made when first needed, and kept per name.
export class LabelMaker {
  constructor(measure) {
    this.measure = measure;
    this.known = new Map();
  }

  forms(name) {
    let forms = this.known.get(name);
    if (!forms) {
      forms = nameForms(name.length > 600 ? name.slice(0, 600) : name)
        .map((text) => ({ text, width: this.measure.width(text) }));
      this.known.set(name, forms);
    }
    return forms;
  }

  // The name itself or its head, for what is no function.
  fitWhole(name, width) {
    const [whole] = this.forms(name);
    return whole.width <= width ? whole.text : this.head(whole.text, width);
  }

  // The first form that fits; the head of the last one if none does; '' if two letters do not.
  fit(name, width) {
    const forms = this.forms(name);
    for (const form of forms) {
      if (form.width <= width) return form.text;
    }
    return this.head(forms[forms.length - 1].text, width);
  }

  head(text, width) {
    let room = width - this.measure.width('…');
    let out = '';
    let letters = 0;
    for (const letter of text) {
      room -= this.measure.width(letter);
      if (room < 0) break;
      out += letter;
      ++letters;
    }
    return letters >= 2 ? `${out}…` : '';
  }
}
