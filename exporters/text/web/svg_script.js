// SPDX-License-Identifier: Apache-2.0
// Zoom and search of the SVG export; runs inside the picture, behind the text of names.js. The
// picture is complete without it.
const picture = document.documentElement;
const WIDTH = Number(picture.dataset.width);
const LEFT = Number(picture.dataset.left);
const TOTAL = Number(picture.dataset.total);
// Every letter is measured in one layout of the picture; the space needs neighbours.
const probe = picture.querySelector('#probe');
const LETTERS_FROM = 33;
probe.textContent = `x x${String.fromCharCode(...Array.from({ length: 94 }, (_, i) => LETTERS_FROM + i))}`;
const labels = new LabelMaker(new TextMeasure({
  measureText: (letter) => {
    const code = letter.charCodeAt(0);
    if (code === 32) return { width: probe.getSubStringLength(1, 1) };
    const known = code >= LETTERS_FROM && code < 127;
    return { width: known ? probe.getSubStringLength(3 + code - LETTERS_FROM, 1) : 11.5 };
  },
}, ''));

const frames = [...picture.querySelectorAll('.f')].map((group) => {
  const rect = group.querySelector('rect');
  const title = group.querySelector('title').textContent;
  return {
    group, rect, title, name: title.slice(0, title.indexOf('\n')), text: group.querySelector('text'),
    code: /k[1-5]/.test(rect.getAttribute('class')), x: Number(group.dataset.x), total: Number(group.dataset.t), level: Number(group.dataset.l),
  };
});
let zoomed = frames[0];

function setLabel(frame, x, width) {
  const label = width < 26 ? ''
    : frame.code ? labels.fit(frame.name, width - 9) : labels.fitWhole(frame.name, width - 9);
  if (!frame.text && !label) return;
  if (!frame.text) {
    frame.text = document.createElementNS('http://www.w3.org/2000/svg', 'text');
    frame.text.setAttribute('y', Number(frame.rect.getAttribute('y')) + 12.5);
    frame.group.append(frame.text);
  }
  frame.text.textContent = label;
  frame.text.setAttribute('x', x + 5);
}

function drawFrames() {
  const scale = WIDTH / Math.max(zoomed.total, 1e-9);
  for (const frame of frames) {
    const from = Math.max(0, (frame.x - zoomed.x) * scale);
    const to = Math.min(WIDTH, (frame.x + frame.total - zoomed.x) * scale);
    const shown = to - from > 0.05;
    frame.group.setAttribute('display', shown ? 'inline' : 'none');
    if (!shown) continue;
    const width = to - from > 3 ? to - from - 1 : to - from;
    frame.rect.setAttribute('x', (LEFT + from).toFixed(2));
    frame.rect.setAttribute('width', width.toFixed(2));
    frame.group.classList.toggle('above', frame.level < zoomed.level);
    setLabel(frame, LEFT + from, width);
  }
}

// Search -------------------------------------------------------------------------------------
const find = picture.querySelector('#find');
let query = '';
let typing = false;

function matcher(text) {
  const regex = /^\/(.+)\/(i?)$/.exec(text);
  if (regex) {
    const compiled = new RegExp(regex[1], regex[2]);
    return (name) => compiled.test(name);
  }
  if (/\p{Lu}/u.test(text)) return (name) => name.includes(text);
  return (name) => name.toLowerCase().includes(text.toLowerCase());
}

function search() {
  let test = () => false;
  let note = '';
  try {
    if (query) test = matcher(query);
  } catch (error) {
    note = `  ${error.message}`;
  }
  let share = 0;
  let outer = 0; // pre-order: hits inside a hit begin before its right edge
  let level = 0;
  for (const frame of frames) {
    const hit = test(frame.name);
    frame.group.classList.toggle('hit', hit);
    if (!hit) continue;
    if (frame.x >= outer || frame.level <= level) {
      share += frame.total;
      outer = frame.x + frame.total;
      level = frame.level;
    }
  }
  picture.classList.toggle('searching', query !== '' && note === '');
  if (query && !note) note = share > 0 ? `   ${((share / TOTAL) * 100).toPrecision(3)} %` : '   no match';
  find.textContent = query || typing ? `Find: ${query}${typing ? '\u258f' : ''}${note}` : 'Find  /';
}

picture.addEventListener('click', (event) => {
  if (event.target.closest('#find')) {
    typing = true;
    search();
    return;
  }
  typing = false;
  search();
  const group = event.target.closest('.f');
  const frame = frames.find((one) => one.group === group);
  if (!frame) return;
  zoomed = frame === zoomed ? frames[0] : frame;
  drawFrames();
});
picture.addEventListener('pointerover', (event) => {
  const group = event.target.closest('.f');
  const about = picture.querySelector('#about');
  if (group) about.textContent = group.querySelector('title').textContent.replaceAll('\n', '   ');
});
window.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') {
    if (typing || query) {
      typing = false;
      query = '';
      search();
    } else {
      [zoomed] = frames;
      drawFrames();
    }
  } else if (!typing && event.key === '/') {
    typing = true;
    search();
  } else if (typing && event.key === 'Enter') {
    typing = false;
    search();
  } else if (typing && event.key === 'Backspace') {
    query = query.slice(0, -1);
    search();
  } else if (typing && [...event.key].length === 1) {
    query += event.key;
    search();
  } else {
    return;
  }
  event.preventDefault();
});
drawFrames();
search();
