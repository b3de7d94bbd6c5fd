// SPDX-License-Identifier: Apache-2.0
// Where the page's data comes from. In an exported file: the script element `payload`.

export function readPayload() {
  const element = document.getElementById('payload');
  if (!element) throw new Error('this file carries no profile');
  const payload = JSON.parse(element.textContent);
  if (payload.v !== 1) throw new Error(`this file has version ${payload.v} of the profile data`);
  return payload;
}
