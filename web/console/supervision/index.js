// The area supervision: which screen each of its addresses has.

export const routes = [];
