// Elements. Text goes in as text only.

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  about: { class?: string; text?: string } = {},
  ...children: (Node | null)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (about.class) made.className = about.class
  if (about.text !== undefined) made.textContent = about.text
  made.append(...children.filter((child): child is Node => child !== null))
  return made
}

/** A button that sends no form. */
export function button(text: string, act: () => void, label?: string): HTMLButtonElement {
  const made = element('button', { text })
  made.type = 'button'
  if (label !== undefined) made.setAttribute('aria-label', label)
  made.addEventListener('click', act)
  return made
}

/** Changes a text only if it is another one, so that screen readers and layout are left alone. */
export function say(target: Node, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
