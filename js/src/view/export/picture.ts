/**
 * The view as a PNG: a copy of what is on the screen, in an SVG that the browser draws on a
 * canvas. The copy has the style sheet, the host's colours and every picture inside, because
 * nothing outside of such an SVG is loaded.
 */

const SCALE = 2;
const XHTML = "http://www.w3.org/1999/xhtml";
const SVG = "http://www.w3.org/2000/svg";
/** The host's variables that the style sheet reads. */
const VARIABLE = /--(?:jp|vscode|forcing)-[\w-]+/g;
/** What XML cannot hold, not even escaped. */
// eslint-disable-next-line no-control-regex -- these are meant
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** `stage` is the element below the shadow root that holds one view. */
export async function picture(stage: HTMLElement, styles: string): Promise<Blob> {
  const { width, height } = stage.getBoundingClientRect();
  const copy = await copied(stage);
  const values = getComputedStyle(stage);
  for (const name of new Set(styles.match(VARIABLE) ?? [])) {
    const value = values.getPropertyValue(name);
    if (value !== "") copy.style.setProperty(name, value);
  }
  copy.style.width = `${width}px`;
  const sheet = stage.ownerDocument.createElement("style");
  // What moves in would be drawn at its beginning, where nothing is to be seen.
  sheet.textContent = `${styles}\n* { animation: none !important; transition: none !important; }`;
  copy.prepend(sheet);
  copy.setAttribute("xmlns", XHTML);
  const body = new XMLSerializer().serializeToString(copy).replace(NOT_XML, "");
  const svg =
    `<svg xmlns="${SVG}" width="${width}" height="${height}">` +
    `<foreignObject width="100%" height="100%">${body}</foreignObject></svg>`;
  return await drawn(svg, width, height);
}

async function drawn(svg: string, width: number, height: number): Promise<Blob> {
  const image = new Image();
  // A data URL: a canvas that a blob of this kind was drawn on does not give its pixels away.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * SCALE);
  canvas.height = Math.round(height * SCALE);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser has no canvas");
  context.scale(SCALE, SCALE);
  context.drawImage(image, 0, 0, width, height);
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("this browser keeps the picture to itself"));
      else resolve(blob);
    }, "image/png");
  });
}

/** A copy that needs nothing but itself. */
async function copied(stage: HTMLElement): Promise<HTMLElement> {
  const copy = stage.cloneNode(true) as HTMLElement;
  const own = [...stage.querySelectorAll<HTMLElement>("*")];
  const others = [...copy.querySelectorAll<HTMLElement>("*")];
  await Promise.all(
    own.map(async (element, i) => {
      const other = others[i];
      if (other === undefined) return;
      if (element instanceof HTMLCanvasElement) {
        const image = document.createElement("img");
        image.src = element.toDataURL();
        image.className = element.className;
        image.style.cssText = element.style.cssText;
        const { width, height } = element.getBoundingClientRect();
        image.width = width;
        image.height = height;
        other.replaceWith(image);
      } else if (element instanceof HTMLImageElement && other instanceof HTMLImageElement) {
        other.src = await dataUrl(element.src);
      } else if (element.scrollTop > 0) {
        // A copy has not been scrolled.
        other.style.overflow = "hidden";
        const first = other.firstElementChild;
        if (first instanceof HTMLElement) first.style.marginTop = `${-element.scrollTop}px`;
      }
    }),
  );
  return copy;
}

async function dataUrl(url: string): Promise<string> {
  if (url.startsWith("data:")) return url;
  const blob = await (await fetch(url)).blob();
  return await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error("a picture could not be read"));
    reader.readAsDataURL(blob);
  });
}
