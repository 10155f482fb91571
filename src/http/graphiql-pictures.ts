const bubbles = `<path fill="#0f766e" d="M6 4h16a4 4 0 0 1 4 4v8a4 4 0 0 1-4 4H12l-6 5v-5a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4z"/>
<path fill="#5eead4" d="M18 14h10a4 4 0 0 1 4 4v7a4 4 0 0 1-4 4v5l-6-5h-4a4 4 0 0 1-4-4v-7a4 4 0 0 1 4-4z"/>`

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 2 34 34" width="32" height="32">${bubbles}</svg>`

/** Two speech bubbles, as HTML. */
export const logo = svg

/** The same as an address. */
export const favicon = `data:image/svg+xml,${encodeURIComponent(svg)}`
