/** A picture by id: asked for when it comes near the screen. */

import type { JSX } from "preact";
import { useEffect, useReducer, useRef } from "preact/hooks";
import { savedPicture } from "../pictures.js";
import type { Store } from "../store.js";
import { useView } from "./context.js";

/** How far off the screen a picture is asked for. */
const NEAR = "400px";

export function Picture(props: { id: string | null; alt: string }): JSX.Element {
  return <PictureOf store={useView().store} {...props} />;
}

/** As `Picture`, where there is no explanation around it. */
export function PictureOf(props: { store: Store; id: string | null; alt: string }): JSX.Element {
  const { store, id } = props;
  const { state } = store;
  const ref = useRef<HTMLSpanElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const url = id === null ? null : (savedPicture(state.images, id) ?? store.pictures.url(id));

  useEffect(() => {
    const element = ref.current;
    if (id === null || url !== null || element === null) return;
    const off = store.pictures.subscribe(() => {
      if (store.pictures.url(id) !== null) redraw(undefined);
    });
    if (typeof IntersectionObserver === "undefined") {
      store.pictures.want(id);
      return off;
    }
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        store.pictures.want(id);
      },
      // In a notebook it is not the page that scrolls, but a box in it.
      { rootMargin: NEAR, scrollMargin: NEAR },
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      off();
    };
  }, [id, url, store]);

  return (
    <span class="picture" ref={ref}>
      {/* A frame does not wait for the pictures in it. */}
      {url !== null && <img src={url} alt={props.alt} decoding="async" draggable={false} />}
      {id === null && <span class="absent">not kept</span>}
    </span>
  );
}
