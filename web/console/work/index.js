// The area work: which screen each of its addresses has.

export const routes = [];
