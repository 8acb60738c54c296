/* Measures the contrast of every text that is seen (WCAG 2.2): how many there are, and which are below 4.5. */
() => {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const over = (top, below) => top.slice(0, 3).map((part, at) => part * (top[3] ?? 1) + below[at] * (1 - (top[3] ?? 1)));
  const ground = (element) => {
    const own = channels(getComputedStyle(element).backgroundColor);
    if ((own[3] ?? 1) === 1) return own;
    return over(own, element.parentElement ? ground(element.parentElement) : [255, 255, 255]);
  };
  const light = (color) => color.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (one, other) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const dim = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    const idle = element.closest("[aria-disabled], noscript, .unseen, .skip, option, script");
    if (!walker.currentNode.data.trim() || !box.width || idle) continue;
    seen += 1;
    const below = ground(element);
    const found = contrast(light(over(channels(getComputedStyle(element).color), below)), light(below));
    if (found < 4.5) dim.push(`${found.toFixed(2)} ${element.className} ${walker.currentNode.data.slice(0, 40)}`);
  }
  return [seen, dim];
}
