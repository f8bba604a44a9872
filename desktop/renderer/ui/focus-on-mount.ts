import { useLayoutEffect, useRef, type RefObject } from 'react'

/** After the element is there, and again never: what comes later does not pull the focus back. */
export function useFocusOnMount<Element extends HTMLElement>(
  wanted: boolean,
): RefObject<Element | null> {
  const element = useRef<Element>(null)
  const wantedAtFirst = useRef(wanted)
  useLayoutEffect(() => {
    if (wantedAtFirst.current) element.current?.focus()
  }, [])
  return element
}
