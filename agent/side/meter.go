package side

import "time"

// Spent is what a folder has cost at its server since it was opened.
type Spent struct {
	// Requests are the calls it made, Sent and Received bytes.
	Requests, Sent, Received int64
	// Throttled is how long was waited because the server asked for it, added up over
	// requests that wait side by side.
	Throttled time.Duration
}

// Metered is a folder that counts what it costs.
type Metered interface{ Spent() Spent }
