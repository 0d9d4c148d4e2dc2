/** Who is due next: a binary heap by `due`, epoch ms. */
export class Agenda {
  constructor() {
    this.items = [];
  }

  /** The one who is due first; undefined when there is nobody. */
  first() {
    return this.items[0];
  }

  add(item) {
    const { items } = this;
    let at = items.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (items[above].due <= item.due) break;
      items[at] = items[above];
      at = above;
    }
    items[at] = item;
  }

  /** Takes the first one out. */
  take() {
    const { items } = this;
    const taken = items[0];
    const last = items.pop();
    if (items.length === 0) return taken;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && items[below + 1].due < items[below].due) below += 1;
      if (items[below].due >= last.due) break;
      items[at] = items[below];
      at = below;
    }
    items[at] = last;
    return taken;
  }
}
