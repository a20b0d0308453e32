// Package client is how tray and window speak to the agent: one connection that
// comes back by itself, one merged picture of the status, and the few steps that
// both need (sealing a password, telling a failure's code).
//
// It promises that a picture is always there to show: while the agent is away,
// the last known one, marked as such, together with the reason. It reconnects
// within five seconds of the agent's return. Of what people see it knows only which
// icon stands for a state, so that tray and window show the same; it must not know of pages
// or texts. Who the caller is and what he may do is the agent's business.
package client
