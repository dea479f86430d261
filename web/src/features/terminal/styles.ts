/**
 * The terminal's own styles under a policy that takes no inline ones: xterm writes `<style>` elements and `style` attributes of spans.
 * Here the texts of the former become constructed style sheets, and the latter go through the object model.
 */

/** A document whose `<style>` elements are style sheets; all else is the document's own. */
export const LENIENT: Document = new Proxy(document, {
  get(target, property) {
    if (property === 'createElement') return (name: string) => element(name)
    const value: unknown = Reflect.get(target, property)
    return typeof value === 'function' ? value.bind(target) : value
  },
})

/** What `make` creates synchronously is made so, whichever document it asks. */
export function leniently(make: () => void): void {
  Object.defineProperty(document, 'createElement', { configurable: true, value: element })
  HTMLSpanElement.prototype.setAttribute = setAttribute
  try {
    make()
  } finally {
    Reflect.deleteProperty(document, 'createElement')
  }
}

/** What is set by the object model is the page's own doing. */
function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === 'style') this.style.cssText = value
  else Element.prototype.setAttribute.call(this, name, value)
}

function element(name: string): HTMLElement {
  const create = (name: string): HTMLElement => Document.prototype.createElement.call(document, name)
  return name === 'style' ? sheet(create('span')) : create(name)
}

/** Stands for a `<style>`: its text is a style sheet as long as it is in the page. */
function sheet(standIn: HTMLElement): HTMLElement {
  const made = new CSSStyleSheet()
  standIn.hidden = true
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, made]
  Object.defineProperty(standIn, 'textContent', { set: (text: string) => made.replaceSync(text), get: () => '' })
  standIn.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== made)
    Element.prototype.remove.call(standIn)
  }
  return standIn
}
