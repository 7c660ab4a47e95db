// Style sheets are bundled as text (build.mjs), so that a view can keep them in its own root.
declare module "*.css" {
  const text: string;
  export default text;
}
