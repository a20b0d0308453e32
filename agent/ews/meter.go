package ews

import (
	"io"
	"sync/atomic"
	"time"
)

// Meter counts what clients cost at the server. The zero value is ready; it may be
// shared by several clients, and a nil one counts nothing.
type Meter struct {
	requests, sent, received, throttled atomic.Int64
}

// Metered gives the same client, with what it asks from now on counted.
func (c *Client) Metered(m *Meter) *Client {
	v := c.view
	v.meter = m
	return &Client{c.session, v}
}

// Requests is how many times the server was asked, repetitions included, without the
// steps of logging in.
func (m *Meter) Requests() int64 { return m.requests.Load() }

// Sent is how many bytes of requests went out, headers not included.
func (m *Meter) Sent() int64 { return m.sent.Load() }

// Received is how many bytes of answers came in, unpacked, headers not included.
func (m *Meter) Received() int64 { return m.received.Load() }

// Throttled is how long requests waited because the server had asked for it, added up
// though they may wait side by side.
func (m *Meter) Throttled() time.Duration { return time.Duration(m.throttled.Load()) }

func (m *Meter) asked(bytes int) {
	if m != nil {
		m.requests.Add(1)
		m.sent.Add(int64(bytes))
	}
}

func (m *Meter) waited(d time.Duration) {
	if m != nil && d > 0 {
		m.throttled.Add(int64(d))
	}
}

// body counts what is read of an answer.
func (m *Meter) body(b io.ReadCloser) io.ReadCloser {
	if m == nil {
		return b
	}
	return &meteredBody{b, m}
}

type meteredBody struct {
	io.ReadCloser
	m *Meter
}

func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.m.received.Add(int64(n))
	return n, err
}
