// The area jobs: which screen each of its addresses has.

export const routes = [];
