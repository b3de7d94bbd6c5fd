// SPDX-License-Identifier: Apache-2.0
// The transforms as steps of a GraphView's state, each of which Back undoes.
import { KIND, isFunction } from './flame.js';
import { EVERY_NAME } from './transform.js';

// op: foc, hid or fold; whole: of every function of the image.
export function addTransform(app, op, frame, whole = false) {
  if (!isFunction(app.profile, frame)) return;
  const { base } = app.profile.image[frame];
  const named = { name: whole ? EVERY_NAME : app.profile.name[frame], image: base };
  app.store.set({ transforms: [...app.state.transforms, { op, frame: named }] }, true);
}

export function undoTransform(app) {
  app.store.set({ transforms: app.state.transforms.slice(0, -1) }, true);
}

// Kernel frames folded into one per run, or back.
export function toggleKernel(app) {
  const { transforms } = app.state;
  const { profile } = app.given;
  const kernel = profile.kind.indexOf(KIND.kernel);
  if (kernel < 0) return;
  const { base } = profile.image[kernel];
  const rest = transforms.filter(({ frame }) => frame.name !== EVERY_NAME || frame.image !== base);
  const folded = { op: 'fold', frame: { name: EVERY_NAME, image: base } };
  app.store.set({ transforms: rest.length < transforms.length ? rest : [...transforms, folded] }, true);
}
