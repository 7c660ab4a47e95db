// The entry of the widget bundle.
export default {};
