// What a page needs of the browser and Streamlit does not do. Runs once in a window.
(() => {
  if (window.floraReady) return;
  window.floraReady = true;
  // Values in the address replace the entry of the history, so that Back leaves the page in one step.
  const push = history.pushState.bind(history);
  let place = location.pathname;
  history.pushState = (state, title, address) => {
    const there = new URL(address, location.href);
    if (there.pathname === place) return history.replaceState(state, title, address);
    place = there.pathname;
    push(state, title, address);
    toTop();
  };
  window.addEventListener("popstate", () => { place = location.pathname; });
  // Every page starts at its top.
  function toTop() {
    for (const main of document.querySelectorAll('[data-testid="stMain"]')) main.scrollTo(0, 0);
  }
})();
