/** Names → small drawings of 16 by 16, stroked in the colour of the text around them. */

const SPACE = "http://www.w3.org/2000/svg";
const PATHS = {
  sms: ["M2.5 3.5h11v7h-6l-3 2.5v-2.5h-2z", "M5 6h6", "M5 8h4"],
  voice_sms: ["M2.5 6.5v3", "M5.25 4.5v7", "M8 2.5v11", "M10.75 5v6", "M13.5 6.5v3"],
  rcs: ["M3 2.5h10v11h-10z", "M3 7h10", "M5.5 9.25h5", "M5.5 11.25h5"],
  email: ["M2 3.5h12v9h-12z", "M2.25 4l5.75 4.75l5.75 -4.75"],
  other: ["M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0 -11", "M8 7.5v3.5", "M8 5v.5"],
  back: ["M9.5 3.5l-4.5 4.5l4.5 4.5"],
  next: ["M6.5 3.5l4.5 4.5l-4.5 4.5"],
  close: ["M4 4l8 8", "M12 4l-8 8"],
  picture: ["M2 3h12v10h-12z", "M2.5 11.5l3.5 -3.5l2.5 2.5l2 -2l3 3", "M10.75 5.75v.01"],
};

/** Draw an icon; it says nothing to a screen reader, since a word always stands beside it. */
export function icon(name) {
  const drawing = document.createElementNS(SPACE, "svg");
  const attributes = { viewBox: "0 0 16 16", width: "16", height: "16", class: "icon", "aria-hidden": "true" };
  for (const [attribute, value] of Object.entries(attributes)) {
    drawing.setAttribute(attribute, value);
  }
  for (const path of PATHS[name] ?? PATHS.other) {
    const line = document.createElementNS(SPACE, "path");
    line.setAttribute("d", path);
    drawing.append(line);
  }
  return drawing;
}
