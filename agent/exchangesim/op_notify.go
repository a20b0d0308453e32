package exchangesim

func (c *call) subscribe()          {}
func (c *call) unsubscribe()        {}
func (c *call) getEvents()          {}
func (c *call) getStreamingEvents() {}
