// SPDX-License-Identifier: Apache-2.0
// Checks of a page's accessibility by its document and computed style, as tools like axe make them.
// Each returns words for what is wrong; an empty list is a page without complaints.

// Names, ids, references, roles and headings.
export const structureProblems = (page) => page.evaluate(() => {
  const shown = (one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility !== 'hidden';
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const short = (one) => one.outerHTML.slice(0, 90);
  const out = [];
  const nameOf = (one) => [one.getAttribute('aria-label'), document.getElementById(one.getAttribute('aria-labelledby'))?.textContent,
    ...[...one.labels ?? []].map((label) => label.textContent), one.textContent, one.querySelector?.('legend')?.textContent]
    .find((text) => text?.trim());
  for (const one of all('button, a[href], input, select, fieldset, [role]:not([role=alert], [role=status])')) if (!nameOf(one)) out.push(`no name: ${short(one)}`);
  for (const one of all('section, [role=application], [role=table], [role=treegrid], [role=menu], [role=listbox], [role=img], dialog')) {
    if (!one.getAttribute('aria-label')) out.push(`no label: ${short(one)}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  out.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `twice: #${id}`));
  for (const attribute of ['aria-controls', 'aria-labelledby', 'aria-describedby', 'aria-activedescendant', 'for']) {
    for (const one of all(`[${attribute}]`)) {
      const target = one.getAttribute(attribute);
      if (target && !document.getElementById(target)) out.push(`${attribute} of nothing: ${short(one)}`);
    }
  }
  const inside = { row: 'table, treegrid', cell: 'row', gridcell: 'row', columnheader: 'row', option: 'listbox', menuitem: 'menu' };
  for (const [role, parents] of Object.entries(inside)) {
    const selector = parents.split(', ').map((parent) => `[role=${parent}]`).join(', ');
    for (const one of all(`[role=${role}]`)) if (!one.closest(selector)) out.push(`${role} not in ${parents}: ${short(one)}`);
  }
  for (const one of all('svg, canvas')) {
    if (!one.closest('[aria-hidden=true]') && !one.getAttribute('aria-label')) out.push(`picture without words: ${short(one)}`);
  }
  for (const one of all('[aria-hidden=true] :is(a, button, input, select, [tabindex])')) out.push(`focus in what is hidden: ${short(one)}`);
  for (const one of all('[tabindex]')) if (one.tabIndex > 0) out.push(`order by tabindex: ${short(one)}`);
  const levels = all('h1, h2, h3, h4').map((one) => Number(one.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) out.push(`${levels.filter((level) => level === 1).length} headings of level 1`);
  levels.forEach((level, i) => i > 0 && level > levels[i - 1] + 1 && out.push(`heading ${i} skips to level ${level}`));
  if (all('main').length !== 1) out.push(`${all('main').length} mains`);
  for (const tag of ['header', 'nav', 'footer']) if (all(tag).length === 0) out.push(`no ${tag}`);
  if (document.documentElement.lang !== 'en') out.push('no language');
  for (const one of all('th')) if (!one.scope) out.push(`head of no row or column: ${short(one)}`);
  return out;
});

// Text that does not stand out from its ground by WCAG's 4.5, or 3 if it is large.
export const contrastProblems = (page) => page.evaluate(() => {
  const numbers = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = (top, ground) => [0, 1, 2].map((i) => top[i] * top[3] + ground[i] * (1 - top[3]));
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) {
      const layer = numbers(getComputedStyle(at).backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((ground, layer) => over(layer, ground), [255, 255, 255]);
  };
  const opacityOf = (one) => {
    let opacity = 1;
    for (let at = one; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    return opacity;
  };
  const out = new Map();
  for (const one of document.querySelectorAll('body *')) {
    const text = [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
    if (!text || one.getClientRects().length === 0 || one.closest('.unseen, :disabled, option, noscript, script')) continue;
    const style = getComputedStyle(one);
    const opacity = opacityOf(one);
    if (style.visibility === 'hidden' || opacity === 0) continue;
    const ground = groundOf(one);
    const colour = numbers(style.color);
    const seen = over([...colour.slice(0, 3), colour[3] * opacity], ground);
    const [light, dark] = [luminance(seen), luminance(ground)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) out.set(`${one.tagName}.${one.className}`, `${ratio.toFixed(2)}: ${text.slice(0, 30)}`);
  }
  return [...out].map(([name, words]) => `${name} ${words}`);
});

// What a finger or a shaking hand has to hit is 24 px or more both ways. Links in a sentence may be less.
export const targetProblems = (page) => page.evaluate(() => {
  const out = [];
  for (const one of document.querySelectorAll('button, a[href], select, input')) {
    const box = (one.closest('label') ?? one).getBoundingClientRect();
    if (box.width === 0 || one.closest('p, .unseen') || getComputedStyle(one).visibility === 'hidden') continue;
    if (box.width < 23.9 || box.height < 23.9) out.push(`${box.width.toFixed(0)} x ${box.height.toFixed(0)}: ${one.outerHTML.slice(0, 80)}`);
  }
  return out;
});
