// SPDX-License-Identifier: Apache-2.0
// The second script of the agent's page: what is not needed before the first picture is there.
import { PARTS } from './parts.js';
import { HELP, LIVE_HELP, helpParts } from './help.js';
import { comparedPayload, withBelow } from './payload_join.js';
import { RangePanel } from './range_panel.js';
import { downloadChoices, shareAddress, typeChoices } from './downloads.js';
import { fillTrustView, reportText } from './trust_view.js';
import { fillNodeView } from './node_view.js';
import { ProcessTable } from './processes.js';

const liveHelp = (...how) => helpParts([...LIVE_HELP, ...HELP], ...how);

export const LIVE_PARTS = { ...PARTS, liveHelp, comparedPayload, withBelow, RangePanel, downloadChoices, shareAddress,
  typeChoices, fillTrustView, reportText, fillNodeView, ProcessTable };
