// Ink's way into React's developer tools, which are not part of tacos: bundled in their place.
export default { initialize() {}, connectToDevTools() {} };
