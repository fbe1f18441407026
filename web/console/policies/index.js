// The area policies: which screen each of its addresses has.

export const routes = [];
