package exchangesim

func (c *call) getItem() {
	shape, code := c.itemShape(c.body.Child("ItemShape"), false)
	if code != "" {
		c.failAll(code, 0)
		return
	}
	c.begin()
	for n := c.body.Child("ItemIds").FirstChild(); n != nil; n = n.Next {
		c.items++
		c.box.mu.RLock()
		it, code := c.itemOf(n)
		c.box.mu.RUnlock()
		if code != "" {
			c.fail(code)
			continue
		}
		c.ok()
		c.out.s("<m:Items>")
		c.out.item(it, shape)
		c.out.s("</m:Items>")
		c.done()
	}
	c.end()
}
