// SPDX-License-Identifier: Apache-2.0
// What the first picture does not need. An exported file has it; the agent's page asks for it as a
// script of its own.
import { Tooltip } from './tooltip.js';
import { CallsGrid } from './calls.js';
import { functionChoices, nodeChoices, optionChoices, tableChoices } from './choices.js';
import { keptOrder } from './kept_order.js';
import { preparePrint } from './print.js';
import { tapFrame } from './touch.js';

export const PARTS = { Tooltip, CallsGrid, functionChoices, nodeChoices, optionChoices, tableChoices, keptOrder,
  preparePrint, tapFrame };
