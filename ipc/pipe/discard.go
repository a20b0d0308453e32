package pipe

import (
	"io"
	"log"
)

// discardLog swallows what net/http says about single connections: clients
// that vanish are no event, and lines may repeat a client's bytes.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
