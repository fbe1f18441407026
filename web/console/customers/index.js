// The area customers: which screen each of its addresses has.

export const routes = [];
