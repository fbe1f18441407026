// The panels of the desk, in their order. Each says of which kinds it is, what it asks (`asks({rights, scope, me})`: the
// root list with filter, order and selection, and conditions to count by), and how one line looks. A condition or order
// that the caller may not use is not sent; `isNarrowed` tells whether the scope could be applied.

import { CREDIT_PANELS } from './credit_panels.js';
import { RELATION_PANELS } from './relation_panels.js';
import { SERVICE_PANELS } from './service_panels.js';

export const PANELS = [...SERVICE_PANELS, ...RELATION_PANELS, ...CREDIT_PANELS];
