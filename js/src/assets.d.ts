// Style sheets are bundled as text (build.mjs), so that a view can keep them in its own root.
declare module "*.css" {
  const text: string;
  export default text;
}

// The built page (page.mjs), which the lab extension fetches when somebody saves one.
declare module "*.html" {
  const text: string;
  export default text;
}
