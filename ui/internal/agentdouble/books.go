package agentdouble

// Books are the lists an agent keeps, as far as the pages read them.
type Books struct{}
